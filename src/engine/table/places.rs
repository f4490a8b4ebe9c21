//! Where a word stands in a short list that every row is looked up in.

use std::borrow::Borrow;
use std::hash::Hash;

use polars::prelude::PlHashMap;

/// Up to so many words are looked through one by one: their lengths tell most of them apart, and that
/// costs less than a hash.
const FEW: usize = 8;

/// Words and what each stands for; of equal words the first counts.
#[derive(Debug, Clone)]
pub(crate) enum Places<K, T> {
    Few(Vec<(K, T)>),
    Many(PlHashMap<K, T>),
}

impl<K: Borrow<str> + Eq + Hash, T: Copy> Places<K, T> {
    pub fn of(words: impl Iterator<Item = (K, T)>) -> Self {
        let words: Vec<(K, T)> = words.collect();
        if words.len() <= FEW {
            return Self::Few(words);
        }
        let mut map = PlHashMap::default();
        for (word, place) in words {
            map.entry(word).or_insert(place);
        }
        Self::Many(map)
    }

    pub fn get(&self, word: &str) -> Option<T> {
        match self {
            Self::Few(words) => {
                words.iter().find(|(known, _)| known.borrow() == word).map(|(_, place)| *place)
            }
            Self::Many(map) => map.get(word).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_words_are_found_alike() {
        for count in [3, FEW, FEW + 1, 40] {
            let words: Vec<String> = (0..count).map(|at| format!("w{at}")).collect();
            let twice = words.iter().chain(&words).map(String::as_str);
            let places = Places::of(twice.zip(0..));
            for (at, word) in words.iter().enumerate() {
                assert_eq!(places.get(word), Some(at), "{count}");
            }
            assert_eq!(places.get("w"), None);
        }
    }
}
