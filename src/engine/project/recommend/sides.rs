//! What other tables tell of products and customers: title, category, stock, margin, consent.

use std::collections::HashMap;

use crate::collect::relate::{Said, TableKind, key_name, kind, value};
use crate::detect::{number, truth, words};
use crate::recommend::{Interactions, Sides};
use crate::table::{Column, Dataset, Table};

pub(super) const STOCK: (&[&str], &[&str]) = (&["stock", "inventory", "available"], &["库存"]);
const PRICE: (&[&str], &[&str]) = (&["price"], &["单价", "售价", "价格"]);
pub(super) const COST: (&[&str], &[&str]) = (&["cost"], &["成本", "进价"]);
pub(super) const MARGIN: (&[&str], &[&str]) = (&["margin"], &["毛利"]);
pub(super) const CATEGORY: (&[&str], &[&str]) =
    (&["category", "department", "genre", "class", "aisle", "section"], &["类别", "类目", "品类", "分类"]);
const CONSENT: (&[&str], &[&str]) =
    (&["consent", "newsletter", "optin", "opt", "subscribed", "marketing"], &["同意", "订阅"]);

/// True if a column goes by one of these words, or its name holds one of these parts.
pub(super) fn is_named(column: &Column, (list, parts): (&[&str], &[&str])) -> bool {
    let name = bare(&column.name);
    words::tokens(name).iter().any(|word| list.contains(&word.as_str()))
        || parts.iter().any(|part| name.contains(part))
}

fn named<'a>(table: &'a Table, list: (&[&str], &[&str])) -> Option<&'a Column> {
    table.columns.iter().find(|column| is_named(column, list))
}

/// The column that names the things of a table.
pub(super) fn key_column<'a>(table: &'a Table, thing: &str) -> Option<&'a Column> {
    let key = |said: Said| {
        table
            .columns
            .iter()
            .find(|c| key_name(&c.name).is_some_and(|key| key.thing == thing && key.said == said))
    };
    key(Said::Key).or_else(|| key(Said::Bare)).or_else(|| {
        let generic = |c: &&Column| key_name(&c.name).is_some_and(|key| key.said == Said::Generic);
        table.columns.iter().find(generic)
    })
}

/// The rows of the things that are asked for.
fn rows_of(table: &Table, thing: &str, names: &[String]) -> Option<Vec<Option<usize>>> {
    let column = key_column(table, thing)?;
    let text = table.text(&column.name)?;
    let mut rows: HashMap<&str, usize> = HashMap::new();
    for (row, cell) in text.iter().enumerate() {
        if let Some(cell) = value(column, cell) {
            rows.entry(cell.trim()).or_insert(row);
        }
    }
    Some(names.iter().map(|name| rows.get(name.trim()).copied()).collect())
}

pub(super) fn cells(table: &Table, column: &Column, rows: &[Option<usize>]) -> Vec<Option<String>> {
    let text = table.text(&column.name);
    let of = |row: &Option<usize>| value(column, text?.get((*row)?)).map(|cell| cell.trim().to_owned());
    rows.iter().map(of).collect()
}

pub(super) fn numbers(table: &Table, column: Option<&Column>, rows: &[Option<usize>]) -> Vec<Option<f64>> {
    let Some(column) = column else { return Vec::new() };
    let parse = |cell: Option<String>| number::parse(&cell?, column.decimal).filter(|n| n.is_finite());
    cells(table, column, rows).into_iter().map(parse).collect()
}

pub(super) fn of_kind(data: &Dataset, wanted: TableKind) -> Option<&Table> {
    data.tables.iter().filter(|table| kind(table).0 == wanted).max_by_key(|table| table.height())
}

/// Products under their titles, where the list of products has titles beside their numbers and each
/// title is of one product.
pub(super) fn titled(data: &Dataset, mut all: Interactions) -> Interactions {
    let Some(table) = of_kind(data, TableKind::Products) else { return all };
    let title = table.columns.iter().find(|column| crate::collect::relate::is_title(bare(&column.name)));
    let (Some(title), Some(rows)) = (title, rows_of(table, "product", &all.items)) else { return all };
    let mut seen = std::collections::HashSet::new();
    let titles = cells(table, title, &rows);
    if titles.iter().flatten().all(|title| seen.insert(title.as_str())) {
        for (item, title) in all.items.iter_mut().zip(&titles) {
            if let Some(title) = title {
                item.clone_from(title);
            }
        }
    }
    all
}

pub(super) fn bare(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

/// The rows of the events' products in the list of products, and whether they go by their titles there.
pub(super) fn product_rows(table: &Table, all: &Interactions) -> Option<(Vec<Option<usize>>, bool)> {
    let by_key = rows_of(table, "product", &all.items);
    if let Some(rows) = by_key.filter(|rows| rows.iter().any(Option::is_some)) {
        return Some((rows, false));
    }
    let title = table.columns.iter().find(|c| crate::collect::relate::is_title(bare(&c.name)))?;
    let text = table.text(&title.name)?;
    let places: HashMap<&str, usize> =
        text.iter().enumerate().filter_map(|(row, cell)| Some((cell?.trim(), row))).collect();
    Some((all.items.iter().map(|name| places.get(name.as_str()).copied()).collect(), true))
}

/// What is known of the products and customers of events.
pub(super) fn of(data: &Dataset, all: &Interactions) -> Sides {
    let mut out = Sides::default();
    if let Some(table) = of_kind(data, TableKind::Products)
        && let Some((rows, _)) = product_rows(table, all)
    {
        products(table, &rows, &mut out);
    }
    let consent =
        data.tables.iter().filter(|table| kind(table).0 == TableKind::Customers).find_map(|table| {
            let column = named(table, CONSENT)?;
            let rows = rows_of(table, "customer", &all.customers)?;
            let read = |cell: Option<String>| cell.and_then(|cell| truth::truth(&cell));
            Some(cells(table, column, &rows).into_iter().map(read).collect::<Vec<_>>())
        });
    out.consent = consent.unwrap_or_default();
    out.facts = super::facts::of(data, all);
    out
}

fn products(table: &Table, rows: &[Option<usize>], out: &mut Sides) {
    out.stock = numbers(table, named(table, STOCK), rows);
    let price = numbers(table, named(table, PRICE), rows);
    let cost = numbers(table, named(table, COST), rows);
    out.margin = match named(table, MARGIN) {
        Some(column) => numbers(table, Some(column), rows),
        None => {
            let share = |(price, cost): (&Option<f64>, &Option<f64>)| match (price, cost) {
                (Some(price), Some(cost)) if *price > 0.0 => Some((price - cost) / price),
                _ => None,
            };
            price.iter().zip(&cost).map(share).collect()
        }
    };
    if let Some(column) = named(table, CATEGORY) {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        for cell in cells(table, column, rows) {
            let number = cell.map(|cell| {
                let next = out.categories.len() as u32;
                *numbers.entry(cell.clone()).or_insert_with(|| {
                    out.categories.push(cell);
                    next
                })
            });
            out.category.push(number);
        }
    }
}
