//! Text as it was meant: one Unicode form, half-width letters and digits, no invisible characters,
//! plain blanks, no remains of HTML, Excel or a wrong encoding. Row-local.

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
    part(&mut current, spec.escapes, &mut found.escapes, |text, _| unescaped(text));
    part(&mut current, spec.entities, &mut found.entities, |text, _| without_entities(text));
    part(&mut current, spec.invisible, &mut found.invisible, |text, _| visible(text));
    part(&mut current, spec.width, &mut found.width, half_width);
    let form = spec.form;
    part(&mut current, form == NormalForm::Nfc, &mut found.form, |text, _| {
        (!is_nfc(text)).then(|| text.nfc().collect())
    });
    part(&mut current, form == NormalForm::Nfkc, &mut found.form, |text, _| {
        (!is_nfkc(text)).then(|| text.nfkc().collect())
    });
    part(&mut current, spec.blanks, &mut found.blanks, |text, _| plain_blanks(text));
    match current {
        Cow::Owned(new) if new != text => Some(new),
        _ => None,
    }
}

/// Excel writes control characters as `_x000D_` into its XML, and some programs leave them there.
fn unescaped(text: &str) -> Option<String> {
    let escapes =
        [("_x000D_", "\r"), ("_x000d_", "\r"), ("_x000A_", "\n"), ("_x000a_", "\n"), ("_x0009_", "\t")];
    if !text.contains("_x00") {
        return None;
    }
    let new = escapes.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain));
    (new != text).then_some(new)
}

/// Names of HTML entities that shops' exports hold. Those for `<`, `>`, `&` and quotes are what
/// programs write by themselves; the letters come from old web forms.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("euro", '€'),
    ("pound", '£'),
    ("yen", '¥'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("deg", '°'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("hellip", '…'),
    ("middot", '·'),
    ("bull", '•'),
    ("times", '×'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("agrave", 'à'),
    ("acirc", 'â'),
    ("aacute", 'á'),
    ("iacute", 'í'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("ntilde", 'ñ'),
    ("ccedil", 'ç'),
    ("Eacute", 'É'),
    ("aring", 'å'),
    ("oslash", 'ø'),
    ("aelig", 'æ'),
];

fn without_entities(text: &str) -> Option<String> {
    if !text.contains('&') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find('&') {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let body = from.strip_prefix('&').unwrap_or(from);
        match body.split_once(';').and_then(|(name, after)| Some((entity(name)?, after))) {
            Some((c, after)) => {
                out.push(c);
                rest = after;
                changed = true;
            }
            None => {
                out.push('&');
                rest = body;
            }
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

fn entity(name: &str) -> Option<char> {
    if name.len() > 8 {
        return None;
    }
    let Some(number) = name.strip_prefix('#') else {
        return ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|c| !c.is_control())
}

/// Without characters that show nothing. Joiners stay where they carry meaning: inside an emoji,
/// and between letters of Arabic, Persian and the scripts of India.
fn visible(text: &str) -> Option<String> {
    if !text.contains(is_invisible) {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let shown = |c: &&char| !is_invisible(**c);
    let mut out = String::with_capacity(text.len());
    for (at, &c) in chars.iter().enumerate() {
        if !is_invisible(c) {
            out.push(c);
            continue;
        }
        let before = chars.get(..at).and_then(|head| head.iter().rev().find(shown)).copied();
        let after = chars.get(at + 1..).and_then(|tail| tail.iter().find(shown)).copied();
        let both = |is: fn(char) -> bool| before.is_some_and(is) && after.is_some_and(is);
        // One joiner between two letters is enough.
        let joins = !out.ends_with(['\u{200c}', '\u{200d}']);
        let keep = match c {
            '\u{200d}' => joins && (both(is_emoji) || both(is_joining)),
            '\u{200c}' => joins && both(is_joining),
            _ => false,
        };
        if keep {
            out.push(c);
        }
    }
    (out != text).then_some(out)
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// What stands beside a joiner in an emoji: pictures, skin tones, the sign that asks for colour.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c),
        0xA9 | 0xAE | 0x20E3 | 0x2190..=0x21FF | 0x2300..=0x23FF | 0x2600..=0x27BF | 0x2B00..=0x2BFF
        | 0x3030 | 0x303D | 0x3297 | 0x3299 | 0xFE0F | 0x1F000..=0x1FAFF)
}

fn is_joining(c: char) -> bool {
    matches!(u32::from(c),
        0x600..=0x7FF | 0x8A0..=0x8FF | 0x900..=0xDFF | 0x1000..=0x109F | 0x1780..=0x18AF
        | 0xFB50..=0xFDFF | 0xFE70..=0xFEFC)
}

/// Full-width ASCII to half-width. ，：；！？ stay beside Chinese letters unless `punctuation`, but
/// not between digits: `１，２３４` is a number and `１０：３０` a time.
fn half_width(text: &str, punctuation: bool) -> Option<String> {
    if !text.contains(|c: char| narrow(c).is_some()) {
        return None;
    }
    let keep_marks = !punctuation && text.chars().any(is_east_asian);
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || matches!(c, '０'..='９'));
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let is_mark = matches!(c, '，' | '：' | '；' | '！' | '？');
        let kept = keep_marks && is_mark && !(digit(before) && digit(chars.peek().copied()));
        out.push(narrow(c).filter(|_| !kept).unwrap_or(c));
        before = Some(c);
    }
    (out != text).then_some(out)
}

fn narrow(c: char) -> Option<char> {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        '￥' => Some('¥'),
        '￡' => Some('£'),
        '￠' => Some('¢'),
        '￦' => Some('₩'),
        _ => None,
    }
}

pub(super) fn is_east_asian(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3100..=0x312F | 0x3400..=0x9FFF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Runs of blanks of any kind to one plain blank, or to one line break where they hold one.
fn plain_blanks(text: &str) -> Option<String> {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    let mut out = String::with_capacity(text.len());
    let mut gap: Option<char> = None;
    for c in text.chars() {
        if is_blank(c) {
            let breaks = matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
            gap = if breaks { Some('\n') } else { gap.or(Some(' ')) };
            continue;
        }
        if let Some(gap) = gap.take()
            && !out.is_empty()
        {
            out.push(gap);
        }
        out.push(c);
    }
    (out != text).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{assert_row_local, column, frame};
    use super::*;

    fn default(text: &str) -> String {
        tidied(text, &TidySpec::default()).into_owned()
    }

    #[test]
    fn text_as_it_was_meant() {
        for (text, meant) in [
            ("  two   words ", "two words"),
            ("a\u{a0}b\u{3000}c", "a b c"),
            ("Zoe\u{308}", "Zoë"),
            ("ＡＢＣ－１２３（ａ／ｂ）＠", "ABC-123(a/b)@"),
            ("\u{feff}Anna\u{200b} Li\u{ad}sa\u{202c}", "Anna Lisa"),
            ("line_x000D_\nnext", "line\nnext"),
            ("Tom &amp; Jerry&#39;s &nbsp;&#x20AC;5", "Tom & Jerry's €5"),
            ("&amp;amp;lt;b&gt;", "<b>"),
            ("R&D; AT&T", "R&D; AT&T"),
            ("MÃ¼ller", "Müller"),
            ("MÃƒÂ¼ller", "Müller"),
            ("under_score_x", "under_score_x"),
            ("", ""),
        ] {
            assert_eq!(default(text), meant, "{text:?}");
        }
    }

    #[test]
    fn chinese_punctuation_stays_unless_asked_for() {
        assert_eq!(default("你好，世界！１，２３４元　１０：３０。"), "你好，世界！1,234元 10:30。");
        assert_eq!(default("Ｈｉ，ｙｏｕ！"), "Hi,you!");
        let asked = TidySpec { punctuation: true, ..TidySpec::default() };
        assert_eq!(tidied("你好，世界！", &asked), "你好,世界!");
    }

    #[test]
    fn joiners_with_a_meaning_stay() {
        let family = "👩\u{200d}👩\u{200d}👧";
        let heart = "❤\u{fe0f}\u{200d}🔥";
        let persian = "می\u{200c}خواهم";
        for text in [family, heart, persian] {
            assert_eq!(default(text), text);
        }
        assert_eq!(default("a\u{200d}b\u{200c}c"), "abc");
        assert_eq!(default("👩\u{200d}"), "👩");
    }

    #[test]
    fn each_part_can_be_switched_off() {
        let off = TidySpec {
            form: NormalForm::Keep,
            width: false,
            invisible: false,
            blanks: false,
            escapes: false,
            entities: false,
            mojibake: false,
            ..TidySpec::default()
        };
        let text = " Ａ\u{200b}e\u{308}&amp;_x000D_Ã¼ ";
        assert_eq!(tidied(text, &off), text);
        let nfkc = TidySpec { form: NormalForm::Nfkc, ..off };
        assert_eq!(tidied("①ﬁ㎏", &nfkc), "1fikg");
    }

    #[test]
    fn identifiers_and_the_target_are_left_alone_and_kinds_are_counted() {
        let schema = [column("id", Role::Id), column("name", Role::Text), column("y", Role::Target)];
        let before = frame(&[
            ("id", &[Some(" Ａ1"), None]),
            ("name", &[Some("Ａ  b"), Some("MÃ¼ller")]),
            ("y", &[Some("Ｙ"), Some("Ｎ")]),
        ]);
        let mut record = Recorder::new("text_tidy", &before);
        let after = apply(&TidySpec::default(), &schema, &before, &mut record, &Reporter::silent()).unwrap();
        assert_eq!(after.show("id", 0).as_deref(), Some(" Ａ1"));
        assert_eq!(after.show("y", 0).as_deref(), Some("Ｙ"));
        assert_eq!(after.show("name", 0).as_deref(), Some("A b"));
        let change = record.finish();
        assert_eq!((change.cells_changed, change.rows_changed), (2, 2));
        let count = |code: &str| change.notes.iter().filter(|note| note.code == code).count();
        assert_eq!((count("tidy_mojibake"), count("tidy_width"), count("tidy_invisible")), (1, 1, 0));
    }

    /// Pieces that meet in real cells, so that chance finds their combinations.
    fn messy() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(|c| c.to_string()),
            prop::sample::select(vec![
                "&amp;", "&", "#39;", "amp;", "_x000D_", "_x000", "Ã", "¼", "Ｚ", "，", "１", "\u{200d}",
                "👩", "م", "\u{200c}", " ", "\u{a0}", "e", "\u{308}", "北", "\u{feff}", "…", "A", ";",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn tidying_twice_is_tidying_once(text in messy(), punctuation in any::<bool>(), nfkc in any::<bool>()) {
            let form = if nfkc { NormalForm::Nfkc } else { NormalForm::Nfc };
            let spec = TidySpec { punctuation, form, ..TidySpec::default() };
            let once = tidied(&text, &spec).into_owned();
            prop_assert_eq!(tidied(&once, &spec), once.as_str());
        }

        #[test]
        fn one_row_is_tidied_as_all_are(texts in prop::collection::vec(prop::option::of(messy()), 1..6)) {
            let schema = [column("a", Role::Text)];
            assert_row_local("a", &texts, |frame, record| {
                apply(&TidySpec::default(), &schema, frame, record, &Reporter::silent())
            });
        }
    }
}
