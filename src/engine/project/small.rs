//! A trained network → smaller ones, side by side: size, speed and figures on the test rows, and the one that
//! a person takes.

use std::io::Write as _;

use serde::Serialize;

use super::{Outcome, Prepared, Secrets, Settings, Source, collect_sources, pick, prepare, repaired};
use crate::collect;
use crate::deploy::{Bundle, write_zip};
use crate::evaluate::{Calibrated, Evaluation, Repair, RepairKind};
use crate::job::Reporter;
use crate::metrics::{Estimate, Figure, Paired, Sorted, log_loss_terms, mean, paired_auc};
use crate::split::Side;
use crate::table::Table;
use crate::train::small::{self, Made, Price, SmallError, SmallSpec, Way, check, shrink, speeds, ways};
use crate::train::{DeviceChoice, DeviceKind, Model, Trained};

/// Seconds of a model's turn in the measurement of speed, and the turns.
const TURN_SECONDS: f64 = 0.04;
const TURNS: usize = 11;
/// Bins of the calibration curve, as on the Evaluate page.
const BINS: usize = 10;
/// Shares of the work: learning, measuring.
const LEARNING: f64 = 0.85;

/// One model of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SmallRow {
    /// `None` is the full model.
    pub way: Option<Way>,
    /// Bytes of the model in a bundle: deflated, as it lies there.
    pub bytes: u64,
    /// Trainable numbers, and how many of them are zero.
    pub parameters: usize,
    pub zeros: usize,
    /// Scores a second on the processor, the model alone: cleaning and encoding cost what they did.
    pub per_second: f64,
    /// On the test rows.
    pub roc_auc: Option<Estimate>,
    pub log_loss: Option<Estimate>,
    /// Expected calibration error in ten bins of equal width.
    pub ece: Option<f64>,
    pub calibrated: Calibrated,
    /// This one less the full one on the same test rows: ROC AUC (DeLong et al. 1988), and the mean
    /// difference of the rows' log losses; 95% intervals. `None` for the full model.
    pub auc_difference: Option<Paired>,
    pub log_loss_difference: Option<Estimate>,
    /// Test rows that stand on the other side of the threshold than with the full model.
    pub changed: usize,
    /// Its own training: epochs and seconds.
    pub epochs_run: usize,
    pub seconds: f64,
    #[serde(skip)]
    pub made: Option<Made>,
}

/// The full model and the smaller ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SmallTable {
    pub spec: SmallSpec,
    /// The full model first.
    pub rows: Vec<SmallRow>,
    /// Ways that failed, and why.
    pub failed: Vec<(Way, String)>,
    pub test_rows: usize,
    pub threshold: f64,
}

impl SmallTable {
    /// The full model.
    pub fn full(&self) -> Option<&SmallRow> {
        self.rows.iter().find(|row| row.way.is_none())
    }

    /// The model of one way.
    pub fn of(&self, way: Way) -> Option<&SmallRow> {
        self.rows.iter().find(|row| row.way == Some(way))
    }

    /// What a smaller model costs beside the full one.
    pub fn price(&self, row: &SmallRow) -> Option<Price> {
        let full = self.full()?;
        Some(Price {
            full_bytes: full.bytes,
            bytes: row.bytes,
            speed: row.per_second / full.per_second.max(1e-12),
            auc: row.auc_difference.map(|of| [of.difference, of.low, of.high]),
        })
    }
}

/// Makes the network of `full` smaller in every way that there is, and measures all of them on the same
/// rows. Everything is learnt from training rows; validation rows choose epochs and fit the repair of
/// probabilities where the settings want one; the figures are those of the test rows.
///
/// # Errors
/// The model has no weights, or was made smaller already; the person cancelled. A way that fails costs no
/// other: see [`SmallTable::failed`].
pub fn find_smaller(
    settings: &Settings,
    prepared: &Prepared,
    full: &Outcome,
    spec: &SmallSpec,
    report: &Reporter,
) -> crate::Result<SmallTable> {
    let model = &full.trained.model;
    check(model)?;
    let (samples, specs) = (prepared.samples(), settings.specs());
    let said = model.predict_reporting(&prepared.matrix, DeviceKind::Flex, report)?;
    let (train, _) = pick(&prepared.labels.of_row, &prepared.sides, Side::Train);
    let teacher: Vec<f64> = train.iter().filter_map(|at| said.get(*at)).copied().collect();
    let (mut made, mut failed) = (Vec::new(), Vec::new());
    let all = ways(model);
    for (at, way) in all.iter().enumerate() {
        if full.trained.promise.is_some() && *way != Way::EightBit {
            failed.push((*way, SmallError::Promised.to_string()));
            continue;
        }
        let each = LEARNING / all.len().max(1) as f64;
        let part = report.part(each * at as f64, each);
        let of = (model, *way);
        match shrink(of, (spec, &specs), (&samples, &teacher), settings.seed, &part) {
            Ok(one) => made.push((*way, one)),
            Err(crate::Error::Cancelled) => return Err(crate::Error::Cancelled),
            Err(why) => failed.push((*way, why.to_string())),
        }
    }
    let models: Vec<&Model> = std::iter::once(model).chain(made.iter().map(|(_, one)| &one.model)).collect();
    let part = report.part(LEARNING, 1.0 - LEARNING);
    let per_second = speeds(&models, &prepared.matrix, (TURN_SECONDS, TURNS), &part)?;
    let judge = Judge::new(settings, prepared);
    let base = judge.told(&said);
    let mut rows = Vec::new();
    let entries =
        std::iter::once((None, None)).chain(made.into_iter().map(|(way, one)| (Some(way), Some(one))));
    for ((way, one), speed) in entries.zip(per_second) {
        let told = match &one {
            Some(one) => {
                judge.told(&one.model.predict_reporting(&prepared.matrix, DeviceKind::Flex, report)?)
            }
            None => base.clone(),
        };
        rows.push(judge.row(way, one, model, (&told, &base), speed));
    }
    report.progress(1.0);
    let (spec, threshold) = (spec.clone().sane(), settings.threshold);
    Ok(SmallTable { spec, rows, failed, test_rows: judge.labels.len(), threshold })
}

/// What all models are measured on.
struct Judge<'a> {
    settings: &'a Settings,
    valid: (Vec<usize>, Vec<bool>),
    test: Vec<usize>,
    labels: Vec<bool>,
}

impl<'a> Judge<'a> {
    fn new(settings: &'a Settings, prepared: &Prepared) -> Self {
        let (test, labels) = pick(&prepared.labels.of_row, &prepared.sides, Side::Test);
        let valid = pick(&prepared.labels.of_row, &prepared.sides, Side::Valid);
        Self { settings, valid, test, labels }
    }

    /// The probabilities of the test rows as they would be given out: repaired by a map of the model's own.
    fn told(&self, said: &[f64]) -> Vec<f64> {
        let of = |places: &[usize]| -> Vec<f64> {
            places.iter().filter_map(|at| said.get(*at)).copied().collect()
        };
        let test = of(&self.test);
        match Repair::fit(self.settings.repair, &of(&self.valid.0), &self.valid.1) {
            Some(repair) => repair.apply_all(&test),
            None => test,
        }
    }

    fn row(
        &self,
        way: Option<Way>,
        made: Option<Made>,
        full: &Model,
        (told, base): (&[f64], &[f64]),
        per_second: f64,
    ) -> SmallRow {
        let model = made.as_ref().map_or(full, |made| &made.model);
        let (parameters, zeros) = model.weights().unwrap_or_default();
        let evaluation = Evaluation::new(told, &self.labels);
        let losses = |p: &[f64]| log_loss_terms(p, &self.labels);
        let apart: Vec<f64> = losses(told).iter().zip(losses(base)).map(|(a, b)| a - b).collect();
        let threshold = self.settings.threshold;
        let sides = told.iter().zip(base).filter(|(a, b)| (**a >= threshold) != (**b >= threshold));
        let sorted = Sorted::new(told, &self.labels, None);
        SmallRow {
            bytes: model_bytes(model),
            parameters,
            zeros,
            per_second,
            roc_auc: evaluation.fixed("roc_auc"),
            log_loss: evaluation.fixed("log_loss"),
            ece: sorted.and_then(|sorted| Figure::Ece.of(&sorted.measure(threshold))),
            calibrated: evaluation.calibrated(BINS),
            auc_difference: way.and_then(|_| paired_auc(told, base, &self.labels)),
            log_loss_difference: way.filter(|_| !apart.is_empty()).map(|_| mean(&apart)),
            changed: sides.count(),
            epochs_run: made.as_ref().map_or(0, |made| made.history.len()),
            seconds: made.as_ref().map_or(0.0, |made| made.seconds),
            way,
            made,
        }
    }
}

/// Bytes of a model as it lies in a bundle.
pub fn model_bytes(model: &Model) -> u64 {
    struct Count(u64);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match write_zip(&mut count, "model.json", model).and_then(|()| count.flush()) {
        Ok(()) => count.0,
        Err(_) => 0,
    }
}

/// The outcome of the smaller model that a person takes, marked with its price; its probabilities are
/// repaired as the settings want, by a map fitted on the validation rows for this model. What an experiment
/// said of the full model's probabilities does not go with it. The threshold stays.
///
/// # Errors
/// There is no model of this way; the person cancelled.
pub fn take_smaller(
    settings: &Settings,
    prepared: &Prepared,
    full: &Trained,
    (table, way): (&SmallTable, Way),
    report: &Reporter,
) -> crate::Result<(Outcome, Option<Outcome>)> {
    let not = || SmallError::NotThisWay { way: way.name(), model: full.model.kind().name() };
    let row = table.of(way).ok_or_else(not)?;
    let (made, price) = row.made.as_ref().zip(table.price(row)).ok_or_else(not)?;
    let raw = prepared.outcome_reporting(made.trained(full, price), report)?;
    let kind = settings.repair;
    let repaired = if kind == RepairKind::None { None } else { repaired(prepared, &raw, kind) };
    Ok((raw, repaired))
}

/// The full model of a bundle on the rows that it was trained and measured with, made again from the data.
/// `settings` are the project's, or those that a bundle tells of ([`settings_of`]). That the rows are the
/// same is checked by what the card says: the file, the counts of each side, and the ROC AUC on the test
/// rows to the ninth digit.
///
/// # Errors
/// The bundle has no network, or no card; these are other rows; as [`prepare`].
pub fn full_of_bundle(
    bundle: &Bundle,
    settings: &Settings,
    table: &Table,
    report: &Reporter,
) -> crate::Result<(Prepared, Outcome)> {
    small::check(&bundle.model)?;
    let other = |cause| SmallError::OtherRows { cause };
    let card = bundle.card.as_ref().ok_or(other("the file has no model card"))?;
    if card.hash != table.source.hash {
        return Err(other("another data file").into());
    }
    let prepared = prepare(settings, table, report)?;
    if !bundle.model.fits(prepared.matrix.width()) || bundle.features.names() != prepared.features.names() {
        return Err(other("other features").into());
    }
    let counts = [Side::Train, Side::Valid, Side::Test].map(|side| prepared.count(side));
    if counts != [card.train_rows, card.valid_rows, card.test_rows] {
        return Err(other("other training, validation and test rows").into());
    }
    let device = DeviceChoice { ran: DeviceKind::Flex, why: "saved", adapter: None, measured: None };
    let outcome = prepared.outcome_reporting(
        Trained {
            model: bundle.model.clone(),
            device,
            history: card.history.clone(),
            epochs_run: card.epochs_run,
            best_epoch: card.best_epoch,
            seconds: card.seconds,
            promise: card.promise.clone(),
        },
        report,
    )?;
    // A rising map leaves the order; a repair by steps may tie rows.
    let now = match &bundle.repair {
        Some(repair) => judged_with(&prepared, &outcome, repair),
        None => outcome.test.clone(),
    };
    let area = |of: Option<Estimate>| of.map(|of| of.value);
    let (then, now) = (card.metrics.get("roc_auc").copied(), now.fixed("roc_auc"));
    match (area(then), area(now)) {
        (Some(then), Some(now)) if (then - now).abs() < 1e-9 => Ok((prepared, outcome)),
        _ => Err(other("the model's figures on the test rows are not those of its card").into()),
    }
}

fn judged_with(prepared: &Prepared, outcome: &Outcome, repair: &Repair) -> Evaluation {
    prepared.evaluation(&repair.apply_all(&outcome.probabilities), Side::Test)
}

/// The table that settings tell of: its roles are set where they are not guessed so, and those of columns that
/// are made later on say nothing here.
///
/// # Errors
/// As [`collect_sources`].
pub fn table_of(
    settings: &Settings,
    (sources, secrets): (&[Source], &Secrets),
    report: &Reporter,
) -> crate::Result<Table> {
    let mut reading = settings.clone();
    let roles = std::mem::take(&mut reading.read.roles);
    let mut table = collect_sources(sources, secrets, &reading, report)?.table;
    for (name, role) in &roles {
        let differs = table.columns.iter().any(|column| column.name == *name && column.role != *role);
        if differs {
            collect::set_role(&mut table, name, *role)?;
        }
    }
    Ok(table)
}

/// The settings that a bundle tells of: recipe, roles, value, seed, network. What it does not tell of (how
/// rows were divided, how columns were chosen) stands at its default; [`full_of_bundle`] refuses where that
/// is not how it was.
pub fn settings_of(bundle: &Bundle) -> Settings {
    let mut settings = Settings {
        positive: Some(bundle.positive.clone()),
        recipe: bundle.recipe.recipe.clone(),
        threshold: bundle.threshold,
        repair: bundle.repair.as_ref().map_or(RepairKind::None, Repair::kind),
        ..Settings::default()
    };
    settings.read.roles =
        bundle.recipe.schema.iter().map(|column| (column.name.clone(), column.role)).collect();
    settings.question = bundle.behaviour.as_ref().map(|behaviour| behaviour.question.clone());
    if let Some(card) = &bundle.card {
        settings.seed = card.seed;
        if let Some(mlp) = &card.network {
            settings.mlp = mlp.clone();
        }
        if let Some(net) = &card.net {
            settings.net = net.clone();
        }
        if settings.net.kind != card.model && card.model.is_network() {
            settings.net.kind = card.model;
        }
    }
    settings.sane()
}
