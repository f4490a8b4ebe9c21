//! Text → tokens, read on demand: a Chinese keyword may be cut off the beginning of a word.

use chrono::NaiveDate;

use super::FormulaError;
use super::parse::Parser;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Date(i64),
    Text(String),
    /// A name in brackets.
    Name(String),
    Word(String),
    Symbol(&'static str),
    End,
}

pub(super) fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

pub(super) fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Parser {
    /// Reads the next token.
    pub(super) fn advance(&mut self) -> Result<(), FormulaError> {
        let peek = |at: usize| self.chars.get(at).copied();
        let mut at = self.end;
        while peek(at).is_some_and(char::is_whitespace) {
            at += 1;
        }
        let Some(first) = peek(at) else {
            (self.at, self.end, self.token) = (at, at, Token::End);
            return Ok(());
        };
        let digit = |at: usize| peek(at).is_some_and(|c| c.is_ascii_digit());
        let (token, end) = if first.is_ascii_digit() || first == '.' && digit(at + 1) {
            self.number(at)?
        } else if begins_word(first) {
            let rest = self.chars.get(at..).unwrap_or_default();
            let word: String = rest.iter().take_while(|c| in_word(**c)).collect();
            let length = word.chars().count();
            (Token::Word(word), at + length)
        } else if let Some(close) = text_close(first) {
            let (text, end) = self.enclosed(at, close)?;
            (Token::Text(text), end)
        } else if let Some(close) = name_close(first) {
            let (name, end) = self.enclosed(at, close)?;
            (Token::Name(name), end)
        } else {
            let second = peek(at + 1).map_or(' ', ascii);
            let (symbol, length) = match (ascii(first), second) {
                ('<', '=') => ("<=", 2),
                ('>', '=') => (">=", 2),
                ('<', '>') | ('!', '=') => ("!=", 2),
                ('=', '=') => ("=", 2),
                ('=', _) => ("=", 1),
                ('<', _) => ("<", 1),
                ('>', _) => (">", 1),
                ('≤', _) => ("<=", 1),
                ('≥', _) => (">=", 1),
                ('≠', _) => ("!=", 1),
                ('+', _) => ("+", 1),
                ('-', _) => ("-", 1),
                ('*', _) => ("*", 1),
                ('/', _) => ("/", 1),
                ('%', _) => ("%", 1),
                ('(', _) => ("(", 1),
                (')', _) => (")", 1),
                (',', _) => (",", 1),
                _ => ("", 1),
            };
            (Token::Symbol(symbol), at + length)
        };
        (self.at, self.end, self.token) = (at, end, token);
        Ok(())
    }

    /// A number, or a date as `2024-03-05`.
    fn number(&self, at: usize) -> Result<(Token, usize), FormulaError> {
        let peek = |at: usize| self.chars.get(at).copied().unwrap_or(' ');
        let digits = |mut at: usize| {
            while peek(at).is_ascii_digit() {
                at += 1;
            }
            at
        };
        let text = |end: usize| -> String { self.chars.get(at..end).unwrap_or_default().iter().collect() };
        let year = digits(at);
        let month = digits(year + 1);
        let day = digits(month + 1);
        if (year - at, peek(year), month - year, peek(month), day - month) == (4, '-', 3, '-', 3) {
            let text = text(day);
            let read = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
            let time = read.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|time| time.and_utc());
            return match time {
                Some(time) => Ok((Token::Date(time.timestamp_millis()), day)),
                None => Err(FormulaError::BadValue { at: at + 1, text }),
            };
        }
        let mut end = year;
        if peek(end) == '.' {
            end = digits(end + 1);
        }
        if matches!(peek(end), 'e' | 'E') {
            let sign = usize::from(matches!(peek(end + 1), '+' | '-'));
            let exponent = digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                end = exponent;
            }
        }
        let text = text(end);
        match text.parse::<f64>().ok().filter(|value| value.is_finite()) {
            Some(value) => Ok((Token::Number(value), end)),
            None => Err(FormulaError::BadValue { at: at + 1, text }),
        }
    }

    /// What stands between the mark at `at` and `close`; a doubled `close` stands for itself.
    fn enclosed(&self, at: usize, close: char) -> Result<(String, usize), FormulaError> {
        let mut out = String::new();
        let mut end = at + 1;
        while let Some(&c) = self.chars.get(end) {
            if c == close {
                if self.chars.get(end + 1) != Some(&close) {
                    return Ok((out, end + 1));
                }
                end += 1;
            }
            out.push(c);
            end += 1;
        }
        let mark = self.chars.get(at).copied().unwrap_or(close);
        Err(FormulaError::Unclosed { at: at + 1, mark })
    }
}

/// The mark that closes a text.
fn text_close(open: char) -> Option<char> {
    match open {
        '\'' | '"' => Some(open),
        '‘' | '’' => Some('’'),
        '“' | '”' => Some('”'),
        _ => None,
    }
}

/// The mark that closes a column's name.
fn name_close(open: char) -> Option<char> {
    match open {
        '[' => Some(']'),
        '【' => Some('】'),
        '`' => Some('`'),
        _ => None,
    }
}

/// The sign that a Chinese keyboard writes for `c`, in ASCII.
pub(super) fn ascii(c: char) -> char {
    match c {
        '（' => '(',
        '）' => ')',
        '，' | '、' => ',',
        '＝' => '=',
        '＞' => '>',
        '＜' => '<',
        '！' => '!',
        '＋' => '+',
        '－' | '−' => '-',
        '＊' | '×' => '*',
        '／' | '÷' => '/',
        '％' => '%',
        _ => c,
    }
}
