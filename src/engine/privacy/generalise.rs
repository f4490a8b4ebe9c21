//! Coarser values: bands, years, cities, prefixes.

use chrono::Datelike as _;

use super::treat::Generalise;
use crate::detect::contact::address;
use crate::detect::{date, number};
use crate::table::{Column, show_number};

/// Age from which on people are one band (as in the Safe Harbor rule of HIPAA, 45 CFR 164.514).
const OLDEST: f64 = 90.0;

/// Coarser texts for a value, the finest first: where one equals the value, the next one is taken.
/// Empty where the value cannot be read.
pub(super) fn coarser(how: Generalise, value: &str, column: &Column) -> Vec<String> {
    let read = || number::parse(value, column.decimal).filter(|number| number.is_finite());
    match how {
        Generalise::AgeBand(width) => read().and_then(|age| age_band(age, width)).into_iter().collect(),
        Generalise::NumberBand(width) => read().map(|value| number_band(value, width)).into_iter().collect(),
        Generalise::Round(step) => read().map(|value| round(value, step)).unwrap_or_default(),
        Generalise::YearOnly => year_of(value, column).map(years).unwrap_or_default(),
        Generalise::Month => {
            let month = day_of(value, column).map(|day| day.format("%Y-%m").to_string());
            month.into_iter().chain(year_of(value, column).map(years).unwrap_or_default()).collect()
        }
        Generalise::City => address::city(value).into_iter().collect(),
        Generalise::Region => address::region(value).into_iter().collect(),
        Generalise::PostcodePrefix(count) => prefixes(value, count),
        Generalise::FirstLetter => value.chars().take(1).map(String::from).collect(),
    }
}

fn age_band(age: f64, width: u32) -> Option<String> {
    let width = f64::from(width.max(2));
    let low = (age / width).floor() * width;
    match age {
        age if age < 0.0 => None,
        age if age >= OLDEST => Some(format!("{}+", show_number(OLDEST))),
        _ => Some(format!("{}–{}", show_number(low), show_number((low + width).min(OLDEST) - 1.0))),
    }
}

fn number_band(value: f64, width: u32) -> String {
    let width = f64::from(width.max(1));
    let low = (value / width).floor() * width;
    format!("{}–{}", show_number(low), show_number(low + width))
}

fn round(value: f64, step: u32) -> Vec<String> {
    let step = f64::from(step.max(1));
    let near = (value / step).round() * step;
    let mut out = vec![show_number(near), show_number(near + step)];
    // `1200.00` is 1200 in other words.
    out.retain(|text| text.parse() != Ok(value));
    out
}

fn day_of(value: &str, column: &Column) -> Option<chrono::NaiveDate> {
    let ms = date::parse(value, column.date_order)?;
    Some(chrono::DateTime::from_timestamp_millis(ms)?.date_naive())
}

/// The year of a date, or of a text that begins with a year (`1985`, `1985-03`, `1985年`).
fn year_of(value: &str, column: &Column) -> Option<i32> {
    if let Some(day) = day_of(value, column) {
        return Some(day.year());
    }
    let head = value.get(..4).filter(|head| head.bytes().all(|b| b.is_ascii_digit()))?;
    let goes_on = value.as_bytes().get(4).is_some_and(u8::is_ascii_digit);
    head.parse().ok().filter(|year| !goes_on && (1000..3000).contains(year))
}

fn years(year: i32) -> Vec<String> {
    let decade = year - year.rem_euclid(10);
    vec![year.to_string(), format!("{decade}–{}", decade + 9)]
}

fn prefixes(value: &str, count: u32) -> Vec<String> {
    let length = value.chars().count();
    let most = usize::try_from(count).unwrap_or(length).min(length.saturating_sub(1));
    let star = |c: char| if c.is_alphanumeric() { '*' } else { c };
    (0..=most)
        .rev()
        .map(|kept| value.chars().enumerate().map(|(at, c)| if at < kept { c } else { star(c) }).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Role, ValueType};

    fn column() -> Column {
        Column {
            name: "x".into(),
            value_type: ValueType::Text,
            role: Role::Text,
            why: crate::Note::new("free_text"),
            missing: 0,
            distinct: 0,
            decimal: number::Decimal::Point,
            date_order: date::Order::DayFirst,
            bad: 0,
            bad_examples: Vec::new(),
            levels: Vec::new(),
            keep_na: false,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn coarser_values_by_hand() {
        use Generalise::*;
        for (how, value, expected) in [
            (AgeBand(10), "34", vec!["30–39"]),
            (AgeBand(10), "34.9", vec!["30–39"]),
            (AgeBand(20), "85", vec!["80–89"]),
            (AgeBand(10), "93", vec!["90+"]),
            (AgeBand(10), "-1", vec![]),
            (NumberBand(10), "-5", vec!["-10–0"]),
            (NumberBand(500), "$1,234.50", vec!["1000–1500"]),
            (NumberBand(10), "inf", vec![]),
            (Round(100), "1249", vec!["1200", "1300"]),
            (Round(100), "1200.00", vec!["1300"]),
            (Round(10), "0", vec!["10"]),
            (YearOnly, "5/3/1985", vec!["1985", "1980–1989"]),
            (YearOnly, "1985", vec!["1985", "1980–1989"]),
            (YearOnly, "19856", vec![]),
            (Month, "1985-03-05", vec!["1985-03", "1985", "1980–1989"]),
            (Month, "1985-03", vec!["1985", "1980–1989"]),
            (PostcodePrefix(3), "90210", vec!["902**", "90***", "9****", "*****"]),
            (
                PostcodePrefix(9),
                "SW1A 1AA",
                vec![
                    "SW1A 1A*", "SW1A 1**", "SW1A ***", "SW1A ***", "SW1* ***", "SW** ***", "S*** ***",
                    "**** ***",
                ],
            ),
            (PostcodePrefix(3), "", vec![""]),
            (FirstLetter, "王小明", vec!["王"]),
            (City, "浙江省杭州市西湖区1号", vec!["杭州市"]),
            (Region, "nowhere", vec![]),
        ] {
            assert_eq!(coarser(how, value, &column()), expected, "{how:?} {value}");
        }
    }
}
