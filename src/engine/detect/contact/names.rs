//! Names of people: what a column's name promises, and whether a value is written like a name.

use std::collections::HashSet;
use std::sync::LazyLock;

use fake::locales::{DE_DE, Data, EN, FR_FR, IT_IT, NL_NL, PT_BR, TR_TR};

use crate::detect::words::named;

/// The hundred most frequent Chinese surnames (Ministry of Public Security, 2020).
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢\
     姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常";

const DOUBLE_SURNAMES: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "端木",
    "南宫", "长孙", "宇文", "轩辕", "百里", "呼延", "东郭",
];

/// Small words inside Latin names.
const PARTICLES: &[&str] = &[
    "de", "da", "do", "dos", "das", "del", "della", "di", "du", "la", "le", "van", "von", "der", "den",
    "ten", "ter", "zu", "af", "av", "al", "el", "bin", "ibn", "bint", "y", "e", "und", "and", "&",
];

/// Given names of Europe and the Americas.
static GIVEN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lists = [
        EN::NAME_FIRST_NAME,
        DE_DE::NAME_FIRST_NAME,
        FR_FR::NAME_FIRST_NAME,
        IT_IT::NAME_FIRST_NAME,
        NL_NL::NAME_FIRST_NAME,
        PT_BR::NAME_FIRST_NAME,
        TR_TR::NAME_FIRST_NAME,
    ];
    lists.into_iter().flatten().map(|name| name.to_lowercase()).collect()
});

/// What a column's name promises of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    Given,
    Family,
    /// The whole name of a person.
    Full,
    /// A name of whom or what is not said.
    Some,
}

/// What the name of a column promises; `None` for names of things and for all else.
pub fn promise(name: &str) -> Option<Promise> {
    const THINGS: &[&str] = &[
        "product",
        "item",
        "company",
        "shop",
        "store",
        "brand",
        "city",
        "country",
        "state",
        "category",
        "event",
        "file",
        "campaign",
        "plan",
        "team",
        "dish",
        "dishes",
        "school",
        "bank",
        "domain",
        "host",
        "table",
        "project",
        "department",
        "region",
        "street",
        "sheet",
        "article",
        "species",
        "movie",
    ];
    const THINGS_ZH: &[&str] =
        &["商品", "产品", "公司", "店", "品牌", "城市", "菜", "企业", "单位", "文件", "项目"];
    if named(name, THINGS, THINGS_ZH) {
        return None;
    }
    if named(
        name,
        &[
            "surname",
            "lastname",
            "familyname",
            "family",
            "last",
            "nachname",
            "apellido",
            "apellidos",
            "cognome",
        ],
        &["姓氏"],
    ) || name.trim() == "姓"
    {
        // "last" and "first" alone may be days.
        return named(
            name,
            &["surname", "lastname", "familyname", "name", "nachname", "apellido", "apellidos", "cognome"],
            &["姓"],
        )
        .then_some(Promise::Family);
    }
    if named(
        name,
        &["firstname", "forename", "givenname", "given", "first", "vorname", "prénom", "prenom"],
        &["名字"],
    ) {
        return named(
            name,
            &["firstname", "forename", "givenname", "name", "vorname", "prénom", "prenom"],
            &["名字"],
        )
        .then_some(Promise::Given);
    }
    let whose = named(
        name,
        &[
            "customer",
            "client",
            "contact",
            "person",
            "member",
            "user",
            "guest",
            "patient",
            "employee",
            "recipient",
            "buyer",
            "passenger",
            "owner",
            "student",
            "subscriber",
            "cardholder",
            "holder",
        ],
        &[],
    );
    if named(
        name,
        &["fullname", "customername", "clientname", "contactname"],
        &["姓名", "联系人", "收件人", "收货人", "客户名", "氏名"],
    ) || whose && named(name, &["name", "names"], &[])
    {
        return Some(Promise::Full);
    }
    named(name, &["name", "names"], &["名称"]).then_some(Promise::Some)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{2ebef}')
}

/// True if the text holds Chinese characters and no Japanese kana.
pub fn is_chinese(text: &str) -> bool {
    text.chars().any(is_han) && !has_kana(text)
}

/// True if the text holds Japanese kana.
pub fn has_kana(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}'))
}

/// A Chinese full name: a frequent surname and one or two signs, of a double surname up to two more.
pub fn is_chinese_name(value: &str) -> bool {
    let value = value.trim();
    let count = value.chars().count();
    if !(2..=4).contains(&count) || !value.chars().all(is_han) {
        return false;
    }
    DOUBLE_SURNAMES.iter().any(|surname| value.starts_with(surname)) && count >= 3
        || count <= 3 && value.chars().next().is_some_and(|first| SURNAMES.contains(first))
}

/// True if a value is written as the column's name promises. Masked signs (`张**`) count as letters.
pub fn is_name(value: &str, promise: Promise) -> bool {
    let value = value.trim();
    let count = value.chars().count();
    if count == 0 || count > 60 || value.chars().any(|c| c.is_numeric() || matches!(c, '@' | '/' | '_' | ':'))
    {
        return false;
    }
    if value.chars().all(|c| is_han(c) || matches!(c, '*' | '·' | '某')) {
        return match promise {
            Promise::Given => count <= 3,
            Promise::Family => count <= 2,
            Promise::Full => (2..=4).contains(&count) || value.contains('·'),
            Promise::Some => is_chinese_name(value),
        };
    }
    let words: Vec<&str> = value.split([' ', '\u{a0}', '\u{3000}', ',']).filter(|w| !w.is_empty()).collect();
    let is_word = |word: &&str| {
        word.chars().any(char::is_alphabetic)
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '\'' | '’' | '-' | '*' | '‐'))
            || *word == "&"
    };
    if !words.iter().all(is_word) {
        return false;
    }
    match promise {
        Promise::Given | Promise::Family => (1..=4).contains(&words.len()),
        Promise::Full => (1..=6).contains(&words.len()),
        Promise::Some => {
            let has_capital = |word: &&str| {
                PARTICLES.contains(&word.to_lowercase().as_str())
                    || word.chars().next().is_some_and(|c| !c.is_lowercase())
            };
            (2..=5).contains(&words.len()) && words.iter().all(has_capital)
        }
    }
}

/// True if the first word, or the one behind a comma, is a known given name.
pub fn has_given_name(value: &str) -> bool {
    let first = |part: &str| part.split([' ', '-']).find(|word| !word.is_empty()).map(str::to_lowercase);
    value.split(',').take(2).filter_map(first).any(|word| GIVEN.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_columns_promise() {
        for (name, expected) in [
            ("Surname", Some(Promise::Family)),
            ("last_name", Some(Promise::Family)),
            ("FirstName", Some(Promise::Given)),
            ("customerName", Some(Promise::Full)),
            ("姓名", Some(Promise::Full)),
            ("收货人", Some(Promise::Full)),
            ("name", Some(Promise::Some)),
            ("productName", None),
            ("Last Purchase", None),
            ("first_seen", None),
            ("dishes_name", None),
            ("City", None),
        ] {
            assert_eq!(promise(name), expected, "{name}");
        }
    }

    #[test]
    fn names_and_other_words() {
        assert!(is_chinese_name("王小明") && is_chinese_name("欧阳娜娜") && is_chinese_name("李雷"));
        assert!(!is_chinese_name("苹果汁") && !is_chinese_name("王") && !is_chinese_name("王先生你好"));
        assert!(
            is_name("Ludwig van Beethoven", Promise::Some) && is_name("O’Neil-Smith, Ada", Promise::Some)
        );
        assert!(is_name("张**", Promise::Full) && is_name("Fatma", Promise::Given));
        assert!(!is_name("green tea", Promise::Some) && !is_name("Room 101", Promise::Full));
        assert!(!is_name("", Promise::Full) && !is_name("a@b.c", Promise::Full));
        assert!(has_given_name("Smith, Amanda") && !has_given_name("Lemon Tea"));
    }

    #[test]
    fn the_list_has_a_hundred_surnames() {
        let mut all: Vec<char> = SURNAMES.chars().filter(|c| is_han(*c)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 100);
    }
}
