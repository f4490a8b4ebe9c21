//! How a feature is computed, as data that faces word.

use super::behaviour;
use crate::clean::{FittedRecipe, FittedStep, ScaleMethod, Scaler, StepSpec, indicator_name};
use crate::detect::date;
use crate::features::{Encoder, FOLDS, TextFeatures};
use crate::note::Note;
use crate::table::show_number;

/// Levels that a formula names.
const NAMED: usize = 6;

/// An encoder with what is known of its column.
pub(super) struct Source<'a> {
    /// The column that a person knows it by: of an indicator, the column that has holes.
    pub(super) column: String,
    encoder: &'a Encoder,
    /// The column is the indicator of holes.
    is_indicator: bool,
    scale: Option<(ScaleMethod, &'a Scaler)>,
    /// How the column was computed from what customers did.
    behaviour: Option<Note>,
}

/// A number with as many digits as a person can use.
fn few(value: f64) -> String {
    let size = value.abs();
    let digits = if size >= 100.0 {
        10.0
    } else if size >= 1.0 {
        1e3
    } else {
        1e5
    };
    show_number((value * digits).round() / digits)
}

impl<'a> Source<'a> {
    /// What a recipe tells of an encoder's column.
    pub(super) fn of(encoder: &'a Encoder, recipe: &'a FittedRecipe, asked: bool) -> Self {
        let column = encoder.column();
        let holed = recipe.schema.iter().find(|spec| indicator_name(&spec.name) == column);
        let is_own = recipe.schema.iter().any(|spec| spec.name == column);
        let holed = holed.filter(|_| !is_own);
        let steps = recipe.fitted.iter().rev().filter_map(|step| match step {
            FittedStep::Scale(scale) => scale.columns.iter().find(|(name, _)| name == column),
            _ => None,
        });
        let scale = steps.map(|(_, scaler)| (method(recipe, column), scaler)).next();
        Self {
            column: holed.map_or(column, |spec| &spec.name).to_owned(),
            encoder,
            is_indicator: holed.is_some(),
            scale,
            behaviour: asked.then(|| behaviour::formula(column)).flatten(),
        }
    }

    /// The formula of the encoder's feature at `at`.
    pub(super) fn formula(&self, at: usize) -> Vec<Note> {
        let column = &self.column;
        let note = match self.encoder {
            Encoder::Number { .. } if self.is_indicator => {
                Note::new("formula_missing").with("column", column)
            }
            Encoder::Number { .. } => self.scaled(),
            Encoder::OneHot { levels, rare, .. } => {
                let skip = usize::from(levels.len() == 2 && rare.is_empty());
                match levels.get(at + skip) {
                    Some(level) => Note::new("formula_level").with("column", column).with("level", level),
                    None => Note::new("formula_rare")
                        .with("column", column)
                        .with("count", rare.len())
                        .with("levels", some(rare)),
                }
            }
            Encoder::Date { newest, month, .. } => date_part(column, *newest, *month, at),
            Encoder::Text(text) => term(column, text, at),
            Encoder::Frequency { places, .. } => {
                Note::new("formula_frequency").with("column", column).with("count", places.len())
            }
            Encoder::Ordinal { order, .. } if at == 0 => {
                let order = order.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" < ");
                Note::new("formula_ordinal").with("column", column).with("order", order)
            }
            Encoder::Ordinal { .. } => Note::new("formula_not_in_order").with("column", column),
            Encoder::Target(rates) => Note::new("formula_target")
                .with("column", column)
                .with("smoothing", few(rates.smoothing))
                .with("rate", format!("{:.1}%", 100.0 * rates.prior))
                .with("count", rates.levels.len())
                .with("folds", FOLDS),
            Encoder::Hashed { bits, .. } => Note::new("formula_hashed")
                .with("column", column)
                .with("at", at + 1)
                .with("count", 1usize << bits.min(&16)),
            Encoder::Bins { edges, .. } => self.bin(edges, at),
        };
        self.behaviour.iter().cloned().chain([note]).collect()
    }

    fn scaled(&self) -> Note {
        let column = &self.column;
        let Some((method, scaler)) = self.scale else {
            return Note::new("formula_as_is").with("column", column);
        };
        match scaler {
            Scaler::Linear { centre, width } => {
                let note = match method {
                    ScaleMethod::Robust => Note::new("formula_robust"),
                    ScaleMethod::MinMax => Note::new("formula_min_max"),
                    _ => Note::new("formula_standard"),
                };
                note.with("column", column).with("centre", few(*centre)).with("width", few(*width))
            }
            Scaler::Log1p { centre, width } => Note::new("formula_log")
                .with("column", column)
                .with("centre", few(*centre))
                .with("width", few(*width)),
            Scaler::YeoJohnson { lambda, centre, width } => Note::new("formula_power")
                .with("column", column)
                .with("lambda", few(*lambda))
                .with("centre", few(*centre))
                .with("width", few(*width)),
            Scaler::Quantile { normal: false, .. } => Note::new("formula_quantile").with("column", column),
            Scaler::Quantile { normal: true, .. } => {
                Note::new("formula_quantile_normal").with("column", column)
            }
        }
    }

    fn bin(&self, edges: &[f64], at: usize) -> Note {
        // As people read the column, not as the model does.
        let shown = |edge: &f64| {
            let own = self.scale.and_then(|(_, scaler)| scaler.inverse(*edge));
            few(own.unwrap_or(*edge))
        };
        let low = at.checked_sub(1).and_then(|at| edges.get(at)).map(shown);
        let high = edges.get(at).map(shown);
        match (low, high) {
            (Some(low), Some(high)) => {
                Note::new("formula_bin").with("column", &self.column).with("low", low).with("high", high)
            }
            (None, Some(high)) => {
                Note::new("formula_bin_first").with("column", &self.column).with("high", high)
            }
            (low, None) => Note::new("formula_bin_last")
                .with("column", &self.column)
                .with("low", low.unwrap_or_default()),
        }
    }
}

/// How the recipe scales a column.
fn method(recipe: &FittedRecipe, column: &str) -> ScaleMethod {
    let steps = recipe.recipe.steps.iter().rev().filter(|step| step.on);
    let found = steps.filter_map(|step| match &step.spec {
        StepSpec::Scale { method, columns } => {
            let own = columns.iter().find(|(name, _)| name == column);
            Some(own.map_or(*method, |(_, method)| *method))
        }
        _ => None,
    });
    found.into_iter().next().unwrap_or(ScaleMethod::None)
}

fn some(levels: &[String]) -> String {
    let mut text = levels.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if levels.len() > NAMED {
        text.push_str(" …");
    }
    text
}

fn date_part(column: &str, newest: f64, month: bool, at: usize) -> Note {
    // Without a month its two places are not there.
    let at = if month || at == 0 { at } else { at + 2 };
    let note = match at {
        0 => Note::new("formula_years_ago").with("day", date::format((newest * 86_400_000.0) as i64)),
        1 => Note::new("formula_month_sin"),
        2 => Note::new("formula_month_cos"),
        3 => Note::new("formula_weekday_sin"),
        4 => Note::new("formula_weekday_cos"),
        _ => Note::new("formula_no_date"),
    };
    note.with("column", column)
}

fn term(column: &str, text: &TextFeatures, at: usize) -> Note {
    match text.text.terms().get(at) {
        Some(term) => {
            let rows = text.text.frequencies().get(at).copied().unwrap_or_default();
            Note::new("formula_term").with("column", column).with("term", term).with("rows", rows)
        }
        None => Note::new("formula_blank").with("column", column),
    }
}
