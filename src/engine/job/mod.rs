//! Background work: a thread with progress, cancel, typed events and one result. A face keeps the
//! [`Job`] and polls it once a frame; the worker holds the [`Reporter`].

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The person asked to stop and to forget the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled;

/// What a worker tells while it works.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A named phase began (`phase.<name>` in the catalogue).
    Phase(&'static str),
    /// An epoch of training ended.
    Epoch(crate::train::Epoch),
    /// Training runs on this device, for this reason.
    Device(crate::train::DeviceChoice),
    /// Cross-validation trains this kind on this fold, counted from 1.
    Fold { fold: usize, folds: usize, kind: crate::train::ModelKind },
    /// That kind is done with that fold: seconds of training, and its figures on the fold's rows.
    FoldDone { fold: usize, kind: crate::train::ModelKind, seconds: f64, scores: crate::evaluate::FoldScores },
    /// A trial of the search for better settings ended.
    Trial(Box<crate::train::search::Trial>),
    /// What follows is sent only while somebody watches: the losses of the last steps.
    Steps(Vec<crate::train::fit::StepFigures>),
    /// A look inside the network at one step.
    Look(Box<crate::train::fit::Look>),
    /// The network at the end of an epoch.
    Network(Box<crate::train::KeptEpoch>),
    /// What watching costs.
    Watching(crate::train::Watching),
    /// How the machines stand that share a training.
    Crew(Vec<crate::train::elsewhere::Member>),
}

/// Looks at each epoch of a part of the work, and ends that part early.
struct Brake {
    /// False ends the part.
    goes_on: Box<dyn Fn(&crate::train::Epoch) -> bool + Send + Sync>,
    pulled: AtomicBool,
}

#[derive(Default)]
struct Shared {
    cancel: AtomicBool,
    finish: AtomicBool,
    /// Somebody looks inside.
    watched: AtomicBool,
    /// Done share in millionths.
    done: AtomicU64,
    pause: Mutex<Pause>,
    /// Told whenever a resting worker must look again.
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    on: bool,
    /// Epochs that may pass in spite of the pause.
    epochs: usize,
    /// Single steps that may.
    steps: usize,
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Pause)) {
        change(&mut self.pause.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

/// The worker's end: reports progress and learns of cancel. Cheap to clone.
#[derive(Clone)]
pub struct Reporter {
    shared: Arc<Shared>,
    events: Option<Sender<Event>>,
    wake: Arc<dyn Fn() + Send + Sync>,
    /// The part of the whole that this reporter's progress fills: where it begins, how wide it is.
    part: (f64, f64),
    brake: Option<Arc<Brake>>,
    /// Does not hear of the wish to end early.
    to_the_end: bool,
}

impl Reporter {
    /// A reporter that nobody listens to, for commands that run to their end.
    pub fn silent() -> Self {
        Self::new(Arc::default(), None, Arc::new(|| ()))
    }

    /// A silent reporter whose events go to `events`.
    pub fn to(events: Sender<Event>) -> Self {
        Self::new(Arc::default(), Some(events), Arc::new(|| ()))
    }

    fn new(shared: Arc<Shared>, events: Option<Sender<Event>>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { shared, events, wake, part: (0.0, 1.0), brake: None, to_the_end: false }
    }

    /// The same reporter for a part of the work that ends early, with what there is, once `goes_on`
    /// says no to an epoch.
    pub fn until(&self, goes_on: impl Fn(&crate::train::Epoch) -> bool + Send + Sync + 'static) -> Self {
        let brake = Brake { goes_on: Box::new(goes_on), pulled: AtomicBool::new(false) };
        Self { brake: Some(Arc::new(brake)), ..self.clone() }
    }

    /// The same reporter for a part that a wish to end early does not concern.
    pub fn to_the_end(&self) -> Self {
        Self { to_the_end: true, ..self.clone() }
    }

    /// Shows an epoch to whoever may end this part early; false when it must end.
    pub fn goes_on(&self, figures: &crate::train::Epoch) -> bool {
        let Some(brake) = &self.brake else { return true };
        if !(brake.goes_on)(figures) {
            brake.pulled.store(true, Ordering::Relaxed);
        }
        !brake.pulled.load(Ordering::Relaxed)
    }

    /// The same reporter, with somebody who looks inside.
    pub fn watched(self) -> Self {
        self.shared.watched.store(true, Ordering::Relaxed);
        self
    }

    /// True while somebody looks inside: only then is anything gathered for them.
    pub fn is_watched(&self) -> bool {
        self.shared.watched.load(Ordering::Relaxed)
    }

    /// True while the person wants a pause, single steps or epochs apart.
    pub fn is_paused(&self) -> bool {
        self.shared.pause.lock().unwrap_or_else(PoisonError::into_inner).on
    }

    /// Fails when the person has cancelled; called at least every 50 ms of work.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.shared.cancel.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }

    /// [`check`](Self::check), after waiting for as long as the person wants a pause; returns how
    /// long that was.
    pub fn rest(&self) -> Result<std::time::Duration, Cancelled> {
        self.check()?;
        let mut pause = self.shared.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if !pause.on || pause.epochs > 0 {
            return Ok(std::time::Duration::ZERO);
        }
        let began = std::time::Instant::now();
        while pause.on
            && pause.epochs == 0
            && pause.steps == 0
            && self.check().is_ok()
            && !self.wants_finish()
        {
            pause = self.shared.changed.wait(pause).unwrap_or_else(PoisonError::into_inner);
        }
        pause.steps = pause.steps.saturating_sub(1);
        drop(pause);
        self.check()?;
        Ok(began.elapsed())
    }

    /// Tells that an epoch ended; one that was asked for during a pause is used up.
    pub fn epoch_done(&self, figures: crate::train::Epoch) {
        self.shared.change(|pause| pause.epochs = pause.epochs.saturating_sub(1));
        self.goes_on(&figures);
        self.emit(Event::Epoch(figures));
    }

    /// True when the person wants the work to end early and keep what there is.
    pub fn wants_finish(&self) -> bool {
        let pulled = self.brake.as_ref().is_some_and(|brake| brake.pulled.load(Ordering::Relaxed));
        pulled || (!self.to_the_end && self.shared.finish.load(Ordering::Relaxed))
    }

    /// The wish to end early, where it is heard from elsewhere.
    pub(crate) fn end_early(&self) {
        self.shared.finish.store(true, Ordering::Relaxed);
        self.shared.change(|_| ());
    }

    /// States the done share of the whole, 0 to 1.
    pub fn progress(&self, share: f64) {
        let share = self.part.0 + self.part.1 * share.clamp(0.0, 1.0);
        let millionths = (share * 1e6) as u64;
        let before = self.shared.done.swap(millionths, Ordering::Relaxed);
        // A repaint per percent is enough for an eye.
        if before / 10_000 != millionths / 10_000 {
            (self.wake)();
        }
    }

    /// The same reporter for a part of the work: its whole is the part from `from` on, `width` wide.
    pub fn part(&self, from: f64, width: f64) -> Self {
        Self { part: (self.part.0 + self.part.1 * from, self.part.1 * width), ..self.clone() }
    }

    /// The same reporter for a part whose events nobody is to hear.
    pub fn quiet(self) -> Self {
        Self { events: None, ..self }
    }

    /// Sends an event; nobody listening is no error.
    pub fn emit(&self, event: Event) {
        if let Some(events) = &self.events {
            let _ = events.send(event);
        }
        (self.wake)();
    }
}

/// A running piece of work and, later, its result.
pub struct Job<T> {
    shared: Arc<Shared>,
    events: Receiver<Event>,
    result: Receiver<T>,
    thread: Option<JoinHandle<()>>,
    started: std::time::Instant,
}

/// How a job stands.
pub enum Poll<T> {
    Running,
    Done(T),
    /// The worker died without a result: a defect, told as a failure and not as a crash.
    Lost,
}

impl<T: Send + 'static> Job<T> {
    /// Starts `work` on a thread of its own; `wake` is called whenever there is news.
    pub fn start(
        wake: impl Fn() + Send + Sync + 'static,
        work: impl FnOnce(&Reporter) -> T + Send + 'static,
    ) -> Self {
        let shared = Arc::<Shared>::default();
        let (event_sender, events) = channel();
        let (result_sender, result) = channel();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(wake);
        let reporter = Reporter::new(shared.clone(), Some(event_sender), wake.clone());
        let thread = std::thread::Builder::new()
            .name("regulars-job".into())
            .spawn(move || {
                let value = work(&reporter);
                let _ = result_sender.send(value);
                wake();
            })
            .ok();
        Self { shared, events, result, thread, started: std::time::Instant::now() }
    }

    /// Asks the worker to stop and drop its work.
    pub fn cancel(&self) {
        self.shared.cancel.store(true, Ordering::Relaxed);
        self.shared.change(|_| ());
    }

    /// Lets the worker rest, or go on.
    pub fn pause(&self, on: bool) {
        self.shared.change(|pause| *pause = Pause { on, ..Pause::default() });
    }

    /// True while the person wants the worker to rest.
    pub fn is_paused(&self) -> bool {
        self.shared.pause.lock().unwrap_or_else(PoisonError::into_inner).on
    }

    /// Rests, but for one more epoch.
    pub fn step(&self) {
        self.shared.change(|pause| *pause = Pause { on: true, epochs: pause.epochs + 1, steps: 0 });
    }

    /// Rests, but for one more batch.
    pub fn step_batch(&self) {
        self.shared.change(|pause| *pause = Pause { on: true, epochs: 0, steps: pause.steps + 1 });
    }

    /// Begins, or ceases, to look inside.
    pub fn watch(&self, on: bool) {
        self.shared.watched.store(on, Ordering::Relaxed);
    }

    /// Asks the worker to end now with what it has.
    pub fn finish_early(&self) {
        self.shared.finish.store(true, Ordering::Relaxed);
        self.shared.change(|_| ());
    }

    /// Done share, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.shared.done.load(Ordering::Relaxed) as f64 / 1e6
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Events since the last call.
    pub fn events(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    /// Waits for the result; `None` if the worker died.
    pub fn wait(self) -> Option<T> {
        self.result.recv().ok()
    }

    /// The result, once.
    pub fn poll(&mut self) -> Poll<T> {
        match self.result.try_recv() {
            Ok(value) => Poll::Done(value),
            Err(TryRecvError::Empty) if self.thread.is_some() => Poll::Running,
            Err(_) => Poll::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_job_hears_of_it() {
        let (started, wait) = channel();
        let mut job = Job::start(
            || (),
            move |report: &Reporter| {
                started.send(()).ok();
                while report.check().is_ok() {
                    std::hint::spin_loop();
                }
                report.check()
            },
        );
        wait.recv().unwrap();
        assert!(matches!(job.poll(), Poll::Running));
        job.cancel();
        let value = loop {
            match job.poll() {
                Poll::Running => std::thread::yield_now(),
                Poll::Done(value) => break value,
                Poll::Lost => panic!("lost"),
            }
        };
        assert_eq!(value, Err(Cancelled));
    }

    #[test]
    fn a_paused_job_moves_by_single_steps() {
        let (done, steps) = channel();
        let job = Job::start(
            || (),
            move |report: &Reporter| {
                report.shared.change(|pause| pause.on = true);
                while !report.wants_finish() && report.rest().is_ok() {
                    done.send(report.is_paused()).ok();
                }
            },
        );
        let wait = std::time::Duration::from_secs(20);
        let calm = std::time::Duration::from_millis(50);
        job.pause(true);
        for _ in 0..3 {
            while steps.recv_timeout(calm).is_ok() {}
            job.step_batch();
            assert_eq!(steps.recv_timeout(wait), Ok(true), "one step passes");
            assert!(steps.recv_timeout(calm).is_err(), "and not a second one");
        }
        job.pause(false);
        assert_eq!(steps.recv_timeout(wait), Ok(false), "then it goes on");
        job.finish_early();
    }

    #[test]
    fn a_worker_that_dies_is_told_as_lost() {
        let mut job: Job<()> = Job::start(|| (), |_| panic!("on purpose"));
        loop {
            match job.poll() {
                Poll::Running => std::thread::yield_now(),
                Poll::Lost => break,
                Poll::Done(()) => panic!("there is no result"),
            }
        }
    }
}
