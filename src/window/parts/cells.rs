//! Whether small groups are kept out of what is shared, and from which size on: one choice, which every menu
//! of a table shows and the window remembers.

use eframe::egui::{Context, DragValue, Id, Ui};
use regulars_engine::files::Grid;
use regulars_engine::privacy::cells::{Layout, Method, Rule, chance, protect_moves};
use serde::{Deserialize, Serialize};

use crate::report::cells;
use crate::words::Lang;

/// The choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// In reports and in bundles.
    pub reports: bool,
    /// In tables that are copied or saved. These are off at first: what is taken out of the window is what
    /// it shows.
    pub tables: bool,
    pub rule: Rule,
}

impl Default for Choice {
    fn default() -> Self {
        Self { reports: true, tables: false, rule: Rule::default() }
    }
}

impl Choice {
    /// The rule for reports and bundles; `None` where they say everything.
    pub fn in_reports(self) -> Option<Rule> {
        self.reports.then(|| self.rule.sound())
    }

    /// The rule for tables.
    pub fn in_tables(self) -> Option<Rule> {
        self.tables.then(|| self.rule.sound())
    }
}

fn id() -> Id {
    Id::unique("small cells")
}

/// The choice that is in force.
pub fn of(ctx: &Context) -> Choice {
    ctx.data(|data| data.get_temp(id())).unwrap_or_default()
}

/// Puts another in force.
pub fn set(ctx: &Context, choice: Choice) {
    ctx.data_mut(|data| data.insert_temp(id(), choice));
}

/// A table as it is taken away: without small groups where that is chosen.
pub fn shared(ctx: &Context, lang: Lang, mut grid: Grid, layout: &Layout<'_>) -> Grid {
    if let Some(rule) = of(ctx).in_tables() {
        cells::protect(lang, &mut grid, layout, (rule, chance()));
    }
    grid
}

/// [`shared`] of moves: from, to, customers; rows that have the same text in `block` are one step.
pub fn shared_moves(
    ctx: &Context,
    lang: Lang,
    mut grid: Grid,
    columns: (usize, usize, usize),
    block: &[usize],
) -> Grid {
    if let Some(rule) = of(ctx).in_tables() {
        let hidden = protect_moves(&mut grid, columns, block, (rule, chance()), &cells::marks(lang, rule));
        cells::tell(lang, &mut grid, rule, hidden);
    }
    grid
}

/// The switch beside what makes a report or a bundle.
pub fn report_switch(ui: &mut Ui, lang: Lang) {
    let mut choice = of(ui.ctx());
    let label = lang.with("cells.switch", &[("least", choice.rule.least.to_string())]);
    if ui.checkbox(&mut choice.reports, label).on_hover_text(lang.t("cells.switch.help")).changed() {
        set(ui.ctx(), choice);
    }
}

/// The switch in the menu of a table.
pub(super) fn table_switch(ui: &mut Ui, lang: Lang) {
    let mut choice = of(ui.ctx());
    let label = lang.with("cells.switch.tables", &[("least", choice.rule.least.to_string())]);
    if ui.checkbox(&mut choice.tables, label).changed() {
        set(ui.ctx(), choice);
    }
}

/// All of it, with size and method.
pub fn form(ui: &mut Ui, lang: Lang) {
    let before = of(ui.ctx());
    let mut choice = before;
    ui.horizontal(|ui| {
        let label = ui.label(lang.t("cells.least"));
        ui.add(DragValue::new(&mut choice.rule.least).range(Rule::RANGE).speed(0.1)).labelled_by(label.id);
    });
    ui.horizontal(|ui| {
        ui.label(lang.t("cells.method"));
        for method in Method::ALL {
            let key = format!("cells.method.{}", method.name());
            let response = ui.selectable_value(&mut choice.rule.method, method, lang.t(&key));
            response.on_hover_text(lang.t(&format!("{key}.help")));
        }
    });
    ui.checkbox(&mut choice.reports, lang.t("cells.where.report"));
    ui.checkbox(&mut choice.tables, lang.t("cells.where.tables"));
    if choice != before {
        set(ui.ctx(), choice);
    }
}
