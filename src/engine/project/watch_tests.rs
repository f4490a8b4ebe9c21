use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::testing::sample;
use super::*;
use crate::collect::ReadOptions;
use crate::deploy::audit::{self, What};
use crate::deploy::batch::Ask;
use crate::deploy::drift::Rules;
use crate::deploy::watch::{Done, DoneResult, Journal, STATE, WatchSpec, hash_of};
use crate::deploy::{Bundle, Lacking};
use crate::job::Reporter;
use crate::train::ModelKind;

/// Names the folder to the program that is killed.
const CHILD: &str = "REGULARS_WATCH_CHILD";

/// A bundle of `kind`, learnt from the customers of `file`.
fn learnt(file: &Path, kind: ModelKind) -> Bundle {
    testing::learnt(file, &Settings::default(), kind)
}

/// A folder of exports, some rows of the sample each, and one that is no table of customers.
fn shop(exports: usize) -> (tempfile::TempDir, WatchSpec) {
    let root = tempfile::tempdir().unwrap();
    let spec = WatchSpec {
        settle: 0,
        ..WatchSpec::new(root.path().join("in"), root.path().join("m.bundle"), root.path().join("out"))
    };
    learnt(&sample(), ModelKind::Tree).save(&spec.bundle).unwrap();
    std::fs::create_dir(&spec.folder).unwrap();
    let text = std::fs::read_to_string(sample()).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    for at in 0..exports {
        let part: Vec<&str> = rows.iter().skip(at * 40).take(120).copied().collect();
        let file = spec.folder.join(format!("week{at:02}.csv"));
        std::fs::write(file, format!("{head}\n{}\n", part.join("\n"))).unwrap();
    }
    std::fs::write(spec.folder.join("menu.csv"), "dish,price\nsoup,4\nrice,2\n").unwrap();
    (root, spec)
}

/// The lists that must come of the exports, by name.
fn expected(spec: &WatchSpec) -> BTreeMap<String, Vec<u8>> {
    let quiet = Reporter::silent();
    let bundle = Bundle::open(&spec.bundle).unwrap();
    let (read, rules, settings) = (ReadOptions::default(), Rules::default(), Settings::default());
    let ask = Ask { bundle: &bundle, lacking: Lacking::Refuse, read: &read, rules: &rules };
    let folder = tempfile::tempdir().unwrap();
    let exports = std::fs::read_dir(&spec.folder).unwrap().map(|entry| entry.unwrap().path());
    let weeks = exports.filter(|path| crate::files::name_of(path).starts_with("week"));
    weeks
        .map(|path| {
            let out = folder.path().join("list.csv");
            score_export(ask, &settings, &path, (&out, false), &quiet).unwrap();
            let hash = hash_of(&path, &quiet).unwrap();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            (format!("{stem}.{}.csv", &hash[..8]), std::fs::read(&out).unwrap())
        })
        .collect()
}

/// The lists that are there.
fn lists(spec: &WatchSpec) -> BTreeMap<String, Vec<u8>> {
    let Ok(folder) = std::fs::read_dir(&spec.out) else { return BTreeMap::new() };
    let paths = folder.map(|entry| entry.unwrap().path());
    let lists = paths.filter(|path| path.extension().is_some_and(|e| e == "csv"));
    lists.map(|path| (crate::files::name_of(&path), std::fs::read(&path).unwrap())).collect()
}

fn pass(spec: &WatchSpec) -> (Pass, Vec<WatchEvent>) {
    let mut events = Vec::new();
    let mut watcher = Watcher::open(spec.clone()).unwrap();
    let pass = watcher.once(Duration::from_secs(20), &Reporter::silent(), &mut |e| events.push(e)).unwrap();
    (pass, events)
}

#[test]
fn every_content_is_scored_once_and_a_bad_one_is_told() {
    let (_root, spec) = shop(3);
    let (first, _) = pass(&spec);
    assert_eq!(first, Pass { scored: 3, refused: 1, waiting: 0 });
    assert!(lists(&spec) == expected(&spec));
    // The same content under another name, and a file that was only touched.
    std::fs::copy(spec.folder.join("week00.csv"), spec.folder.join("again.csv")).unwrap();
    std::fs::write(spec.folder.join("week01.csv"), std::fs::read(spec.folder.join("week01.csv")).unwrap())
        .unwrap();
    assert_eq!(pass(&spec).0, Pass::default());
    let problems = std::fs::read_to_string(spec.out.join("problems.jsonl")).unwrap();
    let problem: serde_json::Value = serde_json::from_str(problems.trim()).unwrap();
    assert_eq!(
        (problem["file"].as_str(), problem["kind"].as_str()),
        (Some("menu.csv"), Some("missing_column"))
    );
    assert!(!problems.contains("soup"), "no cell of the file: {problems}");
    let (done, head) = Journal::look(&spec.state()).unwrap();
    assert_eq!(done.len(), 4);
    assert!(done.iter().all(|(_, done)| done.audited));
    let trail = spec.state().join("audit.jsonl");
    assert_eq!(audit::verify(&trail, Some(&head)).unwrap().count, 5, "a model opened, four contents");
    assert!(!std::fs::read_to_string(trail).unwrap().contains("C000"), "no customer in the trail");
    // A content that changes is a new one.
    let mut text = std::fs::read_to_string(spec.folder.join("week02.csv")).unwrap();
    text.truncate(text.trim_end().rfind('\n').unwrap() + 1);
    std::fs::write(spec.folder.join("week02.csv"), text).unwrap();
    assert_eq!(pass(&spec).0.scored, 1);
    assert_eq!(lists(&spec).len(), 4);
}

#[test]
fn lists_never_land_among_the_exports() {
    let (_root, spec) = shop(1);
    let wrong = WatchSpec { out: spec.folder.clone(), ..spec.clone() };
    assert_eq!(Watcher::open(wrong).err().map(|e| e.kind()), Some("is_input"));
    let _held = Watcher::open(spec.clone()).unwrap();
    assert_eq!(Watcher::open(spec).err().map(|e| e.kind()), Some("watched_already"));
}

#[test]
#[ignore = "the program that the tests of kills start"]
fn child() {
    let Some(root) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let spec =
        WatchSpec { settle: 0, ..WatchSpec::new(root.join("in"), root.join("m.bundle"), root.join("out")) };
    pass(&spec);
}

fn start(root: &Path) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["project::watch_tests::child", "--exact", "--ignored"]).env(CHILD, root);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills the program so many times, each time somewhere on its way.
fn killed(times: usize) {
    let (root, spec) = shop(6);
    let wanted = expected(&spec);
    let began = Instant::now();
    assert!(start(root.path()).wait().unwrap().success());
    let whole = began.elapsed();
    let mut chance = ChaCha8Rng::seed_from_u64(11);
    let (mut on_the_way, mut rounds) = (0, 0);
    let check = |is_whole: bool| {
        let there = lists(&spec);
        for (name, list) in &there {
            assert!(wanted.get(name) == Some(list), "{name} is not what it should be");
        }
        if is_whole {
            assert_eq!(there.len(), wanted.len(), "none is lost");
            let (done, head) = Journal::look(&spec.state()).unwrap();
            let trail = spec.state().join("audit.jsonl");
            audit::verify(&trail, Some(&head)).unwrap();
            let entries = audit::entries(&trail, usize::MAX).unwrap();
            for (hash, Done { result, .. }) in &done {
                let of_it =
                    entries.iter().filter(|e| e.detail.get("content").is_some_and(|c| c == hash.as_str()));
                assert_eq!(of_it.count(), 1, "{hash} stands once in the trail");
                assert!(!matches!(result, DoneResult::Scored { rows, .. } if *rows != 120));
            }
            assert_eq!(done.len(), 7);
            assert!(entries.iter().any(|entry| entry.what == What::Opened));
        }
    };
    check(true);
    for _ in 0..times {
        let is_whole = Journal::look(&spec.state()).map_or(0, |(done, _)| done.len()) == 7;
        if is_whole || !spec.out.exists() {
            let _ = std::fs::remove_dir_all(&spec.out);
            rounds += 1;
        }
        let mut child = start(root.path());
        std::thread::sleep(whole.mul_f64(chance.gen_range(0.0..1.1)));
        on_the_way += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        check(false);
    }
    assert!(start(root.path()).wait().unwrap().success());
    check(true);
    println!("{times} kills, {on_the_way} of them on the way, over {rounds} rounds");
    assert!(on_the_way * 3 >= times, "{on_the_way} of {times} kills met the program at work");
    assert!(!spec.out.join(STATE).join("parts").read_dir().unwrap().any(|_| true), "no half list is left");
}

#[test]
fn killed_thirty_times_no_row_is_lost_or_twice() {
    killed(30);
}

#[test]
#[ignore = "takes minutes: the figure of docs/watch.md"]
fn killed_two_hundred_times_no_row_is_lost_or_twice() {
    killed(200);
}

#[test]
fn a_challenger_takes_over_only_where_it_is_better() {
    let (root, spec) = shop(1);
    let text = std::fs::read_to_string(sample()).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let half = |name: &str, rows: &[&str]| {
        let path = root.path().join(name);
        std::fs::write(&path, format!("{head}\n{}\n", rows.join("\n"))).unwrap();
        path
    };
    let (known, judge) =
        (half("known.csv", &rows[..rows.len() / 2]), half("judge.csv", &rows[rows.len() / 2..]));
    learnt(&known, ModelKind::Majority).save(&spec.bundle).unwrap();
    let (good, same) = (root.path().join("good.bundle"), root.path().join("same.bundle"));
    learnt(&known, ModelKind::Logistic).save(&good).unwrap();
    learnt(&known, ModelKind::Majority).save(&same).unwrap();
    let quiet = Reporter::silent();
    assert_eq!(roll_back(&spec).unwrap_err().kind(), "no_earlier_model");
    let stays = challenge(&spec, &same, &judge, &quiet).unwrap();
    assert!(!stays.takes_over && stays.paired.difference == 0.0, "{stays:?}");
    let wins = challenge(&spec, &good, &judge, &quiet).unwrap();
    assert!(wins.takes_over && wins.paired.low > 0.0 && wins.challenger_auc > 0.6, "{wins:?}");
    // The other way round it does not get in.
    let back = challenge(&spec, &same, &judge, &quiet).unwrap();
    assert!(!back.takes_over && back.champion_auc == wins.challenger_auc, "{back:?}");
    let small = half("small.csv", &rows[..8]);
    assert_eq!(challenge(&spec, &good, &small, &quiet).unwrap_err().kind(), "judge_too_small");
    pass(&spec);
    let (done, _) = Journal::look(&spec.state()).unwrap();
    let winner = hash_of(&good, &quiet).unwrap();
    assert!(
        done.iter()
            .filter(|(_, done)| matches!(done.result, DoneResult::Scored { .. }))
            .all(|(_, done)| done.model == winner)
    );
    roll_back(&spec).unwrap();
    let trail = spec.state().join("audit.jsonl");
    let what: Vec<What> = audit::entries(&trail, 100).unwrap().iter().map(|entry| entry.what).collect();
    assert!(what.starts_with(&[What::Stayed, What::TookOver, What::Stayed]), "{what:?}");
    assert_eq!(what.last(), Some(&What::RolledBack));
    audit::verify(&trail, None).unwrap();
}
