//! The networks of past epochs, so that a person can go back to one: as many as a bound of memory
//! allows, the first, the best and the last always among them.

use serde::{Deserialize, Serialize};

use super::{Epoch, Model, Network, Trained};
use crate::train::DeviceChoice;

/// A network at the end of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptEpoch {
    pub figures: Epoch,
    pub network: Network,
}

/// The epochs that are kept, in order.
#[derive(Debug, Clone)]
pub struct Shelf {
    kept: Vec<KeptEpoch>,
    /// Numbers (of four bytes) that may be kept.
    most: usize,
    /// Of the epochs that are neither first, best nor last, those whose number this divides are kept.
    apart: usize,
}

impl Default for Shelf {
    /// 64 MiB.
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

impl Shelf {
    /// A shelf of about so many bytes; three networks are kept even where they are larger.
    pub fn new(bytes: usize) -> Self {
        Self { kept: Vec::new(), most: bytes / 4, apart: 1 }
    }

    /// Keeps an epoch; others may have to go.
    pub fn keep(&mut self, epoch: KeptEpoch) {
        self.kept.push(epoch);
        self.thin();
        while self.kept.len() > 3 && self.numbers() > self.most {
            self.apart = self.apart.saturating_mul(2);
            self.thin();
        }
    }

    fn numbers(&self) -> usize {
        self.kept.iter().map(|epoch| epoch.network.parameters()).sum()
    }

    fn thin(&mut self) {
        let best = self.best().map(|epoch| epoch.figures.epoch);
        let last = self.kept.last().map(|epoch| epoch.figures.epoch);
        let first = self.kept.first().map(|epoch| epoch.figures.epoch);
        let apart = self.apart;
        self.kept.retain(|epoch| {
            let number = epoch.figures.epoch;
            number.is_multiple_of(apart) || [first, best, last].contains(&Some(number))
        });
    }

    /// The epoch with the lowest validation loss.
    pub fn best(&self) -> Option<&KeptEpoch> {
        self.kept.iter().min_by(|a, b| a.figures.valid_loss.total_cmp(&b.figures.valid_loss))
    }

    /// The epochs, in order.
    pub fn epochs(&self) -> &[KeptEpoch] {
        &self.kept
    }

    /// The network of `epoch` as a training that ended with it; `history` is that of the whole
    /// training.
    pub fn trained(&self, epoch: usize, history: &[Epoch], device: DeviceChoice) -> Option<Trained> {
        let kept = self.kept.iter().find(|kept| kept.figures.epoch == epoch)?;
        let history: Vec<Epoch> = history.iter().filter(|e| e.epoch <= epoch).copied().collect();
        Some(Trained {
            model: Model::Mlp(kept.network.clone()),
            device,
            epochs_run: history.len().max(1),
            history,
            best_epoch: epoch,
            seconds: kept.figures.seconds,
            promise: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{Activation, DeviceKind, Layer};

    fn epoch(number: usize, valid_loss: f64) -> KeptEpoch {
        let figures = Epoch {
            epoch: number,
            train_loss: 1.0,
            valid_loss,
            valid_auc: None,
            seconds: number as f64,
            planned: 1000,
            learning_rate: 0.1,
        };
        let weights = vec![number as f32; 99];
        let layer = Layer { inputs: 99, outputs: 1, weights, bias: vec![0.0], norm: None };
        KeptEpoch {
            figures,
            network: Network { activation: Activation::Relu, layers: vec![layer], small: None },
        }
    }

    #[test]
    fn a_shelf_stays_small_and_keeps_first_best_and_last() {
        // Room for 16 networks of 100 numbers.
        let mut shelf = Shelf::new(16 * 100 * 4);
        for number in 1..=1000 {
            let loss = if number == 333 { 0.1 } else { 0.5 + number as f64 / 1e4 };
            shelf.keep(epoch(number, loss));
            assert!(shelf.epochs().len() <= 16);
            assert_eq!(shelf.epochs().last().unwrap().figures.epoch, number);
        }
        let numbers: Vec<usize> = shelf.epochs().iter().map(|e| e.figures.epoch).collect();
        assert!(numbers.len() > 8, "{numbers:?}");
        assert!(numbers.is_sorted() && numbers[0] == 1 && numbers.contains(&333), "{numbers:?}");
        assert_eq!(shelf.best().unwrap().figures.epoch, 333);
        // Three are kept whatever they weigh.
        let mut tight = Shelf::new(4);
        (1..=9).for_each(|number| tight.keep(epoch(number, if number == 4 { 0.0 } else { 1.0 })));
        let numbers: Vec<usize> = tight.epochs().iter().map(|e| e.figures.epoch).collect();
        assert_eq!(numbers, [1, 4, 9]);
    }

    #[test]
    fn a_kept_epoch_is_a_training_that_ended_there() {
        let mut shelf = Shelf::default();
        let all: Vec<KeptEpoch> = (1..=5).map(|number| epoch(number, 1.0)).collect();
        all.iter().cloned().for_each(|kept| shelf.keep(kept));
        let history: Vec<Epoch> = all.iter().map(|kept| kept.figures).collect();
        let device = DeviceChoice::plain(DeviceKind::Flex);
        let trained = shelf.trained(3, &history, device.clone()).unwrap();
        assert_eq!((trained.epochs_run, trained.best_epoch, trained.seconds), (3, 3, 3.0));
        assert_eq!(trained.model, Model::Mlp(all[2].network.clone()));
        assert!(shelf.trained(6, &history, device).is_none());
    }
}
