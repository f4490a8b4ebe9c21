//! What a value is: encodings, separators, numbers, dates, contacts. A leaf: knows no other room.

pub mod contact;
pub mod date;
pub mod dialect;
pub mod encoding;
pub mod missing;
pub mod number;
pub mod words;
