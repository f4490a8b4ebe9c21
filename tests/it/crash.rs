//! Killed at any moment, during edits, training and saving: the project is whole when it is opened
//! again, and at most the last edit is lost.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use regulars::window::notice::Tone;
use regulars::window::state::State;
use regulars_engine::project::{Recovery, SavedProject};
use regulars_engine::train::DeviceKind;

use crate::product::{save, state, wait};
use crate::support::sample;

const CHILD: &str = "REGULARS_CRASH_CHILD";

fn say(what: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "\n@{what}");
    let _ = out.flush();
}

/// Works on the project for ever: opens what is there, edits, trains, saves.
fn child(folder: &Path) {
    let project = folder.join("shop.regulars");
    let recovery = folder.join("recovery");
    let left = Recovery::left_behind(&recovery);
    let mut state = state();
    state.keep_in(&recovery);
    match left.first() {
        Some(left) => state.recover(left),
        None => state.open(&project),
    }
    wait(&mut state, "reading", |s| s.prepared.is_some());
    say("ready");
    let mut edits = state.settings.mlp.patience;
    let mut steps = 0;
    let (mut training, mut saving) = (false, false);
    loop {
        state.poll();
        state.commit(false);
        if training && state.train.is_none() {
            training = false;
            say("trained");
        }
        for notice in state.notices.drain(..).filter(|n| n.tone == Tone::Bad) {
            say(&format!("trouble {:?}", notice.text));
        }
        // As a person does: the next edit when the last one stands.
        if state.keeping() || state.saving() {
            std::thread::yield_now();
            continue;
        }
        if saving {
            saving = false;
            say("saved");
        }
        steps += 1;
        match steps % 6 {
            0 if !training => {
                state.settings.mlp.epochs = 4;
                state.commit(false);
                state.train();
                training = true;
                say("train");
            }
            3 => {
                say("save");
                state.notices.clear();
                state.save(project.clone());
                saving = true;
            }
            _ => {
                edits += 1;
                state.settings.mlp.patience = edits;
                state.commit(false);
                say(&format!("edit {edits}"));
            }
        }
    }
}

/// Kills a child again and again; returns the kills by what it was doing.
fn kill_often(folder: PathBuf, kills: usize, seed: u64) -> [usize; 4] {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    std::fs::create_dir_all(folder.join("recovery")).unwrap();
    let mut first = state();
    first.open(&sample());
    wait(&mut first, "reading", |s| s.prepared.is_some());
    first.settings.mlp.patience = 1;
    first.commit(false);
    save(&mut first, &folder.join("shop.regulars"));
    drop(first);
    let mut known = 1;
    let mut during = [0; 4];
    for kill in 0..kills {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["crash::killed_at_any_moment_the_project_is_whole", "--exact", "--nocapture"])
            .env(CHILD, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = process.stdout.take().unwrap();
        let (sender, heard) = channel();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(what) = line.strip_prefix('@') {
                    let _ = sender.send(what.to_owned());
                }
            }
        });
        let mut trouble = String::new();
        let (mut doing, mut training) = (0, false);
        let trained = std::cell::Cell::new(false);
        let mut hear = |what: String| match what.split(' ').collect::<Vec<_>>()[..] {
            ["edit", n] => known = known.max(n.parse().unwrap_or(0)),
            ["ready"] => doing = 1,
            ["train"] => training = true,
            ["trained"] => {
                training = false;
                trained.set(true);
            }
            ["save"] => doing = 3,
            ["saved"] => doing = 1,
            ["trouble", ..] => trouble.push_str(&what),
            _ => {}
        };
        // A moment between the start and well into the work; now and then before it is ready, and now
        // and then soon after a training, however long that takes on a busy machine.
        let wait_for = if kill % 10 == 0 { 0..200_000 } else { 200_000..700_000 };
        let mut until = Instant::now() + Duration::from_micros(rng.gen_range(wait_for));
        let after = Duration::from_micros(rng.gen_range(0..200_000));
        let mut waits = kill % 10 == 5;
        if waits {
            until = Instant::now() + Duration::from_secs(60);
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match heard.recv_timeout(left) {
                Ok(what) => hear(what),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => panic!("the child ended by itself"),
            }
            if waits && trained.get() {
                waits = false;
                until = Instant::now() + after;
            }
        }
        process.kill().unwrap();
        process.wait().unwrap();
        reader.join().unwrap();
        heard.try_iter().for_each(&mut hear);
        during[if training && doing == 1 { 2 } else { doing }] += 1;

        // As the program does at its next start.
        let saved = SavedProject::open(&folder.join("shop.regulars")).expect("the saved project is whole");
        let left = Recovery::left_behind(&folder.join("recovery"));
        let recovered = left.iter().map(|one| one.open().expect("what is offered opens"));
        let best = recovered.chain([saved]).map(|p| p.settings.mlp.patience).max().unwrap_or(0);
        assert!(best + 1 >= known, "kill {kill}: edit {known} was made, and {best} is kept ({trouble})");
        known = best;
    }
    // And the whole way back, runs included.
    let mut back = state();
    back.keep_in(&folder.join("recovery"));
    match Recovery::left_behind(&folder.join("recovery")).first() {
        Some(left) => back.recover(left),
        None => back.open(&folder.join("shop.regulars")),
    }
    wait(&mut back, "reading", |s| s.prepared.is_some());
    assert!(!back.runs.is_empty() && !back.outcomes.is_empty(), "trained runs came back");
    assert!(back.settings.mlp.patience + 1 >= known);
    during
}

#[test]
fn killed_at_any_moment_the_project_is_whole() {
    if let Some(folder) = std::env::var_os(CHILD) {
        child(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let workers: Vec<_> = (0..2)
        .map(|n| {
            let own = folder.path().join(n.to_string());
            std::thread::spawn(move || kill_often(own, 50, n))
        })
        .collect();
    let mut all = [0; 4];
    for worker in workers {
        let during = worker.join().unwrap();
        all.iter_mut().zip(during).for_each(|(sum, n)| *sum += n);
    }
    println!(
        "100 kills: {} while starting, {} editing, {} training, {} saving",
        all[0], all[1], all[2], all[3]
    );
    assert_eq!(all.iter().sum::<usize>(), 100);
    assert!(all[1] > 0 && all[2] > 0, "{all:?}");
}

#[test]
fn closed_in_peace_nothing_is_left_behind_and_unsaved_work_is() {
    let folder = tempfile::tempdir().unwrap();
    let recovery = folder.path().join("recovery");
    let mut one = state();
    one.keep_in(&recovery);
    one.open(&sample());
    wait(&mut one, "reading", |s| s.prepared.is_some() && !s.keeping());
    // While it runs, its autosave is nobody else's.
    assert!(Recovery::left_behind(&recovery).is_empty());
    save(&mut one, &folder.path().join("a.regulars"));
    wait(&mut one, "keeping", |s| !s.keeping());
    one.close();
    drop(one);
    assert!(Recovery::left_behind(&recovery).is_empty());
    assert_eq!(std::fs::read_dir(&recovery).unwrap().count(), 0);

    let mut two = state();
    two.keep_in(&recovery);
    two.open(&folder.path().join("a.regulars"));
    wait(&mut two, "reading", |s| s.prepared.is_some() && !s.keeping());
    two.settings.threshold = 0.3;
    two.commit(false);
    two.close();
    drop(two);
    let left = Recovery::left_behind(&recovery);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].open().unwrap().settings.threshold, 0.3);

    // A file that was only looked at leaves nothing; another file opened over unsaved work leaves it.
    let mut three = state();
    three.keep_in(&recovery);
    three.open(&sample());
    wait(&mut three, "reading", |s| s.prepared.is_some());
    three.close();
    drop(three);
    assert_eq!(Recovery::left_behind(&recovery).len(), 1);
    let mut four = state();
    four.keep_in(&recovery);
    four.open(&sample());
    wait(&mut four, "reading", |s| s.prepared.is_some());
    four.settings.threshold = 0.7;
    four.commit(false);
    four.open(Path::new("/nowhere/picture.png"));
    let left = Recovery::left_behind(&recovery);
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|one| one.open().unwrap().settings.threshold == 0.7));
}

/// Files in which trainings stand.
fn standing(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".training")).count()
}

#[test]
fn a_training_that_was_cut_off_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let recovery = folder.path().join("recovery");
    let ready = |keep: bool| {
        let mut state = state();
        if keep {
            state.keep_in(&recovery);
        }
        state.open(&sample());
        wait(&mut state, "reading", |s| s.prepared.is_some());
        state.settings.device = DeviceKind::Flex;
        state.settings.mlp.epochs = 30;
        state.settings.mlp.patience = 0;
        state.commit(false);
        state
    };
    let mut cut = ready(true);
    cut.train();
    wait(&mut cut, "some epochs", |s| s.live.len() >= 3);
    cut.cancel();
    wait(&mut cut, "the end", |s| s.train.is_none());
    assert!(cut.outcomes.is_empty());
    assert_eq!(standing(&recovery), 1);
    drop(cut);
    // Another program, with the same settings.
    let mut next = ready(true);
    next.train();
    wait(&mut next, "training", |s| !s.outcomes.is_empty());
    let mut whole = ready(false);
    whole.train();
    wait(&mut whole, "training", |s| !s.outcomes.is_empty());
    let of = |state: &State| {
        let trained = &state.outcomes[0].trained;
        let losses: Vec<f64> = trained.history.iter().map(|epoch| epoch.valid_loss).collect();
        (trained.model.clone(), trained.best_epoch, losses)
    };
    assert_eq!(of(&next), of(&whole), "as if it had never stopped");
    assert_eq!(next.live.len(), 30);
    assert_eq!(standing(&recovery), 0, "a finished training leaves nothing");
}
