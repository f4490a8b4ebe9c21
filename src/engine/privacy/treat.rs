//! What is done to the cells of a column, and the words for it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::pseudonym::{Key, pseudonym};
use super::{date_shift, fake_values, generalise, mask};
use crate::detect::contact::{Kind, find_in_text, names};
use crate::detect::missing;
use crate::table::Column;

/// What is done to every cell of a column that is not blank. Every treatment but [`Keep`](Self::Keep)
/// and [`MaskText`](Self::MaskText) gives each such cell another text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    #[default]
    Keep,
    /// The column is left out.
    Drop,
    /// A sign that stands for the value in every table, with this before it.
    Pseudonym { prefix: String },
    /// An invented value of the same kind and language; the same value gets the same one.
    Fake,
    /// A coarser value.
    Generalise(Generalise),
    /// Every date of a person moved by the same number of days, 1 to `max_days` to either side.
    DateShift { max_days: u32 },
    /// E-mail and internet addresses, telephone, identity, card and account numbers inside a text become
    /// `[email]` and so on; texts without any stay as they are. Names inside texts are not found.
    MaskText,
    /// Most letters and digits become stars.
    Mask,
}

/// How a value is made coarser. What cannot be read becomes `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generalise {
    /// Whole years of age in bands of so many: `30–39`; 90 and over is one band.
    AgeBand(u32),
    /// The year of a date; of a bare year its decade.
    YearOnly,
    /// Year and month of a date.
    Month,
    /// The city of an address.
    City,
    /// The province or state of an address.
    Region,
    /// The first signs of a postal code, stars for the others.
    PostcodePrefix(u32),
    /// Numbers in bands of this width, the upper end not included: `30–40`.
    NumberBand(u32),
    FirstLetter,
    /// The nearest multiple; a value that is one already moves to the next.
    Round(u32),
}

impl Treatment {
    /// Its word without any number or text behind it, as in the catalogue (`treatment.<word>`).
    pub fn word(&self) -> String {
        let whole = self.to_string();
        whole.split_once(':').map_or(whole.clone(), |(word, _)| word.to_owned())
    }

    /// The number that it takes: days, years, the width of a band, signs.
    pub fn amount(&mut self) -> Option<&mut u32> {
        match self {
            Self::DateShift { max_days: amount }
            | Self::Generalise(
                Generalise::AgeBand(amount)
                | Generalise::NumberBand(amount)
                | Generalise::PostcodePrefix(amount)
                | Generalise::Round(amount),
            ) => Some(amount),
            _ => None,
        }
    }

    /// Reads the words of the command line: `drop`, `pseudonym`, `pseudonym:C-`, `fake`, `mask`,
    /// `keep`, `shift:30`, `band:10`, `age:10`, `year`, `month`, `city`, `region`, `prefix:3`,
    /// `round:100`, `letter`, `text`.
    pub fn parse(text: &str) -> Option<Self> {
        let (word, rest) = match text.trim().split_once(':') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text.trim(), None),
        };
        let number = |usual: u32| match rest {
            None => Some(usual),
            Some(rest) => rest.trim().parse::<u32>().ok().filter(|n| *n > 0),
        };
        let plain = |treatment: Treatment| rest.is_none().then_some(treatment);
        let coarser = |how| Some(Treatment::Generalise(how));
        match word.trim().to_lowercase().as_str() {
            "keep" => plain(Self::Keep),
            "drop" => plain(Self::Drop),
            "pseudonym" => Some(Self::Pseudonym { prefix: rest.unwrap_or_default().to_owned() }),
            "fake" => plain(Self::Fake),
            "mask" => plain(Self::Mask),
            "text" => plain(Self::MaskText),
            "shift" => Some(Self::DateShift { max_days: number(30)? }),
            "age" => coarser(Generalise::AgeBand(number(10)?)),
            "band" => coarser(Generalise::NumberBand(number(10)?)),
            "prefix" => coarser(Generalise::PostcodePrefix(number(3)?)),
            "round" => coarser(Generalise::Round(number(10)?)),
            "year" => plain(Self::Generalise(Generalise::YearOnly)),
            "month" => plain(Self::Generalise(Generalise::Month)),
            "city" => plain(Self::Generalise(Generalise::City)),
            "region" => plain(Self::Generalise(Generalise::Region)),
            "letter" => plain(Self::Generalise(Generalise::FirstLetter)),
            _ => None,
        }
    }
}

/// The words that [`Treatment::parse`] reads.
impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Drop => f.write_str("drop"),
            Self::Pseudonym { prefix } if prefix.is_empty() => f.write_str("pseudonym"),
            Self::Pseudonym { prefix } => write!(f, "pseudonym:{prefix}"),
            Self::Fake => f.write_str("fake"),
            Self::Mask => f.write_str("mask"),
            Self::MaskText => f.write_str("text"),
            Self::DateShift { max_days } => write!(f, "shift:{max_days}"),
            Self::Generalise(how) => match how {
                Generalise::AgeBand(width) => write!(f, "age:{width}"),
                Generalise::NumberBand(width) => write!(f, "band:{width}"),
                Generalise::PostcodePrefix(count) => write!(f, "prefix:{count}"),
                Generalise::Round(step) => write!(f, "round:{step}"),
                Generalise::YearOnly => f.write_str("year"),
                Generalise::Month => f.write_str("month"),
                Generalise::City => f.write_str("city"),
                Generalise::Region => f.write_str("region"),
                Generalise::FirstLetter => f.write_str("letter"),
            },
        }
    }
}

/// All that the treatment of a cell depends on besides the cell.
pub(super) struct Treating<'a> {
    pub(super) key: &'a Key,
    pub(super) column: &'a Column,
    pub(super) treatment: &'a Treatment,
    pub(super) kind: Option<Kind>,
    /// Columns of one group share pseudonyms and stand-ins.
    pub(super) group: &'a str,
    /// What the column's name promises of names.
    pub(super) promise: Option<names::Promise>,
}

/// Times that another stand-in is tried where one equals the value.
const TRIES: u32 = 8;

impl Treating<'_> {
    /// The cell's new text; `person` is the row's customer, whose dates move together. Blank stays
    /// blank, and a mark for "no value" becomes blank.
    pub(super) fn cell(&self, value: &str, person: &str) -> String {
        let trimmed = value.trim();
        match self.treatment {
            Treatment::Keep => return value.to_owned(),
            Treatment::Drop => return String::new(),
            Treatment::MaskText => return mask_text(value),
            _ => {}
        }
        if missing::is_missing(value) && !(self.column.keep_na && trimmed == "NA") {
            return String::new();
        }
        let is_other = |text: &String| {
            !text.trim().is_empty()
                && !text.trim().eq_ignore_ascii_case(trimmed)
                // `17.0` is 17 in other words.
                && text.trim() != super::pseudonym::plain(value)
        };
        let other = match self.treatment {
            Treatment::Pseudonym { prefix } => {
                (0..TRIES).map(|again| pseudonym(self.key, self.group, prefix, again, value)).find(is_other)
            }
            Treatment::Fake => (0..TRIES)
                .map(|again| fake_values::fake(self.kind, self.promise, self.key, self.group, again, value))
                .find(is_other),
            Treatment::Generalise(how) => {
                generalise::coarser(*how, trimmed, self.column).into_iter().find(is_other)
            }
            Treatment::DateShift { max_days } => {
                let days = date_shift::days(self.key, person, *max_days);
                date_shift::shift(trimmed, self.column.date_order, days).filter(is_other)
            }
            _ => Some(mask(trimmed)).filter(is_other),
        };
        other.unwrap_or_else(|| if trimmed == "*" { "**" } else { "*" }.to_owned())
    }
}

/// A text with the details in it replaced by the name of their kind.
fn mask_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (range, kind) in find_in_text(text) {
        let word = match kind {
            Kind::Email => "[email]",
            Kind::Phone => "[phone]",
            Kind::Card => "[card]",
            Kind::Iban => "[iban]",
            Kind::Ip => "[ip]",
            _ => "[id]",
        };
        out.push_str(text.get(end..range.start).unwrap_or_default());
        out.push_str(word);
        end = range.end;
    }
    out.push_str(text.get(end..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in [
            "keep",
            "drop",
            "pseudonym",
            "pseudonym:C-",
            "fake",
            "mask",
            "text",
            "shift:30",
            "age:10",
            "band:5",
            "prefix:3",
            "round:100",
            "year",
            "month",
            "city",
            "region",
            "letter",
        ] {
            assert_eq!(Treatment::parse(word).map(|t| t.to_string()).as_deref(), Some(word));
        }
        assert_eq!(Treatment::parse("shift"), Some(Treatment::DateShift { max_days: 30 }));
        for bad in ["", "hide", "shift:0", "band:x", "band:-3", "year:3", "shift:99999999999", ":"] {
            assert_eq!(Treatment::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn details_inside_texts_are_replaced_and_the_rest_stays() {
        assert_eq!(mask_text("请打13812345678或写信a@b.cn，谢谢"), "请打[phone]或写信[email]，谢谢");
        assert_eq!(mask_text("Card 4111 1111 1111 1111 was charged 12.50"), "Card [card] was charged 12.50");
        assert_eq!(mask_text("nothing to see"), "nothing to see");
    }
}
