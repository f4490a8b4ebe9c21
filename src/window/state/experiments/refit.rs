//! The loop closed: what the shown experiment says of the model's scores is put into the model.

use regulars_engine::Error;
use regulars_engine::project;

use super::super::{State, ended};
use super::Experiments;
use crate::window::notice::Tone;

impl Experiments {
    /// True while the scores of the draw are compared with those of the list.
    pub fn is_refitting(&self) -> bool {
        self.refitting.is_some()
    }
}

impl State {
    /// Sets the shown model right by the shown experiment: one step of undo.
    pub fn apply_refit(&mut self) {
        let platt = match self.experiments.reading() {
            Some(Ok(reading)) => reading.recalibration,
            _ => None,
        };
        let (Some(platt), Some(of)) = (platt, self.experiments.shown().cloned()) else { return };
        let (standing, model) = (self.standing(), self.model_name());
        self.experiments.refitting = Some(self.start(move |_| {
            let Some((list, origin)) = standing.get() else { return Err(Error::Cancelled) };
            let mut refit = project::refit_for(&of, &platt, list, origin.refit())?;
            refit.model = model;
            Ok(refit)
        }));
    }

    /// Takes back what an experiment said of the model.
    pub fn drop_refit(&mut self) {
        self.settings.refit = None;
    }

    pub(super) fn poll_refit(&mut self) {
        let news = ended(&mut self.experiments.refitting);
        if let Some(refit) = self.settle(news) {
            let args = vec![("experiment", refit.experiment.clone())];
            self.settings.refit = Some(refit);
            self.tell(Tone::Good, "notice.exp_refit", args);
        }
    }
}
