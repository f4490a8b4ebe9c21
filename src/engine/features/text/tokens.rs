//! A cell → tokens: folded, split into words, Chinese into words by jieba, or into characters, then
//! taken alone or several together.

use std::borrow::Cow;
use std::sync::LazyLock;

use jieba_rs::Jieba;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::spec::{Chinese, TextSpec, Unit};
use super::stop_words::is_stop_word;

/// One for the whole program: its dictionary takes a while to build and some tens of megabytes.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Full-width letters become plain ones (NFKC), capitals small ones, so that `ＧＯＯＤ`, `Good` and
/// `good` are one word.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.nfkc().flat_map(char::to_lowercase).collect()
    }
}

/// True for Chinese characters, those that only Japanese has among them.
pub fn is_han(c: char) -> bool {
    matches!(c, '々' | '〇' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

/// A letter or digit of any script or `_`: what Python's `\w` takes.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

/// Cuts cells into terms, by the settings that it was made with.
#[derive(Debug)]
pub(super) struct Tokeniser {
    unit: Unit,
    chinese: Chinese,
    ngrams: (usize, usize),
    stem: bool,
    stop_words: bool,
}

impl Tokeniser {
    pub(super) fn new(spec: &TextSpec) -> Self {
        let spec = spec.within_limits();
        Self {
            unit: spec.unit,
            chinese: spec.chinese,
            ngrams: spec.ngrams,
            stem: spec.stem,
            stop_words: spec.stop_words,
        }
    }

    /// Calls `each` with every term of the text, repeated terms repeatedly.
    pub(super) fn terms(&self, text: &str, mut each: impl FnMut(&str)) {
        let folded = fold(text);
        let (least, most) = self.ngrams;
        match self.unit {
            Unit::Words => self.word_terms(&folded, each),
            Unit::Characters => {
                let line = one_blank(&folded);
                let bounds = bounds(&line);
                (least..=most).for_each(|n| windows(&line, &bounds, n, &mut each));
            }
            Unit::CharactersInWords => {
                let mut padded = String::new();
                for word in folded.split_whitespace() {
                    padded.clear();
                    padded.extend([" ", word, " "]);
                    let bounds = bounds(&padded);
                    for n in least..=most {
                        // A word too short for n counts once, as a whole.
                        if n + 1 >= bounds.len() {
                            each(&padded);
                            break;
                        }
                        windows(&padded, &bounds, n, &mut each);
                    }
                }
            }
        }
    }

    fn word_terms(&self, folded: &str, mut each: impl FnMut(&str)) {
        let words = self.words(folded);
        let (least, most) = self.ngrams;
        let mut joined = String::new();
        for n in least..=most {
            for window in words.windows(n) {
                if let [one] = window {
                    each(one);
                    continue;
                }
                joined.clear();
                for (at, word) in window.iter().enumerate() {
                    if at > 0 {
                        joined.push(' ');
                    }
                    joined.push_str(word);
                }
                each(&joined);
            }
        }
    }

    /// Words of a folded text. A word of a single letter or digit is passed over, as scikit-learn
    /// does; a single Chinese character is not. An apostrophe between letters is part of the word
    /// (Unicode Standard Annex 29, rules WB6 and WB7): `don't` is one word.
    fn words<'t>(&self, folded: &'t str) -> Vec<Cow<'t, str>> {
        let mut out = Vec::new();
        let mut rest = folded;
        while let Some(first) = rest.chars().next() {
            let kind = |c: char| (is_han(c), is_word(c));
            let (han, word) = kind(first);
            let mut end = run(rest, |c| kind(c) == (han, word));
            if word && !han {
                while let Some(more) = rest.get(end..).and_then(past_apostrophe) {
                    end += more;
                }
            }
            let (piece, after) = rest.split_at(end);
            rest = after;
            match (han, word) {
                (true, _) => self.chinese_words(piece, &mut out),
                (_, true) => self.latin_word(piece, &mut out),
                _ => {}
            }
        }
        out
    }

    fn chinese_words<'t>(&self, piece: &'t str, out: &mut Vec<Cow<'t, str>>) {
        let mut keep = |word: &'t str| {
            if !(self.stop_words && is_stop_word(word)) {
                out.push(Cow::Borrowed(word));
            }
        };
        match self.chinese {
            Chinese::Jieba => JIEBA.cut(piece, true).into_iter().for_each(|token| keep(token.word)),
            Chinese::Characters => piece.split_inclusive(|_| true).for_each(keep),
        }
    }

    fn latin_word<'t>(&self, word: &'t str, out: &mut Vec<Cow<'t, str>>) {
        if word.chars().nth(1).is_none() {
            return;
        }
        let plain =
            if word.contains('’') { Cow::Owned(word.replace('’', "'")) } else { Cow::Borrowed(word) };
        if self.stop_words && is_stop_word(&plain) {
            return;
        }
        out.push(if self.stem && plain.is_ascii() { Cow::Owned(stem(&plain)) } else { plain });
    }
}

/// The stem of a folded English word (Porter2).
fn stem(word: &str) -> String {
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

/// Bytes of the run of characters at the start of which `is` is true.
fn run(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is(c)).unwrap_or(text.len())
}

/// Bytes of an apostrophe and the letters behind it, if the text begins so.
fn past_apostrophe(text: &str) -> Option<usize> {
    let mut letters = text.chars();
    let mark = letters.next().filter(|c| is_apostrophe(*c))?;
    let more = run(letters.as_str(), |c| is_word(c) && !is_han(c));
    (more > 0).then(|| mark.len_utf8() + more)
}

/// Runs of blanks, tabs and line ends become one blank each.
fn one_blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

/// Where each character begins, and the end.
fn bounds(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

/// Calls `each` with every `n` characters that stand together.
fn windows(text: &str, bounds: &[usize], n: usize, each: &mut impl FnMut(&str)) {
    for window in bounds.windows(n + 1) {
        if let (Some(from), Some(to)) = (window.first(), window.last())
            && let Some(term) = text.get(*from..*to)
        {
            each(term);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(spec: &TextSpec, text: &str) -> Vec<String> {
        let mut out = Vec::new();
        Tokeniser::new(spec).terms(text, |term| out.push(term.to_owned()));
        out
    }

    fn words(text: &str) -> Vec<String> {
        terms(&TextSpec { ngrams: (1, 1), ..TextSpec::default() }, text)
    }

    #[test]
    fn one_cell_may_hold_both_languages() {
        assert_eq!(words("味道不错, VERY Good!送餐快"), ["味道", "不错", "very", "good", "送餐", "快"]);
        assert_eq!(words("ＧＯＯＤ　房间２０１９"), ["good", "房间", "2019"]);
        assert_eq!(words("I don’t; 'quoted' rock'n'roll x"), ["don't", "quoted", "rock'n'roll"]);
        assert!(words(" ，。!? \n\t").is_empty() && words("").is_empty());
        let each = TextSpec { chinese: Chinese::Characters, ngrams: (1, 1), ..TextSpec::default() };
        assert_eq!(terms(&each, "味道ok"), ["味", "道", "ok"]);
    }

    #[test]
    fn words_stand_together_across_marks() {
        let spec = TextSpec { ngrams: (1, 3), ..TextSpec::default() };
        let expected = ["not", "so", "good", "not so", "so good", "not so good"];
        assert_eq!(terms(&spec, "Not so... good"), expected);
        assert_eq!(terms(&spec, "one"), ["one"]);
    }

    #[test]
    fn stems_and_stop_words() {
        let spec = TextSpec { ngrams: (1, 1), stem: true, stop_words: true, ..TextSpec::default() };
        // Stems of Porter2 as in its own word list (snowballstem.org).
        assert_eq!(
            terms(&spec, "the consigned knightly 菜的 generously it's not"),
            ["consign", "knight", "菜", "generous", "not"]
        );
    }

    /// Beside scikit-learn 1.9.1: `CountVectorizer(analyzer=…, ngram_range=…).build_analyzer()`.
    #[test]
    fn characters_as_scikit_learn_cuts_them() {
        let spec = |unit, ngrams| TextSpec { unit, ngrams, ..TextSpec::default() };
        let expected = ["h", "i", " ", "y", "o", "hi", "i ", " y", "yo"];
        assert_eq!(terms(&spec(Unit::Characters, (1, 2)), "Hi  yo"), expected);
        let expected = [" h", "hi", "i ", " hi", "hi ", " hi ", " a", "a ", " a "];
        assert_eq!(terms(&spec(Unit::CharactersInWords, (2, 4)), "hi a"), expected);
        assert_eq!(terms(&spec(Unit::Characters, (2, 3)), "好吃吗"), ["好吃", "吃吗", "好吃吗"]);
        assert!(terms(&spec(Unit::Characters, (2, 3)), "好").is_empty());
        assert!(terms(&spec(Unit::CharactersInWords, (2, 3)), "  ").is_empty());
    }
}
