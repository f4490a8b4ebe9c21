//! From nothing to an exported call list by keyboard alone, in both languages, each step a picture:
//! they are written to `journey-<language>/` in cargo's folder for tests' files, or to
//! `REGULARS_SHOTS`.

use std::path::{Path, PathBuf};

use eframe::egui::{Event, Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::notice::Tone;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::train::DeviceKind;

use crate::pages::{until, window};
use crate::support::{adapter, sample, telco};

struct Typist {
    harness: Harness<'static, App>,
    lang: Lang,
    folder: Option<PathBuf>,
    shots: usize,
}

impl Typist {
    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_steps(3);
    }

    fn write(&mut self, text: &str) {
        self.harness.event(Event::Text(text.to_owned()));
        self.harness.run_steps(2);
    }

    /// Tab until the control of this name has the focus.
    fn tab_to(&mut self, key: &str) {
        let name = self.lang.t(key);
        for _ in 0..400 {
            let focused = self.harness.query_all_by_label(&name).any(|node| node.is_focused());
            if focused {
                return;
            }
            self.press(Modifiers::NONE, Key::Tab);
        }
        panic!("{name} cannot be reached with Tab");
    }

    fn shot(&mut self, name: &str) {
        self.shots += 1;
        if let Some(folder) = &self.folder {
            let path = folder.join(format!("{:02}-{name}.png", self.shots));
            self.harness.render().unwrap().save(path).unwrap();
        }
    }
}

fn folder(name: &str, lang: Lang) -> Option<PathBuf> {
    let base = std::env::var_os("REGULARS_SHOTS")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let folder = base.join(format!("{name}-{}", lang.code()));
    std::fs::create_dir_all(&folder).unwrap();
    adapter().then_some(folder)
}

/// `file` is a data file or a folder of linked ones.
fn journey(lang: Lang, file: &Path) {
    let out = tempfile::tempdir().unwrap();
    let prefs = Prefs { lang, ..Prefs::default() };
    let pictures = folder(if file.is_dir() { "journey-linked" } else { "journey" }, lang);
    let mut t = Typist { harness: window([1280.0, 800.0], prefs), lang, folder: pictures, shots: 0 };
    t.harness.state_mut().state.settings.device = DeviceKind::Flex;
    t.harness.ctx.set_theme(Theme::Light);
    t.harness.run_steps(3);
    t.shot("start");

    let both = Modifiers::COMMAND | Modifiers::SHIFT;
    t.press(both, Key::O);
    t.write(file.to_str().unwrap());
    t.shot("path");
    t.press(Modifiers::NONE, Key::Enter);
    until(&mut t.harness, "reading", |app| app.state.prepared.is_some());
    t.harness.run_steps(3);
    t.shot("collect");
    if file.is_dir() {
        let state = &t.harness.state().state;
        let collected = state.collected.as_ref().unwrap();
        assert_eq!((collected.dataset.tables.len(), collected.dataset.links.len()), (5, 4));
        let customers = &collected.dataset.tables.iter().find(|table| table.name == "customers").unwrap();
        assert_eq!(state.table.as_ref().unwrap().height(), customers.height(), "one row per customer");
    }
    t.press(Modifiers::COMMAND, Key::Num2);
    assert_eq!(t.harness.state().prefs.page, Page::Clean);
    t.shot("clean");
    t.press(Modifiers::COMMAND, Key::Num3);
    t.shot("features");
    t.press(Modifiers::COMMAND, Key::Enter);
    t.shot("training");
    until(&mut t.harness, "training", |app| app.state.reasons.is_some() && !app.state.bundling());
    until(&mut t.harness, "segments", |app| app.state.segments.is_some());
    assert_eq!(t.harness.state().prefs.page, Page::Train);
    t.shot("trained");
    t.press(Modifiers::COMMAND, Key::Num5);
    t.shot("evaluate");
    t.press(Modifiers::COMMAND, Key::Num6);
    t.press(Modifiers::COMMAND, Key::ArrowDown);
    assert!(t.harness.state().page.customer.is_some());
    t.shot("customer");
    t.tab_to("follow.contacted_today");
    t.press(Modifiers::NONE, Key::Space);
    assert_eq!(t.harness.state().state.follow_ups.len(), 1, "a control was pressed with the space bar");
    t.shot("contacted");

    // The palette finds a command by its words.
    t.press(Modifiers::COMMAND, Key::K);
    t.write(&lang.t("list.name").to_lowercase());
    t.shot("palette");
    t.press(Modifiers::NONE, Key::Enter);
    t.shot("export");
    t.press(Modifiers::COMMAND, Key::A);
    let path = out.path().join("名单.xlsx");
    t.write(path.to_str().unwrap());
    t.press(Modifiers::NONE, Key::Enter);
    let good = |app: &App| app.state.notices.iter().any(|n| n.tone == Tone::Good);
    until(&mut t.harness, "exporting", good);
    t.harness.run_steps(3);
    t.shot("exported");
    use calamine::Reader as _;
    let mut book = calamine::open_workbook_auto(&path).unwrap();
    let rows = book.worksheet_range_at(0).unwrap().unwrap().height();
    let list = t.harness.state().state.list().unwrap();
    let risky = regulars_engine::deploy::at_risk(list, 0.5).0;
    assert_eq!(rows, risky + 1, "those at risk who are still here, and the head");
    println!("{}: {} steps, {rows} rows; pictures in {:?}", lang.label(), t.shots, t.folder);
}

#[test]
fn from_nothing_to_a_call_list_by_keyboard_in_english() {
    journey(Lang::En, &telco().unwrap_or_else(sample));
}

#[test]
fn from_nothing_to_a_call_list_by_keyboard_in_chinese() {
    journey(Lang::Zh, &sample());
}

/// The five exports of a shop, in one folder.
fn linked(lang: Lang) {
    let folder = tempfile::tempdir().unwrap();
    regulars_engine::sample::write(folder.path(), 300, 7).unwrap();
    journey(lang, folder.path());
}

#[test]
fn from_five_files_to_a_call_list_by_keyboard_in_english() {
    linked(Lang::En);
}

#[test]
fn from_five_files_to_a_call_list_by_keyboard_in_chinese() {
    linked(Lang::Zh);
}

/// The tour goes from control to control, and each is there.
#[test]
fn the_tour_points_at_what_is_there_and_can_be_left() {
    let mut t = Typist {
        harness: window([1280.0, 800.0], Prefs { lang: Lang::En, ..Prefs::default() }),
        lang: Lang::En,
        folder: None,
        shots: 0,
    };
    t.harness.state_mut().state.settings.mlp.epochs = 2;
    t.harness.state_mut().state.open(&sample());
    until(&mut t.harness, "reading", |app| app.state.prepared.is_some());
    t.harness.state_mut().state.train();
    until(&mut t.harness, "training", |app| app.state.list().is_some());
    t.press(Modifiers::NONE, Key::F1);
    for stop in ["rail", "columns", "recipe", "train", "threshold", "list", "palette"] {
        let title = Lang::En.t(&format!("tour.{stop}.title"));
        assert!(t.harness.query_by_label(&title).is_some(), "{title}");
        let next = if stop == "palette" { "tour.done" } else { "tour.next" };
        t.harness.get_by_label(&Lang::En.t(next)).click();
        t.harness.run_steps(4);
    }
    assert!(t.harness.query_by_label(&Lang::En.t("tour.palette.title")).is_none(), "it is over");
    t.press(Modifiers::NONE, Key::F1);
    assert!(t.harness.query_by_label(&Lang::En.t("tour.rail.title")).is_some());
    t.press(Modifiers::NONE, Key::Escape);
    assert!(t.harness.query_by_label(&Lang::En.t("tour.rail.title")).is_none(), "it can be left");
}
