//! What the model does to the groups of a column.

use eframe::egui::{Label, RichText, Ui};
use regulars_engine::evaluate::slices::{Condition, Gap};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::metrics::Estimate;
use regulars_engine::project::Slices;

use super::words;
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
    let share = |e: Estimate, of: u64| match of {
        0 => "—".to_owned(),
        _ => format!("{} ({}–{})", percent(e.value), percent(e.low), percent(e.high)),
    };
    let rows: Vec<Vec<String>> = found
        .groups
        .iter()
        .map(|group| {
            vec![
                level(group.level),
                lang.count(group.rows),
                share(group.selection, group.rows),
                share(group.found, group.positives),
                share(group.wrongly, group.rows - group.positives),
            ]
        })
        .collect();
    ui.horizontal(|ui| {
        ui.label(RichText::new(&title).font(theme::section_font()));
        take::table_menu(ui, lang, &title, || Grid {
            name: title.clone(),
            header: keys.map(|key| lang.t(key)).to_vec(),
            rows: rows.iter().map(|row| row.iter().map(|cell| Cell::from(cell.as_str())).collect()).collect(),
        });
    });
    let threshold = [("threshold", percent(slices.threshold))];
    let color = Palette::of(ui).muted;
    ui.add(Label::new(RichText::new(lang.with("fair.means", &threshold)).color(color)).wrap());
    ui.add_space(S1);
    let widths = [110.0, 84.0, 152.0, 152.0, 152.0];
    let heads: Vec<table::Head> = keys
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(at, (key, width))| match at {
            0 => table::Head::text(lang.t(key), width),
            _ => table::Head::number(lang.t(key), width),
        })
        .collect();
    let spec = table::Table::new("fairness", &heads, rows.len(), 190.0);
    table::show(ui, &spec, |ui, row, column| {
        let text = rows.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default();
        table::plain(ui, text);
    });
    ui.add_space(S1);
    let gaps = [
        ("fair.gap.selection", &found.selection),
        ("fair.gap.found", &found.found),
        ("fair.gap.wrongly", &found.wrongly),
    ];
    for (key, gap) in gaps {
        let Some(gap) = gap else { continue };
        ui.add(Label::new(sentence(lang, key, gap, &level)).wrap());
    }
    ui.add(Label::new(RichText::new(lang.t("fair.means_not")).color(color)).wrap());
}

/// A gap in words: chance may be all that there is.
fn sentence(lang: crate::words::Lang, key: &str, gap: &Gap, level: &dyn Fn(usize) -> String) -> String {
    let points = |value: f64| format!("{:.1}", 100.0 * value).replace('-', "−");
    let args = [
        ("high", level(gap.high)),
        ("low", level(gap.low)),
        ("gap", points(gap.value.value)),
        ("from", points(gap.value.low)),
        ("to", points(gap.value.high)),
    ];
    let sure = if gap.value.low > 0.0 { "fair.sure" } else { "fair.unsure" };
    format!("{} {}", lang.with(key, &args), lang.with(sure, &args))
}
