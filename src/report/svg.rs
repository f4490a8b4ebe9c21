//! Charts as SVG: for reports, and to be taken out of the window.

use plotters::coord::Shift;
use plotters::prelude::*;

/// Colours of Okabe and Ito, as in the window.
const SERIES: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
];
const INK: RGBColor = RGBColor(0x1E, 0x24, 0x30);
const LINE: RGBColor = RGBColor(0xE4, 0xE4, 0xDF);

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub name: String,
    pub points: Vec<(f64, f64)>,
    pub dashed: bool,
    pub markers: bool,
}

/// A chart, ready to be drawn anywhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    pub title: String,
    pub x: String,
    pub y: String,
    pub series: Vec<Series>,
    /// Values that must be in sight.
    pub include: Vec<[f64; 2]>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// The chart as an SVG document, title included.
pub fn lines(chart: &Chart, width: u32, height: u32) -> String {
    draw(width, height, |area| draw_lines(chart, area))
}

/// Horizontal bars, the first on top; `show` words a value.
pub fn bars(names: &[String], values: &[f64], show: impl Fn(f64) -> String, width: u32) -> String {
    let (row, left) = (24i32, (width / 3) as i32);
    let height = row * names.len() as i32 + 8;
    let most = values.iter().copied().fold(0.0, f64::max).max(1e-12);
    draw(width, height.unsigned_abs(), |area| {
        let text = ("sans-serif", 13).into_font().color(&INK);
        let room = width as i32 - left - 70;
        for (at, (name, value)) in names.iter().zip(values).enumerate() {
            let y = row * at as i32 + 4;
            let long = (f64::from(room) * value.max(0.0) / most) as i32;
            area.draw(&Rectangle::new([(left, y + 3), (left + long.max(1), y + 17)], SERIES[0].filled()))?;
            let short: String = name.chars().take(28).collect();
            area.draw(&Text::new(short, (4, y + 3), text.clone()))?;
            area.draw(&Text::new(show(*value), (left + long + 6, y + 3), text.clone()))?;
        }
        Ok(())
    })
}

fn draw(width: u32, height: u32, paint: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        // Writing into a string cannot fail; a chart that cannot be laid out stays empty.
        let _ = area.fill(&WHITE);
        let _ = paint(&area);
        let _ = area.present();
    }
    text
}

fn draw_lines(chart: &Chart, area: &Area<'_>) -> Drawn {
    let all = || {
        let points = chart.series.iter().flat_map(|s| s.points.iter().copied());
        points
            .chain(chart.include.iter().map(|[x, y]| (*x, *y)))
            .filter(|(x, y)| x.is_finite() && y.is_finite())
    };
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
        let room = if high > low { (high - low) * 0.03 } else { 0.5 };
        if low > high { 0.0..1.0 } else { low - room..high + room }
    };
    let (xs, ys) = (range(&mut all().map(|p| p.0)), range(&mut all().map(|p| p.1)));
    // A range without end has no ticks.
    if ![xs.start, xs.end, ys.start, ys.end, xs.end - xs.start, ys.end - ys.start]
        .iter()
        .all(|v| v.is_finite())
    {
        return Ok(());
    }
    let mut builder = ChartBuilder::on(area);
    builder.margin(10).x_label_area_size(40).y_label_area_size(56);
    if !chart.title.is_empty() {
        builder.caption(&chart.title, ("sans-serif", 15).into_font().color(&INK));
    }
    let mut drawn = builder.build_cartesian_2d(xs, ys)?;
    let text = ("sans-serif", 12).into_font().color(&INK);
    drawn
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(LINE)
        .light_line_style(WHITE)
        .axis_style(LINE)
        .label_style(text.clone())
        .axis_desc_style(text.clone())
        .x_desc(&chart.x)
        .y_desc(&chart.y)
        .x_labels(6)
        .y_labels(5)
        .draw()?;
    for (at, one) in chart.series.iter().enumerate() {
        let color = SERIES[at % SERIES.len()];
        let style = color.stroke_width(2);
        let points = || one.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
        let legend = move |(x, y): (i32, i32)| PathElement::new(vec![(x, y), (x + 16, y)], style);
        if one.markers {
            drawn.draw_series(points().map(|p| Circle::new(p, 3, color.filled())))?;
        }
        if one.dashed {
            drawn.draw_series(DashedLineSeries::new(points(), 6, 4, style))?.label(&one.name).legend(legend);
        } else {
            drawn.draw_series(LineSeries::new(points(), style))?.label(&one.name).legend(legend);
        }
    }
    if chart.series.len() > 1 {
        drawn
            .configure_series_labels()
            .label_font(text)
            .background_style(WHITE.mix(0.85))
            .border_style(LINE)
            .draw()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_are_whole_documents_and_escape_names() {
        let chart = Chart {
            title: "a < b & c".into(),
            series: vec![Series {
                name: "客户".into(),
                points: vec![(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)],
                dashed: true,
                markers: true,
            }],
            ..Chart::default()
        };
        let text = lines(&chart, 400, 300);
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"), "{text}");
        assert!(text.contains("a &lt; b &amp; c") && !text.contains("NaN"));
        let empty = lines(&Chart::default(), 400, 300);
        assert!(empty.contains("</svg>"));
        assert!(bars(&["x".into()], &[0.2], |v| format!("{v}"), 300).contains("</svg>"));
    }
}
