//! The faces of Regulars: a window and a command line over one engine. Faces ask and draw; no
//! face computes a number.

rust_i18n::i18n!("assets/words", fallback = "en");

pub mod cli;
pub mod report;
pub mod window;
pub mod words;
