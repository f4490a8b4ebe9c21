//! Whatever the bytes: no panic, and what is said of them holds together.

use proptest::prelude::*;

use super::date::{self, Order};
use super::number::{self, Decimal};
use super::{currency, dialect, encoding, header, words};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_not(text in "[0-9０-９a-zA-Z.,'’ /:年月日下午点()+\\-%‰万亿€$¥kM\u{a0}T]{0,24}") {
        let read = number::read(&text);
        // Where nothing stands behind the number, one reading is the parser's.
        if let Some(read) = read.filter(|read| !read.suffixed) {
            prop_assert_eq!(number::parse(&text, Decimal::Point), read.point);
            prop_assert_eq!(number::parse(&text, Decimal::Comma), read.comma);
        }
        let read = date::read(&text);
        prop_assert_eq!(date::parse(&text, Order::DayFirst), read.and_then(|read| read.day_first));
        prop_assert_eq!(date::parse(&text, Order::MonthFirst), read.and_then(|read| read.month_first));
        for order in [Order::UnixSeconds, Order::UnixMillis, Order::ExcelSerial] {
            date::parse(&text, order);
        }
        date::is_day_and_month(&text);
        currency::in_name(&text);
        words::is_id_name(&text);
    }

    #[test]
    fn any_lines_have_a_dialect(text in "([a-z0-9\"\\\\,;\t| ~^:#é，\r]{0,12}\n){0,12}") {
        let found = dialect::sniff(&text, &text, None, None);
        prop_assert!((0.0..=1.0).contains(&found.agreement));
        dialect::separator_line(&text);
        let (lines, last, below) = dialect::comments(&text);
        prop_assert!(last <= below && below <= text.len() && lines as usize <= text.lines().count());
        let records: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let head = header::find(&records, None, None);
        prop_assert!(head.titles + head.lines <= records.len());
        let names = header::names(records.get(head.titles..head.titles + head.lines).unwrap_or_default(), &head);
        prop_assert_eq!(names.len(), head.width);
    }

    #[test]
    fn any_bytes_have_an_encoding(bytes in prop::collection::vec(any::<u8>(), 0..200), whole: bool) {
        let guess = encoding::guess(&bytes, whole);
        prop_assert!(guess.mark <= bytes.len());
        let list = encoding::ranked(&bytes, whole);
        prop_assert!(list.iter().any(|candidate| candidate.encoding == guess.encoding));
    }
}
