//! Names of columns as people say them: `orders_30d` is "orders in the last 30 days".

use super::Lang;

/// What is counted in a stretch of time, with the catalogue's word for it.
const COUNTED: [(&str, &str); 4] = [
    ("orders", "column.orders"),
    ("spent", "column.spent"),
    ("events", "column.events"),
    ("visits", "column.visits"),
];

/// A column's name as people say it: windows and trends of days in words, other names with blanks for
/// underscores. A name that already reads well stays as it is.
pub fn column_name(lang: Lang, column: &str) -> String {
    let told = |head: &str, days: &str, key: &str| {
        let what = match COUNTED.iter().find(|(name, _)| *name == head) {
            Some((_, key)) => lang.t(key),
            None => plain(head),
        };
        lang.with(key, &[("what", what), ("days", days.to_owned())])
    };
    let is_days = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((head, tail)) = column.split_once(": ")
        && let Some(middle) = tail.strip_suffix(" days")
    {
        for (before, key) in [("last ", "column.window"), ("trend ", "column.trend")] {
            if let Some(days) = middle.strip_prefix(before).filter(|days| is_days(days)) {
                return told(head, days, key);
            }
        }
    }
    if let Some((head, days)) = column.rsplit_once('_')
        && let Some(days) = days.strip_suffix('d').filter(|days| is_days(days))
        && !head.is_empty()
    {
        return told(head, days, "column.window");
    }
    plain(column)
}

fn plain(column: &str) -> String {
    let told = column.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if told.is_empty() { column.to_owned() } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_as_people_say_them() {
        let en = |name: &str| column_name(Lang::En, name);
        assert_eq!(en("orders_30d"), "orders in the last 30 days");
        assert_eq!(en("orders: last 90 days"), "orders in the last 90 days");
        assert_eq!(en("web_logins_7d"), "web logins in the last 7 days");
        assert_eq!(en("spent: trend 30 days"), "trend of money spent over 30 days");
        assert_eq!(en("days_since_last_order"), "days since last order");
        assert_eq!(en("orders: median gap"), "orders: median gap");
        assert_eq!(en("TotalCharges"), "TotalCharges");
        assert_eq!(
            (en("_").as_str(), en("_30d").as_str(), en("mod_3d").as_str()),
            ("_", "30d", "mod in the last 3 days")
        );
        assert_eq!(column_name(Lang::Zh, "orders_30d"), "近 30 天的订单数");
        assert_eq!(column_name(Lang::Zh, "城市_等级"), "城市 等级");
    }
}
