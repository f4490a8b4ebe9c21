//! Smaller networks in words that the window, the terminal and the model card share.

use regulars_engine::project::SmallRow;
use regulars_engine::train::small::{Price, Shrunk, Way};

use crate::words::{Lang, percent};

/// Speeds that differ by less than this share are told as equal: one run's clock tells no more.
const SAME_SPEED: f64 = 0.1;

/// A way, or the full network, by its name.
pub fn way(lang: Lang, way: Option<Way>) -> String {
    lang.t(&format!("small.way.{}", way.map_or("full", Way::name)))
}

/// What a smaller model costs and brings: size, speed, and the difference in AUC with its interval.
pub fn price(lang: Lang, way: Way, price: &Price) -> String {
    let speed = match price.speed {
        _ if way.calculates_as_before() => lang.t("small.speed_no_faster"),
        speed if (speed - 1.0).abs() < SAME_SPEED => lang.t("small.speed_same"),
        speed => lang.with("small.speed_times", &[("times", format!("{speed:.1}"))]),
    };
    let auc = match price.auc {
        Some([difference, low, high]) => lang.with(
            "small.price_auc",
            &[("difference", signed(difference)), ("low", signed(low)), ("high", signed(high))],
        ),
        None => lang.t("small.price_no_auc"),
    };
    let args = [
        ("share", percent(price.bytes as f64 / (price.full_bytes.max(1)) as f64)),
        ("bytes", bytes(lang, price.bytes)),
        ("full", bytes(lang, price.full_bytes)),
        ("speed", speed),
        ("auc", auc),
    ];
    lang.with("small.price", &args)
}

/// How a model was made smaller and what that cost, for its card.
pub fn card(lang: Lang, small: &Shrunk) -> String {
    let name = way(lang, Some(small.way));
    match &small.price {
        Some(of) => lang.with("small.card_said", &[("way", name), ("price", price(lang, small.way, of))]),
        None => name,
    }
}

/// The names of the table's columns.
pub fn heads(lang: Lang) -> [String; 8] {
    [
        "small.head.way",
        "small.head.size",
        "small.head.speed",
        "small.head.auc",
        "small.head.auc_difference",
        "small.head.loss_difference",
        "small.head.ece",
        "small.head.changed",
    ]
    .map(|key| lang.t(key))
}

/// The cells of one model.
pub fn cells(lang: Lang, row: &SmallRow) -> [String; 8] {
    let none = || "–".to_owned();
    let between = |value: f64, low: f64, high: f64| {
        let args = [("value", signed(value)), ("low", signed(low)), ("high", signed(high))];
        lang.with("small.between", &args)
    };
    [
        way(lang, row.way),
        bytes(lang, row.bytes),
        lang.count(rounded(row.per_second)),
        row.roc_auc.map_or_else(none, |auc| format!("{:.4}", auc.value)),
        row.auc_difference.map_or_else(none, |of| between(of.difference, of.low, of.high)),
        row.log_loss_difference.map_or_else(none, |of| between(of.value, of.low, of.high)),
        row.ece.map_or_else(none, |ece| format!("{ece:.3}")),
        row.way.map_or_else(none, |_| lang.count(row.changed as u64)),
    ]
}

/// Three digits are all that a measurement of speed tells.
fn rounded(speed: f64) -> u64 {
    let unit = 10f64.powf(speed.max(1.0).log10().floor() - 2.0).max(1.0);
    ((speed / unit).round() * unit) as u64
}

fn signed(value: f64) -> String {
    // A true minus; what rounds to nothing has no sign.
    let text = format!("{value:+.4}");
    if text.trim_start_matches(['+', '-']).chars().all(|c| c == '0' || c == '.') {
        return "0.0000".to_owned();
    }
    text.replace('-', "−")
}

fn bytes(lang: Lang, bytes: u64) -> String {
    match bytes {
        0..10_000 => lang.with("small.bytes", &[("bytes", lang.count(bytes))]),
        _ => lang.with("small.kilobytes", &[("kilobytes", format!("{:.1}", bytes as f64 / 1000.0))]),
    }
}
