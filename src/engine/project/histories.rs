//! How much of the curves of many runs is kept.

use super::{SavedModel, SavedRun};
use crate::curve::places;

/// Epochs of all runs together that a project file holds; a line of them is about 200 bytes.
const SAVED: usize = 100_000;
/// Epochs of a run that it holds at least.
const LEAST: usize = 200;

/// Leaves of a model's history at most about `most` epochs: the first, the last, the one that was kept,
/// and the lowest and highest validation losses of each stretch between.
pub fn thin_history(model: &mut SavedModel, most: usize) {
    if model.history.len() <= most {
        return;
    }
    let losses: Vec<f64> = model.history.iter().map(|epoch| epoch.valid_loss).collect();
    let kept = places(&losses, most);
    let best = model.best_epoch;
    let mut at = 0;
    model.history.retain(|epoch| {
        let stays = kept.binary_search(&at).is_ok() || epoch.epoch == best;
        at += 1;
        stays
    });
}

/// Thins the histories of runs that are to be saved together, the longest only.
pub fn thin_histories(runs: &mut [SavedRun]) {
    let models = || runs.iter().flat_map(|run| &run.models).filter(|model| !model.history.is_empty());
    let (all, count) = (models().map(|model| model.history.len()).sum::<usize>(), models().count());
    if all <= SAVED {
        return;
    }
    let most = (SAVED / count.max(1)).max(LEAST);
    runs.iter_mut().flat_map(|run| &mut run.models).for_each(|model| thin_history(model, most));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Settings;
    use crate::train::{DeviceKind, Epoch, Model};

    fn run(epochs: usize, best: usize) -> SavedRun {
        let epoch = |epoch: usize| Epoch {
            epoch,
            train_loss: 1.0 / epoch as f64,
            valid_loss: if epoch == best { 0.1 } else { 0.5 + 0.001 * (epoch % 7) as f64 },
            valid_auc: Some(0.7),
            seconds: epoch as f64,
            planned: epochs,
            learning_rate: 0.01,
        };
        let model = SavedModel {
            model: Model::Majority { rate: 0.5 },
            device: DeviceKind::Flex,
            epochs_run: epochs,
            best_epoch: best,
            seconds: 1.0,
            history: (1..=epochs).map(epoch).collect(),
            valid_auc: None,
            promise: None,
        };
        let settings = Settings::default();
        SavedRun {
            name: String::new(),
            settings,
            key: String::new(),
            rows_key: String::new(),
            models: vec![model],
        }
    }

    #[test]
    fn few_runs_are_saved_whole_and_many_long_ones_are_thinned() {
        let mut few: Vec<SavedRun> = (0..20).map(|_| run(500, 77)).collect();
        let before = few.clone();
        thin_histories(&mut few);
        assert_eq!(few, before);
        let mut many: Vec<SavedRun> = (0..200).map(|_| run(10_000, 4_321)).collect();
        many.push(run(60, 9));
        thin_histories(&mut many);
        let lengths: usize = many.iter().map(|run| run.models[0].history.len()).sum();
        assert!(lengths <= 110_000, "{lengths}");
        let history = &many[0].models[0].history;
        assert_eq!((history[0].epoch, history[history.len() - 1].epoch), (1, 10_000));
        assert!(history.iter().any(|epoch| epoch.epoch == 4_321), "the epoch that was kept");
        assert!(history.is_sorted_by(|a, b| a.epoch < b.epoch));
        assert_eq!(many[200].models[0].history.len(), 60, "short ones stay whole");
    }
}
