use super::{Campaign, CampaignSpec, Recommended, recommend_of};
use crate::deploy::{FollowUp, FollowUps};
use crate::job::Reporter;
use crate::project::{self, Collected, Contacts, Settings};
use crate::recommend::{HouseRules, Kind, RecommendSpec, affinities};
use crate::sample::PAIRS;

fn shop() -> (Collected, Recommended) {
    let folder = tempfile::tempdir().unwrap();
    let files = crate::sample::write_baskets(folder.path(), 600, 7).unwrap();
    let settings = Settings::default();
    let silent = Reporter::silent();
    let collected = project::collect(&files, &settings, &silent).unwrap();
    let spec = RecommendSpec { kinds: vec![Kind::Cooccurrence], ..RecommendSpec::default() };
    let found = recommend_of(&collected, &settings, &spec, &silent).unwrap();
    (collected, found)
}

#[test]
fn the_planted_pairs_are_the_network() {
    let (_, found) = shop();
    let rules = found.associations(&Reporter::silent()).unwrap();
    let network = affinities(&found.all, &rules, 60);
    assert!(network.in_money && network.left_out == 0);
    let name = |end: usize| found.all.items[network.nodes[end].item as usize].as_str();
    for edge in network.edges.iter().take(3) {
        let [a, b] = edge.ends.map(name);
        assert!(PAIRS.iter().any(|pair| *pair == (a, b) || *pair == (b, a)), "{a} {b}");
        assert!(edge.lift > 1.5 && edge.count > 20, "{edge:?}");
    }
}

#[test]
fn a_campaign_leaves_out_who_did_not_agree() {
    let (collected, found) = shop();
    let silent = Reporter::silent();
    let lists = found.lists_by(&HouseRules::default(), 10, &silent).unwrap();
    let item = found.all.items.iter().position(|item| item == "honey").unwrap() as u32;
    let spec = CampaignSpec { item, within: 10, contacts: Contacts::Masked, with_do_not_contact: false };
    let table = Some(&collected.table);
    let make = |spec: &CampaignSpec, follow_ups: &FollowUps| {
        Campaign::make(&found, &lists, spec, table, follow_ups, &silent).unwrap()
    };
    let made = make(&spec, &FollowUps::new());
    assert_eq!(made.lines.len() + made.without_consent, found.wanted_by(&lists)[item as usize]);
    assert!(made.without_consent > 0 && !made.consent_unknown && !made.lines.is_empty());
    for line in &made.lines {
        assert_eq!(found.sides.consent[line.customer], Some(true));
        assert_eq!(found.all.customers[line.customer], line.id);
    }
    assert!(made.lines.is_sorted_by_key(|line| line.place));
    let (share, asked) = made.uptake.unwrap();
    assert!(share.low <= share.value && share.value <= share.high && asked <= found.task.cases.len());
    // Who is marked is left out, and told.
    let refused = FollowUp { do_not_contact: true, ..FollowUp::default() };
    let first = made.lines[0].id.clone();
    let without = make(&spec, &FollowUps::from([(first.clone(), refused)]));
    assert_eq!((without.withheld, without.lines.len()), (1, made.lines.len() - 1));
    assert!(without.lines.iter().all(|line| line.id != first));
    // Only the very first offers.
    let narrow = make(&CampaignSpec { within: 1, ..spec }, &FollowUps::new());
    assert!(narrow.lines.len() < made.lines.len() && narrow.lines.iter().all(|line| line.place == 1));
}

#[test]
fn rules_are_priced_before_they_are_taken() {
    let (_, found) = shop();
    let silent = Reporter::silent();
    let possible = found.possible_rules();
    assert!(possible.in_stock && possible.consent && possible.per_category.is_some());
    let off = HouseRules::default();
    let tried = HouseRules { in_stock: true, consent: true, per_category: Some(1), ..off };
    let costs = found.rule_costs(&tried, &off, &silent).unwrap();
    let names: Vec<&str> = costs.iter().map(|cost| cost.rule).collect();
    assert_eq!(names, ["in_stock", "consent", "per_category"]);
    let consent = costs[1];
    assert!(consent.hits_after < consent.hits_before, "half did not agree: {consent:?}");
    let both = HouseRules { in_stock: true, consent: true, ..off };
    let costs = found.rule_costs(&tried, &both, &silent).unwrap();
    let all = costs.iter().find(|cost| cost.rule == "all").unwrap();
    // A list may gain by what moves up in the place of what is forbidden, but not what consent costs.
    assert!(all.hits_after < all.hits_before, "{all:?}");
    // Lists follow the rules in force, not those that were there at the time of asking.
    let lists = found.lists_by(&HouseRules { in_stock: true, ..off }, 12, &silent).unwrap();
    let gone = found.all.items.iter().position(|item| item == "ginger biscuits").unwrap();
    assert_eq!(found.wanted_by(&lists)[gone], 0);
    assert!(found.wanted_by(&found.lists(12, &silent).unwrap())[gone] > 0);
}

#[test]
fn settings_of_older_projects_stay_what_they_were() {
    let settings = Settings::default();
    assert!(!serde_json::to_string(&settings).unwrap().contains("recommend"));
    let spec = RecommendSpec { top: Some(900), ..RecommendSpec::default() }.sane();
    let usual = RecommendSpec::default();
    assert_eq!((spec.length(50), usual.length(1_000)), (100, 10));
    assert_eq!((usual.length(30), usual.length(12), usual.length(2), usual.length(0)), (10, 4, 1, 1));
    let kept = Settings { recommend: spec.clone(), ..settings };
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Settings>(&text).unwrap().recommend, spec);
    assert!(spec.question().is_default(), "the length of a list is no question");
}
