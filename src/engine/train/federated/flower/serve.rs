//! What a branch answers to a server, until the server has nothing more to ask.

use std::time::{Duration, Instant};

use super::super::agree::{Agreement, Branch};
use super::super::{FederatedError, FederatedSpec, Learner};
use super::client::{Client, Instruction, Traffic};
use super::objects::{Array, Content, Field, Record};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::metrics;
use crate::train::Network;

/// Time between two looks for an instruction.
const PAUSE: Duration = Duration::from_millis(200);
/// One wait, so that a cancel is answered within 100 ms.
const SLICE: Duration = Duration::from_millis(50);

/// One instruction that was answered.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Turn {
    pub kind: String,
    pub round: String,
    /// Mean loss: of the branch's rows while it learnt, or of its held rows.
    pub loss: Option<f64>,
    pub traffic: Traffic,
}

/// What a branch shares once both sides have agreed.
struct Shared {
    agreement: Agreement,
    learner: Learner,
    train: Matrix,
    held: Matrix,
}

/// What the branches have learnt together, as the server told it last.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub agreement: Agreement,
    pub network: Network,
    /// Rounds that went before.
    pub rounds: Option<u64>,
    /// Branches, and the server's strategy, where it said so.
    pub branches: Option<u64>,
    pub strategy: Option<String>,
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Joined {
    pub turns: Vec<Turn>,
    pub traffic: Traffic,
    /// The weights that the server last had evaluated: joined ones, where a branch's last training has not
    /// been joined with the others'. `None` if it never asked for that.
    #[serde(skip)]
    pub model: Option<Model>,
}

/// Answers the server for a branch: statistics once, then weights. `train` is learnt from, `held` only
/// measured on. Ends after `quiet` without an instruction.
///
/// # Errors
/// The server cannot be used or speaks otherwise, the branches do not agree, or the person cancelled.
pub fn serve(
    mut client: Client,
    (train, held): (&Branch, &Branch),
    (seed, quiet): (u64, Duration),
    told: &mut dyn FnMut(&Turn),
    report: &Reporter,
) -> crate::Result<Joined> {
    let mut turns = Vec::new();
    let mut shared: Option<Shared> = None;
    let mut model = None;
    let mut last = Instant::now();
    while last.elapsed() < quiet {
        let Some(asked) = client.pull(report)? else {
            let from = Instant::now();
            while from.elapsed() < PAUSE {
                report.check()?;
                std::thread::sleep(SLICE);
            }
            continue;
        };
        let began = Instant::now();
        let (content, loss) = answer(&asked, &mut shared, (train, held), (seed, client.node()), report)?;
        client.reply(&asked, &content, began.elapsed().as_secs_f64(), report)?;
        if asked.kind.split('.').next() == Some("evaluate")
            && let Some(shared) = &shared
        {
            model = Some(joined(&asked.content, shared));
        }
        // Flower's strategies tell the round among the settings.
        let round = match field(&asked.content, "server-round") {
            Some(Field::Count(round)) => round.to_string(),
            _ => asked.round,
        };
        let turn = Turn { kind: asked.kind, round, loss, traffic: client.traffic() };
        told(&turn);
        turns.push(turn);
        last = Instant::now();
    }
    let traffic = client.leave()?;
    Ok(Joined { turns, traffic, model })
}

/// The weights that were just evaluated, with what the server says of them.
fn joined(content: &Content, shared: &Shared) -> Model {
    let count = |name: &str| match field(content, name) {
        Some(Field::Count(count)) => u64::try_from(count).ok(),
        _ => None,
    };
    // A server that says nothing of its strategy is at least seen to use FedProx's term.
    let proximal = matches!(field(content, "proximal-mu"), Some(Field::Number(mu)) if mu > 0.0);
    Model {
        agreement: shared.agreement.clone(),
        network: shared.learner.network().clone(),
        rounds: count("server-round"),
        branches: count("branches"),
        strategy: text(content, "strategy")
            .map(str::to_owned)
            .or_else(|| proximal.then(|| "FedProx".to_owned())),
    }
}

fn answer(
    asked: &Instruction,
    shared: &mut Option<Shared>,
    (train, held): (&Branch, &Branch),
    (seed, stream): (u64, u64),
    report: &Reporter,
) -> crate::Result<(Content, Option<f64>)> {
    let protocol = |cause: &str| FederatedError::Protocol { cause: cause.to_owned() };
    let kind = asked.kind.split('.').next().unwrap_or_default();
    if kind == "query" {
        let told = serde_json::to_string(&train.statistics()?).unwrap_or_default();
        let fields = vec![("statistics".to_owned(), Field::Text(told))];
        return Ok((vec![("answer".to_owned(), Record::Config(fields))], None));
    }
    let told = text(&asked.content, "agreement").ok_or_else(|| protocol("no agreement on the columns"))?;
    let agreement: Agreement =
        serde_json::from_str(told).map_err(|_| protocol("an agreement that cannot be read"))?;
    if shared.as_ref().is_none_or(|shared| shared.agreement != agreement) {
        let mut spec: FederatedSpec = match text(&asked.content, "spec") {
            Some(told) => serde_json::from_str(told).map_err(|_| protocol("settings that cannot be read"))?,
            None => FederatedSpec::default(),
        };
        if spec.hidden.len() > 8 || spec.hidden.iter().any(|n| *n > 4_096) || spec.local_epochs > 1_000 {
            return Err(protocol("settings that would keep this branch busy for days").into());
        }
        // Flower's own FedProx says it under this name.
        if let Some(Field::Number(mu)) = field(&asked.content, "proximal-mu") {
            spec.proximal = mu.max(0.0);
        }
        let learner = Learner::new(&spec, agreement.width(), seed)?.with_stream(stream);
        let (train, held) = (agreement.encode(train)?, agreement.encode(held)?);
        *shared = Some(Shared { agreement, learner, train, held });
    }
    let Some(shared) = shared else { return Err(protocol("no agreement on the columns").into()) };
    let weights: Vec<Vec<f32>> = asked
        .content
        .iter()
        .find_map(|(_, record)| match record {
            Record::Arrays(arrays) => Some(arrays.iter().map(|(_, array)| array.data.clone()).collect()),
            _ => None,
        })
        .ok_or_else(|| protocol("no weights"))?;
    shared.learner.set_weights(&weights)?;
    let metrics = |rows: usize, loss: f64| {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let fields =
            vec![("num-examples".to_owned(), Field::Count(rows)), ("loss".to_owned(), Field::Number(loss))];
        ("metrics".to_owned(), Record::Metrics(fields))
    };
    match kind {
        "train" => {
            let loss = shared.learner.learn(&shared.train, &train.labels, report)?;
            let arrays = ("arrays".to_owned(), arrays(&shared.learner));
            Ok((vec![arrays, metrics(train.labels.len(), loss)], Some(loss)))
        }
        "evaluate" => {
            let p = shared.learner.predict(&shared.held)?;
            let terms = metrics::log_loss_terms(&p, &held.labels);
            let loss = terms.iter().sum::<f64>() / terms.len().max(1) as f64;
            Ok((vec![metrics(held.labels.len(), loss)], Some(loss)))
        }
        _ => Err(protocol("an instruction that is none of query, train, evaluate").into()),
    }
}

/// The network's weights as Flower's arrays, named by their place.
pub(crate) fn arrays(learner: &Learner) -> Record {
    let all = learner.weights().into_iter().zip(learner.shapes()).enumerate();
    Record::Arrays(all.map(|(at, (data, shape))| (at.to_string(), Array { shape, data })).collect())
}

fn field(content: &Content, name: &str) -> Option<Field> {
    content.iter().find_map(|(_, record)| match record {
        Record::Config(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, field)| field.clone()),
        _ => None,
    })
}

fn text<'a>(content: &'a Content, name: &str) -> Option<&'a str> {
    content.iter().find_map(|(_, record)| match record {
        Record::Config(fields) => fields.iter().find_map(|(key, field)| match field {
            Field::Text(text) if key == name => Some(text.as_str()),
            _ => None,
        }),
        _ => None,
    })
}
