//! `--new-products`: who would want what few or none bought yet.

use regulars_engine::deploy::FollowUps;
use regulars_engine::job::Reporter;
use regulars_engine::project::{CampaignSpec, Contacts, NewCampaign, Recommended};
use regulars_engine::recommend::NewProducts;
use serde_json::{Value as Json, json};

use super::{NAMED, REASONS, name};
use crate::words::Lang;

/// The new products, and the list of each of the first ones.
pub(super) struct Found {
    new: NewProducts,
    lists: Vec<NewCampaign>,
}

pub(super) fn find(found: &Recommended, seed: u64) -> regulars_engine::Result<Found> {
    let silent = Reporter::silent();
    let new = found.new_products(seed, &silent)?;
    // Nothing but numbers of customers leaves here.
    let spec = CampaignSpec { item: 0, within: 0, contacts: Contacts::LeftOut, with_do_not_contact: false };
    let none = FollowUps::new();
    let lists = (0..new.products.len().min(NAMED))
        .map(|place| found.new_campaign(&new, place, (&spec, None, &none), &silent))
        .collect::<regulars_engine::Result<_>>()?;
    Ok(Found { new, lists })
}

fn first(list: &NewCampaign, most: usize) -> Vec<&str> {
    list.lines.iter().take(most).map(|line| line.id.as_str()).collect()
}

pub(super) fn object(found: &Recommended, of: &Found) -> Json {
    let products = of.new.products.iter().zip(&of.lists).map(|(product, list)| {
        json!({
            "product": product.name, "customers": product.customers,
            "like": product.like.iter().map(|item| name(found, *item)).collect::<Vec<_>>(),
            "would_want": first(list, NAMED), "without_consent": list.without_consent,
        })
    });
    json!({
        "model": of.new.kind.name(), "measured": of.new.measured,
        "count": of.new.products.len() + of.new.left_out, "products": products.collect::<Vec<_>>(),
    })
}

pub(super) fn print(lang: Lang, found: &Recommended, of: &Found) {
    let share = |value: f64| format!("{:.1}%", 100.0 * value);
    match &of.new.measured {
        None => crate::cli::out!("{}", lang.t("recommend.new.unmeasured")),
        Some(measured) => {
            let hits = &measured.hit_rate;
            let of = |one: regulars_engine::metrics::Estimate| {
                format!("{} ({}–{})", share(one.value), share(one.low), share(one.high))
            };
            let args = [
                ("cut", measured.cut.to_string()),
                ("hits", of(hits.value)),
                ("chance", share(hits.chance)),
                ("popular", of(hits.popular)),
                ("products", measured.products.to_string()),
                ("customers", measured.customers.to_string()),
            ];
            crate::cli::out!("{}", lang.with("recommend.new.line", &args));
        }
    }
    for (product, list) in of.new.products.iter().zip(&of.lists).filter(|(_, list)| !list.lines.is_empty()) {
        let like: Vec<&str> = product.like.iter().take(REASONS).map(|item| name(found, *item)).collect();
        let args = [
            ("product", product.name.clone()),
            ("like", lang.list(&like)),
            ("customers", lang.list(&first(list, 3))),
        ];
        crate::cli::out!("{}", lang.with("recommend.new.product", &args));
    }
}
