//! `regulars card`: one customer of a file as a card to print: how likely, why, what would turn it, and who
//! was alike.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use regulars_engine::deploy::{DeployError, Lacking};
use regulars_engine::features::behaviour::Date;
use regulars_engine::files;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, CardSpec, Month, Origin};
use serde_json::json;

use super::Outcome;
use crate::report::customer;
use crate::words::{Lang, percent};

#[derive(Args)]
pub(super) struct Card {
    /// A bundle saved by `train --bundle` or from the window, or a project
    bundle: PathBuf,
    /// The data that the customer stands in: files, databases, web addresses
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The customer's identifier, or "row N" where the file has none
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Where the card is written (HTML, both languages in one file)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Contact details and names in clear; they are masked otherwise
    #[arg(long)]
    clear: bool,
    /// A column that can be changed, beside those whose names say so; may come several times
    #[arg(long, value_name = "COL")]
    change: Vec<String>,
    /// A column that cannot be changed, whatever its name says; may come several times
    #[arg(long, value_name = "COL")]
    keep: Vec<String>,
    /// The day to answer for, as 2026-06-30, where the model was trained with --horizon (default: the
    /// last day of the data)
    #[arg(long, value_name = "DATE", value_parser = super::parse_day)]
    as_of: Option<Date>,
    #[command(flatten)]
    reading: super::Reading,
    /// One JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Card {
    pub(super) fn run(&self) -> Outcome {
        let read: Vec<&Path> =
            self.files.iter().chain([&self.bundle]).map(|file| super::source::on_disk(file)).collect();
        super::refuse_input(&self.out, &read)?;
        let report = Reporter::silent();
        let (bundle, saved) = super::locked::model(&self.bundle)?;
        let (follow_ups, mut settings) =
            saved.map(|saved| (saved.follow_ups, saved.settings)).unwrap_or_default();
        self.reading.apply(&mut settings.read);
        let (sources, secrets) = self.reading.sources(&self.files)?;
        let table = project::open_for(&bundle, &settings, (&sources, &secrets), self.as_of, &report)?;
        super::tell_unused(&table);
        let mut said = std::mem::take(&mut settings.changeable);
        said.extend(self.change.iter().map(|column| (column.clone(), true)));
        said.extend(self.keep.iter().map(|column| (column.clone(), false)));
        let bundle = Arc::new(bundle);
        let month = Month::new(bundle.clone(), bundle.score(&table, Lacking::Fill, &report)?);
        let wanted = self.customer.trim();
        let nobody = || DeployError::NoCustomer { file: table.source.file.clone(), id: wanted.to_owned() };
        let one = month.list.iter().find(|one| one.id == wanted).ok_or_else(nobody)?;
        let origin = Origin::Month(&month);
        let ground = project::what_if_ground(origin);
        let follow_up = follow_ups.get(&one.id).filter(|_| one.named).cloned().unwrap_or_default();
        let spec =
            CardSpec { masked: !self.clear, threshold: bundle.threshold, changeable: &said, follow_up };
        let card = project::customer_card(origin, ground.as_ref(), one, spec, &report)?;
        let lang = Lang::of_environment();
        let html = customer::html(lang, &card, &|_| Vec::new());
        files::write_atomically(&self.out, |out| out.write_all(html.as_bytes()))
            .map_err(|cause| DeployError::Write { file: self.out.clone(), cause })?;
        if !self.json {
            super::out!("{}  {} {}", card.id, percent(card.probability), lang.t("badge.model_says"));
            if card.has_left {
                super::out!("● {}", lang.t("badge.left"));
            }
            if let Some(such) = &card.such {
                super::out!("{} {}", lang.t("badge.counted"), customer::such(lang, such));
            }
            for reason in &card.reasons {
                super::out!("  {}", crate::words::reason(lang, reason));
            }
            for line in card.nearest.iter().flat_map(|found| customer::nearest(lang, found)) {
                super::out!("{line}");
            }
            super::out!("{}", lang.with("cli.wrote", &[("file", self.out.display().to_string())]));
        }
        Ok(json!({ "out": self.out, "bytes": html.len(), "card": card }))
    }
}
