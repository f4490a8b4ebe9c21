//! One writing for what people write in many ways: the text of each kind of field that two rows are
//! compared by. An empty result means that nothing was said.

use pinyin::ToPinyin as _;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::FieldKind;
use super::words::*;
use crate::detect::{date, missing, number};
use crate::table::show_number;

/// The comparable text of a cell.
pub(super) fn normal(kind: FieldKind, raw: &str, order: date::Order) -> String {
    if missing::is_missing(raw) {
        return String::new();
    }
    match kind {
        FieldKind::Name => name(raw),
        FieldKind::Company => company(raw),
        FieldKind::Email => email(raw),
        FieldKind::Phone => phone(raw),
        FieldKind::Address => address(raw),
        FieldKind::Postcode => postcode(raw),
        FieldKind::Date => date::parse(raw, order).map(day).unwrap_or_default(),
        FieldKind::Text => split(&fold(raw)).join(" "),
        FieldKind::Number => number::parse(raw, number::Decimal::Point)
            .filter(|v| v.is_finite())
            .map(show_number)
            .unwrap_or_default(),
        FieldKind::Exact => raw.nfkc().collect::<String>().trim().to_lowercase(),
    }
}

fn day(ms: i64) -> String {
    date::format(ms).chars().take(10).collect()
}

/// Compatibility forms, case and accents aside; `ß` becomes `ss`.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    let plain = |c: char| !is_combining_mark(c) || ('\u{3099}'..='\u{309a}').contains(&c);
    let lower: String = text.nfkd().filter(|c| plain(*c)).flat_map(char::to_lowercase).nfc().collect();
    let mut out = String::with_capacity(lower.len());
    for c in lower.trim().chars() {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            c if is_combining_mark(c) && plain(c) => out.push(c),
            c if is_combining_mark(c) => {}
            c => out.push(c),
        }
    }
    out
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{2ffff}')
}

/// Words: runs of letters and digits; apostrophes and full stops join (`O'Brien`, `S.A.`).
fn split(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for c in text.chars() {
        if c.is_alphanumeric() {
            if let Some(last) = out.last_mut() {
                last.push(c);
            }
        } else if !matches!(c, '\'' | '’' | '.' | '·') && out.last().is_some_and(|last| !last.is_empty()) {
            out.push(String::new());
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

fn look_up(table: &'static [(&str, &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(from, _)| *from == word).map(|(_, to)| *to)
}

/// The reading of a Chinese character in plain letters.
fn reading(c: char) -> Option<String> {
    c.to_pinyin().map(|pinyin| fold(pinyin.plain()).replace('v', "u"))
}

/// `native|words`: the Chinese characters of the name, and its words in Latin letters (the pinyin of
/// the characters where nobody wrote Latin ones), short forms replaced, in alphabetical order.
fn name(raw: &str) -> String {
    // A full stop ends an initial or a title: `J.R. Smith` is three words.
    let folded = fold(raw).replace('.', " ");
    let mut native = String::new();
    let mut latin = String::with_capacity(folded.len());
    for c in folded.chars() {
        if is_han(c) {
            native.push(c);
            latin.push(' ');
        } else {
            latin.push(c);
        }
    }
    for title in HAN_TITLES {
        if let Some(bare) = native.strip_suffix(title).filter(|bare| !bare.is_empty()) {
            native = bare.to_owned();
        }
    }
    let mut words: Vec<String> = split(&latin);
    words.retain(|word| !TITLES.contains(&word.as_str()) && !word.chars().all(|c| c.is_ascii_digit()));
    for word in &mut words {
        if let Some(whole) = look_up(NICKNAMES, word) {
            *word = whole.to_owned();
        }
        if matches!(word.as_str(), "lv" | "lyu" | "nv") {
            *word = word.replace("yu", "u").replace('v', "u");
        }
    }
    if words.is_empty() {
        words = pinyin_words(&native);
    }
    words.sort();
    words.dedup();
    if native.is_empty() && words.is_empty() {
        String::new()
    } else {
        format!("{native}|{}", words.join(" "))
    }
}

/// Surname and given name in pinyin.
fn pinyin_words(native: &str) -> Vec<String> {
    let surname = if DOUBLE_SURNAMES.iter().any(|double| native.starts_with(double)) { 2 } else { 1 };
    let mut words = [String::new(), String::new()];
    for (at, c) in native.chars().enumerate() {
        let as_surname = SURNAME_READINGS.iter().find(|(sign, _)| at == 0 && *sign == c);
        let syllable = as_surname.map(|(_, read)| (*read).to_owned()).or_else(|| reading(c));
        words[usize::from(at >= surname)].push_str(&syllable.unwrap_or_default());
    }
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// Words in order, without legal forms.
fn company(raw: &str) -> String {
    let folded = fold(raw).replace('&', " and ");
    let whole = split(&folded);
    let mut words = whole.clone();
    if words.first().is_some_and(|word| word == "the") {
        words.remove(0);
    }
    while words.last().is_some_and(|word| COMPANY_FORMS.contains(&word.as_str())) {
        words.pop();
    }
    let last = words.last_mut();
    if let Some(word) = last.filter(|word| word.chars().any(is_han)) {
        let form = HAN_COMPANY_FORMS.iter().find_map(|form| word.strip_suffix(form));
        if let Some(bare) = form.filter(|bare| !bare.is_empty()) {
            *word = bare.to_owned();
        }
    }
    if words.is_empty() { whole.join(" ") } else { words.join(" ") }
}

/// Lower case, without tags after `+`; Gmail ignores full stops before the `@`.
fn email(raw: &str) -> String {
    let folded = raw.nfkc().collect::<String>().trim().to_lowercase();
    let inner = folded.rsplit_once('<').map_or(folded.as_str(), |(_, rest)| rest.trim_end_matches('>'));
    let bare = inner.trim().trim_start_matches("mailto:");
    let Some((user, host)) = bare.rsplit_once('@') else { return String::new() };
    let user = user.split('+').next().unwrap_or(user);
    let (user, host) = match host {
        "gmail.com" | "googlemail.com" => (user.replace('.', ""), "gmail.com"),
        host => (user.to_owned(), host),
    };
    if user.is_empty() || host.is_empty() { String::new() } else { format!("{user}@{host}") }
}

/// The last 11 digits of each number in the cell, without leading zeros, in order; extensions are
/// dropped, and so are fillers such as 0000000.
fn phone(raw: &str) -> String {
    let text = raw.nfkc().collect::<String>().to_lowercase();
    let text = text.strip_suffix(".0").unwrap_or(&text);
    let text =
        text.find(|c: char| c.is_ascii_digit() || c == '+').and_then(|at| text.get(at..)).unwrap_or_default();
    let end = ["ext", "x", "转", "#"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let text = text.get(..end).unwrap_or(text);
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect::<String>();
    let many: Vec<String> = text.split([',', ';', '、', '|', '/']).map(digits).collect();
    // `030/123456` is one number, not two.
    let parts = if many.iter().all(|part| part.len() >= 7) { many } else { vec![digits(text)] };
    let mut out: Vec<String> = parts
        .into_iter()
        .filter(|part| part.len() >= 6 && part.chars().any(|c| !part.starts_with(c)))
        .map(|part| {
            let from = part.len().saturating_sub(11);
            part.chars().skip(from).collect::<String>().trim_start_matches('0').to_owned()
        })
        .filter(|part| !part.is_empty())
        .collect();
    out.sort();
    out.dedup();
    out.truncate(PHONES);
    out.join(" ")
}

/// Telephone numbers of one cell that are looked at.
pub(super) const PHONES: usize = 2;

/// `numbers|words`: numbers in order (house, floor, room), words in order, abbreviations written out.
/// Every Chinese character is a word of its own.
fn address(raw: &str) -> String {
    let folded = han_numbers(&fold(raw));
    let mut spaced = String::with_capacity(folded.len() + 8);
    for c in folded.chars() {
        if is_han(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    let (mut numbers, mut words) = (Vec::new(), Vec::new());
    for word in split(&spaced.replace('.', " ")) {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            numbers.push(word);
        } else if let Some(long) = look_up(STREET_WORDS, &word) {
            words.push(long.to_owned());
        } else if let Some(street) = ["strasse", "str"].iter().find_map(|end| word.strip_suffix(end)) {
            words.extend([street.to_owned(), "street".to_owned()]);
        } else if !ADDRESS_NOISE.contains(&word.as_str()) && !HAN_ADDRESS_NOISE.contains(word.as_str()) {
            words.push(word);
        }
    }
    let out = format!("{}|{}", numbers.join(" "), words.join(" "));
    if out.len() == 1 { String::new() } else { out }
}

/// Chinese numerals that stand before a unit of an address, as digits: 三十二号 → 32号.
fn han_numbers(text: &str) -> String {
    const DIGITS: &str = "零一二三四五六七八九";
    let value_of = |run: &[char]| -> Option<u32> {
        let (mut total, mut last) = (0u32, None);
        for c in run {
            match c {
                '十' => total = total.checked_add(last.take().unwrap_or(1) * 10)?,
                '百' => total = total.checked_add(last.take().unwrap_or(1) * 100)?,
                '两' => last = Some(2),
                '〇' => last = Some(0),
                c => last = Some(DIGITS.chars().position(|d| d == *c)? as u32),
            }
        }
        total.checked_add(last.unwrap_or(0))
    };
    let is_numeral = |c: char| DIGITS.contains(c) || matches!(c, '十' | '百' | '两' | '〇');
    let (mut out, mut run) = (String::with_capacity(text.len()), Vec::new());
    for c in text.chars() {
        if is_numeral(c) {
            run.push(c);
            continue;
        }
        match value_of(&run) {
            Some(value) if !run.is_empty() && HAN_NUMBER_UNITS.contains(c) => {
                out.push_str(&value.to_string())
            }
            _ => out.extend(&run),
        }
        run.clear();
        out.push(c);
    }
    out.extend(run);
    out
}

/// Letters and digits; five digits of an American nine; leading zeros, which Excel eats, aside.
fn postcode(raw: &str) -> String {
    let text = raw.nfkc().collect::<String>().trim().to_lowercase();
    let text = text.strip_suffix(".0").unwrap_or(&text);
    let text = match text.split_once('-') {
        Some((five, four)) if five.len() <= 5 && four.len() == 4 => five,
        _ => text,
    };
    let out: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    out.trim_start_matches('0').to_owned()
}

/// The Soundex code of a word in Latin letters (American Soundex as the National Archives describe
/// it: `h` and `w` do not part equal codes, vowels do); other scripts give the word itself.
pub(super) fn soundex(word: &str) -> String {
    let code = |c: char| match c {
        'b' | 'f' | 'p' | 'v' => Some('1'),
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => Some('2'),
        'd' | 't' => Some('3'),
        'l' => Some('4'),
        'm' | 'n' => Some('5'),
        'r' => Some('6'),
        _ => None,
    };
    let Some(first) = word.chars().next().filter(|_| word.bytes().all(|b| b.is_ascii_lowercase())) else {
        return word.to_owned();
    };
    let mut out = String::from(first);
    let mut last = code(first);
    for c in word.chars().skip(1) {
        let now = code(c);
        if let Some(digit) = now.filter(|_| now != last) {
            out.push(digit);
        }
        if !matches!(c, 'h' | 'w') {
            last = now;
        }
        if out.len() == 4 {
            break;
        }
    }
    while out.len() < 4 {
        out.push('0');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: FieldKind, raw: &str) -> String {
        normal(kind, raw, date::Order::DayFirst)
    }

    #[test]
    fn names_in_many_writings() {
        for (raw, wanted) in [
            ("Wang, Ada", "|ada wang"),
            ("Ada WANG", "|ada wang"),
            ("Dr. Bob O'Brien", "|obrien robert"),
            ("José  Müller-Lüdenscheidt", "|jose ludenscheidt muller"),
            ("王小明", "王小明|wang xiaoming"),
            ("王小明先生", "王小明|wang xiaoming"),
            ("欧阳娜娜", "欧阳娜娜|nana ouyang"),
            ("单雪", "单雪|shan xue"),
            ("吕布", "吕布|bu lu"),
            ("Lyu Bu", "|bu lu"),
            ("王伟 (Wang Wei)", "王伟|wang wei"),
            ("Ｊｏｈｎ　Ｓｍｉｔｈ", "|john smith"),
            ("N/A", ""),
            ("  ", ""),
            ("12345", ""),
        ] {
            assert_eq!(of(FieldKind::Name, raw), wanted, "{raw}");
        }
    }

    #[test]
    fn companies_without_their_legal_forms() {
        for (raw, wanted) in [
            ("Müller & Söhne GmbH & Co. KG", "muller and sohne"),
            ("Muller and Sohne", "muller and sohne"),
            ("The Acme Company, Inc.", "acme"),
            ("Total S.A.", "total"),
            ("上海晨光文具股份有限公司", "上海晨光文具"),
            ("Limited", "limited"),
        ] {
            assert_eq!(of(FieldKind::Company, raw), wanted, "{raw}");
        }
    }

    #[test]
    fn ways_to_reach_somebody() {
        assert_eq!(of(FieldKind::Email, " Ada.Wang+shop@GoogleMail.com"), "adawang@gmail.com");
        assert_eq!(of(FieldKind::Email, "Ada <a.wang@web.de>"), "a.wang@web.de");
        assert_eq!(of(FieldKind::Email, "none"), "");
        for raw in ["+86 139 1234 5678", "0086-13912345678", "１３９１２３４５６７８", "13912345678.0"]
        {
            assert_eq!(of(FieldKind::Phone, raw), "13912345678", "{raw}");
        }
        assert_eq!(of(FieldKind::Phone, "(030) 123456 ext. 12"), "30123456");
        assert_eq!(of(FieldKind::Phone, "030/1234567"), "301234567");
        assert_eq!(of(FieldKind::Phone, "13912345678 / 021-65432100"), "13912345678 2165432100");
        assert_eq!(of(FieldKind::Phone, "000-000-0000"), "");
        assert_eq!(of(FieldKind::Phone, "Fax: 030 123456"), "30123456");
        assert_eq!(of(FieldKind::Phone, "123"), "");
    }

    #[test]
    fn places_and_days() {
        assert_eq!(of(FieldKind::Address, "12 N. Main St., Apt 4"), "12 4|north main street");
        assert_eq!(of(FieldKind::Address, "Hauptstraße 5a"), "5a|haupt street");
        assert_eq!(of(FieldKind::Address, "Hauptstr. 5a"), "5a|haupt street");
        let wanted = "100 5|上 海 浦 东 新 世 纪 大 道";
        assert_eq!(of(FieldKind::Address, "上海市浦东新区世纪大道100号5楼"), wanted);
        assert_eq!(of(FieldKind::Address, "上海 浦东新区 世纪大道一百号五楼"), wanted);
        assert_eq!(of(FieldKind::Address, "三里屯路三十二号"), "32|三 里 屯 路");
        assert_eq!(of(FieldKind::Postcode, "02134-1000"), "2134");
        assert_eq!(of(FieldKind::Postcode, "sw1a 1aa"), "sw1a1aa");
        assert_eq!(of(FieldKind::Date, "5.3.1980"), "1980-03-05");
        assert_eq!(of(FieldKind::Number, "1,234.50"), "1234.5");
    }

    #[test]
    fn soundex_as_published() {
        // The National Archives' own examples.
        for (word, code) in [
            ("robert", "r163"),
            ("rupert", "r163"),
            ("ashcraft", "a261"),
            ("tymczak", "t522"),
            ("pfister", "p236"),
            ("washington", "w252"),
            ("lee", "l000"),
            ("gutierrez", "g362"),
        ] {
            assert_eq!(soundex(word), code, "{word}");
        }
        assert_eq!(soundex("王"), "王");
    }
}
