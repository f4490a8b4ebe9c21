//! `regulars explain`: what a model leans on over all customers, what it makes of one column, or why one
//! customer stands where it stands.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::collect::CollectError;
use regulars_engine::deploy::{Bundle, Lacking, Reason, Scores, strongest};
use regulars_engine::evaluate::explain::{Closely, Dependence, Overall};
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, ProjectError, Settings};
use serde_json::{Value, json};

use super::{Failure, Outcome};
use crate::words::{self, Lang, percent, points, spoken};

/// Reasons that are told in words.
const REASONS: usize = 7;

#[derive(Args)]
pub(super) struct Explain {
    /// A bundle saved by `train --bundle` or from the window, or a project
    bundle: PathBuf,
    /// The customers' data: files, databases, web addresses. With the target's column importance is told
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// One customer, by its identifier: every column's share in the probability
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// One column: what the model would say if it were different
    #[arg(long, value_name = "COLUMN", conflicts_with = "customer")]
    column: Option<String>,
    /// The day to answer for, as 2026-06-30, where the model was trained with --horizon (default: the
    /// last day of the data)
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    as_of: Option<Date>,
    #[command(flatten)]
    reading: super::Reading,
    /// Read a column that the file lacks as its centre, instead of refusing
    #[arg(long)]
    fill: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Explain {
    pub(super) fn run(&self) -> Outcome {
        let report = Reporter::silent();
        let (bundle, saved) = super::locked::model(&self.bundle)?;
        let mut settings = saved.map_or_else(Settings::default, |saved| saved.settings);
        if bundle.explainer.is_none() {
            return Err(ProjectError::NoExplainer { file: self.bundle.clone() }.into());
        }
        self.reading.apply(&mut settings.read);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        let table = project::open_for(&bundle, &settings, (&sources, &secrets), self.as_of, &report)?;
        super::tell_unused(&table);
        let lacking = if self.fill { Lacking::Fill } else { Lacking::Refuse };
        let scores = bundle.score(&table, lacking, &report)?;
        match (&self.customer, &self.column) {
            (Some(id), _) => self.one(&bundle, &scores, id, &report),
            (None, Some(column)) => self.column(&bundle, &scores, column, &report),
            (None, None) => self.all(&bundle, &scores, &report),
        }
    }

    fn all(&self, bundle: &Bundle, scores: &Scores, report: &Reporter) -> Outcome {
        let Some(found) = project::explain_bundle(bundle, scores, report)? else {
            return Err(self.no_explainer());
        };
        let lang = Lang::of_environment();
        let speaks = found.surrogate.as_ref().map(|tree| spoken::sentences(lang, tree));
        // Rows that the model learned from flatter it.
        let learned = bundle.card.as_ref().is_some_and(|card| card.hash == scores.table.source.hash);
        if !self.json {
            print_all(lang, bundle, &found, learned);
        }
        Ok(json!({
            "model": bundle.model.kind().name(), "target": bundle.target, "positive": bundle.positive,
            "customers": scores.rows.len(), "rows": found.rows, "learned_from": learned,
            "importance": found.importance, "interactions": found.interactions,
            "surrogate": found.surrogate, "sentences": speaks,
        }))
    }

    fn column(&self, bundle: &Bundle, scores: &Scores, column: &str, report: &Reporter) -> Outcome {
        let lang = Lang::of_environment();
        let Some(found) = project::dependence_of_bundle(bundle, scores, column, report)? else {
            let present: Vec<&str> = bundle.explainer.iter().flat_map(|e| e.columns()).take(40).collect();
            if present.contains(&column) {
                if !self.json {
                    super::out!("{}", lang.with("explain.no_dependence", &[("column", column.to_owned())]));
                }
                return Ok(json!({ "model": bundle.model.kind().name(), "column": column, "points": [] }));
            }
            return Err(CollectError::NoColumn {
                file: scores.table.source.file.clone(),
                column: column.to_owned(),
                present: present.join(", "),
            }
            .into());
        };
        let explained = bundle.explainer.iter().flat_map(|e| e.columns().zip(e.proven()));
        let proven = explained.into_iter().find(|(name, _)| *name == column).map(|(_, proven)| *proven);
        if !self.json {
            print_column(lang, &found, proven);
        }
        Ok(json!({
            "model": bundle.model.kind().name(), "column": found.column, "axis": found.axis,
            "rows": found.rows, "points": found.points, "lowest": found.ends[0], "highest": found.ends[1],
            "swing": found.swing, "against": found.against, "proven": proven,
        }))
    }

    fn one(&self, bundle: &Bundle, scores: &Scores, id: &str, report: &Reporter) -> Outcome {
        let file = || scores.table.source.file.clone();
        let none = || ProjectError::NoCustomer { file: file(), id: id.to_owned() };
        let wanted = id.trim();
        let place = scores.rows.iter().position(|row| row.id == wanted).ok_or_else(none)?;
        let Some(told) = project::explain_scored(bundle, scores, place, report)? else {
            return Err(self.no_explainer());
        };
        let readable = scores.cleaning.before_filling();
        let strongest =
            |explainer| strongest(explainer, &told.explanation, &bundle.profiles, readable, place, REASONS);
        let reasons = bundle.explainer.as_ref().map(strongest).unwrap_or_default();
        let lang = Lang::of_environment();
        if !self.json {
            print_one(lang, bundle, id, &told, &reasons);
        }
        let row = scores.rows.get(place);
        let columns: Vec<&str> = bundle.explainer.iter().flat_map(|e| e.columns()).collect();
        let proven = bundle.explainer.iter().flat_map(|e| e.proven().iter().copied());
        let each = columns.iter().zip(proven).zip(told.explanation.shares.iter().zip(&told.errors));
        let mut shares: Vec<Value> = each
            .map(|((column, proven), (share, error))| {
                let cell = readable.show(column, place);
                json!({ "column": column, "value": cell, "share": share, "error": error, "proven": proven })
            })
            .collect();
        let size = |one: &Value| one.get("share").and_then(Value::as_f64).unwrap_or(0.0).abs();
        shares.sort_by(|a, b| size(b).total_cmp(&size(a)));
        let of_columns = |shares: &[f64]| -> Vec<Value> {
            columns.iter().zip(shares).map(|(c, s)| json!({ "column": c, "share": s })).collect()
        };
        let log_odds = told
            .log_odds
            .as_ref()
            .map(|own| json!({ "value": own.value, "base": own.base, "shares": of_columns(&own.shares) }));
        let gradients = told.gradients.as_ref().map(|own| {
            json!({
                "shares": of_columns(&own.shares), "steps": own.steps, "gap": own.gap,
                "gap_share": own.gap_share, "complete": own.complete,
            })
        });
        Ok(json!({
            "customer": row.map(|row| row.id.as_str()), "row": row.map(|row| row.row),
            "model": bundle.model.kind().name(), "probability": told.explanation.probability,
            "at_risk": told.explanation.probability >= bundle.threshold, "base": told.base,
            "method": told.method, "gap": told.gap(), "shares": shares, "reasons": reasons,
            "log_odds": log_odds, "gradients": gradients,
        }))
    }

    fn no_explainer(&self) -> Failure {
        ProjectError::NoExplainer { file: self.bundle.clone() }.into()
    }
}

fn print_all(lang: Lang, bundle: &Bundle, found: &Overall, learned: bool) {
    let model = lang.t(&format!("model.{}", bundle.model.kind().name()));
    super::out!("{}", lang.with("cli.explain.model", &[("model", model)]));
    if found.importance.is_empty() {
        super::out!("{}", lang.t("cli.explain.no_target"));
    } else {
        super::out!("{}", lang.with("cli.explain.importance", &[("rows", lang.count(found.rows as u64))]));
    }
    if learned {
        super::out!("  ! {}", lang.t("cli.explain.learned"));
    }
    for one in &found.importance {
        let mark = if one.proven { "" } else { " ·" };
        let e = one.loss;
        let fall = one.auc_fall.map_or_else(String::new, |fall| format!("  AUC {:+.3}", -fall));
        super::out!("  {:+.4} ({:+.4} … {:+.4}){fall}  {}{mark}", e.value, e.low, e.high, one.column);
    }
    let strong: Vec<_> =
        found.interactions.pairs.iter().filter(|pair| pair.strength >= 0.01).take(5).collect();
    if !strong.is_empty() {
        super::out!("{}", lang.t("cli.explain.interactions"));
        for pair in strong {
            super::out!("  {:.2}  {} × {}  (H² {:.2})", pair.strength, pair.a, pair.b, pair.share);
        }
    }
    if let Some(tree) = &found.surrogate {
        super::out!("{}", lang.t("cli.explain.surrogate"));
        spoken::sentences(lang, tree).iter().for_each(|line| super::out!("  {line}"));
        super::out!("  {}", spoken::fidelity(lang, tree, bundle.threshold));
    }
}

fn print_column(lang: Lang, found: &Dependence, proven: Option<bool>) {
    super::out!("{}", spoken::dependence(lang, found, proven, false));
    for point in &found.points {
        let few = if point.thin { lang.t("cli.explain.thin") } else { String::new() };
        let (mean, share) = (percent(point.mean.value), percent(point.share));
        super::out!("  {:>16}  {mean:>6}  ({share}) {few}", point.label);
    }
}

fn print_one(lang: Lang, bundle: &Bundle, id: &str, told: &Closely, reasons: &[Reason]) {
    let args = [
        ("id", id.to_owned()),
        ("probability", percent(told.explanation.probability)),
        ("base", percent(told.base)),
        ("positive", format!("{} = {}", bundle.target, bundle.positive)),
    ];
    super::out!("{}", lang.with("cli.explain.one", &args));
    for reason in reasons {
        super::out!("  {}", words::reason(lang, reason));
    }
    let named: f64 = reasons.iter().map(|reason| reason.share).sum();
    let rest = told.explanation.probability - told.base - named;
    super::out!("  {}", lang.with("cli.explain.rest", &[("points", points(rest))]));
    super::out!("{}", lang.t(&format!("explain.method.{}", told.method.name())));
    if let Some(second) = &told.gradients {
        let key = if second.complete { "explain.gradients" } else { "explain.gradients_short" };
        let args = [("steps", second.steps.to_string()), ("gap", format!("{:.2}", 100.0 * second.gap_share))];
        super::out!("{}", lang.with(key, &args));
    }
}
