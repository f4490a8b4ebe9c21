//! The box that asks for a web address: where the records are, how pages follow each other, and the
//! key.

use eframe::egui::{DragValue, Grid, Ui};
use regulars_engine::Error;
use regulars_engine::collect::database::Secret;
use regulars_engine::collect::http::{self, Auth, DryRun, Paging, Request};
use regulars_engine::job::Job;
use regulars_engine::project::{Secrets, Source};

use super::{Reading, Step, Waiting, ended, field, hidden, parts, running};
use crate::window::state::State;
use crate::window::theme::S2;
use crate::words::{self, Lang};

/// How the key is shown to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Key {
    #[default]
    None,
    Bearer,
    Header,
    Query,
}

impl Key {
    const ALL: [Self; 4] = [Self::None, Self::Bearer, Self::Header, Self::Query];

    fn words(self, lang: Lang) -> String {
        lang.t(match self {
            Self::None => "auth.none",
            Self::Bearer => "auth.bearer",
            Self::Header => "auth.header",
            Self::Query => "auth.query",
        })
    }
}

/// How one page leads to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Pages {
    #[default]
    Auto,
    Page,
    Offset,
    Cursor,
    NextLink,
    LinkHeader,
    One,
}

impl Pages {
    const ALL: [Self; 7] =
        [Self::Auto, Self::Page, Self::Offset, Self::Cursor, Self::NextLink, Self::LinkHeader, Self::One];

    fn words(self, lang: Lang) -> String {
        lang.t(match self {
            Self::Auto => "paging.auto",
            Self::Page => "pages.page",
            Self::Offset => "pages.offset",
            Self::Cursor => "pages.cursor",
            Self::NextLink => "pages.next_link",
            Self::LinkHeader => "paging.link_header",
            Self::One => "paging.none",
        })
    }

    fn has_param(self) -> bool {
        matches!(self, Self::Page | Self::Offset | Self::Cursor)
    }

    fn has_path(self) -> bool {
        matches!(self, Self::Cursor | Self::NextLink)
    }
}

/// The box.
#[derive(Default)]
pub(in crate::window) struct WebBox {
    /// What is asked; records, paging and key are put in from the fields.
    request: Request,
    records: String,
    pages: Pages,
    /// Paging as it was saved, which may say more than the fields.
    kept: Option<(Pages, Paging)>,
    param: String,
    path: String,
    key: Key,
    key_name: String,
    secret: String,
    dry: Option<Job<Result<DryRun, Error>>>,
    page: Option<DryRun>,
    reading: Reading,
    waiting: Waiting,
}

impl WebBox {
    /// The box with an address filled in.
    pub(super) fn of(url: &str) -> Self {
        Self { request: Request { url: url.trim().to_owned(), ..Request::default() }, ..Self::default() }
    }

    /// The box of a project that waits for a web address.
    pub(super) fn for_project(request: Request) -> Self {
        let mut asked = Self { waiting: Some(request.url.clone().into()), ..Self::default() };
        asked.records = request.records.clone().unwrap_or_default();
        let (pages, param, path) = match &request.paging {
            Paging::Auto => (Pages::Auto, "", ""),
            Paging::Page { param, .. } => (Pages::Page, param.as_str(), ""),
            Paging::Offset { param, .. } => (Pages::Offset, param.as_str(), ""),
            Paging::Cursor { param, path } => (Pages::Cursor, param.as_str(), path.as_str()),
            Paging::NextLink { path } => (Pages::NextLink, "", path.as_str()),
            Paging::LinkHeader => (Pages::LinkHeader, "", ""),
            Paging::None => (Pages::One, "", ""),
        };
        (asked.pages, asked.param, asked.path) = (pages, param.to_owned(), path.to_owned());
        asked.kept = Some((pages, request.paging.clone()));
        (asked.key, asked.key_name) = match &request.auth {
            Auth::None => (Key::None, String::new()),
            Auth::Bearer => (Key::Bearer, String::new()),
            Auth::Header(name) => (Key::Header, name.clone()),
            Auth::Query(name) => (Key::Query, name.clone()),
        };
        asked.request = request;
        asked
    }

    pub(super) fn cancel(&self) {
        self.dry.iter().for_each(Job::cancel);
        self.reading.job.iter().for_each(Job::cancel);
    }

    /// What would be asked.
    fn request(&self) -> Request {
        let (param, path) = (self.param.trim().to_owned(), self.path.trim().to_owned());
        let paging = match (self.pages, &self.kept) {
            // What the fields do not show stays as it was saved.
            (pages, Some((was, Paging::Page { start, size, .. }))) if pages == *was => {
                Paging::Page { param, start: *start, size: size.clone() }
            }
            (pages, Some((was, Paging::Offset { limit, .. }))) if pages == *was => {
                Paging::Offset { param, limit: limit.clone() }
            }
            (Pages::Auto, _) => Paging::Auto,
            (Pages::Page, _) => Paging::Page { param, start: 1, size: None },
            (Pages::Offset, _) => Paging::Offset { param, limit: None },
            (Pages::Cursor, _) => Paging::Cursor { param, path },
            (Pages::NextLink, _) => Paging::NextLink { path },
            (Pages::LinkHeader, _) => Paging::LinkHeader,
            (Pages::One, _) => Paging::None,
        };
        let name = self.key_name.trim().to_owned();
        let auth = match self.key {
            Key::None => Auth::None,
            Key::Bearer => Auth::Bearer,
            Key::Header => Auth::Header(name),
            Key::Query => Auth::Query(name),
        };
        let records = self.records.trim();
        let records = (!records.is_empty()).then(|| records.to_owned());
        Request { records, paging, auth, url: self.request.url.trim().to_owned(), ..self.request.clone() }
    }

    /// True when every field that is needed holds something.
    fn is_ready(&self) -> bool {
        let filled = |needed: bool, text: &str| !needed || !text.trim().is_empty();
        filled(true, &self.request.url)
            && filled(self.pages.has_param(), &self.param)
            && filled(self.pages.has_path(), &self.path)
            && filled(matches!(self.key, Key::Header | Key::Query), &self.key_name)
    }

    pub(super) fn show(&mut self, ui: &mut Ui, lang: Lang, state: &mut State) -> Step {
        let news = ended(&mut self.dry);
        if let Some(page) = self.reading.settle(news) {
            self.page = Some(page);
        }
        if self.reading.poll(state) {
            return Step::Close;
        }
        self.fields(ui, lang);
        ui.add_space(S2);
        let ready = self.is_ready() && self.dry.is_none() && self.reading.job.is_none();
        if ui.add_enabled(ready, parts::tall(lang.t("source.first_page"))).clicked() {
            let (request, secret) = (self.request(), self.secret());
            (self.page, self.reading.error) = (None, None);
            self.dry = Some(state.start(move |report| http::dry_run(&request, secret.as_ref(), report)));
        }
        running(ui, lang, "look", self.dry.as_ref());
        if let Some(page) = &self.page {
            tell(ui, lang, page);
        }
        let done = self.reading.end(ui, lang, Reading::can_add(state), ready);
        if done.read {
            let source = Source::Web(self.request());
            if let Some(old) = &self.waiting {
                state.give_away(old, &source, self.secret());
                return Step::Close;
            }
            let mut secrets = if self.reading.beside { state.secrets.clone() } else { Secrets::default() };
            secrets.set(source.place(), self.secret());
            self.reading.start(state, vec![source], secrets);
        }
        if done.cancel { Step::Close } else { Step::Stay }
    }

    fn secret(&self) -> Option<Secret> {
        (self.key != Key::None && !self.secret.is_empty()).then(|| Secret::new(self.secret.clone()))
    }

    fn fields(&mut self, ui: &mut Ui, lang: Lang) {
        Grid::new("web").num_columns(2).spacing([12.0, 8.0]).show(ui, |ui| {
            field(ui, lang, "source.url", &mut self.request.url, 480.0);
            ui.end_row();
            let records = field(ui, lang, "source.records", &mut self.records, 260.0);
            records.on_hover_text(lang.t("source.records_help"));
            ui.end_row();
            let name = lang.t("source.paging");
            ui.label(&name);
            parts::choose(ui, &name, &mut self.pages, &Pages::ALL, |pages| pages.words(lang));
            ui.end_row();
            if self.pages.has_param() {
                field(ui, lang, "source.param", &mut self.param, 180.0);
                ui.end_row();
            }
            if self.pages.has_path() {
                field(ui, lang, "source.path", &mut self.path, 260.0);
                ui.end_row();
            }
            let name = lang.t("source.auth");
            ui.label(&name);
            parts::choose(ui, &name, &mut self.key, &Key::ALL, |key| key.words(lang));
            ui.end_row();
            if matches!(self.key, Key::Header | Key::Query) {
                field(ui, lang, "source.key_name", &mut self.key_name, 180.0);
                ui.end_row();
            }
            if self.key != Key::None {
                hidden(ui, lang, "source.key", &mut self.secret);
                ui.end_row();
            }
            let label = ui.label(lang.t("source.max_pages"));
            ui.add(DragValue::new(&mut self.request.max_pages).range(1..=1_000_000)).labelled_by(label.id);
            ui.end_row();
            let label = ui.label(lang.t("source.per_second"));
            let rate = DragValue::new(&mut self.request.per_second).range(0.1..=100.0).speed(0.1);
            ui.add(rate).labelled_by(label.id);
            ui.end_row();
        });
        if self.key != Key::None {
            parts::muted(ui, lang.t("source.not_saved"));
            if self.request.url.trim_start().to_ascii_lowercase().starts_with("http:") {
                ui.checkbox(&mut self.request.allow_plain, lang.t("source.allow_plain"));
            }
        }
    }
}

/// What the first page tells.
fn tell(ui: &mut Ui, lang: Lang, page: &DryRun) {
    ui.label(words::first_page(lang, page));
    let columns: Vec<&str> = page.columns.iter().map(String::as_str).take(40).collect();
    parts::muted(ui, columns.join(" · "));
}
