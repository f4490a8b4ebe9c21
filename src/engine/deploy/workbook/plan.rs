//! What a linear model asks of a sheet: for each column how its cell is read, filled, scaled and weighed.
//! What has no place here is refused by name.

use std::collections::BTreeMap;

use crate::clean::{FittedRecipe, FittedStep, Limits, OutlierAction, Scaler, StepSpec, fold, indicator_name};
use crate::deploy::{Bundle, ExportError};
use crate::detect::date::Order;
use crate::evaluate::{REFIT_EDGE, Repair, Values};
use crate::features::Encoder;
use crate::table::{ColumnSpec, Role};
use crate::train::Model;

use super::shape::{Date, Levels, Mend, Number, NumberStep, Part, PartKind, Plan, Weight};

/// Levels of all columns, rows of the sheet "Model".
const MOST_LEVELS: usize = 20_000;
/// Knots of an isotonic repair: each row of the sheet looks through them.
const MOST_KNOTS: usize = 4_096;
/// Columns of a sheet that are asked for.
const MOST_COLUMNS: usize = 400;

impl Plan {
    /// The plan of a bundle.
    ///
    /// # Errors
    /// What cannot be said in the formulas of a sheet.
    pub fn of(bundle: &Bundle) -> Result<Self, ExportError> {
        let line = match &bundle.model {
            Model::Logistic(line) | Model::Svm(line) => line,
            other => return Err(ExportError::WorkbookModel { model: other.kind().name() }),
        };
        if bundle.behaviour.is_some() {
            return Err(ExportError::WorkbookOrders);
        }
        let needed = bundle.needed();
        check_steps(&bundle.recipe, &needed)?;
        if needed.len() > MOST_COLUMNS {
            return Err(ExportError::WorkbookLarge { what: format!("{} columns", needed.len()) });
        }
        let weights = weights(bundle, &line.coefficients);
        let specs = bundle.recipe.schema.iter().filter(|spec| needed.contains(&spec.name.as_str()));
        let parts: Vec<Part> =
            specs.map(|spec| part(bundle, spec, &weights)).collect::<Result<_, ExportError>>()?;
        let rows = |part: &Part| match &part.kind {
            PartKind::Levels(levels) => levels.levels.len(),
            _ => 0,
        };
        let levels: usize = parts.iter().map(rows).sum();
        if levels > MOST_LEVELS {
            return Err(ExportError::WorkbookLarge { what: format!("{levels} levels") });
        }
        let mut repairs = Vec::new();
        if let Some(repair) = &bundle.repair {
            mends(repair, &mut repairs)?;
        }
        Ok(Self { intercept: line.intercept, parts, repairs, threshold: bundle.threshold })
    }
}

/// Recipes whose steps the sheet can do, for the columns that the model needs.
fn check_steps(recipe: &FittedRecipe, needed: &[&str]) -> Result<(), ExportError> {
    let steps = &recipe.recipe.steps;
    let has = |wanted: &str| steps.iter().any(|step| step.on && step.spec.name() == wanted);
    for step in ["missing_marks", "type_repair"] {
        if !has(step) {
            // Without them cells stay as they stand, which a sheet does not tell apart.
            return Err(ExportError::WorkbookStep { step });
        }
    }
    for step in steps.iter().filter(|step| step.on) {
        let touches = |columns: &[String]| columns.iter().any(|name| needed.contains(&name.as_str()));
        let can = match &step.spec {
            StepSpec::MissingMarks
            | StepSpec::TypeRepair
            | StepSpec::Dates
            | StepSpec::Duplicates
            | StepSpec::Impossible
            | StepSpec::Spelling
            | StepSpec::Impute(_)
            | StepSpec::Scale { .. }
            | StepSpec::Outliers(_) => true,
            StepSpec::ContactForm(spec) => {
                !spec.columns.iter().any(|one| needed.contains(&one.column.as_str()))
            }
            StepSpec::Currency(spec) => !touches(&spec.columns),
            StepSpec::MergeSpellings(spec) => {
                !spec.columns.keys().any(|name| needed.contains(&name.as_str()))
            }
            StepSpec::Select(spec) => spec.rename.is_empty(),
            StepSpec::Derive(spec) => spec.columns.is_empty(),
            StepSpec::TextTidy(_)
            | StepSpec::Units(_)
            | StepSpec::Zones(_)
            | StepSpec::Rules(_)
            | StepSpec::SameCustomer(_) => false,
        };
        if !can {
            return Err(ExportError::WorkbookStep { step: step.spec.name() });
        }
    }
    Ok(())
}

/// The weights of each encoder's features; 0 for those that were left out.
fn weights(bundle: &Bundle, coefficients: &[f64]) -> Vec<Vec<f64>> {
    let mut rest = coefficients.iter().copied();
    let kept = bundle.features.kept();
    let mut all = kept.iter().map(|kept| if *kept { rest.next().unwrap_or(0.0) } else { 0.0 });
    let encoders = bundle.features.encoders.iter();
    encoders.map(|encoder| all.by_ref().take(encoder.width()).collect()).collect()
}

fn part(bundle: &Bundle, spec: &ColumnSpec, weights: &[Vec<f64>]) -> Result<Part, ExportError> {
    let of = |column: &str| -> Vec<(&Encoder, &[f64])> {
        let all = bundle.features.encoders.iter().zip(weights);
        all.filter(|(encoder, _)| encoder.column() == column).map(|(e, w)| (e, w.as_slice())).collect()
    };
    let own = of(&spec.name);
    let cannot = |how| ExportError::WorkbookColumn { column: spec.name.clone(), how };
    let values = bundle.choices.iter().find(|choice| choice.column == spec.name).map(|c| &c.values);
    let seen = match values {
        Some(Values::Numbers { values, .. }) => {
            values.first().zip(values.last()).map(|(low, high)| (low.0, high.0))
        }
        _ => None,
    };
    let kind = match spec.role {
        Role::Number | Role::Money => {
            let indicator = of(&indicator_name(&spec.name));
            let missing = indicator.iter().filter_map(|(_, w)| w.first()).sum();
            let shown = match values {
                Some(Values::Numbers { values, .. }) => some(values.iter().map(|(value, _)| *value)),
                _ => Vec::new(),
            };
            PartKind::Number(number(bundle, spec, &own, missing, shown)?)
        }
        Role::Category => PartKind::Levels(levels(&bundle.recipe, spec, &own).map_err(cannot)?),
        Role::Date => PartKind::Date(date(&bundle.recipe, spec, &own).map_err(cannot)?),
        _ => return Err(cannot("text")),
    };
    Ok(Part { spec: spec.clone(), kind, seen })
}

/// At most five of ascending values, evenly, without repeats.
fn some(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let all: Vec<f64> = values.collect();
    let last = all.len().saturating_sub(1);
    let mut out: Vec<f64> = (0..5).filter_map(|at| all.get(at * last / 4).copied()).collect();
    out.dedup();
    out
}

fn number(
    bundle: &Bundle,
    spec: &ColumnSpec,
    own: &[(&Encoder, &[f64])],
    missing: f64,
    shown: Vec<f64>,
) -> Result<Number, ExportError> {
    let recipe = &bundle.recipe;
    let cannot = |how| ExportError::WorkbookColumn { column: spec.name.clone(), how };
    let is_limited =
        recipe.recipe.steps.iter().any(|step| step.on && matches!(step.spec, StepSpec::Impossible));
    let limits = if is_limited { Limits::of(&spec.name) } else { Limits { low: f64::MIN, high: f64::MAX } };
    let mut steps = Vec::new();
    for learnt in &recipe.fitted {
        match learnt {
            FittedStep::Impute(impute) => {
                let by_group = impute.number_groups.iter().any(|one| one.column == spec.name);
                let by_near = impute.nearest.as_ref().is_some_and(|nearest| nearest.fills(&spec.name));
                if by_group || by_near {
                    return Err(cannot(if by_near {
                        "filled from the nearest rows"
                    } else {
                        "filled by group"
                    }));
                }
                let fill = impute.numbers.iter().find(|(name, _)| *name == spec.name);
                steps.extend(fill.map(|(_, fill)| NumberStep::Fill(*fill)));
            }
            FittedStep::Scale(scale) => {
                let own = scale.columns.iter().find(|(name, _)| *name == spec.name);
                if let Some((_, scaler)) = own {
                    if matches!(scaler, Scaler::Quantile { .. }) {
                        return Err(cannot("scaled by quantiles"));
                    }
                    steps.push(NumberStep::Scale(scaler.clone()));
                }
            }
            FittedStep::Outliers(outliers) => {
                let bounds = outliers.bounds.iter().filter(|(name, _, _)| *name == spec.name);
                steps.extend(bounds.filter_map(|(_, low, high)| match outliers.action {
                    OutlierAction::Cap => Some(NumberStep::Cap(*low, *high)),
                    OutlierAction::Missing => Some(NumberStep::Empty(*low, *high)),
                    OutlierAction::Flag | OutlierAction::DropRow => None,
                }));
            }
            FittedStep::Spelling(_) => {}
        }
    }
    let weight = match own {
        [] => Weight::None,
        [(Encoder::Number { .. }, [slope])] => Weight::Slope(*slope),
        [(Encoder::Bins { edges, .. }, weights)] if weights.len() == edges.len() + 1 => {
            Weight::Bins { edges: edges.clone(), weights: weights.to_vec() }
        }
        _ => return Err(cannot("several features of a number")),
    };
    Ok(Number { low: limits.low, high: limits.high, steps, weight, missing, shown })
}

fn levels(
    recipe: &FittedRecipe,
    spec: &ColumnSpec,
    own: &[(&Encoder, &[f64])],
) -> Result<Levels, &'static str> {
    let (mut fill, mut writings) = (None, None);
    for learnt in &recipe.fitted {
        match learnt {
            FittedStep::Spelling(spelling) => {
                writings = spelling.columns.iter().find(|(name, _)| *name == spec.name).map(|(_, map)| map);
            }
            FittedStep::Impute(impute) => {
                if impute.category_groups.iter().any(|one| one.column == spec.name) {
                    return Err("filled by group");
                }
                let own = impute.categories.iter().find(|(name, _)| *name == spec.name);
                fill = own.map(|(_, fill)| fill.clone());
            }
            _ => {}
        }
    }
    let (encoder, weights) = match own {
        [(encoder, weights)] => (*encoder, *weights),
        _ => return Err("not one encoding"),
    };
    let weight = |at: usize| weights.get(at).copied().unwrap_or(0.0);
    let single = |value: f32| f64::from(value) * weight(0);
    let (known, other): (Vec<(&String, f64)>, f64) = match encoder {
        Encoder::OneHot { levels, rare, .. } => {
            let skip = usize::from(levels.len() == 2 && rare.is_empty());
            let place = |at: usize| at.checked_sub(skip).map_or(0.0, weight);
            let kept = levels.iter().enumerate().map(|(at, level)| (level, place(at)));
            let rest = rare.iter().map(|level| (level, weight(levels.len() - skip)));
            (kept.chain(rest).collect(), 0.0)
        }
        Encoder::Frequency { places, .. } => {
            (places.iter().map(|(level, place)| (level, single(*place))).collect(), 0.0)
        }
        Encoder::Target(rates) => {
            (rates.levels.iter().map(|(level, value)| (level, single(*value))).collect(), 0.0)
        }
        Encoder::Ordinal { order, other, indicator, .. } => {
            let last = order.len().saturating_sub(1).max(1) as f32;
            let known = order.iter().enumerate().map(|(at, level)| (level, single(at as f32 / last)));
            (known.collect(), single(*other) + if *indicator { weight(1) } else { 0.0 })
        }
        Encoder::Hashed { .. } => return Err("hashed"),
        _ => return Err("an encoding that is not one of levels"),
    };
    // Later spellings of one form say nothing more; the first of the encoder's own order counts.
    let mut levels: Vec<(String, String, f64)> = Vec::new();
    match writings {
        Some(writings) => {
            let value: BTreeMap<&str, f64> = known.iter().map(|(level, v)| (level.as_str(), *v)).collect();
            for (folded, writing) in writings {
                if let Some(value) = value.get(writing.as_str()) {
                    levels.push((folded.clone(), writing.clone(), *value));
                }
            }
            // What stands in for holes is no training row's spelling.
            for (level, value) in &known {
                if !levels.iter().any(|(_, shown, _)| shown == *level) {
                    levels.push((fold(level), (*level).clone(), *value));
                }
            }
        }
        None => levels.extend(known.iter().map(|(level, v)| ((*level).clone(), (*level).clone(), *v))),
    }
    if levels.iter().any(|(key, _, _)| key.contains("  ") || key.trim() != key) {
        return Err("levels with several blanks in a row");
    }
    // An empty level would be taken for a hole.
    levels.retain(|(key, _, _)| !key.is_empty());
    Ok(Levels { folded: writings.is_some(), fill, keep_na: spec.keep_na, levels, other })
}

fn date(recipe: &FittedRecipe, spec: &ColumnSpec, own: &[(&Encoder, &[f64])]) -> Result<Date, &'static str> {
    if !recipe.recipe.steps.iter().any(|step| step.on && matches!(step.spec, StepSpec::Dates)) {
        return Err("a date that is not read as one");
    }
    if matches!(spec.date_order, Order::UnixSeconds | Order::UnixMillis) {
        return Err("seconds since 1970");
    }
    let [(Encoder::Date { newest, month, .. }, weights)] = own else {
        return Err("several features of a date");
    };
    let (newest, month) = (*newest, *month);
    match (month, *weights) {
        (true, [years, sin, cos, week_sin, week_cos, missing]) => Ok(Date {
            newest,
            years: *years,
            month: Some((*sin, *cos)),
            weekday: (*week_sin, *week_cos),
            missing: *missing,
        }),
        (false, [years, week_sin, week_cos, missing]) => Ok(Date {
            newest,
            years: *years,
            month: None,
            weekday: (*week_sin, *week_cos),
            missing: *missing,
        }),
        _ => Err("several features of a date"),
    }
}

fn mends(repair: &Repair, out: &mut Vec<Mend>) -> Result<(), ExportError> {
    match repair {
        Repair::Platt { slope, offset } => {
            out.push(Mend::Sigmoid { slope: *slope, offset: *offset, edge: 1e-9 });
        }
        Repair::Isotonic { x, .. } if x.len() > MOST_KNOTS => {
            return Err(ExportError::WorkbookLarge { what: format!("{} steps of its repair", x.len()) });
        }
        Repair::Isotonic { x, y } => out.push(Mend::Knots { x: x.clone(), y: y.clone() }),
        Repair::Refitted { first, refit } => {
            first.iter().try_for_each(|first| mends(first, out))?;
            out.push(Mend::Sigmoid { slope: refit.slope, offset: refit.offset, edge: REFIT_EDGE });
        }
    }
    Ok(())
}
