//! Text as it was meant: one Unicode form, half-width letters and digits, no invisible characters,
//! plain blanks, no remains of HTML, Excel or a wrong encoding. Row-local.

mod characters;
mod escapes;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfkc};

use super::mojibake;
use super::record::Recorder;
use super::rewrite::{Cell, text_column};
use crate::job::Reporter;
use crate::note::Note;
use crate::table::{ColumnSpec, Frame, Role};

/// Rounds after which a cell is taken as it is; text that was garbled or escaped twice needs two.
const ROUNDS: usize = 8;

/// The Unicode normal form to bring text to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormalForm {
    /// As it stands.
    Keep,
    /// Canonical composition: looks the same, is the same.
    #[default]
    Nfc,
    /// Compatibility composition: also ① to 1, ﬁ to fi, ㎏ to kg.
    Nfkc,
}

/// What to tidy. The default leaves alone what may be meant: identifiers, the target and Chinese
/// punctuation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TidySpec {
    pub form: NormalForm,
    /// Full-width letters, digits and technical signs to half-width.
    pub width: bool,
    /// Full-width ，：；！？ to half-width beside Chinese, Japanese and Korean letters as well.
    pub punctuation: bool,
    /// Zero-width characters, byte-order marks, soft hyphens, direction marks, control characters.
    pub invisible: bool,
    /// Every kind of blank to one plain blank, none at the ends; line breaks stay.
    pub blanks: bool,
    /// Excel's `_x000D_`.
    pub escapes: bool,
    /// HTML entities: `&amp;`, `&#39;`.
    pub entities: bool,
    /// UTF-8 that was read as Windows-1252.
    pub mojibake: bool,
    /// Identifiers too.
    pub ids: bool,
}

impl Default for TidySpec {
    fn default() -> Self {
        Self {
            form: NormalForm::Nfc,
            width: true,
            punctuation: false,
            invisible: true,
            blanks: true,
            escapes: true,
            entities: true,
            mojibake: true,
            ids: false,
        }
    }
}

/// Cells by what was wrong with them; one cell may count under several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub form: u64,
    pub width: u64,
    pub invisible: u64,
    pub blanks: u64,
    pub escapes: u64,
    pub entities: u64,
    pub mojibake: u64,
}

impl Found {
    fn each(&self) -> [(&'static str, u64); 7] {
        [
            ("tidy_mojibake", self.mojibake),
            ("tidy_escapes", self.escapes),
            ("tidy_entities", self.entities),
            ("tidy_invisible", self.invisible),
            ("tidy_width", self.width),
            ("tidy_form", self.form),
            ("tidy_blanks", self.blanks),
        ]
    }
}

/// One text tidied. A text that is tidy already is borrowed, and tidying twice changes no more
/// than tidying once.
///
/// ```
/// # use regulars_engine::clean::{TidySpec, tidied};
/// assert_eq!(tidied(" Ｊo\u{200b}hn &amp; MÃ¼ller ", &TidySpec::default()), "John & Müller");
/// ```
pub fn tidied<'a>(text: &'a str, spec: &TidySpec) -> Cow<'a, str> {
    tidy(text, spec, &mut Found::default())
}

/// The columns that the step works on.
pub(super) fn applies(column: &ColumnSpec, spec: &TidySpec) -> bool {
    match column.role {
        Role::Id => spec.ids,
        // What counts as positive was chosen by its writing.
        Role::Target => false,
        _ => true,
    }
}

pub(super) fn apply(
    spec: &TidySpec,
    schema: &[ColumnSpec],
    frame: &Frame,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let mut found = Found::default();
    let mut out = frame.clone();
    for column in schema.iter().filter(|column| applies(column, spec)) {
        out = text_column(&out, &column.name, record, report, |_, value| {
            match tidy(value, spec, &mut found) {
                Cow::Borrowed(_) => Cell::Keep,
                Cow::Owned(new) => Cell::text(value, new),
            }
        })?;
    }
    for (code, count) in found.each().into_iter().filter(|(_, count)| *count > 0) {
        record.note(Note::new(code).with("count", count));
    }
    Ok(out)
}

fn tidy<'a>(text: &'a str, spec: &TidySpec, found: &mut Found) -> Cow<'a, str> {
    if is_tidy(text) {
        return Cow::Borrowed(text);
    }
    let mut seen = Found::default();
    let mut current = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        match once(&current, spec, &mut seen) {
            Some(next) => current = Cow::Owned(next),
            None => break,
        }
    }
    let add = |total: &mut u64, part: u64| *total += part.min(1);
    add(&mut found.form, seen.form);
    add(&mut found.width, seen.width);
    add(&mut found.invisible, seen.invisible);
    add(&mut found.blanks, seen.blanks);
    add(&mut found.escapes, seen.escapes);
    add(&mut found.entities, seen.entities);
    add(&mut found.mojibake, seen.mojibake);
    current
}

/// Plain ASCII without anything that a part of the step looks for: what most cells are.
fn is_tidy(text: &str) -> bool {
    let bytes = text.as_bytes();
    let blank_end = |b: Option<&u8>| b.is_some_and(|b| *b == b' ');
    if blank_end(bytes.first()) || blank_end(bytes.last()) {
        return false;
    }
    let mut before = 0u8;
    bytes.iter().all(|&b| {
        let fine = matches!(b, b' '..=b'~') && b != b'&' && !(b == b' ' && before == b' ') && b != b'_';
        before = b;
        fine
    })
}

/// One round; `None` if it changed nothing.
fn once(text: &str, spec: &TidySpec, found: &mut Found) -> Option<String> {
    let mut current = Cow::Borrowed(text);
    let part =
        |current: &mut Cow<'_, str>, on: bool, count: &mut u64, new: fn(&str, bool) -> Option<String>| {
            if on && let Some(new) = new(current, spec.punctuation) {
                *count += 1;
                *current = Cow::Owned(new);
            }
        };
    part(&mut current, spec.mojibake, &mut found.mojibake, |text, _| mojibake::repaired(text));
    part(&mut current, spec.escapes, &mut found.escapes, |text, _| escapes::unescaped(text));
    part(&mut current, spec.entities, &mut found.entities, |text, _| escapes::without_entities(text));
    part(&mut current, spec.invisible, &mut found.invisible, |text, _| characters::visible(text));
    part(&mut current, spec.width, &mut found.width, characters::half_width);
    let form = spec.form;
    part(&mut current, form == NormalForm::Nfc, &mut found.form, |text, _| {
        (!is_nfc(text)).then(|| text.nfc().collect())
    });
    part(&mut current, form == NormalForm::Nfkc, &mut found.form, |text, _| {
        (!is_nfkc(text)).then(|| text.nfkc().collect())
    });
    part(&mut current, spec.blanks, &mut found.blanks, |text, _| characters::plain_blanks(text));
    match current {
        Cow::Owned(new) if new != text => Some(new),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
