//! Who is still there: the chance by repeat orders and weeks of silence, as a map of colours.

use eframe::egui::{self, Align2, Color32, FontId, Rect, RichText, Sense, Ui, pos2, vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::value::Matrix;

use crate::window::parts::{self, take};
use crate::window::theme::{self, Palette};
use crate::words::{Lang, percent};

const ROW: f32 = 20.0;
/// Room for the numbers beside and below.
const LEFT: f32 = 84.0;
const BELOW: f32 = 22.0;
/// Room for the scale of colours.
const SCALE: f32 = 72.0;

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
    let height = ROW * with_data(of).0.max(4) as f32 + BELOW;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &title));
    let painter = ui.painter_at(rect);
    let (rows, columns) = with_data(of);
    let step = (width - LEFT - SCALE) / columns as f32;
    let font = FontId::proportional(12.0);
    let mut over = None;
    for (row, (orders, chances)) in of.orders.iter().zip(&of.alive).enumerate().take(rows) {
        // Most orders on top.
        let top = rect.top() + ROW * (rows - 1 - row) as f32;
        let at = pos2(rect.left() + LEFT - 8.0, top + ROW / 2.0);
        // Whoever came once has no repeat order: named, for 0 is read as "no orders".
        let name = if *orders == 0 { lang.t("value.matrix.once") } else { orders.to_string() };
        painter.text(at, Align2::RIGHT_CENTER, name, font.clone(), p.muted);
        for (column, chance) in chances.iter().enumerate().take(columns) {
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
    for (column, silent) in of.silent.iter().enumerate().take(columns).step_by(columns.div_ceil(6)) {
        let x = rect.left() + LEFT + step * (column as f32 + 0.5);
        let at = pos2(x, rect.bottom() - BELOW + 4.0);
        painter.text(at, Align2::CENTER_TOP, format!("{silent:.0}"), font.clone(), p.muted);
    }
    scale(&painter, &p, rect, ROW * rows.max(4) as f32);
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

/// Rows and columns up to the last that holds a customer: beyond, the map would only be of the model.
fn with_data(of: &Matrix) -> (usize, usize) {
    let has = |row: &Vec<usize>| row.iter().rposition(|count| *count > 0);
    let rows = of.customers.iter().rposition(|row| has(row).is_some()).map_or(1, |at| at + 1);
    let columns = of.customers.iter().filter_map(has).max().map_or(1, |at| at + 1);
    (rows.min(of.orders.len()).max(1), columns.min(of.silent.len()).max(1))
}

/// Which colour stands for which chance.
fn scale(painter: &egui::Painter, p: &Palette, rect: Rect, height: f32) {
    const STEPS: usize = 10;
    let (left, tall) = (rect.right() - SCALE + 16.0, height / STEPS as f32);
    for step in 0..STEPS {
        let top = rect.top() + tall * (STEPS - 1 - step) as f32;
        let cell = Rect::from_min_size(pos2(left, top), vec2(12.0, tall + 0.5));
        painter.rect_filled(cell, 0, shade(p, (step as f64 + 0.5) / STEPS as f64));
    }
    for (share, align) in [(0.0, Align2::LEFT_BOTTOM), (0.5, Align2::LEFT_CENTER), (1.0, Align2::LEFT_TOP)] {
        let at = pos2(left + 16.0, rect.top() + height * (1.0 - share));
        painter.text(at, align, format!("{:.0}%", 100.0 * share), FontId::proportional(11.0), p.muted);
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
