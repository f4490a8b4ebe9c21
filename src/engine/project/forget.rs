//! A project and a customer's identifier → the project without what it keeps of that customer, and what
//! may still hold them.

use serde::Serialize;
use serde_json::Value;

use super::SavedProject;

/// What was taken out, and what is left to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Forgotten {
    /// Lists of earlier files that named the customer.
    pub lists: usize,
    /// Follow-ups: the last contact, the answer, the note.
    pub follow_ups: usize,
    /// Experiments that the customer was drawn into.
    pub experiments: usize,
    /// Texts that still name the customer, such as another customer's note: where they are in the project,
    /// as JSON pointers (RFC 6901). They are the person's own words and are not changed.
    pub mentioned: Vec<String>,
    /// Models that may have learnt from the customer: they hold no name, and nobody can tell from them
    /// which rows they saw; a model that was trained without the customer holds nothing.
    pub models: usize,
}

impl Forgotten {
    /// True if the project named the customer anywhere.
    pub fn knew(&self) -> bool {
        self.lists + self.follow_ups + self.experiments + self.mentioned.len() > 0
    }
}

/// Takes everything out of a project that it keeps under a customer's identifier.
pub fn forget(project: &mut SavedProject, id: &str) -> Forgotten {
    let mut out = Forgotten::default();
    for list in &mut project.lists {
        let before = list.entries.len();
        list.entries.retain(|entry| entry.id != id);
        out.lists += usize::from(list.entries.len() < before);
    }
    out.follow_ups = usize::from(project.follow_ups.remove(id).is_some());
    out.experiments = project.experiments.drawn.iter_mut().map(|of| usize::from(of.forget(id))).sum();
    out.models = project.runs.iter().map(|run| run.models.len()).sum::<usize>();
    // The one in use is one of the runs', unless these are gone.
    out.models = out.models.max(usize::from(project.bundle.is_some()));
    // Where it does not become text nothing could have been saved.
    let rest = serde_json::to_value(&*project).unwrap_or_default();
    mentions(&rest, id, &mut String::new(), &mut out.mentioned);
    out
}

/// Notes every text and every key of `value` in which `id` stands by itself.
fn mentions(value: &Value, id: &str, at: &mut String, out: &mut Vec<String>) {
    let length = at.len();
    match value {
        Value::String(text) if names(text, id) => out.push(at.clone()),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                *at += &format!("/{place}");
                mentions(item, id, at, out);
                at.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                *at += &format!("/{}", key.replace('~', "~0").replace('/', "~1"));
                if names(key, id) {
                    out.push(at.clone());
                }
                mentions(item, id, at, out);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

/// True if `id` stands in `text` and is no part of a longer word or number.
fn names(text: &str, id: &str) -> bool {
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !id.is_empty()
        && text.match_indices(id).any(|(at, _)| {
            let (before, after) = text.split_at(at);
            apart(before.chars().next_back()) && apart(after.chars().nth(id.chars().count()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{FollowUp, ListEntry, SavedList};
    use crate::experiment::{Arm, Candidate, DrawSpec, Drawing, Experiment, Plan, draw};
    use crate::project::Settings;

    /// A project that knows C-0007 in every way a project can.
    fn project() -> SavedProject {
        let mut project = SavedProject::new(Settings::default(), "customers.csv".into(), "abc".into());
        let entry = |at: usize| ListEntry { id: format!("C-{at:04}"), probability: 0.5, left: false };
        let list = |of: std::ops::Range<usize>| SavedList {
            file: "customers.csv".into(),
            hash: format!("{of:?}"),
            made: "2026-11-25".into(),
            threshold: 0.5,
            entries: of.map(entry).collect(),
        };
        project.lists = vec![list(0..20), list(10..20), list(5..9)];
        let note = |note: &str| FollowUp { note: note.to_owned(), ..FollowUp::default() };
        project.follow_ups.insert("C-0007".into(), note("Anna Berg, anna@example.com, moved to Kiel"));
        project.follow_ups.insert("C-0008".into(), note("sister of C-0007"));
        project.follow_ups.insert("C-0009".into(), note("order C-00071"));
        let candidate = |at: usize| Candidate { id: format!("C-{at:04}"), ..Candidate::default() };
        let candidates: Vec<Candidate> = (0..20).map(candidate).collect();
        let drawn = draw(&DrawSpec::default(), &candidates).unwrap();
        project.experiments.drawn =
            vec![Experiment::new("spring", Plan::default(), Drawing::default(), drawn)];
        project
    }

    #[test]
    fn the_customer_is_in_no_part_of_the_project_and_what_is_left_is_told() {
        let mut known = project();
        let before = known.experiments.drawn[0].size();
        let done = forget(&mut known, "C-0007");
        assert_eq!((done.lists, done.follow_ups, done.experiments, done.models), (2, 1, 1, 0));
        assert_eq!(done.mentioned, ["/follow_ups/C-0008/note"], "a longer number is another");
        assert!(done.knew());
        known.follow_ups.remove("C-0008");
        known.follow_ups.remove("C-0009");
        let text = serde_json::to_string(&known).unwrap();
        for part in ["C-0007", "anna@example.com", "Anna Berg", "Kiel"] {
            assert!(!text.contains(part), "{part}");
        }
        // The experiment is still whole: its counts and hashes are of those who are left.
        let of = &known.experiments.drawn[0];
        assert!(of.is_whole());
        assert_eq!(
            (of.size().called, of.size().left_alone),
            (of.count(Arm::Called), of.count(Arm::LeftAlone))
        );
        assert_eq!(of.size().called + of.size().left_alone + 1, before.called + before.left_alone);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.regulars");
        known.save(&file).unwrap();
        assert_eq!(SavedProject::open(&file).unwrap().experiments.drawn.len(), 1);
        // Nobody else is touched.
        assert_eq!(known.lists[0].entries.len(), 19);
        assert!(!forget(&mut known, "C-0007").knew());
    }

    #[test]
    fn an_identifier_stands_by_itself() {
        assert!(
            names("sister of C-0007.", "C-0007") && names("C-0007", "C-0007") && names("客户 17，", "17")
        );
        assert!(!names("C-00071", "C-0007") && !names("117", "17") && !names("x", ""));
    }
}
