//! Text → formula, by precedence climbing over tokens that are read on demand. What a Chinese
//! keyboard writes (，（）＝＞ “” 且 或) is read as well; after a number, a text or a bracket a Chinese
//! keyword needs no blank before it, after a bare name it does.

use super::error::nearest;
use super::lex::{Token, ascii, begins_word, in_word};
use super::{Expr, FormulaError, Function, Kind, Op, Wanted};

/// Longest formula, in characters.
const LONGEST: usize = 2_000;
/// Deepest nesting of brackets, signs and functions.
const DEEPEST: usize = 64;
/// Deepest tree: a long sum is a deep tree without nesting.
const TALLEST: usize = 256;

const AND: &[&str] = &["and", "并且", "且"];
const OR: &[&str] = &["or", "或者", "或"];
const NOT: &[&str] = &["not", "非", "不"];
const BETWEEN: &[&str] = &["between", "介于"];
const BOUNDS: &[&str] = &["and", "和", "与", "到", "且"];
const IN: &[&str] = &["in", "属于"];
const IS: &[&str] = &["is"];
const MISSING: &[&str] = &["missing", "null"];
const IS_MISSING: &[&str] = &["为空", "缺失"];
const CONTAINS: &[&str] = &["contains", "包含"];
const STARTS: &[&str] = &["starts_with"];
const ENDS: &[&str] = &["ends_with"];
const TRUE: &[&str] = &["true", "真"];
const FALSE: &[&str] = &["false", "假"];

/// Words that are no bare column names.
const RESERVED: [&[&str]; 14] =
    [AND, OR, NOT, BETWEEN, BOUNDS, IN, IS, MISSING, IS_MISSING, CONTAINS, STARTS, ENDS, TRUE, FALSE];

/// True if a column's name can stand in a formula without brackets.
pub(super) fn is_bare(name: &str) -> bool {
    name.chars().next().is_some_and(begins_word) && name.chars().all(in_word) && !is_reserved(name)
}

fn is_reserved(word: &str) -> bool {
    let lower = word.to_lowercase();
    RESERVED.iter().any(|list| list.contains(&lower.as_str()))
}

/// What follows an operand.
#[derive(Clone, Copy)]
enum Infix {
    Binary(Op),
    Call(Function),
    Between,
    In,
    Is,
    /// `为空`: `is missing` in one word.
    IsMissing,
    /// `not` before one of the others.
    Not,
}

/// Reads a formula.
///
/// # Errors
/// What is wrong, with the position of the character from 1.
pub fn parse(text: &str) -> Result<Expr, FormulaError> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(FormulaError::TooLong { limit: LONGEST });
    }
    let mut parser = Parser { chars: text.chars().collect(), at: 0, end: 0, token: Token::End, depth: 0 };
    parser.advance()?;
    if parser.token == Token::End {
        return Err(FormulaError::Empty);
    }
    let expr = parser.expression(1)?;
    if parser.token != Token::End {
        return Err(parser.unexpected(Wanted::Operator));
    }
    // By hand, not by recursion: this is what keeps recursion shallow elsewhere.
    let mut open = vec![(&expr, 1)];
    while let Some((part, height)) = open.pop() {
        if height > TALLEST {
            return Err(FormulaError::TooDeep { at: part.at });
        }
        open.extend(part.parts().into_iter().map(|part| (part, height + 1)));
    }
    Ok(expr)
}

pub(super) struct Parser {
    pub(super) chars: Vec<char>,
    /// Where the token begins and ends.
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) token: Token,
    depth: usize,
}

impl Parser {
    fn unexpected(&self, expected: Wanted) -> FormulaError {
        let found = self.chars.get(self.at..self.end).unwrap_or_default().iter().take(30).collect();
        FormulaError::Unexpected { at: self.at + 1, found, expected }
    }

    /// The length of the keyword at hand: a whole word in Latin letters, the beginning of one in
    /// Chinese.
    fn keyword(&self, words: &[&str]) -> Option<usize> {
        let Token::Word(word) = &self.token else { return None };
        let lower = word.to_lowercase();
        let fits = |one: &&&str| if one.is_ascii() { lower == **one } else { word.starts_with(**one) };
        words.iter().find(fits).map(|one| one.chars().count())
    }

    /// Takes the first `length` characters of the token away.
    fn take(&mut self, length: usize) -> Result<(), FormulaError> {
        self.end = self.at + length;
        self.advance()
    }

    fn eat(&mut self, words: &[&str]) -> Result<bool, FormulaError> {
        match self.keyword(words) {
            Some(length) => self.take(length).map(|()| true),
            None => Ok(false),
        }
    }

    fn symbol(&mut self, wanted: &str) -> Result<bool, FormulaError> {
        let found = matches!(&self.token, Token::Symbol(symbol) if *symbol == wanted);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// Reads operands and operators that bind at least as strongly as `least`: 1 or, 2 and,
    /// 3 not, 4 comparison, 5 sum, 6 product, 7 sign.
    fn expression(&mut self, least: u8) -> Result<Expr, FormulaError> {
        let mut left = self.operand()?;
        while let Some((infix, length, strength)) = self.infix().filter(|(_, _, s)| *s >= least) {
            let at = self.at + 1;
            self.take(length)?;
            let kind = self.rest(infix, left, strength, at)?;
            left = Expr { kind, at };
        }
        Ok(left)
    }

    /// What follows an operator, with what stood before it.
    fn rest(&mut self, infix: Infix, left: Expr, strength: u8, at: usize) -> Result<Kind, FormulaError> {
        Ok(match infix {
            Infix::Binary(op) => Kind::Binary(op, Box::new(left), Box::new(self.expression(strength + 1)?)),
            Infix::Call(function) => Kind::Call(function, vec![left, self.expression(5)?]),
            Infix::Between => {
                let low = self.expression(5)?;
                if !self.eat(BOUNDS)? {
                    return Err(self.unexpected(Wanted::And));
                }
                Kind::Between(Box::new([left, low, self.expression(5)?]))
            }
            Infix::In => {
                if !self.symbol("(")? {
                    return Err(self.unexpected(Wanted::Open));
                }
                Kind::In(Box::new(left), self.list()?)
            }
            Infix::Is => {
                let not = self.eat(NOT)?;
                if !self.eat(MISSING)? {
                    return Err(self.unexpected(Wanted::Missing));
                }
                let kind = Kind::IsMissing(Box::new(left));
                if not { Kind::Not(Box::new(Expr { kind, at })) } else { kind }
            }
            Infix::IsMissing => Kind::IsMissing(Box::new(left)),
            Infix::Not => {
                let Some((infix, length, strength)) = self.infix().filter(|(_, _, s)| *s == 4) else {
                    return Err(self.unexpected(Wanted::Operator));
                };
                if matches!(infix, Infix::Binary(_) | Infix::Is | Infix::Not) {
                    return Err(self.unexpected(Wanted::Operator));
                }
                self.take(length)?;
                let kind = self.rest(infix, left, strength, at)?;
                Kind::Not(Box::new(Expr { kind, at }))
            }
        })
    }

    /// The operator at hand, its length in characters and how strongly it binds.
    fn infix(&self) -> Option<(Infix, usize, u8)> {
        let length = self.end - self.at;
        if let Token::Symbol(symbol) = self.token {
            let (op, strength) = match symbol {
                "=" => (Op::Eq, 4),
                "!=" => (Op::Ne, 4),
                "<" => (Op::Lt, 4),
                "<=" => (Op::Le, 4),
                ">" => (Op::Gt, 4),
                ">=" => (Op::Ge, 4),
                "+" => (Op::Add, 5),
                "-" => (Op::Sub, 5),
                "*" => (Op::Mul, 6),
                "/" => (Op::Div, 6),
                "%" => (Op::Rem, 6),
                _ => return None,
            };
            return Some((Infix::Binary(op), length, strength));
        }
        let words: [(&[&str], Infix, u8); 10] = [
            (OR, Infix::Binary(Op::Or), 1),
            (AND, Infix::Binary(Op::And), 2),
            (BETWEEN, Infix::Between, 4),
            (IN, Infix::In, 4),
            (IS, Infix::Is, 4),
            (IS_MISSING, Infix::IsMissing, 4),
            (CONTAINS, Infix::Call(Function::Contains), 4),
            (STARTS, Infix::Call(Function::StartsWith), 4),
            (ENDS, Infix::Call(Function::EndsWith), 4),
            (NOT, Infix::Not, 4),
        ];
        words
            .into_iter()
            .find_map(|(words, infix, strength)| self.keyword(words).map(|length| (infix, length, strength)))
    }

    /// Goes one level deeper.
    fn nested<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, FormulaError>,
    ) -> Result<T, FormulaError> {
        if self.depth >= DEEPEST {
            return Err(FormulaError::TooDeep { at: self.at + 1 });
        }
        self.depth += 1;
        let out = work(self);
        self.depth -= 1;
        out
    }

    fn operand(&mut self) -> Result<Expr, FormulaError> {
        let at = self.at + 1;
        let kind = match self.token.clone() {
            Token::Number(value) => Kind::Number(value),
            Token::Date(ms) => Kind::Date(ms),
            Token::Text(text) => Kind::Text(text),
            Token::Name(name) => Kind::Column(name),
            Token::Symbol("-") => {
                self.advance()?;
                let part = self.nested(|parser| parser.expression(7))?;
                return Ok(Expr { kind: Kind::Negative(Box::new(part)), at });
            }
            Token::Symbol("(") => {
                self.advance()?;
                let part = self.nested(|parser| parser.expression(1))?;
                return if self.symbol(")")? { Ok(part) } else { Err(self.unexpected(Wanted::Close)) };
            }
            Token::Word(word) => return self.word(&word, at),
            Token::Symbol(_) | Token::End => return Err(self.unexpected(Wanted::Operand)),
        };
        self.advance()?;
        Ok(Expr { kind, at })
    }

    /// A bare word: a column, a function, `not`, `true` or `false`.
    fn word(&mut self, word: &str, at: usize) -> Result<Expr, FormulaError> {
        let lower = word.to_lowercase();
        let is = |words: &[&str]| words.contains(&lower.as_str());
        if is(NOT) {
            self.advance()?;
            let part = self.nested(|parser| parser.expression(4))?;
            return Ok(Expr { kind: Kind::Not(Box::new(part)), at });
        }
        if is(TRUE) || is(FALSE) {
            self.advance()?;
            return Ok(Expr { kind: Kind::Boolean(is(TRUE)), at });
        }
        let called = self.chars.get(self.end..).unwrap_or_default().iter().find(|c| !c.is_whitespace());
        let called = called.is_some_and(|c| ascii(*c) == '(');
        match Function::parse(word).filter(|_| called) {
            Some(function) => {
                self.advance()?;
                self.advance()?;
                let kind = Kind::Call(function, self.list()?);
                Ok(Expr { kind, at })
            }
            None if is_reserved(word) => Err(self.unexpected(Wanted::Operand)),
            None if called => {
                let names = Function::ALL.iter().map(|function| function.name());
                Err(FormulaError::UnknownFunction {
                    at,
                    name: word.to_owned(),
                    nearest: nearest(word, names),
                })
            }
            None => {
                self.advance()?;
                Ok(Expr { kind: Kind::Column(word.to_owned()), at })
            }
        }
    }

    /// Expressions with commas between, to the closing bracket.
    fn list(&mut self) -> Result<Vec<Expr>, FormulaError> {
        let mut out = vec![self.nested(|parser| parser.expression(1))?];
        while self.symbol(",")? {
            out.push(self.nested(|parser| parser.expression(1))?);
        }
        if self.symbol(")")? { Ok(out) } else { Err(self.unexpected(Wanted::Close)) }
    }
}
