use super::*;
use crate::clean::testing::{column, frame};
use crate::clean::{ContactKind, source};
use crate::table::Role;

#[test]
fn skewness_by_hand() {
    // 0, 0, 3: mean 1, variance 2, third moment 2 → 2 / 2^1.5 = 0.7071
    assert!((skewness(&[0.0, 0.0, 3.0]).unwrap() - std::f64::consts::FRAC_1_SQRT_2).abs() < 1e-5);
    assert_eq!(skewness(&[1.0, 1.0]), None);
}

fn suggestions(recipe: &Recipe, schema: &[ColumnSpec], rows: Frame) -> Vec<Suggestion> {
    let report = Reporter::silent();
    let cleaning = run_local(recipe, schema, rows, false, &report).unwrap();
    let train = vec![true; cleaning.before_filling().height()];
    suggest(recipe, schema, &cleaning, &train, &[], &report).unwrap()
}

/// Takes the suggestion up and runs: as many cells must change as it said.
fn taken_up(recipe: &Recipe, schema: &[ColumnSpec], rows: Frame, mend: &Mend) -> (Recipe, Change) {
    let mut better = recipe.clone();
    let at = better.add(mend.step().unwrap());
    let run = run_local(&better, schema, rows, false, &Reporter::silent()).unwrap();
    let change = run.stages.into_iter().find(|stage| stage.step == at).unwrap().change;
    (better, change)
}

fn arg<'a>(note: &'a Note, name: &str) -> &'a str {
    note.args.iter().find(|(of, _)| *of == name).map_or("", |(_, value)| value.as_str())
}

#[test]
fn text_spellings_contacts_and_currencies_are_suggested_with_true_counts() {
    let schema = [
        column("name", Role::Text),
        column("pay", Role::Category),
        column("phone", Role::Contact),
        column("mail", Role::Contact),
        column("paid", Role::Money),
    ];
    let phones =
        ["138 0013 8000", "139-0013-8001", "(010) 8888 8888", "+8613800138000", "12", "137 0013 8002"];
    let rows = frame(&[
        ("name", &[Some("Ａnna"), Some("MÃ¼ller"), Some(" Li "), Some("Bo"), None, Some("Ed")]),
        ("pay", &[Some("Credit Card"), Some("CC"), Some("Credit Card"), Some("cc"), Some("UPI"), Some("?")]),
        ("phone", &phones.map(Some)),
        (
            "mail",
            &[
                Some("A@Gmail.com"),
                Some("b@gmial.com"),
                Some("mailto:c@gmail.com"),
                Some("d@qq.com"),
                Some("e@yahoo.fr"),
                None,
            ],
        ),
        ("paid", &[Some("$1"), Some("€2"), Some("$3"), Some("$4"), Some("5"), Some("-")]),
    ]);
    let recipe = Recipe::default();
    let found = suggestions(&recipe, &schema, rows.clone());
    let by_why = |code: &str| {
        let mut of = found.iter().filter(|suggestion| suggestion.why.code == code);
        of.next().unwrap_or_else(|| panic!("{code} is not among {found:?}"))
    };
    for suggestion in &found {
        assert!((1..=EVIDENCE).contains(&suggestion.evidence.len()), "{suggestion:?}");
        assert!(suggestion.evidence.iter().all(|cell| cell.before != cell.after));
    }
    let tidy = by_why("suggest_tidy");
    assert_eq!((arg(&tidy.why, "count"), arg(&tidy.effect, "cells")), ("2", "3"));
    let (better, change) = taken_up(&recipe, &schema, rows.clone(), &tidy.mend);
    assert_eq!((change.cells_changed, better.steps[0].spec.name()), (3, "text_tidy"));

    let merge = by_why("cluster_synonym");
    assert_eq!((arg(&merge.effect, "count"), arg(&merge.effect, "to")), ("2", "Credit Card"));
    let (better, change) = taken_up(&recipe, &schema, rows.clone(), &merge.mend);
    assert_eq!(change.cells_changed, 2);
    let place = |name: &str| better.steps.iter().position(|step| step.spec.name() == name).unwrap();
    assert!(place("type_repair") < place("merge_spellings") && place("merge_spellings") < place("spelling"));
    assert!(suggestions(&better, &schema, rows.clone()).iter().all(|s| s.why.code != "cluster_synonym"));

    let phone = by_why("suggest_phones");
    assert_eq!((arg(&phone.why, "country"), arg(&phone.effect, "left")), ("CN", "1"));
    assert_eq!(phone.evidence[0].after.as_deref(), Some("+8613800138000"));
    assert_eq!(taken_up(&recipe, &schema, rows.clone(), &phone.mend).1.cells_changed, 4);

    assert_eq!(arg(&by_why("suggest_emails").effect, "count"), "2");
    let domain = by_why("suggest_domain");
    assert_eq!((arg(&domain.why, "from"), arg(&domain.why, "to")), ("gmial.com", "gmail.com"));
    assert_eq!(domain.evidence[0].after.as_deref(), Some("b@gmail.com"));

    let currency = by_why("suggest_currency");
    assert_eq!((arg(&currency.why, "currencies"), arg(&currency.effect, "to")), ("EUR, USD", "USD"));
    assert_eq!(arg(&currency.effect, "count"), "1");
}

#[test]
fn clean_rows_need_nothing() {
    let schema = [column("name", Role::Text), column("pay", Role::Category), column("paid", Role::Money)];
    let rows = frame(&[
        ("name", &[Some("Anna"), Some("Müller")]),
        ("pay", &[Some("Male"), Some("Female")]),
        ("paid", &[Some("$1"), Some("$2")]),
    ]);
    assert_eq!(suggestions(&Recipe::default(), &schema, rows), []);
}

#[test]
fn what_is_confirmed_of_one_more_column_joins_the_step() {
    let mut recipe = Recipe::default();
    let before = recipe.steps.len();
    let phone = |column: &str| {
        let one = crate::clean::ContactColumn {
            column: column.into(),
            kind: ContactKind::Phone,
            country: Some("CN".into()),
            ..Default::default()
        };
        Mend::AddStep(StepSpec::ContactForm(crate::clean::ContactSpec { columns: vec![one] }))
    };
    let at = recipe.add(phone("a").step().unwrap());
    assert_eq!(recipe.add(phone("b").step().unwrap()), at);
    assert_eq!(recipe.add(phone("b").step().unwrap()), at);
    assert_eq!(recipe.steps.len(), before + 1);
    let StepSpec::ContactForm(spec) = &recipe.steps[at].spec else { panic!("{recipe:?}") };
    assert_eq!(spec.columns.len(), 2);
    // Settings survive being saved.
    recipe.add(StepSpec::Currency(crate::clean::CurrencySpec {
        rates: vec![crate::clean::Rate { day: "2024-01-01".into(), currency: "USD".into(), rate: 7.1 }],
        ..Default::default()
    }));
    let merged = BTreeMap::from([("CC".to_owned(), "Credit Card".to_owned())]);
    recipe.add(Mend::MergeSpellings { column: "pay".into(), map: merged }.step().unwrap());
    recipe.add(StepSpec::TextTidy(Default::default()));
    recipe.add(StepSpec::Units(Default::default()));
    recipe.add(StepSpec::Zones(Default::default()));
    // A step without settings changes nothing.
    recipe.add(StepSpec::Currency(Default::default()));
    let rows = frame(&[("a", &[Some("138 0013 8000")]), ("pay", &[Some("CC")])]);
    let schema = [column("a", Role::Contact), column("pay", Role::Category)];
    let run = run_local(&recipe, &schema, rows, false, &Reporter::silent()).unwrap();
    assert_eq!(run.last().show("a", 0).as_deref(), Some("+8613800138000"));
    assert_eq!(run.last().show("pay", 0).as_deref(), Some("Credit Card"));
    let text = serde_json::to_string(&recipe).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe);
}

/// Every category of real files: what is suggested and what is not.
#[test]
fn real_files() {
    let Some(data) = std::env::var_os("REGULARS_DATA").map(std::path::PathBuf::from) else {
        println!("skipped: REGULARS_DATA is not set");
        return;
    };
    let report = Reporter::silent();
    let found = |file: &str| {
        let table = crate::collect::open(&data.join(file), &Default::default(), &report).unwrap();
        let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
        let recipe = Recipe::default();
        let began = std::time::Instant::now();
        let all = suggestions(&recipe, &schema, source(&table, &schema).unwrap());
        println!("{file}: {:.2} s", began.elapsed().as_secs_f64());
        let of = all.into_iter().filter(|s| s.mend.step().is_some());
        of.inspect(|s| println!("  {:?} | {:?} | {:?}", s.why, s.effect, s.evidence.first()))
            .collect::<Vec<_>>()
    };
    let shoppers = found("online-shoppers/online_shoppers_intention.csv");
    assert_eq!(shoppers.len(), 1);
    assert_eq!((arg(&shoppers[0].effect, "to"), arg(&shoppers[0].effect, "count")), ("Jun", "288"));
    for file in [
        "telco-churn/Telco-Customer-Churn.csv",
        "bank-marketing/bank-additional.csv",
        "tmall-orders/tmall_order_report.csv",
        "customer-personality/marketing_campaign.csv",
    ] {
        let merges =
            found(file).into_iter().filter(|s| matches!(s.mend, Mend::MergeSpellings { .. })).count();
        assert_eq!(merges, 0, "{file}");
    }
}
