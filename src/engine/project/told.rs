//! What a caller tells of some customers at once — their orders, events and opinions — as the rows that a
//! model of a question over time asks for. The same functions make them as of files; only what a few rows
//! cannot show (which table is which, how they hang together, to which day they go) is told, not guessed.

use chrono::NaiveDate;

use crate::collect::combine::{Dated, Function, Hop, Plan, PlannedColumn, Source, TableRef, provenance};
use crate::collect::{self, CollectError, ReadOptions};
use crate::deploy::{Bundle, DeployError, Given, plain};
use crate::detect::{date, missing, number};
use crate::features::behaviour::{self, BehaviourError, FittedBehaviour, to_day};
use crate::job::Reporter;
use crate::table::{Dataset, Role, Table};

/// Tables that can be told of: the customers with columns of their own, what they did, and the products.
pub const TOLD: [&str; 6] = [CUSTOMERS, ORDERS, LINES, EVENTS, FEEDBACK, PRODUCTS];
const CUSTOMERS: &str = "customers";
const ORDERS: &str = "orders";
const LINES: &str = "order_lines";
const EVENTS: &str = "events";
const FEEDBACK: &str = "feedback";
const PRODUCTS: &str = "products";

/// Rows of one table: each the columns that it has.
pub type ToldRows = Vec<Vec<(String, Given)>>;

/// The rows of a bundle's own columns, one for each customer of whom the question is asked on `day`. `told`
/// are tables by their names in [`TOLD`]; whatever is dated after `day` falls away. A table of which nothing
/// is told tells that nothing happened; without `customers` they are those of the orders, and have no columns
/// of their own.
///
/// # Errors
/// A bundle that knows no question over time; rows that lack what was learnt from; nobody to ask about.
pub fn open_told(
    bundle: &Bundle,
    told: Vec<(&'static str, ToldRows)>,
    day: NaiveDate,
    report: &Reporter,
) -> crate::Result<Table> {
    let fitted = bundle.behaviour.as_ref().ok_or(BehaviourError::NoQuestion)?;
    let id = bundle.recipe.schema.iter().find(|spec| spec.role == Role::Id);
    let key = id.map(|spec| spec.name.clone()).ok_or(BehaviourError::NoQuestion)?;
    let mut tables = Vec::new();
    for (name, rows) in told.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        tables.push(table(name, rows)?);
    }
    let at = match tables.iter().position(|table| table.name == CUSTOMERS) {
        Some(at) => at,
        None => {
            tables.push(named_in(&tables, &key)?);
            tables.len() - 1
        }
    };
    let last = tables.len() - 1;
    let lists = at != last || tables.get(at).is_some_and(|table| table.columns.len() > 1);
    tables.swap(0, at);
    let mut dates = Vec::new();
    for (at, table) in tables.iter_mut().enumerate() {
        if table.name == PRODUCTS {
            continue;
        }
        // Lines may lead to the customer over their order alone.
        match table.position(&key) {
            Some(_) => collect::set_role(table, &key, Role::Id)?,
            None if table.name == LINES => {}
            None => return Err(lacks(table, &key)),
        }
        match table.name == CUSTOMERS {
            true => own_dates(bundle, table)?,
            false => dates.extend(dated(at, table)?),
        }
    }
    let data = Dataset { tables, links: Vec::new() };
    let plan = plan(&data, fitted, &key, dates)?;
    let read = behaviour::read_told(&data, &plan, fitted, to_day(day), &report.part(0.0, 0.5))?;
    let behaviour = behaviour::apply(&read, fitted, to_day(day), report)?;
    let base = data.tables.first().ok_or(BehaviourError::NoPurchases)?;
    let column = base.columns.iter().find(|column| column.name == key).ok_or_else(|| lacks(base, &key))?;
    let source = provenance(&data, &plan, base)?;
    behaviour::table((base, column, lists), &read, &behaviour, &[], source, report)
}

fn lacks(table: &Table, column: &str) -> crate::Error {
    let (file, columns) = (table.name.as_str().into(), vec![column.to_owned()]);
    DeployError::MissingColumn { file, columns }.into()
}

/// Rows as a table, read as a file of them would be.
fn table(name: &str, rows: ToldRows) -> crate::Result<Table> {
    let mut columns: Vec<String> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let mut numbers = std::collections::BTreeSet::new();
    for (column, cell) in rows.iter().flatten() {
        places.entry(column.clone()).or_insert_with(|| {
            columns.push(column.clone());
            columns.len() - 1
        });
        if matches!(cell, Given::Number(_)) {
            numbers.insert(column.clone());
        }
    }
    let refused = |cause: &dyn ToString| {
        let cause = std::io::Error::other(cause.to_string());
        crate::Error::from(CollectError::Read { file: name.into(), cause })
    };
    let mut out = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::NonNumeric).from_writer(Vec::new());
    out.write_record(&columns).map_err(|error| refused(&error))?;
    for row in rows {
        let mut cells = vec![String::new(); columns.len()];
        for (column, cell) in row {
            if let Some(place) = places.get(&column).and_then(|place| cells.get_mut(*place)) {
                *place = plain(&cell).map(std::borrow::Cow::into_owned).unwrap_or_default();
            }
        }
        out.write_record(&cells).map_err(|error| refused(&error))?;
    }
    let bytes = out.into_inner().map_err(|error| refused(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| refused(&error))?;
    let options = ReadOptions {
        separator: Some(','),
        header: Some(true),
        // Numbers of JSON have a point, however few they are.
        decimals: numbers.into_iter().map(|column| (column, number::Decimal::default())).collect(),
        ..ReadOptions::default()
    };
    let mut table = collect::from_text(name, &text, &options)?;
    table.name = name.to_owned();
    Ok(table)
}

/// The customers that the orders name.
fn named_in(tables: &[Table], key: &str) -> crate::Result<Table> {
    let orders = tables.iter().find(|table| table.name == ORDERS);
    let orders = orders.or_else(|| tables.iter().find(|table| table.name == LINES));
    let orders = orders.ok_or_else(|| {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        BehaviourError::NoOrders { tables: names.join(", ") }
    })?;
    let text = orders.text(key).ok_or_else(|| lacks(orders, key))?;
    let mut seen = std::collections::HashSet::new();
    let ids = text.iter().flatten().filter(|id| !missing::is_missing(id) && seen.insert(*id));
    table(CUSTOMERS, ids.map(|id| vec![(key.to_owned(), Given::Text(id.to_owned()))]).collect())
}

/// The customers' own dates are those that the model knows as such, whatever a few rows look like.
fn own_dates(bundle: &Bundle, table: &mut Table) -> crate::Result<()> {
    let schema = &bundle.recipe.schema;
    let names: Vec<(String, Role)> =
        table.columns.iter().map(|column| (column.name.clone(), column.role)).collect();
    for (name, role) in names {
        let days = format!("{name}: days before");
        let is_date = schema.iter().any(|spec| spec.name == days);
        if is_date != (role == Role::Date) {
            let other = schema.iter().find(|spec| spec.name == name).map_or(Role::Ignore, |spec| spec.role);
            collect::set_role(table, &name, if is_date { Role::Date } else { other })?;
        }
    }
    Ok(())
}

/// The column that dates a table's rows: one that is a date, else the first in which every cell reads as one.
fn dated(at: usize, table: &mut Table) -> crate::Result<Option<Dated>> {
    let found = table.with_role(Role::Date).map(|column| column.name.clone());
    let reads = |name: &&String| {
        let cells = || table.text(name).into_iter().flat_map(|text| text.iter().flatten());
        cells().next().is_some() && cells().all(|cell| date::parse(cell, date::Order::default()).is_some())
    };
    let all: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let Some(column) = found.or_else(|| all.iter().find(reads).cloned()) else { return Ok(None) };
    if table.columns.iter().any(|own| own.name == column && own.role != Role::Date) {
        collect::set_role(table, &column, Role::Date)?;
    }
    Ok(Some(Dated { table: TableRef { at, name: table.name.clone() }, column }))
}

/// How the tables hang together: everything leads to the customer by its key, lines by their order where
/// orders are told, and products are looked up where their category was learnt from.
fn plan(data: &Dataset, fitted: &FittedBehaviour, key: &str, dates: Vec<Dated>) -> crate::Result<Plan> {
    let find = |name: &str| {
        let at = data.tables.iter().position(|table| table.name == name)?;
        Some((TableRef { at, name: name.to_owned() }, data.tables.get(at)?))
    };
    let kept = |what: &str| fitted.columns.as_ref().and_then(|columns| columns.get(what)).cloned();
    let customers = TableRef { at: 0, name: CUSTOMERS.to_owned() };
    let to_customer = Hop { from_column: key.to_owned(), to: customers.clone(), to_column: key.to_owned() };
    let mut sources = Vec::new();
    for name in [ORDERS, LINES, EVENTS, FEEDBACK] {
        let Some((table, own)) = find(name) else { continue };
        let order = kept("sales.order").filter(|order| name == LINES && own.position(order).is_some());
        let up = match (order, find(ORDERS)) {
            (Some(order), Some((orders, _))) => {
                vec![Hop { from_column: order.clone(), to: orders, to_column: order }, to_customer.clone()]
            }
            _ if own.position(key).is_none() => return Err(lacks(own, key)),
            _ => vec![to_customer.clone()],
        };
        sources.push(Source { table, up });
    }
    let mut columns = Vec::new();
    for (part, name) in [("sales", ORDERS), ("sales", LINES), ("lines", LINES)] {
        let product = kept(&format!("{part}.product"));
        let category = kept(&format!("{part}.category_of_products"));
        let (Some(product), Some(category), Some((table, _)), Some((products, list))) =
            (product, category, find(name), find(PRODUCTS))
        else {
            continue;
        };
        let first = list.columns.first().map(|column| column.name.clone());
        let named = list.position(&product).and_then(|at| list.columns.get(at)).map(|c| c.name.clone());
        let Some(to_column) = named.or(first) else { continue };
        columns.push(PlannedColumn {
            name: category.clone(),
            table,
            via: vec![Hop { from_column: product, to: products, to_column }],
            column: Some(category),
            function: Function::Joined,
            on: true,
        });
    }
    let apart = Vec::new();
    Ok(Plan { customers, key: key.to_owned(), per_key: false, sources, dates, columns, apart, as_of: None })
}
