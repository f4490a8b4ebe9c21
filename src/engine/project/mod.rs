//! The whole journey in one place: a table and settings → prepared rows → a trained, evaluated
//! model → segments and a ranked list. Every face calls these functions and no others.

mod addresses;
mod asked;
mod call_list;
mod card;
mod card_slices;
mod classes;
mod compare;
#[cfg(test)]
mod compare_tests;
mod cross;
mod customer_card;
mod customer_map;
mod experiment;
mod explained;
mod feature_sheet;
mod federated;
mod feedback;
mod figures;
#[cfg(test)]
mod figures_tests;
mod forget;
mod forget_also;
mod gate;
mod groups;
#[cfg(test)]
mod groups_tests;
mod hand_on;
mod heard;
mod histories;
mod inspection;
mod joined;
mod labels;
mod leak_trap;
mod learning_curve;
mod left_out;
mod lock;
mod membership;
mod migrate;
mod money;
mod month;
#[cfg(test)]
mod nets_tests;
mod prepare;
mod private;
mod race;
mod recipe_file;
mod recommend;
mod recovery;
mod refit;
mod repair;
#[cfg(test)]
mod reshaped;
mod run_folder;
mod sampling;
mod saved;
mod search;
#[cfg(test)]
mod search_tests;
mod settings_diff;
mod slices;
mod small;
#[cfg(test)]
mod small_tests;
mod source;
mod sources;
#[cfg(test)]
mod sources_tests;
#[cfg(test)]
mod spark_tests;
mod theatre;
mod time_machine;
#[cfg(test)]
mod time_tests;
mod told;
mod track;
mod two_columns;
mod uplift;
mod value;
mod watch;
#[cfg(test)]
mod watch_tests;
#[cfg(test)]
mod with_encodings;
#[cfg(test)]
mod with_text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clean::{self, Cleaning, FittedRecipe, Recipe};
use crate::collect::combine::Choice;
use crate::collect::{ReadOptions, SampleSpec};
use crate::deploy::{self, Bundle, Customer, Profile};
use crate::error::{Place, quoted};
use crate::evaluate::money::MoneySpec;
use crate::evaluate::{Evaluation, Explainer, Refit, Repair, RepairKind};
use crate::features::behaviour::{HISTORY, Question};
use crate::features::{FeatureSpec, FittedFeatures, Leak, Matrix};
use crate::feedback::FeedbackSpec;
use crate::job::Reporter;
use crate::privacy::LeftOut;
use crate::recommend::RecommendSpec;
use crate::segment::Segmentation;
use crate::segment::classes::ClassSpec;
use crate::segment::cluster::GroupSpec;
use crate::split::{Side, SplitSpec};
use crate::table::{ColumnSpec, Role, Table};
use crate::train::elsewhere::Elsewhere;
use crate::train::{
    self, BoostedSpec, DeviceKind, MlpSpec, ModelKind, NetSettings, PrivateSpec, Samples, Specs, Trained,
};
use crate::value::ValueSpec;

pub use addresses::{TalksFor, TalksTo, addresses, installed_notices};
pub use asked::{Asked, could_ask, open_for};
pub use call_list::{CallList, CallListSpec, Contacts, Line, Origin, why};
pub use card::card;
pub use classes::{ClassProfile, Classified, Group, Known, Person, RfmSource, Shop, classify, profile_of};
pub use compare::{compare, compare_by};
pub use cross::{Cross, CrossSpec};
pub use customer_card::{
    Alike, CardSpec, CustomerCard, alike_customers, changeable, customer_card, nearest_change,
    such_customers, what_if, what_if_asked, what_if_choices, what_if_ground,
};
pub use customer_map::{
    COLOURED, ColourBy, Colours, CustomerMap, Level, colours, customer_map, profile, write_map,
};
pub use experiment::{
    Experiments, Pool, StrataBy, experiment_ids, experiment_pool, experiment_pool_of_project,
    experiment_pool_of_table, experiment_rows, write_experiment,
};
pub use explained::{
    dependence_of, dependence_of_bundle, explain_bundle, explain_overall, explain_row, explain_scored,
};
pub use feature_sheet::{feature_detail, feature_sheet};
pub use federated::{Own, Server, branch, join_server, simulate_branches};
pub use feedback::{HeardColumns, comments_of, could_hear, feedback_of};
pub use figures::{Judged, Measurement, PastDay, judge, measure, measure_files};
pub use forget::{Forgotten, forget, holds, take_out};
pub use forget_also::{AlsoForgotten, forget_in_file};
pub use gate::{Gate, challenge, judge_challenger, roll_back};
pub use groups::{
    GroupBeside, GroupRows, Grouped, group, group_columns, group_trust, month_drift, segment, segment_table,
    segment_without_target,
};
pub use hand_on::{Listed, score_to};
pub use heard::{Choices, feedback_choices, feedback_grid};
pub use histories::{thin_histories, thin_history};
pub use inspection::{Inspection, inspect};
pub use joined::joined_bundle;
pub use labels::Labels;
pub use leak_trap::{Bait, Culprit, Sprung, leak_trap};
pub use learning_curve::learning_curve;
pub use lock::{Lockable, relock};
pub use membership::membership;
pub use money::{Gains, call_book, gains, worths};
pub use month::{Month, next_month};
pub use prepare::prepare;
pub use race::race_track;
pub use recipe_file::RecipeFile;
pub use recommend::{
    Campaign, CampaignLine, CampaignSpec, Lists, NewCampaign, Offered, Recommended, interactions, recommend,
    recommend_of,
};
pub use recovery::{Recovered, Recovery};
pub use refit::{refit_bundle, refit_for, refit_of, refitted};
pub use repair::repaired;
pub use run_folder::{
    RECORD, RunDevice, RunFolder, RunRecord, Versions, check_place, curves_csv, metrics_of,
};
pub use sampling::{SAMPLE_FROM, could_sample, drawn};
pub use saved::{SavedModel, SavedProject, SavedRun, SavedSource};
pub use search::{Searched, find_rate, search};
pub use settings_diff::{SettingDiff, settings_diff};
pub use slices::{Slices, slices};
pub use small::{
    SmallRow, SmallTable, find_smaller, full_of_bundle, model_bytes, settings_of, table_of, take_smaller,
};
pub use source::{Found, find_source};
pub use sources::{Collected, FileOptions, Secrets, Source, assemble, collect, collect_sources, is_unused};
pub use theatre::{Told as TheatreTold, theatre};
pub use time_machine::{AsOf, Past, Scorer, Seen, as_of};
pub use told::{TOLD, ToldRows, open_told};
pub use track::{Looked, Track};
pub use two_columns::{ComparedAs, TwoColumns, two_columns};
pub use uplift::{Turned, UpliftAsk, UpliftFound, treatment_values, uplift};
pub use value::{Valued, could_value, value_of};
pub use watch::{Pass, STREAMED_FROM, WatchEvent, Watcher, drift_of_files, score_export, watch_drift};

/// Why a project cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("no column is marked as the target; mark the one that says who left")]
    NoTarget,
    #[error("the target “{column}” is empty in every row")]
    EmptyTarget { column: String },
    #[error("“{column}” has {count} classes; {most} at most can be measured")]
    TooManyClasses { column: String, count: usize, most: usize },
    #[error("the target “{column}” has only one value, “{value}”: there is nothing to tell apart")]
    OneClass { column: String, value: String },
    #[error("the target “{column}” has {count} values; name the one to predict: {values}")]
    ManyClasses { column: String, count: usize, values: String },
    #[error("the target “{column}” never has the value “{value}”; it has: {values}")]
    NoSuchValue { column: String, value: String, values: String },
    #[error("{} is not a project of Regulars: {cause}", file.display())]
    NotAProject { file: PathBuf, cause: String },
    #[error("{} was made by a newer version of Regulars (format {version})", file.display())]
    Newer { file: PathBuf, version: u64 },
    #[error("{} holds no trained model; train one in the window and save again", file.display())]
    NoModel { file: PathBuf },
    #[error("{} does not exist", file.display())]
    NotFound { file: PathBuf },
    #[error("{} is not a recipe: {cause}", file.display())]
    BadRecipe { file: PathBuf, cause: String },
    #[error(
        "{} has only {} of the {of} columns that the recipe was made for; it lacks {}",
        file.display(), of.saturating_sub(columns.len()), quoted(columns)
    )]
    RecipeMisfit { file: PathBuf, columns: Vec<String>, of: usize },
    #[error("{} is no run folder: {cause}", file.display())]
    NotARun { file: PathBuf, cause: String },
    #[error("{} holds other things; a run folder needs a place of its own", file.display())]
    NotEmpty { file: PathBuf },
    #[error("these are not the data of the run in {}, which had {rows} rows", file.display())]
    RunOtherData { file: PathBuf, rows: usize },
    #[error("{} has no customer “{id}”", file.display())]
    NoCustomer { file: PathBuf, id: String },
    #[error("{} was saved before models kept what their reasons are found with", file.display())]
    NoExplainer { file: PathBuf },
    #[error("{} is no project, no bundle, and no list in UTF-8 with a column that names customers", file.display())]
    CannotForget { file: PathBuf },
    #[error(transparent)]
    Lock(#[from] crate::privacy::LockError),
    #[error("saving {} failed: {cause}", file.display())]
    Save { file: PathBuf, cause: std::io::Error },
}

impl ProjectError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoTarget => "no_target",
            Self::EmptyTarget { .. } => "empty_target",
            Self::OneClass { .. } => "one_class",
            Self::ManyClasses { .. } => "many_classes",
            Self::TooManyClasses { .. } => "too_many_classes",
            Self::NoSuchValue { .. } => "no_such_value",
            Self::NotAProject { .. } => "not_a_project",
            Self::Newer { .. } => "newer_format",
            Self::NoModel { .. } => "no_model",
            Self::NotFound { .. } => "not_found",
            Self::BadRecipe { .. } => "bad_recipe",
            Self::RecipeMisfit { .. } => "recipe_misfit",
            Self::NotARun { .. } => "not_a_run",
            Self::NotEmpty { .. } => "not_empty",
            Self::RunOtherData { .. } => "run_other_data",
            Self::NoCustomer { .. } => "no_customer",
            Self::NoExplainer { .. } => "no_explainer",
            Self::CannotForget { .. } => "cannot_forget",
            Self::Lock(e) => e.kind(),
            Self::Save { .. } => "write_failed",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoTarget => Place::default(),
            Self::Lock(e) => e.place(),
            Self::EmptyTarget { column }
            | Self::OneClass { column, .. }
            | Self::ManyClasses { column, .. }
            | Self::TooManyClasses { column, .. }
            | Self::NoSuchValue { column, .. } => Place { column: Some(column.clone()), ..Place::default() },
            Self::RecipeMisfit { file, columns, .. } => {
                Place { file: Some(file.clone()), column: columns.first().cloned(), row: None }
            }
            Self::NotAProject { file, .. }
            | Self::NotFound { file }
            | Self::BadRecipe { file, .. }
            | Self::Newer { file, .. }
            | Self::NoModel { file }
            | Self::NotARun { file, .. }
            | Self::NotEmpty { file }
            | Self::RunOtherData { file, .. }
            | Self::NoCustomer { file, .. }
            | Self::NoExplainer { file }
            | Self::CannotForget { file }
            | Self::Save { file, .. } => Place { file: Some(file.clone()), ..Place::default() },
        }
    }

    pub(crate) fn columns(&self) -> &[String] {
        match self {
            Self::RecipeMisfit { columns, .. } => columns,
            _ => &[],
        }
    }
}

/// Everything that a person can set. No data, no results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub read: ReadOptions,
    /// How single files are read, where several make up the project.
    pub files: Vec<FileOptions>,
    /// How linked tables become one row per customer, where the person has a say.
    pub combine: Choice,
    /// The value of the target to predict; guessed where it is clear.
    pub positive: Option<String>,
    pub split: SplitSpec,
    pub recipe: Recipe,
    pub features: FeatureSpec,
    pub mlp: MlpSpec,
    /// Which network is trained, and the settings of those that read sequences.
    #[serde(skip_serializing_if = "NetSettings::is_default")]
    pub net: NetSettings,
    #[serde(skip_serializing_if = "is_usual")]
    pub boosted: BoostedSpec,
    pub device: DeviceKind,
    pub seed: u64,
    /// Probability from which a customer counts as at risk.
    pub threshold: f64,
    /// Number of segments; chosen by silhouette when absent.
    pub segments: Option<usize>,
    /// How segments are found.
    #[serde(skip_serializing_if = "GroupSpec::is_default")]
    pub groups: GroupSpec,
    pub call_list: CallListSpec,
    /// Scores and classes of customers.
    #[serde(skip_serializing_if = "ClassSpec::is_usual")]
    pub classes: ClassSpec,
    /// What is asked over time of a shop that has orders; `None` where a column is the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// How far ahead and by which model lifetime value is told.
    #[serde(skip_serializing_if = "ValueSpec::is_default")]
    pub value: ValueSpec,
    /// Which columns hold comments, and the person's aspects and templates.
    #[serde(skip_serializing_if = "FeedbackSpec::is_default")]
    pub feedback: FeedbackSpec,
    /// How what is offered next is found, and the rules of the house.
    #[serde(skip_serializing_if = "RecommendSpec::is_default")]
    pub recommend: RecommendSpec,
    /// How the shown model's probabilities are repaired.
    #[serde(skip_serializing_if = "RepairKind::is_none")]
    pub repair: RepairKind,
    /// What an experiment said of the shown model's probabilities, after the repair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
    /// What keeping a customer is worth, what a call costs, and what is said in it.
    #[serde(skip_serializing_if = "MoneySpec::is_default")]
    pub money: MoneySpec,
    /// What the person said of columns that the business can change, or cannot; the names propose the rest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changeable: BTreeMap<String, bool>,
    /// Differential privacy of what is trained, where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<PrivateSpec>,
    /// Where only so many customers are learnt from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleSpec>,
    /// Customers who were forgotten: they are left out wherever the data are read.
    #[serde(skip_serializing_if = "LeftOut::is_empty")]
    pub left_out: LeftOut,
}

/// Keys and files of older projects stay what they were.
fn is_usual(boosted: &BoostedSpec) -> bool {
    *boosted == BoostedSpec::default()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            files: Vec::new(),
            combine: Choice::default(),
            positive: None,
            split: SplitSpec::default(),
            recipe: Recipe::default(),
            features: FeatureSpec::default(),
            mlp: MlpSpec::default(),
            net: NetSettings::default(),
            boosted: BoostedSpec::default(),
            device: DeviceKind::default(),
            seed: 1,
            threshold: 0.5,
            segments: None,
            groups: GroupSpec::default(),
            call_list: CallListSpec::default(),
            classes: ClassSpec::default(),
            question: None,
            value: ValueSpec::default(),
            feedback: FeedbackSpec::default(),
            recommend: RecommendSpec::default(),
            repair: RepairKind::None,
            refit: None,
            money: MoneySpec::default(),
            changeable: BTreeMap::new(),
            private: None,
            sample: None,
            left_out: LeftOut::default(),
        }
    }
}

impl Settings {
    /// The same settings within the bounds that the window keeps; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        let within = |value: f64, low: f64, high: f64, or: f64| {
            if value.is_finite() { value.clamp(low, high) } else { or }
        };
        self.split.valid = within(self.split.valid, 0.0, 0.45, 0.16);
        self.split.test = within(self.split.test, 0.0, 0.5, 0.2);
        self.threshold = within(self.threshold, 0.0, 1.0, 0.5);
        self.features = self.features.sane();
        self.segments = self.segments.map(|k| k.clamp(2, 12));
        self.question = self.question.map(Question::sane);
        self.value = self.value.sane();
        self.feedback = self.feedback.sane();
        self.recommend = self.recommend.sane();
        self.classes = self.classes.sane();
        self.net = self.net.sane();
        self.money = self.money.sane();
        self.private = self.private.map(PrivateSpec::sane);
        self.refit = self.refit.filter(Refit::is_sound);
        self.sample = self.sample.map(SampleSpec::sane);
        let mlp = &mut self.mlp;
        mlp.hidden.truncate(16);
        mlp.hidden.iter_mut().for_each(|units| *units = (*units).clamp(1, 4096));
        mlp.dropout = within(mlp.dropout, 0.0, 0.95, 0.0);
        mlp.learning_rate = within(mlp.learning_rate, 1e-8, 10.0, 0.001);
        mlp.batch_size = mlp.batch_size.clamp(1, 65_536);
        mlp.epochs = mlp.epochs.clamp(1, 1_000_000);
        mlp.warmup_steps = mlp.warmup_steps.min(1_000_000);
        mlp.clip_norm = within(mlp.clip_norm, 0.0, 1e6, 0.0);
        self.boosted = self.boosted.sane();
        self
    }

    /// A key of everything that training's outcome depends on: settings, data, engine version.
    pub fn key(&self, table: &Table) -> String {
        let roles = roles_of(table);
        // Where another network is trained, the MLP's settings change nothing.
        let unused = MlpSpec::default();
        let mlp = if self.net.kind.reads_sequences() { &unused } else { &self.mlp };
        // The threshold and the number of segments change no model.
        let relevant = (
            (&self.positive, &self.split, &self.recipe, &self.features, mlp),
            (self.device, self.seed, &table.source.hash, roles, env!("CARGO_PKG_VERSION")),
        );
        let key = self.hash_of(&relevant);
        let key = if is_usual(&self.boosted) {
            key
        } else {
            let boosted = serde_json::to_vec(&(&key, &self.boosted)).unwrap_or_default();
            blake3::hash(&boosted).to_hex().to_string()
        };
        let key = private::keyed(key, self.private.as_ref());
        match self.net.kind.reads_sequences() {
            true => {
                let net = serde_json::to_vec(&self.net).unwrap_or_default();
                blake3::hash(&[key.as_bytes(), &net].concat()).to_hex().to_string()
            }
            false => key,
        }
    }

    /// The settings of the models.
    pub fn specs(&self) -> Specs {
        let (mlp, boosted, net) = (self.mlp.clone(), self.boosted.clone(), self.net.clone());
        Specs { mlp, boosted, net, checkpoint: None, private: None, elsewhere: None }
    }

    /// What people said of how columns are written belongs to every key; keys made before that could
    /// be said stay what they were.
    fn hash_of(&self, relevant: &impl Serialize) -> String {
        let mut text = serde_json::to_vec(relevant).unwrap_or_default();
        let written = (&self.read.decimals, &self.read.date_orders);
        if !written.0.is_empty() || !written.1.is_empty() {
            text.extend(serde_json::to_vec(&written).unwrap_or_default());
        }
        if !self.left_out.is_empty() {
            text.extend(serde_json::to_vec(&self.left_out).unwrap_or_default());
        }
        if let Some(sample) = &self.sample {
            text.extend(serde_json::to_vec(sample).unwrap_or_default());
        }
        if let Some(question) = &self.question {
            text.extend(serde_json::to_vec(question).unwrap_or_default());
        }
        blake3::hash(&text).to_hex().to_string()
    }

    /// A key of everything that the prepared rows and their sides depend on. Models of one key were
    /// measured on the same test rows.
    pub fn rows_key(&self, table: &Table) -> String {
        let roles = roles_of(table);
        let relevant = (
            (&self.positive, &self.split, &self.recipe, &self.features),
            (self.seed, &table.source.hash, roles, env!("CARGO_PKG_VERSION")),
        );
        self.hash_of(&relevant)
    }
}

/// The columns with their roles, as keys have them. The history of a question over time is no column of a
/// file, and projects from before there was one keep their keys.
fn roles_of(table: &Table) -> Vec<(&str, Role)> {
    let is_file = |name: &str, role: Role| !(name == HISTORY && role == Role::Ignore);
    let all = table.columns.iter().map(|column| (column.name.as_str(), column.role));
    all.filter(|(name, role)| is_file(name, *role)).collect()
}

/// Rows ready to learn from.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The columns after the recipe.
    pub schema: Vec<ColumnSpec>,
    /// Labels and sides of the cleaned rows, in their order.
    pub labels: Labels,
    pub sides: Vec<Side>,
    pub cleaning: Arc<Cleaning>,
    pub recipe: FittedRecipe,
    pub features: FittedFeatures,
    pub matrix: Matrix,
    pub leaks: Vec<Leak>,
    /// How the training rows' columns are spread, before holes are filled.
    pub profiles: Vec<Profile>,
    /// The name of each cleaned row's customer.
    /// `None` where the file has no identifier or the cell is blank.
    pub ids: Vec<Option<String>>,
    /// Where a question was asked over time: the rows of the latest day, the one to answer now.
    pub to_answer: Option<Vec<bool>>,
}

/// A trained model with its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub kind: ModelKind,
    pub trained: Trained,
    /// Probability of every cleaned row.
    pub probabilities: Vec<f64>,
    pub valid: Evaluation,
    pub test: Evaluation,
    pub explainer: Explainer,
    /// What the probabilities went through after the model; they are the model's own without.
    pub repair: Option<Repair>,
}

/// Cleans without learning: for files that have no target. Fitted steps learn from all rows.
///
/// # Errors
/// The person cancelled.
pub fn clean_only(settings: &Settings, table: &Table, report: &Reporter) -> crate::Result<Cleaning> {
    Ok(clean_and_fit(settings, table, report)?.0)
}

/// [`clean_only`], with the recipe as it was fitted and the columns as they are after it.
fn clean_and_fit(
    settings: &Settings,
    table: &Table,
    report: &Reporter,
) -> crate::Result<(Cleaning, FittedRecipe, Vec<ColumnSpec>)> {
    let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
    let source = clean::source(table, &schema).map_err(crate::Error::from)?;
    let cleaning = clean::run_local(&settings.recipe, &schema, source, true, report)?;
    let sides = vec![Side::Train; cleaning.last().height()];
    let (cleaning, fitted) = clean::fit(&settings.recipe, &schema, cleaning, &sides, settings.seed, report)?;
    let after = settings.recipe.schema_after(&schema)?;
    Ok((cleaning, fitted, after))
}

/// Positions in `all` of the ids in `kept`; both ascend.
fn places(all: &[u32], kept: &[u32]) -> Vec<usize> {
    let mut at = 0;
    kept.iter()
        .filter_map(|row| {
            while at < all.len() && all[at] != *row {
                at += 1;
            }
            (at < all.len()).then_some(at)
        })
        .collect()
}

/// Places and labels of the rows of one side.
fn pick(labels: &[Option<bool>], sides: &[Side], side: Side) -> (Vec<usize>, Vec<bool>) {
    (0..sides.len())
        .filter(|&at| sides[at] == side)
        .filter_map(|at| labels[at].map(|label| (at, label)))
        .unzip()
}

impl Prepared {
    /// The training and validation rows.
    pub fn samples(&self) -> Samples {
        let (train, train_labels) = pick(&self.labels.of_row, &self.sides, Side::Train);
        let (valid, valid_labels) = pick(&self.labels.of_row, &self.sides, Side::Valid);
        Samples {
            train: self.matrix.select(&train),
            train_labels,
            valid: self.matrix.select(&valid),
            valid_labels,
        }
    }

    /// Rows of a side.
    pub fn count(&self, side: Side) -> usize {
        self.sides.iter().filter(|s| **s == side).count()
    }

    fn evaluation(&self, probabilities: &[f64], side: Side) -> Evaluation {
        let (places, labels) = pick(&self.labels.of_row, &self.sides, side);
        let p: Vec<f64> = places.iter().map(|&at| probabilities[at]).collect();
        Evaluation::new(&p, &labels)
    }

    /// Predicts every row and measures on the validation and test rows.
    ///
    /// # Errors
    /// The device cannot be used.
    pub fn outcome(&self, trained: Trained) -> crate::Result<Outcome> {
        self.outcome_reporting(trained, &Reporter::silent())
    }

    /// [`outcome`](Self::outcome), which the person can cancel.
    ///
    /// # Errors
    /// As [`outcome`](Self::outcome), or the person cancelled.
    pub fn outcome_reporting(&self, trained: Trained, report: &Reporter) -> crate::Result<Outcome> {
        let probabilities = trained.model.predict_reporting(&self.matrix, trained.device.ran, report)?;
        let side = |side| pick(&self.labels.of_row, &self.sides, side);
        let (train, (valid, labels)) = (side(Side::Train).0, side(Side::Valid));
        Ok(Outcome {
            explainer: Explainer::new(&self.matrix, &train, &valid, &labels, &trained.model)?,
            kind: trained.model.kind(),
            valid: self.evaluation(&probabilities, Side::Valid),
            test: self.evaluation(&probabilities, Side::Test),
            probabilities,
            trained,
            repair: None,
        })
    }
}

/// Trains one kind of model on the prepared rows and measures it.
///
/// # Errors
/// As [`train::train`].
pub fn learn(
    settings: &Settings,
    prepared: &Prepared,
    kind: ModelKind,
    report: &Reporter,
) -> crate::Result<Outcome> {
    learn_kept(settings, prepared, kind, None, report)
}

/// [`learn`]; a network's training keeps its standing in `checkpoint`, and goes on with what is there.
///
/// # Errors
/// As [`learn`]; what is there is damaged, or of another training; differential privacy is asked for, and this
/// kind cannot be trained so, or there is a checkpoint.
pub fn learn_kept(
    settings: &Settings,
    prepared: &Prepared,
    kind: ModelKind,
    checkpoint: Option<&Path>,
    report: &Reporter,
) -> crate::Result<Outcome> {
    learn_at(settings, prepared, kind, (checkpoint, None), report)
}

/// [`learn_kept`]; a network is trained on the other machine, where one is named.
///
/// # Errors
/// As [`learn_kept`]; that machine is away, busy or of another version.
pub fn learn_at(
    settings: &Settings,
    prepared: &Prepared,
    kind: ModelKind,
    (checkpoint, elsewhere): (Option<&Path>, Option<&Elsewhere>),
    report: &Reporter,
) -> crate::Result<Outcome> {
    if let Some(spec) = &settings.private {
        return private::learn(settings, prepared, (kind, spec), checkpoint, report);
    }
    let samples = prepared.samples();
    let checkpoint = checkpoint.map(Path::to_owned);
    let specs = Specs { checkpoint, elsewhere: elsewhere.cloned(), ..settings.specs() };
    let trained = train::train_with(kind, &specs, &samples, settings.device, settings.seed, report)?;
    prepared.outcome_reporting(trained, report)
}

/// Every customer, the most likely to leave first; equal ones in the order of the file. Where a question
/// was asked over time, each customer as of the latest day.
pub fn rank(prepared: &Prepared, outcome: &Outcome, segments: Option<&Segmentation>) -> Vec<Customer> {
    let rows = &prepared.cleaning.last().rows;
    let listed = |at: &usize| prepared.to_answer.as_ref().is_none_or(|rows| rows.get(*at) == Some(&true));
    let mut list: Vec<Customer> = (0..rows.len())
        .filter(listed)
        .map(|at| Customer {
            row: rows[at],
            id: prepared.ids[at].clone().unwrap_or_else(|| deploy::nameless(rows[at])),
            named: prepared.ids[at].is_some(),
            probability: outcome.probabilities[at],
            side: Some(prepared.sides[at]),
            actual: prepared.labels.of_row[at],
            segment: segments.and_then(|s| s.of_row.get(at).copied()),
            place: at,
            rank: 0,
        })
        .collect();
    deploy::by_risk(&mut list);
    list
}

/// The bundle of a trained model, with its card where there is one.
pub fn bundle(
    settings: &Settings,
    prepared: &Prepared,
    outcome: &Outcome,
    card: Option<deploy::Card>,
) -> Bundle {
    Bundle {
        version: deploy::version_of(&outcome.trained.model),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        target: prepared.labels.column.clone(),
        positive: prepared.labels.positive.clone(),
        threshold: settings.threshold,
        recipe: prepared.recipe.clone(),
        features: prepared.features.clone(),
        model: outcome.trained.model.clone(),
        // It holds encoded rows of ordinary customers, which no noise was added to.
        explainer: outcome.trained.promise.is_none().then(|| outcome.explainer.clone()),
        profiles: prepared.profiles.clone(),
        card,
        behaviour: None,
        repair: outcome.repair.clone(),
        choices: what_if_choices(prepared),
        scores: deploy::profile_scores(&unseen_scores(prepared, outcome)),
    }
}

/// The probabilities of the rows that a model never learnt from.
fn unseen_scores(prepared: &Prepared, outcome: &Outcome) -> Vec<f64> {
    let sides = outcome.probabilities.iter().zip(&prepared.sides);
    sides.filter(|(_, side)| **side != Side::Train).map(|(p, _)| *p).collect()
}

/// What the recipe could do better. Figures come from training rows where there are any.
///
/// # Errors
/// The person cancelled.
pub fn suggest(
    settings: &Settings,
    table: &Table,
    prepared: Option<&Prepared>,
    cleaning: &Cleaning,
    report: &Reporter,
) -> crate::Result<Vec<clean::Suggestion>> {
    let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
    let train: Vec<bool> = match prepared {
        Some(prepared) => prepared.sides.iter().map(|side| *side == Side::Train).collect(),
        None => vec![true; cleaning.before_filling().height()],
    };
    clean::suggest(&settings.recipe, &schema, cleaning, &train, &settings.features.exclude, report)
}

/// Does what a suggestion proposes.
pub fn take_up(settings: &mut Settings, mend: &clean::Mend) {
    match mend {
        clean::Mend::SwitchOn(at) => {
            if let Some(step) = settings.recipe.steps.get_mut(*at) {
                step.on = true;
            }
        }
        clean::Mend::Scale(to) => {
            for step in &mut settings.recipe.steps {
                if let clean::StepSpec::Scale { method, .. } = &mut step.spec {
                    *method = *to;
                }
            }
        }
        clean::Mend::LeaveOut(column) => {
            if !settings.features.exclude.contains(column) {
                settings.features.exclude.push(column.clone());
            }
        }
        clean::Mend::AddStep(_) | clean::Mend::MergeSpellings { .. } => {
            if let Some(spec) = mend.step() {
                settings.recipe.add(spec);
            }
        }
    }
}

/// True if the rows look like orders or events rather than customers: an identifier that comes back.
pub fn looks_like_events(table: &Table) -> bool {
    let rows = table.height() as u64;
    let has_date = table.columns.iter().any(|c| c.role == Role::Date);
    let named = |name: &str| {
        let name = name.to_lowercase();
        name.contains("customer") || name.contains("client") || name.contains("user") || name.contains("客户")
    };
    has_date && table.columns.iter().any(|c| named(&c.name) && c.distinct > 0 && c.distinct * 2 <= rows)
}
