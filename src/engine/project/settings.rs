//! Everything that a person can set, and the keys by which an outcome knows the settings that it came of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CallListSpec, FileOptions, private};
use crate::clean::Recipe;
use crate::collect::combine::Choice;
use crate::collect::{ReadOptions, SampleSpec};
use crate::evaluate::money::MoneySpec;
use crate::evaluate::{Refit, RepairKind};
use crate::features::FeatureSpec;
use crate::features::behaviour::{HISTORY, Question};
use crate::feedback::FeedbackSpec;
use crate::privacy::LeftOut;
use crate::recommend::RecommendSpec;
use crate::segment::classes::ClassSpec;
use crate::segment::cluster::GroupSpec;
use crate::split::SplitSpec;
use crate::table::{Role, Table};
use crate::train::{BoostedSpec, DeviceKind, MlpSpec, NetSettings, PrivateSpec, Specs};
use crate::value::ValueSpec;

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
