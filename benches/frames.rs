//! Time of the window's thread per frame (layout and tessellation, no drawing) while a network
//! trains on flex, and how soon a stop is answered. Clock time, which bounds CPU time from above:
//! the kernel here counts CPU time in steps of 4 ms. `REGULARS_DATA=… cargo bench --profile dev --bench frames`

use std::time::Instant;

use egui_kittest::Harness;
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars_engine::train::DeviceKind;

fn main() {
    let path = std::env::var_os("REGULARS_DATA")
        .map(|f| std::path::Path::new(&f).join("telco-churn/Telco-Customer-Churn.csv"))
        .unwrap_or_else(|| {
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/customers.csv")
        });
    let mut harness: Harness<'_, App> = Harness::builder()
        .with_size([1280.0, 800.0])
        .build_eframe(|cc| App::new(&cc.egui_ctx, Prefs::default()));
    harness.state_mut().state.open(&path);
    while harness.state().state.prepared.is_none() {
        harness.step();
    }
    let state = &mut harness.state_mut().state;
    state.settings.device = DeviceKind::Flex;
    state.settings.mlp.epochs = 500;
    state.settings.mlp.patience = 0;
    harness.step();
    // Once through, so that every page has something to show.
    harness.state_mut().state.settings.mlp.epochs = 2;
    harness.step();
    harness.state_mut().state.train();
    while harness.state().state.segments.is_none() {
        harness.step();
    }
    harness.state_mut().state.settings.mlp.epochs = 500;
    harness.step();
    harness.state_mut().state.train();
    while harness.state().state.live.len() < 3 {
        harness.step();
    }
    for page in Page::ALL {
        harness.state_mut().prefs.page = page;
        harness.run_steps(5);
        let mut frames: Vec<f64> = (0..100)
            .map(|_| {
                let before = Instant::now();
                harness.step();
                let shapes = harness.output().shapes.clone();
                std::hint::black_box(harness.ctx.tessellate(shapes, 1.0));
                1e3 * before.elapsed().as_secs_f64()
            })
            .collect();
        frames.sort_by(f64::total_cmp);
        println!("{page:?}: median {:.2} ms, p99 {:.2} ms", frames[50], frames[98]);
    }
    println!("still training: {}", harness.state().state.train.is_some());
    let asked = Instant::now();
    harness.state().state.train.iter().for_each(|job| job.finish_early());
    // The network answers first; the simple models follow in the same job.
    harness.state().state.train.iter().for_each(|job| job.cancel());
    while harness.state().state.train.is_some() {
        harness.state_mut().state.poll();
        std::thread::yield_now();
    }
    println!("stop answered after {:.1} ms", 1e3 * asked.elapsed().as_secs_f64());
}
