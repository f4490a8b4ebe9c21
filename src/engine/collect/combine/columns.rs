//! Which columns the rows of each table give, by what its columns are.

use super::names;
use super::plan::{Function, Hop, Plan, PlannedColumn, TableRef};
use super::propose::Lookup;
use crate::collect::relate::{Said, TableKind, is_title, key_name};
use crate::detect::words;
use crate::table::{Column, Dataset, Role, Table, ValueType};

/// Numbers that are no amounts: a sum of them says nothing.
const LEVEL_WORDS: [&str; 16] = [
    "rating",
    "score",
    "stars",
    "star",
    "satisfaction",
    "nps",
    "grade",
    "price",
    "rate",
    "ratio",
    "percent",
    "share",
    "age",
    "temperature",
    "latitude",
    "longitude",
];
const LEVEL_PARTS: [&str; 8] = ["评分", "星级", "满意度", "打分", "单价", "比例", "率", "年龄"];
/// Numbers that stand for a kind: `order_status` 0, 1, 2.
const KIND_WORDS: [&str; 6] = ["status", "state", "type", "category", "class", "flag"];
const KIND_PARTS: [&str; 3] = ["状态", "类型", "类别"];
/// Columns that hold what people said, even where many say the same.
const SAID_WORDS: [&str; 8] =
    ["comment", "comments", "review", "text", "message", "feedback", "opinion", "complaint"];
const SAID_PARTS: [&str; 6] = ["评价", "评论", "内容", "反馈", "留言", "意见"];
/// Seconds of a clock: neither sum nor mean of them says anything.
const CLOCK_WORDS: [&str; 3] = ["timestamp", "unix", "epoch"];

/// Every column that the plan can give, in the order of the tables, each on or off by default.
/// `lookups` holds, for the customers' table and every source, the tables found from it.
pub(super) fn propose(
    data: &Dataset,
    plan: &Plan,
    kinds: &[TableKind],
    lookups: &[(usize, Vec<Lookup>)],
) -> Vec<PlannedColumn> {
    let taken = match data.tables.get(plan.customers.at) {
        Some(table) if !plan.per_key => table.columns.iter().map(|column| column.name.clone()).collect(),
        _ => vec![plan.key.clone()],
    };
    let mut list = List { data, plan, taken, columns: Vec::new() };
    for (root, found) in lookups {
        if !plan.per_key && *root == plan.customers.at {
            for lookup in found {
                list.joined(lookup);
            }
        }
    }
    for source in &plan.sources {
        let at = source.table.at;
        let Some(table) = data.tables.get(at) else { continue };
        let kind = kinds.get(at).copied().unwrap_or(TableKind::Other);
        let key = source.up.first().map_or(plan.key.as_str(), |hop| hop.from_column.as_str());
        list.own(at, table, kind, key);
        for lookup in lookups.iter().filter(|(root, _)| *root == at).flat_map(|(_, found)| found) {
            let products = kinds.get(lookup.at) == Some(&TableKind::Products);
            list.looked_up(at, lookup, products);
        }
    }
    list.columns
}

struct List<'a> {
    data: &'a Dataset,
    plan: &'a Plan,
    taken: Vec<String>,
    columns: Vec<PlannedColumn>,
}

impl List<'_> {
    /// What the table is called whatever month it is of, numbered where an earlier one is called so.
    fn label(&self, at: usize) -> String {
        let name = |at: usize| self.data.tables.get(at).map_or_else(String::new, |t| names::lasting(&t.name));
        match (0..at).filter(|other| name(*other) == name(at)).count() {
            0 => name(at),
            twins => format!("{} ({})", name(at), twins + 1),
        }
    }

    fn push(&mut self, at: usize, via: &[Hop], column: Option<&Column>, function: Function, on: bool) {
        let shown = match (column, via.last()) {
            (Some(column), Some(hop)) if function != Function::Joined => {
                Some(format!("{}.{}", self.label(hop.to.at), column.name))
            }
            (column, _) => column.map(|column| column.name.clone()),
        };
        let label = match via.last() {
            Some(hop) if function == Function::Joined => self.label(hop.to.at),
            _ => self.label(at),
        };
        let main = via.is_empty()
            && self.plan.dates.iter().any(|dated| {
                dated.table.at == at && column.is_some_and(|column| column.name == dated.column)
            });
        let name = names::free(names::name(&label, function, shown.as_deref(), main), &self.taken);
        self.taken.push(name.clone());
        self.columns.push(PlannedColumn {
            name,
            table: TableRef::of(self.data, at),
            via: via.to_vec(),
            column: column.map(|column| column.name.clone()),
            function,
            on,
        });
    }

    /// What a table's own rows give; `key` leads to the customer.
    fn own(&mut self, at: usize, table: &Table, kind: TableKind, key: &str) {
        self.push(at, &[], None, Function::Count, true);
        let main = self.plan.dates.iter().find(|dated| dated.table.at == at).map(|d| d.column.clone());
        let mixed = currencies(table).is_some();
        for column in table.columns.iter().filter(|column| column.name != key) {
            // What is in several currencies neither adds up nor has a mean.
            let adds_up = !(mixed && column.role == Role::Money);
            let mut add = |function, on| self.push(at, &[], Some(column), function, on);
            let counted = key_name(&column.name).is_some_and(|key| {
                matches!(key.said, Said::Key | Said::Bare)
                    && ["product", "order"].contains(&key.thing.as_str())
            });
            match use_of(column) {
                Use::Amount => {
                    add(Function::Sum, adds_up);
                    add(Function::Mean, adds_up);
                    add(Function::Min, false);
                    add(Function::Max, false);
                }
                Use::Level => {
                    add(Function::Mean, adds_up);
                    add(Function::Min, false);
                    add(Function::Max, false);
                }
                Use::Date => {
                    let on = main.as_ref() == Some(&column.name);
                    add(Function::First, on);
                    add(Function::Last, on);
                }
                Use::Category => {
                    if column.distinct > 2 {
                        add(Function::Distinct, counted);
                    }
                    add(Function::MostFrequent, true);
                    add(Function::Share, true);
                }
                // A number that every row has of its own counts the rows once more.
                Use::Id if !is_unique(table, column) => add(Function::Distinct, counted),
                Use::Text => {
                    let on = kind == TableKind::Feedback;
                    add(Function::Filled, on);
                    add(Function::Latest, on);
                }
                Use::Id | Use::Nothing => {}
            }
        }
    }

    /// What is looked up from a table's rows: products of lines.
    fn looked_up(&mut self, at: usize, lookup: &Lookup, products: bool) {
        let (Some(table), Some(hop)) = (self.data.tables.get(lookup.at), lookup.via.last()) else { return };
        for column in table.columns.iter().filter(|column| column.name != hop.to_column) {
            match use_of(column) {
                Use::Category => {
                    self.push(at, &lookup.via, Some(column), Function::MostFrequent, true);
                    self.push(at, &lookup.via, Some(column), Function::Share, false);
                    self.push(at, &lookup.via, Some(column), Function::Distinct, false);
                }
                Use::Amount | Use::Level => {
                    self.push(at, &lookup.via, Some(column), Function::Mean, false);
                }
                _ if products && is_title(&column.name) => {
                    self.push(at, &lookup.via, Some(column), Function::MostFrequent, true);
                }
                Use::Date | Use::Id | Use::Text | Use::Nothing => {}
            }
        }
    }

    /// What the one row that belongs to a customer gives: as it stands.
    fn joined(&mut self, lookup: &Lookup) {
        let (Some(table), Some(hop)) = (self.data.tables.get(lookup.at), lookup.via.last()) else { return };
        for column in table.columns.iter().filter(|column| column.name != hop.to_column) {
            let on = column.role != Role::Ignore;
            self.push(self.plan.customers.at, &lookup.via, Some(column), Function::Joined, on);
        }
    }
}

/// What a column's values are good for when many rows become one.
enum Use {
    /// Adds up: money, pieces.
    Amount,
    /// Does not add up: ratings, prices, rates.
    Level,
    Date,
    Category,
    Id,
    Text,
    Nothing,
}

fn use_of(column: &Column) -> Use {
    let words = words::tokens(&column.name);
    let said = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let holds = |parts: &[&str]| parts.iter().any(|part| column.name.contains(part));
    let number = || {
        if words::is_firm_id_name(&column.name) {
            Use::Id
        } else if said(&KIND_WORDS) || holds(&KIND_PARTS) || is_title(&column.name) {
            Use::Category
        } else if said(&CLOCK_WORDS) {
            Use::Nothing
        } else if said(&LEVEL_WORDS) || holds(&LEVEL_PARTS) {
            Use::Level
        } else {
            Use::Amount
        }
    };
    match column.role {
        Role::Number | Role::Money => number(),
        // A target of its own table is a value like others here.
        Role::Target if column.distinct > 2 && column.value_type != ValueType::Text => number(),
        Role::Category if key_name(&column.name).is_some_and(|key| key.said == Said::Key) => Use::Id,
        Role::Category | Role::Text if said(&SAID_WORDS) || holds(&SAID_PARTS) => Use::Text,
        Role::Category | Role::Target => Use::Category,
        Role::Date => Use::Date,
        Role::Id => Use::Id,
        Role::Text => Use::Text,
        Role::Contact | Role::Ignore => Use::Nothing,
    }
}

/// The column that says in which of several currencies each row's money is.
pub(super) fn currencies(table: &Table) -> Option<&Column> {
    currency(table, 2)
}

/// The column that says in which currency each row's money is, with at least so many of them.
pub(crate) fn currency(table: &Table, least: u64) -> Option<&Column> {
    let named = |name: &str| {
        words::tokens(name)
            .iter()
            .any(|word| ["currency", "währung", "devise", "moneda"].contains(&word.as_str()))
            || ["币种", "货币", "幣種"].iter().any(|part| name.contains(part))
    };
    table.columns.iter().find(|column| named(&column.name) && column.distinct >= least)
}

/// No value comes twice.
pub(super) fn is_unique(table: &Table, column: &Column) -> bool {
    column.distinct.saturating_add(column.missing) >= table.height() as u64
}
