//! What if a customer had another contract, another price: the customer's row of the file with some
//! cells changed goes through cleaning, features and model as a scored file would. Nothing is
//! approximated, so the answer is what scoring a file with that cell changed gives.

mod choices;
#[cfg(test)]
mod tests;

use polars::prelude::{DataFrame, NamedFrom as _, Series};

use crate::clean::{self, FittedRecipe, StepSpec};
use crate::features::{FittedFeatures, Sequences};
use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame, Table};
use crate::train::{DeviceKind, Model};

pub(super) use choices::thinned;
pub use choices::{Choice, Values, can_be_changed, choices};

/// Rows that go through the model at a time: few enough that a cancel is answered soon.
const ROWS: usize = 512;

/// A cell that is changed: the column, and the text that its cell then has.
pub type Cell<'a> = (&'a str, &'a str);

/// All that questions of the kind "what if" take, but for the model: made once for a list of customers.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Columns that can be asked about, with their values among the training rows.
    pub choices: Vec<Choice>,
    recipe: FittedRecipe,
    features: FittedFeatures,
    /// Columns that a network reads in order.
    read: Vec<String>,
}

/// One customer's row, ready to be asked about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The row's cells as they stand in the file, by column of the recipe that the file has.
    cells: Vec<(String, Option<String>)>,
    /// The row's id in the file.
    row: u32,
    /// For each of [`Ground::choices`], the number that the cell reads as; `None` for words and holes.
    pub numbers: Vec<Option<f64>>,
    /// For each of [`Ground::choices`], the cell as people read it; `None` where it is missing.
    pub shown: Vec<Option<String>>,
}

impl Ground {
    /// The ground of a fitted recipe with its features; `features` count their days from the end of the
    /// file that the customers stand in.
    pub fn new(choices: Vec<Choice>, recipe: &FittedRecipe, features: FittedFeatures, model: &Model) -> Self {
        let mut recipe = recipe.clone();
        // They look at other rows, and change nothing while scoring.
        for step in &mut recipe.recipe.steps {
            step.on &= !matches!(step.spec, StepSpec::Duplicates | StepSpec::SameCustomer(_));
        }
        let read = match model {
            Model::Net(model) => model.reading.columns().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Self { choices, recipe, features, read }
    }

    /// The customer at a place of the table; `None` where there is no such row.
    ///
    /// # Errors
    /// The row cannot be cleaned.
    pub fn ask(&self, table: &Table, place: usize) -> crate::Result<Option<Asked>> {
        let Some(row) = table.rows.get(place).copied() else { return Ok(None) };
        let schema: Vec<&ColumnSpec> =
            self.recipe.schema.iter().filter(|spec| table.text(&spec.name).is_some()).collect();
        let text = |spec: &&ColumnSpec| {
            let cell = table.text(&spec.name).and_then(|text| text.get(place));
            (spec.name.clone(), cell.map(str::to_owned))
        };
        let cells = schema.iter().map(text).collect();
        let mut asked = Asked { cells, row, numbers: Vec::new(), shown: Vec::new() };
        let frame = self.frame(&asked, &[&[]])?;
        let cleaning = clean::apply_to(&self.recipe, frame, &Reporter::silent())?;
        let known = cleaning.before_filling();
        for choice in &self.choices {
            let number = match choice.values {
                Values::Numbers { .. } => choices::number_at(known, &choice.column, 0),
                Values::Levels { .. } => None,
            };
            asked.numbers.push(number);
            asked.shown.push(match known.data.column(&choice.column) {
                Ok(_) => known.show(&choice.column, 0),
                Err(_) => cleaning.source.show(&choice.column, 0),
            });
        }
        Ok(Some(asked))
    }

    /// The row's copies, each with its cells changed.
    fn frame(&self, asked: &Asked, variants: &[&[Cell<'_>]]) -> crate::Result<Frame> {
        let columns = asked.cells.iter().map(|(name, cell)| {
            let cells: Vec<Option<&str>> = variants
                .iter()
                .map(|changes| match changes.iter().rev().find(|(column, _)| column == name) {
                    Some((_, text)) => Some(*text),
                    None => cell.as_deref(),
                })
                .collect();
            Series::new(name.as_str().into(), cells).into()
        });
        let data = DataFrame::new(variants.len(), columns.collect()).map_err(clean::CleanError::from)?;
        Ok(Frame { rows: std::sync::Arc::new(vec![asked.row; variants.len()]), data })
    }

    /// The model's probability of the customer with each set of cells changed, in that order. A column
    /// that the file lacks cannot be changed: such a cell is passed over.
    ///
    /// # Errors
    /// The device cannot be used, or the person cancelled.
    pub fn score(
        &self,
        model: &Model,
        asked: &Asked,
        variants: &[Vec<Cell<'_>>],
        report: &Reporter,
    ) -> crate::Result<Vec<f64>> {
        let mut out = Vec::with_capacity(variants.len());
        for part in variants.chunks(ROWS) {
            report.check()?;
            let part: Vec<&[Cell<'_>]> = part.iter().map(Vec::as_slice).collect();
            let cleaning = clean::apply_to(&self.recipe, self.frame(asked, &part)?, report)?;
            let sequences = Sequences::of(cleaning.last(), &self.read);
            let matrix = self.features.apply_reporting(cleaning.last(), report)?.with_sequences(sequences);
            out.extend(model.predict_reporting(&matrix, DeviceKind::Flex, report)?);
        }
        Ok(out)
    }
}
