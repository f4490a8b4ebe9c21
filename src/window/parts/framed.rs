//! The frame of a chart that is drawn by its page: title, menu (copied and saved as a picture, a
//! drawing, its data), and the place that a picture is taken of.

use eframe::egui::{self, Rect, Ui};
use regulars_engine::files::Grid;

use super::{chart, take};
use crate::report::svg;
use crate::words::Lang;

/// What a frame is made of.
pub struct Framed<'a> {
    pub id: &'a str,
    pub title: &'a str,
    /// The chart as a drawing and as data; made when they are asked for.
    pub drawing: &'a dyn Fn() -> svg::Chart,
    pub data: &'a dyn Fn() -> Grid,
}

/// Draws the frame around what `body` draws.
pub fn show<R>(ui: &mut Ui, lang: Lang, of: &Framed<'_>, body: impl FnOnce(&mut Ui) -> R) -> R {
    let id = ui.scope_id().with(("framed", of.id));
    let before: Option<Rect> = ui.data(|data| data.get_temp(id));
    let top = ui.cursor().min;
    let right = ui.max_rect().right();
    chart::head(ui, of.title, |ui| {
        take::chart_menu(ui, lang, before, || (of.drawing)(), || (of.data)(), of.title);
    });
    let out = body(ui);
    let rect = Rect::from_min_max(top, egui::pos2(right, ui.cursor().top()));
    ui.data_mut(|data| data.insert_temp(id, rect));
    out
}
