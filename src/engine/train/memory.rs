//! What a training needs of memory, before it begins: a processor whose memory runs out ends the
//! program, and nothing can be told then.

use super::{MlpSpec, TrainError};
use crate::collect::memory::available;

/// Share of the available memory that a training may take.
const SHARE: f64 = 0.7;
/// Bytes of a number.
const NUMBER: u64 = 4;
/// Numbers that a step holds for each unit and row: the sum, the answer, the mask, what is left of it,
/// and the gradients of these.
const PER_UNIT: u64 = 8;

/// Bytes that a training needs, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    pub weights: u64,
    /// As many as weights.
    pub gradients: u64,
    /// The optimiser's memory: two numbers a weight for Adam, one with momentum, else none.
    pub optimizer: u64,
    /// What one batch leaves on its way, estimated.
    pub batch: u64,
}

impl Memory {
    /// Of the network of `spec` on `inputs` features, with batches from `rows` rows.
    pub fn of(spec: &MlpSpec, inputs: usize, rows: usize) -> Self {
        let numbers = |count: usize| (count as u64).saturating_mul(NUMBER);
        let weights = spec.parameters(inputs).into_iter().map(numbers).fold(0, u64::saturating_add);
        let moments = match spec.optimizer {
            super::Optimizer::Adam | super::Optimizer::AdamW { .. } => 2,
            super::Optimizer::RmsProp => 1,
            super::Optimizer::Sgd { momentum } => u64::from(momentum > 0.0),
        };
        let units: u64 = spec.hidden.iter().map(|units| *units as u64).sum();
        let batch = spec.batch_size.clamp(1, rows.max(1)) as u64;
        let of_row = units.saturating_mul(PER_UNIT).saturating_add((inputs as u64).saturating_mul(2));
        Self {
            weights,
            gradients: weights,
            optimizer: weights.saturating_mul(moments),
            batch: batch.saturating_mul(of_row).saturating_mul(NUMBER),
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        [self.weights, self.gradients, self.optimizer, self.batch].into_iter().fold(0, u64::saturating_add)
    }
}

/// Refuses a training that does not fit.
pub(super) fn check(spec: &MlpSpec, inputs: usize, rows: usize) -> Result<(), TrainError> {
    refuse(Memory::of(spec, inputs, rows), available())
}

fn refuse(memory: Memory, available: Option<u64>) -> Result<(), TrainError> {
    match available {
        Some(available) if memory.total() as f64 > SHARE * available as f64 => {
            Err(TrainError::Memory { needed: memory.total(), available })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_and_refused_where_there_is_too_little() {
        let spec = MlpSpec { hidden: vec![64, 32], batch_size: 32, ..MlpSpec::default() };
        let memory = Memory::of(&spec, 45, 4000);
        // (45 + 1) × 64 + (64 + 1) × 32 + (32 + 1) numbers of four bytes.
        assert_eq!(memory.weights, 4 * (46 * 64 + 65 * 32 + 33));
        assert_eq!((memory.gradients, memory.optimizer), (memory.weights, 2 * memory.weights));
        assert_eq!(memory.batch, 4 * 32 * (8 * 96 + 2 * 45));
        assert!(refuse(memory, Some(10_000_000)).is_ok() && refuse(memory, None).is_ok());
        let Err(TrainError::Memory { needed, available }) = refuse(memory, Some(100_000)) else { panic!() };
        assert_eq!((needed, available), (memory.total(), 100_000));
        // The largest network that settings allow does not run into a number's end.
        let wide = MlpSpec { hidden: vec![4096; 16], batch_size: 65_536, ..MlpSpec::default() };
        assert!(Memory::of(&wide, usize::MAX, usize::MAX).total() > 1 << 40);
    }
}
