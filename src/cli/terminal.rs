//! The whole journey in the terminal: for machines without a display.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use regulars_engine::Error;
use regulars_engine::deploy::{Customer, DeployError, FollowUps};
use regulars_engine::job::{Event, Reporter};
use regulars_engine::project::{self, CallList, CallListSpec, Found, Origin, ProjectError, Settings, Source};
use regulars_engine::segment::Segmentation;
use regulars_engine::table::Role;
use regulars_engine::train::ModelKind;

use super::{inspect, source, train};
use crate::words::{Lang, percent, segment_name};

pub(super) fn run(lang: Lang, paths: Vec<PathBuf>) -> ExitCode {
    match journey(lang, paths) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}\n{}", lang.error(&error), lang.hint_in_terminal(&error));
            ExitCode::from(1)
        }
    }
}

fn journey(lang: Lang, paths: Vec<PathBuf>) -> Result<(), Error> {
    let (settings, sources) = match paths.as_slice() {
        [path] if path.extension().is_some_and(|e| e == "regulars") => {
            let saved = super::locked::project(path)?;
            let sources = saved
                .wanted()
                .into_iter()
                .map(|source| {
                    let file = match source.find(Some(path), &Reporter::silent())? {
                        Found::InPlace(file) | Found::Moved(file) | Found::Namesake(file) => file,
                        Found::Nowhere => source.file.clone(),
                    };
                    Ok(source.at(file))
                })
                .collect::<Result<Vec<Source>, Error>>()?;
            (saved.settings, sources)
        }
        [] => (Settings::default(), vec![Source::File(crate::window::sample_file()?)]),
        _ => (Settings::default(), paths.into_iter().map(Source::File).collect()),
    };
    let out = std::env::current_dir().unwrap_or_default().join("regulars-out");
    std::fs::create_dir_all(&out).map_err(|cause| ProjectError::Save { file: out.clone(), cause })?;
    let secrets = source::secrets_of(&sources)?;
    let collected = project::collect_sources(&sources, &secrets, &settings, &Reporter::silent())?;
    inspect::tell(&collected);
    let table = collected.table;
    if table.with_role(Role::Target).is_none() {
        // Nothing to predict: what can be told of such a file.
        if !project::looks_like_events(&table) {
            let found = project::segment_table(&settings, &table, &Reporter::silent())?;
            tell_segments(lang, &found);
        }
        return Ok(());
    }

    let (events, heard) = std::sync::mpsc::channel();
    let printer = std::thread::spawn(move || {
        for event in heard {
            if let Event::Epoch(e) = event
                && (e.epoch == 1 || e.epoch.is_multiple_of(10))
            {
                eprintln!("{}", train::epoch_line(lang, &e));
            }
        }
    });
    let report = Reporter::to(events);
    let prepared = project::prepare(&settings, &table, &report)?;
    let mut best: Option<project::Outcome> = None;
    for kind in [ModelKind::Mlp, ModelKind::Logistic, ModelKind::Tree] {
        let learnt = project::learn(&settings, &prepared, kind, &report)?;
        super::out!();
        train::print(lang, &settings, &prepared, &learnt);
        // Chosen on the validation rows: the test rows are for measuring only.
        let score = |o: &project::Outcome| o.valid.fixed("roc_auc").map_or(0.0, |e| e.value);
        if best.as_ref().is_none_or(|b| score(&learnt) > score(b)) {
            best = Some(learnt);
        }
    }
    let Some(best) = best else { return Ok(()) };
    let segments = project::segment(&settings, &prepared, &report)?;
    drop(report);
    let _ = printer.join();
    tell_segments(lang, &segments);
    let list = project::rank(&prepared, &best, Some(&segments));
    super::out!("\n{}", lang.with("cli.top", &[("model", lang.t(&format!("model.{}", best.kind.name())))]));
    // Whom to call: those who are still here.
    for customer in list.iter().filter(|c| c.actual != Some(true)).take(10) {
        super::out!("  {:<12} {}", customer.id, percent(customer.probability));
    }
    let ranked = out.join("customers_by_risk.csv");
    let here: Vec<&Customer> = list.iter().filter(|c| c.actual != Some(true)).collect();
    let origin = Origin::Trained { table: &table, prepared: &prepared, outcome: &best };
    let spec = CallListSpec { only_at_risk: false, ..CallListSpec::default() };
    let nobody = FollowUps::new();
    let made = CallList::make(&spec, settings.threshold, origin, &here, &nobody, &Reporter::silent())?;
    crate::words::call_list(lang, &made, (Some(&segments), None), &HashMap::new())
        .write(&ranked)
        .map_err(|cause| DeployError::Write { file: ranked.clone(), cause })?;
    let bundle = out.join("model.bundle");
    let card = project::card(&settings, &table, &prepared, &best, &[&best], &Reporter::silent())?;
    project::bundle(&settings, &prepared, &best, Some(card)).save(&bundle)?;
    for file in [ranked, bundle] {
        super::out!("{}", lang.with("cli.wrote", &[("file", file.display().to_string())]));
    }
    Ok(())
}

fn tell_segments(lang: Lang, found: &Segmentation) {
    let args = [("k", found.k.to_string()), ("silhouette", format!("{:.2}", found.silhouette))];
    super::out!("\n{}", lang.with("segments.finding", &args));
    for s in &found.segments {
        super::out!("  {:>6} {:>6}  {}", lang.count(s.size as u64), percent(s.share), segment_name(lang, s));
    }
}
