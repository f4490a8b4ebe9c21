//! Features: what the model will see of each customer, what is left out and why, and who is used
//! for what; how each feature is made and what it tells.

mod columns;
mod encoding;
mod picture;
mod selection;
mod sheet;

use eframe::egui::{self, Ui};
use regulars_engine::features::{DateMonth, TermColumns, TextUse};
use regulars_engine::split::Side;
use regulars_engine::table::Role;

use super::{Page, Scene};
use crate::window::command::Command;
use crate::window::parts;

/// What the page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// The columns, and what becomes of them.
    #[default]
    Columns,
    /// Every feature.
    Sheet,
}

impl Tab {
    /// Every tab, in its order.
    pub const ALL: [Tab; 2] = [Tab::Columns, Tab::Sheet];

    fn key(self) -> &'static str {
        match self {
            Self::Columns => "features.tab.columns",
            Self::Sheet => "features.tab.sheet",
        }
    }
}

/// What the page remembers between frames.
#[derive(Debug, Default)]
pub struct View {
    pub tab: Tab,
    /// The column whose encoding is set.
    pub column: String,
    /// The feature that is looked at closely.
    pub feature: String,
    /// What names of shown features hold.
    pub search: String,
    /// The column of the sheet that sorts, and whether it ascends; by what a feature weighs where there is
    /// none.
    pub sort: Option<(usize, bool)>,
    order: sheet::Order,
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::page_head(ui, lang, "features");
    let Some(prepared) = scene.state.prepared.clone() else {
        super::clean::waiting(ui, scene, "features");
        return;
    };
    ui.horizontal_wrapped(|ui| {
        for tab in Tab::ALL {
            ui.selectable_value(&mut scene.page.features.tab, tab, lang.t(tab.key()));
        }
    });
    ui.separator();
    if scene.page.features.tab == Tab::Columns {
        parts::figures(ui, |ui| {
            parts::figure(ui, &lang.t("features.count"), &lang.count(prepared.matrix.width() as u64), "");
            for (side, key) in [(Side::Train, "train"), (Side::Valid, "valid"), (Side::Test, "test")] {
                let name = lang.t(&format!("side.{key}"));
                let sentence = lang.t(&format!("side.{key}.says"));
                parts::figure(ui, &name, &lang.count(prepared.count(side) as u64), &sentence);
            }
        });
    }
    for leak in &prepared.leaks {
        let args = [("column", leak.column.clone()), ("auc", format!("{:.3}", leak.roc_auc))];
        parts::caution(ui, &lang.with("features.leak", &args));
    }
    super::classroom::leak_trap::show(ui, scene, false);
    match scene.page.features.tab {
        Tab::Columns => columns::show(ui, scene, &prepared),
        Tab::Sheet => sheet::show(ui, scene),
    }
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    // Above the settings, which are longer than the window is high.
    if scene.state.prepared.is_some() && parts::primary(ui, lang.t("features.next"), true) {
        scene.send.push(Command::Go(Page::Train));
    }
    parts::section(ui, lang.t("features.settings"));
    general(ui, scene);
    encoding::show(ui, scene);
    selection::show(ui, scene);
    if let Some(prepared) = scene.state.prepared.clone() {
        parts::section(ui, lang.t("features.use"));
        egui::ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
            for spec in prepared.schema.iter().filter(|s| s.role.is_feature()) {
                let exclude = &mut scene.state.settings.features.exclude;
                let mut on = !exclude.contains(&spec.name);
                if ui.checkbox(&mut on, &spec.name).changed() {
                    exclude.retain(|name| *name != spec.name);
                    if !on {
                        exclude.push(spec.name.clone());
                    }
                }
            }
        });
    }
}

/// What holds for all columns.
fn general(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let settings = &mut scene.state.settings;
    parts::setting(ui, lang, "rare", |ui| {
        let mut percent = settings.features.rare_share * 100.0;
        if parts::named(ui, lang, "rare", egui::Slider::new(&mut percent, 0.0..=10.0).suffix("%")).changed() {
            settings.features.rare_share = percent / 100.0;
        }
    });
    parts::setting(ui, lang, "levels", |ui| {
        parts::named(
            ui,
            lang,
            "levels",
            egui::Slider::new(&mut settings.features.max_levels, 2..=200).logarithmic(true),
        );
    });
    encoding::wide(ui, lang, &mut settings.features);
    parts::setting(ui, lang, "date_month", |ui| {
        let name = lang.t("setting.date_month");
        parts::choose(ui, &name, &mut settings.features.month, &DateMonth::ALL, |when| {
            lang.t(&format!("date_month.{}", when.name()))
        });
    });
    let has_text =
        scene.state.table.as_ref().is_some_and(|table| table.columns.iter().any(|c| c.role == Role::Text));
    if has_text {
        parts::setting(ui, lang, "text_terms", |ui| {
            let before = settings.features.text.limit();
            let mut limit = before;
            parts::named(ui, lang, "text_terms", egui::Slider::new(&mut limit, 0..=500));
            if limit != before {
                settings.features.text = match settings.features.text.clone() {
                    // What else was set of the terms stays.
                    TextUse::Terms(terms) if limit > 0 => TextUse::Terms(TermColumns { limit, ..terms }),
                    _ => TextUse::terms(limit),
                };
            }
        });
    }
    parts::setting(ui, lang, "test_share", |ui| {
        let mut percent = settings.split.test * 100.0;
        if parts::named(
            ui,
            lang,
            "test_share",
            egui::Slider::new(&mut percent, 5.0..=50.0).fixed_decimals(0).suffix("%"),
        )
        .changed()
        {
            settings.split.test = percent / 100.0;
        }
    });
}
