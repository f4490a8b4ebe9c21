//! One binary for all tests that cross rooms: each further one would link egui, polars and burn
//! again.

mod classroom_lab;
mod cli;
mod collect;
mod comfort;
mod crash;
mod honest;
mod hostile;
mod journey;
mod keyboard;
mod linked;
mod pages;
mod product;
mod real_files;
mod review;
mod servers;
mod snapshots;
mod sources;
mod support;
mod telco;
mod words;
