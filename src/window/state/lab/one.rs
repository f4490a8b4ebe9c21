//! One row through a network: which network, which row, and the numbers of both ways.

use std::sync::Arc;

use regulars_engine::project::{Outcome, Prepared};
use regulars_engine::train::glass::bench::View;
use regulars_engine::train::glass::{self, GlassData, Pass};
use regulars_engine::train::{Model, ModelKind, Network};

use super::{Ground, State};

/// Whose numbers the page of one customer shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Whose {
    /// The network of the playground.
    #[default]
    Playground,
    /// The network of the shown run.
    Trained,
}

impl Whose {
    pub const ALL: [Whose; 2] = [Whose::Trained, Whose::Playground];
}

/// What is looked at of one customer.
#[derive(Debug, Default)]
pub struct Look {
    /// `None` until the person chooses: the trained network where there is one.
    pub whose: Option<Whose>,
    /// Place among the rows.
    pub row: usize,
    /// The class that the loss is reckoned against, where it is not the known one.
    pub wish: Option<bool>,
    /// The last layer until another one is chosen.
    pub layer: Option<usize>,
    pub unit: usize,
    /// The input whose weight is looked at: the one with the largest product until another is chosen.
    pub input: Option<usize>,
    /// The learning rate of the step that is shown; the network's own until it is changed.
    pub rate: Option<f64>,
    /// An identifier being typed, and whether nobody has it.
    pub search: String,
    pub nobody: bool,
}

/// One row through a network, with the names that belong to it.
pub struct Shown {
    pub network: Network,
    pub x: Vec<f32>,
    pub features: Vec<String>,
    /// The customer's name; `None` for a point of a shape, or where the file names nobody.
    pub id: Option<String>,
    /// The known class.
    pub known: Option<bool>,
    pub pass: Pass,
    /// What the model itself says of this row: of a trained network the probability that the run holds.
    pub answer: f64,
}

/// Where a network and its rows come from.
#[derive(Clone)]
pub(super) enum Of {
    Bench(Arc<View>, Arc<Ground>),
    Run(Arc<Outcome>, Arc<Prepared>),
}

impl Of {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bench(a, _), Self::Bench(b, _)) => Arc::ptr_eq(a, b),
            (Self::Run(a, _), Self::Run(b, _)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Run(_, prepared) => prepared.matrix.height,
            Self::Bench(_, ground) => match &ground.own {
                Some((prepared, _)) => prepared.matrix.height,
                None => ground.halves.train.rows() + ground.halves.valid.rows(),
            },
        }
    }

    fn prepared(&self) -> Option<&Prepared> {
        match self {
            Self::Run(_, prepared) => Some(prepared),
            Self::Bench(_, ground) => ground.own.as_ref().map(|(prepared, _)| &**prepared),
        }
    }
}

/// What was shown last, and what it was made for.
pub(super) type Cached = (Of, usize, Option<bool>, Arc<Shown>);

/// A row of one of both halves: features and class.
fn point(halves: [&GlassData; 2], row: usize) -> (Vec<f32>, Option<bool>) {
    let [train, valid] = halves;
    let (of, at) = match row.checked_sub(train.rows()) {
        Some(at) => (valid, at),
        None => (train, row),
    };
    (of.row(at).to_vec(), of.y.get(at).copied())
}

impl State {
    /// The network of the shown run and the rows that it was made on.
    fn trained_network(&self) -> Option<(Arc<Outcome>, Arc<Prepared>)> {
        let outcome = self.outcomes.iter().find(|outcome| outcome.kind == ModelKind::Mlp)?;
        Some((outcome.clone(), self.trained_on.clone()?))
    }

    /// Whether there is a trained network to look at.
    pub fn has_trained_network(&self) -> bool {
        self.trained_network().is_some()
    }

    /// Whose numbers are shown.
    pub fn whose(&self) -> Whose {
        let trained = self.has_trained_network();
        match self.lab.look.whose {
            Some(Whose::Playground) => Whose::Playground,
            Some(Whose::Trained) | None if trained => Whose::Trained,
            _ => Whose::Playground,
        }
    }

    fn look_at(&self) -> Option<Of> {
        match self.whose() {
            Whose::Trained => self.trained_network().map(|(outcome, prepared)| Of::Run(outcome, prepared)),
            Whose::Playground => Some(Of::Bench(self.lab.view.clone()?, self.lab.ground.clone()?)),
        }
    }

    /// Rows that can be looked at.
    pub fn look_rows(&self) -> usize {
        self.look_at().map_or(0, |of| of.rows())
    }

    /// Looks at the customer with this identifier; false where nobody has it.
    pub fn look_for(&mut self, id: &str) -> bool {
        let Some(of) = self.look_at() else { return false };
        let id = id.trim();
        let row = match of.prepared() {
            Some(prepared) => prepared.ids.iter().position(|one| one.as_deref() == Some(id)),
            // Points of a shape have numbers, counted from 1.
            None => id.parse::<usize>().ok().and_then(|at| at.checked_sub(1)).filter(|at| *at < of.rows()),
        };
        if let Some(row) = row {
            (self.lab.look.row, self.lab.look.wish) = (row, None);
        }
        row.is_some()
    }

    /// The chosen row through the chosen network.
    pub fn shown_pass(&mut self) -> Option<Arc<Shown>> {
        let of = self.look_at()?;
        let look = &mut self.lab.look;
        look.row = look.row.min(of.rows().checked_sub(1)?);
        let (row, wish) = (look.row, look.wish);
        if let Some((made_of, made_row, made_wish, shown)) = &self.lab.shown
            && made_of.is(&of)
            && (*made_row, *made_wish) == (row, wish)
        {
            return Some(shown.clone());
        }
        let shown = Arc::new(show(&of, row, wish)?);
        self.lab.shown = Some((of, row, wish, shown.clone()));
        Some(shown)
    }
}

impl State {
    /// The learning rate of the step that is shown.
    pub fn look_rate(&self) -> f64 {
        self.lab.look.rate.unwrap_or(match self.whose() {
            Whose::Trained => self.settings.mlp.learning_rate,
            Whose::Playground => self.lab.setup.spec.learning_rate,
        })
    }

    /// Probability and loss of the shown row after a step of every weight.
    pub fn stepped(&mut self, shown: &Arc<Shown>, rate: f64) -> (f64, f64) {
        if let Some((of, at, known)) = &self.lab.stepped
            && Arc::ptr_eq(of, shown)
            && *at == rate
        {
            return *known;
        }
        let stepped = shown.pass.stepped(&shown.network, &shown.x, rate);
        let known = (stepped.probability, stepped.loss);
        self.lab.stepped = Some((shown.clone(), rate, known));
        known
    }
}

fn show(of: &Of, row: usize, wish: Option<bool>) -> Option<Shown> {
    let known = |prepared: &Prepared| prepared.labels.of_row.get(row).copied().flatten();
    let id = of.prepared().and_then(|prepared| prepared.ids.get(row).cloned().flatten());
    let (network, x, features, known, answer) = match of {
        Of::Run(outcome, prepared) => {
            let Model::Mlp(network) = &outcome.trained.model else { return None };
            let answer = *outcome.probabilities.get(row)?;
            let names = prepared.matrix.names.clone();
            (network.clone(), prepared.matrix.row(row).to_vec(), names, known(prepared), Some(answer))
        }
        Of::Bench(view, ground) => {
            let (x, names, known) = match &ground.own {
                Some((prepared, names)) => {
                    let all = prepared.matrix.row(row);
                    let pair = ground.axes().map(|at| all.get(at).copied().unwrap_or(0.0));
                    (pair.to_vec(), names.to_vec(), known(prepared))
                }
                None => {
                    let (x, known) = point([&ground.halves.train, &ground.halves.valid], row);
                    (x, vec!["x₁".to_owned(), "x₂".to_owned()], known)
                }
            };
            (view.picture.network.clone(), x, names, known, None)
        }
    };
    let answer = answer.unwrap_or_else(|| glass::answer(&network, &x));
    let pass = Pass::of(&network, &x, wish.or(known).unwrap_or(false));
    Some(Shown { network, x, features, id, known, pass, answer })
}
