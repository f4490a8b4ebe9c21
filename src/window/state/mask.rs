//! A masked copy being planned: what is done to each column, and, gone through without writing a
//! file, what that would come to.

use std::path::PathBuf;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::collect;
use regulars_engine::job::Job;
use regulars_engine::privacy::{self, Destination, Example, Key, Masked, Plan, PrivacyError, Wanted};
use regulars_engine::project::Collected;
use regulars_engine::table::{Link, Role, Table};

use super::{State, ended};
use crate::window::dialog::file_name;
use crate::window::notice::{Told, Tone};

/// Examples of each column.
const EXAMPLES: usize = 3;

/// What is to be done to one table.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskTable {
    pub plan: Plan,
    /// Columns that together may point to a person.
    pub quasi: Vec<String>,
    /// The column that nobody should learn of a person.
    pub sensitive: Option<String>,
}

/// What the plan of a table comes to.
#[derive(Debug)]
pub struct Tried {
    pub masked: Masked,
    /// Of each column of the plan.
    pub examples: Vec<Vec<Example>>,
}

/// What the plans were made for: other data or roles make others.
#[derive(Clone)]
struct Origin {
    collected: Arc<Collected>,
    roles: Vec<(String, Role)>,
}

impl Origin {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.collected, &other.collected) && self.roles == other.roles
    }
}

/// Tables with the plans that were proposed for them.
struct Proposed {
    tables: Arc<Vec<Table>>,
    plans: Vec<MaskTable>,
}

/// What a rehearsal brings: one for each table.
type Rehearsal = Result<Vec<Tried>, Error>;

/// The masked copy of the project's tables.
#[derive(Default)]
pub struct Mask {
    /// Where the key is kept, or will be.
    pub key_file: Option<PathBuf>,
    origin: Option<Origin>,
    /// The tables as they were read.
    pub tables: Arc<Vec<Table>>,
    /// One for each table; free to be changed.
    pub plans: Vec<MaskTable>,
    /// As they were proposed.
    proposed: Vec<MaskTable>,
    proposing: Option<Job<Result<Proposed, Error>>>,
    /// The plans that the last rehearsal was started with.
    asked: Vec<MaskTable>,
    tried: Option<Arc<Vec<Tried>>>,
    rehearsing: Option<Job<Rehearsal>>,
}

impl Mask {
    /// Nothing planned, with the program's own key.
    pub(super) fn new() -> Self {
        Self { key_file: crate::key_file(), ..Self::default() }
    }

    /// True while the columns are looked at for the first time.
    pub fn proposing(&self) -> bool {
        self.proposing.is_some()
    }

    /// True while the present plans are gone through.
    pub fn rehearsing(&self) -> bool {
        self.rehearsing.is_some()
    }

    /// What the present plans, or those before them, come to; and whether it is the present ones.
    pub fn tried(&self) -> (Option<Arc<Vec<Tried>>>, bool) {
        (self.tried.clone(), self.rehearsing.is_none() && self.asked == self.plans)
    }

    /// True if a rehearsal of the present plans was stopped.
    pub fn stopped(&self) -> bool {
        self.rehearsing.is_none() && self.asked == self.plans && self.tried.is_none()
    }

    /// Goes through the present plans again.
    pub fn again(&mut self) {
        self.asked.clear();
    }

    /// True if the person has changed anything.
    pub fn changed(&self) -> bool {
        self.plans != self.proposed
    }

    /// Takes the proposal back.
    pub fn reset(&mut self) {
        self.plans.clone_from(&self.proposed);
    }

    /// The job that the top bar shows.
    pub(super) fn job(&self) -> Option<(f64, f64)> {
        self.rehearsing.as_ref().map(|job| (job.progress(), job.seconds()))
    }

    /// Stops what runs.
    pub(super) fn cancel(&self) {
        self.proposing.iter().for_each(Job::cancel);
        self.rehearsing.iter().for_each(Job::cancel);
    }
}

/// The key in use, or one for show where none was made yet.
fn key_for_show(file: Option<PathBuf>) -> Result<Key, Error> {
    match file.filter(|file| file.exists()) {
        Some(file) => Ok(Key::read_or_make(&file)?.0),
        None => Ok(Key::new(&[0x5a; 32])),
    }
}

fn propose(tables: &[Table], links: &[Link]) -> Vec<MaskTable> {
    let mut plans: Vec<Plan> = tables.iter().map(privacy::suggest).collect();
    privacy::link(&mut plans, links);
    let table = |plan: Plan| MaskTable { quasi: privacy::quasi_identifiers(&plan), plan, sensitive: None };
    plans.into_iter().map(table).collect()
}

/// What the person chose for columns that are still there.
fn keep_choices(old: &[MaskTable], new: &mut [MaskTable]) {
    for (old, new) in old.iter().zip(new) {
        for column in old.plan.columns.iter().filter(|column| column.why.code == "set_by_you") {
            new.plan.set(&column.name, column.treatment.clone());
        }
    }
}

impl State {
    /// Proposes plans and goes through them, as far as that is neither done nor under way.
    pub fn find_mask(&mut self) {
        let Some(collected) = self.collected.clone() else { return };
        let origin = Origin { collected, roles: self.settings.read.roles.clone() };
        if !self.mask.origin.as_ref().is_some_and(|known| known.is(&origin)) {
            self.mask.cancel();
            let is_same_data = |old: &Origin| Arc::ptr_eq(&old.collected, &origin.collected);
            let old = std::mem::take(&mut self.mask);
            self.mask.key_file.clone_from(&old.key_file);
            // Other roles only: what the person has chosen stays.
            self.mask.plans =
                if old.origin.as_ref().is_some_and(is_same_data) { old.plans } else { Vec::new() };
            self.mask.origin = Some(origin.clone());
            self.mask.proposing = Some(self.start(move |_| {
                let dataset = &origin.collected.dataset;
                let mut tables = dataset.tables.clone();
                if let ([table], None) = (tables.as_mut_slice(), &origin.collected.plan) {
                    for (name, role) in &origin.roles {
                        // A role for a column that is gone says nothing about the ones that are there.
                        let _ = collect::set_role(table, name, *role);
                    }
                }
                let plans = propose(&tables, &dataset.links);
                Ok(Proposed { tables: Arc::new(tables), plans })
            }));
        }
        if self.mask.proposing.is_some() || self.mask.plans.is_empty() || self.mask.asked == self.mask.plans {
            return;
        }
        self.mask.rehearsing.iter().for_each(Job::cancel);
        let (tables, plans) = (self.mask.tables.clone(), self.mask.plans.clone());
        let key_file = self.mask.key_file.clone();
        self.mask.asked.clone_from(&plans);
        self.mask.rehearsing = Some(self.start(move |report| {
            let key = key_for_show(key_file)?;
            let width = 1.0 / plans.len().max(1) as f64;
            let one = |(at, (table, MaskTable { plan, quasi, sensitive })): (usize, (&Table, &MaskTable))| {
                let examples = privacy::examples(table, plan, &key, EXAMPLES);
                let part = report.part(at as f64 * width, width);
                let masked = privacy::rehearse(table, plan, &key, quasi, sensitive.as_deref(), &part)?;
                Ok(Tried { masked, examples })
            };
            tables.iter().zip(&plans).enumerate().map(one).collect()
        }));
    }

    pub(super) fn poll_mask(&mut self) {
        let news = ended(&mut self.mask.proposing);
        if let Some(mut proposed) = self.settle(news) {
            self.mask.proposed.clone_from(&proposed.plans);
            keep_choices(&self.mask.plans, &mut proposed.plans);
            (self.mask.tables, self.mask.plans) = (proposed.tables, proposed.plans);
        }
        let news = ended(&mut self.mask.rehearsing);
        if news.is_some() {
            // A rehearsal that was stopped leaves nothing that could be taken for the present one.
            self.mask.tried = self.settle(news).map(Arc::new);
        }
    }

    /// Writes the masked copy: one table to a file, several into a folder.
    pub fn write_masked(&mut self, path: PathBuf) {
        let (tables, plans) = (self.mask.tables.clone(), self.mask.plans.clone());
        if tables.is_empty() {
            self.tell(Tone::Caution, "notice.nothing", Vec::new());
            return;
        }
        let key_file = self.mask.key_file.clone();
        self.write = Some(self.start(move |report| {
            let key_file = key_file.ok_or_else(|| {
                let cause = std::io::Error::other("there is no home folder to keep it in");
                PrivacyError::Key { file: "pseudonyms.key".into(), cause }
            })?;
            let wanted: Vec<Wanted<'_>> = tables
                .iter()
                .zip(&plans)
                .map(|(table, one)| Wanted {
                    table,
                    plan: &one.plan,
                    quasi: &one.quasi,
                    sensitive: one.sensitive.as_deref(),
                })
                .collect();
            let names: Vec<String> = tables.iter().map(|table| file_name(&table.name)).collect();
            let place = match tables.len() {
                1 => Destination::File(path.clone()),
                _ => Destination::Folder(path.clone()),
            };
            let written = privacy::write_copies(&wanted, &names, &place, &key_file, report)?;
            let rows: usize = written.masked.iter().map(|masked| masked.rows).sum();
            let key = if written.key_made { "notice.masked_new_key" } else { "notice.masked" };
            let args = [
                ("count", rows.to_string()),
                ("file", path.display().to_string()),
                ("key", key_file.display().to_string()),
            ];
            Ok(Told::Key(key, args.into()))
        }));
    }
}
