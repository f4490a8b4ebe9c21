//! The engine of Regulars: customer data flows through collect → clean → features → train →
//! evaluate → deploy. Each stage is a function of its input and a small serializable settings
//! value; `project` is the only mutable thing. Nothing here knows a window, a command line or a
//! server.

// Tests that are shared with `tests/it` name the crate as those do.
#[cfg(test)]
extern crate self as regulars_engine;

pub mod class_kit;
pub mod clean;
pub mod collect;
pub mod curve;
pub mod deploy;
pub mod detect;
pub mod error;
pub mod evaluate;
pub mod experiment;
pub mod features;
pub mod feedback;
pub mod files;
pub mod inspect;
pub mod job;
pub mod lessons;
pub mod metrics;
pub mod note;
pub mod privacy;
pub mod project;
pub mod recommend;
pub mod sample;
pub mod segment;
pub mod split;
pub mod table;
pub mod train;
pub mod value;

pub use error::{Error, Result};
pub use note::Note;
