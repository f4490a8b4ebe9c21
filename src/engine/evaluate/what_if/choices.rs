//! The values that a column is offered in: those of the training rows, each with the text that stands
//! for it in the file.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::clean::Cleaning;
use crate::table::{ColumnSpec, Frame, Role};

/// Different numbers of a column that are kept, evenly along their ranks.
const NUMBERS: usize = 200;
/// Words of a column that are kept, the most frequent first.
const LEVELS: usize = 60;
/// Training rows that are looked at, evenly along the file.
const ROWS: usize = 50_000;

/// A column that can be asked about, and the values that it has among the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub column: String,
    pub values: Values,
}

/// Values of the training rows, at least two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// Ascending: the number that a cell reads as, and the cell's text in the file.
    Numbers {
        /// Standard deviation over the training rows, in the column's own unit.
        spread: f64,
        values: Vec<(f64, String)>,
    },
    /// The most frequent first: the cleaned word, and the cell's text in the file.
    Levels { values: Vec<(String, String)> },
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers { values, .. } => values.len(),
            Self::Levels { values } => values.len(),
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text that stands in the file for the value at a place.
    pub fn text(&self, at: usize) -> Option<&str> {
        match self {
            Self::Numbers { values, .. } => values.get(at).map(|(_, text)| text.as_str()),
            Self::Levels { values } => values.get(at).map(|(_, text)| text.as_str()),
        }
    }

    /// The value at a place as people read it.
    pub fn shown(&self, at: usize) -> Option<String> {
        match self {
            Self::Numbers { values, .. } => {
                values.get(at).map(|(value, _)| crate::table::show_number(*value))
            }
            Self::Levels { values } => values.get(at).map(|(level, _)| level.clone()),
        }
    }

    /// The place of the number that is nearest to `wanted`; `None` for words.
    pub fn nearest(&self, wanted: f64) -> Option<usize> {
        let Self::Numbers { values, .. } = self else { return None };
        let far = |at: &usize| values.get(*at).map_or(f64::INFINITY, |(value, _)| (value - wanted).abs());
        (0..values.len()).min_by(|a, b| far(a).total_cmp(&far(b)))
    }

    /// True if the parts fit each other; asked of every opened file.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Numbers { spread, values } => {
                *spread > 0.0 && spread.is_finite() && values.iter().all(|(value, _)| value.is_finite())
            }
            Self::Levels { .. } => true,
        }
    }
}

/// The number in a cell of a cleaned frame.
pub(super) fn number_at(frame: &Frame, column: &str, at: usize) -> Option<f64> {
    let numbers = frame.data.column(column).ok()?.f64().ok()?;
    numbers.get(at).filter(|value| value.is_finite())
}

/// The columns that can be asked about, as at most 50,000 training rows have them: numbers, amounts and
/// words that the model learns from (`needed`), where the training rows have at least two values. `is_train` belongs to the rows of
/// `cleaning.before_filling()`.
pub fn choices(
    schema: &[ColumnSpec],
    needed: &[&str],
    cleaning: &Cleaning,
    is_train: &[bool],
) -> Vec<Choice> {
    let known = cleaning.before_filling();
    let source = &cleaning.source;
    // The training rows' places among the rows of the file, and among the cleaned ones.
    let train: Vec<(usize, usize)> = known
        .rows
        .iter()
        .zip(is_train)
        .enumerate()
        .filter(|(_, (_, train))| **train)
        .filter_map(|(at, (row, _))| Some((source.rows.binary_search(row).ok()?, at)))
        .collect();
    let every = train.len().div_ceil(ROWS).max(1);
    let train: Vec<(usize, usize)> = train.into_iter().step_by(every).collect();
    let asked = schema.iter().filter(|spec| {
        matches!(spec.role, Role::Number | Role::Money | Role::Category)
            && needed.contains(&spec.name.as_str())
    });
    asked.filter_map(|spec| choice(&spec.name, source, known, &train)).collect()
}

fn choice(column: &str, source: &Frame, known: &Frame, train: &[(usize, usize)]) -> Option<Choice> {
    let text = source.text(column)?;
    let cell = |at: usize| text.get(at).map(str::trim).filter(|text| !text.is_empty());
    let numbers = known.data.column(column).ok().and_then(|column| column.f64().ok());
    let values = match numbers {
        Some(numbers) => {
            let values: Vec<(f64, &str)> = train
                .iter()
                .filter_map(|&(from, at)| Some((numbers.get(at).filter(|v| v.is_finite())?, cell(from)?)))
                .collect();
            of_numbers(values)?
        }
        None => {
            // A column that only feeds a formula is told as it stands in the file.
            let words = known.text(column);
            let levels = train.iter().filter_map(|&(from, at)| {
                let text = cell(from)?;
                match words {
                    Some(words) => Some((words.get(at)?, text)),
                    None => Some((text, text)),
                }
            });
            of_levels(levels)?
        }
    };
    Some(Choice { column: column.to_owned(), values })
}

fn of_numbers(mut values: Vec<(f64, &str)>) -> Option<Values> {
    let n = values.len() as f64;
    let mean = values.iter().map(|(value, _)| value).sum::<f64>() / n.max(1.0);
    let spread = (values.iter().map(|(value, _)| (value - mean).powi(2)).sum::<f64>() / n.max(1.0)).sqrt();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    values.dedup_by(|a, b| a.0 == b.0);
    if values.len() < 2 || !spread.is_finite() || spread <= 0.0 {
        return None;
    }
    let kept = thinned(values.len(), NUMBERS).into_iter().filter_map(|at| values.get(at));
    Some(Values::Numbers { spread, values: kept.map(|(value, text)| (*value, (*text).to_owned())).collect() })
}

fn of_levels<'a>(levels: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Values> {
    let mut found: HashMap<&str, (usize, &str)> = HashMap::new();
    for (level, text) in levels {
        let entry = found.entry(level).or_insert((0, text));
        entry.0 += 1;
        // A file writes a word in several ways: its own way is the plainest.
        if text == level {
            entry.1 = text;
        }
    }
    let mut all: Vec<(&str, (usize, &str))> = found.into_iter().collect();
    all.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    all.truncate(LEVELS);
    let values: Vec<(String, String)> =
        all.into_iter().map(|(level, (_, text))| (level.to_owned(), text.to_owned())).collect();
    (values.len() >= 2).then_some(Values::Levels { values })
}

/// At most `most` places of `0..len`, evenly, both ends among them.
pub(in crate::evaluate) fn thinned(len: usize, most: usize) -> Vec<usize> {
    if len <= most || most < 2 {
        return (0..len.min(most.max(1))).collect();
    }
    (0..most).map(|at| at * (len - 1) / (most - 1)).collect()
}

/// What a business decides for itself, as columns are often called.
const DECIDED: [&str; 39] = [
    "contract",
    "contracts",
    "plan",
    "tariff",
    "package",
    "price",
    "pricing",
    "charge",
    "charges",
    "fee",
    "fees",
    "discount",
    "payment",
    "pay",
    "paid",
    "billing",
    "bill",
    "invoice",
    "autopay",
    "paperless",
    "service",
    "services",
    "support",
    "security",
    "backup",
    "protection",
    "streaming",
    "delivery",
    "shipping",
    "newsletter",
    "channel",
    "coupon",
    "voucher",
    "promo",
    "subscription",
    "membership",
    "loyalty",
    "method",
    "tier",
];
/// What is as it is, whatever it stands beside.
const GIVEN: [&str; 34] = [
    "id",
    "age",
    "gender",
    "sex",
    "senior",
    "birth",
    "birthday",
    "tenure",
    "total",
    "sum",
    "count",
    "days",
    "since",
    "last",
    "first",
    "avg",
    "average",
    "mean",
    "partner",
    "married",
    "dependents",
    "children",
    "city",
    "region",
    "country",
    "state",
    "zip",
    "postcode",
    "education",
    "income",
    "job",
    "months",
    "score",
    "satisfaction",
];
/// The same in Chinese, where names are not cut into words.
const DECIDED_ZH: [&str; 14] = [
    "合同", "合约", "套餐", "价格", "单价", "月费", "费率", "折扣", "优惠", "付款", "支付", "账单", "服务",
    "配送",
];
const GIVEN_ZH: [&str; 13] =
    ["年龄", "性别", "生日", "累计", "总", "次数", "天数", "时长", "城市", "地区", "婚", "收入", "满意"];

/// True if a column's name says that the business can change it: contract, price, payment; not age,
/// tenure or what has added up. A proposal only: the person has the last word.
pub fn can_be_changed(column: &str) -> bool {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_small = false;
    for c in column.chars() {
        // "PaymentMethod" is two words.
        if !c.is_alphanumeric() || (c.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = c.is_lowercase();
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let holds = |list: &[&str]| list.iter().any(|part| column.contains(part));
    let given = has(&GIVEN) || holds(&GIVEN_ZH);
    !given && (has(&DECIDED) || holds(&DECIDED_ZH))
}
