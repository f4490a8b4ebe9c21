//! A short tour that points at real controls; it can be left at any time.

use eframe::egui::{self, Align2, Area, Context, Id, Key, Order, Rect, RichText, Stroke, StrokeKind, Ui};

use super::App;
use super::pages::Page;
use super::parts;
use super::theme::{self, Palette, S2};

/// A stop: its key, the page that it is on, the control that it points at.
const STOPS: [(&str, Option<Page>, &str); 7] = [
    ("rail", None, "rail"),
    ("columns", Some(Page::Collect), "columns"),
    ("recipe", Some(Page::Clean), "steps"),
    ("train", Some(Page::Train), "train"),
    ("threshold", Some(Page::Evaluate), "threshold"),
    ("list", Some(Page::Customers), "export"),
    ("palette", None, "palette"),
];

/// Tells the tour where a control stands in this frame.
pub fn anchor(ui: &Ui, name: &'static str, rect: Rect) {
    let pass = ui.ctx().cumulative_pass_nr();
    ui.data_mut(|data| data.insert_temp(Id::unique(("anchor", name)), (rect, pass)));
}

/// Goes to a stop.
pub(super) fn go(app: &mut App, stop: usize) {
    app.tour = (stop < STOPS.len()).then_some(stop);
    if let Some((_, Some(page), _)) = STOPS.get(stop) {
        app.prefs.page = *page;
    }
}

/// Draws the stop over the window.
pub(super) fn show(ctx: &Context, app: &mut App) {
    let Some(stop) = app.tour else { return };
    let Some((key, _, name)) = STOPS.get(stop) else { return };
    let lang = app.prefs.lang;
    let p = Palette::of_context(ctx);
    let now = ctx.cumulative_pass_nr();
    let anchor: Option<(Rect, u64)> = ctx.data(|data| data.get_temp(Id::unique(("anchor", *name))));
    // A control that was not drawn just now is not there.
    let rect = anchor.filter(|(_, pass)| now.saturating_sub(*pass) <= 1).map(|(rect, _)| rect);
    let screen = ctx.content_rect();
    let mut at = screen.center() - egui::vec2(180.0, 60.0);
    if let Some(rect) = rect {
        let rect = rect.intersect(screen.shrink(4.0)).expand(4.0);
        let painter = ctx.layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("tour ring")));
        painter.rect_stroke(rect, 8, Stroke::new(3.0, p.accent), StrokeKind::Outside);
        // Beside the control: on its right where there is room, else below, else above.
        at = if rect.right() + 390.0 < screen.right() {
            egui::pos2(rect.right() + 14.0, rect.top().max(60.0))
        } else if rect.bottom() + 170.0 < screen.bottom() {
            egui::pos2(rect.left().min(screen.right() - 390.0), rect.bottom() + 14.0)
        } else {
            egui::pos2(rect.left().min(screen.right() - 390.0).max(8.0), (rect.top() - 190.0).max(60.0))
        };
    }
    let (mut next, mut back, mut leave) = (false, false, ctx.input(|i| i.key_pressed(Key::Escape)));
    Area::new(Id::unique("tour")).order(Order::Foreground).fixed_pos(at).pivot(Align2::LEFT_TOP).show(
        ctx,
        |ui| {
            egui::Frame::popup(ui.style()).inner_margin(14).show(ui, |ui| {
                ui.set_width(340.0);
                let text = RichText::new(lang.t(&format!("tour.{key}.title"))).font(theme::section_font());
                ui.label(text);
                ui.label(lang.t(&format!("tour.{key}.text")));
                ui.add_space(S2);
                ui.horizontal(|ui| {
                    let last = stop + 1 == STOPS.len();
                    next = parts::primary(ui, lang.t(if last { "tour.done" } else { "tour.next" }), true);
                    if stop > 0 {
                        back = ui.button(lang.t("tour.back")).clicked();
                    }
                    if !last {
                        leave |= ui.button(lang.t("tour.leave")).clicked();
                    }
                    parts::muted(ui, format!("{} / {}", stop + 1, STOPS.len()));
                });
            });
        },
    );
    if leave {
        app.tour = None;
    } else if next {
        go(app, stop + 1);
    } else if back {
        go(app, stop - 1);
    }
}
