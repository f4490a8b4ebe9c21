//! Amounts of many currencies to one, with dated rates that the person gives. Row-local: the
//! rates are part of the settings. An amount without a rate becomes missing; no rate is made up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::money::{self, Stated};
use super::record::Recorder;
use super::rewrite::{Cell, has_column, number_column, text_column, write_number};
use super::{CleanError, setting};
use crate::detect::{date, missing, number};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, Table, show_number};

/// Which amounts to convert, to what, and at which rates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CurrencySpec {
    pub columns: Vec<String>,
    /// ISO 4217 code of the currency to convert to.
    pub to: String,
    pub rates: Vec<Rate>,
    /// Column that names each row's currency; a code or sign in the cell itself goes before it.
    pub currency_column: Option<String>,
    /// Column of the day whose rate counts.
    pub date_column: Option<String>,
    /// The day (`2024-03-05`) whose rate counts where there is no such column; the newest rate of
    /// each currency without either.
    pub day: Option<String>,
    /// Currency of amounts that name none; they become missing without it.
    pub assume: Option<String>,
    /// What `$` alone means.
    pub dollar: String,
    /// What `¥` means: CNY or JPY.
    pub yen: String,
}

impl Default for CurrencySpec {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            to: String::new(),
            rates: Vec::new(),
            currency_column: None,
            date_column: None,
            day: None,
            assume: None,
            dollar: "USD".to_owned(),
            yen: "CNY".to_owned(),
        }
    }
}

/// From `day` on, one unit of `currency` is `rate` units of the currency that amounts become.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// `2024-03-05`.
    pub day: String,
    /// ISO 4217 code.
    pub currency: String,
    pub rate: f64,
}

/// Reads rates from a collected file with the columns date, currency and rate: by these names, else
/// in this order.
///
/// # Errors
/// Fewer than three columns; a record whose date, currency or rate does not read, with its row.
pub fn rates_of(table: &Table) -> crate::Result<Vec<Rate>> {
    let column = |names: &[&str], place: usize| {
        let at = names.iter().find_map(|name| table.position(name)).unwrap_or(place);
        table.columns.get(at).ok_or_else(|| CleanError::NoColumn {
            column: names.first().copied().unwrap_or_default().to_owned(),
        })
    };
    let (day, currency, rate) = (
        column(&["date", "day", "日期"], 0)?,
        column(&["currency", "code", "币种", "货币"], 1)?,
        column(&["rate", "exchange rate", "汇率"], 2)?,
    );
    let cell =
        |name: &str, at: usize| table.text(name).and_then(|text| text.get(at)).unwrap_or_default().trim();
    let mut rates = Vec::with_capacity(table.height());
    for (at, row) in table.rows.iter().enumerate() {
        let bad = |column: &str| CleanError::Rate {
            row: u64::from(*row),
            column: column.to_owned(),
            value: cell(column, at).to_owned(),
        };
        let when = date::parse(cell(&day.name, at), day.date_order).ok_or_else(|| bad(&day.name))?;
        let code = money::code(cell(&currency.name, at)).ok_or_else(|| bad(&currency.name))?;
        let value = number::parse(cell(&rate.name, at), rate.decimal).filter(|v| is_rate(*v));
        let value = value.ok_or_else(|| bad(&rate.name))?;
        rates.push(Rate { day: day_text(when), currency: code, rate: value });
    }
    Ok(rates)
}

fn is_rate(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn day_text(ms: i64) -> String {
    date::format(ms - ms.rem_euclid(86_400_000))
}

/// Rates by currency and day (milliseconds since 1970).
struct Rates(BTreeMap<String, BTreeMap<i64, f64>>);

impl Rates {
    fn of(spec: &CurrencySpec) -> Result<Self, CleanError> {
        let mut all: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
        for rate in &spec.rates {
            let day = day_of(&rate.day).ok_or_else(|| setting(&rate.currency, "bad_rate", &rate.day))?;
            let code = money::code(&rate.currency)
                .ok_or_else(|| setting(&rate.currency, "bad_rate", &rate.currency))?;
            if !is_rate(rate.rate) {
                return Err(setting(&rate.currency, "bad_rate", &rate.rate.to_string()));
            }
            all.entry(code).or_default().insert(day, rate.rate);
        }
        Ok(Self(all))
    }

    /// The rate of the last known day at or before `day`.
    fn at(&self, code: &str, day: i64) -> Option<f64> {
        self.0.get(code)?.range(..=day).next_back().map(|(_, rate)| *rate)
    }
}

fn day_of(text: &str) -> Option<i64> {
    date::parse(text, date::Order::DayFirst)
}

/// What was used of one currency's rates.
#[derive(Debug, Clone, Copy)]
struct Used {
    low: f64,
    high: f64,
    cells: u64,
}

/// Converts cell by cell and keeps count.
struct Converter<'a> {
    to: String,
    spec: &'a CurrencySpec,
    rates: Rates,
    /// Code of each row, where a column names it.
    codes: Option<Vec<Option<String>>>,
    /// Day of each row, where a column holds it.
    days: Option<Vec<Option<i64>>>,
    day: i64,
    assume: Option<String>,
    used: BTreeMap<String, Used>,
    no_rate: BTreeMap<String, u64>,
    no_currency: u64,
}

impl Converter<'_> {
    /// The amount in the currency wanted; `None` where no rate or no currency is known.
    fn convert(&mut self, at: usize, amount: f64, stated: Option<Stated>) -> Option<f64> {
        let of_row = self.codes.as_ref().and_then(|codes| codes.get(at).cloned().flatten());
        let code = match stated {
            Some(Stated::Code(code)) => Some(code),
            // A bare sign may mean several currencies: the column settles which.
            Some(Stated::Dollar) => {
                of_row.filter(|code| money::is_dollar(code)).or_else(|| Some(self.spec.dollar.clone()))
            }
            Some(Stated::Yen) => of_row
                .filter(|code| matches!(code.as_str(), "CNY" | "JPY"))
                .or_else(|| Some(self.spec.yen.clone())),
            None => of_row.or_else(|| self.assume.clone()),
        };
        let Some(code) = code else {
            self.no_currency += 1;
            return None;
        };
        if code == self.to {
            return Some(amount);
        }
        let day = match &self.days {
            Some(days) => days.get(at).copied().flatten(),
            None => Some(self.day),
        };
        let Some(rate) = day.and_then(|day| self.rates.at(&code, day)) else {
            *self.no_rate.entry(code).or_default() += 1;
            return None;
        };
        let used = self.used.entry(code).or_insert(Used { low: rate, high: rate, cells: 0 });
        *used = Used { low: used.low.min(rate), high: used.high.max(rate), cells: used.cells + 1 };
        Some(amount * rate).filter(|value| value.is_finite())
    }
}

pub(super) fn apply(
    spec: &CurrencySpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    if spec.columns.is_empty() {
        return Ok(frame.clone());
    }
    let code = |text: &str| money::code(text).ok_or_else(|| setting("", "unknown_currency", text));
    for name in spec.columns.iter().chain(&spec.currency_column).chain(&spec.date_column) {
        has_column(frame, name, record);
    }
    let order =
        |name: &str| schema.iter().find(|c| c.name == *name).map_or_else(Default::default, |c| c.date_order);
    let days =
        spec.date_column.as_ref().map(|name| match frame.data.column(name).ok().map(|c| c.datetime()) {
            Some(Ok(times)) => times.phys.iter().collect(),
            _ => texts(frame, name, |text| date::parse(text, order(name))),
        });
    let day = match &spec.day {
        Some(text) => day_of(text).ok_or_else(|| setting("", "bad_rate", text))?,
        None => i64::MAX,
    };
    let mut converter = Converter {
        to: code(&spec.to)?,
        spec,
        rates: Rates::of(spec)?,
        codes: spec
            .currency_column
            .as_ref()
            .map(|name| texts(frame, name, |text| money::code_of(text, spec))),
        days,
        day,
        assume: spec.assume.as_deref().map(code).transpose()?,
        used: BTreeMap::new(),
        no_rate: BTreeMap::new(),
        no_currency: 0,
    };
    let mut out = frame.clone();
    for name in &spec.columns {
        let decimal = schema.iter().find(|c| c.name == *name).map_or_else(Default::default, |c| c.decimal);
        out = text_column(&out, name, record, report, |at, value| {
            if missing::is_missing(value) {
                return Cell::Keep;
            }
            // What is no amount is the business of the step that repairs types.
            let Some((amount, stated)) = money::read(value, decimal) else { return Cell::Keep };
            match converter.convert(at, amount, stated) {
                Some(converted) => Cell::text(value, write_number(converted, decimal)),
                None => Cell::Missing,
            }
        })?;
        out = number_column(&out, name, record, report, |at, amount| converter.convert(at, amount, None))?;
    }
    for (code, used) in &converter.used {
        record.note(
            Note::new(if used.low == used.high { "currency_rate" } else { "currency_rates" })
                .with("currency", code)
                .with("to", &converter.to)
                .with("low", show_number(used.low))
                .with("high", show_number(used.high))
                .with("count", used.cells),
        );
    }
    for (code, count) in &converter.no_rate {
        record.note(Note::new("currency_no_rate").with("currency", code).with("count", count));
    }
    if converter.no_currency > 0 {
        record.note(Note::new("currency_unnamed").with("count", converter.no_currency));
    }
    Ok(out)
}

fn texts<T>(frame: &Frame, name: &str, read: impl Fn(&str) -> Option<T>) -> Vec<Option<T>> {
    match frame.text(name) {
        Some(text) => text.iter().map(|value| read(value?)).collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
