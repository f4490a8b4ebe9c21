//! The worker behind the playground: takes orders, learns at a chosen speed, and tells what there is to
//! see. It sleeps while learning rests.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::toys::{Halves, Picture};
use super::{Glass, GlassError};
use crate::job::{Cancelled, Reporter};

/// How fast it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speed {
    /// Four batches a second: each can be followed.
    Batches,
    /// Ten epochs a second.
    #[default]
    Epochs,
    /// As fast as one core goes.
    Full,
}

impl Speed {
    pub const ALL: [Speed; 3] = [Speed::Batches, Speed::Epochs, Speed::Full];

    /// The name used in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batches => "batches",
            Self::Epochs => "epochs",
            Self::Full => "full",
        }
    }

    /// Rest between two portions.
    fn period(self) -> Duration {
        match self {
            Self::Batches => Duration::from_millis(250),
            Self::Epochs => Duration::from_millis(100),
            Self::Full => Duration::ZERO,
        }
    }
}

/// What a person asks of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    Run,
    Pause,
    StepBatch,
    StepEpoch,
    Rate(f64),
    Speed(Speed),
}

/// The losses at the end of an epoch; epoch 0 is before the first step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub epoch: usize,
    pub train: f64,
    pub valid: f64,
}

/// What the curve of the losses says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// Nothing was learnt yet; the loss of new rows, or of those to learn from where there are no others.
    Start { loss: f64 },
    /// The loss of new rows went from one value to another.
    Moved { from: f64, to: f64 },
    /// New rows were answered best at an epoch that is past, and clearly worse since, while the rows to
    /// learn from still improve: it learns by heart.
    ByHeart { epoch: usize, best: f64, now: f64 },
}

/// How much worse new rows must be answered than at best.
const WORSE: f64 = 1.1;

/// Points of the curve that are kept; more, and every other one is left out.
const MOST_POINTS: usize = 2000;

/// All that a face draws.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub picture: Picture,
    pub history: Arc<Vec<Point>>,
    pub is_running: bool,
    /// Mean loss of the last batch, dropout on.
    pub batch_loss: Option<f64>,
    /// Length of each layer's gradient at the last step.
    pub gradient_norms: Vec<f64>,
    /// Why it does not go on.
    pub stop: Option<GlassError>,
}

impl View {
    /// What the curve says; `None` before there is one.
    pub fn finding(&self) -> Option<Finding> {
        let watched = |p: &Point| if p.valid.is_nan() { p.train } else { p.valid };
        let (first, last) = (self.history.first()?, self.history.last()?);
        if last.epoch == 0 {
            return Some(Finding::Start { loss: watched(first) });
        }
        let best = self.history.iter().min_by(|a, b| watched(a).total_cmp(&watched(b)))?;
        let (best_loss, now) = (watched(best), watched(last));
        let is_by_heart =
            !last.valid.is_nan() && now > WORSE * best_loss && last.train < best.train && best.epoch > 0;
        Some(match is_by_heart {
            true => Finding::ByHeart { epoch: best.epoch, best: best_loss, now },
            false => Finding::Moved { from: watched(first), to: now },
        })
    }
}

/// Work between two looks at the orders.
const BLOCK: Duration = Duration::from_millis(20);

/// Between two views while it runs.
const PERIOD: Duration = Duration::from_millis(60);

/// A network on its bench.
struct Bench<'a> {
    glass: Glass,
    halves: &'a Halves,
    history: Arc<Vec<Point>>,
    /// Epochs between two points of the curve.
    stride: usize,
    is_running: bool,
    batch_loss: Option<f64>,
    gradient_norms: Vec<f64>,
    stop: Option<GlassError>,
}

impl Bench<'_> {
    fn point(&mut self) {
        let epoch = self.glass.epoch();
        if !epoch.is_multiple_of(self.stride) {
            return;
        }
        let point = Point {
            epoch,
            train: self.glass.loss(&self.halves.train),
            valid: self.glass.loss(&self.halves.valid),
        };
        let history = Arc::make_mut(&mut self.history);
        history.push(point);
        if history.len() > MOST_POINTS {
            self.stride *= 2;
            let stride = self.stride;
            history.retain(|point| point.epoch.is_multiple_of(stride));
        }
    }

    /// One batch; true when it ends an epoch or cannot be done.
    fn batch(&mut self) -> bool {
        match self.glass.step(&self.halves.train) {
            Ok(step) => {
                (self.batch_loss, self.stop) = (Some(step.loss), None);
                self.gradient_norms = step.gradient_norms;
                if step.ends_epoch {
                    self.point();
                }
                step.ends_epoch
            }
            Err(cause) => {
                (self.is_running, self.stop) = (false, Some(cause));
                true
            }
        }
    }

    fn epoch(&mut self, report: &Reporter) -> Result<(), Cancelled> {
        while !self.batch() {
            report.check()?;
        }
        Ok(())
    }

    fn view(&self) -> View {
        View {
            picture: Picture::of(&self.glass, self.halves),
            history: self.history.clone(),
            is_running: self.is_running,
            batch_loss: self.batch_loss,
            gradient_norms: self.gradient_norms.clone(),
            stop: self.stop.clone(),
        }
    }
}

/// Learns on the rows of `halves` until the sender of the orders is gone. Starts at rest.
///
/// # Errors
/// The person cancelled.
pub fn drive(
    glass: Glass,
    halves: &Halves,
    mut speed: Speed,
    orders: &Receiver<Order>,
    publish: impl Fn(View),
    report: &Reporter,
) -> Result<Glass, Cancelled> {
    let mut bench = Bench {
        glass,
        halves,
        history: Arc::default(),
        stride: 1,
        is_running: false,
        batch_loss: None,
        gradient_norms: Vec::new(),
        stop: None,
    };
    bench.point();
    publish(bench.view());
    let mut shown = Instant::now();
    let mut next = Instant::now();
    loop {
        report.check()?;
        let wait = next.saturating_duration_since(Instant::now());
        let order = match (bench.is_running, wait.is_zero()) {
            (false, _) => orders.recv().map(Some).map_err(|_| ()),
            (true, true) => match orders.try_recv() {
                Ok(order) => Ok(Some(order)),
                Err(TryRecvError::Empty) => Ok(None),
                Err(TryRecvError::Disconnected) => Err(()),
            },
            // The rest between two portions of a slow speed; an order wakes it.
            (true, false) => match orders.recv_timeout(wait) {
                Ok(order) => Ok(Some(order)),
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Err(RecvTimeoutError::Disconnected) => Err(()),
            },
        };
        let Ok(order) = order else { return Ok(bench.glass) };
        if let Some(order) = order {
            match order {
                Order::Run => bench.is_running = true,
                Order::Pause => bench.is_running = false,
                Order::StepBatch => {
                    bench.is_running = false;
                    bench.batch();
                }
                Order::StepEpoch => {
                    bench.is_running = false;
                    bench.epoch(report)?;
                }
                Order::Rate(rate) => bench.glass.set_rate(rate),
                Order::Speed(to) => (speed, next) = (to, Instant::now()),
            }
            publish(bench.view());
            shown = Instant::now();
            continue;
        }
        let began = Instant::now();
        match speed {
            Speed::Batches => {
                bench.batch();
            }
            Speed::Epochs => bench.epoch(report)?,
            Speed::Full => {
                while bench.is_running && began.elapsed() < BLOCK {
                    bench.batch();
                }
            }
        }
        next = began + speed.period();
        if !bench.is_running || speed != Speed::Full || shown.elapsed() >= PERIOD {
            publish(bench.view());
            shown = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::GlassSpec;
    use super::super::toys::{self, ToySpec};
    use super::*;

    fn history(losses: &[(f64, f64)]) -> View {
        let points = losses.iter().enumerate();
        let points = points.map(|(epoch, (train, valid))| Point { epoch, train: *train, valid: *valid });
        View { history: Arc::new(points.collect()), ..View::default() }
    }

    #[test]
    fn the_curve_is_put_in_words() {
        assert_eq!(history(&[]).finding(), None);
        assert_eq!(history(&[(0.7, 0.8)]).finding(), Some(Finding::Start { loss: 0.8 }));
        let falls = history(&[(0.7, 0.8), (0.5, 0.6), (0.3, 0.62)]);
        assert_eq!(falls.finding(), Some(Finding::Moved { from: 0.8, to: 0.62 }));
        let rises = history(&[(0.7, 0.8), (0.5, 0.6), (0.3, 0.7)]);
        assert_eq!(rises.finding(), Some(Finding::ByHeart { epoch: 1, best: 0.6, now: 0.7 }));
        // Both rise: that is no learning by heart.
        let wild = history(&[(0.7, 0.8), (0.5, 0.6), (0.9, 0.9)]);
        assert_eq!(wild.finding(), Some(Finding::Moved { from: 0.8, to: 0.9 }));
        let blind = history(&[(0.7, f64::NAN), (0.5, f64::NAN)]);
        assert_eq!(blind.finding(), Some(Finding::Moved { from: 0.7, to: 0.5 }));
    }

    #[test]
    fn orders_are_followed_and_a_pause_is_one() {
        let halves = toys::toy(&ToySpec { rows: 80, ..ToySpec::default() });
        let glass = Glass::new(GlassSpec::default(), 2, 1).unwrap();
        let (send, orders) = channel();
        let (views, seen) = channel();
        let worker = std::thread::spawn(move || {
            let publish = |view: View| drop(views.send(view));
            drive(glass, &halves, Speed::Full, &orders, publish, &Reporter::silent()).unwrap()
        });
        let next = || seen.recv_timeout(Duration::from_secs(60)).unwrap();
        let at = |view: &View| (view.picture.steps, view.picture.epoch, view.is_running);
        assert_eq!(at(&next()), (0, 0, false));
        send.send(Order::StepBatch).unwrap();
        assert_eq!(at(&next()), (1, 0, false));
        send.send(Order::StepEpoch).unwrap();
        // 40 rows in batches of 10: three are left of the epoch.
        let view = next();
        assert_eq!((at(&view), view.history.len()), ((4, 1, false), 2));
        send.send(Order::Rate(0.0625)).unwrap();
        assert_eq!(next().picture.rate, 0.0625);
        send.send(Order::Run).unwrap();
        while next().picture.epoch < 100 {}
        send.send(Order::Pause).unwrap();
        let mut rest = next();
        while rest.is_running {
            rest = next();
        }
        assert!(seen.recv_timeout(Duration::from_millis(300)).is_err(), "nothing happens while it rests");
        // A long curve has a point every few epochs.
        let [.., before, last] = &rest.history[..] else { panic!("a curve") };
        assert!(rest.picture.epoch - last.epoch < last.epoch - before.epoch);
        assert!(rest.picture.train_loss < 0.5 * rest.history[0].train);
        // An explosion is told, and ends the run.
        send.send(Order::Rate(1e39)).unwrap();
        next();
        send.send(Order::Run).unwrap();
        let mut view = next();
        while view.stop.is_none() {
            view = next();
        }
        assert!(!view.is_running && view.picture.train_loss == rest.picture.train_loss);
        drop(send);
        let glass = worker.join().unwrap();
        assert_eq!(glass.steps(), view.picture.steps);
    }
}
