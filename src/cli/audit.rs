//! `regulars audit`: is the trail of what was done whole?

use std::path::PathBuf;

use clap::{Args, Subcommand};
use regulars_engine::deploy::audit::{self, Head};
use regulars_engine::deploy::watch::Journal;
use serde_json::json;

use super::Outcome;
use crate::words::Lang;

#[derive(Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks every entry of a trail: none changed, cut out, moved or put in
    Verify(Verify),
}

#[derive(Args)]
struct Verify {
    /// The trail: audit.jsonl, or the folder of lists that a watch writes to
    file: PathBuf,
    /// The end of the trail as it was kept elsewhere, as COUNT:HASH; without it a tail that was cut off
    /// is only noticed against the journal beside the trail
    #[arg(long, value_name = "COUNT:HASH", value_parser = parse_head)]
    head: Option<Head>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

fn parse_head(text: &str) -> Result<Head, String> {
    let (count, hash) = text.split_once(':').ok_or("write COUNT:HASH")?;
    let count = count.parse().map_err(|_| "a count before the colon")?;
    Ok(Head { count, hash: hash.to_owned() })
}

impl Audit {
    pub(super) fn json(&self) -> bool {
        let Command::Verify(verify) = &self.command;
        verify.json
    }

    pub(super) fn run(&self) -> Outcome {
        let Command::Verify(ask) = &self.command;
        let file = if ask.file.is_dir() {
            ask.file.join(regulars_engine::deploy::watch::STATE).join("audit.jsonl")
        } else {
            ask.file.clone()
        };
        // The journal of a watch knows how far its trail went.
        let beside = file.parent().and_then(|folder| Journal::look(folder).ok()).map(|(_, head)| head);
        let kept = ask.head.clone().or(beside.filter(|head| head.count > 0));
        let head = audit::verify(&file, kept.as_ref())?;
        if !ask.json {
            let lang = Lang::of_environment();
            let args =
                [("entries", lang.count(head.count)), ("head", format!("{}:{}", head.count, head.hash))];
            super::out!("{}", lang.with("watch.cli.whole", &args));
        }
        Ok(json!({ "whole": true, "entries": head.count, "head": head, "checked_against": kept }))
    }
}
