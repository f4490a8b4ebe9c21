//! Cells → tokens and steps, with vocabulary and scales learnt from training rows.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::NetSettings;
use crate::features::behaviour::HISTORY;
use crate::features::text::FittedTokens;
use crate::features::{FittedHistory, Matrix, Sequences};
use crate::job::{Cancelled, Reporter};
use crate::train::net::{NetData, Ragged};

/// Texts that become tokens between two looks at whether the person has cancelled, and at a time in memory.
const TEXTS: usize = 512;

/// Free text: its columns, read one after the other, and what is known of their tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Words {
    pub columns: Vec<String>,
    pub fitted: FittedTokens,
}

/// What a network reads in order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<FittedHistory>,
}

impl Reading {
    /// Learns what there is to read from the training rows: columns without one known token, and a history
    /// without a step, are not read.
    ///
    /// # Errors
    /// The person cancelled.
    pub(super) fn fit(settings: &NetSettings, train: &Matrix, report: &Reporter) -> Result<Self, Cancelled> {
        let sequences = &train.sequences;
        let columns: Vec<String> =
            sequences.names().filter(|name| *name != HISTORY).map(str::to_owned).collect();
        let mut out = Self::default();
        if !columns.is_empty() {
            let places: Vec<usize> = columns.iter().filter_map(|name| sequences.position(name)).collect();
            let texts: Vec<String> = (0..train.height).map(|row| joined(sequences, &places, row)).collect();
            let fitted = FittedTokens::fit(&settings.tokens(), &texts, report)?;
            out.words = fitted.token(2).is_some().then_some(Words { columns, fitted });
        }
        if let Some(place) = sequences.position(HISTORY) {
            report.check()?;
            let cells = (0..train.height).map(|row| sequences.cell(place, row));
            out.history = FittedHistory::fit(HISTORY, cells, settings.max_len);
        }
        Ok(out)
    }

    /// True if there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.words.is_none() && self.history.is_none()
    }

    /// The columns that are read.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let words = self.words.iter().flat_map(|words| words.columns.iter().map(String::as_str));
        words.chain(self.history.iter().map(|history| history.column.as_str()))
    }

    /// Tokens that are told apart; 0 without text.
    pub fn vocabulary(&self) -> usize {
        self.words.as_ref().map_or(0, |words| words.fitted.width())
    }

    /// Numbers of a history's step; 0 without one.
    pub fn channels(&self) -> usize {
        self.history.as_ref().map_or(0, FittedHistory::channels)
    }

    /// True if the parts fit each other; asked of every opened file.
    pub fn is_sound(&self) -> bool {
        !self.is_empty()
            && self.words.as_ref().is_none_or(|words| !words.columns.is_empty())
            && self.history.as_ref().is_none_or(FittedHistory::is_sound)
    }

    /// Where each column that is read stands among `sequences`.
    pub(super) fn places(&self, sequences: &Sequences) -> Vec<Option<usize>> {
        self.columns().map(|name| sequences.position(name)).collect()
    }

    /// Everything that the network reads of the rows of a matrix, and the texts that lost their end.
    pub(in crate::train) fn data(
        &self,
        matrix: &Matrix,
        report: &Reporter,
    ) -> Result<(NetData, usize), Cancelled> {
        let rows: Vec<usize> = (0..matrix.height).collect();
        let (data, cut) = self.sequences(&matrix.sequences, &rows, report)?;
        Ok((NetData { table: matrix.data.clone(), table_width: matrix.width(), ..data }, cut))
    }

    /// What is read in order of some rows, without the table.
    pub(super) fn sequences(
        &self,
        sequences: &Sequences,
        rows: &[usize],
        report: &Reporter,
    ) -> Result<(NetData, usize), Cancelled> {
        let mut data = NetData { rows: rows.len(), vocabulary: self.vocabulary(), ..NetData::default() };
        let mut cut = 0;
        if let Some(words) = &self.words {
            let places: Vec<usize> =
                words.columns.iter().filter_map(|name| sequences.position(name)).collect();
            let mut tokens = Ragged::new(1);
            for part in rows.chunks(TEXTS) {
                let texts: Vec<String> = part.iter().map(|row| joined(sequences, &places, *row)).collect();
                let made = words.fitted.apply(&texts, report)?;
                cut += made.cut;
                (0..made.height()).for_each(|row| tokens.push(made.row(row)));
            }
            data.tokens = Some(tokens);
        }
        if let Some(history) = &self.history {
            let place = sequences.position(&history.column);
            let mut events = Ragged::new(history.channels());
            for part in rows.chunks(TEXTS) {
                report.check()?;
                let made: Vec<Vec<f32>> = part
                    .par_iter()
                    .map(|row| {
                        let mut steps = Vec::new();
                        if let Some(place) = place {
                            history.write(sequences.cell(place, *row), &mut steps);
                        }
                        steps
                    })
                    .collect();
                made.iter().for_each(|steps| events.push(steps));
            }
            data.events = Some(events);
        }
        Ok((data, cut))
    }
}

/// The texts of a row, one after the other.
fn joined(sequences: &Sequences, places: &[usize], row: usize) -> String {
    let mut out = String::new();
    for place in places {
        let cell = sequences.cell(*place, row);
        if !out.is_empty() && !cell.is_empty() {
            out.push('\n');
        }
        out.push_str(cell);
    }
    out
}
