//! Classes of whole projects: public data as pandas counts them, and the sample shop.

use super::*;
use crate::collect::relate::testing::public;
use crate::features::behaviour::{Question, to_day};
use crate::project::{clean_only, collect as collect_files, learn, prepare, rank};
use crate::segment::classes::{ClassRule, Condition, Fact, Test};
use crate::segment::flows::Stood;
use crate::segment::testing::{golden, list};
use crate::train::ModelKind;

fn counts(value: &serde_json::Value) -> Vec<usize> {
    list(value).into_iter().map(|count| count as usize).collect()
}

fn near(found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() <= within, "{found} for {wanted}");
}

/// Every figure of a file of orders against those of pandas.
fn as_pandas(file: &str, key: &str) {
    let Some(path) = public(file) else { return };
    let golden = &golden()[key];
    let (settings, report) = (Settings::default(), Reporter::silent());
    let collected = collect_files(&[path], &settings, &report).unwrap();
    let shop = Shop::read(&collected, &settings, &report).unwrap().unwrap();
    let found = classify(Some(&shop), Known::default(), &settings, &report).unwrap();
    let fitted = found.fitted.as_ref().unwrap();
    assert_eq!(found.scores.iter().flatten().count(), golden["customers"].as_u64().unwrap() as usize);
    let cuts = [fitted.recency, fitted.frequency, fitted.money.unwrap()];
    for (found, wanted) in cuts.iter().zip(golden["cuts"].as_array().unwrap()) {
        found.iter().zip(list(wanted)).for_each(|(found, wanted)| near(*found, wanted, 1e-6));
    }
    for (row, wanted) in found.grid.iter().zip(golden["grid"].as_array().unwrap()) {
        assert_eq!(row.iter().map(|cell| cell.size).collect::<Vec<_>>(), counts(wanted));
    }
    let classes = found.classes.iter().take(fitted.classes.len());
    assert_eq!(classes.clone().map(|group| group.size).collect::<Vec<_>>(), counts(&golden["sizes"]));
    for (group, wanted) in classes.zip(list(&golden["money"])) {
        near(group.money.unwrap_or(0.0), wanted, 0.006);
    }

    let flows = shop.flows(fitted, &report).unwrap();
    let days: Vec<String> = flows.days.iter().map(ToString::to_string).collect();
    assert_eq!(serde_json::json!(days), golden["ends"]);
    for (found, wanted) in flows.counts.iter().zip(golden["counts"].as_array().unwrap()) {
        assert_eq!(found, &counts(wanted));
    }
    let last = days.len() - 1;
    let place = |stood: Stood| match stood {
        Stood::NotYet => -1,
        Stood::In(at) => at as i64,
        Stood::Nowhere => i64::MAX,
    };
    let mut moves: Vec<[i64; 3]> = flows
        .between(last - 3, last)
        .iter()
        .map(|one| [place(one.from), place(one.to), one.customers as i64])
        .collect();
    moves.sort_unstable();
    assert_eq!(serde_json::json!(moves), golden["moves"]);

    let cohorts = shop.cohorts(&report).unwrap();
    let wanted = golden["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.cohorts.len(), wanted.len());
    for (found, wanted) in cohorts.cohorts.iter().zip(wanted) {
        assert_eq!(found.month.to_string(), wanted["month"].as_str().unwrap());
        assert_eq!(found.size, wanted["size"].as_u64().unwrap() as usize);
        assert_eq!(found.active, counts(&wanted["active"]));
        found
            .money
            .iter()
            .zip(list(&wanted["money"]))
            .for_each(|(found, wanted)| near(*found, wanted, 0.006));
    }
}

#[test]
fn cdnow_is_as_pandas_has_it() {
    as_pandas("cdnow/CDNOW_master.txt", "cdnow");
}

#[test]
fn online_retail_is_as_pandas_has_it() {
    as_pandas("online-retail/online_retail_rebuilt.csv.gz", "online_retail");
}

/// The files of a sample shop of 400 customers.
fn shop(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    crate::sample::write(folder, 400, 7).unwrap()
}

#[test]
fn a_table_of_customers_is_scored_by_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let (settings, report) = (Settings::default(), Reporter::silent());
    let collected = collect_files(&files[..1], &settings, &report).unwrap();
    let orders = Shop::read(&collected, &settings, &report).unwrap();
    let cleaning = clean_only(&settings, &collected.table, &report).unwrap();
    let known = Known { table: Some(&collected.table), cleaning: Some(&cleaning), ..Known::default() };
    let found = classify(orders.as_ref(), known, &settings, &report).unwrap();
    assert!(found.refused.is_none(), "{:?}", found.refused);
    let Some(RfmSource::Columns(columns)) = &found.source else { panic!("{:?}", found.source) };
    assert_eq!(columns.recency.as_deref(), Some("last_order_date"));
    assert_eq!(columns.frequency.as_deref(), Some("orders"));
    assert_eq!(columns.money.as_deref(), Some("total_spend"));
    assert_eq!(found.people.len(), cleaning.last().height());
    let all: usize = found.classes.iter().map(|group| group.size).sum();
    assert_eq!(all, found.scores.iter().flatten().count());
    // The last customer to buy bought on the first of the counted days.
    let least = found.values.recency.iter().copied().fold(f64::MAX, f64::min);
    assert_eq!(least, 1.0);
    // A file without such columns is refused with a reason, and rules still work.
    let mut settings = Settings::default();
    settings.classes.rules.push(ClassRule {
        name: "old".into(),
        conditions: vec![Condition {
            fact: Fact::Column("age".into()),
            test: Test::AtLeast,
            value: "60".into(),
        }],
        ..ClassRule::default()
    });
    let orders_only = ["orders", "last_order_date", "total_spend", "visits_30d"];
    settings.recipe.steps.clear();
    let mut table = collected.table.clone();
    table.columns.retain(|column| !orders_only.contains(&column.name.as_str()));
    let cleaning = clean_only(&settings, &table, &report).unwrap();
    let known = Known { table: Some(&table), cleaning: Some(&cleaning), ..Known::default() };
    let found = classify(None, known, &settings, &report).unwrap();
    assert_eq!(found.refused.as_ref().map(|error| error.kind()), Some("rfm_no_columns"));
    assert!(found.classes.is_empty() && found.rules[0].1.size > 20, "{:?}", found.rules);
}

#[test]
fn a_question_over_time_joins_orders_scores_and_rules() {
    let folder = tempfile::tempdir().unwrap();
    let files = shop(folder.path());
    let report = Reporter::silent();
    let mut settings = Settings { question: Some(Question::default()), ..Settings::default() };
    settings.classes.rules = vec![
        ClassRule {
            name: "leaving".into(),
            conditions: vec![Condition { fact: Fact::Risk, test: Test::AtLeast, value: "50%".into() }],
            ..ClassRule::default()
        },
        ClassRule {
            name: "high value".into(),
            conditions: vec![Condition { fact: Fact::MoneyScore, test: Test::Is, value: "5".into() }],
            ..ClassRule::default()
        },
    ];
    let collected = collect_files(&files, &settings, &report).unwrap();
    let prepared = prepare(&settings, &collected.table, &report).unwrap();
    let outcome = learn(&settings, &prepared, ModelKind::Logistic, &report).unwrap();
    let customers = rank(&prepared, &outcome, None);
    let orders = Shop::read(&collected, &settings, &report).unwrap().unwrap();
    let known = Known {
        table: Some(&collected.table),
        cleaning: Some(&prepared.cleaning),
        prepared: Some(&prepared),
        customers: Some(&customers),
        ..Known::default()
    };
    let found = classify(Some(&orders), known, &settings, &report).unwrap();
    // Everyone of the list is there once, and so is whoever has been silent for too long to be asked about.
    let listed = found.people.iter().filter(|person| person.row.is_some()).count();
    assert_eq!(listed, customers.len());
    let mut ids: Vec<&str> = found.people.iter().map(|person| person.id.as_str()).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(found.people.iter().all(|person| person.customer.is_some()));
    // Risk and scores are those of the person.
    let by_id = |id: &str| customers.iter().find(|customer| customer.id == id);
    for (at, person) in found.people.iter().enumerate() {
        let risky = by_id(&person.id).is_some_and(|customer| customer.probability >= 0.5);
        assert_eq!(found.labels[at].contains(&0), risky, "{}", person.id);
        let rich = found.scores[at].is_some_and(|scores| scores.money == Some(5));
        assert_eq!(found.labels[at].contains(&1), rich && !risky, "{}", person.id);
    }
    assert_eq!(found.rules[0].0.taken, found.rules[0].1.size);
    let leaving = found.rules[0].1.risk.unwrap();
    assert!(leaving >= 0.5, "{leaving}");
    // The class of the list's column: the owner's first, else that of the table.
    let plain = found.places(|at| found.labels[at].is_empty() && found.class[at].is_some());
    assert!(!plain.is_empty());
    let spec = &settings.classes;
    assert_eq!(found.names(plain[0], spec), [found.table_class(plain[0]).unwrap()]);
    let own = found.places(|at| found.labels[at] == [1]);
    assert_eq!(found.names(own[0], spec), ["high value"]);

    // Champions have bought lately: their profile says so first of all.
    let champions = found.places(|at| found.class[at] == Some(0));
    assert!(champions.len() >= 10, "{}", champions.len());
    let profile = profile_of(Some(&orders), known, &found, (&champions, &[]), &report).unwrap();
    assert_eq!(profile.group.size, champions.len());
    let recency = profile.differences.told.iter().find(|one| one.column == Fact::Recency.column());
    assert!(recency.is_some_and(|one| one.effect.high < 0.0), "{:?}", profile.differences);
    // Yet that is how they were chosen: told of a class, neither it nor anything that goes with it is there.
    let defining = found.table_columns();
    let profile = profile_of(Some(&orders), known, &found, (&champions, &defining), &report).unwrap();
    let told: Vec<&str> = profile.differences.told.iter().map(|one| one.column.as_str()).collect();
    assert!(told.iter().all(|name| !name.starts_with("rfm: ")), "{told:?}");
    assert!(!told.is_empty() && profile.differences.looked_at > told.len(), "{told:?}");
    println!("{told:?}");
    let rule = found.rule_columns(&settings.classes.rules[0]);
    assert_eq!(rule, [Fact::Risk.column()]);
    let rule = found.rule_columns(&settings.classes.rules[1]);
    assert!(rule.contains(&Fact::Money.column().to_owned()), "{rule:?}");
    // Chance picks every product of the sample shop: no favourite may be told of half the customers.
    let half = found.places(|at| at % 2 == 0);
    let profile = profile_of(Some(&orders), known, &found, (&half, &[]), &report).unwrap();
    assert!(
        profile.favourites.looked_at > 0 && profile.favourites.told.is_empty(),
        "{:?}",
        profile.favourites
    );

    // The last month's end is the present: flows and classes agree on everyone.
    let flows = orders.flows(found.fitted.as_ref().unwrap(), &report).unwrap();
    let last = flows.days.len() - 1;
    assert_eq!(to_day(flows.days[last]), to_day(orders.last_day()));
    for customer in 0..orders.customers() {
        let Some(at) = found.person(customer) else { continue };
        let class = found.class[at].map_or(Stood::NotYet, |class| Stood::In(usize::from(class)));
        assert_eq!(flows.stood(customer, last), class);
    }
}

/// A shop of 40,000 customers with a million order lines: what takes how long, printed.
#[test]
fn a_million_lines_are_followed_month_by_month() {
    use std::fmt::Write as _;
    let mut text = String::from("order_id,customer_id,order_date,amount\n");
    for line in 0..1_000_000u64 {
        let mix = line.wrapping_mul(6_364_136_223_846_793_005) >> 33;
        let (customer, day) = (mix % 40_000, (mix / 40_000) % 720);
        let date = crate::features::behaviour::to_date(19_000 + day as i32);
        let _ = writeln!(text, "O{line},C{customer:05},{date},{}.50", 5 + mix % 90);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.csv");
    std::fs::write(&file, text).unwrap();
    let (settings, report) = (Settings::default(), Reporter::silent());
    let began = std::time::Instant::now();
    let tables = crate::project::collect(&[file], &settings, &report).unwrap();
    let opened = began.elapsed();
    let shop = Shop::read(&tables, &settings, &report).unwrap().unwrap();
    let read = began.elapsed();
    let found = classify(Some(&shop), Known::default(), &settings, &report).unwrap();
    let scored = began.elapsed();
    let flows = shop.flows(found.fitted.as_ref().unwrap(), &report).unwrap();
    let followed = began.elapsed();
    let cohorts = shop.cohorts(&report).unwrap();
    let all = began.elapsed();
    println!(
        "open {opened:?}, books {:?}, classes {:?}, flows {:?}, cohorts {:?}",
        read - opened,
        scored - read,
        followed - scored,
        all - followed
    );
    assert_eq!(flows.days.len(), cohorts.cohorts.len());
    assert_eq!(flows.counts.last().unwrap().iter().sum::<usize>(), found.scores.iter().flatten().count());
    // Following goes through the lines once: far less than reading them took, whatever the machine.
    assert!(followed - scored < opened + read, "{opened:?} {read:?} {followed:?}");
}
