//! Free text → numbers: tokens, then weighted bags of words for linear models and columns of the
//! table, or sequences of token numbers for networks. All that is learnt is learnt from training rows.

mod columns;
mod murmur;
mod sequence;
mod sparse;
mod spec;
mod stop_words;
mod tokens;
mod vectorise;

#[cfg(test)]
pub(crate) mod testing;

pub(in crate::features) use murmur::bucket;

pub use columns::{TermChoice, TermColumns, TextFeatures, TextUse};
pub use sequence::{FittedTokens, TokenRows, TokenSpec, TokenUnit};
pub use sparse::SparseRows;
pub use spec::{Chinese, Normalise, TextSpec, Unit, Weighting};
pub use tokens::{fold, is_han};
pub use vectorise::FittedText;
