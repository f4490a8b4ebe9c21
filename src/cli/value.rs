//! `regulars value`: what each customer is worth from here on.

use std::path::PathBuf;

use clap::Args;
use regulars_engine::features::behaviour::{Date, to_date};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Valued};
use regulars_engine::value::contract::Contract;
use regulars_engine::value::{LifetimeModel, NextBest, Shop, ValueSpec};
use serde_json::{Value as Json, json};

use super::sampling::{self, Sampling};
use super::{Input, Outcome};
use crate::words::Lang;

/// Customers that the answer names.
const NAMED: usize = 20;

#[derive(Args)]
pub(super) struct Value {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    sampling: Sampling,
    /// The last day that is learnt from, as 1997-09-30; the days after it test (default: all days are
    /// learnt from, and a model of the first two thirds is tested)
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    calibration_end: Option<Date>,
    /// Days that are looked ahead
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    horizon: u32,
    /// What money loses in a year, as a share
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = parse_discount)]
    discount: f64,
    /// auto, bg_nbd, mbg_nbd or pareto_nbd
    #[arg(long, value_name = "MODEL", default_value = "auto", value_parser = parse_model)]
    model: LifetimeModel,
    /// The column that names the customer, in a table of orders whose names do not tell
    #[arg(long, value_name = "COLUMN")]
    customer: Option<String>,
    /// The column of the months under contract, where customers have contracts
    #[arg(long, value_name = "COLUMN")]
    tenure: Option<String>,
    /// The column of what a customer pays a month
    #[arg(long, value_name = "COLUMN")]
    charge: Option<String>,
    /// The value of the target that says who has left
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// Writes every customer's value here (CSV or XLSX)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn parse_model(text: &str) -> Result<LifetimeModel, String> {
    let found = LifetimeModel::ALL.into_iter().find(|model| model.name() == text);
    found.ok_or_else(|| "auto, bg_nbd, mbg_nbd or pareto_nbd".into())
}

fn parse_discount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=2.0).contains(&share) => Ok(share),
        _ => Err("a share from 0 to 2, as 0.1".into()),
    }
}

impl Value {
    pub(super) fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        settings.seed = self.seed;
        self.sampling.apply(&mut settings);
        settings.positive.clone_from(&self.positive);
        settings.value = ValueSpec {
            horizon_days: self.horizon,
            discount: self.discount,
            calibration_end: self.calibration_end,
            model: self.model,
            customer: self.customer.clone(),
            tenure: self.tenure.clone(),
            charge: self.charge.clone(),
        };
        if let Some(out) = &self.out {
            super::refuse_input(out, &self.input.paths())?;
        }
        let collected = self.input.collect(&settings)?;
        super::tell_unused(&collected.table);
        let found = project::value_of(&collected, &collected.table, &settings, &Reporter::silent())?;
        if let Some(out) = &self.out {
            grid(&found)
                .write(out)
                .map_err(|cause| project::ProjectError::Save { file: out.clone(), cause })?;
        }
        let lang = Lang::of_environment();
        let is_silent = self.input.json;
        let mut object = match &found {
            Valued::Shop(shop) => {
                if !is_silent {
                    print_shop(lang, shop);
                }
                of_shop(shop)
            }
            Valued::Contract(found) => {
                if !is_silent {
                    print_contract(lang, found);
                }
                of_contract(found)
            }
            Valued::NextBest(next) => {
                if !is_silent {
                    super::out!("{}", lang.note(&next.why));
                }
                of_next_best(next)
            }
            Valued::FewContracts(why) => {
                if !is_silent {
                    super::out!("{}", lang.note(why));
                }
                json!({ "model": "none", "why": why, "customers": 0 })
            }
        };
        sampling::tell(lang, &collected.table, is_silent, &mut object);
        if let (Some(out), Some(object)) = (&self.out, object.as_object_mut()) {
            object.insert("out".into(), out.display().to_string().into());
        }
        Ok(object)
    }
}

fn named(names: [&'static str; 4], values: &[f64]) -> Json {
    names
        .iter()
        .zip(values)
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn of_shop(shop: &Shop) -> Json {
    let names = shop.story.model.parameters();
    let first = shop.fitted.first();
    let holdout = shop.check.as_ref().map(|check| {
        json!({
            "calibration_end": to_date(check.calibration_end), "until": to_date(check.until),
            "customers": check.customers, "mae": check.mae, "rmse": check.rmse,
            "predicted": check.predicted, "actual": check.actual,
            "predicted_low": check.range.0, "predicted_high": check.range.1,
            "rate_mae": check.rate_mae, "rate_rmse": check.rate_rmse, "zero_mae": check.zero_mae,
            "money": check.money.map(|(actual, predicted)| json!({
                "actual": actual, "predicted": predicted,
                "low": check.money_range.map(|range| range.0), "high": check.money_range.map(|range| range.1),
            })),
            "params": named(names, &check.parameters),
            "by_frequency": check.by_frequency,
            "weekly": check.weekly.iter().map(|week| json!({
                "day": to_date(week.day), "actual": week.actual, "predicted": week.predicted,
            })).collect::<Vec<_>>(),
        })
    });
    let top: Vec<Json> = shop
        .customers
        .iter()
        .take(NAMED)
        .map(|one| {
            json!({
                "id": one.id, "alive": one.alive, "orders": one.orders, "per_order": one.per_order,
                "money": one.money, "repeat_orders": one.history.x, "spent": one.history.spent,
                "next_order": one.next.map(to_date),
            })
        })
        .collect();
    json!({
        "model": shop.story.model.name(), "params": named(names, &shop.story.parameters),
        "standard_errors": first.and_then(|one| one.errors.as_ref()).map(|errors| named(names, errors)),
        "log_likelihood": first.map(|one| one.log_likelihood), "time_unit": "week",
        "learnt_until": to_date(shop.learnt_until),
        "leaving": shop.leaving, "own_error": shop.lasting,
        "alike": shop.alike().iter().map(|one| one.model.name()).collect::<Vec<_>>(),
        "models": shop.fitted.iter().map(|one| json!({
            "model": one.model.name(), "params": named(one.model.parameters(), &one.parameters),
            "log_likelihood": one.log_likelihood, "held": one.held,
        })).collect::<Vec<_>>(),
        "gamma_gamma": shop.money.as_ref().map(|money| json!({
            "params": money.parameters.map(|[p, q, gamma]| json!({"p": p, "q": q, "gamma": gamma})),
            "mean": money.mean, "customers": money.customers, "correlation": money.correlation,
        })),
        "holdout": holdout, "customers": shop.counted.customers, "repeating": shop.counted.repeating,
        "data_end": to_date(shop.counted.last), "horizon_days": shop.spec.horizon_days,
        "discount": shop.spec.discount, "total": shop.total, "ahead": shop.ahead,
        "cohorts": shop.cohorts, "top": top, "notes": shop.notes,
    })
}

fn of_contract(found: &Contract) -> Json {
    json!({
        "model": if found.model.is_some() { "cox" } else { "kaplan_meier" },
        "customers": found.customers, "left": found.left, "under_contract": found.kept.len(),
        "tenure": found.tenure, "charge": found.charge, "horizon_days": found.spec.horizon_days,
        "months": found.units, "discount": found.spec.discount,
        "expected_months": found.expected, "money": found.money,
        "median": found.all.median,
        "by": found.by.as_ref().map(|(column, groups, test)| json!({
            "column": column, "log_rank": test,
            "groups": groups.iter().map(|group| json!({
                "name": group.name, "customers": group.customers, "left": group.left, "median": group.median,
            })).collect::<Vec<_>>(),
        })),
        "effects": found.effects,
        "concordance": found.model.as_ref().map(|model| model.concordance),
        "log_likelihood": found.model.as_ref().map(|model| model.log_likelihood),
        "curve": found.all.curve, "top": found.kept.iter().take(NAMED).collect::<Vec<_>>(),
        "notes": found.notes,
    })
}

fn of_next_best(next: &NextBest) -> Json {
    json!({
        "model": "none", "why": next.why, "customers": next.counted.customers,
        "repeating": next.counted.repeating,
        "next_best": { "spent": next.spent, "returning": next.returning, "orders": next.orders },
    })
}

/// Every customer's value, to be taken away.
fn grid(found: &Valued) -> Grid {
    let number = |value: f64| Cell::Number { value, text: format!("{value:.4}"), format: "0.00" };
    let maybe = |value: Option<f64>| value.map_or_else(|| Cell::from(""), number);
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    let (header, rows) = match found {
        Valued::Shop(shop) => {
            let row = |one: &regulars_engine::value::Worth| {
                let (orders, money) = (one.orders.interval, one.money.and_then(|money| money.interval));
                vec![
                    Cell::from(one.id.as_str()),
                    maybe(one.alive),
                    number(one.orders.value),
                    maybe(orders.map(|range| range.0)),
                    maybe(orders.map(|range| range.1)),
                    maybe(one.money.map(|money| money.value)),
                    maybe(money.map(|range| range.0)),
                    maybe(money.map(|range| range.1)),
                    Cell::from(one.next.map_or(String::new(), |day| to_date(day).to_string())),
                ]
            };
            let header = names(&[
                "customer",
                "alive",
                "orders",
                "orders_low",
                "orders_high",
                "money",
                "money_low",
                "money_high",
                "next_order",
            ]);
            (header, shop.customers.iter().map(row).collect())
        }
        Valued::Contract(found) => {
            let row = |one: &regulars_engine::value::contract::Kept| {
                vec![
                    Cell::from(one.id.as_str()),
                    number(one.stays),
                    number(one.units),
                    maybe(one.money),
                    maybe(one.interval.map(|range| range.0)),
                    maybe(one.interval.map(|range| range.1)),
                ]
            };
            let header = names(&["customer", "stays", "months", "money", "low", "high"]);
            (header, found.kept.iter().map(row).collect())
        }
        Valued::NextBest(_) | Valued::FewContracts(_) => (names(&["customer"]), Vec::new()),
    };
    Grid { name: "value".into(), header, rows }
}

fn money(value: f64) -> String {
    format!("{value:.2}")
}

fn print_shop(lang: Lang, shop: &Shop) {
    let days = shop.spec.horizon_days.to_string();
    let line = match shop.total.money {
        Some(total) => {
            let [all, low, high] = [total.value, total.low, total.high].map(money);
            lang.with("value.finding", &[("days", days), ("money", all), ("low", low), ("high", high)])
        }
        None => {
            let total = shop.total.orders;
            let [all, low, high] = [total.value, total.low, total.high].map(|value| format!("{value:.0}"));
            lang.with(
                "value.finding_orders",
                &[("days", days), ("orders", all), ("low", low), ("high", high)],
            )
        }
    };
    super::out!("{line}");
    super::out!("{}", crate::words::value::sure(lang, shop));
    super::out!("{}", crate::words::value::models(lang, shop));
    if let Some(check) = &shop.check {
        let args = [
            ("day", to_date(check.calibration_end).to_string()),
            ("until", to_date(check.until).to_string()),
            ("predicted", format!("{:.0}", check.predicted)),
            ("actual", format!("{:.0}", check.actual)),
            ("mae", format!("{:.4}", check.mae)),
            ("rmse", format!("{:.4}", check.rmse)),
        ];
        super::out!("{}", lang.with("cli.value.test", &args));
    }
    shop.notes.iter().for_each(|note| super::out!("  ! {}", lang.note(note)));
    super::out!("{}", lang.t("value.customers"));
    for one in shop.customers.iter().take(NAMED) {
        let value = one.money.map_or_else(|| format!("{:.2}", one.orders.value), |all| money(all.value));
        let alive = one.alive.map_or_else(|| "—".to_owned(), crate::words::percent);
        super::out!("  {value:>12}  {alive:>6}  {}", one.id);
    }
}

fn print_contract(lang: Lang, found: &Contract) {
    let (count, months) = (lang.count(found.kept.len() as u64), found.units.to_string());
    let line = match found.money {
        Some(total) => {
            let [all, low, high] = [total.value, total.low, total.high].map(money);
            let args = [("count", count), ("months", months), ("money", all), ("low", low), ("high", high)];
            lang.with("value.contract.finding", &args)
        }
        None => {
            let time = format!("{:.1}", found.expected.value);
            let args = [("count", count), ("months", months), ("time", time)];
            lang.with("value.contract.finding_time", &args)
        }
    };
    super::out!("{line}");
    found.notes.iter().for_each(|note| super::out!("  ! {}", lang.note(note)));
    for effect in found.effects.iter().take(NAMED) {
        let what = match &effect.level {
            Some(level) => format!("{} = {level}", effect.column),
            None => lang.with("value.effect.number", &[("column", effect.column.clone())]),
        };
        let ratio = effect.ratio;
        super::out!("  {:>6.2}  [{:.2} – {:.2}]  {what}", ratio.value, ratio.low, ratio.high);
    }
}
