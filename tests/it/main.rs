//! One binary for all tests that cross rooms: each further one would link egui, polars and burn
//! again.

mod cli;
mod collect;
mod comfort;
mod crash;
mod honest;
mod hostile;
mod hostile_training;
mod journey;
mod keyboard;
mod linked;
mod live;
mod pages;
mod product;
mod real_files;
mod review;
mod run_folder;
mod servers;
mod snapshots;
mod sources;
mod support;
mod telco;
mod words;
