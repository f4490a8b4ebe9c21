//! The legend of a chart: a row of switches outside the plot, where it covers nothing.

use eframe::egui::{self, Color32, Pos2, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};
use egui_plot::Corner;

use crate::window::theme::{Palette, S1, S2};

/// Width of the sample of a line.
const SAMPLE: f32 = 18.0;

/// How a series is drawn, as its sample shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Line,
    Dashed,
    /// Points, with the line between them.
    Points,
    Bar,
}

/// A series in the legend.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    pub color: Color32,
    pub mark: Mark,
}

/// The legend of one chart.
pub struct Legend {
    id: egui::Id,
    /// Names of the series that are switched off.
    hidden: Vec<String>,
}

impl Legend {
    /// What is switched off in the chart `id` of this page.
    pub fn of(ui: &Ui, id: &str) -> Self {
        let id = ui.scope_id().with(("legend", id));
        Self { id, hidden: ui.data(|data| data.get_temp(id)).unwrap_or_default() }
    }

    /// True if the series is to be drawn.
    pub fn shows(&self, name: &str) -> bool {
        !self.hidden.iter().any(|hidden| hidden == name)
    }

    /// The switches, as many in a row as there is room for.
    pub fn row(&self, ui: &mut Ui, entries: &[Entry]) {
        // A name that comes and goes with the pointer must not move the plot under it.
        let tallest = self.id.with("tallest");
        let width = ui.available_width().round();
        let kept: Option<(f32, f32)> = ui.data(|data| data.get_temp(tallest));
        let kept = kept.filter(|(of, _)| *of == width).map_or(0.0, |(_, height)| height);
        let drawn = ui.scope(|ui| {
            // A row is as tall as its text.
            ui.spacing_mut().interact_size.y = 16.0;
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(S2, 2.0);
                for entry in entries {
                    if one(ui, entry, self.shows(&entry.name)) {
                        self.toggle(ui, &entry.name);
                    }
                }
            })
        });
        let height = drawn.response.rect.height();
        ui.add_space((kept - height).max(0.0));
        ui.data_mut(|data| data.insert_temp(tallest, (width, height.max(kept))));
    }

    fn toggle(&self, ui: &Ui, name: &str) {
        let mut hidden = self.hidden.clone();
        match hidden.iter().position(|one| one == name) {
            Some(at) => {
                hidden.remove(at);
            }
            None => hidden.push(name.to_owned()),
        }
        ui.data_mut(|data| data.insert_temp(self.id, hidden));
        ui.ctx().request_repaint();
    }
}

/// True where the legend stands above the plot, else beneath it.
pub fn is_above(corner: Corner) -> bool {
    matches!(corner, Corner::LeftTop | Corner::RightTop)
}

/// One switch; true if it was pressed.
fn one(ui: &mut Ui, entry: &Entry, is_on: bool) -> bool {
    let p = Palette::of(ui);
    let font = TextStyle::Small.resolve(ui.style());
    let ink = if is_on { p.ink } else { p.muted };
    let room = (ui.max_rect().width() - SAMPLE - S1).max(40.0);
    let galley = ui.painter().layout(entry.name.clone(), font, ink, room);
    let size = vec2(SAMPLE + S1 + galley.size().x, galley.size().y.max(16.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let is_enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, is_enabled, is_on, &entry.name));
    let color = if is_on { entry.color } else { p.muted.gamma_multiply(0.4) };
    sample(ui, entry.mark, color, pos2(rect.left(), rect.center().y));
    let at = pos2(rect.left() + SAMPLE + S1, rect.center().y - galley.size().y / 2.0);
    if !is_on {
        let y = rect.center().y;
        ui.painter().hline(at.x..=rect.right(), y, Stroke::new(1.0, p.muted));
    }
    ui.painter().galley(at, galley, ink);
    if response.hovered() || response.has_focus() {
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, p.accent));
    }
    response.clicked()
}

fn sample(ui: &Ui, mark: Mark, color: Color32, left: Pos2) {
    let (painter, right) = (ui.painter(), pos2(left.x + SAMPLE, left.y));
    let stroke = Stroke::new(2.0, color);
    match mark {
        Mark::Line => {
            painter.line_segment([left, right], stroke);
        }
        Mark::Dashed => painter.extend(egui::Shape::dashed_line(&[left, right], stroke, 4.0, 3.0)),
        Mark::Points => {
            painter.line_segment([left, right], stroke);
            painter.circle_filled(pos2(left.x + SAMPLE / 2.0, left.y), 3.5, color);
        }
        Mark::Bar => {
            let rect = egui::Rect::from_center_size(pos2(left.x + SAMPLE / 2.0, left.y), vec2(SAMPLE, 9.0));
            painter.rect_filled(rect, 2, color);
        }
    }
}
