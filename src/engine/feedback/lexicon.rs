//! Words of the trade: which aspect a clause speaks of, and, where no model was trained, whether kindly.
//! Both lists are written by us and lie in `assets/feedback`; a person edits the aspects.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::script::is_emoji;
use crate::features::text::{fold, is_han};

/// Something that comments speak of, with the words that tell it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Aspect {
    /// Stable name, used in JSON.
    pub key: String,
    pub en: String,
    pub zh: String,
    /// Words in any language. A `*` at the end of a Latin word takes every ending; Chinese words are
    /// found within runs.
    pub words: Vec<String>,
}

/// The aspects that the app comes with.
pub fn shipped_aspects() -> Vec<Aspect> {
    let line = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        let (key, en, zh, words) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        Some(Aspect { key, en, zh, words: words.split(',').map(str::to_owned).collect() })
    };
    include_str!("../../../assets/feedback/aspects.tsv").lines().filter_map(line).collect()
}

/// Aspects made ready for looking clauses up.
#[derive(Debug, Default)]
pub(super) struct Finder {
    exact: HashMap<String, Vec<usize>>,
    starts: Vec<(String, usize)>,
    within: Vec<(String, usize)>,
}

impl Finder {
    pub(super) fn new(aspects: &[Aspect]) -> Self {
        let mut out = Self::default();
        for (at, aspect) in aspects.iter().enumerate() {
            for word in aspect.words.iter().map(|word| fold(word.trim())).filter(|word| !word.is_empty()) {
                if !word.is_ascii() || word.contains(' ') {
                    out.within.push((word, at));
                } else if let Some(start) = word.strip_suffix('*').filter(|start| !start.is_empty()) {
                    out.starts.push((start.to_owned(), at));
                } else {
                    out.exact.entry(word).or_default().push(at);
                }
            }
        }
        out
    }

    /// The aspects of a folded clause, ascending, each once.
    pub(super) fn find(&self, clause: &str) -> Vec<usize> {
        let mut out: Vec<usize> = self
            .within
            .iter()
            .filter(|(word, _)| clause.contains(word.as_str()))
            .map(|(_, at)| *at)
            .collect();
        for word in latin_words(clause) {
            out.extend(self.exact.get(word).into_iter().flatten());
            out.extend(self.starts.iter().filter(|(start, _)| word.starts_with(start)).map(|(_, at)| *at));
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

fn latin_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| is_han(c) || !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty())
}

/// A comment → its clauses: parts between marks, and around words that turn the sense.
pub(super) fn clauses(text: &str) -> Vec<&str> {
    const TURNS: [&str; 7] = [" but ", " however ", " although ", "但是", "不过", "可是", "就是"];
    let mut out: Vec<&str> = Vec::new();
    let is_mark = |c: char| {
        matches!(c, '。' | '！' | '？' | '；' | '，' | ',' | '.' | '!' | '?' | ';' | '\n' | '～' | '~' | '、')
    };
    for part in text.split(is_mark) {
        let mut rest = part;
        while let Some((at, turn)) = TURNS.iter().filter_map(|turn| Some((rest.find(turn)?, *turn))).min() {
            out.extend(rest.get(..at));
            rest = rest.get(at + turn.len()..).unwrap_or_default();
        }
        out.push(rest);
    }
    out.retain(|clause| !clause.trim().is_empty());
    out
}

struct Tone {
    words: HashMap<&'static str, f64>,
    /// Longest Chinese word, in characters.
    longest: usize,
}

static TONE: LazyLock<Tone> = LazyLock::new(|| {
    let lines = include_str!("../../../assets/feedback/tone.tsv").lines();
    let words: HashMap<&str, f64> = lines
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(w, n)| Some((w, n.parse().ok()?)))
        .collect();
    let han = words.keys().filter(|word| word.chars().all(is_han));
    Tone { longest: han.map(|word| word.chars().count()).max().unwrap_or(1), words }
});

const NOT: [&str; 12] = [
    "not", "no", "don't", "didn't", "doesn't", "isn't", "wasn't", "never", "won't", "can't", "cannot",
    "hardly",
];

/// The tone of a folded text by the list of words: above 0 is kind. A negation up to three words (two
/// characters) before turns a word round and halves it. `None` where no word of the list is there.
pub(super) fn tone(folded: &str) -> Option<f64> {
    let mut sum = 0.0;
    let mut found = false;
    let mut not_for = 0usize;
    for word in latin_words(folded) {
        if let Some(weight) = TONE.words.get(word) {
            sum += if not_for > 0 { -0.5 * weight } else { *weight };
            found = true;
        }
        not_for = if NOT.contains(&word) { 3 } else { not_for.saturating_sub(1) };
    }
    let letters: Vec<(usize, char)> = folded.char_indices().collect();
    let mut at = 0;
    while let Some((from, c)) = letters.get(at).copied() {
        let longest = if is_han(c) { TONE.longest } else { usize::from(is_emoji(c)) };
        let hit = (1..=longest).rev().find_map(|count| {
            let to = letters.get(at + count).map_or(folded.len(), |(to, _)| *to);
            (at + count <= letters.len()).then_some(())?;
            Some((count, *TONE.words.get(folded.get(from..to)?)?))
        });
        let Some((count, weight)) = hit else {
            at += 1;
            continue;
        };
        let before = at.saturating_sub(2)..at;
        let negated = letters
            .get(before)
            .is_some_and(|near| near.iter().any(|(_, c)| matches!(c, '不' | '没' | '未' | '别' | '难')));
        sum += if negated { -0.5 * weight } else { weight };
        found = true;
        at += count;
    }
    found.then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_and_their_aspects() {
        let aspects = shipped_aspects();
        assert!(aspects.len() >= 8 && aspects.iter().all(|a| a.words.len() > 5 && !a.zh.is_empty()));
        let finder = Finder::new(&aspects);
        let keys = |clause: &str| -> Vec<&str> {
            finder.find(&fold(clause)).into_iter().map(|at| aspects[at].key.as_str()).collect()
        };
        assert_eq!(keys("Delivered two hours LATE"), ["delivery"]);
        assert_eq!(keys("味道不错"), ["taste"]);
        assert!(keys("plate").is_empty(), "a word within a word is another word");
        let parts = clauses("味道好，但是送餐太慢。The food is good but delivery was late!");
        assert_eq!(parts, ["味道好", "送餐太慢", "The food is good", "delivery was late"]);
        assert!(clauses("。。 ,").is_empty());
    }

    #[test]
    fn the_list_of_words_has_a_tone() {
        for good in ["the food was great", "味道不错", "很好吃", "👍", "not bad"] {
            assert!(tone(good).is_some_and(|tone| tone > 0.0), "{good}");
        }
        for bad in ["terrible service", "难吃", "送得太慢", "not good", "不好吃", "😡"] {
            assert!(tone(bad).is_some_and(|tone| tone < 0.0), "{bad}");
        }
        assert_eq!(tone("the table is brown"), None);
        assert_eq!(tone(""), None);
    }
}
