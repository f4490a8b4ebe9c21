//! Telephone numbers, by the numbering plans of the world (libphonenumber's data).

use phonenumber::country::Id;

use crate::detect::{date, number, words};

/// Numbering plans whose national numbers begin with a nought.
const WITH_NOUGHT: [Id; 10] =
    [Id::CN, Id::GB, Id::DE, Id::FR, Id::JP, Id::IN, Id::AU, Id::KR, Id::NL, Id::SE];
/// Those without, whose numbers have one length.
const WITHOUT: [Id; 3] = [Id::US, Id::ES, Id::PL];

/// True for a telephone number that can be told from other numbers: with a country's code, with the
/// leading nought or the groups of its country, or a mobile number of China.
pub fn is_phone(value: &str) -> bool {
    let value = value.trim();
    if is_chinese_mobile(value) {
        return true;
    }
    if !words::is_phone(value) {
        return false;
    }
    if value.starts_with('+') {
        return is_valid(None, &value.replacen("(0)", "", 1));
    }
    if date::parse(value, date::Order::DayFirst).is_some()
        || date::parse(value, date::Order::MonthFirst).is_some()
    {
        return false;
    }
    let bare = value.trim_start_matches('(');
    if let Some(rest) = bare.strip_prefix("00") {
        return is_valid(None, &format!("+{rest}"));
    }
    let groups: Vec<&str> =
        value.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    if bare.starts_with('0') {
        // `08.4.28-30` and `02/29-2008` are days.
        let is_grouped = groups.iter().all(|group| group.len() > 1)
            && (!value.contains('/') || groups.first().is_some_and(|area| area.len() >= 3));
        return is_grouped && WITH_NOUGHT.iter().any(|country| is_valid(Some(*country), value));
    }
    // Three groups or more, none longer than four digits: `2024-000123` is an order.
    let is_grouped = groups.len() >= 3 && groups.iter().all(|group| group.len() <= 4);
    let is_number = number::parse(value, number::Decimal::Point).is_some();
    is_grouped && !is_number && WITHOUT.iter().any(|country| is_valid(Some(*country), value))
}

/// True for anything that a column of telephone numbers may hold: also bare and local numbers.
pub(super) fn is_dialled(value: &str) -> bool {
    let bare = value.split(['x', 'X', '转', '#', ';', ',']).next().unwrap_or(value).trim();
    // Spreadsheets turn numbers into `13812345678.0`.
    let bare = bare.strip_suffix(".0").unwrap_or(bare);
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    // Masked numbers (`138****5678`) are numbers as well.
    let stars = bare.bytes().filter(|b| *b == b'*').count();
    (6..=15).contains(&(digits + stars))
        && digits >= 3
        && bare.chars().all(|c| c.is_ascii_digit() || "+-– ()./*\u{a0}".contains(c))
        && date::parse(bare, date::Order::DayFirst).is_none_or(|_| bare.len() == 8 && digits == 8)
}

/// Eleven digits, 13 to 19 in front, with or without the country's code and groups.
pub(super) fn is_chinese_mobile(value: &str) -> bool {
    let plain: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let bare = ["+86", "0086", "86"].iter().find_map(|code| plain.strip_prefix(code)).unwrap_or(&plain);
    let digits = bare.as_bytes();
    digits.len() == 11
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(digits, [b'1', b'3'..=b'9', ..])
        // Groups other than 3-4-4 and 3-8 are no way to write it.
        && value.split([' ', '-']).all(|group| matches!(group.len(), 2..=4 | 8 | 11 | 13..=15))
}

fn is_valid(country: Option<Id>, value: &str) -> bool {
    phonenumber::parse(country, value).is_ok_and(|number| number.is_valid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_many_countries() {
        for phone in [
            "+86 138 1234 5678",
            "13812345678",
            "138-1234-5678",
            "010-62345678",
            "+1 212 736 5000",
            "(212) 736-5000",
            "0044 7912 345678",
            "07912 345678",
            "+49 (0)30 123456",
            "030 / 1234567",
        ] {
            assert!(is_phone(phone), "{phone}");
        }
        for other in
            ["2024-01-05", "05.03.2024", "2024-000123", "1 234 567", "12345678", "19912345678901", "+1 2", ""]
        {
            assert!(!is_phone(other), "{other}");
        }
        assert!(is_dialled("62345678") && is_dialled("138****5678") && is_dialled("13812345678.0"));
        assert!(!is_dialled("12") && !is_dialled("2024-01-05") && !is_dialled("Yes"));
    }
}
