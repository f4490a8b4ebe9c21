//! `regulars federated`: branches that learn together without pooling rows.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use regulars_engine::job::Reporter;
use regulars_engine::project;
use regulars_engine::train::federated::flower::Turn;
use regulars_engine::train::federated::{FederatedError, FederatedSpec, Mischief, Privacy, Rule, Simulation};
use serde_json::{Value, json};

use super::learning::Learning;
use super::{Input, Outcome};
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Federated {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Cuts one file into branches that train together, beside pooled and alone
    Simulate(Box<Simulate>),
    /// Joins a Flower server as one branch; rows stay here
    Join(Box<Join>),
}

#[derive(Args)]
struct Simulate {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    learning: Learning,
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..=50))]
    branches: u16,
    /// How different the branches are: 0 by chance, 1 in the order of --by
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    skew: f64,
    /// The number by which branches differ (default: the first one)
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Times that a branch goes through its rows in a round
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    local_epochs: u16,
    /// Units of each hidden layer, e.g. 32,16 (default: none, which is logistic regression)
    #[arg(long, value_name = "UNITS", value_delimiter = ',')]
    hidden: Vec<u16>,
    /// FedProx's μ; 0 is FedAvg
    #[arg(long, value_name = "MU", default_value_t = 0.0)]
    proximal: f64,
    /// How the server joins weights: mean or median
    #[arg(long, value_name = "RULE", default_value = "mean", value_parser = rule)]
    rule: Rule,
    /// The last branch adds noise of this deviation to its weights
    #[arg(long, value_name = "DEVIATION", conflicts_with = "hostile")]
    noisy: Option<f64>,
    /// The last branch sends the opposite of what it learnt, so many times as far
    #[arg(long, value_name = "TIMES")]
    hostile: Option<f64>,
    /// The last branch sends what it learnt, so many times as far
    #[arg(long, value_name = "TIMES", conflicts_with_all = ["noisy", "hostile"])]
    inflated: Option<f64>,
    /// The last branch learns from outcomes of which this share is turned round
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["noisy", "hostile", "inflated"])]
    flipped: Option<f64>,
    /// Noise with a stated ε: its deviation in the sum of all updates, in units of --clip
    #[arg(long, value_name = "Z")]
    noise: Option<f64>,
    /// The greatest length of a branch's update (with --noise)
    #[arg(long, value_name = "LENGTH", default_value_t = Privacy::default().clip, requires = "noise")]
    clip: f64,
    /// The δ for which ε is told (with --noise)
    #[arg(long, value_name = "DELTA", default_value_t = Privacy::default().delta, requires = "noise")]
    delta: f64,
    /// The server sees the sum of the weights alone (a lesson: see docs/federated.md)
    #[arg(long)]
    masks: bool,
}

#[derive(Args)]
struct Join {
    /// The server, e.g. http://127.0.0.1:8000
    #[arg(long, value_name = "URL")]
    server: String,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    learning: Learning,
    /// Leaves when the server has asked nothing for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    quiet: u64,
    /// Where the joined model is saved as a bundle, to score with
    #[arg(long, value_name = "BUNDLE")]
    out: Option<PathBuf>,
}

fn rule(text: &str) -> Result<Rule, String> {
    Rule::ALL.into_iter().find(|rule| rule.name() == text).ok_or_else(|| "mean or median".to_owned())
}

impl Federated {
    pub(super) fn json(&self) -> bool {
        match &self.what {
            What::Simulate(c) => c.input.json,
            What::Join(c) => c.input.json,
        }
    }

    pub(super) fn run(&self) -> Outcome {
        match &self.what {
            What::Simulate(c) => c.run(),
            What::Join(c) => c.run(),
        }
    }
}

fn auc(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

impl Simulate {
    fn privacy(&self) -> Option<Privacy> {
        let noise = self.noise?.max(0.0);
        Some(Privacy { noise, clip: self.clip.max(1e-9), delta: self.delta.clamp(1e-300, 0.5) })
    }

    fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        self.learning.apply(&mut settings);
        let table = self.input.open(&settings)?;
        let spec = FederatedSpec {
            hidden: self.hidden.iter().map(|n| usize::from(*n)).collect(),
            rounds: usize::from(self.rounds),
            local_epochs: usize::from(self.local_epochs),
            proximal: self.proximal.max(0.0),
            rule: self.rule,
            ..FederatedSpec::default()
        };
        let mischief = match (self.noisy, self.hostile, self.inflated, self.flipped) {
            (Some(deviation), ..) => Mischief::Noise { deviation: deviation.max(0.0) },
            (_, Some(times), ..) => Mischief::Reverse { times },
            (_, _, Some(times), _) => Mischief::Inflate { times },
            (.., Some(share)) => Mischief::Flip { share },
            (None, None, None, None) => Mischief::None,
        };
        let branches = usize::from(self.branches);
        let simulation = Simulation {
            branches,
            skew: self.skew,
            by: self.by.clone(),
            mischief,
            spec,
            privacy: self.privacy(),
            masks: self.masks,
        };
        let report = Reporter::silent();
        let found = project::simulate_branches(&settings, &simulation, &table, &mut |_| {}, &report)?;
        if !self.input.json {
            let lang = Lang::of_environment();
            for (at, part) in found.parts.iter().enumerate() {
                let args = [
                    ("branch", lang.count(at as u64 + 1)),
                    ("rows", lang.count(part.rows as u64)),
                    ("positive", lang.count(part.positive as u64)),
                    ("auc", auc(part.alone)),
                ];
                super::out!("{}", lang.with("federated.branch", &args));
            }
            let sent: u64 = found.agreement_up + found.rounds.iter().map(|round| round.up).sum::<u64>();
            let args = [
                ("rounds", lang.count(found.rounds.len() as u64)),
                ("auc", auc(found.auc)),
                ("pooled", auc(found.pooled)),
                ("sent", lang.count(sent)),
            ];
            super::out!("{}", lang.with("federated.together", &args));
            if let Some(epsilon) = found.rounds.last().and_then(|round| round.epsilon) {
                let told =
                    |value: f64| if value.is_finite() { format!("{value:.2}") } else { "∞".to_owned() };
                let args = [("model", told(epsilon.model)), ("server", told(epsilon.server))];
                super::out!("{}", lang.with("theatre.epsilon_told", &args));
            }
        }
        let mut object = serde_json::to_value(&found).unwrap_or_default();
        if let Value::Object(fields) = &mut object {
            fields.insert("seed".into(), json!(settings.seed));
            fields.insert("settings".into(), json!(simulation));
        }
        Ok(object)
    }
}

impl Join {
    fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        self.learning.apply(&mut settings);
        let table = self.input.open(&settings)?;
        let lang = Lang::of_environment();
        let server = project::Server { address: self.server.clone(), quiet: Duration::from_secs(self.quiet) };
        let mut told = |turn: &Turn| {
            let args = [
                ("kind", turn.kind.clone()),
                ("round", turn.round.clone()),
                ("sent", lang.count(turn.traffic.sent)),
                ("received", lang.count(turn.traffic.received)),
            ];
            eprintln!("{}", lang.with("federated.turn", &args));
        };
        let joined = project::join_server(&settings, &server, &table, &mut told, &Reporter::silent())?;
        let mut saved = None;
        if let Some(path) = &self.out {
            let model = joined.model.as_ref().ok_or(FederatedError::Protocol {
                cause: "it had no joined weights evaluated, so there is no model to save".to_owned(),
            });
            let model = model.map_err(regulars_engine::Error::from)?;
            let bundle = project::joined_bundle(&settings, &table, model, &Reporter::silent())?;
            bundle.save(path)?;
            if !self.input.json {
                let told =
                    |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| lang.count(count));
                let args = [
                    ("file", path.display().to_string()),
                    ("branches", told(model.branches)),
                    ("rounds", told(model.rounds)),
                ];
                super::out!("{}", lang.with("theatre.saved", &args));
            }
            saved = Some(bundle);
        }
        Ok(json!({
            "server": server.address, "seed": settings.seed, "turns": joined.turns, "traffic": joined.traffic,
            "bundle": self.out, "federated": saved.and_then(|bundle| bundle.card?.federated),
        }))
    }
}
