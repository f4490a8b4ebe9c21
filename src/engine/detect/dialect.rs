//! The dialect of a text table: what stands between its fields, what its quote marks mean, and
//! what stands above it. The evidence is how well each reading makes the lines agree.

use super::{date, number, words};

/// Separators that are tried, in order of preference when all else is equal.
const SEPARATORS: &[u8] = b",;\t|";
/// Separators that are tried where none of those makes the lines agree.
const RARE: &[u8] = b"~^:";
/// Stands in no text: the separator of a list of one column that holds every other sign.
pub const NONE: u8 = 0x1f;
/// Records that are looked at.
const SAMPLED: usize = 200;
/// Bytes that are searched for quote marks.
const QUOTES_SEARCHED: usize = 4 << 20;

/// How a text table is to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dialect {
    pub layout: Layout,
    /// `"` encloses fields; else it is data.
    pub quoting: bool,
    /// `\"` is a quote mark within quotes; else `""` alone is.
    pub backslash: bool,
    /// Share of the lines that have the usual number of fields, 0 to 1.
    pub agreement: f64,
}

/// What stands between fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One ASCII sign.
    Separated(u8),
    /// One or more blanks; none within a field.
    Blanks,
    /// Two or more blanks; single ones belong to a field.
    WideBlanks,
}

impl Layout {
    /// The sign between fields; `None` for a list of one column.
    pub fn separator(self) -> Option<char> {
        match self {
            Layout::Separated(NONE) => None,
            Layout::Separated(sign) => Some(sign as char),
            Layout::Blanks | Layout::WideBlanks => Some(' '),
        }
    }
}

/// Finds the dialect of `text`; what the person has said is not guessed. `sample` is the head of
/// the text, up to a line's end.
pub fn sniff(text: &str, sample: &str, separator: Option<char>, quoting: Option<bool>) -> Dialect {
    let (layout, agreement) = match separator.and_then(|c| u8::try_from(c).ok()).filter(u8::is_ascii) {
        Some(b' ') => (Layout::Blanks, 1.0),
        Some(sign) => (Layout::Separated(sign), 1.0),
        None => layout(sample, quoting),
    };
    let Layout::Separated(sign) = layout else {
        return Dialect { layout, quoting: false, backslash: false, agreement };
    };
    let quotes = Quotes::count(text.as_bytes(), sign);
    let quoting = quoting.unwrap_or(!quotes.are_data());
    Dialect { layout, quoting, backslash: quoting && quotes.backslash > 0 && quotes.doubled == 0, agreement }
}

/// A first line `sep=;`, which tells a spreadsheet the separator: the sign, and the length of the
/// line with its end.
pub fn separator_line(text: &str) -> Option<(char, usize)> {
    let end = text.find(['\n', '\r'])?;
    let line = text.get(..end)?.trim().trim_matches('"');
    let sign = line.get(..4).filter(|head| head.eq_ignore_ascii_case("sep=")).and_then(|_| line.get(4..))?;
    let mut signs = sign.chars();
    let (Some(sign), None) = (signs.next().or(Some('\t')), signs.next()) else { return None };
    let rest = text.get(end..)?;
    let ending = if rest.starts_with("\r\n") { 2 } else { 1 };
    sign.is_ascii().then_some((sign, end + ending))
}

/// The lines at the head that begin with `#` or `//`: how many, where the last of them begins, and
/// where the table below them begins.
pub fn comments(text: &str) -> (u64, usize, usize) {
    let (mut count, mut last, mut at) = (0, 0, 0);
    while let Some(line) = text.get(at..).and_then(|rest| rest.split_inclusive('\n').next()) {
        let bare = line.trim_start();
        if !(bare.starts_with('#') || bare.starts_with("//")) {
            break;
        }
        (count, last, at) = (count + 1, at, at + line.len());
    }
    (count, last, at)
}

fn layout(sample: &str, quoting: Option<bool>) -> (Layout, f64) {
    let mut best = (Layout::Separated(b','), Score::default());
    let mut consider = |candidates: &[u8], least: f64| {
        for &sign in candidates {
            let score = Score::of(sample, sign, quoting);
            if score.value > best.1.value && score.agree >= least {
                best = (Layout::Separated(sign), score);
            }
        }
        best
    };
    let found = consider(SEPARATORS, 0.0);
    if found.1.agree >= 0.9 {
        return (found.0, found.1.agree);
    }
    if let Some(layout) = blanks(sample) {
        return (layout, 1.0);
    }
    let (layout, score) = consider(RARE, 0.95);
    // Sentences have a comma here and there, and a blank after it.
    let prose = score.agree < 0.7 && score.blank_led >= 0.8;
    match layout {
        Layout::Separated(sign) if prose || score.value == 0.0 && sample.as_bytes().contains(&sign) => {
            (Layout::Separated(NONE), 1.0)
        }
        _ if score.value == 0.0 => (layout, 1.0),
        _ => (layout, score.agree),
    }
}

/// How well a separator makes the lines agree.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    value: f64,
    /// Share of the records with the usual number of fields.
    agree: f64,
    /// Share of the fields after the first that begin with a blank.
    blank_led: f64,
}

impl Score {
    fn of(sample: &str, separator: u8, quoting: Option<bool>) -> Self {
        let quotes = Quotes::count(sample.as_bytes(), separator);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .quoting(quoting.unwrap_or(!quotes.are_data()))
            .from_reader(sample.as_bytes());
        let mut lengths = Vec::new();
        let (mut cells, mut clean, mut later, mut led) = (0u32, 0u32, 0u32, 0u32);
        let mut record = csv::StringRecord::new();
        while lengths.len() < SAMPLED && reader.read_record(&mut record).unwrap_or(false) {
            lengths.push(record.len());
            if lengths.len() <= 50 {
                cells += record.len() as u32;
                clean += record.iter().filter(|cell| is_clean(cell)).count() as u32;
                later += record.len().saturating_sub(1) as u32;
                led += record.iter().skip(1).filter(|cell| cell.starts_with(' ')).count() as u32;
            }
            if separator == b':' && is_clock(&record) {
                // 14:30 and 12:05 are times of the day.
                return Self::default();
            }
        }
        // Titles above a table and remarks below it are lines of one field.
        let core = lengths.iter().position(|&n| n > 1).and_then(|first| {
            let last = lengths.iter().rposition(|&n| n > 1)?;
            lengths.get(first..=last)
        });
        let core = core.unwrap_or_default();
        let usual = usual(core);
        if usual < 2 || core.len() < 2 && lengths.len() > 2 {
            return Self::default();
        }
        let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
        let agreeing = core.iter().filter(|&&n| n == usual).count() as f64;
        let agree = agreeing / core.len() as f64;
        let value =
            agreeing / lengths.len() as f64 * (0.4 + 0.6 * share(clean, cells)) + usual.min(50) as f64 / 1e3;
        Self { value, agree, blank_led: share(led, later) }
    }
}

/// A digit before the sign, minutes behind it.
fn is_clock(record: &csv::StringRecord) -> bool {
    record.iter().zip(record.iter().skip(1)).any(|(before, behind)| {
        let minutes =
            behind.bytes().take_while(u8::is_ascii_digit).count() == 2 && behind.starts_with(|c| c < '6');
        minutes && before.ends_with(|c: char| c.is_ascii_digit())
    })
}

/// A field that no other separator would cut: one value, or words without such signs.
fn is_clean(cell: &str) -> bool {
    !cell.bytes().any(|b| SEPARATORS.contains(&b)) || reads_as_value(cell)
}

/// A number, a date, an e-mail address: what stands under a header and not in it.
pub fn reads_as_value(text: &str) -> bool {
    number::read(text).is_some() || date::read(text).is_some() || words::is_email(text)
}

/// The most frequent of the numbers, the larger one of equals; 1 of none.
pub fn usual(lengths: &[usize]) -> usize {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b).filter_map(|run| Some((run.len(), *run.first()?)));
    runs.max().map_or(1, |(_, length)| length)
}

/// Columns padded with blanks: every line gives the same number of fields, something shows that the
/// blanks are padding, and no line is one value with blanks in it (a telephone, a time).
fn blanks(sample: &str) -> Option<Layout> {
    let lines: Vec<&str> =
        sample.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(SAMPLED).collect();
    let wide = |line: &str| line.trim().contains("  ");
    let one_value = |line: &&str| !wide(line) && (reads_as_value(line) || words::is_phone(line));
    if lines.len() < 2 || lines.iter().any(one_value) {
        return None;
    }
    let padded = lines.iter().filter(|line| line.starts_with(' ') || wide(line)).count();
    [Layout::Blanks, Layout::WideBlanks].into_iter().find(|&layout| {
        let rows: Vec<Vec<&str>> = lines.iter().map(|line| fields(line, layout).collect()).collect();
        let width = rows.first().map_or(0, Vec::len);
        let numeric = |at: usize| {
            let below = rows.iter().skip(1).filter_map(|row| row.get(at));
            below.clone().count() > 0 && below.into_iter().all(|cell| reads_as_value(cell))
        };
        width >= 2
            && rows.iter().all(|row| row.len() == width)
            && (0..width).any(numeric)
            && (padded * 2 >= lines.len()
                || rows.first().is_some_and(|row| !row.iter().any(|c| reads_as_value(c))))
    })
}

/// The fields of a line of padded columns.
pub fn fields(line: &str, layout: Layout) -> impl Iterator<Item = &str> {
    let wide = layout == Layout::WideBlanks;
    let parts: Box<dyn Iterator<Item = &str>> =
        if wide { Box::new(line.split("  ")) } else { Box::new(line.split_ascii_whitespace()) };
    parts.map(str::trim).filter(|field| !field.is_empty())
}

/// What was seen of quote marks at the beginning of fields.
#[derive(Debug, Default)]
struct Quotes {
    /// Closed, with a separator or the line's end behind.
    proper: u32,
    /// Closed, with something else behind: the mark is data.
    improper: u32,
    doubled: u32,
    backslash: u32,
}

impl Quotes {
    fn are_data(&self) -> bool {
        self.improper > self.proper
    }

    fn count(text: &[u8], separator: u8) -> Self {
        let text = text.get(..text.len().min(QUOTES_SEARCHED)).unwrap_or(text);
        let next = |from: usize, sign: u8| {
            text.get(from..)?.iter().position(|&b| b == sign).and_then(|at| at.checked_add(from))
        };
        let ends = |b: Option<&u8>| b.is_none_or(|b| *b == separator || matches!(b, b'\n' | b'\r'));
        let mut found = Self::default();
        let mut at = 0;
        'fields: while let Some(open) = next(at, b'"') {
            at = open + 1;
            if open > 0 && !ends(text.get(open - 1)) {
                continue;
            }
            let mut from = open + 1;
            while let Some(close) = next(from, b'"') {
                let behind = text.get(close + 1);
                let slashes = text
                    .get(from..close)
                    .map_or(0, |part| part.iter().rev().take_while(|b| **b == b'\\').count());
                if slashes % 2 == 1 && !ends(behind) {
                    found.backslash += 1;
                    from = close + 1;
                } else if behind == Some(&b'"') {
                    found.doubled += 1;
                    from = close + 2;
                } else {
                    let blank =
                        text.get(close + 1..).unwrap_or_default().iter().take_while(|b| **b == b' ').count();
                    if ends(text.get(close + 1 + blank)) {
                        found.proper += 1;
                        at = close + 1;
                    } else {
                        found.improper += 1;
                        at = next(open, b'\n').map_or(text.len(), |end| end + 1);
                    }
                    continue 'fields;
                }
            }
            // Never closed: told by whoever reads the records.
            break;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Layout {
        sniff(text, text, None, None).layout
    }

    #[test]
    fn separators() {
        let cases: [(&str, u8); 16] = [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2,5;3,5\n", b';'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("name;price\na;1,5\nb;2,5\n", b';'),
            ("a\tb\n1\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("\"a;x\",b\n\"1;2\",3\n", b','),
            ("a~b\nx~2\ny~3\n", b'~'),
            ("a^b\nx^2\ny^3\n", b'^'),
            ("user:age\nann:31\nbob:25\n", b':'),
            ("only\none\n", b','),
            ("It came, late.\nGood, cheap, nice, quick.\nNo.\nWell, yes.\n", NONE),
            ("time\n2024-03-05 14:30\n2024-03-05 15:30\n", b','),
            ("Very, very slow.\t0\nNice.\t1\nAll, in, all good.\t1\n", b'\t'),
            ("phone\n138 0013 8000\n139 0013 8001\n", b','),
            ("note\n\"a, b\"\n\"c, d\"\n\"e\"\n", NONE),
        ];
        for (text, sign) in cases {
            assert_eq!(of(text), Layout::Separated(sign), "{text}");
        }
    }

    #[test]
    fn padded_columns() {
        assert_eq!(of(" 00001 19970101  1   11.77\r\n 00002 19970112  1   12.00\r\n"), Layout::Blanks);
        assert_eq!(
            of(" id  day qty  value\r\n 1 19970101  1   11.77\r\n 2 19970112 12   12.00\r\n"),
            Layout::Blanks
        );
        assert_eq!(of("New York     12\nRome          3\nSan Jose    144\n"), Layout::WideBlanks);
        assert_eq!(of("Ann Smith\nBob Jones\n"), Layout::Separated(b','));
    }

    #[test]
    fn what_quote_marks_mean() {
        let data = "\" I love it.\t1\n\"You'll love it!\t1\n\" But \"Storm\" is bad\t0\n";
        assert!(!sniff(data, data, None, None).quoting);
        let doubled = "a,b\n\"x \"\"y\"\" z\",1\n";
        let found = sniff(doubled, doubled, None, None);
        assert!(found.quoting && !found.backslash);
        let slashed = "a,b\n\"x \\\"y\\\" z, w\",1\n";
        assert!(sniff(slashed, slashed, None, None).backslash);
        let folder = "a,b\n\"C:\\\",1\n";
        assert!(!sniff(folder, folder, None, None).backslash, "a backslash at the end is data");
        assert!(sniff(data, data, None, Some(true)).quoting, "the person's word wins");
    }

    #[test]
    fn what_stands_above() {
        assert_eq!(separator_line("sep=;\r\na;b\r\n"), Some((';', 7)));
        assert_eq!(separator_line("\"sep=,\"\na,b\n"), Some((',', 8)));
        assert_eq!(separator_line("separate\na\n"), None);
        assert_eq!(separator_line("sep=é\na\n"), None);
        assert_eq!(comments("# made by x\n// y\nid,a\n"), (2, 12, 17));
        assert_eq!(comments("id,a\n# 1\n"), (0, 0, 0));
    }
}
