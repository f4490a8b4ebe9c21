//! What the list of products tells of each, for products that none or few took: category, price, name,
//! description. Products that nobody took are in it too.

use std::collections::HashSet;

use super::sides::{
    CATEGORY, COST, MARGIN, STOCK, bare, cells, is_named, key_column, numbers, of_kind, product_rows,
};
use crate::collect::relate::{Said, TableKind, is_title, key_name, value};
use crate::recommend::Interactions;
use crate::recommend::fresh::{Cells, Fact, Facts};
use crate::table::{Column, Dataset, Role, Table};

/// Signs between the values of one cell.
const BETWEEN: [char; 7] = ['|', ';', ',', '/', '，', '、', '；'];

/// Reads them; nothing where there is no list of products.
pub(super) fn of(data: &Dataset, all: &Interactions) -> Facts {
    let Some(table) = of_kind(data, TableKind::Products) else { return Facts::default() };
    let Some((rows, by_title)) = product_rows(table, all) else { return Facts::default() };
    let key = key_column(table, "product");
    let named = match by_title {
        true => table.columns.iter().find(|column| is_title(bare(&column.name))),
        false => key,
    };
    let mut names = all.items.clone();
    let mut places = rows;
    let taken: HashSet<usize> = places.iter().flatten().copied().collect();
    let mut known: HashSet<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(column) = named
        && let Some(text) = table.text(&column.name)
    {
        for (row, cell) in text.iter().enumerate().filter(|(row, _)| !taken.contains(row)) {
            let name = value(column, cell).map(str::trim).unwrap_or_default();
            if !name.is_empty() && known.insert(name.to_owned()) {
                names.push(name.to_owned());
                places.push(Some(row));
            }
        }
    }
    let facts = table.columns.iter().filter_map(|column| fact(table, column, key, &places)).collect();
    Facts { names, facts }
}

fn fact(table: &Table, column: &Column, key: Option<&Column>, rows: &[Option<usize>]) -> Option<Fact> {
    let is_key = key.is_some_and(|key| key.name == column.name);
    // A product that goes by its name is told of by it; a number tells nothing.
    let is_name = is_title(bare(&column.name))
        || is_key && key_name(&column.name).is_some_and(|key| key.said == Said::Bare);
    let is_other = [STOCK, COST, MARGIN].iter().any(|list| is_named(column, *list));
    if is_other || is_key && !is_name {
        return None;
    }
    let text = || cells(table, column, rows).into_iter();
    let read = match column.role {
        _ if is_named(column, CATEGORY) => Cells::Words(text().map(|cell| split(column, cell)).collect()),
        _ if is_name => Cells::Texts(text().map(Option::unwrap_or_default).collect()),
        Role::Category => Cells::Words(text().map(|cell| split(column, cell)).collect()),
        Role::Number | Role::Money => Cells::Numbers(numbers(table, Some(column), rows)),
        Role::Text => Cells::Texts(text().map(Option::unwrap_or_default).collect()),
        Role::Id | Role::Target | Role::Date | Role::Contact | Role::Ignore => return None,
    };
    Some(Fact { name: column.name.clone(), cells: read })
}

/// The values of a cell; RecBole parts those of a `token_seq` by blanks.
fn split(column: &Column, cell: Option<String>) -> Vec<String> {
    let is_sequence = column.name.ends_with(":token_seq");
    let between = |sign: char| BETWEEN.contains(&sign) || is_sequence && sign.is_whitespace();
    let cell = cell.unwrap_or_default().to_lowercase();
    cell.split(between).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
