//! What the membership test found, in words that the window and the terminal share.

use regulars_engine::privacy::Membership;

use crate::words::{Lang, percent};

/// The finding in a sentence or two; `None` where there were too few rows.
pub fn told(lang: Lang, found: Option<&Membership>) -> String {
    let Some(found) = found else { return lang.t("membership.few") };
    let key = if found.leaks() { "membership.leaks" } else { "membership.tight" };
    let args = [
        ("right", percent(found.right.value)),
        ("low", percent(found.right.low)),
        ("high", percent(found.right.high)),
        ("auc", format!("{:.3}", found.auc.value)),
        ("auc_low", format!("{:.3}", found.auc.low)),
        ("auc_high", format!("{:.3}", found.auc.high)),
    ];
    lang.with(key, &args)
}
