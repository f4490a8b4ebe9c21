//! How far two names of people agree. Words may stand in any order; what one word needs to be taken
//! for another decides the level. The hard part is a household: Daniel and Daniela at one address are
//! no slip of the pen.

use std::collections::HashMap;

use super::compare::{Agreement, halves, slips};
use super::values::hash;
use super::words::GENERATIONS;

fn parts(name: &str) -> (&str, Vec<&str>) {
    let (native, words) = halves(name);
    (native, words.split(' ').filter(|word| !word.is_empty()).collect())
}

/// Two names in the form of `normal`.
pub(super) fn names(a: &str, b: &str, counts: &HashMap<u64, u32>) -> Agreement {
    let ((native_a, words_a), (native_b, words_b)) = (parts(a), parts(b));
    if native_a.is_empty() || native_b.is_empty() {
        let level = words(&words_a, &words_b, counts);
        // Many characters share one reading: pinyin alone is never quite the same.
        let crossed = native_a.is_empty() != native_b.is_empty();
        return if crossed { level.min(Agreement::Close) } else { level };
    }
    let letters = |text: &str| {
        let mut list: Vec<char> = text.chars().collect();
        list.sort_unstable();
        list
    };
    match () {
        () if native_a.chars().count() < 2 || native_b.chars().count() < 2 => {
            if native_a.starts_with(native_b) || native_b.starts_with(native_a) {
                Agreement::Alike
            } else {
                Agreement::Differs
            }
        }
        () if native_a == native_b => Agreement::Same,
        () if letters(native_a) == letters(native_b) => Agreement::Close,
        // 王晓明 and 王小明: a slip of the input method, or two people.
        () if words_a == words_b => Agreement::Alike,
        () => Agreement::Differs,
    }
}

/// What one word of a name needs to be taken for another, from little to much.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Equal,
    /// Written as two words, or `ue` for `ü`.
    Joined,
    Slip,
    /// An initial, a short form, a form for the other sex.
    Short,
}

fn words(a: &[&str], b: &[&str], counts: &HashMap<u64, u32>) -> Agreement {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() {
        return Agreement::Differs;
    }
    let mut free: Vec<&str> = long.to_vec();
    let mut rest: Vec<&str> = Vec::new();
    let mut fits: Vec<Fit> = Vec::new();
    // Equal words find each other first.
    for word in short {
        match free.iter().position(|other| other == word) {
            Some(at) => {
                free.remove(at);
                if word.chars().count() > 1 {
                    fits.push(Fit::Equal);
                }
            }
            None => rest.push(word),
        }
    }
    for word in rest {
        let best = (0..free.len())
            .filter_map(|at| free.get(at).and_then(|other| fit(word, other, counts)).map(|fit| (fit, at)))
            .min();
        if let Some((i, j)) = parted(word, &free) {
            fits.push(Fit::Joined);
            free.retain(|other| *other != i && *other != j);
        } else if let Some((how, at)) = best {
            fits.push(how);
            free.remove(at);
        } else {
            return Agreement::Differs;
        }
    }
    let of = |how: Fit| fits.iter().filter(|fit| **fit == how).count();
    let (equal, slips, shorts) = (of(Fit::Equal) + of(Fit::Joined), of(Fit::Slip), of(Fit::Short));
    let generation = free.iter().any(|word| GENERATIONS.contains(word));
    match () {
        // Initials alone, or two slips: too little.
        () if equal + slips == 0 || slips > 1 && equal == 0 => Agreement::Differs,
        () if equal + slips < 2 || shorts > 0 || slips > 1 || generation => Agreement::Alike,
        () if slips > 0 || !free.is_empty() || of(Fit::Joined) > 0 => Agreement::Close,
        () => Agreement::Same,
    }
}

/// Two free words that make up `word` when written together.
fn parted<'a>(word: &str, free: &[&'a str]) -> Option<(&'a str, &'a str)> {
    free.iter().find_map(|first| {
        let tail = word.strip_prefix(first)?;
        free.iter().find(|second| **second == tail && second != &first).map(|second| (*first, *second))
    })
}

fn fit(a: &str, b: &str, counts: &HashMap<u64, u32>) -> Option<Fit> {
    let (la, lb) = (a.chars().count(), b.chars().count());
    let (short, long, least) = if la <= lb { (a, b, la) } else { (b, a, lb) };
    if GENERATIONS.contains(&a) || GENERATIONS.contains(&b) {
        return None;
    }
    let umlaut = |word: &str| word.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    if least >= 5 && umlaut(a) == umlaut(b) {
        return Some(Fit::Joined);
    }
    let two_names = both_known(a, b, counts);
    // Anna and Hanna, Daniel and Daniela, Lena and Lina live in one house: a slip needs a longer word,
    // its first letter and another end.
    let most = if least >= 8 { 2 } else { 1 };
    if least >= 4 && !two_names && slips(a, b, most).is_some() {
        let head = a.chars().next() == b.chars().next() || least >= 7;
        return Some(if least >= 5 && head && !other_end(short, long) { Fit::Slip } else { Fit::Short });
    }
    let abbreviates = least == 1 || least >= 3 && !two_names;
    (abbreviates && long.starts_with(short)).then_some(Fit::Short)
}

/// Differ in a last vowel only: Maria and Mario, Daniel and Daniela.
fn other_end(short: &str, long: &str) -> bool {
    let vowels = ['a', 'e', 'i', 'o', 'u'];
    let stem = |word: &'_ str| word.trim_end_matches(vowels).len();
    long.starts_with(short) && long.len() == short.len() + 1 && long.ends_with(vowels)
        || short.len() == long.len() && short.get(..stem(short)) == long.get(..stem(long))
}

/// Both words are so frequent in the file that neither is a slip of the other.
fn both_known(a: &str, b: &str, counts: &HashMap<u64, u32>) -> bool {
    let count = |word: &str| counts.get(&hash(&[word])).copied().unwrap_or(0);
    let (a, b) = (count(a), count(b));
    let (few, many) = (a.min(b), a.max(b));
    few >= 4 && u64::from(few) * 25 >= u64::from(many)
}

#[cfg(test)]
mod tests {
    use super::super::normal::normal;
    use super::*;
    use crate::clean::same_customer::FieldKind;
    use crate::detect::date::Order;
    use Agreement::*;

    fn of(a: &str, b: &str) -> Agreement {
        let [a, b] = [a, b].map(|raw| normal(FieldKind::Name, raw, Order::DayFirst));
        names(&a, &b, &HashMap::new())
    }

    #[test]
    fn names_of_one_person() {
        for (a, b, wanted) in [
            ("Ada Wang", "Wang, Ada", Same),
            ("Bob Smith", "Robert Smith", Same),
            ("Ada Wang", "王阿达", Close),
            ("王伟", "Wang Wei", Close),
            ("王小明", "Xiao Ming Wang", Close),
            ("José García", "Jose Garcia", Same),
            ("Jürgen Müller", "Juergen Mueller", Close),
            ("Jonathan Miller", "Jonathan Miler", Close),
            ("Ada M. Wang", "Ada Wang", Close),
            ("A. Wang", "Ada Wang", Alike),
            ("Ada", "Ada Wang", Alike),
            ("Ada", "Ada", Alike),
            ("王小明", "王晓明", Alike),
            ("John Smith Jr.", "John Smith", Alike),
            ("Daniel Smith", "Daniela Smith", Alike),
            ("Lena Smith", "Lina Smith", Alike),
            ("Anna Smith", "Hanna Smith", Alike),
            ("Ada Wang", "Bob Wang", Differs),
            ("Ada M. Wang", "Ada K. Wang", Differs),
            ("王伟", "王芳", Differs),
            ("王小明", "王小亮", Differs),
            ("A. W.", "Ada Wang", Differs),
        ] {
            // The pinyin of 阿达 is "ada": the characters' own test.
            assert_eq!(of(a, b), wanted, "{a} / {b}");
            assert_eq!(of(b, a), wanted, "{b} / {a}");
        }
    }

    #[test]
    fn two_frequent_names_are_no_slip_of_each_other() {
        let counts: HashMap<u64, u32> = [("martin", 50), ("marvin", 40), ("marrin", 1)]
            .into_iter()
            .map(|(word, n)| (hash(&[word]), n))
            .collect();
        assert_eq!(names("|martin smith", "|marvin smith", &counts), Differs);
        assert_eq!(names("|martin smith", "|marrin smith", &counts), Close);
    }
}
