//! Customers in lists: the columns of the ranked list and of the call list, cell by cell.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use regulars_engine::deploy::{Change, Changes, Customer, FollowUp, FollowUps, Reason};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::CallList;
use regulars_engine::segment::Segmentation;
use serde::{Deserialize, Serialize};

use super::{Lang, class_action, class_name, reason, segment_name};

/// The classes of the rows of a list; empty where none were found.
#[derive(Debug, Clone, Default)]
pub struct ClassesOf(Arc<HashMap<u32, Vec<String>>>);

impl ClassesOf {
    /// Names by permanent row, as the engine has them.
    pub fn new(names: HashMap<u32, Vec<String>>) -> Self {
        Self(Arc::new(names))
    }

    /// The classes of a row.
    pub fn names(&self, row: u32) -> &[String] {
        self.0.get(&row).map_or(&[], Vec::as_slice)
    }

    /// The classes of a row, in words.
    pub fn text(&self, lang: Lang, row: u32) -> String {
        let names: Vec<String> = self.names(row).iter().map(|name| class_name(lang, name)).collect();
        lang.list(&names)
    }

    /// True where nobody has a class.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for ClassesOf {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The classes that a call list tells, and what a person has said to do with them.
pub type ClassesAndActions<'a> = (&'a ClassesOf, &'a BTreeMap<String, String>);

/// What the rows of a list are shown with.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    pub segments: Option<&'a Segmentation>,
    /// The strongest reasons, by [`Customer::place`].
    pub reasons: Option<&'a HashMap<usize, Vec<Reason>>>,
    pub changes: Option<&'a Changes>,
    pub follow_ups: Option<&'a FollowUps>,
    pub classes: Option<&'a ClassesOf>,
    /// Identifiers are masked: a projector is on.
    pub masked: bool,
}

/// A column of the ranked list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Column {
    Rank,
    Id,
    Risk,
    Before,
    Change,
    Why,
    FollowUp,
    Segment,
    Class,
    Actual,
    Side,
}

impl Column {
    /// The columns of a list of rows that were trained on, or of a later file.
    pub fn of(is_month: bool, has_changes: bool) -> &'static [Column] {
        use Column::*;
        match (is_month, has_changes) {
            (true, true) => &[Rank, Id, Risk, Before, Change, Why, FollowUp, Actual],
            (true, false) => &[Rank, Id, Risk, Why, FollowUp, Actual],
            (false, _) => &[Rank, Id, Risk, Why, FollowUp, Segment, Actual, Side],
        }
    }

    /// [`of`](Self::of) a list of rows that were trained on, whose customers have classes.
    pub fn with_classes() -> &'static [Column] {
        use Column::*;
        &[Rank, Id, Risk, Why, FollowUp, Class, Segment, Actual, Side]
    }

    /// True for columns that a list can be put in order by.
    pub fn sorts(self) -> bool {
        !matches!(self, Self::Rank | Self::Why | Self::FollowUp)
    }

    /// Its head.
    pub fn name(self, lang: Lang) -> String {
        lang.t(match self {
            Self::Rank => "customers.rank",
            Self::Id => "customers.id",
            Self::Risk => "customers.risk",
            Self::Before => "customers.before",
            Self::Change => "customers.change",
            Self::Why => "customers.why",
            Self::FollowUp => "customers.follow_up",
            Self::Segment => "customers.segment",
            Self::Class => "customers.class",
            Self::Actual => "customers.actual",
            Self::Side => "customers.side",
        })
    }

    /// One cell; `at` is the customer's place in the list, from 0.
    pub fn cell(self, lang: Lang, at: usize, customer: &Customer, beside: &Beside<'_>) -> Cell {
        let change = || beside.changes.and_then(|changes| changes.of.get(at));
        match self {
            Self::Rank if customer.rank == 0 => "".into(),
            Self::Rank => Cell::whole(customer.rank as u64),
            Self::Id => shown_id(&customer.id, beside.masked).into(),
            Self::Risk => Cell::percent(customer.probability),
            Self::Before => match change().and_then(|(_, before)| *before) {
                Some(before) => Cell::percent(before),
                None => "".into(),
            },
            Self::Change => match change() {
                Some((change, _)) => lang.t(&format!("change.{}", change.name())).into(),
                None => "".into(),
            },
            Self::Why => {
                let reasons = beside.reasons.and_then(|of| of.get(&customer.place));
                reasons.and_then(|list| list.first()).map_or_else(String::new, |r| reason(lang, r)).into()
            }
            Self::FollowUp => {
                let record =
                    beside.follow_ups.filter(|_| customer.named).and_then(|all| all.get(&customer.id));
                record.map_or_else(String::new, |record| follow_up(lang, record)).into()
            }
            Self::Segment => {
                let segment =
                    customer.segment.and_then(|at| beside.segments.and_then(|s| s.segments.get(at)));
                segment.map_or_else(String::new, |segment| segment_name(lang, segment)).into()
            }
            Self::Class => beside.classes.map_or_else(String::new, |of| of.text(lang, customer.row)).into(),
            Self::Actual => yes_no(lang, customer.actual).into(),
            Self::Side => match customer.side {
                Some(side) => lang.t(&format!("side.{}", side_key(side))).into(),
                None => "".into(),
            },
        }
    }
}

/// An identifier, or its mask.
pub fn shown_id(id: &str, masked: bool) -> String {
    if masked { regulars_engine::privacy::mask(id) } else { id.to_owned() }
}

fn yes_no(lang: Lang, value: Option<bool>) -> String {
    value.map_or_else(String::new, |yes| lang.t(if yes { "common.yes" } else { "common.no" }))
}

fn side_key(side: regulars_engine::split::Side) -> &'static str {
    use regulars_engine::split::Side;
    match side {
        Side::Train => "train",
        Side::Valid => "valid",
        Side::Test => "test",
        Side::Unlabelled => "unlabelled",
    }
}

/// What was done about a customer, in one line.
pub fn follow_up(lang: Lang, record: &FollowUp) -> String {
    let mut parts = Vec::new();
    if record.do_not_contact {
        parts.push(lang.t("follow.do_not_contact"));
    }
    if let Some(day) = &record.contacted {
        parts.push(lang.with("follow.short", &[("day", day.clone())]));
    }
    if record.answer != regulars_engine::deploy::Answer::None {
        parts.push(lang.t(&format!("answer.{}", record.answer.name())));
    }
    parts.join(" · ")
}

/// The ranked list as a table to take away: what the window shows, cell for cell. `places` are
/// positions in `list`, in the order shown.
pub fn ranked(
    lang: Lang,
    columns: &[Column],
    list: &[Customer],
    places: impl Iterator<Item = usize>,
    beside: &Beside<'_>,
) -> Grid {
    let rows = places
        .filter_map(|at| list.get(at).map(|customer| (at, customer)))
        .map(|(at, customer)| columns.iter().map(|column| column.cell(lang, at, customer, beside)).collect());
    Grid {
        name: lang.t("page.customers.name"),
        header: columns.iter().map(|column| column.name(lang)).collect(),
        rows: rows.collect(),
    }
}

/// The call list as a table: who, how to reach them (as asked for), why, what was done.
pub fn call_list(
    lang: Lang,
    list: &CallList,
    (segments, classes): (Option<&Segmentation>, Option<ClassesAndActions<'_>>),
    changes: &HashMap<u32, Change>,
) -> Grid {
    let t = |key: &str| lang.t(&format!("customers.{key}"));
    let mut header = vec![t("rank"), t("id")];
    header.extend(list.contact_columns.iter().cloned());
    header.push(t("risk"));
    if !changes.is_empty() {
        header.push(t("change"));
    }
    header.extend((1..=3).map(|n| lang.with("list.reason", &[("number", n.to_string())])));
    if segments.is_some() {
        header.push(t("segment"));
    }
    if classes.is_some() {
        header.extend([t("class"), t("action")]);
    }
    header.extend(
        ["follow.contacted", "follow.answer", "follow.note", "follow.do_not_contact"].map(|k| lang.t(k)),
    );
    let rows = list.lines.iter().enumerate().map(|(at, line)| {
        let c = &line.customer;
        let mut row: Vec<Cell> = vec![Cell::whole(at as u64 + 1), c.id.clone().into()];
        row.extend(line.contacts.iter().map(|text| Cell::from(text.as_str())));
        row.push(Cell::percent(c.probability));
        if !changes.is_empty() {
            let change = changes.get(&c.row).map(|change| lang.t(&format!("change.{}", change.name())));
            row.push(change.unwrap_or_default().into());
        }
        row.extend((0..3).map(|n| {
            let text = line.reasons.get(n).map_or_else(String::new, |one| reason(lang, one));
            Cell::from(text)
        }));
        if let Some(found) = segments {
            let segment = c.segment.and_then(|at| found.segments.get(at));
            row.push(segment.map_or_else(String::new, |segment| segment_name(lang, segment)).into());
        }
        if let Some((of, actions)) = classes {
            row.push(of.text(lang, c.row).into());
            // What is said of the first class counts.
            let first = of.names(c.row).first();
            let action =
                first.map(|name| actions.get(name).cloned().unwrap_or_else(|| class_action(lang, name)));
            row.push(action.unwrap_or_default().into());
        }
        let f = &line.follow_up;
        row.push(f.contacted.clone().unwrap_or_default().into());
        let answered = f.answer != regulars_engine::deploy::Answer::None;
        row.push(
            if answered { lang.t(&format!("answer.{}", f.answer.name())) } else { String::new() }.into(),
        );
        row.push(f.note.clone().into());
        row.push(if f.do_not_contact { lang.t("common.yes") } else { String::new() }.into());
        row
    });
    Grid { name: lang.t("list.name"), header, rows: rows.collect() }
}
