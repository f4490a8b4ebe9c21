//! The window: an eframe app over the engine. `logic` takes in what jobs have done and carries
//! out commands; `ui` only draws and sends commands.

pub mod command;
mod frame;
pub mod notice;
pub mod pages;
mod parts;
pub mod state;
pub mod theme;

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::{self, CentralPanel, Panel, ThemePreference, Ui};
use serde::{Deserialize, Serialize};

use crate::words::Lang;
use command::Command;
use pages::{Page, PageState, Scene};
use state::{Ask, State};
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
}

impl Default for Prefs {
    fn default() -> Self {
        Self { lang: Lang::of_environment(), dark: false, page: Page::Collect, inspector: true, seen: false }
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
        let open = path.or_else(|| if prefs.seen { None } else { sample_file().ok() });
        if open.is_some() || !prefs.seen {
            prefs.page = Page::Collect;
        }
        prefs.seen = true;
        let mut app = Self::new(&cc.egui_ctx, prefs);
        app.page = page;
        if let Some(path) = open {
            app.state.open(&path);
        }
        app
    }

    /// The app without anything opened.
    pub fn new(ctx: &egui::Context, prefs: Prefs) -> Self {
        theme::install(ctx);
        ctx.set_theme(if prefs.dark { ThemePreference::Dark } else { ThemePreference::Light });
        Self {
            prefs,
            state: State::new(ctx.clone()),
            page: PageState { sort: (3, false), ..PageState::default() },
            send: Vec::new(),
            palette_open: false,
            palette_text: String::new(),
        }
    }

    /// Takes in news and carries out commands.
    pub fn advance(&mut self, ctx: &egui::Context) {
        self.state.poll();
        self.state.commit(ctx.egui_is_using_pointer());
        if let Some((ask, path)) = self.state.answer() {
            match ask {
                Ask::Open => self.send.push(Command::OpenPath(path)),
                Ask::SaveProject => self.state.save(path),
                Ask::ExportCustomers => {
                    let places = self.page.order.places.clone();
                    self.state.export_customers(self.prefs.lang, places, path);
                }
                Ask::SaveBundle => self.state.save_bundle(path),
            }
        }
        for file in ctx.input(|i| i.raw.dropped_files.clone()) {
            self.send.extend([Command::OpenPath(file.path().to_owned())]);
        }
        for command in command::palette().into_iter().chain([Command::TogglePalette]) {
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
        match command {
            Command::OpenDialog => self.state.ask(Ask::Open),
            Command::OpenPath(path) => {
                self.page.forget();
                self.prefs.page = Page::Collect;
                self.state.open(&path);
            }
            Command::OpenSample => {
                self.page.forget();
                self.prefs.page = Page::Collect;
                if let Ok(path) = sample_file() {
                    self.state.open(&path);
                }
            }
            Command::Save => match self.state.project_file.clone() {
                Some(path) => self.state.save(path),
                None => self.state.ask(Ask::SaveProject),
            },
            Command::SaveAs => self.state.ask(Ask::SaveProject),
            Command::Undo => self.state.undo(),
            Command::Redo => self.state.redo(),
            Command::Train => {
                self.prefs.page = Page::Train;
                self.state.train();
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
            Command::ExportCustomers if self.state.customers.is_some() => {
                self.prefs.page = Page::Customers;
                self.state.ask(Ask::ExportCustomers);
            }
            Command::SaveBundle if self.state.shown().is_some() => self.state.ask(Ask::SaveBundle),
            Command::ExportCustomers | Command::SaveBundle => self.prefs.page = Page::Train,
            Command::Go(page) => self.prefs.page = page,
            Command::ToggleTheme => {
                self.prefs.dark = !self.prefs.dark;
                ctx.set_theme(if self.prefs.dark { ThemePreference::Dark } else { ThemePreference::Light });
            }
            Command::SetLang(lang) => self.prefs.lang = lang,
            Command::TogglePalette => {
                self.palette_open = !self.palette_open;
                self.palette_text.clear();
            }
            Command::ToggleInspector => self.prefs.inspector = !self.prefs.inspector,
        }
    }

    /// Draws the whole window.
    pub fn draw(&mut self, ui: &mut Ui) {
        let p = Palette::of(ui);
        let frame =
            |margin: i8| egui::Frame::new().fill(p.ground).inner_margin(egui::Margin::symmetric(margin, 6));
        Panel::top("top").exact_size(46.0).frame(frame(16)).show(ui, |ui| frame::top(ui, self));
        Panel::bottom("status").exact_size(30.0).frame(frame(16)).show(ui, |ui| frame::status(ui, self));
        Panel::left("rail")
            .exact_size(208.0)
            .resizable(false)
            .frame(frame(12))
            .show(ui, |ui| frame::rail(ui, self));
        let page = self.prefs.page;
        if self.prefs.inspector && page.has_inspector() {
            Panel::right("inspector").exact_size(300.0).resizable(false).frame(frame(16)).show(ui, |ui| {
                egui::ScrollArea::vertical().id_salt("inspector").auto_shrink([false, false]).show(
                    ui,
                    |ui| {
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
        if self.palette_open {
            let ctx = ui.ctx().clone();
            frame::palette(&ctx, self);
        }
    }

    fn scene(&mut self) -> (Scene<'_>, Page) {
        let scene = Scene {
            lang: self.prefs.lang,
            state: &mut self.state,
            page: &mut self.page,
            send: &mut self.send,
        };
        (scene, self.prefs.page)
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
}
