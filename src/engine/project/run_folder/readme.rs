//! How to run a training again, in plain words.

use std::path::Path;

use super::RunRecord;

/// A path in quotes, as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    match text.chars().all(|c| c.is_alphanumeric() || "/._-:\\".contains(c)) && !text.is_empty() {
        true => text,
        false if cfg!(windows) => format!("\"{text}\""),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// The text for the run folder `folder`.
pub(super) fn of(record: &RunRecord, folder: &Path) -> String {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let place = quoted(&absolute);
    let mut text = format!(
        "A training of Regulars {}: {} that predicts \u{201c}{}\u{201d} = \u{201c}{}\u{201d}, seed {}, on {}.\n\n",
        record.versions.engine,
        record.model.name(),
        record.target,
        record.positive,
        record.seed,
        record.device.ran.name(),
    );
    let mut commands = format!("Run it again:\n\n    regulars train --from-run {place}\n\n");
    if record.sources.is_empty() {
        commands = format!(
            "Run it again. The table was pasted, so save it to a file first:\n\n    \
             regulars train --from-run {place} FILE\n\n"
        );
    } else {
        commands.push_str(&format!(
            "Where the data have moved:\n\n    regulars train --from-run {place} FILE…\n\n"
        ));
    }
    text.push_str(&commands);
    text.push_str(
        "It reads the same data (their blake3 hashes are in run.json; other data are refused), trains with\n\
         the same settings, and says whether every figure of metrics.json came out the same. On the\n\
         processor (flex), with the same program on the same kind of processor, they are the same to the\n\
         last bit; on a graphics card they may differ in the last digits.\n\n",
    );
    if record.ended_by_hand {
        text.push_str(
            "A person ended this training early, or chose its epoch. Training again goes on to its own end, so\n\
             the figures differ.\n\n",
        );
    }
    text.push_str("Data:\n\n");
    for source in &record.sources {
        let hash = if source.hash.is_empty() { "no hash" } else { &source.hash };
        text.push_str(&format!("    {}  {hash}\n", source.file.display()));
    }
    text.push_str(&format!("    the whole table as it was read: {} rows, {}\n\n", record.rows, record.data));
    text.push_str(
        "Files:\n\n\
         \u{20}   run.json       everything below in one file, with versions and hashes\n\
         \u{20}   settings.json  every setting\n\
         \u{20}   metrics.json   figures on the validation and test rows, with 95% intervals\n\
         \u{20}   curves.csv     loss, AUC and learning rate of each epoch\n\
         \u{20}   curves.svg, curves.png   the same, drawn\n\
         \u{20}   model.bundle   the model with its preparation: regulars score model.bundle FILE --out FILE\n",
    );
    text
}
