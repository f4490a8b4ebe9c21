//! Classes: customers by recency, frequency and money, and by rules of the owner.

mod chosen;
mod cuts;
mod grid;
mod rules;
mod tables;

use std::collections::HashSet;
use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::project::{Classified, Group, RfmSource, Valued};
use regulars_engine::segment::classes::Fact;
use regulars_engine::segment::rfm::RfmClass;

use super::super::{Page, Picked, Scene};
use crate::window::command::Command;
use crate::window::parts;
use crate::window::theme::{self, S2, S3};
use crate::words::{Lang, class_name, percent};

pub(super) use chosen::{person as person_of, person_heads};

/// Whom the page looks at closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// Recency score, the other score.
    Cell(u8, u8),
    /// A class of the table, by its place.
    Class(usize),
    /// A rule of the owner, by its place.
    Rule(usize),
}

/// What the cells of the grid are shaded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shade {
    #[default]
    Size,
    Money,
    Leaving,
}

/// The people of a choice, and the finding that they were taken from.
type Members = (Arc<Classified>, Choice, Arc<Vec<usize>>);

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    choice: Option<Choice>,
    shade: Shade,
    members: Option<Members>,
    /// The rule that is open in the inspector.
    open_rule: Option<usize>,
}

impl View {
    /// The places of the people that are looked at closely.
    fn places(&mut self, found: &Arc<Classified>) -> Option<Arc<Vec<usize>>> {
        let choice = self.choice?;
        if let Some((of, made, places)) = &self.members
            && Arc::ptr_eq(of, found)
            && *made == choice
        {
            return Some(places.clone());
        }
        let places = Arc::new(members(found, choice));
        self.members = Some((found.clone(), choice, places.clone()));
        Some(places)
    }
}

fn members(found: &Classified, choice: Choice) -> Vec<usize> {
    let scores = |at: usize| found.scores.get(at).copied().flatten();
    found.places(|at| match choice {
        Choice::Cell(recency, worth) => {
            scores(at).is_some_and(|scores| scores.recency == recency && scores.worth == worth)
        }
        Choice::Class(class) => found.class.get(at).copied().flatten().map(usize::from) == Some(class),
        Choice::Rule(rule) => {
            found.labels.get(at).is_some_and(|labels| labels.iter().any(|label| usize::from(*label) == rule))
        }
    })
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.collected.is_none() || scene.state.cleaning.is_none() {
        super::super::clean::waiting(ui, scene, "segments");
        return;
    }
    scene.state.follow_classes();
    let Some(found) = scene.state.classes.found().cloned() else {
        waits(ui, scene);
        return;
    };
    egui::ScrollArea::vertical().id_salt("classes").auto_shrink([false, false]).show(ui, |ui| {
        if let Some(error) = &found.refused {
            parts::problem(ui, lang, error);
        } else {
            headline(ui, scene, &found);
            grid::show(ui, scene, &found);
            ui.add_space(S3);
            tables::classes(ui, scene, &found);
        }
        if !found.rules.is_empty() {
            ui.add_space(S3);
            tables::rules(ui, scene, &found);
            worth_note(ui, scene);
        }
        ui.add_space(S3);
        chosen::show(ui, scene, &found);
    });
}

/// Nothing is found yet, or it was stopped.
fn waits(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.classes.is_stopped() {
        parts::muted(ui, lang.t("classes.stopped"));
        if ui.button(lang.t("classes.again")).clicked() {
            scene.state.classes.resume();
        }
    } else {
        parts::muted(ui, lang.t("status.working"));
    }
}

/// Where a rule looks at expected money that takes everybody to be there: says so.
fn worth_note(ui: &mut Ui, scene: &Scene<'_>) {
    let rules = &scene.state.settings.classes.rules;
    let looks = |rule: &regulars_engine::segment::classes::ClassRule| {
        let value = Fact::Value;
        match rule.formula.is_empty() {
            true => rule.conditions.iter().any(|condition| condition.fact == value),
            false => rule.formula.contains(value.column()),
        }
    };
    let untold = matches!(
        scene.state.valued().map(|found| &found.valued),
        Some(Valued::Shop(shop)) if !shop.leaving.told
    );
    if untold && rules.iter().any(looks) {
        parts::caution(ui, &scene.lang.t("classes.value_untold"));
    }
}

/// The finding, where it comes from, and drift.
fn headline(ui: &mut Ui, scene: &mut Scene<'_>, found: &Classified) {
    let lang = scene.lang;
    let Some(fitted) = &found.fitted else { return };
    let all: f64 = found.classes.iter().filter_map(|group| group.money).sum();
    let worth = |group: &Group| group.money.unwrap_or(group.size as f64);
    let with = |wanted: &dyn Fn(usize) -> bool| {
        let groups = found.classes.iter().zip(&fitted.classes).enumerate();
        let groups = groups.filter(|(at, (group, _))| group.size > 0 && wanted(*at)).map(|(_, both)| both);
        groups.max_by(|(a, _), (b, _)| worth(a).total_cmp(&worth(b)))
    };
    let finding = |(group, class): (&Group, &RfmClass), (with_money, by_size): (&str, &str)| {
        let args = [
            ("class", class_name(lang, &class.name)),
            ("count", lang.count(group.size as u64)),
            ("here", lang.count(group.here as u64)),
            ("share", percent(group.share)),
            ("money", percent(group.money.unwrap_or(0.0) / all.max(1e-12))),
            ("days", group.days_since_last.map_or_else(|| "—".to_owned(), |days| format!("{days:.0}"))),
        ];
        lang.with(if group.money.is_some() && all > 0.0 { with_money } else { by_size }, &args)
    };
    // First whoever needs something done now, then where the shop stands.
    let best = with(&|_| true).map(|best| finding(best, ("classes.finding", "classes.finding_size")));
    // Nobody calls those who have left.
    let here = |at: usize| found.classes.get(at).is_some_and(|group| group.here > 0);
    let urgent = with(&|at| fitted.needs_action(at) && here(at));
    let whom = urgent.and_then(|(_, class)| fitted.classes.iter().position(|one| one.name == class.name));
    let urgent = urgent.map(|one| match one.0.here < one.0.size {
        true => finding(one, ("classes.urgent_here", "classes.urgent_here_size")),
        false => finding(one, ("classes.finding_urgent", "classes.finding_urgent_size")),
    });
    let (lead, second) = if urgent.is_some() { (urgent, best) } else { (best, None) };
    if let Some(lead) = lead {
        ui.add(egui::Label::new(RichText::new(lead).font(theme::section_font())).wrap());
    }
    if let Some(class) = whom {
        call(ui, scene, found, class);
    }
    if let Some(second) = second {
        ui.add(egui::Label::new(second).wrap());
    }
    let count = ("count", lang.count(found.scores.iter().flatten().count() as u64));
    let from = match &found.source {
        Some(RfmSource::Orders { day }) => {
            lang.with("classes.from_orders", &[count, ("day", day.to_string())])
        }
        Some(RfmSource::Columns(columns)) => {
            let names = [&columns.recency, &columns.frequency, &columns.money];
            let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
            lang.with("classes.from_columns", &[count, ("columns", lang.list(&names))])
        }
        None => String::new(),
    };
    parts::muted(ui, from);
    if let Some((psi, chance)) = found.drift {
        let args = [("psi", format!("{psi:.3}")), ("chance", format!("{chance:.3}"))];
        match (psi > chance, psi >= 0.25) {
            (false, _) => parts::muted(ui, lang.with("classes.no_drift", &args)),
            (true, false) => parts::caution(ui, &lang.with("classes.drift", &args)),
            (true, true) => parts::caution(ui, &lang.with("classes.drift_large", &args)),
        }
    }
    ui.add_space(S2);
}

/// The button that shows those of a class who are still here in the list of customers.
fn call(ui: &mut Ui, scene: &mut Scene<'_>, found: &Classified, class: usize) {
    let lang = scene.lang;
    let is_listed = scene.state.list().is_some() && scene.state.month.is_none();
    let button = ui.add_enabled(is_listed, egui::Button::new(lang.t("classes.call_list")));
    if !button.on_hover_text(lang.t("classes.to_list.help")).clicked() {
        return;
    }
    let list = scene.state.list().into_iter().flat_map(|list| list.iter());
    let left: HashSet<u32> = list.filter(|one| one.actual == Some(true)).map(|one| one.row).collect();
    let rows: Vec<u32> = members(found, Choice::Class(class))
        .into_iter()
        .filter_map(|at| found.people.get(at)?.row)
        .filter(|row| !left.contains(row))
        .collect();
    let name = found.fitted.as_ref().and_then(|fitted| fitted.classes.get(class));
    let name = name.map(|class| class_name(lang, &class.name)).unwrap_or_default();
    to_list(scene, name, rows.into_iter());
}

/// What a choice is called.
fn choice_name(lang: Lang, scene: &Scene<'_>, found: &Classified, choice: Choice) -> String {
    match choice {
        Choice::Cell(recency, worth) => {
            lang.with("classes.cell", &[("r", recency.to_string()), ("fm", worth.to_string())])
        }
        Choice::Class(at) => {
            let class = found.fitted.as_ref().and_then(|fitted| fitted.classes.get(at));
            class.map_or_else(|| lang.t("classes.none"), |class| class_name(lang, &class.name))
        }
        Choice::Rule(at) => {
            scene.state.settings.classes.rules.get(at).map(|rule| rule.name.clone()).unwrap_or_default()
        }
    }
}

/// Shows some people in the list of customers.
pub(super) fn to_list(scene: &mut Scene<'_>, name: String, rows: impl Iterator<Item = u32>) {
    scene.page.only_people = Some(Arc::new(Picked { name, rows: rows.collect() }));
    scene.send.push(Command::Go(Page::Customers));
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    if scene.state.collected.is_none() {
        return;
    }
    rules::show(ui, scene);
    cuts::show(ui, scene);
}
