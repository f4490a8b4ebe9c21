//! A job whose result belongs to what it was made of. It starts when its inputs change, keeps the last result
//! while it works, can be stopped, and what was stopped or failed rests until the inputs change or a person
//! takes it up again.

use std::sync::Arc;

use eframe::egui::Context;
use regulars_engine::Error;
use regulars_engine::job::{Job, Reporter};

use super::{State, ended_of};

/// Something shared that equals only itself: what inputs are compared by without looking into them.
#[derive(Debug)]
pub(super) struct Same<T>(pub Arc<T>);

impl<T> Clone for Same<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// How a job ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The result is there.
    Found,
    /// It failed, or noticed that it was to stop.
    Failed(Error),
    /// Its thread died.
    Lost,
}

/// Why nothing is done for some inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// The person stopped it.
    Stopped,
    /// It would fail again.
    Failed,
}

/// Work on inputs `K` that gives a `T`.
pub(super) struct Keyed<K, T> {
    found: Option<(K, Arc<T>)>,
    running: Option<(K, Job<Result<T, Error>>)>,
    resting: Option<(K, Rest)>,
}

impl<K, T> Default for Keyed<K, T> {
    fn default() -> Self {
        Self { found: None, running: None, resting: None }
    }
}

impl<K: PartialEq + Clone, T: Send + 'static> Keyed<K, T> {
    /// Starts `work` on these inputs, unless that is done, under way or at rest.
    pub fn follow(
        &mut self,
        key: K,
        ctx: &Context,
        work: impl FnOnce(&Reporter) -> Result<T, Error> + Send + 'static,
    ) {
        if self.wants(&key) {
            self.begin(key, ctx, work);
        }
    }

    /// Starts `work` on these inputs, whatever was done before; work on others stops.
    pub fn begin(
        &mut self,
        key: K,
        ctx: &Context,
        work: impl FnOnce(&Reporter) -> Result<T, Error> + Send + 'static,
    ) {
        self.running.iter().for_each(|(_, job)| job.cancel());
        let ctx = ctx.clone();
        self.running = Some((key, Job::start(move || ctx.request_repaint(), work)));
        self.resting = None;
    }

    /// True where nothing was found for these inputs and nothing is under way or at rest.
    pub fn wants(&self, key: &K) -> bool {
        !self.has(key) && !self.rests(key)
    }

    /// True where the result of these inputs is there or under way.
    pub fn has(&self, key: &K) -> bool {
        self.of(key).is_some() || self.running.as_ref().is_some_and(|(of, _)| of == key)
    }

    /// True where the work on these inputs was stopped or failed.
    pub fn rests(&self, key: &K) -> bool {
        self.resting.as_ref().is_some_and(|(of, _)| of == key)
    }

    /// The inputs whose work was stopped or failed.
    pub fn resting(&self) -> Option<&K> {
        self.resting.as_ref().map(|(key, _)| key)
    }

    /// Takes in the end of the job, once.
    pub fn poll(&mut self) -> Option<Ended> {
        let (key, news) = ended_of(&mut self.running)?;
        let (rest, end) = match news {
            Some(Ok(found)) => {
                self.found = Some((key, Arc::new(found)));
                return Some(Ended::Found);
            }
            Some(Err(Error::Cancelled)) => (Rest::Stopped, Ended::Failed(Error::Cancelled)),
            Some(Err(error)) => (Rest::Failed, Ended::Failed(error)),
            None => (Rest::Failed, Ended::Lost),
        };
        self.resting = Some((key, rest));
        Some(end)
    }

    /// Stops the job.
    pub fn cancel(&mut self) {
        if let Some((key, job)) = self.running.take() {
            job.cancel();
            self.resting = Some((key, Rest::Stopped));
        }
    }

    /// Takes up what was stopped or failed.
    pub fn resume(&mut self) {
        self.resting = None;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.cancel();
        *self = Self::default();
    }

    /// What was found last, of whatever inputs.
    pub fn last(&self) -> Option<&Arc<T>> {
        self.found.as_ref().map(|(_, found)| found)
    }

    /// What was found last, with its inputs.
    pub fn found(&self) -> Option<&(K, Arc<T>)> {
        self.found.as_ref()
    }

    /// What was found of these inputs.
    pub fn of(&self, key: &K) -> Option<&Arc<T>> {
        self.found.as_ref().filter(|(of, _)| of == key).map(|(_, found)| found)
    }

    /// True while it works.
    pub fn is_working(&self) -> bool {
        self.running.is_some()
    }

    /// True where the person stopped the work on the inputs that came last.
    pub fn is_stopped(&self) -> bool {
        self.running.is_none() && self.resting.as_ref().is_some_and(|(_, rest)| *rest == Rest::Stopped)
    }

    /// True where the work on the inputs that came last was stopped or failed.
    pub fn is_resting(&self) -> bool {
        self.running.is_none() && self.resting.is_some()
    }

    /// True where the work on these inputs failed.
    pub fn failed(&self, key: &K) -> bool {
        self.resting.as_ref().is_some_and(|(of, rest)| of == key && *rest == Rest::Failed)
    }

    /// The done share, 0 to 1.
    pub fn progress(&self) -> Option<f64> {
        self.running.as_ref().map(|(_, job)| job.progress())
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self, phase: &'static str) -> Option<(&'static str, f64, f64)> {
        self.running.as_ref().map(|(_, job)| (phase, job.progress(), job.seconds()))
    }
}

impl State {
    /// Tells what went wrong; true where a result has come.
    pub(super) fn ended_with(&mut self, end: Option<Ended>) -> bool {
        match end {
            Some(Ended::Found) => return true,
            Some(Ended::Failed(error)) => self.fail(error),
            Some(Ended::Lost) => self.lost(),
            None => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    fn end<T: Send + 'static>(of: &mut Keyed<u8, T>) -> Ended {
        let begun = Instant::now();
        loop {
            if let Some(end) = of.poll() {
                return end;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "the job does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Works until it is stopped.
    fn for_ever(report: &Reporter) -> Result<usize, Error> {
        loop {
            report.check()?;
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn it_works_once_for_equal_inputs_and_again_for_others() {
        let (ctx, times) = (Context::default(), Arc::new(AtomicUsize::new(0)));
        let mut of = Keyed::default();
        let count = |of: &mut Keyed<u8, usize>, key: u8| {
            let times = times.clone();
            of.follow(key, &ctx, move |_| Ok(times.fetch_add(1, Ordering::SeqCst)));
        };
        count(&mut of, 1);
        count(&mut of, 1);
        assert!(of.is_working() && of.last().is_none() && of.job("x").is_some());
        assert!(matches!(end(&mut of), Ended::Found));
        count(&mut of, 1);
        assert!(!of.is_working() && of.poll().is_none());
        assert_eq!((of.of(&1).map(|v| **v), of.of(&2).is_some()), (Some(0), false));
        // Other inputs: the last result stays until the next one is there.
        count(&mut of, 2);
        assert_eq!((of.last().map(|v| **v), of.of(&2).is_some()), (Some(0), false));
        assert!(matches!(end(&mut of), Ended::Found));
        assert_eq!((of.last().map(|v| **v), of.found().map(|(key, _)| *key)), (Some(1), Some(2)));
        assert_eq!(times.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_is_stopped_rests_until_inputs_change_or_a_person_wants_it() {
        let ctx = Context::default();
        let mut of: Keyed<u8, usize> = Keyed::default();
        of.follow(1, &ctx, for_ever);
        of.cancel();
        assert!(!of.is_working() && of.is_stopped() && !of.failed(&1) && of.poll().is_none());
        of.follow(1, &ctx, |_| Ok(3));
        assert!(!of.is_working(), "it was stopped");
        of.follow(2, &ctx, |_| Ok(4));
        assert!(of.is_working() && !of.is_stopped());
        assert!(matches!(end(&mut of), Ended::Found));
        of.follow(3, &ctx, for_ever);
        of.cancel();
        of.resume();
        of.follow(3, &ctx, |_| Ok(5));
        assert!(matches!(end(&mut of), Ended::Found));
        assert_eq!(of.of(&3).map(|v| **v), Some(5));
        // Newer inputs stop the work on older ones, whose result never comes.
        of.follow(4, &ctx, for_ever);
        of.follow(5, &ctx, |_| Ok(6));
        assert!(matches!(end(&mut of), Ended::Found));
        assert_eq!(of.found().map(|(key, found)| (*key, **found)), Some((5, 6)));
        of.clear();
        assert!(of.last().is_none() && of.wants(&5));
    }

    #[test]
    fn what_fails_is_told_once_and_keeps_the_last_result() {
        let ctx = Context::default();
        let mut of: Keyed<u8, usize> = Keyed::default();
        of.follow(1, &ctx, |_| Ok(1));
        assert!(matches!(end(&mut of), Ended::Found));
        of.follow(2, &ctx, |_| Err(regulars_engine::value::ValueError::Nothing.into()));
        assert!(matches!(end(&mut of), Ended::Failed(error) if error.kind() == "value_nothing"));
        assert!(of.failed(&2) && of.is_resting() && !of.is_stopped() && of.poll().is_none());
        of.follow(2, &ctx, |_| Ok(2));
        assert!(!of.is_working() && of.last().map(|v| **v) == Some(1));
        // A job that ends because it was told to is stopped, not failed.
        of.follow(3, &ctx, |_| Err(Error::Cancelled));
        assert!(matches!(end(&mut of), Ended::Failed(Error::Cancelled)));
        assert!(of.is_stopped() && !of.failed(&3));
        of.begin(3, &ctx, |_| panic!("on purpose"));
        assert!(matches!(end(&mut of), Ended::Lost));
        assert!(of.failed(&3));
    }

    #[test]
    fn shared_things_equal_only_themselves() {
        let (a, b) = (Arc::new(1), Arc::new(1));
        assert!(Same(a.clone()) == Same(a.clone()) && Same(a) != Same(b));
    }
}
