//! What differential privacy promises and costs, in words that the window, the terminal and the report share.

use regulars_engine::train::{Price, Promise};

use crate::words::{Lang, percent};

/// The promise, how it is kept, its price, and what was left out for it: one sentence or two each.
pub fn told(lang: Lang, promise: &Promise) -> Vec<String> {
    let mut out = vec![short(lang, promise)];
    if promise.rows_of_one > 1 {
        out.push(lang.with("dp.rows_of_one", &[("rows", lang.count(promise.rows_of_one as u64))]));
    }
    out.push(match &promise.price {
        Some(price) => price_told(lang, price),
        None => lang.t("dp.price_none"),
    });
    let args = [
        ("steps", lang.count(promise.steps)),
        ("rate", percent(promise.rate)),
        ("rows", lang.count(promise.rows as u64)),
        ("clip", promise.clip.to_string()),
        ("noise", format!("{:.3}", promise.noise)),
    ];
    out.push(lang.with("dp.how", &args));
    if !promise.left_out.is_empty() {
        let names: Vec<String> =
            promise.left_out.iter().map(|name| lang.t(&format!("setting.{name}"))).collect();
        out.push(lang.with("dp.left_out", &[("settings", lang.list(&names))]));
    }
    out
}

/// What an ε is commonly held to be worth (Ponomareva and others 2023), for one customer with all their rows.
fn worth(promise: &Promise) -> &'static str {
    match promise.epsilon * promise.rows_of_one.max(1) as f64 {
        epsilon if epsilon <= 1.0 => "dp.worth.strong",
        epsilon if epsilon <= 10.0 => "dp.worth.fair",
        _ => "dp.worth.little",
    }
}

/// The promise alone, and what such a promise is worth.
pub fn short(lang: Lang, promise: &Promise) -> String {
    let odds = promise.odds();
    let args = [
        ("epsilon", format!("{:.2}", promise.epsilon)),
        ("delta", format!("{:.0e}", promise.delta)),
        ("odds", if odds < 10.0 { format!("{odds:.1}") } else { lang.count(odds.min(1e15) as u64) }),
    ];
    let gap = if lang == Lang::Zh { "" } else { " " };
    format!("{}{gap}{}", lang.with("dp.promise", &args), lang.t(worth(promise)))
}

fn price_told(lang: Lang, price: &Price) -> String {
    let number = |value: f64| format!("{value:.3}");
    let signed = |value: f64| format!("{value:+.3}").replace('-', "−");
    let args = [
        ("private", number(price.private.value)),
        ("private_low", number(price.private.low)),
        ("private_high", number(price.private.high)),
        ("plain", number(price.plain.value)),
        ("plain_low", number(price.plain.low)),
        ("plain_high", number(price.plain.high)),
        ("difference", signed(price.difference.value)),
        ("low", signed(price.difference.low)),
        ("high", signed(price.difference.high)),
    ];
    lang.with("dp.price", &args)
}

/// What it does not cover.
pub fn limits(lang: Lang) -> [String; 4] {
    ["dp.limit.preparation", "dp.limit.choices", "dp.limit.bundle", "dp.limit.report"].map(|key| lang.t(key))
}
