//! `regulars money`: whom to call, what that costs and what it should bring.

use clap::Args;
use regulars_engine::deploy::FollowUps;
use regulars_engine::evaluate::RepairKind;
use regulars_engine::evaluate::money::{Limit, MoneySpec};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Outcome as Learnt, Prepared, Settings};
use regulars_engine::train::ModelKind;
use serde_json::json;

use super::learning::Learning;
use super::{Failure, Input, Outcome};
use crate::words::money::{lead, recommended};
use crate::words::{Lang, percent};

/// Flags of commands that learn a model and look at it.
#[derive(Args)]
pub(super) struct LookedAt {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    learning: Learning,
    /// The kind of model
    #[arg(long, value_name = "KIND", default_value = "boosted", value_parser = super::train::parse_kind)]
    model: ModelKind,
    /// Repair probabilities on the validation rows: none, platt or isotonic
    #[arg(long, value_name = "KIND", default_value = "none", value_parser = super::train::parse_repair)]
    repair: RepairKind,
    /// Probability from which a customer is flagged (for money: the one with the highest gain)
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(super) threshold: Option<f64>,
}

/// A share between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "a number between 0 and 1".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("a number between 0 and 1".to_owned()) }
}

/// An amount of money.
fn money(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "an amount of 0 or more".to_owned())?;
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err("an amount of 0 or more".to_owned()) }
}

impl LookedAt {
    /// Prepares, learns and repairs.
    pub(super) fn learn(&self) -> Result<(Settings, Prepared, Learnt), Failure> {
        let mut settings = self.input.settings()?;
        self.learning.apply(&mut settings);
        settings.repair = self.repair;
        if self.model.is_network() {
            settings.net.kind = self.model;
        }
        if let Some(threshold) = self.threshold {
            settings.threshold = threshold;
        }
        let table = self.input.open(&settings)?;
        let report = Reporter::silent();
        let journey = project::run(&settings, &table, self.model, (None, None), &report)?;
        let (prepared, learnt) = super::train::told(Lang::of_environment(), journey);
        Ok((settings, prepared, learnt))
    }
}

#[derive(Args)]
pub(super) struct Money {
    #[command(flatten)]
    pub(super) learnt: LookedAt,
    /// What a kept customer is worth
    #[arg(long, value_name = "AMOUNT", value_parser = money)]
    value: f64,
    /// What a call costs
    #[arg(long, value_name = "AMOUNT", value_parser = money)]
    cost: f64,
    /// Share of would-be leavers who stay because of it
    #[arg(long, value_name = "SHARE", value_parser = share)]
    accept: f64,
    /// Money that may be spent
    #[arg(long, value_name = "AMOUNT", value_parser = money, conflicts_with = "calls")]
    budget: Option<f64>,
    /// Calls that can be made
    #[arg(long, value_name = "N")]
    calls: Option<usize>,
    /// The sign or code of the currency
    #[arg(long, default_value = "")]
    currency: String,
}

impl Money {
    pub(super) fn run(&self) -> Outcome {
        let (settings, prepared, learnt) = self.learnt.learn()?;
        let limit = match (self.budget, self.calls) {
            (Some(budget), _) => Limit::Budget(budget),
            (None, Some(calls)) => Limit::Calls(calls),
            (None, None) => Limit::None,
        };
        let (value, cost, accept) = (self.value, self.cost, self.accept);
        let currency = self.currency.clone();
        let spec = MoneySpec { value, cost, accept, limit, currency, ..MoneySpec::default() };
        let list = project::rank(&prepared, &learnt, None);
        let book = project::call_book(&list, &FollowUps::new());
        let gains = project::gains(&spec, &learnt, &book, settings.seed, &Reporter::silent())?;
        // Above every probability where no call pays.
        let best = gains.best.unwrap_or(1.0 + f64::EPSILON);
        let threshold = self.learnt.threshold.unwrap_or(best);
        let called = book.called(&spec, threshold);
        let lang = Lang::of_environment();
        let names: Vec<&regulars_engine::deploy::Customer> =
            book.first(called.calls).iter().filter_map(|&at| list.get(at)).collect();
        if !self.learnt.input.json {
            super::out!("{}", lead(lang, &spec, &called, threshold.min(1.0)).0);
            super::out!("{}", recommended(lang, &gains, &spec));
            let model = [
                ("model", lang.t(&format!("model.{}", learnt.kind.name()))),
                (
                    "file",
                    self.learnt
                        .input
                        .paths()
                        .first()
                        .map_or_else(String::new, |path| regulars_engine::files::name_of(path)),
                ),
            ];
            super::out!("{}", lang.with("plan.model", &model));
            for customer in names.iter().take(20) {
                super::out!("  {:>6}  {}", percent(customer.probability), customer.id);
            }
        }
        let point = |at: &regulars_engine::evaluate::money::ProfitPoint| {
            json!({
                "threshold": at.threshold, "calls": at.calls,
                "profit": { "value": at.profit, "low": at.band.map(|b| b.0), "high": at.band.map(|b| b.1) },
            })
        };
        let called_json = json!({
            "calls": called.calls, "wanted": called.wanted, "cost": called.cost, "leavers": called.leavers,
            "kept": called.kept, "worth": called.worth, "profit": called.profit,
        });
        Ok(json!({
            "model": learnt.kind.name(), "seed": settings.seed, "repair": self.learnt.repair.name(),
            "test_rows": gains.curve.rows, "customers": book.len(), "threshold": threshold,
            "best_threshold": gains.best, "pays_from": Some(spec.pays_from()).filter(|p| p.is_finite()),
            "list": called_json,
            "measured": gains.curve.at(threshold).map(point),
            "curve": gains.curve.points.iter().map(point).collect::<Vec<_>>(),
            "names": names.iter().map(|customer| &customer.id).collect::<Vec<_>>(),
        }))
    }
}
