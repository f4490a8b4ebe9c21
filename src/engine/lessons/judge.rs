//! The checks of the lessons: each looks at settings, roles and measured figures, never at clicks.

use super::data::{LEAK, LEFT, NUMBER};
use super::{Lesson, STEPS, has_step, leaves_out};
use crate::evaluate::Evaluation;
use crate::note::Note;
use crate::project::{Outcome, Settings};
use crate::table::{Role, Table};
use crate::train::Epoch;

/// One training, as far as a lesson looks at it.
#[derive(Debug, Clone, Copy)]
pub struct RunFacts<'a> {
    pub settings: &'a Settings,
    pub network: &'a Outcome,
}

/// What a lesson is judged by.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub settings: &'a Settings,
    /// The table with the roles as they are set.
    pub table: Option<&'a Table>,
    /// Trainings of the network, the oldest first.
    pub runs: Vec<RunFacts<'a>>,
}

/// What a check says.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub done: bool,
    /// What was measured, where something was.
    pub seen: Option<Note>,
}

/// What a call costs, and what a customer who would have left brings on average when called (worth of
/// the customer times the chance that a call keeps one), in one currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Money {
    pub call: f64,
    pub kept: f64,
}

impl Money {
    /// The prices of the lesson.
    pub const LESSON: Money = Money { call: 3.0, kept: 25.0 };
}

/// What calling everyone from `threshold` on brings: kept · true positives − call · called.
pub fn money(of: &Evaluation, threshold: f64, prices: Money) -> f64 {
    let counts = of.confusion(threshold);
    let called = (counts.true_positive + counts.false_positive) as f64;
    prices.kept * counts.true_positive as f64 - prices.call * called
}

/// The threshold that brings most on these rows, and how much; to be asked of validation rows only.
pub fn best_money(of: &Evaluation, prices: Money) -> (f64, f64) {
    let points = of.operating_points(usize::MAX);
    let worth = points.iter().map(|point| (point.threshold, money(of, point.threshold, prices)));
    worth.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0.5, 0.0))
}

/// Share of the best money that counts as found.
const NEARLY: f64 = 0.95;

fn auc(run: &RunFacts<'_>) -> f64 {
    run.network.test.fixed("roc_auc").map_or(0.5, |auc| auc.value)
}

fn history<'a>(run: &RunFacts<'a>) -> &'a [Epoch] {
    &run.network.trained.history
}

fn best_loss(run: &RunFacts<'_>) -> f64 {
    history(run).iter().map(|epoch| epoch.valid_loss).fold(f64::INFINITY, f64::min)
}

fn yes(done: bool) -> Check {
    Check { done, seen: None }
}

fn seen(done: bool, note: Note) -> Check {
    Check { done, seen: Some(note) }
}

/// Three digits after the point.
fn three(value: f64) -> String {
    format!("{value:.3}")
}

/// Judges every step of a lesson.
pub fn judge(lesson: Lesson, facts: &Facts<'_>) -> [Check; STEPS] {
    match lesson {
        Lesson::Data => data(facts),
        Lesson::Cleaning => better(facts, "impossible", 0.03),
        Lesson::Scaling => better(facts, "scale", 0.05),
        Lesson::Overfitting => overfitting(facts),
        Lesson::LearningRate => learning_rate(facts),
        Lesson::Imbalance => imbalance(facts),
        Lesson::Leakage => leakage(facts),
        Lesson::Threshold => threshold(facts),
    }
}

fn data(facts: &Facts<'_>) -> [Check; STEPS] {
    let role = |name: &str| {
        let table = facts.table?;
        table.columns.iter().find(|column| column.name == name).map(|column| column.role)
    };
    let (target, id) = (role(LEFT) == Some(Role::Target), role(NUMBER) == Some(Role::Id));
    let numbered = |settings: &Settings| {
        let last = settings.read.roles.iter().rev().find(|(name, _)| name == NUMBER);
        last.is_some_and(|(_, role)| *role == Role::Id)
    };
    let run = facts.runs.iter().rev().find(|run| numbered(run.settings));
    let trained = match run {
        Some(run) => seen(true, Note::new("lesson_auc").with("auc", three(auc(run)))),
        None => yes(false),
    };
    [yes(target), yes(id), trained]
}

/// A step of the recipe that makes the area under the curve larger by at least `by`.
fn better(facts: &Facts<'_>, step: &str, by: f64) -> [Check; STEPS] {
    let without = facts.runs.iter().find(|run| !has_step(run.settings, step));
    let first = match without {
        Some(run) => seen(true, Note::new("lesson_auc").with("auc", three(auc(run)))),
        None => yes(false),
    };
    let with = facts.runs.iter().rev().find(|run| has_step(run.settings, step));
    let last = match (without, with) {
        (Some(before), Some(after)) => two_aucs(auc(after) >= auc(before) + by, auc(before), auc(after)),
        _ => yes(false),
    };
    [first, yes(has_step(facts.settings, step)), last]
}

fn two_aucs(done: bool, before: f64, after: f64) -> Check {
    seen(done, Note::new("lesson_two_aucs").with("before", three(before)).with("after", three(after)))
}

/// How far the validation loss rose from its lowest point to the last epoch, as a share of it, over at
/// least five epochs in which the training loss went on falling. `None` where it did not.
fn overfit(run: &RunFacts<'_>) -> Option<(usize, f64, f64)> {
    let history = history(run);
    let best = history.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss))?;
    let last = history.last()?;
    let rose = last.epoch >= best.epoch + 5 && last.valid_loss > 1.1 * best.valid_loss;
    (rose && last.train_loss < best.train_loss).then_some((best.epoch, best.valid_loss, last.valid_loss))
}

fn overfitting(facts: &Facts<'_>) -> [Check; STEPS] {
    let first = facts.runs.iter().find_map(|run| Some((run, overfit(run)?)));
    let one = match first {
        Some((_, (epoch, best, last))) => seen(true, losses(epoch, best, last)),
        None => yes(false),
    };
    let tamer = |now: &Settings, then: &Settings| {
        let (now, then) = (&now.mlp, &then.mlp);
        let units = |hidden: &[usize]| hidden.iter().sum::<usize>();
        now.dropout >= then.dropout + 0.15
            || now.patience > 0 && (then.patience == 0 || now.patience < then.patience)
            || 2 * units(&now.hidden) <= units(&then.hidden)
    };
    let start = first.map_or_else(|| Lesson::Overfitting.settings(), |(run, _)| run.settings.clone());
    let changed = tamer(facts.settings, &start);
    let tamed = first.and_then(|(first, (_, best, last))| {
        let run = facts.runs.iter().rev().find(|run| tamer(run.settings, first.settings))?;
        let end = history(run).last()?;
        let lowest = history(run).iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss))?;
        let rise = end.valid_loss - lowest.valid_loss;
        let note = losses(lowest.epoch, lowest.valid_loss, end.valid_loss);
        Some(seen(3.0 * rise <= last - best, note))
    });
    [one, yes(changed), tamed.unwrap_or_else(|| yes(false))]
}

fn losses(epoch: usize, best: f64, last: f64) -> Note {
    Note::new("lesson_losses").with("epoch", epoch).with("best", three(best)).with("last", three(last))
}

fn learning_rate(facts: &Facts<'_>) -> [Check; STEPS] {
    let rate = |run: &RunFacts<'_>| run.settings.mlp.learning_rate;
    let fell = |run: &RunFacts<'_>| {
        let first = history(run).first().map_or(f64::NAN, |epoch| epoch.valid_loss);
        1.0 - best_loss(run) / first
    };
    let slow = facts.runs.iter().find(|run| rate(run) <= 1e-4 && fell(run) < 0.05);
    let note = |run: &RunFacts<'_>| {
        Note::new("lesson_rate").with("rate", rate(run)).with("loss", three(best_loss(run)))
    };
    let one = slow.map_or_else(|| yes(false), |run| seen(true, note(run)));
    let rises = |run: &RunFacts<'_>| {
        history(run).windows(2).filter(|pair| matches!(pair, [a, b] if b.train_loss > a.train_loss)).count()
    };
    let wild = facts.runs.iter().find(|run| rate(run) >= 0.3 && rises(run) >= 3);
    let two = wild.map_or_else(
        || yes(false),
        |run| seen(true, Note::new("lesson_rises").with("rate", rate(run)).with("count", rises(run))),
    );
    let good = facts.runs.iter().rev().find(|run| rate(run) > 1e-4 && rate(run) < 0.3);
    let three = match (slow, good) {
        (Some(slow), Some(good)) => {
            let others = wild.map_or(f64::INFINITY, best_loss);
            seen(best_loss(good) <= 0.85 * best_loss(slow) && best_loss(good) <= others, note(good))
        }
        _ => yes(false),
    };
    [one, two, three]
}

fn imbalance(facts: &Facts<'_>) -> [Check; STEPS] {
    let counts = |run: &RunFacts<'_>| run.network.test.confusion(0.5);
    let recall = |run: &RunFacts<'_>| counts(run).recall().value;
    let note = |run: &RunFacts<'_>| {
        let percent = |share: f64| format!("{:.0}", 100.0 * share);
        Note::new("lesson_recall")
            .with("recall", percent(recall(run)))
            .with("accuracy", percent(counts(run).accuracy().value))
    };
    let plain = facts.runs.iter().find(|run| !run.settings.mlp.class_weight);
    let one = match plain {
        Some(run) => seen(recall(run) <= 0.4 && counts(run).accuracy().value >= 0.9, note(run)),
        None => yes(false),
    };
    let weighed = facts.runs.iter().rev().find(|run| run.settings.mlp.class_weight);
    let three = match (plain, weighed) {
        (Some(plain), Some(weighed)) => seen(recall(weighed) >= recall(plain) + 0.25, note(weighed)),
        _ => yes(false),
    };
    [one, yes(facts.settings.mlp.class_weight), three]
}

fn leakage(facts: &Facts<'_>) -> [Check; STEPS] {
    let leaking = facts.runs.iter().find(|run| !leaves_out(run.settings, LEAK));
    let one = match leaking {
        Some(run) => seen(auc(run) >= 0.97, Note::new("lesson_auc").with("auc", three(auc(run)))),
        None => yes(false),
    };
    let honest = facts.runs.iter().rev().find(|run| leaves_out(run.settings, LEAK));
    let last = match (leaking, honest) {
        // An honest score is worse, and still better than chance.
        (Some(before), Some(after)) => {
            two_aucs(auc(after) <= auc(before) - 0.05 && auc(after) >= 0.6, auc(before), auc(after))
        }
        _ => yes(false),
    };
    [one, yes(leaves_out(facts.settings, LEAK)), last]
}

fn threshold(facts: &Facts<'_>) -> [Check; STEPS] {
    let Some(run) = facts.runs.last() else { return [yes(false), yes(false), yes(false)] };
    let (at, prices) = (facts.settings.threshold, Money::LESSON);
    let whole = |value: f64| format!("{value:.0}");
    let (valid, test) = (&run.network.valid, &run.network.test);
    let (_, best) = best_money(valid, prices);
    let now = money(valid, at, prices);
    let first = Note::new("lesson_auc").with("auc", three(auc(run)));
    let found = Note::new("lesson_money").with("money", whole(now)).with("best", whole(best));
    let near = best > 0.0 && now >= NEARLY * best;
    let (half, here) = (money(test, 0.5, prices), money(test, at, prices));
    let kept = Note::new("lesson_money_test").with("half", whole(half)).with("money", whole(here));
    [seen(true, first), seen(near, found), seen(near && here > half, kept)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_by_hand() {
        let of = Evaluation::new(&[0.9, 0.8, 0.4, 0.2, 0.1], &[true, false, true, false, false]);
        let prices = Money { call: 3.0, kept: 10.0 };
        // Two called, one of them kept.
        assert_eq!(money(&of, 0.5, prices), 4.0);
        // Three called, both kept: the best.
        assert_eq!(money(&of, 0.4, prices), 11.0);
        assert_eq!(best_money(&of, prices), (0.4, 11.0));
        assert_eq!(money(&of, 1.0, prices), 0.0);
    }
}
