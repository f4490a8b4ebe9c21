//! Names and values that tell what a column is: identifiers, contacts, money, targets.

/// The first sign of the East Asian blocks.
const CJK: char = '\u{2e80}';

/// The words of a name, in lower case: split at punctuation, blanks and capitals.
pub(crate) fn tokens(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        // Chinese and Japanese signs stand beside Latin ones without a blank: 顾客ID.
        let turns = before.is_alphanumeric() && (before >= CJK) != (c >= CJK);
        let breaks = !c.is_alphanumeric() || turns || (c.is_uppercase() && before.is_lowercase());
        if breaks {
            out.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(last) = out.last_mut()
        {
            last.extend(c.to_lowercase());
        }
        before = c;
    }
    out.retain(|token| !token.is_empty());
    out
}

/// True if a word of `name` is one of `whole`, or `name` in small letters holds one of `parts`.
pub(crate) fn named(name: &str, whole: &[&str], parts: &[&str]) -> bool {
    let tokens = tokens(name);
    let lower = name.to_lowercase();
    tokens.iter().any(|token| whole.contains(&token.as_str()))
        || parts.iter().any(|part| lower.contains(part))
}

/// Words that are identifiers wherever they stand in a name.
#[rustfmt::skip]
const ID_WORDS: &[&str] =
    &[
    "id", "ids", "uuid", "guid", "rownumber", "customerid", "userid", "sku", "kdnr", "vat", "isbn",
    "ean",
];

/// The same in writings without blanks between words.
#[rustfmt::skip]
const ID_PARTS: &[&str] = &[
    "编号", "編號", "客户号", "订单号", "会员号", "會員號", "单号", "卡号", "账号", "学号", "工号",
    "流水号", "番号", "n°", "nº", "№",
];

/// Words for "number" that mark an identifier at the end of a name: `Kunden-Nr`, `customer no`.
const NUMBER_WORDS: &[&str] = &["no", "nr", "number", "nummer", "numero", "número", "numéro", "row"];

/// Those among them that also mean a quantity or a figure: alone they are no proof.
const LOOSE_NUMBER_WORDS: &[&str] = &["number", "numero", "número", "numéro"];

/// Things that are numbered: `numéro client`, `número de cliente`, `invoice`.
#[rustfmt::skip]
const THINGS: &[&str] = &[
    "customer", "client", "kd", "member", "user", "order", "invoice", "kunde", "kunden", "kundin",
    "rechnung", "bestellung", "cliente", "pedido", "factura", "commande", "facture", "membre",
    "socio", "顾客", "客户", "会员", "用户", "お客様", "顧客", "account", "card", "contract", "policy",
    "receipt", "ticket", "transaction", "booking", "item", "product", "article", "artikel",
    "konto", "vertrag", "contrat", "compte", "cuenta", "contrato",
];

/// Ends of compound words: `Kundennummer`, `Artikelnr`.
const ID_ENDS: &[&str] = &["nummer", "nr", "nr.", "kennung"];

/// A name that promises an identifier.
pub fn is_id_name(name: &str) -> bool {
    if named(name, ID_WORDS, ID_PARTS) {
        return true;
    }
    let tokens = tokens(name);
    let has = |list: &[&str], token: Option<&String>| token.is_some_and(|t| list.contains(&t.as_str()));
    let of_a_thing = tokens.iter().any(|t| THINGS.contains(&t.as_str()));
    // `orders row` is what a list nested in another is known by.
    let of_a_row = tokens.last().is_some_and(|t| t == "row");
    let last = has(NUMBER_WORDS, tokens.last()) && (of_a_thing || of_a_row || tokens.len() == 1);
    let first = has(NUMBER_WORDS, tokens.first()) && of_a_thing && tokens.get(1).is_some_and(|t| t != "of");
    let numbered = last || first;
    let compound =
        tokens.last().is_some_and(|t| ID_ENDS.iter().any(|end| t.len() > end.len() + 2 && t.ends_with(end)));
    let invoice = tokens.as_slice() == ["invoice"];
    (numbered || compound || invoice) && !speaks_of_money(name) && !is_date_name(name)
}

/// A name that truly says identifier, so that values may repeat under it as those of a foreign key do.
/// `number` is an [id name](is_id_name) that does not: its values must be nearly unique.
pub fn is_firm_id_name(name: &str) -> bool {
    let tokens = tokens(name);
    let loose = tokens.len() == 1
        && LOOSE_NUMBER_WORDS.iter().any(|word| tokens.first().is_some_and(|token| token == word));
    is_id_name(name) && !loose
}

/// A name that says whom or what a row is about: whole unique numbers under it are identifiers.
pub fn is_thing_name(name: &str) -> bool {
    let tokens = tokens(name);
    let [token] = tokens.as_slice() else { return false };
    THINGS.contains(&token.as_str())
}

/// A name that promises a way to reach or name a person.
pub fn is_contact_name(name: &str) -> bool {
    named(
        name,
        &[
            "email",
            "mail",
            "phone",
            "telephone",
            "tel",
            "mobile",
            "fax",
            "surname",
            "name",
            "firstname",
            "lastname",
            "fullname",
            "address",
            "street",
            "vorname",
            "nachname",
            "anschrift",
            "adresse",
            "straße",
            "strasse",
            "handy",
            "nom",
            "prénom",
            "prenom",
            "nombre",
            "apellido",
            "apellidos",
            "dirección",
            "direccion",
            "correo",
            "móvil",
            "movil",
        ],
        &[
            "e-mail",
            "telefon",
            "téléphone",
            "teléfono",
            "telefono",
            "姓名",
            "电话",
            "電話",
            "手机",
            "手機",
            "邮箱",
            "地址",
            "住所",
            "メール",
            "氏名",
        ],
    )
}

/// Words for money.
#[rustfmt::skip]
const MONEY_WORDS: &[&str] = &[
    "price", "amount", "cost", "charge", "charges", "revenue", "income", "spend", "spending", "paid",
    "fee", "balance", "salary", "sales", "turnover", "preis", "betrag", "umsatz", "kosten", "gehalt",
    "jahresgehalt", "guthaben", "prix", "montant", "precio", "importe", "ventas", "dollar", "dollars",
];

/// The same within words.
const MONEY_PARTS: &[&str] = &["金额", "价格", "单价", "消费额", "收入", "charges", "総額", "金額"];

/// What is worked out from money and is none: `spending_score`, `cons.price.idx`.
#[rustfmt::skip]
const FIGURE_WORDS: &[&str] = &[
    "score", "scores", "share", "shares", "ratio", "ratios", "hike", "hikes", "index", "idx", "indices",
    "indexes", "rank", "ranking", "decile", "quantile", "percentile", "growth", "anteil",
    "indice", "índice",
];

/// The same, wherever they stand in a name: `pct_income`.
const PERCENT_WORDS: &[&str] = &["percent", "percents", "percentage", "pct", "perc", "prozent"];

/// The same in writings without blanks between words.
#[rustfmt::skip]
const FIGURE_PARTS: &[&str] = &[
    "评分", "得分", "分数", "占比", "比例", "比率", "百分比", "指数", "排名", "涨幅", "增幅",
    "增长率",
];

/// A name that promises an amount of money.
pub fn is_money_name(name: &str) -> bool {
    speaks_of_money(name) && (super::currency::in_name(name).is_some() || !is_figure(name))
}

/// A name that has to do with money: an amount, or a figure worked out from amounts.
pub(crate) fn speaks_of_money(name: &str) -> bool {
    // Hours and days that were spent are no money.
    if named(name, &["hour", "hours", "minute", "minutes", "day", "days", "time"], &["小时", "分钟", "时长"])
    {
        return false;
    }
    named(name, MONEY_WORDS, MONEY_PARTS) || super::currency::in_name(name).is_some()
}

/// True if a name that speaks of money means a figure: the word for it follows that for money, for
/// `share price` is a price and `price share` is none, or it is one *of* money.
fn is_figure(name: &str) -> bool {
    // `Price incl. 20% VAT` is a price.
    let of_a_rate =
        |at: usize| name.get(..at).is_some_and(|t| t.trim_end().ends_with(|c: char| c.is_numeric()));
    let percent = name.match_indices(['%', '％']).any(|(at, _)| !of_a_rate(at));
    if percent || named(name, PERCENT_WORDS, FIGURE_PARTS) {
        return true;
    }
    let tokens = tokens(name);
    let money = tokens.iter().position(|token| named(token, MONEY_WORDS, MONEY_PARTS));
    tokens.iter().enumerate().any(|(at, token)| {
        let next_to = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(String::as_str);
        FIGURE_WORDS.contains(&token.as_str())
            && next_to(at.checked_sub(1)) != Some("per")
            && (money.is_some_and(|money| money < at) || next_to(at.checked_add(1)) == Some("of"))
    })
}

/// A name that promises a date or a time.
pub fn is_date_name(name: &str) -> bool {
    let at = tokens(name);
    named(
        name,
        &[
            "date",
            "dates",
            "datum",
            "time",
            "timestamp",
            "datetime",
            "day",
            "fecha",
            "zeit",
            "zeitpunkt",
            "ts",
            "dt",
            "birthday",
            "geburtstag",
            "born",
            "created",
            "updated",
        ],
        &["日期", "时间", "時間", "日時", "生日"],
    ) || at.len() > 1 && at.last().is_some_and(|token| token == "at" || token == "on")
}

/// True for a cell that heads a row of totals.
pub fn is_total(value: &str) -> bool {
    let value = value.trim().trim_end_matches([':', '：']).trim_end().to_lowercase();
    matches!(
        value.as_str(),
        "total"
            | "totals"
            | "grand total"
            | "sum"
            | "subtotal"
            | "summe"
            | "gesamt"
            | "gesamtsumme"
            | "somme"
            | "total général"
            | "total general"
            | "totale"
            | "suma"
            | "合计"
            | "合計"
            | "总计"
            | "總計"
            | "总和"
            | "小计"
            | "汇总"
    )
}

/// How strongly a name promises what is to be predicted; 0 for not at all.
pub fn target_strength(name: &str) -> u8 {
    let lower = name.trim().to_lowercase();
    if lower.contains("churn") || lower.contains("流失") || lower == "exited" || lower == "attrition" {
        return 3;
    }
    match lower.as_str() {
        "target" | "label" | "left" | "cancelled" | "canceled" | "gekündigt" | "gekuendigt" | "résilié" => {
            2
        }
        "y" | "response" | "revenue" | "converted" | "purchased" => 1,
        _ => 0,
    }
}

/// How strongly a value reads as "it happened"; the class to predict.
pub fn positive_strength(value: &str) -> u8 {
    match value.trim().to_lowercase().as_str() {
        "churn" | "churned" | "left" | "exited" | "流失" | "gekündigt" => 2,
        // That somebody is still there is not what happened to them.
        "active" | "aktiv" | "activo" | "actif" | "on" => 0,
        "positive" | "cancelled" | "canceled" | "lost" => 1,
        word => {
            if super::truth::truth(word) == Some(true) {
                2
            } else {
                0
            }
        }
    }
}

/// A value that looks like an e-mail address.
pub fn is_email(value: &str) -> bool {
    let value = value.trim();
    value.split_once('@').is_some_and(|(user, host)| {
        let fits = |part: &str, signs: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || signs.contains(c))
        };
        fits(user, "._%+-'!#$&*/=?^`{|}~") && fits(host, ".-") && host.contains('.')
    })
}

/// A value that looks like a telephone number: 7 to 15 digits with the usual punctuation.
pub fn is_phone(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    (7..=15).contains(&digits)
        && value
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b' ' | b'(' | b')' | b'.' | b'/'))
        && value.bytes().any(|b| matches!(b, b'+' | b'-' | b' ' | b'('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_by_word() {
        assert!(!is_id_name("paid") && !is_id_name("Kidhome") && !is_id_name("video"));
        assert!(is_money_name("MonthlyCharges") && is_contact_name("E-mail") && !is_contact_name("naming"));
        assert!(is_money_name("Guthaben €") && is_money_name("Amount (USD)") && !is_money_name("Region"));
        assert!(target_strength("Churn") > target_strength("y"));
        for name in
            ["created_at", "InvoiceDate", "订单创建时间", "Fecha de alta", "timestamp:float", "Dt_Customer"]
        {
            assert!(is_date_name(name), "{name}");
        }
        assert!(!is_date_name("at") && !is_date_name("What") && !is_date_name("days_since"));
    }

    #[test]
    fn what_is_worked_out_from_money_is_none() {
        for name in [
            "spending_score",
            "Spending Score (1-100)",
            "OrderAmountHikeFromlastYear",
            "cons.price.idx",
            "price_index",
            "revenue share",
            "cost ratio",
            "share of income",
            "pct_income",
            "Amount (%)",
            "PercentSalaryHike",
            "income_decile",
            "消费额占比",
            "收入指数",
        ] {
            assert!(!is_money_name(name) && speaks_of_money(name), "{name}");
        }
        for name in [
            "share_price",
            "price per share",
            "index price",
            "Amount (USD)",
            "Price incl. 20% VAT",
            "price quote",
            "price index €",
            "annual_income_thousands",
            "MonthlyCharges",
            "total_spend",
            "消费额",
        ] {
            assert!(is_money_name(name), "{name}");
        }
    }

    #[test]
    fn identifiers_in_many_languages() {
        for name in [
            "customerID",
            "Customer ID",
            "CustomerID",
            "Kundennummer",
            "Kunden-Nr",
            "Kunden-Nr.",
            "KdNr",
            "numéro client",
            "Número de cliente",
            "N° client",
            "会员号",
            "顾客ID",
            "お客様番号",
            "订单编号",
            "SKU",
            "Customer No",
            "order_number",
            "user_id:token",
            "InvoiceNo",
            "Invoice",
            "Artikelnr",
        ] {
            assert!(is_id_name(name), "{name}");
        }
        for name in [
            "nr.employed",
            "number_of_cds",
            "NumDealsPurchases",
            "invoice_date",
            "Invoice amount",
            "cliente",
            "number_consumers",
            "lucky_number",
            "Order date",
            "No of children",
            "dollar_value",
            "payment",
        ] {
            assert!(!is_id_name(name), "{name}");
        }
        for name in ["customer number", "Kundennummer", "Account Number", "order_no", "编号", "user_id"] {
            assert!(is_firm_id_name(name), "{name}");
        }
        assert!(is_id_name("number") && !is_firm_id_name("number"), "it may be a figure");
        assert!(is_thing_name("cliente") && is_thing_name("Kunde") && !is_thing_name("customer age"));
    }

    #[test]
    fn what_happened() {
        assert!(positive_strength("ja") > positive_strength("nein"));
        assert_eq!(positive_strength("active"), positive_strength("inactive"));
        assert_eq!(positive_strength("Churned"), 2);
    }

    #[test]
    fn addresses() {
        for value in ["ann@shop.de", " o'neil+news@mail.co.uk ", "张三@例子.中国"] {
            assert!(is_email(value), "{value}");
        }
        for value in ["账号:[a@b.cn]", "@shop.de", "ann@shop", "a b@shop.de", "mail: ann@shop.de"] {
            assert!(!is_email(value), "{value}");
        }
    }

    #[test]
    fn totals() {
        for value in ["Total", "合计：", " SUMME ", "Grand total"] {
            assert!(is_total(value), "{value}");
        }
        assert!(!is_total("Total Energies") && !is_total(""));
    }
}
