//! Phone numbers, e-mail addresses and postcodes in one form each. Row-local. What is not valid is
//! left as it is and counted: somebody may still read it.

use std::collections::BTreeMap;
use std::str::FromStr;

use phonenumber::country::Id as Country;
use phonenumber::metadata::DATABASE;
use serde::{Deserialize, Serialize};

use super::record::Recorder;
use super::rewrite::{Cell, has_column, text_column};
use super::{postcodes, setting};
use crate::detect::missing;
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, Role};

/// The columns of contacts and what each holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactSpec {
    pub columns: Vec<ContactColumn>,
}

/// What a column of contacts holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    #[default]
    Phone,
    Email,
    Postcode,
}

/// One column of contacts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactColumn {
    pub column: String,
    pub kind: ContactKind,
    /// ISO 3166 code of the country that numbers without `+` and postcodes are of. Without it only
    /// numbers with `+` or `00` are formatted. Postcodes need it.
    pub country: Option<String>,
    /// E-mail domains to correct, as the person has confirmed: wrong to right.
    pub domains: BTreeMap<String, String>,
}

impl ContactSpec {
    /// Adds a column, or what is new of one that is there.
    pub fn add(&mut self, column: &ContactColumn) {
        match self.columns.iter_mut().find(|known| known.column == column.column && known.kind == column.kind)
        {
            Some(known) => {
                known.country = column.country.clone().or(known.country.take());
                known.domains.extend(column.domains.clone());
            }
            None => self.columns.push(column.clone()),
        }
    }
}

/// Longest telephone number with everything that people write around it.
const PHONE_LONGEST: usize = 60;

/// The country of a two-letter code, if numbers are known of it.
pub(super) fn country(code: &str) -> Option<Country> {
    let id = Country::from_str(&code.trim().to_uppercase()).ok()?;
    DATABASE.by_id(id.as_ref()).map(|_| id)
}

/// A telephone number as E.164 (`+8613800138000`), with `;ext=` (RFC 3966) where it has an
/// extension; `None` for what is no valid number of its country.
pub(super) fn phone(text: &str, country: Option<Country>) -> Option<String> {
    let text = text.trim();
    if text.len() > PHONE_LONGEST {
        return None;
    }
    let lower = text.to_lowercase();
    let body = ["tel:", "tel.", "tel", "phone:", "电话：", "电话:", "手机：", "手机:"]
        .iter()
        .find_map(|word| lower.strip_prefix(word))
        .unwrap_or(&lower);
    // A spreadsheet that took the number for a figure.
    let body = body.trim().strip_suffix(".0").unwrap_or(body);
    let (number, extension) = split_extension(body);
    let mut digits = String::with_capacity(number.len());
    for c in number.trim().chars() {
        match c {
            '0'..='9' => digits.push(c),
            '０'..='９' => digits.extend(char::from_u32(u32::from(c) - 0xfee0)),
            '+' | '＋' if digits.is_empty() => digits.push('+'),
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '-' | '－' | '‐' | '‑' | '–' | '—' | '−' | '.'
            | '·' | '/' | '(' | ')' | '（' | '）' => {}
            // Letters and lists of numbers: a person must read them.
            _ => return None,
        }
    }
    if country.is_none()
        && let Some(rest) = digits.strip_prefix("00")
    {
        digits = format!("+{rest}");
    }
    let is_international = digits.starts_with('+');
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    if !(5..=19).contains(&count) || (!is_international && country.is_none()) {
        return None;
    }
    // With a country beside a `+`, the crate would take off that country's trunk prefix.
    let parsed = phonenumber::parse(country.filter(|_| !is_international), &digits).ok()?;
    if !parsed.is_valid() {
        return None;
    }
    let number = format!("+{}{}", parsed.code().value(), parsed.national());
    Some(match extension {
        Some(extension) => format!("{number};ext={extension}"),
        None => number,
    })
}

/// Countries whose numbers are tried on a column without `+`, and whether people there write every
/// number with a zero in front. Without that rule the lands of numbers of any length (Germany,
/// Austria, Finland) would claim everybody's.
const CANDIDATES: &[(&str, bool)] = &[
    ("CN", false),
    ("US", false),
    ("GB", true),
    ("DE", true),
    ("FR", true),
    ("JP", true),
    ("KR", true),
    ("IN", false),
    ("IT", false),
    ("ES", false),
    ("NL", true),
    ("BE", true),
    ("CH", true),
    ("AT", true),
    ("PT", false),
    ("PL", false),
    ("SE", true),
    ("NO", false),
    ("DK", false),
    ("FI", true),
    ("IE", true),
    ("CA", false),
    ("AU", true),
    ("NZ", true),
    ("BR", false),
    ("MX", false),
    ("ZA", true),
    ("RU", false),
    ("UA", true),
    ("TR", true),
    ("TH", true),
    ("VN", true),
    ("MY", true),
    ("SG", false),
    ("ID", true),
    ("PH", true),
    ("HK", false),
    ("TW", true),
];
/// Share of the numbers that must be valid in the country, and by how much it must lead.
const FIT: f64 = 0.8;
const LEAD: f64 = 0.2;

/// The country that numbers without `+` are of, with the share of them that is valid there: the one
/// that leads, or, of several that fit, the one that most numbers with `+` are of. `None` where
/// none stands out or there are no such numbers.
///
/// # Errors
/// The person cancelled.
pub(super) fn guess_country(
    values: &[&str],
    report: &Reporter,
) -> crate::Result<Option<(&'static str, f64)>> {
    let is_abroad = |value: &&&str| value.trim().starts_with(['+', '＋']) || value.trim().starts_with("00");
    let (abroad, national): (Vec<&str>, Vec<&str>) = values.iter().partition(|value| is_abroad(value));
    let of = |text: &str, home: Option<Country>| {
        phonenumber::parse(None, phone(text, home)?).ok().and_then(|number| number.country().id())
    };
    let stated: Vec<Country> = abroad.iter().filter_map(|value| of(value, None)).collect();
    let mut fits: Vec<(&'static str, f64)> = Vec::new();
    for (code, zero) in CANDIDATES {
        report.check()?;
        let Some(id) = country(code) else { continue };
        let valid = national.iter().filter(|value| {
            let first = value.chars().find(char::is_ascii_digit);
            (!zero || first == Some('0')) && of(value, Some(id)) == Some(id)
        });
        fits.push((code, valid.count() as f64 / national.len().max(1) as f64));
    }
    // Stable: of equals the earlier candidate.
    fits.sort_by(|a, b| b.1.total_cmp(&a.1));
    let second = fits.get(1).map_or(0.0, |(_, share)| *share);
    fits.retain(|(_, share)| *share >= FIT);
    let leads = fits.first().copied().filter(|(_, share)| share - second >= LEAD);
    let named = || {
        fits.iter().copied().find(|(code, _)| {
            let home = country(code);
            stated.iter().filter(|id| Some(**id) == home).count() * 2 > stated.len()
        })
    };
    Ok(leads.or_else(named))
}

/// Splits `ext. 12`, `x12`, `转12`, `分机12`, `;ext=12` off a number.
fn split_extension(text: &str) -> (&str, Option<String>) {
    for mark in [";ext=", "extension", "ext.", "ext", "分机号", "分机", "转", "x", "#"] {
        if let Some((number, extension)) = text.split_once(mark) {
            let extension = extension.trim().trim_start_matches([':', '：']).trim();
            if (1..=7).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_digit()) {
                return (number, Some(extension.to_owned()));
            }
        }
    }
    (text, None)
}

/// An e-mail address without what programs write around it, its domain in small letters and
/// corrected where the person said so; `None` for what is no address.
pub(super) fn email(text: &str, domains: &BTreeMap<String, String>) -> Option<String> {
    let mut body = text.trim();
    // `Jane Doe <jane@example.com>`.
    if let Some((_, inner)) = body.rsplit_once('<')
        && let Some((inner, _)) = inner.split_once('>')
    {
        body = inner.trim();
    }
    if let Some(head) = body.get(..7)
        && head.eq_ignore_ascii_case("mailto:")
    {
        body = body.get(7..)?;
        body = body.split('?').next()?;
    }
    let body = body.trim().trim_matches(['<', '>', '"', '\'', ',', ';', '，', '；', '。', '.', ' ']);
    let body = body.replace('＠', "@");
    let (user, domain) = body.split_once('@')?;
    let domain = domain.trim().to_lowercase();
    let domain = domains.get(&domain).map_or(domain.as_str(), String::as_str);
    let user = user.trim();
    let fine = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"' | '@' | ':')
    };
    let user_fits = (1..=64).contains(&user.len())
        && user.chars().all(fine)
        && !user.starts_with('.')
        && !user.ends_with('.')
        && !user.contains("..");
    (user_fits && is_domain(domain)).then(|| format!("{user}@{domain}"))
}

/// A domain as RFC 1035 has it, letters of every script allowed.
fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| (c.is_alphanumeric() && !c.is_uppercase()) || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let ends_well =
        labels.last().is_some_and(|top| top.chars().count() >= 2 && top.chars().any(char::is_alphabetic));
    text.len() <= 253 && labels.len() >= 2 && labels.iter().all(fits) && ends_well
}

pub(super) fn apply(
    spec: &ContactSpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let mut out = frame.clone();
    for one in &spec.columns {
        let name = &one.column;
        if !has_column(frame, name, record) {
            continue;
        }
        // Numbers as an identifier stay as they stand: other tables may name them.
        if schema.iter().any(|column| column.name == *name && column.role == Role::Id) {
            continue;
        }
        let unknown = |code: &str| setting(name, "unknown_country", code);
        let mut invalid = 0u64;
        type Format<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;
        let format: Format<'_> = match one.kind {
            ContactKind::Phone => {
                let of = one
                    .country
                    .as_deref()
                    .map(|code| country(code).ok_or_else(|| unknown(code)))
                    .transpose()?;
                Box::new(move |text| phone(text, of))
            }
            ContactKind::Email => Box::new(|text| email(text, &one.domains)),
            ContactKind::Postcode => {
                let code = one.country.as_deref().unwrap_or_default();
                let of = postcodes::Postcodes::of(code).ok_or_else(|| unknown(code))?;
                Box::new(move |text| of.format(text))
            }
        };
        out = text_column(&out, name, record, report, |_, value| {
            if missing::is_missing(value) {
                return Cell::Keep;
            }
            match format(value) {
                Some(new) => Cell::text(value, new),
                None => {
                    invalid += 1;
                    Cell::Keep
                }
            }
        })?;
        if invalid > 0 {
            let code = match one.kind {
                ContactKind::Phone => "phones_invalid",
                ContactKind::Email => "emails_invalid",
                ContactKind::Postcode => "postcodes_invalid",
            };
            record.note(Note::new(code).with("column", name).with("count", invalid));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
