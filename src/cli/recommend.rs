//! `regulars recommend`: what to offer each customer next, how good that is, and why.

mod fresh;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use regulars_engine::features::behaviour::Date;
use regulars_engine::files::{Cell, Grid};
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Offered, Recommended};
use regulars_engine::recommend::{
    Candidate, Figures, Fitted, HouseRules, Kind, NetworkSettings, Protocol, RecommendSpec, Rule, Seen,
};
use regulars_engine::train::DeviceKind;
use serde_json::{Value as Json, json};

use super::sampling::{self, Sampling};
use super::{Input, Outcome};
use crate::words::Lang;

/// Customers and rules that the answer names.
const NAMED: usize = 20;
/// Reasons of an offer.
const REASONS: usize = 2;

#[derive(Clone, Copy, ValueEnum)]
enum Held {
    TimeSplit,
    LeaveLastOut,
}

#[derive(Clone, Copy, ValueEnum)]
enum Before {
    Auto,
    In,
    Out,
}

#[derive(Args)]
pub(super) struct Recommend {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    sampling: Sampling,
    /// What is held out: everything after a cut-off day, or each customer's last event
    #[arg(long, value_enum, default_value = "time-split")]
    protocol: Held,
    /// The last day that is learnt from (default: 80% of the events lie up to it)
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    cut_off: Option<Date>,
    /// Whether what a customer took before may be offered (default: by how often that happens)
    #[arg(long, value_enum, default_value = "auto")]
    seen: Before,
    /// popularity, recent_popularity, group_popularity, cooccurrence, markov, rules, als or ease; gru,
    /// sequence_cnn, hybrid or attention (networks that read the order, minutes to train)
    /// (default: all but the networks are measured, the best on validation data answers)
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    model: Option<Kind>,
    /// Measures the sequence networks too; they take minutes
    #[arg(long, conflicts_with = "model")]
    networks: bool,
    /// Epochs of a sequence network at most; the best on validation data is kept
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: Option<u32>,
    /// Where sequence networks are trained: auto, wgpu or flex (the processor)
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = parse_device)]
    device: DeviceKind,
    /// Products in a list (default: ten, in a small shop a third of the products)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    top: Option<u32>,
    /// Who would want products that few or none bought, by what the table of products tells; measured on
    /// products that are hidden
    #[arg(long)]
    new_products: bool,
    /// The column of the customer, where its name does not tell
    #[arg(long, value_name = "COLUMN")]
    customer: Option<String>,
    /// The column of the product
    #[arg(long, value_name = "COLUMN")]
    product: Option<String>,
    /// The column of the time
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// What would be offered beside these products; may be repeated
    #[arg(long, value_name = "PRODUCT")]
    basket: Vec<String>,
    /// Never offer what is out of stock
    #[arg(long)]
    in_stock: bool,
    /// Never offer below this margin, a share of the price
    #[arg(long, value_name = "SHARE")]
    min_margin: Option<f64>,
    /// Never offer what the customer has
    #[arg(long)]
    not_owned: bool,
    /// Only customers who agreed
    #[arg(long)]
    consent: bool,
    /// At most so many products of a category in a list
    #[arg(long, value_name = "N")]
    per_category: Option<usize>,
    /// Writes every customer's list here (CSV or XLSX)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Writes the model that answers here
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    let names = || Kind::every().map(Kind::name).collect::<Vec<_>>().join(", ");
    Kind::every().find(|kind| kind.name() == text).ok_or_else(|| format!("one of {}", names()))
}

fn parse_device(text: &str) -> Result<DeviceKind, String> {
    let names = || DeviceKind::ALL.map(DeviceKind::name).join(", ");
    DeviceKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| format!("one of {}", names()))
}

impl Recommend {
    fn spec(&self) -> RecommendSpec {
        RecommendSpec {
            protocol: match self.protocol {
                Held::TimeSplit => Protocol::TimeSplit,
                Held::LeaveLastOut => Protocol::LeaveLastOut,
            },
            seen: match self.seen {
                Before::Auto => Seen::Auto,
                Before::In => Seen::In,
                Before::Out => Seen::Out,
            },
            cut_off: self.cut_off,
            kinds: match self.networks {
                true => Kind::every().collect(),
                false => self.model.into_iter().collect(),
            },
            network: NetworkSettings {
                epochs: self.epochs.map_or(NetworkSettings::default().epochs, |epochs| epochs as usize),
                device: self.device,
                ..NetworkSettings::default()
            },
            house: HouseRules {
                in_stock: self.in_stock,
                min_margin: self.min_margin,
                not_owned: self.not_owned,
                consent: self.consent,
                per_category: self.per_category,
            },
            customer: self.customer.clone(),
            product: self.product.clone(),
            time: self.time.clone(),
            ..RecommendSpec::default()
        }
    }

    pub(super) fn run(&self) -> Outcome {
        let mut settings = self.input.settings()?;
        settings.seed = self.seed;
        settings.recommend.customer.clone_from(&self.customer);
        self.sampling.apply(&mut settings);
        for out in self.out.iter().chain(&self.save) {
            super::refuse_input(out, &self.input.paths())?;
        }
        let collected = self.input.collect(&settings)?;
        super::tell_unused(&collected.table);
        let found = project::recommend_of(&collected, &settings, &self.spec(), &Reporter::silent())?;
        let wanted: Vec<&str> = self.basket.iter().map(String::as_str).collect();
        let basket = found.model.basket(&wanted)?;
        let usual = RecommendSpec::default().length(found.all.items.len());
        let top = self.top.map_or(usual, |top| top as usize);
        let new = match self.new_products {
            true => Some(fresh::find(&found, self.seed)?),
            false => None,
        };
        let save = |file: &PathBuf, cause| project::ProjectError::Save { file: file.clone(), cause };
        if let Some(out) = &self.out {
            grid(&found, top)?.write(out).map_err(|cause| save(out, cause))?;
        }
        if let Some(out) = &self.save {
            let bytes = found.model.to_bytes()?;
            let written = regulars_engine::files::write_atomically(out, |to| to.write_all(&bytes));
            written.map_err(|cause| save(out, cause))?;
        }
        if !self.input.json {
            print(Lang::of_environment(), &found);
            new.iter().for_each(|new| fresh::print(Lang::of_environment(), &found, new));
        }
        let mut object = object(&found, top);
        sampling::tell(Lang::of_environment(), &collected.table, self.input.json, &mut object);
        if let Some(object) = object.as_object_mut() {
            if !basket.is_empty() {
                let offers = found.what_if(&basket, top);
                object.insert("basket".into(), offers.iter().map(|one| offer(&found, one)).collect());
            }
            if let Some(new) = &new {
                object.insert("new_products".into(), fresh::object(&found, new));
            }
            for (key, file) in [("out", &self.out), ("saved", &self.save)] {
                if let Some(file) = file {
                    object.insert(key.into(), file.display().to_string().into());
                }
            }
        }
        Ok(object)
    }
}

fn name(found: &Recommended, item: u32) -> &str {
    found.model.items.get(item as usize).map_or("", String::as_str)
}

fn metrics(figures: &Figures) -> Json {
    let mut out = serde_json::Map::new();
    for (name, value) in &figures.means {
        out.insert((*name).to_owned(), json!(value));
    }
    let plain = [
        ("coverage", figures.coverage),
        ("novelty", figures.novelty),
        ("diversity", figures.diversity),
        ("average_popularity", figures.average_popularity),
        ("gini", figures.gini),
    ];
    for (name, value) in plain {
        out.insert(name.to_owned(), json!({ "value": value }));
    }
    out.into()
}

fn candidate(one: &Candidate) -> Json {
    let mut out = json!({
        "model": one.kind.name(), "params": one.params, "fit_seconds": one.fit_seconds,
        "metrics": { "valid": { "ndcg_at_10": one.valid_ndcg }, "test": metrics(&one.measured.figures) },
        "customers": one.measured.figures.customers, "groups": one.measured.figures.groups,
        "nothing_new": one.measured.nothing_new, "skipped": one.measured.skipped,
        "against_popularity": one.against_popularity,
        "tried": one.tried.iter().map(|(params, ndcg)| json!({"params": params, "ndcg_at_10": ndcg}))
            .collect::<Vec<_>>(),
    });
    if let (Fitted::Sequence(net), Some(object)) = (&one.fitted, out.as_object_mut()) {
        object.insert("epochs".into(), json!(one.epochs));
        object.insert("parameters".into(), json!(net.parameters()));
    }
    out
}

fn rule(found: &Recommended, one: &Rule) -> Json {
    json!({
        "from": one.from.iter().map(|item| name(found, *item)).collect::<Vec<_>>(),
        "to": name(found, one.to), "count": one.count,
        "support": one.support, "confidence": one.confidence, "lift": one.lift,
    })
}

fn offer(found: &Recommended, one: &Offered) -> Json {
    let because = one.reasons.iter().take(REASONS);
    json!({
        "product": name(found, one.item), "score": one.score,
        "because": because.map(|reason| name(found, reason.item)).collect::<Vec<_>>(),
    })
}

fn rules(found: &Recommended) -> Vec<&Rule> {
    let all = found.choice.candidates.iter().find_map(|one| match &one.fitted {
        Fitted::Rules(rules) => Some(&rules.rules),
        _ => None,
    });
    all.into_iter().flatten().take(NAMED).collect()
}

fn object(found: &Recommended, top: usize) -> Json {
    let taken = found.taken();
    let named = (0..found.all.customers.len()).filter(|who| !found.all.of(*who).is_empty()).take(NAMED);
    let customer = |who: usize| {
        let list = found.offers(who, top);
        json!({
            "id": found.all.customers.get(who),
            "offers": list.iter().map(|one| offer(found, one)).collect::<Vec<_>>(),
        })
    };
    json!({
        "model": found.model.kind.name(), "params": found.model.params,
        "protocol": found.protocol.name(), "cut_off": found.task.cut_off,
        "seen": if found.seen_in { "in" } else { "out" }, "repeat_rate": found.repeat_rate,
        "sampled_negatives": false, "customers": found.all.active(), "products": found.all.items.len(),
        "interactions": found.all.events().len(), "judged_at": found.choice.cut,
        "test_customers": found.task.cases.len(),
        "unknown_customers": found.task.unknown,
        "metrics": { "test": taken.map(|one| metrics(&one.measured.figures)) },
        "leaderboard": found.choice.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "rules": rules(found).into_iter().map(|one| rule(found, one)).collect::<Vec<_>>(),
        "house": found.costs, "top": named.map(customer).collect::<Vec<_>>(), "notes": found.notes,
    })
}

fn print(lang: Lang, found: &Recommended) {
    for note in &found.notes {
        super::out!("{}", lang.note(note));
    }
    for one in &found.choice.candidates {
        let value = |name: &str| {
            let figure = one.measured.figures.get(name);
            figure.map_or_else(String::new, |v| format!("{:.4} ({:.4}–{:.4})", v.value, v.low, v.high))
        };
        let args = [
            ("model", one.kind.name().to_owned()),
            ("ndcg", value("ndcg_at_10")),
            ("hits", value("hit_rate_at_10")),
            ("coverage", format!("{:.0}%", one.measured.figures.coverage * 100.0)),
        ];
        super::out!("{}", lang.with("recommend.line", &args));
    }
    for one in rules(found).into_iter().take(5) {
        let from: Vec<&str> = one.from.iter().map(|item| name(found, *item)).collect();
        let args = [
            ("from", from.join(" + ")),
            ("to", name(found, one.to).to_owned()),
            ("lift", format!("{:.1}", one.lift)),
            ("confidence", format!("{:.0}%", one.confidence * 100.0)),
            ("count", one.count.to_string()),
        ];
        super::out!("{}", lang.with("recommend.rule", &args));
    }
    for cost in &found.costs {
        let args = [
            ("rule", lang.t(&format!("recommend.house.{}", cost.rule))),
            ("before", cost.hits_before.to_string()),
            ("after", cost.hits_after.to_string()),
            ("customers", cost.customers.to_string()),
        ];
        super::out!("{}", lang.with("recommend.cost", &args));
    }
}

/// Every customer's list, one offer a row.
fn grid(found: &Recommended, top: usize) -> regulars_engine::Result<Grid> {
    let number = |value: f64, format| Cell::Number { value, text: format!("{value}"), format };
    let mut rows = Vec::new();
    for (who, list) in found.lists(top, &Reporter::silent())? {
        let id = found.all.customers.get(who).map_or("", String::as_str);
        let history = found.history(who);
        let wanted: Vec<u32> = list.iter().map(|one| one.item).collect();
        let because = found.model.because_each(&history, &wanted);
        for (place, (one, reasons)) in list.iter().zip(because).enumerate() {
            let because: Vec<&str> =
                reasons.iter().take(REASONS).map(|reason| name(found, reason.item)).collect();
            rows.push(vec![
                Cell::from(id),
                number((place + 1) as f64, "0"),
                Cell::from(name(found, one.item)),
                number(f64::from(one.score), "0.0000"),
                Cell::from(because.join("; ").as_str()),
            ]);
        }
    }
    let header = ["customer", "place", "product", "score", "because"];
    Ok(Grid { name: "recommend".into(), header: header.map(str::to_owned).to_vec(), rows })
}
