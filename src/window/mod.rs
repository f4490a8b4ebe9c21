//! The window: an eframe app over the engine. `logic` takes in what jobs have done and carries
//! out commands; `ui` only draws and sends commands.

mod act;
pub mod command;
mod dialog;
mod forget;
mod frame;
pub mod notice;
pub mod pages;
pub(crate) mod parts;
mod sources;
pub mod state;
pub mod theme;
mod tour;
mod unlock;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use eframe::egui::{self, CentralPanel, Panel, ThemePreference, Ui};
use serde::{Deserialize, Serialize};

use crate::words::Lang;
use regulars_engine::lessons::Lesson;
use regulars_engine::project::{Recovered, Recovery};

use command::Command;
use dialog::{Content, PathBox};
use pages::classroom::lessons::bar as lesson_bar;
use pages::{Page, PageState, Scene};
use sources::SourceBox;
use state::State;
use theme::Palette;

/// What the window remembers between starts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    pub lang: Lang,
    pub dark: bool,
    pub page: Page,
    pub inspector: bool,
    /// Not the first start: the sample is not opened by itself.
    pub seen: bool,
    /// Opened or saved before, the latest first.
    pub recent: Vec<PathBuf>,
    /// The folder that was last written to.
    pub folder: Option<PathBuf>,
    /// Large type, high contrast, masked names.
    pub projector: bool,
    /// Settings cannot be changed.
    pub locked: bool,
    /// Lessons whose checks were all green.
    pub lessons: Vec<Lesson>,
    /// The address of the other machine that networks were trained on last.
    pub muscle: String,
    /// How small groups are kept out of what is shared.
    pub cells: parts::cells::Choice,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            lang: Lang::of_environment(),
            dark: false,
            page: Page::Collect,
            inspector: true,
            seen: false,
            recent: Vec::new(),
            folder: None,
            projector: false,
            locked: false,
            lessons: Vec::new(),
            muscle: String::new(),
            cells: parts::cells::Choice::default(),
        }
    }
}

/// The app.
pub struct App {
    pub prefs: Prefs,
    pub state: State,
    pub page: PageState,
    send: Vec<Command>,
    palette_open: bool,
    palette_text: String,
    /// The entry of the palette that Enter takes.
    palette_at: usize,
    path_box: Option<PathBox>,
    source_box: Option<SourceBox>,
    /// What a file dialog was opened for.
    waiting: Content,
    /// What crashes left behind.
    pub left_behind: Vec<Recovered>,
    /// The stop of the tour.
    tour: Option<usize>,
    /// The window was asked to close while work goes on.
    asks_to_close: bool,
    may_close: bool,
    pictures: (Sender<Picture>, Receiver<Picture>),
    /// Nothing that changes by itself is drawn, so that two pictures can be compared.
    pub still: bool,
    /// Seconds from the start of the program to the end of the first frame's layout.
    pub first_frame: Option<f64>,
}

/// A part of the screen, as PNG; to be saved under a name.
struct Picture {
    name: String,
    png: Option<Vec<u8>>,
}

/// When the program started; the first call counts.
pub fn started() -> std::time::Instant {
    static STARTED: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    *STARTED.get_or_init(std::time::Instant::now)
}

/// Opens the window; returns when it is closed.
///
/// # Errors
/// There is no display or no graphics adapter.
pub fn open(paths: Vec<PathBuf>) -> Result<(), eframe::Error> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_icon(icon())
            .with_title("Regulars")
            .with_app_id("regulars")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([900.0, 600.0]),
        ..eframe::NativeOptions::default()
    };
    eframe::run_native("regulars", options, Box::new(|cc| Ok(Box::new(App::start(cc, paths)))))
}

/// The program's mark for the task bar; none where it cannot be read.
fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/desktop/regulars.png")).unwrap_or_default()
}

/// The sample shop's customers: the copy beside the program's source, else one made for the
/// occasion.
///
/// # Errors
/// The folder for temporary files refuses.
pub fn sample_file() -> Result<PathBuf, regulars_engine::Error> {
    let source = Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(ToOwned::to_owned));
    for folder in [source, beside].into_iter().flatten() {
        let bundled = folder.join("sample_data/customers.csv");
        if bundled.exists() {
            return Ok(bundled);
        }
    }
    let folder = std::env::temp_dir().join("regulars-sample");
    regulars_engine::sample::write(&folder, 1200, 7)?;
    Ok(folder.join("customers.csv"))
}

impl App {
    /// The app as a person starts it: with what it remembered, and the given file or, the first
    /// time, the sample.
    pub fn start(cc: &eframe::CreationContext<'_>, paths: Vec<PathBuf>) -> Self {
        let mut prefs: Prefs = cc.storage.and_then(|s| eframe::get_value(s, "prefs")).unwrap_or_default();
        let page = cc.storage.and_then(|s| eframe::get_value(s, "pages")).unwrap_or_default();
        let recovery = eframe::storage_dir("regulars").map(|folder| folder.join("recovery"));
        let left_behind = recovery.as_deref().map(Recovery::left_behind).unwrap_or_default();
        let sample = || if prefs.seen || !left_behind.is_empty() { None } else { sample_file().ok() };
        let open = if paths.is_empty() { sample().into_iter().collect() } else { paths };
        if !open.is_empty() || !prefs.seen || !left_behind.is_empty() {
            prefs.page = Page::Collect;
        }
        prefs.seen = true;
        let mut app = Self::new(&cc.egui_ctx, prefs);
        app.page = page;
        app.left_behind = left_behind;
        if let Some(folder) = recovery {
            app.state.keep_in(&folder);
        }
        match open.as_slice() {
            [] => {}
            [one] => match SourceBox::of_text(&one.to_string_lossy()) {
                Some(asked) => app.source_box = Some(asked),
                None => app.state.open(one),
            },
            _ => app.state.open_data(open),
        }
        app
    }

    /// The app without anything opened.
    pub fn new(ctx: &egui::Context, prefs: Prefs) -> Self {
        theme::install(ctx);
        theme::set_projector(ctx, prefs.projector);
        parts::cells::set(ctx, prefs.cells);
        ctx.set_theme(if prefs.dark { ThemePreference::Dark } else { ThemePreference::Light });
        Self {
            prefs,
            state: State::new(ctx.clone()),
            page: PageState::default(),
            send: Vec::new(),
            palette_open: false,
            palette_text: String::new(),
            palette_at: 0,
            path_box: None,
            source_box: None,
            waiting: Content::None,
            left_behind: Vec::new(),
            tour: None,
            asks_to_close: false,
            may_close: false,
            pictures: channel(),
            still: false,
            first_frame: None,
        }
    }

    /// Takes in news and carries out commands.
    pub fn advance(&mut self, ctx: &egui::Context) {
        self.state.poll();
        self.state.locked = self.prefs.locked;
        self.state.commit(parts::form::was_typing(ctx) || ctx.egui_is_using_pointer());
        self.state.judge_lesson();
        self.remember_lesson();
        if let Some((ask, paths)) = self.state.answer() {
            let content = std::mem::replace(&mut self.waiting, Content::None);
            self.take_paths(ctx, ask, paths, content);
        }
        self.take_away(ctx);
        let dropped: Vec<PathBuf> =
            ctx.input(|i| i.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        match dropped.as_slice() {
            [] => {}
            [one] => self.send.push(Command::OpenPath(one.clone())),
            _ => self.send.push(Command::OpenPaths(dropped)),
        }
        // The longer combination first: Ctrl+Shift+S is no Ctrl+S.
        let mut list: Vec<Command> = command::palette().into_iter().chain([Command::TogglePalette]).collect();
        list.sort_by_key(|c| !c.shortcut().is_some_and(|keys| keys.modifiers.shift));
        let asks = self.asks_to_close || self.state.guard.asking.is_some();
        let boxed = self.path_box.is_some() || self.source_box.is_some() || asks;
        for command in list.into_iter().filter(|_| !boxed) {
            if command.shortcut().is_some_and(|keys| ctx.input_mut(|i| i.consume_shortcut(&keys))) {
                self.send.push(command);
            }
        }
        for command in std::mem::take(&mut self.send) {
            self.carry_out(ctx, command);
        }
        if self.state.running().is_some() {
            // Enough for a bar to move; curves come with their own wake-up.
            ctx.request_repaint_after(Duration::from_millis(200));
        }
    }

    /// Draws the whole window.
    pub fn draw(&mut self, ui: &mut Ui) {
        let p = Palette::of(ui);
        let frame =
            |margin: i8| egui::Frame::new().fill(p.ground).inner_margin(egui::Margin::symmetric(margin, 6));
        Panel::top("top").exact_size(46.0).frame(frame(16)).show(ui, |ui| frame::top(ui, self));
        let (mut scene, page) = self.scene();
        if lesson_bar::wanted(&scene) {
            Panel::top("lesson").frame(frame(16)).show(ui, |ui| lesson_bar::show(ui, &mut scene, page));
        }
        Panel::bottom("status").exact_size(30.0).frame(frame(16)).show(ui, |ui| frame::status(ui, self));
        Panel::left("rail").exact_size(208.0).resizable(false).frame(frame(12)).show(ui, |ui| {
            let area = egui::ScrollArea::vertical().id_salt("rail").auto_shrink([false, false]);
            area.show(ui, |ui| frame::rail(ui, self));
        });
        let page = self.prefs.page;
        if self.prefs.inspector && page.has_inspector() {
            Panel::right("inspector").exact_size(300.0).resizable(false).frame(frame(16)).show(ui, |ui| {
                egui::ScrollArea::vertical().id_salt("inspector").auto_shrink([false, false]).show(
                    ui,
                    |ui| {
                        if self.prefs.locked && page.is_locked() {
                            parts::muted(ui, self.prefs.lang.t("lock.on"));
                            ui.disable();
                        }
                        let (mut scene, page) = self.scene();
                        page.inspector(ui, &mut scene);
                    },
                );
            });
        }
        CentralPanel::default().frame(frame(20)).show(ui, |ui| {
            ui.add_space(8.0);
            frame::notices(ui, self);
            egui::ScrollArea::vertical().id_salt(page.key()).auto_shrink([false, false]).show(ui, |ui| {
                let (mut scene, page) = self.scene();
                page.show(ui, &mut scene);
            });
        });
        let ctx = ui.ctx().clone();
        if self.palette_open {
            frame::palette(&ctx, self);
        }
        dialog::path_box(&ctx, self);
        sources::show(&ctx, self);
        unlock::show(&ctx, self);
        forget::show(&ctx, self);
        dialog::closing(&ctx, self);
        tour::show(&ctx, self);
        if self.first_frame.is_none() {
            let seconds = started().elapsed().as_secs_f64();
            self.first_frame = Some(seconds);
            if std::env::var_os("REGULARS_TIMES").is_some() {
                eprintln!("first frame {seconds:.3} s after the start");
            }
        }
    }

    fn scene(&mut self) -> (Scene<'_>, Page) {
        let page = self.prefs.page;
        let scene = Scene {
            lang: self.prefs.lang,
            state: &mut self.state,
            page: &mut self.page,
            send: &mut self.send,
            prefs: &mut self.prefs,
            left_behind: &self.left_behind,
        };
        (scene, page)
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.advance(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
        if !self.send.is_empty() {
            ui.ctx().request_repaint();
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, "prefs", &self.prefs);
        eframe::set_value(storage, "pages", &self.page);
    }

    fn on_exit(&mut self) {
        self.state.close();
    }
}
