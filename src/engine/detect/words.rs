//! Names and values that tell what a column is: identifiers, contacts, money, targets.

/// The words of a name, in lower case: split at punctuation, blanks and capitals.
pub(crate) fn tokens(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let breaks = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
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

/// A name that promises an identifier.
pub fn is_id_name(name: &str) -> bool {
    named(
        name,
        &["id", "ids", "uuid", "guid", "rownumber", "customerid", "userid", "invoice", "sku", "no"],
        &["编号", "客户号", "订单号", "会员号", "单号"],
    )
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
        ],
        &["e-mail", "姓名", "电话", "手机", "邮箱", "地址"],
    )
}

/// A name that promises an amount of money.
pub fn is_money_name(name: &str) -> bool {
    named(
        name,
        &[
            "price", "amount", "cost", "charge", "charges", "revenue", "income", "spend", "spending", "paid",
            "fee", "balance", "salary", "sales", "turnover",
        ],
        &["金额", "价格", "单价", "消费额", "收入", "charges"],
    )
}

/// How strongly a name promises what is to be predicted; 0 for not at all.
pub fn target_strength(name: &str) -> u8 {
    let lower = name.trim().to_lowercase();
    if lower.contains("churn") || lower.contains("流失") || lower == "exited" || lower == "attrition" {
        return 3;
    }
    match lower.as_str() {
        "target" | "label" | "left" | "cancelled" | "canceled" => 2,
        "y" | "response" | "revenue" | "converted" | "purchased" => 1,
        _ => 0,
    }
}

/// How strongly a value reads as "it happened"; the class to predict.
pub fn positive_strength(value: &str) -> u8 {
    match value.trim().to_lowercase().as_str() {
        "yes" | "true" | "1" | "1.0" | "y" | "t" | "是" | "churn" | "churned" | "left" | "exited"
        | "流失" => 2,
        "positive" | "cancelled" | "canceled" | "lost" => 1,
        _ => 0,
    }
}

/// True for a pair of values that stand for yes and no.
pub fn is_yes_no(value: &str) -> bool {
    matches!(
        value.trim().to_lowercase().as_str(),
        "yes" | "no" | "true" | "false" | "0" | "1" | "y" | "n" | "t" | "f" | "是" | "否" | "0.0" | "1.0"
    )
}

/// A value that looks like an e-mail address.
pub fn is_email(value: &str) -> bool {
    let value = value.trim();
    value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !value.contains(char::is_whitespace)
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
        assert!(is_id_name("customerID") && is_id_name("Customer ID") && is_id_name("CustomerID"));
        assert!(!is_id_name("paid") && !is_id_name("Kidhome") && !is_id_name("video"));
        assert!(is_money_name("MonthlyCharges") && is_contact_name("E-mail") && !is_contact_name("naming"));
        assert!(target_strength("Churn") > target_strength("y"));
    }
}
