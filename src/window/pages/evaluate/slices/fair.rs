//! What the model does to the groups of a column.

use eframe::egui::{Label, RichText, Ui};
use regulars_engine::evaluate::slices::{Condition, LEAST_ROWS};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::metrics::Estimate;
use regulars_engine::privacy::cells::{Layout, Meaning};
use regulars_engine::project::Slices;

use super::words;
use crate::report::groups;
use crate::window::pages::Scene;
use crate::window::parts::{table, take};
use crate::window::theme::{self, Palette, S1};
use crate::words::percent;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, slices: &Slices, column: usize) {
    let lang = scene.lang;
    let Some(found) = slices.fairness.get(column) else { return };
    let segments = scene.state.segments.as_deref();
    let name = words::column(lang, slices, column);
    let level = |level: usize| words::level(lang, slices, Condition { grouping: column, level }, segments);
    let title = lang.with("fair.title", &[("column", name)]);
    let keys = ["fair.group", "slices.rows", "fair.selection", "fair.found", "fair.wrongly"];
    let share = |e: Option<Estimate>| match e {
        Some(e) => format!("{} ({}–{})", percent(e.value), percent(e.low), percent(e.high)),
        None => lang.t("fair.too_few"),
    };
    let rows: Vec<Vec<String>> = found
        .groups
        .iter()
        .map(|group| {
            vec![
                level(group.level),
                lang.count(group.rows),
                share(group.selection),
                share(group.found),
                share(group.wrongly),
            ]
        })
        .collect();
    ui.horizontal(|ui| {
        ui.label(RichText::new(&title).font(theme::section_font()));
        // The last two are of the customers of one outcome, whose number their intervals give away.
        let last = Meaning::Extreme;
        let columns = [Meaning::Plain, Meaning::Count, Meaning::Rate(1), last, last];
        take::groups_menu(ui, lang, &title, &Layout::of(&columns), || Grid {
            name: title.clone(),
            header: keys.map(|key| lang.t(key)).to_vec(),
            rows: rows.iter().map(|row| row.iter().map(|cell| Cell::from(cell.as_str())).collect()).collect(),
        });
    });
    // The widest first: it is what there is to see.
    for (at, said) in groups::gaps(lang, found, &level).into_iter().enumerate() {
        let text = RichText::new(said);
        let text = if at == 0 { text.family(theme::strong()) } else { text };
        ui.add(Label::new(text).wrap());
    }
    ui.add_space(S1);
    let threshold = [("threshold", percent(slices.threshold)), ("least", LEAST_ROWS.to_string())];
    let color = Palette::of(ui).muted;
    ui.add(Label::new(RichText::new(lang.with("fair.means", &threshold)).color(color)).wrap());
    ui.add_space(S1);
    let widths = [110.0, 84.0, 152.0, 152.0, 152.0];
    let heads = table::heads(keys.map(|key| lang.t(key)), widths, 1);
    let spec = table::Table::new("fairness", &heads, rows.len(), 190.0);
    table::show(ui, &spec, |ui, row, column| {
        let text = rows.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default();
        table::plain(ui, text);
    });
    ui.add_space(S1);
    ui.add(Label::new(RichText::new(lang.t("fair.means_not")).color(color)).wrap());
}
