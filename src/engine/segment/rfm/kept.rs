//! Kept cuts as a file: what scored the customers of one day scores those who come later.

use std::path::Path;

use super::{Kept, RfmError};
use crate::files;

impl Kept {
    /// Reads cuts that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// No such file, or it holds no cuts.
    pub fn open(file: &Path) -> Result<Self, RfmError> {
        let not_cuts = |cause: String| RfmError::NotCuts { file: file.to_owned(), cause };
        let bytes = std::fs::read(file).map_err(|cause| not_cuts(cause.to_string()))?;
        let kept: Self = serde_json::from_slice(&bytes).map_err(|cause| not_cuts(cause.to_string()))?;
        let lists = [Some(kept.recency), Some(kept.frequency), kept.money];
        let ascends = |cuts: &[f64; 4]| cuts.windows(2).all(|pair| matches!(pair, [a, b] if a <= b));
        match lists.iter().flatten().all(ascends) {
            true => Ok(kept),
            false => Err(not_cuts("cuts must ascend".to_owned())),
        }
    }

    /// Writes the cuts as JSON.
    ///
    /// # Errors
    /// The disk or the folder refuses.
    pub fn save(&self, file: &Path) -> Result<(), RfmError> {
        let failed = |cause| RfmError::Save { file: file.to_owned(), cause };
        let text = serde_json::to_vec_pretty(self).map_err(|cause| failed(cause.into()))?;
        files::write_atomically(file, |out| out.write_all(&text)).map_err(failed)
    }
}
