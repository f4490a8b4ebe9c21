//! Leaderboard: every kind of model under the same folds, and the search for better settings.

mod compare;
pub(super) mod rate;
mod search;
mod strip;

use eframe::egui::Ui;

use crate::window::pages::Scene;
use crate::window::theme::S3;

/// The step that the one primary button of the page takes.
#[derive(PartialEq)]
enum Next {
    Compare,
    Search,
    Use,
    Nothing,
}

fn next(scene: &Scene<'_>) -> Next {
    let (state, board) = (&scene.state, &scene.state.board);
    let compared = board.compared().is_some() && !state.comparison_is_stale();
    let searched = board.searched().is_some() && !state.search_is_stale();
    match (compared || searched, searched) {
        _ if board.comparing() || board.searching() => Next::Nothing,
        (_, true) if !state.uses_searched() => Next::Use,
        (_, true) => Next::Nothing,
        (true, _) => Next::Search,
        _ => Next::Compare,
    }
}

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let next = next(scene);
    compare::show(ui, scene, &next);
    ui.add_space(S3);
    search::show(ui, scene, &next);
}

pub(super) fn inspector(ui: &mut Ui, scene: &mut Scene<'_>) {
    compare::inspector(ui, scene);
    search::inspector(ui, scene);
}
