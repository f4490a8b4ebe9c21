//! Rows → training, validation and test, before anything is fitted. Rows that are equal but for
//! their identifier share a side, and each class is spread evenly.

mod forward;

use std::collections::HashMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

pub use forward::{forward, joined};

/// Where a row is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Train,
    Valid,
    Test,
    /// No label: scored, never learnt from nor measured on.
    Unlabelled,
}

/// Shares of the labelled rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SplitSpec {
    pub valid: f64,
    pub test: f64,
}

impl Default for SplitSpec {
    fn default() -> Self {
        Self { valid: 0.16, test: 0.20 }
    }
}

/// Assigns each row a side.
///
/// `labels` holds the class of each row, `None` for rows without one; `twins` a key that is equal
/// for rows that must share a side. Equal inputs and seeds give equal sides.
pub fn assign(spec: &SplitSpec, labels: &[Option<bool>], twins: &[u64], seed: u64) -> Vec<Side> {
    let mut sides = vec![Side::Unlabelled; labels.len()];
    let mut groups: HashMap<u64, Vec<usize>> = HashMap::new();
    for (row, label) in labels.iter().enumerate() {
        if label.is_some() {
            groups.entry(twins[row]).or_default().push(row);
        }
    }
    let mut order: Vec<Vec<usize>> = groups.into_values().collect();
    order.sort_unstable_by_key(|rows| rows[0]);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed ^ 0x5911_7000);
    order.shuffle(&mut rng);
    for class in [true, false] {
        let members: Vec<&Vec<usize>> = order.iter().filter(|rows| labels[rows[0]] == Some(class)).collect();
        let total: usize = members.iter().map(|rows| rows.len()).sum();
        let test_until = (total as f64 * spec.test).round() as usize;
        let valid_until = test_until + (total as f64 * spec.valid).round() as usize;
        let mut placed = 0;
        for rows in members {
            let side = match placed {
                n if n < test_until => Side::Test,
                n if n < valid_until => Side::Valid,
                _ => Side::Train,
            };
            rows.iter().for_each(|&row| sides[row] = side);
            placed += rows.len();
        }
    }
    sides
}

/// Assigns each labelled row one of `folds` folds, counted from 0; `None` for rows without a label.
///
/// Each class is spread evenly, and rows of one twin key share a fold. Equal inputs and seeds give
/// equal folds.
pub fn folds(labels: &[Option<bool>], twins: &[u64], folds: usize, seed: u64) -> Vec<Option<usize>> {
    let mut out = vec![None; labels.len()];
    let mut groups: HashMap<u64, Vec<usize>> = HashMap::new();
    for (row, (label, twin)) in labels.iter().zip(twins).enumerate() {
        if label.is_some() {
            groups.entry(*twin).or_default().push(row);
        }
    }
    let mut order: Vec<Vec<usize>> = groups.into_values().collect();
    order.sort_unstable();
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed ^ 0xF01D_5000);
    order.shuffle(&mut rng);
    for class in [true, false] {
        let of_class = |rows: &&Vec<usize>| rows.first().is_some_and(|&row| labels[row] == Some(class));
        let members: Vec<&Vec<usize>> = order.iter().filter(of_class).collect();
        let total: usize = members.iter().map(|rows| rows.len()).sum();
        let mut placed = 0;
        for rows in members {
            let fold = placed * folds / total.max(1);
            rows.iter().for_each(|&row| out[row] = Some(fold));
            placed += rows.len();
        }
    }
    out
}

/// The sides of one fold: its rows are the test rows; of the others a share of `valid` is for
/// validation, the rest for training, as in [`assign`].
pub fn fold_sides(
    of_row: &[Option<usize>],
    fold: usize,
    valid: f64,
    labels: &[Option<bool>],
    twins: &[u64],
    seed: u64,
) -> Vec<Side> {
    let is_test = |row: usize| of_row.get(row).copied().flatten() == Some(fold);
    let rest: Vec<Option<bool>> =
        labels.iter().enumerate().map(|(row, label)| label.filter(|_| !is_test(row))).collect();
    let spec = SplitSpec { valid, test: 0.0 };
    let mut sides = assign(&spec, &rest, twins, seed.wrapping_add(fold as u64));
    for (row, side) in sides.iter_mut().enumerate() {
        if is_test(row) {
            *side = Side::Test;
        }
    }
    sides
}

/// Assigns sides where a customer has several rows, one per day on which a question was asked.
///
/// `customers` holds a key that is equal for the rows of one customer, `days` each row's day. All rows
/// of a customer share a side, so that nobody is known from another day; classes are spread evenly by
/// each customer's latest label. Of test customers only rows of the latest labelled day are measured
/// on, for the question will be asked on the latest day; their earlier rows are not used at all.
pub fn assign_customers(
    spec: &SplitSpec,
    labels: &[Option<bool>],
    customers: &[u64],
    days: &[i32],
    seed: u64,
) -> Vec<Side> {
    let labelled = || (0..labels.len()).filter(|row| labels[*row].is_some());
    let newest = labelled().map(|row| days[row]).max();
    // Each customer's latest labelled row stands for it.
    let mut latest: HashMap<u64, usize> = HashMap::new();
    for row in labelled() {
        let known = latest.entry(customers[row]).or_insert(row);
        if days[row] > days[*known] {
            *known = row;
        }
    }
    let mut stands: Vec<Option<bool>> = vec![None; labels.len()];
    latest.values().for_each(|row| stands[*row] = labels[*row]);
    let sides = assign(spec, &stands, customers, seed);
    let side_of = |row: usize| match (labels[row], latest.get(&customers[row])) {
        (Some(_), Some(latest)) => match sides[*latest] {
            Side::Test if Some(days[row]) != newest => Side::Unlabelled,
            side => side,
        },
        _ => Side::Unlabelled,
    };
    (0..labels.len()).map(side_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_classes_and_twins_are_kept() {
        let labels: Vec<_> = (0..1000).map(|i| (i % 50 != 0).then_some(i % 4 == 0)).collect();
        let twins: Vec<u64> = (0..1000).map(|i| if i < 40 { 7 * 4 + i % 4 } else { 1000 + i }).collect();
        let sides = assign(&SplitSpec::default(), &labels, &twins, 1);
        assert_eq!(sides, assign(&SplitSpec::default(), &labels, &twins, 1));
        assert_ne!(sides, assign(&SplitSpec::default(), &labels, &twins, 2));
        let count = |side, class| (0..1000).filter(|&i| sides[i] == side && labels[i] == Some(class)).count();
        let (labelled_true, labelled_false) = (
            labels.iter().filter(|l| **l == Some(true)).count(),
            labels.iter().filter(|l| **l == Some(false)).count(),
        );
        for (class, total) in [(true, labelled_true), (false, labelled_false)] {
            let share = count(Side::Test, class) as f64 / total as f64;
            assert!((share - 0.2).abs() < 0.05, "{share}");
        }
        for k in 0..4usize {
            let of_group: Vec<_> =
                (0..40).filter(|i| i % 4 == k && labels[*i].is_some()).map(|i| sides[i]).collect();
            assert!(of_group.windows(2).all(|w| w[0] == w[1]));
        }
        assert_eq!(sides[0], Side::Unlabelled);
    }

    #[test]
    fn folds_are_even_and_keep_twins_together() {
        let labels: Vec<_> = (0..1000).map(|i| (i % 50 != 0).then_some(i % 4 == 0)).collect();
        let twins: Vec<u64> = (0..1000).map(|i| if i < 40 { i % 4 } else { 1000 + i }).collect();
        let of_row = folds(&labels, &twins, 5, 1);
        assert_eq!(of_row, folds(&labels, &twins, 5, 1));
        assert_ne!(of_row, folds(&labels, &twins, 5, 2));
        for fold in 0..5 {
            for class in [true, false] {
                let all = labels.iter().filter(|l| **l == Some(class)).count() as f64;
                let here = (0..1000).filter(|&i| of_row[i] == Some(fold) && labels[i] == Some(class)).count();
                assert!((here as f64 / all - 0.2).abs() < 0.05, "{fold} {class} {here} of {all}");
            }
        }
        for k in 0..4 {
            let of_group: Vec<_> =
                (0..40).filter(|i| i % 4 == k && labels[*i].is_some()).map(|i| of_row[i]).collect();
            assert!(of_group.windows(2).all(|w| w[0] == w[1]));
        }
        // Every labelled row is tested once, and never learnt from in that fold.
        let mut tested = vec![0; 1000];
        for fold in 0..5 {
            let sides = fold_sides(&of_row, fold, 0.2, &labels, &twins, 1);
            let count = |side| sides.iter().filter(|s| **s == side).count() as f64;
            assert!((count(Side::Valid) / (count(Side::Valid) + count(Side::Train)) - 0.2).abs() < 0.03);
            assert!(count(Side::Unlabelled) == 20.0);
            sides.iter().zip(&mut tested).filter(|(s, _)| **s == Side::Test).for_each(|(_, n)| *n += 1);
        }
        assert!(tested.iter().zip(&labels).all(|(n, label)| *n == usize::from(label.is_some())));
    }

    #[test]
    fn no_customer_stands_on_both_sides_and_the_test_is_of_the_latest_day() {
        // 400 customers on four days; every fifth is gone on the last day; the last hundred rows are
        // the day to answer.
        let mut rows: Vec<(u64, i32, Option<bool>)> = Vec::new();
        for day in 0..4 {
            let here = (0..400u64).filter(|who| day < 3 || who % 5 > 0);
            rows.extend(here.map(|who| (who, day * 30, Some((who + day as u64).is_multiple_of(3)))));
        }
        rows.extend((0..100).map(|who| (who, 150, None)));
        let labels: Vec<_> = rows.iter().map(|row| row.2).collect();
        let customers: Vec<_> = rows.iter().map(|row| row.0).collect();
        let days: Vec<_> = rows.iter().map(|row| row.1).collect();
        let sides = assign_customers(&SplitSpec::default(), &labels, &customers, &days, 3);
        assert_eq!(sides, assign_customers(&SplitSpec::default(), &labels, &customers, &days, 3));
        let mut of: HashMap<u64, Vec<Side>> = HashMap::new();
        for (row, side) in rows.iter().zip(&sides) {
            if row.2.is_some() {
                of.entry(row.0).or_default().push(*side);
            }
            if *side == Side::Test {
                assert_eq!(row.1, 90);
            }
            assert_eq!(row.2.is_none(), row.1 == 150);
        }
        for (who, sides) in &of {
            let learns = |side: &Side| matches!(side, Side::Train | Side::Valid);
            let (first, all) = (sides[0], sides.iter().all(|side| *side == sides[0]));
            assert!(if learns(&first) { all } else { !sides.iter().any(learns) }, "{who}: {sides:?}");
        }
        let count = |side| sides.iter().filter(|s| **s == side).count() as f64;
        assert!((count(Side::Test) / 320.0 - 0.2).abs() < 0.06, "{}", count(Side::Test));
        assert!(count(Side::Train) > 900.0);
    }
}
