//! Customers who were forgotten and are to stay so: marks by which a reader knows them again. A mark is the
//! HMAC-SHA-256 of an identifier under a key that is made for one project; without the key no mark can be
//! made or tested. Whoever has the project's file has both, and can test a guess: that a customer was
//! forgotten must be written somewhere, or the next file brings them back.

use std::collections::BTreeSet;

use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

use super::pseudonym::{Key, from_hex};

/// Marks of forgotten customers, and their key.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeftOut {
    /// 64 hexadecimal digits; blank while nobody was forgotten.
    key: String,
    marks: BTreeSet<String>,
}

/// How many they are: neither key nor marks in a log.
impl std::fmt::Debug for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LeftOut({})", self.marks.len())
    }
}

/// Knows forgotten customers again.
pub struct Marker<'a> {
    key: Key,
    marks: &'a BTreeSet<String>,
}

impl LeftOut {
    /// True while nobody was forgotten.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Customers that were forgotten.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Marks a customer; false for one that is marked already.
    pub fn add(&mut self, id: &str) -> bool {
        let bytes = from_hex(&self.key).unwrap_or_else(|| {
            // Marks under a key that is damaged say nothing any more.
            self.marks.clear();
            let mut bytes = [0u8; 32];
            ChaCha20Rng::from_entropy().fill_bytes(&mut bytes);
            self.key = hex(&bytes);
            bytes
        });
        self.marks.insert(mark(&Key::new(&bytes), id))
    }

    /// What knows them again; `None` while nobody was forgotten.
    pub fn marker(&self) -> Option<Marker<'_>> {
        let key = from_hex(&self.key).filter(|_| !self.is_empty())?;
        Some(Marker { key: Key::new(&key), marks: &self.marks })
    }
}

impl Marker<'_> {
    /// True for the identifier of a forgotten customer.
    pub fn knows(&self, id: &str) -> bool {
        self.marks.contains(&mark(&self.key, id))
    }
}

/// Blanks around an identifier do not count, as in lists.
fn mark(key: &Key, id: &str) -> String {
    hex(&key.derive("forgotten", "customer", 0, id.trim()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_customer_is_known_again_and_named_nowhere() {
        let mut gone = LeftOut::default();
        assert!(gone.is_empty() && gone.marker().is_none());
        assert!(gone.add("C-0007") && !gone.add(" C-0007 "));
        assert!(gone.add("客户 17"));
        let text = serde_json::to_string(&gone).unwrap();
        assert!(!text.contains("0007") && !text.contains("17\""), "{text}");
        assert!(!format!("{gone:?}").contains(&gone.key));
        let back: LeftOut = serde_json::from_str(&text).unwrap();
        let marker = back.marker().unwrap();
        assert!(marker.knows("C-0007") && marker.knows("C-0007 ") && marker.knows("客户 17"));
        assert!(!marker.knows("C-0008") && !marker.knows("c-0007") && !marker.knows(""));
        assert_eq!(back.len(), 2);
    }

    #[test]
    fn two_projects_mark_the_same_customer_differently() {
        let of = || {
            let mut gone = LeftOut::default();
            gone.add("C-0007");
            gone
        };
        let (a, b) = (of(), of());
        assert_ne!(a.marks, b.marks);
        // Marks are worth nothing under another key.
        let mixed = LeftOut { key: b.key, marks: a.marks };
        assert!(!mixed.marker().unwrap().knows("C-0007"));
    }
}
