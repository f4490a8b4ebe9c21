//! What goes wrong in a training is told in plain words with a mend, in both languages, and nothing is
//! lost: the last good network is offered.

use egui_kittest::kittest::Queryable as _;
use regulars::window::Prefs;
use regulars::window::pages::{Page, TrainTab};
use regulars::words::Lang;
use regulars_engine::Error;
use regulars_engine::train::net::NetError;
use regulars_engine::train::{Activation, DeviceKind, Optimizer, TrainError};

use crate::pages::{until, window};
use crate::support::sample;

#[test]
fn every_failure_of_a_training_is_told_with_a_mend() {
    let net = |error| TrainError::Net(error);
    let errors = [
        TrainError::Diverged { epoch: 3, kept: None },
        TrainError::Broken { cause: "Out of Memory".into(), kept: None },
        TrainError::Memory { needed: 90_000_000_000, available: 8_000_000_000 },
        TrainError::TooFew { found: 1, needed: 5 },
        net(NetError::NotFinite),
        net(NetError::NoRows),
        net(NetError::Settings { what: "max_len" }),
        net(NetError::Exploded { epoch: 2, rate: 9.0, mend: "", kept: None }),
    ];
    for error in errors.map(Error::from) {
        for lang in Lang::ALL {
            let (told, hint) = (lang.error(&error), lang.hint(&error));
            assert!(!told.contains("error.") && !hint.contains("hint."), "{told} {hint}");
            assert!(told.chars().count() >= 4 && hint.chars().count() >= 8, "{told} {hint}");
        }
        // Chinese words, not the English ones again.
        assert!(Lang::Zh.hint(&error).chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c)));
    }
}

#[test]
fn a_rate_that_explodes_leaves_its_last_good_network_to_be_used() {
    // Without the sliders, which allow no such settings; a project that came by mail may have them.
    let prefs = Prefs { lang: Lang::En, page: Page::Train, inspector: false, ..Prefs::default() };
    let mut harness = window([1280.0, 800.0], prefs);
    harness.state_mut().state.open(&sample());
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    let app = harness.state_mut();
    app.prefs.page = Page::Train;
    app.page.train_tab = TrainTab::Inside;
    app.state.settings.device = DeviceKind::Flex;
    // A decay past 2 turns each weight around and makes it larger, step after step.
    let mlp = &mut app.state.settings.mlp;
    (mlp.learning_rate, mlp.epochs, mlp.patience, mlp.dropout) = (1.0, 4000, 0, 0.0);
    (mlp.optimizer, mlp.activation) = (Optimizer::AdamW { weight_decay: 2.2 }, Activation::Gelu);
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "exploding", |app| app.state.train.is_none());
    let state = &harness.state().state;
    let (_, left) = state.inside.left.as_ref().expect("the first epochs were good");
    let epoch = left.best_epoch;
    assert!(epoch >= 1 && state.runs.is_empty());
    assert!(!state.notices.is_empty(), "it is told");
    harness.run_steps(3);
    harness.get_by_label("Use it").click();
    harness.run_steps(2);
    until(&mut harness, "rescuing", |app| app.state.runs.len() == 1);
    let state = &harness.state().state;
    assert_eq!(state.runs[0].name, format!("Rescued, epoch {epoch}"));
    assert!(state.outcomes[0].probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
    assert!(state.inside.left.is_none());
}
