//! How the map's points look: colours with a second mark, squares where many lie together, the shape
//! that is drawn around some, and the same as a drawing to take away.

use std::fmt::Write as _;

use eframe::egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, Ui, Vec2, pos2, vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{COLOURED, Colours, CustomerMap};
use regulars_engine::segment::map::{Sight, thinned};

use super::inspector::level;
use crate::window::pages::Scene;
use crate::window::parts::take;
use crate::window::theme::{Palette, SERIES};
use crate::words;

/// Pixels of a square.
const SIDE: f32 = 3.0;
/// Points up to which each is drawn by itself, with a mark of its own.
const SINGLE: usize = 2500;
/// Points of a drawing that is taken away.
const IN_DRAWING: usize = 20_000;

/// The colour of a level.
pub(super) fn colour(place: u8, is_ramp: bool, p: &Palette) -> Color32 {
    let at = place as usize;
    if at > COLOURED {
        return p.muted.gamma_multiply(0.45);
    }
    if is_ramp {
        // From faint to strong, whatever the ground.
        let is_dark = p.ink.r() > 128;
        let (from, to) = match is_dark {
            true => (Color32::from_rgb(0x27, 0x45, 0x6B), Color32::from_rgb(0xE6, 0xF4, 0xFF)),
            false => (Color32::from_rgb(0xA9, 0xCC, 0xE6), Color32::from_rgb(0x08, 0x23, 0x4F)),
        };
        return from.lerp_to_gamma(to, (at as f32 / 4.0).min(1.0));
    }
    SERIES.get(at).copied().unwrap_or(p.muted)
}

/// Corners of a level's mark around the middle.
fn corners(place: u8) -> Vec<Vec2> {
    let (n, turn, r) = match place {
        0 => (10, 0.0, 3.4),
        1 => (4, 0.0, 4.4),
        2 => (4, 0.5, 4.2),
        3 => (3, 0.75, 4.6),
        4 => (3, 0.25, 4.6),
        5 => (6, 0.0, 3.8),
        _ => (8, 0.0, 2.4),
    };
    let angle = |at: usize| std::f32::consts::TAU * (at as f32 + turn) / n as f32;
    // A triangle's turn is in thirds of its own.
    let fix = if n == 3 { std::f32::consts::TAU * (turn - turn / 3.0) } else { 0.0 };
    (0..n).map(|at| r * Vec2::angled(angle(at) + fix)).collect()
}

/// A level's mark.
pub(super) fn mark(painter: &Painter, at: Pos2, place: u8, is_ramp: bool, p: &Palette) {
    let points = corners(place).into_iter().map(|corner| at + corner).collect();
    painter.add(Shape::convex_polygon(points, colour(place, is_ramp, p), Stroke::NONE));
}

/// Everything in sight, and how many that is.
pub(super) fn mesh(
    xy: &[[f32; 2]],
    colours: &Colours,
    sight: &Sight,
    hidden: &[bool; 8],
    rect: Rect,
    p: &Palette,
) -> (Mesh, usize) {
    let shown = hidden.map(|hidden| !hidden);
    let (cells, seen) = sight.cells(xy, &colours.of, &shown, SIDE);
    let mut mesh = Mesh::default();
    let paints: [Color32; 8] = std::array::from_fn(|at| colour(at as u8, colours.is_ramp, p));
    let of = |place: u8| paints.get(place as usize).copied().unwrap_or(p.muted);
    if seen <= SINGLE {
        let shapes: Vec<Vec<Vec2>> = (0..8).map(corners).collect();
        for (point, place) in xy.iter().zip(&colours.of).step_by(thinned(xy.len())) {
            let [x, y] = sight.pixel(*point);
            let at = pos2(rect.left() + x, rect.top() + y);
            if !rect.contains(at) || shown.get(*place as usize) == Some(&false) {
                continue;
            }
            let Some(shape) = shapes.get(*place as usize) else { continue };
            let first = mesh.vertices.len() as u32;
            let color = of(*place).gamma_multiply(0.85);
            shape.iter().for_each(|corner| mesh.colored_vertex(at + *corner, color));
            (2..shape.len() as u32).for_each(|n| mesh.add_triangle(first, first + n - 1, first + n));
        }
        return (mesh, seen);
    }
    mesh.reserve_vertices(4 * cells.len());
    mesh.reserve_triangles(2 * cells.len());
    for cell in &cells {
        // Where more lie together the colour is fuller.
        let fullness = (0.55 + 0.15 * (cell.count as f32).log2()).min(1.0);
        let middle = pos2(rect.left() + cell.x, rect.top() + cell.y);
        let square = Rect::from_center_size(middle, vec2(SIDE, SIDE));
        mesh.add_colored_rect(square, of(cell.colour).gamma_multiply(fullness));
    }
    (mesh, seen)
}

/// The shape that is being drawn.
pub(super) fn shape(painter: &Painter, shape: &[[f32; 2]], sight: &Sight, rect: Rect, p: &Palette) {
    if shape.len() < 2 {
        return;
    }
    let at = |point: &[f32; 2]| {
        let [x, y] = sight.pixel(*point);
        pos2(rect.left() + x, rect.top() + y)
    };
    let mut points: Vec<Pos2> = shape.iter().map(at).collect();
    points.extend(points.first().copied());
    painter.extend(Shape::dashed_line(&points, Stroke::new(1.5, p.ink), 5.0, 3.0));
}

/// Rings around those who are chosen, as long as they are few.
pub(super) fn chosen(
    painter: &Painter,
    points: &[usize],
    xy: &[[f32; 2]],
    sight: &Sight,
    rect: Rect,
    p: &Palette,
) {
    const RINGS: usize = 400;
    if points.len() > RINGS {
        return;
    }
    for point in points.iter().filter_map(|at| xy.get(*at)) {
        let [x, y] = sight.pixel(*point);
        painter.circle_stroke(pos2(rect.left() + x, rect.top() + y), 5.0, Stroke::new(1.0, p.ink));
    }
}

/// The menu that takes the map away.
pub(super) fn menu(
    ui: &mut Ui,
    scene: &Scene<'_>,
    map: &CustomerMap,
    colours: &Colours,
    before: Option<Rect>,
    title: &str,
) {
    let lang = scene.lang;
    let found = scene.state.segments.as_deref();
    let name = |place: u8| {
        let known = colours.levels.iter().find(|(at, ..)| *at == place);
        known.map_or_else(String::new, |(_, of, _)| level(lang, found, of))
    };
    let masked = scene.prefs.projector;
    let grid = || Grid {
        name: title.to_owned(),
        header: vec![lang.t("customers.id"), "x".to_owned(), "y".to_owned(), lang.t("setting.map_colour")],
        rows: (0..map.drawn.xy.len())
            .map(|at| {
                let [x, y] = map.drawn.xy.get(at).copied().unwrap_or_default();
                let number = |value: f32| {
                    let value = f64::from(value);
                    Cell::Number { value, text: value.to_string(), format: "General" }
                };
                let id = map.id(at).map_or_else(String::new, |id| words::shown_id(id, masked));
                let place = colours.of.get(at).copied().unwrap_or(0);
                vec![id.as_str().into(), number(x), number(y), name(place).as_str().into()]
            })
            .collect(),
    };
    let svg = || svg(map, colours, title, &name);
    take::drawing_menu(ui, lang, before, svg, grid, title);
}

/// The map as SVG, at most so many points, spread evenly over all.
fn svg(map: &CustomerMap, colours: &Colours, title: &str, name: &dyn Fn(u8) -> String) -> String {
    const SIZE: [f32; 2] = [760.0, 560.0];
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let hex = |c: Color32| format!("#{:02X}{:02X}{:02X}", c.r(), c.g(), c.b());
    let p = crate::window::theme::LIGHT;
    let sight = Sight::whole(&map.drawn.xy, SIZE);
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"640\" \
         font-family=\"sans-serif\" font-size=\"13\"><rect width=\"760\" height=\"640\" fill=\"#FFFFFF\"/>",
    );
    // Writing to a text cannot fail.
    let _ = write!(out, "<text x=\"12\" y=\"20\" fill=\"#1E2430\">{}</text>", escape(title));
    let every = map.drawn.xy.len().div_ceil(IN_DRAWING).max(1);
    for at in (0..map.drawn.xy.len()).step_by(every) {
        let place = colours.of.get(at).copied().unwrap_or(0);
        let [x, y] = map.drawn.xy.get(at).map_or([0.0; 2], |point| sight.pixel(*point));
        let points: Vec<String> =
            corners(place).iter().map(|c| format!("{:.1},{:.1}", x + c.x, y + 30.0 + c.y)).collect();
        let fill = hex(colour(place, colours.is_ramp, &p).to_opaque());
        let _ =
            write!(out, "<polygon points=\"{}\" fill=\"{fill}\" fill-opacity=\"0.8\"/>", points.join(" "));
    }
    for (line, (place, ..)) in colours.levels.iter().enumerate() {
        let (x, y) = (12.0 + 250.0 * (line % 3) as f32, 606.0 + 18.0 * (line / 3) as f32);
        let points: Vec<String> =
            corners(*place).iter().map(|c| format!("{:.1},{:.1}", x + c.x, y - 4.0 + c.y)).collect();
        let fill = hex(colour(*place, colours.is_ramp, &p).to_opaque());
        let _ = write!(
            out,
            "<polygon points=\"{}\" fill=\"{fill}\"/><text x=\"{}\" y=\"{y}\" fill=\"#1E2430\">{}</text>",
            points.join(" "),
            x + 10.0,
            escape(&name(*place))
        );
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_a_polygon_of_its_own_around_its_middle() {
        for place in 0..8u8 {
            let all = corners(place);
            let middle = all.iter().fold(Vec2::ZERO, |sum, corner| sum + *corner) / all.len() as f32;
            assert!(middle.length() < 1e-3 && all.len() > 2, "{place} {middle:?}");
        }
        // One triangle stands on its base, the other on its tip.
        let lowest = |place| corners(place).iter().filter(|c| c.y > 1.0).count();
        assert_ne!(lowest(3), lowest(4));
    }

    #[test]
    fn colours_of_a_ramp_go_one_way() {
        for p in [crate::window::theme::LIGHT, crate::window::theme::DARK] {
            let light: Vec<u32> = (0..5)
                .map(|at| colour(at, true, &p))
                .map(|c| u32::from(c.r()) + u32::from(c.g()) + u32::from(c.b()))
                .collect();
            let is_dark = p.ink.r() > 128;
            assert!(light.windows(2).all(|two| (two[1] > two[0]) == is_dark), "{light:?}");
        }
    }
}
