//! The window: an eframe app over the engine. `logic` takes in what jobs have done and carries
//! out commands; `ui` only draws and sends commands.

pub mod command;
mod dialog;
mod frame;
pub mod notice;
pub mod pages;
mod parts;
pub mod state;
pub mod theme;
mod tour;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use eframe::egui::{self, CentralPanel, Panel, ThemePreference, Ui};
use serde::{Deserialize, Serialize};

use crate::words::Lang;
use regulars_engine::project::{Recovered, Recovery};

use command::Command;
use dialog::{Content, PathBox};
use pages::{Page, PageState, Scene};
use parts::take::{self, Take};
use state::{Ask, State};
use theme::Palette;

/// Files that the opening page offers again.
const RECENT: usize = 8;
/// What a projector enlarges by.
const PROJECTOR_ZOOM: f32 = 1.35;

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
    /// What a file dialog was opened for.
    waiting: Content,
    /// What crashes left behind.
    pub left_behind: Vec<Recovered>,
    /// The stop of the tour.
    tour: Option<usize>,
    /// The window was asked to close while work goes on.
    asks_to_close: bool,
    may_close: bool,
    /// A reset was asked for once; the second time it is done.
    asks_to_reset: bool,
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
pub fn open(path: Option<PathBuf>) -> Result<(), eframe::Error> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Regulars")
            .with_app_id("regulars")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([900.0, 600.0]),
        ..eframe::NativeOptions::default()
    };
    eframe::run_native("regulars", options, Box::new(|cc| Ok(Box::new(App::start(cc, path)))))
}

/// The sample shop's customers: the copy beside the program's source, else one made for the
/// occasion.
///
/// # Errors
/// The folder for temporary files refuses.
pub fn sample_file() -> Result<PathBuf, regulars_engine::Error> {
    let bundled = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample_data/customers.csv");
    if bundled.exists() {
        return Ok(bundled);
    }
    let folder = std::env::temp_dir().join("regulars-sample");
    regulars_engine::sample::write(&folder, 1200, 7)?;
    Ok(folder.join("customers.csv"))
}

impl App {
    /// The app as a person starts it: with what it remembered, and the given file or, the first
    /// time, the sample.
    pub fn start(cc: &eframe::CreationContext<'_>, path: Option<PathBuf>) -> Self {
        let mut prefs: Prefs = cc.storage.and_then(|s| eframe::get_value(s, "prefs")).unwrap_or_default();
        let page = cc.storage.and_then(|s| eframe::get_value(s, "pages")).unwrap_or_default();
        let recovery = eframe::storage_dir("regulars").map(|folder| folder.join("recovery"));
        let left_behind = recovery.as_deref().map(Recovery::left_behind).unwrap_or_default();
        let sample = || if prefs.seen || !left_behind.is_empty() { None } else { sample_file().ok() };
        let open = path.or_else(sample);
        if open.is_some() || !prefs.seen || !left_behind.is_empty() {
            prefs.page = Page::Collect;
        }
        prefs.seen = true;
        let mut app = Self::new(&cc.egui_ctx, prefs);
        app.page = page;
        app.left_behind = left_behind;
        if let Some(folder) = recovery {
            app.state.keep_in(&folder);
        }
        if let Some(path) = open {
            app.state.open(&path);
        }
        app
    }

    /// The app without anything opened.
    pub fn new(ctx: &egui::Context, prefs: Prefs) -> Self {
        theme::install(ctx);
        theme::set_projector(ctx, prefs.projector);
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
            waiting: Content::None,
            left_behind: Vec::new(),
            tour: None,
            asks_to_close: false,
            may_close: false,
            asks_to_reset: false,
            pictures: channel(),
            still: false,
            first_frame: None,
        }
    }

    /// Remembers a file for the opening page.
    fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.prefs.recent.retain(|old| *old != path);
        self.prefs.recent.insert(0, path);
        self.prefs.recent.truncate(RECENT);
    }

    /// Work that was left when another file was opened is offered on the opening page.
    fn look_for_left(&mut self) {
        if let Some(folder) = self.state.recovery_folder() {
            self.left_behind = Recovery::left_behind(&folder);
        }
    }

    /// Opens the box that asks for a path, with a suggestion.
    fn ask(&mut self, ask: Ask, name: &str, content: Content) {
        let text = if ask.saves() {
            let data = self.state.table.as_ref().and_then(|t| t.source.file.parent());
            let folder = self.prefs.folder.clone().filter(|f| f.is_dir());
            // Not beside the program's own sample, where nobody would look.
            let own = Path::new(env!("CARGO_MANIFEST_DIR"));
            let beside = data.filter(|f| f.is_dir() && !f.starts_with(own)).map(Path::to_owned);
            let folder = folder.or(beside).unwrap_or_else(dialog::home);
            let file = format!("{}.{}", dialog::file_name(name), ask.ending());
            std::path::absolute(folder.join(&file))
                .unwrap_or_else(|_| folder.join(file))
                .display()
                .to_string()
        } else {
            String::new()
        };
        self.path_box = Some(PathBox::new(ask, text, content));
    }

    /// True for the files that the project reads.
    fn is_data(&self, path: &Path) -> bool {
        let same = |file: &Path| {
            file == path || matches!((file.canonicalize(), path.canonicalize()), (Ok(a), Ok(b)) if a == b)
        };
        let month = self.state.month.as_ref().map(|month| month.table());
        self.state.table.as_deref().into_iter().chain(month).any(|table| same(&table.source.file))
    }

    /// A path was given: does what it was asked for.
    fn take_path(&mut self, ctx: &egui::Context, ask: Ask, path: PathBuf, content: Content) {
        if ask.saves() && self.is_data(&path) {
            // The person's data are never written over.
            let args = vec![("file", path.display().to_string())];
            self.state.tell(notice::Tone::Bad, "notice.is_data", args);
            return;
        }
        if ask.saves() {
            self.prefs.folder = path.parent().filter(|p| !p.as_os_str().is_empty()).map(Path::to_owned);
        }
        match ask {
            Ask::Open => self.carry_out(ctx, Command::OpenPath(path)),
            Ask::Month => {
                self.prefs.page = Page::Customers;
                self.state.open_month(path);
            }
            Ask::SaveProject => {
                let path = if path.extension().is_some_and(|e| e == "regulars") {
                    path
                } else {
                    // A project is known by its ending.
                    PathBuf::from(format!("{}.regulars", path.display()))
                };
                self.remember(&path);
                self.state.save(path);
            }
            Ask::CallList => match content {
                Content::Places(of, places) if of == self.state.list_id => {
                    self.state.export_call_list(self.prefs.lang, places, path);
                }
                // Another model or file came between: who was shown is no longer who would be written.
                _ => self.state.tell(notice::Tone::Caution, "notice.list_changed", Vec::new()),
            },
            Ask::SaveBundle => self.state.save_bundle(path),
            Ask::Report => self.state.export_report(self.prefs.lang, path),
            Ask::Grid | Ask::Png | Ask::Svg => match content {
                Content::Grid(grid) => self.state.export_grid(grid, path),
                Content::Bytes(bytes) => self.state.export_bytes(bytes, path),
                Content::None | Content::Places(..) => {}
            },
        }
    }

    /// Carries out what the menus of charts and tables ask for.
    fn take_away(&mut self, ctx: &egui::Context) {
        for wish in take::received(ctx) {
            match wish {
                Take::Copy(grid) => ctx.copy_text(grid.to_tabs()),
                Take::Save(grid) => {
                    let name = grid.name.clone();
                    self.ask(Ask::Grid, &name, Content::Grid(grid));
                }
                Take::SaveDrawing(chart) => {
                    let bytes = crate::report::svg::lines(&chart, 760, 480).into_bytes();
                    self.ask(Ask::Svg, &chart.title, Content::Bytes(bytes));
                }
                Take::CopyPicture(rect) => {
                    let copy = ctx.clone();
                    ctx.request_screenshot(move |image| {
                        copy.copy_image(image.region(&rect, Some(copy.pixels_per_point())));
                    });
                }
                Take::SavePicture(rect, name) => {
                    let (sender, again) = (self.pictures.0.clone(), ctx.clone());
                    ctx.request_screenshot(move |image| {
                        let part = image.region(&rect, Some(again.pixels_per_point()));
                        let _ = sender.send(Picture { name, png: take::png(&part) });
                        again.request_repaint();
                    });
                }
            }
        }
        if let Ok(Picture { name, png: Some(png) }) = self.pictures.1.try_recv() {
            self.ask(Ask::Png, &name, Content::Bytes(png));
        }
    }

    /// Takes in news and carries out commands.
    pub fn advance(&mut self, ctx: &egui::Context) {
        self.state.poll();
        self.state.locked = self.prefs.locked;
        self.state.commit(ctx.egui_is_using_pointer());
        if let Some((ask, path)) = self.state.answer() {
            let content = std::mem::replace(&mut self.waiting, Content::None);
            self.take_path(ctx, ask, path, content);
        }
        self.take_away(ctx);
        for file in ctx.input(|i| i.raw.dropped_files.clone()) {
            self.send.extend([Command::OpenPath(file.path().to_owned())]);
        }
        // The longer combination first: Ctrl+Shift+S is no Ctrl+S.
        let mut list: Vec<Command> = command::palette().into_iter().chain([Command::TogglePalette]).collect();
        list.sort_by_key(|c| !c.shortcut().is_some_and(|keys| keys.modifiers.shift));
        let boxed = self.path_box.is_some() || self.asks_to_close;
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

    fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        self.asks_to_reset &= command == Command::ResetToStart;
        let name = || self.state.table.as_ref().map_or_else(|| "customers".into(), |t| t.name.clone());
        match command {
            Command::OpenDialog => self.state.ask(Ask::Open, ""),
            Command::OpenTyped => self.ask(Ask::Open, "", Content::None),
            Command::OpenPath(path) => {
                self.page.forget();
                self.prefs.page = Page::Collect;
                self.remember(&path);
                self.state.open(&path);
                self.look_for_left();
            }
            Command::OpenSample => {
                self.page.forget();
                self.prefs.page = Page::Collect;
                if let Ok(path) = sample_file() {
                    self.state.open_fresh(&path);
                    self.look_for_left();
                }
            }
            // The model of the present rows is being made; a moment later it is there.
            Command::NextMonth | Command::SaveBundle | Command::SaveReport if self.state.bundling() => {
                self.state.tell(notice::Tone::Caution, "notice.bundling", Vec::new());
            }
            Command::NextMonth if self.state.bundle.is_some() => self.ask(Ask::Month, "", Content::None),
            Command::NextMonth => self.prefs.page = Page::Train,
            Command::CloseMonth => {
                if self.state.month.is_some() {
                    self.state.close_month();
                }
            }
            Command::Save => match self.state.project_file.clone() {
                Some(path) => self.state.save(path),
                None => self.carry_out(ctx, Command::SaveAs),
            },
            Command::SaveAs if self.state.table.is_some() || self.state.lacks.is_some() => {
                let name = name();
                self.ask(Ask::SaveProject, &name, Content::None);
            }
            Command::SaveAs => {}
            Command::Undo => self.state.undo(),
            Command::Redo => self.state.redo(),
            Command::Train => {
                self.prefs.page = Page::Train;
                self.state.train();
            }
            Command::PauseTraining => {
                if let Some(job) = &self.state.train {
                    job.pause(!job.is_paused());
                }
            }
            Command::StepTraining => {
                if let Some(job) = &self.state.train {
                    job.step();
                }
            }
            Command::FinishTraining => {
                if let Some(job) = &self.state.train {
                    job.finish_early();
                }
            }
            Command::Cancel => self.state.cancel(),
            Command::FindSegments => {
                self.prefs.page = Page::Segments;
                self.state.find_segments();
            }
            Command::ExportCallList if self.state.list().is_some() => {
                self.prefs.page = Page::Customers;
                let name = format!("{} {}", name(), self.prefs.lang.t("list.name"));
                let shown = Content::Places(self.state.list_id, self.page.order.places_of(&self.state));
                self.ask(Ask::CallList, &name, shown);
            }
            Command::SaveBundle if self.state.bundle.is_some() => {
                let name = name();
                self.ask(Ask::SaveBundle, &name, Content::None);
            }
            Command::SaveReport if self.state.bundle.as_ref().is_some_and(|b| b.card.is_some()) => {
                let name = format!("{} {}", name(), self.prefs.lang.t("report.name"));
                self.ask(Ask::Report, &name, Content::None);
            }
            Command::ExportCallList | Command::SaveBundle | Command::SaveReport => {
                self.prefs.page = Page::Train;
            }
            Command::NextCustomer => self.page.step_customer(&self.state, true),
            Command::PreviousCustomer => self.page.step_customer(&self.state, false),
            Command::Go(page) => self.prefs.page = page,
            Command::ToggleTheme => {
                self.prefs.dark = !self.prefs.dark;
                ctx.set_theme(if self.prefs.dark { ThemePreference::Dark } else { ThemePreference::Light });
            }
            Command::SetLang(lang) => self.prefs.lang = lang,
            Command::TogglePalette => {
                self.palette_open = !self.palette_open;
                self.palette_text.clear();
                self.palette_at = 0;
            }
            Command::ToggleInspector => self.prefs.inspector = !self.prefs.inspector,
            Command::ToggleProjector => {
                self.prefs.projector = !self.prefs.projector;
                theme::set_projector(ctx, self.prefs.projector);
                let zoom = ctx.zoom_factor();
                let factor = if self.prefs.projector { PROJECTOR_ZOOM } else { 1.0 / PROJECTOR_ZOOM };
                ctx.set_zoom_factor((zoom * factor).clamp(0.5, 4.0));
            }
            Command::ToggleLock => self.prefs.locked = !self.prefs.locked,
            Command::ResetToStart => {
                let open = self.state.project_file.clone();
                let open = open.or_else(|| self.state.table.as_ref().map(|t| t.source.file.clone()));
                match open {
                    Some(path) if self.asks_to_reset => {
                        self.asks_to_reset = false;
                        self.carry_out(ctx, Command::OpenPath(path));
                    }
                    Some(_) => {
                        self.asks_to_reset = true;
                        self.state.tell(notice::Tone::Caution, "notice.reset", Vec::new());
                    }
                    None => {}
                }
            }
            Command::Tour => tour::go(self, 0),
            Command::Recover(at) if at < self.left_behind.len() => {
                let left = self.left_behind.remove(at);
                self.page.forget();
                self.state.recover(&left);
                self.look_for_left();
            }
            Command::Discard(at) if at < self.left_behind.len() => self.left_behind.remove(at).discard(),
            Command::Recover(_) | Command::Discard(_) => {}
        }
    }

    /// Draws the whole window.
    pub fn draw(&mut self, ui: &mut Ui) {
        let p = Palette::of(ui);
        let frame =
            |margin: i8| egui::Frame::new().fill(p.ground).inner_margin(egui::Margin::symmetric(margin, 6));
        Panel::top("top").exact_size(46.0).frame(frame(16)).show(ui, |ui| frame::top(ui, self));
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
