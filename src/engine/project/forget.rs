//! A project and a customer's identifier → the project without what it keeps of that customer, with a mark by
//! which the customer is left out when the data are read again, and what may still hold them.

use serde::Serialize;
use serde_json::Value;

use super::SavedProject;
use crate::deploy::{FollowUps, SavedList};
use crate::experiment::Experiment;

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

/// Takes a customer out of lists, follow-ups and experiments; models and mentions are not counted.
pub fn take_out<'a>(
    lists: impl IntoIterator<Item = &'a mut SavedList>,
    follow_ups: &mut FollowUps,
    experiments: impl IntoIterator<Item = &'a mut Experiment>,
    id: &str,
) -> Forgotten {
    let mut out = Forgotten::default();
    for list in lists {
        let before = list.entries.len();
        list.entries.retain(|entry| entry.id != id);
        out.lists += usize::from(list.entries.len() < before);
    }
    out.follow_ups = usize::from(follow_ups.remove(id).is_some());
    out.experiments = experiments.into_iter().map(|of| usize::from(of.forget(id))).sum();
    out
}

/// What [`take_out`] would take.
pub fn holds<'a>(
    lists: impl IntoIterator<Item = &'a SavedList>,
    follow_ups: &FollowUps,
    experiments: impl IntoIterator<Item = &'a Experiment>,
    id: &str,
) -> Forgotten {
    let lists = lists.into_iter().filter(|list| list.entries.iter().any(|entry| entry.id == id)).count();
    let drawn = experiments.into_iter().filter(|of| of.members.iter().any(|member| member.id == id)).count();
    let follow_ups = usize::from(follow_ups.contains_key(id));
    Forgotten { lists, follow_ups, experiments: drawn, ..Forgotten::default() }
}

/// Takes everything out of a project that it keeps under a customer's identifier, and marks the customer to be
/// left out of what is read from now on.
pub fn forget(project: &mut SavedProject, id: &str) -> Forgotten {
    let drawn = project.experiments.drawn.iter_mut();
    let mut out = take_out(&mut project.lists, &mut project.follow_ups, drawn, id);
    project.settings.left_out.add(id);
    // Whoever takes up the settings of an earlier run must not bring the customer back.
    for run in &mut project.runs {
        run.settings.left_out = project.settings.left_out.clone();
    }
    out.models = project.runs.iter().map(|run| run.models.len()).sum::<usize>();
    // The one in use is one of the runs', unless these are gone.
    out.models = out.models.max(usize::from(project.bundle.is_some()));
    // Where it does not become text nothing could have been saved.
    let rest = serde_json::to_value(&*project).unwrap_or_default();
    mentions(&rest, id, &mut String::new(), &mut out.mentioned);
    out
}

/// Notes every text and every key of `value` in which `id` stands by itself.
pub(super) fn mentions(value: &Value, id: &str, at: &mut String, out: &mut Vec<String>) {
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
        let would = holds(&known.lists, &known.follow_ups, &known.experiments.drawn, "C-0007");
        assert_eq!((would.lists, would.follow_ups, would.experiments), (2, 1, 1));
        let done = forget(&mut known, "C-0007");
        assert_eq!((done.lists, done.follow_ups, done.experiments, done.models), (2, 1, 1, 0));
        assert_eq!(done.mentioned, ["/follow_ups/C-0008/note"], "a longer number is another");
        assert!(done.knew());
        assert!(known.settings.left_out.marker().unwrap().knows("C-0007"));
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

    #[test]
    fn a_forgotten_customer_is_left_out_of_one_table_and_of_linked_ones() {
        use crate::job::Reporter;
        use crate::project::{collect, prepare};
        use crate::sample;
        let folder = tempfile::tempdir().unwrap();
        let silent = Reporter::silent();
        sample::write(folder.path(), 300, 3).unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut settings = Settings::default();
        let files = [at("customers.csv"), at("orders.csv")];
        let of =
            |settings: &Settings, files: &[std::path::PathBuf]| collect(files, settings, &silent).unwrap();
        let whole = of(&settings, &files);
        let id_of = |table: &crate::table::Table| {
            let column = table.with_role(crate::table::Role::Id).unwrap().name.clone();
            (column.clone(), table.text(&column).unwrap().get(7).unwrap().to_owned())
        };
        let (column, id) = id_of(&whole.table);
        let keys = (settings.key(&whole.table), settings.rows_key(&whole.table));

        settings.left_out.add(&id);
        let single = of(&settings, &files[..1]).table;
        assert_eq!(single.height(), whole.table.height() - 1);
        assert!(single.text(&column).unwrap().iter().all(|cell| cell != Some(id.as_str())));
        let kept = single.columns.iter().find(|of| of.name == column).unwrap();
        assert!(kept.levels.iter().all(|(value, _)| *value != id));
        let before = whole.table.columns.iter().find(|of| of.name == column).unwrap();
        assert_eq!(kept.distinct, before.distinct - 1);
        let note = single.warnings.iter().find(|note| note.code == "forgotten_left_out").unwrap();
        assert!(note.args.iter().any(|(name, value)| *name == "count" && value == "1"), "{note:?}");
        // Rows keep their numbers.
        assert!(!single.rows.contains(&whole.table.rows[7]) && single.rows.contains(&whole.table.rows[8]));

        let linked = of(&settings, &files);
        assert_eq!(linked.table.height(), whole.table.height() - 1);
        for (table, before) in linked.dataset.tables.iter().zip(&whole.dataset.tables) {
            let names = table.columns.iter().any(|of| {
                table.text(&of.name).is_some_and(|text| text.iter().any(|cell| cell == Some(id.as_str())))
            });
            assert!(!names && table.height() < before.height(), "{}", table.name);
        }
        assert_ne!((settings.key(&whole.table), settings.rows_key(&whole.table)), keys);
        let prepared = prepare(&settings, &linked.table, &silent).unwrap();
        assert!(prepared.ids.iter().flatten().all(|known| *known != id));
        // Put together once more, as after an edit of roles.
        let again = crate::project::assemble(whole.dataset.tables.clone(), &settings, &silent).unwrap();
        assert_eq!(again.table.height(), linked.table.height());
    }
}
