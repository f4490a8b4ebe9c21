//! What a person asked for, carried out: commands, answers of the path box, charts and tables that
//! are taken away.

use std::path::{Path, PathBuf};

use eframe::egui::{self, ThemePreference};
use regulars_engine::lessons::Lesson;
use regulars_engine::project::Recovery;

use super::command::Command;
use super::dialog::{self, Content, PathBox};
use super::pages::{ClassroomTab, Page, customers};
use super::parts;
use super::parts::take::{self, Take};
use super::sources::SourceBox;
use super::state::Ask;
use super::{App, Picture, notice, sample_file, theme, tour};

/// Files that the opening page offers again.
const RECENT: usize = 8;
/// What a projector enlarges by.
const PROJECTOR_ZOOM: f32 = 1.35;

impl App {
    /// Remembers a file for the opening page.
    pub(super) fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.prefs.recent.retain(|old| *old != path);
        self.prefs.recent.insert(0, path);
        self.prefs.recent.truncate(RECENT);
    }

    /// Work that was left when another file was opened is offered on the opening page.
    pub(super) fn look_for_left(&mut self) {
        if let Some(folder) = self.state.recovery_folder() {
            self.left_behind = Recovery::left_behind(&folder);
        }
    }

    /// Opens the box that asks for a path, with a suggestion.
    pub(super) fn ask(&mut self, ask: Ask, name: &str, content: Content) {
        let text = if ask.saves() {
            let data = self.state.table.as_ref().and_then(|t| t.source.file.parent());
            let folder = self.prefs.folder.clone().filter(|f| f.is_dir());
            // Not beside the program's own sample, where nobody would look.
            let own = Path::new(env!("CARGO_MANIFEST_DIR"));
            let data = data.and_then(|folder| std::path::absolute(folder).ok());
            let beside = data.filter(|f| f.is_dir() && !f.starts_with(own));
            let folder = folder.or(beside).unwrap_or_else(dialog::home);
            let file = match ask.ending() {
                "" => dialog::file_name(name),
                ending => format!("{}.{ending}", dialog::file_name(name)),
            };
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
    pub(super) fn is_data(&self, path: &Path) -> bool {
        let month = self.state.month.as_ref().map(|month| month.table());
        let collected = self.state.collected.iter().flat_map(|collected| &collected.dataset.tables);
        collected.chain(month).any(|table| table.source.is_of(path))
    }

    /// Paths were given: does what they were asked for.
    pub(super) fn take_paths(
        &mut self,
        ctx: &egui::Context,
        ask: Ask,
        mut paths: Vec<PathBuf>,
        content: Content,
    ) {
        match ask {
            Ask::Open if paths.len() > 1 => self.carry_out(ctx, Command::OpenPaths(paths)),
            Ask::Add => {
                self.prefs.page = Page::Collect;
                self.state.add_data(paths);
            }
            Ask::Month => {
                self.prefs.page = Page::Customers;
                self.state.open_month(paths);
            }
            _ if paths.is_empty() => {}
            Ask::OpenRecipe => {
                self.prefs.page = Page::Clean;
                self.state.open_recipe(&paths.remove(0));
            }
            Ask::OpenExperiment => self.state.open_experiment(&paths.remove(0)),
            Ask::Results => self.state.open_results(paths.remove(0)),
            Ask::Open => self.carry_out(ctx, Command::OpenPath(paths.remove(0))),
            _ => self.write_to(ask, paths.remove(0), content),
        }
    }

    /// A path to write to was given.
    fn write_to(&mut self, ask: Ask, path: PathBuf, content: Content) {
        if self.is_data(&path) {
            // The person's data are never written over.
            let args = vec![("file", path.display().to_string())];
            self.state.tell(notice::Tone::Bad, "notice.is_data", args);
            return;
        }
        self.prefs.folder = path.parent().filter(|p| !p.as_os_str().is_empty()).map(Path::to_owned);
        match ask {
            Ask::Open | Ask::Add | Ask::Month | Ask::OpenRecipe | Ask::OpenExperiment | Ask::Results => {}
            Ask::Experiment => self.state.draw_experiment(self.prefs.lang, path),
            Ask::SaveRecipe => self.state.save_recipe(path),
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
            Ask::Mask | Ask::MaskFolder => self.state.write_masked(path),
            Ask::SaveBundle => self.state.share_bundle(path, self.prefs.cells.in_reports()),
            Ask::Scorer | Ask::Workbook | Ask::Onnx => {
                let rule = self.prefs.cells.in_reports();
                self.state.hand_on(self.prefs.lang, ask, path, rule);
            }
            Ask::RunFolder => self.state.write_run_folder(self.prefs.lang, path),
            Ask::Report => {
                let rule = self.prefs.cells.in_reports();
                self.state.share_report(self.prefs.lang, path, rule);
            }
            Ask::Card => match content {
                Content::Places(of, places) if of == self.state.list_id => {
                    let masked = self.prefs.projector || !self.page.contacts_clear;
                    places.first().into_iter().for_each(|&place| {
                        self.state.export_card(self.prefs.lang, place, masked, path.clone());
                    });
                }
                _ => self.state.tell(notice::Tone::Caution, "notice.list_changed", Vec::new()),
            },
            Ask::Grid | Ask::Png | Ask::Svg => match content {
                Content::Grid(grid) => self.state.export_grid(grid, path),
                Content::Bytes(bytes) => self.state.export_bytes(bytes, path),
                Content::None | Content::Places(..) => {}
            },
        }
    }

    /// Carries out what the menus of charts and tables ask for.
    pub(super) fn take_away(&mut self, ctx: &egui::Context) {
        self.prefs.cells = parts::cells::of(ctx);
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
                Take::SaveSvg(name, svg) => self.ask(Ask::Svg, &name, Content::Bytes(svg.into_bytes())),
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

    fn begin_lesson(&mut self, lesson: Lesson) {
        self.page.forget();
        self.page.class_tab = ClassroomTab::Lessons;
        self.prefs.page = Page::Classroom;
        self.state.begin_lesson(lesson);
    }

    fn end_lesson(&mut self) {
        if self.state.lessons.lesson().is_some() {
            self.page.forget();
            self.page.class_tab = ClassroomTab::Lessons;
            self.prefs.page = Page::Classroom;
            self.state.end_lesson();
        }
    }

    /// Remembers a lesson whose checks are all green.
    pub(super) fn remember_lesson(&mut self) {
        if let Some(lesson) = self.state.lessons.finished()
            && !self.prefs.lessons.contains(&lesson)
        {
            self.prefs.lessons.push(lesson);
        }
    }

    pub(super) fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        let name = || self.state.table.as_ref().map_or_else(|| "customers".into(), |t| t.name.clone());
        match command {
            Command::OpenDialog => self.state.ask(Ask::Open, ""),
            Command::OpenTyped => self.ask(Ask::Open, "", Content::None),
            Command::OpenDatabase | Command::OpenWeb | Command::Paste | Command::Connect => {
                self.source_box = SourceBox::of_command(&command, &self.state);
                self.prefs.page = Page::Collect;
            }
            Command::OpenPath(path) => {
                if let Some(asked) = SourceBox::of_text(&path.to_string_lossy()) {
                    self.source_box = Some(asked);
                    return;
                }
                self.page.forget();
                self.prefs.page = Page::Collect;
                self.remember(&path);
                self.state.open(&path);
                self.look_for_left();
            }
            Command::OpenPaths(paths) => {
                self.page.forget();
                self.prefs.page = Page::Collect;
                self.state.open_data(paths);
                self.look_for_left();
            }
            Command::AddFiles => self.ask(Ask::Add, "", Content::None),
            Command::OpenSample => {
                self.page.forget();
                self.prefs.page = Page::Collect;
                if let Ok(path) = sample_file() {
                    self.state.open_fresh(vec![path]);
                    self.look_for_left();
                }
            }
            // The model of the present rows is being made; a moment later it is there.
            Command::NextMonth
            | Command::SaveBundle
            | Command::SaveScorer
            | Command::SaveWorkbook
            | Command::SaveOnnx
            | Command::SaveReport
                if self.state.bundling() =>
            {
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
            Command::StepBatch => self.state.step_batch(),
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
                let shown =
                    Content::Places(self.state.list_id, customers::shown_places(&mut self.page, &self.state));
                self.ask(Ask::CallList, &name, shown);
            }
            Command::SaveBundle if self.state.bundle.is_some() => {
                let name = name();
                if self.state.lessons.trap.sprung().is_some() {
                    self.state.tell(notice::Tone::Caution, "notice.trap_set", Vec::new());
                }
                self.ask(Ask::SaveBundle, &name, Content::None);
            }
            Command::SaveScorer | Command::SaveWorkbook | Command::SaveOnnx
                if self.state.bundle.is_some() =>
            {
                let (ask, key) = match command {
                    Command::SaveScorer => (Ask::Scorer, Some("hand_on.scorer_name")),
                    Command::SaveWorkbook => (Ask::Workbook, Some("hand_on.sheet_name")),
                    _ => (Ask::Onnx, None),
                };
                let name = name();
                if self.state.lessons.trap.sprung().is_some() {
                    self.state.tell(notice::Tone::Caution, "notice.trap_set", Vec::new());
                }
                let name = key.map_or(name.clone(), |key| format!("{name} {}", self.prefs.lang.t(key)));
                self.ask(ask, &name, Content::None);
            }
            Command::SaveRunFolder if self.state.shown().is_some() => {
                let name = format!("{} {}", name(), self.prefs.lang.t("runs.folder_name"));
                self.ask(Ask::RunFolder, &name, Content::None);
            }
            Command::SaveReport if self.state.bundle.as_ref().is_some_and(|b| b.card.is_some()) => {
                let name = format!("{} {}", name(), self.prefs.lang.t("report.name"));
                self.ask(Ask::Report, &name, Content::None);
            }
            Command::PrintCard => match self.page.chosen(&self.state) {
                Some(place) => {
                    let name = self.prefs.lang.t("card.name");
                    self.ask(Ask::Card, &name, Content::Places(self.state.list_id, vec![place]));
                }
                None => self.prefs.page = Page::Customers,
            },
            Command::SaveRecipe if self.state.table.is_some() => {
                let name = format!("{} {}", name(), self.prefs.lang.t("recipe.name"));
                self.ask(Ask::SaveRecipe, &name, Content::None);
            }
            Command::WriteMasked => {
                let name = format!("{} {}", name(), self.prefs.lang.t("mask.name"));
                self.prefs.page = Page::Mask;
                // Other data since the page was last seen: their plan is looked at first.
                self.state.find_mask();
                match self.state.mask.tables.len() {
                    0 => {}
                    1 => self.ask(Ask::Mask, &name, Content::None),
                    _ => self.ask(Ask::MaskFolder, &name, Content::None),
                }
            }
            Command::OpenRecipe => self.ask(Ask::OpenRecipe, "", Content::None),
            Command::DrawExperiment if self.state.list().is_some() || self.state.audience().is_some() => {
                let name = format!("{} {}", name(), self.prefs.lang.t("exp.file_name"));
                self.prefs.page = Page::Experiments;
                self.ask(Ask::Experiment, &name, Content::None);
            }
            Command::DrawExperiment => self.prefs.page = Page::Experiments,
            Command::OpenExperiment => {
                self.prefs.page = Page::Experiments;
                self.ask(Ask::OpenExperiment, "", Content::None);
            }
            Command::OpenResults => {
                self.prefs.page = Page::Experiments;
                self.ask(Ask::Results, "", Content::None);
            }
            Command::SaveRecipe => {}
            Command::ExportCallList
            | Command::SaveBundle
            | Command::SaveScorer
            | Command::SaveWorkbook
            | Command::SaveOnnx
            | Command::SaveRunFolder
            | Command::SaveReport => {
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
            Command::BeginLesson(lesson) => self.begin_lesson(lesson),
            Command::EndLesson => self.end_lesson(),
            Command::SetTrap => {
                self.prefs.page =
                    if self.prefs.page == Page::Classroom { Page::Classroom } else { Page::Features };
                self.state.set_trap();
            }
            Command::TakeTrapAway => self.state.take_trap_away(),
            Command::ResetToStart if self.state.lessons.lesson().is_some() => {
                self.state.lessons.lesson().into_iter().for_each(|lesson| self.begin_lesson(lesson));
            }
            // Work that is not saved stays in the folder of autosaves, and that is told.
            Command::ResetToStart => match self.state.project_file.clone() {
                Some(path) => self.carry_out(ctx, Command::OpenPath(path)),
                None if self.state.collected.is_some() => {
                    self.page.forget();
                    self.prefs.page = Page::Collect;
                    self.state.open_again();
                    self.look_for_left();
                }
                None => {}
            },
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
}
