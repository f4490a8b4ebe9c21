//! The nearest change that would turn the answer: as few columns as can be, then as little of each as
//! can be (a counterfactual explanation, Wachter, Mittelstadt and Russell 2018). Only columns that can
//! be changed are touched, and only values are tried that training rows have.
//!
//! One column is searched whole. Two columns are searched whole over at most [`PAIRED`] values of each,
//! evenly along their ranks. Three and more are built by a beam: the most promising sets are kept and
//! each is tried with every further column. What is found is then brought as near to the present values
//! as still turns the answer.

use serde::Serialize;

use super::what_if::{Asked, Cell, Ground, Values};
use crate::job::Reporter;
use crate::train::Model;

/// Values of a column that are tried beside those of another column.
const PAIRED: usize = 24;
/// Pairs of values that are tried at most.
const PAIRS: usize = 40_000;
/// Sets that the beam keeps.
const BEAM: usize = 12;
/// Columns that are changed at most.
const MOST: usize = 4;
/// Rows that are asked between two looks at the cancel flag.
const ROWS: usize = 512;

/// What turns the answer: a probability below the threshold, or one that reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    Below(f64),
    Reach(f64),
}

impl Goal {
    /// The other side of `threshold` than `probability` is on.
    pub fn other_side(probability: f64, threshold: f64) -> Self {
        if probability >= threshold { Self::Below(threshold) } else { Self::Reach(threshold) }
    }

    /// True if a probability is on the wanted side.
    pub fn is_met(self, probability: f64) -> bool {
        match self {
            Self::Below(threshold) => probability < threshold,
            Self::Reach(threshold) => probability >= threshold,
        }
    }

    /// How far a probability is on the wanted side.
    fn gain(self, probability: f64) -> f64 {
        let gain = match self {
            Self::Below(threshold) => threshold - probability,
            Self::Reach(threshold) => probability - threshold,
        };
        if gain.is_nan() { f64::NEG_INFINITY } else { gain }
    }
}

/// One column that is changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    pub column: String,
    /// The present value as people read it; `None` where it is missing.
    pub from: Option<String>,
    pub to: String,
    /// The text of `to` in the file.
    pub text: String,
    /// What it costs: numbers in standard deviations of the training rows, another word 1.
    pub cost: f64,
}

/// A change that turns the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    pub moves: Vec<Move>,
    pub probability: f64,
    /// Sum of the moves' costs.
    pub cost: f64,
}

/// What the search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nearest {
    pub goal: Goal,
    /// The probability with nothing changed.
    pub start: f64,
    /// `None` where nothing that was tried turns the answer.
    pub turn: Option<Turn>,
    /// The best that can be had with one column, where nothing turns the answer.
    pub best: Option<Turn>,
    /// Columns that could be changed, and sets of values that were tried.
    pub columns: Vec<String>,
    pub tried: usize,
}

/// Places of a choice and of its value.
type Step = (usize, usize);

/// A set of steps with what came of it.
#[derive(Debug, Clone)]
struct Tried {
    steps: Vec<Step>,
    probability: f64,
    cost: f64,
}

struct Search<'a> {
    ground: &'a Ground,
    model: &'a Model,
    asked: &'a Asked,
    goal: Goal,
    tried: usize,
}

/// Searches for the nearest change of the columns at the places `changeable` of the ground's choices.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub fn nearest(
    ground: &Ground,
    model: &Model,
    asked: &Asked,
    changeable: &[usize],
    threshold: f64,
    report: &Reporter,
) -> crate::Result<Nearest> {
    let start = ground.score(model, asked, &[Vec::new()], report)?.first().copied().unwrap_or(f64::NAN);
    let goal = Goal::other_side(start, threshold);
    let mut search = Search { ground, model, asked, goal, tried: 0 };
    let columns = changeable.iter().filter_map(|&at| Some(ground.choices.get(at)?.column.clone())).collect();
    let (turn, best) = if start.is_nan() { (None, None) } else { search.run(changeable, report)? };
    let told = |found: Option<Tried>| found.map(|found| search.told(&found));
    Ok(Nearest { goal, start, turn: told(turn), best: told(best), columns, tried: search.tried })
}

impl Search<'_> {
    /// The nearest set that turns the answer, else the best single step.
    fn run(
        &mut self,
        changeable: &[usize],
        report: &Reporter,
    ) -> crate::Result<(Option<Tried>, Option<Tried>)> {
        let all: Vec<Vec<Step>> = changeable.iter().map(|&choice| self.steps(choice, usize::MAX)).collect();
        let singles = all.iter().flatten().map(|step| vec![*step]).collect();
        let singles = self.ask(singles, &report.part(0.0, 0.1))?;
        if let Some(found) = self.best_turn(&singles) {
            return Ok((Some(found), None));
        }
        let best = self.most_gain(&singles, 1).into_iter().next();

        let some = |search: &Self, most: usize| -> Vec<Vec<Step>> {
            changeable.iter().map(|&choice| search.steps(choice, most)).collect()
        };
        let pairs_of = |lists: &[Vec<Step>]| -> usize {
            let lens: Vec<usize> = lists.iter().map(Vec::len).collect();
            let (sum, squares) = (lens.iter().sum::<usize>(), lens.iter().map(|n| n * n).sum::<usize>());
            (sum * sum - squares) / 2
        };
        let mut paired = PAIRED;
        let mut lists = some(self, paired);
        while pairs_of(&lists) > PAIRS && paired > 3 {
            paired -= 1;
            lists = some(self, paired);
        }
        let mut pairs = Vec::new();
        for (at, first) in lists.iter().enumerate() {
            for second in lists.iter().skip(at + 1) {
                pairs.extend(first.iter().flat_map(|a| second.iter().map(|b| vec![*a, *b])));
            }
        }
        let mut found = self.ask(pairs, &report.part(0.1, 0.6))?;
        for size in 2..=MOST {
            if let Some(turn) = self.best_turn(&found) {
                return Ok((Some(self.nearer(turn, report)?), None));
            }
            if size == MOST {
                break;
            }
            let mut further: Vec<Vec<Step>> = Vec::new();
            for kept in self.most_gain(&found, BEAM) {
                let is_in = |choice: usize| kept.steps.iter().any(|(one, _)| *one == choice);
                let free = lists.iter().flatten().filter(|(choice, _)| !is_in(*choice));
                further.extend(free.map(|step| {
                    let mut steps = kept.steps.clone();
                    steps.push(*step);
                    steps.sort_unstable();
                    steps
                }));
            }
            further.sort_unstable();
            further.dedup();
            let from = 0.7 + 0.15 * (size as f64 - 2.0);
            found = self.ask(further, &report.part(from.min(0.95), 0.1))?;
        }
        Ok((None, best))
    }

    /// The values of a choice that differ from the present one, at most `most` of them.
    fn steps(&self, choice: usize, most: usize) -> Vec<Step> {
        let Some(values) = self.ground.choices.get(choice).map(|choice| &choice.values) else {
            return Vec::new();
        };
        let others: Vec<Step> =
            (0..values.len()).filter(|&at| !self.is_present(choice, at)).map(|at| (choice, at)).collect();
        let kept = super::what_if::thinned(others.len(), most);
        kept.into_iter().filter_map(|at| others.get(at).copied()).collect()
    }

    fn is_present(&self, choice: usize, value: usize) -> bool {
        let Some(values) = self.ground.choices.get(choice).map(|choice| &choice.values) else { return false };
        match values {
            Values::Numbers { values, .. } => {
                let now = self.asked.numbers.get(choice).copied().flatten();
                now.is_some() && values.get(value).map(|(value, _)| *value) == now
            }
            Values::Levels { .. } => {
                let now = self.asked.shown.get(choice).and_then(Option::as_deref);
                now.is_some() && values.shown(value).as_deref() == now
            }
        }
    }

    /// What a step costs; a hole that is filled costs 1.
    fn cost(&self, (choice, value): Step) -> f64 {
        let Some(choice_) = self.ground.choices.get(choice) else { return f64::INFINITY };
        let now = self.asked.numbers.get(choice).copied().flatten();
        match (&choice_.values, now) {
            (Values::Numbers { spread, values }, Some(now)) => {
                values.get(value).map_or(f64::INFINITY, |(value, _)| (value - now).abs() / spread)
            }
            _ => 1.0,
        }
    }

    fn ask(&mut self, sets: Vec<Vec<Step>>, report: &Reporter) -> crate::Result<Vec<Tried>> {
        let mut out = Vec::with_capacity(sets.len());
        for part in sets.chunks(ROWS) {
            report.check()?;
            let cells = |steps: &Vec<Step>| -> Vec<Cell<'_>> {
                let cell = |(choice, value): &Step| {
                    let choice = self.ground.choices.get(*choice)?;
                    Some((choice.column.as_str(), choice.values.text(*value)?))
                };
                steps.iter().filter_map(cell).collect()
            };
            let variants: Vec<Vec<Cell<'_>>> = part.iter().map(cells).collect();
            let quiet = report.part(out.len() as f64 / sets.len().max(1) as f64, 0.0);
            let p = self.ground.score(self.model, self.asked, &variants, &quiet)?;
            out.extend(part.iter().zip(p).map(|(steps, probability)| Tried {
                steps: steps.clone(),
                probability,
                cost: steps.iter().map(|step| self.cost(*step)).sum(),
            }));
            report.progress(out.len() as f64 / sets.len().max(1) as f64);
        }
        self.tried += out.len();
        Ok(out)
    }

    /// The cheapest set that turns the answer; of equal ones the one that turns it furthest.
    fn best_turn(&self, all: &[Tried]) -> Option<Tried> {
        let turns = all.iter().filter(|one| self.goal.is_met(one.probability));
        let better = |a: &&Tried, b: &&Tried| {
            let gain = |one: &Tried| self.goal.gain(one.probability);
            a.cost.total_cmp(&b.cost).then(gain(b).total_cmp(&gain(a))).then(a.steps.cmp(&b.steps))
        };
        turns.min_by(better).cloned()
    }

    /// The sets that go furthest towards the goal, the furthest first.
    fn most_gain(&self, all: &[Tried], most: usize) -> Vec<Tried> {
        let mut order: Vec<&Tried> = all.iter().collect();
        let gain = |one: &Tried| self.goal.gain(one.probability);
        order.sort_by(|a, b| gain(b).total_cmp(&gain(a)).then(a.steps.cmp(&b.steps)));
        order.into_iter().take(most).cloned().collect()
    }

    /// The same columns, each number as near to the present one as still turns the answer.
    fn nearer(&mut self, mut turn: Tried, report: &Reporter) -> crate::Result<Tried> {
        for at in 0..turn.steps.len() {
            let Some(&(choice, value)) = turn.steps.get(at) else { continue };
            let present = self.cost((choice, value));
            let cheaper =
                self.steps(choice, usize::MAX).into_iter().filter(|step| self.cost(*step) < present);
            let sets: Vec<Vec<Step>> = cheaper
                .map(|step| {
                    let mut steps = turn.steps.clone();
                    steps.splice(at..=at, [step]);
                    steps
                })
                .collect();
            let found = self.ask(sets, &report.part(0.95, 0.0))?;
            if let Some(better) = self.best_turn(&found) {
                turn = better;
            }
        }
        Ok(turn)
    }

    fn told(&self, found: &Tried) -> Turn {
        let moves = found.steps.iter().filter_map(|&(at, value)| {
            let choice = self.ground.choices.get(at)?;
            Some(Move {
                column: choice.column.clone(),
                from: self.asked.shown.get(at).cloned().flatten(),
                to: choice.values.shown(value)?,
                text: choice.values.text(value)?.to_owned(),
                cost: self.cost((at, value)),
            })
        });
        Turn { moves: moves.collect(), probability: found.probability, cost: found.cost }
    }
}
