//! Smaller model: every way to make the network smaller side by side, and the price of the one that is taken.

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{SmallRow, SmallTable};
use regulars_engine::train::small::{Way, check};

use crate::report::small as told;
use crate::window::command::Command;
use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::window::theme::{self, S2};
use crate::words::Lang;

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("small.settings"));
    let spec = &mut scene.state.small.spec;
    parts::setting(ui, lang, "small_sparsity", |ui| {
        parts::named(ui, lang, "small_sparsity", parts::form::share(&mut spec.sparsity, 0.1..=0.99));
    });
    parts::setting(ui, lang, "small_neurons", |ui| {
        parts::named(ui, lang, "small_neurons", parts::form::share(&mut spec.neurons, 0.1..=0.95));
    });
    parts::setting(ui, lang, "small_epochs", |ui| {
        parts::named(ui, lang, "small_epochs", egui::Slider::new(&mut spec.epochs, 2..=100));
    });
    parts::setting(ui, lang, "small_student", |ui| {
        let slider = egui::Slider::new(&mut spec.student, 1..=256).logarithmic(true);
        parts::named(ui, lang, "small_student", slider);
    });
    parts::setting(ui, lang, "small_temperature", |ui| {
        let slider = egui::Slider::new(&mut spec.temperature, 1.0..=10.0).fixed_decimals(1);
        parts::named(ui, lang, "small_temperature", slider);
    });
    parts::setting(ui, lang, "small_alpha", |ui| {
        let slider = egui::Slider::new(&mut spec.alpha, 0.0..=1.0).fixed_decimals(2);
        parts::named(ui, lang, "small_alpha", slider);
    });
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("small.title"));
    parts::muted(ui, lang.t("small.question"));
    ui.add_space(S2);
    let Some(network) = scene.state.network().cloned() else {
        nothing(ui, scene);
        return;
    };
    if let Some(small) = network.trained.model.small() {
        ui.add(egui::Label::new(told::card(lang, small)).wrap());
        let full = scene.state.full_run();
        if let Some(at) = full
            && ui.add(parts::tall(lang.t("small.back"))).clicked()
        {
            scene.state.show_run(at);
            scene.state.show_model(scene.state.network().map_or(network.kind, |full| full.kind));
            scene.state.changed();
        }
        return;
    }
    if check(&network.trained.model).is_err() {
        nothing(ui, scene);
        return;
    }
    let found = scene.state.smaller();
    parts::steady(ui, "small controls", |ui| controls(ui, scene, found.as_ref().is_some_and(|of| of.1)));
    let Some((found, is_present)) = found else { return };
    if !is_present && scene.state.small.progress().is_none() {
        parts::caution(ui, &lang.t("small.stale"));
    }
    // Above the table: what was clicked there is answered in sight.
    if is_present {
        parts::steady(ui, "small price", |ui| price(ui, scene, &found));
    }
    ui.add_space(S2);
    rows(ui, scene, &found, is_present);
}

/// There is no network: none was trained.
fn nothing(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let button = (lang.t("command.train"), Command::Train);
    parts::empty_state(ui, lang, "small", Some(button), scene.send);
}

fn controls(ui: &mut Ui, scene: &mut Scene<'_>, is_present: bool) {
    let lang = scene.lang;
    ui.horizontal_wrapped(|ui| {
        if let Some(done) = scene.state.small.progress() {
            if ui.add(parts::tall(lang.t("command.cancel"))).clicked() {
                scene.send.push(Command::Cancel);
            }
            let text = lang.t("small.working");
            ui.add(egui::ProgressBar::new(done as f32).desired_width(320.0).text(text));
            return;
        }
        let ready = scene.state.train.is_none() && !scene.state.small.is_taking();
        let text = lang.t("small.start");
        let go = match is_present || scene.state.small.asked.is_some() {
            false => parts::primary(ui, text, ready),
            true => ui.add_enabled(ready, parts::tall(lang.t("small.again"))).clicked(),
        };
        if go {
            scene.state.find_smaller();
        }
    });
}

fn rows(ui: &mut Ui, scene: &mut Scene<'_>, found: &SmallTable, is_present: bool) {
    let lang = scene.lang;
    if let Some(finding) = finding(lang, found) {
        ui.label(RichText::new(finding).family(theme::strong()));
    }
    let names = told::heads(lang);
    ui.horizontal_wrapped(|ui| {
        let args = [("rows", lang.count(found.test_rows as u64))];
        parts::muted(ui, lang.with("small.measured", &args));
        take::table_menu(ui, lang, &lang.t("small.title"), || Grid {
            name: lang.t("small.title"),
            header: names.to_vec(),
            rows: found.rows.iter().map(|row| told::cells(lang, row).map(Cell::from).to_vec()).collect(),
        });
    });
    let widths = [150.0, 70.0, 86.0, 62.0, 224.0, 224.0, 88.0, 72.0];
    let mut heads = table::heads(names, widths, 1);
    // The button stands beside the name: it must be in sight without scrolling.
    heads.insert(1, table::Head::text("", 68.0));
    let free = is_present && !scene.state.locked && !scene.state.small.is_taking();
    let mut asked = None;
    let spec = table::Table::new("small", &heads, found.rows.len(), f32::INFINITY);
    table::show(ui, &spec, |ui, row, column| {
        let Some(row) = found.rows.get(row) else { return };
        match (column, row.way) {
            (1, Some(way)) => {
                if choose(ui, lang, way, free) {
                    asked = Some(way);
                }
            }
            (1, None) => {}
            (0, way) => {
                let name = RichText::new(told::way(lang, way)).family(theme::strong());
                let label = ui.add(egui::Label::new(name).truncate().selectable(false));
                label.on_hover_text(lang.t(&format!("small.help.{}", way.map_or("full", Way::name))));
            }
            (column, _) => {
                let cells = told::cells(lang, row);
                table::plain(ui, cells.get(column - 1).cloned().unwrap_or_default());
            }
        }
    });
    if asked.is_some() {
        scene.state.small.asked = asked;
    }
    ui.add_space(S2);
    ui.add(egui::Label::new(RichText::new(lang.t("small.honest")).small()).wrap());
    for (way, why) in &found.failed {
        parts::caution(ui, &format!("{}: {why}", told::way(lang, Some(*way))));
    }
}

fn choose(ui: &mut Ui, lang: Lang, way: Way, free: bool) -> bool {
    let response = ui.add_enabled(free, egui::Button::new(lang.t("small.choose")).small());
    let words = format!("{} {}", lang.t("small.choose"), told::way(lang, Some(way)));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, free, &words));
    response.clicked()
}

/// The smallest model that no interval calls worse, said plainly.
fn finding(lang: Lang, found: &SmallTable) -> Option<String> {
    let full = found.full()?;
    let holds = |row: &&SmallRow| row.auc_difference.is_some_and(|of| of.high >= 0.0);
    let least = found.rows.iter().filter(|row| row.way.is_some()).filter(holds).min_by_key(|row| row.bytes);
    Some(match least {
        Some(row) => {
            let share = crate::words::percent(row.bytes as f64 / full.bytes.max(1) as f64);
            lang.with("small.finding", &[("way", told::way(lang, row.way)), ("share", share)])
        }
        None => lang.t("small.finding_none"),
    })
}

/// What the chosen one costs; it is taken only by the button below.
fn price(ui: &mut Ui, scene: &mut Scene<'_>, found: &SmallTable) {
    let lang = scene.lang;
    let Some(way) = scene.state.small.asked else { return };
    let Some(price) = found.of(way).and_then(|row| found.price(row)) else { return };
    ui.add_space(S2);
    parts::card(ui, 12, |ui| {
        ui.label(RichText::new(told::way(lang, Some(way))).font(theme::section_font()));
        ui.add(egui::Label::new(told::price(lang, way, &price)).wrap());
        parts::muted(ui, lang.t("small.consequence"));
        ui.add_space(S2);
        ui.horizontal_wrapped(|ui| {
            let free = !scene.state.locked && !scene.state.small.is_taking();
            if parts::primary(ui, lang.t("small.accept"), free) {
                let args = [("way", told::way(lang, Some(way)))];
                scene.state.take_smaller(way, lang.with("small.run_name", &args));
            }
            if ui.add(parts::tall(lang.t("small.keep"))).clicked() {
                scene.state.small.asked = None;
            }
        });
    });
}
