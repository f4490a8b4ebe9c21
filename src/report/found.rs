//! What a comparison or a search found, in words that the window and the terminal share.

use regulars_engine::evaluate::{Comparison, Verdict};
use regulars_engine::project::Searched;
use regulars_engine::train::search::{Ended, SearchKind, Setting, Trial};
use serde_json::Value;

use crate::words::Lang;

/// A kind of model by its name in the catalogue.
pub fn model(lang: Lang, kind: regulars_engine::train::ModelKind) -> String {
    lang.t(&format!("model.{}", kind.name()))
}

/// Who wins, said plainly.
pub fn verdict(lang: Lang, found: &Comparison) -> String {
    let told = found.network().and_then(|network| {
        let difference = network.against.as_ref()?.get("roc_auc")?;
        let key = match network.verdict? {
            Verdict::NetworkWins => "compare.network_wins",
            Verdict::Even => "compare.even",
            Verdict::SimpleWins => "compare.simple_wins",
        };
        let args = [
            ("network", model(lang, network.kind)),
            ("simple", model(lang, found.best_simple?)),
            ("difference", format!("{:+.4}", difference.mean)),
            ("low", format!("{:+.4}", difference.low)),
            ("high", format!("{:+.4}", difference.high)),
        ];
        Some(lang.with(key, &args))
    });
    told.unwrap_or_else(|| lang.t("compare.no_verdict"))
}

/// The name of a setting that can be searched.
pub fn setting(lang: Lang, setting: Setting) -> String {
    lang.t(&format!("search.setting.{}", setting.name()))
}

/// What a trial has otherwise than the present settings.
pub fn changes(lang: Lang, trial: &Trial) -> String {
    if trial.number == 1 {
        return lang.t("search.present");
    }
    let parts: Vec<String> = trial
        .changes
        .iter()
        .map(|(of, value)| format!("{} {}", setting(lang, *of), shown(lang, *of, value)))
        .collect();
    if parts.is_empty() { lang.t("search.present") } else { parts.join(" · ") }
}

fn shown(lang: Lang, setting: Setting, value: &Value) -> String {
    match (setting, value) {
        (Setting::Activation | Setting::Optimizer | Setting::Schedule, Value::String(name)) => {
            lang.t(&format!("{}.{name}", setting.name()))
        }
        (_, Value::String(text)) => text.clone(),
        (_, Value::Bool(yes)) => lang.t(if *yes { "common.yes" } else { "common.no" }),
        (_, other) => other.to_string(),
    }
}

/// How a trial ended.
pub fn ended(lang: Lang, kind: SearchKind, by_folds: bool, trial: &Trial) -> String {
    match &trial.ended {
        Ended::Done => lang.t("search.done"),
        Ended::Cut => lang.t("search.cut"),
        Ended::Failed { .. } => lang.t("search.failed"),
        Ended::Halted { at, .. } => {
            // Where there are folds, they are the rungs.
            let key = match kind {
                _ if by_folds => "search.halted_fold",
                SearchKind::Mlp => "search.halted_epoch",
                SearchKind::Boosted => "search.halted_tree",
            };
            lang.with(key, &[("at", at.to_string())])
        }
    }
}

/// The winner, its figures, and what they are worth.
pub fn winner(lang: Lang, found: &Searched) -> String {
    let (Some(trial), Some(test)) = (found.winner(), found.test.area()) else {
        return lang.t("search.no_test");
    };
    let args = [
        ("trial", trial.number.to_string()),
        ("trials", found.trials.len().to_string()),
        ("valid", trial.valid_auc.map_or("–".into(), |auc| format!("{auc:.4}"))),
        ("test", format!("{:.4}", test.value)),
        ("low", format!("{:.4}", test.low)),
        ("high", format!("{:.4}", test.high)),
    ];
    lang.with(if trial.number == 1 { "search.present_wins" } else { "search.wins" }, &args)
}
