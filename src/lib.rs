//! The faces of Regulars: a window and a command line over one engine. Faces ask and draw; no
//! face computes a number.

rust_i18n::i18n!("assets/words", fallback = "en");

pub mod cli;
pub mod http;
pub mod report;
pub mod window;
pub mod words;

/// Where the key of pseudonyms is kept unless another place is named: in the program's own folder,
/// apart from any data. `None` where there is no home folder.
fn key_file() -> Option<std::path::PathBuf> {
    eframe::storage_dir("regulars").map(|folder| folder.join("pseudonyms.key"))
}
