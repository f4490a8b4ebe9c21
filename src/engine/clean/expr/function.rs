//! The functions of the formula language: names and how each is written.

/// A function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    If,
    Coalesce,
    Abs,
    Round,
    Floor,
    Ceil,
    Sqrt,
    Ln,
    Exp,
    Log1p,
    Min,
    Max,
    Lower,
    Upper,
    Trim,
    Length,
    Concat,
    Left,
    Right,
    Substr,
    Replace,
    Contains,
    StartsWith,
    EndsWith,
    Year,
    Month,
    Day,
    Weekday,
    DaysBetween,
}

impl Function {
    /// Every function, in the order in which help lists them.
    pub const ALL: [Function; 29] = [
        Function::If,
        Function::Coalesce,
        Function::Abs,
        Function::Round,
        Function::Floor,
        Function::Ceil,
        Function::Sqrt,
        Function::Ln,
        Function::Exp,
        Function::Log1p,
        Function::Min,
        Function::Max,
        Function::Lower,
        Function::Upper,
        Function::Trim,
        Function::Length,
        Function::Concat,
        Function::Left,
        Function::Right,
        Function::Substr,
        Function::Replace,
        Function::Contains,
        Function::StartsWith,
        Function::EndsWith,
        Function::Year,
        Function::Month,
        Function::Day,
        Function::Weekday,
        Function::DaysBetween,
    ];

    /// How it is written, with its arguments.
    pub fn usage(self) -> &'static str {
        match self {
            Self::If => "if(condition, value, otherwise)",
            Self::Coalesce => "coalesce(value, value, …)",
            Self::Abs => "abs(number)",
            Self::Round => "round(number, digits)",
            Self::Floor => "floor(number)",
            Self::Ceil => "ceil(number)",
            Self::Sqrt => "sqrt(number)",
            Self::Ln => "ln(number)",
            Self::Exp => "exp(number)",
            Self::Log1p => "log1p(number)",
            Self::Min => "min(value, value, …)",
            Self::Max => "max(value, value, …)",
            Self::Lower => "lower(text)",
            Self::Upper => "upper(text)",
            Self::Trim => "trim(text)",
            Self::Length => "length(text)",
            Self::Concat => "concat(value, value, …)",
            Self::Left => "left(text, count)",
            Self::Right => "right(text, count)",
            Self::Substr => "substr(text, start, count)",
            Self::Replace => "replace(text, old, new)",
            Self::Contains => "contains(text, part)",
            Self::StartsWith => "starts_with(text, part)",
            Self::EndsWith => "ends_with(text, part)",
            Self::Year => "year(date)",
            Self::Month => "month(date)",
            Self::Day => "day(date)",
            Self::Weekday => "weekday(date)",
            Self::DaysBetween => "days_between(date, date)",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.usage().split('(').next().unwrap_or_default()
    }

    /// The fewest and the most arguments.
    pub fn arity(self) -> (usize, usize) {
        match self {
            Self::If | Self::Replace => (3, 3),
            Self::Coalesce | Self::Min | Self::Max | Self::Concat => (1, usize::MAX),
            Self::Round => (1, 2),
            Self::Substr => (2, 3),
            Self::Left
            | Self::Right
            | Self::Contains
            | Self::StartsWith
            | Self::EndsWith
            | Self::DaysBetween => (2, 2),
            _ => (1, 1),
        }
    }

    /// Reads the name, whatever its case.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        Self::ALL.into_iter().find(|function| function.name() == name)
    }
}
