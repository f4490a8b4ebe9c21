//! The program as a person runs it, killed (`kill -9`) at random moments while it saves, scores, watches and
//! retrains: every file is whole or absent, no row is scored twice or lost, and nothing piles up.
//!
//! `REGULARS_KILL_SEED` chooses other moments; the seed in use is printed.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regulars_engine::deploy::audit::{self, What};
use regulars_engine::deploy::watch::{DoneResult, Journal, STATE, hash_of};
use regulars_engine::deploy::{Bundle, ListEntry, SavedList};
use regulars_engine::job::Reporter;
use regulars_engine::project::{SavedProject, Settings};

use crate::support::{json, program, sample};

/// What the program is doing when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    /// `train --bundle`, over an older bundle.
    Train,
    /// `forget`, which saves the project again.
    Save,
    Score,
    Stream,
    /// `watch`, while exports arrive.
    Watch,
    /// `watch --once --retrain`, when another month's outcomes are known.
    Retrain,
}

impl Work {
    const ALL: [Self; 6] = [Self::Train, Self::Save, Self::Score, Self::Stream, Self::Watch, Self::Retrain];
}

/// Customers in the project's list.
const LISTED: usize = 4_000;
/// Rows of an export.
const EXPORTED: usize = 400;
/// Files with outcomes that lie about, so that a training lasts as long as the one before.
const MONTHS: usize = 4;

/// A shop's folder, and what must hold in it.
struct Shop {
    root: tempfile::TempDir,
    head: String,
    rows: Vec<String>,
    /// Exports and months that arrived so far.
    arrived: usize,
    months: usize,
    /// The list of scores that must come out.
    wanted: String,
    /// Every list of the watch that was seen, and its hash.
    seen: BTreeMap<PathBuf, String>,
    forgotten: usize,
}

impl Shop {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(sample()).unwrap();
        let mut lines = text.lines().map(str::to_owned);
        let head = lines.next().unwrap();
        let mut shop = Self {
            root,
            head,
            rows: lines.collect(),
            arrived: 0,
            months: 0,
            wanted: String::new(),
            seen: BTreeMap::new(),
            forgotten: 0,
        };
        for folder in ["in", "none", "labelled", "lists", "judged"] {
            std::fs::create_dir(shop.at(folder)).unwrap();
        }
        shop.write("large.csv", "L", 0, 10 * shop.rows.len());
        shop.write("known.csv", "K", 0, 600);
        let (known, large) = (shop.at("known.csv"), shop.at("large.csv"));
        let text = |path: &Path| path.display().to_string();
        let bundle = text(&shop.at("m.bundle"));
        json(&["train", &text(&known), "--target", "churned", "--model", "tree", "--bundle", &bundle]);
        let list = text(&shop.at("wanted.csv"));
        json(&["score", &bundle, &text(&large), "--out", &list]);
        shop.wanted = shop.hash("wanted.csv");
        let entry = |at: usize| ListEntry {
            id: format!("C{at}"),
            probability: at as f64 / LISTED as f64,
            left: false,
        };
        let mut project = SavedProject::new(Settings::default(), known, String::new());
        project.save(&shop.at("retrain.regulars")).unwrap();
        project.lists = vec![SavedList {
            file: "customers.csv".into(),
            hash: "abc".into(),
            made: "2026-11-25".into(),
            threshold: 0.5,
            entries: (0..LISTED).map(entry).collect(),
        }];
        project.save(&shop.at("shop.regulars")).unwrap();
        shop
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn hash(&self, name: &str) -> String {
        hash_of(&self.at(name), &Reporter::silent()).unwrap()
    }

    /// A file of so many customers whose names begin with `mark`; it appears whole.
    fn write(&self, name: &str, mark: &str, from: usize, rows: usize) {
        let mut text = format!("{}\n", self.head);
        for (at, row) in self.rows.iter().cycle().skip(from).take(rows).enumerate() {
            let (_, rest) = row.split_once(',').unwrap();
            text.push_str(&format!("{mark}{at:06},{rest}\n"));
        }
        let half = self.at("half");
        std::fs::write(&half, text).unwrap();
        std::fs::rename(half, self.at(name)).unwrap();
    }

    fn export(&mut self) {
        self.arrived += 1;
        let (name, mark) = (format!("in/week{:03}.csv", self.arrived), format!("E{}-", self.arrived));
        self.write(&name, &mark, self.arrived * 7, EXPORTED);
    }

    fn month(&mut self) {
        self.months += 1;
        let (name, mark) = (format!("labelled/month{:03}.csv", self.months), format!("M{}-", self.months));
        self.write(&name, &mark, self.months * 11, EXPORTED);
        if let Some(old) = self.months.checked_sub(MONTHS) {
            let _ = std::fs::remove_file(self.at(&format!("labelled/month{old:03}.csv")));
        }
    }

    /// The command of a work, as a person types it.
    fn command(&self, work: Work) -> Command {
        let mut command = program();
        command.env("XDG_DATA_HOME", self.at("data")).stdout(Stdio::null()).stderr(Stdio::null());
        let at = |name: &str| self.at(name).display().to_string();
        let arguments: Vec<String> = match work {
            Work::Train => ["train", &at("known.csv"), "--target", "churned", "--model", "tree", "--bundle"]
                .map(str::to_owned)
                .into_iter()
                .chain([at("s.bundle")])
                .collect(),
            Work::Save => {
                let customer = format!("C{}", self.forgotten);
                vec!["forget".into(), at("shop.regulars"), "--customer".into(), customer]
            }
            Work::Score => vec!["score".into(), at("m.bundle"), at("large.csv"), "--out".into(), at("l.csv")],
            Work::Stream => {
                let out = at("s.csv");
                vec!["score".into(), at("m.bundle"), at("large.csv"), "--out".into(), out, "--stream".into()]
            }
            Work::Watch => self.watch(&["--every", "1"]),
            Work::Retrain => {
                let ask =
                    ["watch", &at("none"), "--bundle", &at("m.bundle"), "--out", &at("judged"), "--once"];
                let more =
                    ["--settle", "0", "--retrain", &at("retrain.regulars"), "--labelled", &at("labelled")];
                // Else it would wait 30 days after the first decision.
                let due = ["--retrain-every", "0"];
                ask.iter().chain(&more).chain(&due).map(|word| (*word).to_owned()).collect()
            }
        };
        command.args(arguments);
        command
    }

    fn watch(&self, more: &[&str]) -> Vec<String> {
        let at = |name: &str| self.at(name).display().to_string();
        let ask = ["watch", &at("in"), "--bundle", &at("m.bundle"), "--out", &at("lists"), "--settle", "0"];
        ask.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    /// What must hold after every kill.
    fn check(&mut self, work: Work) {
        match work {
            Work::Train => {
                let bundle = self.at("s.bundle");
                assert!(!bundle.exists() || Bundle::open(&bundle).is_ok(), "the bundle is whole");
            }
            Work::Save => {
                let project = SavedProject::open(&self.at("shop.regulars")).expect("the project is whole");
                let left = project.lists[0].entries.len();
                // Forgotten wholly, or not at all.
                assert!(LISTED - left == self.forgotten || LISTED - left == self.forgotten + 1, "{left}");
                self.forgotten = LISTED - left;
            }
            Work::Score | Work::Stream => {
                let name = if work == Work::Score { "l.csv" } else { "s.csv" };
                assert!(
                    !self.at(name).exists() || self.hash(name) == self.wanted,
                    "{name} is whole or absent"
                );
                let _ = std::fs::remove_file(self.at(name));
            }
            Work::Watch => self.check_lists(),
            Work::Retrain => self.check_models(),
        }
        self.check_left();
    }

    fn check_lists(&mut self) {
        for entry in std::fs::read_dir(self.at("lists")).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "csv") {
                continue;
            }
            let hash = hash_of(&path, &Reporter::silent()).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.lines().count(), EXPORTED + 1, "{} is whole", path.display());
            let known = self.seen.entry(path.clone()).or_insert_with(|| hash.clone());
            assert_eq!(*known, hash, "{} does not change any more", path.display());
        }
        let state = self.at("lists").join(STATE);
        assert!(!state.exists() || Journal::look(&state).is_ok(), "the journal is whole");
    }

    fn check_models(&self) {
        let state = self.at("judged").join(STATE);
        if !state.exists() {
            return;
        }
        Journal::look(&state).expect("the journal is whole");
        for entry in std::fs::read_dir(state.join("models")).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "bundle") {
                Bundle::open(&path).expect("every model that is kept is whole");
            }
        }
    }

    /// Half-written files that were left: at most the last one of a folder.
    fn check_left(&self) {
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            let mut left = 0;
            for entry in std::fs::read_dir(&folder).unwrap().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                left +=
                    usize::from(name.starts_with('.') && name.ends_with(".part") || name.starts_with(".tmp"));
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                }
            }
            assert!(left <= 1, "{left} half-written files are left in {}", folder.display());
        }
    }

    /// True if the watch had something to do when it was killed: a watch that waits is running, too.
    fn is_owed(&self) -> bool {
        Journal::look(&self.at("lists").join(STATE)).is_ok_and(|(done, _)| done.len() < self.arrived)
    }

    /// Everything is brought to its end, and compared with what must come of it.
    fn check_at_the_end(&mut self) {
        let root = self.root.path().to_owned();
        let at = |name: &str| root.join(name).display().to_string();
        let once = self.watch(&["--once"]);
        json(&once.iter().map(String::as_str).collect::<Vec<_>>());
        self.check_lists();
        let state = self.at("lists").join(STATE);
        let (done, head) = Journal::look(&state).unwrap();
        assert_eq!(
            (done.len(), self.seen.len()),
            (self.arrived, self.arrived),
            "none is lost, none is twice"
        );
        let trail = state.join("audit.jsonl");
        audit::verify(&trail, Some(&head)).expect("the audit trail is whole");
        let entries = audit::entries(&trail, usize::MAX).unwrap();
        let told: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.what == What::Scored)
            .filter_map(|entry| entry.detail.get("content")?.as_str())
            .collect();
        assert_eq!(told.len(), self.arrived, "each content stands once in the trail");
        assert_eq!(told.iter().collect::<HashSet<_>>().len(), self.arrived);
        for (_, done) in &done {
            let DoneResult::Scored { out, rows, .. } = &done.result else { panic!("{done:?}") };
            assert_eq!(*rows, EXPORTED as u64);
            let single = at("single.csv");
            json(&["score", &at("m.bundle"), &at(&format!("in/{}", done.file)), "--out", &single]);
            assert_eq!(self.hash("single.csv"), self.seen[&self.at("lists").join(out)], "{out}");
        }
        // Each month has judged, and none twice.
        assert!(self.command(Work::Retrain).status().unwrap().success());
        self.check_models();
        let state = self.at("judged").join(STATE);
        let (_, head) = Journal::look(&state).unwrap();
        let trail = state.join("audit.jsonl");
        audit::verify(&trail, Some(&head)).expect("the audit trail is whole");
        let entries = audit::entries(&trail, usize::MAX).unwrap();
        let judged: Vec<&str> = entries
            .iter()
            .filter_map(|entry| entry.detail.get("judged")?.as_array())
            .flatten()
            .filter_map(|month| month.as_str())
            .collect();
        let once: HashSet<&str> = judged.iter().copied().collect();
        assert_eq!(once.len(), judged.len(), "{judged:?}");
        for month in std::fs::read_dir(self.at("labelled")).unwrap().flatten() {
            let hash = hash_of(&month.path(), &Reporter::silent()).unwrap();
            assert!(once.contains(hash.as_str()), "{:?} has not judged", month.file_name());
        }
        println!("{} of {} months have judged, each once", once.len(), self.months);
    }
}

/// Kills the program so often, each work in turn.
fn kill(times: usize) {
    let seed = std::env::var("REGULARS_KILL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(29);
    println!("seed {seed}");
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut shop = Shop::new();
    let mut lasts: BTreeMap<Work, Duration> = BTreeMap::new();
    let mut met: BTreeMap<Work, (usize, usize)> = BTreeMap::new();
    for work in Work::ALL {
        // A watch never ends: its first look takes about as long as this.
        shop.export();
        shop.month();
        let begun = Instant::now();
        match work {
            Work::Watch => {
                drop(json(&shop.watch(&["--once"]).iter().map(String::as_str).collect::<Vec<_>>()))
            }
            _ => assert!(shop.command(work).status().unwrap().success(), "{work:?}"),
        }
        lasts.insert(work, begun.elapsed());
        shop.check(work);
    }
    for (at, work) in Work::ALL.into_iter().cycle().take(times).enumerate() {
        match work {
            Work::Watch => (0..3).for_each(|_| shop.export()),
            Work::Retrain => shop.month(),
            _ => {}
        }
        let mut child = shop.command(work).spawn().unwrap();
        let moment = lasts[&work].mul_f64(chance.gen_range(0.0..1.1));
        if work == Work::Watch {
            // Another one arrives while it works.
            std::thread::sleep(moment / 2);
            shop.export();
            std::thread::sleep(moment / 2);
        } else {
            std::thread::sleep(moment);
        }
        let runs = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        let works = runs && (work != Work::Watch || shop.is_owed());
        let (all, at_work) = met.entry(work).or_default();
        *all += 1;
        *at_work += usize::from(works);
        println!("kill {at}: {work:?} after {moment:?}{}", if works { ", at work" } else { "" });
        shop.check(work);
    }
    shop.check_at_the_end();
    let at_work: usize = met.values().map(|(_, at_work)| at_work).sum();
    println!("{times} kills, {at_work} of them at work: {met:?}");
    assert!(at_work * 3 >= times, "{at_work} of {times} kills met the program at work");
    for (work, (all, at_work)) in met {
        // Of few kills all may come late.
        assert!(all < 20 || at_work * 2 >= all, "{at_work} of {all} kills met {work:?} at work");
    }
}

#[test]
fn killed_twelve_times_nothing_is_half_or_twice() {
    kill(12);
}

#[test]
#[ignore = "takes minutes: the figure of docs/watch.md"]
fn killed_two_hundred_times_nothing_is_half_or_twice() {
    kill(200);
}
