//! The dialect of a delimited text: separator, header.

/// Separators that are tried, in order of preference when all else is equal.
pub const SEPARATORS: &[u8] = b",;\t|";

/// Guesses the separator from the first lines: the one that gives most fields, the same number
/// on every line. `sample` is UTF-8 text that ends at a line's end.
pub fn separator(sample: &[u8]) -> u8 {
    let score = |separator: u8| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(sample);
        let mut counts = Vec::new();
        let mut record = csv::ByteRecord::new();
        while counts.len() < 200 && reader.read_byte_record(&mut record).unwrap_or(false) {
            counts.push(record.len());
        }
        let mut sorted = counts.clone();
        sorted.sort_unstable();
        let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(1);
        let agree = counts.iter().filter(|&&n| n == usual).count();
        if usual < 2 { 0.0 } else { agree as f64 / counts.len() as f64 + usual.min(50) as f64 / 1e3 }
    };
    let mut best = (b',', 0.0);
    for &candidate in SEPARATORS {
        let s = score(candidate);
        if s > best.1 {
            best = (candidate, s);
        }
    }
    best.0
}

/// Guesses whether the first record names the columns: no field of it is a number or a date, and
/// no field is repeated in its own column more often than chance.
pub fn has_header(first: &[&str], following: &[Vec<&str>]) -> bool {
    use super::{date, number};
    let value_like = |text: &str| {
        number::parse(text, number::Decimal::Point).is_some()
            || date::parse(text, date::Order::DayFirst).is_some()
            || super::words::is_email(text)
    };
    if first.iter().any(|text| value_like(text)) {
        return false;
    }
    let repeats = first
        .iter()
        .enumerate()
        .filter(|(i, name)| !name.trim().is_empty() && following.iter().any(|row| row.get(*i) == Some(name)));
    repeats.count() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators() {
        assert_eq!(separator(b"a,b,c\n1,2,3\n"), b',');
        assert_eq!(separator(b"a;b;c\n1,5;2,5;3,5\n"), b';');
        assert_eq!(separator(b"a\tb\n1\t2\n"), b'\t');
        assert_eq!(separator(b"\"a;x\",b\n\"1;2\",3\n"), b',');
        assert_eq!(separator(b"only\none\n"), b',');
    }

    #[test]
    fn headers() {
        assert!(has_header(&["id", "amount"], &[vec!["1", "2"]]));
        assert!(!has_header(&["1", "2"], &[vec!["3", "4"]]));
        assert!(!has_header(&["Good phone", "1"], &[]));
    }
}
