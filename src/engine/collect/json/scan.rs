//! JSON read with its scalars as they are written: an identifier of twenty digits and a price of
//! `1.10` keep every character. RFC 8259, and beyond it what programs write all the same: `NaN`,
//! `Infinity`, raw control characters in strings.

use crate::job::Reporter;

/// Objects and lists within each other that are followed.
const DEEPEST: usize = 64;

/// A value; scalars as text.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::collect) enum Json {
    Null,
    Scalar(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The text of a scalar; of a list without objects its scalars, joined; `None` for null, for
    /// objects and lists that hold them.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Scalar(text) => Some(text.clone()),
            Self::List(items) if self.is_plain() => {
                Some(items.iter().filter_map(Self::text).collect::<Vec<_>>().join("; "))
            }
            _ => None,
        }
    }

    /// No object within.
    pub(super) fn is_plain(&self) -> bool {
        match self {
            Self::Null | Self::Scalar(_) => true,
            Self::List(items) => items.iter().all(Self::is_plain),
            Self::Object(_) => false,
        }
    }

    pub(super) fn is_scalar(&self) -> bool {
        matches!(self, Self::Null | Self::Scalar(_))
    }

    /// The value at a path of keys and places joined by dots; a key may itself hold dots.
    fn at(&self, path: &str) -> Option<&Json> {
        if path.is_empty() {
            return Some(self);
        }
        let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
        ends.into_iter().find_map(|end| {
            let (key, rest) = (path.get(..end)?, path.get(end..)?);
            let inner = match self {
                // Of twin keys the last counts, as with most readers.
                Self::Object(fields) => fields.iter().rev().find(|(name, _)| name == key).map(|(_, v)| v)?,
                Self::List(items) => items.get(key.parse::<usize>().ok()?)?,
                Self::Null | Self::Scalar(_) => return None,
            };
            inner.at(rest.strip_prefix('.').unwrap_or(rest))
        })
    }

    /// The list of records at a path; `None` where there is none.
    pub(in crate::collect) fn records_at(&self, path: &str) -> Option<Vec<Json>> {
        match self.at(path) {
            Some(Self::List(items)) => Some(items.clone()),
            _ => None,
        }
    }
}

/// Where and why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fault {
    /// Byte of the text.
    pub at: usize,
    pub cause: &'static str,
}

/// A place in the text, moving forward.
pub(super) struct Scanner<'a> {
    text: &'a str,
    pub at: usize,
    report: Option<&'a Reporter>,
    values: u64,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, report: None, values: 0 }
    }

    /// A scanner whose every value fails once the person has cancelled.
    pub(super) fn watched(text: &'a str, report: &'a Reporter) -> Self {
        Self { report: Some(report), ..Self::new(text) }
    }

    /// The next byte that is no blank.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.at += blanks;
        rest.get(blanks).copied()
    }

    /// Steps over `wanted`, if it is next.
    pub(super) fn step(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn fault<T>(&self, cause: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, cause })
    }

    /// Reads one value.
    pub(super) fn value(&mut self) -> Result<Json, Fault> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Json, Fault> {
        if depth > DEEPEST {
            return self.fault("more than 64 levels within each other");
        }
        self.values += 1;
        if self.values.is_multiple_of(4096) && self.report.is_some_and(|report| report.check().is_err()) {
            return self.fault("cancelled");
        }
        match self.peek() {
            None => self.fault("the text ends where a value is expected"),
            Some(b'"') => Ok(Json::Scalar(self.string()?)),
            Some(b'{') => {
                self.at += 1;
                let mut fields = Vec::new();
                let mut more = !self.step(b'}');
                while more {
                    let (key, value) = (self.key()?, self.nested(depth + 1)?);
                    fields.push((key, value));
                    more = self.more(b'}')?;
                }
                Ok(Json::Object(fields))
            }
            Some(b'[') => {
                self.at += 1;
                let mut items = Vec::new();
                let mut more = !self.step(b']');
                while more {
                    items.push(self.nested(depth + 1)?);
                    more = self.more(b']')?;
                }
                Ok(Json::List(items))
            }
            Some(_) => self.word(),
        }
    }

    /// A key and its colon.
    pub(super) fn key(&mut self) -> Result<String, Fault> {
        if self.peek() != Some(b'"') {
            return self.fault("a name in quotes is expected");
        }
        let key = self.string()?;
        if !self.step(b':') {
            return self.fault("a colon is expected");
        }
        Ok(key)
    }

    /// Steps over a comma (true) or the end of a list or object (false).
    pub(super) fn more(&mut self, end: u8) -> Result<bool, Fault> {
        if self.step(b',') {
            // A comma too many before the end is a slip of many hands.
            return Ok(!self.step(end));
        }
        if self.step(end) {
            return Ok(false);
        }
        let next = self.peek();
        self.fault(match (next, end) {
            (None, b']') => "the text ends within a list",
            (None, _) => "the text ends within an object",
            (Some(_), b']') => "a comma or ] is expected",
            (Some(_), _) => "a comma or } is expected",
        })
    }

    /// A number, `true`, `false`, `null`, as written.
    fn word(&mut self) -> Result<Json, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'))
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let value = match word {
            "null" => Json::Null,
            "true" | "false" | "NaN" | "Infinity" | "-Infinity" => Json::Scalar(word.to_owned()),
            _ if is_number(word) => Json::Scalar(word.to_owned()),
            _ => return self.fault("no value: neither quoted text nor a number, true, false or null"),
        };
        self.at += end;
        Ok(value)
    }

    fn string(&mut self) -> Result<String, Fault> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(stop) = rest.bytes().position(|b| b == b'"' || b == b'\\') else {
                return Err(Fault { at: open, cause: "a quote is opened and never closed" });
            };
            out.push_str(rest.get(..stop).unwrap_or_default());
            self.at += stop + 1;
            if rest.as_bytes().get(stop) == Some(&b'"') {
                return Ok(out);
            }
            self.escape(&mut out)?;
        }
    }

    /// What follows a backslash.
    fn escape(&mut self, out: &mut String) -> Result<(), Fault> {
        let Some(&letter) = self.text.as_bytes().get(self.at) else {
            return self.fault("the text ends after a backslash");
        };
        out.push(match letter {
            b'"' | b'\\' | b'/' => letter as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                let high = self.unit()?;
                out.push(self.paired(high));
                return Ok(());
            }
            _ => return self.fault("a backslash before a character that needs none"),
        });
        self.at += 1;
        Ok(())
    }

    /// The character of a UTF-16 unit and, where it is half of a pair, the one after it; half a
    /// pair alone is no character.
    fn paired(&mut self, high: u16) -> char {
        let before = self.at;
        if (0xD800..0xDC00).contains(&high)
            && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u"))
        {
            self.at += 2;
            if let Ok(low) = self.unit()
                && let Some(Ok(pair)) = char::decode_utf16([high, low]).next()
            {
                return pair;
            }
            self.at = before;
        }
        char::from_u32(u32::from(high)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, Fault> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => self.fault("four hexadecimal digits are expected"),
        }
    }
}

/// `-1`, `1.10`, `6.02e23`; a leading zero or plus, which JSON forbids, is let through as text.
fn is_number(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
        && word.parse::<f64>().is_ok()
}

/// Line and character, both from 1, of a byte of the text.
pub(super) fn place(text: &str, at: usize) -> (u64, u64) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = 1 + before.bytes().filter(|&b| b == b'\n').count() as u64;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = 1 + before.get(start..).unwrap_or_default().chars().count() as u64;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str) -> Json {
        Json::Scalar(text.to_owned())
    }

    #[test]
    fn scalars_keep_every_character() {
        for text in ["123456789012345678901", "1.10", "-0.50", "6.02e23", "true", "NaN"] {
            assert_eq!(Scanner::new(text).value(), Ok(scalar(text)), "{text}");
        }
        assert_eq!(Scanner::new(" null ").value(), Ok(Json::Null));
    }

    #[test]
    fn escapes() {
        let read = |text: &str| Scanner::new(text).value();
        assert_eq!(read(r#""a\"b\\\/\n\t\u5ba2""#), Ok(scalar("a\"b\\/\n\t客")));
        assert_eq!(read(r#""\ud83d\ude00""#), Ok(scalar("😀")));
        assert_eq!(read(r#""\ud83dx""#), Ok(scalar("\u{fffd}x")));
        assert_eq!(read(r#""\ud83d\u0041""#), Ok(scalar("\u{fffd}A")));
        assert_eq!(read(r#""\u12""#), Err(Fault { at: 3, cause: "four hexadecimal digits are expected" }));
    }

    #[test]
    fn faults_have_a_place() {
        let text = "[1,\n 2,\n 客 3]";
        let fault = Scanner::new(text).value().unwrap_err();
        assert_eq!(place(text, fault.at), (3, 2));
        for broken in
            ["", "[", "[1", "{\"a\"", "{\"a\":", "{\"a\":1", "{a:1}", "\"abc", "tru", "[1 2]", "+", "\"\\"]
        {
            assert!(Scanner::new(broken).value().is_err(), "{broken}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(Scanner::new(&deep).value().unwrap_err().at, 65);
    }
}
