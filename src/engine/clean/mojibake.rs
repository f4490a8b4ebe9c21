//! Text that was UTF-8 and was read as Windows-1252: `MÃ¼ller` back to `Müller`.

use encoding_rs::WINDOWS_1252;

/// The text as it was meant; `None` where there is nothing to mend or where the characters may be
/// meant as they stand. Every stretch of the cell's non-ASCII characters must be whole UTF-8 of a
/// script that people write when taken back to bytes: one that is not leaves the cell alone.
pub(super) fn repaired(text: &str) -> Option<String> {
    // Every such sequence begins with one of these.
    if !text.contains(|c: char| is_lead(c)) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        let (plain, tail) = rest.split_at(start);
        let end = tail.find(|c: char| c.is_ascii()).unwrap_or(tail.len());
        let (strange, after) = tail.split_at(end);
        out.push_str(plain);
        let meant = meant(strange)?;
        // `AMANHÃ…` at the end of a word in capitals may well be meant.
        let capitals = out.chars().next_back().is_some_and(char::is_uppercase);
        let ends_word = !after.chars().next().is_some_and(char::is_alphabetic);
        if capitals && ends_word && strange.chars().count() == 2 {
            return None;
        }
        out.push_str(&meant);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn is_lead(c: char) -> bool {
    matches!(c, 'Â' | 'Ã' | 'Ä' | 'Å' | 'Î' | 'Ï' | 'Ð' | 'Ñ' | 'â' | 'ã'..='í' | 'ï' | 'ð')
}

fn meant(strange: &str) -> Option<String> {
    let (bytes, _, lost) = WINDOWS_1252.encode(strange);
    if lost {
        return None;
    }
    let meant = std::str::from_utf8(&bytes).ok()?;
    let (back, lost) = WINDOWS_1252.decode_without_bom_handling(&bytes);
    (!lost && back == strange && meant.chars().all(is_plausible)).then(|| meant.to_owned())
}

/// Scripts and signs that customers' files hold; the others come about by chance (`ß«` reads as a
/// letter of N'Ko).
fn is_plausible(c: char) -> bool {
    matches!(u32::from(c),
        0xA0..=0x17F          // Latin
        | 0x370..=0x3FF       // Greek
        | 0x400..=0x47F       // Cyrillic
        | 0x1E00..=0x1EFF     // more Latin
        | 0x2000..=0x22FF     // punctuation, currency, arrows
        | 0x2460..=0x27BF     // signs
        | 0x3000..=0x30FF     // Japanese
        | 0x3400..=0x9FFF     // Chinese
        | 0xAC00..=0xD7A3     // Korean
        | 0xFEFF | 0xFF01..=0xFFEE
        | 0x1F000..=0x1FAFF   // emoji
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program makes of UTF-8 that it takes for Windows-1252.
    fn garbled(text: &str) -> String {
        WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    }

    #[test]
    fn text_read_in_the_wrong_encoding_comes_back() {
        assert_eq!(repaired("MÃ¼ller").as_deref(), Some("Müller"));
        assert_eq!(repaired("caf\u{c3}\u{a9} â‚¬5 donâ€™t").as_deref(), Some("café €5 don’t"));
        for text in
            ["Straße", "naïve façade", "Łódź", "Привет", "北京市朝阳区", "東京タワー", "£5 – “x”", "😀"]
        {
            assert_eq!(repaired(&garbled(text)).as_deref(), Some(text), "{text}");
        }
    }

    #[test]
    fn text_that_is_meant_as_it_stands_is_left_alone() {
        for text in [
            "Müller",
            "Straße",
            "»Spaß«",
            "Spaß«",
            "SÃO PAULO",
            "AMANHÃ…",
            "BLÅ”",
            "É",
            "Â",
            "北京",
            "Ã¼ and é",
            "MÃ",
            "Ñandú",
            "ÖÄ…",
            "plain",
            "",
        ] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }
}
