//! Flags of every command that asks a question over time.

use clap::Args;
use regulars_engine::features::behaviour::{Churn, Question};

#[derive(Args, Clone)]
pub(super) struct Asking {
    /// Ask over time, of a shop with orders: who is lost within so many days?
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    horizon: Option<u32>,
    /// On how many days the question is asked, the last of them the horizon before the data's end
    #[arg(long, value_name = "N", requires = "horizon", value_parser = clap::value_parser!(u16).range(1..=100))]
    cut_offs: Option<u16>,
    /// Days from one of them to the next
    #[arg(long, value_name = "DAYS", requires = "horizon", value_parser = clap::value_parser!(u32).range(1..=3650))]
    every: Option<u32>,
    /// Who is lost: silence (no order within the horizon), rhythm (none within three of the customer's own
    /// usual gaps, at most the horizon) or column (the target says so)
    #[arg(long, value_name = "HOW", requires = "horizon", value_parser = parse_churn)]
    churn: Option<Churn>,
}

fn parse_churn(text: &str) -> Result<Churn, String> {
    match text {
        "silence" => Ok(Churn::Silence),
        "rhythm" => Ok(Churn::OwnRhythm { factor: 3.0 }),
        "column" => Ok(Churn::Column),
        _ => Err("silence, rhythm or column".into()),
    }
}

impl Asking {
    /// What is asked, if anything; a target that was named answers unless something else is said.
    pub(super) fn question(&self, has_target: bool) -> Option<Question> {
        let mut question = Question { horizon_days: self.horizon?, ..Question::default() };
        if let Some(count) = self.cut_offs {
            question.cut_offs.count = usize::from(count);
        }
        question.cut_offs.every_days = self.every.unwrap_or(question.cut_offs.every_days);
        question.churn = match (&self.churn, has_target) {
            (Some(churn), _) => churn.clone(),
            (None, true) => Churn::Column,
            (None, false) => Churn::Silence,
        };
        Some(question)
    }
}
