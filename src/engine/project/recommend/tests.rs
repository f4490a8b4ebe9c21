use super::{Recommended, interactions, recommend_of};
use crate::collect::relate::testing::table;
use crate::job::Reporter;
use crate::project::{self, Collected, Settings};
use crate::recommend::{Fitted, HouseRules, Kind, Protocol, RecommendSpec, Seen};
use crate::sample::PAIRS;

fn single(text: &str, spec: &RecommendSpec) -> crate::Result<Recommended> {
    let collected = Collected::single(table("lines", text));
    recommend_of(&collected, &Settings::default(), spec, &Reporter::silent())
}

fn leave(kinds: &[Kind]) -> RecommendSpec {
    RecommendSpec { protocol: Protocol::LeaveLastOut, kinds: kinds.to_vec(), ..RecommendSpec::default() }
}

#[test]
fn the_planted_pairs_of_the_sample_shop_are_the_top_rules() {
    let folder = tempfile::tempdir().unwrap();
    let files = crate::sample::write_baskets(folder.path(), 600, 7).unwrap();
    let settings = Settings::default();
    let silent = Reporter::silent();
    let collected = project::collect(&files, &settings, &silent).unwrap();
    let house = HouseRules { in_stock: true, consent: true, per_category: Some(2), ..HouseRules::default() };
    let spec = RecommendSpec { kinds: vec![Kind::Rules, Kind::Ease], house, ..RecommendSpec::default() };
    let found = recommend_of(&collected, &settings, &spec, &silent).unwrap();
    assert_eq!(found.protocol, Protocol::TimeSplit);
    assert_eq!((found.all.items.len(), found.all.active()), (12, 600));
    let name = |item: u32| found.all.items[item as usize].as_str();
    let rules = found.choice.candidates.iter().find_map(|one| match &one.fitted {
        Fitted::Rules(rules) => Some(rules),
        _ => None,
    });
    let rules = rules.unwrap();
    assert!(!rules.of_customers, "orders have several lines");
    let mut top: Vec<(&str, &str)> = rules
        .rules
        .iter()
        .filter(|rule| rule.from.len() == 1)
        .take(6)
        .map(|rule| (name(rule.from[0]), name(rule.to)))
        .collect();
    let mut planted: Vec<(&str, &str)> = PAIRS.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]).collect();
    top.sort_unstable();
    planted.sort_unstable();
    assert_eq!(top, planted);
    for rule in rules.rules.iter().take(20) {
        let is_pair = |(a, b): &(&str, &str)| {
            let all: Vec<&str> = rule.from.iter().chain([&rule.to]).map(|item| name(*item)).collect();
            all.contains(a) && all.contains(b)
        };
        assert!(PAIRS.iter().any(is_pair), "{rule:?}");
    }
    // Sides from the other tables, and rules that bite.
    assert_eq!(found.sides.categories.len(), 5);
    let biscuits = found.all.items.iter().position(|item| item == "ginger biscuits").unwrap();
    assert_eq!(found.sides.stock[biscuits], Some(0.0));
    assert_eq!(
        found.costs.iter().map(|cost| cost.rule).collect::<Vec<_>>(),
        ["in_stock", "consent", "per_category", "all"]
    );
    assert!(found.costs.iter().all(|cost| cost.hits_after <= cost.hits_before));
    let lists = found.lists(12, &silent).unwrap();
    assert!(lists.iter().flat_map(|(_, list)| list).all(|offer| offer.item as usize != biscuits));
    for (who, list) in &lists {
        assert_eq!(list.is_empty(), found.sides.consent[*who] != Some(true));
    }
    let honey = found.all.items.iter().position(|item| item == "honey").unwrap() as u32;
    let wanted = found.who_would_want(honey, 3, &silent).unwrap();
    assert!(!wanted.is_empty() && wanted.windows(2).all(|pair| pair[0].1 <= pair[1].1));
}

#[test]
fn a_basket_is_answered_with_reasons() {
    let mut text = String::from("order_id,customer_id,order_date,product\n");
    for n in 0..60 {
        let (a, b) = if n % 2 == 0 { ("tea", "honey") } else { ("pen", "ink") };
        for product in [a, b, "bag"] {
            text += &format!("O{n},C{},2026-01-{:02},{product}\n", n % 20, n % 27 + 1);
        }
    }
    let found = single(&text, &RecommendSpec { seen: Seen::In, ..leave(&[Kind::Ease]) }).unwrap();
    let basket = found.model.basket(&["tea"]).unwrap();
    let offers = found.what_if(&basket, 3);
    assert_eq!(found.model.items[offers[0].item as usize], "honey");
    assert_eq!(offers[0].reasons[0].item, basket[0]);
    assert!((offers[0].reasons[0].weight - offers[0].score).abs() < 1e-6, "one product is all of the score");
}

#[test]
fn hostile_events_are_told_kindly() {
    let kind = |text: &str| single(text, &leave(&[])).map(|_| ()).unwrap_err().kind();
    let head = "customer_id,product_id,date\n";
    assert_eq!(
        kind(&format!("{head}A,x,2026-01-01\nB,x,2026-01-02\nA,x,2026-01-03\n")),
        "recommend_one_product"
    );
    assert_eq!(kind(&format!("{head}A,x,2026-01-01\nA,y,2026-01-02\n")), "recommend_one_customer");
    assert_eq!(kind(&format!("{head}A,x,2026-01-01\nB,y,2026-01-02\n")), "recommend_no_second");
    assert_eq!(kind("age,city\n3,Ulm\n4,Bonn\n"), "recommend_no_lines");
    let wrong = RecommendSpec { customer: Some("nobody".into()), ..leave(&[]) };
    assert_eq!(
        single(&format!("{head}A,x,2026-01-01\n"), &wrong).map(|_| ()).unwrap_err().kind(),
        "recommend_no_column"
    );

    // All the same: everyone took both, over and over.
    let same: String = (0..30)
        .map(|n| format!("C{},{},2026-01-{:02}\n", n % 3, if n % 2 == 0 { "x" } else { "y" }, n % 27 + 1))
        .collect();
    let found = single(&format!("{head}{same}"), &leave(&[])).unwrap();
    assert!(found.seen_in && found.notes.iter().any(|note| note.code == "recommend_seen_in"));
    assert_eq!(found.choice.candidates.len(), Kind::ALL.len());

    // Names in mixed types, blanks, the future, returns, no date at all.
    let mixed = "customer_id,product_id,date,quantity\n1,007,2026-01-01,1\n1.0,7,2026-01-02,1\nA-1,007,2026-01-02,1\n1,茶,2026-01-03,2\nA-1,7,2026-01-04,1\n,7,2026-01-04,1\nA-1,茶,2090-01-01,1\n1,7,2026-01-05,-1\n1,7,soon,1\n";
    let collected = Collected::single(table("lines", mixed));
    let (all, _) = interactions(&collected, &Settings::default(), &leave(&[]), &Reporter::silent()).unwrap();
    assert_eq!(
        (all.customers.len(), all.items.len(), all.events().len()),
        (3, 3, 5),
        "names stay what they are"
    );
    let count = |code: &str| {
        let note = all.notes.iter().find(|note| note.code == code).unwrap();
        note.args[0].1.clone()
    };
    for code in ["recommend_nameless", "recommend_future", "recommend_returns", "recommend_no_time"] {
        assert_eq!(count(code), "1", "{code}");
    }
}

#[test]
fn a_million_products_are_ranked() {
    let items = 1_000_000u32;
    let rows: Vec<crate::recommend::Row> = (0..120u32)
        .map(|n| crate::recommend::Row {
            customer: n % 12,
            item: (n % 12 % 7) * 100_000 + n / 12 * 3,
            time: i64::from(n) * 86_400_000,
            basket: n,
            quantity: 1.0,
            money: f32::NAN,
        })
        .collect();
    let names = |count: u32| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let all = crate::recommend::Interactions::new(names(12), names(items), &rows, true);
    let spec = leave(&[Kind::Cooccurrence, Kind::Ease]);
    let found = super::recommend(all, Default::default(), &spec, 1, &Reporter::silent()).unwrap();
    assert!(found.notes.iter().any(|note| note.code == "recommend_no_ease"));
    assert_eq!(found.offers(0, 10).len(), 10);
}

#[test]
fn a_cancelled_question_stops() {
    let text: String =
        (0..400).map(|n| format!("C{},{},2026-01-{:02}\n", n % 40, n * 7 % 13, n % 27 + 1)).collect();
    let collected = Collected::single(table("lines", &format!("customer_id,product_id,date\n{text}")));
    let job = crate::job::Job::start(
        || (),
        move |report: &Reporter| {
            while report.check().is_ok() {
                std::thread::yield_now();
            }
            recommend_of(&collected, &Settings::default(), &leave(&[]), report).map(|_| ())
        },
    );
    job.cancel();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
}
