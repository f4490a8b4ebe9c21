//! A branch as a client of Flower's server (SuperLink 1.42): its Fleet API is protobuf over HTTP since the
//! gRPC transports were withdrawn. `docs/federated.md` tells what is sent in which order.

mod client;
mod key;
pub mod objects;
mod serve;
#[cfg(test)]
mod traffic_tests;
mod wire;

pub use client::{Client, Instruction, Traffic};
pub use key::BranchKey;
pub(super) use serve::arrays;
pub use serve::{Joined, Model, Turn, serve};
