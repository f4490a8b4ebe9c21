//! One battery for every step: what must be true of each, whatever it does. A new step is one more
//! line in `specs`.

use super::frames::{column, frame, spec};
use super::*;
use crate::table::Role;

/// Every kind of step, in settings that make it work.
fn specs() -> Vec<StepSpec> {
    let rule = |text: &str, then| Rule { text: text.into(), then, on: true };
    let rules = vec![
        rule("age between 0 and 120", Then::Missing("age".into())),
        rule("spend >= 0", Then::DropRow),
        rule("last >= first", Then::FlagRow),
    ];
    let new = |name: &str, formula: &str| Derived { name: name.into(), formula: formula.into() };
    let columns = vec![
        new("per year", "spend / age"),
        new("old", "age > 60 or city = 'Lakeside'"),
        new("days", "days_between(first, last)"),
        new("label", "concat(upper(city), '/', year(first))"),
    ];
    let rename = vec![("spend".into(), "money".into())];
    let outliers = |method, action| StepSpec::Outliers(OutlierSpec { method, action, columns: Vec::new() });
    let impute = |numbers, group: Option<&str>| {
        let group = group.map(str::to_owned);
        StepSpec::Impute(ImputeSpec {
            numbers,
            group,
            categories: CategoryFill::Mode,
            ..ImputeSpec::default()
        })
    };
    let mut all = vec![
        StepSpec::MissingMarks,
        StepSpec::TypeRepair,
        StepSpec::Dates,
        StepSpec::Duplicates,
        StepSpec::Impossible,
        StepSpec::Spelling,
        StepSpec::Rules(RulesSpec { rules }),
        StepSpec::Derive(DeriveSpec { columns }),
        StepSpec::Select(SelectSpec { drop: vec!["age".into()], rename }),
        StepSpec::Impute(ImputeSpec::default()),
        impute(NumberFill::Median, Some("city")),
        impute(NumberFill::Nearest, None),
    ];
    let methods = OutlierMethod::ALL;
    all.extend(OutlierAction::ALL.into_iter().flat_map(|a| methods.into_iter().map(move |m| outliers(m, a))));
    all.extend(ScaleMethod::ALL.into_iter().map(|method| StepSpec::Scale { method, columns: Vec::new() }));
    let own = vec![("age".to_owned(), ScaleMethod::None)];
    all.push(StepSpec::Scale { method: ScaleMethod::YeoJohnson, columns: own });
    all
}

/// The step after those that give columns their types.
fn recipe(spec: StepSpec) -> Recipe {
    let first = [StepSpec::MissingMarks, StepSpec::TypeRepair, StepSpec::Dates];
    let steps = first.into_iter().chain([spec]).map(|spec| Step { spec, on: true }).collect();
    Recipe { steps }
}

fn schema() -> Vec<ColumnSpec> {
    vec![
        spec("id", Role::Id),
        spec("age", Role::Number),
        spec("spend", Role::Money),
        spec("same", Role::Number),
        spec("city", Role::Category),
        spec("first", Role::Date),
        spec("last", Role::Date),
    ]
}

/// Source text of so many customers: holes, slips, one far-off figure and a constant column.
fn source(rows: usize) -> Frame {
    // Row 41 repeats row 40.
    let place = |at: usize| if at == 41 { 40 } else { at };
    let text = |of: &dyn Fn(usize) -> String| (0..rows).map(|at| Some(of(place(at)))).collect::<Vec<_>>();
    let age = |at: usize| match at % 35 {
        3 | 10 | 17 => "n/a".into(),
        24 => "135".into(),
        _ => (18 + at * 13 % 60).to_string(),
    };
    let spend = |at: usize| match at % 50 {
        11 => "1,000,000".to_owned(),
        12 => "-3".to_owned(),
        13 => String::new(),
        _ => format!("{}.5", at * 31 % 97),
    };
    let city = |at: usize| ["Lakeside", "lakeside ", "Riverton", "?"][at % 4].to_owned();
    let day = |at: usize| format!("2024-{:02}-{:02}", 1 + at % 12, 1 + at % 28);
    frame(vec![
        column("id", &text(&|at| format!("C{at:03}"))),
        column("age", &text(&age)),
        column("spend", &text(&spend)),
        column("same", &text(&|_| "7".to_owned())),
        column("city", &text(&city)),
        column("first", &text(&day)),
        column("last", &text(&|at| if at % 5 == 0 { "unknown".into() } else { day(at + 3) })),
    ])
}

/// Every third row tests, the others train.
fn sides(rows: usize) -> Vec<Side> {
    (0..rows).map(|at| if at % 3 == 2 { Side::Test } else { Side::Train }).collect()
}

fn learn(recipe: &Recipe, source: Frame) -> (Cleaning, FittedRecipe) {
    let report = Reporter::silent();
    let cleaning = run_local(recipe, &schema(), source, false, &report).unwrap();
    let sides = sides(cleaning.last().height());
    fit(recipe, &schema(), cleaning, &sides, 1, &report).unwrap()
}

fn score(fitted: &FittedRecipe, source: &Frame) -> Frame {
    apply_to(fitted, source.clone(), &Reporter::silent()).unwrap().last().clone()
}

fn row(source: &Frame, at: usize) -> Frame {
    let data = source.data.slice(at as i64, 1);
    Frame { rows: Arc::new(vec![source.rows[at]]), data }
}

fn each(mut check: impl FnMut(&Recipe, FittedRecipe)) {
    for spec in specs() {
        let recipe = recipe(spec);
        let fitted = learn(&recipe, source(200)).1;
        check(&recipe, fitted);
    }
}

#[test]
fn each_has_work_to_do() {
    for spec in specs() {
        let recipe = recipe(spec);
        let (cleaning, _) = learn(&recipe, source(200));
        let stage = cleaning.stages.iter().find(|stage| stage.step == 3).unwrap();
        let change = &stage.change;
        let idle = change.cells_changed == 0 && change.flagged.is_empty() && change.findings.is_empty();
        let is_none = matches!(&recipe.steps[3].spec, StepSpec::Scale { method: ScaleMethod::None, .. });
        // The step before it has done its work.
        let is_first = recipe.steps[..3].iter().any(|step| step.spec == recipe.steps[3].spec);
        assert_eq!(idle, is_none || is_first, "{:?} {change:?}", recipe.steps[3]);
    }
}

#[test]
fn fitted_twice_is_as_fitted_once() {
    each(|recipe, fitted| assert_eq!(learn(recipe, source(200)).1, fitted));
}

#[test]
fn saved_and_opened_it_cleans_the_same() {
    each(|recipe, fitted| {
        let text = serde_json::to_string(&fitted).unwrap();
        let opened: FittedRecipe = serde_json::from_str(&text).unwrap();
        assert_eq!(opened, fitted, "{:?}", recipe.steps[3]);
        let rows = source(60);
        assert!(score(&opened, &rows).data.equals_missing(&score(&fitted, &rows).data));
    });
}

#[test]
fn test_rows_teach_nothing() {
    each(|recipe, fitted| {
        let mut changed = source(200);
        let sides = sides(200);
        let mut wild = |name: &str, value: &str| {
            let old = changed.text(name).unwrap().clone();
            let new = old.iter().zip(&sides).map(|(old, side)| match side {
                Side::Test => Some(value.to_owned()),
                _ => old.map(str::to_owned),
            });
            let new: Vec<Option<String>> = new.collect();
            changed = with_column(&changed, column(name, &new)).unwrap();
        };
        wild("age", "119");
        wild("spend", "99999");
        wild("city", "Elsewhere");
        assert_eq!(learn(recipe, changed).1.fitted, fitted.fitted, "{:?}", recipe.steps[3]);
    });
}

#[test]
fn a_row_alone_is_as_among_all() {
    each(|recipe, fitted| {
        let rows = source(60);
        let all = score(&fitted, &rows);
        assert_eq!(all.height(), 60);
        for at in 0..60 {
            let alone = score(&fitted, &row(&rows, at));
            assert!(
                alone.data.equals_missing(&all.data.slice(at as i64, 1)),
                "{:?} row {at}",
                recipe.steps[3]
            );
        }
    });
}

#[test]
fn the_schema_says_what_columns_there_are() {
    each(|recipe, fitted| {
        let out = score(&fitted, &source(60));
        let after = recipe.schema_after(&schema()).unwrap();
        for spec in &after {
            assert!(out.data.column(&spec.name).is_ok(), "{:?} {}", recipe.steps[3], spec.name);
        }
        let added = out.data.columns().iter().filter(|c| !after.iter().any(|s| s.name == **c.name()));
        assert!(added.into_iter().all(|column| column.name().ends_with(" missing")));
    });
}

#[test]
fn strange_rows_pass() {
    let text = |values: &[&str]| {
        let names = ["id", "age", "spend", "same", "city", "first", "last"];
        let columns =
            names.iter().zip(values).map(|(name, value)| column(name, &[Some((*value).to_owned())]));
        frame(columns.collect())
    };
    let none = frame(schema().iter().map(|spec| column::<String>(&spec.name, &[None])).collect());
    let lacking = frame(vec![column("id", &[Some("X".to_owned())]), column("city", &[Some("Q".to_owned())])]);
    each(|recipe, fitted| {
        for rows in [
            none.clone(),
            // Never seen, beyond every bound, of another type.
            text(&["X", "1e15", "-1e15", "8", "Atlantis", "1850-01-01", "2199-12-31"]),
            text(&["X", "inf", "abc", "-", "\u{0}", "2024-13-45", "0"]),
            // A file that lacks most columns.
            lacking.clone(),
        ] {
            let out = score(&fitted, &rows);
            assert_eq!(out.height(), 1);
            for column in out.data.columns() {
                let all = column.f64().into_iter().flat_map(|numbers| numbers.iter().flatten());
                let finite = all.into_iter().all(f64::is_finite);
                // Only `impossible` promises to take infinities out.
                assert!(finite || rows.show("age", 0).as_deref() == Some("inf"), "{:?}", recipe.steps[3]);
            }
        }
    });
}

#[test]
fn it_learns_from_next_to_nothing() {
    let none =
        |rows| frame(schema().iter().map(|spec| column::<String>(&spec.name, &vec![None; rows])).collect());
    let same = frame(
        schema()
            .iter()
            .map(|spec| {
                let value = match spec.role {
                    Role::Date => "2024-05-05",
                    Role::Number | Role::Money => "5",
                    _ => "x",
                };
                column(&spec.name, &vec![Some(value.to_owned()); 30])
            })
            .collect(),
    );
    for spec in specs() {
        let recipe = recipe(spec);
        for few in [none(0), none(1), none(40), source(1), source(2), same.clone()] {
            let (cleaning, fitted) = learn(&recipe, few);
            assert!(cleaning.last().height() <= 40);
            let text = serde_json::to_string(&fitted).unwrap();
            assert_eq!(serde_json::from_str::<FittedRecipe>(&text).unwrap(), fitted, "{:?}", recipe.steps[3]);
            assert_eq!(score(&fitted, &source(20)).height(), 20);
        }
    }
}

/// Only rows to learn from are dropped, every later frame holds the same rows, and what is learnt
/// afterwards is learnt without them.
#[test]
fn dropped_rows_are_gone_from_all_that_follows() {
    let drop = StepSpec::Outliers(OutlierSpec { action: OutlierAction::DropRow, ..OutlierSpec::default() });
    let mut recipe = recipe(StepSpec::Impute(ImputeSpec::default()));
    let scale = StepSpec::Scale { method: ScaleMethod::MinMax, columns: Vec::new() };
    recipe.steps.extend([scale, drop].map(|spec| Step { spec, on: true }));
    let report = Reporter::silent();
    let cleaning = run_local(&recipe, &schema(), source(200), true, &report).unwrap();
    let sides = sides(200);
    let (cleaning, fitted) = fit(&recipe, &schema(), cleaning, &sides, 1, &report).unwrap();
    // Rows 11, 61, 111 and 161 hold the million; 11 and 161 are test rows.
    assert_eq!(cleaning.last().height(), 198);
    assert!([11, 161].iter().all(|at| cleaning.last().rows.contains(&(at + 2))));
    for frame in [cleaning.readable(), cleaning.before_filling()] {
        assert_eq!(frame.rows, cleaning.last().rows);
    }
    let Some(FittedStep::Scale(scale)) = fitted.fitted.last() else { panic!() };
    let spend = scale.columns.iter().find(|(name, _)| name == "spend").unwrap();
    assert!(matches!(spend.1, Scaler::Linear { width, .. } if width < 200.0));
    assert_eq!(score(&fitted, &source(200)).height(), 200);
}

/// Without a report the rows are the same, for each step, many rows and one; nothing is told.
#[test]
fn rows_without_a_report_are_the_same() {
    each(|recipe, fitted| {
        for source in [source(200), row(&source(200), 11)] {
            let told = apply_to(&fitted, source.clone(), &Reporter::silent()).unwrap();
            let deaf = super::apply_unseen(&fitted, source, &Reporter::silent()).unwrap();
            assert_eq!(told.stages.len(), deaf.stages.len());
            for (told, deaf) in told.stages.iter().zip(&deaf.stages) {
                assert!(told.after.data.equals_missing(&deaf.after.data), "{recipe:?} {}", told.change.name);
                assert_eq!((deaf.change.cells_changed, deaf.change.rows_changed), (0, 0));
                assert!(deaf.change.examples.is_empty());
            }
        }
    });
}

#[test]
fn a_cancelled_run_stops() {
    let (sender, wait) = std::sync::mpsc::channel::<()>();
    let job = crate::job::Job::start(
        || (),
        move |report: &Reporter| {
            wait.recv().ok();
            let all = recipe(StepSpec::Derive(DeriveSpec::default()));
            run_local(&all, &schema(), source(10), false, report).map(|_| ())
        },
    );
    job.cancel();
    sender.send(()).unwrap();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
}
