//! Every page of the registry as a picture, in both languages and themes, compared with the one in
//! `tests/snapshots`. `UPDATE_SNAPSHOTS=1 cargo test snapshots` draws them anew.

use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use regulars::window::pages::Page;
use regulars::window::{App, Prefs};
use regulars::words::Lang;

use crate::pages::{masked, until, window};
use crate::support::{adapter, sample};

/// Pixels that may differ: the pictures are kept in 256 colours (`pngquant --nofs 256`), and another
/// version of the software adapter draws edges a little otherwise. A word that changes is more.
const PIXELS: usize = 500;

#[test]
fn pages_look_as_they_did() {
    if !adapter() {
        return;
    }
    // A fixed place, since paths are drawn; a fixed model, since processors round otherwise.
    let folder = std::env::temp_dir().join("regulars-snapshots");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(sample(), folder.join("customers.csv")).unwrap();
    let project = folder.join("shop.regulars");
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1.regulars");
    std::fs::copy(golden, &project).unwrap();
    let mut harness = window([1280.0, 800.0], Prefs::default());
    harness.state_mut().still = true;
    harness.state_mut().state.open(&project);
    let ready = |app: &App| {
        let state = &app.state;
        state.reasons.is_some() && state.segments.is_some() && !state.bundling() && !state.finding_reasons()
    };
    until(&mut harness, "opening", ready);
    harness.state_mut().state.notices.clear();
    harness.state_mut().state.mask.key_file = Some("/regulars-snapshots/pseudonyms.key".into());
    let chosen = harness.state().state.list().unwrap().iter().position(|c| c.actual != Some(true));
    let mut results = SnapshotResults::new();
    for lang in Lang::ALL {
        for dark in [false, true] {
            harness.state_mut().prefs.lang = lang;
            let theme = if dark { eframe::egui::Theme::Dark } else { eframe::egui::Theme::Light };
            harness.ctx.set_theme(theme);
            for page in Page::ALL {
                draw(&mut harness, page, chosen);
                let name = format!("{}-{}-{}", page.key(), lang.code(), if dark { "dark" } else { "light" });
                let options = SnapshotOptions::new().threshold(3.0).max_failed_pixels(PIXELS);
                results.add(harness.try_snapshot_options(&name, &options));
            }
        }
    }
}

fn draw(harness: &mut Harness<'_, App>, page: Page, chosen: Option<usize>) {
    let app = harness.state_mut();
    app.prefs.page = page;
    app.page.diagram = true;
    if let Some(place) = chosen {
        app.page.choose(&app.state, place);
    }
    harness.run_steps(4);
    masked(harness);
}
