//! Customers as JSON, read straight into what the engine takes: no tree is built of them first.

use std::borrow::Cow;
use std::fmt;

use regulars_engine::deploy::Given;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fail::{Fail, Why};

/// Columns that one customer may have.
const COLUMNS: usize = 10_000;

/// A customer's columns, as the engine takes them.
pub(super) type Given1<'a> = Vec<(Cow<'a, str>, Given)>;

/// What a body of JSON holds.
pub(super) enum Customers<'a> {
    One(Row<'a>),
    Many(Vec<Element<'a>>),
    /// Neither an object nor a list.
    None,
}

/// An element of a list; `None` where it is no object.
pub(super) struct Element<'a>(Option<Row<'a>>);

/// An object as it was read.
pub(super) struct Row<'a> {
    cells: Vec<(Cow<'a, str>, Given)>,
    /// The first column whose cell is a list or an object.
    nested: Option<Cow<'a, str>>,
    is_too_wide: bool,
}

impl<'a> Row<'a> {
    /// The columns.
    pub(super) fn given(self) -> Result<Given1<'a>, Fail> {
        if self.is_too_wide {
            return Err(Fail::new(Why::TooWide));
        }
        match self.nested {
            Some(column) => Err(Fail::new(Why::BadCell).of_column(&column)),
            None => Ok(self.cells),
        }
    }
}

impl<'a> Element<'a> {
    /// The columns.
    pub(super) fn given(self) -> Result<Given1<'a>, Fail> {
        self.0.ok_or_else(|| Fail::new(Why::NotAnObject))?.given()
    }
}

/// An element that keeps nothing of the body.
pub(super) struct Held(pub(super) Result<Vec<(String, Given)>, Fail>);

impl<'de> Deserialize<'de> for Held {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let owned =
            |row: Given1<'de>| row.into_iter().map(|(name, cell)| (name.into_owned(), cell)).collect();
        Element::deserialize(from).map(|element| Self(element.given().map(owned)))
    }
}

/// Reads a body.
pub(super) fn read(bytes: &[u8]) -> Result<Customers<'_>, Fail> {
    serde_json::from_slice(bytes).map_err(|error| Fail::new(Why::BadJson).saying(error))
}

/// Reads one customer.
pub(super) fn one(bytes: &[u8]) -> Result<Given1<'_>, Fail> {
    let element: Element<'_> =
        serde_json::from_slice(bytes).map_err(|error| Fail::new(Why::BadJson).saying(error))?;
    element.given()
}

/// A column's name; text without an escape is not copied.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column's name")
            }
            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        from.deserialize_str(Reads)
    }
}

/// A cell; `None` for a list or an object.
struct Cell(Option<Given>);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Cell;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cell")
            }
            fn visit_unit<E: Error>(self) -> Result<Cell, E> {
                Ok(Cell(Some(Given::Nothing)))
            }
            fn visit_bool<E: Error>(self, truth: bool) -> Result<Cell, E> {
                Ok(Cell(Some(Given::Truth(truth))))
            }
            fn visit_i64<E: Error>(self, whole: i64) -> Result<Cell, E> {
                // An identifier keeps its digits.
                Ok(Cell(Some(match whole.unsigned_abs() >= 1 << 53 {
                    true => Given::Text(whole.to_string()),
                    false => Given::Number(whole as f64),
                })))
            }
            fn visit_u64<E: Error>(self, whole: u64) -> Result<Cell, E> {
                Ok(Cell(Some(match whole >= 1 << 53 {
                    true => Given::Text(whole.to_string()),
                    false => Given::Number(whole as f64),
                })))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Cell, E> {
                Ok(Cell(Some(Given::Number(number))))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell(Some(Given::Text(text.to_owned()))))
            }
            fn visit_string<E: Error>(self, text: String) -> Result<Cell, E> {
                Ok(Cell(Some(Given::Text(text))))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Cell(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Cell(None))
            }
        }
        from.deserialize_any(Reads)
    }
}

/// Reads an object to its end, whatever it holds: what is no JSON is told before what is no customer.
fn row<'de, A: MapAccess<'de>>(mut map: A) -> Result<Row<'de>, A::Error> {
    let mut row = Row { cells: Vec::with_capacity(32), nested: None, is_too_wide: false };
    while let Some(Name(name)) = map.next_key()? {
        let Cell(cell) = map.next_value()?;
        match cell {
            Some(_) if row.cells.len() >= COLUMNS => row.is_too_wide = true,
            Some(cell) => row.cells.push((name, cell)),
            None => drop(row.nested.get_or_insert(name)),
        }
    }
    Ok(row)
}

/// What is read of anything that is no object and no list.
macro_rules! neither {
    ($value:ty, $none:expr) => {
        fn visit_unit<E: Error>(self) -> Result<$value, E> {
            Ok($none)
        }
        fn visit_bool<E: Error>(self, _: bool) -> Result<$value, E> {
            Ok($none)
        }
        fn visit_i64<E: Error>(self, _: i64) -> Result<$value, E> {
            Ok($none)
        }
        fn visit_u64<E: Error>(self, _: u64) -> Result<$value, E> {
            Ok($none)
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<$value, E> {
            Ok($none)
        }
        fn visit_str<E: Error>(self, _: &str) -> Result<$value, E> {
            Ok($none)
        }
    };
}

impl<'de> Deserialize<'de> for Element<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Element<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a customer")
            }
            neither!(Element<'de>, Element(None));
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Element(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                row(map).map(|row| Element(Some(row)))
            }
        }
        from.deserialize_any(Reads)
    }
}

impl<'de> Deserialize<'de> for Customers<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Customers<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a customer or a list of customers")
            }
            neither!(Customers<'de>, Customers::None);
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut rows = Vec::new();
                while let Some(element) = list.next_element()? {
                    rows.push(element);
                }
                Ok(Customers::Many(rows))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                row(map).map(Customers::One)
            }
        }
        from.deserialize_any(Reads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> u16 {
        let read = read(text.as_bytes()).and_then(|customers| match customers {
            Customers::One(row) => row.given().map(|_| ()),
            Customers::Many(rows) => rows.into_iter().try_for_each(|row| row.given().map(|_| ())),
            Customers::None => Err(Fail::new(Why::NotAnObject)),
        });
        read.map_or_else(|fail| fail.status().as_u16(), |()| 200)
    }

    #[test]
    fn cells_are_read_by_their_type() {
        let text = r#"{"a": "x\u0041", "n\u0062": -3, "c": 0.5, "d": true, "e": null, "f": 9007199254740993, "g": -0.0}"#;
        let row = one(text.as_bytes()).unwrap();
        let wanted = [
            ("a", Given::Text("xA".into())),
            ("nb", Given::Number(-3.0)),
            ("c", Given::Number(0.5)),
            ("d", Given::Truth(true)),
            ("e", Given::Nothing),
            // Beyond what a float holds the digits stay.
            ("f", Given::Text("9007199254740993".into())),
            ("g", Given::Number(-0.0)),
        ];
        assert_eq!(row.len(), wanted.len());
        for ((name, cell), (wanted, value)) in row.iter().zip(&wanted) {
            assert_eq!((name.as_ref(), cell), (*wanted, value));
        }
        assert!(matches!(row[0].0, Cow::Borrowed(_)) && matches!(row[1].0, Cow::Owned(_)));
    }

    #[test]
    fn what_is_no_json_is_told_before_what_is_no_customer() {
        for (text, wanted) in [
            ("{}", 200),
            ("[{}, {\"a\": 1}]", 200),
            ("{\"a\": [1]}", 422),
            ("{\"a\": {\"b\": [{}]}}", 422),
            ("{\"a\": [1], }", 400),
            ("[3, {\"a\": 1]", 400),
            ("[3]", 422),
            ("[[]]", 422),
            ("3", 422),
            ("\"a\"", 422),
            ("null", 422),
            ("", 400),
            ("{} {}", 400),
        ] {
            assert_eq!(status(text), wanted, "{text}");
        }
        // However deep, it is read without a call for each level.
        let deep = |open: &str, close: &str| open.repeat(200_000) + &close.repeat(200_000);
        assert_eq!(status(&format!("{{\"a\": {}}}", deep("[", "]"))), 422);
        assert_eq!(status(&deep("[", "]")), 422);
        assert_eq!(status(&"[".repeat(200_000)), 400);
        let wide: Vec<String> = (0..=COLUMNS).map(|at| format!("\"c{at}\": 1")).collect();
        assert_eq!(status(&format!("{{{}}}", wide.join(","))), 413);
        assert_eq!(status(&format!("{{{}}}", wide[1..].join(","))), 200);
    }
}
