//! Work that runs on threads of its own: started, stopped, and told in the top bar.

use regulars_engine::job::{Job, Reporter};

use super::State;

impl State {
    /// Starts work on a thread of its own.
    pub(in crate::window) fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reporter) -> T + Send + 'static,
    ) -> Job<T> {
        let ctx = self.ctx.clone();
        Job::start(move || ctx.request_repaint(), work)
    }

    /// Stops every job and forgets its result.
    pub fn cancel(&mut self) {
        self.load.iter().for_each(Job::cancel);
        self.train.iter().for_each(Job::cancel);
        self.segment.iter().for_each(Job::cancel);
        self.prepare.iter().for_each(Job::cancel);
        self.month_job.iter().for_each(Job::cancel);
        self.finding.iter().for_each(Job::cancel);
        self.write.iter().for_each(Job::cancel);
        self.reasons_job.iter().for_each(Job::cancel);
        self.mask.cancel();
        self.twins.cancel();
        self.time.cancel();
        self.sheet.cancel();
        self.experiments.cancel();
        self.value.cancel();
        self.service.cancel();
        self.watch.cancel();
        self.privacy.cancel();
        self.feedback.cancel();
        self.recommend.cancel();
        self.flows.cancel();
        self.map.cancel();
        self.groups.cancel();
        self.classes.cancel();
        self.card.cancel();
        self.why.cancel();
        self.slices.cancel();
        self.small.cancel();
        self.money.cancel();
        self.figures.cancel();
        self.board.cancel();
        self.lessons.cancel();
        self.theatre.cancel();
    }

    /// The running job that the top bar shows: its phase, done share and seconds.
    pub fn running(&self) -> Option<(&'static str, f64, f64)> {
        let of = |name, progress, seconds| Some((name, progress, seconds));
        if let Some(job) = &self.load {
            return of("read", job.progress(), job.seconds());
        }
        if let Some(job) = &self.train {
            return of("train", job.progress(), job.seconds());
        }
        if let Some(job) = &self.month_job {
            return of("score", job.progress(), job.seconds());
        }
        if let Some(job) = &self.write {
            return of("write", job.progress(), job.seconds());
        }
        if let Some(job) = &self.prepare {
            return of("clean", job.progress(), job.seconds());
        }
        if let Some(job) = &self.segment {
            return of("segment", job.progress(), job.seconds());
        }
        if let Some(job) = self.time.job() {
            return Some(job);
        }
        if let Some((name, progress, seconds)) = self.board.job() {
            return of(name, progress, seconds);
        }
        let rooms = [
            self.figures.job(),
            self.money.job(),
            self.slices.job(),
            self.small.job(),
            self.why.job(),
            self.card.job(),
            self.classes.job(),
            self.groups.job(),
            self.map.job(),
            self.flows.job(),
            self.value.job(),
            self.service.job(),
            self.guard.job(),
            self.muscle.job(),
            self.privacy.job(),
            self.watch.job(),
            self.feedback.job(),
            self.recommend.job(),
            self.experiments.job(),
            self.theatre.job(),
        ];
        if let Some(job) = rooms.into_iter().flatten().next() {
            return Some(job);
        }
        if let Some((progress, seconds)) = self.twins.job() {
            return of("twins", progress, seconds);
        }
        if let Some((progress, seconds)) = self.mask.job() {
            return of("mask", progress, seconds);
        }
        if let Some((progress, seconds)) = self.lessons.trap.job() {
            return of("trap", progress, seconds);
        }
        self.reasons_job.as_ref().and_then(|job| of("reasons", job.progress(), job.seconds()))
    }

    /// True while something runs whose loss a person would mind.
    pub fn busy(&self) -> bool {
        let aside = self.lessons.aside().is_some_and(State::busy);
        self.train.is_some() || self.board.job().is_some() || self.write.is_some() || self.saving() || aside
    }
}
