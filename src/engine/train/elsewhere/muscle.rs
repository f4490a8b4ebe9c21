//! The machine that trains: one job at a time, kept while the one who ordered it is away for a while. Rows
//! live in memory only; the checkpoint file holds weights, and goes with the job.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

use super::client::About;
use super::news::{Control, Failed, News, Outcome, Standing, Told, Weights};
use super::order::{Order, Work};
use super::{ElsewhereError, PROTOCOL};
use crate::job::{Job, Poll, Reporter};
use crate::train::fit::{self, EpochFigures, Run, Watch};
use crate::train::net::NetError;
use crate::train::share::{Meeting, Shard, Turn};
use crate::train::{DeviceChoice, DeviceKind, Epoch, Model, TrainError, Trained, device, mlp};

/// A job whose owner has not asked for this long makes room for another.
const ABANDONED: Duration = Duration::from_secs(600);
/// News that are kept; what watching tells may be left out beyond them.
const MOST_NEWS: usize = 20_000;
/// A network checkpoint is written at least every so many steps.
const KEPT_STEPS: usize = 500;

/// A machine answers after this long that it still computes.
const MEETING: Duration = Duration::from_secs(2);

/// How a machine stands that shares a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    Frame = 0,
    Later = 1,
    Ended = 2,
    Astray = 3,
}

/// Tells who waits for a frame that the training has ended, however it ends.
struct Ends(Arc<Meeting>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Why a job is not taken.
#[derive(Debug)]
pub enum Refusal {
    Busy,
    Order(ElsewhereError),
    Disk(std::io::Error),
}

struct Held {
    id: String,
    job: Job<Outcome>,
    news: Vec<News>,
    outcome: Option<Outcome>,
    asked: Instant,
    checkpoint: PathBuf,
    written: Option<SystemTime>,
    checkpoints: u64,
    control: Control,
    meeting: Arc<Meeting>,
}

/// Trains what is ordered, one job at a time.
pub struct Muscle {
    device: DeviceKind,
    folder: TempDir,
    held: Mutex<Option<Held>>,
}

impl Muscle {
    /// A machine that trains on `device`; with `Auto` the order says where.
    ///
    /// # Errors
    /// There is no place for checkpoints.
    pub fn new(device: DeviceKind) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("regulars-muscle-").tempdir()?;
        Ok(Self { device, folder, held: Mutex::default() })
    }

    /// What it is.
    pub fn about(&self) -> About {
        let adapter = match self.device {
            DeviceKind::Flex => None,
            DeviceKind::Wgpu | DeviceKind::Auto => device::adapter().ok().map(|adapter| adapter.name),
        };
        let busy = self.with(|held| held.as_ref().is_some_and(|held| held.outcome.is_none()));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        About { protocol: PROTOCOL, version, device: self.device, adapter, cores, busy }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Option<Held>) -> T) -> T {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.as_mut() {
            held.gather();
        }
        work(&mut held)
    }

    fn known<T>(&self, id: &str, work: impl FnOnce(&mut Held) -> T) -> Option<T> {
        self.with(|held| {
            let held = held.as_mut().filter(|held| held.id == id)?;
            held.asked = Instant::now();
            Some(work(held))
        })
    }

    /// Takes a job and begins it; answers with its id.
    ///
    /// # Errors
    /// Another job runs; the bytes are none; the checkpoint cannot be put down.
    pub fn take(&self, bytes: &[u8]) -> Result<String, Refusal> {
        let busy = |held: &Option<Held>| {
            held.as_ref().is_some_and(|held| held.outcome.is_none() && held.asked.elapsed() < ABANDONED)
        };
        if self.with(|held| busy(held)) {
            return Err(Refusal::Busy);
        }
        let order = Order::read(bytes).map_err(Refusal::Order)?;
        let device = if self.device == DeviceKind::Auto { order.device } else { self.device };
        let id = format!("{:032x}", rand::random::<u128>());
        let checkpoint = self.folder.path().join(&id);
        if let Some(bytes) = &order.checkpoint {
            std::fs::write(&checkpoint, bytes).map_err(Refusal::Disk)?;
        }
        self.with(|held| {
            // Another may have come first while the bytes were read.
            if busy(held) {
                let _ = std::fs::remove_file(&checkpoint);
                return Err(Refusal::Busy);
            }
            if let Some(before) = held.take() {
                before.job.cancel();
                let _ = std::fs::remove_file(&before.checkpoint);
            }
            let (path, meeting) = (checkpoint.clone(), Arc::<Meeting>::default());
            let ends = Ends(meeting.clone());
            let job = Job::start(
                || (),
                move |report| {
                    // Moved in here, so that it falls with this thread's work.
                    let held = ends;
                    train(order, device, &path, &held.0, report)
                },
            );
            *held = Some(Held {
                id: id.clone(),
                job,
                news: Vec::new(),
                outcome: None,
                asked: Instant::now(),
                checkpoint,
                written: None,
                checkpoints: 0,
                control: Control::default(),
                meeting,
            });
            Ok(id)
        })
    }

    /// What is new since `after`; none if there is no such job.
    pub fn news(&self, id: &str, after: usize) -> Option<Told> {
        self.known(id, |held| Told {
            news: held.news.get(after..).unwrap_or_default().to_vec(),
            next: held.news.len(),
            progress: held.job.progress(),
            standing: if held.outcome.is_some() { Standing::Done } else { Standing::Running },
            checkpoints: held.checkpoints,
        })
    }

    /// The bytes of its checkpoint; none if there is none yet.
    pub fn checkpoint(&self, id: &str) -> Option<Vec<u8>> {
        let path = self.known(id, |held| held.checkpoint.clone())?;
        std::fs::read(path).ok()
    }

    /// Tells it what to do; false if there is no such job.
    pub fn control(&self, id: &str, control: Control) -> bool {
        let told = self.known(id, |held| {
            if control.cancel {
                held.job.cancel();
            }
            if control.finish {
                held.job.finish_early();
            }
            if control.pause != held.control.pause {
                held.job.pause(control.pause);
            }
            held.job.watch(control.watched);
            held.control = control;
        });
        told.is_some()
    }

    /// Meets the machines that share the training: takes what frame `at` − 1 of all of them came to, and
    /// answers with this one's frame `at`, counted from 1. The first byte says how it stands ([`Met`]). None if
    /// there is no such job.
    pub fn meet(&self, id: &str, at: u64, body: &[u8]) -> Option<Vec<u8>> {
        // Nothing is locked while it is waited for.
        let meeting = self.known(id, |held| held.meeting.clone())?;
        Some(match meeting.turn(at, body, MEETING) {
            Turn::Frame(frame) => {
                let mut out = Vec::with_capacity(frame.len() + 1);
                out.push(Met::Frame as u8);
                out.extend_from_slice(&frame);
                out
            }
            Turn::Later => vec![Met::Later as u8],
            Turn::Ended => vec![Met::Ended as u8],
            Turn::Astray => vec![Met::Astray as u8],
        })
    }

    /// What came of it; none while it runs.
    pub fn outcome(&self, id: &str) -> Option<Outcome> {
        self.known(id, |held| held.outcome.clone()).flatten()
    }

    /// Forgets it, with its rows and its checkpoint.
    pub fn forget(&self, id: &str) -> bool {
        self.with(|held| match held.take_if(|held| held.id == id) {
            Some(before) => {
                before.job.cancel();
                let _ = std::fs::remove_file(&before.checkpoint);
                true
            }
            None => false,
        })
    }
}

impl Drop for Muscle {
    fn drop(&mut self) {
        self.with(|held| {
            if let Some(held) = held {
                held.job.cancel();
            }
        });
    }
}

impl Held {
    /// Takes over what the job has told.
    fn gather(&mut self) {
        if self.outcome.is_none() {
            match self.job.poll() {
                Poll::Running => {}
                Poll::Done(outcome) => self.outcome = Some(outcome),
                Poll::Lost => {
                    let cause = "the training ended without a word".to_owned();
                    self.outcome = Some(Outcome::nothing(Failed::Other { cause }));
                }
            }
        }
        for news in self.job.events().into_iter().filter_map(News::of) {
            if self.news.len() < MOST_NEWS || matches!(news, News::Epoch(_) | News::Device { .. }) {
                self.news.push(news);
            }
        }
        let written = std::fs::metadata(&self.checkpoint).and_then(|data| data.modified()).ok();
        if written != self.written {
            self.written = written;
            self.checkpoints += 1;
        }
    }
}

/// The training itself, by the same loops as here.
fn train(
    order: Order,
    device: DeviceKind,
    checkpoint: &Path,
    meeting: &Arc<Meeting>,
    report: &Reporter,
) -> Outcome {
    let shard = order.share.map(|share| Shard::new(share, meeting.clone()));
    let shard = shard.as_ref();
    let outcome = match order.work {
        Work::Mlp { spec, samples } => {
            let labels = &samples.train_labels;
            let on = (device, order.seed);
            match crate::train::enough(labels)
                .map_err(crate::Error::from)
                .and_then(|_| mlp::train_shared(&spec, &samples, on, Some(checkpoint), shard, report))
            {
                Ok(trained) => of_mlp(trained, None),
                Err(error) => {
                    let failed = Failed::of(&error);
                    match error {
                        crate::Error::Train(error) => match error.kept() {
                            Some(kept) => of_mlp(kept.clone(), Some(failed)),
                            None => Outcome::nothing(failed),
                        },
                        _ => Outcome::nothing(failed),
                    }
                }
            }
        }
        Work::Net { spec, fit, samples } => {
            let mut finished = Finished(Vec::new());
            let run = Run {
                device,
                seed: order.seed,
                checkpoint: Some(checkpoint),
                checkpoint_steps: KEPT_STEPS,
                watch: &mut finished,
            };
            match fit::train_shared(&spec, &fit, &samples, run, shard, report) {
                Ok(trained) => Outcome {
                    failed: None,
                    weights: Some(Weights::Net(Box::new(trained.net))),
                    device: Some(told(trained.device)),
                    history: Vec::new(),
                    figures: trained.history,
                    best_epoch: trained.best_epoch,
                    seconds: trained.seconds,
                },
                Err(error) => {
                    let mut outcome = Outcome::nothing(Failed::of(&error));
                    if let crate::Error::Train(TrainError::Net(NetError::Exploded { kept, .. })) = error {
                        outcome.weights = kept.map(Weights::Net);
                    }
                    outcome.figures = finished.0;
                    outcome
                }
            }
        }
    };
    report.progress(1.0);
    outcome
}

fn told(choice: DeviceChoice) -> (DeviceKind, Option<String>) {
    (choice.ran, choice.adapter)
}

fn of_mlp(trained: Trained, failed: Option<Failed>) -> Outcome {
    let history: Vec<Epoch> = trained.history;
    let weights = match trained.model {
        Model::Mlp(network) => Some(Weights::Mlp(network)),
        _ => None,
    };
    Outcome {
        failed,
        weights,
        device: Some(told(trained.device)),
        history,
        figures: Vec::new(),
        best_epoch: trained.best_epoch,
        seconds: trained.seconds,
    }
}

/// Keeps the figures of every finished epoch.
struct Finished(Vec<EpochFigures>);

impl Watch for Finished {
    fn resumed(&mut self, history: &[EpochFigures]) {
        self.0.extend_from_slice(history);
    }

    fn epoch(&mut self, figures: &EpochFigures) {
        self.0.push(*figures);
    }
}
