//! Time of the window's thread per frame while pages of a table of 1,000,000 rows × 40 columns are
//! scrolled: the wheel moves every frame by a different way, now and then from end to end. Clock time
//! of input, layout and tessellation without drawing, which bounds CPU time from above.
//! `cargo bench --profile dev --bench scrolling`; `REGULARS_BENCH_ROWS` for fewer rows,
//! `REGULARS_BENCH_TRAIN=1` to train first, so that the lists of customers are scrolled too.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, Vec2, pos2};
use egui_kittest::Harness;
use rand::{Rng, SeedableRng};
use regulars::window::pages::{EvaluateTab, Page};
use regulars::window::{App, Prefs};
use regulars_engine::train::DeviceKind;

const FRAMES: usize = 200;

fn main() {
    let rows = std::env::var("REGULARS_BENCH_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let path = made(rows);
    let mut harness: Harness<'_, App> = Harness::builder()
        .with_size([1280.0, 800.0])
        .build_eframe(|cc| App::new(&cc.egui_ctx, Prefs::default()));
    harness.state_mut().state.settings.device = DeviceKind::Flex;
    let started = Instant::now();
    harness.state_mut().state.open(&path);
    wait(&mut harness, |app| app.state.prepared.is_some() && !app.state.preparing());
    println!("{rows} × 40 opened and prepared in {:.1} s", started.elapsed().as_secs_f64());
    // Lists of customers are there once a model is trained, which takes long at a million.
    if std::env::var_os("REGULARS_BENCH_TRAIN").is_some() {
        let state = &mut harness.state_mut().state;
        state.settings.device = DeviceKind::Flex;
        state.settings.mlp.epochs = 1;
        wait(&mut harness, |app| app.state.prepared.is_some() && !app.state.preparing());
        let started = Instant::now();
        harness.state_mut().state.train();
        wait(&mut harness, |app| app.state.list().is_some() && app.state.running().is_none());
        println!("trained, ranked and grouped in {:.1} s", started.elapsed().as_secs_f64());
    }
    // The tabs of Evaluate, and today's list, are there once a model is.
    let tabs = [EvaluateTab::Money, EvaluateTab::Slices].map(|tab| (Page::Evaluate, tab, false));
    let today = (Page::Customers, EvaluateTab::Curves, true);
    let pages = Page::ALL.map(|page| (page, EvaluateTab::Curves, false));
    for (page, tab, is_today) in pages.into_iter().chain(tabs).chain([today]) {
        harness.state_mut().prefs.page = page;
        harness.state_mut().page.evaluate_tab = tab;
        harness.state_mut().page.today.on = is_today;
        wait(&mut harness, |app| app.state.running().is_none());
        // The pointer over the middle of the page, and once over its lower part, where tables are.
        for y in [350.0, 620.0] {
            harness.event(Event::PointerMoved(pos2(700.0, y)));
            let mut frames: Vec<f64> = (0..FRAMES).map(|n| frame(&mut harness, n)).collect();
            frames.sort_by(f64::total_cmp);
            println!(
                "{page:?} {tab:?} at {y}: median {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
                frames[FRAMES / 2],
                frames[FRAMES * 99 / 100],
                frames[FRAMES - 1]
            );
        }
    }
}

fn wait(harness: &mut Harness<'_, App>, is_done: impl Fn(&App) -> bool) {
    harness.run_steps(3);
    while !is_done(harness.state()) {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    harness.run_steps(3);
}

/// One frame with the wheel turned; its milliseconds.
fn frame(harness: &mut Harness<'_, App>, n: usize) -> f64 {
    let way = match n % 50 {
        10 => -1e7,
        35 => 1e7,
        k => -7.0 * (k as f32 + 1.0),
    };
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, way),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    let before = Instant::now();
    harness.step();
    let shapes = harness.output().shapes.clone();
    std::hint::black_box(harness.ctx.tessellate(shapes, 1.0));
    1e3 * before.elapsed().as_secs_f64()
}

/// Numbers with holes, categories, dates and an answer, seeded.
fn made(rows: usize) -> PathBuf {
    let path = std::env::temp_dir().join(format!("regulars_bench_{rows}_40.csv"));
    if path.exists() {
        return path;
    }
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).expect("the bench writes its file"));
    let names: Vec<String> = (0..37).map(|i| format!("c{i}")).collect();
    writeln!(out, "customer_id,signup,{},churned", names.join(",")).expect("room");
    for row in 0..rows {
        let day = (rng.gen_range(1..13), rng.gen_range(1..29));
        write!(out, "C{row:07},2024-{:02}-{:02}", day.0, day.1).expect("room");
        let mut risk = 0.0;
        for column in 0..37 {
            match column % 3 {
                0 if rng.gen_bool(0.02) => write!(out, ","),
                0 => {
                    let value: f64 = rng.gen_range(0.0..100.0);
                    risk += if column == 0 { value / 100.0 } else { 0.0 };
                    write!(out, ",{value:.2}")
                }
                1 => write!(out, ",{}", rng.gen_range(0..50)),
                _ => write!(out, ",{}", ["red", "green", "Blue", "blue"][rng.gen_range(0..4)]),
            }
            .expect("room");
        }
        writeln!(out, ",{}", if rng.gen_bool(0.1 + 0.5 * risk) { "yes" } else { "no" }).expect("room");
    }
    path
}
