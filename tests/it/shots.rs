//! A page in both languages and themes. With REGULARS_SHOTS set to a folder, and an adapter here, pictures of it
//! are written there.

use std::path::PathBuf;

use eframe::egui;
use egui_kittest::Harness;
use regulars::window::App;
use regulars::words::Lang;

use crate::support::adapter;

/// Where pictures go; `None` where none are wanted or none can be made.
fn folder() -> Option<PathBuf> {
    std::env::var_os("REGULARS_SHOTS").map(PathBuf::from).filter(|_| adapter())
}

/// Every control has a name (the harness looks), and nothing goes on repainting. Pictures are called
/// `<name>-<language>-<theme>.png`. The language is put back, and the theme is the light one afterwards.
pub fn rests(harness: &mut Harness<'_, App>, name: &str) {
    rests_when(harness, name, |_| ());
}

/// [`rests`], once `ready` has waited for what the page works on.
pub fn rests_when(harness: &mut Harness<'_, App>, name: &str, ready: impl Fn(&mut Harness<'_, App>)) {
    let folder = folder();
    each(harness, |harness, which| {
        ready(harness);
        let rested = harness.try_run();
        assert!(rested.is_ok(), "{name} {which} {rested:?}");
        if let Some(folder) = &folder {
            harness.render().unwrap().save(folder.join(format!("{name}-{which}.png"))).unwrap();
        }
    });
}

/// Only the pictures, where they are wanted: of a page that need not rest.
pub fn pictures(harness: &mut Harness<'_, App>, name: &str) {
    let Some(folder) = folder() else { return };
    each(harness, |harness, which| {
        harness.render().unwrap().save(folder.join(format!("{name}-{which}.png"))).unwrap();
    });
}

fn each(harness: &mut Harness<'_, App>, mut look: impl FnMut(&mut Harness<'_, App>, &str)) {
    let before = harness.state().prefs.lang;
    for lang in Lang::ALL {
        for (theme, shade) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
            harness.state_mut().prefs.lang = lang;
            harness.ctx.set_theme(theme);
            harness.run_steps(4);
            look(harness, &format!("{}-{shade}", lang.code()));
        }
    }
    harness.state_mut().prefs.lang = before;
    harness.ctx.set_theme(egui::Theme::Light);
    harness.run_steps(3);
}
