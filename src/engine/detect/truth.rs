//! Yes and no in the languages that customers' files are written in.

/// Pairs of words for yes and no.
const PAIRS: &[(&str, &str)] = &[
    ("yes", "no"),
    ("true", "false"),
    ("1", "0"),
    ("1.0", "0.0"),
    ("y", "n"),
    ("t", "f"),
    ("on", "off"),
    ("active", "inactive"),
    ("enabled", "disabled"),
    ("ja", "nein"),
    ("j", "n"),
    ("wahr", "falsch"),
    ("aktiv", "inaktiv"),
    ("oui", "non"),
    ("o", "n"),
    ("vrai", "faux"),
    ("actif", "inactif"),
    ("sí", "no"),
    ("si", "no"),
    ("s", "n"),
    ("verdadero", "falso"),
    ("activo", "inactivo"),
    ("sim", "não"),
    ("да", "нет"),
    ("是", "否"),
    ("有", "无"),
    ("有", "無"),
    ("真", "假"),
    ("对", "错"),
    ("はい", "いいえ"),
    ("✓", "✗"),
    ("✔", "✘"),
    ("√", "×"),
];

/// What a word for yes or no says, in any of the languages.
pub fn truth(value: &str) -> Option<bool> {
    let value = super::trimmed(value);
    // Every such word is short; longer texts need no comparison.
    if value.len() > 18 {
        return None;
    }
    let lower = value.to_lowercase();
    PAIRS.iter().find_map(|(yes, no)| match lower.as_str() {
        word if word == *yes => Some(true),
        word if word == *no => Some(false),
        _ => None,
    })
}

/// The yes and the no of two values, where they are a pair of one language.
pub fn yes_no<'a>(a: &'a str, b: &'a str) -> Option<(&'a str, &'a str)> {
    let lower = |value: &str| value.trim().to_lowercase();
    let (x, y) = (lower(a), lower(b));
    PAIRS.iter().find_map(|(yes, no)| match (x.as_str(), y.as_str()) {
        (x, y) if x == *yes && y == *no => Some((a, b)),
        (x, y) if x == *no && y == *yes => Some((b, a)),
        _ => None,
    })
}

/// The yes and the no among the values of a column and their counts, where there are two.
pub fn yes_no_levels(levels: &[(String, u64)]) -> Option<(&str, &str)> {
    let [(a, _), (b, _)] = levels else { return None };
    yes_no(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_in_many_languages() {
        for (a, b) in [
            ("Yes", "No"),
            ("nein", "Ja"),
            ("OUI", "non"),
            ("sí", "no"),
            ("да", "нет"),
            ("否", "是"),
            ("有", "无"),
            ("假", "真"),
            ("对", "错"),
            ("Y", "N"),
            ("f", "T"),
            ("off", "on"),
            ("inactive", "active"),
            ("✓", "✗"),
            ("0", "1"),
        ] {
            let (yes, no) = yes_no(a, b).unwrap_or_else(|| panic!("{a} {b}"));
            assert_eq!((truth(yes), truth(no)), (Some(true), Some(false)), "{a} {b}");
        }
        assert_eq!(yes_no("yes", "nein"), None, "no pair of one language");
        assert_eq!(yes_no("Male", "Female"), None);
    }
}
