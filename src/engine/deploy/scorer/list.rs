//! The list that a scorer writes: the columns of every list of scores, and what a person should know of
//! each row.

use std::path::Path;

use crate::deploy::batch;
use crate::deploy::{Bundle, DeployError, Flag, FlagKind, RowScore, Scores};
use crate::files;

/// Columns behind those of every list: numbers below or above all of the training rows, categories that
/// they never had, cells that could not be read. Each says `column=value`, parted by semicolons.
pub const FLAGS: [&str; 3] = ["out_of_range", "unseen", "not_read"];

/// The columns of the list.
pub fn flagged_header() -> Vec<String> {
    batch::HEADER.iter().chain(&FLAGS).map(|name| (*name).to_owned()).collect()
}

/// What a row's flags say, in the order of [`FLAGS`].
pub(in crate::deploy) fn told(flags: &[Flag]) -> [String; 3] {
    let mut out: [String; 3] = Default::default();
    for flag in flags {
        let Some(text) = place(flag.kind).and_then(|at| out.get_mut(at)) else { continue };
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(flag.column.as_deref().unwrap_or_default());
        text.push('=');
        text.push_str(flag.value.as_deref().unwrap_or_default());
    }
    out
}

/// The place of a flag among [`FLAGS`]; a repeated row has its own column.
fn place(kind: FlagKind) -> Option<usize> {
    match kind {
        FlagKind::OutOfRange => Some(0),
        FlagKind::UnseenCategory => Some(1),
        FlagKind::NotUsed => Some(2),
        FlagKind::Repeated => None,
    }
}

/// True where [`FLAGS`] say something.
pub(crate) fn is_flagged(flags: &[Flag]) -> bool {
    flags.iter().any(|flag| place(flag.kind).is_some())
}

/// Writes a list with its flags; `answers` belong to the rows of `scores`.
///
/// # Errors
/// The disk or the folder refuses.
pub(crate) fn write_flagged(
    scores: &Scores,
    answers: &[RowScore],
    bundle: &Bundle,
    out: &Path,
) -> Result<(), DeployError> {
    let lines = scores
        .lines(bundle)
        .zip(answers)
        .map(|(line, answer)| line.into_iter().chain(told(&answer.flags)).collect::<Vec<String>>());
    files::write_csv(out, &flagged_header(), lines).map_err(|cause| DeployError::write(out, cause))
}
