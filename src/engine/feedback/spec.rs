//! Settings of the feedback room.

use serde::{Deserialize, Serialize};

use super::lexicon::{Aspect, shipped_aspects};
use super::network::MoodModel;
use super::reply::{Template, shipped_templates};

/// Which models learn the moods of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoodChoice {
    #[default]
    Linear,
    /// A network; the linear model is trained beside it.
    Cnn,
    Rnn,
    /// All of them, and the best on held-out comments reads.
    Best,
}

impl MoodChoice {
    /// Every choice, in its order.
    pub const ALL: [MoodChoice; 4] = [Self::Linear, Self::Cnn, Self::Rnn, Self::Best];

    /// The name used in JSON, on the command line and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Cnn => "cnn",
            Self::Rnn => "rnn",
            Self::Best => "best",
        }
    }

    /// The models that are trained, the simplest first.
    pub fn models(self) -> &'static [MoodModel] {
        match self {
            Self::Linear => &[MoodModel::Linear],
            Self::Cnn => &[MoodModel::Linear, MoodModel::Cnn],
            Self::Rnn => &[MoodModel::Linear, MoodModel::Rnn],
            Self::Best => &MoodModel::ALL,
        }
    }

    fn is_linear(&self) -> bool {
        *self == Self::Linear
    }
}

/// Which columns hold what, and what a person has edited. Columns that are not named are guessed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedbackSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
    /// The column of answers to "would you recommend us", 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nps: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The columns of the day and of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// What learns from the rated comments.
    #[serde(skip_serializing_if = "MoodChoice::is_linear")]
    pub mood: MoodChoice,
    /// Probabilities below which a comment is unkind and from which it is kind; those that were learnt when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<(f64, f64)>,
    /// Number of topics; the most stable one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topics: Option<usize>,
    /// The person's aspects; empty for those that the app comes with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<Aspect>,
    /// The person's templates of replies; empty for those that the app comes with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Template>,
    /// Personal details in comments are shown.
    #[serde(skip_serializing_if = "is_false")]
    pub show_details: bool,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

impl FeedbackSpec {
    /// True for settings that a file need not hold.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The same settings within bounds.
    pub fn sane(mut self) -> Self {
        self.topics = self.topics.map(|k| k.clamp(2, 30));
        self.thresholds =
            self.thresholds.filter(|(low, high)| low.is_finite() && high.is_finite()).map(|(low, high)| {
                let low = low.clamp(0.0, 1.0);
                (low, high.clamp(low, 1.0))
            });
        self.aspects.truncate(100);
        self.templates.truncate(100);
        self
    }

    /// The aspects that are looked for.
    pub fn aspects(&self) -> Vec<Aspect> {
        if self.aspects.is_empty() { shipped_aspects() } else { self.aspects.clone() }
    }

    /// The templates that replies are drafted from.
    pub fn templates(&self) -> Vec<Template> {
        if self.templates.is_empty() { shipped_templates() } else { self.templates.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_chosen_is_not_saved() {
        assert_eq!(serde_json::to_string(&FeedbackSpec::default()).unwrap(), "{}");
        let chosen = FeedbackSpec {
            date: Some("day".into()),
            customer: Some("member".into()),
            thresholds: Some((0.2, 0.8)),
            mood: MoodChoice::Rnn,
            ..FeedbackSpec::default()
        };
        let text = serde_json::to_string(&chosen).unwrap();
        assert_eq!(serde_json::from_str::<FeedbackSpec>(&text).unwrap(), chosen);
        let before = serde_json::from_str::<FeedbackSpec>(r#"{"topics":5}"#).unwrap();
        assert_eq!((before.topics, before.date, before.thresholds), (Some(5), None, None));
        assert_eq!(before.mood, MoodChoice::Linear);
    }

    #[test]
    fn thresholds_stay_in_order_and_within_bounds() {
        let sane = |low, high| {
            FeedbackSpec { thresholds: Some((low, high)), ..Default::default() }.sane().thresholds
        };
        assert_eq!(sane(0.2, 0.8), Some((0.2, 0.8)));
        assert_eq!(sane(0.7, 0.3), Some((0.7, 0.7)));
        assert_eq!(sane(-1.0, 9.0), Some((0.0, 1.0)));
        assert_eq!(sane(f64::NAN, 0.5), None);
    }
}
