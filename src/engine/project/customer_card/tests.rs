//! The card of a made-up telephone company: what was planted is found, and every answer is what scoring
//! a file gives.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::collect::{self, ReadOptions};
use crate::deploy::Lacking;
use crate::evaluate::{Goal, Values};
use crate::project::{Month, Outcome, Settings, bundle, learn, prepare, rank};
use crate::table::Table;
use crate::train::{DeviceKind, LinearModel};

const HEAD: &str =
    "customer_id,name,email,phone,contract,payment,support,monthly_price,age,satisfaction,left";

/// `rows` customers; whoever pays by the month and by check, without support, at a high price, leaves.
fn company(rows: usize) -> String {
    let mut text = HEAD.to_owned();
    for at in 0..rows {
        let contract = ["monthly", "one year", "two years"][at * 7 % 3];
        let payment = ["check", "card", "transfer"][at / 3 % 3];
        let support = ["self", "basic", "full"][at / 9 % 3];
        let price = 20.0 + (at * 37 % 101) as f64;
        let drive = u8::from(at * 7 % 3 == 0) + u8::from(at / 3 % 3 == 0) + u8::from(at / 9 % 3 == 0);
        let left = f64::from(drive) + price / 60.0 + (at * 13 % 17) as f64 / 17.0 > 2.6;
        let (age, satisfaction) = (18 + at * 11 % 60, 1 + at * 3 % 5);
        text += &format!(
            "\nC{at:04},Mia Kühn{at},mia{at}@example.com,+49 170 {:07},{contract},{payment},{support},{price:.2},{age},{satisfaction},{}",
            1_000_000 + at * 7919,
            if left { "yes" } else { "no" },
        );
    }
    text
}

struct Shop {
    folder: tempfile::TempDir,
    settings: Settings,
    table: Table,
    prepared: Prepared,
}

impl Shop {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let table = open(&write(folder.path(), "shop.csv", text));
        let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
        settings.mlp.epochs = 12;
        let prepared = prepare(&settings, &table, &Reporter::silent()).unwrap();
        Self { folder, settings, table, prepared }
    }

    fn learn(&self, kind: ModelKind) -> Outcome {
        learn(&self.settings, &self.prepared, kind, &Reporter::silent()).unwrap()
    }

    /// A logistic regression with these coefficients: parts of feature names, and the weight.
    fn weighed(&self, weights: &[(&str, f64)], intercept: f64) -> Outcome {
        let mut trained = self.learn(ModelKind::Logistic).trained;
        let weight =
            |name: &String| weights.iter().find(|(part, _)| name == part).map_or(0.0, |(_, weight)| *weight);
        let coefficients: Vec<f64> = self.prepared.matrix.names.iter().map(weight).collect();
        let given = coefficients.iter().filter(|weight| **weight != 0.0).count();
        assert_eq!(given, weights.len(), "{:?}", self.prepared.matrix.names);
        trained.model = Model::Logistic(LinearModel { coefficients, intercept });
        self.prepared.outcome(trained).unwrap()
    }

    fn origin<'a>(&'a self, outcome: &'a Outcome) -> Origin<'a> {
        Origin::Trained { table: &self.table, prepared: &self.prepared, outcome }
    }

    /// What scoring the whole file with some cells of one customer changed says of that customer.
    fn scored(&self, outcome: &Outcome, customer: &Customer, changes: &BTreeMap<String, String>) -> f64 {
        let path = self.folder.path().join("shop.csv");
        let mut reader = csv::Reader::from_path(&path).unwrap();
        let heads = reader.headers().unwrap().clone();
        let out = self.folder.path().join("changed.csv");
        let mut writer = csv::Writer::from_path(&out).unwrap();
        writer.write_record(&heads).unwrap();
        for record in reader.records() {
            let record = record.unwrap();
            let is_it = record[0] == customer.id;
            let cells = heads.iter().zip(&record).map(|(head, cell)| match changes.get(head) {
                Some(text) if is_it => text.clone(),
                _ => cell.to_owned(),
            });
            writer.write_record(cells).unwrap();
        }
        writer.flush().unwrap();
        let bundle = bundle(&self.settings, &self.prepared, outcome, None);
        let scores = bundle.score(&open(&out), Lacking::Refuse, &Reporter::silent()).unwrap();
        scores.rows.iter().find(|row| row.id == customer.id).unwrap().probability
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn open(path: &Path) -> Table {
    collect::open(path, &ReadOptions::default(), &Reporter::silent()).unwrap()
}

/// What a customer's row with some cells changed gives.
fn ask_if(
    origin: Origin<'_>,
    ground: &Ground,
    customer: &Customer,
    changes: &BTreeMap<String, String>,
) -> f64 {
    let asked = what_if_asked(origin, ground, customer).unwrap().unwrap();
    let cells: Vec<(&str, &str)> =
        changes.iter().map(|(column, text)| (column.as_str(), text.as_str())).collect();
    what_if(origin, ground, &asked, &cells).unwrap()
}

/// The nearest change at 0.5, and the row that was asked about.
fn near(
    origin: Origin<'_>,
    ground: &Ground,
    customer: &Customer,
    said: &BTreeMap<String, bool>,
) -> (Nearest, Asked) {
    let asked = what_if_asked(origin, ground, customer).unwrap().unwrap();
    (nearest_change(origin, ground, &asked, (said, 0.5), &Reporter::silent()).unwrap(), asked)
}

fn changed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(column, text)| ((*column).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn what_if_is_scoring_a_file_with_that_cell_changed() {
    let shop = Shop::new(&company(300));
    let asked = [
        changed(&[]),
        changed(&[("contract", "two years")]),
        changed(&[("monthly_price", "88.00"), ("payment", "card")]),
        // Nobody had such a contract, and no price is a word: both read as they do in a file.
        changed(&[("contract", "for life"), ("monthly_price", "a lot")]),
        changed(&[("satisfaction", "")]),
    ];
    for kind in [ModelKind::Logistic, ModelKind::Boosted, ModelKind::Mlp] {
        let outcome = shop.learn(kind);
        let origin = shop.origin(&outcome);
        let ground = what_if_ground(origin).unwrap();
        let list = rank(&shop.prepared, &outcome, None);
        let mut moved = 0;
        for customer in [&list[0], &list[150], &list[299]] {
            for changes in &asked {
                let here = ask_if(origin, &ground, customer, changes);
                let there = shop.scored(&outcome, customer, changes);
                // A network adds up in another order in a batch of another size: the last bits of f32.
                let allowed = if kind == ModelKind::Mlp { 1e-6 } else { 0.0 };
                assert!((here - there).abs() <= allowed, "{kind:?} {changes:?}: {here} {there}");
                moved += usize::from((here - customer.probability).abs() > 0.01);
            }
        }
        assert!(moved >= 3, "{kind:?}: nothing moved");
        // The same through a bundle and another file, where days and values come from the bundle.
        let bundle = bundle(&shop.settings, &shop.prepared, &outcome, None);
        let scores = bundle.score(&shop.table, Lacking::Refuse, &Reporter::silent()).unwrap();
        let month = Month::new(Arc::new(bundle), scores);
        let ground = what_if_ground(Origin::Month(&month)).unwrap();
        let customer = &month.list[20];
        let here = ask_if(Origin::Month(&month), &ground, customer, &asked[1]);
        assert!((here - shop.scored(&outcome, customer, &asked[1])).abs() <= 1e-6);
    }
}

#[test]
fn choices_are_values_of_the_training_rows() {
    let shop = Shop::new(&company(300));
    let choices = what_if_choices(&shop.prepared);
    let names: Vec<&str> = choices.iter().map(|choice| choice.column.as_str()).collect();
    assert_eq!(names, ["contract", "payment", "support", "monthly_price", "age", "satisfaction"]);
    let train: HashSet<u32> = (0..shop.prepared.sides.len())
        .filter(|&at| shop.prepared.sides[at] == Side::Train)
        .map(|at| shop.prepared.cleaning.last().rows[at])
        .collect();
    for choice in &choices {
        let text = shop.table.text(&choice.column).unwrap();
        let has: HashSet<&str> = (0..shop.table.height())
            .filter(|&at| train.contains(&shop.table.rows[at]))
            .filter_map(|at| text.get(at))
            .collect();
        assert!((0..choice.values.len()).all(|at| has.contains(choice.values.text(at).unwrap())));
        if let Values::Numbers { values, .. } = &choice.values {
            assert!(values.windows(2).all(|pair| pair[0].0 < pair[1].0), "{}", choice.column);
            assert!(values.len() <= 200);
        }
    }
    let ground = what_if_ground(shop.origin(&shop.learn(ModelKind::Logistic))).unwrap();
    let of = |said: &BTreeMap<String, bool>| -> Vec<String> {
        changeable(&ground, said).into_iter().map(|at| ground.choices[at].column.clone()).collect()
    };
    assert_eq!(of(&BTreeMap::new()), ["contract", "payment", "support", "monthly_price"]);
    let said = [("support".to_owned(), false), ("satisfaction".to_owned(), true)].into();
    assert_eq!(of(&said), ["contract", "payment", "monthly_price", "satisfaction"]);
}

/// The planted cases: how many columns must change is known.
#[test]
fn the_nearest_change_turns_the_answer_with_the_fewest_columns() {
    let shop = Shop::new(&company(300));
    let said = [("monthly_price".to_owned(), false)].into();
    let bad = [("contract = monthly", 2.0), ("payment = check", 2.0), ("support = self", 2.0)];
    // With all three the drive is 6; below the intercept's size the answer is no.
    for (intercept, columns) in [(-5.0, 1), (-3.0, 2), (-1.0, 3)] {
        let outcome = shop.weighed(&bad, intercept);
        let origin = shop.origin(&outcome);
        let ground = what_if_ground(origin).unwrap();
        let list = rank(&shop.prepared, &outcome, None);
        let worst = list.iter().find(|c| c.probability > 0.7).unwrap();
        let (found, _) = near(origin, &ground, worst, &said);
        assert_eq!((found.goal, found.start), (Goal::Below(0.5), worst.probability));
        let turn = found.turn.unwrap();
        assert_eq!(turn.moves.len(), columns, "{turn:?}");
        assert_eq!(turn.cost, columns as f64, "another word costs 1");
        let changes: BTreeMap<String, String> =
            turn.moves.iter().map(|one| (one.column.clone(), one.text.clone())).collect();
        let applied = shop.scored(&outcome, worst, &changes);
        assert_eq!(applied, turn.probability);
        assert!(applied < 0.5 && worst.probability >= 0.5);
        assert!(turn.moves.iter().all(|one| one.from.as_deref() != Some(one.to.as_str())));
    }
    // The price alone: as little less as turns the answer, of the prices that there are.
    let outcome = shop.weighed(&[("monthly_price", 3.0)], 0.0);
    let origin = shop.origin(&outcome);
    let ground = what_if_ground(origin).unwrap();
    let list = rank(&shop.prepared, &outcome, None);
    let said = ["contract", "payment", "support"].map(|name| (name.to_owned(), false)).into();
    let (found, row) = near(origin, &ground, &list[0], &said);
    assert_eq!(found.columns, ["monthly_price"]);
    let turn = found.turn.unwrap();
    let Values::Numbers { spread, values } = &ground.choices[3].values else { panic!("no numbers") };
    let p = |text: &str| ask_if(origin, &ground, &list[0], &changed(&[("monthly_price", text)]));
    let now: f64 = row.numbers[3].unwrap();
    let expected =
        values.iter().filter(|(_, text)| p(text) < 0.5).map(|(value, _)| (value - now).abs() / spread);
    let expected = expected.fold(f64::INFINITY, f64::min);
    assert_eq!((turn.moves.len(), turn.cost), (1, expected));
    // Someone who stays is turned the other way.
    let last = list.last().unwrap();
    let (found, _) = near(origin, &ground, last, &said);
    assert_eq!(found.goal, Goal::Reach(0.5));
    assert!(found.turn.unwrap().probability >= 0.5);
}

#[test]
fn where_nothing_turns_the_answer_that_is_said() {
    let shop = Shop::new(&company(300));
    let silent = Reporter::silent();
    // Nothing may be changed; a model that says the same of everyone; a weight that is no number.
    let fixed: BTreeMap<String, bool> =
        ["contract", "payment", "support", "monthly_price"].map(|name| (name.to_owned(), false)).into();
    let none = BTreeMap::new();
    let broken = shop.weighed(&[("monthly_price", f64::NAN)], 0.0);
    let outcomes = [
        (shop.learn(ModelKind::Logistic), &fixed),
        (shop.learn(ModelKind::Majority), &none),
        (broken, &none),
    ];
    for (outcome, said) in &outcomes {
        let origin = shop.origin(outcome);
        let ground = what_if_ground(origin).unwrap();
        let list = rank(&shop.prepared, outcome, None);
        let (found, _) = near(origin, &ground, &list[0], said);
        assert!(found.turn.is_none(), "{found:?}");
        assert_eq!(found.columns.is_empty(), said.len() == 4);
        assert_eq!(alike_customers(origin, &list[0], &silent).unwrap().len(), 5);
    }
    // Pairs and more were tried before it was given up.
    let outcome = shop.weighed(&[("contract = monthly", 0.1), ("payment = check", 0.1)], 4.0);
    let ground = what_if_ground(shop.origin(&outcome)).unwrap();
    let list = rank(&shop.prepared, &outcome, None);
    let (found, _) = near(shop.origin(&outcome), &ground, &list[0], &none);
    assert!(found.turn.is_none() && found.tried > 300, "{}", found.tried);
    let best = found.best.unwrap();
    assert!(best.moves.len() == 1 && best.probability < found.start);
}

#[test]
fn a_file_of_one_column_has_a_card() {
    let mut text = String::from("price,left");
    for at in 0..200 {
        let price = 20.25 + (at * 37 % 200) as f64 / 2.0;
        text += &format!("\n{price},{}", if price > 70.0 || at % 10 == 0 { "yes" } else { "no" });
    }
    let shop = Shop::new(&text);
    let outcome = shop.learn(ModelKind::Logistic);
    let origin = shop.origin(&outcome);
    let list = rank(&shop.prepared, &outcome, None);
    let ground = what_if_ground(origin).unwrap();
    let (changeable, follow_up) = (&BTreeMap::new(), FollowUp::default());
    let spec = CardSpec { masked: true, threshold: 0.5, changeable, follow_up };
    let card = customer_card(origin, Some(&ground), &list[0], spec, &Reporter::silent()).unwrap();
    assert!(card.contacts.is_empty() && card.id.starts_with("row "), "{}", card.id);
    let found = card.nearest.unwrap();
    assert_eq!(found.columns, ["price"]);
    assert!(found.turn.unwrap().probability < 0.5 && card.probability >= 0.5);
    assert_eq!(card.alike.len(), 5);
}

#[test]
fn alike_customers_are_told_with_what_became_of_them() {
    let shop = Shop::new(&company(300));
    let outcome = shop.learn(ModelKind::Logistic);
    let origin = shop.origin(&outcome);
    let list = rank(&shop.prepared, &outcome, None);
    let alike = alike_customers(origin, &list[3], &Reporter::silent()).unwrap();
    assert_eq!(alike.len(), 5);
    assert!(alike.windows(2).all(|pair| pair[0].distance <= pair[1].distance));
    assert!(alike.iter().all(|one| one.id != list[3].id));
    for one in &alike {
        let row = list.iter().find(|c| c.id == one.id).unwrap();
        assert_eq!((Some(one.happened), one.probability), (row.actual, row.probability));
    }
    // A file without the target: nobody is known to have stayed or left.
    let text = company(60).lines().map(|l| l.rsplit_once(',').unwrap().0.to_owned()).collect::<Vec<_>>();
    let table = open(&write(shop.folder.path(), "june.csv", &text.join("\n")));
    let bundle = bundle(&shop.settings, &shop.prepared, &outcome, None);
    let scores = bundle.score(&table, Lacking::Refuse, &Reporter::silent()).unwrap();
    let month = Month::new(Arc::new(bundle), scores);
    let customer = month.list[0].clone();
    assert!(alike_customers(Origin::Month(&month), &customer, &Reporter::silent()).unwrap().is_empty());
    assert!(such_customers(Origin::Month(&month), 0.5).is_none(), "this bundle has no card");
}

#[test]
fn a_bundle_says_of_such_customers_what_the_project_says() {
    let shop = Shop::new(&company(600));
    let outcome = shop.learn(ModelKind::Logistic);
    let silent = Reporter::silent();
    let card =
        crate::project::card(&shop.settings, &shop.table, &shop.prepared, &outcome, &[], &silent).unwrap();
    let bundle = bundle(&shop.settings, &shop.prepared, &outcome, Some(card));
    let scores = bundle.score(&shop.table, Lacking::Refuse, &silent).unwrap();
    let month = Month::new(Arc::new(bundle), scores);
    for probability in [0.0, 0.1, 0.5, 0.77, 1.0] {
        let here = such_customers(shop.origin(&outcome), probability).unwrap();
        assert_eq!(such_customers(Origin::Month(&month), probability), Some(here));
        assert!(here.rows >= 40 && here.from < here.to, "{here:?}");
    }
    assert!(such_customers(shop.origin(&outcome), f64::NAN).is_none());
}

#[test]
fn a_masked_card_names_nobody() {
    let shop = Shop::new(&company(300));
    let outcome = shop.learn(ModelKind::Logistic);
    let origin = shop.origin(&outcome);
    let ground = what_if_ground(origin).unwrap();
    let list = rank(&shop.prepared, &outcome, None);
    let customer = list[0].clone();
    let at = shop.table.rows.binary_search(&customer.row).unwrap();
    let cell = |column: &str| shop.table.text(column).unwrap().get(at).unwrap().to_owned();
    let (name, email, phone) = (cell("name"), cell("email"), cell("phone"));
    let make = |masked: bool| {
        let follow_up = FollowUp { note: format!("spoke with {name}"), ..FollowUp::default() };
        let spec = CardSpec { masked, threshold: 0.5, changeable: &BTreeMap::new(), follow_up };
        let card = customer_card(origin, Some(&ground), &customer, spec, &Reporter::silent()).unwrap();
        (serde_json::to_string(&card).unwrap(), card)
    };
    let (text, card) = make(true);
    for secret in [&name, &email, &phone] {
        assert!(!text.contains(secret.as_str()), "{secret} in {text}");
    }
    assert!(!text.contains("mia") && !text.contains("Kühn"), "{text}");
    assert_eq!(card.id, customer.id, "a code is no name");
    assert_eq!(card.contacts.len(), 3);
    assert!(card.alike.iter().all(|one| one.id.ends_with("**")), "{:?}", card.alike);
    assert!(!card.reasons.is_empty() && card.reasons.len() <= 3);
    let (text, card) = make(false);
    for told in [&name, &email, &phone] {
        assert!(text.contains(told.as_str()), "{told}");
    }
    assert!(card.alike.iter().all(|one| one.id.len() == 5));
    // An identifier that is an address or a telephone number is masked itself.
    for id in ["mia@example.com", "13912345678", "Mia Kühn", "王小明", "Smith"] {
        let one = Customer { id: id.into(), ..customer.clone() };
        assert_ne!(shown_id(&one), id);
    }
    for id in ["C0001", "7590-VHVEG", "A_12"] {
        assert_eq!(shown_id(&Customer { id: id.into(), ..customer.clone() }), id);
    }
}

#[test]
fn a_model_card_is_sealed_and_knows_its_data() {
    let shop = Shop::new(&company(300));
    let outcome = shop.learn(ModelKind::Logistic);
    let silent = Reporter::silent();
    let card =
        crate::project::card(&shop.settings, &shop.table, &shop.prepared, &outcome, &[&outcome], &silent)
            .unwrap();
    assert_eq!((card.source_kind.as_str(), card.signature.len()), ("csv", 64));
    assert!(card.versions.contains_key("polars") && card.periods.is_empty());
    assert!(!serde_json::to_string(&card).unwrap().contains("mia"));
    let path = write(shop.folder.path(), "card.json", &card.to_json());
    assert_eq!(deploy::check_seal(&path).unwrap().card, card.signature);
    // The bundle carries it, and what is read again is what was sealed.
    let bundle = bundle(&shop.settings, &shop.prepared, &outcome, Some(card.clone()));
    let saved = shop.folder.path().join("model.bundle");
    bundle.save(&saved).unwrap();
    assert_eq!(deploy::check_seal(&saved).unwrap().card, card.signature);
    let again = deploy::Bundle::open(&saved).unwrap();
    assert_eq!(deploy::check_bundle(&saved, &again).unwrap().card, card.signature);
    assert_eq!(again.card.as_ref(), Some(&card));
    assert_eq!(again.choices, bundle.choices);
    // A better figure, another seed, a row of the data: all are seen.
    let text = card.to_json();
    let seed = format!("\"seed\": {}", card.seed);
    for (from, to) in [(seed.as_str(), "\"seed\": 99"), ("\"target\": \"left\"", "\"target\": \"stayed\"")] {
        assert!(text.contains(from), "{from}");
        let path = write(shop.folder.path(), "forged.json", &text.replacen(from, to, 1));
        let told = deploy::check_seal(&path);
        assert!(matches!(told, Err(deploy::DeployError::Altered { part: "card", .. })), "{told:?}");
    }
    let bare = deploy::Card { signature: String::new(), ..card };
    let path = write(shop.folder.path(), "bare.json", &bare.to_json());
    assert!(matches!(deploy::check_seal(&path), Err(deploy::DeployError::Unsealed { .. })));
}
