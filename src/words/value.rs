//! What is said of lifetime value: how sure it is, and which model tells it.

use regulars_engine::features::behaviour::to_date;
use regulars_engine::value::{Fitted, LifetimeModel, Shop};

use super::Lang;

fn model(lang: Lang, model: LifetimeModel) -> String {
    lang.t(&format!("value.model.{}", model.name()))
}

fn whole(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

/// What the range of the base holds: the parameters, chance, and by how much the model was off in its test.
pub fn sure(lang: Lang, shop: &Shop) -> String {
    let Some((check, own)) = shop.check.as_ref().zip(shop.lasting) else {
        return lang.t("value.sure.untested");
    };
    // The test of what the headline tells: money where there is money.
    let tested = check.money.zip(check.money_range).filter(|((actual, _), _)| *actual > 0.0);
    let tested = tested.filter(|_| shop.total.money.is_some());
    let (is_money, (actual, predicted), (low, high)) = match tested {
        Some((sums, range)) => (true, sums, range),
        None => (false, (check.actual, check.predicted), check.range),
    };
    let own = if is_money { own.money } else { own.orders };
    if actual <= 0.0 || predicted <= 0.0 {
        return lang.t("value.sure.nothing");
    }
    // Everything beside what was foretold, so that the share and the range can be compared.
    let off = actual / predicted - 1.0;
    let args = [
        ("share", whole(off.abs())),
        ("low", whole(1.0 - (low / predicted).min(1.0))),
        ("high", whole((high / predicted).max(1.0) - 1.0)),
        ("day", to_date(check.calibration_end).to_string()),
    ];
    let key = match (own > 0.0, off > 0.0) {
        (false, _) => "value.sure.chance",
        (true, true) => "value.sure.below",
        (true, false) => "value.sure.above",
    };
    lang.with(key, &args)
}

/// Which model tells the orders, and why that one.
pub fn models(lang: Lang, shop: &Shop) -> String {
    let Some(first) = shop.fitted.first() else { return String::new() };
    let names = first.model.parameters();
    let parameters: Vec<String> =
        names.iter().zip(&first.parameters).map(|(name, value)| format!("{name} {value:.3}")).collect();
    let alike = shop.alike();
    let told = |one: &&Fitted| format!("{} ({:.1})", model(lang, one.model), one.log_likelihood);
    let args = [
        ("model", model(lang, first.model)),
        ("others", lang.list(&alike.iter().map(told).collect::<Vec<_>>())),
        ("parameters", lang.list(&parameters)),
        ("likelihood", format!("{:.1}", first.log_likelihood)),
        ("count", shop.fitted.len().to_string()),
        ("day", to_date(shop.learnt_until).to_string()),
    ];
    let key = match (shop.fitted.len() > 1, alike.is_empty()) {
        (false, _) => "value.told.one",
        (true, true) => "value.told.best",
        (true, false) => "value.told.alike",
    };
    lang.with(key, &args)
}
