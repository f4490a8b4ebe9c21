//! Spellings that a person has confirmed to be one → the one to write. Row-local: the map is part of
//! the settings. Case and blanks are looked past where a spelling is not listed exactly.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::record::Recorder;
use super::rewrite::{Cell, has_column, text_column};
use super::spelling::fold;
use crate::job::Reporter;
use crate::table::Frame;

/// For each column, what is written otherwise: from → to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MergeSpec {
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
}

impl MergeSpec {
    /// Adds what a person has confirmed of a column; the newer word counts.
    pub fn add(&mut self, column: &str, map: &BTreeMap<String, String>) {
        let known = self.columns.entry(column.to_owned()).or_default();
        known.extend(map.iter().map(|(from, to)| (from.clone(), to.clone())));
    }
}

/// Where each spelling ends when every arrow is followed; spellings on a ring stay as they are.
fn settled(map: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let end = |from: &str| {
        let mut seen = BTreeSet::from([from]);
        let mut at = map.get(from)?.as_str();
        while let Some(next) = map.get(at) {
            if next == at {
                break;
            }
            if !seen.insert(at) {
                return None;
            }
            at = next;
        }
        (!seen.contains(at)).then_some(at)
    };
    map.keys().filter_map(|from| Some((from.as_str(), end(from)?))).collect()
}

pub(super) fn apply(
    spec: &MergeSpec,
    frame: &Frame,
    record: &mut Recorder,
    report: &Reporter,
) -> crate::Result<Frame> {
    let mut out = frame.clone();
    for (name, map) in &spec.columns {
        if !has_column(frame, name, record) {
            continue;
        }
        let exact = settled(map);
        // A folded spelling that is listed with two ends, or as an end, says nothing.
        let mut folded: BTreeMap<String, Option<&str>> = BTreeMap::new();
        for (from, to) in &exact {
            let slot = folded.entry(fold(from)).or_insert(Some(to));
            if slot.is_some_and(|known| known != *to) {
                *slot = None;
            }
        }
        let ends: BTreeSet<&str> = exact.values().copied().chain(map.keys().map(String::as_str)).collect();
        let find = |value: &str| match exact.get(value) {
            Some(to) => Some(*to),
            None if ends.contains(value) => None,
            None => folded.get(&fold(value)).copied().flatten(),
        };
        // Few different values: each is looked up once.
        let mut known: HashMap<String, Option<&str>> = HashMap::new();
        out = text_column(&out, name, record, report, |_, value| {
            let to = match known.get(value) {
                Some(to) => *to,
                None => *known.entry(value.to_owned()).or_insert(find(value)),
            };
            to.map_or(Cell::Keep, |to| Cell::text(value, to.to_owned()))
        })?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{assert_row_local, frame, shown};
    use super::*;
    use crate::note::Note;

    fn spec(pairs: &[(&str, &str)]) -> MergeSpec {
        let mut spec = MergeSpec::default();
        spec.add("a", &pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect());
        spec
    }

    fn run(spec: &MergeSpec, values: &[&str]) -> Vec<String> {
        let values: Vec<Option<&str>> = values.iter().map(|value| Some(*value)).collect();
        let before = frame(&[("a", &values)]);
        let mut record = Recorder::new("merge_spellings", &before);
        let after = apply(spec, &before, &mut record, &Reporter::silent()).unwrap();
        shown(&after, "a").into_iter().flatten().collect()
    }

    #[test]
    fn spellings_become_the_one_confirmed() {
        let map = spec(&[("CC", "Credit Card"), ("COD", "Cash on Delivery")]);
        assert_eq!(
            run(&map, &["CC", "cc ", "COD", "UPI", "Credit Card", "credit card"]),
            ["Credit Card", "Credit Card", "Cash on Delivery", "UPI", "Credit Card", "credit card"]
        );
    }

    #[test]
    fn chains_end_where_they_end_and_rings_stand_still() {
        assert_eq!(run(&spec(&[("a", "b"), ("b", "c")]), &["a", "b", "c"]), ["c", "c", "c"]);
        assert_eq!(run(&spec(&[("a", "b"), ("b", "a"), ("x", "a")]), &["a", "b", "x"]), ["a", "b", "x"]);
        assert_eq!(run(&spec(&[("a", "a"), ("b", "a")]), &["a", "b"]), ["a", "a"]);
        // A later word on the same spelling counts.
        let mut both = spec(&[("a", "b")]);
        both.add("a", &BTreeMap::from([("a".to_owned(), "c".to_owned())]));
        assert_eq!(run(&both, &["a"]), ["c"]);
    }

    #[test]
    fn a_column_that_is_gone_is_told_and_passed_over() {
        let before = frame(&[("b", &[Some("x")])]);
        let mut record = Recorder::new("merge_spellings", &before);
        let after = apply(&spec(&[("a", "b")]), &before, &mut record, &Reporter::silent()).unwrap();
        assert_eq!(shown(&after, "b"), [Some("x".to_owned())]);
        let told = Note::new("step_no_column").with("column", "a");
        assert_eq!(record.finish().notes, [told]);
    }

    proptest! {
        #[test]
        fn one_row_is_merged_as_all_are_and_twice_is_once(
            pairs in prop::collection::vec(("[aAbB ]{1,2}", "[aAbBc ]{1,2}"), 0..6),
            texts in prop::collection::vec(prop::option::of("[aAbBc ]{0,2}|\\PC{0,3}"), 1..6),
        ) {
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
            let spec = spec(&pairs);
            let step = |frame: &Frame, record: &mut Recorder| apply(&spec, frame, record, &Reporter::silent());
            assert_row_local("a", &texts, step);
            let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
            let before = frame(&[("a", &texts)]);
            let once = step(&before, &mut Recorder::new("merge_spellings", &before)).unwrap();
            let twice = step(&once, &mut Recorder::new("merge_spellings", &once)).unwrap();
            prop_assert_eq!(shown(&once, "a"), shown(&twice, "a"));
        }
    }
}
