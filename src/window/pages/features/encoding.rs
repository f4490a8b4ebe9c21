//! How one column is encoded, and categories of very many levels.

use eframe::egui::{Slider, Ui};
use regulars_engine::deploy::Spread;
use regulars_engine::features::{BIN_COUNT, BinEdges, ColumnEncoding, FeatureSpec, HASH_BITS, SMOOTHING};
use regulars_engine::project::Prepared;
use regulars_engine::table::{ColumnSpec, Role};

use super::Scene;
use crate::window::parts;
use crate::words::Lang;

/// A way of encoding without its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As the general settings say.
    General,
    OneHot,
    Frequency,
    Ordinal,
    Target,
    Hashed,
    Bins,
}

impl Way {
    const CATEGORY: [Way; 6] =
        [Way::General, Way::OneHot, Way::Frequency, Way::Ordinal, Way::Target, Way::Hashed];
    const NUMBER: [Way; 2] = [Way::General, Way::Bins];
    const WIDE: [Way; 4] = [Way::General, Way::Target, Way::Frequency, Way::Hashed];

    fn of(how: Option<&ColumnEncoding>) -> Self {
        match how {
            None => Self::General,
            Some(ColumnEncoding::OneHot) => Self::OneHot,
            Some(ColumnEncoding::Frequency) => Self::Frequency,
            Some(ColumnEncoding::Ordinal { .. }) => Self::Ordinal,
            Some(ColumnEncoding::Target { .. }) => Self::Target,
            Some(ColumnEncoding::Hashed { .. }) => Self::Hashed,
            Some(ColumnEncoding::Bins { .. }) => Self::Bins,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::General => "encode.general",
            Self::OneHot => "encode.one_hot",
            Self::Frequency => "encode.frequency",
            Self::Ordinal => "encode.ordinal",
            Self::Target => "encode.target",
            Self::Hashed => "encode.hashed",
            Self::Bins => "encode.bins",
        }
    }

    /// One sentence on what it does.
    fn says(self) -> &'static str {
        match self {
            Self::General => "encode.general.says",
            Self::OneHot => "encode.one_hot.says",
            Self::Frequency => "encode.frequency.says",
            Self::Ordinal => "encode.ordinal.says",
            Self::Target => "encode.target.says",
            Self::Hashed => "encode.hashed.says",
            Self::Bins => "encode.bins.says",
        }
    }

    /// The way with its usual figures; `order` is where an order of levels begins.
    fn made(self, order: impl FnOnce() -> Vec<String>) -> Option<ColumnEncoding> {
        match self {
            Self::General => None,
            Self::OneHot => Some(ColumnEncoding::OneHot),
            Self::Frequency => Some(ColumnEncoding::Frequency),
            Self::Ordinal => Some(ColumnEncoding::Ordinal { order: order() }),
            Self::Target => Some(ColumnEncoding::target()),
            Self::Hashed => Some(ColumnEncoding::hashed()),
            Self::Bins => Some(ColumnEncoding::bins()),
        }
    }
}

/// The way of categories with more levels than the general setting allows.
pub(super) fn wide(ui: &mut Ui, lang: Lang, features: &mut FeatureSpec) {
    parts::setting(ui, lang, "wide", |ui| {
        let mut way = Way::of(features.wide.as_ref());
        let words = |way: Way| match way {
            Way::General => lang.t("encode.wide.rare"),
            way => lang.t(way.key()),
        };
        if parts::choose(ui, &lang.t("setting.wide"), &mut way, &Way::WIDE, words) {
            features.wide = way.made(Vec::new);
        }
    });
    if let Some(how) = &mut features.wide {
        ui.push_id("wide", |ui| figures(ui, lang, how));
    }
}

/// The encoding of the chosen column.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let Some(prepared) = scene.state.prepared.clone() else { return };
    let can = |role: Role| role == Role::Category || role.is_numeric();
    let columns: Vec<&ColumnSpec> = prepared.schema.iter().filter(|spec| can(spec.role)).collect();
    if columns.is_empty() {
        return;
    }
    parts::section(ui, lang.t("encode.section"));
    let chosen = &mut scene.page.features.column;
    let is_other = prepared.schema.iter().any(|spec| spec.name == *chosen && !can(spec.role));
    if is_other {
        parts::muted(ui, lang.with("encode.only", &[("column", chosen.clone())]));
    }
    let mut at = columns.iter().position(|spec| spec.name == *chosen).unwrap_or(0);
    let all: Vec<usize> = (0..columns.len()).collect();
    let name_of = |at: usize| columns.get(at).map_or(String::new(), |spec| spec.name.clone());
    parts::setting(ui, lang, "encode_column", |ui| {
        if parts::choose(ui, &lang.t("setting.encode_column"), &mut at, &all, name_of) {
            *chosen = name_of(at);
        }
    });
    let Some(spec) = columns.get(at) else { return };
    let settings = &mut scene.state.settings.features.columns;
    let before = Way::of(settings.get(&spec.name));
    let ways: &[Way] = if spec.role == Role::Category { &Way::CATEGORY } else { &Way::NUMBER };
    let mut way = if ways.contains(&before) { before } else { Way::General };
    let words = |way: Way| match way {
        Way::General if spec.role != Role::Category => lang.t("encode.as_is"),
        way => lang.t(way.key()),
    };
    parts::setting(ui, lang, "encode_as", |ui| {
        if parts::choose(ui, &lang.t("setting.encode_as"), &mut way, ways, words) {
            match way.made(|| levels(&prepared, &spec.name)) {
                Some(how) => settings.insert(spec.name.clone(), how),
                None => settings.remove(&spec.name),
            };
        }
        let says = match way {
            Way::General if spec.role != Role::Category => "encode.as_is.says",
            way => way.says(),
        };
        parts::muted(ui, lang.t(says));
    });
    if let Some(how) = settings.get_mut(&spec.name).filter(|_| way != Way::General) {
        ui.push_id("column", |ui| figures(ui, lang, how));
    }
}

/// Levels of a category among the training rows, most frequent first.
fn levels(prepared: &Prepared, column: &str) -> Vec<String> {
    let profile = prepared.profiles.iter().find(|profile| profile.column == column);
    match profile.map(|profile| &profile.spread) {
        Some(Spread::Levels { levels, .. }) => levels.clone(),
        _ => Vec::new(),
    }
}

/// The figures of one way.
fn figures(ui: &mut Ui, lang: Lang, how: &mut ColumnEncoding) {
    match how {
        ColumnEncoding::Target { smoothing } => {
            parts::setting(ui, lang, "smoothing", |ui| {
                let slider = Slider::new(smoothing, SMOOTHING).logarithmic(true).fixed_decimals(0);
                parts::named(ui, lang, "smoothing", slider);
            });
        }
        ColumnEncoding::Hashed { bits } => {
            parts::setting(ui, lang, "hash_bits", |ui| {
                let count = |bits: f64, _| format!("{}", 1u32 << bits.clamp(0.0, 16.0) as u32);
                let slider = Slider::new(bits, HASH_BITS)
                    .custom_formatter(count)
                    .custom_parser(|text| text.trim().parse::<f64>().ok().map(|n| n.max(1.0).log2().round()));
                parts::named(ui, lang, "hash_bits", slider);
            });
        }
        ColumnEncoding::Bins { count, by } => {
            parts::setting(ui, lang, "bin_count", |ui| {
                parts::named(ui, lang, "bin_count", Slider::new(count, BIN_COUNT));
            });
            parts::setting(ui, lang, "bin_edges", |ui| {
                let name = lang.t("setting.bin_edges");
                parts::choose(ui, &name, by, &BinEdges::ALL, |by| {
                    lang.t(&format!("bin_edges.{}", by.name()))
                });
            });
        }
        ColumnEncoding::Ordinal { order } => ordering(ui, lang, order),
        ColumnEncoding::OneHot | ColumnEncoding::Frequency => {}
    }
}

/// What is done with a level of the order.
enum Move {
    Up(usize),
    Down(usize),
    Away(usize),
}

/// The levels from low to high, each with buttons that move it.
fn ordering(ui: &mut Ui, lang: Lang, order: &mut Vec<String>) {
    parts::muted(ui, lang.t("encode.order.says"));
    let mut wish = None;
    for (at, level) in order.iter().enumerate() {
        ui.horizontal(|ui| {
            let signs = [
                ("▲", "encode.order.up", at > 0, Move::Up(at)),
                ("▼", "encode.order.down", at + 1 < order.len(), Move::Down(at)),
                ("×", "encode.order.away", order.len() > 2, Move::Away(at)),
            ];
            for (sign, key, enabled, what) in signs {
                let name = lang.with(key, &[("level", level.clone())]);
                let button = eframe::egui::Button::new(sign).min_size([28.0, 28.0].into());
                let response = ui.add_enabled(enabled, button).accessible_name(&name);
                if response.on_hover_text(&name).clicked() {
                    wish = Some(what);
                }
            }
            ui.add(eframe::egui::Label::new(level).truncate());
        });
    }
    match wish {
        Some(Move::Up(at)) => order.swap(at - 1, at),
        Some(Move::Down(at)) => order.swap(at, at + 1),
        Some(Move::Away(at)) => {
            order.remove(at);
        }
        None => {}
    }
}
