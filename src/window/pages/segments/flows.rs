//! Flows: how customers move between classes, and how long cohorts stay.

mod cohorts;
mod sankey;

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::Grid;
use regulars_engine::project::Classified;
use regulars_engine::segment::flows::{Move, Stood};

use super::super::{Page, Scene};
use super::classes::{person_of, to_list};
use crate::window::command::Command;
use crate::window::parts::{self, table, take};
use crate::window::state::Moved;
use crate::window::theme::{self, S2, S3};
use crate::words::{Lang, class_name};

/// Months between the two ends that are compared at first.
const USUAL: usize = 3;

/// Who is looked at closely: the ends of two months, and where they stood at them.
pub(super) type Chosen = ((usize, usize), (Stood, Stood));

/// Who made the chosen move: their number, their places among the people, and what that was found in.
type Made = ((Arc<Moved>, Arc<Classified>), Chosen, usize, Arc<Vec<usize>>);

/// Moves between the ends of two months.
pub(super) type Step = ((usize, usize), Vec<Move>);

/// What is drawn of two days, and what it was counted from.
#[derive(Debug)]
pub(super) struct Between {
    of: Arc<Moved>,
    range: (usize, usize),
    steps: Vec<Step>,
    down: Option<Move>,
    up: Option<Move>,
    drift: Option<(f64, f64)>,
}

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    /// Places of the two days that are compared; the last three months at first.
    range: Option<(usize, usize)>,
    /// Classes that are not drawn.
    hidden: BTreeSet<String>,
    chosen: Option<Chosen>,
    made: Option<Made>,
    between: Option<Arc<Between>>,
    cells: cohorts::Cells,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    if scene.state.collected.is_none() || scene.state.cleaning.is_none() {
        super::super::clean::waiting(ui, scene, "segments");
        return;
    }
    scene.state.follow_flows();
    let Some(found) = scene.state.flows.found().cloned() else {
        waits(ui, scene);
        return;
    };
    egui::ScrollArea::vertical().id_salt("flows").auto_shrink([false, false]).show(ui, |ui| {
        let range = range(scene, &found);
        let between = between(scene, &found, range);
        headline(ui, lang, &between);
        months(ui, scene, &found, range);
        legend(ui, scene, &found);
        sankey::show(ui, scene, &between);
        members(ui, scene, &found);
        ui.add_space(S3);
        cohorts::show(ui, scene, &found);
    });
}

fn waits(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let classes = &scene.state.classes;
    let refused = classes.found().and_then(|found| found.refused.clone());
    if classes.is_stopped() || scene.state.flows.is_stopped() {
        parts::muted(ui, lang.t("classes.stopped"));
        if ui.button(lang.t("classes.again")).clicked() {
            scene.state.classes.resume();
            scene.state.flows.resume();
        }
    } else if let Some(error) = refused.filter(|_| classes.shop().is_some()) {
        parts::problem(ui, lang, &error);
    } else if classes.found().is_some() && !classes.is_working() && !scene.state.flows.is_working() {
        let button = Some((lang.t("common.to_collect"), Command::Go(Page::Collect)));
        parts::empty_state(ui, lang, "flows", button, scene.send);
    } else {
        parts::muted(ui, lang.t("status.working"));
    }
}

/// The two days that are compared, within what there is.
fn range(scene: &Scene<'_>, found: &Moved) -> (usize, usize) {
    let last = found.moves.days.len().saturating_sub(1);
    let (from, to) = scene.page.flows.range.unwrap_or((last.saturating_sub(USUAL), last));
    (from.min(last), to.min(last))
}

fn day(found: &Moved, at: usize) -> String {
    found.moves.days.get(at).map(ToString::to_string).unwrap_or_default()
}

/// What a place in the table of classes is called.
fn stood(lang: Lang, found: &Moved, stood: Stood) -> String {
    match stood {
        Stood::NotYet => lang.t("flows.not_yet"),
        Stood::Nowhere => lang.t("classes.none"),
        Stood::In(at) => found.moves.names.get(at).map(|name| class_name(lang, name)).unwrap_or_default(),
    }
}

fn sentence(lang: Lang, found: &Moved, key: &str, one: Move, from: usize) -> String {
    let args = [
        ("count", lang.count(one.customers as u64)),
        ("from", stood(lang, found, one.from)),
        ("to", stood(lang, found, one.to)),
        ("day", day(found, from)),
    ];
    lang.with(key, &args)
}

/// What is counted of the two days; counted again only where they change.
fn between(scene: &mut Scene<'_>, found: &Arc<Moved>, range: (usize, usize)) -> Arc<Between> {
    let kept = scene.page.flows.between.take();
    let kept = kept.filter(|kept| Arc::ptr_eq(&kept.of, found) && kept.range == range);
    let kept = kept.unwrap_or_else(|| {
        let (down, up) = found.moves.told(range, |class| found.fitted.standing(class));
        let drift = found.moves.drift(range.0, range.1);
        Arc::new(Between { of: found.clone(), range, steps: sankey::steps(found, range), down, up, drift })
    });
    scene.page.flows.between = Some(kept.clone());
    kept
}

/// The verdict first: whether the classes as a whole have shifted beyond chance. Then the largest moves.
fn headline(ui: &mut Ui, lang: Lang, between: &Between) {
    let Between { of: found, range, down, up, drift, .. } = between;
    let gap = if lang == Lang::Zh { "" } else { " " };
    let mut lines = Vec::new();
    lines.extend(down.map(|one| sentence(lang, found, "flows.slipped", one, range.0)));
    lines.extend(up.map(|one| sentence(lang, found, "flows.rose", one, range.0)));
    if lines.is_empty() {
        lines.push(lang.with("flows.still", &[("day", day(found, range.0))]));
    }
    let moves = lines.join(gap);
    let verdict = drift.map(|(psi, chance)| {
        let args =
            [("psi", format!("{psi:.3}")), ("chance", format!("{chance:.3}")), ("day", day(found, range.0))];
        lang.with(if psi > chance { "flows.drift" } else { "flows.no_drift" }, &args)
    });
    let lead = verdict.as_ref().unwrap_or(&moves);
    ui.add(egui::Label::new(RichText::new(lead).font(theme::section_font())).wrap());
    if verdict.is_some() {
        ui.add(egui::Label::new(moves).wrap());
    }
    ui.add_space(S2);
}

/// The two days.
fn months(ui: &mut Ui, scene: &mut Scene<'_>, found: &Moved, (mut from, mut to): (usize, usize)) {
    let lang = scene.lang;
    let all: Vec<usize> = (0..found.moves.days.len()).collect();
    let before = (from, to);
    ui.horizontal_wrapped(|ui| {
        for (key, at) in [("flows.from", &mut from), ("flows.to", &mut to)] {
            let name = lang.t(key);
            ui.label(&name);
            parts::choose(ui, &name, at, &all, |at| day(found, at));
        }
        if found.moves.last_is_partial {
            parts::muted(ui, lang.t("flows.partial"));
        }
    });
    if before != (from, to) {
        scene.page.flows.range = Some((from.min(to), to.max(from)));
        scene.page.flows.chosen = None;
    }
}

/// Every class, to be shown or not.
fn legend(ui: &mut Ui, scene: &mut Scene<'_>, found: &Moved) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        for (at, name) in found.moves.names.iter().enumerate() {
            let is_on = !scene.page.flows.hidden.contains(name);
            let text =
                parts::drawing::marked(ui, "■", &class_name(lang, name), is_on.then(|| sankey::color(at)));
            let told = lang.with("flows.toggle", &[("class", class_name(lang, name))]);
            let chip = ui.selectable_label(false, text).on_hover_text(lang.t("flows.toggle.help"));
            chip.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_on, &told));
            if chip.clicked() {
                match is_on {
                    true => scene.page.flows.hidden.insert(name.clone()),
                    false => scene.page.flows.hidden.remove(name),
                };
            }
        }
    });
    ui.add_space(S2);
}

/// Who made the chosen move.
fn members(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Moved>) {
    let lang = scene.lang;
    let Some(chosen) = scene.page.flows.chosen else {
        parts::muted(ui, lang.t("flows.choose"));
        return;
    };
    let Some(classified) = scene.state.classes.found().cloned() else { return };
    let (range, (from, to)) = chosen;
    let kept = scene.page.flows.made.take().filter(|((of, by), made, ..)| {
        Arc::ptr_eq(of, found) && Arc::ptr_eq(by, &classified) && *made == chosen
    });
    let made = kept.unwrap_or_else(|| {
        let customers = found.moves.members(range, (from, to));
        let people = customers.iter().filter_map(|one| classified.person(*one)).collect();
        ((found.clone(), classified.clone()), chosen, customers.len(), Arc::new(people))
    });
    let (count, people) = (made.2, made.3.clone());
    scene.page.flows.made = Some(made);
    let name = format!("{} → {}", stood(lang, found, from), stood(lang, found, to));
    let args = [
        ("move", name.clone()),
        ("count", lang.count(count as u64)),
        ("from", day(found, range.0)),
        ("to", day(found, range.1)),
    ];
    parts::section(ui, lang.with("flows.members", &args));
    let spec = scene.state.settings.classes.clone();
    let masked = scene.prefs.projector;
    let heads = super::classes::person_heads(lang);
    ui.horizontal_wrapped(|ui| {
        let row_of = |at: &usize| classified.people.get(*at).and_then(|person| person.row);
        let is_listed = scene.state.list().is_some() && scene.state.month.is_none();
        let can = is_listed && people.iter().any(|at| row_of(at).is_some());
        let button = ui.add_enabled(can, egui::Button::new(lang.t("classes.to_list")));
        if button.on_hover_text(lang.t("classes.to_list.help")).clicked() {
            to_list(scene, name.clone(), people.iter().filter_map(row_of));
        }
        take::table_menu(ui, lang, &name, || Grid {
            name: name.clone(),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: people.iter().map(|at| person_of(lang, &classified, &spec, *at, masked)).collect(),
        });
    });
    let height = 32.0 + 28.0 * people.len().min(8) as f32;
    let table = table::Table::new("flow people", &heads, people.len(), height);
    table::show(ui, &table, |ui, line, column| {
        let at = people.get(line).copied().unwrap_or(usize::MAX);
        let cells = person_of(lang, &classified, &spec, at, masked);
        let text = cells.get(column).map_or("", |cell| cell.text());
        if text.is_empty() { table::missing(ui) } else { table::plain(ui, text) }
    });
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("flows.how"));
    parts::muted(ui, lang.t("flows.how.text"));
    if ui.button(lang.t("flows.to_classes")).clicked() {
        scene.page.segments_tab = super::Tab::Classes;
    }
}
