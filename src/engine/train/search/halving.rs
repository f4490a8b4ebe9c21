//! Successive halving without waiting (the stopping form of ASHA: Li and others 2020, "A system for
//! massively parallel hyperparameter tuning"): a trial that reaches a rung goes on only if it is among the
//! best third of all that have reached it.

/// One trial in so many goes on from rung to rung.
const KEEPS: usize = 3;

/// The rungs, and where the present trial stands on them.
#[derive(Debug, Clone)]
pub(crate) struct Halving {
    /// Epochs, rounds or folds at which a trial is judged.
    levels: Vec<usize>,
    /// What the trials had there; the higher the better.
    values: Vec<Vec<f64>>,
    /// The next rung of the present trial.
    next: usize,
    halted: Option<(usize, usize)>,
}

impl Halving {
    /// Rungs at `least`, three times that, and so on below `most`; none where `on` is false.
    pub fn new(on: bool, least: usize, most: usize) -> Self {
        let levels: Vec<usize> = std::iter::successors(Some(least.max(1)), |level| level.checked_mul(KEEPS))
            .take_while(|level| on && *level < most)
            .collect();
        Self { values: vec![Vec::new(); levels.len()], levels, next: 0, halted: None }
    }

    /// A new trial begins.
    pub fn begin(&mut self) {
        (self.next, self.halted) = (0, None);
    }

    /// The present trial has come to `level` and has this value; false when it must end.
    pub fn goes_on(&mut self, level: usize, value: f64) -> bool {
        let value = if value.is_nan() { f64::NEG_INFINITY } else { value };
        while self.levels.get(self.next).is_some_and(|rung| level >= *rung) {
            let Some(values) = self.values.get_mut(self.next) else { break };
            values.push(value);
            self.next += 1;
            let better = values.iter().filter(|other| **other > value).count();
            if better >= values.len().div_ceil(KEEPS) {
                self.halted = Some((self.next, level));
                return false;
            }
        }
        true
    }

    /// The rung, counted from 1, and the level at which the present trial was ended.
    pub fn halted(&self) -> Option<(usize, usize)> {
        self.halted
    }

    /// Rungs that the present trial has passed.
    pub fn passed(&self) -> usize {
        self.next - usize::from(self.halted.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The level at which each of the trials ends; a trial has one value at all levels.
    fn ends(halving: &mut Halving, most: usize, values: &[f64]) -> Vec<usize> {
        let one = |value: &f64| {
            halving.begin();
            (1..=most).find(|level| !halving.goes_on(*level, *value)).unwrap_or(most)
        };
        values.iter().map(one).collect()
    }

    #[test]
    fn the_worse_two_thirds_end_at_each_rung() {
        let mut halving = Halving::new(true, 3, 60);
        assert_eq!(halving.levels, [3, 9, 27]);
        // The first always goes on; then whoever is among the best third of those that came so far.
        assert_eq!(ends(&mut halving, 60, &[0.5, 0.4, 0.6, 0.55, 0.7, 0.3]), [60, 3, 60, 9, 60, 3]);
        assert_eq!(halving.halted(), Some((1, 3)));
        assert_eq!(halving.values.iter().map(Vec::len).collect::<Vec<_>>(), [6, 4, 3]);
        halving.begin();
        assert!(!halving.goes_on(3, f64::NAN), "what cannot be measured is the worst");
    }

    #[test]
    fn rising_values_all_go_on_and_falling_ones_pay_for_it() {
        let mut halving = Halving::new(true, 1, 30);
        let rising: Vec<f64> = (0..20).map(f64::from).collect();
        assert_eq!(ends(&mut halving, 30, &rising), [30; 20]);
        let mut halving = Halving::new(true, 1, 30);
        let falling: Vec<f64> = (0..27).map(|at| -f64::from(at)).collect();
        let work: usize = ends(&mut halving, 30, &falling).iter().sum();
        assert!(work < 27 * 30 / 4, "{work} of {}", 27 * 30);
    }

    #[test]
    fn without_halving_nobody_ends_early() {
        let mut off = Halving::new(false, 3, 60);
        assert_eq!(ends(&mut off, 60, &[0.5, 0.1, 0.2]), [60; 3]);
    }
}
