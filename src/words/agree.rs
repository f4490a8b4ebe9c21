//! One of a thing: the catalogue's English sentences are written for many ("%{count} rows are left out"), and
//! are turned here where the count is 1 ("1 row is left out"). The sentence is turned before names and values
//! of the data are put into it, so that none of those is ever touched.

/// Words after a count that are turned: many, one. A test looks whether the catalogue counts anything else.
const NOUNS: &[(&str, &str)] = &[
    ("addresses", "address"),
    ("amounts", "amount"),
    ("answers", "answer"),
    ("bands", "band"),
    ("baskets", "basket"),
    ("bins", "bin"),
    ("bits", "bit"),
    ("branches", "branch"),
    ("bytes", "byte"),
    ("calls", "call"),
    ("cells", "cell"),
    ("changes", "change"),
    ("characters", "character"),
    ("columns", "column"),
    ("comments", "comment"),
    ("comparisons", "comparison"),
    ("contracts", "contract"),
    ("cores", "core"),
    ("currencies", "currency"),
    ("curves", "curve"),
    ("customers", "customer"),
    ("dates", "date"),
    ("days", "day"),
    ("decisions", "decision"),
    ("differences", "difference"),
    ("digits", "digit"),
    ("draws", "draw"),
    ("entries", "entry"),
    ("epochs", "epoch"),
    ("features", "feature"),
    ("fields", "field"),
    ("figures", "figure"),
    ("files", "file"),
    ("filters", "filter"),
    ("folders", "folder"),
    ("folds", "fold"),
    ("groups", "group"),
    ("heads", "head"),
    ("hits", "hit"),
    ("holes", "hole"),
    ("hours", "hour"),
    ("indices", "index"),
    ("inputs", "input"),
    ("keys", "key"),
    ("layers", "layer"),
    ("leavers", "leaver"),
    ("lessons", "lesson"),
    ("levels", "level"),
    ("lines", "line"),
    ("minutes", "minute"),
    ("models", "model"),
    ("months", "month"),
    ("names", "name"),
    ("notes", "note"),
    ("numbers", "number"),
    ("ones", "one"),
    ("orders", "order"),
    ("others", "other"),
    ("outcomes", "outcome"),
    ("pages", "page"),
    ("pairs", "pair"),
    ("pieces", "piece"),
    ("points", "point"),
    ("products", "product"),
    ("purchases", "purchase"),
    ("ranges", "range"),
    ("records", "record"),
    ("rounds", "round"),
    ("rows", "row"),
    ("rules", "rule"),
    ("runs", "run"),
    ("seconds", "second"),
    ("settings", "setting"),
    ("slices", "slice"),
    ("statements", "statement"),
    ("steps", "step"),
    ("suggestions", "suggestion"),
    ("tables", "table"),
    ("texts", "text"),
    ("things", "thing"),
    ("times", "time"),
    ("trials", "trial"),
    ("units", "unit"),
    ("values", "value"),
    ("weekdays", "weekday"),
    ("weeks", "week"),
    ("weights", "weight"),
    ("words", "word"),
    ("years", "year"),
];

/// Verbs of such a noun: of many, of one. The first four are looked for anywhere in its clause, the others only
/// where they follow at once, since they may be something else elsewhere.
const VERBS: &[(&str, &str)] = &[
    ("are", "is"),
    ("were", "was"),
    ("have", "has"),
    ("do", "does"),
    ("belong", "belongs"),
    ("bring", "brings"),
    ("come", "comes"),
    ("count", "counts"),
    ("differ", "differs"),
    ("fall", "falls"),
    ("find", "finds"),
    ("fit", "fits"),
    ("held", "held"),
    ("hold", "holds"),
    ("lie", "lies"),
    ("look", "looks"),
    ("occur", "occurs"),
    ("read", "reads"),
    ("repeat", "repeats"),
    ("show", "shows"),
    ("stand", "stands"),
    ("state", "states"),
    ("take", "takes"),
    ("tell", "tells"),
];

/// How many of [`VERBS`] are looked for anywhere in the clause.
const ANYWHERE: usize = 4;

/// Words after which a clause speaks of something else.
const TURNS: &[&str] = &["because", "before", "how", "if", "than", "these", "they", "those", "when"];

/// Words that end what a count belongs to: "%{count} of %{all} rows" counts no rows.
const ENDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "has", "in", "into", "is", "it", "its", "of",
    "on", "or", "out", "over", "than", "that", "the", "these", "those", "to", "was", "were", "who", "whose",
    "with",
];

/// How many words may stand between a count and its noun ("%{count} very long comments").
const BETWEEN: usize = 2;

/// The sentence with every noun that is counted as 1, and the verbs of that noun, in the singular; `is_one`
/// says which of the named values are a 1.
pub(super) fn agree(sentence: &str, is_one: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once("%{") {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str("%{");
        out.push_str(name);
        out.push('}');
        rest = tail;
        if is_one(name)
            && let Some((noun, end)) = counted(tail)
        {
            let (words, clause) = tail.split_at(end);
            out.push_str(words.strip_suffix(noun.0).unwrap_or(words));
            out.push_str(noun.1);
            // Other counts stand in the rest of the clause, which is gone through for them in turn.
            return out + &agree(&verbs(clause), is_one);
        }
    }
    out + rest
}

/// The noun that is counted at the head of this text, and where it ends.
fn counted(text: &str) -> Option<(&'static (&'static str, &'static str), usize)> {
    let mut at = 0;
    for _ in 0..=BETWEEN {
        let word = text.get(at..)?.strip_prefix(' ')?;
        let long = word.find(|sign: char| !sign.is_ascii_lowercase() && sign != '-').unwrap_or(word.len());
        let word = word.get(..long)?;
        at += 1 + long;
        // "3 times as many" is no count of times.
        if word == "times" && text.get(at..).is_some_and(|rest| rest.starts_with(" as ")) {
            return None;
        }
        if let Some(noun) = NOUNS.iter().find(|(many, _)| *many == word) {
            return Some((noun, at));
        }
        if word.is_empty() || ENDS.contains(&word) {
            return None;
        }
    }
    None
}

/// The verbs of the clause at the head of this text in the singular; what stands in brackets is passed over.
fn verbs(text: &str) -> String {
    let mut depth = 0_usize;
    let ends = |(_, sign): &(usize, char)| {
        depth = match sign {
            '(' => depth + 1,
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        depth == 0 && ".,;:?!".contains(*sign)
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    let (clause, rest) = text.split_at(end);
    let (mut is_told, mut is_over, mut before) = (false, false, "");
    let turned = clause.split(' ').map(|word| {
        // What is told of it ends with its verb: "1 cell holds characters that are no text".
        is_over |= TURNS.contains(&word) || is_told && word == "that";
        let last = std::mem::replace(&mut before, word);
        let follows = last.is_empty() || last.ends_with([')', '}']);
        let found = VERBS.iter().position(|(many, _)| *many == word);
        let Some(at) = found.filter(|_| !is_over) else { return word };
        // "and" goes on about it only after its first verb.
        let is_its = if is_told { last == "and" } else { last != "and" && (at < ANYWHERE || follows) };
        is_told |= is_its && last != "who";
        VERBS.get(at).filter(|_| is_its).map_or(word, |(_, one)| one)
    });
    turned.collect::<Vec<_>>().join(" ") + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;

    #[test]
    fn one_is_not_many() {
        let of = |sentence: &str| agree(sentence, |name| name == "count");
        assert_eq!(of("%{count} more things to know"), "%{count} more thing to know");
        assert_eq!(
            of("%{count} rows of %{table} belong to no known customer and are left out."),
            "%{count} row of %{table} belongs to no known customer and is left out."
        );
        assert_eq!(
            of("%{class}: %{count} customers (%{share}, of all) bring %{money}. They are kind."),
            "%{class}: %{count} customer (%{share}, of all) brings %{money}. They are kind."
        );
        for (many, one) in [
            ("%{count} cells hold codes that are broken", "%{count} cell holds codes that are broken"),
            (
                "%{count} cells held codes that look odd but are read",
                "%{count} cell held codes that look odd but are read",
            ),
            (
                "the %{count} customers who are here are at risk",
                "the %{count} customer who is here is at risk",
            ),
            (
                "%{count} rows without a time that can be read were left out",
                "%{count} row without a time that can be read was left out",
            ),
            ("%{count} numbers do not read as they are", "%{count} number does not read as they are"),
            (
                "in the next %{count} days these customers are here",
                "in the next %{count} day these customers are here",
            ),
            ("seen within %{count} days and are left", "seen within %{count} day and are left"),
            ("noise %{count} times as wide", "noise %{count} times as wide"),
            ("%{count} columns without a name were left out", "%{count} column without a name was left out"),
        ] {
            assert_eq!(of(many), one);
        }
        // Other counts, nouns that are not counted, and half a name stay as they are.
        assert_eq!(of("%{rows} rows are there"), "%{rows} rows are there");
        assert_eq!(of("%{count} of %{all} rows are there"), "%{count} of %{all} rows are there");
        assert_eq!(of("%{count} rows, %{rows} rows"), "%{count} row, %{rows} rows");
        assert_eq!(of("%{count} rows in %{count} tables"), "%{count} row in %{count} table");
        assert_eq!(of("%{count} is a %{count"), "%{count} is a %{count");
        assert_eq!(of("%{count} 客户 rows"), "%{count} 客户 rows");
    }

    /// Words of the catalogue that end as a plural does and are none.
    const NO_NOUNS: &[&str] = &[
        "beats", "compares", "costs", "does", "gains", "gives", "goes", "holds", "lacks", "leads", "leaves",
        "less", "lies", "looks", "loss", "lowers", "means", "ms", "ranks", "reaches", "reads", "rises",
        "sees", "stays", "takes", "tells", "this", "waits", "wins",
    ];

    #[test]
    fn the_catalogue_counts_nothing_else() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/words");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for sentence in text.lines().filter_map(|line| line.strip_prefix("  en: ")) {
                for part in sentence.split("%{").skip(1) {
                    let Some((_, after)) = part.split_once('}') else { continue };
                    let words = after.strip_prefix(' ').unwrap_or_default();
                    let long = words.find(|c: char| !c.is_ascii_lowercase() && !" -".contains(c));
                    let words = words[..long.unwrap_or(words.len())].split(' ');
                    let of_it = words.take(BETWEEN + 1).take_while(|word| !ENDS.contains(word));
                    let many: Vec<&str> =
                        of_it.filter(|word| word.len() > 1 && word.ends_with('s')).collect();
                    let Some(first) = many.iter().find(|word| !NO_NOUNS.contains(word)) else { continue };
                    seen += 1;
                    assert!(
                        NOUNS.iter().any(|(known, _)| known == first),
                        "“{first}” after a value: add it to NOUNS, or to NO_NOUNS where it is not counted ({sentence})"
                    );
                }
            }
        }
        assert!(seen > 300, "{seen}");
    }

    #[test]
    fn only_english_is_turned_and_no_value_is() {
        let args = |count: &str| [("count", count.to_owned()), ("table", "1 rows are".to_owned())];
        let said = |lang: Lang, count: &str| lang.with("note.behaviour_undated", &args(count));
        assert_eq!(said(Lang::En, "1"), "1 row of 1 rows are has no readable date and is left out.");
        assert!(said(Lang::En, "0").starts_with("0 rows of 1 rows are have"));
        assert!(said(Lang::En, "1,001").starts_with("1,001 rows of"));
        assert_eq!(
            said(Lang::Zh, "1"),
            Lang::Zh.t("note.behaviour_undated").replace("%{count}", "1").replace("%{table}", "1 rows are")
        );
    }
}
