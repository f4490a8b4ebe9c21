//! k-means on 1,000,000 × 10, and the map of 100,000 and of 1,000,000 customers.
//! `cargo bench --profile dev --bench clusters [FOLDER]`: with a folder the points are written there as
//! 64-bit numbers, for `benches/peers/clusters.py FOLDER`, which times scikit-learn on the same.

use std::time::Instant;

use egui_kittest::Harness;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regulars::window::pages::{Page, SegmentsTab};
use regulars::window::{App, Prefs};
use regulars_engine::job::Reporter;
use regulars_engine::segment::cluster::Points;
use regulars_engine::segment::cluster::kmeans::{KMeansSpec, fit};
use regulars_engine::segment::map::{Sight, nearest_to};

/// Frames of the map while it is dragged and zoomed: layout and tessellation on the window's thread.
fn window(points: &Points, rows: usize) {
    let path = std::env::temp_dir().join(format!("regulars-map-{}.csv", std::process::id()));
    let mut text = String::from("customer_id,a,b,c,d\n");
    for (at, row) in points.rows().take(rows).enumerate() {
        text += &format!("C{at},{:.3},{:.3},{:.3},{:.3}\n", row[0], row[1], row[2], row[3]);
    }
    std::fs::write(&path, text).expect("a temporary folder can be written to");
    let mut harness: Harness<'_, App> = Harness::builder()
        .with_size([1280.0, 800.0])
        .build_eframe(|cc| App::new(&cc.egui_ctx, Prefs::default()));
    harness.state_mut().state.open(&path);
    while harness.state().state.cleaning.is_none() {
        harness.step();
    }
    harness.state_mut().prefs.page = Page::Segments;
    harness.state_mut().page.segments_tab = SegmentsTab::Map;
    while harness.state().state.map.colours().is_none() {
        harness.step();
    }
    harness.run_steps(4);
    let mut frames: Vec<f64> = (0..200)
        .map(|at| {
            if let Some(sight) = &mut harness.state_mut().page.map.sight {
                *sight =
                    sight.moved([3.0, 1.0]).zoomed(if at % 40 < 20 { 1.05 } else { 0.95 }, [300.0, 200.0]);
            }
            harness.hover_at(eframe::egui::pos2(500.0 + at as f32, 400.0));
            let before = Instant::now();
            harness.step();
            let shapes = harness.output().shapes.clone();
            std::hint::black_box(harness.ctx.tessellate(shapes, 1.0));
            1e3 * before.elapsed().as_secs_f64()
        })
        .collect();
    frames.sort_by(f64::total_cmp);
    println!(
        "window, map of {rows} moved and zoomed: median {:.2} ms, p99 {:.2} ms",
        frames[100], frames[197]
    );
    let _ = std::fs::remove_file(&path);
}

const ROWS: usize = 1_000_000;
const WIDTH: usize = 10;

/// A draw from a normal distribution by the sum of twelve uniforms.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.gen_range(0.0..1.0)).sum::<f64>() - 6.0
}

fn main() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let centres: Vec<f64> = (0..8 * WIDTH).map(|_| 2.0 * normal(&mut rng)).collect();
    let mut values = Vec::with_capacity(ROWS * WIDTH);
    for _ in 0..ROWS {
        let at = rng.gen_range(0..8usize) * WIDTH;
        values.extend((0..WIDTH).map(|column| centres[at + column] + normal(&mut rng)));
    }
    if let Some(folder) = std::env::args().nth(1).filter(|a| !a.starts_with('-')) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(std::path::Path::new(&folder).join("points.f64"), bytes).expect("the folder is there");
    }
    let points = Points::new(WIDTH, values);
    for k in [8, 5] {
        let began = Instant::now();
        let found = fit(&points, &KMeansSpec::new(k, 5, 1), &Reporter::silent()).expect("nobody cancels");
        println!(
            "k-means, k = {k}, best of 5: {:.2} s, inertia {:.0}",
            began.elapsed().as_secs_f64(),
            found.inertia
        );
    }
    for rows in [100_000, ROWS] {
        let xy: Vec<[f32; 2]> = points.rows().take(rows).map(|row| [row[0] as f32, row[1] as f32]).collect();
        let colours: Vec<u8> = (0..rows).map(|at| (at % 7) as u8).collect();
        let sight = Sight::whole(&xy, [940.0, 560.0]);
        let mut frames: Vec<f64> = (0..200)
            .map(|at| {
                let began = Instant::now();
                let sight = sight.moved([at as f32, 0.0]).zoomed(1.0 + at as f32 / 40.0, [400.0, 300.0]);
                std::hint::black_box(sight.cells(&xy, &colours, &[true; 8], 3.0));
                std::hint::black_box(nearest_to(&xy, [0.0, 0.0], 0.1));
                1e3 * began.elapsed().as_secs_f64()
            })
            .collect();
        frames.sort_by(f64::total_cmp);
        println!("map of {rows}: median {:.2} ms, p99 {:.2} ms a frame", frames[100], frames[197]);
        window(&points, rows);
    }
}
