//! Classes by rule, as they are edited: conditions over scores, money, risk, segment and any column, with
//! the count of whom each rule holds for.

use eframe::egui::{self, ComboBox, RichText, TextEdit, Ui};
use regulars_engine::segment::classes::{ClassRule, Condition, Fact, Problem, RuleFound, Test, formula};
use regulars_engine::segment::rfm::KNOWN;
use regulars_engine::table::ColumnSpec;

use crate::window::pages::Scene;
use crate::window::parts::{self, form};
use crate::window::theme::{Palette, S1, S2};
use crate::words::{Lang, class_name};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    parts::section(ui, lang.t("classes.own"));
    parts::muted(ui, lang.t("classes.own.help"));
    let found = scene.state.classes.found().cloned();
    let schema: &[ColumnSpec] = found.as_ref().map_or(&[], |found| &found.schema);
    let rules = scene.state.settings.classes.rules.clone();
    let names: Vec<String> = rules.iter().map(|rule| rule.name.clone()).collect();
    let (mut remove, mut up) = (None, None);
    for at in 0..rules.len() {
        let of = found.as_ref().and_then(|found| found.rules.get(at)).map(|(of, _)| of);
        ui.push_id(("rule", at), |ui| {
            rule(ui, scene, (at, schema), of, &names, &mut remove, &mut up);
        });
        ui.add_space(S1);
    }
    let spec = &mut scene.state.settings.classes;
    if let Some(at) = remove {
        spec.rules.remove(at);
        scene.page.classes.open_rule = None;
        scene.page.classes.choice = None;
    } else if let Some(at) = up {
        spec.rules.swap(at, at - 1);
        scene.page.classes.open_rule = Some(at - 1);
        scene.page.classes.choice = None;
    }
    if !rules.is_empty() {
        ui.checkbox(&mut spec.several, lang.t("classes.several"))
            .on_hover_text(lang.t("classes.several.help"));
    }
    let add = |ui: &mut Ui| parts::primary(ui, lang.t("classes.add"), spec.rules.len() < 60);
    ui.add_space(S2);
    if add(ui) {
        spec.rules.push(first_rule(lang, schema, spec.rules.len()));
        scene.page.classes.open_rule = Some(spec.rules.len() - 1);
    }
}

/// A rule to begin with: who brings much, or who is leaving, as far as that is known.
fn first_rule(lang: Lang, schema: &[ColumnSpec], nth: usize) -> ClassRule {
    let knows = |fact: &Fact| schema.iter().any(|spec| spec.name == fact.column());
    let one = |fact: Fact, value: &str| Condition { fact, test: Test::AtLeast, value: value.to_owned() };
    let (key, condition) = match nth {
        0 if knows(&Fact::MoneyScore) => ("classes.first.value", one(Fact::MoneyScore, "5")),
        1 if knows(&Fact::Risk) => ("classes.first.leaving", one(Fact::Risk, "0.5")),
        _ if knows(&Fact::WorthScore) => ("classes.first.new", one(Fact::WorthScore, "4")),
        _ => match schema.first() {
            Some(spec) => {
                let fact = Fact::Column(spec.name.clone());
                ("classes.first.new", Condition { fact, test: Test::Is, value: String::new() })
            }
            None => ("classes.first.new", one(Fact::Risk, "0.5")),
        },
    };
    ClassRule { name: lang.t(key), conditions: vec![condition], ..ClassRule::default() }
}

fn rule(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    (at, schema): (usize, &[ColumnSpec]),
    of: Option<&RuleFound>,
    names: &[String],
    remove: &mut Option<usize>,
    up: &mut Option<usize>,
) {
    let lang = scene.lang;
    let is_open = scene.page.classes.open_rule == Some(at);
    let Some(rule) = scene.state.settings.classes.rules.get_mut(at) else { return };
    let count = of.map_or_else(|| "…".to_owned(), |of| lang.count(of.taken as u64));
    ui.horizontal(|ui| {
        let mark = if is_open { "−" } else { "+" };
        let head = format!("{mark} {}  {count}", rule.name);
        let told = lang.with("classes.rule", &[("name", rule.name.clone()), ("count", count.clone())]);
        let label = ui.selectable_label(is_open, head);
        label.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_open, &told));
        if label.clicked() {
            scene.page.classes.open_rule = (!is_open).then_some(at);
        }
        let name = lang.with("rfm.table.up", &[("class", rule.name.clone())]);
        let button = egui::Button::new("▲").small();
        if ui.add_enabled(at > 0, button).accessible_name(&name).on_hover_text(&name).clicked() {
            *up = Some(at);
        }
        let name = lang.with("rfm.table.remove", &[("class", rule.name.clone())]);
        if ui.small_button("×").accessible_name(&name).on_hover_text(&name).clicked() {
            *remove = Some(at);
        }
    });
    if let Some(text) = of.and_then(|of| trouble(lang, names, of)) {
        let color = Palette::of(ui).caution;
        ui.add(egui::Label::new(RichText::new(format!("△ {text}")).small().color(color)).wrap());
    }
    if is_open {
        ui.indent("conditions", |ui| edit(ui, lang, rule, schema));
    }
}

fn edit(ui: &mut Ui, lang: Lang, rule: &mut ClassRule, schema: &[ColumnSpec]) {
    let label = ui.label(lang.t("classes.rule.name"));
    let name = ui.add(TextEdit::singleline(&mut rule.name).desired_width(190.0)).labelled_by(label.id);
    form::typing(ui, &name);
    let mut by_formula = !rule.formula.is_empty();
    if ui.checkbox(&mut by_formula, lang.t("classes.by_formula")).changed() {
        rule.formula = match by_formula {
            // What the conditions say is where a formula begins.
            true => formula(rule, schema).unwrap_or_else(|_| "true".to_owned()),
            false => String::new(),
        };
    }
    if by_formula {
        let label = ui.label(lang.t("classes.formula"));
        let text = TextEdit::multiline(&mut rule.formula).desired_rows(3).desired_width(f32::INFINITY);
        let text = ui.add(text).labelled_by(label.id);
        form::typing(ui, &text);
        parts::muted(ui, lang.t("classes.formula.help"));
        return;
    }
    if rule.conditions.len() > 1 {
        let name = lang.t("classes.joined");
        parts::choose(ui, &name, &mut rule.any, &[false, true], |any| {
            lang.t(if any { "classes.any" } else { "classes.all" })
        });
    }
    let mut remove = None;
    for (at, one) in rule.conditions.iter_mut().enumerate() {
        ui.push_id(at, |ui| condition(ui, lang, (at, one), schema, &mut remove));
    }
    if let Some(at) = remove {
        rule.conditions.remove(at);
    }
    if ui.button(lang.t("classes.add_condition")).clicked() {
        let fact = schema.last().map_or(Fact::Risk, |spec| known_as(&spec.name));
        rule.conditions.push(Condition { fact, test: Test::AtLeast, value: String::new() });
    }
}

fn known_as(name: &str) -> Fact {
    Fact::ALL.into_iter().find(|fact| fact.column() == name).unwrap_or_else(|| Fact::Column(name.to_owned()))
}

fn fact_name(lang: Lang, fact: &Fact) -> String {
    match fact {
        Fact::Column(name) => name.clone(),
        fact => lang.t(&format!("class_fact.{}", fact.name())),
    }
}

fn condition(
    ui: &mut Ui,
    lang: Lang,
    (at, one): (usize, &mut Condition),
    schema: &[ColumnSpec],
    remove: &mut Option<usize>,
) {
    let numbered = |key: &str| lang.with(key, &[("number", (at + 1).to_string())]);
    ui.horizontal(|ui| {
        let name = numbered("classes.condition.fact");
        let response = ComboBox::from_id_salt("fact")
            .width(176.0)
            .selected_text(fact_name(lang, &one.fact))
            .show_ui(ui, |ui| {
                // Facts first, then the columns of the data.
                let (facts, columns): (Vec<Fact>, Vec<Fact>) = schema
                    .iter()
                    .map(|spec| known_as(&spec.name))
                    .partition(|fact| !matches!(fact, Fact::Column(_)));
                for fact in facts.into_iter().chain(columns) {
                    let text = fact_name(lang, &fact);
                    ui.selectable_value(&mut one.fact, fact, text);
                }
            })
            .response;
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        let name = numbered("classes.condition.remove");
        if ui.small_button("×").accessible_name(&name).on_hover_text(&name).clicked() {
            *remove = Some(at);
        }
    });
    ui.horizontal(|ui| {
        let name = numbered("classes.condition.test");
        parts::choose(ui, &name, &mut one.test, &Test::ALL, |test| {
            lang.t(&format!("class_test.{}", test.name()))
        });
        if one.test == Test::Missing {
            return;
        }
        let name = numbered("classes.condition.value");
        if one.fact == Fact::RfmClass {
            let shown = class_name(lang, &one.value);
            let response = ComboBox::from_id_salt("class")
                .width(130.0)
                .selected_text(shown)
                .show_ui(ui, |ui| {
                    for class in KNOWN {
                        ui.selectable_value(&mut one.value, class.to_owned(), class_name(lang, class));
                    }
                })
                .response;
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        } else {
            let edit =
                ui.add(TextEdit::singleline(&mut one.value).desired_width(104.0)).accessible_name(name);
            form::typing(ui, &edit);
        }
    });
}

/// What is wrong with a rule, in words: it cannot be used, holds for nobody, or others took everyone.
pub(super) fn trouble(lang: Lang, names: &[String], of: &RuleFound) -> Option<String> {
    if let Some(problem) = &of.problem {
        return Some(match problem {
            Problem::Empty => lang.t("classes.trouble.empty"),
            Problem::Unknown { fact } => {
                lang.with("classes.trouble.unknown", &[("fact", fact_name(lang, fact))])
            }
            Problem::NotANumber { fact, value } => lang
                .with("classes.trouble.number", &[("fact", fact_name(lang, fact)), ("value", value.clone())]),
            Problem::NotYesNo => lang.t("classes.trouble.yes_no"),
            Problem::Formula(error) => lang.with("classes.trouble.formula", &[("cause", error.to_string())]),
        });
    }
    if of.matched == 0 {
        return Some(lang.t("classes.trouble.nobody"));
    }
    if of.lost_to.is_empty() {
        return None;
    }
    let taken: Vec<String> = of
        .lost_to
        .iter()
        .map(|(rule, count)| {
            let name = names.get(*rule).cloned().unwrap_or_default();
            lang.with("classes.trouble.taken", &[("count", lang.count(*count as u64)), ("name", name)])
        })
        .collect();
    let key = if of.taken == 0 { "classes.trouble.all_taken" } else { "classes.trouble.some_taken" };
    let args = [("count", lang.count(of.matched as u64)), ("taken", lang.list(&taken))];
    Some(lang.with(key, &args))
}
