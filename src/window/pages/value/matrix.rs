//! Who is still there: the chance by repeat orders and weeks of silence, as a map of colours.

use eframe::egui::{self, Align2, Color32, FontId, Rect, RichText, Sense, Ui, pos2, vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::value::Matrix;

use crate::window::parts::{self, take};
use crate::window::theme::{self, Palette};
use crate::words::{Lang, percent};

const ROW: f32 = 20.0;
/// Room for the numbers beside and below.
const LEFT: f32 = 56.0;
const BELOW: f32 = 22.0;

pub(super) fn show(ui: &mut Ui, lang: Lang, of: &Matrix) {
    let title = lang.t("value.matrix");
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&title).family(theme::strong()));
        take::table_menu(ui, lang, &title, || grid(lang, of, &title));
    });
    let weeks = [("weeks", format!("{:.0}", of.t))];
    parts::muted(ui, lang.with("value.matrix.axes", &weeks));
    let p = Palette::of(ui);
    let width = ui.available_width().clamp(320.0, 900.0);
    let height = ROW * of.orders.len() as f32 + BELOW;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &title));
    let painter = ui.painter_at(rect);
    let step = (width - LEFT) / of.silent.len().max(1) as f32;
    let font = FontId::proportional(12.0);
    let mut over = None;
    for (row, (orders, chances)) in of.orders.iter().zip(&of.alive).enumerate() {
        // Most orders on top.
        let top = rect.top() + ROW * (of.orders.len() - 1 - row) as f32;
        let at = pos2(rect.left() + LEFT - 8.0, top + ROW / 2.0);
        painter.text(at, Align2::RIGHT_CENTER, orders.to_string(), font.clone(), p.muted);
        for (column, chance) in chances.iter().enumerate() {
            let left = rect.left() + LEFT + step * column as f32;
            let cell = Rect::from_min_size(pos2(left, top), vec2(step, ROW)).shrink(0.5);
            painter.rect_filled(cell, 2, shade(&p, *chance));
            let count = of.customers.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
            if count > 0 && step > 30.0 {
                // Dark cells carry light digits.
                let ink = if *chance > 0.55 { p.on_accent } else { p.ink };
                let text = lang.count(count as u64);
                painter.text(cell.center(), Align2::CENTER_CENTER, text, FontId::proportional(11.0), ink);
            }
            if response.hover_pos().is_some_and(|pointer| cell.contains(pointer)) {
                over = Some((*orders, column, *chance, count));
            }
        }
    }
    for (column, silent) in of.silent.iter().enumerate().step_by(4) {
        let x = rect.left() + LEFT + step * (column as f32 + 0.5);
        let at = pos2(x, rect.bottom() - BELOW + 4.0);
        painter.text(at, Align2::CENTER_TOP, format!("{silent:.0}"), font.clone(), p.muted);
    }
    if let Some((orders, column, chance, count)) = over {
        let silent = of.silent.get(column).copied().unwrap_or_default();
        let args = [
            ("orders", orders.to_string()),
            ("weeks", format!("{silent:.0}")),
            ("chance", percent(chance)),
            ("count", lang.count(count as u64)),
        ];
        response.on_hover_text(lang.with("value.matrix.cell", &args));
    }
}

/// From the ground to the accent.
fn shade(p: &Palette, chance: f64) -> Color32 {
    let mix = |a: u8, b: u8| {
        let share = chance.clamp(0.0, 1.0) as f32;
        (f32::from(a) + (f32::from(b) - f32::from(a)) * share) as u8
    };
    let (from, to) = (p.line, p.accent);
    Color32::from_rgb(mix(from.r(), to.r()), mix(from.g(), to.g()), mix(from.b(), to.b()))
}

fn grid(lang: Lang, of: &Matrix, title: &str) -> Grid {
    let mut header = vec![lang.t("value.matrix.orders")];
    header.extend(of.silent.iter().map(|weeks| format!("{weeks:.1}")));
    let row = |(orders, chances): (&u32, &Vec<f64>)| {
        let mut cells = vec![Cell::whole(u64::from(*orders))];
        cells.extend(chances.iter().map(|chance| Cell::percent(*chance)));
        cells
    };
    Grid { name: title.to_owned(), header, rows: of.orders.iter().zip(&of.alive).map(row).collect() }
}
