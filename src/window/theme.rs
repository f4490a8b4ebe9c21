//! Colours, type and spacing, each named once.

use std::sync::Arc;

use eframe::egui::{
    self, Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke,
    TextStyle, Theme, Vec2,
};

/// Spacing steps.
pub const S1: f32 = 4.0;
pub const S2: f32 = 8.0;
pub const S3: f32 = 12.0;
pub const S4: f32 = 16.0;
pub const S5: f32 = 24.0;

/// The named colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    pub ground: Color32,
    pub surface: Color32,
    pub ink: Color32,
    pub muted: Color32,
    pub line: Color32,
    /// Around what can be used: boxes, fields, buttons. Seen on every ground (3 : 1).
    pub edge: Color32,
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    pub good: Color32,
    pub caution: Color32,
    pub bad: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub const LIGHT: Palette = Palette {
    ground: rgb(0xFAFAF7),
    surface: rgb(0xFFFFFF),
    ink: rgb(0x1E2430),
    muted: rgb(0x5D6678),
    line: rgb(0xE4E4DF),
    edge: rgb(0x878C95),
    accent: rgb(0x0F766E),
    on_accent: rgb(0xFFFFFF),
    good: rgb(0x15803D),
    caution: rgb(0xA84E08),
    bad: rgb(0xB91C1C),
};

pub const DARK: Palette = Palette {
    ground: rgb(0x14171C),
    surface: rgb(0x1B2027),
    ink: rgb(0xE7EAEE),
    muted: rgb(0x98A2B3),
    line: rgb(0x2A313B),
    edge: rgb(0x707A8A),
    accent: rgb(0x2DD4BF),
    on_accent: rgb(0x10201E),
    good: rgb(0x4ADE80),
    caution: rgb(0xFBBF24),
    bad: rgb(0xF87171),
};

/// Series colours of Okabe and Ito, safe for colour-blind eyes.
pub const SERIES: [Color32; 6] =
    [rgb(0x0072B2), rgb(0xD55E00), rgb(0x009E73), rgb(0xCC79A7), rgb(0xE69F00), rgb(0x56B4E9)];

impl Palette {
    /// The colours of the theme in force.
    pub fn of(ui: &egui::Ui) -> Self {
        Self::choose(ui.visuals().dark_mode, is_projector(ui.ctx()))
    }

    /// The colours of the theme in force, outside any part of the window.
    pub fn of_context(ctx: &Context) -> Self {
        Self::choose(ctx.theme() == Theme::Dark, is_projector(ctx))
    }

    fn choose(dark: bool, projector: bool) -> Self {
        match (dark, projector) {
            (false, false) => LIGHT,
            (true, false) => DARK,
            (false, true) => LIGHT.strong(),
            (true, true) => DARK.strong(),
        }
    }

    /// For a projector: black on white, or white on black, and secondary text and lines nearer to it.
    const fn strong(self) -> Self {
        let dark = self.ink.r() > 128;
        if dark {
            let (ink, muted) = (Color32::WHITE, rgb(0xD5DAE1));
            Self {
                ground: Color32::BLACK,
                surface: rgb(0x0B0D10),
                ink,
                muted,
                line: rgb(0x5A6472),
                edge: rgb(0x9AA4B2),
                ..self
            }
        } else {
            let (ink, muted) = (Color32::BLACK, rgb(0x343B48));
            Self {
                ground: Color32::WHITE,
                surface: Color32::WHITE,
                ink,
                muted,
                line: rgb(0x9A9A92),
                edge: rgb(0x5A6270),
                ..self
            }
        }
    }
}

fn projector_id() -> egui::Id {
    egui::Id::unique("projector")
}

fn is_projector(ctx: &Context) -> bool {
    ctx.data(|data| data.get_temp(projector_id()).unwrap_or(false))
}

/// Switches the colours of a projector on or off.
pub fn set_projector(ctx: &Context, on: bool) {
    ctx.data_mut(|data| data.insert_temp(projector_id(), on));
    for (theme, dark) in [(Theme::Light, false), (Theme::Dark, true)] {
        let mut style = (*ctx.style_of(theme)).clone();
        visuals(&mut style.visuals, Palette::choose(dark, on));
        ctx.set_style_of(theme, style);
    }
}

/// The family for headings.
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Large figure.
pub fn figure_font() -> FontId {
    FontId::new(30.0, strong())
}

/// Section heading.
pub fn section_font() -> FontId {
    FontId::new(17.0, strong())
}

/// Sets fonts and both themes' styles; once at start.
pub fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    let regular = include_bytes!("../../assets/fonts/NotoSansSC-Regular-subset.ttf");
    let semibold = include_bytes!("../../assets/fonts/NotoSansSC-SemiBold-subset.ttf");
    fonts.font_data.insert("noto".into(), Arc::new(FontData::from_static(regular)));
    fonts.font_data.insert("noto-strong".into(), Arc::new(FontData::from_static(semibold)));
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.entry(family).or_default().insert(0, "noto".into());
    }
    let mut heading = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    heading.insert(0, "noto-strong".into());
    fonts.families.insert(strong(), heading);
    ctx.set_fonts(fonts);
    for (theme, palette) in [(Theme::Light, LIGHT), (Theme::Dark, DARK)] {
        let mut style = (*ctx.style_of(theme)).clone();
        style.text_styles = [
            (TextStyle::Small, FontId::proportional(12.0)),
            (TextStyle::Body, FontId::proportional(14.0)),
            (TextStyle::Button, FontId::proportional(14.0)),
            (TextStyle::Monospace, FontId::proportional(13.0)),
            (TextStyle::Heading, FontId::new(24.0, strong())),
        ]
        .into();
        style.spacing.item_spacing = Vec2::new(S2, S2);
        style.spacing.button_padding = Vec2::new(S3, 5.0);
        style.spacing.interact_size.y = 28.0;
        style.spacing.window_margin = Margin::same(12);
        style.spacing.slider_width = 150.0;
        style.spacing.scroll =
            egui::style::ScrollStyle { foreground_color: false, ..egui::style::ScrollStyle::thin() };
        visuals(&mut style.visuals, palette);
        ctx.set_style_of(theme, style);
    }
}

fn visuals(v: &mut egui::Visuals, p: Palette) {
    let radius = CornerRadius::same(6);
    v.panel_fill = p.ground;
    v.window_fill = p.surface;
    v.window_stroke = Stroke::new(1.0, p.line);
    v.window_corner_radius = radius;
    v.menu_corner_radius = radius;
    v.extreme_bg_color = p.surface;
    v.faint_bg_color = p.surface;
    v.code_bg_color = p.surface;
    v.override_text_color = None;
    v.weak_text_color = Some(p.muted);
    v.hyperlink_color = p.accent;
    v.warn_fg_color = p.caution;
    v.error_fg_color = p.bad;
    v.selection.bg_fill = p.accent.gamma_multiply(if v.dark_mode { 0.30 } else { 0.18 });
    v.selection.stroke = Stroke::new(1.0, p.ink);
    let w = &mut v.widgets;
    for state in [&mut w.noninteractive, &mut w.inactive, &mut w.hovered, &mut w.active, &mut w.open] {
        state.corner_radius = radius;
        state.fg_stroke = Stroke::new(1.0, p.ink);
        state.bg_stroke = Stroke::new(1.0, p.line);
        state.bg_fill = p.surface;
        state.weak_bg_fill = p.surface;
        state.expansion = 0.0;
    }
    w.hovered.bg_stroke = Stroke::new(1.0, p.accent);
    w.active.bg_stroke = Stroke::new(2.0, p.accent);
    w.open.bg_stroke = Stroke::new(1.0, p.accent);
    w.inactive.bg_fill = p.line;
    // An unticked box is nothing but its edge.
    w.inactive.bg_stroke = Stroke::new(1.0, p.edge);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(c: Color32) -> f64 {
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(c.r()) + 0.7152 * part(c.g()) + 0.0722 * part(c.b())
    }

    /// WCAG 2.1's contrast ratio.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for p in [LIGHT, DARK, LIGHT.strong(), DARK.strong()] {
            for ground in [p.ground, p.surface] {
                for text in [p.ink, p.muted, p.accent, p.good, p.caution, p.bad] {
                    let ratio = contrast(text, ground);
                    assert!(ratio >= 4.5, "{text:?} on {ground:?}: {ratio:.2}");
                }
            }
            assert!(contrast(p.on_accent, p.accent) >= 4.5);
        }
    }

    /// WCAG 2.1, 1.4.11: 3 : 1 for what shows where a control is.
    #[test]
    fn boxes_that_are_not_ticked_can_be_seen() {
        for p in [LIGHT, DARK, LIGHT.strong(), DARK.strong()] {
            let mut v = egui::Visuals::dark();
            visuals(&mut v, p);
            let stroke = v.widgets.inactive.bg_stroke;
            assert!(stroke.width >= 1.0);
            for ground in [p.ground, p.surface, v.widgets.inactive.bg_fill] {
                let ratio = contrast(stroke.color, ground);
                let least = if ground == v.widgets.inactive.bg_fill { 1.5 } else { 3.0 };
                assert!(ratio >= least, "{:?} on {ground:?}: {ratio:.2}", stroke.color);
            }
        }
    }
}
