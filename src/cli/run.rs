//! No command: the window; without a display or adapter, the same analysis in the terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use super::terminal;
use crate::window;
use crate::words::Lang;

pub(super) fn window_or_terminal(paths: Vec<PathBuf>) -> ExitCode {
    let lang = Lang::of_environment();
    let has_display = cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|n| std::env::var(n).is_ok_and(|v| !v.is_empty()));
    if !has_display {
        eprintln!("{}", lang.t("cli.no_display"));
        return terminal::run(lang, paths);
    }
    match window::open(paths.clone()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("{}", lang.with("cli.no_adapter", &[("cause", cause.to_string())]));
            terminal::run(lang, paths)
        }
    }
}
