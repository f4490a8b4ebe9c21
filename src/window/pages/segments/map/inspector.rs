//! How the map is drawn and coloured, and what sets the customers apart that were chosen on it.

use eframe::egui::{self, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{ColourBy, CustomerMap, Level};
use regulars_engine::segment::Segmentation;
use regulars_engine::segment::map::Projection;
use regulars_engine::table::show_number;

use super::super::trait_words;
use crate::window::pages::Scene;
use crate::window::parts::{self, take};
use crate::window::state::Part;
use crate::window::theme::{S2, S3};
use crate::words::{self, Lang, percent, segment_name};

/// What a colour stands for, in words.
pub(super) fn level(lang: Lang, found: Option<&Segmentation>, level: &Level) -> String {
    match level {
        Level::Segment(at) => {
            let name = found.and_then(|found| found.segments.get(*at)).map(|one| segment_name(lang, one));
            format!("{} · {}", at + 1, name.unwrap_or_default())
        }
        Level::Yes => lang.t("common.yes"),
        Level::No => lang.t("common.no"),
        Level::Text(text) => text.clone(),
        Level::Range(from, to) => format!("{} – {}", short(*from), short(*to)),
        Level::Share(from, to) => format!("{} – {}", percent(*from), percent(*to)),
        Level::Rest => lang.t("map.rest"),
        Level::Blank => lang.t("map.blank"),
    }
}

/// A number in at most four figures.
fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return show_number(value);
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    let step = 10f64.powi(digits.clamp(-12, 6));
    show_number((value * step).round() / step)
}

/// The customer behind a point: masked, with what the colour says and a few columns.
pub(super) fn told(scene: &Scene<'_>, map: &CustomerMap, point: usize) -> Vec<String> {
    const COLUMNS: usize = 5;
    let lang = scene.lang;
    let mut lines = vec![match map.id(point) {
        // Who it is stands on the customer's own page.
        Some(id) => words::shown_id(id, true),
        None => lang.with("groups.row", &[("row", map.row(point).unwrap_or_default().to_string())]),
    }];
    let colour = scene.state.map.colours().and_then(|colours| {
        let place = *colours.of.get(point)?;
        colours.levels.iter().find(|(at, ..)| *at == place).map(|(_, level, _)| level.clone())
    });
    if let Some(of) = colour {
        let what = by_words(lang, &scene.page.map.by);
        lines.push(format!("{what}: {}", level(lang, scene.state.segments.as_deref(), &of)));
    }
    let columns = map.columns();
    lines.extend(
        columns
            .iter()
            .take(COLUMNS)
            .map(|column| format!("{column}: {}", map.cell(point, column).unwrap_or_else(|| "—".to_owned()))),
    );
    lines
}

fn by_words(lang: Lang, by: &ColourBy) -> String {
    match by {
        ColourBy::Segment => lang.t("map.by.segment"),
        ColourBy::Probability => lang.t("map.by.probability"),
        ColourBy::Target => lang.t("map.by.target"),
        ColourBy::Column(name) => name.clone(),
    }
}

pub(in crate::window::pages::segments) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("map.settings"));
    parts::setting(ui, lang, "map_projection", |ui| {
        let name = lang.t("setting.map_projection");
        let words = |one: Projection| lang.t(&format!("map.projection.{}", one.name()));
        parts::choose(ui, &name, &mut scene.state.map.projection, &Projection::ALL, words);
    });
    let says = format!("map.projection.{}.says", scene.state.map.projection.name());
    parts::muted(ui, lang.t(&says));
    // A distance on components is true only as far as they show what customers differ in.
    let drawn = scene.state.map.map().filter(|_| scene.state.map.projection == Projection::Pca);
    if let Some([x, y]) = drawn.and_then(|map| map.drawn.explained) {
        let args = [("shown", percent(x + y)), ("rest", percent((1.0 - x - y).max(0.0)))];
        parts::muted(ui, lang.with("map.pca.share", &args));
    }
    ui.add_space(S2);
    let can_draw = scene.state.cleaning.is_some() && scene.state.map_stale();
    if scene.state.cleaning.is_some() && parts::primary(ui, lang.t("map.draw"), can_draw) {
        scene.state.draw_map();
    }
    colour(ui, scene);
    let Some(part) = scene.state.map.part().cloned() else {
        parts::section(ui, lang.t("map.part"));
        let key = if scene.state.map.choosing() { "status.working" } else { "map.part.none" };
        parts::muted(ui, lang.t(key));
        return;
    };
    profile(ui, scene, &part);
}

/// What points are coloured by.
fn colour(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let mut all = vec![ColourBy::Segment];
    if scene.state.shown().is_some() {
        all.push(ColourBy::Probability);
    }
    if scene.state.prepared.is_some() {
        all.push(ColourBy::Target);
    }
    if let Some(map) = scene.state.map.map() {
        all.extend(map.columns().into_iter().map(ColourBy::Column));
    }
    parts::setting(ui, lang, "map_colour", |ui| {
        let before = scene.page.map.by.clone();
        let combo = egui::ComboBox::from_id_salt("colour of the map")
            .selected_text(by_words(lang, &before))
            .width(200.0)
            .show_ui(ui, |ui| {
                for one in all {
                    let text = by_words(lang, &one);
                    ui.selectable_value(&mut scene.page.map.by, one, text);
                }
            });
        let name = lang.t("setting.map_colour");
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        if scene.page.map.by != before {
            scene.page.map.hidden = [false; 8];
        }
    });
}

/// Those who were chosen: how many, what sets them apart, and a table of them to take away.
fn profile(ui: &mut Ui, scene: &mut Scene<'_>, part: &Part) {
    let lang = scene.lang;
    parts::section(ui, lang.t("map.part"));
    let of = &part.profile;
    let size = [("count", lang.count(of.size as u64)), ("share", percent(of.share))];
    ui.label(lang.with("segments.size", &size));
    if let Some(rate) = of.target_rate {
        let overall = scene.state.prepared.as_ref().map_or(0.0, |p| {
            let (yes, all) = p.labels.counts();
            yes as f64 / all.max(1) as f64
        });
        let args = [("rate", percent(rate)), ("overall", percent(overall))];
        ui.label(lang.with("segments.rate", &args));
    }
    ui.add_space(S2);
    if of.traits.is_empty() {
        parts::muted(ui, lang.t("segments.average"));
    }
    for one in &of.traits {
        ui.add(egui::Label::new(trait_words(lang, one)).wrap());
    }
    ui.add_space(S3);
    let title = lang.t("map.part.name");
    ui.horizontal(|ui| {
        if let Some(map) = scene.state.map.map().cloned() {
            let masked = scene.prefs.projector;
            take::table_menu(ui, lang, &title, || grid(lang, &map, part, masked, &title));
        }
        if ui.button(lang.t("map.part.drop")).clicked() {
            scene.state.map.choose_nobody();
            scene.page.map.shape.clear();
        }
    });
}

/// The chosen customers with their readable columns.
fn grid(lang: Lang, map: &CustomerMap, part: &Part, masked: bool, title: &str) -> Grid {
    let columns = map.columns();
    let mut header = vec![lang.t("customers.id")];
    header.extend(columns.iter().cloned());
    let row = |point: &usize| {
        let id = map.id(*point).map_or_else(String::new, |id| words::shown_id(id, masked));
        let mut row: Vec<Cell> = vec![id.as_str().into()];
        row.extend(columns.iter().map(|c| Cell::from(map.cell(*point, c).unwrap_or_default().as_str())));
        row
    };
    Grid { name: title.to_owned(), header, rows: part.points.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_of_a_legend_have_four_figures() {
        let all = [
            (0.0, "0"),
            (1234.6, "1235"),
            (0.123_456, "0.1235"),
            (-98.765, "-98.77"),
            (1_234_567.0, "1235000"),
        ];
        for (value, text) in all {
            assert_eq!(short(value), text);
        }
    }
}
