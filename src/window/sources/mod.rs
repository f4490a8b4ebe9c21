//! Data that are no files: the boxes that ask for a database, a web address or a pasted table. What
//! is typed as a password or key lives as long as the box, and then with the open project; it is
//! never saved.

mod database;
mod paste;
mod per_customer;
mod web;

use std::path::PathBuf;

use eframe::egui::{self, Id, Modal, Response, RichText, TextEdit, Ui};
use regulars_engine::Error;
use regulars_engine::job::Job;
use regulars_engine::project::{self, Collected, Secrets, Settings, Source};
use regulars_engine::table::{Role, Table};

use super::App;
use super::command::Command;
use super::pages::Scene;
use super::parts::{self, table};
use super::state::{State, ended};
use super::theme::{self, S1, S2, S3};
use crate::words::{Lang, shown_id};

use database::DatabaseBox;
use paste::PasteBox;
use web::WebBox;

/// Rows of a first look.
const HEAD: u32 = 8;
/// Width of a box.
const WIDTH: f32 = 720.0;

/// A box that asks for data.
pub(super) enum SourceBox {
    Database(Box<DatabaseBox>),
    Web(Box<WebBox>),
    Paste(Box<PasteBox>),
}

impl SourceBox {
    /// The box of a command that opens one.
    pub(super) fn of_command(command: &Command, state: &State) -> Option<Self> {
        match command {
            Command::OpenDatabase => Some(Self::Database(Box::default())),
            Command::OpenWeb => Some(Self::Web(Box::default())),
            Command::Paste => Some(Self::Paste(Box::default())),
            Command::Connect => match state.waits_for()? {
                Source::Database { address, .. } => {
                    Some(Self::Database(Box::new(DatabaseBox::for_project(&address))))
                }
                Source::Web(request) => Some(Self::Web(Box::new(WebBox::for_project(request)))),
                Source::File(_) => None,
            },
            _ => None,
        }
    }

    /// The box of an address that was typed where a path may stand; `None` for a path.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let (scheme, _) = text.split_once(':')?;
        if scheme != "sqlite" && !text.contains("://") {
            return None;
        }
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => Some(Self::Web(Box::new(WebBox::of(text)))),
            "postgresql" | "postgres" | "mysql" | "mariadb" | "sqlite" => {
                let mut asked = DatabaseBox::default();
                asked.take_address(text);
                Some(Self::Database(Box::new(asked)))
            }
            _ => None,
        }
    }
}

/// What a frame of a box ended with.
enum Step {
    Stay,
    Close,
}

/// What every box has: an error with its mend, and the reading of everything.
#[derive(Default)]
struct Reading {
    error: Option<Error>,
    job: Option<Job<Result<Collected, Error>>>,
    sources: Vec<Source>,
    secrets: Secrets,
    /// Further data beside those that are open.
    beside: bool,
}

impl Reading {
    /// True where there is something to read beside of: a paste is nowhere to be read again.
    fn can_add(state: &State) -> bool {
        state.table.is_some() && !state.sources.is_empty()
    }

    /// Reads sources, beside those of the project where the person wants that.
    fn start(&mut self, state: &State, sources: Vec<Source>, secrets: Secrets) {
        let settings = match self.beside {
            // What was said of columns is set when the rows are prepared, as for what is read from files.
            true => {
                let read = state.settings.read.without_columns();
                Settings { read, ..state.settings.clone() }
            }
            false => Settings::default(),
        };
        self.sources = if self.beside { state.with_sources(sources) } else { sources };
        (self.secrets, self.error) = (secrets, None);
        let (sources, secrets) = (self.sources.clone(), self.secrets.clone());
        self.job =
            Some(state.start(move |report| project::collect_sources(&sources, &secrets, &settings, report)));
    }

    /// Takes in what was read; true when it is all there.
    fn poll(&mut self, state: &mut State) -> bool {
        let news = ended(&mut self.job);
        let Some(collected) = self.settle(news) else { return false };
        let (sources, secrets) = (std::mem::take(&mut self.sources), std::mem::take(&mut self.secrets));
        state.take_read(sources, secrets, collected, self.beside);
        true
    }

    /// The value of a job that ended well; what went wrong is kept to be shown.
    fn settle<T>(&mut self, news: Option<Option<Result<T, Error>>>) -> Option<T> {
        match news? {
            Some(Ok(value)) => {
                self.error = None;
                return Some(value);
            }
            Some(Err(Error::Cancelled)) => {}
            Some(Err(error)) => self.error = Some(error),
            // A worker that died: nothing was read.
            None => {}
        }
        None
    }

    /// The last lines of a box: error or progress, the verb that reads, and the way out. `can_add`
    /// where what is read may stand beside what is open.
    fn end(&mut self, ui: &mut Ui, lang: Lang, can_add: bool, ready: bool) -> Ended {
        if let Some(error) = &self.error {
            ui.add_space(S2);
            parts::problem(ui, lang, error);
        }
        running(ui, lang, "read", self.job.as_ref());
        if can_add {
            ui.checkbox(&mut self.beside, lang.t("source.beside"));
        }
        ui.add_space(S3);
        let mut ended = Ended::default();
        ui.horizontal(|ui| {
            ended.read = parts::primary(ui, lang.t("source.read"), ready && self.job.is_none());
            ended.cancel = ui.add(parts::tall(lang.t("common.cancel"))).clicked();
        });
        ended
    }
}

/// Which of a box's last buttons was pressed.
#[derive(Default)]
struct Ended {
    read: bool,
    cancel: bool,
}

/// How far a job is, and the button that stops it.
fn running<T: Send + 'static>(ui: &mut Ui, lang: Lang, phase: &str, job: Option<&Job<T>>) {
    let Some(job) = job else { return };
    ui.add_space(S2);
    ui.horizontal(|ui| {
        let share = job.progress();
        let args = [
            ("phase", lang.t(&format!("phase.{phase}"))),
            ("percent", format!("{:.0}", share * 100.0)),
            ("seconds", format!("{:.0}", job.seconds())),
        ];
        let text = lang.with("top.running", &args);
        ui.add(egui::ProgressBar::new(share as f32).desired_width(320.0).text(text));
        if ui.button(lang.t("command.cancel")).clicked() {
            job.cancel();
        }
    });
    ui.ctx().request_repaint_after(std::time::Duration::from_millis(200));
}

/// A line of a form: a name and a text.
fn field(ui: &mut Ui, lang: Lang, key: &str, text: &mut String, width: f32) -> Response {
    let label = ui.label(lang.t(key));
    ui.add(TextEdit::singleline(text).desired_width(width)).labelled_by(label.id)
}

/// A line of a form for what nobody should read over a shoulder.
fn hidden(ui: &mut Ui, lang: Lang, key: &str, text: &mut String) -> Response {
    let label = ui.label(lang.t(key));
    ui.add(TextEdit::singleline(text).password(true).desired_width(260.0)).labelled_by(label.id)
}

/// A text of several lines, which scrolls where it is long.
fn lines(ui: &mut Ui, lang: Lang, key: &str, text: &mut String, rows: usize) -> Response {
    let label = ui.label(lang.t(key));
    let area = egui::ScrollArea::vertical().id_salt(key).max_height(180.0).min_scrolled_height(180.0);
    area.show(ui, |ui| {
        let edit = TextEdit::multiline(text).code_editor().desired_rows(rows);
        ui.add(edit.desired_width(f32::INFINITY)).labelled_by(label.id)
    })
    .inner
}

/// The first rows of what would be read.
fn first_rows(ui: &mut Ui, lang: Lang, data: &Table, masked: bool) {
    let heads: Vec<table::Head> =
        data.columns.iter().take(40).map(|column| table::Head::text(&column.name, 110.0)).collect();
    let args = [("table", data.name.clone()), ("count", lang.count(data.columns.len() as u64))];
    parts::muted(ui, lang.with("source.head", &args));
    let rows = data.height().min(HEAD as usize);
    table::show(ui, &table::Table::new("first look", &heads, rows, 200.0), |ui, row, at| {
        let Some(column) = data.columns.get(at) else { return };
        match data.text(&column.name).and_then(|text| text.get(row)) {
            Some(text) if !text.trim().is_empty() => {
                let hides = masked && matches!(column.role, Role::Id | Role::Contact);
                table::plain(ui, shown_id(&text.chars().take(120).collect::<String>(), hides));
            }
            _ => table::missing(ui),
        }
    });
}

/// Draws the open box.
pub(super) fn show(ctx: &egui::Context, app: &mut App) {
    let Some(mut asked) = app.source_box.take() else { return };
    let (lang, masked) = (app.prefs.lang, app.prefs.projector);
    let shown = Modal::new(Id::unique("source box")).show(ctx, |ui| {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
        let title = match &asked {
            SourceBox::Database(_) => "source.database",
            SourceBox::Web(_) => "source.web",
            SourceBox::Paste(_) => "source.paste",
        };
        ui.label(RichText::new(lang.t(title)).font(theme::section_font()));
        ui.add_space(S1);
        let height = ui.ctx().content_rect().height() - 180.0;
        // As tall as what it holds now, not as what it held in the frame before.
        let area = egui::ScrollArea::vertical().id_salt("source box").max_height(height);
        let area = area.min_scrolled_height(height);
        area.show(ui, |ui| match &mut asked {
            SourceBox::Database(asked) => asked.show(ui, lang, &mut app.state, masked),
            SourceBox::Web(asked) => asked.show(ui, lang, &mut app.state),
            SourceBox::Paste(asked) => asked.show(ui, lang, &mut app.state, masked),
        })
        .inner
    });
    match shown.inner {
        Step::Stay if !shown.should_close() => app.source_box = Some(asked),
        // Jobs of the box end with it.
        _ => asked.cancel(),
    }
}

impl SourceBox {
    fn cancel(&self) {
        match self {
            Self::Database(asked) => asked.cancel(),
            Self::Web(asked) => asked.cancel(),
            Self::Paste(asked) => asked.cancel(),
        }
    }
}

/// The ways to data, for the opening page.
pub(super) fn buttons(ui: &mut Ui, scene: &mut Scene<'_>) {
    ui.horizontal_wrapped(|ui| {
        for command in [Command::AddFiles, Command::OpenDatabase, Command::OpenWeb, Command::Paste] {
            if ui.add(parts::tall(command.text(scene.lang))).clicked() {
                scene.send.push(command);
            }
        }
    });
    ui.add_space(S2);
}

/// The page of a project whose data are away: where they are, and the way there. False where the
/// project waits for nothing.
pub(super) fn waiting(ui: &mut Ui, scene: &mut Scene<'_>) -> bool {
    let Some(source) = scene.state.waits_for() else { return false };
    let lang = scene.lang;
    parts::page_head(ui, lang, "collect");
    parts::card(ui, 24, |ui| {
        ui.set_width(ui.available_width().min(720.0));
        ui.label(RichText::new(lang.t("source.waits")).font(theme::section_font()));
        let place = source.place().display().to_string();
        ui.add(egui::Label::new(lang.with("source.reads_from", &[("place", place)])).wrap());
        parts::muted(ui, lang.t("source.not_saved"));
        ui.add_space(S3);
        ui.horizontal(|ui| {
            if parts::primary(ui, Command::Connect.text(lang), true) {
                scene.send.push(Command::Connect);
            }
            if ui.add(parts::tall(lang.t("lacks.choose"))).clicked() {
                scene.send.push(Command::OpenDialog);
            }
        });
    });
    true
}

/// The place of a saved source that a box is open for, if it is for one.
type Waiting = Option<PathBuf>;
