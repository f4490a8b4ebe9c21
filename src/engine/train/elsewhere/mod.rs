//! Training on another machine: the training job travels, not its steps. What the network needs goes there
//! as numbers (prepared, scaled rows without names or ids), the same loop runs there, its epochs come back
//! as they end, and in the end the weights. Fitting before it and judging after it stay here.
//!
//! Why not burn's remote backend: in 0.22 it always brings a peer-to-peer stack along, and sends every
//! tensor operation over the link while autodiff stays here. `docs/elsewhere.md` says more, and why several
//! machines that share a training meet over this link too.

mod client;
mod crew;
mod muscle;
mod news;
mod order;
#[cfg(test)]
mod shared_tests;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use client::{About, Elsewhere};
pub use crew::{Asked, Member};
pub use muscle::{Muscle, Refusal};
pub use news::{Control, News, Outcome, Standing, Told};

pub(super) use client::{train_mlp, train_sequence};

/// Version of what travels; the other machine must speak the same.
pub const PROTOCOL: u32 = 2;

/// Why a training elsewhere came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ElsewhereError {
    #[error("{address} is no address of a machine; write it as HOST:PORT or https://HOST:PORT")]
    Address { address: String },
    #[error(
        "the way to {address} is not encrypted; use https://, an SSH tunnel to this machine, or allow it for a network that you trust"
    )]
    Open { address: String },
    #[error("the certificate {} cannot be used: {cause}", file.display())]
    Certificate { file: PathBuf, cause: String },
    #[error("the token in {} cannot be used: {cause}", file.display())]
    TokenFile { file: PathBuf, cause: std::io::Error },
    #[error("a token needs at least {least} characters")]
    ShortToken { least: usize },
    #[error("{address} does not answer: {cause}")]
    Unreachable { address: String, cause: String },
    #[error("{address} does not accept the token")]
    Token { address: String },
    #[error("{address} is busy with another training")]
    Busy { address: String },
    #[error("{address} answers, but not as this version of the program expects: {cause}")]
    Protocol { address: String, cause: String },
    #[error("the machine that trains says: {cause}")]
    Failed { cause: String },
    #[error("what arrived is no training job of this version: {cause}")]
    Order { cause: String },
    #[error("a process that was to share the training cannot be started: {cause}")]
    Workers { cause: String },
    #[error("{address} is named twice")]
    Twice { address: String },
    #[error("there are {machines} machines and {tokens} tokens")]
    Tokens { machines: usize, tokens: usize },
    #[error("batch normalisation looks at the whole batch, which no machine has where several share it")]
    BatchNorm,
}

impl ElsewhereError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Address { .. } => "elsewhere_address",
            Self::Open { .. } => "elsewhere_open",
            Self::Certificate { .. } => "elsewhere_certificate",
            Self::TokenFile { .. } => "elsewhere_token_file",
            Self::ShortToken { .. } => "elsewhere_short_token",
            Self::Unreachable { .. } => "elsewhere_unreachable",
            Self::Token { .. } => "elsewhere_token",
            Self::Busy { .. } => "elsewhere_busy",
            Self::Protocol { .. } => "elsewhere_protocol",
            Self::Failed { .. } => "elsewhere_failed",
            Self::Order { .. } => "elsewhere_order",
            Self::Workers { .. } => "elsewhere_workers",
            Self::Twice { .. } => "elsewhere_twice",
            Self::Tokens { .. } => "elsewhere_tokens",
            Self::BatchNorm => "elsewhere_batch_norm",
        }
    }
}
