//! Clean: what the data are like; the recipe step by step, the changed cells before and after, the distribution before
//! and after.

mod look;
mod recipe;
mod steps;
mod twins;

use std::sync::Arc;

use eframe::egui::{self, Ui};
use regulars_engine::clean::{CellChange, Cleaning, Linked, Mend, Stage, Suggestion, changed_cells, linked};
use regulars_engine::files::{Cell, Grid};

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts::{self, chart, table, take};
use crate::window::tour;
use crate::words::{self, Lang};

pub(super) use recipe::inspector;

/// Changed cells that are shown.
const CELLS: usize = 1000;

/// Distributions before and after the shown step, made once for it.
#[derive(Debug)]
pub struct Spread {
    of: Arc<Cleaning>,
    stage: usize,
    column: String,
    linked: Linked,
    /// The bar that the pointer is over: before (0) or after (1), and which.
    hover: Option<(usize, usize)>,
}

/// The changed cells that hold a text, made once for it.
#[derive(Debug)]
pub struct Cells {
    of: Arc<Cleaning>,
    stage: usize,
    column: String,
    wanted: String,
    found: Vec<CellChange>,
    count: usize,
}

/// Drawn in place of a page that waits for a file, for cleaning, or for a mend.
pub(super) fn waiting(ui: &mut Ui, scene: &mut Scene<'_>, key: &str) {
    let lang = scene.lang;
    if scene.state.table.is_none() {
        let button = Some((lang.t("command.open"), Command::OpenDialog));
        parts::empty_state(ui, lang, key, button, scene.send);
    } else if let Some(error) = &scene.state.prepare_error {
        parts::problem(ui, lang, error);
        if ui.button(lang.t("common.to_collect")).clicked() {
            scene.send.push(Command::Go(Page::Collect));
        }
    } else {
        parts::muted(ui, lang.t("status.working"));
    }
}

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Steps,
    Columns,
    Together,
    Missing,
    Target,
    Twins,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 6] =
        [Tab::Steps, Tab::Columns, Tab::Together, Tab::Missing, Tab::Target, Tab::Twins];

    fn key(self) -> &'static str {
        match self {
            Self::Steps => "look.tab.steps",
            Self::Columns => "look.tab.columns",
            Self::Together => "look.tab.together",
            Self::Missing => "look.tab.missing",
            Self::Target => "look.tab.target",
            Self::Twins => "look.tab.twins",
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "clean");
    let Some(cleaning) = scene.state.cleaning.clone() else {
        waiting(ui, scene, "clean");
        return;
    };
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    if scene.page.tab == Tab::Twins {
        twins::show(ui, scene);
        return;
    }
    if scene.page.tab != Tab::Steps {
        look::show(ui, scene, scene.page.tab);
        return;
    }
    if let Some(checked) = scene.state.checked.clone() {
        let (file, differences) = &*checked;
        let args = [("file", file.clone())];
        let lines = words::differences(lang, differences, words::Against::Recipe);
        let head = if lines.is_empty() { "recipe.same" } else { "recipe.differs" };
        parts::card(ui, 10, |ui| {
            ui.set_width(ui.available_width());
            ui.label(lang.with(head, &args));
            lines.iter().for_each(|line| parts::muted(ui, format!("· {line}")));
            if ui.button(lang.t("common.close")).clicked() {
                scene.state.checked = None;
            }
        });
    }
    suggestions(ui, scene);
    reconciled(ui, lang, &cleaning);
    let stages = &cleaning.stages;
    let strip = ui.horizontal_wrapped(|ui| {
        for (at, stage) in stages.iter().enumerate() {
            let text = format!(
                "{}  {}",
                lang.t(&format!("step.{}", stage.change.name)),
                lang.count(stage.change.cells_changed.max(stage.change.rows_dropped))
            );
            if ui.selectable_label(scene.page.step == at, text).clicked() {
                scene.page.step = at;
                scene.page.column.clear();
            }
        }
    });
    tour::anchor(ui, "steps", strip.response.rect);
    let at = scene.page.step.min(stages.len().saturating_sub(1));
    let Some(stage) = stages.get(at) else {
        parts::muted(ui, lang.t("clean.all_off"));
        return;
    };
    let change = &stage.change;
    parts::section(ui, lang.t(&format!("step.{}", change.name)));
    parts::muted(ui, lang.t(&format!("step.{}.says", change.name)));
    ui.label(lang.with(
        "clean.changed",
        &[
            ("cells", lang.count(change.cells_changed)),
            ("rows", lang.count(change.rows_changed)),
            ("dropped", lang.count(change.rows_dropped)),
        ],
    ));
    for note in &change.notes {
        parts::muted(ui, lang.note(note));
    }
    for finding in &change.findings {
        let rows: Vec<String> = finding.examples.iter().take(8).map(ToString::to_string).collect();
        let args = [("rows", lang.count(finding.rows)), ("examples", rows.join(", "))];
        parts::muted(ui, format!("{} {}", lang.note(&finding.what), lang.with("clean.finding", &args)));
    }
    if change.columns.is_empty() {
        scene.page.column.clear();
    } else {
        if !change.columns.iter().any(|(name, _)| *name == scene.page.column) {
            scene.page.column.clone_from(&change.columns[0].0);
        }
        ui.horizontal_wrapped(|ui| {
            for (name, count) in &change.columns {
                let text = format!("{name}  {}", lang.count(*count));
                if ui.selectable_label(scene.page.column == *name, text).clicked() {
                    scene.page.column.clone_from(name);
                }
            }
        });
    }
    let column = scene.page.column.clone();
    ui.columns(2, |sides| {
        changed(&mut sides[0], scene, &cleaning, at, &column);
        if !column.is_empty() {
            spreads(&mut sides[1], scene, &cleaning, stage, at, &column);
        }
    });
}

/// Rows in are rows out, dropped or merged: said where the steps are.
fn reconciled(ui: &mut Ui, lang: Lang, cleaning: &Cleaning) {
    let sum = |of: fn(&Stage) -> u64| cleaning.stages.iter().map(of).sum::<u64>();
    let args = [
        ("in", lang.count(cleaning.source.height() as u64)),
        ("out", lang.count(cleaning.last().height() as u64)),
        ("dropped", lang.count(sum(|stage| stage.change.rows_dropped))),
        ("merged", lang.count(sum(|stage| stage.change.rows_merged))),
    ];
    parts::muted(ui, lang.with("clean.reconciled", &args));
}

/// Suggestions that are shown without being asked for.
const SUGGESTED: usize = 4;

/// What the recipe could do better: why, what it would change, the rows that show it, and the button
/// that does it.
fn suggestions(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let list = scene.state.suggestions.clone();
    if list.is_empty() {
        return;
    }
    let free = !scene.prefs.locked;
    let mut taken: Vec<Mend> = Vec::new();
    let mut one = |ui: &mut Ui, at: usize, suggestion: &Suggestion| {
        let verb = match &suggestion.mend {
            Mend::SwitchOn(_) => "suggest.switch_on",
            Mend::Scale(_) => "suggest.scale",
            Mend::LeaveOut(_) => "suggest.leave_out",
            Mend::AddStep(_) => "suggest.add_step",
            Mend::MergeSpellings { .. } => "suggest.merge_spellings",
        };
        let text = format!("{} {}", lang.note(&suggestion.why), lang.note(&suggestion.effect));
        if parts::suggestion(ui, &text, &lang.t(verb), free) {
            taken.push(suggestion.mend.clone());
        }
        if !suggestion.evidence.is_empty() {
            let head = egui::CollapsingHeader::new(lang.t("suggest.evidence")).id_salt(("evidence", at));
            head.show(ui, |ui| {
                for cell in &suggestion.evidence {
                    let show = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".into());
                    let change = format!("{} → {}", show(&cell.before), show(&cell.after));
                    parts::muted(ui, format!("{} · {}: {change}", cell.row, cell.column));
                }
            });
        }
    };
    for (at, suggestion) in list.iter().enumerate().take(SUGGESTED) {
        one(ui, at, suggestion);
    }
    if list.len() > SUGGESTED {
        let more = lang.with("suggest.more", &[("count", (list.len() - SUGGESTED).to_string())]);
        egui::CollapsingHeader::new(more).id_salt("more suggestions").show(ui, |ui| {
            for (at, suggestion) in list.iter().enumerate().skip(SUGGESTED) {
                one(ui, at, suggestion);
            }
        });
    }
    if list.len() > 1 && ui.add_enabled(free, egui::Button::new(lang.t("suggest.all"))).clicked() {
        taken = list.iter().map(|suggestion| suggestion.mend.clone()).collect();
    }
    for mend in &taken {
        regulars_engine::project::take_up(&mut scene.state.settings, mend);
    }
}

/// The changed cells of a column, searched.
fn changed(ui: &mut Ui, scene: &mut Scene<'_>, cleaning: &Arc<Cleaning>, at: usize, column: &str) {
    let lang = scene.lang;
    let Some(stage) = cleaning.stages.get(at) else { return };
    if column.is_empty() || stage.change.cells_changed == 0 {
        parts::muted(ui, lang.t("clean.nothing"));
        return;
    }
    let wanted = scene.page.find_cell.clone();
    let old = scene.page.cells.take().filter(|cells| {
        Arc::ptr_eq(&cells.of, cleaning)
            && cells.stage == at
            && cells.column == column
            && cells.wanted == wanted
    });
    let cells = old.unwrap_or_else(|| {
        let (found, count) = changed_cells(cleaning.before(at), &stage.after, column, &wanted, CELLS);
        Cells { of: cleaning.clone(), stage: at, column: column.to_owned(), wanted, found, count }
    });
    let text = |value: &Option<String>| match value {
        Some(text) if !text.trim().is_empty() => text.clone(),
        Some(_) => lang.t("clean.blank"),
        None => "—".to_owned(),
    };
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(lang.t("clean.find"));
        let edit = egui::TextEdit::singleline(&mut scene.page.find_cell).desired_width(110.0);
        ui.add(edit).labelled_by(label.id);
        let args = [("shown", lang.count(cells.found.len() as u64)), ("all", lang.count(cells.count as u64))];
        parts::muted(ui, lang.with("common.shown_of", &args));
        take::table_menu(ui, lang, &lang.t("clean.cells"), || Grid {
            name: column.to_owned(),
            header: ["customers.row", "clean.before", "clean.after"].map(|key| lang.t(key)).to_vec(),
            rows: cells
                .found
                .iter()
                .map(|c| vec![Cell::whole(c.row.into()), text(&c.before).into(), text(&c.after).into()])
                .collect(),
        });
    });
    let heads = [
        table::Head::number(lang.t("customers.row"), 60.0),
        table::Head::text(lang.t("clean.before"), 140.0),
        table::Head::text(lang.t("clean.after"), 140.0),
    ];
    let spec = table::Table::new("cells", &heads, cells.found.len(), 420.0);
    table::show(ui, &spec, |ui, row, at| {
        let cell = &cells.found[row];
        let show = |ui: &mut Ui, value: &Option<String>| match value {
            Some(text) if !text.trim().is_empty() => table::plain(ui, text),
            Some(_) => parts::muted(ui, lang.t("clean.blank")),
            None => table::missing(ui),
        };
        match at {
            0 => parts::muted(ui, cell.row.to_string()),
            1 => show(ui, &cell.before),
            _ => show(ui, &cell.after),
        }
    });
    scene.page.cells = Some(cells);
}

/// The column before and after; the bar under the pointer shows where its rows went, or came from.
fn spreads(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    cleaning: &Arc<Cleaning>,
    stage: &Stage,
    at: usize,
    column: &str,
) {
    let lang = scene.lang;
    let old =
        scene.page.spread.take().filter(|spread| {
            Arc::ptr_eq(&spread.of, cleaning) && spread.stage == at && spread.column == column
        });
    let mut spread = old.unwrap_or_else(|| Spread {
        of: cleaning.clone(),
        stage: at,
        column: column.to_owned(),
        linked: linked(cleaning.before(at), &stage.after, column, 18),
        hover: None,
    });
    let overlays = match spread.hover {
        Some((0, bar)) => [None, Some(spread.linked.forwards(bar))],
        Some((_, bar)) => [Some(spread.linked.backwards(bar)), None],
        None => [None, None],
    };
    let mut hover = None;
    let pair = [(&spread.linked.before, "clean.before"), (&spread.linked.after, "clean.after")];
    for (side, (d, key)) in pair.into_iter().enumerate() {
        let missing = lang.with("clean.missing", &[("count", lang.count(d.missing))]);
        let bars = chart::Bars {
            id: ["dist0", "dist1"][side],
            title: format!("{column} · {} · {missing}", lang.t(key)),
            labels: &d.labels,
            counts: &d.counts,
            overlay: overlays[side].as_deref(),
            series: side,
            height: 170.0,
        };
        if let Some(bar) = chart::bars(ui, lang, bars) {
            hover = Some((side, bar));
        }
    }
    parts::muted(ui, lang.t("clean.link_hint"));
    spread.hover = hover;
    scene.page.spread = Some(spread);
}
