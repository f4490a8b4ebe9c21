//! The network of the playground, and the pass of one customer.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui::{Color32, TextureHandle};
use regulars_engine::job::{Cancelled, Job};
use regulars_engine::project::Prepared;
use regulars_engine::train::glass::bench::{self, Order, Speed, View};
use regulars_engine::train::glass::toys::{self, Halves, ToySpec};
use regulars_engine::train::glass::{Glass, GlassError, GlassSpec};

use super::{State, ended};

mod one;

pub use one::{Look, Shown, Whose};

/// Where the two features come from.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Source {
    #[default]
    Toy,
    /// Two features of the person's own file.
    Columns(usize, usize),
}

/// What makes the network and its rows: another one begins anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    pub spec: GlassSpec,
    pub toy: ToySpec,
    pub source: Source,
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self { spec: GlassSpec::default(), toy: ToySpec::default(), source: Source::Toy, seed: 42 }
    }
}

impl Setup {
    /// True where the same network on the same rows would come of it: the rate is changed in mid-run.
    fn is_same(&self, other: &Self) -> bool {
        let still = |setup: &Self| {
            let mut setup = setup.clone();
            setup.spec.learning_rate = 0.0;
            // What does not count leads to nothing new.
            match setup.source {
                Source::Toy => {}
                Source::Columns(..) => setup.toy = ToySpec::default(),
            }
            setup
        };
        still(self) == still(other)
    }
}

/// Rows that a network learns from, as the pages need them.
pub struct Ground {
    pub setup: Setup,
    pub halves: Halves,
    /// Of own columns: the rows, and the two features' names.
    pub own: Option<(Arc<Prepared>, [String; 2])>,
}

impl Ground {
    /// The two features' places among those of the file; 0 and 1 for a shape.
    pub(super) fn axes(&self) -> [usize; 2] {
        match self.setup.source {
            Source::Toy => [0, 1],
            Source::Columns(a, b) => [a, b],
        }
    }
}

/// What the worker tells.
#[derive(Default)]
struct Told {
    ground: Option<Arc<Ground>>,
    view: Option<Arc<View>>,
}

/// Why the worker went home.
enum Ended {
    Cancelled,
    Glass(GlassError),
    NoRows,
}

impl From<Cancelled> for Ended {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// The worker and what it was started with.
struct Bench {
    setup: Setup,
    of: Option<Arc<Prepared>>,
    orders: Sender<Order>,
    told: Arc<Mutex<Told>>,
    job: Option<Job<Result<(), Ended>>>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.job.iter().for_each(Job::cancel);
    }
}

/// The network of the playground, and the pass of one customer.
#[derive(Default)]
pub struct Lab {
    pub setup: Setup,
    pub speed: Speed,
    /// Rows to watch with are drawn as well.
    pub hide_valid: bool,
    /// Losses stand on a logarithmic axis.
    pub is_log: bool,
    /// The unit that the pointer is on: its response is drawn instead of the answer.
    pub unit: Option<(usize, usize)>,
    /// The unit that was clicked.
    pub pinned: Option<(usize, usize)>,
    pub look: Look,
    bench: Option<Bench>,
    ground: Option<Arc<Ground>>,
    view: Option<Arc<View>>,
    problem: Option<GlassError>,
    /// No row of the present file can be used.
    pub no_rows: bool,
    shown: Option<one::Cached>,
    /// Probability and loss after a step at a rate.
    stepped: Option<(Arc<Shown>, f64, (f64, f64))>,
    /// The surfaces as textures, the answer first, then every unit; and what they were made of, with the ground under them.
    pub textures: Vec<TextureHandle>,
    pub drawn: Option<(Arc<View>, Color32)>,
}

impl Lab {
    /// The rows that are learnt from.
    pub fn ground(&self) -> Option<&Arc<Ground>> {
        self.ground.as_ref()
    }

    /// The network as it is now.
    pub fn view(&self) -> Option<&Arc<View>> {
        self.view.as_ref()
    }

    /// Why there is no network.
    pub fn problem(&self) -> Option<&GlassError> {
        self.problem.as_ref()
    }

    /// True while it learns by itself.
    pub fn running(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.is_running)
    }

    /// Asks something of the worker; nothing happens where there is none.
    pub fn ask(&self, order: Order) {
        if let Some(bench) = &self.bench {
            // A worker that has gone home is told by its job.
            let _ = bench.orders.send(order);
        }
    }

    /// Throws the network away; the page makes it anew.
    pub fn reset(&mut self) {
        self.bench = None;
    }
}

impl State {
    /// Sees to it that there is a network for the present settings; asked while a page shows it.
    pub fn tend_lab(&mut self) {
        let of = match self.lab.setup.source {
            Source::Toy => None,
            Source::Columns(..) => self.prepared.clone(),
        };
        let same_rows = |bench: &Bench| match (&bench.of, &of) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        if let Some(bench) = &mut self.lab.bench {
            if same_rows(bench) && bench.setup.is_same(&self.lab.setup) {
                let rate = self.lab.setup.spec.learning_rate;
                if bench.setup.spec.learning_rate != rate {
                    bench.setup.spec.learning_rate = rate;
                    let _ = bench.orders.send(Order::Rate(rate));
                }
                return;
            }
            self.lab.bench = None;
        }
        self.start_bench(of);
    }

    fn start_bench(&mut self, of: Option<Arc<Prepared>>) {
        let (orders, inbox) = channel();
        let told = Arc::new(Mutex::new(Told::default()));
        let (setup, speed, ctx) = (self.lab.setup.clone(), self.lab.speed, self.ctx.clone());
        let (asked, rows, mailbox) = (setup.clone(), of.clone(), told.clone());
        let job = Some(self.start(move |report| {
            let halves = match (asked.source, &rows) {
                (Source::Toy, _) => toys::toy(&asked.toy),
                (Source::Columns(a, b), Some(prepared)) => {
                    toys::columns(&prepared.samples(), (a, b)).ok_or(Ended::NoRows)?
                }
                (Source::Columns(..), None) => return Err(Ended::NoRows),
            };
            let names = |prepared: &Prepared| match asked.source {
                Source::Columns(a, b) => {
                    [a, b].map(|at| prepared.matrix.names.get(at).cloned().unwrap_or_default())
                }
                Source::Toy => Default::default(),
            };
            let own = rows.map(|prepared| {
                let names = names(&prepared);
                (prepared, names)
            });
            let glass = Glass::new(asked.spec.clone(), 2, asked.seed).map_err(Ended::Glass)?;
            let ground = Arc::new(Ground { setup: asked, halves, own });
            let publish = |view: View| {
                let mut told = mailbox.lock().unwrap_or_else(PoisonError::into_inner);
                (told.ground, told.view) = (Some(ground.clone()), Some(Arc::new(view)));
                drop(told);
                ctx.request_repaint();
            };
            bench::drive(glass, &ground.halves, speed, &inbox, publish, report)?;
            Ok(())
        }));
        (self.lab.problem, self.lab.no_rows) = (None, false);
        self.lab.bench = Some(Bench { setup, of, orders, told, job });
    }

    /// Takes in what its worker has told.
    pub(super) fn poll_lab(&mut self) {
        let lab = &mut self.lab;
        let Some(bench) = &mut lab.bench else { return };
        {
            let mut told = bench.told.lock().unwrap_or_else(PoisonError::into_inner);
            lab.ground = told.ground.take().or(lab.ground.take());
            lab.view = told.view.take().or(lab.view.take());
        }
        match ended(&mut bench.job) {
            None => {}
            Some(None) => {
                (lab.view, lab.ground) = (None, None);
                self.lost();
            }
            Some(Some(Err(Ended::Glass(problem)))) => lab.problem = Some(problem),
            Some(Some(Err(Ended::NoRows))) => lab.no_rows = true,
            Some(Some(Ok(()) | Err(Ended::Cancelled))) => {}
        }
    }
}
