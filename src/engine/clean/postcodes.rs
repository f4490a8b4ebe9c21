//! Postcodes of the countries whose form is known, and the leading zeros that spreadsheets eat.

/// A country whose postcodes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Postcodes {
    China,
    UnitedStates,
    Germany,
    Japan,
    Netherlands,
    Canada,
    UnitedKingdom,
}

impl Postcodes {
    /// By the ISO 3166 code of the country.
    pub(super) fn of(country: &str) -> Option<Self> {
        match country.trim().to_uppercase().as_str() {
            "CN" => Some(Self::China),
            "US" => Some(Self::UnitedStates),
            "DE" => Some(Self::Germany),
            "JP" => Some(Self::Japan),
            "NL" => Some(Self::Netherlands),
            "CA" => Some(Self::Canada),
            "GB" | "UK" => Some(Self::UnitedKingdom),
            _ => None,
        }
    }

    /// The postcode as its country writes it; `None` for what is none.
    pub(super) fn format(self, text: &str) -> Option<String> {
        let text = text.trim();
        let text = text.strip_suffix(".0").unwrap_or(text);
        let bare: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '\u{a0}' | '－' | '〒' | '–'))
            .flat_map(char::to_uppercase)
            .collect();
        if bare.len() > 12 || !bare.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        match self {
            // The first pair is the province: 01 (Inner Mongolia) to 86.
            Self::China => digits(&bare, 5..=6, 6)
                .filter(|code| ("01".."90").contains(&code.get(..2).unwrap_or_default())),
            Self::UnitedStates => match bare.len() {
                3..=5 => digits(&bare, 3..=5, 5).filter(|code| code.as_str() >= "00501"),
                _ => digits(&bare, 7..=9, 9).and_then(|code| parted(&code, 5, "-")),
            },
            Self::Germany => digits(&bare, 4..=5, 5).filter(|code| code.as_str() >= "01001"),
            Self::Japan => digits(&bare, 5..=7, 7).and_then(|code| parted(&code, 3, "-")),
            Self::Netherlands => {
                let banned = ["SA", "SD", "SS"].iter().any(|pair| bare.ends_with(pair));
                let fits = shape(&bare) == "9999AA" && !bare.starts_with('0') && !banned;
                parted(&bare, 4, " ").filter(|_| fits)
            }
            Self::Canada => {
                let letters = bare.chars().all(|c| !matches!(c, 'D' | 'F' | 'I' | 'O' | 'Q' | 'U'));
                let fits = shape(&bare) == "A9A9A9" && letters && !bare.starts_with(['W', 'Z']);
                parted(&bare, 3, " ").filter(|_| fits)
            }
            Self::UnitedKingdom => british(&bare),
        }
    }
}

/// The forms of British postcodes; the last part has no C, I, K, M, O or V.
fn british(bare: &str) -> Option<String> {
    let at = bare.len().checked_sub(3)?;
    let (outward, inward) = (bare.get(..at)?, bare.get(at..)?);
    let outward_fits =
        matches!(shape(outward).as_str(), "A9" | "A99" | "AA9" | "AA99" | "A9A" | "AA9A") || outward == "GIR";
    let inward_fits = shape(inward) == "9AA" && !inward.contains(['C', 'I', 'K', 'M', 'O', 'V']);
    (outward_fits && inward_fits).then(|| format!("{outward} {inward}"))
}

/// Digits for digits, letters for letters: `SW1A` to `AA9A`.
fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { 'A' }).collect()
}

/// Digits only, with the zeros before them that a spreadsheet took away.
fn digits(bare: &str, lengths: std::ops::RangeInclusive<usize>, whole: usize) -> Option<String> {
    (lengths.contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit()))
        .then(|| format!("{bare:0>whole$}"))
}

fn parted(code: &str, at: usize, by: &str) -> Option<String> {
    let (head, tail) = code.split_at_checked(at)?;
    (!tail.is_empty()).then(|| format!("{head}{by}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postcodes_of_seven_countries() {
        for (country, text, written) in [
            ("CN", "100000", Some("100000")),
            ("CN", "10010", Some("010010")),
            ("CN", "998877", None),
            ("CN", "1234", None),
            ("US", "2134", Some("02134")),
            ("US", "601.0", Some("00601")),
            ("US", "02134-1000", Some("02134-1000")),
            ("US", "21341000", Some("02134-1000")),
            ("US", "123456", None),
            ("US", "100", None),
            ("DE", "1067", Some("01067")),
            ("DE", "80331", Some("80331")),
            ("DE", "803", None),
            ("JP", "〒100-0001", Some("100-0001")),
            ("JP", "600001", Some("060-0001")),
            ("NL", "1012ab", Some("1012 AB")),
            ("NL", "1012 SS", None),
            ("NL", "0012 AB", None),
            ("CA", "k1a0b1", Some("K1A 0B1")),
            ("CA", "D1A 0B1", None),
            ("GB", "sw1a1aa", Some("SW1A 1AA")),
            ("GB", "M1 1AE", Some("M1 1AE")),
            ("GB", "ec1a  1bb", Some("EC1A 1BB")),
            ("GB", "M1 1CE", None),
            ("GB", "北京", None),
            ("GB", "", None),
        ] {
            let of = Postcodes::of(country).unwrap();
            let once = of.format(text);
            assert_eq!(once.as_deref(), written, "{country} {text}");
            if let Some(once) = once {
                assert_eq!(of.format(&once).as_deref(), Some(once.as_str()), "{country} {text}");
            }
        }
        assert_eq!(Postcodes::of("FR"), None);
    }
}
