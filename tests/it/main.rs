//! One binary for all tests that cross rooms: each further one would link egui, polars and burn
//! again.

mod cli;
mod collect;
mod honest;
mod hostile;
mod journey;
mod pages;
mod support;
mod telco;
mod words;
