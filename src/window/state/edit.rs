//! Edits of the settings: each one a step of undo with words.

use regulars_engine::project::Settings;

use super::State;
use crate::words::Lang;

/// Steps of undo that are kept.
const UNDO_STEPS: usize = 100;

/// What an edit changed: a sentence of the catalogue. A value that starts with `@` is itself a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    key: &'static str,
    args: Vec<(&'static str, String)>,
}

impl Edit {
    fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    fn with(key: &'static str, name: &'static str, value: impl Into<String>) -> Self {
        Self { key, args: vec![(name, value.into())] }
    }

    /// Its words, for "Undo: …".
    pub fn text(&self, lang: Lang) -> String {
        let args: Vec<(&str, String)> =
            self.args.iter().map(|(name, text)| (*name, lang.value(text))).collect();
        lang.with(self.key, &args)
    }

    /// What lies between two settings.
    fn between(before: &Settings, after: &Settings) -> Self {
        let step = |name: &str| format!("@step.{name}");
        if before.read.roles != after.read.roles {
            let changed = after.read.roles.iter().rev().find(|role| !before.read.roles.contains(role));
            let changed = changed.or(before.read.roles.last());
            return match changed {
                Some((column, role)) => Self {
                    key: "edit.role",
                    args: vec![("column", column.clone()), ("role", format!("@role.{}", role.name()))],
                },
                None => Self::new("edit.reading"),
            };
        }
        if before.read != after.read || before.files != after.files {
            return Self::new("edit.reading");
        }
        if before.combine != after.combine {
            return Self::new("edit.combine");
        }
        if before.question != after.question {
            return Self::new(match after.question {
                Some(_) => "edit.question",
                None => "edit.no_question",
            });
        }
        if before.positive != after.positive {
            return Self::with("edit.positive", "value", after.positive.clone().unwrap_or_default());
        }
        if before.recipe != after.recipe {
            let names = |s: &Settings| s.recipe.steps.iter().map(|s| s.spec.name()).collect::<Vec<_>>();
            if names(before) != names(after) {
                return Self::new("edit.order");
            }
            for (old, new) in before.recipe.steps.iter().zip(&after.recipe.steps) {
                if old.on != new.on {
                    let key = if new.on { "edit.step_on" } else { "edit.step_off" };
                    return Self::with(key, "step", step(new.spec.name()));
                }
                if old.spec != new.spec {
                    return Self::with("edit.step", "step", step(new.spec.name()));
                }
            }
        }
        if before.features.exclude != after.features.exclude {
            let (old, new) = (&before.features.exclude, &after.features.exclude);
            if let Some(column) = new.iter().find(|c| !old.contains(c)) {
                return Self::with("edit.exclude", "column", column);
            }
            if let Some(column) = old.iter().find(|c| !new.contains(c)) {
                return Self::with("edit.include", "column", column);
            }
        }
        let mlp = |s: &Settings| s.mlp.clone();
        let (a, b) = (mlp(before), mlp(after));
        let settings = [
            ("features", before.features != after.features),
            ("test_share", before.split != after.split),
            ("layers", a.hidden != b.hidden),
            ("activation", a.activation != b.activation),
            ("batch_norm", a.batch_norm != b.batch_norm),
            ("dropout", a.dropout != b.dropout),
            ("optimizer", a.optimizer != b.optimizer),
            ("learning_rate", a.learning_rate != b.learning_rate),
            ("schedule", a.schedule != b.schedule),
            ("warmup", a.warmup_steps != b.warmup_steps),
            ("clip_norm", a.clip_norm != b.clip_norm),
            ("boosted", before.boosted != after.boosted),
            ("batch", a.batch_size != b.batch_size),
            ("epochs", a.epochs != b.epochs),
            ("patience", a.patience != b.patience),
            ("class_weight", a.class_weight != b.class_weight),
            ("net_kind", before.net.kind != after.net.kind),
            ("net_settings", before.net.kind == after.net.kind && before.net != after.net),
            ("device", before.device != after.device),
            ("seed", before.seed != after.seed),
            ("threshold", before.threshold != after.threshold),
            ("segments", before.segments != after.segments),
            ("groups", before.groups != after.groups),
            ("call_list", before.call_list != after.call_list),
            ("value", before.value != after.value),
            ("recommend", before.recommend != after.recommend),
            ("feedback", before.feedback != after.feedback),
            ("classes", before.classes != after.classes),
            ("repair", before.repair != after.repair),
            ("refit", before.refit != after.refit),
            ("money", before.money != after.money),
            ("changeable", before.changeable != after.changeable),
        ];
        match settings.iter().filter(|(_, changed)| *changed).collect::<Vec<_>>().as_slice() {
            [(name, _)] => Self::with("edit.setting", "setting", format!("@setting.{name}")),
            _ => Self::new("edit.several"),
        }
    }
}

impl State {
    /// At the end of a frame: a finished edit becomes one step of undo, and what depends on it is
    /// computed again.
    pub fn commit(&mut self, busy: bool) {
        if self.locked {
            self.hold_settings();
        }
        if busy || self.settings == self.committed {
            return;
        }
        let edit = Edit::between(&self.committed, &self.settings);
        self.undo.push((self.committed.clone(), edit));
        if self.undo.len() > UNDO_STEPS {
            self.undo.remove(0);
        }
        self.redo.clear();
        self.follow();
    }

    /// Settings that a trainer has locked stay what they are; what reads the result is free.
    fn hold_settings(&mut self) {
        let free = &self.settings;
        self.settings = Settings {
            threshold: free.threshold,
            segments: free.segments,
            groups: free.groups.clone(),
            call_list: free.call_list.clone(),
            value: free.value.clone(),
            recommend: free.recommend.clone(),
            feedback: free.feedback.clone(),
            classes: free.classes.clone(),
            repair: free.repair,
            refit: free.refit.clone(),
            money: free.money.clone(),
            changeable: free.changeable.clone(),
            ..self.committed.clone()
        };
    }

    pub(super) fn make_key(&mut self) {
        self.present_key = self.table.as_ref().map(|t| self.settings.key(t)).unwrap_or_default();
    }

    /// True when the outcomes belong to other settings than the present ones.
    pub fn stale(&self) -> bool {
        !self.outcomes.is_empty() && self.present_key != self.outcomes_key
    }

    fn follow(&mut self) {
        let before = std::mem::replace(&mut self.committed, self.settings.clone());
        self.make_key();
        self.touch();
        let now = &self.settings;
        let reading = |s: &Settings| (s.read.without_columns(), s.files.clone(), s.sample);
        let sources = self.present_sources();
        if reading(&before) != reading(now) && !sources.is_empty() {
            self.read(sources);
            return;
        }
        let other_question = before.question != now.question && !self.has_asked(now.question.as_ref());
        if (before.combine != now.combine || other_question) && self.collected.is_some() {
            // What is still being read is put together as it is now wanted.
            if self.load.is_some() && !sources.is_empty() {
                self.read(sources);
            } else {
                self.recombine();
            }
            return;
        }
        let input = |s: &Settings| {
            let learnt = (s.split.clone(), s.recipe.clone(), s.features.clone(), s.seed);
            let read = (s.read.roles.clone(), s.read.decimals.clone(), s.read.date_orders.clone());
            (read, s.positive.clone(), learnt)
        };
        if input(&before) != input(now) {
            self.prepare();
        }
        if before.threshold != self.settings.threshold {
            self.recount();
        }
    }

    /// Takes back the last edit.
    pub fn undo(&mut self) {
        if let Some((previous, edit)) = self.undo.pop() {
            self.redo.push((std::mem::replace(&mut self.settings, previous), edit));
            self.step();
        }
    }

    /// Does it again.
    pub fn redo(&mut self) {
        if let Some((next, edit)) = self.redo.pop() {
            self.undo.push((std::mem::replace(&mut self.settings, next), edit));
            self.step();
        }
    }

    fn step(&mut self) {
        if self.locked {
            self.hold_settings();
        }
        self.follow();
    }

    /// The edit that undo would take back.
    pub fn next_undo(&self) -> Option<&Edit> {
        self.undo.last().map(|(_, edit)| edit)
    }

    /// The edit that redo would do again.
    pub fn next_redo(&self) -> Option<&Edit> {
        self.redo.last().map(|(_, edit)| edit)
    }
}
