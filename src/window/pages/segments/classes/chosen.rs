//! The customers that are looked at closely: what sets them apart, what they buy, what to do, who they are.

use std::sync::Arc;

use eframe::egui::{self, RichText, Ui};
use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{ClassProfile, Classified};
use regulars_engine::segment::classes::{ClassSpec, Fact};
use regulars_engine::segment::profile::{Difference, Favourite};

use super::{Choice, choice_name, to_list};
use crate::window::pages::Scene;
use crate::window::parts::{self, table, take};
use crate::window::theme::{self, S2};
use crate::words::{self, Lang, class_name, percent};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Classified>) {
    let lang = scene.lang;
    let (Some(choice), Some(places)) = (scene.page.classes.choice, scene.page.classes.places(found)) else {
        parts::muted(ui, lang.t("classes.choose"));
        return;
    };
    let name = choice_name(lang, scene, found, choice);
    parts::section(ui, &name);
    let args = [
        ("count", lang.count(places.len() as u64)),
        ("share", percent(places.len() as f64 / found.people.len().max(1) as f64)),
    ];
    ui.label(lang.with("classes.size", &args));
    if places.is_empty() {
        return;
    }
    growth(ui, scene, choice);
    let defining = match choice {
        Choice::Cell(..) | Choice::Class(_) => found.table_columns(),
        Choice::Rule(at) => {
            let rule = scene.state.settings.classes.rules.get(at);
            rule.map(|rule| found.rule_columns(rule)).unwrap_or_default()
        }
    };
    scene.state.follow_class_profile(&places, defining);
    match scene.state.classes.profile(&places).cloned() {
        Some(profile) => apart(ui, lang, &name, &profile),
        None => parts::muted(ui, lang.t("status.working")),
    }
    action(ui, scene, found, choice);
    people(ui, scene, found, &places, &name);
}

/// How many there were before, where flows are known.
fn growth(ui: &mut Ui, scene: &mut Scene<'_>, choice: Choice) {
    scene.state.follow_flows();
    let lang = scene.lang;
    let (Choice::Class(class), Some(moved)) = (choice, scene.state.flows.found()) else { return };
    let count = |at: usize| moved.moves.counts.get(at).and_then(|counts| counts.get(class)).copied();
    let Some(last) = moved.moves.days.len().checked_sub(1) else { return };
    let first = last.saturating_sub(6);
    if let (Some(then), Some(now), Some(day)) = (count(first), count(last), moved.moves.days.get(first))
        && first < last
    {
        let args =
            [("then", lang.count(then as u64)), ("now", lang.count(now as u64)), ("day", day.to_string())];
        let key = match now.cmp(&then) {
            std::cmp::Ordering::Greater => "classes.grew",
            std::cmp::Ordering::Less => "classes.shrank",
            std::cmp::Ordering::Equal => "classes.stayed",
        };
        ui.label(lang.with(key, &args));
    }
}

/// What a column or a fact is called.
fn column_name(lang: Lang, column: &str) -> String {
    match Fact::ALL.iter().find(|fact| fact.column() == column) {
        Some(fact) => lang.t(&format!("class_fact.{}", fact.name())),
        None => column.to_owned(),
    }
}

/// A number as people read it.
fn figure(value: f64) -> String {
    match value.abs() {
        big if big >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn difference(lang: Lang, one: &Difference) -> String {
    let name = column_name(lang, &one.column);
    match &one.level {
        Some(level) => lang.with(
            "classes.differs_level",
            &[
                ("column", name),
                ("level", level.clone()),
                ("here", percent(one.here)),
                ("rest", percent(one.rest)),
                ("low", words::points(one.effect.low)),
                ("high", words::points(one.effect.high)),
            ],
        ),
        None => lang.with(
            "classes.differs_number",
            &[
                ("column", name),
                ("here", figure(one.here)),
                ("rest", figure(one.rest)),
                ("d", format!("{:+.2}", one.effect.value)),
                ("low", format!("{:+.2}", one.effect.low)),
                ("high", format!("{:+.2}", one.effect.high)),
            ],
        ),
    }
}

fn favourite(lang: Lang, one: &Favourite) -> String {
    let args = [
        ("product", one.product.clone()),
        ("lift", format!("{:.1}", one.lift.value)),
        ("low", format!("{:.1}", one.lift.low)),
        ("high", format!("{:.1}", one.lift.high)),
        ("here", percent(one.here)),
        ("rest", percent(one.rest)),
    ];
    lang.with("classes.favourite", &args)
}

fn apart(ui: &mut Ui, lang: Lang, name: &str, profile: &ClassProfile) {
    ui.add_space(S2);
    ui.horizontal(|ui| {
        ui.label(RichText::new(lang.t("classes.apart")).family(theme::strong()));
        take::table_menu(ui, lang, &lang.t("classes.apart"), || grid_of(lang, name, profile));
    });
    let lines: Vec<String> = profile.differences.told.iter().map(|one| difference(lang, one)).collect();
    if lines.is_empty() {
        parts::muted(ui, lang.t("classes.nothing_apart"));
    }
    for line in &lines {
        ui.add(egui::Label::new(format!("• {line}")).wrap());
    }
    if !profile.favourites.told.is_empty() {
        ui.label(RichText::new(lang.t("classes.favourites")).family(theme::strong()));
        for one in &profile.favourites.told {
            ui.add(egui::Label::new(format!("• {}", favourite(lang, one))).wrap());
        }
    }
    let looked = profile.differences.looked_at + profile.favourites.looked_at;
    ui.label(RichText::new(lang.with("classes.looked", &[("count", lang.count(looked as u64))])).small())
        .on_hover_text(lang.t("classes.looked.help"));
}

fn grid_of(lang: Lang, name: &str, profile: &ClassProfile) -> Grid {
    let number = |value: f64| Cell::Number { value, text: format!("{value:.4}"), format: "0.0000" };
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for one in &profile.differences.told {
        rows.push(vec![
            column_name(lang, &one.column).into(),
            one.level.clone().unwrap_or_default().into(),
            number(one.here),
            number(one.rest),
            number(one.effect.value),
            number(one.effect.low),
            number(one.effect.high),
            number(one.p),
        ]);
    }
    for one in &profile.favourites.told {
        rows.push(vec![
            lang.t("classes.favourites").into(),
            one.product.clone().into(),
            number(one.here),
            number(one.rest),
            number(one.lift.value),
            number(one.lift.low),
            number(one.lift.high),
            number(one.p),
        ]);
    }
    let heads = ["column", "level", "here", "rest", "effect", "low", "high", "p"];
    Grid {
        name: name.to_owned(),
        header: heads.map(|key| lang.t(&format!("classes.effect.{key}"))).to_vec(),
        rows,
    }
}

/// What to do with the class: a suggestion, or the person's own words.
fn action(ui: &mut Ui, scene: &mut Scene<'_>, found: &Classified, choice: Choice) {
    let lang = scene.lang;
    let class = match choice {
        Choice::Class(at) => found.fitted.as_ref().and_then(|fitted| fitted.classes.get(at)),
        Choice::Cell(r, w) => {
            found.fitted.as_ref().and_then(|fitted| fitted.classes.iter().find(|class| class.holds(r, w)))
        }
        Choice::Rule(_) => None,
    };
    let name = match (choice, class) {
        (Choice::Rule(at), _) => scene.state.settings.classes.rules.get(at).map(|rule| rule.name.clone()),
        (_, class) => class.map(|class| class.name.clone()),
    };
    let Some(name) = name else { return };
    let usual = words::class_action(lang, &name);
    let said = scene.state.settings.classes.actions.get(&name).cloned();
    let mut text = said.clone().unwrap_or_else(|| usual.clone());
    ui.add_space(S2);
    let words = lang.with("classes.action", &[("class", class_name(lang, &name))]);
    let label = ui.label(RichText::new(words).family(theme::strong()));
    let edit = egui::TextEdit::multiline(&mut text).desired_rows(2).desired_width(f32::INFINITY);
    let edit = ui.add(edit).labelled_by(label.id);
    parts::form::typing(ui, &edit);
    if edit.changed() {
        let actions = &mut scene.state.settings.classes.actions;
        match text == usual {
            true => actions.remove(&name),
            false => actions.insert(name.clone(), text),
        };
    }
    if said.is_some() && ui.small_button(lang.t("classes.action.usual")).clicked() {
        scene.state.settings.classes.actions.remove(&name);
    }
}

/// Who they are.
fn people(ui: &mut Ui, scene: &mut Scene<'_>, found: &Arc<Classified>, places: &Arc<Vec<usize>>, name: &str) {
    let lang = scene.lang;
    let masked = scene.prefs.projector;
    ui.add_space(S2);
    let heads = person_heads(lang);
    let spec = scene.state.settings.classes.clone();
    let row = |at: usize| -> Vec<Cell> { person(lang, found, &spec, at, masked) };
    ui.horizontal_wrapped(|ui| {
        let row_of = |at: &usize| found.people.get(*at).and_then(|person| person.row);
        let is_listed = scene.state.list().is_some() && scene.state.month.is_none();
        let can = is_listed && places.iter().any(|at| row_of(at).is_some());
        let button = ui.add_enabled(can, egui::Button::new(lang.t("classes.to_list")));
        if button.on_hover_text(lang.t("classes.to_list.help")).clicked() {
            to_list(scene, name.to_owned(), places.iter().filter_map(row_of));
        }
        take::table_menu(ui, lang, name, || Grid {
            name: name.to_owned(),
            header: heads.iter().map(|head| head.name.clone()).collect(),
            rows: places.iter().map(|at| row(*at)).collect(),
        });
    });
    let height = 32.0 + 28.0 * places.len().min(12) as f32;
    let spec = table::Table::new("class people", &heads, places.len(), height);
    table::show(ui, &spec, |ui, line, column| {
        let cells = places.get(line).map(|at| row(*at)).unwrap_or_default();
        let text = cells.get(column).map_or("", Cell::text);
        if text.is_empty() { table::missing(ui) } else { table::plain(ui, text) }
    });
}

/// The heads of the people's table.
pub(in crate::window::pages::segments) fn person_heads(lang: Lang) -> Vec<table::Head> {
    let keys = ["id", "class", "days", "orders", "money", "scores"];
    let widths = [120.0, 170.0, 80.0, 76.0, 96.0, 110.0];
    let head = |(key, width): (&str, f32)| {
        let text = lang.t(&format!("classes.head.{key}"));
        match key {
            "id" | "class" | "scores" => table::Head::text(text, width),
            _ => table::Head::number(text, width),
        }
    };
    keys.into_iter().zip(widths).map(head).collect()
}

/// One line of the people's table.
pub(in crate::window::pages::segments) fn person(
    lang: Lang,
    found: &Classified,
    spec: &ClassSpec,
    at: usize,
    masked: bool,
) -> Vec<Cell> {
    let (days, orders, money) = found.values.of(at);
    let number = |value: f64, digits: usize| match value.is_finite() {
        true => Cell::Number { value, text: format!("{value:.digits$}"), format: "General" },
        false => Cell::from(""),
    };
    let names = found.names(at, spec);
    let names: Vec<String> = names.into_iter().map(|name| class_name(lang, name)).collect();
    let scores = found.scores.get(at).copied().flatten();
    let scores = scores.map_or_else(String::new, |scores| {
        let money = scores.money.map(|money| format!(" M{money}")).unwrap_or_default();
        format!("R{} F{}{money}", scores.recency, scores.frequency)
    });
    vec![
        words::shown_id(found.people.get(at).map_or("", |person| person.id.as_str()), masked).into(),
        lang.list(&names).into(),
        number(days, 0),
        number(orders, 0),
        number(money, 2),
        scores.into(),
    ]
}
