//! The command line: one file a command. With `--json` one object on standard output and nothing
//! else there. Exit codes: 0 done, 1 failed with a message, 2 wrong arguments.

/// A line on standard output; a reader that has gone away is no failure.
macro_rules! out {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
use out;

mod asking;
mod audit;
mod card;
mod cells;
mod class;
mod classroom;
mod clean;
mod compare;
mod compress;
mod drift;
mod evaluate;
mod experiment;
mod explain;
mod export;
mod federated;
mod feedback;
mod forget;
mod inspect;
mod learning;
mod locked;
mod look_back;
mod mask;
mod money;
mod muscle;
mod per_customer;
mod privacy;
mod promise;
mod pushing;
mod recommend;
mod report;
mod run;
mod run_folder;
mod sample;
mod sampling;
mod score;
mod scorer;
mod search;
mod segment;
mod segment_rfm;
mod serve;
mod slices;
mod source;
mod terminal;
mod train;
mod two_columns;
mod value;
mod watch;
mod workers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use regulars_engine::collect::ReadOptions;
use regulars_engine::deploy::DeployError;
use regulars_engine::features::behaviour::Date;
use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Collected, RecipeFile, Settings};
use regulars_engine::table::{Role, Table};
use regulars_engine::train::DeviceKind;
use regulars_engine::{Error, files};

use crate::window;
use crate::words::Lang;

#[derive(Parser)]
#[command(name = "regulars", version, about = "Know your customers, keep your customers")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Data files or a project to open in the window
    paths: Vec<PathBuf>,
    /// The file whose first line is the passphrase of a locked project or bundle (else
    /// REGULARS_PASSPHRASE, or typed)
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Shows what a file holds: columns, types, roles, and why
    Inspect(inspect::Inspect),
    /// Cleans a file and tells what every step changed
    Clean(clean::Clean),
    /// Trains a model and measures it on rows it never saw
    Train(train::Train),
    /// Measures kinds of model under the same folds, and tells whether the network is worth it
    Compare(compare::Compare),
    /// Makes a saved network smaller: 8 bit, pruned, distilled; every way with its price
    Compress(Box<compress::Compress>),
    /// Tries settings of a model on validation rows and measures the best once on test rows
    Search(search::Search),
    /// Experiments: does the offer work? Planned, drawn, read back
    Experiment(experiment::Experiment),
    /// Measures a saved model on customers whose outcome is known
    Evaluate(evaluate::Evaluate),
    /// Groups customers that are alike
    Segment(segment::Segment),
    /// Tells what each customer is worth from here on, from orders or contracts
    Value(value::Value),
    /// What to offer each customer next, how good that is, and why
    Recommend(Box<recommend::Recommend>),
    /// Tells what customers are saying, and what to mend first
    Feedback(feedback::Hear),
    /// Whom to call, what that costs and what it should bring
    Money(money::Money),
    /// Where the model is worse, and what it does to groups
    Slices(slices::Slices),
    /// Tells what a model leans on, or why one customer stands where it stands
    Explain(explain::Explain),
    /// Writes the model for other programs: as ONNX, and the rows that it reads
    Export(export::Export),
    /// Scores new customers with a saved bundle
    Score(score::Score),
    /// Serves models over HTTP, on this machine unless told otherwise
    Serve(Box<serve::Serve>),
    /// Trains networks for other machines on this one
    Muscle(muscle::Muscle),
    /// Scores every new export of a folder, once; tells; lets a better model take over
    Watch(Box<watch::Watch>),
    /// Tells whether what comes in is still what the model learnt from
    Drift(drift::Drift),
    /// Checks the audit trail
    Audit(audit::Audit),
    /// Goes back to a day of the past: what would have been said, and what then happened
    LookBack(look_back::LookBack),
    /// Writes copies without personal details, and tells who still sticks out
    Mask(mask::Mask),
    /// Branches that learn together without pooling rows
    Federated(federated::Federated),
    /// Whether a model gives away whom it learnt from
    Privacy(privacy::Privacy),
    /// Locks a project or a bundle with a passphrase, or changes the passphrase
    Lock(locked::Lock),
    /// Takes a customer out of what a project keeps, and tells what may still hold them
    Forget(forget::Forget),
    /// Removes the passphrase of a project or a bundle
    Unlock(locked::Unlock),
    /// Writes the sample shop
    Sample(sample::Sample),
    /// Writes one customer's card to print: how likely, why, what would turn it, who was alike
    Card(card::Card),
    /// Writes the report of a project's or a bundle's model, or checks that one was not changed
    Report(report::Report),
    /// Writes a folder with all that the laptops of a class need, with checksums
    Classroom(classroom::Classroom),
    /// Class kits: shops with a planted truth, hand-ins, grades; and the leak trap
    Class(class::Class),
}

/// How a file is read, where guessing goes wrong.
#[derive(Args, Clone)]
struct Reading {
    /// Character encoding, e.g. utf-8, gb18030, windows-1252 (default: guessed)
    #[arg(long)]
    encoding: Option<String>,
    /// Separator of the fields, e.g. ';' or 'tab' (default: guessed)
    #[arg(long, value_parser = parse_separator)]
    separator: Option<char>,
    /// The first record is already data
    #[arg(long)]
    no_header: bool,
    /// Which table: a sheet, a member of an archive, a nested list, a database's table; of several
    /// files in each that holds several tables
    #[arg(long, alias = "table", value_name = "NAME")]
    sheet: Option<String>,
    /// The row that names the columns, counted from 1
    #[arg(long, value_name = "N")]
    header_row: Option<u32>,
    /// The cells that make up the table, e.g. B3:H200; of several files in each workbook, or in
    /// each text where there is no workbook
    #[arg(long, value_name = "CELLS")]
    range: Option<String>,
    /// Lines that begin with this character are comments
    #[arg(long, value_name = "CHARACTER")]
    comment: Option<char>,
    /// Quote marks are data
    #[arg(long)]
    no_quotes: bool,
    #[command(flatten)]
    away: source::Away,
}

impl Reading {
    /// What is given wins over what was saved.
    fn apply(&self, read: &mut ReadOptions) {
        if self.encoding.is_some() {
            read.encoding.clone_from(&self.encoding);
        }
        read.separator = self.separator.or(read.separator);
        if self.no_header {
            read.header = Some(false);
        }
        if self.sheet.is_some() && !self.away.takes_table() {
            read.part.clone_from(&self.sheet);
        }
        read.header_row = self.header_row.or(read.header_row);
        if self.range.is_some() {
            read.range.clone_from(&self.range);
        }
        read.comment = self.comment.or(read.comment);
        if self.no_quotes {
            read.quoting = Some(false);
        }
    }
}

/// Flags of every command that reads data.
#[derive(Args, Clone)]
struct Input {
    /// The customers' data: files, folders, patterns, databases (postgresql://user@host/shop,
    /// mysql://…, sqlite:shop.db) or web addresses; linked tables become one row per customer
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Role of a column; may be repeated
    #[arg(long, value_name = "COLUMN=ROLE", value_parser = parse_role)]
    role: Vec<(String, Role)>,
    /// Column to leave out; may be repeated
    #[arg(long, value_name = "COLUMN")]
    exclude: Vec<String>,
    /// A saved recipe of cleaning steps (JSON)
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

fn parse_separator(text: &str) -> Result<char, String> {
    match text {
        "tab" | "\\t" => Ok('\t'),
        _ => match text.chars().collect::<Vec<_>>().as_slice() {
            [one] if one.is_ascii() => Ok(*one),
            _ => Err("one ASCII character, or 'tab'".into()),
        },
    }
}

fn parse_role(text: &str) -> Result<(String, Role), String> {
    let (column, role) = text.rsplit_once('=').ok_or("write COLUMN=ROLE")?;
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    let role = Role::parse(role).ok_or_else(|| format!("a role is one of {}", roles.join(", ")))?;
    Ok((column.to_owned(), role))
}

fn parse_day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "a day as 2026-06-30".to_owned())
}

fn parse_device(text: &str) -> Result<DeviceKind, String> {
    DeviceKind::ALL.into_iter().find(|d| d.name() == text).ok_or_else(|| "auto, wgpu or flex".into())
}

/// A failure that a command ends with.
struct Failure(Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

type Outcome = Result<serde_json::Value, Failure>;

impl Input {
    fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = Settings {
            read: ReadOptions { roles: self.role.clone(), ..ReadOptions::default() },
            ..Settings::default()
        };
        self.reading.apply(&mut settings.read);
        settings.read.roles.extend(self.exclude.iter().map(|name| (name.clone(), Role::Ignore)));
        if let Some(recipe) = self.recipe()? {
            settings.recipe = recipe.recipe();
        }
        Ok(settings)
    }

    fn recipe(&self) -> Result<Option<RecipeFile>, Failure> {
        Ok(self.recipe.as_deref().map(RecipeFile::open).transpose()?)
    }

    fn collect(&self, settings: &Settings) -> Result<Collected, Failure> {
        let (sources, secrets) = self.reading.sources(&self.files)?;
        Ok(project::collect_sources(&sources, &secrets, settings, &Reporter::silent())?)
    }

    fn open(&self, settings: &Settings) -> Result<Table, Failure> {
        let table = self.collect(settings)?.table;
        tell_unused(&table);
        Ok(table)
    }

    /// What is read, and must not be written over.
    fn paths(&self) -> Vec<&Path> {
        self.files.iter().map(|file| source::on_disk(file)).collect()
    }
}

/// Runs the command that the arguments name, or opens the window.
pub fn main() -> ExitCode {
    window::started();
    if let Some(done) = scorer::main() {
        return done;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse_arguments(&error),
    };
    locked::passphrase_in(cli.passphrase_file);
    let Some(command) = cli.command else { return run::window_or_terminal(cli.paths) };
    if let Command::Search(search) = &command
        && let Err(error) = search.check()
    {
        return refuse_arguments(&error);
    }
    let (json, outcome) = match command {
        Command::Inspect(c) => (c.input.json, c.run()),
        Command::Clean(c) => (c.input.json, c.run()),
        Command::Train(c) => (c.input.json, c.run()),
        Command::Compare(c) => (c.input.json, c.run()),
        Command::Search(c) => (c.input.json, c.run()),
        Command::Compress(c) => (c.json, c.run()),
        Command::Experiment(c) => (c.json(), c.run()),
        Command::Evaluate(c) => (c.json, c.run()),
        Command::Segment(c) => (c.input.json, c.run()),
        Command::Value(c) => (c.input.json, c.run()),
        Command::Recommend(c) => (c.input.json, c.run()),
        Command::Feedback(c) => (c.input.json, c.run()),
        Command::Money(c) => (c.learnt.input.json, c.run()),
        Command::Slices(c) => (c.learnt.input.json, c.run()),
        Command::Federated(c) => (c.json(), c.run()),
        Command::Privacy(c) => (c.learnt.input.json, c.run()),
        Command::Lock(c) => (c.json, c.run()),
        Command::Forget(c) => (c.json, c.run()),
        Command::Unlock(c) => (c.json, c.run()),
        Command::Explain(c) => (c.json, c.run()),
        Command::Export(c) => (c.json, c.run()),
        Command::Score(c) => (c.json, c.run()),
        Command::Serve(c) => (c.json, c.run()),
        Command::Muscle(c) => (c.json, c.run()),
        Command::Watch(c) => (c.json, c.run()),
        Command::Drift(c) => (c.json, c.run()),
        Command::Audit(c) => (c.json(), c.run()),
        Command::LookBack(c) => (c.input.json, c.run()),
        Command::Mask(c) => (c.json, c.run()),
        Command::Sample(c) => (c.json, c.run()),
        Command::Card(c) => (c.json, c.run()),
        Command::Report(c) => (c.json, c.run()),
        Command::Classroom(c) => (c.json, c.run()),
        Command::Class(c) => (c.json(), c.run()),
    };
    match outcome {
        Ok(value) => {
            if json {
                say(&value);
            }
            ExitCode::SUCCESS
        }
        Err(failure) => tell(&failure, json),
    }
}

/// Arguments that cannot be used, and what is no error to those who ask for it: help, the version.
/// Whoever asks for JSON gets JSON: clap's words are the message.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    let asks = std::env::args_os().skip(1).take_while(|argument| argument != "--");
    if !error.use_stderr() || !asks.into_iter().any(|argument| argument == "--json") {
        // Standard output may be gone; the exit code says what is left to say.
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let text = error.render().to_string();
    let message = text.strip_prefix("error: ").unwrap_or(&text).trim();
    let hint = Lang::of_environment().t("cli.hint.wrong_arguments");
    let object = serde_json::json!({ "kind": "wrong_arguments", "message": message, "hint": hint });
    say(&serde_json::json!({ "error": object }));
    ExitCode::from(2)
}

/// Refuses to write over what is being read.
fn refuse_input(out: &Path, inputs: &[&Path]) -> Result<(), Failure> {
    match inputs.iter().any(|input| files::is_same(out, input)) {
        true => Err(DeployError::IsInput { file: out.to_owned() }.into()),
        false => Ok(()),
    }
}

/// What was asked for and has no place in some of the files.
fn tell_unused(table: &Table) {
    let lang = Lang::of_environment();
    for note in table.warnings.iter().filter(|note| project::is_unused(note)) {
        eprintln!("! {}", lang.note(note));
    }
}

/// One line on standard output; a reader that has gone away is no failure.
fn say(value: &serde_json::Value) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{value}");
}

fn tell(failure: &Failure, json: bool) -> ExitCode {
    let lang = Lang::of_environment();
    let mut object = serde_json::Map::new();
    let error = &failure.0;
    let place = error.place();
    object.insert("kind".into(), error.kind().into());
    if let Some(file) = place.file {
        object.insert("file".into(), file.display().to_string().into());
    }
    if let Some(row) = place.row {
        object.insert("row".into(), row.into());
    }
    if let Some(column) = place.column {
        object.insert("column".into(), column.into());
    }
    if error.columns().len() > 1 {
        object.insert("columns".into(), error.columns().into());
    }
    let (message, hint) = (lang.error(error), lang.hint_in_terminal(error));
    if json {
        object.insert("message".into(), message.clone().into());
        object.insert("hint".into(), hint.clone().into());
        say(&serde_json::json!({ "error": object }));
    } else {
        eprintln!("{message}\n{hint}");
    }
    ExitCode::from(1)
}
