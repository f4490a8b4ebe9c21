//! The network of products: circles as large as their sales, lines as thick as their lift. It can be
//! dragged and drawn larger; a product that is pressed is brought out with its pairs.

use eframe::egui::{Align2, Color32, Pos2, Sense, Ui, Vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::recommend::{Affinities, Edge};

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::parts::drawing::{self, Drawing, Mark, fitted, see_through};
use crate::window::state::Offers;
use crate::window::theme::{Palette, SERIES};
use crate::words::{Lang, percent};

const HEIGHT: f32 = 380.0;
/// Room around the outermost products, for circles and names.
const EDGE: Vec2 = Vec2::new(70.0, 34.0);
/// How near the pointer must be to a line.
const NEAR: f32 = 5.0;
/// How small and how large the picture is drawn, and the step of a button.
const ZOOMS: [f32; 2] = [0.5, 6.0];
const STEP: f32 = 1.4;

/// What the pointer is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Node(usize),
    Edge(usize),
}

/// The places and sizes of a picture.
struct Placed {
    nodes: Vec<(Pos2, f32)>,
    edges: Vec<([Pos2; 2], f32)>,
}

fn place(of: &Affinities, size: Vec2, (pan, zoom): (Vec2, f32)) -> Placed {
    let most = of.nodes.iter().map(|node| node.sales).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let room = (size - 2.0 * EDGE).max(Vec2::splat(1.0));
    let nodes: Vec<(Pos2, f32)> = of
        .nodes
        .iter()
        .map(|node| {
            let [x, y] = node.place;
            // The middle stays where it is; what is dragged is dragged at the size that is seen.
            let from_middle = Vec2::new((x - 0.5) * room.x, (y - 0.5) * room.y);
            (Pos2::ZERO + size / 2.0 + pan + zoom * from_middle, radius(node.sales, most))
        })
        .collect();
    let highest = of.edges.iter().map(|edge| edge.lift.ln()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let edges = of
        .edges
        .iter()
        .map(|edge| {
            let end = |at: usize| nodes.get(at).map_or(Pos2::ZERO, |(place, _)| *place);
            (edge.ends.map(end), width(edge.lift, highest))
        })
        .collect();
    Placed { nodes, edges }
}

/// How far a point is from a line between two others.
fn distance(point: Pos2, [a, b]: [Pos2; 2]) -> f32 {
    let way = b - a;
    let share =
        if way.length_sq() > 0.0 { ((point - a).dot(way) / way.length_sq()).clamp(0.0, 1.0) } else { 0.0 };
    (a + way * share).distance(point)
}

impl Placed {
    fn over(&self, point: Pos2) -> Option<Over> {
        let node = self.nodes.iter().position(|(place, radius)| place.distance(point) <= *radius);
        let near =
            self.edges.iter().enumerate().map(|(at, (line, wide))| (at, distance(point, *line) - wide / 2.0));
        let edge = near.filter(|(_, far)| *far <= NEAR).min_by(|a, b| a.1.total_cmp(&b.1));
        node.map(Over::Node).or(edge.map(|(at, _)| Over::Edge(at)))
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Offers) {
    let lang = scene.lang;
    let of = &found.network;
    let Some(best) = of.edges.first() else { return };
    let [a, b] = ends(found, best);
    let args = [("first", a), ("second", b), ("lift", format!("{:.1}", best.lift))];
    let title = lang.with("recpage.network.title", &args);
    let size = Vec2::new(ui.available_width().clamp(320.0, 1100.0), HEIGHT);
    let view = &mut scene.page.recommend;
    view.node = view.node.filter(|at| *at < of.nodes.len());
    let placed = place(of, size, (view.pan, view.zoom));
    let picture = draw(ui, found, &placed, size, view.node);
    let name = lang.t("recpage.network.name");
    let response = drawing::framed_with(
        ui,
        lang,
        ("affinities", &title, &name),
        (&picture, Sense::click_and_drag()),
        || grid_of(lang, found),
    );
    if response.dragged() {
        view.pan += response.drag_delta();
    }
    // A pinch, or the wheel with Ctrl, at the pointer.
    if let Some(at) = response.hover_pos() {
        let by = ui.input(|input| input.zoom_delta());
        if by != 1.0 {
            zoom(view, by, at - response.rect.center());
        }
    }
    let over = response.hover_pos().and_then(|at| placed.over(at - response.rect.min.to_vec2()));
    if response.clicked() {
        view.node = match over {
            Some(Over::Node(at)) if view.node != Some(at) => Some(at),
            _ => None,
        };
    }
    if let Some(over) = over {
        response.on_hover_text_at_pointer(told(lang, found, over));
    }
    // A button draws it larger around the product that is brought out, else around the middle.
    let middle = Pos2::ZERO + size / 2.0;
    let around = view.node.and_then(|at| placed.nodes.get(at)).map_or(Vec2::ZERO, |(at, _)| *at - middle);
    ui.horizontal_wrapped(|ui| {
        for (sign, key, by) in [("−", "sides.network.out", 1.0 / STEP), ("+", "sides.network.in", STEP)] {
            let name = lang.t(key);
            let is_open = if by > 1.0 { view.zoom < ZOOMS[1] } else { view.zoom > ZOOMS[0] };
            let button = ui.add_enabled(is_open, eframe::egui::Button::new(sign)).accessible_name(&name);
            if button.on_hover_text(name).clicked() {
                zoom(view, by, around);
            }
        }
        parts::muted(ui, lang.with("sides.network.zoom", &[("share", percent(f64::from(view.zoom)))]));
        let is_moved = view.pan != Vec2::ZERO || view.node.is_some() || view.zoom != 1.0;
        if ui.add_enabled(is_moved, eframe::egui::Button::new(lang.t("recpage.network.reset"))).clicked() {
            (view.pan, view.node, view.zoom) = (Vec2::ZERO, None, 1.0);
        }
    });
    // A product stays in sight.
    let most = view.zoom * size / 2.0;
    view.pan = view.pan.clamp(-most, most);
    legend(ui, lang, of);
    ui.horizontal_wrapped(|ui| {
        let sizes = if of.in_money { "recpage.network.money" } else { "recpage.network.pieces" };
        parts::muted(ui, lang.t(sizes));
        if of.left_out > 0 {
            let args = [
                ("shown", of.edges.len().to_string()),
                ("all", lang.count((of.edges.len() + of.left_out) as u64)),
            ];
            parts::muted(ui, lang.with("recpage.network.left_out", &args));
        }
    });
}

/// Draws it so much larger; what is so far from the picture's middle stays where it is.
fn zoom(view: &mut super::View, by: f32, at: Vec2) {
    let next = (view.zoom * by).clamp(ZOOMS[0], ZOOMS[1]);
    let by = next / view.zoom;
    view.pan = at - by * (at - view.pan);
    view.zoom = next;
}

/// What the sizes of circles and lines stand for: the least and the greatest of each.
fn legend(ui: &mut Ui, lang: Lang, of: &Affinities) {
    let p = Palette::of(ui);
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (least, most) = ends(&mut of.nodes.iter().map(|node| node.sales.max(0.0)));
    let (low, high) = ends(&mut of.edges.iter().map(|edge| edge.lift));
    let color = SERIES.first().copied().unwrap_or(Color32::GRAY);
    let key = if of.in_money { "sides.legend.money" } else { "sides.legend.pieces" };
    ui.horizontal_wrapped(|ui| {
        for value in [least, most] {
            let radius = radius(value, most.max(f64::MIN_POSITIVE));
            let (rect, _) = ui.allocate_exact_size(Vec2::new(2.0 * radius, 40.0), Sense::hover());
            ui.painter().circle_filled(rect.center(), radius, color);
            let count = lang.count(value.round() as u64);
            parts::muted(ui, lang.with(key, &[("count", count)]));
        }
        for value in [low, high] {
            let wide = width(value, high.ln().max(f64::MIN_POSITIVE));
            let (rect, _) = ui.allocate_exact_size(Vec2::new(32.0, 40.0), Sense::hover());
            let ends = [rect.left_center(), rect.right_center()];
            ui.painter().line_segment(ends, (wide, see_through(p.muted, 0.55)));
            parts::muted(ui, lang.with("sides.legend.lift", &[("lift", format!("{value:.1}"))]));
        }
    });
}

/// The area of a circle is as large as the sales.
fn radius(sales: f64, most: f64) -> f32 {
    5.0 + 15.0 * (sales.max(0.0) / most).sqrt() as f32
}

/// Lines are as wide as the logarithm of the lift, beside that of the highest.
fn width(lift: f64, highest: f64) -> f32 {
    1.0 + 5.0 * (lift.ln().max(0.0) / highest) as f32
}

fn ends(found: &Offers, edge: &Edge) -> [String; 2] {
    let name = |at: usize| found.network.nodes.get(at).map_or("", |node| found.product(node.item)).to_owned();
    edge.ends.map(name)
}

fn draw(ui: &Ui, found: &Offers, placed: &Placed, size: Vec2, chosen: Option<usize>) -> Drawing {
    let p = Palette::of(ui);
    let of = &found.network;
    let mut out = Drawing { size, marks: Vec::new() };
    let touches = |edge: &Edge| chosen.is_none_or(|at| edge.ends.contains(&at));
    let is_bright = |at: usize| {
        chosen.is_none_or(|one| {
            one == at || of.edges.iter().any(|edge| edge.ends.contains(&one) && edge.ends.contains(&at))
        })
    };
    for (edge, (line, wide)) in of.edges.iter().zip(&placed.edges) {
        let strength = if touches(edge) { 0.55 } else { 0.12 };
        out.marks.push(Mark::Line(*line, *wide, see_through(p.muted, strength)));
    }
    let color = SERIES.first().copied().unwrap_or(Color32::GRAY);
    for (at, (place, radius)) in placed.nodes.iter().enumerate() {
        let strength = if is_bright(at) { 1.0 } else { 0.25 };
        out.marks.push(Mark::Circle(*place, *radius, see_through(color, strength)));
    }
    // Names last: no line runs over them.
    for (at, ((place, radius), node)) in placed.nodes.iter().zip(&of.nodes).enumerate() {
        if is_bright(at) {
            let name = fitted(ui, found.product(node.item), 12.0, 130.0);
            out.text(*place + Vec2::new(0.0, radius + 2.0), Align2::CENTER_TOP, name, 12.0, p.ink);
        }
    }
    out
}

fn told(lang: Lang, found: &Offers, over: Over) -> String {
    let of = &found.network;
    match over {
        Over::Node(at) => of.nodes.get(at).map_or_else(String::new, |node| {
            let args = [
                ("product", found.product(node.item).to_owned()),
                ("baskets", lang.count(node.baskets)),
                ("sales", lang.count(node.sales.max(0.0).round() as u64)),
            ];
            lang.with(if of.in_money { "recpage.node.money" } else { "recpage.node.pieces" }, &args)
        }),
        Over::Edge(at) => of.edges.get(at).map_or_else(String::new, |edge| {
            let [first, second] = ends(found, edge);
            let [there, back] = edge.confidence;
            let args = [
                ("first", first),
                ("second", second),
                ("count", lang.count(edge.count.into())),
                ("support", percent(edge.support)),
                ("lift", format!("{:.2}", edge.lift)),
                ("there", percent(there)),
                ("back", percent(back)),
            ];
            lang.with("recpage.edge", &args)
        }),
    }
}

fn grid_of(lang: Lang, found: &Offers) -> Grid {
    let number = |value: f64, format| Cell::Number { value, text: format!("{value:.4}"), format };
    let row = |edge: &Edge| {
        let [first, second] = ends(found, edge);
        let [there, back] = edge.confidence;
        vec![
            first.into(),
            second.into(),
            Cell::whole(edge.count.into()),
            number(edge.support, "0.0000"),
            number(edge.lift, "0.00"),
            number(there, "0.0000"),
            number(back, "0.0000"),
        ]
    };
    let heads = [
        "recpage.head.first",
        "recpage.head.second",
        "recpage.head.baskets",
        "recpage.head.support",
        "recpage.head.lift",
        "recpage.head.there",
        "recpage.head.back",
    ];
    Grid {
        name: lang.t("recpage.network.name"),
        header: heads.map(|key| lang.t(key)).to_vec(),
        rows: found.network.edges.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_finds_a_circle_before_a_line() {
        let placed = Placed {
            nodes: vec![(Pos2::new(0.0, 0.0), 10.0), (Pos2::new(100.0, 0.0), 10.0)],
            edges: vec![([Pos2::new(0.0, 0.0), Pos2::new(100.0, 0.0)], 2.0)],
        };
        assert_eq!(placed.over(Pos2::new(4.0, 4.0)), Some(Over::Node(0)));
        assert_eq!(placed.over(Pos2::new(50.0, 5.0)), Some(Over::Edge(0)));
        assert_eq!(placed.over(Pos2::new(50.0, 9.0)), None);
        // Beyond its ends a line is as far as its end.
        assert_eq!(distance(Pos2::new(103.0, 4.0), placed.edges[0].0), 5.0);
    }

    #[test]
    fn what_the_pointer_is_on_stays_there_when_it_is_drawn_larger() {
        let node = |x: f32, y: f32| regulars_engine::recommend::Node {
            item: 0,
            sales: 1.0,
            baskets: 1,
            place: [x, y],
        };
        let of = Affinities { nodes: vec![node(0.2, 0.3), node(0.9, 0.5)], ..Affinities::default() };
        let size = Vec2::new(600.0, HEIGHT);
        let mut view = super::super::View { pan: Vec2::new(12.0, -7.0), ..Default::default() };
        let before = place(&of, size, (view.pan, view.zoom));
        let at = before.nodes[0].0;
        zoom(&mut view, 2.0, at - (Pos2::ZERO + size / 2.0));
        let after = place(&of, size, (view.pan, view.zoom));
        assert!(after.nodes[0].0.distance(at) < 1e-3, "{:?} {at:?}", after.nodes[0].0);
        let apart = |of: &Placed| of.nodes[0].0.distance(of.nodes[1].0);
        assert!((apart(&after) / apart(&before) - 2.0).abs() < 1e-4);
        zoom(&mut view, 100.0, Vec2::ZERO);
        assert_eq!(view.zoom, ZOOMS[1]);
    }
}
