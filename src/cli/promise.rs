//! Flags of training with differential privacy, and what is told of it.

use clap::Args;
use regulars_engine::project::Settings;
use regulars_engine::train::{PrivateSpec, Promise};

use crate::report::promise;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Private {
    /// Train with differential privacy and this ε (mlp, logistic); its price in AUC is told
    #[arg(long, value_name = "E", value_parser = parse_positive, conflicts_with = "checkpoint")]
    dp_epsilon: Option<f64>,
    /// The chance with which that may fail (default: a tenth of 1 in so many training rows, or less)
    #[arg(long, value_name = "D", value_parser = parse_chance, requires = "dp_epsilon")]
    dp_delta: Option<f64>,
    /// The length to which each row's gradient is shortened (default: 1)
    #[arg(long, value_name = "C", value_parser = parse_positive, requires = "dp_epsilon")]
    dp_clip: Option<f64>,
}

fn parse_positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.01..=100.0).contains(&value) => Ok(value),
        _ => Err("a number from 0.01 to 100".into()),
    }
}

fn parse_chance(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err("a chance between 0 and 1, such as 1e-5".into()),
    }
}

impl Private {
    /// The settings with what the flags say.
    pub(super) fn apply(&self, settings: &mut Settings) {
        let Some(epsilon) = self.dp_epsilon else { return };
        let usual = PrivateSpec::default();
        let clip = self.dp_clip.unwrap_or(usual.clip);
        settings.private = Some(PrivateSpec { epsilon, delta: self.dp_delta, clip });
    }
}

/// The promise of a model in words, with what it does not cover.
pub(super) fn print(lang: Lang, promise: Option<&Promise>) {
    let Some(promise) = promise else { return };
    promise::told(lang, promise).iter().for_each(|line| super::out!("  {line}"));
    super::out!("  {}:", lang.t("dp.limits"));
    promise::limits(lang).iter().for_each(|line| super::out!("  - {line}"));
}
