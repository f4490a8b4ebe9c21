//! The recipe: which steps there are, in which order, with which settings. No data.

use serde::{Deserialize, Serialize};

use super::same_customer::SameCustomerSpec;
use super::{
    ContactSpec, CurrencySpec, DeriveSpec, ImputeSpec, MergeSpec, OutlierSpec, RulesSpec, ScaleMethod,
    SelectSpec, TidySpec, UnitsSpec, ZonesSpec,
};

/// One kind of step and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepSpec {
    MissingMarks,
    TypeRepair,
    TextTidy(TidySpec),
    ContactForm(ContactSpec),
    Currency(CurrencySpec),
    Units(UnitsSpec),
    Zones(ZonesSpec),
    MergeSpellings(MergeSpec),
    Dates,
    Duplicates,
    SameCustomer(SameCustomerSpec),
    Impossible,
    Spelling,
    Impute(ImputeSpec),
    Scale {
        method: ScaleMethod,
        /// Columns that are scaled by a method of their own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        columns: Vec<(String, ScaleMethod)>,
    },
    Rules(RulesSpec),
    Derive(DeriveSpec),
    Select(SelectSpec),
    Outliers(OutlierSpec),
}

impl StepSpec {
    /// The name used in JSON and in the catalogue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MissingMarks => "missing_marks",
            Self::TypeRepair => "type_repair",
            Self::TextTidy(_) => "text_tidy",
            Self::ContactForm(_) => "contact_form",
            Self::Currency(_) => "currency",
            Self::Units(_) => "units",
            Self::Zones(_) => "zones",
            Self::MergeSpellings(_) => "merge_spellings",
            Self::Dates => "dates",
            Self::Duplicates => "duplicates",
            Self::SameCustomer(_) => "same_customer",
            Self::Impossible => "impossible",
            Self::Spelling => "spelling",
            Self::Impute(_) => "impute",
            Self::Scale { .. } => "scale",
            Self::Rules(_) => "rules",
            Self::Derive(_) => "derive",
            Self::Select(_) => "select",
            Self::Outliers(_) => "outliers",
        }
    }

    /// True for steps that learn something from the training rows.
    pub fn is_fitted(&self) -> bool {
        matches!(self, Self::Spelling | Self::Impute(_) | Self::Scale { .. } | Self::Outliers(_))
    }
}

/// A step of the recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    #[serde(flatten)]
    pub spec: StepSpec,
    pub on: bool,
}

/// The ordered steps; row-local ones come before fitted ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    pub steps: Vec<Step>,
}

impl Default for Recipe {
    fn default() -> Self {
        let steps = [
            StepSpec::MissingMarks,
            StepSpec::TypeRepair,
            StepSpec::Dates,
            StepSpec::Duplicates,
            StepSpec::Impossible,
            StepSpec::Spelling,
            StepSpec::Impute(ImputeSpec::default()),
            StepSpec::Scale { method: ScaleMethod::Standard, columns: Vec::new() },
        ];
        Self { steps: steps.into_iter().map(|spec| Step { spec, on: true }).collect() }
    }
}

impl Recipe {
    /// Adds a step where it belongs: text is tidied first, amounts and contacts are read before
    /// types are repaired, spellings merged after. What is confirmed of further columns joins the
    /// step of its kind; customers are reviewed as a whole, so that step is replaced. Returns the step's place.
    pub fn add(&mut self, spec: StepSpec) -> usize {
        for (at, step) in self.steps.iter_mut().enumerate().filter(|(_, step)| step.on) {
            match (&mut step.spec, &spec) {
                (StepSpec::MergeSpellings(known), StepSpec::MergeSpellings(new)) => {
                    new.columns.iter().for_each(|(column, map)| known.add(column, map));
                    return at;
                }
                (StepSpec::ContactForm(known), StepSpec::ContactForm(new)) => {
                    new.columns.iter().for_each(|column| known.add(column));
                    return at;
                }
                (StepSpec::SameCustomer(known), StepSpec::SameCustomer(new)) => {
                    known.clone_from(new);
                    return at;
                }
                _ => {}
            }
        }
        let at = self.place_of(&spec);
        self.steps.insert(at, Step { spec, on: true });
        at
    }

    /// Where [`add`](Self::add) puts a new step.
    pub(super) fn place_of(&self, spec: &StepSpec) -> usize {
        let rank = |spec: &StepSpec| match spec {
            StepSpec::TextTidy(_) => 0,
            StepSpec::MissingMarks => 1,
            StepSpec::ContactForm(_) | StepSpec::Currency(_) | StepSpec::Units(_) | StepSpec::Zones(_) => 2,
            StepSpec::TypeRepair => 3,
            StepSpec::MergeSpellings(_) => 4,
            // What learns stays behind what does not, and holes are filled before numbers are scaled.
            StepSpec::Scale { .. } => 8,
            StepSpec::Impute(_) => 7,
            spec => 5 + u8::from(spec.is_fitted()),
        };
        self.steps.iter().position(|step| rank(&step.spec) > rank(spec)).unwrap_or(self.steps.len())
    }
}
