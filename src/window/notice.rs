//! What the window has to tell: it stays until it is closed, and is worded when it is drawn.

use regulars_engine::Error;

/// How bad a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Caution,
    Bad,
}

/// Something the person should know; it stays until it is dismissed or outdated.
#[derive(Debug)]
pub struct Notice {
    pub tone: Tone,
    pub text: Told,
}

/// A notice's content, worded when drawn, in the language of the moment.
#[derive(Debug)]
pub enum Told {
    Error(Error),
    /// A key of the catalogue with its values.
    Key(&'static str, Vec<(&'static str, String)>),
}
