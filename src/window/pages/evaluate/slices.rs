//! Slices: where the model is worse, and whom that hits.

mod fair;
mod words;

use std::sync::Arc;

use eframe::egui::{RichText, Ui};
use regulars_engine::evaluate::slices::{Condition, Found, Measure, Slice};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::{Layout, Meaning};
use regulars_engine::project::{Prepared, Slices};
use regulars_engine::segment::Segmentation;

use crate::window::command::Command;
use crate::window::pages::{Page, Scene};
use crate::window::parts::intervals::{self, Intervals};
use crate::window::parts::{self, table, take};
use crate::window::state::State;
use crate::window::theme::{self, Palette, S2, S3};
use crate::words::Lang;

/// What the tab remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    measure: Measure,
    /// The column that is looked at, by its number.
    column: usize,
}

impl View {
    /// Looks at another column.
    pub fn look_at(&mut self, column: usize) {
        self.column = column;
    }
}

/// A slice whose customers are shown.
#[derive(Debug, Clone)]
pub struct Chosen {
    of: Arc<Slices>,
    /// The rows that it was measured on.
    rows: Arc<Prepared>,
    segments: Option<Arc<Segmentation>>,
    conditions: Vec<Condition>,
}

impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.of, &other.of) && self.conditions == other.conditions
    }
}

impl Chosen {
    /// True if the customer whose cleaned row is at `place` is in it.
    pub fn holds(&self, place: usize) -> bool {
        self.of.holds(&self.conditions, place)
    }

    /// True while the rows are those of the list.
    pub fn is_of(&self, state: &State) -> bool {
        state.trained_on.as_ref().is_some_and(|rows| Arc::ptr_eq(rows, &self.rows))
    }

    /// What it is called.
    pub fn name(&self, lang: Lang) -> String {
        words::slice(lang, &self.of, &self.conditions, self.segments.as_deref())
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    scene.state.follow_slices();
    let found = scene.state.shown().and_then(|outcome| scene.state.slices.found(outcome)).cloned();
    let Some(slices) = found else {
        if scene.state.slices.is_stopped() {
            if ui.button(lang.t("slices.measure")).clicked() {
                scene.state.slices.resume();
            }
        } else {
            parts::muted(ui, lang.t("slices.measuring"));
        }
        return;
    };
    let measure = scene.page.slices.measure;
    let Some(of) = slices.found.get(&measure) else { return };
    lead(ui, scene, &slices, of);
    ui.horizontal_wrapped(|ui| {
        let name = lang.t("slices.by");
        ui.label(&name);
        let words = |measure: Measure| lang.t(&format!("slices.measure.{}", measure.name()));
        parts::choose(ui, &name, &mut scene.page.slices.measure, &Measure::ALL, words);
        parts::muted(ui, lang.t(&format!("slices.measure.{}.help", measure.name())));
    });
    ui.add_space(S2);
    worst(ui, scene, &slices, of);
    ui.add_space(S3);
    let column = scene.page.slices.column.min(slices.groupings.len().saturating_sub(1));
    ui.horizontal_wrapped(|ui| {
        let name = lang.t("slices.column");
        ui.label(&name);
        let all: Vec<usize> = (0..slices.groupings.len()).collect();
        let words = |at: usize| words::column(lang, &slices, at);
        parts::choose(ui, &name, &mut scene.page.slices.column, &all, words);
    });
    ui.add_space(S2);
    by_level(ui, scene, &slices, of, column);
    ui.add_space(S3);
    fair::show(ui, scene, &slices, column);
}

/// What was found, in a sentence, and how it was looked for.
fn lead(ui: &mut Ui, scene: &Scene<'_>, slices: &Slices, of: &Found) {
    let lang = scene.lang;
    let measure = scene.page.slices.measure;
    let claimed = of.worst.iter().filter(|slice| slice.is_claimed()).count();
    let text = match of.worst.first().filter(|slice| slice.is_claimed()) {
        Some(first) => {
            let segments = scene.state.segments.as_deref();
            let args = [
                ("count", lang.count(claimed as u64)),
                ("slice", words::slice(lang, slices, &first.conditions, segments)),
                ("value", words::value(measure, first.estimate.value)),
                ("rest", words::value(measure, first.rest)),
            ];
            lang.with("slices.lead", &args)
        }
        None if of.singles.is_empty() => {
            let args = [("rows", lang.count(slices.rows as u64)), ("least", of.least.to_string())];
            lang.with("slices.too_few", &args)
        }
        None => lang.t("slices.lead_none"),
    };
    let text = RichText::new(text).font(theme::section_font());
    ui.add(eframe::egui::Label::new(text).wrap());
    let args = [
        ("looked", lang.count(of.looked_at as u64)),
        ("family", lang.count(of.family as u64)),
        ("least", of.least.to_string()),
        ("rows", lang.count(slices.rows as u64)),
    ];
    let color = Palette::of(ui).muted;
    ui.add(eframe::egui::Label::new(RichText::new(lang.with("slices.how", &args)).color(color)).wrap());
    ui.add_space(S2);
}

/// Shows the customers of a slice.
fn choose(scene: &mut Scene<'_>, slices: &Arc<Slices>, conditions: Vec<Condition>) {
    let Some(rows) = scene.state.trained_on.clone() else { return };
    let segments = scene.state.segments.clone();
    scene.page.slice = Some(Chosen { of: slices.clone(), rows, segments, conditions });
    scene.page.cell = None;
    scene.page.today.on = false;
    scene.send.extend([Command::CloseMonth, Command::Go(Page::Customers)]);
}

/// The worst slices as a table.
fn worst(ui: &mut Ui, scene: &mut Scene<'_>, slices: &Arc<Slices>, of: &Found) {
    let lang = scene.lang;
    let measure = scene.page.slices.measure;
    let segments = scene.state.segments.clone();
    let keys =
        ["slices.slice", "slices.rows", "slices.value", "slices.interval", "slices.rest", "slices.chance"];
    let cells = |slice: &Slice| -> Vec<String> {
        let value = |value: f64| words::value(measure, value);
        let e = slice.estimate;
        let mark = if slice.is_claimed() { "● " } else { "" };
        vec![
            format!("{mark}{}", words::slice(lang, slices, &slice.conditions, segments.as_deref())),
            lang.count(slice.rows as u64),
            value(e.value),
            format!("{}–{}", value(e.low), value(e.high)),
            value(slice.rest),
            words::chance(slice.corrected),
        ]
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(lang.t("slices.worst")).family(theme::strong()));
        let figure = Meaning::Figure(1);
        // A slice may lie within another.
        let columns = [Meaning::Plain, Meaning::Overlap, figure, figure, figure, Meaning::Plain];
        take::groups_menu(ui, lang, &lang.t("slices.worst"), &Layout::of(&columns), || Grid {
            name: lang.t("slices.worst"),
            header: keys.map(|key| lang.t(key)).to_vec(),
            rows: of.worst.iter().map(|slice| cells(slice).into_iter().map(Cell::from).collect()).collect(),
        });
    });
    if of.worst.is_empty() {
        parts::muted(ui, lang.t("slices.none"));
        return;
    }
    let widths = [230.0, 84.0, 70.0, 120.0, 84.0, 76.0];
    let heads = table::heads(keys.map(|key| lang.t(key)), widths, 1);
    let shown: Vec<Vec<String>> = of.worst.iter().map(cells).collect();
    let bad = Palette::of(ui).bad;
    let spec = table::Table { chosen: Some(None), ..table::Table::new("slices", &heads, shown.len(), 210.0) };
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let text = shown.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default();
        if column == 0 && of.worst.get(row).is_some_and(Slice::is_claimed) {
            let label = eframe::egui::Label::new(RichText::new(text).color(bad));
            ui.add(label.truncate().selectable(false));
        } else {
            table::plain(ui, text);
        }
    });
    let is_marked = of.worst.iter().any(Slice::is_claimed);
    parts::muted(ui, lang.t(if is_marked { "slices.click" } else { "slices.click_none" }));
    if let Some(slice) = clicked.row.and_then(|row| of.worst.get(row)) {
        choose(scene, slices, slice.conditions.clone());
    }
}

/// The levels of one column beside each other.
fn by_level(ui: &mut Ui, scene: &mut Scene<'_>, slices: &Arc<Slices>, of: &Found, column: usize) {
    let lang = scene.lang;
    let measure = scene.page.slices.measure;
    let segments = scene.state.segments.clone();
    let levels: Vec<&Slice> = of
        .singles
        .iter()
        .filter(|slice| slice.conditions.first().is_some_and(|one| one.grouping == column))
        .collect();
    let name = words::column(lang, slices, column);
    let few = too_few(lang, slices, column, &levels, segments.as_deref());
    if levels.is_empty() {
        let args = [("column", name), ("least", of.least.to_string())];
        parts::muted(ui, lang.with("slices.too_small", &args));
        few.iter().for_each(|few| parts::muted(ui, few));
        return;
    }
    let row = |slice: &&Slice| {
        let condition = slice.conditions.first().copied();
        let name =
            condition.map_or_else(String::new, |one| words::level(lang, slices, one, segments.as_deref()));
        let e = slice.estimate;
        let value = |value: f64| words::value(measure, value);
        let args = [
            ("rows", lang.count(slice.rows as u64)),
            ("positives", lang.count(slice.positives as u64)),
            ("low", value(e.low)),
            ("high", value(e.high)),
        ];
        intervals::Row { name, estimate: e, told: lang.with("slices.row", &args), marked: slice.is_claimed() }
    };
    let rows: Vec<intervals::Row> = levels.iter().map(row).collect();
    let by = |a: &&&Slice, b: &&&Slice| {
        measure.badness(a.estimate.value).total_cmp(&measure.badness(b.estimate.value))
    };
    // Only what is worse beyond chance is called weakest.
    let worst = levels.iter().filter(|slice| slice.is_claimed()).max_by(by);
    let worst = worst.and_then(|slice| slice.conditions.first().copied());
    let args = [
        ("column", name),
        ("level", worst.map_or_else(String::new, |one| words::level(lang, slices, one, segments.as_deref()))),
    ];
    let whole = of.overall.map(|overall| (lang.t("slices.all"), overall.value));
    let chart = Intervals {
        id: "by level",
        title: lang.with(if worst.is_some() { "slices.by_level" } else { "slices.by_level_none" }, &args),
        x: lang.t(&format!("slices.measure.{}", measure.name())),
        rows: &rows,
        whole,
        show: &|value| words::value(measure, value),
    };
    let clicked = intervals::show(ui, lang, &chart);
    few.iter().for_each(|few| parts::muted(ui, few));
    if let Some(slice) = clicked.and_then(|at| levels.get(at)) {
        choose(scene, slices, slice.conditions.clone());
    }
}

/// The levels of a column of which nothing is said, with their customers; `None` where there are none.
fn too_few(
    lang: Lang,
    slices: &Slices,
    column: usize,
    told: &[&Slice],
    segments: Option<&Segmentation>,
) -> Option<String> {
    let groups = &slices.fairness.get(column)?.groups;
    let is_told = |level: usize| {
        told.iter().any(|slice| slice.conditions.first().is_some_and(|one| one.level == level))
    };
    let few: Vec<String> = groups
        .iter()
        .filter(|group| !is_told(group.level))
        .map(|group| {
            let level =
                words::level(lang, slices, Condition { grouping: column, level: group.level }, segments);
            lang.with("slices.few_one", &[("level", level), ("rows", lang.count(group.rows))])
        })
        .collect();
    (!few.is_empty()).then(|| lang.with("slices.few", &[("levels", lang.list(&few))]))
}
