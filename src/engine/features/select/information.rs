//! Mutual information of one feature with the target, in bits.

/// Different values up to which each is a bin of its own.
const VALUES: usize = 10;

/// Mutual information Σ p(x, y) log₂ (p(x, y) / p(x) p(y)) of a feature and the class. A feature of up to
/// ten different values is taken as it is; any other in ten bins of equally many rows. Less what chance
/// brings in the mean, (bins − 1)(classes − 1) / (2 n ln 2) (Miller 1955), and never below 0.
pub(in crate::features) fn bits(values: &[f32], labels: &[bool]) -> f64 {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let (n, mut starts) = (sorted.len(), Vec::new());
    for pair in sorted.windows(2) {
        if let [a, b] = pair
            && a < b
        {
            starts.push(*b);
            if starts.len() >= VALUES {
                break;
            }
        }
    }
    if starts.len() >= VALUES {
        starts = (1..VALUES).filter_map(|at| sorted.get(at * n / VALUES).copied()).collect();
        starts.dedup();
        let low = sorted.first().copied().unwrap_or(f32::MIN);
        starts.retain(|start| *start > low);
    }
    let mut counts = vec![[0.0f64; 2]; starts.len() + 1];
    let mut classes = [0.0f64; 2];
    for (value, label) in values.iter().zip(labels).filter(|(value, _)| !value.is_nan()) {
        let bin = starts.partition_point(|start| *start <= *value);
        let class = usize::from(*label);
        counts.iter_mut().skip(bin).take(1).for_each(|bin| bin[class] += 1.0);
        classes[class] += 1.0;
    }
    let total = classes[0] + classes[1];
    if total == 0.0 {
        return 0.0;
    }
    let mut sum = 0.0;
    for bin in &counts {
        let here = bin[0] + bin[1];
        for (count, class) in bin.iter().zip(classes).filter(|(count, _)| **count > 0.0) {
            sum += count / total * (count * total / (here * class)).log2();
        }
    }
    let used = counts.iter().filter(|bin| bin[0] + bin[1] > 0.0).count() as f64;
    let groups = classes.iter().filter(|class| **class > 0.0).count() as f64;
    let by_chance = (used - 1.0) * (groups - 1.0) / (2.0 * total * std::f64::consts::LN_2);
    (sum - by_chance).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_by_hand() {
        // The class itself, half and half: 1 bit, less 1 / (2 · 100 · ln 2).
        let labels: Vec<bool> = (0..100).map(|at| at % 2 == 0).collect();
        let same: Vec<f32> = labels.iter().map(|label| f32::from(u8::from(*label))).collect();
        let chance = 1.0 / (200.0 * std::f64::consts::LN_2);
        assert!((bits(&same, &labels) - (1.0 - chance)).abs() < 1e-12);
        // Three of four of one class hold it, one of four of the other: 1 − H(1/4) = 0.18872 bits.
        let some: Vec<f32> = (0..80).map(|at| f32::from(u8::from((at % 2 == 0) == (at % 8 < 6)))).collect();
        let chance = 1.0 / (160.0 * std::f64::consts::LN_2);
        let told = bits(&some, &labels[..80]);
        assert!((told - (0.188_722 - chance)).abs() < 1e-5, "{told}");
        assert_eq!(bits(&[1.0; 100], &labels), 0.0, "a constant");
        assert_eq!(bits(&[], &[]), 0.0);
        assert_eq!(bits(&same, &[true; 100]), 0.0, "one class");
        assert_eq!(bits(&[f32::NAN; 4], &[true, false, true, false]), 0.0);
    }

    #[test]
    fn many_values_are_binned() {
        // The class changes at the middle of a thousand different values: ten bins tell all of it.
        let values: Vec<f32> = (0..1000).map(|at| (at * 37 % 1000) as f32).collect();
        let labels: Vec<bool> = values.iter().map(|v| *v >= 500.0).collect();
        let chance = 9.0 / (2000.0 * std::f64::consts::LN_2);
        assert!((bits(&values, &labels) - (1.0 - chance)).abs() < 1e-9);
        let apart: Vec<bool> = (0..1000).map(|at| at % 3 == 0).collect();
        assert!(bits(&values, &apart) < 0.005, "{}", bits(&values, &apart));
    }
}
