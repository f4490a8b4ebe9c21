//! With whom an experiment is made: the call list, or those who would want a product.

use eframe::egui::{self, Ui};

use crate::window::pages::Scene;
use crate::window::parts;
use crate::window::theme::S2;

/// Products that are offered, the best-sellers first.
const PRODUCTS: usize = 30;

/// Draws the choice, where what to offer was worked out.
pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>) {
    let lang = scene.lang;
    let found = scene.state.recommended().cloned();
    let audience = scene.state.audience().cloned();
    if found.is_none() && audience.is_none() {
        return;
    }
    let name = lang.t("recpage.exp.whom");
    let list = lang.t("recpage.exp.list");
    let of = |product: &str| lang.with("recpage.exp.product", &[("product", product.to_owned())]);
    let shown = audience.as_ref().map_or_else(|| list.clone(), |audience| of(&audience.product));
    let (mut back, mut wish) = (false, None);
    ui.horizontal_wrapped(|ui| {
        ui.label(&name);
        let combo = egui::ComboBox::from_id_salt("whom").selected_text(shown).width(280.0).truncate();
        let response = combo
            .show_ui(ui, |ui| {
                back = ui.selectable_label(audience.is_none(), &list).clicked();
                let Some(found) = &found else { return };
                for item in found.products.iter().take(PRODUCTS) {
                    let product = found.product(*item);
                    let is_it = audience.as_ref().is_some_and(|audience| audience.product == product);
                    if ui.selectable_label(is_it, of(product)).clicked() {
                        wish = Some(*item);
                    }
                }
            })
            .response;
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
    });
    if scene.state.recommend.waits() {
        parts::muted(ui, lang.t("recpage.exp.waits"));
    } else if let Some(audience) = &audience {
        let args = [
            ("product", audience.product.clone()),
            ("count", lang.count(audience.campaign.lines.len() as u64)),
        ];
        parts::muted(ui, lang.with("recpage.exp.told", &args));
    }
    if back {
        scene.state.set_audience(None);
    }
    if let Some(item) = wish {
        scene.state.wish_experiment(item);
    }
    ui.add_space(S2);
}
