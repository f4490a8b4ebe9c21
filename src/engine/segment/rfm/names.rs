//! What columns of a table of customers are called, and the classes that have words.

use super::RfmColumns;
use crate::detect::words;
use crate::table::{ColumnSpec, Role};

/// Classes that the catalogue has words for; any other name stands for itself.
pub const KNOWN: [&str; 11] = [
    "champions",
    "loyal",
    "potential_loyalists",
    "new_customers",
    "promising",
    "need_attention",
    "about_to_sleep",
    "cannot_lose",
    "at_risk",
    "lost",
    "hibernating",
];

fn has(name: &str, whole: &[&str], parts: &[&str]) -> bool {
    words::named(name, whole, parts)
}

/// The columns that tell recency, frequency and money, by name and role; `None` where none does.
pub fn guess(schema: &[ColumnSpec]) -> RfmColumns {
    let columns = |test: &dyn Fn(&ColumnSpec) -> bool| {
        schema.iter().find(|spec| test(spec)).map(|spec| spec.name.clone())
    };
    let last = |name: &str| has(name, &["last", "latest", "recent"], &["最近", "最后", "上次", "末次"]);
    let buys = |name: &str| {
        has(
            name,
            &["order", "orders", "purchase", "purchases", "buy", "transaction", "transactions", "visit"],
            &["订单", "购买", "消费", "下单", "交易"],
        )
    };
    let recency = columns(&|spec| {
        let name = spec.name.as_str();
        let said = has(name, &["recency", "silent", "inactive"], &["未购", "未消费", "recency"]);
        let since = has(name, &["since"], &["距"]) && (last(name) || buys(name));
        spec.role.is_numeric() && (said || since)
    });
    let recency = recency.or_else(|| {
        columns(&|spec| spec.role == Role::Date && last(&spec.name) && buys(&spec.name))
            .or_else(|| columns(&|spec| spec.role == Role::Date && last(&spec.name)))
    });
    let number = |spec: &ColumnSpec| spec.role == Role::Number;
    let frequency =
        columns(&|spec| number(spec) && has(&spec.name, &["frequency", "freq"], &["频次", "频率"])).or_else(
            || {
                let many = |name: &str| {
                    has(
                        name,
                        &["orders", "purchases", "transactions", "numorders", "ordercount"],
                        &["订单数", "购买次数", "消费次数", "下单次数", "交易次数", "订单量"],
                    )
                };
                columns(&|spec| number(spec) && many(&spec.name) && !last(&spec.name))
            },
        );
    let sum = |name: &str| {
        has(
            name,
            &["monetary", "total", "spend", "spent", "revenue", "turnover"],
            &["累计", "总额", "总消费", "消费金额", "金额"],
        )
    };
    let is_money = |spec: &ColumnSpec| {
        spec.role == Role::Money || spec.role == Role::Number && words::is_money_name(&spec.name)
    };
    let money = columns(&|spec| is_money(spec) && sum(&spec.name))
        .or_else(|| columns(&|spec| spec.role == Role::Number && has(&spec.name, &["monetary"], &[])))
        .or_else(|| columns(&is_money));
    RfmColumns { recency, frequency, money }
}
