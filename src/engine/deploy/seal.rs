//! The seal of a model card and of a report: the blake3 hash of what it says. It shows that nothing was
//! changed since, by a slip or by a careless hand. It is no signature of a person: whoever changes the
//! text on purpose can make a new hash.
//!
//! A card is hashed in a form that does not depend on who writes it: its JSON without the seal, names in
//! order, no blanks.

use std::path::Path;

use serde_json::Value;

use super::{Bundle, Card, DeployError, read_zip};

/// The field of a card that holds the hash.
const FIELD: &str = "signature";
/// Where a page holds its card, as escaped JSON.
const OPENS: &str = "<template id=\"model-card\">";
const CLOSES: &str = "</template>";
/// What stands before the hash of a page, and after.
const SEAL: &str = "\n<!-- blake3:";
const SEAL_END: &str = " -->\n";

/// What was found in a file that was to be checked.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Checked {
    /// The hash that the card bears, which is that of its content.
    pub card: String,
    /// The hash of the page, where the file is one; that of its content as well.
    pub page: Option<String>,
    /// What the card says of itself.
    pub made: String,
    pub file: String,
}

impl Card {
    /// The card with the hash of its content.
    pub fn sealed(mut self) -> Self {
        self.signature.clear();
        // As it will be read: what was rounded when it was written is rounded here.
        let text = serde_json::to_string(&self).unwrap_or_default();
        let value = serde_json::from_str(&text).unwrap_or(Value::Null);
        self.signature = hash(&value);
        self
    }

    /// The card as JSON, to be kept by itself.
    pub fn to_json(&self) -> String {
        // A card can always be written: its names are text and its numbers are numbers.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The card as it stands in a page: nobody sees it, and [`check_seal`] finds it.
    pub fn hidden(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        let json = json.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!("{OPENS}{json}{CLOSES}")
    }
}

/// A page with the hash of all its text at the end.
pub fn seal_page(page: String) -> String {
    let hash = blake3::hash(page.as_bytes()).to_hex();
    format!("{page}{SEAL}{hash}{SEAL_END}")
}

/// Checks a report, a card, a bundle or a project: the card's hash is that of its content, and a report's
/// that of the page.
///
/// # Errors
/// The file is absent, holds no card, bears no hash, or says something else than when it was sealed.
pub fn check_seal(path: &Path) -> Result<Checked, DeployError> {
    if !path.exists() {
        return Err(DeployError::NotFound { file: path.to_owned() });
    }
    let file = || path.to_owned();
    let none = || DeployError::NoCard { file: file() };
    let bytes = std::fs::read(path).map_err(|_| none())?;
    let (card, page) = if bytes.starts_with(b"PK") {
        let entry = read_zip(path, "bundle.json").map_err(|_| none())?;
        (entry.get("card").cloned().ok_or_else(none)?, None)
    } else {
        let text = String::from_utf8(bytes).map_err(|_| none())?;
        match text.split_once(OPENS) {
            Some((_, rest)) => {
                let json = rest.split_once(CLOSES).map(|(json, _)| json).ok_or_else(none)?;
                let json = json.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                let card = serde_json::from_str(&json).map_err(|_| altered(path, "page"))?;
                (card, Some(check_page(path, &text)?))
            }
            None => (serde_json::from_str(&text).map_err(|_| none())?, None),
        }
    };
    check_card(path, card, page)
}

/// Checks the card of an opened bundle.
///
/// # Errors
/// As [`check_seal`].
pub fn check_bundle(path: &Path, bundle: &Bundle) -> Result<Checked, DeployError> {
    let none = || DeployError::NoCard { file: path.to_owned() };
    let card = bundle.card.as_ref().ok_or_else(none)?;
    let text = serde_json::to_string(card).map_err(|_| none())?;
    check_card(path, serde_json::from_str(&text).map_err(|_| none())?, None)
}

fn altered(path: &Path, part: &'static str) -> DeployError {
    DeployError::Altered { file: path.to_owned(), part }
}

fn check_card(path: &Path, mut card: Value, page: Option<String>) -> Result<Checked, DeployError> {
    let none = || DeployError::NoCard { file: path.to_owned() };
    let object = card.as_object_mut().filter(|object| object.contains_key("metrics")).ok_or_else(none)?;
    let said = object.remove(FIELD).and_then(|hash| hash.as_str().map(str::to_owned)).unwrap_or_default();
    if said.is_empty() {
        return Err(DeployError::Unsealed { file: path.to_owned() });
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (made, file) = (text("made"), text("file"));
    if hash(&card) != said {
        return Err(altered(path, "card"));
    }
    Ok(Checked { card: said, page, made, file })
}

fn check_page(path: &Path, text: &str) -> Result<String, DeployError> {
    // Mail programs and editors end lines in their own way.
    let text = text.replace("\r\n", "\n");
    let unsealed = || DeployError::Unsealed { file: path.to_owned() };
    let (page, rest) = text.rsplit_once(SEAL).ok_or_else(unsealed)?;
    let said = rest.trim_end().strip_suffix("-->").map(str::trim).ok_or_else(|| altered(path, "page"))?;
    match blake3::hash(page.as_bytes()).to_hex().as_str() == said {
        true => Ok(said.to_owned()),
        false => Err(altered(path, "page")),
    }
}

fn hash(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Names in order, no blanks, numbers and texts as `serde_json` writes them. Fields that hold nothing
/// are left out: they are as good as absent.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            let mut names: Vec<(&String, &Value)> =
                object.iter().filter(|(name, value)| *name != FIELD && !value.is_null()).collect();
            names.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, value)) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical(value, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_is_hashed_knows_no_order_and_no_blanks() {
        let a: Value = serde_json::from_str(r#"{"b":[1,2.5,"x\n"],"a":{"z":true,"y":null}}"#).unwrap();
        let b: Value =
            serde_json::from_str("{ \"a\": {\"z\":true},\n \"b\": [1, 2.50, \"x\\n\"], \"signature\":\"s\"}")
                .unwrap();
        let text = |value| {
            let mut out = String::new();
            write_canonical(value, &mut out);
            out
        };
        assert_eq!(text(&a), r#"{"a":{"z":true},"b":[1,2.5,"x\n"]}"#);
        assert_eq!(hash(&a), hash(&b));
        let other: Value = serde_json::from_str(r#"{"b":[2.5,1,"x\n"],"a":{"z":true}}"#).unwrap();
        assert_ne!(hash(&a), hash(&other), "the order of a list is said");
    }

    #[test]
    fn a_page_that_was_changed_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.html");
        let page = seal_page("<html>客户\n37%</html>".to_owned());
        assert_eq!(check_page(&path, &page).unwrap().len(), 64);
        assert!(check_page(&path, &page.replace('\n', "\r\n")).is_ok(), "line ends are no change");
        for changed in
            [page.replace("37%", "73%"), page.replace("blake3:", "blake3:0"), format!("{page}more")]
        {
            assert!(matches!(check_page(&path, &changed), Err(DeployError::Altered { part: "page", .. })));
        }
        let bare = check_page(&path, "<html></html>");
        assert!(matches!(bare, Err(DeployError::Unsealed { .. })));
        // What is no card at all.
        for text in ["", "{}", "[1]", "hello", "{\"metrics\":{}}"] {
            std::fs::write(&path, text).unwrap();
            assert!(check_seal(&path).is_err(), "{text}");
        }
        assert!(matches!(check_seal(folder.path().join("no").as_path()), Err(DeployError::NotFound { .. })));
    }
}
