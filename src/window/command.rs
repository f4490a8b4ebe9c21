//! Everything a person can ask for: one list feeds buttons, palette, shortcuts and help. Drawing
//! code sends commands; only the app carries them out.

use std::path::PathBuf;

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

use super::pages::Page;
use crate::words::Lang;

/// A wish of the person.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    OpenDialog,
    OpenPath(PathBuf),
    OpenSample,
    Save,
    SaveAs,
    Undo,
    Redo,
    Train,
    /// Ends training and keeps the best epoch.
    FinishTraining,
    /// Stops whatever runs and forgets its result.
    Cancel,
    FindSegments,
    ExportCustomers,
    SaveBundle,
    Go(Page),
    ToggleTheme,
    SetLang(Lang),
    TogglePalette,
    ToggleInspector,
}

/// Commands of the palette, in its order.
pub fn palette() -> Vec<Command> {
    let mut list = vec![
        Command::OpenDialog,
        Command::OpenSample,
        Command::Save,
        Command::SaveAs,
        Command::Undo,
        Command::Redo,
        Command::Train,
        Command::FindSegments,
        Command::ExportCustomers,
        Command::SaveBundle,
        Command::ToggleTheme,
        Command::ToggleInspector,
        Command::SetLang(Lang::En),
        Command::SetLang(Lang::Zh),
    ];
    list.extend(Page::ALL.map(Command::Go));
    list
}

impl Command {
    /// Its words.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Go(page) => lang.with("command.go", &[("page", page.title(lang))]),
            Self::SetLang(to) => to.label().to_owned(),
            other => lang.t(&format!("command.{}", other.key())),
        }
    }

    fn key(&self) -> &'static str {
        match self {
            Self::OpenDialog => "open",
            Self::OpenPath(_) => "open_path",
            Self::OpenSample => "open_sample",
            Self::Save => "save",
            Self::SaveAs => "save_as",
            Self::Undo => "undo",
            Self::Redo => "redo",
            Self::Train => "train",
            Self::FinishTraining => "finish",
            Self::Cancel => "cancel",
            Self::FindSegments => "segments",
            Self::ExportCustomers => "export",
            Self::SaveBundle => "bundle",
            Self::Go(_) => "go",
            Self::ToggleTheme => "theme",
            Self::SetLang(_) => "language",
            Self::TogglePalette => "palette",
            Self::ToggleInspector => "inspector",
        }
    }

    /// Its keys.
    pub fn shortcut(&self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        match self {
            Self::OpenDialog => command(Key::O),
            Self::Save => command(Key::S),
            Self::Undo => command(Key::Z),
            Self::Redo => command(Key::Y),
            Self::Train => command(Key::Enter),
            Self::TogglePalette => command(Key::K),
            Self::ExportCustomers => command(Key::E),
            Self::Go(page) => {
                let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
                Page::ALL.iter().position(|p| p == page).and_then(|at| keys.get(at)).and_then(|k| command(*k))
            }
            _ => None,
        }
    }
}
