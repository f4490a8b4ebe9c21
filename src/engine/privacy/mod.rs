//! Keeping people's details out of sight: masks that leave enough to tell two customers apart.

/// A personal detail with most of it hidden: the first letter of each word, the domain of an
/// address, the last two digits of a number.
pub fn mask(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    if let Some((name, domain)) = text.rsplit_once('@') {
        let first: String = name.chars().take(1).collect();
        return format!("{first}***@{domain}");
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits >= 5 {
        let (mut left, mut inside) = (digits, false);
        let hide = |c: char| {
            let first = !inside;
            inside = c.is_alphabetic();
            if c.is_ascii_digit() {
                left -= 1;
                return if left < 2 { c } else { '*' };
            }
            if c.is_alphabetic() && !first { '*' } else { c }
        };
        return text.chars().map(hide).collect();
    }
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| format!("{first}**"))
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_hide_and_still_tell_apart() {
        assert_eq!(mask("ada.wang12@example.com"), "a***@example.com");
        assert_eq!(mask("+86 138 1234 5678"), "+** *** **** **78");
        assert_eq!(mask("Ada Wang"), "A** W**");
        assert_eq!(mask("王小明"), "王**");
        assert_eq!(mask("  "), "");
        assert_eq!(mask("C00012"), "C***12");
        assert_eq!(mask("Ada Wang 13812345678"), "A** W*** *********78");
        assert_eq!(mask("12 Main Street, 90210"), "** M*** S*****, ***10");
    }
}
