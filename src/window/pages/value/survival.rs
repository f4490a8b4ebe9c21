//! How long customers stay: curves in steps with their bands, and below them how many are still followed.

use eframe::egui::{self, Align2, Color32, Pos2, Rect, Ui, Vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::value::contract::{Contract, Group, step_at};

use crate::window::pages::Scene;
use crate::window::parts::drawing::{self, Drawing, fitted, see_through};
use crate::window::theme::{Palette, SERIES};
use crate::words::{Lang, percent};

const HEIGHT: f32 = 240.0;
const TOP: f32 = 8.0;
/// Room for the shares, or the names of groups below.
const LEFT: f32 = 128.0;
const RIGHT: f32 = 20.0;
const AXIS: f32 = 44.0;
const ROW: f32 = 18.0;
/// Thickness of a curve.
const LINE: f32 = 2.0;
/// Length of a dash, and of the room after it.
const DASH: f32 = 6.0;

/// Where times and shares stand.
struct Plot {
    wide: f32,
    end: f64,
}

impl Plot {
    fn x(&self, time: f64) -> f32 {
        LEFT + (time / self.end) as f32 * (self.wide - LEFT - RIGHT)
    }

    fn y(share: f64) -> f32 {
        TOP + (1.0 - share.clamp(0.0, 1.0)) as f32 * HEIGHT
    }

    fn time(&self, x: f32) -> Option<f64> {
        let share = (x - LEFT) / (self.wide - LEFT - RIGHT);
        (0.0..=1.0).contains(&share).then(|| f64::from(share) * self.end)
    }
}

fn color(at: usize) -> Color32 {
    SERIES.get(at % SERIES.len()).copied().unwrap_or(Color32::GRAY)
}

/// The groups, and what each is called.
fn groups(lang: Lang, of: &Contract) -> Vec<(String, &Group)> {
    match &of.by {
        Some((_, groups, _)) => groups.iter().map(|group| (group.name.clone(), group)).collect(),
        None => vec![(lang.t("value.contract.everybody"), &of.all)],
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, of: &Contract) {
    let lang = scene.lang;
    let all = groups(lang, of);
    legend(ui, scene, &all);
    let hidden = &scene.page.value.hidden;
    let shown: Vec<(usize, &(String, &Group))> =
        all.iter().enumerate().filter(|(_, (name, _))| !hidden.contains(name)).collect();
    let wide = ui.available_width().clamp(420.0, 1000.0);
    let end = of.all.curve.last().map_or(1.0, |step| step.time);
    let end = of.all.at_risk.last().map_or(end, |(time, _)| time.max(end)).max(1e-9);
    let plot = Plot { wide, end };
    let drawing = picture(ui, lang, of, &shown, &plot);
    let (title, name) = (title(lang, of), lang.t("value.contract.everybody"));
    let name = of.by.as_ref().map_or(name, |(column, ..)| column.clone());
    let response =
        drawing::framed(ui, lang, ("value survival", &title, &name), &drawing, || grid(lang, of, &all));
    let over = response.hover_pos().map(|at| at - response.rect.min.to_vec2());
    if let Some(time) = over.and_then(|at| plot.time(at.x)) {
        let told = shown.iter().map(|(_, (name, group))| words(lang, name, group, time));
        let months = lang.with("value.contract.after", &[("months", format!("{time:.0}"))]);
        let lines: Vec<String> = std::iter::once(months).chain(told).collect();
        response.on_hover_text_at_pointer(lines.join("\n"));
    }
}

/// Every group, to be shown or not.
fn legend(ui: &mut Ui, scene: &mut Scene<'_>, all: &[(String, &Group)]) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        for (at, (name, _)) in all.iter().enumerate() {
            let is_on = !scene.page.value.hidden.contains(name);
            let mark = if at % 2 == 1 { "■ ■" } else { "■■" };
            let text = drawing::marked(ui, mark, name, is_on.then(|| color(at)));
            let told = lang.with("flows.toggle", &[("class", name.clone())]);
            let chip = ui.selectable_label(false, text).on_hover_text(lang.t("flows.toggle.help"));
            chip.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_on, &told));
            if chip.clicked() {
                match is_on {
                    true => scene.page.value.hidden.insert(name.clone()),
                    false => scene.page.value.hidden.remove(name),
                };
            }
        }
    });
}

fn words(lang: Lang, name: &str, group: &Group, time: f64) -> String {
    let step = step_at(&group.curve, time);
    let (share, low, high) = step.map_or((1.0, 1.0, 1.0), |step| (step.share, step.low, step.high));
    let args = [
        ("group", name.to_owned()),
        ("share", percent(share)),
        ("low", percent(low)),
        ("high", percent(high)),
    ];
    lang.with("value.contract.at", &args)
}

fn title(lang: Lang, of: &Contract) -> String {
    match &of.by {
        Some((column, _, test)) => {
            let p = if test.p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {:.3}", test.p) };
            let args = [("column", column.clone()), ("p", p)];
            lang.with(if test.p < 0.05 { "value.contract.by" } else { "value.contract.alike" }, &args)
        }
        None => lang.t("value.contract.all"),
    }
}

fn picture(ui: &Ui, lang: Lang, of: &Contract, shown: &[(usize, &(String, &Group))], plot: &Plot) -> Drawing {
    let p = Palette::of(ui);
    let below = TOP + HEIGHT + AXIS;
    let size = Vec2::new(plot.wide, below + ROW * (shown.len() as f32 + 1.0));
    let mut drawing = Drawing { size, marks: Vec::new() };
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = Plot::y(share);
        let line = Rect::from_min_size(Pos2::new(LEFT, y - 0.5), Vec2::new(plot.wide - LEFT - RIGHT, 1.0));
        drawing.rect(line, p.line, None);
        let text = format!("{:.0}%", 100.0 * share);
        drawing.text(Pos2::new(LEFT - 8.0, y), Align2::RIGHT_CENTER, text, 11.0, p.muted);
    }
    for (at, (_, group)) in shown {
        curve(&mut drawing, plot, group, (color(*at), at % 2 == 1));
    }
    for (time, _) in &of.all.at_risk {
        let at = Pos2::new(plot.x(*time), TOP + HEIGHT + 6.0);
        drawing.text(at, Align2::CENTER_TOP, format!("{time:.0}"), 11.0, p.muted);
    }
    let axis = lang.with("value.contract.time", &[("tenure", of.tenure.clone())]);
    let at = Pos2::new(LEFT, TOP + HEIGHT + 22.0);
    drawing.text(at, Align2::LEFT_TOP, fitted(ui, &axis, 11.0, plot.wide - LEFT), 11.0, p.muted);
    let head = lang.t("value.contract.at_risk");
    drawing.strong(Pos2::new(0.0, below), Align2::LEFT_TOP, fitted(ui, &head, 11.0, plot.wide), 11.0, p.ink);
    for (row, (at, (name, group))) in shown.iter().enumerate() {
        let y = below + ROW * (row as f32 + 1.5);
        let mark = Rect::from_center_size(Pos2::new(6.0, y), Vec2::new(10.0, 3.0));
        drawing.rect(mark, color(*at), None);
        let name = fitted(ui, name, 11.0, LEFT - 46.0);
        drawing.text(Pos2::new(16.0, y), Align2::LEFT_CENTER, name, 11.0, p.ink);
        for (time, count) in &group.at_risk {
            let text = lang.count(*count as u64);
            drawing.text(Pos2::new(plot.x(*time), y), Align2::CENTER_CENTER, text, 11.0, p.ink);
        }
    }
    drawing
}

/// One curve in steps, on its band.
fn curve(drawing: &mut Drawing, plot: &Plot, group: &Group, (color, is_dashed): (Color32, bool)) {
    let end = group.at_risk.iter().filter(|(_, count)| *count > 0).map(|(time, _)| *time).fold(0.0, f64::max);
    let end = group.curve.last().map_or(end, |step| step.time.max(end));
    let mut from = (0.0, 1.0, 1.0, 1.0);
    let next = group.curve.iter().map(|step| (step.time, step.share, step.low, step.high));
    let steps: Vec<(f64, f64, f64, f64)> = next.chain([(end, f64::NAN, f64::NAN, f64::NAN)]).collect();
    let mut lines = Vec::new();
    for to in steps {
        let (left, right) = (plot.x(from.0), plot.x(to.0));
        let (top, bottom) = (Plot::y(from.3), Plot::y(from.2));
        if bottom - top > 0.5 && right > left {
            let band = Rect::from_min_max(Pos2::new(left, top), Pos2::new(right, bottom));
            drawing.rect(band, see_through(color, 0.16), None);
        }
        let y = Plot::y(from.1);
        lines.push((Pos2::new(left, y), Pos2::new(right, y)));
        if to.1.is_finite() {
            lines.push((Pos2::new(right, y), Pos2::new(right, Plot::y(to.1))));
            from = to;
        }
    }
    let mut along = 0.0;
    for (a, b) in lines {
        let (length, way) = ((b - a).length(), (b - a).normalized());
        let mut at = 0.0;
        while at < length {
            // Dashes go on around corners.
            let phase = (along + at) % (2.0 * DASH);
            let is_on = !is_dashed || phase < DASH;
            let step =
                if is_dashed { DASH - phase % DASH } else { length - at }.clamp(0.25, length - at + 0.25);
            if is_on {
                let (from, to) = (a + way * at, a + way * (at + step).min(length));
                drawing.rect(Rect::from_two_pos(from, to).expand(LINE / 2.0), color, None);
            }
            at += step;
        }
        along += length;
    }
}

/// Every step of every group as a table to take away.
fn grid(lang: Lang, of: &Contract, all: &[(String, &Group)]) -> Grid {
    let number = |value: f64| Cell::Number { value, text: format!("{value:.4}"), format: "0.0000" };
    let rows = all.iter().flat_map(|(name, group)| {
        group.curve.iter().map(move |step| {
            vec![
                Cell::from(name.as_str()),
                number(step.time),
                number(step.share),
                number(step.low),
                number(step.high),
                Cell::whole(step.at_risk as u64),
            ]
        })
    });
    let group =
        of.by.as_ref().map_or_else(|| lang.t("value.contract.everybody"), |(column, ..)| column.clone());
    let header = vec![
        group,
        lang.with("value.contract.time", &[("tenure", of.tenure.clone())]),
        lang.t("value.contract.share"),
        lang.t("value.contract.low"),
        lang.t("value.contract.high"),
        lang.t("value.contract.at_risk"),
    ];
    Grid { name: title(lang, of), header, rows: rows.collect() }
}
