//! What the dialects of SQL share and where they differ: quoting of names, and the check that a
//! person's query only reads.

use super::{DatabaseError, NotReading};

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgresql,
    Mysql,
}

impl Dialect {
    /// A name as an identifier, whatever signs it holds.
    pub(super) fn quote(self, name: &str) -> String {
        match self {
            Self::Mysql => format!("`{}`", name.replace('`', "``")),
            Self::Sqlite | Self::Postgresql => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A text as a literal; the sessions are set so that backslashes mean themselves in
    /// PostgreSQL and SQLite only.
    pub(super) fn literal(self, text: &str) -> String {
        let text = text.replace('\'', "''");
        match self {
            Self::Mysql => format!("'{}'", text.replace('\\', "\\\\")),
            Self::Sqlite | Self::Postgresql => format!("'{text}'"),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Open,
    Close,
    End,
    /// A string, a quoted name, a number, an operator.
    Other,
}

/// Returns the query without a closing semicolon if it is one SELECT (or WITH … SELECT) that only
/// reads. A second guard beside the read-only session, not a replacement for it.
///
/// # Errors
/// [`DatabaseError::NotReading`] with the reason.
pub(super) fn reading(sql: &str, dialect: Dialect) -> Result<&str, DatabaseError> {
    let refuse = |why| Err(DatabaseError::NotReading { why });
    let mut scanner = Scanner { text: sql, at: 0, dialect };
    let (mut depth, mut end) = (0usize, None);
    // What stands before the present token; the start counts as a bracket that opens.
    let mut before = Token::Open;
    let mut begun = false;
    loop {
        let token = match scanner.next() {
            Ok(Some(token)) => token,
            Ok(None) => break,
            Err(why) => return refuse(why),
        };
        if token == Token::End {
            end.get_or_insert(scanner.at - 1);
            continue;
        }
        if end.is_some() {
            return refuse(NotReading::ManyStatements);
        }
        let at_head = matches!(before, Token::Open | Token::Close);
        match &token {
            Token::Open => depth += 1,
            Token::Close if depth == 0 => return refuse(NotReading::Unclosed),
            Token::Close => depth -= 1,
            Token::Word(word) => {
                let after = |words: &[&str]| matches!(&before, Token::Word(b) if words.contains(&b.as_str()));
                let changes = match word.as_str() {
                    "into" => true,
                    "insert" | "update" | "delete" | "merge" | "replace" if at_head && begun => {
                        // `insert(` and `replace(` are also functions on text.
                        !scanner.rest().trim_start().starts_with('(')
                    }
                    "update" | "share" => after(&["for", "key", "in"]),
                    _ => false,
                };
                if changes {
                    return refuse(NotReading::Changes);
                }
            }
            Token::Other | Token::End => {}
        }
        if !begun && token != Token::Open {
            match &token {
                Token::Word(word) if word == "select" || word == "with" => begun = true,
                _ => return refuse(NotReading::NoSelect),
            }
        }
        before = token;
    }
    match (begun, depth) {
        (false, _) => refuse(NotReading::Nothing),
        (true, 0) => Ok(sql.get(..end.unwrap_or(sql.len())).unwrap_or(sql).trim_end()),
        (true, _) => refuse(NotReading::Unclosed),
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Moves behind the next `end`.
    fn skip_past(&mut self, end: &str) -> Result<(), NotReading> {
        let found = self.rest().find(end).ok_or(NotReading::Unclosed)?;
        self.at += found + end.len();
        Ok(())
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    /// Moves behind a quoted text that has begun. A doubled quote reads as two texts, which is
    /// the same to us.
    fn skip_quoted(&mut self, quote: char, backslash: bool) -> Result<(), NotReading> {
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && backslash {
                chars.next();
            } else if c == quote {
                self.at += at + quote.len_utf8();
                return Ok(());
            }
        }
        Err(NotReading::Unclosed)
    }

    fn skip_comment(&mut self) -> Result<(), NotReading> {
        let nested = self.dialect == Dialect::Postgresql;
        let mut depth = 1;
        while depth > 0 {
            let rest = self.rest();
            let close = rest.find("*/").ok_or(NotReading::Unclosed)?;
            match rest.find("/*").filter(|open| nested && *open < close) {
                Some(open) => (self.at, depth) = (self.at + open + 2, depth + 1),
                None => (self.at, depth) = (self.at + close + 2, depth - 1),
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Token>, NotReading> {
        use Dialect::{Mysql, Postgresql, Sqlite};
        loop {
            let rest = self.rest();
            let Some(c) = rest.chars().next() else { return Ok(None) };
            let behind = rest.get(c.len_utf8()..).unwrap_or("");
            self.at += c.len_utf8();
            match c {
                _ if c.is_whitespace() => {}
                '-' if behind.strip_prefix('-').is_some_and(|rest| {
                    // MySQL wants a blank, or 1--1 could not be written.
                    self.dialect != Mysql || rest.chars().next().is_none_or(|c| c <= ' ')
                }) =>
                {
                    self.skip_line();
                }
                '#' if self.dialect == Mysql => self.skip_line(),
                '/' if behind.starts_with('*') => {
                    self.at += 1;
                    // MySQL runs what stands in such comments.
                    if self.dialect == Mysql && (behind.starts_with("*!") || behind.starts_with("*M!")) {
                        return Err(NotReading::Changes);
                    }
                    self.skip_comment()?;
                }
                '\'' => {
                    self.skip_quoted('\'', self.dialect == Mysql)?;
                    return Ok(Some(Token::Other));
                }
                '"' => {
                    self.skip_quoted('"', self.dialect == Mysql)?;
                    return Ok(Some(Token::Other));
                }
                '`' if self.dialect != Postgresql => {
                    self.skip_past("`")?;
                    return Ok(Some(Token::Other));
                }
                '[' if self.dialect == Sqlite => {
                    self.skip_past("]")?;
                    return Ok(Some(Token::Other));
                }
                '$' if self.dialect == Postgresql => {
                    let tag = behind.find('$').and_then(|end| behind.get(..end));
                    let is_tag = |tag: &&str| {
                        tag.chars().all(|c| c.is_alphanumeric() || c == '_')
                            && !tag.starts_with(|c: char| c.is_ascii_digit())
                    };
                    if let Some(tag) = tag.filter(is_tag) {
                        self.at += tag.len() + 1;
                        self.skip_past(&format!("${tag}$"))?;
                    }
                    return Ok(Some(Token::Other));
                }
                '(' => return Ok(Some(Token::Open)),
                ')' => return Ok(Some(Token::Close)),
                ';' => return Ok(Some(Token::End)),
                _ if c.is_ascii_alphabetic() || c == '_' || !c.is_ascii() => {
                    let is_part =
                        |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
                    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                    let word = rest.get(..length).unwrap_or("").to_lowercase();
                    self.at += length - c.len_utf8();
                    // E'…' of PostgreSQL: a text in which backslashes escape.
                    if self.dialect == Postgresql && word == "e" && self.rest().starts_with('\'') {
                        self.at += 1;
                        self.skip_quoted('\'', true)?;
                        return Ok(Some(Token::Other));
                    }
                    return Ok(Some(Token::Word(word)));
                }
                _ => return Ok(Some(Token::Other)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgresql, Dialect::Mysql];

    fn why(sql: &str, dialect: Dialect) -> Option<NotReading> {
        match reading(sql, dialect) {
            Ok(_) => None,
            Err(DatabaseError::NotReading { why }) => Some(why),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn one_select_passes() {
        for sql in [
            "select 1",
            " SELECT 'a;b', \"c--d\" FROM t -- ; drop table t\n",
            "/* delete */ SELECT /* ; */ 1",
            "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
            "(SELECT 1) UNION (SELECT 2)",
            "SELECT replace(name, 'a', 'b'), updated, 'it''s' FROM \"insert\"",
            "SELECT (1) FROM 客户",
        ] {
            for dialect in ALL {
                assert_eq!(why(sql, dialect), None, "{sql}");
            }
        }
        assert_eq!(reading(" SELECT 1 ; -- done\n ;", Dialect::Sqlite).unwrap(), " SELECT 1");
    }

    #[test]
    fn everything_else_is_refused() {
        use NotReading::*;
        for (sql, expected) in [
            ("", Nothing),
            (" ; ", Nothing),
            ("DROP TABLE t", NoSelect),
            ("PRAGMA journal_mode = delete", NoSelect),
            ("EXPLAIN SELECT 1", NoSelect),
            ("SELECT 1; DROP TABLE t", ManyStatements),
            ("SELECT 1;;SELECT 2", ManyStatements),
            ("SELECT * INTO copy FROM t", Changes),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", Changes),
            ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", Changes),
            ("WITH x AS (SELECT 1) UPDATE t SET a = 1", Changes),
            ("WITH x(a) AS (SELECT 1) INSERT INTO t SELECT a FROM x", Changes),
            ("SELECT * FROM t FOR UPDATE", Changes),
            ("SELECT * FROM t FOR NO KEY UPDATE", Changes),
            ("SELECT * FROM t LOCK IN SHARE MODE", Changes),
            ("SELECT 1) TO PROGRAM 'sh' --", Unclosed),
            ("SELECT (1", Unclosed),
            ("SELECT 'a", Unclosed),
            ("SELECT 1 /* never closed", Unclosed),
        ] {
            for dialect in ALL {
                assert_eq!(why(sql, dialect), Some(expected), "{dialect:?}: {sql}");
            }
        }
    }

    #[test]
    fn each_dialect_has_its_own_quotes() {
        use Dialect::*;
        use NotReading::*;
        // A backslash escapes in MySQL, so the text goes on; elsewhere it ends there.
        let sql = "SELECT '\\'; DROP TABLE t; -- '";
        assert_eq!(why(sql, Mysql), None);
        assert_eq!(why(sql, Postgresql), Some(ManyStatements));
        let sql = "SELECT E'\\'; DROP TABLE t; -- '";
        assert_eq!(why(sql, Postgresql), None);
        assert_eq!(why("SELECT $a$ ; ' $a$", Postgresql), None);
        assert_eq!(why("SELECT $a$ ; DROP", Postgresql), Some(Unclosed));
        assert_eq!(why("SELECT /* /* */ 1; DROP TABLE t */ 2", Postgresql), None);
        assert_eq!(why("SELECT /* /* */ 1; DROP TABLE t", Mysql), Some(ManyStatements));
        assert_eq!(why("SELECT 1 /*!50000 INTO OUTFILE 'x' */", Mysql), Some(Changes));
        assert_eq!(why("SELECT 1 # ; DROP", Mysql), None);
        assert_eq!(why("SELECT 1--1; DROP TABLE t", Mysql), Some(ManyStatements));
        assert_eq!(why("SELECT [a;b] FROM t", Sqlite), None);
        assert_eq!(why("SELECT `a;b` FROM t", Mysql), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_and_what_passes_would_pass_again(text in "[a-zA-Z ;'\"`$()/*#\\\\\\[\\]-]{0,40}|\\PC{0,40}") {
            for dialect in ALL {
                // What is sent is itself one SELECT.
                let text = format!("SELECT {text}");
                if let Ok(sql) = reading(&text, dialect) {
                    assert_eq!(reading(sql, dialect).unwrap(), sql);
                }
                let _ = reading(&text, dialect);
            }
        }
    }

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(Dialect::Postgresql.quote("a\"b c"), "\"a\"\"b c\"");
        assert_eq!(Dialect::Mysql.quote("a`b"), "`a``b`");
        assert_eq!(Dialect::Mysql.literal("a'\\b"), "'a''\\\\b'");
        assert_eq!(Dialect::Sqlite.literal("a'\\b"), "'a''\\b'");
    }
}
