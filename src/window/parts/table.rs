//! The data table: virtual rows, a head that stays, sorting by a click on a head.

use eframe::egui::{self, Align, Layout, RichText, Sense, Ui};
use egui_extras::{Column, TableBuilder};

use crate::window::theme::{self, Palette};

/// A column of a table.
pub struct Head {
    pub name: String,
    pub width: f32,
    /// Numbers stand to the right.
    pub right: bool,
}

impl Head {
    /// A column of text.
    pub fn text(name: impl Into<String>, width: f32) -> Self {
        Self { name: name.into(), width, right: false }
    }

    /// A column of numbers.
    pub fn number(name: impl Into<String>, width: f32) -> Self {
        Self { name: name.into(), width, right: true }
    }
}

/// Columns of these names and widths: the first `texts` of text, the others of numbers.
pub fn heads(
    names: impl IntoIterator<Item = impl Into<String>>,
    widths: impl IntoIterator<Item = f32>,
    texts: usize,
) -> Vec<Head> {
    let named = names.into_iter().zip(widths).enumerate();
    named.map(|(at, (name, width))| Head { name: name.into(), width, right: at >= texts }).collect()
}

/// A table.
pub struct Table<'a> {
    pub id: &'a str,
    pub heads: &'a [Head],
    /// The column that sorts, and whether it ascends.
    pub sorted: Option<(usize, bool)>,
    pub rows: usize,
    /// Infinite where every row stands on the page, and the page scrolls: for tables of a few rows.
    pub height: f32,
    /// Rows can be chosen, and this one is.
    pub chosen: Option<Option<usize>>,
    /// A row that must come in sight.
    pub scroll_to: Option<usize>,
}

impl<'a> Table<'a> {
    /// A table that only shows.
    pub fn new(id: &'a str, heads: &'a [Head], rows: usize, height: f32) -> Self {
        Self { id, heads, sorted: None, rows, height, chosen: None, scroll_to: None }
    }
}

/// What was clicked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clicked {
    pub head: Option<usize>,
    pub row: Option<usize>,
}

/// Height of a row of one line.
const ROW: f32 = 28.0;

/// Draws the rows, of which only those in sight are asked for.
pub fn show(ui: &mut Ui, table: &Table<'_>, cell: impl FnMut(&mut Ui, usize, usize)) -> Clicked {
    show_tall(ui, table, ROW, cell)
}

/// [`show`] with rows of a given height, for cells of several lines.
pub fn show_tall(
    ui: &mut Ui,
    table: &Table<'_>,
    row_height: f32,
    mut cell: impl FnMut(&mut Ui, usize, usize),
) -> Clicked {
    let p = Palette::of(ui);
    let Table { id, heads, sorted, rows, height, chosen, scroll_to } = *table;
    let mut clicked = Clicked::default();
    ui.push_id(id, |ui| {
        egui::ScrollArea::horizontal().id_salt((id, "wide")).show(ui, |ui| {
            let mut builder = TableBuilder::new(ui)
                .id_salt(id)
                .resizable(true)
                .auto_shrink([true, true])
                .vscroll(height.is_finite())
                .max_scroll_height(height)
                .min_scrolled_height(height.min(120.0))
                .cell_layout(Layout::left_to_right(Align::Center));
            if chosen.is_some() {
                builder = builder.sense(Sense::click());
            }
            if let Some(row) = scroll_to {
                builder = builder.scroll_to_row(row, None);
            }
            for (at, head) in heads.iter().enumerate() {
                // The last takes what room is left; numbers would stand far from the others, at its right end.
                let column = if at + 1 == heads.len() && !head.right {
                    Column::remainder().at_least(head.width)
                } else {
                    // The widths of last columns were written for one that grows.
                    let least = if at + 1 == heads.len() { 88.0 } else { 0.0 };
                    Column::initial(head.width.max(least)).at_least(40.0)
                };
                builder = builder.column(column.clip(true));
            }
            builder
                .header(30.0, |mut row| {
                    for (at, head) in heads.iter().enumerate() {
                        row.col(|ui| {
                            let mark = match sorted {
                                Some((column, true)) if column == at => " ▲",
                                Some((column, false)) if column == at => " ▼",
                                _ => "",
                            };
                            let text = RichText::new(format!("{}{mark}", head.name))
                                .family(theme::strong())
                                .color(p.muted);
                            let sense = if sorted.is_some() { Sense::click() } else { Sense::hover() };
                            let draw = |ui: &mut Ui| ui.add(egui::Label::new(text).sense(sense).truncate());
                            let response = if head.right {
                                ui.with_layout(Layout::right_to_left(Align::Center), draw).inner
                            } else {
                                draw(ui)
                            };
                            if response.clicked() {
                                clicked.head = Some(at);
                            }
                        });
                    }
                })
                .body(|body| {
                    body.rows(row_height, rows, |mut row| {
                        let index = row.index();
                        row.set_selected(chosen == Some(Some(index)));
                        for (at, head) in heads.iter().enumerate() {
                            row.col(|ui| {
                                if head.right {
                                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                                        cell(ui, index, at)
                                    });
                                } else {
                                    cell(ui, index, at);
                                }
                            });
                        }
                        if chosen.is_some() && row.response().clicked() {
                            clicked.row = Some(index);
                        }
                    });
                });
        });
    });
    clicked
}

/// A cell of plain text, cut with dots where it is too long and whole on hover.
pub fn plain(ui: &mut Ui, text: impl Into<String>) {
    ui.add(egui::Label::new(text.into()).truncate().selectable(false));
}

/// Text of at most `most` lines in the width that there is, cut with dots where it is longer and whole on
/// hover, above `more` where there is any.
pub fn lines(ui: &mut Ui, text: RichText, most: usize, more: &str) {
    let whole = text.text().to_owned();
    let mut job = egui::WidgetText::from(text)
        .into_layout_job(ui.style(), egui::FontSelection::Default, Align::Min)
        .as_ref()
        .clone();
    job.wrap =
        egui::text::TextWrapping { max_width: ui.available_width(), max_rows: most, ..Default::default() };
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let is_cut = galley.elided;
    let response = ui.add(egui::Label::new(galley).selectable(false));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &whole));
    let hover = match (is_cut, more.is_empty()) {
        (true, true) => whole.clone(),
        (true, false) => format!("{whole}\n{more}"),
        (false, _) => more.to_owned(),
    };
    if !hover.is_empty() {
        response.on_hover_text(hover);
    }
}

/// A cell that holds nothing: the mark of a missing value.
pub fn missing(ui: &mut Ui) {
    let color = Palette::of(ui).muted;
    ui.label(RichText::new("—").color(color));
}
