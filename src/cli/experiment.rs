//! `regulars experiment`: planned, drawn, read back; and uplift where an offer was made before.

mod draw;
mod read;
mod uplift;

use clap::{Args, Subcommand};
use regulars_engine::experiment::{Measured, Plan};
use serde_json::json;

use super::Outcome;
use crate::report::experiment as told;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Experiment {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// How many customers an experiment needs, and what those that there are can show
    Plan(PlanIt),
    /// Draws by chance who is left alone, and writes both lists and the experiment
    Draw(Box<draw::Draw>),
    /// Reads back what became of them
    Read(Box<read::Read>),
    /// Whom the offer turns, where some got it before and some did not
    Uplift(Box<uplift::Find>),
}

impl Experiment {
    pub(super) fn json(&self) -> bool {
        match &self.what {
            What::Plan(c) => c.json,
            What::Draw(c) => c.input.json,
            What::Read(c) => c.json,
            What::Uplift(c) => c.input.json,
        }
    }

    pub(super) fn run(&self) -> Outcome {
        match &self.what {
            What::Plan(c) => c.run(),
            What::Draw(c) => c.run(),
            What::Read(c) => c.run(),
            What::Uplift(c) => c.run(),
        }
    }
}

/// What is compared, and how surely it is to be found.
#[derive(Args)]
pub(super) struct Planning {
    /// Share of customers with the wanted answer without the offer, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.6, value_parser = parse_share)]
    base: f64,
    /// Money is compared; its standard deviation per customer
    #[arg(long, value_name = "MONEY", conflicts_with = "base")]
    deviation: Option<f64>,
    /// The smallest difference worth finding: a share (0.05), or money per customer
    #[arg(long, value_name = "DIFFERENCE", default_value_t = 0.08, allow_negative_numbers = true)]
    effect: f64,
    /// How often the test may cry wolf
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = parse_share)]
    alpha: f64,
    /// How often the effect is to be found where it is there
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = parse_share)]
    power: f64,
    /// Look for the effect alone, not for its opposite
    #[arg(long)]
    one_sided: bool,
    /// Share of the customers that is left alone
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = parse_share)]
    left_alone: f64,
    /// Customers that can be taken in per week
    #[arg(long, value_name = "N")]
    per_week: Option<f64>,
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "a number between 0 and 1".to_owned())?;
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err("a number between 0 and 1".to_owned()) }
}

impl Planning {
    fn plan(&self) -> Plan {
        let measured = match self.deviation {
            Some(deviation) => Measured::Money { deviation },
            None => Measured::Share { base: self.base },
        };
        Plan {
            measured,
            effect: self.effect,
            alpha: self.alpha,
            power: self.power,
            two_sided: !self.one_sided,
            left_alone: self.left_alone,
            per_week: self.per_week,
        }
    }
}

#[derive(Args)]
struct PlanIt {
    #[command(flatten)]
    planning: Planning,
    /// Customers that there are
    #[arg(long, value_name = "N")]
    customers: Option<u64>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

impl PlanIt {
    fn run(&self) -> Outcome {
        let plan = self.planning.plan();
        let found = plan.work_out(self.customers)?;
        if !self.json {
            let lang = Lang::of_environment();
            super::out!("{}", told::planned(lang, &plan, &found));
            if let Some(weeks) = found.weeks {
                super::out!("{}", lang.with("exp.plan.weeks", &[("weeks", format!("{weeks:.1}"))]));
            }
            if let Some(text) = told::with(lang, &plan, &found) {
                super::out!("{text}");
            }
        }
        Ok(json!({
            "plan": plan, "called": found.size.called, "left_alone": found.size.left_alone,
            "total": found.size.total(), "weeks": found.weeks, "with": found.with, "curve": found.curve,
        }))
    }
}
