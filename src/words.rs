//! The catalogue: every sentence of the faces, in English and Simplified Chinese. The language is
//! a value that is handed on, never a global.

use regulars_engine::Note;
use serde::{Deserialize, Serialize};

/// A language of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    En,
    Zh,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Zh];

    /// The code used in the catalogue.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The language's own name.
    pub fn label(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Zh => "中文",
        }
    }

    /// The language of the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`), else English.
    pub fn of_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        if set.is_some_and(|value| value.starts_with("zh")) { Self::Zh } else { Self::En }
    }

    /// The sentence of a key; the key itself where the catalogue lacks it (a test forbids that).
    pub fn t(self, key: &str) -> String {
        rust_i18n::t!(key, locale = self.code()).into_owned()
    }

    /// A sentence with `%{name}` filled in.
    pub fn with(self, key: &str, args: &[(&str, String)]) -> String {
        let mut text = self.t(key);
        for (name, value) in args {
            text = text.replace(&format!("%{{{name}}}"), value);
        }
        text
    }

    /// The words of an engine's note.
    pub fn note(self, note: &Note) -> String {
        let args: Vec<(&str, String)> = note.args.iter().map(|(n, v)| (*n, v.clone())).collect();
        self.with(&format!("note.{}", note.code), &args)
    }

    /// What went wrong, in plain words: the sentence of its kind, then the details.
    pub fn error(self, error: &regulars_engine::Error) -> String {
        let lead = self.t(&format!("error.{}", error.kind()));
        match self {
            Self::En => sentence(&error.to_string()),
            Self::Zh => {
                let place = error.place();
                let file = place.file.map(|file| format!("：{}", file.display())).unwrap_or_default();
                let row = place.row.map(|row| format!("，第 {row} 行")).unwrap_or_default();
                let column = place.column.map(|column| format!("，列“{column}”")).unwrap_or_default();
                let known = format!("{lead}{file}{row}{column}");
                // What the system or a library said has no translation, and may be what helps.
                if TOLD_WHOLE.contains(&error.kind()) { format!("{known}（{error}）") } else { known }
            }
        }
    }

    /// How to mend it.
    pub fn hint(self, error: &regulars_engine::Error) -> String {
        self.t(&format!("hint.{}", error.kind()))
    }

    /// A count with separators for thousands.
    pub fn count(self, value: u64) -> String {
        let digits = value.to_string();
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out
    }
}

/// Kinds of error whose details cannot be told by place alone.
const TOLD_WHOLE: [&str; 10] = [
    "read_failed",
    "bad_record",
    "table_engine",
    "device",
    "fit_failed",
    "not_a_bundle",
    "not_a_project",
    "write_failed",
    "many_classes",
    "no_such_value",
];

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A share as a percentage with one decimal.
pub fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// A plain name of a segment from the one or two things that set it apart most.
pub fn segment_name(lang: Lang, segment: &regulars_engine::segment::Segment) -> String {
    let parts: Vec<String> = segment
        .traits
        .iter()
        .take(2)
        .map(|t| match (&t.level, t.difference > 0.0) {
            (Some(level), _) => format!("{} {level}", t.column),
            (None, true) => lang.with("segments.high", &[("column", t.column.clone())]),
            (None, false) => lang.with("segments.low", &[("column", t.column.clone())]),
        })
        .collect();
    if parts.is_empty() { lang.t("segments.average") } else { parts.join(" · ") }
}

/// The ranked list as a table to export: what the window shows, cell for cell.
pub fn ranked_table(
    lang: Lang,
    list: &[regulars_engine::deploy::Customer],
    segments: &regulars_engine::segment::Segmentation,
) -> (Vec<String>, Vec<Vec<String>>) {
    let rows = list.iter().enumerate().map(|(at, c)| ranked_row(lang, at + 1, c, Some(segments))).collect();
    (ranked_header(lang), rows)
}

/// One row of the ranked list.
pub fn ranked_row(
    lang: Lang,
    rank: usize,
    customer: &regulars_engine::deploy::Customer,
    segments: Option<&regulars_engine::segment::Segmentation>,
) -> Vec<String> {
    use regulars_engine::split::Side;
    let segment = customer
        .segment
        .and_then(|at| segments.and_then(|s| s.segments.get(at)))
        .map_or_else(String::new, |segment| segment_name(lang, segment));
    let side = match customer.side {
        Side::Train => "train",
        Side::Valid => "valid",
        Side::Test => "test",
        Side::Unlabelled => "unlabelled",
    };
    vec![
        rank.to_string(),
        customer.id.clone(),
        customer.row.to_string(),
        percent(customer.probability),
        customer.actual.map_or_else(String::new, |a| lang.t(if a { "common.yes" } else { "common.no" })),
        segment,
        lang.t(&format!("side.{side}")),
    ]
}

/// The heads of the ranked list's columns.
pub fn ranked_header(lang: Lang) -> Vec<String> {
    ["rank", "id", "row", "risk", "actual", "segment", "side"]
        .iter()
        .map(|name| lang.t(&format!("customers.{name}")))
        .collect()
}
