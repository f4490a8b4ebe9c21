//! What a value is: encodings, separators, numbers, dates, contacts. A leaf: knows no other room.

mod common;
pub mod contact;
pub mod currency;
pub mod date;
pub mod dialect;
pub mod encoding;
pub mod header;
pub mod missing;
pub(crate) mod month;
pub mod number;
mod scan;
#[cfg(test)]
mod tests_any;
pub mod truth;
pub mod words;
