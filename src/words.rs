//! The catalogue: every sentence of the faces, in English and Simplified Chinese. The language is
//! a value that is handed on, never a global.

use std::path::PathBuf;

use regulars_engine::Note;
use regulars_engine::collect::http::{DryRun, Paging};
use regulars_engine::deploy::Reason;
use regulars_engine::error::COLUMNS_NAMED;
use regulars_engine::segment::Segment;
use regulars_engine::segment::rfm::KNOWN;
use serde::{Deserialize, Serialize};

mod agree;
mod differences;
pub mod drawn;
pub mod heard;
mod list;
pub mod money;
mod named;
pub mod spoken;
pub mod value;
pub mod watch;

pub use differences::{Against, differences};
pub use list::{Beside, ClassesAndActions, ClassesOf, Column, call_list, follow_up, ranked, shown_id};
pub use named::column_name;

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

    /// A sentence with `%{name}` filled in; English nouns after a 1 are in the singular.
    pub fn with(self, key: &str, args: &[(&str, String)]) -> String {
        let mut text = self.t(key);
        if self == Self::En && args.iter().any(|(_, value)| value == "1") {
            text =
                agree::agree(&text, |name| args.iter().any(|(known, value)| *known == name && value == "1"));
        }
        for (name, value) in args {
            text = text.replace(&format!("%{{{name}}}"), value);
        }
        text
    }

    /// The words of an engine's note.
    pub fn note(self, note: &Note) -> String {
        let told = |name: &str, value: &str| match value.parse::<u64>() {
            // Counts are grouped as everywhere; a year or a code is not.
            Ok(count) if name == "count" && !value.starts_with('0') => self.count(count),
            _ => self.value(value),
        };
        let args: Vec<(&str, String)> = note.args.iter().map(|(n, v)| (*n, told(n, v))).collect();
        self.with(&format!("note.{}", note.code), &args)
    }

    /// A value that a sentence mentions: with `@` before it, the sentence of that key.
    pub fn value(self, text: &str) -> String {
        match text.strip_prefix('@') {
            Some(key) if key.contains('.') && key.is_ascii() => self.t(key),
            _ => text.to_owned(),
        }
    }

    /// What went wrong, in plain words: the sentence of its kind, then the details.
    pub fn error(self, error: &regulars_engine::Error) -> String {
        let lead = self.t(&format!("error.{}", error.kind()));
        match self {
            Self::En => {
                let told = error.to_string();
                // A file is called as it is called.
                let is_named = |file: PathBuf| told.starts_with(&file.display().to_string());
                if error.place().file.is_some_and(is_named) { told } else { sentence(&told) }
            }
            Self::Zh => {
                let place = error.place();
                let file = place.file.map(|file| format!("：{}", file.display())).unwrap_or_default();
                let row = place.row.map(|row| format!("，第 {row} 行")).unwrap_or_default();
                let column = match error.columns() {
                    [] | [_] => place.column.map(|column| format!("，列“{column}”")).unwrap_or_default(),
                    several => {
                        let named = several.iter().take(COLUMNS_NAMED).map(|name| format!("“{name}”"));
                        let more = several.len().saturating_sub(COLUMNS_NAMED);
                        let rest = if more > 0 { format!("，另有 {more} 列") } else { String::new() };
                        format!("，列{}{rest}", self.list(&named.collect::<Vec<_>>()))
                    }
                };
                let known = format!("{lead}{file}{row}{column}");
                // What the system or a library said has no translation, and may be what helps.
                if TOLD_WHOLE.contains(&error.kind()) { format!("{known}（{error}）") } else { known }
            }
        }
    }

    /// Things one after the other.
    pub fn list<S: AsRef<str>>(self, things: &[S]) -> String {
        let things: Vec<&str> = things.iter().map(AsRef::as_ref).collect();
        things.join(match self {
            Self::En => ", ",
            Self::Zh => "、",
        })
    }

    /// How to mend it.
    pub fn hint(self, error: &regulars_engine::Error) -> String {
        self.t(&format!("hint.{}", error.kind()))
    }

    /// [`hint`](Self::hint) in the terminal, where there are flags and no pages.
    pub fn hint_in_terminal(self, error: &regulars_engine::Error) -> String {
        match error.kind() {
            kind if MENDED_BY_FLAGS.contains(&kind) => self.t(&format!("cli.hint.{kind}")),
            _ => self.hint(error),
        }
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
const TOLD_WHOLE: [&str; 100] = [
    "elsewhere_address",
    "elsewhere_open",
    "elsewhere_certificate",
    "elsewhere_token_file",
    "elsewhere_short_token",
    "elsewhere_unreachable",
    "elsewhere_token",
    "elsewhere_busy",
    "elsewhere_protocol",
    "elsewhere_failed",
    "elsewhere_order",
    "cannot_listen",
    "keys_needed",
    "key_store",
    "no_key",
    "certificate",
    "two_of_a_name",
    "bad_watch_settings",
    "trail_broken",
    "notice_failed",
    "recommend_no_lines",
    "recommend_one_product",
    "recommend_nobody",
    "recommend_too_many",
    "recommend_cut_off",
    "recommend_no_product",
    "no_customer",
    "device_broke",
    "net_memory",
    "fed_few_rows",
    "fed_column",
    "fed_weights",
    "fed_server",
    "fed_protocol",
    "fed_key",
    "not_a_run",
    "net_settings",
    "net_data",
    "net_checkpoint",
    "behaviour_no_orders",
    "behaviour_no_dates",
    "behaviour_too_short",
    "behaviour_nobody",
    "behaviour_before_begin",
    "behaviour_after_end",
    "behaviour_lacking",
    "behaviour_looks_ahead",
    "push_no_customer",
    "push_answer",
    "bad_recipe",
    "no_column",
    "read_failed",
    "too_large",
    "bad_record",
    "table_engine",
    "device",
    "fit_failed",
    "not_a_bundle",
    "not_a_project",
    "write_failed",
    "many_classes",
    "too_many_classes",
    "no_such_value",
    "database_address",
    "database_login",
    "database_absent",
    "database_tls",
    "database_cannot_open",
    "database_no_table",
    "database_no_column",
    "database_not_numeric",
    "database_not_reading",
    "database_sql",
    "database_lost",
    "http_address",
    "http_unauthorized",
    "http_unreachable",
    "http_tls",
    "http_cut",
    "http_status",
    "http_rate_limited",
    "http_other_host",
    "http_loop",
    "http_not_json",
    "http_bad_json",
    "http_no_records",
    "combine_no_table",
    "combine_no_customers",
    "combine_no_key",
    "combine_no_column",
    "combine_too_long",
    "no_part",
    "malformed",
    "bad_json",
    "bad_range",
    "truncated",
    "encrypted",
    "unpacks_too_big",
    "formula",
    "formula_column",
];

/// Kinds of error that are mended in the terminal by other means than in the window; their words are
/// under `cli.hint.<kind>`.
pub const MENDED_BY_FLAGS: [&str; 17] = [
    "elsewhere_open",
    "private_kind",
    "locked_file",
    "short_passphrase",
    "recommend_no_lines",
    "recommend_no_column",
    "net_no_sequence",
    "no_rows",
    "no_features",
    "no_target",
    "many_classes",
    "device",
    "database_tls",
    "http_address",
    "http_no_key",
    "http_loop",
    "combine_no_customers",
];

/// How a web address was paged, in words.
fn paging(lang: Lang, paging: &Paging) -> String {
    match paging {
        Paging::Auto => lang.t("paging.auto"),
        Paging::Page { param, .. } => lang.with("paging.page", &[("param", param.clone())]),
        Paging::Offset { param, .. } => lang.with("paging.offset", &[("param", param.clone())]),
        Paging::Cursor { param, path } => {
            lang.with("paging.cursor", &[("param", param.clone()), ("path", path.clone())])
        }
        Paging::NextLink { path } => lang.with("paging.next_link", &[("path", path.clone())]),
        Paging::LinkHeader => lang.t("paging.link_header"),
        Paging::None => lang.t("paging.none"),
    }
}

/// What the first page of a web address told.
pub fn first_page(lang: Lang, page: &DryRun) -> String {
    let dash = || "—".to_owned();
    let args = [
        ("records", lang.count(page.records)),
        ("path", if page.path.is_empty() { dash() } else { page.path.clone() }),
        ("paging", paging(lang, &page.paging)),
        ("next", page.next.clone().unwrap_or_else(dash)),
    ];
    lang.with("web.first_page", &args)
}

fn sentence(text: &str) -> String {
    // A file or an address is written as it is.
    if text
        .split_whitespace()
        .next()
        .is_some_and(|word| word.trim_end_matches(['.', ':', ',']).contains(['.', ':', '/']))
    {
        return text.to_owned();
    }
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
pub fn segment_name(lang: Lang, segment: &Segment) -> String {
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

/// The name of a class: that of the trade in the person's language, any other as it was given.
pub fn class_name(lang: Lang, name: &str) -> String {
    if KNOWN.contains(&name) { lang.t(&format!("rfm.class.{name}")) } else { name.to_owned() }
}

/// What is usually done with a class; nothing for one that a person made.
pub fn class_action(lang: Lang, name: &str) -> String {
    if KNOWN.contains(&name) { lang.t(&format!("rfm.action.{name}")) } else { String::new() }
}

/// A share in points, as it is shown: sums of what is shown must be right as well.
pub fn tenths(share: f64) -> f64 {
    (1000.0 * share).round() / 10.0
}

/// Points of a share: "+18.3" or "−3.0".
pub fn points(share: f64) -> String {
    let points = tenths(share);
    let text = format!("{:.1}", points.abs());
    if points < 0.0 { format!("−{text}") } else { format!("+{text}") }
}

/// A reason in words, with its points.
pub fn reason(lang: Lang, reason: &Reason) -> String {
    let key = match (&reason.value, reason.usual.is_empty()) {
        (None, _) => "reason.missing",
        (Some(value), _) if *value == reason.usual => "reason.usual",
        (Some(_), true) => "reason.plain",
        (Some(_), false) => "reason.unusual",
    };
    lang.with(
        key,
        &[
            ("column", column_name(lang, &reason.column)),
            ("value", reason.value.clone().unwrap_or_default()),
            ("usual", reason.usual.clone()),
            ("points", points(reason.share)),
        ],
    )
}

/// [`reason`] with the column's own name behind it, where that is another.
pub fn reason_with_column(lang: Lang, one: &Reason) -> String {
    let told = reason(lang, one);
    if column_name(lang, &one.column) == one.column { told } else { format!("{told} [{}]", one.column) }
}
