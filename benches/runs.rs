//! Time of the window's thread per frame on the tab of runs with 200 runs of 10,000 epochs each, all
//! overlaid, while the chart is zoomed and moved and the page is scrolled. Clock time of input, layout
//! and tessellation without drawing, which bounds CPU time from above.
//! `cargo bench --profile dev --bench runs`; `REGULARS_BENCH_RUNS` for fewer runs.

use std::time::Instant;

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, TouchPhase, Vec2, pos2};
use egui_kittest::Harness;
use regulars::window::pages::{Page, TrainTab};
use regulars::window::{App, Prefs};
use regulars_engine::project::{SavedModel, SavedRun, Settings};
use regulars_engine::train::{DeviceKind, Epoch, Model};

const FRAMES: usize = 300;
const EPOCHS: usize = 10_000;

fn main() {
    let runs = std::env::var("REGULARS_BENCH_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let mut harness: Harness<'_, App> = Harness::builder()
        .with_size([1280.0, 800.0])
        .build_eframe(|cc| App::new(&cc.egui_ctx, Prefs::default()));
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/customers.csv");
    harness.state_mut().state.open(&sample);
    wait(&mut harness, |app| app.state.prepared.is_some() && !app.state.preparing());
    let before = memory();
    let app = harness.state_mut();
    app.prefs.page = Page::Train;
    app.page.train_tab = TrainTab::Runs;
    app.state.add_runs((0..runs).map(made).collect());
    app.state.runs.iter_mut().for_each(|run| run.overlaid = true);
    let started = Instant::now();
    harness.step();
    wait(&mut harness, |app| !app.state.making_curves());
    println!("{runs} runs × {EPOCHS} epochs: curves ready after {:.2} s", started.elapsed().as_secs_f64());
    harness.run_steps(5);
    println!("memory: {} MB more than before", memory().saturating_sub(before) / 1_000_000);
    let chart = pos2(620.0, 330.0);
    report("resting", &mut harness, |_, _| {});
    report("zooming", &mut harness, |harness, frame| {
        harness.event(Event::PointerMoved(chart + Vec2::new((frame % 90) as f32, 0.0)));
        // In for a while, then out.
        harness.event(Event::Zoom(if frame % 100 < 60 { 1.08 } else { 0.9 }));
    });
    report("moving", &mut harness, |harness, frame| {
        let at = chart + Vec2::new(((frame % 60) as f32 - 30.0) * 6.0, 0.0);
        harness.event(Event::PointerMoved(at));
        if frame % 60 == 0 {
            let button = |pressed| Event::PointerButton {
                pos: at,
                button: PointerButton::Primary,
                pressed,
                modifiers: Modifiers::default(),
            };
            harness.event(button(false));
            harness.event(button(true));
        }
    });
    report("scrolling", &mut harness, |harness, frame| {
        harness.event(Event::PointerMoved(pos2(620.0, 640.0)));
        let way = if frame % 80 < 40 { -37.0 } else { 41.0 };
        harness.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: Vec2::new(0.0, way),
            phase: TouchPhase::Move,
            modifiers: Modifiers::default(),
            source: MouseWheelSource::Wheel,
        });
    });
}

fn report(name: &str, harness: &mut Harness<'_, App>, input: impl Fn(&mut Harness<'_, App>, usize)) {
    let mut frames: Vec<f64> = (0..FRAMES)
        .map(|frame| {
            input(harness, frame);
            let before = Instant::now();
            harness.step();
            let shapes = harness.output().shapes.clone();
            std::hint::black_box(harness.ctx.tessellate(shapes, 1.0));
            1e3 * before.elapsed().as_secs_f64()
        })
        .collect();
    frames.sort_by(f64::total_cmp);
    println!(
        "{name}: median {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
        frames[FRAMES / 2],
        frames[FRAMES * 99 / 100],
        frames[FRAMES - 1]
    );
}

fn made(at: usize) -> SavedRun {
    let epoch = |epoch: usize| {
        let fall = 1.0 / (1.0 + epoch as f64 / (80.0 + at as f64));
        let wave = 0.02 * ((epoch * (at + 3)) as f64 * 0.37).sin();
        Epoch {
            epoch,
            planned: EPOCHS,
            train_loss: 0.3 + 0.4 * fall,
            valid_loss: 0.35 + 0.3 * fall + wave + 0.0005 * at as f64,
            valid_auc: Some(0.8 - 0.3 * fall + wave),
            seconds: epoch as f64,
            learning_rate: 0.001,
        }
    };
    let model = SavedModel {
        model: Model::Majority { rate: 0.3 },
        device: DeviceKind::Flex,
        epochs_run: EPOCHS,
        best_epoch: EPOCHS,
        seconds: 10.0,
        history: (1..=EPOCHS).map(epoch).collect(),
        valid_auc: None,
        promise: None,
    };
    let mut settings = Settings { seed: at as u64, ..Settings::default() };
    settings.mlp.learning_rate = 0.001 * (1 + at % 9) as f64;
    SavedRun {
        name: String::new(),
        settings,
        key: String::new(),
        rows_key: String::new(),
        models: vec![model],
    }
}

fn wait(harness: &mut Harness<'_, App>, done: impl Fn(&App) -> bool) {
    while !done(harness.state()) {
        harness.step();
        std::thread::yield_now();
    }
}

/// Bytes of memory of this process; 0 where the system does not tell.
fn memory() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = text.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * 4096
}
