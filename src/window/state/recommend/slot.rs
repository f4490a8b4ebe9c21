//! A result that belongs to what it was made of, and the job that makes it.

use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::job::Job;

use crate::window::state::ended_of;

/// The last result of some inputs, and the job on the present ones.
pub struct Slot<K, T> {
    known: Option<(K, Arc<T>)>,
    working: Option<(K, Job<Result<T, Error>>)>,
    /// The person stopped it, or it failed: it is made again for other inputs only.
    stopped: Option<K>,
}

impl<K, T> Default for Slot<K, T> {
    fn default() -> Self {
        Self { known: None, working: None, stopped: None }
    }
}

impl<K: PartialEq + Clone, T: Send + 'static> Slot<K, T> {
    /// The result of these inputs.
    pub fn get(&self, of: &K) -> Option<&Arc<T>> {
        self.known.as_ref().filter(|(known, _)| known == of).map(|(_, value)| value)
    }

    /// The last result, of whatever inputs.
    pub fn last(&self) -> Option<&Arc<T>> {
        self.known.as_ref().map(|(_, value)| value)
    }

    /// The last result with its inputs.
    pub fn known(&self) -> Option<&(K, Arc<T>)> {
        self.known.as_ref()
    }

    /// Takes a result that was made at once, in the place of the job that runs.
    pub fn know(&mut self, of: K, value: T) {
        self.working.iter().for_each(|(_, job)| job.cancel());
        (self.known, self.working, self.stopped) = (Some((of, Arc::new(value))), None, None);
    }

    /// True if a job on these inputs is to be started.
    pub fn needs(&self, of: &K) -> bool {
        let is_working = self.working.as_ref().is_some_and(|(known, _)| known == of);
        self.get(of).is_none() && !is_working && self.stopped.as_ref() != Some(of)
    }

    /// Starts a job in the place of the one that runs.
    pub fn put(&mut self, of: K, job: Job<Result<T, Error>>) {
        self.working.iter().for_each(|(_, job)| job.cancel());
        self.working = Some((of, job));
        self.stopped = None;
    }

    /// Takes up what was stopped or failed, when it is asked for again.
    pub fn resume(&mut self) {
        self.stopped = None;
    }

    /// Stops the job.
    pub fn cancel(&mut self) {
        if let Some((of, job)) = &self.working {
            job.cancel();
            self.stopped = Some(of.clone());
        }
    }

    /// The done share and seconds of the job.
    pub fn job(&self) -> Option<(f64, f64)> {
        self.working.as_ref().map(|(_, job)| (job.progress(), job.seconds()))
    }

    /// Takes in what the job has done; what went wrong is given back to be told.
    pub fn poll(&mut self) -> Option<Error> {
        let (of, news) = ended_of(&mut self.working)?;
        match news {
            Some(Ok(value)) => self.known = Some((of, Arc::new(value))),
            Some(Err(error)) => {
                self.stopped = Some(of);
                return Some(error);
            }
            None => self.stopped = Some(of),
        }
        None
    }
}
