//! One binary for all tests that cross rooms: each further one would link egui, polars and burn
//! again.

mod board;
mod cli;
mod collect;
mod comfort;
mod crash;
mod features;
mod honest;
mod hostile;
mod journey;
mod keyboard;
mod linked;
mod nets;
mod over_time;
mod pages;
mod product;
mod race;
mod real_files;
mod review;
mod servers;
mod snapshots;
mod sources;
mod support;
mod telco;
mod words;
