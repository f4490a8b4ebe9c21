//! What customers are saying, in the window: the whole way in both languages, and a hundred thousand comments.

use std::time::{Duration, Instant};

use eframe::egui;
use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use regulars::window::pages::{FeedbackTab, Page};
use regulars::window::{App, Prefs};
use regulars::words::Lang;
use regulars_engine::feedback::{Filter, Mood, MoodChoice, MoodModel};
use regulars_engine::job::Reporter;
use regulars_engine::project;

use crate::pages::{until, window};
use crate::shots::rests;
use crate::support::adapter;

const HOME: [f32; 2] = [1280.0, 800.0];

/// A shop whose parcels come late since March, opened on the page.
fn shop(folder: &std::path::Path, lang: Lang) -> Harness<'static, App> {
    regulars_engine::sample::write_with_complaint(folder, 600, 1).unwrap();
    let mut harness = window(HOME, Prefs { lang, page: Page::Feedback, ..Prefs::default() });
    let files = ["customers.csv", "feedback.csv"].map(|name| folder.join(name));
    harness.state_mut().state.open_data(files.to_vec());
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    harness.run_steps(3);
    harness
}

fn heard(harness: &mut Harness<'_, App>, button: &str) {
    harness.get_by_label(button).click();
    harness.run_steps(2);
    until(harness, "hearing", |app| app.state.heard().is_some() && !app.state.feedback.working());
    harness.run_steps(2);
}

fn searched(harness: &mut Harness<'_, App>) {
    until(harness, "searching", |app| app.state.feedback.is_searched());
    harness.run_steps(2);
}

fn shown(harness: &Harness<'_, App>) -> Vec<String> {
    let app = harness.state();
    let heard = app.state.heard().unwrap();
    let comments = &heard.feedback.said.comments;
    app.state.feedback.places().iter().map(|at| comments[*at as usize].text.clone()).collect()
}

/// Rests in both languages and themes; pictures go to REGULARS_SHOTS.
fn shots(harness: &mut Harness<'_, App>, name: &str, size: [f32; 2]) {
    harness.set_size(size.into());
    rests(harness, name);
    harness.set_size(HOME.into());
    harness.run_steps(2);
}

#[test]
fn from_comments_to_a_reply() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = shop(folder.path(), Lang::En);
    heard(&mut harness, "Read the comments");
    // The planted complaint is told first, with its month.
    harness.get_by_label("Mend first: Delivery");
    assert!(harness.get_all_by_label_contains("2026-03-01").count() > 0);
    shots(&mut harness, "feedback-themes", [1280.0, 1700.0]);
    shots(&mut harness, "feedback-small", [1024.0, 700.0]);
    // A theme's comments are one press away.
    let (theme, count) = {
        let found = &harness.state().state.heard().unwrap().feedback;
        let at = found.themes.iter().position(|theme| theme.key == "delivery").unwrap();
        (at, found.themes[at].comments)
    };
    let name = format!("Show its {count} comments");
    harness.get_by_label(&name).click_accesskit();
    harness.run_steps(2);
    assert!(harness.state().page.feedback.tab == FeedbackTab::Comments);
    searched(&mut harness);
    assert_eq!(harness.state().state.feedback.filter.theme, Some(theme));
    assert_eq!(harness.state().state.feedback.places().len(), count);
    // The search follows every letter.
    let all = shown(&harness).len();
    for letter in ["m", "a", "r", "c", "h"] {
        let field = harness.get_by_role_and_label(Role::TextInput, "Search in comments");
        field.focus();
        harness.run_steps(1);
        harness.get_by_role_and_label(Role::TextInput, "Search in comments").type_text(letter);
        harness.run_steps(2);
    }
    searched(&mut harness);
    assert_eq!(harness.state().state.feedback.filter.text, "march");
    let texts = shown(&harness);
    assert!(!texts.is_empty() && texts.len() < all, "{} of {all}", texts.len());
    assert!(texts.iter().all(|text| text.to_lowercase().contains("march")), "{texts:?}");
    // Newest first.
    let days: Vec<_> = {
        let app = harness.state();
        let comments = &app.state.heard().unwrap().feedback.said.comments;
        app.state.feedback.places().iter().map(|at| comments[*at as usize].day).collect()
    };
    assert!(days.windows(2).all(|two| two[0] >= two[1]));
    // The first row is answered.
    let first = harness.state().state.feedback.places()[0];
    harness.state_mut().page.feedback.comment = Some(first);
    harness.run_steps(2);
    harness.get_by_label("Copy the reply").click_accesskit();
    harness.run_steps(1);
    let copied = harness.output().platform_output.commands.iter().any(|command| {
        matches!(command, egui::OutputCommand::CopyText(text) if text.contains("delivery") && !text.contains('{'))
    });
    assert!(copied, "{:?}", harness.output().platform_output.commands);
    shots(&mut harness, "feedback-comments", [1280.0, 1100.0]);
    // Unkind ones alone, then everything again.
    harness.state_mut().state.feedback.filter.mood = Some(Mood::Kind);
    harness.run_steps(2);
    searched(&mut harness);
    assert!(shown(&harness).len() < texts.len());
    harness.get_by_label("Show all").click();
    harness.run_steps(2);
    searched(&mut harness);
    assert_eq!(shown(&harness).len(), harness.state().state.heard().unwrap().feedback.moods.len());
    assert!(harness.state().state.feedback.filter.is_open());
}

#[test]
fn words_thresholds_and_columns_are_the_persons() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = shop(folder.path(), Lang::Zh);
    heard(&mut harness, "读评论");
    harness.get_by_label("先改进：配送");
    harness.get_by_label("问卷数字").click();
    harness.run_steps(2);
    assert!(harness.get_all_by_label_contains("满意率").count() > 0);
    shots(&mut harness, "feedback-survey", [1280.0, 900.0]);
    harness.get_by_label("重复与广告").click();
    harness.run_steps(2);
    harness.get_by_label("查看重复的评论").click();
    harness.run_steps(2);
    searched(&mut harness);
    let repeats = &harness.state().state.heard().unwrap().feedback.repeats;
    assert_eq!(shown(&harness).len(), repeats.groups.iter().map(Vec::len).sum::<usize>());
    harness.state_mut().page.feedback.tab = FeedbackTab::Repeats;
    shots(&mut harness, "feedback-repeats", HOME);
    // Another subject: counted as it is written, in use once it is taken.
    harness.get_by_label("词语与回复").click();
    harness.run_steps(2);
    shots(&mut harness, "feedback-words", [1280.0, 1500.0]);
    harness.get_by_label("添加话题").click_accesskit();
    harness.run_steps(2);
    harness.get_by_label("每个话题都要有名称和至少一个词语。");
    for (field, text, role) in
        [("中文名称：", "月份", Role::TextInput), ("词语：月份", "三月, march", Role::MultilineTextInput)]
    {
        harness.get_by_role_and_label(role, field).focus();
        harness.run_steps(1);
        harness.get_by_role_and_label(role, field).type_text(text);
        harness.run_steps(2);
    }
    let march = {
        let comments = &harness.state().state.heard().unwrap().feedback.said.comments;
        let says = |text: &str| text.contains("三月") || text.to_lowercase().contains("march");
        comments.iter().filter(|comment| says(&comment.text)).count()
    };
    assert!(march >= 2);
    let told = format!("{march} 条评论");
    let started = Instant::now();
    while harness.query_all_by_label(&told).count() == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "{told} is never told");
        harness.step();
    }
    harness.get_by_label("使用这些词语").click_accesskit();
    harness.run_steps(3);
    assert_eq!(harness.state().state.settings.feedback.aspects.last().unwrap().key, "own_1");
    assert!(harness.state().state.heard_is_stale());
    // Own thresholds, and customers are told by another column.
    let spec = &mut harness.state_mut().state.settings.feedback;
    (spec.thresholds, spec.customer) = (Some((0.0, 1.0)), Some("language".into()));
    harness.run_steps(3);
    heard(&mut harness, "重新读取");
    assert!(!harness.state().state.heard_is_stale());
    let found = harness.state().state.heard().unwrap().clone();
    let found = &found.feedback;
    assert!(found.themes.iter().any(|theme| theme.key == "own_1" && theme.comments == march));
    // A clear rating is sure by itself: here every comment has one.
    assert_eq!(found.count(Mood::NotSure), 0);
    assert_eq!(found.said.customers.len(), 2, "one for each language");
    // Undo takes the settings back, step by step.
    harness.state_mut().state.undo();
    assert_eq!(harness.state().state.settings.feedback.thresholds, None);
    assert_eq!(harness.state().state.settings.feedback.aspects.last().unwrap().key, "own_1");
}

/// A network that was chosen is watched while it trains, and stands beside the linear model then; the columns that
/// were guessed are named.
#[test]
fn a_network_is_watched_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comments.csv");
    std::fs::write(&file, crate::feedback::rated(80)).unwrap();
    let mut harness = window(HOME, Prefs { page: Page::Feedback, ..Prefs::default() });
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.feedback.mood = MoodChoice::Cnn;
    let started = Instant::now();
    while harness.query_by_label("Read the comments").is_none() {
        assert!(started.elapsed() < Duration::from_secs(60), "the file is never read");
        harness.step();
    }
    let named = |harness: &Harness<'_, App>, text: &str| {
        harness.query_all_by_value(text).count() > 0 || harness.query_all_by_label_contains(text).count() > 0
    };
    let started = Instant::now();
    while !named(&harness, "Guessed: comment") {
        assert!(started.elapsed() < Duration::from_secs(60), "what is guessed is never named");
        harness.step();
    }
    harness.get_by_label("Read the comments").click();
    harness.run_steps(2);
    until(&mut harness, "an epoch", |app| {
        app.state.heard().is_some()
            || app.state.feedback.course().is_some_and(|course| !course.epochs.is_empty())
    });
    if harness.state().state.heard().is_none() {
        harness.step();
        let told = harness.query_all_by_label_contains("on the watched comments").count()
            + harness.query_all_by_label_contains("the first epoch is running").count();
        assert!(told > 0, "the training is told while it runs");
        if let Some(folder) = std::env::var_os("REGULARS_SHOTS").filter(|_| adapter()) {
            let picture = harness.render().unwrap();
            picture.save(std::path::PathBuf::from(folder).join("feedback-course.png")).unwrap();
        }
    }
    until(&mut harness, "hearing", |app| app.state.heard().is_some() && !app.state.feedback.working());
    harness.run_steps(3);
    harness.get_by_label("Right on comments that it never saw");
    assert!(harness.state().state.feedback.course().is_none());
    shots(&mut harness, "feedback-moods", [1280.0, 1000.0]);
    let found = harness.state().state.heard().unwrap().clone();
    let (found, best) = (&found.feedback, found.feedback.tried.iter().find(|one| one.is_best).unwrap());
    assert_eq!((found.tried.len(), found.reader.model()), (2, Some(MoodModel::Cnn)));
    if best.model == MoodModel::Linear {
        harness.get_by_label("Let it read instead: Linear model").click_accesskit();
        harness.run_steps(3);
        assert_eq!(harness.state().state.settings.feedback.mood, MoodChoice::Linear);
        assert!(harness.state().state.heard_is_stale());
    }
}

#[test]
fn what_is_saved_is_covered_unless_the_person_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comments.csv");
    let mut text = String::from("customer_id,date,comment,churned\n");
    for at in 0..60 {
        let left = if at % 3 == 0 { "yes" } else { "no" };
        text += &format!(
            "C{at},2026-0{}-11,\"Slow, call me: 1381234{:04} about {at}\",{left}\n",
            1 + at % 6,
            1000 + at
        );
    }
    std::fs::write(&file, text).unwrap();
    let mut harness = window(HOME, Prefs { page: Page::Feedback, ..Prefs::default() });
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    harness.run_steps(3);
    heard(&mut harness, "Read the comments");
    harness.state_mut().page.feedback.tab = FeedbackTab::Comments;
    harness.run_steps(2);
    harness.state_mut().state.feedback.filter.text = "13812341007".into();
    harness.run_steps(2);
    searched(&mut harness);
    assert_eq!(shown(&harness).len(), 0, "what is covered is not found");
    harness.state_mut().state.settings.feedback.show_details = true;
    harness.run_steps(3);
    until(&mut harness, "searching", |app| app.state.feedback.places().len() == 1);
    assert!(!harness.state().state.heard_is_stale(), "showing details reads nothing again");
    // On a projector nothing is shown.
    harness.state_mut().prefs.projector = true;
    harness.run_steps(3);
    until(&mut harness, "searching", |app| app.state.feedback.places().is_empty());
    let heard = harness.state().state.heard().unwrap().clone();
    let mut spec = harness.state().state.settings.feedback.clone();
    for (shows, holds) in [(false, false), (true, true)] {
        spec.show_details = shows;
        let grid =
            project::feedback_grid(&heard.feedback, &spec, Some(&[7, 3]), &Reporter::silent()).unwrap();
        assert_eq!(grid.rows.len(), 2);
        let cells: Vec<&str> = grid.rows[0].iter().map(|cell| cell.text()).collect();
        assert_eq!((cells[1], cells[7].contains("13812341007")), ("C7", holds), "{cells:?}");
    }
}

#[test]
fn a_table_without_comments_is_told_kindly() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visits.csv");
    std::fs::write(&file, "city,visits\nBonn,3\nKiel,5\nUlm,4\n").unwrap();
    let mut harness = window(HOME, Prefs { page: Page::Feedback, ..Prefs::default() });
    harness.run_steps(3);
    harness.get_by_label("What your customers are saying");
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    let started = Instant::now();
    while harness.query_all_by_label("No comments are there yet").count() == 0 {
        assert!(started.elapsed() < Duration::from_secs(60));
        harness.step();
    }
}

/// Times of frames while one types: `ftest NAME a_hundred_thousand -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement: reads a hundred thousand comments"]
fn a_hundred_thousand_comments_filter_as_one_types() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comments.csv");
    let said = [
        ("The delivery was terribly slow again, and nobody answered the hotline", 1),
        ("配送太慢了，等快递等了两个星期，客服也没人接", 1),
        ("Lovely taste and friendly staff, I will come back with friends", 5),
        ("味道很好，服务热情，下次再来", 5),
        ("The box was fine, the price could be lower", 3),
    ];
    let mut text = String::from("customer_id,date,rating,comment\n");
    for at in 0..100_000 {
        let (words, rating) = said[at % said.len()];
        let (month, day) = (1 + at % 9, 1 + at % 27);
        let (visit, street) = (at * 31 % 9973, at * 17 % 8999);
        text += &format!(
            "C{},2026-0{month}-{day:02},{rating},\"{words}, case {visit} order {street}\"\n",
            at % 30_000
        );
    }
    std::fs::write(&file, text).unwrap();
    let mut harness = window(HOME, Prefs { page: Page::Feedback, ..Prefs::default() });
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| app.state.collected.is_some() && !app.state.preparing());
    let opened = Instant::now();
    while harness.query_by_label("Read the comments").is_none() {
        assert!(opened.elapsed() < Duration::from_secs(60), "the file is never read");
        harness.step();
    }
    let asked = Instant::now();
    heard(&mut harness, "Read the comments");
    println!("100,000 comments read in {:.1} s", asked.elapsed().as_secs_f64());
    let frame = |harness: &mut Harness<'_, App>| {
        let before = Instant::now();
        harness.step();
        let shapes = harness.output().shapes.clone();
        std::hint::black_box(harness.ctx.tessellate(shapes, 1.0));
        1e3 * before.elapsed().as_secs_f64()
    };
    let told = |name: &str, frames: &mut Vec<f64>| {
        frames.sort_by(f64::total_cmp);
        let at = |share: f64| frames[((frames.len() - 1) as f64 * share) as usize];
        println!("{name}: {} frames, median {:.2} ms, p99 {:.2} ms", frames.len(), at(0.5), at(0.99));
        at(0.5)
    };
    for (name, tab) in [("themes", FeedbackTab::Themes), ("comments", FeedbackTab::Comments)] {
        harness.state_mut().page.feedback.tab = tab;
        harness.run_steps(5);
        searched_or_not(&mut harness, tab);
        let mut frames: Vec<f64> = (0..100).map(|_| frame(&mut harness)).collect();
        assert!(told(name, &mut frames) < 16.0);
    }
    harness.get_by_role_and_label(Role::TextInput, "Search in comments").focus();
    harness.run_steps(2);
    let (mut frames, mut waits) = (Vec::new(), Vec::new());
    for letter in "friendly staff".chars() {
        harness.get_by_role_and_label(Role::TextInput, "Search in comments").type_text(&letter.to_string());
        let typed = Instant::now();
        frames.push(frame(&mut harness));
        while !harness.state().state.feedback.is_searched() {
            frames.push(frame(&mut harness));
        }
        waits.push(1e3 * typed.elapsed().as_secs_f64());
    }
    assert_eq!(harness.state().state.feedback.places().len(), 20_000);
    assert!(told("while one types", &mut frames) < 16.0);
    waits.sort_by(f64::total_cmp);
    println!(
        "a letter until its comments: median {:.0} ms, longest {:.0} ms",
        waits[waits.len() / 2],
        waits[waits.len() - 1]
    );
    let wanted = Filter { text: "friendly staff".into(), ..harness.state().state.feedback.filter.clone() };
    assert_eq!(harness.state().state.feedback.filter, wanted);
}

fn searched_or_not(harness: &mut Harness<'_, App>, tab: FeedbackTab) {
    if tab == FeedbackTab::Comments {
        searched(harness);
    }
}
