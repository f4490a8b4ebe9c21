//! What a reader can work out is found here by trying all tables, not by the flows that hide the cells.

use proptest::prelude::*;

use super::*;
use crate::files::{Cell, Grid};

/// A reader who tries every table that fits what is published.
struct Reader<'a> {
    web: &'a Web,
    rule: Rule,
    marks: Vec<Mark>,
    knows_marks: bool,
}

impl Reader<'_> {
    /// What a cell may be, as far as its own mark tells. Without a bound: so far that any sum can be met.
    fn domain(&self, at: usize) -> (u64, u64) {
        let (arc, k) = (&self.web.arcs[at], self.rule.k());
        let far = self.web.arcs.iter().map(|arc| arc.value).max().unwrap_or(0) + 2 * k;
        match (self.marks[at], self.knows_marks) {
            _ if !arc.written => (0, far),
            (Mark::Plain, _) => (arc.value, arc.value),
            (Mark::Less, true) => (1, k - 1),
            (Mark::Less | Mark::Hidden, _) => (0, far),
        }
    }

    /// True if a table fits in which the cell `of` is `value`.
    fn can_be(&self, of: usize, value: u64) -> bool {
        let mut domains: Vec<(u64, u64)> = (0..self.web.len()).map(|at| self.domain(at)).collect();
        if value < domains[of].0 || value > domains[of].1 {
            return false;
        }
        domains[of] = (value, value);
        self.fits(&mut domains)
    }

    fn fits(&self, domains: &mut [(u64, u64)]) -> bool {
        for node in 0..self.web.nodes {
            let mut range = (0i64, 0i64);
            for (arc, (low, high)) in self.web.arcs.iter().zip(domains.iter()) {
                let (low, high) = (*low as i64, *high as i64);
                if arc.to == node {
                    range = (range.0 + low, range.1 + high);
                }
                if arc.from == node {
                    range = (range.0 - high, range.1 - low);
                }
            }
            if range.0 > 0 || range.1 < 0 {
                return false;
            }
        }
        let open = (0..domains.len()).filter(|at| domains[*at].0 < domains[*at].1);
        let Some(at) = open.min_by_key(|at| domains[*at].1 - domains[*at].0) else { return true };
        let (low, high) = domains[at];
        (low..=high).any(|value| {
            let mut next = domains.to_vec();
            next[at] = (value, value);
            self.fits(&mut next)
        })
    }

    /// True if what the cell can be spans at least the least size.
    fn is_wide(&self, of: usize) -> bool {
        let (low, high) = self.domain(of);
        let mut can = (low..=high).filter(|value| self.can_be(of, *value));
        let first = can.next().expect("the true table fits");
        (first + self.rule.k()..=high).rev().any(|value| self.can_be(of, value))
    }
}

fn rule(least: u32) -> Rule {
    Rule { method: Method::Suppress, least }
}

/// Everything that is promised of a table; what is wrong with it otherwise.
fn wrong(web: &Web, rule: Rule, found: &Suppressed) -> Option<String> {
    let k = rule.k();
    let told = |knows_marks| Reader { web, rule, marks: found.marks.clone(), knows_marks };
    let (by_marks, by_sums) = (told(true), told(false));
    for (at, arc) in web.arcs.iter().enumerate() {
        let mark = found.marks[at];
        if arc.cost.is_some() && rule.is_small(arc.value) && mark == Mark::Plain {
            return Some(format!("cell {at} of {} is written", arc.value));
        }
        if mark == Mark::Less {
            if !rule.is_small(arc.value) {
                return Some(format!("cell {at} of {} is called small", arc.value));
            }
            if let Some(not) = (1..k).find(|value| !by_marks.can_be(at, *value)) {
                return Some(format!("cell {at} of {} cannot be {not}", arc.value));
            }
        }
        let bears = mark != Mark::Plain || !arc.written && rule.is_small(arc.value);
        if bears && !by_sums.is_wide(at) {
            return Some(format!("cell {at} of {} is pinned", arc.value));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_part_follows_from_the_whole(
        counts in prop::collection::vec(0u64..14, 1..6), least in 3u32..6, known: bool,
    ) {
        let web = Web::parts(&counts, known);
        let found = suppress(&web, rule(least), &[]);
        if found.holds {
            prop_assert_eq!(wrong(&web, rule(least), &found), None, "{:?}", found.marks);
        } else {
            // Only where the whole is known, and is nobody else than the small group itself.
            prop_assert!(known, "{:?}", found.marks);
        }
    }

    #[test]
    fn no_cell_follows_from_the_totals(
        counts in (2usize..4).prop_flat_map(|columns| {
            prop::collection::vec(prop::collection::vec(0u64..7, columns), 2..4)
        }),
    ) {
        let web = Web::crossed(&counts, false);
        let found = suppress(&web, rule(3), &[]);
        prop_assert!(found.holds, "nothing is known beforehand, so silence would do");
        prop_assert_eq!(wrong(&web, rule(3), &found), None, "{:?}", found.marks);
    }

    #[test]
    fn rounded_tables_add_up_and_stay_near(
        counts in prop::collection::vec(prop::collection::vec(0u64..60, 4), 1..7), seed: u64, base in 3u64..8,
    ) {
        let web = Web::crossed(&counts, false);
        let rounded = round(&web, base, seed);
        for (arc, value) in web.arcs.iter().zip(&rounded) {
            prop_assert!(value.is_multiple_of(base));
            prop_assert!(value.abs_diff(arc.value) < base);
        }
        for node in 0..web.nodes {
            let sum = |end: fn(&super::flow::Arc) -> usize| {
                web.arcs.iter().zip(&rounded).filter(|(arc, _)| end(arc) == node).map(|(_, v)| *v).sum::<u64>()
            };
            prop_assert_eq!(sum(|arc| arc.from), sum(|arc| arc.to));
        }
        prop_assert_eq!(&rounded, &round(&web, base, seed));
    }

    #[test]
    fn steps_are_nobody_or_the_least_size(
        counts in prop::collection::vec((0u64..4, 0u64..9), 0..40), least in 3u32..9,
    ) {
        let counts: Vec<Step> = counts.into_iter().map(|(yes, no)| Step { yes, no }).collect();
        let all = |of: &[Step]| of.iter().fold((0, 0), |sum, step| (sum.0 + step.yes, sum.1 + step.no));
        let joined = bins(&counts, rule(least));
        let small = |count: u64| rule(least).is_small(count);
        for range in &joined {
            let (yes, no) = all(&counts[range.clone()]);
            prop_assert!(!small(yes) && !small(no), "{yes} {no}");
        }
        let (yes, no) = all(&counts);
        if joined.is_empty() {
            prop_assert!(small(yes) || small(no) || yes + no == 0);
        } else {
            prop_assert_eq!(joined.first().map(|range| range.start), Some(0));
            // Everybody is in a bin; bins of nobody at the end are dropped.
            let covered = &counts[..joined.last().map_or(0, |range| range.end)];
            prop_assert_eq!(all(covered), (yes, no));
        }
    }
}

#[test]
fn hiding_the_small_cell_alone_is_found_out() {
    // 3 of 40: without a second hidden cell, 40 − 37 tells it.
    let web = Web::parts(&[3, 17, 20], false);
    let naive = Suppressed { marks: vec![Mark::Less, Mark::Plain, Mark::Plain, Mark::Plain], holds: true };
    assert!(wrong(&web, rule(5), &naive).is_some_and(|why| why.contains("cannot be")));
    let found = suppress(&web, rule(5), &[]);
    assert_eq!(found.marks, [Mark::Less, Mark::Hidden, Mark::Plain, Mark::Plain]);
    assert_eq!(wrong(&web, rule(5), &found), None);
    // Two small cells whose marks and sum tell both: 4 + 4 = 8.
    let web = Web::parts(&[4, 4, 30], true);
    let naive = Suppressed { marks: vec![Mark::Less, Mark::Less, Mark::Plain, Mark::Plain], holds: true };
    assert!(wrong(&web, rule(5), &naive).is_some());
    assert_eq!(suppress(&web, rule(5), &[]).marks, [Mark::Less, Mark::Less, Mark::Hidden, Mark::Plain]);
}

#[test]
fn what_cannot_be_kept_is_said() {
    // Everybody knows that there are three.
    let found = suppress(&Web::parts(&[3, 0], true), rule(5), &[]);
    assert!(!found.holds && found.hidden() == 2, "{found:?}");
    // Five groups of one in a known five: the marks of all would tell, so some say less.
    let web = Web::parts(&[1; 5], true);
    let found = suppress(&web, rule(5), &[]);
    let marked = |mark: Mark| found.marks.iter().filter(|one| **one == mark).count();
    assert!(found.holds && (marked(Mark::Less), marked(Mark::Hidden)) == (2, 3), "{found:?}");
    assert_eq!(wrong(&web, rule(5), &found), None);
    // No cells, and no people.
    assert_eq!(suppress(&Web::parts(&[], true), rule(5), &[]).hidden(), 0);
    assert_eq!(suppress(&Web::crossed(&[vec![0, 0]], false), rule(5), &[]).hidden(), 0);
}

#[test]
fn rounding_has_no_bias() {
    let web = Web::crossed(&[vec![1, 7, 2], vec![13, 0, 4]], false);
    let mut sums = vec![0u64; web.len()];
    let tries = 4000;
    for seed in 0..tries {
        round(&web, 5, seed).iter().zip(&mut sums).for_each(|(value, sum)| *sum += value);
    }
    for (arc, sum) in web.arcs.iter().zip(sums) {
        // A mean of 4,000 draws that are 2.5 apart at most: 0.2 is five standard errors.
        let mean = sum as f64 / tries as f64;
        assert!((mean - arc.value as f64).abs() < 0.2, "{} {mean}", arc.value);
    }
}

#[test]
fn least_sizes_are_kept_in_their_range() {
    assert_eq!(Rule { least: 0, ..Rule::default() }.k(), 3);
    assert_eq!(Rule { least: 4_000_000, ..Rule::default() }.k(), 50);
    assert!(!Rule::default().is_small(0) && Rule::default().is_small(4) && !Rule::default().is_small(5));
}

const COLUMNS: [Meaning; 6] = [
    Meaning::Plain,
    Meaning::Count,
    Meaning::Share(1),
    Meaning::Rate(1),
    Meaning::Figure(1),
    Meaning::Extreme,
];

fn sheet(groups: &[(f64, f64)]) -> Sheet {
    let all: f64 = groups.iter().map(|group| group.0).sum();
    let row = |(count, hits): &(f64, f64)| {
        vec![None, Some(*count), Some(count / all), Some(hits / count), Some(12.5), Some(99.0)]
    };
    Sheet { columns: COLUMNS.to_vec(), rows: groups.iter().map(row).collect(), total: None }
}

#[test]
fn figures_of_a_hidden_group_are_hidden_with_it() {
    let shown = sheet(&[(3.0, 1.0), (40.0, 20.0), (60.0, 30.0)]).protect(rule(5), 1);
    assert_eq!(shown[0][1], Shown::Less);
    assert_eq!(shown[0][2..], [Shown::Hidden; 4]);
    // The second group goes with it, or its share and mean would tell.
    assert_eq!(shown[1][1..], [Shown::Hidden; 5]);
    assert_eq!(shown[2][1..5], [Shown::Same; 4]);
    assert_eq!(shown[2][5], Shown::Hidden, "nobody's largest value stands there");
}

#[test]
fn a_rate_that_counts_few_is_hidden_though_the_group_is_large() {
    // 2 of 40: the group may be told, its rate may not, nor the rate of one other.
    let shown = sheet(&[(40.0, 2.0), (50.0, 20.0), (60.0, 30.0)]).protect(rule(5), 1);
    let rates: Vec<Shown> = shown.iter().map(|row| row[3]).collect();
    assert_eq!(rates, [Shown::Hidden, Shown::Hidden, Shown::Same]);
    assert!(shown.iter().all(|row| row[1] == Shown::Same && row[4] == Shown::Same));
}

#[test]
fn a_rounded_sheet_holds_multiples_only() {
    let of = sheet(&[(3.0, 1.0), (41.0, 20.0), (60.0, 31.0)]);
    let shown = of.protect(Rule { method: Method::Round, least: 5 }, 9);
    let sum: f64 = shown.iter().map(|row| if let Shown::Number(n) = row[1] { n } else { f64::NAN }).sum();
    for row in &shown {
        let Shown::Number(count) = row[1] else { panic!("{row:?}") };
        let Shown::Number(share) = row[2] else { panic!("{row:?}") };
        assert!(count % 5.0 == 0.0 && (share * sum - count).abs() < 1e-9, "{row:?}");
    }
    // Where at most five are written, nothing is told of them.
    assert_eq!(shown[0][3..], [Shown::Hidden; 3]);
}

#[test]
fn texts_and_json_are_read_and_written() {
    assert_eq!(number("1,234"), Some(1234.0));
    assert_eq!(number("37.5%"), Some(0.375));
    assert_eq!(number("55.6% (34.0%–70.1%)"), Some(0.556));
    assert_eq!((number("–"), number(""), number("<5"), number("客户")), (None, None, None, None));
    let mut rows: Vec<serde_json::Value> = [2, 30, 40]
        .iter()
        .map(|size| serde_json::json!({ "name": "x", "size": size, "share": *size as f64 / 72.0 }))
        .collect();
    let fields = [("size", Meaning::Count), ("share", Meaning::Share(0)), ("absent", Meaning::Figure(0))];
    let hidden = Sheet::protect_json(&mut rows, &fields, (rule(5), 1));
    assert_eq!(hidden, 4);
    assert!(rows[0]["size"].is_null() && rows[1]["share"].is_null() && rows[2]["size"] == 40);
    assert_eq!(rows[0].as_object().unwrap().len(), 3, "no field is added");
}

fn words() -> Marks {
    Marks { less: "<5".to_owned(), hidden: "hidden".to_owned() }
}

fn texts(grid: &Grid) -> Vec<Vec<&str>> {
    grid.rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect()
}

#[test]
fn cohorts_are_as_large_in_every_month() {
    let mut grid = Grid::default();
    for (month, size, since, active) in [
        ("jan", 63, 0, 63),
        ("jan", 63, 1, 31),
        ("jan", 63, 2, 2),
        ("feb", 52, 0, 52),
        ("feb", 52, 1, 20),
        ("mar", 44, 0, 44),
        ("apr", 3, 0, 3),
    ] {
        let share = Cell::percent(active as f64 / size as f64);
        grid.rows.push(vec![month.into(), Cell::whole(size), Cell::whole(since), Cell::whole(active), share]);
    }
    let columns = [Meaning::Plain, Meaning::Count, Meaning::Plain, Meaning::Part(1), Meaning::Rate(1)];
    let layout = Layout { block: Some(2), key: Some(0), ..Layout::of(&columns) };
    let mut hidden = grid.clone();
    let count = Sheet::protect_grid(&mut hidden, &layout, (rule(5), 1), &words());
    let told = texts(&hidden);
    // April is small, March goes with it; two customers of January two months later are few.
    assert_eq!(told[6], ["apr", "<5", "0", "hidden", "hidden"]);
    assert_eq!(told[5], ["mar", "hidden", "0", "hidden", "hidden"]);
    assert_eq!(told[2][3..], ["hidden", "hidden"]);
    assert_eq!(count, hidden.rows.iter().flatten().filter(|c| ["<5", "hidden"].contains(&c.text())).count());
    for seed in 0..20 {
        let mut rounded = grid.clone();
        let rule = Rule { method: Method::Round, least: 5 };
        Sheet::protect_grid(&mut rounded, &layout, (rule, seed), &words());
        let told = texts(&rounded);
        assert!(told[0][1] == told[1][1] && told[1][1] == told[2][1], "{told:?}");
        assert!(told.iter().all(|row| row[1].parse::<u64>().unwrap() % 5 == 0), "{told:?}");
    }
}

#[test]
fn moves_cannot_be_worked_out_from_the_classes_sizes() {
    let mut grid = Grid::default();
    for (from, to, customers) in
        [("a", "b", 3), ("a", "a", 40), ("b", "a", 7), ("b", "b", 60), ("c", "a", 1), ("c", "b", 30)]
    {
        grid.rows.push(vec!["2025".into(), from.into(), to.into(), Cell::whole(customers)]);
    }
    let mut hidden = grid.clone();
    let count = protect_moves(&mut hidden, (1, 2, 3), &[0], (rule(5), 1), &words());
    let told: Vec<&str> = texts(&hidden).iter().map(|row| row[3]).collect();
    assert!(told[0] != "3" && told[4] != "1", "{told:?}");
    // A class's moves add up to its size: in each row and column at least two are hidden, or none.
    for pair in [[0, 1], [2, 3], [4, 5]] {
        let marks = pair.map(|at| told[at].parse::<u64>().is_err());
        assert_eq!(marks[0], marks[1], "{told:?}");
    }
    assert_eq!(count, told.iter().filter(|text| text.parse::<u64>().is_err()).count());
    let mut rounded = grid;
    let rule = Rule { method: Method::Round, least: 5 };
    assert_eq!(protect_moves(&mut rounded, (1, 2, 3), &[0], (rule, 4), &words()), 0);
    assert!(texts(&rounded).iter().all(|row| row[3].parse::<u64>().unwrap() % 5 == 0));
}
