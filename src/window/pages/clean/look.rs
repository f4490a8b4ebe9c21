//! Looking at the data: quality, each column, how columns hang together, what is missing, and what
//! each column tells of the target.

use eframe::egui::{self, Align2, Color32, FontId, Rect, RichText, Sense, Stroke, Ui, Vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::inspect::{Association, Holes, Measure, Summary, Target};
use regulars_engine::project::Inspection;
use regulars_engine::table::{Role, show_number};

use super::Tab;
use crate::window::pages::Scene;
use crate::window::parts::{self, chart, table, take};
use crate::window::theme::{self, Palette, S2, S3};
use crate::words::{Lang, percent};

/// Columns named beside the maps at most: more cannot be read.
const NAMED: usize = 40;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, tab: Tab) {
    let lang = scene.lang;
    scene.state.find_inspection();
    let Some(found) = scene.state.inspection() else {
        parts::muted(ui, lang.t("status.working"));
        return;
    };
    match tab {
        Tab::Steps | Tab::Twins => {}
        Tab::Columns => columns(ui, scene, &found),
        Tab::Together => together(ui, scene, &found),
        Tab::Missing => missing(ui, lang, &found.holes),
        Tab::Target => target(ui, lang, &found.target),
    }
}

/// The score and what it is made of.
pub(super) fn quality(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(found) = scene.state.inspection() else { return };
    let quality = &found.quality;
    parts::figures(ui, |ui| {
        let name = lang.t("look.quality");
        parts::figure(ui, &name, &format!("{:.0} / 100", quality.score), &lang.t("look.quality.says"));
        for part in &quality.parts {
            ui.vertical(|ui| {
                ui.set_width(150.0);
                parts::muted(ui, lang.t(&format!("look.quality.{}", part.name)));
                let share = format!("{:.1}%", 100.0 * part.share);
                ui.label(RichText::new(share).font(FontId::new(18.0, theme::strong())));
                ui.add(egui::Label::new(RichText::new(lang.note(&part.why)).small()).wrap());
            });
        }
    });
}

fn columns(ui: &mut Ui, scene: &mut Scene<'_>, found: &Inspection) {
    let lang = scene.lang;
    quality(ui, scene);
    let list = &found.summaries;
    ui.horizontal(|ui| {
        parts::muted(ui, lang.with("look.columns", &[("count", lang.count(list.len() as u64))]));
        take::table_menu(ui, lang, &lang.t("look.tab.columns"), || columns_grid(lang, list));
    });
    let heads = [
        table::Head::text(lang.t("collect.column"), 130.0),
        table::Head::text(lang.t("collect.role"), 76.0),
        table::Head::number(lang.t("collect.missing"), 66.0),
        table::Head::number(lang.t("look.min"), 82.0),
        table::Head::number("25%", 82.0),
        table::Head::number(lang.t("look.median"), 82.0),
        table::Head::number("75%", 82.0),
        table::Head::number(lang.t("look.max"), 82.0),
        table::Head::number(lang.t("look.mean"), 82.0),
    ];
    let chosen = list.iter().position(|summary| summary.column == scene.page.look_column);
    let mut spec = table::Table::new("summaries", &heads, list.len(), 300.0);
    spec.chosen = Some(chosen);
    let clicked = table::show(ui, &spec, |ui, row, column| {
        let Some(summary) = list.get(row) else { return };
        match column {
            0 => table::plain(ui, summary.column.as_str()),
            1 => table::plain(ui, lang.t(&format!("role.{}", summary.role.name()))),
            2 => table::plain(ui, percent(summary.missing as f64 / summary.rows.max(1) as f64)),
            8 => match summary.moments {
                Some((mean, _)) => table::plain(ui, show_number(round(mean))),
                None => table::missing(ui),
            },
            n => match figure(summary, [0, 2, 3, 4, 6][(n - 3).min(4)]) {
                Some(text) => table::plain(ui, text),
                None => table::missing(ui),
            },
        }
    });
    if let Some(row) = clicked.row
        && let Some(summary) = list.get(row)
    {
        scene.page.look_column.clone_from(&summary.column);
    }
    let Some(summary) = chosen.and_then(|at| list.get(at)).or(list.iter().find(|s| s.moments.is_some()))
    else {
        return;
    };
    ui.add_space(S3);
    let d = &summary.distribution;
    let missing = lang.with("clean.missing", &[("count", lang.count(summary.missing))]);
    let bars = chart::Bars {
        id: "look",
        title: format!("{} · {missing}", summary.column),
        labels: &d.labels,
        counts: &d.counts,
        overlay: None,
        series: 0,
        height: 190.0,
    };
    chart::bars(ui, lang, bars);
}

fn round(value: f64) -> f64 {
    if value.abs() >= 100.0 { value.round() } else { (value * 100.0).round() / 100.0 }
}

/// One of a summary's quantiles as text.
fn figure(summary: &Summary, at: usize) -> Option<String> {
    let value = *summary.quantiles.as_ref()?.get(at)?;
    Some(match summary.role {
        Role::Date => regulars_engine::detect::date::format((value * 86_400.0).round() as i64 * 1000),
        _ => show_number(round(value)),
    })
}

fn columns_grid(lang: Lang, list: &[Summary]) -> Grid {
    let mut header: Vec<String> =
        ["collect.column", "collect.role", "collect.missing"].map(|k| lang.t(k)).to_vec();
    header.extend(["0%", "5%", "25%", "50%", "75%", "95%", "100%"].map(String::from));
    header.extend(["look.mean", "look.deviation"].map(|key| lang.t(key)));
    let rows = list.iter().map(|s| {
        let mut row = vec![
            Cell::from(s.column.as_str()),
            lang.t(&format!("role.{}", s.role.name())).into(),
            Cell::whole(s.missing),
        ];
        row.extend((0..7).map(|at| Cell::from(figure(s, at).unwrap_or_default())));
        let number = |v: Option<f64>| Cell::from(v.map(show_number).unwrap_or_default());
        row.extend([number(s.moments.map(|m| m.0)), number(s.moments.map(|m| m.1))]);
        row
    });
    Grid { name: lang.t("look.tab.columns"), header, rows: rows.collect() }
}

/// A square map of cells with names to the left and the cell under the pointer explained.
struct Map<'a> {
    id: &'a str,
    rows: usize,
    columns: Vec<String>,
    /// Names of the rows; none where rows are bands.
    names: Vec<String>,
    height: f32,
}

impl Map<'_> {
    /// Draws the map; returns the cell under the pointer.
    fn show(&self, ui: &mut Ui, color: impl Fn(usize, usize) -> Color32) -> Option<(usize, usize)> {
        let p = Palette::of(ui);
        let left = if self.names.is_empty() { 0.0 } else { 150.0 };
        let columns = self.columns.len().max(1);
        let wide = ((ui.available_width() - left) / columns as f32).clamp(6.0, 34.0);
        let tall = (self.height / self.rows.max(1) as f32).clamp(3.0, 26.0);
        let top = 110.0;
        let size = Vec2::new(left + wide * columns as f32, top + tall * self.rows as f32);
        let (area, response) = ui.allocate_exact_size(size, Sense::hover());
        let name = self.id.to_owned();
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
        let painter = ui.painter_at(area);
        for (at, name) in self.columns.iter().enumerate().take(NAMED) {
            let text: String = name.chars().take(16).collect();
            let galley = painter.layout_no_wrap(text, FontId::proportional(11.0), p.muted);
            let place = area.min + Vec2::new(left + wide * (at as f32 + 0.5) - 5.0, top - 4.0);
            let shape = egui::epaint::TextShape::new(place, galley, p.muted)
                .with_angle_and_anchor(-1.05, Align2::LEFT_BOTTOM);
            painter.add(shape);
        }
        for (at, name) in self.names.iter().enumerate() {
            let text: String = name.chars().take(22).collect();
            let place = area.min + Vec2::new(left - 6.0, top + tall * (at as f32 + 0.5));
            painter.text(place, Align2::RIGHT_CENTER, text, FontId::proportional(11.0), p.muted);
        }
        for row in 0..self.rows {
            for column in 0..self.columns.len() {
                let min = area.min + Vec2::new(left + wide * column as f32, top + tall * row as f32);
                let gap = if tall > 8.0 { 1.0 } else { 0.0 };
                let rect = Rect::from_min_size(min, Vec2::new(wide - 1.0, tall - gap));
                painter.rect_filled(rect, 0.0, color(row, column));
            }
        }
        let at = response.hover_pos()? - area.min - Vec2::new(left, top);
        let (column, row) = ((at.x / wide).floor(), (at.y / tall).floor());
        let inside = at.x >= 0.0 && at.y >= 0.0;
        let (column, row) = (column as usize, row as usize);
        (inside && column < self.columns.len() && row < self.rows).then_some((row, column))
    }
}

fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    let part = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share) as u8;
    Color32::from_rgb(part(from.r(), to.r()), part(from.g(), to.g()), part(from.b(), to.b()))
}

fn together(ui: &mut Ui, scene: &mut Scene<'_>, found: &Inspection) {
    let lang = scene.lang;
    let all = [Measure::Pearson, Measure::Spearman];
    ui.horizontal(|ui| {
        let words = |m: Measure| lang.t(measure_key(m));
        parts::choose(ui, &lang.t("look.measure"), &mut scene.page.measure, &all, words);
        let name = lang.t("look.tab.together");
        take::table_menu(ui, lang, &name, || association_grid(lang, shown(found, scene.page.measure)));
    });
    let map = shown(found, scene.page.measure);
    if map.columns.len() < 2 {
        parts::muted(ui, lang.t("look.too_few"));
        return;
    }
    parts::muted(ui, lang.t("look.together.says"));
    if map.rows.0 < map.rows.1 {
        let args = [("shown", lang.count(map.rows.0 as u64)), ("all", lang.count(map.rows.1 as u64))];
        parts::muted(ui, lang.with("look.sampled", &args));
    }
    let p = Palette::of(ui);
    let (plus, minus) = (theme::SERIES[0], theme::SERIES[1]);
    let cell = |row: usize, column: usize| map.strength.get(row)?.get(column).copied().flatten();
    let drawn = Map {
        id: "together",
        rows: map.columns.len(),
        columns: map.columns.clone(),
        names: map.columns.clone(),
        height: 24.0 * map.columns.len() as f32,
    };
    let under = drawn.show(ui, |row, column| match cell(row, column) {
        Some((v, _)) if v >= 0.0 => mix(p.surface, plus, v as f32),
        Some((v, _)) => mix(p.surface, minus, -v as f32),
        None => p.ground,
    });
    ui.add_space(S2);
    let text = match under.map(|(row, column)| (row, column, cell(row, column))) {
        Some((row, column, Some((value, measure)))) => format!(
            "{} × {}: {value:.2} · {}",
            map.columns[row],
            map.columns[column],
            lang.t(measure_key(measure))
        ),
        Some((row, column, None)) => {
            format!("{} × {}: {}", map.columns[row], map.columns[column], lang.t("look.no_pair"))
        }
        None => lang.t("look.point"),
    };
    parts::muted(ui, text);
    strongest(ui, lang, map);
}

fn shown(found: &Inspection, measure: Measure) -> &Association {
    if measure == Measure::Spearman { &found.ranked } else { &found.linear }
}

fn measure_key(measure: Measure) -> &'static str {
    match measure {
        Measure::Pearson => "look.pearson",
        Measure::Spearman => "look.spearman",
        Measure::CramersV => "look.cramer",
        Measure::CorrelationRatio => "look.ratio",
    }
}

/// The strongest pairs in words.
fn strongest(ui: &mut Ui, lang: Lang, map: &Association) {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (a, row) in map.strength.iter().enumerate() {
        for (b, cell) in row.iter().enumerate().skip(a + 1) {
            if let Some((value, _)) = cell {
                pairs.push((*value, a, b));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    parts::section(ui, lang.t("look.strongest"));
    for (value, a, b) in pairs.into_iter().take(6) {
        ui.label(format!("{} × {}  {value:.2}", map.columns[a], map.columns[b]));
    }
}

fn association_grid(lang: Lang, map: &Association) -> Grid {
    let header = std::iter::once(String::new()).chain(map.columns.iter().cloned()).collect();
    let rows = map.columns.iter().zip(&map.strength).map(|(name, row)| {
        let cells = row.iter().map(|cell| match cell {
            Some((value, _)) => Cell::Number { value: *value, text: format!("{value:.4}"), format: "0.00" },
            None => Cell::from(""),
        });
        std::iter::once(Cell::from(name.as_str())).chain(cells).collect()
    });
    Grid { name: lang.t("look.tab.together"), header, rows: rows.collect() }
}

fn missing(ui: &mut Ui, lang: Lang, holes: &Holes) {
    if holes.columns.is_empty() {
        parts::muted(ui, lang.t("look.whole"));
        return;
    }
    let args = [
        ("bands", holes.bands.len().to_string()),
        ("rows", lang.count((holes.rows / holes.bands.len().max(1)) as u64)),
    ];
    parts::muted(ui, lang.with("look.missing.says", &args));
    let p = Palette::of(ui);
    let map = Map {
        id: "missing",
        rows: holes.bands.len(),
        columns: holes.columns.clone(),
        names: Vec::new(),
        height: 360.0,
    };
    let share = |row: usize, column: usize| holes.bands.get(row)?.get(column).copied();
    let under =
        map.show(ui, |row, column| mix(p.surface, p.caution, share(row, column).unwrap_or(0.0) as f32));
    let text = match under {
        Some((row, column)) => {
            format!("{}: {}", holes.columns[column], percent(share(row, column).unwrap_or(0.0)))
        }
        None => lang.t("look.point"),
    };
    parts::muted(ui, text);
    parts::section(ui, lang.t("look.most_missing"));
    for (name, count) in holes.columns.iter().zip(&holes.missing).take(8) {
        let share = percent(*count as f64 / holes.rows.max(1) as f64);
        ui.label(format!("{name}  {} · {share}", lang.count(*count)));
    }
    for (a, b, share) in holes.together.iter().take(6) {
        let args =
            [("a", holes.columns[*a].clone()), ("b", holes.columns[*b].clone()), ("share", percent(*share))];
        parts::muted(ui, lang.with("look.missing_together", &args));
    }
}

fn target(ui: &mut Ui, lang: Lang, list: &[Target]) {
    if list.is_empty() {
        parts::muted(ui, lang.t("look.no_target"));
        return;
    }
    parts::muted(ui, lang.t("look.target.says"));
    let p = Palette::of(ui);
    for one in list.iter().take(12) {
        parts::card(ui, 10, |ui| {
            ui.set_width(ui.available_width().min(760.0));
            ui.horizontal(|ui| {
                ui.label(RichText::new(&one.column).family(theme::strong()));
                parts::muted(ui, lang.with("look.alone", &[("auc", format!("{:.3}", one.roc_auc))]));
            });
            for (name, rows, rate) in &one.rates {
                ui.horizontal(|ui| {
                    let shown: String = name.chars().take(28).collect();
                    ui.add_sized([210.0, 16.0], egui::Label::new(shown).truncate());
                    let (bar, _) = ui.allocate_exact_size(Vec2::new(240.0, 12.0), Sense::hover());
                    ui.painter().rect_stroke(bar, 2.0, Stroke::new(1.0, p.line), egui::StrokeKind::Inside);
                    let filled =
                        Rect::from_min_size(bar.min, Vec2::new(bar.width() * *rate as f32, bar.height()));
                    ui.painter().rect_filled(filled, 2.0, p.accent);
                    parts::muted(ui, format!("{} · {}", percent(*rate), lang.count(*rows)));
                });
            }
        });
        ui.add_space(S2);
    }
}
