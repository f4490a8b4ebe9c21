//! Hard cases, decisions and merging, by hand.

use super::*;
use crate::clean::{Recipe, Step, StepSpec, run_local};

const ADA: [&str; 6] =
    ["Ada Wang", "ada.wang@web.de", "0171 1234567", "12 Main Street", "10115", "1980-03-05"];

fn others(count: usize) -> Vec<Person> {
    planted::list(count, 11).0
}

fn with(rows: &[[&str; 6]]) -> Vec<Person> {
    rows.iter().map(|row| person(*row)).chain(others(200)).collect()
}

fn verdict(found: &Found, a: u32, b: u32) -> Option<Verdict> {
    found.pairs.iter().find(|pair| (pair.a, pair.b) == (a, b)).map(|pair| pair.verdict)
}

fn together(found: &Found, a: usize, b: usize) -> bool {
    found.clusters.iter().any(|rows| rows.contains(&a) && rows.contains(&b))
}

#[test]
fn a_household_is_not_one_customer() {
    let bob = ["Bob Wang", "bob.wang@web.de", ADA[2], ADA[3], ADA[4], ""];
    let hanna = ["Hanna Wang", ADA[1], ADA[2], ADA[3], ADA[4], ""];
    let again = ["WANG, ADA", "", "+49 171 1234567", "12 Main St.", "", ""];
    let found = search(&spec(), &people(&with(&[ADA, bob, hanna, again])));
    for other in [1, 2] {
        assert_ne!(verdict(&found, 0, other), Some(Verdict::Sure));
        assert!(!together(&found, 0, other as usize));
    }
    assert_eq!(verdict(&found, 0, 3), Some(Verdict::Sure));
    assert!(together(&found, 0, 3));
}

#[test]
fn namesakes_are_not_one_customer() {
    let one = ["王伟", "wang1@qq.com", "13912345678", "北京市长安街1号", "100000", ""];
    let two = ["王伟", "ww1988@163.com", "18698765432", "上海市中山路88号", "200000", ""];
    let bare = ["Wang Wei", "", "", "", "", ""];
    let found = search(&spec(), &people(&with(&[one, two, bare, bare])));
    for (a, b) in [(0, 1), (0, 2), (1, 2), (2, 3)] {
        assert_ne!(verdict(&found, a, b), Some(Verdict::Sure), "{a} {b}");
        assert!(!together(&found, a as usize, b as usize));
    }
    // Nothing but names: still no proof.
    let surnames = frame(&[("Surname", &["Smith", "Smith", "Jones", "Smith"])]);
    let only = Field { column: "Surname".into(), kind: FieldKind::Name, weight: None };
    let found = search(&SameCustomerSpec { fields: vec![only], ..spec() }, &surnames);
    assert!(found.clusters.is_empty());
}

#[test]
fn little_is_no_trouble() {
    for rows in [vec![], vec![person(ADA)], vec![person([""; 6]); 5]] {
        let found = search(&spec(), &people(&rows));
        assert!(found.pairs.is_empty() && found.clusters.is_empty());
    }
    let found = search(&SameCustomerSpec::default(), &people(&[person(ADA), person(ADA)]));
    assert_eq!(found.notes, [Note::new("same_customer_no_fields")]);
    assert!(found.clusters.is_empty());
    // Two rows are a file, too.
    let found = search(&spec(), &people(&[person(ADA), person(ADA)]));
    assert_eq!(found.clusters, [[0, 1]]);
}

#[test]
fn a_column_that_is_not_there_is_told() {
    let found = find(&spec(), &frame(&[("name", &["Ada"])]), &Reporter::silent());
    let error = found.unwrap_err();
    assert_eq!(error.kind(), "no_column");
    assert_eq!(error.place().column.as_deref(), Some("email"));
}

#[test]
fn cancel_is_heard() {
    let rows = people(&others(50));
    let mut job = crate::job::Job::start(
        || (),
        move |report: &Reporter| {
            while report.check().is_ok() {
                std::thread::yield_now();
            }
            find(&spec(), &rows, report).map(|_| ()).unwrap_err().kind()
        },
    );
    job.cancel();
    let kind = loop {
        match job.poll() {
            crate::job::Poll::Running => std::thread::yield_now(),
            crate::job::Poll::Done(kind) => break kind,
            crate::job::Poll::Lost => panic!("lost"),
        }
    };
    assert_eq!(kind, "cancelled");
}

#[test]
fn a_person_has_the_last_word() {
    let married = ["Ada Smith", ADA[1], "", "", "", ADA[5]];
    let again = ["Ada Wang", ADA[1], ADA[2], "", "", ""];
    let rows = people(&with(&[ADA, married, again]));
    let before = search(&spec(), &rows);
    assert!(together(&before, 0, 2) && !together(&before, 0, 1));
    let pair = |a, b| before.pairs.iter().find(|pair| (pair.a, pair.b) == (a, b)).unwrap();
    let (yes, no) = (before.key(pair(0, 1)), before.key(pair(0, 2)));
    let decided = SameCustomerSpec { confirmed: vec![yes.clone()], rejected: vec![no.clone()], ..spec() };
    let after = search(&decided, &rows);
    assert!(together(&after, 0, 1) && !together(&after, 0, 2));
    assert_eq!(verdict(&after, 0, 1), Some(Verdict::Confirmed));
    assert_eq!(verdict(&after, 0, 2), Some(Verdict::Rejected));

    // The settings are saved and read again, and other fields keep the decisions.
    let text = serde_json::to_string(&StepSpec::SameCustomer(decided.clone())).unwrap();
    assert_eq!(serde_json::from_str::<StepSpec>(&text).unwrap(), StepSpec::SameCustomer(decided.clone()));
    let fewer = decided.with_other_fields(decided.fields[..3].to_vec(), &rows, &Reporter::silent()).unwrap();
    let after = search(&fewer, &rows);
    assert!(together(&after, 0, 1) && !together(&after, 0, 2));

    // Next month the rows stand elsewhere; one of them is somebody else.
    let moved: Vec<Person> = others(3).into_iter().chain(with(&[ADA, married, again])).collect();
    let after = search(&decided, &people(&moved));
    assert!(together(&after, 3, 4) && !together(&after, 3, 5));
    let other = with(&[["Zoe Quill", "", "0309999999", "", "", ""], married, again]);
    let after = search(&decided, &people(&other));
    assert!(after.clusters.iter().all(|rows| !rows.contains(&0)));
    assert!(after.notes.contains(&Note::new("same_customer_lost_decisions").with("count", 2)));

    // What is told apart is stronger than a chain of confirmations.
    let third = before.key(&Pair { a: 1, b: 2, ..pair(0, 1).clone() });
    let torn = SameCustomerSpec { confirmed: vec![yes, third], rejected: vec![no], ..spec() };
    let after = search(&torn, &rows);
    assert!(!together(&after, 0, 2));
    assert!(after.notes.contains(&Note::new("same_customer_conflicts").with("count", 1)));
}

#[test]
fn a_chain_does_not_tie_strangers() {
    // The one in the middle could be either; both ends differ in the day of birth.
    let middle = ["Ada Wang", ADA[1], ADA[2], "", "", ""];
    let other = ["Ada Wang", ADA[1], ADA[2], "", "", "1955-11-30"];
    let found = search(&spec(), &people(&with(&[ADA, middle, other])));
    assert_eq!(verdict(&found, 0, 1), Some(Verdict::Sure));
    assert_eq!(verdict(&found, 1, 2), Some(Verdict::Sure));
    assert!(!together(&found, 0, 2));
}

#[test]
fn side_by_side() {
    let mut rows = people(&with(&[ADA, ["A. Wang", "", ADA[2], "", ADA[4], ADA[5]]]));
    let notes = StringChunked::from_iter_options("note".into(), (0..rows.height()).map(|_| Some("x")));
    rows.data.with_column(notes.into_series().into()).unwrap();
    let found = search(&spec(), &rows);
    let pair = found.pairs.iter().find(|pair| (pair.a, pair.b) == (0, 1)).unwrap();
    let lines = review(&rows, &found, pair);
    let line = |name: &str| lines.iter().find(|line| line.column == name).unwrap();
    assert_eq!(line("name").agreement, Some(Agreement::Alike));
    assert_eq!((line("name").a.as_deref(), line("name").b.as_deref()), (Some("Ada Wang"), Some("A. Wang")));
    assert_eq!(line("email").agreement, Some(Agreement::Missing));
    assert_eq!(line("email").bits, Some(0.0));
    assert!(line("phone").bits.unwrap() > 5.0);
    assert_eq!((line("note").agreement, line("note").bits), (None, None));
    assert_eq!(lines.len(), 7);
}

#[test]
fn a_list_of_orders_is_told() {
    let rows: Vec<Person> = others(40).into_iter().flat_map(|row| vec![row; 4]).collect();
    let found = search(&spec(), &people(&rows));
    assert!(found.notes.iter().any(|note| note.code == "same_customer_orders"));
    let found = search(&spec(), &people(&others(200)));
    assert!(!found.clusters.is_empty());
    assert!(found.notes.iter().all(|note| note.code != "same_customer_orders"));
}

#[test]
fn too_large_groups_are_told_and_still_searched() {
    // 60 people of one name with a telephone each, and one of them twice.
    let mut rows: Vec<Person> = (0..60)
        .map(|at| person(["王伟", "", &format!("139{:04}{:04}", at * 137, at * 91), "", "", ""]))
        .collect();
    let mut twin = rows[17].clone();
    twin[0] = "WANG WEI".into();
    rows.push(twin);
    let found = search(&spec(), &people(&rows));
    assert!(found.skipped_blocks.iter().any(|block| block.rows >= 60));
    assert!(found.notes.iter().any(|note| note.code == "same_customer_full_blocks"));
    assert!(verdict(&found, 17, 60).is_some());
    assert!(found.candidates < 61 * 60 / 2, "not all with all: {}", found.candidates);
}

/// Three rows of one customer among others, with money and visits beside.
fn shop() -> Frame {
    let mut rows = people(&with(&[
        ["Ada Wang", ADA[1], "", "", "", ""],
        ["Wang, Ada", ADA[1], ADA[2], "12 Main St", ADA[4], ADA[5]],
        ["Ada Wang", ADA[1], ADA[2], "", "", ""],
    ]));
    let height = rows.height();
    let spent = (0..height).map(|at| [Some(10.0), None, Some(2.5)].get(at).copied().unwrap_or(Some(1.0)));
    let seen = (0..height).map(|at| Some([3.0, 1.0, 2.0].get(at).copied().unwrap_or(0.0)));
    let customer = (0..height).map(|at| Some(format!("C{at:03}")));
    use polars::prelude::Float64Chunked;
    for column in [
        Float64Chunked::from_iter_options("spent".into(), spent).into_series(),
        Float64Chunked::from_iter_options("seen".into(), seen).into_series(),
        StringChunked::from_iter_options("id".into(), customer).into_series(),
    ] {
        rows.data.with_column(column.into()).unwrap();
    }
    rows
}

fn cleaned(step: SameCustomerSpec, drop_rows: bool) -> crate::clean::Cleaning {
    let recipe = Recipe { steps: vec![Step { spec: StepSpec::SameCustomer(step), on: true }] };
    let mut schema = schema();
    schema.push(ColumnSpec { name: "id".into(), role: Role::Id, ..schema[0].clone() });
    run_local(&recipe, &schema, shop(), drop_rows, &Reporter::silent()).unwrap()
}

#[test]
fn merging_keeps_one_row_and_the_best_cells() {
    let cleaning = cleaned(spec(), true);
    let (stage, before) = (&cleaning.stages[0], shop());
    let after = &stage.after;
    // The second row says most: it stays, with its number and its identifier.
    assert_eq!(after.rows[0], 3);
    let cell = |name: &str| after.show(name, 0);
    assert_eq!(cell("name").as_deref(), Some("Wang, Ada"));
    assert_eq!(cell("id").as_deref(), Some("C001"));
    assert_eq!(cell("spent").as_deref(), Some("2.5"), "the next fullest row's, where it says nothing");
    let change = &stage.change;
    assert_eq!(before.height() as u64, after.height() as u64 + change.rows_merged + change.rows_dropped);
    assert!(change.rows_merged >= 2 && change.rows_dropped == 0);
    assert!(change.flagged.contains(&2) && change.flagged.contains(&4) && !change.flagged.contains(&3));
    assert!(change.examples.iter().any(|cell| {
        (cell.row, cell.column.as_str(), cell.after.as_deref()) == (3, "spent", Some("2.5"))
    }));
    assert!(after.rows.windows(2).all(|rows| rows[0] < rows[1]));
    // The source is untouched: undoing is taking the step out.
    assert_eq!(cleaning.source.height(), before.height());
    assert!(cleaning.source.data.equals_missing(&before.data));
}

#[test]
fn each_rule_chooses_its_cell() {
    for (keep, column, wanted) in [
        (Keep::Sum, "spent", "12.5"),
        (Keep::Max, "spent", "10"),
        (Keep::Min, "spent", "2.5"),
        (Keep::First, "spent", "10"),
        (Keep::Last, "spent", "2.5"),
        (Keep::Sum, "seen", "6"),
        (Keep::First, "name", "Ada Wang"),
        (Keep::Longest, "name", "Wang, Ada"),
        (Keep::MostFrequent, "name", "Ada Wang"),
        (Keep::Sum, "name", "Wang, Ada"),
        (Keep::Min, "id", "C000"),
        (Keep::Newest { by: "nothing".into() }, "name", "Wang, Ada"),
    ] {
        let rule = MergeRule { column: column.into(), keep: keep.clone() };
        let cleaning = cleaned(SameCustomerSpec { rules: vec![rule], ..spec() }, true);
        assert_eq!(cleaning.last().show(column, 0).as_deref(), Some(wanted), "{keep:?} {column}");
    }
    for (master, row) in [(Master::First, 2), (Master::Last, 4), (Master::MostComplete, 3)] {
        let cleaning = cleaned(SameCustomerSpec { master, ..spec() }, true);
        assert_eq!(cleaning.last().rows[0], row);
    }
    // `seen` is a number here, and the newest is the row where it is greatest.
    let newest = Keep::Newest { by: "seen".into() };
    let rule = MergeRule { column: "spent".into(), keep: newest };
    let step = SameCustomerSpec { rules: vec![rule], master: Master::Newest { by: "seen".into() }, ..spec() };
    let cleaning = cleaned(step, true);
    assert_eq!((cleaning.last().rows[0], cleaning.last().show("spent", 0).as_deref()), (2, Some("10")));
}

#[test]
fn scoring_flags_and_keeps_every_row() {
    let cleaning = cleaned(spec(), false);
    let stage = &cleaning.stages[0];
    assert_eq!(stage.after.height(), shop().height());
    assert_eq!((stage.change.rows_merged, stage.change.rows_dropped), (0, 0));
    assert!(stage.change.flagged.contains(&2) && stage.change.flagged.contains(&4));
    assert!(stage.change.examples.is_empty());
}

#[test]
fn a_weight_of_nothing_shows_and_does_not_count() {
    let mut step = spec();
    step.fields[1].weight = Some(0.0);
    let found = search(&step, &people(&with(&[ADA, ADA])));
    let pair = found.pairs.iter().find(|pair| (pair.a, pair.b) == (0, 1)).unwrap();
    assert_eq!(pair.fields[1], (Agreement::Same, 0.0));
}
