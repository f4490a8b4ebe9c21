//! A fact told by the engine without words: a code and its arguments. The faces hold the words
//! in each language under `note.<code>`.

use serde::Serialize;

/// A finding, warning or reason, to be worded by a face.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// Key of the sentence in the catalogue, without the prefix `note.`.
    pub code: &'static str,
    /// Named values that the sentence mentions.
    pub args: Vec<(&'static str, String)>,
}

impl Note {
    /// A note without arguments.
    pub fn new(code: &'static str) -> Self {
        Self { code, args: Vec::new() }
    }

    /// Adds a named value.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}
