//! Themes as bars: how many comments, how kind, and how complaints went over time.

use eframe::egui::{self, Color32, Rect, Sense, Stroke, Ui};
use regulars_engine::feedback::{Feedback, Theme, ThemeKind};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::privacy::cells::{Layout, Meaning};

use crate::report::svg;
use crate::window::parts::{self, drawing, framed};
use crate::window::theme::{Palette, S2, S3};
use crate::words::heard;
use crate::words::{Lang, percent};

const ROW: f32 = 26.0;
/// Widths of the sparkline and of the share.
const SPARK: f32 = 96.0;
const SHARE: f32 = 56.0;

/// Draws the themes of a kind; returns the place of the one that was clicked.
pub(super) fn show(
    ui: &mut Ui,
    lang: Lang,
    found: &Feedback,
    kind: ThemeKind,
    looked_at: Option<&str>,
) -> Option<usize> {
    let all: Vec<(usize, &Theme)> =
        found.themes.iter().enumerate().filter(|(_, theme)| theme.kind == kind).collect();
    let (_, first) = all.first()?;
    let args = [("name", heard::theme(lang, first).to_owned()), ("count", lang.count(first.comments as u64))];
    let (id, key) = match kind {
        ThemeKind::Aspect => ("feedback aspects", "fb.bars.aspects"),
        ThemeKind::Topic => ("feedback topics", "fb.bars.topics"),
    };
    let title = lang.with(key, &args);
    let drawing = || chart(lang, &title, &all);
    let ctx = ui.ctx().clone();
    // A comment may speak of several themes.
    let columns = [
        Meaning::Plain,
        Meaning::Overlap,
        Meaning::Part(1),
        Meaning::Part(1),
        Meaning::Overlap,
        Meaning::Plain,
    ];
    let data = || parts::cells::shared(&ctx, lang, grid(lang, &title, &all), &Layout::of(&columns));
    let of = framed::Framed { id, title: &title, drawing: &drawing, data: &data };
    let clicked = framed::show(ui, lang, &of, |ui| {
        legend(ui, lang);
        rows(ui, lang, &all, looked_at)
    });
    ui.add_space(S3);
    clicked
}

/// What the parts of a bar stand for, in their order.
fn legend(ui: &mut Ui, lang: Lang) {
    let p = Palette::of(ui);
    ui.horizontal_wrapped(|ui| {
        for (color, key) in
            [(p.good, "fb.mood.kind"), (unsure(&p), "fb.mood.not_sure"), (p.bad, "fb.mood.unkind")]
        {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(12.0, 12.0), Sense::hover());
            ui.painter().rect_filled(rect, 2, color);
            parts::muted(ui, lang.t(key));
            ui.add_space(S2);
        }
        parts::muted(ui, lang.t("fb.bars.legend"));
    });
}

fn unsure(p: &Palette) -> Color32 {
    drawing::mixed(p.surface, p.muted, 0.5)
}

fn rows(ui: &mut Ui, lang: Lang, all: &[(usize, &Theme)], looked_at: Option<&str>) -> Option<usize> {
    let p = Palette::of(ui);
    let most = all.iter().map(|(_, theme)| theme.comments).max().unwrap_or(1).max(1) as f32;
    let width = ui.available_width();
    let names = (width * 0.3).clamp(90.0, 240.0);
    let bars = (width - names - SHARE - SPARK - 4.0 * S2).max(60.0);
    let font = egui::TextStyle::Body.resolve(ui.style());
    let mut clicked = None;
    for (at, theme) in all {
        let (rect, response) = ui.allocate_exact_size(egui::vec2(width, ROW), Sense::click());
        let told = told(lang, theme);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &told));
        let is_chosen = looked_at == Some(theme.key.as_str());
        let is_pointed = response.hovered() || response.has_focus();
        if response.on_hover_text(&told).clicked() {
            clicked = Some(*at);
        }
        if is_pointed || is_chosen {
            let share = if is_chosen { 0.2 } else { 0.12 };
            ui.painter().rect_filled(rect, 4, p.accent.gamma_multiply(share));
        }
        let cut = drawing::fitted(ui, heard::theme(lang, theme), font.size, names);
        let middle = rect.center().y;
        let left = egui::pos2(rect.left() + 4.0, middle);
        ui.painter().text(left, egui::Align2::LEFT_CENTER, cut, font.clone(), p.ink);
        let mut x = rect.left() + names + S2;
        let unsure_count = theme.comments.saturating_sub(theme.kind_comments + theme.unkind_comments);
        let parts =
            [(theme.kind_comments, p.good), (unsure_count, unsure(&p)), (theme.unkind_comments, p.bad)];
        for (count, color) in parts {
            let long = count as f32 / most * bars;
            if long > 0.0 {
                let part = Rect::from_x_y_ranges(x..=x + long, middle - 7.0..=middle + 7.0);
                ui.painter().rect_filled(part, 0, color);
            }
            x += long;
        }
        let right = rect.left() + names + S2 + bars + S2 + SHARE;
        let share = theme.sentiment.map_or_else(|| "—".to_owned(), |share| percent(share.value));
        ui.painter().text(egui::pos2(right, middle), egui::Align2::RIGHT_CENTER, share, font.clone(), p.ink);
        let spark = Rect::from_x_y_ranges(right + S2..=rect.right() - 4.0, middle - 9.0..=middle + 9.0);
        sparkline(ui, spark, theme, &p);
    }
    clicked
}

/// Complaints per period; a rise is marked.
fn sparkline(ui: &Ui, rect: Rect, theme: &Theme, p: &Palette) {
    if theme.trend.len() < 2 {
        return;
    }
    let most = theme.trend.iter().map(|(_, unkind)| *unkind).max().unwrap_or(0).max(1) as f32;
    let step = rect.width() / (theme.trend.len() - 1) as f32;
    let point = |(at, (_, unkind)): (usize, &(u32, u32))| {
        egui::pos2(rect.left() + at as f32 * step, rect.bottom() - *unkind as f32 / most * rect.height())
    };
    let points: Vec<egui::Pos2> = theme.trend.iter().enumerate().map(point).collect();
    let color = if theme.rise.is_some() { p.bad } else { p.muted };
    let last = points.last().copied();
    ui.painter().add(egui::Shape::line(points, Stroke::new(1.5, color)));
    if let Some(last) = last.filter(|_| theme.rise.as_ref().is_some_and(|rise| rise.goes_on)) {
        ui.painter().circle_filled(last, 3.0, color);
    }
}

/// A bar in words.
fn told(lang: Lang, theme: &Theme) -> String {
    let count = |value: usize| lang.count(value as u64);
    let unsure = theme.comments.saturating_sub(theme.kind_comments + theme.unkind_comments);
    let args = [
        ("name", heard::theme(lang, theme).to_owned()),
        ("count", count(theme.comments)),
        ("kind", count(theme.kind_comments)),
        ("unkind", count(theme.unkind_comments)),
        ("unsure", count(unsure)),
    ];
    let text = lang.with("fb.bars.told", &args);
    match heard::rise(lang, theme) {
        Some(rise) => format!("{text}\n{rise}"),
        None => text,
    }
}

fn chart(lang: Lang, title: &str, all: &[(usize, &Theme)]) -> svg::Chart {
    let line = |key: &str, value: fn(&Theme) -> usize, dashed| svg::Series {
        name: lang.t(key),
        points: all.iter().enumerate().map(|(at, (_, theme))| (at as f64, value(theme) as f64)).collect(),
        dashed,
        markers: true,
    };
    let names: Vec<String> = all
        .iter()
        .enumerate()
        .map(|(at, (_, theme))| format!("{at} = {}", heard::theme(lang, theme)))
        .collect();
    svg::Chart {
        title: title.to_owned(),
        x: names.join(" · "),
        y: lang.t("fb.comments"),
        series: vec![
            line("fb.comments", |theme| theme.comments, false),
            line("fb.mood.unkind", |theme| theme.unkind_comments, true),
        ],
        include: vec![[0.0, 0.0]],
    }
}

fn grid(lang: Lang, title: &str, all: &[(usize, &Theme)]) -> Grid {
    let keys = ["fb.comments", "fb.mood.kind", "fb.mood.unkind", "fb.customers", "fb.words"];
    let row = |(_, theme): &(usize, &Theme)| {
        vec![
            Cell::from(heard::theme(lang, theme)),
            Cell::whole(theme.comments as u64),
            Cell::whole(theme.kind_comments as u64),
            Cell::whole(theme.unkind_comments as u64),
            Cell::whole(theme.customers as u64),
            Cell::from(lang.list(&theme.words)),
        ]
    };
    Grid {
        name: title.to_owned(),
        header: std::iter::once(String::new()).chain(keys.map(|key| lang.t(key))).collect(),
        rows: all.iter().map(row).collect(),
    }
}
