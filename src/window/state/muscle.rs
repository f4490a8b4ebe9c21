//! The other machine on which networks are trained, where the person wants one. Its token is kept for as
//! long as the window is open, and never saved.

use std::time::Duration;

use regulars_engine::Error;
use regulars_engine::job::Job;
use regulars_engine::train::TrainError;
use regulars_engine::train::elsewhere::{About, Elsewhere, ElsewhereError, Member};

use super::{State, ended};

/// A machine, what it answered, and how long that took.
pub type Answered = (String, Result<(About, Duration), Error>);
/// What all machines answered, or why none could be asked.
type Answer = Result<Vec<Answered>, Error>;

/// The other machine, or several that share each training.
#[derive(Default)]
pub struct Muscle {
    /// Networks are trained there.
    pub on: bool,
    /// `HOST:PORT`, several with commas between them; the window remembers it.
    pub address: String,
    pub token: String,
    /// Allows the way there to be without encryption.
    pub open: bool,
    trying: Option<Job<Answer>>,
    /// What it answered when it was tried.
    pub answer: Option<Answer>,
    /// What goes on there, while a training does (`phase.<name>`).
    pub phase: Option<&'static str>,
    /// How the machines stand that share the training that runs, or ran last.
    pub crew: Vec<Member>,
}

impl Muscle {
    /// The machine, if networks are trained there.
    ///
    /// # Errors
    /// No address, or a way that is not encrypted.
    pub(super) fn place(&self) -> Result<Option<Elsewhere>, Error> {
        if !self.on {
            return Ok(None);
        }
        let place = Elsewhere::several(&self.address, &self.token, None, self.open);
        Ok(Some(place.map_err(TrainError::from)?))
    }

    /// Where encoded rows of customers go when a network is trained, if anywhere.
    pub fn address_in_use(&self) -> Option<&str> {
        Some(self.address.trim()).filter(|address| self.on && !address.is_empty())
    }

    /// True while it is asked what it is.
    pub fn is_trying(&self) -> bool {
        self.trying.is_some()
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let job = self.trying.as_ref()?;
        Some(("elsewhere_try", job.progress(), job.seconds()))
    }

    /// Stops its job; what the person said of the machine stays.
    pub(super) fn ended(&mut self) -> Self {
        self.trying.iter().for_each(Job::cancel);
        Self { trying: None, phase: None, ..std::mem::take(self) }
    }
}

impl State {
    /// Asks the machine what it is.
    pub fn try_muscle(&mut self) {
        self.muscle.answer = None;
        match self.muscle.place() {
            Ok(Some(place)) => {
                self.muscle.trying = Some(self.start(move |_| {
                    let told =
                        |about: Result<_, ElsewhereError>| about.map_err(|e| TrainError::from(e).into());
                    Ok(place.abouts().into_iter().map(|(place, about)| (place, told(about))).collect())
                }));
            }
            Ok(None) => {}
            Err(error) => self.muscle.answer = Some(Err(error)),
        }
    }

    pub(super) fn poll_muscle(&mut self) {
        let lost = || {
            let cause = "the asking ended without a word".to_owned();
            TrainError::from(ElsewhereError::Failed { cause }).into()
        };
        if let Some(answer) = ended(&mut self.muscle.trying) {
            self.muscle.answer = Some(answer.unwrap_or_else(|| Err(lost())));
        }
        if self.train.is_none() {
            self.muscle.phase = None;
        }
    }
}
