//! Formulas in one line: variables in italics, functions and numbers upright, indices below, powers
//! above.

use eframe::egui::{Align, FontId, Response, TextFormat, Ui, text::LayoutJob};

use crate::window::theme::Palette;

/// How a piece of a formula stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Line,
    Below,
    Above,
}

/// A piece of a formula: its text, whether it leans, and where it stands.
type Piece = (String, bool, Level);

/// Takes a formula apart. `_{…}` stands below, `^{…}` above; `"…"` is upright text; single letters lean.
fn pieces(source: &str) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let (mut level, mut is_upright) = (Level::Line, false);
    let mut signs = source.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => is_upright = !is_upright,
            '_' | '^' if signs.peek() == Some(&'{') => {
                signs.next();
                level = if sign == '_' { Level::Below } else { Level::Above };
            }
            '}' => level = Level::Line,
            _ => {
                // Greek letters are variables like Latin ones, but for the sum and the logistic function.
                let leans = sign.is_alphabetic() && !is_upright && !matches!(sign, 'Σ' | 'σ');
                match out.last_mut() {
                    Some((text, leaning, at)) if *leaning == leans && *at == level => text.push(sign),
                    _ => out.push((sign.to_string(), leans, level)),
                }
            }
        }
    }
    out
}

/// A formula as it is drawn, `size` tall.
fn layout(ui: &Ui, source: &str, size: f32) -> LayoutJob {
    let color = Palette::of(ui).ink;
    let mut job = LayoutJob::default();
    for (text, italics, level) in pieces(source) {
        let (font, valign) = match level {
            Level::Line => (FontId::proportional(size), Align::Center),
            Level::Below => (FontId::proportional(0.68 * size), Align::BOTTOM),
            Level::Above => (FontId::proportional(0.68 * size), Align::TOP),
        };
        job.append(&text, 0.0, TextFormat { font_id: font, color, italics, valign, ..TextFormat::default() });
    }
    job.wrap.max_width = ui.available_width();
    job
}

/// A formula in a line of its own.
pub fn formula(ui: &mut Ui, source: &str) -> Response {
    let job = layout(ui, source, 17.0);
    ui.label(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lean_and_indices_stand_below() {
        let all = pieces("z_{j} = Σ_{i} w_{ij}x + \"ln\"(2)^{t}");
        let of = |text: &str| all.iter().find(|piece| piece.0 == text).map(|piece| (piece.1, piece.2));
        assert_eq!(of("z"), Some((true, Level::Line)));
        assert_eq!(of("j"), Some((true, Level::Below)));
        assert_eq!(of(" = Σ"), Some((false, Level::Line)));
        assert_eq!(of("ij"), Some((true, Level::Below)));
        assert_eq!(of(" + ln(2)"), Some((false, Level::Line)));
        assert_eq!(of("t"), Some((true, Level::Above)));
        let text: String = all.iter().map(|piece| piece.0.as_str()).collect();
        assert_eq!(text, "zj = Σi wijx + ln(2)t");
    }
}
