//! Beside Collect: how the file is read. Each decision can be made otherwise, with the first rows
//! beside it.

use std::path::PathBuf;

use eframe::egui::{self, RichText, TextEdit, Ui};
use regulars_engine::collect::ReadOptions;
use regulars_engine::detect::encoding::{self, Candidate};
use regulars_engine::table::{Role, Table};

use super::{Scene, sample, tables};
use crate::window::command::Command;
use crate::window::pages::Page;
use crate::window::parts::{self, form};
use crate::window::theme::S3;
use crate::words::Lang;

/// Bytes from which encodings are compared.
const HEAD: u64 = 64 * 1024;

/// Encodings of a file's head, the likeliest first.
#[derive(Debug)]
pub struct Encodings {
    file: PathBuf,
    list: Vec<Candidate>,
}

pub(in crate::window::pages) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("collect.reading"));
    let Some(data) = scene.state.table.clone() else {
        parts::muted(ui, lang.t("status.no_file"));
        return;
    };
    parts::muted(ui, data.source.file.display().to_string());
    let several = scene.state.collected.as_ref().is_some_and(|collected| collected.dataset.tables.len() > 1);
    if !several {
        how_read(ui, scene, &data);
    }
    if let Some(collected) = scene.state.collected.clone() {
        tables::settings(ui, scene, &collected);
    }
    sample::settings(ui, scene);
    super::question::settings(ui, scene);
    // What is lost needs no saying where a question is asked.
    if let Some(target) = data.with_role(Role::Target).filter(|_| scene.state.asked().is_none()) {
        parts::setting(ui, lang, "positive", |ui| {
            parts::muted(ui, format!("{}: {}", lang.t("role.target"), target.name));
            let guessed =
                scene.state.prepared.as_ref().map(|p| p.labels.positive.clone()).unwrap_or_default();
            let mut value = scene.state.settings.positive.clone().unwrap_or(guessed);
            let before = value.clone();
            let combo =
                egui::ComboBox::from_id_salt("positive").selected_text(value.clone()).show_ui(ui, |ui| {
                    for (level, count) in &target.levels {
                        ui.selectable_value(
                            &mut value,
                            level.clone(),
                            format!("{level}  ({})", lang.count(*count)),
                        );
                    }
                });
            let name = lang.t("setting.positive");
            combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
            if value != before {
                scene.state.settings.positive = Some(value);
            }
        });
    }
    if let Some(error) = &scene.state.prepare_error {
        parts::problem(ui, lang, error);
    }
    ui.add_space(S3);
    ui.horizontal_wrapped(|ui| {
        for command in [Command::OpenDialog, Command::AddFiles] {
            if ui.button(command.text(lang)).clicked() {
                scene.send.push(command);
            }
        }
        if scene.state.prepared.is_some() && parts::primary(ui, lang.t("collect.next"), true) {
            scene.send.push(Command::Go(Page::Clean));
        }
    });
}

/// Encoding, separator, header, part: as guessed, or as the person says.
fn how_read(ui: &mut Ui, scene: &mut Scene<'_>, data: &Table) {
    let lang = scene.lang;
    parts_of_file(ui, scene, data);
    if !data.source.encoding.is_empty() {
        encodings(ui, scene, data);
    }
    let read = &mut scene.state.settings.read;
    if let Some(guessed) = data.source.separator {
        parts::setting(ui, lang, "separator", |ui| {
            let words = |s: Option<char>| match s {
                None => format!("{} ({})", lang.t("common.guessed"), show_separator(guessed)),
                Some(s) => show_separator(s),
            };
            let all = [None, Some(','), Some(';'), Some('\t'), Some('|')];
            parts::choose(ui, &lang.t("setting.separator"), &mut read.separator, &all, words);
        });
    }
    parts::setting(ui, lang, "header", |ui| {
        let mut header = read.header.unwrap_or(data.source.header);
        if ui.checkbox(&mut header, lang.t("setting.header.on")).changed() {
            read.header = Some(header);
        }
    });
    egui::CollapsingHeader::new(lang.t("reading.more"))
        .id_salt("reading more")
        .show(ui, |ui| more(ui, lang, read));
}

/// What is seldom needed.
fn more(ui: &mut Ui, lang: Lang, read: &mut ReadOptions) {
    parts::setting(ui, lang, "header_row", |ui| {
        let mut row = read.header_row.unwrap_or(0);
        let drag = egui::DragValue::new(&mut row).range(0..=10_000);
        if parts::named(ui, lang, "header_row", drag).changed() {
            read.header_row = (row > 0).then_some(row);
        }
    });
    parts::setting(ui, lang, "range", |ui| {
        let mut range = read.range.clone().unwrap_or_default();
        let edit = TextEdit::singleline(&mut range).desired_width(120.0).hint_text("B3:H200");
        let edit = parts::named(ui, lang, "range", edit);
        form::typing(ui, &edit);
        if edit.changed() {
            read.range = (!range.trim().is_empty()).then_some(range);
        }
    });
    parts::setting(ui, lang, "comment", |ui| {
        let all = [None, Some('#'), Some(';'), Some('%'), Some('/')];
        let words = |c: Option<char>| c.map_or_else(|| lang.t("common.guessed"), String::from);
        parts::choose(ui, &lang.t("setting.comment"), &mut read.comment, &all, words);
    });
    parts::setting(ui, lang, "quoting", |ui| {
        let words = |q: Option<bool>| {
            lang.t(match q {
                None => "common.guessed",
                Some(true) => "reading.quotes",
                Some(false) => "reading.no_quotes",
            })
        };
        parts::choose(
            ui,
            &lang.t("setting.quoting"),
            &mut read.quoting,
            &[None, Some(true), Some(false)],
            words,
        );
    });
}

/// Which table of a file that holds several.
fn parts_of_file(ui: &mut Ui, scene: &mut Scene<'_>, data: &Table) {
    let lang = scene.lang;
    let Some(collected) = scene.state.collected.clone().filter(|collected| collected.parts.len() > 1) else {
        return;
    };
    parts::setting(ui, lang, "part", |ui| {
        let mut name = data.source.part.clone().unwrap_or_default();
        let before = name.clone();
        let combo = egui::ComboBox::from_id_salt("part").selected_text(&name).show_ui(ui, |ui| {
            for part in &collected.parts {
                let rows = part.rows.map(|rows| format!("  ({})", lang.count(rows))).unwrap_or_default();
                let hidden =
                    if part.hidden { format!(" · {}", lang.t("reading.hidden")) } else { String::new() };
                ui.selectable_value(&mut name, part.name.clone(), format!("{}{rows}{hidden}", part.name));
            }
        });
        let label = lang.t("setting.part");
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
        if name != before {
            scene.state.settings.read.part = Some(name);
        }
    });
}

/// The encoding, and what the first lines look like under the likeliest ones.
fn encodings(ui: &mut Ui, scene: &mut Scene<'_>, data: &Table) {
    let lang = scene.lang;
    let known = scene.page.encodings.as_ref().is_some_and(|known| known.file == data.source.file);
    parts::setting(ui, lang, "encoding", |ui| {
        let chosen = scene.state.settings.read.encoding.clone();
        let shown = match &chosen {
            None => format!("{} ({})", lang.t("common.guessed"), data.source.encoding),
            Some(name) => name.clone(),
        };
        ui.label(shown);
        let compare = egui::CollapsingHeader::new(lang.t("reading.encodings")).id_salt("encodings");
        compare.show(ui, |ui| {
            if !known {
                scene.page.encodings = Some(look(data));
            }
            let Some(found) = &scene.page.encodings else { return };
            let mut wish = None;
            if ui.radio(chosen.is_none(), lang.t("common.guessed")).clicked() {
                wish = Some(None);
            }
            for candidate in found.list.iter().take(6) {
                let name = candidate.encoding.name();
                let on = chosen.as_deref().is_some_and(|chosen| chosen.eq_ignore_ascii_case(name));
                if ui.radio(on, name).on_hover_text(lang.note(&candidate.why)).clicked() {
                    wish = Some(Some(name.to_owned()));
                }
                for line in candidate.lines.iter().take(3) {
                    let line: String = line.chars().take(44).collect();
                    ui.add(egui::Label::new(RichText::new(line).small()).truncate());
                }
            }
            if let Some(encoding) = wish {
                scene.state.settings.read.encoding = encoding;
            }
        });
    });
}

/// Reads the head of the file; one that cannot be read has nothing to compare.
fn look(data: &Table) -> Encodings {
    use std::io::Read as _;
    let mut head = Vec::new();
    let file = data.source.file.clone();
    if let Ok(open) = std::fs::File::open(&file) {
        let _ = open.take(HEAD).read_to_end(&mut head);
    }
    let list = encoding::ranked(&head, (head.len() as u64) < HEAD);
    Encodings { file, list }
}

fn show_separator(separator: char) -> String {
    if separator == '\t' { "Tab".into() } else { separator.to_string() }
}
