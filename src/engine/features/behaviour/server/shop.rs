//! Where a shop's books lie: which table holds the sales, the visits, the opinions and the list of
//! customers, and which column tells what. Found from the first rows of each table and the server's types.

use super::PushError;
use super::dialect::Field;
use crate::collect::combine::{currency, event_date};
use crate::collect::database::{Form, TableName, Typed};
use crate::collect::relate::{Said, TableKind, key_name, kind};
use crate::features::behaviour::BehaviourError;
use crate::features::behaviour::columns::Columns;
use crate::features::behaviour::fitted::FittedBehaviour;
use crate::features::behaviour::roles;
use crate::table::{Column, Role, Table};

/// A table of the server: its first rows, profiled, and its columns as the server knows them.
#[derive(Debug, Clone)]
pub struct Head {
    pub name: TableName,
    pub table: Table,
    pub columns: Vec<Typed>,
    /// Rows, as far as known.
    pub rows: u64,
}

/// Rows that happened to customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dated {
    pub table: TableName,
    pub key: Field,
    pub day: Field,
    /// What orders the rows as reading the table does: its primary key.
    pub row: Option<Field>,
}

/// How a column says that a row takes something back, or was sold at a discount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flag {
    /// A yes/no or a number other than 0.
    Set(Field),
    /// One of these values.
    Among(Field, Vec<String>),
}

/// A table of orders or their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sales {
    pub rows: Dated,
    pub order: Option<Field>,
    pub amount: Option<Field>,
    pub price: Option<Field>,
    pub quantity: Option<Field>,
    pub product: Option<Field>,
    pub category: Option<Field>,
    pub channel: Option<Field>,
    pub discount: Option<Flag>,
    pub returned: Option<Flag>,
    /// The column of the currency, and the one that counts.
    pub currency: Option<(Field, String)>,
}

/// Everything that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    pub(super) sales: Sales,
    pub(super) events: Option<(Dated, Option<Field>)>,
    pub(super) feedback: Option<(Dated, Option<Field>)>,
    /// The table that lists the customers, its key, and what orders its rows.
    pub(super) customers: Option<(TableName, Field, Option<Field>)>,
    /// What the key is called.
    pub(super) key: String,
    /// Which column tells what, as a model keeps it.
    pub(super) columns: Columns,
    /// Lines stand in a table of their own, which is not read: nothing is known of baskets.
    pub(super) lines_apart: bool,
    /// What tables are there for and is not worked out, by the name of its note.
    pub(super) left: Vec<(&'static str, String)>,
}

/// The different values of a column of few, with their rows, most frequent first.
pub(super) type Levels = Vec<(String, u64)>;

/// Finds them. `levels` gives the different values of a table's column.
pub(super) fn find(
    heads: &mut [Head],
    mut levels: impl FnMut(&TableName, &Field) -> crate::Result<Levels>,
) -> crate::Result<Shop> {
    // The first rows may not hold a single return: the server tells all states that there are.
    for head in heads.iter_mut() {
        let (name, columns) = (head.name.clone(), head.columns.clone());
        for column in head.table.columns.iter_mut().filter(|column| roles::may_say_returned(column)) {
            if let Some(field) = field(&columns, column).filter(few) {
                column.levels = levels(&name, &field)?;
                column.distinct = column.levels.len() as u64;
            }
        }
    }
    let kinds: Vec<TableKind> = heads.iter().map(|head| kind(&head.table).0).collect();
    let dated = |head: &Head| customer_key(&head.table, false).is_some() && event_date(&head.table).is_some();
    let longest = |wanted: &[TableKind], test: &dyn Fn(&Head) -> bool| {
        let places = (0..heads.len()).filter(|at| {
            let (Some(head), Some(kind)) = (heads.get(*at), kinds.get(*at)) else { return false };
            wanted.contains(kind) && dated(head) && test(head)
        });
        places.max_by_key(|at| heads.get(*at).map_or(0, |head| head.rows))
    };
    let any = |_: &Head| true;
    let orders = longest(&[TableKind::Orders], &any);
    let lines = longest(&[TableKind::OrderLines], &any);
    let sells = |head: &Head| roles::sells(&head.table);
    let sales = orders.or(lines).or_else(|| longest(&[TableKind::Events, TableKind::Other], &sells));
    let Some((at, sold)) = sales.and_then(|at| Some((at, heads.get(at)?))) else {
        let names: Vec<String> = heads.iter().map(|head| head.name.to_string()).take(10).collect();
        return Err(BehaviourError::NoOrders { tables: names.join(", ") }.into());
    };
    let other = |place: &usize| *place != at;
    let head_at = |place: Option<usize>| place.filter(other).and_then(|place| heads.get(place));
    let events = head_at(longest(&[TableKind::Events], &any));
    let feedback = head_at(longest(&[TableKind::Feedback], &any));
    let listing = (0..heads.len())
        .filter(|place| kinds.get(*place) == Some(&TableKind::Customers) && other(place))
        .filter_map(|place| heads.get(place))
        .find(|head| customer_key(&head.table, true).is_some());

    let mut left: Vec<(&'static str, String)> = Vec::new();
    let mut leave = |code, head: &Head| left.push((code, head.name.to_string()));
    for (head, kind) in heads.iter().zip(&kinds) {
        match kind {
            TableKind::OrderLines if head.name != sold.name => leave("push_left_lines", head),
            TableKind::Products => leave("push_left_products", head),
            TableKind::Customers => leave("push_left_own", head),
            _ => {}
        }
    }
    leave("push_left_history", sold);
    let lines_apart = left.iter().any(|(code, _)| *code == "push_left_lines");
    let mut columns = Columns::new();
    let mut sales = sales_of(sold, &mut columns, &mut levels)?;
    if lines_apart {
        (sales.product, sales.category, sales.quantity) =
            (None, None, sales.quantity.filter(|_| sales.amount.is_none()));
    }
    if sales.rows.row.is_none() {
        left.push(("push_left_ties", sold.name.to_string()));
    }
    let noted = |columns: &mut Columns, what: &str, found: Option<&Column>| {
        if let Some(column) = found {
            columns.insert(what.to_owned(), column.name.clone());
        }
    };
    let events = events.map(|head| -> crate::Result<_> {
        let rows = rows_of(head)?;
        let kind = roles::event_kind(&head.table, &rows.key.name);
        noted(&mut columns, "events.kind", kind);
        Ok((rows, kind.and_then(|column| field(&head.columns, column))))
    });
    let events = events.transpose()?;
    let feedback = feedback.map(|head| -> crate::Result<_> {
        let rows = rows_of(head)?;
        let rating = roles::rating(&head.table, &rows.key.name);
        noted(&mut columns, "feedback.rating", rating);
        Ok((rows, rating.map(|column| number(head, column)).transpose()?))
    });
    let feedback = feedback.transpose()?;
    let customers = listing.and_then(|head| {
        let key = customer_key(&head.table, true)?;
        Some((head.name.clone(), field(&head.columns, key)?, row_of(head)))
    });
    let key = customers.as_ref().map_or(&sales.rows.key, |(_, key, _)| key).name.clone();
    Ok(Shop { sales, events, feedback, customers, key, columns, lines_apart, left })
}

impl Shop {
    /// The same as a model has learnt from it: what told nothing then tells nothing now.
    ///
    /// # Errors
    /// A column that was learnt from and is not what tells it here.
    pub(super) fn kept(&self, fitted: &FittedBehaviour) -> Result<Self, BehaviourError> {
        let mut shop = self.clone();
        let Some(kept) = &fitted.columns else { return Ok(shop) };
        let table = || self.sales.rows.table.to_string();
        for (what, name) in kept {
            let here = self.columns.get(what);
            if here != Some(name) && what != "sales.currency that counts" {
                return Err(BehaviourError::NoKeptColumn { table: table(), column: name.clone() });
            }
        }
        let has = |what: &str| kept.contains_key(what);
        let sales = &mut shop.sales;
        let told = [
            ("sales.order", &mut sales.order),
            ("sales.amount", &mut sales.amount),
            ("sales.price", &mut sales.price),
            ("sales.quantity", &mut sales.quantity),
            ("sales.product", &mut sales.product),
            ("sales.category", &mut sales.category),
            ("sales.channel", &mut sales.channel),
        ];
        for (what, field) in told {
            field.take_if(|_| !has(what));
        }
        sales.discount.take_if(|_| !has("sales.discount"));
        sales.returned.take_if(|_| !has("sales.returned"));
        sales.currency.take_if(|_| !has("sales.currency"));
        if let (Some((_, most)), Some(counts)) = (&mut sales.currency, kept.get("sales.currency that counts"))
        {
            most.clone_from(counts);
        }
        Ok(shop)
    }
}

/// Values that can be told one by one.
fn few(field: &Field) -> bool {
    matches!(field.form, Form::Text | Form::Truth | Form::Whole)
}

fn field(columns: &[Typed], column: &Column) -> Option<Field> {
    let typed = columns.iter().find(|typed| typed.name == column.name)?;
    Some(Field { name: typed.name.clone(), form: typed.form, keep_na: column.keep_na })
}

/// The column that says whose a row is; `lists` where the table lists the customers.
fn customer_key(table: &Table, lists: bool) -> Option<&Column> {
    let filled = || table.columns.iter().filter(|column| column.distinct > 0);
    let said = |said: Said, thing: &str| {
        filled().find(|c| key_name(&c.name).is_some_and(|key| key.said == said && key.thing == thing))
    };
    let reach = |thing| said(Said::Contact, thing).filter(|c| matches!(c.role, Role::Contact | Role::Id));
    said(Said::Key, "customer")
        .or_else(|| lists.then(|| said(Said::Generic, "")).flatten())
        .or_else(|| said(Said::Bare, "customer"))
        .or_else(|| reach("email"))
        .or_else(|| reach("phone"))
}

fn row_of(head: &Head) -> Option<Field> {
    let key = head.columns.iter().find(|typed| typed.is_key)?;
    let sorts = matches!(key.form, Form::Whole | Form::Number | Form::Day | Form::Moment | Form::ZonedMoment);
    sorts.then(|| Field { name: key.name.clone(), form: key.form, keep_na: false })
}

fn rows_of(head: &Head) -> crate::Result<Dated> {
    let table = head.name.to_string();
    let key = customer_key(&head.table, false).and_then(|column| field(&head.columns, column));
    let key = key.ok_or_else(|| PushError::NoCustomer { table: table.clone() })?;
    let no_date = || BehaviourError::NoDates { table: table.clone() };
    let day = event_date(&head.table).and_then(|column| field(&head.columns, column)).ok_or_else(no_date)?;
    if !matches!(day.form, Form::Day | Form::Moment | Form::ZonedMoment) {
        return Err(PushError::TextDate { table, column: day.name }.into());
    }
    Ok(Dated { table: head.name.clone(), key, day, row: row_of(head) })
}

/// A column that is added up.
fn number(head: &Head, column: &Column) -> Result<Field, PushError> {
    let wrong = || PushError::TextNumber { table: head.name.to_string(), column: column.name.clone() };
    let field = field(&head.columns, column).ok_or_else(wrong)?;
    match field.form {
        Form::Whole | Form::Number | Form::Single => Ok(field),
        _ => Err(wrong()),
    }
}

fn sales_of(
    head: &Head,
    columns: &mut Columns,
    levels: &mut impl FnMut(&TableName, &Field) -> crate::Result<Levels>,
) -> crate::Result<Sales> {
    let rows = rows_of(head)?;
    let found = roles::of_sales(&head.table, &rows.key.name);
    let mut note = |what: &str, column: Option<&Column>| {
        if let Some(column) = column {
            columns.insert(format!("sales.{what}"), column.name.clone());
        }
    };
    // A price counts only where no amount does.
    let price = found.price.filter(|_| found.amount.is_none());
    let told = [
        ("order", found.order),
        ("price", price),
        ("amount", found.amount),
        ("quantity", found.quantity),
        ("product", found.product),
        ("category", found.category),
        ("channel", found.channel),
        ("discount", found.discount),
        ("returned", found.returned),
    ];
    told.into_iter().for_each(|(what, column)| note(what, column));
    let plain = |column: Option<&Column>| column.and_then(|column| field(&head.columns, column));
    let numeric = |column: Option<&Column>| column.map(|column| number(head, column)).transpose();
    let mut flag = |column: &Column, says: &dyn Fn(&str) -> bool| -> crate::Result<Option<Flag>> {
        let Some(field) = field(&head.columns, column) else { return Ok(None) };
        if !matches!(field.form, Form::Text) {
            return Ok(Some(Flag::Set(field)));
        }
        let all = levels(&head.name, &field)?;
        let set = |text: &str| match crate::detect::number::parse(text, column.decimal) {
            Some(number) => number != 0.0,
            None => says(text),
        };
        let among = all.into_iter().map(|(text, _)| text).filter(|text| set(text)).collect();
        Ok(Some(Flag::Among(field, among)))
    };
    let yes = |text: &str| crate::detect::truth::truth(text) == Some(true);
    let discount = match found.discount {
        Some(column) => flag(column, &yes)?,
        None => None,
    };
    let mut how = None;
    let returned = match found.returned {
        Some(column) => {
            let is_yes_no = crate::detect::truth::yes_no_levels(&column.levels).is_some();
            how = Some(if is_yes_no { "yes or no" } else { "state" });
            match is_yes_no {
                true => flag(column, &yes)?,
                false => flag(column, &roles::is_returned_level)?,
            }
        }
        None => None,
    };
    let priced = found.amount.or(price);
    let currency = currency(&head.table, 1).filter(|_| priced.is_some());
    let currency = match currency.and_then(|column| Some((column, field(&head.columns, column)?))) {
        Some((column, field)) => {
            let most = levels(&head.name, &field)?.into_iter().next();
            most.map(|(most, _)| (column, field, most))
        }
        None => None,
    };
    if let Some(how) = how {
        columns.insert("sales.returned is".into(), how.into());
    }
    if let Some((column, _, most)) = &currency {
        columns.insert("sales.currency".into(), column.name.clone());
        columns.insert("sales.currency that counts".into(), most.clone());
    }
    Ok(Sales {
        rows,
        order: plain(found.order),
        amount: numeric(found.amount)?,
        price: numeric(price)?,
        quantity: numeric(found.quantity)?,
        product: plain(found.product),
        category: plain(found.category),
        channel: plain(found.channel),
        discount,
        returned,
        currency: currency.map(|(_, field, most)| (field, most)),
    })
}
