use std::time::Duration;

use super::*;
use crate::collect::{self, ReadOptions};
use crate::deploy::audit::{self, What};
use crate::deploy::watch::{Journal, Owed, WatchSpec};
use crate::project::roll_back;
use crate::train::ModelKind;

/// A shop whose model learnt from outcomes that are not its customers', a project with the right ones, and
/// an empty folder of exports.
struct Shop {
    root: tempfile::TempDir,
    head: String,
    rows: Vec<String>,
}

impl Shop {
    fn new() -> Self {
        let text = std::fs::read_to_string(project::testing::sample()).unwrap();
        // The sample holds some customers twice.
        let mut known = HashSet::new();
        let is_new = |line: &&str| known.insert(line[..6].to_owned());
        let mut lines = text.lines().filter(is_new).map(str::to_owned);
        let root = tempfile::tempdir().unwrap();
        let shop = Self { head: lines.next().unwrap(), rows: lines.collect(), root };
        for folder in ["in", "labelled"] {
            std::fs::create_dir(shop.at(folder)).unwrap();
        }
        let ends: Vec<&str> = shop.rows.iter().map(|row| row.rsplit(',').next().unwrap()).collect();
        let wrong: Vec<String> = shop.rows[..500]
            .iter()
            .zip(ends.iter().skip(7))
            .map(|(row, end)| format!("{},{end}", row.rsplit_once(',').unwrap().0))
            .collect();
        shop.write("wrong.csv", &wrong);
        shop.write("known.csv", &shop.rows[..500]);
        let quiet = Reporter::silent();
        let table = collect::open(&shop.at("wrong.csv"), &ReadOptions::default(), &quiet).unwrap();
        let settings = Settings::default();
        let prepared = project::prepare(&settings, &table, &quiet).unwrap();
        let outcome = project::learn(&settings, &prepared, ModelKind::Logistic, &quiet).unwrap();
        project::bundle(&settings, &prepared, &outcome, None).save(&shop.at("m.bundle")).unwrap();
        let project = SavedProject::new(Settings::default(), shop.at("known.csv"), String::new());
        project.save(&shop.at("p.regulars")).unwrap();
        shop
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, rows: &[String]) {
        std::fs::write(self.at(name), format!("{}\n{}\n", self.head, rows.join("\n"))).unwrap();
    }

    fn spec(&self, every_days: u32) -> WatchSpec {
        let retrain =
            RetrainSpec { project: self.at("p.regulars"), labelled: self.at("labelled"), every_days };
        WatchSpec {
            settle: 0,
            retrain: Some(retrain),
            ..WatchSpec::new(self.at("in"), self.at("m.bundle"), self.at("out"))
        }
    }

    /// What a look says of retraining.
    fn look(&self, every_days: u32) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        let mut watcher = Watcher::open(self.spec(every_days)).unwrap();
        watcher.once(Duration::from_secs(5), &Reporter::silent(), &mut |event| events.push(event)).unwrap();
        events
    }

    fn trail(&self) -> Vec<audit::Entry> {
        let trail = self.spec(30).state().join("audit.jsonl");
        audit::verify(&trail, Some(&Journal::look(&self.spec(30).state()).unwrap().1)).unwrap();
        audit::entries(&trail, usize::MAX).unwrap()
    }
}

#[test]
fn a_better_challenger_takes_over_by_itself_and_there_is_a_way_back() {
    let shop = Shop::new();
    assert_eq!(shop.look(30), [], "without outcomes nothing is trained");
    shop.write("labelled/may.csv", &shop.rows[450..850]);
    let events = shop.look(30);
    let [WatchEvent::Retrained { learnt, gate }] = events.as_slice() else { panic!("{events:?}") };
    assert!(gate.takes_over && gate.paired.low > 0.0, "{gate:?}");
    assert!((80..190).contains(&gate.rows) && learnt + gate.rows == 850, "{learnt} {gate:?}");
    assert_eq!(shop.look(30), [], "a month judges once");
    let trail = shop.trail();
    let took: Vec<&audit::Entry> = trail.iter().filter(|entry| entry.what == What::TookOver).collect();
    assert_eq!(took.len(), 1);
    assert_eq!(took[0].detail["learnt"], *learnt);
    // The next month comes before the thirty days are over; then they are.
    shop.write("labelled/june.csv", &shop.rows[850..]);
    assert_eq!(shop.look(30), []);
    let events = shop.look(0);
    let [WatchEvent::Retrained { learnt: next, gate }] = events.as_slice() else { panic!("{events:?}") };
    assert!(next > learnt && !gate.takes_over, "as good as the one before it: {gate:?}");
    let judged = |entry: &audit::Entry| entry.detail["judged"].as_array().unwrap().len();
    assert_eq!(shop.trail().iter().filter(|entry| entry.what == What::Stayed).map(judged).sum::<usize>(), 1);
    let challenger = shop.spec(30).state().join("models/challenger.bundle");
    assert!(Bundle::open(&challenger).unwrap().card.is_some());
    // One command back.
    let before = shop.spec(30);
    let back = roll_back(&before).unwrap();
    let hash = hash_of(&before.bundle, &Reporter::silent()).unwrap();
    assert!(back.starts_with(&hash[..16]), "{back}");
    assert_eq!(shop.trail().last().map(|entry| entry.what), Some(What::RolledBack));
}

#[test]
fn whoever_judges_is_learnt_from_nowhere_and_everybody_counts_once() {
    let shop = Shop::new();
    // Customers 300 to 500 stand in the project's file too, under another age.
    let older: Vec<String> = shop.rows[300..700].iter().map(|row| row.replacen(",yes", ",no", 1)).collect();
    shop.write("labelled/a.csv", &older);
    shop.write("labelled/b.csv", &shop.rows[600..900]);
    let quiet = Reporter::silent();
    let month = |name: &str| (shop.at(name), hash_of(&shop.at(name), &quiet).unwrap());
    let months = [month("labelled/a.csv"), month("labelled/b.csv")];
    let champion = Bundle::open(&shop.at("m.bundle")).unwrap();
    let spec = shop.spec(30).retrain.unwrap();
    let ids_of = |table: &Table| -> Vec<String> {
        let names = table.text("customer_id").unwrap();
        names.iter().flatten().map(str::to_owned).collect()
    };
    for fresh in [vec![months[0].1.clone(), months[1].1.clone()], vec![months[1].1.clone()]] {
        let (settings, base) = project_of((&spec, None), &champion, &quiet).unwrap();
        let (learn, judge) = split(&spec, &settings, base, (&months, &fresh), &quiet).unwrap();
        let (learn_ids, judge_ids) = (ids_of(&learn), ids_of(&judge));
        let all: HashSet<&String> = learn_ids.iter().chain(&judge_ids).collect();
        assert_eq!(all.len(), learn_ids.len() + judge_ids.len(), "nobody is twice, nobody on both sides");
        assert!(judge_ids.iter().all(|id| judges(id)) && judge_ids.len() > 60);
        if fresh.len() == 2 {
            assert_eq!(all.len(), 900);
        } else {
            let of_b: HashSet<&str> = shop.rows[600..900].iter().map(|row| &row[..6]).collect();
            assert!(judge_ids.iter().all(|id| of_b.contains(id.as_str())), "a month judges once");
            let judged: usize = shop.rows[300..600].iter().filter(|row| judges(&row[..6])).count();
            assert_eq!(all.len(), 900 - judged, "those who judged before are learnt from nowhere either");
        }
        // The newest file's word counts.
        assert!(learn.height() as u64 == learn.records);
    }
}

#[test]
fn what_cannot_be_trained_is_told_once_and_a_stopped_decision_is_told_later() {
    let shop = Shop::new();
    shop.write("labelled/few.csv", &shop.rows[..12]);
    let mut watcher = Watcher::open(shop.spec(30)).unwrap();
    let mut events = Vec::new();
    for _ in 0..2 {
        watcher.pass(&Reporter::silent(), &mut |event| events.push(event)).unwrap();
    }
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(matches!(&events[0], WatchEvent::NotRetrained { kind: "judge_too_small", .. }), "{events:?}");
    drop(watcher);
    // Stopped between the journal and the trail.
    let owed = Owed { what: What::Stayed, detail: BTreeMap::from([("decision".to_owned(), "d1".into())]) };
    let mut journal = Journal::open(&shop.spec(30).state()).unwrap();
    journal.decide(None, &["h".to_owned()], owed.clone()).unwrap();
    drop(journal);
    let told = || shop.trail().iter().filter(|entry| entry.detail == owed.detail).count();
    assert_eq!(told(), 0);
    shop.look(30);
    assert_eq!(told(), 1);
    // Stopped after the trail: it is not told again.
    let mut journal = Journal::open(&shop.spec(30).state()).unwrap();
    journal.decide(None, &[], owed.clone()).unwrap();
    drop(journal);
    shop.look(30);
    assert_eq!(told(), 1);
    assert!(Journal::open(&shop.spec(30).state()).unwrap().retrained().unwrap().judged.contains("h"));
}

#[test]
fn an_alert_makes_it_due_before_the_days_are_over() {
    let shop = Shop::new();
    shop.write("labelled/may.csv", &shop.rows[450..850]);
    assert_eq!(shop.look(30).len(), 1);
    shop.write("labelled/june.csv", &shop.rows[850..]);
    assert_eq!(shop.look(30), []);
    // An export of customers who are all of one town.
    let moved: Vec<String> = shop.rows[..300]
        .iter()
        .map(|row| {
            let mut cells: Vec<&str> = row.split(',').collect();
            cells[4] = "Atlantis";
            cells.join(",")
        })
        .collect();
    // A decision and an alert of the same second cannot be told apart.
    std::thread::sleep(Duration::from_millis(1100));
    shop.write("in/week.csv", &moved);
    let events = shop.look(30);
    assert!(events.iter().any(|event| matches!(event, WatchEvent::Retrained { .. })), "{events:?}");
}
