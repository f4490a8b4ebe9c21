//! A chart as a PNG without a window or a display: laid out and cut into triangles by egui, which are
//! filled here, pixel by pixel.

use std::collections::HashMap;

use eframe::egui::{self, Color32, ColorImage, ImageData, Mesh, TextureId, epaint};
use egui_plot::{Legend, Line, LineStyle, Plot, PlotPoints};

use super::svg::Chart;
use crate::window::theme;

/// Pixels for each point of the layout.
const SCALE: f32 = 2.0;

/// The chart, `width` × `height` points, as PNG of twice as many pixels a side; `None` if it cannot be
/// packed.
pub fn png(chart: &Chart, width: u32, height: u32) -> Option<Vec<u8>> {
    let ctx = egui::Context::default();
    theme::install(&ctx);
    ctx.set_theme(egui::Theme::Light);
    ctx.set_pixels_per_point(SCALE);
    let size = egui::vec2(width as f32, height as f32);
    let rect = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
    let mut textures: HashMap<TextureId, ColorImage> = HashMap::new();
    let mut picture =
        ColorImage::filled([(size.x * SCALE) as usize, (size.y * SCALE) as usize], Color32::WHITE);
    // Axes know what they hold only in the second pass; fonts may come a pass late.
    for pass in 0..4 {
        let input = egui::RawInput { screen_rect: Some(rect), ..Default::default() };
        let mut output = ctx.run_ui(input, |ui| draw(ui, chart, size));
        for (id, deltas) in std::mem::take(&mut output.textures_delta.set) {
            for delta in deltas {
                let ImageData::Color(image) = &delta.image;
                put(textures.entry(id).or_default(), image, delta.pos);
            }
        }
        if pass == 3 {
            for part in ctx.tessellate(output.shapes, SCALE) {
                if let epaint::Primitive::Mesh(mesh) = part.primitive {
                    fill(&mut picture, &mesh, textures.get(&mesh.texture_id), part.clip_rect);
                }
            }
        }
    }
    crate::window::parts::take::png(&picture)
}

fn draw(ui: &mut egui::Ui, chart: &Chart, size: egui::Vec2) {
    let p = theme::LIGHT;
    ui.painter().rect_filled(ui.max_rect(), 0.0, p.surface);
    egui::Frame::new().inner_margin(12).show(ui, |ui| {
        ui.label(egui::RichText::new(&chart.title).family(theme::strong()).color(p.ink));
        ui.label(egui::RichText::new(format!("{} · {}", chart.y, chart.x)).color(p.muted));
        let mut plot = Plot::new("picture")
            .height((size.y - 80.0).max(60.0))
            .show_background(false)
            .legend(Legend::default().follow_insertion_order(true));
        for [x, y] in &chart.include {
            plot = plot.include_x(*x).include_y(*y);
        }
        plot.show(ui, |plot| {
            for (at, one) in chart.series.iter().enumerate() {
                let points: Vec<[f64; 2]> = one
                    .points
                    .iter()
                    .filter(|(x, y)| x.is_finite() && y.is_finite())
                    .map(|p| [p.0, p.1])
                    .collect();
                let style = if one.dashed { LineStyle::dashed_loose() } else { LineStyle::Solid };
                let color = theme::SERIES[at % theme::SERIES.len()];
                let line = Line::new(one.name.clone(), PlotPoints::from(points));
                plot.line(line.color(color).width(2.0).style(style));
            }
        });
    });
}

/// Puts an image into a texture, or in the place of it.
fn put(texture: &mut ColorImage, image: &ColorImage, pos: Option<[usize; 2]>) {
    let Some([left, top]) = pos else {
        *texture = image.clone();
        return;
    };
    let (width, height) = (texture.size[0], texture.size[1]);
    for (at, pixel) in image.pixels.iter().enumerate() {
        let (x, y) = (left + at % image.size[0].max(1), top + at / image.size[0].max(1));
        if x < width
            && y < height
            && let Some(place) = texture.pixels.get_mut(y * width + x)
        {
            *place = *pixel;
        }
    }
}

/// The colour at a place of a texture, nearest pixel: letters stand on whole pixels.
fn sample(texture: Option<&ColorImage>, u: f32, v: f32) -> [f32; 4] {
    let Some(texture) = texture else { return [1.0; 4] };
    let [width, height] = texture.size;
    let at = |share: f32, size: usize| ((share * size as f32) as usize).min(size.saturating_sub(1));
    let pixel = texture.pixels.get(at(v, height) * width + at(u, width)).copied().unwrap_or(Color32::WHITE);
    pixel.to_array().map(|part| f32::from(part) / 255.0)
}

/// Fills the triangles of a mesh over what is there; colours are premultiplied.
fn fill(picture: &mut ColorImage, mesh: &Mesh, texture: Option<&ColorImage>, clip: egui::Rect) {
    let [width, height] = picture.size;
    let clip = egui::Rect::from_min_max(clip.min * SCALE, clip.max * SCALE);
    for three in mesh.indices.chunks_exact(3) {
        let corner = |at: usize| three.get(at).and_then(|index| mesh.vertices.get(*index as usize));
        let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) else { continue };
        let [pa, pb, pc] = [a, b, c].map(|vertex| vertex.pos * SCALE);
        let area = cross(pa, pb, pc);
        if area == 0.0 || !area.is_finite() {
            continue;
        }
        let low = pa.min(pb).min(pc).max(clip.min).max(egui::Pos2::ZERO);
        let high = pa.max(pb).max(pc).min(clip.max);
        let (left, right) = (low.x.floor() as usize, (high.x.ceil().max(0.0) as usize).min(width));
        let (top, bottom) = (low.y.floor() as usize, (high.y.ceil().max(0.0) as usize).min(height));
        for y in top..bottom {
            for x in left..right {
                let at = egui::pos2(x as f32 + 0.5, y as f32 + 0.5);
                if !clip.contains(at) {
                    continue;
                }
                let parts =
                    [(pb, pc), (pc, pa), (pa, pb)].map(|(from, to)| (cross(from, to, at) / area, from, to));
                // An edge between two triangles belongs to one of them.
                let inside = parts.iter().all(|(share, from, to)| {
                    let (dx, dy) = if area > 0.0 {
                        (to.x - from.x, to.y - from.y)
                    } else {
                        (from.x - to.x, from.y - to.y)
                    };
                    *share > 0.0 || (*share == 0.0 && (dy < 0.0 || (dy == 0.0 && dx > 0.0)))
                });
                if !inside {
                    continue;
                }
                let [wa, wb, wc] = parts.map(|part| part.0);
                let uv = (a.uv.to_vec2() * wa + b.uv.to_vec2() * wb + c.uv.to_vec2() * wc).to_pos2();
                let of = sample(texture, uv.x, uv.y);
                let [ca, cb, cc] = [a, b, c].map(|vertex| vertex.color.to_array());
                let color = [0, 1, 2, 3].map(|part: usize| {
                    let mixed =
                        f32::from(ca[part]) * wa + f32::from(cb[part]) * wb + f32::from(cc[part]) * wc;
                    mixed * of[part]
                });
                if let Some(place) = picture.pixels.get_mut(y * width + x) {
                    let under = place.to_array();
                    let over = |part: usize| {
                        (color[part] + f32::from(under[part]) * (1.0 - color[3] / 255.0))
                            .round()
                            .clamp(0.0, 255.0) as u8
                    };
                    *place = Color32::from_rgba_premultiplied(over(0), over(1), over(2), over(3));
                }
            }
        }
    }
}

fn cross(a: egui::Pos2, b: egui::Pos2, c: egui::Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::svg::Series;

    #[test]
    fn a_chart_is_a_picture_with_its_lines_and_words() {
        let line = |name: &str, slope: f64| Series {
            name: name.into(),
            points: (0..50).map(|at| (f64::from(at), slope * f64::from(at))).collect(),
            dashed: false,
            markers: false,
        };
        let mut chart =
            Chart { title: "训练损失".into(), x: "epoch".into(), y: "loss".into(), ..Chart::default() };
        let blank = decoded(&png(&chart, 300, 200).unwrap());
        chart.series = vec![line("a", 1.0), line("b", 0.5)];
        let drawn = decoded(&png(&chart, 300, 200).unwrap());
        assert_eq!((blank.0, drawn.0), ([600, 400], [600, 400]));
        let count = |pixels: &[[u8; 3]], color: Color32| {
            let near = |pixel: &&[u8; 3]| {
                [color.r(), color.g(), color.b()].iter().zip(**pixel).all(|(a, b)| a.abs_diff(b) < 40)
            };
            pixels.iter().filter(near).count()
        };
        for color in [theme::SERIES[0], theme::SERIES[1]] {
            assert!(count(&blank.1, color) < 20);
            // A line two points wide over most of the picture.
            assert!(count(&drawn.1, color) > 500, "{}", count(&drawn.1, color));
        }
        // The title is there as ink on white, not as a box of one colour.
        let dark = blank.1[..600 * 60].iter().filter(|p| p[0] < 120).count();
        assert!((100..6000).contains(&dark), "{dark}");
        assert_eq!(png(&chart, 300, 200), png(&chart, 300, 200), "the same chart gives the same bytes");
    }

    fn decoded(bytes: &[u8]) -> ([u32; 2], Vec<[u8; 3]>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        let pixels = data.chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect();
        ([info.width, info.height], pixels)
    }
}
