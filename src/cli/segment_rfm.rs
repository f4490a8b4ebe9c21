//! `regulars segment --method rfm`: classes of customers by recency, frequency and money.

use std::path::Path;
use std::sync::Arc;

use regulars_engine::job::Reporter;
use regulars_engine::privacy::cells::Meaning;
use regulars_engine::project::{self, Classified, Group, Known, RfmSource, Settings, Shop};
use regulars_engine::segment::rfm::{CutSpec, FittedRfm, Kept};
use regulars_engine::{Error, deploy};
use serde_json::{Value, json};

use super::cells::{JsonCells, List};
use super::{Input, Outcome};
use crate::words::{Lang, class_name, percent};

/// Where cuts come from and go to.
pub(super) struct Cuts<'a> {
    /// Cuts that were kept before.
    pub from: Option<&'a Path>,
    /// Where these are kept.
    pub to: Option<&'a Path>,
}

pub(super) fn run(input: &Input, mut settings: Settings, cuts: &Cuts<'_>) -> Outcome {
    if let Some(file) = cuts.from {
        settings.classes.rfm.cuts = CutSpec::Kept(Box::new(Kept::open(file).map_err(Error::from)?));
    }
    let report = Reporter::silent();
    let collected = input.collect(&settings)?;
    let shop = Shop::read(&collected, &settings, &report)?;
    // Orders tell everything; only a table of customers is cleaned and read by its columns.
    let cleaning = match &shop {
        Some(shop) if !shop.bought_once() => None,
        _ => Some(project::clean_only(&settings, &collected.table, &report)?),
    };
    let known = Known { table: Some(&collected.table), cleaning: cleaning.as_ref(), ..Known::default() };
    let mut found = project::classify(shop.as_ref(), known, &settings, &report)?;
    if let Some(error) = found.refused.take().and_then(Arc::into_inner) {
        return Err(error.into());
    }
    let day = match &found.source {
        Some(RfmSource::Orders { day }) => day.to_string(),
        _ => deploy::today(),
    };
    if let (Some(file), Some(fitted)) = (cuts.to, &found.fitted) {
        fitted.keep(&found.scores, day.clone()).save(file).map_err(Error::from)?;
    }
    if !input.json {
        print(Lang::of_environment(), &found);
    }
    let mut answer = told(&found, &day);
    super::sampling::tell(Lang::of_environment(), &collected.table, input.json, &mut answer);
    Ok(answer)
}

/// Keeps small classes out of what is told, where that was asked for. The grid counts the same customers
/// once more, and goes.
pub(super) fn protect(cells: &JsonCells, told: &mut Value) {
    const FIELDS: [(&str, Meaning); 6] = [
        ("size", Meaning::Count),
        ("share", Meaning::Share(0)),
        ("money", Meaning::Figure(0)),
        ("churn", Meaning::Rate(0)),
        ("days_since_last", Meaning::Figure(0)),
        ("orders", Meaning::Figure(0)),
    ];
    cells.protect(told, &[List { pointer: "/segments", fields: &FIELDS }], &[], &["/grid"]);
}

/// Every class with anyone in it, in the order of the table; the last stands for no class.
fn groups(found: &Classified) -> impl Iterator<Item = (Option<&str>, &Group)> {
    let names = found.fitted.iter().flat_map(|fitted: &FittedRfm| &fitted.classes);
    let names = names.map(|class| Some(class.name.as_str())).chain([None]);
    names.zip(&found.classes).filter(|(name, group)| name.is_some() || group.size > 0)
}

fn told(found: &Classified, day: &str) -> Value {
    let segments: Vec<Value> = groups(found)
        .map(|(name, group)| {
            json!({
                "name": name, "size": group.size, "share": group.share, "money": group.money,
                "churn": group.churn, "days_since_last": group.days_since_last, "orders": group.orders,
            })
        })
        .collect();
    let grid: Vec<Vec<usize>> =
        found.grid.iter().map(|row| row.iter().map(|group| group.size).collect()).collect();
    json!({
        "method": "rfm", "k": segments.len(), "silhouette": null, "as_of": day,
        "source": found.source, "customers": found.scores.iter().flatten().count(),
        "cuts": found.fitted.as_ref().map(|fitted| json!({
            "recency": fitted.recency, "frequency": fitted.frequency, "money": fitted.money,
        })),
        "drift": found.drift.map(|(psi, chance)| json!({ "psi": psi, "by_chance": chance })),
        "grid": grid, "segments": segments,
    })
}

fn print(lang: Lang, found: &Classified) {
    let count = lang.count(found.scores.iter().flatten().count() as u64);
    match &found.source {
        Some(RfmSource::Orders { day }) => {
            let args = [("count", count), ("day", day.to_string())];
            super::out!("{}", lang.with("classes.from_orders", &args));
        }
        Some(RfmSource::Columns(columns)) => {
            let names = [&columns.recency, &columns.frequency, &columns.money];
            let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
            let args = [("count", count), ("columns", lang.list(&names))];
            super::out!("{}", lang.with("classes.from_columns", &args));
        }
        None => {}
    }
    let all: f64 = found.classes.iter().filter_map(|group| group.money).sum();
    for (name, group) in groups(found) {
        let name = name.map_or_else(|| lang.t("classes.none"), |name| class_name(lang, name));
        let money = group.money.filter(|_| all > 0.0).map(|money| percent(money / all));
        let money = money.map(|share| lang.with("classes.of_money", &[("share", share)]));
        super::out!(
            "  {:>8} {:>6}  {name}  {}",
            lang.count(group.size as u64),
            percent(group.share),
            money.unwrap_or_default()
        );
    }
    if let Some((psi, chance)) = found.drift {
        let args = [("psi", format!("{psi:.3}")), ("chance", format!("{chance:.3}"))];
        let key = match (psi > chance, psi >= 0.25) {
            (false, _) => "classes.no_drift",
            (true, false) => "classes.drift",
            (true, true) => "classes.drift_large",
        };
        super::out!("{}", lang.with(key, &args));
    }
}
