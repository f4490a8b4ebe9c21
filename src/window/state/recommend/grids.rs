//! Lists as tables to be taken away.

use regulars_engine::files::{Cell, Grid};
use regulars_engine::project::{Campaign, CampaignLine, Lists};
use regulars_engine::recommend::Reason;

use super::Found;
use crate::words::Lang;

/// Reasons of an offer that are named.
const REASONS: usize = 2;

fn because(lang: Lang, found: &Found, reasons: &[Reason]) -> String {
    let names: Vec<&str> = reasons.iter().take(REASONS).map(|reason| found.product(reason.item)).collect();
    lang.list(&names)
}

/// Everybody's list, one offer a row.
pub(super) fn lists_grid(lang: Lang, found: &Found, lists: &Lists) -> Grid {
    let mut rows = Vec::with_capacity(lists.iter().map(|(_, list)| list.len()).sum());
    for (who, list) in lists {
        let history = found.of.history(*who);
        for (place, offer) in list.iter().enumerate() {
            let reasons = found.of.model.because(&history, offer.item);
            rows.push(vec![
                Cell::from(found.customer(*who as u32)),
                Cell::whole(place as u64 + 1),
                Cell::from(found.product(offer.item)),
                because(lang, found, &reasons).into(),
            ]);
        }
    }
    let heads =
        ["recpage.head.customer", "recpage.head.place", "recpage.head.product", "recpage.head.because"];
    Grid { name: lang.t("recpage.lists.name"), header: heads.map(|key| lang.t(key)).to_vec(), rows }
}

/// Those who would want a product, with how to reach them.
pub fn campaign_grid(
    lang: Lang,
    found: &Found,
    campaign: &Campaign,
    is_kept: &dyn Fn(&CampaignLine) -> bool,
) -> Grid {
    let columns = (found.product(campaign.item), campaign.contact_columns.as_slice());
    of_lines(lang, found, columns, campaign.lines.iter().filter(|line| is_kept(line)))
}

/// Lines of a campaign under the names of their contact details.
pub(super) fn of_lines<'a>(
    lang: Lang,
    found: &Found,
    (product, contacts): (&str, &[String]),
    lines: impl Iterator<Item = &'a CampaignLine>,
) -> Grid {
    let mut header = vec![lang.t("recpage.head.customer")];
    header.extend(contacts.iter().cloned());
    let heads = ["recpage.head.product", "recpage.head.place", "recpage.head.because"];
    header.extend(heads.map(|key| lang.t(key)));
    let row = |line: &CampaignLine| {
        let mut row = vec![Cell::from(line.id.as_str())];
        row.extend(line.contacts.iter().map(|text| Cell::from(text.as_str())));
        let reasons = because(lang, found, &line.reasons);
        row.extend([Cell::from(product), Cell::whole(line.place as u64), reasons.into()]);
        row
    };
    let name = lang.with("recpage.campaign.name", &[("product", product.to_owned())]);
    Grid { name, header, rows: lines.map(row).collect() }
}
