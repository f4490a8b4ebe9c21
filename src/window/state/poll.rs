//! What the jobs have done, taken in once a frame.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::job::{Event, Job, Poll};
use regulars_engine::project::Secrets;

use super::State;
use crate::window::notice::{Notice, Tone};

impl State {
    /// Takes in what the jobs have done since the last frame.
    pub fn poll(&mut self) {
        // What is wrong with the head is told by the reading of the whole.
        if let Some(Some(Ok(table))) = ended(&mut self.preview_job) {
            self.preview = Some(Arc::new(table));
        }
        self.poll_finding();
        let news = ended(&mut self.load);
        let news = self.without_question(news);
        let is_over = news.is_some();
        match self.settle(news) {
            Some(collected) => {
                self.sources = std::mem::take(&mut self.reading);
                self.take_collected(collected);
            }
            // A project whose data could not be read asks again how to open them.
            None if is_over && self.lacks.is_some() => self.secrets = Secrets::default(),
            None => {}
        }
        match ended(&mut self.prepare) {
            Some(Some(ready)) => self.take_prepared(ready),
            Some(None) => self.lost(),
            None => {}
        }
        // The result first: what a worker said before it ended would be lost with it.
        let news = self.train.as_mut().and_then(news_of);
        for event in self.train.iter().flat_map(Job::events) {
            self.inside.take(&event);
            match event {
                Event::Epoch(epoch) => self.live.push(epoch),
                Event::Device(device) => self.live_device = Some(device),
                Event::Crew(crew) => self.muscle.crew = crew,
                Event::Phase(name) => self.muscle.phase = name.starts_with("elsewhere").then_some(name),
                _ => {}
            }
        }
        if news.is_some() {
            self.train = None;
        }
        if let Some(Some(Err(error))) = &news {
            self.inside.failed(error);
        }
        let is_over = news.is_some();
        match self.settle(news) {
            Some(outcomes) => self.take_outcomes(outcomes),
            None if is_over => {
                // A file that says "a training was running" is no longer true.
                self.touch();
                self.show_kept_run();
            }
            None => {}
        }
        let news = ended(&mut self.segment);
        if let Some(found) = self.settle(news) {
            self.take_segments(found);
            self.relist();
        }
        self.poll_lists();
        self.poll_inspection();
        self.poll_mask();
        self.poll_twins();
        self.poll_checking();
        self.poll_board();
        self.poll_inside();
        self.poll_curves();
        self.poll_time();
        self.poll_lab();
        self.poll_race();
        self.poll_theatre();
        self.poll_lessons();
        self.poll_sheet();
        self.poll_experiments();
        self.poll_value();
        self.poll_service();
        self.poll_guard();
        self.poll_muscle();
        self.poll_privacy();
        self.poll_watch();
        self.poll_feedback();
        self.poll_recommend();
        self.poll_flows();
        self.poll_map();
        self.poll_groups();
        self.poll_classes();
        self.poll_card();
        self.poll_why();
        self.poll_slices();
        self.poll_small();
        self.poll_money();
        self.poll_figures();
        self.poll_repair();
        let news = ended(&mut self.write);
        if let Some(text) = self.settle(news) {
            self.notices.push(Notice { tone: Tone::Good, text });
        }
        self.poll_saving();
        self.poll_autosave();
    }

    /// The value of a job that ended well; what went wrong is told.
    pub(super) fn settle<T>(&mut self, news: Option<Option<Result<T, Error>>>) -> Option<T> {
        match news? {
            Some(Ok(value)) => return Some(value),
            Some(Err(error)) => self.fail(error),
            None => self.lost(),
        }
        None
    }

    pub(super) fn lost(&mut self) {
        self.tell(Tone::Bad, "notice.lost", Vec::new());
    }
}

/// Empties the slot of a job that has ended: its value, or `None` inside for a worker that died.
pub(in crate::window) fn ended<T: Send + 'static>(slot: &mut Option<Job<T>>) -> Option<Option<T>> {
    let news = news_of(slot.as_mut()?)?;
    *slot = None;
    Some(news)
}

/// [`ended`] for a job that stands beside what it works on, which is given back with its value.
pub(super) fn ended_of<K, T: Send + 'static>(slot: &mut Option<(K, Job<T>)>) -> Option<(K, Option<T>)> {
    let (_, job) = slot.as_mut()?;
    let news = news_of(job)?;
    slot.take().map(|(of, _)| (of, news))
}

/// What a job gives that has ended; `None` inside for a worker that died.
fn news_of<T: Send + 'static>(job: &mut Job<T>) -> Option<Option<T>> {
    match job.poll() {
        Poll::Running => None,
        Poll::Done(value) => Some(Some(value)),
        Poll::Lost => Some(None),
    }
}
