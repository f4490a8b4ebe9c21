//! The retention triangle: who of each month's new customers bought again, month by month.

use eframe::egui::{self, Align2, Pos2, Rect, Ui, Vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::{Layout, Meaning};
use regulars_engine::segment::cohort::{Cohort, Cohorts};

use super::Moved;
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::parts::drawing::{self, Drawing, mixed};
use crate::window::theme::Palette;
use crate::words::{Lang, percent};

const LEFT: f32 = 116.0;
const HEAD: f32 = 20.0;
const CELL: Vec2 = Vec2::new(46.0, 24.0);

/// Customers below which a share says little: those cohorts are pale, and counts are told instead.
const FEW: usize = 10;

/// What the cells tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cells {
    #[default]
    Share,
    Customers,
    Money,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Moved) {
    let lang = scene.lang;
    let cohorts = &found.cohorts;
    parts::section(ui, lang.t("cohorts.section"));
    let has_money = cohorts.cohorts.iter().any(|cohort| !cohort.money.is_empty());
    ui.horizontal_wrapped(|ui| {
        let all = [
            (Cells::Share, "cohorts.share", true),
            (Cells::Customers, "cohorts.customers", true),
            (Cells::Money, "cohorts.money", has_money),
        ];
        for (cells, key, is_there) in all {
            if is_there {
                ui.selectable_value(&mut scene.page.flows.cells, cells, lang.t(key));
            }
        }
    });
    let cells = scene.page.flows.cells;
    let drawing = picture(ui, lang, cohorts, cells);
    let title = title(lang, cohorts);
    let name = lang.t("cohorts.name");
    let response = egui::ScrollArea::horizontal()
        .id_salt("cohorts")
        .show(ui, |ui| {
            let ctx = ui.ctx().clone();
            drawing::framed(ui, lang, ("cohorts", &title, &name), &drawing, || {
                parts::cells::shared(&ctx, lang, grid_of(lang, cohorts), &LAYOUT)
            })
        })
        .inner;
    let over = response.hover_pos().map(|at| at - response.rect.min.to_vec2());
    if let Some((cohort, since)) = over.and_then(|at| place(cohorts, at)) {
        response.on_hover_text_at_pointer(words(lang, cohorts, cohort, since));
    }
    let mut notes = vec![lang.with(
        "cohorts.first",
        &[("day", regulars_engine::features::behaviour::to_date(cohorts.first_day).to_string())],
    )];
    if cohorts.cohorts.iter().any(|cohort| cohort.size < FEW) {
        notes.push(lang.with("cohorts.few", &[("least", FEW.to_string())]));
    }
    if cohorts.last_is_partial {
        notes.push(lang.t("cohorts.partial"));
    }
    for note in notes {
        ui.add(egui::Label::new(egui::RichText::new(note).small()).wrap());
    }
}

/// Months in which somebody was new: the others have no row.
fn with_customers(cohorts: &Cohorts) -> Vec<usize> {
    let all = cohorts.cohorts.iter().enumerate();
    all.filter(|(_, cohort)| cohort.size > 0).map(|(at, _)| at).collect()
}

/// The cell at a point of the picture.
fn place(cohorts: &Cohorts, at: Pos2) -> Option<(usize, usize)> {
    let (x, y) = (at.x - LEFT, at.y - HEAD);
    if x < 0.0 || y < 0.0 {
        return None;
    }
    let (row, since) = ((y / CELL.y) as usize, (x / CELL.x) as usize);
    let cohort = with_customers(cohorts).get(row).copied()?;
    let of = cohorts.cohorts.get(cohort)?;
    (since < of.active.len()).then_some((cohort, since))
}

fn value(cohorts: &Cohorts, cells: Cells, cohort: usize, since: usize) -> Option<f64> {
    let of = cohorts.cohorts.get(cohort)?;
    match cells {
        Cells::Share => cohorts.kept(cohort, since).map(|share| share.value),
        Cells::Customers => of.active.get(since).map(|count| *count as f64),
        Cells::Money => of.money.get(since).copied(),
    }
}

/// Money in few signs.
fn short(value: f64) -> String {
    match value.abs() {
        big if big >= 9_999_500.0 => format!("{:.0}M", value / 1e6),
        big if big >= 999_500.0 => format!("{:.1}M", value / 1e6),
        big if big >= 9_999.5 => format!("{:.0}k", value / 1e3),
        big if big >= 999.5 => format!("{:.1}k", value / 1e3),
        _ => format!("{value:.0}"),
    }
}

fn picture(ui: &Ui, lang: Lang, cohorts: &Cohorts, cells: Cells) -> Drawing {
    let p = Palette::of(ui);
    let rows = with_customers(cohorts);
    let of_rows = || rows.iter().filter_map(|at| Some((*at, cohorts.cohorts.get(*at)?)));
    let months = of_rows().map(|(_, cohort)| cohort.active.len()).max().unwrap_or(0);
    let size = Vec2::new(LEFT + CELL.x * months as f32 + 2.0, HEAD + CELL.y * rows.len() as f32 + 2.0);
    let mut drawing = Drawing { size, marks: Vec::new() };
    // The first month is whole by its nature: it would outshine all others.
    let later = |cohort: usize, of: &Cohort| -> f64 {
        if of.size < FEW {
            return 0.0;
        }
        let values = (1..of.active.len()).filter_map(|since| value(cohorts, cells, cohort, since));
        values.fold(0.0, f64::max)
    };
    let most = cohorts.cohorts.iter().enumerate().map(|(at, of)| later(at, of)).fold(1e-12, f64::max);
    for since in 0..months {
        let at = Pos2::new(LEFT + CELL.x * (since as f32 + 0.5), 3.0);
        drawing.text(at, Align2::CENTER_TOP, format!("+{since}"), 11.0, p.muted);
    }
    drawing.text(Pos2::new(2.0, 3.0), Align2::LEFT_TOP, lang.t("cohorts.month"), 11.0, p.muted);
    for (row, (at, cohort)) in of_rows().enumerate() {
        let y = HEAD + CELL.y * row as f32;
        let middle = y + CELL.y / 2.0;
        drawing.text(Pos2::new(2.0, middle), Align2::LEFT_CENTER, cohort.month.to_string(), 12.0, p.ink);
        let size = lang.count(cohort.size as u64);
        drawing.text(Pos2::new(LEFT - 6.0, middle), Align2::RIGHT_CENTER, size, 12.0, p.muted);
        for since in 0..cohort.active.len() {
            let Some(shown) = value(cohorts, cells, at, since) else { continue };
            let rect = Rect::from_min_size(Pos2::new(LEFT + CELL.x * since as f32, y), CELL).shrink(0.5);
            let is_few = cohort.size < FEW;
            let share = if since == 0 || is_few { 0.0 } else { (shown / most) as f32 };
            drawing.rect(rect, mixed(p.surface, p.accent, 0.40 * share), Some(p.line));
            let text = match cells {
                Cells::Share if is_few => {
                    format!("{}/{}", cohort.active.get(since).copied().unwrap_or_default(), cohort.size)
                }
                Cells::Share => format!("{:.0}%", 100.0 * shown),
                Cells::Customers => lang.count(shown as u64),
                Cells::Money => short(shown),
            };
            let text = if cohorts.is_partial(at, since) { format!("{text}*") } else { text };
            let ink = if is_few { p.muted } else { p.ink };
            drawing.text(rect.center(), Align2::CENTER_CENTER, text, 11.0, ink);
        }
    }
    drawing
}

/// How many come back in the month after their first, over all cohorts.
fn title(lang: Lang, cohorts: &Cohorts) -> String {
    match cohorts.kept_by_all(1) {
        Some(share) => lang.with(
            "cohorts.title",
            &[("share", percent(share.value)), ("low", percent(share.low)), ("high", percent(share.high))],
        ),
        None => lang.t("cohorts.title_short"),
    }
}

fn words(lang: Lang, cohorts: &Cohorts, cohort: usize, since: usize) -> String {
    let Some(of) = cohorts.cohorts.get(cohort) else { return String::new() };
    let share = cohorts.kept(cohort, since);
    let mut lines = vec![lang.with(
        "cohorts.hover",
        &[
            ("month", of.month.to_string()),
            ("since", since.to_string()),
            ("count", lang.count(of.active.get(since).copied().unwrap_or_default() as u64)),
            ("all", lang.count(of.size as u64)),
        ],
    )];
    if let Some(share) = share {
        lines.push(format!("{}  [{} – {}]", percent(share.value), percent(share.low), percent(share.high)));
    }
    if let Some(money) = of.money.get(since) {
        lines.push(lang.with("cohorts.spent", &[("money", lang.count(money.max(0.0).round() as u64))]));
    }
    if cohorts.is_partial(cohort, since) {
        lines.push(lang.t("cohorts.partial"));
    }
    lines.join("\n")
}

/// Month, customers, months since, of them active, their share, their money: each month since is a table of all
/// cohorts, and a cohort is as large in each.
const LAYOUT: Layout<'_> = Layout {
    columns: &[
        Meaning::Plain,
        Meaning::Count,
        Meaning::Plain,
        Meaning::Part(1),
        Meaning::Rate(1),
        Meaning::Figure(1),
    ],
    total: None,
    block: Some(2),
    key: Some(0),
};

/// Every cell as a table to take away.
fn grid_of(lang: Lang, cohorts: &Cohorts) -> Grid {
    let mut rows = Vec::new();
    for (at, cohort) in cohorts.cohorts.iter().enumerate() {
        for (since, active) in cohort.active.iter().enumerate() {
            let share = cohorts.kept(at, since).map_or_else(|| Cell::from(""), |s| Cell::percent(s.value));
            let money = cohort.money.get(since).map_or_else(
                || Cell::from(""),
                |value| Cell::Number { value: *value, text: format!("{value:.2}"), format: "0.00" },
            );
            rows.push(vec![
                cohort.month.to_string().into(),
                Cell::whole(cohort.size as u64),
                Cell::whole(since as u64),
                Cell::whole(*active as u64),
                share,
                money,
            ]);
        }
    }
    let heads = ["month", "size", "since", "active", "share", "money"];
    Grid {
        name: lang.t("cohorts.name"),
        header: heads.map(|key| lang.t(&format!("cohorts.head.{key}"))).to_vec(),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_fits_its_cell() {
        for (value, text) in [
            (0.0, "0"),
            (999.4, "999"),
            (999.6, "1.0k"),
            (12_345.0, "12k"),
            (1_250_000.0, "1.2M"),
            (2.3e7, "23M"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
