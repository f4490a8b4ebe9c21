//! Pictures of our own, told once as marks and drawn twice: on the screen and as SVG.

use std::fmt::Write as _;

use eframe::egui::{
    self, Align2, Color32, FontId, Mesh, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui,
    Vec2,
};
use regulars_engine::files::Grid;

use super::{chart, take};
use crate::window::theme::{self, Palette};
use crate::words::Lang;

/// Steps of a ribbon's bend.
const STEPS: usize = 24;

/// One part of a picture; places are from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    Rect {
        rect: Rect,
        fill: Color32,
        line: Option<Color32>,
    },
    Ribbon(Ribbon, Color32),
    /// A line between two points, with its width.
    Line([Pos2; 2], f32, Color32),
    /// A filled circle: its middle and radius.
    Circle(Pos2, f32, Color32),
    Text {
        at: Pos2,
        anchor: Align2,
        text: String,
        size: f32,
        color: Color32,
        strong: bool,
    },
}

/// A band that bends from one upright edge to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ribbon {
    pub x: [f32; 2],
    /// Upper ends of its edges.
    pub top: [f32; 2],
    pub height: [f32; 2],
}

impl Ribbon {
    /// Upper and lower bound at a share of its way, 0 to 1.
    fn at(&self, share: f32) -> (f32, f32) {
        let bend = share * share * (3.0 - 2.0 * share);
        let [top, end] = self.top;
        let [from, to] = self.height;
        let upper = top + (end - top) * bend;
        (upper, upper + from + (to - from) * bend)
    }

    /// True where a point lies on it.
    pub fn holds(&self, point: Pos2) -> bool {
        let [from, to] = self.x;
        let share = (point.x - from) / (to - from);
        let (upper, lower) = self.at(share);
        (0.0..=1.0).contains(&share) && (upper - 1.0..=lower + 1.0).contains(&point.y)
    }

    fn edges(&self) -> impl Iterator<Item = (f32, f32, f32)> + '_ {
        let [from, to] = self.x;
        (0..=STEPS).map(move |step| {
            let share = step as f32 / STEPS as f32;
            let (upper, lower) = self.at(share);
            (from + (to - from) * share, upper, lower)
        })
    }

    fn mesh(&self, offset: Vec2, color: Color32) -> Mesh {
        let mut mesh = Mesh::default();
        for (x, upper, lower) in self.edges() {
            mesh.colored_vertex(Pos2::new(x, upper) + offset, color);
            mesh.colored_vertex(Pos2::new(x, lower) + offset, color);
        }
        for step in 0..STEPS as u32 {
            let at = 2 * step;
            mesh.add_triangle(at, at + 1, at + 2);
            mesh.add_triangle(at + 1, at + 2, at + 3);
        }
        mesh
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for (at, (x, upper, _)) in self.edges().enumerate() {
            let _ = write!(path, "{}{x:.1} {upper:.1}", if at == 0 { "M" } else { "L" });
        }
        let back: Vec<(f32, f32, f32)> = self.edges().collect();
        for (x, _, lower) in back.into_iter().rev() {
            let _ = write!(path, "L{x:.1} {lower:.1}");
        }
        path + "Z"
    }
}

/// A picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawing {
    pub size: Vec2,
    pub marks: Vec<Mark>,
}

impl Drawing {
    /// Adds a filled rectangle.
    pub fn rect(&mut self, rect: Rect, fill: Color32, line: Option<Color32>) {
        self.marks.push(Mark::Rect { rect, fill, line });
    }

    /// Adds a line of text.
    pub fn text(&mut self, at: Pos2, anchor: Align2, text: impl Into<String>, size: f32, color: Color32) {
        self.marks.push(Mark::Text { at, anchor, text: text.into(), size, color, strong: false });
    }

    /// Adds a line of strong text.
    pub fn strong(&mut self, at: Pos2, anchor: Align2, text: impl Into<String>, size: f32, color: Color32) {
        self.marks.push(Mark::Text { at, anchor, text: text.into(), size, color, strong: true });
    }

    fn paint(&self, painter: &Painter, origin: Pos2) {
        let offset = origin.to_vec2();
        for mark in &self.marks {
            match mark {
                Mark::Rect { rect, fill, line } => {
                    let stroke = line.map_or(Stroke::NONE, |color| Stroke::new(1.0, color));
                    painter.rect(rect.translate(offset), 2, *fill, stroke, StrokeKind::Inside);
                }
                Mark::Ribbon(ribbon, color) => {
                    painter.add(Shape::mesh(ribbon.mesh(offset, *color)));
                }
                Mark::Line(ends, width, color) => {
                    painter.line_segment(ends.map(|end| end + offset), Stroke::new(*width, *color));
                }
                Mark::Circle(middle, radius, color) => {
                    painter.circle_filled(*middle + offset, *radius, *color);
                }
                Mark::Text { at, anchor, text, size, color, strong } => {
                    let font = match strong {
                        true => FontId::new(*size, theme::strong()),
                        false => FontId::proportional(*size),
                    };
                    painter.text(*at + offset, *anchor, text, font, *color);
                }
            }
        }
    }

    /// The picture as an SVG document on a ground of this colour, with its title above.
    pub fn svg(&self, title: &str, ground: Color32, ink: Color32) -> String {
        let head = 28.0;
        let (width, height) = (self.size.x, self.size.y + head);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\">\
             <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\
             <text x=\"4\" y=\"18\" font-size=\"15\" font-weight=\"bold\" fill=\"{}\">{}</text>\
             <g transform=\"translate(0 {head:.0})\">",
            hex(ground),
            hex(ink),
            escaped(title)
        );
        for mark in &self.marks {
            let _ = match mark {
                Mark::Rect { rect, fill, line } => {
                    let line = line.map(|color| format!(" stroke=\"{}\"", hex(color))).unwrap_or_default();
                    write!(
                        out,
                        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" {}{line}/>",
                        rect.left(),
                        rect.top(),
                        rect.width(),
                        rect.height(),
                        filled(*fill)
                    )
                }
                Mark::Ribbon(ribbon, color) => {
                    write!(out, "<path d=\"{}\" {}/>", ribbon.path(), filled(*color))
                }
                Mark::Line([from, to], width, color) => write!(
                    out,
                    "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{}\" \
                     stroke-opacity=\"{:.2}\" stroke-width=\"{width:.1}\"/>",
                    from.x,
                    from.y,
                    to.x,
                    to.y,
                    hex(*color),
                    f32::from(color.a()) / 255.0
                ),
                Mark::Circle(middle, radius, color) => write!(
                    out,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" {}/>",
                    middle.x,
                    middle.y,
                    filled(*color)
                ),
                Mark::Text { at, anchor, text, size, color, strong } => {
                    let side = match anchor.x() {
                        egui::Align::Min => "start",
                        egui::Align::Center => "middle",
                        egui::Align::Max => "end",
                    };
                    let y = at.y
                        + size
                            * match anchor.y() {
                                egui::Align::Min => 0.9,
                                egui::Align::Center => 0.35,
                                egui::Align::Max => -0.1,
                            };
                    let weight = if *strong { " font-weight=\"bold\"" } else { "" };
                    write!(
                        out,
                        "<text x=\"{:.1}\" y=\"{y:.1}\" font-size=\"{size:.0}\" text-anchor=\"{side}\"\
                         {weight} fill=\"{}\">{}</text>",
                        at.x,
                        hex(*color),
                        escaped(text)
                    )
                }
            };
        }
        out + "</g></svg>\n"
    }
}

fn hex(color: Color32) -> String {
    let [r, g, b, _] = color.to_srgba_unmultiplied();
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn filled(color: Color32) -> String {
    let opacity = f32::from(color.a()) / 255.0;
    let rest = if opacity < 1.0 { format!(" fill-opacity=\"{opacity:.2}\"") } else { String::new() };
    format!("fill=\"{}\"{rest}", hex(color))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// How wide a line of text is.
pub fn width_of(ui: &Ui, text: &str, size: f32) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(size), Color32::BLACK).size().x
}

/// Text that is cut with dots where it is wider than there is room.
pub fn fitted(ui: &Ui, text: &str, size: f32, room: f32) -> String {
    if width_of(ui, text, size) <= room {
        return text.to_owned();
    }
    let mut short: String = text.to_owned();
    while short.pop().is_some() {
        let with_dots = format!("{}…", short.trim_end());
        if width_of(ui, &with_dots, size) <= room {
            return with_dots;
        }
    }
    String::new()
}

/// A legend's text: its mark in the colour of what it stands for, its name in ink; struck out where what it
/// stands for is hidden (`None`).
pub fn marked(ui: &Ui, mark: &str, name: &str, color: Option<Color32>) -> egui::text::LayoutJob {
    let p = Palette::of(ui);
    let font = egui::TextStyle::Body.resolve(ui.style());
    let mut job = egui::text::LayoutJob::default();
    let mut format = egui::TextFormat::simple(font, color.unwrap_or(p.muted));
    job.append(mark, 0.0, format.clone());
    format.color = if color.is_some() { p.ink } else { p.muted };
    if color.is_none() {
        format.strikethrough = Stroke::new(1.0, p.muted);
    }
    job.append(name, 6.0, format);
    job
}

/// A colour between two, `share` of the way.
pub fn mixed(from: Color32, to: Color32, share: f32) -> Color32 {
    let part = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share.clamp(0.0, 1.0)) as u8;
    Color32::from_rgb(part(from.r(), to.r()), part(from.g(), to.g()), part(from.b(), to.b()))
}

/// A colour that lets through what is behind it.
pub fn see_through(color: Color32, share: f32) -> Color32 {
    color.gamma_multiply(share)
}

/// A picture in its frame: title, menu, and the picture itself, of which the response is returned; `name`
/// is what those who do not see it are told.
pub fn framed(
    ui: &mut Ui,
    lang: Lang,
    names: (&str, &str, &str),
    drawing: &Drawing,
    grid: impl Fn() -> Grid,
) -> Response {
    framed_with(ui, lang, names, (drawing, Sense::click()), grid)
}

/// [`framed`] of a picture that can be dragged, say.
pub fn framed_with(
    ui: &mut Ui,
    lang: Lang,
    (id, title, name): (&str, &str, &str),
    (drawing, sense): (&Drawing, Sense),
    grid: impl Fn() -> Grid,
) -> Response {
    let p = Palette::of(ui);
    let key = ui.scope_id().with(("drawing", id));
    let before: Option<Rect> = ui.data(|data| data.get_temp(key));
    let top = ui.cursor().min;
    chart::head(ui, title, |ui| {
        take::drawing_menu(ui, lang, before, || drawing.svg(title, p.surface, p.ink), &grid, title);
    });
    let (rect, response) = ui.allocate_exact_size(drawing.size, sense);
    drawing.paint(&ui.painter().with_clip_rect(ui.clip_rect().intersect(rect.expand(2.0))), rect.min);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
    ui.data_mut(|data| data.insert_temp(key, Rect::from_min_max(top, rect.max)));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ribbon_holds_what_lies_between_its_edges() {
        let ribbon = Ribbon { x: [10.0, 110.0], top: [0.0, 100.0], height: [20.0, 40.0] };
        assert_eq!(ribbon.at(0.0), (0.0, 20.0));
        assert_eq!(ribbon.at(1.0), (100.0, 140.0));
        // Half way: half way between the edges.
        assert_eq!(ribbon.at(0.5), (50.0, 80.0));
        assert!(ribbon.holds(Pos2::new(60.0, 65.0)) && !ribbon.holds(Pos2::new(60.0, 90.0)));
        assert!(!ribbon.holds(Pos2::new(5.0, 10.0)) && !ribbon.holds(Pos2::new(115.0, 120.0)));
    }

    #[test]
    fn a_drawing_is_a_whole_document_and_escapes_names() {
        let mut drawing = Drawing { size: Vec2::new(100.0, 50.0), marks: Vec::new() };
        let red = Color32::from_rgb(255, 0, 0);
        drawing.rect(Rect::from_min_size(Pos2::ZERO, Vec2::splat(10.0)), red, Some(Color32::BLACK));
        let ribbon = Ribbon { x: [0.0, 50.0], top: [0.0, 5.0], height: [5.0, 5.0] };
        drawing.marks.push(Mark::Ribbon(ribbon, Color32::from_rgba_unmultiplied(0, 0, 255, 128)));
        drawing.text(Pos2::new(5.0, 5.0), Align2::CENTER_CENTER, "a < b & 客户", 12.0, Color32::BLACK);
        let svg = drawing.svg("title > 1", Color32::WHITE, Color32::BLACK);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(svg.contains("a &lt; b &amp; 客户") && svg.contains("title &gt; 1"), "{svg}");
        assert!(svg.contains("#ff0000") && svg.contains("fill-opacity=\"0.50\""), "{svg}");
        assert_eq!(svg.matches("<path").count(), 1);
    }
}
