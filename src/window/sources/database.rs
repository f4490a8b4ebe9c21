//! The box that asks for a database: its address, then its tables or a query.

use eframe::egui::{self, Grid, ScrollArea, Ui};
use regulars_engine::Error;
use regulars_engine::collect::database::{
    self, Address, Database, Engine, MANY, Offer, Secret, Server, TableInfo, TableName, Tls,
};
use regulars_engine::job::Job;
use regulars_engine::project::{Secrets, Source};
use regulars_engine::table::Table;

use super::per_customer::Offered;
use super::{HEAD, Reading, Step, Waiting, ended, field, first_rows, hidden, lines, parts, running};
use crate::window::state::State;
use crate::window::theme::{S2, S3};
use crate::words::Lang;

/// The kind of a database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Postgresql,
    Mysql,
    Sqlite,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Postgresql, Self::Mysql, Self::Sqlite];

    fn words(self, lang: Lang) -> String {
        lang.t(match self {
            Self::Postgresql => "source.postgresql",
            Self::Mysql => "source.mysql",
            Self::Sqlite => "source.sqlite",
        })
    }

    fn port(self) -> &'static str {
        if self == Self::Mysql { "3306" } else { "5432" }
    }
}

fn tls_words(lang: Lang, tls: Tls) -> String {
    lang.t(match tls {
        Tls::Prefer => "tls.prefer",
        Tls::Require => "tls.require",
        Tls::Off => "tls.off",
    })
}

/// What a connected database offers.
struct Found {
    database: Database,
    tables: Vec<Offered>,
    /// The table whose way of being read is shown.
    open: Option<usize>,
    sql: String,
    /// The query is read, and not the tables.
    by_query: bool,
}

/// Connecting, and the tables that are there.
type Connecting = Job<Result<(Database, Vec<TableInfo>), Error>>;

/// The box.
#[derive(Default)]
pub(in crate::window) struct DatabaseBox {
    kind: Kind,
    path: String,
    host: String,
    port: String,
    database: String,
    user: String,
    password: String,
    tls: Tls,
    /// What opened the database, or will.
    secret: Option<Secret>,
    connect: Option<Connecting>,
    found: Option<Found>,
    look: Option<Job<Result<Table, Error>>>,
    /// What a table offers to be added up.
    offer: Option<Job<Result<Offer, Error>>>,
    head: Option<Table>,
    reading: Reading,
    waiting: Waiting,
}

impl DatabaseBox {
    /// The box of a project that waits for its database.
    pub(super) fn for_project(address: &Address) -> Self {
        let mut asked = Self { waiting: Some(address.to_string().into()), ..Self::default() };
        asked.fill(address);
        asked
    }

    fn fill(&mut self, address: &Address) {
        match address {
            Address::Sqlite { path } => {
                self.kind = Kind::Sqlite;
                self.path = path.display().to_string();
            }
            Address::Server(server) => {
                self.kind = if server.engine == Engine::Mysql { Kind::Mysql } else { Kind::Postgresql };
                self.host.clone_from(&server.host);
                self.port = server.port.to_string();
                self.database.clone_from(&server.database);
                self.user.clone_from(&server.user);
                self.tls = server.tls;
            }
        }
    }

    /// Takes a whole address apart, as it is copied from a provider's page.
    pub(super) fn take_address(&mut self, text: &str) {
        match Address::parse(text) {
            Ok((address, secret)) => {
                self.fill(&address);
                self.secret = secret;
            }
            Err(error) => self.reading.error = Some(error.into()),
        }
    }

    fn address(&self) -> Option<Address> {
        let text = |text: &str| text.trim().to_owned();
        if self.kind == Kind::Sqlite {
            let path = text(&self.path).trim_matches('"').to_owned();
            return (!path.is_empty()).then(|| Address::Sqlite { path: path.into() });
        }
        let engine = if self.kind == Kind::Mysql { Engine::Mysql } else { Engine::Postgresql };
        let port = if self.port.trim().is_empty() { self.kind.port() } else { self.port.trim() };
        let host = if self.host.trim().is_empty() { "localhost".to_owned() } else { text(&self.host) };
        let (user, database) = (text(&self.user), text(&self.database));
        let server = Server { engine, host, port: port.parse().ok()?, user, database, tls: self.tls };
        Some(Address::Server(server))
    }

    pub(super) fn cancel(&self) {
        self.connect.iter().for_each(Job::cancel);
        self.look.iter().for_each(Job::cancel);
        self.offer.iter().for_each(Job::cancel);
        self.reading.job.iter().for_each(Job::cancel);
    }

    pub(super) fn show(&mut self, ui: &mut Ui, lang: Lang, state: &mut State, masked: bool) -> Step {
        let news = ended(&mut self.connect);
        if let Some((database, tables)) = self.reading.settle(news) {
            if let Some(old) = &self.waiting {
                let source = Source::Database { address: database.address().clone(), pick: None };
                state.give_away(old, &source, self.secret.take());
                return Step::Close;
            }
            self.found = Some(Found::new(database, tables));
        }
        let news = ended(&mut self.look);
        if let Some(head) = self.reading.settle(news) {
            self.head = Some(head);
        }
        let news = ended(&mut self.offer);
        let asked = news.is_some();
        let offer = self.reading.settle(news);
        if let Some(found) = self.found.as_mut().filter(|_| asked) {
            found.take(offer);
        }
        if self.reading.poll(state) {
            return Step::Close;
        }
        match self.found.is_some() {
            true => self.choose(ui, lang, state, masked),
            false => self.ask(ui, lang, state),
        }
    }

    /// The form of the address.
    fn ask(&mut self, ui: &mut Ui, lang: Lang, state: &State) -> Step {
        parts::muted(ui, lang.t("source.only_reads"));
        ui.add_space(S2);
        let mut left = false;
        Grid::new("database").num_columns(2).spacing([12.0, 8.0]).show(ui, |ui| {
            let name = lang.t("source.kind");
            ui.label(&name);
            parts::choose(ui, &name, &mut self.kind, &Kind::ALL, |kind| kind.words(lang));
            ui.end_row();
            if self.kind == Kind::Sqlite {
                left |= field(ui, lang, "source.file", &mut self.path, 420.0).lost_focus();
                ui.end_row();
                return;
            }
            let host = field(ui, lang, "source.host", &mut self.host, 420.0);
            left |= host.lost_focus();
            if host.changed() && self.host.contains("://") {
                let whole = std::mem::take(&mut self.host);
                self.take_address(&whole);
            }
            ui.end_row();
            left |= field(ui, lang, "source.port", &mut self.port, 90.0).lost_focus();
            ui.end_row();
            left |= field(ui, lang, "source.name", &mut self.database, 260.0).lost_focus();
            ui.end_row();
            left |= field(ui, lang, "source.user", &mut self.user, 260.0).lost_focus();
            ui.end_row();
            left |= hidden(ui, lang, "source.password", &mut self.password).lost_focus();
            ui.end_row();
            let name = lang.t("source.tls");
            ui.label(&name);
            let all = [Tls::Prefer, Tls::Require, Tls::Off];
            parts::choose(ui, &name, &mut self.tls, &all, |tls| tls_words(lang, tls));
            ui.end_row();
        });
        if self.kind != Kind::Sqlite {
            if self.secret.is_some() && self.password.is_empty() {
                parts::muted(ui, lang.t("source.has_password"));
            }
            parts::muted(ui, lang.t("source.not_saved"));
        }
        if let Some(error) = &self.reading.error {
            ui.add_space(S2);
            parts::problem(ui, lang, error);
        }
        running(ui, lang, "connect", self.connect.as_ref());
        ui.add_space(S3);
        let address = self.address();
        ui.horizontal(|ui| {
            let ready = address.is_some() && self.connect.is_none();
            let entered = left && ready && ui.input(|i| i.key_pressed(egui::Key::Enter));
            if (parts::primary(ui, lang.t("source.connect"), ready) || entered)
                && let Some(address) = address
            {
                self.start(state, address);
            }
            let close = ui.add(parts::tall(lang.t("common.cancel"))).clicked();
            if close { Step::Close } else { Step::Stay }
        })
        .inner
    }

    fn start(&mut self, state: &State, address: Address) {
        if !self.password.is_empty() {
            self.secret = Some(Secret::new(std::mem::take(&mut self.password)));
        }
        self.reading.error = None;
        let secret = self.secret.clone();
        self.connect = Some(state.start(move |report| {
            let database = Database::connect(&address, secret.as_ref(), report)?;
            let tables = database.tables(report)?;
            Ok((database, tables))
        }));
    }

    /// The tables of the database, a query, and the first rows.
    fn choose(&mut self, ui: &mut Ui, lang: Lang, state: &State, masked: bool) -> Step {
        let Some(found) = &mut self.found else { return Step::Stay };
        let mut other = false;
        ui.horizontal_wrapped(|ui| {
            parts::muted(ui, found.database.address().to_string());
            other = ui.button(lang.t("source.other")).clicked();
        });
        ui.horizontal(|ui| {
            ui.radio_value(&mut found.by_query, false, lang.t("source.tables"));
            ui.radio_value(&mut found.by_query, true, lang.t("source.query"));
        });
        let (mut look, mut ask) = (None, None);
        let idle = self.look.is_none() && self.offer.is_none();
        if found.by_query {
            lines(ui, lang, "source.sql", &mut found.sql, 4);
            let ready = !found.sql.trim().is_empty() && self.look.is_none();
            if ui.add_enabled(ready, egui::Button::new(lang.t("source.look"))).clicked() {
                look = Some(database::Source::Query(found.sql.clone()));
            }
        } else if found.tables.is_empty() {
            parts::caution(ui, &lang.t("source.no_tables"));
        } else {
            look = found.list(ui, lang, self.look.is_none());
            let (wanted, changed) = found.way(ui, lang, idle, &mut ask);
            look = look.or(wanted);
            if changed {
                // The rows of another way of reading would mislead.
                self.head = None;
            }
        }
        if let Some(table) = ask {
            let database = found.database.clone();
            self.reading.error = None;
            self.offer = Some(state.start(move |report| database.offer(&table, report)));
        }
        if let Some(source) = look {
            let database = found.database.clone();
            self.head = None;
            self.look = Some(state.start(move |report| database.preview(&source, HEAD, report)));
        }
        running(ui, lang, "offer", self.offer.as_ref());
        running(ui, lang, "look", self.look.as_ref());
        if let Some(head) = &self.head {
            ui.add_space(S2);
            first_rows(ui, lang, head, masked);
        }
        let picks = found.picks();
        let address = found.database.address().clone();
        let ready = !picks.is_empty() && self.offer.is_none();
        let done = self.reading.end(ui, lang, Reading::can_add(state), ready);
        if done.read {
            let sources: Vec<Source> = picks
                .into_iter()
                .map(|pick| Source::Database { address: address.clone(), pick: Some(pick) })
                .collect();
            let mut secrets = if self.reading.beside { state.secrets.clone() } else { Secrets::default() };
            secrets.set(address.to_string().into(), self.secret.clone());
            self.reading.start(state, sources, secrets);
        }
        if other {
            self.offer.iter().for_each(Job::cancel);
            (self.found, self.head, self.offer, self.reading.error) = (None, None, None, None);
            // The password belongs to the server it was given for.
            self.secret = None;
        }
        if done.cancel { Step::Close } else { Step::Stay }
    }
}

impl Found {
    /// Tables with rows are ticked, where there are not too many.
    fn new(database: Database, tables: Vec<TableInfo>) -> Self {
        let holds_rows = |info: &TableInfo| !info.is_view && info.rows_estimate != Some(0);
        let few = tables.iter().filter(|info| holds_rows(info)).count() <= MANY;
        let tables = tables.into_iter().map(|info| (few && holds_rows(&info), info));
        Self {
            database,
            tables: tables.map(|(on, info)| Offered::new(info, on)).collect(),
            open: None,
            sql: String::new(),
            by_query: false,
        }
    }

    /// The tables with their ticks; the one whose first rows are wanted.
    fn list(&mut self, ui: &mut Ui, lang: Lang, can_look: bool) -> Option<database::Source> {
        let mut look = None;
        let chosen = self.tables.iter().filter(|table| table.on).count() as u64;
        ui.horizontal(|ui| {
            let args = [("count", lang.count(chosen)), ("all", lang.count(self.tables.len() as u64))];
            parts::muted(ui, lang.with("source.chosen", &args));
            for (key, on) in [("source.all", true), ("source.none", false)] {
                if ui.small_button(lang.t(key)).clicked() {
                    self.tables.iter_mut().for_each(|table| table.on = on);
                }
            }
        });
        let area = ScrollArea::vertical().id_salt("tables").max_height(180.0).auto_shrink([false, true]);
        let open = &mut self.open;
        area.show_rows(ui, 28.0, self.tables.len(), |ui, rows| {
            let first = rows.start;
            for (at, table) in self.tables.get_mut(rows).into_iter().flatten().enumerate() {
                ui.horizontal(|ui| {
                    let name = table.info.table.to_string();
                    ui.checkbox(&mut table.on, &name);
                    let info = &table.info;
                    let text = match (info.is_view, info.rows_estimate) {
                        (true, _) => lang.t("source.view"),
                        (false, Some(rows)) => lang.with("source.rows", &[("count", lang.count(rows))]),
                        (false, None) => String::new(),
                    };
                    parts::muted(ui, text);
                    let button = egui::Button::new(lang.t("source.look")).small();
                    let named = format!("{} {name}", lang.t("source.look"));
                    if ui.add_enabled(can_look, button).accessible_name(named).clicked() {
                        look = table.source();
                    }
                    let way = table.way(lang);
                    let named = format!("{way} {name}");
                    let at = first + at;
                    let button = egui::Button::new(format!("{way}…")).small().selected(*open == Some(at));
                    if ui.add(button).accessible_name(named).clicked() {
                        *open = if *open == Some(at) { None } else { Some(at) };
                    }
                });
            }
        });
        look
    }

    /// How the open table is read: what to look at, and whether it is read in another way than
    /// before. `ask` becomes the table whose offer is wanted.
    fn way(
        &mut self,
        ui: &mut Ui,
        lang: Lang,
        can_ask: bool,
        ask: &mut Option<TableName>,
    ) -> (Option<database::Source>, bool) {
        let Some(table) = self.open.and_then(|at| self.tables.get_mut(at)) else { return (None, false) };
        ui.add_space(S2);
        let chosen = parts::card(ui, 12, |ui| table.choose(ui, lang, can_ask));
        if chosen.asks {
            *ask = Some(table.info.table.clone());
        }
        (table.source().filter(|_| chosen.look), chosen.changed)
    }

    /// Takes in what a table offers; `None` where that could not be told.
    fn take(&mut self, offer: Option<Offer>) {
        if let Some(offer) = offer
            && let Some(table) = self.tables.iter_mut().find(|table| table.info.table == offer.proposed.table)
        {
            table.take(offer);
        }
        self.tables.iter_mut().for_each(Offered::settle);
    }

    /// What is to be read.
    fn picks(&self) -> Vec<database::Source> {
        if self.by_query {
            let sql = self.sql.trim();
            return if sql.is_empty() { Vec::new() } else { vec![database::Source::Query(sql.to_owned())] };
        }
        self.tables.iter().filter(|table| table.on).filter_map(Offered::source).collect()
    }
}
