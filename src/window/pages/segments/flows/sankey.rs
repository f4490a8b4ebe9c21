//! The Sankey diagram: a column of classes for each month's end, and bands for who moved where.

use eframe::egui::{Align2, Color32, Pos2, Rect, Ui, Vec2};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::segment::flows::{Move, Stood};

use super::{Between, Chosen, Moved, Step, day, stood};
use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::parts::drawing::{self, Drawing, Mark, Ribbon, fitted, mixed, see_through};
use crate::window::theme::{Palette, SERIES};
use crate::words::{Lang, percent};

/// Columns at most; more months are taken in larger steps.
const COLUMNS: usize = 6;
const BAR: f32 = 12.0;
const HEIGHT: f32 = 320.0;
const HEAD: f32 = 20.0;
/// Room between two classes of a column.
const GAP: f32 = 5.0;

/// Colours of classes, the best told apart first: Okabe and Ito's, then those that lie farthest from all before
/// (CIE Lab, also as people without red or green cones see them; 1.4 : 1 on both grounds). No further blue is
/// among them: two are there already, and more of them look like one.
const COLORS: [Color32; 12] = [
    SERIES[0],
    SERIES[1],
    SERIES[2],
    SERIES[3],
    SERIES[4],
    SERIES[5],
    Color32::from_rgb(0x69, 0x00, 0xFF),
    Color32::from_rgb(0x4B, 0x2D, 0x00),
    Color32::from_rgb(0xE1, 0xD2, 0x87),
    Color32::from_rgb(0x00, 0x3C, 0x3C),
    Color32::from_rgb(0x4B, 0x0F, 0xA5),
    Color32::from_rgb(0xF0, 0xC3, 0xC3),
];

/// The colour of a class, by its place; from the thirteenth on they come again, mixed with grey.
pub(super) fn color(class: usize) -> Color32 {
    let of = COLORS.get(class % COLORS.len()).copied().unwrap_or(Color32::GRAY);
    if class < COLORS.len() { of } else { mixed(of, Color32::GRAY, 0.45) }
}

/// One band on the picture, and what it stands for.
struct Band {
    ribbon: Ribbon,
    chosen: Chosen,
    customers: usize,
    /// Share of the class that it leaves.
    share: f64,
}

/// Places of the columns' days.
fn columns(from: usize, to: usize) -> Vec<usize> {
    let steps = (to - from).clamp(1, COLUMNS - 1);
    let mut list: Vec<usize> = (0..=steps).map(|step| from + (to - from) * step / steps).collect();
    list.dedup();
    list
}

/// Moves from each of the columns to the next.
pub(super) fn steps(found: &Moved, (from, to): (usize, usize)) -> Vec<Step> {
    let places = columns(from, to);
    let step = |pair: &[usize]| match pair {
        [a, b] => Some(((*a, *b), found.moves.between(*a, *b))),
        _ => None,
    };
    places.windows(2).filter_map(step).collect()
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, between: &Between) {
    let lang = scene.lang;
    let (found, (from, to)) = (between.of.as_ref(), between.range);
    let hidden = &scene.page.flows.hidden;
    let is_shown = |one: Stood| match one {
        Stood::In(class) => found.moves.names.get(class).is_some_and(|name| !hidden.contains(name)),
        Stood::NotYet | Stood::Nowhere => true,
    };
    let shown = |moves: &[Move]| -> Vec<Move> {
        moves.iter().copied().filter(|one| is_shown(one.from) && is_shown(one.to)).collect()
    };
    let steps: Vec<Step> = between.steps.iter().map(|(range, moves)| (*range, shown(moves))).collect();
    let wide = ui.available_width().clamp(360.0, 1100.0);
    let (drawing, bands) = picture(ui, lang, found, &steps, wide, scene.page.flows.chosen);
    let args = [("from", day(found, from)), ("to", day(found, to))];
    let title = lang.with("flows.title", &args);
    let name = lang.t("flows.name");
    let ctx = ui.ctx().clone();
    let response = drawing::framed(ui, lang, ("sankey", &title, &name), &drawing, || {
        // From class to class, step by step.
        parts::cells::shared_moves(&ctx, lang, grid_of(lang, found, &steps), (2, 3, 4), &[0, 1])
    });
    let over = response.hover_pos().and_then(|at| {
        let at = at - response.rect.min.to_vec2();
        // The narrowest band under the pointer: wide ones lie below it.
        let under = bands.iter().filter(|band| band.ribbon.holds(at));
        under.min_by(|a, b| {
            let height = |band: &Band| band.ribbon.height[0].max(band.ribbon.height[1]);
            height(a).total_cmp(&height(b))
        })
    });
    if let Some(band) = over {
        let (_, (a, b)) = band.chosen;
        let args = [
            ("from", stood(lang, found, a)),
            ("to", stood(lang, found, b)),
            ("count", lang.count(band.customers as u64)),
            ("share", percent(band.share)),
        ];
        let key = if a == Stood::NotYet { "flows.hover_new" } else { "flows.hover" };
        let is_clicked = response.clicked();
        response.on_hover_text_at_pointer(lang.with(key, &args));
        if is_clicked {
            let is_it = scene.page.flows.chosen == Some(band.chosen);
            scene.page.flows.chosen = (!is_it).then_some(band.chosen);
        }
    }
    moves(ui, scene, found, &bands);
}

/// The largest moves as buttons, for the keyboard and for those who do not see the picture.
fn moves(ui: &mut Ui, scene: &mut Scene<'_>, found: &Moved, bands: &[Band]) {
    let lang = scene.lang;
    let moved = |band: &&Band| {
        let (_, (a, b)) = band.chosen;
        a != b && a != Stood::NotYet
    };
    let mut list: Vec<&Band> = bands.iter().filter(moved).collect();
    list.sort_by_key(|band| std::cmp::Reverse(band.customers));
    ui.horizontal_wrapped(|ui| {
        for band in list.into_iter().take(5) {
            let (range, (a, b)) = band.chosen;
            let text = format!(
                "{} → {}  {} ({})",
                stood(lang, found, a),
                stood(lang, found, b),
                lang.count(band.customers as u64),
                day(found, range.1)
            );
            let is_it = scene.page.flows.chosen == Some(band.chosen);
            if ui.selectable_label(is_it, text).clicked() {
                scene.page.flows.chosen = (!is_it).then_some(band.chosen);
            }
        }
    });
}

/// The order of a column from top to bottom: the best classes first, those who are not here yet last.
fn order(found: &Moved) -> Vec<Stood> {
    let mut list: Vec<usize> = (0..found.moves.names.len()).collect();
    list.sort_by(|a, b| found.fitted.standing(*b).total_cmp(&found.fitted.standing(*a)));
    let classes = list.into_iter().map(Stood::In);
    classes.chain([Stood::Nowhere, Stood::NotYet]).collect()
}

/// Who stands where at a column: the larger of what comes in and what goes out.
fn sizes(steps: &[Step], column: usize, order: &[Stood]) -> Vec<usize> {
    let sum = |step: Option<&Step>, of: &dyn Fn(&Move) -> Stood, at: Stood| {
        let moves = step.map(|(_, moves)| moves.as_slice()).unwrap_or_default();
        moves.iter().filter(|one| of(one) == at).map(|one| one.customers).sum::<usize>()
    };
    let before = column.checked_sub(1).and_then(|at| steps.get(at));
    let size = |at: &Stood| sum(before, &|one| one.to, *at).max(sum(steps.get(column), &|one| one.from, *at));
    order.iter().map(size).collect()
}

fn picture(
    ui: &Ui,
    lang: Lang,
    found: &Moved,
    steps: &[Step],
    wide: f32,
    chosen: Option<Chosen>,
) -> (Drawing, Vec<Band>) {
    let p = Palette::of(ui);
    let mut drawing = Drawing { size: Vec2::new(wide, HEAD + HEIGHT), marks: Vec::new() };
    let mut bands = Vec::new();
    let order = order(found);
    let count = steps.len() + 1;
    // Names stand to the right of the last column.
    let label = (wide * 0.22).clamp(90.0, 150.0);
    let x = |column: usize| (wide - label - BAR) * column as f32 / (count - 1).max(1) as f32;
    let columns: Vec<Vec<usize>> = (0..count).map(|column| sizes(steps, column, &order)).collect();
    let fullest = columns.iter().map(|sizes| sizes.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let room = HEIGHT - GAP * order.len() as f32;
    let tall = |customers: usize| customers as f32 / fullest as f32 * room;
    // The upper end of each class in each column.
    let tops: Vec<Vec<f32>> = columns
        .iter()
        .map(|sizes| {
            let mut y = HEAD;
            sizes
                .iter()
                .map(|size| {
                    let top = y;
                    y += if *size > 0 { tall(*size) + GAP } else { 0.0 };
                    top
                })
                .collect()
        })
        .collect();
    let place = |stood: Stood| order.iter().position(|one| *one == stood).unwrap_or(0);
    let of = |stood: Stood| match stood {
        Stood::In(class) => color(class),
        Stood::Nowhere | Stood::NotYet => p.muted,
    };
    for (step, (range, moves)) in steps.iter().enumerate() {
        let (Some(left), Some(right)) = (tops.get(step), tops.get(step + 1)) else { continue };
        let (mut from, mut to) = (left.clone(), right.clone());
        let mut list = moves.clone();
        list.sort_by_key(|one| (place(one.from), place(one.to)));
        for one in list {
            let (a, b) = (place(one.from), place(one.to));
            let height = tall(one.customers);
            let (Some(start), Some(end)) = (from.get_mut(a), to.get_mut(b)) else { continue };
            let ribbon =
                Ribbon { x: [x(step) + BAR, x(step + 1)], top: [*start, *end], height: [height, height] };
            *start += height;
            *end += height;
            let band_of = (*range, (one.from, one.to));
            let strength = match chosen {
                Some(chosen) if chosen == band_of => 0.85,
                Some(_) => 0.18,
                None if one.from == one.to => 0.25,
                None => 0.5,
            };
            drawing.marks.push(Mark::Ribbon(ribbon, see_through(of(one.from), strength)));
            let all: usize =
                moves.iter().filter(|other| other.from == one.from).map(|other| other.customers).sum();
            let share = one.customers as f64 / all.max(1) as f64;
            bands.push(Band { ribbon, chosen: band_of, customers: one.customers, share });
        }
    }
    let mut days: Vec<usize> = steps.iter().map(|((from, _), _)| *from).collect();
    days.extend(steps.last().map(|((_, to), _)| *to));
    for (column, (sizes, tops)) in columns.iter().zip(&tops).enumerate() {
        let (anchor, at) = match column {
            0 => (Align2::LEFT_TOP, x(column)),
            _ => (Align2::RIGHT_TOP, x(column) + BAR),
        };
        let text = days.get(column).map(|at| day(found, *at)).unwrap_or_default();
        drawing.text(Pos2::new(at, 2.0), anchor, text, 11.0, p.muted);
        let mut free = HEAD;
        for ((one, size), top) in order.iter().zip(sizes).zip(tops) {
            if *size == 0 {
                continue;
            }
            let rect = Rect::from_min_size(Pos2::new(x(column), *top), Vec2::new(BAR, tall(*size).max(1.0)));
            drawing.rect(rect, of(*one), None);
            // What nobody is in at the end is named where it begins.
            let has_end =
                columns.last().and_then(|sizes| sizes.get(place(*one))).is_some_and(|size| *size > 0);
            let begins = !has_end
                && columns
                    .iter()
                    .take(column)
                    .all(|sizes| sizes.get(place(*one)).is_none_or(|size| *size == 0));
            if column + 1 == count || begins {
                let name = format!("{} {}", stood(lang, found, *one), lang.count(*size as u64));
                let room = if begins { x(column + 1) - x(column) - BAR } else { label };
                let name = fitted(ui, &name, 11.0, room - 6.0);
                // Names of thin classes stand one below the other.
                let y = rect.center().y.max(free + 7.0);
                free = y + 7.0;
                drawing.text(Pos2::new(rect.right() + 5.0, y), Align2::LEFT_CENTER, name, 11.0, p.ink);
            }
        }
        drawing.size.y = drawing.size.y.max(free + 4.0);
    }
    (drawing, bands)
}

/// Every move as a table to take away.
fn grid_of(lang: Lang, found: &Moved, steps: &[Step]) -> Grid {
    let rows = steps.iter().flat_map(|((from, to), moves)| {
        moves.iter().map(move |one| {
            vec![
                day(found, *from).into(),
                day(found, *to).into(),
                stood(lang, found, one.from).into(),
                stood(lang, found, one.to).into(),
                Cell::whole(one.customers as u64),
            ]
        })
    });
    let heads = ["from_day", "to_day", "from_class", "to_class", "customers"];
    Grid {
        name: lang.t("flows.name"),
        header: heads.map(|key| lang.t(&format!("flows.head.{key}"))).to_vec(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CIE Lab of linear light.
    fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let white = [0.950_47, 1.0, 1.088_83];
        let xyz = [
            0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b,
            0.212_672_9 * r + 0.715_152_2 * g + 0.072_175_0 * b,
            0.019_333_9 * r + 0.119_192_0 * g + 0.950_304_1 * b,
        ];
        let f = |at: usize| {
            let v: f64 = (xyz[at] / white[at]).max(0.0);
            if v > 0.008_856 { v.cbrt() } else { 7.787 * v + 16.0 / 116.0 }
        };
        [116.0 * f(1) - 16.0, 500.0 * (f(0) - f(1)), 200.0 * (f(1) - f(2))]
    }

    /// As seen with all cones, without red ones, without green ones (Machado, Oliveira and Fernandes 2009).
    fn seen(color: Color32) -> [[f64; 3]; 3] {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        let of = [linear(color.r()), linear(color.g()), linear(color.b())];
        let protan = [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ];
        let deutan = [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ];
        let through = |m: [[f64; 3]; 3]| {
            m.map(|row| (row[0] * of[0] + row[1] * of[1] + row[2] * of[2]).clamp(0.0, 1.0))
        };
        [lab(of), lab(through(protan)), lab(through(deutan))]
    }

    #[test]
    fn every_class_has_a_colour_that_all_eyes_tell_apart() {
        let mut nearest = f64::MAX;
        for a in 0..COLORS.len() {
            for b in 0..a {
                for (one, other) in seen(color(a)).iter().zip(seen(color(b))) {
                    let far = one.iter().zip(other).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
                    nearest = nearest.min(far);
                }
            }
        }
        // The nearest two are of Okabe and Ito's own.
        assert!(nearest > 17.0, "{nearest}");
    }

    #[test]
    fn columns_begin_and_end_where_asked() {
        assert_eq!(columns(3, 6), [3, 4, 5, 6]);
        assert_eq!(columns(0, 12), [0, 2, 4, 7, 9, 12]);
        assert_eq!(columns(4, 4), [4]);
        assert_eq!(columns(0, 1), [0, 1]);
    }
}
