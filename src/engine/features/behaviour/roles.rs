//! Which column of a table of orders, events or opinions says what, by its name and what it holds.

use crate::collect::relate::{Said, TableKind, key_name, kind};
use crate::detect::{truth, words};
use crate::table::{Column, Dataset, Role, Table, ValueType};

const PRICE: (&[&str], &[&str]) = (&["price", "unitprice"], &["单价"]);
const TOTAL: (&[&str], &[&str]) = (
    &["total", "amount", "revenue", "sales", "value", "paid", "spend", "turnover", "sum"],
    &["金额", "总价", "总额", "实付", "销售额"],
);
const QUANTITY: (&[&str], &[&str]) =
    (&["quantity", "qty", "pieces", "units", "menge", "counts"], &["数量", "件数"]);
const CATEGORY: (&[&str], &[&str]) =
    (&["category", "department", "genre", "aisle", "section"], &["类别", "类目", "品类", "分类"]);
const CHANNEL: (&[&str], &[&str]) =
    (&["channel", "platform", "medium", "store", "branch"], &["渠道", "平台", "门店"]);
const DISCOUNT: (&[&str], &[&str]) =
    (&["discount", "discounted", "coupon", "promo", "promotion", "rebate"], &["折扣", "优惠", "券"]);
const RETURN: (&[&str], &[&str]) = (
    &["return", "returned", "refund", "refunded", "cancelled", "canceled", "status"],
    &["退款", "退货", "状态"],
);
const RETURNED: [&str; 7] = ["return", "refund", "cancel", "storno", "退款", "退货", "取消"];
const KIND: (&[&str], &[&str]) = (
    &["event", "type", "action", "page", "kind", "behavior", "behaviour"],
    &["类型", "页面", "行为", "事件"],
);
const RATING: (&[&str], &[&str]) =
    (&["rating", "score", "stars", "star", "satisfaction", "nps"], &["评分", "星级", "满意度", "打分"]);

fn named(name: &str, (words, parts): (&[&str], &[&str])) -> bool {
    words::tokens(name).iter().any(|word| words.contains(&word.as_str()))
        || parts.iter().any(|part| name.contains(part))
}

fn is_number(column: &Column) -> bool {
    matches!(column.value_type, ValueType::Integer | ValueType::Number)
        && matches!(column.role, Role::Number | Role::Money | Role::Category)
}

fn is_level(column: &Column) -> bool {
    column.distinct > 0
        && column.role != Role::Contact
        && matches!(column.value_type, ValueType::Text | ValueType::Boolean | ValueType::Integer)
}

/// The columns of a table that tell something of an order. Columns are places in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct SalesRoles<'a> {
    pub order: Option<&'a Column>,
    pub amount: Option<&'a Column>,
    /// Where no amount is given: it is the price times the quantity.
    pub price: Option<&'a Column>,
    pub quantity: Option<&'a Column>,
    pub product: Option<&'a Column>,
    pub category: Option<&'a Column>,
    pub channel: Option<&'a Column>,
    pub discount: Option<&'a Column>,
    pub returned: Option<&'a Column>,
}

/// Finds them. `key` is the column that names the customer.
pub(super) fn of_sales<'a>(table: &'a Table, key: &str) -> SalesRoles<'a> {
    let columns = || table.columns.iter().filter(|column| column.name != key && column.distinct > 0);
    let thing = |thing: &str, said: Said| {
        columns().find(|c| key_name(&c.name).is_some_and(|key| key.thing == thing && key.said == said))
    };
    let is_price = |c: &&Column| named(&c.name, PRICE) && is_number(c);
    let is_discount = |c: &&Column| named(&c.name, DISCOUNT);
    let money = || {
        columns()
            .filter(|c| is_number(c) && !is_price(c) && !is_discount(c))
            .filter(|c| c.role == Role::Money || words::is_money_name(&c.name))
    };
    let numbered = |column: &&Column| {
        let words = words::tokens(&column.name);
        let counted = matches!(words.as_slice(), [number, of, ..] if number == "number" && of == "of");
        is_number(column) && (counted || named(&column.name, QUANTITY))
    };
    let level = |names: (&'static [&'static str], &'static [&'static str])| {
        columns().find(|c| is_level(c) && named(&c.name, names) && key_name(&c.name).is_none())
    };
    SalesRoles {
        order: thing("order", Said::Key).or_else(|| thing("order", Said::Bare)),
        amount: money().find(|c| named(&c.name, TOTAL)).or_else(|| money().next()),
        price: columns().find(is_price),
        quantity: columns().find(numbered),
        product: thing("product", Said::Key).or_else(|| thing("product", Said::Bare)),
        category: level(CATEGORY),
        channel: level(CHANNEL),
        discount: columns().find(is_discount),
        returned: columns().find(|c| named(&c.name, RETURN) && says_returned(c)),
    }
}

/// True for a column that says by its name that it may tell of returns.
pub(super) fn may_say_returned(column: &Column) -> bool {
    named(&column.name, RETURN)
}

/// True for a yes/no column called after returns, and for a state of which one level is one.
fn says_returned(column: &Column) -> bool {
    let yes_no = truth::yes_no_levels(&column.levels).is_some();
    let flag = yes_no && !named(&column.name, (&["status"], &["状态"]));
    flag || column.levels.iter().any(|(level, _)| is_returned_level(level))
}

/// True for `returned`, `Refund`, `退货`.
pub(super) fn is_returned_level(level: &str) -> bool {
    let level = level.to_lowercase();
    RETURNED.iter().any(|part| level.contains(part))
}

/// A category of the products that orders name.
pub(super) fn is_category(column: &Column) -> bool {
    is_level(column) && named(&column.name, CATEGORY) && key_name(&column.name).is_none()
}

/// What kind of event a row is: by name, else the first category.
pub(super) fn event_kind<'a>(table: &'a Table, key: &str) -> Option<&'a Column> {
    let columns = || table.columns.iter().filter(|c| c.name != key && c.distinct > 1);
    columns()
        .find(|c| is_level(c) && named(&c.name, KIND) && key_name(&c.name).is_none())
        .or_else(|| columns().find(|c| c.role == Role::Category && c.value_type == ValueType::Text))
}

/// The marks that customers gave.
pub(super) fn rating<'a>(table: &'a Table, key: &str) -> Option<&'a Column> {
    table.columns.iter().find(|c| c.name != key && is_number(c) && named(&c.name, RATING))
}

/// True for a table whose rows could be purchases although its name does not say so: dated, with money.
pub(super) fn sells(table: &Table) -> bool {
    let roles = of_sales(table, "");
    roles.amount.is_some() || roles.price.is_some() && roles.quantity.is_some()
}

/// True where one of the tables may hold dated orders: a question over time could be asked of them.
pub fn could_ask(data: &Dataset) -> bool {
    let dated = |table: &Table| table.columns.iter().any(|column| column.role == Role::Date);
    data.tables.iter().any(|table| match kind(table).0 {
        TableKind::Orders => dated(table),
        // The day of a line may stand in the order that it names.
        TableKind::OrderLines => data.tables.iter().any(dated),
        TableKind::Events | TableKind::Other => dated(table) && sells(table),
        _ => false,
    })
}
