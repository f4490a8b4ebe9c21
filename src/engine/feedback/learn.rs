//! Who reads the comments: the models that learn from the rated ones beside each other, on the same held-out
//! comments, and the one that is taken.

use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::Said;
use super::figures::Figures;
use super::folds::folds_of;
use super::network::{MOST_LEARNT, MoodModel};
use super::script::Language;
use super::sentiment::{Reader, Sentiment, bag};
use super::spec::MoodChoice;
use crate::job::Reporter;
use crate::note::Note;

/// How many times longer a network's training is held for than a bag of words', for the progress alone.
const NET_WORK: f64 = 20.0;

/// A model that was trained, and how well it tells comments that it never saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    pub model: MoodModel,
    pub figures: Figures,
    /// It has the lowest Brier score of all that were tried.
    pub is_best: bool,
}

/// Who reads, what was tried, and what a person should know.
pub(super) struct Learnt {
    pub reader: Reader,
    pub tried: Vec<Tried>,
    pub notes: Vec<Note>,
}

/// Trains what was chosen on the rated comments; what the app comes with reads where there are too few.
///
/// # Errors
/// The person cancelled; as [`Sentiment::fit_net`].
pub(super) fn reader(
    said: &Said,
    texts: &[&str],
    (language, choice): (Language, MoodChoice),
    seed: u64,
    report: &Reporter,
) -> crate::Result<Learnt> {
    let rated = |scale: super::Scale| -> Vec<(&str, bool)> {
        texts
            .iter()
            .zip(&said.comments)
            .filter(|(text, _)| !text.trim().is_empty())
            .filter_map(|(text, comment)| Some((*text, scale.is_kind(comment.rating?)?)))
            .collect()
    };
    let mut rated = said.scale.map(rated).unwrap_or_default();
    let mut notes = Vec::new();
    if choice != MoodChoice::Linear && rated.len() > MOST_LEARNT {
        notes.push(Note::new("feedback_sampled").with("all", rated.len()).with("count", MOST_LEARNT));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut drawn = sample(&mut rng, rated.len(), MOST_LEARNT).into_vec();
        drawn.sort_unstable();
        rated = drawn.into_iter().filter_map(|at| rated.get(at).copied()).collect();
    }
    let (texts, labels): (Vec<&str>, Vec<bool>) = rated.into_iter().unzip();
    let folds = folds_of(&texts, &labels, seed);
    let models = choice.models();
    let work = |model: &MoodModel| if *model == MoodModel::Linear { 1.0 } else { NET_WORK };
    let all: f64 = models.iter().map(work).sum();
    let (mut fitted, mut done) = (Vec::new(), 0.0);
    for model in models {
        let part = report.part(done / all, work(model) / all);
        done += work(model);
        let own = match model {
            MoodModel::Linear => Sentiment::fit(&bag(language), &texts, &labels, &folds, &part)?,
            _ => Sentiment::fit_net((*model, language), &texts, &labels, (&folds, seed), &part)?,
        };
        fitted.extend(own);
    }
    if fitted.is_empty() && choice != MoodChoice::Linear {
        notes.push(Note::new("feedback_too_few").with("count", texts.len()));
    }
    // Of two that are equally good the simpler one.
    let best = fitted.iter().map(|one| one.figures.brier).fold(f64::INFINITY, f64::min);
    let best = fitted.iter().position(|one| one.figures.brier <= best);
    let tried = fitted.iter().enumerate().map(|(at, one)| Tried {
        model: one.model(),
        figures: one.figures.clone(),
        is_best: best == Some(at),
    });
    let tried: Vec<Tried> = tried.collect();
    let chosen = match choice {
        MoodChoice::Best => best,
        // The network that was chosen comes after the linear model.
        _ => fitted.len().checked_sub(1),
    };
    let chosen = chosen.filter(|at| *at < fitted.len()).map(|at| fitted.swap_remove(at));
    let reader = chosen.map_or(Reader::Shipped, |model| Reader::Own(Box::new(model)));
    Ok(Learnt { reader, tried, notes })
}
