//! Groups of customers: which rows are grouped, what they are compared by, and how far the groups can
//! be trusted. Where a question was asked over time, each customer counts as of the latest day.

use std::collections::HashMap;

use polars::prelude::{Column, DataFrame};

use super::{Collected, Outcome, Prepared, Settings, asked, clean_and_fit, prepare};
use crate::clean::{self, Cleaning};
use crate::deploy;
use crate::job::Reporter;
use crate::segment::cluster::{self, Basis, Drift, Points, Trust};
use crate::segment::map::Projection;
use crate::segment::{self, Ground, Input, RFM, SavedGroups, SegmentError, Segmentation};
use crate::table::{ColumnSpec, Frame, Role, Table};
use crate::train;

impl Settings {
    /// A key of everything that groups depend on: rows, columns, method, number and seed.
    pub fn groups_key(&self, table: &Table) -> String {
        let of = (self.rows_key(table), &self.groups, self.segments, self.seed);
        blake3::hash(&serde_json::to_vec(&of).unwrap_or_default()).to_hex().to_string()
    }
}

/// What lies beside the rows: the tables that they were made from, and a trained model.
#[derive(Clone, Copy, Default)]
pub struct GroupBeside<'a> {
    pub collected: Option<&'a Collected>,
    pub outcome: Option<&'a Outcome>,
}

/// The customers of a table, ready to be grouped and drawn.
pub struct Grouped {
    rows: GroupRows,
    prepared: Option<Prepared>,
}

impl Grouped {
    /// Cleans a table; one that has a target is prepared for learning as well.
    ///
    /// # Errors
    /// A recipe or target that does not fit; the person cancelled.
    pub fn open(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Self> {
        let wanted = settings.groups.columns.iter().find(|name| table.position(name).is_none());
        if let Some(column) = wanted {
            let present: Vec<&str> = table.columns.iter().take(40).map(|c| c.name.as_str()).collect();
            return Err(crate::collect::CollectError::NoColumn {
                file: table.source.file.clone(),
                column: column.clone(),
                present: present.join(", "),
            }
            .into());
        }
        if table.with_role(Role::Target).is_some() {
            let prepared = prepare(settings, table, report)?;
            return Ok(Self { rows: GroupRows::of_prepared(&prepared)?, prepared: Some(prepared) });
        }
        let (cleaning, ..) = clean_and_fit(settings, table, report)?;
        Ok(Self { rows: GroupRows::of_cleaning(settings, table, &cleaning)?, prepared: None })
    }

    /// Groups them.
    ///
    /// # Errors
    /// As [`group`].
    pub fn group(
        &self,
        settings: &Settings,
        beside: GroupBeside<'_>,
        report: &Reporter,
    ) -> crate::Result<Segmentation> {
        group(settings, &self.rows, self.prepared.as_ref(), beside, None, report)
    }

    /// Draws their map.
    ///
    /// # Errors
    /// As [`customer_map`](super::customer_map).
    pub fn map(
        &self,
        settings: &Settings,
        projection: Projection,
        beside: GroupBeside<'_>,
        report: &Reporter,
    ) -> crate::Result<super::CustomerMap> {
        let rows = self.rows.clone();
        super::customer_map(settings, rows, projection, self.prepared.as_ref(), beside, report)
    }
}

/// The customers that are grouped, with the names and places of their rows.
#[derive(Clone)]
pub struct GroupRows {
    pub(super) schema: Vec<ColumnSpec>,
    pub(super) scaled: Frame,
    pub(super) readable: Frame,
    pub(super) labels: Vec<Option<bool>>,
    pub(super) ids: Vec<Option<String>>,
    /// Place of each among the cleaned rows, which are so many.
    pub(super) places: Vec<usize>,
    pub(super) of: usize,
}

impl GroupRows {
    /// The rows of a prepared table.
    ///
    /// # Errors
    /// The table engine fails.
    pub fn of_prepared(prepared: &Prepared) -> crate::Result<Self> {
        let (scaled, readable) = (prepared.cleaning.last(), prepared.cleaning.readable());
        let of = scaled.height();
        let all = |at: usize| prepared.to_answer.as_ref().is_none_or(|now| now.get(at) == Some(&true));
        let places: Vec<usize> = (0..of).filter(|at| all(*at)).collect();
        let only = |frame: &Frame| match &prepared.to_answer {
            Some(now) => frame.filter(now).map_err(clean::CleanError::from),
            None => Ok(frame.clone()),
        };
        Ok(Self {
            schema: prepared.schema.clone(),
            scaled: only(scaled)?,
            readable: only(readable)?,
            labels: places.iter().map(|at| prepared.labels.of_row.get(*at).copied().flatten()).collect(),
            ids: places.iter().map(|at| prepared.ids.get(*at).cloned().flatten()).collect(),
            places,
            of,
        })
    }

    /// The rows of a cleaned table of which nothing is to be predicted.
    ///
    /// # Errors
    /// The recipe does not fit the table.
    pub fn of_cleaning(settings: &Settings, table: &Table, cleaning: &Cleaning) -> crate::Result<Self> {
        let before: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
        let schema = settings.recipe.schema_after(&before)?;
        let rows = cleaning.last();
        let name = deploy::ids(table, &before);
        let kept = super::places(&table.rows, &rows.rows);
        Ok(Self {
            schema,
            scaled: rows.clone(),
            readable: cleaning.readable().clone(),
            labels: vec![None; rows.height()],
            ids: kept.iter().map(|at| name(*at)).collect(),
            places: (0..rows.height()).collect(),
            of: rows.height(),
        })
    }

    /// The customers, by what they are compared.
    fn input<'a>(&'a self, ground: &'a Held) -> Input<'a> {
        Input {
            schema: &self.schema,
            scaled: &self.scaled,
            readable: &self.readable,
            labels: &self.labels,
            ground: match ground {
                Held::Columns => Ground::Columns,
                Held::Rfm(frame) => Ground::Rfm(frame),
                Held::Network(points) => Ground::Network(points),
            },
        }
    }

    /// What the customers are compared by.
    fn ground(
        &self,
        settings: &Settings,
        prepared: Option<&Prepared>,
        beside: GroupBeside<'_>,
        report: &Reporter,
    ) -> crate::Result<Held> {
        match settings.groups.basis {
            Basis::Columns => Ok(Held::Columns),
            Basis::Rfm => {
                let collected = beside.collected.ok_or(SegmentError::NoOrders)?;
                Ok(Held::Rfm(rfm(collected, settings, &self.ids, &self.scaled, report)?))
            }
            Basis::Network => {
                let known = prepared.zip(beside.outcome);
                let (prepared, outcome) = known.ok_or(SegmentError::NoNetwork)?;
                let matrix = prepared.matrix.select(&self.places);
                let found = train::embed(&outcome.trained.model, &matrix).ok_or(SegmentError::NoNetwork)?;
                Ok(Held::Network(Points::new(found.0, found.1)))
            }
        }
    }

    /// The customers as points of the settings' space.
    pub(super) fn points(
        &self,
        settings: &Settings,
        prepared: Option<&Prepared>,
        beside: GroupBeside<'_>,
        report: &Reporter,
    ) -> crate::Result<Points> {
        let ground = self.ground(settings, prepared, beside, report)?;
        Ok(self.input(&ground).points(&settings.groups).1)
    }
}

/// A ground that owns what it was made of.
enum Held {
    Columns,
    Rfm(Frame),
    Network(Points),
}

/// Recency in days from the day after the books' last, distinct orders, and money of each customer by its
/// name; customers without a purchase have bought never and nothing, as long ago as the books begin.
fn rfm(
    collected: &Collected,
    settings: &Settings,
    ids: &[Option<String>],
    rows: &Frame,
    report: &Reporter,
) -> crate::Result<Frame> {
    if !asked::could_ask(collected) {
        return Err(SegmentError::NoOrders.into());
    }
    let opened = asked::Opened::new(collected, settings, None, report)?;
    let (base, key) = opened.base()?;
    let books = &opened.read.books;
    let names = base.text(&key.name);
    let (last, first) = (books.last_day(), books.first_day().unwrap_or(books.last_day()));
    let mut of: HashMap<String, [f64; 3]> = HashMap::new();
    for (customer, row) in opened.read.first_rows.iter().enumerate() {
        let Some(name) = names.and_then(|names| names.get(*row as usize)) else { continue };
        let stream = &books.sales;
        let bought: Vec<usize> = stream.of(customer).filter(|row| stream.is_purchase(*row)).collect();
        let mut orders: Vec<_> =
            bought.iter().map(|row| (stream.day.get(*row), stream.order.get(*row))).collect();
        orders.dedup();
        let amount = |row: &usize| stream.amount.as_ref().and_then(|a| a.get(*row)).copied().unwrap_or(0.0);
        let money: f64 = bought.iter().map(amount).filter(|money| money.is_finite()).sum();
        let latest = bought.iter().filter_map(|row| stream.day.get(*row)).max().copied();
        let ago = i64::from(last) + 1 - i64::from(latest.unwrap_or(first));
        of.insert(name.trim().to_owned(), [ago as f64, orders.len() as f64, money.max(0.0)]);
    }
    if of.is_empty() {
        return Err(SegmentError::NoOrders.into());
    }
    let nobody = [(i64::from(last) + 1 - i64::from(first)) as f64, 0.0, 0.0];
    let found: Vec<[f64; 3]> = ids
        .iter()
        .map(|id| id.as_ref().and_then(|id| of.get(id.trim())).copied().unwrap_or(nobody))
        .collect();
    let column = |at: usize, name: &str| {
        let values: Vec<f64> = found.iter().map(|all| all.get(at).copied().unwrap_or(0.0)).collect();
        Column::new(name.into(), values)
    };
    let columns = RFM.iter().enumerate().map(|(at, name)| column(at, name)).collect();
    let data = DataFrame::new(found.len(), columns).map_err(clean::CleanError::from)?;
    Ok(Frame { rows: rows.rows.clone(), data })
}

/// Groups the customers of a table, by the settings; by `saved` where it still fits them. Where a
/// question was asked over time, rows of earlier days are in no group ([`usize::MAX`]).
///
/// # Errors
/// Too few customers or columns, no orders or no network where they are asked for, a method that cannot be
/// fitted, the person cancelled.
pub fn group(
    settings: &Settings,
    rows: &GroupRows,
    prepared: Option<&Prepared>,
    beside: GroupBeside<'_>,
    saved: Option<&SavedGroups>,
    report: &Reporter,
) -> crate::Result<Segmentation> {
    let ground = rows.ground(settings, prepared, beside, report)?;
    let input = rows.input(&ground);
    let again = match saved.filter(|saved| saved.fitted.is_sound()) {
        Some(saved) => match segment::again(&input, saved, report) {
            Ok(found) => Some(found),
            Err(crate::Error::Cancelled) => return Err(crate::Error::Cancelled),
            // Other columns: the groups are found anew.
            Err(_) => None,
        },
        None => None,
    };
    let mut found = match again {
        Some(found) => found,
        None => segment::segment(&input, &settings.groups, settings.segments, settings.seed, report)?,
    };
    if rows.places.len() != rows.of {
        let groups = std::mem::take(&mut found.of_row);
        found.of_row = vec![usize::MAX; rows.of];
        for (place, group) in rows.places.iter().zip(groups) {
            if let Some(of) = found.of_row.get_mut(*place) {
                *of = group;
            }
        }
        found.outliers.iter_mut().for_each(|at| *at = rows.places.get(*at).copied().unwrap_or(*at));
    }
    Ok(found)
}

/// How far groups can be trusted.
///
/// # Errors
/// The person cancelled.
pub fn group_trust(settings: &Settings, found: &Segmentation, report: &Reporter) -> crate::Result<Trust> {
    let space = &found.fitted.space;
    let blocks = match settings.groups.basis {
        Basis::Network => (0..space.axes.len()).collect(),
        _ => space.blocks(),
    };
    let spec = cluster::GroupSpec { method: found.method, ..settings.groups.clone() };
    cluster::trust(&found.looked_at, &blocks, (&spec, space.metric), found.k, settings.seed, report)
}

/// How the customers of a later file are spread over the groups; `None` where groups were not made of
/// columns, which is all that a later file tells.
///
/// # Errors
/// The person cancelled.
pub fn month_drift(
    found: &Segmentation,
    month: &super::Month,
    report: &Reporter,
) -> crate::Result<Option<Drift>> {
    let rows = month.scores.cleaning.last();
    let axes = &found.fitted.space.axes;
    if found.columns.is_empty() || !axes.iter().any(|axis| rows.data.column(&axis.column).is_ok()) {
        return Ok(None);
    }
    let places = found.fitted.assign(rows, report)?;
    Ok(Some(found.fitted.drift(&places)))
}

/// The columns that groups may be made of; none where the recipe does not fit the table.
pub fn group_columns(settings: &Settings, table: &Table, cleaning: &Cleaning) -> Vec<String> {
    let before: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
    let schema = settings.recipe.schema_after(&before);
    schema.map(|schema| cluster::usable(&schema, cleaning.last())).unwrap_or_default()
}

/// Groups the customers of a prepared table; where a question was asked over time, each as of the latest
/// day: rows of earlier days are in no group ([`usize::MAX`]).
///
/// # Errors
/// As [`group`].
pub fn segment(settings: &Settings, prepared: &Prepared, report: &Reporter) -> crate::Result<Segmentation> {
    let rows = GroupRows::of_prepared(prepared)?;
    group(settings, &rows, Some(prepared), GroupBeside::default(), None, report)
}

/// Groups the customers of a table that may lack a target.
///
/// # Errors
/// As [`group`].
pub fn segment_table(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Segmentation> {
    Grouped::open(settings, table, report)?.group(settings, GroupBeside::default(), report)
}

/// Groups customers of whom nothing is to be predicted.
///
/// # Errors
/// As [`group`].
pub fn segment_without_target(
    settings: &Settings,
    table: &Table,
    report: &Reporter,
) -> crate::Result<Segmentation> {
    let (cleaning, ..) = clean_and_fit(settings, table, report)?;
    let rows = GroupRows::of_cleaning(settings, table, &cleaning)?;
    group(settings, &rows, None, GroupBeside::default(), None, report)
}
