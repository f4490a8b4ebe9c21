//! Why a formula cannot be used, with the place in its text.

use std::fmt;

use super::Type;
use crate::note::Note;

/// What may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A column, number, text, date, function or opening bracket.
    Operand,
    /// An operator, or the end of the formula.
    Operator,
    /// `(`
    Open,
    /// `)` or a comma.
    Close,
    /// `and` between the two bounds of `between`.
    And,
    /// `missing` after `is`.
    Missing,
}

impl Wanted {
    /// The name used in the catalogue, `expect.<name>`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operand => "operand",
            Self::Operator => "operator",
            Self::Open => "open",
            Self::Close => "close",
            Self::And => "and",
            Self::Missing => "missing",
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operand => "a column, a value or a function",
            Self::Operator => "an operator or the end",
            Self::Open => "“(”",
            Self::Close => "“)” or a comma",
            Self::And => "“and” and the upper bound",
            Self::Missing => "“missing”",
        })
    }
}

/// A mistake in a formula. `at` counts characters from 1.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FormulaError {
    #[error("the formula is empty")]
    Empty,
    #[error("the formula is longer than {limit} characters")]
    TooLong { limit: usize },
    #[error("the formula nests too deeply at character {at}")]
    TooDeep { at: usize },
    #[error("at character {at}: expected {expected}, found {}", shown(found))]
    Unexpected { at: usize, found: String, expected: Wanted },
    #[error("at character {at}: “{mark}” is never closed")]
    Unclosed { at: usize, mark: char },
    #[error("at character {at}: “{text}” is no number or date")]
    BadValue { at: usize, text: String },
    #[error("at character {at}: no column “{name}”{}", meant(nearest))]
    UnknownColumn { at: usize, name: String, nearest: Option<String> },
    #[error("at character {at}: no function “{name}”{}", meant(nearest))]
    UnknownFunction { at: usize, name: String, nearest: Option<String> },
    #[error("at character {at}: “{function}” is written {usage}")]
    Arguments { at: usize, function: &'static str, usage: &'static str },
    #[error("at character {at}: {} is needed, this is {}", expected.name(), found.name())]
    WrongType { at: usize, expected: Type, found: Type },
    #[error("at character {at}: {} and {} do not go together", left.name(), right.name())]
    Mismatch { at: usize, left: Type, right: Type },
}

fn shown(found: &str) -> String {
    if found.is_empty() { "the end".to_owned() } else { format!("“{found}”") }
}

fn meant(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean “{name}”?"))
}

impl FormulaError {
    /// The character that it is about, counted from 1; `None` for the formula as a whole.
    pub fn at(&self) -> Option<usize> {
        match self {
            Self::Empty | Self::TooLong { .. } => None,
            Self::TooDeep { at }
            | Self::Unexpected { at, .. }
            | Self::Unclosed { at, .. }
            | Self::BadValue { at, .. }
            | Self::UnknownColumn { at, .. }
            | Self::UnknownFunction { at, .. }
            | Self::Arguments { at, .. }
            | Self::WrongType { at, .. }
            | Self::Mismatch { at, .. } => Some(*at),
        }
    }

    /// The mistake as a note, for the faces to word.
    pub fn note(&self) -> Note {
        let typed = |kind: Type| format!("@formula_type.{}", kind.name());
        match self {
            Self::Empty => Note::new("formula_empty"),
            Self::TooLong { limit } => Note::new("formula_too_long").with("limit", limit),
            Self::TooDeep { at } => Note::new("formula_too_deep").with("at", at),
            Self::Unexpected { at, found, expected } => {
                let code = if found.is_empty() { "formula_ends" } else { "formula_unexpected" };
                let note = Note::new(code).with("at", at);
                let note = if found.is_empty() { note } else { note.with("found", found) };
                note.with("expected", format!("@expect.{}", expected.name()))
            }
            Self::Unclosed { at, mark } => Note::new("formula_unclosed").with("at", at).with("mark", mark),
            Self::BadValue { at, text } => Note::new("formula_bad_value").with("at", at).with("text", text),
            Self::UnknownColumn { at, name, nearest: None } => {
                Note::new("formula_no_column").with("at", at).with("name", name)
            }
            Self::UnknownColumn { at, name, nearest: Some(nearest) } => {
                Note::new("formula_no_column_near").with("at", at).with("name", name).with("nearest", nearest)
            }
            Self::UnknownFunction { at, name, nearest: None } => {
                Note::new("formula_no_function").with("at", at).with("name", name)
            }
            Self::UnknownFunction { at, name, nearest: Some(nearest) } => {
                let note = Note::new("formula_no_function_near").with("at", at).with("name", name);
                note.with("nearest", nearest)
            }
            Self::Arguments { at, function, usage } => {
                let note = Note::new("formula_arguments").with("at", at).with("function", function);
                note.with("usage", usage)
            }
            Self::WrongType { at, expected, found } => {
                let note = Note::new("formula_wrong_type").with("at", at);
                note.with("expected", typed(*expected)).with("found", typed(*found))
            }
            Self::Mismatch { at, left, right } => {
                let note = Note::new("formula_mismatch").with("at", at);
                note.with("left", typed(*left)).with("right", typed(*right))
            }
        }
    }
}

/// The candidate nearest to `name` by edits (Damerau and Levenshtein), if near enough to be meant.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_lowercase();
    let most = 1 + wanted.chars().count() / 4;
    candidates
        .map(|one| (strsim::damerau_levenshtein(&wanted, &one.to_lowercase()), one))
        .filter(|(edits, one)| *edits <= most && *edits < one.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, one)| one.to_owned())
}
