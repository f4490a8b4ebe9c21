//! Distillation (Hinton, Vinyals and Dean 2015): a small network learns from the full one's answers on the
//! training rows, which say more than yes and no. It reads the table alone, whatever its teacher reads.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::SmallSpec;
use super::tune::{Course, Ran, Teacher, tune};
use crate::job::Reporter;
use crate::train::{MlpSpec, Model, Network, Samples};

/// A new network with one small hidden layer: taught by `teacher`'s probability of each training row, or by
/// the outcomes alone. With it how it came to be.
///
/// The student is trained without dropout: it is too small to learn rows by heart, and both students start
/// from the same weights.
pub(super) fn student(
    spec: &SmallSpec,
    mlp: &MlpSpec,
    (samples, teacher): (&Samples, Option<&[f64]>),
    seed: u64,
    report: &Reporter,
) -> crate::Result<(Model, Ran)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let start = Network::init(samples.train.width(), &[spec.student], mlp.activation, false, &mut rng);
    let teacher = teacher.map(|probabilities| Teacher {
        probabilities,
        temperature: spec.temperature,
        alpha: spec.alpha,
    });
    let course = Course {
        epochs: mlp.epochs.max(1),
        patience: mlp.patience,
        sparsity: 0.0,
        ramp: 0,
        dropout: 0.0,
        teacher,
    };
    let (network, tuned) = tune(&start, (mlp, &course), samples, seed, report)?;
    Ok((Model::Mlp(network), tuned))
}
