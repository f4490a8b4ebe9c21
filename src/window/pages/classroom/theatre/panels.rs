//! A panel for each branch, which shows what that branch sees.

use eframe::egui::{self, Align, Align2, Color32, FontId, Layout, RichText, Sense, Stroke, Ui, pos2, vec2};
use regulars_engine::train::federated::{Ground, RoundFigures};

use super::{area, bytes, name};
use crate::window::parts;
use crate::window::state::Play;
use crate::window::theme::{self, Palette, S2, S3, SERIES};
use crate::words::{Lang, percent};

/// Width that a panel needs.
const PANEL: f32 = 132.0;

/// The colour of a branch: that of its curve.
fn color(at: usize) -> Color32 {
    SERIES.get((at + 1) % SERIES.len()).copied().unwrap_or(Color32::GRAY)
}

pub(super) fn show(ui: &mut Ui, lang: Lang, play: &Play, ground: &Ground, seen: &[RoundFigures]) {
    let all: Vec<usize> = (0..ground.parts.len()).collect();
    let fit = ((ui.available_width() + S2) / (PANEL + S2)).floor().max(1.0) as usize;
    let columns = fit.min(all.len().max(1));
    for places in all.chunks(columns) {
        ui.spacing_mut().item_spacing.x = S2;
        ui.columns(columns, |sides| {
            for (ui, &at) in sides.iter_mut().zip(places) {
                // Columns stretch their text from side to side.
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.push_id(at, |ui| parts::card(ui, 8, |ui| panel(ui, lang, play, ground, seen, at)));
                });
            }
        });
        ui.add_space(S2);
    }
    ui.add_space(S3);
}

fn panel(ui: &mut Ui, lang: Lang, play: &Play, ground: &Ground, seen: &[RoundFigures], at: usize) {
    let Some(part) = ground.parts.get(at) else { return };
    let p = Palette::of(ui);
    ui.set_width(ui.available_width());
    ui.spacing_mut().item_spacing.y = 2.0;
    let last = seen.last().and_then(|round| round.branches.get(at));
    passing(ui, lang, last.map(|branch| (branch.down, branch.up)), color(at));
    let head = RichText::new(name(lang, play, at)).family(theme::strong());
    ui.add(egui::Label::new(head).wrap());
    let small = |ui: &mut Ui, text: String| {
        ui.add(egui::Label::new(RichText::new(text).small()).wrap());
    };
    let rate = part.positive as f64 / part.rows.max(1) as f64;
    let args = [("rows", lang.count(part.rows as u64)), ("share", percent(rate))];
    small(ui, lang.with("theatre.rows", &args));
    if let (Some(by), Some(middle)) = (&ground.by, part.middle) {
        small(ui, lang.with("theatre.middle", &[("column", by.clone()), ("value", format!("{middle:.1}"))]));
    }
    let losses: Vec<f64> = seen.iter().filter_map(|round| round.losses.get(at).copied()).collect();
    let told = losses.last().map_or_else(|| "–".to_owned(), |loss| format!("{loss:.3}"));
    let text = lang.with("theatre.loss", &[("loss", told)]);
    small(ui, text.clone());
    curve(ui, &losses, play.setup.spec.rounds, color(at), &text);
    small(ui, lang.with("theatre.alone", &[("auc", area(last.and_then(|branch| branch.alone)))]));
    if let Some(branch) = last {
        let key = if branch.cut_off { "theatre.moved_cut" } else { "theatre.moved" };
        let text = RichText::new(lang.with(key, &[("length", format!("{:.2}", branch.moved))])).small();
        ui.add(egui::Label::new(text.color(p.muted)).wrap());
    }
}

/// Two arrows with the bytes of the round: weights from the server, weights to it.
fn passing(ui: &mut Ui, lang: Lang, counts: Option<(u64, u64)>, color: Color32) {
    let p = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::hover());
    let text = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| bytes(lang, count));
    let (down, up) = (text(counts.map(|(down, _)| down)), text(counts.map(|(_, up)| up)));
    let args = [("down", down.clone()), ("up", up.clone())];
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Label, true, lang.with("theatre.passed", &args))
    });
    let painter = ui.painter();
    let ink = if counts.is_some() { color } else { p.line };
    let font = FontId::proportional(12.0);
    for (line, text, to_server) in [(0.0, down, false), (19.0, up, true)] {
        let x = rect.left() + 6.0;
        let (top, bottom) = (rect.top() + line + 2.0, rect.top() + line + 16.0);
        let (from, to) = if to_server { (bottom, top) } else { (top, bottom) };
        painter.arrow(pos2(x, from), vec2(0.0, to - from), Stroke::new(1.5, ink));
        let at = pos2(x + 10.0, rect.top() + line + 9.0);
        painter.text(at, Align2::LEFT_CENTER, text, font.clone(), p.ink);
    }
}

/// The branch's own loss, round by round.
fn curve(ui: &mut Ui, losses: &[f64], planned: usize, color: Color32, said: &str) {
    let p = Palette::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 34.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, said));
    let painter = ui.painter();
    painter.line_segment([rect.left_bottom(), rect.right_bottom()], Stroke::new(1.0, p.line));
    let finite = || losses.iter().copied().filter(|loss| loss.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let room = rect.shrink(3.0);
    let place = |(at, loss): (usize, &f64)| {
        let across = at as f32 / planned.saturating_sub(1).max(1) as f32;
        let share = if high > low { ((loss - low) / (high - low)) as f32 } else { 0.5 };
        pos2(room.left() + across * room.width(), room.bottom() - share * room.height())
    };
    let points: Vec<egui::Pos2> =
        losses.iter().enumerate().filter(|(_, loss)| loss.is_finite()).map(place).collect();
    match points.as_slice() {
        [one] => {
            painter.circle_filled(*one, 2.5, color);
        }
        _ => {
            painter.add(egui::Shape::line(points, Stroke::new(1.8, color)));
        }
    }
}
