//! `regulars muscle`: lets other machines train on this one; and the flags by which `train` goes there.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use regulars_engine::train::elsewhere::{Elsewhere, ElsewhereError, Member};
use regulars_engine::train::{DeviceKind, TrainError};
use serde_json::json;

use super::Outcome;
use super::workers::Workers;
use crate::http::muscle::{self, Options};
use crate::words::Lang;

/// Trains networks for other machines: rows come as numbers, stay in memory, and go with the job
#[derive(Args)]
pub(super) struct Muscle {
    /// Where to listen; other machines need TLS, or an SSH tunnel to this address
    #[arg(long, value_name = "ADDRESS", default_value = muscle::ADDRESS)]
    listen: SocketAddr,
    /// The file of the token that guards it; made if it is not there
    #[arg(long, value_name = "FILE", required_unless_present = "attached")]
    token_file: Option<PathBuf>,
    /// For `train --workers`: the token comes by standard input, the address goes to standard output, and the
    /// end of the input is the end
    #[arg(long, hide = true, conflicts_with_all = ["token_file", "json"])]
    attached: bool,
    /// The certificate chain (PEM), for HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Lets other machines of a network that you trust come in without encryption
    #[arg(long)]
    insecure_lan: bool,
    /// Where it trains: wgpu, flex, or auto, which leaves it to who orders
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = super::parse_device)]
    device: DeviceKind,
    /// Largest job in megabytes
    #[arg(long, value_name = "MB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65536))]
    body_limit: u32,
    /// One JSON object on standard output, at the end
    #[arg(long)]
    pub(super) json: bool,
}

impl Muscle {
    pub(super) fn run(&self) -> Outcome {
        let lang = Lang::of_environment();
        let token = match &self.token_file {
            Some(file) => {
                let (token, made) = muscle::token(file)?;
                if made {
                    let file = file.display().to_string();
                    eprintln!("{}", lang.with("muscle.token_made", &[("file", file)]));
                }
                token
            }
            None => {
                let mut line = String::new();
                // Nothing to read is a token that is too short.
                let _ = std::io::stdin().read_line(&mut line);
                line.trim().to_owned()
            }
        };
        let running = muscle::start(Options {
            address: self.listen,
            token,
            tls: self.tls_cert.clone().zip(self.tls_key.clone()),
            open: self.insecure_lan,
            device: self.device,
            body_bytes: self.body_limit as usize * 1_000_000,
            signals: true,
        })?;
        let address = running.address();
        if self.attached {
            super::out!("{address}");
            // Whoever started this is gone when its end of the pipe is.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            drop(running);
            return Ok(json!({ "address": address.to_string() }));
        }
        eprintln!("{}", lang.with("muscle.listens", &[("address", address.to_string())]));
        running.wait()?;
        Ok(json!({ "address": address.to_string() }))
    }
}

/// Where a network is trained, if not here.
#[derive(Args, Clone, Default)]
pub(super) struct At {
    /// Train the network on another machine, on which `regulars muscle` runs: HOST:PORT or https://HOST:PORT;
    /// several, with commas between them, share the training
    #[arg(long, value_name = "ADDRESS", requires = "token_file", conflicts_with = "dp_epsilon")]
    at: Option<String>,
    /// Share the training among so many processes of this machine
    #[arg(long, value_name = "N", conflicts_with_all = ["at", "dp_epsilon"], value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: Option<u16>,
    /// The file with that machine's token; of several machines, one for all or one a line, in their order
    #[arg(long, value_name = "FILE", requires = "at")]
    token_file: Option<PathBuf>,
    /// Its certificate (PEM), if no public authority signed it
    #[arg(long, value_name = "FILE", requires = "at")]
    ca: Option<PathBuf>,
    /// Allows the way there to be without encryption
    #[arg(long, requires = "at")]
    insecure_lan: bool,
}

impl At {
    /// The machine, if one is named, or the processes that are to share the training.
    pub(super) fn open(&self) -> regulars_engine::Result<(Option<Elsewhere>, Option<Workers>)> {
        if let Some(count) = self.workers {
            let (place, workers) = super::workers::start(usize::from(count))?;
            return Ok((Some(place), Some(workers)));
        }
        let (Some(at), Some(file)) = (&self.at, &self.token_file) else { return Ok((None, None)) };
        let cannot = |cause| ElsewhereError::TokenFile { file: file.clone(), cause };
        let token = std::fs::read_to_string(file).map_err(cannot).map_err(TrainError::from)?;
        let place = Elsewhere::several(at, &token, self.ca.as_deref(), self.insecure_lan);
        Ok((Some(place.map_err(TrainError::from)?), None))
    }
}

/// Who worked before, and does no more.
pub(super) fn lost(before: &[Member], now: &[Member]) -> Vec<String> {
    let was = |member: &Member| before.iter().any(|old| old.place == member.place && old.works);
    now.iter().filter(|member| !member.works && was(member)).map(|member| member.place.clone()).collect()
}
