//! Folds that go forward in time: a model learns from the past and is measured on what came next.

use super::{Side, SplitSpec, assign};

/// Cuts the labelled rows that have a day into `folds` + 1 stretches of about as many rows, no day in two of
/// them; fold by fold the next stretch is measured on and everything before it is learnt from (an expanding
/// window). Of what is learnt from a share of `valid` is for validation. Rows less than `horizon` days before
/// the measured stretch are left out: their labels were not known yet. There are as many folds as days allow;
/// none where all rows have one day.
///
/// `days` and `twins` belong to the rows; twins share a side within a fold's training part.
pub fn forward(
    labels: &[Option<bool>],
    days: &[Option<f64>],
    twins: &[u64],
    (folds, valid, horizon): (usize, f64, f64),
    seed: u64,
) -> Vec<Vec<Side>> {
    let day = |row: usize| days.get(row).copied().flatten();
    let mut order: Vec<(f64, usize)> = labels
        .iter()
        .enumerate()
        .filter(|(_, label)| label.is_some())
        .filter_map(|(row, _)| Some((day(row)?, row)))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // The first day of each stretch but the first.
    let mut begins: Vec<f64> = Vec::new();
    for stretch in 1..=folds {
        let at = stretch * order.len() / (folds + 1);
        let Some((begin, _)) = order.get(at) else { continue };
        let is_later = order.first().is_some_and(|(first, _)| begin > first);
        if is_later && begins.last().is_none_or(|last| begin > last) {
            begins.push(*begin);
        }
    }
    let spec = SplitSpec { valid, test: 0.0 };
    let fold = |(at, begin): (usize, &f64)| {
        let end = begins.get(at + 1).copied().unwrap_or(f64::INFINITY);
        let past: Vec<Option<bool>> = labels
            .iter()
            .enumerate()
            .map(|(row, label)| {
                label.filter(|_| day(row).is_some_and(|d| d < *begin && d + horizon <= *begin))
            })
            .collect();
        let mut sides = assign(&spec, &past, twins, seed.wrapping_add(at as u64));
        for (row, side) in sides.iter_mut().enumerate() {
            let is_next = day(row).is_some_and(|d| *begin <= d && d < end);
            if is_next && labels.get(row).copied().flatten().is_some() {
                *side = Side::Test;
            }
        }
        sides
    };
    begins.iter().enumerate().map(fold).collect()
}

/// One key for rows that either of two keys holds together.
pub fn joined(first: &[u64], second: &[u64]) -> Vec<u64> {
    use std::collections::HashMap;
    fn root(of: &mut [usize], mut at: usize) -> usize {
        while let Some(&up) = of.get(at).filter(|up| **up != at) {
            let over = of.get(up).copied().unwrap_or(up);
            if let Some(slot) = of.get_mut(at) {
                *slot = over;
            }
            at = over;
        }
        at
    }
    let mut up: Vec<usize> = (0..first.len()).collect();
    for keys in [first, second] {
        let mut seen: HashMap<u64, usize> = HashMap::new();
        for (row, key) in keys.iter().enumerate().take(first.len()) {
            let other = *seen.entry(*key).or_insert(row);
            let (a, b) = (root(&mut up, row), root(&mut up, other));
            if let Some(slot) = up.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    (0..first.len()).map(|row| root(&mut up, row) as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_tells_of_what_came_next_and_never_the_other_way() {
        let labels: Vec<_> = (0..600).map(|i| (i % 20 > 0).then_some(i % 3 == 0)).collect();
        let days: Vec<_> = (0..600).map(|i| (i % 50 > 0).then_some((i * 7 % 300) as f64)).collect();
        let twins: Vec<u64> = (0..600).collect();
        let all = forward(&labels, &days, &twins, (4, 0.2, 10.0), 1);
        assert_eq!(all, forward(&labels, &days, &twins, (4, 0.2, 10.0), 1));
        assert_eq!(all.len(), 4);
        let mut learnt = 0;
        for sides in &all {
            let of = |side: Side| (0..600).filter(move |&i| sides[i] == side);
            let begin = of(Side::Test).map(|i| days[i].unwrap()).fold(f64::MAX, f64::min);
            assert!(of(Side::Test).count() > 80, "{}", of(Side::Test).count());
            for row in of(Side::Train).chain(of(Side::Valid)) {
                assert!(days[row].unwrap() + 10.0 <= begin);
            }
            let now = of(Side::Train).count();
            assert!(now > learnt, "the window grows");
            learnt = now;
            assert!(of(Side::Valid).count() > 0);
        }
        // Nobody is measured twice, and nobody without a day or a label at all.
        for row in 0..600 {
            let tested = all.iter().filter(|sides| sides[row] == Side::Test).count();
            assert!(tested <= usize::from(labels[row].is_some() && days[row].is_some()));
        }
        let still = forward(&labels, &vec![Some(3.0); 600], &twins, (4, 0.2, 0.0), 1);
        assert!(still.is_empty());
        let two: Vec<_> = (0..600).map(|i| Some(f64::from(i % 2))).collect();
        assert_eq!(forward(&labels, &two, &twins, (4, 0.2, 0.0), 1).len(), 1);
    }

    #[test]
    fn keys_are_joined_through_each_other() {
        let joined = joined(&[1, 1, 2, 3, 4], &[7, 8, 8, 9, 9]);
        assert!(joined[0] == joined[1] && joined[1] == joined[2], "{joined:?}");
        assert!(joined[3] == joined[4] && joined[3] != joined[0]);
    }
}
