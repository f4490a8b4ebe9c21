//! One customer's card: how likely and what that means, why, what would change it, who was alike and
//! what became of them. From rows that a model was trained on, or from a later file with a bundle.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::{Contacts, Origin, Prepared, why};
use crate::clean::{self, FittedRecipe};
use crate::deploy::{self, Customer, FollowUp, Reason};
use crate::evaluate::{self, Asked, Choice, Ground, Nearest, Such, can_be_changed};
use crate::features::FittedFeatures;
use crate::job::Reporter;
use crate::privacy;
use crate::split::Side;
use crate::table::{ColumnSpec, Role};
use crate::train::{Model, ModelKind};

/// Customers that are told of as alike.
const ALIKE: usize = 5;
/// Rows among which they are looked for: a customer may have a row a day.
const ALIKE_ROWS: usize = 400;
/// Reasons that a card names.
const REASONS: usize = 3;
/// Digits from which an identifier may be a telephone number or that of a person.
const DIGITS: usize = 7;

/// The columns that can be asked about, with their values among the training rows.
pub fn what_if_choices(prepared: &Prepared) -> Vec<Choice> {
    let is_train: Vec<bool> = prepared.sides.iter().map(|side| *side == Side::Train).collect();
    let needed = needed(&prepared.recipe, &prepared.features);
    let schema = &prepared.recipe.schema;
    evaluate::choices(schema, &needed, &prepared.cleaning, &is_train)
}

/// Columns of a file that the features come from, by themselves or through the recipe's formulas.
fn needed<'a>(recipe: &'a FittedRecipe, features: &FittedFeatures) -> Vec<&'a str> {
    let learns =
        |column: &str| features.learns_from(column) || features.learns_from(&clean::indicator_name(column));
    let origins = recipe.recipe.origins(&recipe.schema).unwrap_or_default();
    let learnt: HashSet<&String> =
        origins.iter().filter(|(name, _)| learns(name)).flat_map(|(_, from)| from).collect();
    let names = recipe.schema.iter().map(|spec| &spec.name).filter(|name| learnt.contains(name));
    names.map(String::as_str).collect()
}

/// What questions about the customers of a list take; made once for a list, in some time. `None` where
/// the bundle knows no values to ask about (it was made before they were kept).
pub fn what_if_ground(origin: Origin<'_>) -> Option<Ground> {
    match origin {
        Origin::Trained { prepared, outcome, .. } => {
            let choices = what_if_choices(prepared);
            let (recipe, features) = (&prepared.recipe, prepared.features.clone());
            Some(Ground::new(choices, recipe, features, &outcome.trained.model))
        }
        Origin::Month(month) => {
            let bundle = &month.bundle;
            let has = |choice: &&Choice| month.table().text(&choice.column).is_some();
            let choices: Vec<Choice> = bundle.choices.iter().filter(has).cloned().collect();
            // Days count from the end of the file, as they did when it was scored.
            let features = bundle.features.reanchored(month.scores.cleaning.last());
            (!bundle.choices.is_empty())
                .then(|| Ground::new(choices, &bundle.recipe, features, &bundle.model))
        }
    }
}

/// The model behind a list.
fn model<'a>(origin: Origin<'a>) -> &'a Model {
    match origin {
        Origin::Trained { outcome, .. } => &outcome.trained.model,
        Origin::Month(month) => &month.bundle.model,
    }
}

/// The places among the ground's choices of the columns that can be changed: what the person said, else
/// what the names propose.
pub fn changeable(ground: &Ground, said: &BTreeMap<String, bool>) -> Vec<usize> {
    let can =
        |choice: &Choice| said.get(&choice.column).copied().unwrap_or_else(|| can_be_changed(&choice.column));
    let all = ground.choices.iter().enumerate();
    all.filter(|(_, choice)| can(choice)).map(|(at, _)| at).collect()
}

/// A customer's row, ready to be asked about; `None` where the list's file lacks the row.
///
/// # Errors
/// The row cannot be cleaned.
pub fn what_if_asked(
    origin: Origin<'_>,
    ground: &Ground,
    customer: &Customer,
) -> crate::Result<Option<Asked>> {
    let table = origin.table();
    match table.rows.binary_search(&customer.row) {
        Ok(place) => ground.ask(table, place),
        Err(_) => Ok(None),
    }
}

/// The probability of a customer with some cells changed: column, text of the cell. With nothing
/// changed it is that of the row as a new file's: a training row whose categories were encoded out of
/// fold may stand elsewhere in the list.
///
/// # Errors
/// The device cannot be used.
pub fn what_if(
    origin: Origin<'_>,
    ground: &Ground,
    asked: &Asked,
    changes: &[(&str, &str)],
) -> crate::Result<f64> {
    let p = ground.score(model(origin), asked, &[changes.to_vec()], &Reporter::silent())?;
    Ok(p.first().copied().unwrap_or(f64::NAN))
}

/// The nearest change that turns the answer at `threshold`, among the columns that can be changed.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn nearest_change(
    origin: Origin<'_>,
    ground: &Ground,
    asked: &Asked,
    (said, threshold): (&BTreeMap<String, bool>, f64),
    report: &Reporter,
) -> crate::Result<Nearest> {
    evaluate::nearest(ground, model(origin), asked, &changeable(ground, said), threshold, report)
}

/// A customer of whom it is known what became of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alike {
    pub id: String,
    pub named: bool,
    /// Gower's distance on the columns that the model learns from: 0 is equal, 1 is different in all.
    pub distance: f64,
    pub probability: f64,
    /// What became of them: the target had the predicted value.
    pub happened: bool,
}

/// The labelled rows that are most like a customer, the nearest first, one for each other customer; none
/// where of nobody is known what became of them.
///
/// # Errors
/// The person cancelled.
pub fn alike_customers(
    origin: Origin<'_>,
    customer: &Customer,
    report: &Reporter,
) -> crate::Result<Vec<Alike>> {
    let (frame, schema): (_, &[ColumnSpec]) = match origin {
        Origin::Trained { prepared, .. } => (prepared.cleaning.before_filling(), &prepared.schema),
        Origin::Month(month) => (month.scores.cleaning.before_filling(), &month.bundle.recipe.schema),
    };
    let learns = |name: &str| match origin {
        Origin::Trained { prepared, .. } => prepared.features.learns_from(name),
        Origin::Month(month) => month.bundle.features.learns_from(name),
    };
    let counts = |spec: &&ColumnSpec| spec.role.is_feature() && learns(&spec.name);
    let columns: Vec<&str> = schema.iter().filter(counts).map(|spec| spec.name.as_str()).collect();
    let row = |place: usize| -> Option<Alike> {
        match origin {
            Origin::Trained { prepared, outcome, .. } => {
                let id = prepared.ids.get(place)?.clone();
                Some(Alike {
                    named: id.is_some(),
                    id: id.unwrap_or_else(|| deploy::nameless(frame.rows.get(place).copied().unwrap_or(0))),
                    distance: 0.0,
                    probability: outcome.probabilities.get(place).copied()?,
                    happened: prepared.labels.of_row.get(place).copied().flatten()?,
                })
            }
            Origin::Month(month) => {
                let scored = month.scores.rows.get(place)?;
                Some(Alike {
                    id: scored.id.clone(),
                    named: scored.named,
                    distance: 0.0,
                    probability: scored.probability,
                    happened: scored.actual?,
                })
            }
        }
    };
    let is_known = |place: &usize| match origin {
        Origin::Trained { prepared, .. } => prepared.labels.of_row.get(*place).is_some_and(Option::is_some),
        Origin::Month(month) => month.scores.rows.get(*place).is_some_and(|row| row.actual.is_some()),
    };
    // Another day of the same customer is no other customer.
    let is_same = |place: usize| {
        let id = match origin {
            Origin::Trained { prepared, .. } => prepared.ids.get(place).and_then(Option::as_deref),
            Origin::Month(month) => month.scores.rows.get(place).filter(|r| r.named).map(|r| r.id.as_str()),
        };
        place == customer.place || (customer.named && id == Some(customer.id.as_str()))
    };
    let among: Vec<usize> = (0..frame.height()).filter(is_known).filter(|place| !is_same(*place)).collect();
    let order = evaluate::alike(frame, &columns, customer.place, (&among, ALIKE_ROWS), report)?;
    let mut told: HashSet<String> = HashSet::new();
    let rows = order.into_iter().filter_map(|one| Some(Alike { distance: one.distance, ..row(one.place)? }));
    // A customer who has a row a day is told of once.
    Ok(rows.filter(|one| told.insert(one.id.clone())).take(ALIKE).collect())
}

/// Test customers whom the model gave about as much as `probability`, and how many of them it came true
/// for. `None` where nothing was measured.
pub fn such_customers(origin: Origin<'_>, probability: f64) -> Option<Such> {
    match origin {
        Origin::Trained { outcome, .. } => {
            // The points that a model's card keeps: a bundle says the same.
            let (test, curve) = (&outcome.test, outcome.test.operating_points(deploy::POINTS));
            Such::around(&curve, test.rows() as u64, test.positives(), probability)
        }
        Origin::Month(month) => {
            let card = month.bundle.card.as_ref()?;
            Such::around(&card.curve, card.test_rows as u64, card.test_positives, probability)
        }
    }
}

/// What a card shows.
#[derive(Debug, Clone, PartialEq)]
pub struct CardSpec<'a> {
    /// Contact details and names are masked, and what was noted is left out.
    pub masked: bool,
    pub threshold: f64,
    /// What the person said of columns that can be changed.
    pub changeable: &'a BTreeMap<String, bool>,
    pub follow_up: FollowUp,
}

/// One customer's card, ready to be worded and printed by a face.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerCard {
    /// The identifier; masked where it may tell who it is.
    pub id: String,
    pub masked: bool,
    pub target: String,
    pub positive: String,
    pub model: ModelKind,
    pub file: String,
    pub made: String,
    pub probability: f64,
    pub threshold: f64,
    /// The file says that the customer has left.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_left: bool,
    /// Test customers whom the model gave about as much.
    pub such: Option<Such>,
    /// Where the shares of the reasons start.
    pub base: Option<f64>,
    pub reasons: Vec<Reason>,
    /// Name of the column, masked or clear text.
    pub contacts: Vec<(String, String)>,
    pub nearest: Option<Nearest>,
    pub alike: Vec<Alike>,
    pub follow_up: FollowUp,
}

/// Makes the card of one customer of a list.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn customer_card(
    origin: Origin<'_>,
    ground: Option<&Ground>,
    customer: &Customer,
    spec: CardSpec<'_>,
    report: &Reporter,
) -> crate::Result<CustomerCard> {
    let mut alike = alike_customers(origin, customer, &report.part(0.0, 0.2))?;
    let mut nearest = None;
    if let Some(ground) = ground
        && let Some(asked) = what_if_asked(origin, ground, customer)?
    {
        let by = (spec.changeable, spec.threshold);
        nearest = Some(nearest_change(origin, ground, &asked, by, &report.part(0.2, 0.7))?);
    }
    let told = why(origin, &[customer], REASONS, report)?;
    let (base, mut reasons) = match told {
        Some((base, mut all)) => (Some(base), all.pop().unwrap_or_default()),
        None => (None, Vec::new()),
    };
    let (target, positive, model) = match origin {
        Origin::Trained { prepared, outcome, .. } => {
            (prepared.labels.column.clone(), prepared.labels.positive.clone(), outcome.kind)
        }
        Origin::Month(month) => {
            (month.bundle.target.clone(), month.bundle.positive.clone(), month.bundle.model.kind())
        }
    };
    let mut follow_up = spec.follow_up;
    if spec.masked {
        let schema = match origin {
            Origin::Trained { prepared, .. } => &prepared.schema,
            Origin::Month(month) => &month.bundle.recipe.schema,
        };
        // What somebody wrote may name anybody.
        let is_open = |column: &str| {
            schema.iter().any(|one| one.name == column && (one.role.is_feature() || one.role == Role::Target))
        };
        for reason in reasons.iter_mut().filter(|reason| !is_open(&reason.column)) {
            reason.value = reason.value.as_deref().map(|_| "***".to_owned());
        }
        alike.iter_mut().filter(|one| one.named).for_each(|one| one.id = privacy::mask(&one.id));
        follow_up.note.clear();
    }
    let told = if spec.masked { Contacts::Masked } else { Contacts::Clear };
    Ok(CustomerCard {
        id: if spec.masked { shown_id(customer) } else { customer.id.clone() },
        masked: spec.masked,
        target,
        positive,
        model,
        file: crate::files::name_of(&origin.table().source.file),
        made: deploy::today(),
        probability: customer.probability,
        threshold: spec.threshold,
        has_left: customer.actual == Some(true),
        such: such_customers(origin, customer.probability),
        base,
        reasons,
        contacts: contacts(origin, customer, told),
        nearest,
        alike,
        follow_up,
    })
}

/// How to reach a customer: name of each contact column, its text.
fn contacts(origin: Origin<'_>, customer: &Customer, how: Contacts) -> Vec<(String, String)> {
    let table = origin.table();
    let Ok(at) = table.rows.binary_search(&customer.row) else { return Vec::new() };
    let told = origin.contact_columns().into_iter().filter_map(|column| {
        let text = table.text(&column)?.get(at)?.trim();
        let text = if how == Contacts::Clear { text.to_owned() } else { privacy::mask(text) };
        (!text.is_empty()).then_some((column, text))
    });
    told.collect()
}

/// An identifier that is a code stays, so that the paper finds its way back to the list; one that may be
/// a name, an address or a telephone number is masked.
fn shown_id(customer: &Customer) -> String {
    let id = &customer.id;
    let digits = id.chars().filter(char::is_ascii_digit).count();
    let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || "-_. ".contains(c));
    let is_code = !customer.named || (plain && (1..DIGITS).contains(&digits));
    if is_code { id.clone() } else { privacy::mask(id) }
}
