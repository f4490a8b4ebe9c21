//! Suggestions about telephone numbers and e-mail addresses.

use std::collections::BTreeMap;

use polars::prelude::StringChunked;

use super::{Look, Mend, Suggestion, evidence};
use crate::clean::contact_form::{self, ContactColumn, ContactKind, ContactSpec};
use crate::clean::{Change, StepSpec};
use crate::detect::{missing, words};
use crate::note::Note;
use crate::table::{ColumnSpec, Role};

/// Values of a column that are looked at to tell what it holds.
const SAMPLE: usize = 300;
/// Share of them that must look so.
const SHARE: f64 = 0.6;
/// Domains with a slip that are suggested for a column.
const DOMAINS: usize = 5;

/// Providers of mail whose names people mistype, and those that look like a slip and are none.
const PROVIDERS: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "outlook.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "ymail.com",
    "icloud.com",
    "aol.com",
    "mail.com",
    "email.com",
    "gmx.com",
    "gmx.net",
    "protonmail.com",
    "proton.me",
    "qq.com",
    "foxmail.com",
    "163.com",
    "126.com",
    "139.com",
    "189.com",
    "sina.com",
    "sina.cn",
    "sohu.com",
    "aliyun.com",
    "yeah.net",
    "hotmail.co.uk",
    "yahoo.co.uk",
    "btinternet.com",
    "t-online.de",
    "web.de",
    "freenet.de",
    "orange.fr",
    "wanadoo.fr",
    "laposte.net",
    "libero.it",
    "yandex.ru",
    "mail.ru",
    "rambler.ru",
    "comcast.net",
    "verizon.net",
    "naver.com",
    "docomo.ne.jp",
    "rediffmail.com",
    "zoho.com",
    "fastmail.com",
];

pub(super) fn suggest(look: &Look<'_>) -> crate::Result<Vec<Suggestion>> {
    let mut out = Vec::new();
    let rows = look.rows_for(&StepSpec::ContactForm(ContactSpec::default()));
    for column in look.schema.iter().filter(|c| matches!(c.role, Role::Contact | Role::Text | Role::Category))
    {
        let Some(text) = rows.text(&column.name) else { continue };
        let sample: Vec<&str> =
            text.iter().flatten().filter(|v| !missing::is_missing(v)).take(SAMPLE).collect();
        let share = |is: fn(&str) -> bool| {
            sample.iter().filter(|value| is(value)).count() as f64 / sample.len().max(1) as f64
        };
        if share(|value| value.contains('@') && value.contains('.')) > SHARE {
            if let Some(suggestion) = form(look, column, ContactKind::Email, None)? {
                out.push(suggestion);
            }
            out.extend(domains(look, column, text)?);
        } else if share(words::is_phone) > SHARE || (is_phone_name(&column.name) && share(has_digits) > SHARE)
        {
            let country = contact_form::guess_country(&sample, look.report)?;
            out.extend(form(look, column, ContactKind::Phone, country)?);
        }
    }
    Ok(out)
}

fn has_digits(value: &str) -> bool {
    value.bytes().filter(u8::is_ascii_digit).count() >= 7
}

fn is_phone_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["phone", "mobile", "telefon", "tel", "手机", "电话"].iter().any(|word| lower.contains(word))
}

/// True where the recipe has a step for the column already.
fn is_known(look: &Look<'_>, column: &str, kind: ContactKind) -> bool {
    look.recipe.steps.iter().any(|step| match &step.spec {
        StepSpec::ContactForm(spec) => {
            spec.columns.iter().any(|one| one.column == column && one.kind == kind)
        }
        _ => false,
    })
}

/// Bring a column to one form, with the country that its numbers fit.
fn form(
    look: &Look<'_>,
    column: &ColumnSpec,
    kind: ContactKind,
    country: Option<(&'static str, f64)>,
) -> crate::Result<Option<Suggestion>> {
    if is_known(look, &column.name, kind) {
        return Ok(None);
    }
    let one = ContactColumn {
        column: column.name.clone(),
        kind,
        country: country.map(|(code, _)| code.to_owned()),
        ..ContactColumn::default()
    };
    let (spec, change) = tried(look, one)?;
    if change.cells_changed == 0 {
        return Ok(None);
    }
    let why = match (kind, country) {
        (ContactKind::Phone, Some((code, share))) => Note::new("suggest_phones")
            .with("column", &column.name)
            .with("country", code)
            .with("share", format!("{:.0}%", 100.0 * share)),
        (ContactKind::Phone, None) => Note::new("suggest_phones_abroad").with("column", &column.name),
        _ => Note::new("suggest_emails").with("column", &column.name),
    };
    Ok(Some(suggestion(why, spec, change)))
}

fn tried(look: &Look<'_>, one: ContactColumn) -> crate::Result<(StepSpec, Change)> {
    let spec = StepSpec::ContactForm(ContactSpec { columns: vec![one] });
    let change = look.tried(&spec)?;
    Ok((spec, change))
}

fn suggestion(why: Note, spec: StepSpec, change: Change) -> Suggestion {
    let left = change.notes.iter().flat_map(|note| &note.args).find(|(name, _)| *name == "count");
    Suggestion {
        why,
        effect: Note::new("suggest_contact_effect")
            .with("count", change.cells_changed)
            .with("left", left.map_or("0", |(_, count)| count.as_str())),
        mend: Mend::AddStep(spec),
        evidence: evidence(change),
    }
}

/// Domains that are one slip away from a provider's, each with what it would correct.
fn domains(look: &Look<'_>, column: &ColumnSpec, text: &StringChunked) -> crate::Result<Vec<Suggestion>> {
    let none = BTreeMap::new();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (at, value) in text.iter().enumerate() {
        if at % 512 == 0 {
            look.report.check()?;
        }
        if let Some(mail) = value.and_then(|value| contact_form::email(value, &none))
            && let Some((_, domain)) = mail.split_once('@')
        {
            *counts.entry(domain.to_owned()).or_default() += 1;
        }
    }
    let mut wrong: Vec<(String, &'static str, u64)> = counts
        .iter()
        .filter_map(|(domain, count)| Some((domain.clone(), meant_domain(domain)?, *count)))
        // A company's own domain that happens to be near is no slip when many use it.
        .filter(|(_, meant, count)| *count <= 2 || *count * 10 <= counts.get(*meant).copied().unwrap_or(0))
        .collect();
    wrong.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    let mut out = Vec::new();
    for (domain, meant, count) in wrong.into_iter().take(DOMAINS) {
        let one = ContactColumn {
            column: column.name.clone(),
            kind: ContactKind::Email,
            country: None,
            domains: BTreeMap::from([(domain.clone(), meant.to_owned())]),
        };
        let why = Note::new("suggest_domain")
            .with("column", &column.name)
            .with("count", count)
            .with("from", &domain)
            .with("to", meant);
        let (spec, mut change) = tried(look, one)?;
        change.examples.retain(|cell| {
            cell.before.as_ref().is_some_and(|before| before.to_lowercase().contains(&domain))
        });
        out.push(suggestion(why, spec, change));
    }
    Ok(out)
}

/// The provider that a domain misses by one slip. Ends of other countries (`yahoo.fr`) are none.
fn meant_domain(domain: &str) -> Option<&'static str> {
    if PROVIDERS.contains(&domain) {
        return None;
    }
    let (name, end) = domain.split_once('.')?;
    PROVIDERS.iter().copied().find(|provider| {
        let Some((of_name, of_end)) = provider.split_once('.') else { return false };
        let other_country = end.chars().count() == 2 && !matches!(end, "co" | "cm" | "om");
        let slip = strsim::osa_distance(domain, provider) == 1;
        let in_name = end == of_end && of_name.len() >= 5;
        let in_end = name == of_name && !other_country && of_name.len() >= 4;
        slip && (in_name || in_end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_providers() {
        for (domain, meant) in [
            ("gmial.com", Some("gmail.com")),
            ("gmai.com", Some("gmail.com")),
            ("gmail.con", Some("gmail.com")),
            ("gmail.co", Some("gmail.com")),
            ("hotmial.com", Some("hotmail.com")),
            ("yahoo.co", Some("yahoo.com")),
            ("gmail.com", None),
            ("mail.com", None),
            ("ymail.com", None),
            ("yahoo.fr", None),
            ("hotmail.de", None),
            ("162.com", None),
            ("example.com", None),
        ] {
            assert_eq!(meant_domain(domain), meant, "{domain}");
        }
    }
}
