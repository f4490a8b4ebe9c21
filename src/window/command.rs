//! Everything a person can ask for: one list feeds buttons, palette, shortcuts and help. Drawing
//! code sends commands; only the app carries them out.

use std::path::PathBuf;

use eframe::egui::{Key, KeyboardShortcut, Modifiers};

use super::pages::Page;
use crate::words::Lang;
use regulars_engine::lessons::Lesson;

/// A wish of the person.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    OpenDialog,
    /// Opens by typing a path.
    OpenTyped,
    OpenPath(PathBuf),
    /// Several data files at once.
    OpenPaths(Vec<PathBuf>),
    /// Further data files beside those that are open.
    AddFiles,
    /// Asks for a database.
    OpenDatabase,
    /// Asks for a web address.
    OpenWeb,
    /// Takes a table from the clipboard.
    Paste,
    /// Opens what the project waits for.
    Connect,
    OpenSample,
    /// A later file for the model in use.
    NextMonth,
    CloseMonth,
    Save,
    SaveAs,
    Undo,
    Redo,
    Train,
    /// Rests, or goes on.
    PauseTraining,
    /// Rests, but for one more epoch.
    StepTraining,
    /// Ends training and keeps the best epoch.
    FinishTraining,
    /// Stops whatever runs and forgets its result.
    Cancel,
    FindSegments,
    ExportCallList,
    SaveBundle,
    /// The model as a program of its own.
    SaveScorer,
    /// The model as a workbook with formulas.
    SaveWorkbook,
    SaveOnnx,
    /// Everything that is needed to run the shown training again, as a folder.
    SaveRunFolder,
    /// Rests, but for one more batch.
    StepBatch,
    SaveReport,
    /// The chosen customer's card as a page to print.
    PrintCard,
    SaveRecipe,
    OpenRecipe,
    /// Draws by chance who is left alone, and writes both lists.
    DrawExperiment,
    OpenExperiment,
    /// Reads back what became of the customers of an experiment.
    OpenResults,
    /// Writes a masked copy of the data.
    WriteMasked,
    Go(Page),
    ToggleTheme,
    SetLang(Lang),
    TogglePalette,
    ToggleInspector,
    /// Large type, high contrast, masked names.
    ToggleProjector,
    ToggleLock,
    /// Everything as it was when the file was opened.
    ResetToStart,
    Tour,
    NextCustomer,
    PreviousCustomer,
    /// Opens what a crash left behind.
    Recover(usize),
    Discard(usize),
    /// Begins a lesson; the person's project waits aside.
    BeginLesson(Lesson),
    /// Back to the person's project.
    EndLesson,
    /// Shows on a copy of the data what a leak does.
    SetTrap,
    TakeTrapAway,
}

/// Commands of the palette, in its order.
pub fn palette() -> Vec<Command> {
    let mut list = vec![
        Command::OpenDialog,
        Command::OpenTyped,
        Command::AddFiles,
        Command::OpenDatabase,
        Command::OpenWeb,
        Command::Paste,
        Command::OpenSample,
        Command::NextMonth,
        Command::CloseMonth,
        Command::Save,
        Command::SaveAs,
        Command::Undo,
        Command::Redo,
        Command::Train,
        Command::PauseTraining,
        Command::StepTraining,
        Command::StepBatch,
        Command::FinishTraining,
        Command::Cancel,
        Command::FindSegments,
        Command::ExportCallList,
        Command::SaveReport,
        Command::PrintCard,
        Command::SaveBundle,
        Command::SaveScorer,
        Command::SaveWorkbook,
        Command::SaveOnnx,
        Command::SaveRunFolder,
        Command::SaveRecipe,
        Command::OpenRecipe,
        Command::DrawExperiment,
        Command::OpenExperiment,
        Command::OpenResults,
        Command::WriteMasked,
        Command::NextCustomer,
        Command::PreviousCustomer,
        Command::ToggleTheme,
        Command::ToggleInspector,
        Command::ToggleProjector,
        Command::ToggleLock,
        Command::ResetToStart,
        Command::Tour,
        Command::SetLang(Lang::En),
        Command::SetLang(Lang::Zh),
    ];
    list.extend(Page::ALL.map(Command::Go));
    list.extend([Command::SetTrap, Command::TakeTrapAway, Command::EndLesson]);
    list.extend(Lesson::ALL.map(Command::BeginLesson));
    list
}

impl Command {
    /// Its words.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Go(page) => lang.with("command.go", &[("page", page.title(lang))]),
            Self::SetLang(to) => to.label().to_owned(),
            Self::BeginLesson(lesson) => {
                let title = super::pages::classroom::lessons::words(lang, *lesson, "title");
                lang.with("lessons.head", &[("number", (lesson.place() + 1).to_string()), ("title", title)])
            }
            other => lang.t(&format!("command.{}", other.key())),
        }
    }

    fn key(&self) -> &'static str {
        match self {
            Self::OpenDialog => "open",
            Self::OpenTyped => "open_typed",
            Self::OpenPath(_) | Self::OpenPaths(_) => "open_path",
            Self::AddFiles => "add_files",
            Self::OpenDatabase => "open_database",
            Self::OpenWeb => "open_web",
            Self::Paste => "paste",
            Self::Connect => "connect",
            Self::OpenSample => "open_sample",
            Self::NextMonth => "next_month",
            Self::CloseMonth => "close_month",
            Self::Save => "save",
            Self::SaveAs => "save_as",
            Self::Undo => "undo",
            Self::Redo => "redo",
            Self::Train => "train",
            Self::PauseTraining => "pause",
            Self::StepTraining => "step",
            Self::FinishTraining => "finish",
            Self::Cancel => "cancel",
            Self::FindSegments => "segments",
            Self::ExportCallList => "export",
            Self::SaveBundle => "bundle",
            Self::SaveScorer => "scorer",
            Self::SaveWorkbook => "workbook",
            Self::SaveOnnx => "onnx",
            Self::SaveRunFolder => "run_folder",
            Self::StepBatch => "step_batch",
            Self::SaveReport => "report",
            Self::PrintCard => "card",
            Self::SaveRecipe => "save_recipe",
            Self::OpenRecipe => "open_recipe",
            Self::DrawExperiment => "draw_experiment",
            Self::OpenExperiment => "open_experiment",
            Self::OpenResults => "open_results",
            Self::WriteMasked => "mask",
            Self::Go(_) => "go",
            Self::ToggleTheme => "theme",
            Self::SetLang(_) => "language",
            Self::TogglePalette => "palette",
            Self::ToggleInspector => "inspector",
            Self::ToggleProjector => "projector",
            Self::ToggleLock => "lock",
            Self::ResetToStart => "reset",
            Self::Tour => "tour",
            Self::NextCustomer => "next_customer",
            Self::PreviousCustomer => "previous_customer",
            Self::Recover(_) => "recover",
            Self::Discard(_) => "discard",
            Self::BeginLesson(_) => "lesson",
            Self::EndLesson => "end_lesson",
            Self::SetTrap => "set_trap",
            Self::TakeTrapAway => "take_trap_away",
        }
    }

    /// Its keys.
    pub fn shortcut(&self) -> Option<KeyboardShortcut> {
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        let shifted = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, key));
        match self {
            Self::OpenDialog => command(Key::O),
            Self::OpenTyped => shifted(Key::O),
            Self::NextMonth => command(Key::M),
            Self::Save => command(Key::S),
            Self::SaveAs => shifted(Key::S),
            Self::Undo => command(Key::Z),
            Self::Redo => command(Key::Y),
            Self::Train => command(Key::Enter),
            Self::PauseTraining => command(Key::P),
            Self::StepTraining => shifted(Key::P),
            Self::TogglePalette => command(Key::K),
            Self::ToggleInspector => command(Key::I),
            Self::ExportCallList => command(Key::E),
            Self::SaveReport => command(Key::R),
            Self::NextCustomer => command(Key::ArrowDown),
            Self::PreviousCustomer => command(Key::ArrowUp),
            Self::ToggleProjector => Some(KeyboardShortcut::new(Modifiers::NONE, Key::F5)),
            Self::Tour => Some(KeyboardShortcut::new(Modifiers::NONE, Key::F1)),
            Self::Go(page) => {
                const KEYS: [Key; 9] = [
                    Key::Num1,
                    Key::Num2,
                    Key::Num3,
                    Key::Num4,
                    Key::Num5,
                    Key::Num6,
                    Key::Num7,
                    Key::Num8,
                    Key::Num9,
                ];
                Page::ALL.iter().position(|p| p == page).and_then(|at| KEYS.get(at)).and_then(|k| command(*k))
            }
            _ => None,
        }
    }
}
