//! Quantities with units of many kinds to one unit a column: `1.5 kg`, `500g` and `2 斤` to grams.
//! Row-local. What has no unit that is known, or one of another kind, is left as it is and counted.

use serde::{Deserialize, Serialize};

use super::record::Recorder;
use super::rewrite::{Cell, has_column, number_column, text_column, write_number};
use super::setting;
use crate::detect::{missing, number};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame};

/// The columns to bring to one unit each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitsSpec {
    pub columns: Vec<UnitColumn>,
}

/// One column and its unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitColumn {
    pub column: String,
    /// The unit to bring it to, in any writing that [`is_unit`] knows.
    pub to: String,
    /// The unit of bare numbers; they are left as they are without it.
    pub assume: Option<String>,
}

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mass,
    Length,
    Volume,
    Duration,
    Bytes,
}

/// A unit: `num / den` of its kind's base (gram, metre, litre, second, byte), exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Unit {
    kind: Kind,
    num: f64,
    den: f64,
}

/// Units by kind, size and writings (lower case). Metric ones from the SI; pound, ounce, inch, mile
/// from the international yard and pound agreement of 1959; gallon, pint and fluid ounce are the
/// US liquid ones (NIST Handbook 44); Chinese market units (斤 is 500 g, 里 is 500 m, 尺 is 1/3 m) from
/// the State Council's order of 1959; bytes from IEC 80000-13, so kB is 1000 and KiB 1024.
const UNITS: &[(Kind, f64, f64, &[&str])] = &[
    (Kind::Mass, 1.0, 1e6, &["µg", "μg", "ug", "mcg", "微克"]),
    (Kind::Mass, 1.0, 1000.0, &["mg", "milligram", "milligrams", "毫克"]),
    (Kind::Mass, 1.0, 1.0, &["g", "gr", "gram", "grams", "gramm", "克"]),
    (Kind::Mass, 1000.0, 1.0, &["kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "公斤", "千克"]),
    (Kind::Mass, 1e6, 1.0, &["t", "ton", "tons", "tonne", "tonnes", "吨"]),
    (Kind::Mass, 500.0, 1.0, &["斤", "市斤"]),
    (Kind::Mass, 50.0, 1.0, &["两", "市两"]),
    (Kind::Mass, 45_359_237.0, 100_000.0, &["lb", "lbs", "pound", "pounds", "磅"]),
    (Kind::Mass, 28_349_523_125.0, 1e9, &["oz", "ounce", "ounces", "盎司"]),
    (Kind::Length, 1.0, 1000.0, &["mm", "millimeter", "millimeters", "millimetre", "millimetres", "毫米"]),
    (
        Kind::Length,
        1.0,
        100.0,
        &["cm", "centimeter", "centimeters", "centimetre", "centimetres", "厘米", "公分"],
    ),
    (Kind::Length, 1.0, 10.0, &["dm", "分米"]),
    (Kind::Length, 1.0, 1.0, &["m", "meter", "meters", "metre", "metres", "米"]),
    (
        Kind::Length,
        1000.0,
        1.0,
        &["km", "kilometer", "kilometers", "kilometre", "kilometres", "公里", "千米"],
    ),
    (Kind::Length, 500.0, 1.0, &["里", "华里", "市里"]),
    (Kind::Length, 1.0, 3.0, &["尺", "市尺"]),
    (Kind::Length, 1.0, 30.0, &["寸", "市寸"]),
    (Kind::Length, 254.0, 10_000.0, &["in", "inch", "inches", "\"", "″", "”", "英寸"]),
    (Kind::Length, 3048.0, 10_000.0, &["ft", "foot", "feet", "'", "′", "’", "英尺"]),
    (Kind::Length, 9144.0, 10_000.0, &["yd", "yds", "yard", "yards", "码"]),
    (Kind::Length, 1_609_344.0, 1000.0, &["mi", "mile", "miles", "英里"]),
    (
        Kind::Volume,
        1.0,
        1000.0,
        &["ml", "milliliter", "milliliters", "millilitre", "millilitres", "毫升", "cc"],
    ),
    (Kind::Volume, 1.0, 100.0, &["cl"]),
    (Kind::Volume, 1.0, 10.0, &["dl"]),
    (Kind::Volume, 1.0, 1.0, &["l", "liter", "liters", "litre", "litres", "升", "公升"]),
    (Kind::Volume, 1000.0, 1.0, &["m3", "m³", "cbm", "立方米", "立方"]),
    (Kind::Volume, 295_735_295_625.0, 1e13, &["fl oz", "fl. oz", "fl. oz.", "floz"]),
    (Kind::Volume, 473_176_473.0, 1e9, &["pt", "pint", "pints"]),
    (Kind::Volume, 946_352_946.0, 1e9, &["qt", "quart", "quarts"]),
    (Kind::Volume, 3_785_411_784.0, 1e9, &["gal", "gallon", "gallons", "加仑"]),
    (Kind::Duration, 1.0, 1000.0, &["ms", "millisecond", "milliseconds", "毫秒"]),
    (Kind::Duration, 1.0, 1.0, &["s", "sec", "secs", "second", "seconds", "sek", "秒", "秒钟"]),
    (Kind::Duration, 60.0, 1.0, &["min", "mins", "minute", "minutes", "minuten", "分", "分钟"]),
    (
        Kind::Duration,
        3600.0,
        1.0,
        &["h", "hr", "hrs", "hour", "hours", "std", "小时", "时", "个小时", "钟头"],
    ),
    (Kind::Duration, 86_400.0, 1.0, &["d", "day", "days", "天", "日"]),
    (Kind::Duration, 604_800.0, 1.0, &["w", "wk", "wks", "week", "weeks", "周", "星期", "个星期"]),
    (Kind::Bytes, 1.0, 1.0, &["b", "byte", "bytes", "字节"]),
    (Kind::Bytes, 1e3, 1.0, &["kb"]),
    (Kind::Bytes, 1e6, 1.0, &["mb"]),
    (Kind::Bytes, 1e9, 1.0, &["gb"]),
    (Kind::Bytes, 1e12, 1.0, &["tb"]),
    (Kind::Bytes, 1024.0, 1.0, &["kib"]),
    (Kind::Bytes, 1_048_576.0, 1.0, &["mib"]),
    (Kind::Bytes, 1_073_741_824.0, 1.0, &["gib"]),
    (Kind::Bytes, 1_099_511_627_776.0, 1.0, &["tib"]),
];

impl Unit {
    fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_lowercase();
        let wanted = lower.strip_suffix('.').unwrap_or(&lower);
        UNITS
            .iter()
            .find(|(_, _, _, names)| names.iter().any(|name| *name == wanted || *name == lower))
            .map(|(kind, num, den, _)| Unit { kind: *kind, num: *num, den: *den })
    }

    /// A value of this unit in another one of its kind.
    fn convert(self, value: f64, to: Unit) -> f64 {
        value * (self.num * to.den) / (self.den * to.num)
    }
}

/// True for a writing of a unit that the step knows.
pub fn is_unit(text: &str) -> bool {
    Unit::parse(text).is_some()
}

/// Why a cell was left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// A number without a unit, and none is assumed.
    Bare,
    /// No quantity, a unit that is not known or one that measures something else.
    Unknown,
}

/// Reads one cell as a sum of numbers with units (`3 h 20 min`) and converts it. After hours a bare
/// number is minutes (`1h30`).
fn read(text: &str, to: Unit, assume: Option<Unit>, decimal: number::Decimal) -> Result<f64, Left> {
    let text = text.trim();
    let (negative, mut rest) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let (mut sum, mut parts, mut before) = (0.0, 0, None::<Unit>);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_of_number(c)).unwrap_or(rest.len());
        let (digits, tail) = rest.split_at(end);
        let tail = tail.trim_start();
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        // m3 holds a digit.
        let unit_end = if tail.starts_with("m3") { 2 } else { unit_end };
        let (name, after) = tail.split_at(unit_end);
        let value = plain_number(digits.trim(), decimal).ok_or(Left::Unknown)?;
        let name = name.trim().trim_end_matches([',', '，', '+']).trim_end();
        let name = name.strip_suffix(" and").unwrap_or(name);
        let unit = match (name.is_empty(), before) {
            // Among durations m is a minute, not a metre.
            (false, _) if to.kind == Kind::Duration && name == "m" => MINUTE,
            (false, _) => Unit::parse(name).ok_or(Left::Unknown)?,
            (true, None) => assume.ok_or(Left::Bare)?,
            (true, Some(before)) if before == HOUR => MINUTE,
            (true, Some(_)) => return Err(Left::Unknown),
        };
        // `3 h 20 min` falls from large to small; `20 min 3 h` and `5 kg 3 kg` are something else.
        let falls = before.is_none_or(|before| before.num / before.den > unit.num / unit.den);
        if unit.kind != to.kind || !falls {
            return Err(Left::Unknown);
        }
        sum += unit.convert(value, to);
        parts += 1;
        before = Some(unit);
        rest = after.trim_start();
    }
    match parts {
        0 => Err(Left::Unknown),
        _ if !f64::is_finite(sum) => Err(Left::Unknown),
        _ => Ok(if negative { -sum } else { sum }),
    }
}

const HOUR: Unit = Unit { kind: Kind::Duration, num: 3600.0, den: 1.0 };
const MINUTE: Unit = Unit { kind: Kind::Duration, num: 60.0, den: 1.0 };

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\u{202f}')
}

/// A number as the column writes them; where it cannot be one, as the others do.
fn plain_number(digits: &str, decimal: number::Decimal) -> Option<f64> {
    let other = if decimal.is_comma() { number::Decimal::Point } else { number::Decimal::Comma };
    number::parse(digits, decimal).or_else(|| number::parse(digits, other)).filter(|v| v.is_finite())
}

pub(super) fn apply(
    spec: &UnitsSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let unit = |column: &UnitColumn, text: &str| {
        Unit::parse(text).ok_or_else(|| setting(&column.column, "unknown_unit", text))
    };
    let mut out = frame.clone();
    for one in &spec.columns {
        let name = &one.column;
        let to = unit(one, &one.to)?;
        let assume = one.assume.as_deref().map(|text| unit(one, text)).transpose()?;
        if assume.is_some_and(|assume| assume.kind != to.kind) {
            return Err(setting(name, "unknown_unit", one.assume.as_deref().unwrap_or_default()).into());
        }
        if !has_column(frame, name, record) {
            continue;
        }
        let decimal =
            schema.iter().find(|column| column.name == *name).map_or_else(Default::default, |c| c.decimal);
        let (mut unknown, mut bare) = (0u64, 0u64);
        out = text_column(&out, name, record, report, |_, value| {
            if missing::is_missing(value) {
                return Cell::Keep;
            }
            match read(value, to, assume, decimal) {
                Ok(converted) => Cell::text(value, write_number(converted, decimal)),
                Err(Left::Unknown) => {
                    unknown += 1;
                    Cell::Keep
                }
                Err(Left::Bare) => {
                    bare += 1;
                    Cell::Keep
                }
            }
        })?;
        if let Some(assume) = assume {
            out = number_column(&out, name, record, report, |_, value| Some(assume.convert(value, to)))?;
        }
        for (code, count) in [("units_unknown", unknown), ("units_bare", bare)] {
            if count > 0 {
                record.note(Note::new(code).with("column", name).with("count", count).with("to", &one.to));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{assert_row_local, column, frame, shown};
    use super::*;
    use crate::table::Role;

    fn to(text: &str, unit: &str) -> Result<f64, Left> {
        read(text, Unit::parse(unit).unwrap(), None, number::Decimal::Point)
    }

    #[test]
    fn quantities_as_people_write_them() {
        for (text, unit, value) in [
            ("1.5 kg", "g", 1500.0),
            ("1,5 kg", "g", 1500.0),
            ("500g", "kg", 0.5),
            ("2 斤", "kg", 1.0),
            ("3两", "g", 150.0),
            ("1 lb", "g", 453.59237),
            ("16 oz", "lb", 1.0),
            ("10 cm", "m", 0.1),
            ("5 ft 10 in", "cm", 177.8),
            ("5'10\"", "cm", 177.8),
            ("1 mi", "km", 1.609344),
            ("3 h 20 min", "min", 200.0),
            ("3 hours, 20 minutes", "min", 200.0),
            ("1h30", "min", 90.0),
            ("1h 30m", "min", 90.0),
            ("1h", "min", 60.0),
            ("90 min", "h", 1.5),
            ("2小时30分钟", "h", 2.5),
            ("2 m3", "l", 2000.0),
            ("330 ml", "l", 0.33),
            ("1 gal", "l", 3.785411784),
            ("1,500 MB", "GB", 1.5),
            ("1 KiB", "b", 1024.0),
            ("-5 kg", "g", -5000.0),
        ] {
            let read = to(text, unit).unwrap_or_else(|left| panic!("{text}: {left:?}"));
            assert!((read - value).abs() < 1e-9, "{text}: {read}");
        }
        assert_eq!(to("1 lb", "g"), Ok(453.59237));
    }

    #[test]
    fn what_is_no_quantity_of_the_kind_is_left() {
        for text in
            ["kg", "1.5-2 kg", "约 2 斤", "5 m", "2 dozen", "3 kg 20 kg", "5 kg 3", "x", "1..2 kg", "--1 kg"]
        {
            assert_eq!(to(text, "g"), Err(Left::Unknown), "{text}");
        }
        assert_eq!(to("12", "g"), Err(Left::Bare));
    }

    #[test]
    fn a_column_comes_to_one_unit_and_the_rest_is_counted() {
        let schema = [column("weight", Role::Number)];
        let before = frame(&[(
            "weight",
            &[Some("1.5 kg"), Some("500g"), Some("2 boxes"), Some("7"), Some("-"), None],
        )]);
        let one = UnitColumn { column: "weight".into(), to: "g".into(), assume: None };
        let spec = UnitsSpec { columns: vec![one.clone()] };
        let mut record = Recorder::new("units", &before);
        let after = apply(&spec, &schema, &before, &mut record, &Reporter::silent()).unwrap();
        let texts: Vec<Option<&str>> =
            vec![Some("1500"), Some("500"), Some("2 boxes"), Some("7"), Some("-"), None];
        assert_eq!(shown(&after, "weight"), texts.iter().map(|t| t.map(str::to_owned)).collect::<Vec<_>>());
        let change = record.finish();
        assert_eq!(change.cells_changed, 2);
        let codes: Vec<&str> = change.notes.iter().map(|note| note.code).collect();
        assert_eq!(codes, ["units_unknown", "units_bare"]);
        // A unit of another kind, an unknown one: told, not passed over.
        for bad in [
            UnitColumn { assume: Some("m".into()), ..one.clone() },
            UnitColumn { to: "parsec".into(), ..one.clone() },
        ] {
            let spec = UnitsSpec { columns: vec![bad] };
            let mut record = Recorder::new("units", &before);
            assert!(apply(&spec, &schema, &before, &mut record, &Reporter::silent()).is_err());
        }
    }

    #[test]
    fn decimal_commas_are_written_as_the_column_writes_them() {
        let mut schema = [column("w", Role::Number)];
        schema[0].decimal = number::Decimal::Comma;
        let before = frame(&[("w", &[Some("1,5 g"), Some("1.250 g")])]);
        let spec =
            UnitsSpec { columns: vec![UnitColumn { column: "w".into(), to: "kg".into(), assume: None }] };
        let mut record = Recorder::new("units", &before);
        let after = apply(&spec, &schema, &before, &mut record, &Reporter::silent()).unwrap();
        assert_eq!(shown(&after, "w"), [Some("0,0015".to_owned()), Some("1,25".to_owned())]);
    }

    proptest! {
        #[test]
        fn one_row_is_converted_as_all_are_and_twice_is_once(
            texts in prop::collection::vec(prop::option::of("[0-9.,]{0,4} ?(kg|g|斤|lb|m3|h|.)?\\PC{0,2}"), 1..6),
        ) {
            let schema = [column("a", Role::Text)];
            let spec = UnitsSpec {
                columns: vec![UnitColumn { column: "a".into(), to: "g".into(), assume: Some("g".into()) }],
            };
            let step = |frame: &Frame, record: &mut Recorder| apply(&spec, &schema, frame, record, &Reporter::silent());
            assert_row_local("a", &texts, step);
            let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            let before = frame(&[("a", &texts)]);
            let once = step(&before, &mut Recorder::new("units", &before)).unwrap();
            let twice = step(&once, &mut Recorder::new("units", &once)).unwrap();
            prop_assert_eq!(shown(&once, "a"), shown(&twice, "a"));
        }
    }
}
