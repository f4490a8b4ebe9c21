//! What the names of columns and tables promise: which thing a key is of, and which thing a table
//! lists. Names alone link nothing; they only say which columns are worth comparing.

use crate::detect::words;
use crate::table::Table;

/// The words under which files write the three things of a shop, by their common name.
const THINGS: [(&str, &[&str], &[&str]); 3] = [
    (
        "customer",
        &[
            "customer",
            "cust",
            "client",
            "user",
            "member",
            "buyer",
            "shopper",
            "guest",
            "patron",
            "subscriber",
            "account",
            "consumer",
            "visitor",
        ],
        &["客户", "顾客", "会员", "用户", "买家", "客人"],
    ),
    (
        "order",
        &["order", "invoice", "bill", "receipt", "purchase", "sale"],
        &["订单", "账单", "发票", "小票", "销售单"],
    ),
    (
        "product",
        &["product", "item", "sku", "article", "goods", "dish", "dishes", "stock", "asin"],
        &["商品", "产品", "货品", "菜品", "单品"],
    ),
];
/// Words that say "identifier"; the second list only where the thing before it is known.
const ID_WORDS: [&str; 10] = ["id", "ids", "uuid", "guid", "key", "no", "nr", "ref", "number", "code"];
const ID_ENDS: [&str; 4] = ["id", "no", "nr", "num"];
const ID_PARTS: [&str; 8] = ["编号", "编码", "代码", "号码", "id", "号", "码", "key"];
/// Things whose numbers say nothing of any other table.
const NO_THING: [&str; 16] = [
    "row", "index", "line", "serial", "sequence", "zip", "postal", "post", "postcode", "area", "country",
    "house", "street", "currency", "language", "序",
];
/// Words of a table's name that say nothing of what it lists.
const NOISE: [&str; 18] = [
    "info", "data", "table", "list", "export", "csv", "txt", "tsv", "xlsx", "xls", "json", "jsonl",
    "parquet", "master", "all", "full", "new", "sheet",
];
const LINE_WORDS: [&str; 6] = ["line", "item", "detail", "position", "entry", "row"];
const LINE_PARTS: [&str; 3] = ["明细", "详情", "行"];

/// How plainly a column's name says that it holds keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// `customer_id`, `客户编号`: a thing and a word for identifier.
    Key,
    /// `customer`: only the thing.
    Bare,
    /// `id`: only the identifier; of the thing that the table lists.
    Generic,
    /// `email`, `phone`: a way to reach a person, which many files use as a key.
    Contact,
}

/// A column's name read as the name of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyName {
    /// The thing, by its common name; empty for [`Said::Generic`].
    pub thing: String,
    pub said: Said,
}

/// Reads a column's name as that of a key; `None` where it promises none.
pub(crate) fn key_name(column: &str) -> Option<KeyName> {
    // RecBole writes a type behind the name: `user_id:token`.
    let column = column.split(':').next().unwrap_or(column).trim();
    if let Some(thing) = contact(column) {
        return Some(KeyName { thing: thing.to_owned(), said: Said::Contact });
    }
    chinese_key(column).or_else(|| latin_key(column))
}

fn contact(column: &str) -> Option<&'static str> {
    let words = words::tokens(column);
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if any(&["email", "mail"]) || column.contains("邮箱") {
        Some("email")
    } else if any(&["phone", "telephone", "tel", "mobile"])
        || ["手机", "电话"].iter().any(|part| column.contains(part))
    {
        Some("phone")
    } else {
        None
    }
}

fn chinese_key(column: &str) -> Option<KeyName> {
    if column.is_ascii() {
        return None;
    }
    let key = |thing: &str, said| Some(KeyName { thing: thing.to_owned(), said });
    let bare: String = column.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    match bare.as_str() {
        "单号" => return key("order", Said::Key),
        "货号" => return key("product", Said::Key),
        "序号" => return None,
        _ => {}
    }
    for (thing, _, parts) in THINGS {
        for rest in parts.iter().filter_map(|part| bare.strip_prefix(part)) {
            match rest {
                "" => return key(thing, Said::Bare),
                rest if ID_PARTS.contains(&rest) => return key(thing, Said::Key),
                _ => {}
            }
        }
    }
    if ID_PARTS.contains(&bare.as_str()) {
        return key("", Said::Generic);
    }
    // Another thing with a plain word for identifier: 门店编号.
    let other = ["编号", "编码", "代码", "id"].iter().find_map(|part| bare.strip_suffix(part))?;
    key(other, Said::Key)
}

fn latin_key(column: &str) -> Option<KeyName> {
    let words: Vec<String> = words::tokens(column);
    let is_id = |word: &String| ID_WORDS.contains(&word.as_str());
    let rest: &[String] = match words.as_slice() {
        [] => return None,
        [word] if word == "sku" || word == "asin" => {
            return Some(KeyName { thing: "product".into(), said: Said::Key });
        }
        [word] if is_id(word) => {
            return Some(KeyName { thing: String::new(), said: Said::Generic });
        }
        [word] => {
            // `customerid`, `orderno`: glued.
            let glued = ID_ENDS.iter().find_map(|end| word.strip_suffix(end)).and_then(known);
            return match (glued, known(word)) {
                (Some(thing), _) => Some(KeyName { thing: thing.to_owned(), said: Said::Key }),
                (None, Some(thing)) => Some(KeyName { thing: thing.to_owned(), said: Said::Bare }),
                (None, None) => None,
            };
        }
        [rest @ .., last] if is_id(last) => rest,
        [first, rest @ ..] if first == "id" => rest,
        _ => return None,
    };
    let thing = rest.iter().map(|word| common(word)).collect::<Vec<_>>().join(" ");
    let nothing = rest.iter().any(|word| NO_THING.contains(&word.as_str()));
    (!nothing).then_some(KeyName { thing, said: Said::Key })
}

/// The common name of a word for one of the shop's things.
fn known(word: &str) -> Option<&'static str> {
    let single = singular(word);
    THINGS
        .iter()
        .find(|(_, words, _)| words.contains(&word) || words.contains(&single))
        .map(|(name, ..)| *name)
}

fn common(word: &str) -> String {
    known(word).map_or_else(|| singular(word).to_owned(), str::to_owned)
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(single) if word.len() > 3 && !single.ends_with('s') => single,
        _ => word,
    }
}

/// True for the things whose keys many tables share.
pub(super) fn is_known(thing: &str) -> bool {
    THINGS.iter().any(|(name, ..)| *name == thing)
}

/// A column that names a thing in words: `product name`, `名称`.
pub(crate) fn is_title(column: &str) -> bool {
    words::tokens(column).iter().any(|word| ["name", "title"].contains(&word.as_str()))
        || ["名称", "品名"].iter().any(|part| column.contains(part))
}

/// What a table's name says that it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableName {
    /// Its words, each by its common name.
    pub words: Vec<String>,
    /// The thing it lists, `order line` for the parts of orders; empty where nothing is said.
    pub thing: String,
    /// The name as it stands.
    pub text: String,
}

impl TableName {
    pub fn of(table: &Table) -> Self {
        // A part (a sheet, a nested list) names itself; its file names the whole collection.
        let text = match &table.source.part {
            // Of an answer of the web the part is a path in it.
            Some(part) if table.source.format != "http" => part.clone(),
            _ => {
                let file = table.source.file.file_name().unwrap_or_default().to_string_lossy();
                if file.starts_with(&table.name) { file.into_owned() } else { table.name.clone() }
            }
        };
        let raw = words::tokens(&text);
        let mut words: Vec<String> = raw.iter().map(|word| common(word)).collect();
        for (thing, _, parts) in THINGS {
            if parts.iter().any(|part| text.contains(part)) {
                words.push(thing.to_owned());
            }
        }
        let says_lines = raw.iter().any(|word| LINE_WORDS.contains(&singular(word)))
            || LINE_PARTS.iter().any(|part| text.contains(part));
        let thing = if says_lines && words.iter().any(|word| word == "order") {
            "order line".to_owned()
        } else {
            let named = words.iter().rev().find(|word| is_known(word));
            let last = words.iter().rev().find(|word| !NOISE.contains(&word.as_str()));
            named.or(last).cloned().unwrap_or_default()
        };
        Self { words, thing, text }
    }

    /// True if one of `list` is a word of the name, or one of `parts` stands in it.
    pub fn has(&self, list: &[&str], parts: &[&str]) -> bool {
        self.words.iter().any(|word| list.contains(&word.as_str()))
            || parts.iter().any(|part| self.text.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(column: &str) -> Option<(String, Said)> {
        key_name(column).map(|key| (key.thing, key.said))
    }

    #[test]
    fn names_of_keys() {
        for name in [
            "customer_id",
            "CustomerID",
            "Customer ID",
            "customerid",
            "user_id:token",
            "cust_no",
            "id_client",
            "客户编号",
            "会员号",
            "用户ID",
            "customers id",
        ] {
            assert_eq!(key(name), Some(("customer".into(), Said::Key)), "{name}");
        }
        assert_eq!(key("订单号"), Some(("order".into(), Said::Key)));
        assert_eq!(key("单号"), Some(("order".into(), Said::Key)));
        assert_eq!(key("StockCode"), Some(("product".into(), Said::Key)));
        assert_eq!(key("门店编号"), Some(("门店".into(), Said::Key)));
        assert_eq!(key("order_item_id"), Some(("order product".into(), Said::Key)));
        assert_eq!(key("id"), Some((String::new(), Said::Generic)));
        assert_eq!(key("customer"), Some(("customer".into(), Said::Bare)));
        assert_eq!(key("customerEmail"), Some(("email".into(), Said::Contact)));
        for name in
            ["zip_code", "row no", "amount", "客户姓名", "序号", "rating", "video", "number_consumers", ""]
        {
            assert_eq!(key(name), None, "{name}");
        }
    }
}
