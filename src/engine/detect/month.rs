//! Names of months, weekdays and halves of the day: English, German, French, Spanish, Chinese.

/// January to December; short forms beside the long ones.
const MONTHS: [&[&str]; 12] = [
    &["jan", "january", "januar", "jänner", "jän", "janvier", "janv", "enero", "ene"],
    &["feb", "february", "februar", "février", "fevrier", "févr", "fév", "febrero"],
    &["mar", "march", "märz", "maerz", "mär", "mrz", "mars", "marzo"],
    &["apr", "april", "avril", "avr", "abril", "abr"],
    &["may", "mai", "mayo"],
    &["jun", "june", "juni", "juin", "junio"],
    &["jul", "july", "juli", "juillet", "juil", "julio"],
    &["aug", "august", "août", "aout", "agosto", "ago"],
    &["sep", "sept", "september", "septembre", "septiembre", "setiembre", "set"],
    &["oct", "october", "oktober", "okt", "octobre", "octubre"],
    &["nov", "november", "novembre", "noviembre"],
    &["dec", "december", "dezember", "dez", "décembre", "decembre", "déc", "diciembre", "dic"],
];

/// Monday to Sunday.
const WEEKDAYS: [&[&str]; 7] = [
    &["mon", "monday", "mo", "montag", "lun", "lundi", "lunes", "周一", "星期一"],
    &["tue", "tues", "tuesday", "di", "dienstag", "mardi", "martes", "周二", "星期二"],
    &["wed", "wednesday", "mi", "mittwoch", "mer", "mercredi", "miércoles", "周三", "星期三"],
    &["thu", "thur", "thurs", "thursday", "do", "donnerstag", "jeu", "jeudi", "jueves", "周四", "星期四"],
    &["fri", "friday", "fr", "freitag", "ven", "vendredi", "viernes", "周五", "星期五"],
    &["sat", "saturday", "sa", "samstag", "sonnabend", "sam", "samedi", "sábado", "周六", "星期六"],
    &["sun", "sunday", "so", "sonntag", "dim", "dimanche", "domingo", "周日", "星期日", "周天", "星期天"],
];

/// The month that a word names, 1 to 12.
pub(crate) fn month(word: &str) -> Option<u32> {
    (1..).zip(MONTHS).find(|(_, names)| names.iter().any(|name| same(name, word))).map(|(at, _)| at)
}

/// The day of the week that a word names, Monday is 0.
pub(super) fn weekday(word: &str) -> Option<u32> {
    (0..).zip(WEEKDAYS).find(|(_, names)| names.iter().any(|name| same(name, word))).map(|(at, _)| at)
}

/// True for the words of a later half of the day, false for those of an earlier one.
pub(super) fn is_afternoon(word: &str) -> Option<bool> {
    match word {
        "上午" | "凌晨" | "早上" | "清晨" => Some(false),
        "下午" | "晚上" | "傍晚" | "中午" => Some(true),
        _ if same("am", word) => Some(false),
        _ if same("pm", word) => Some(true),
        _ => None,
    }
}

/// Equal without regard to case; `lower` is in small letters.
fn same(lower: &str, word: &str) -> bool {
    lower.len() == word.len() && word.chars().flat_map(char::to_lowercase).eq(lower.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_months_and_days() {
        for (word, number) in [("SEPT", 9), ("März", 3), ("AOÛT", 8), ("Dic", 12), ("mai", 5), ("Jänner", 1)]
        {
            assert_eq!(month(word), Some(number), "{word}");
        }
        assert_eq!((month("M"), month("smarch")), (None, None));
        assert_eq!((weekday("Tuesday"), weekday("周日"), weekday("week")), (Some(1), Some(6), None));
    }
}
