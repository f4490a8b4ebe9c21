//! Charts and tables are taken out of the window: a menu beside each one puts a wish into the
//! mailbox, and the app carries it out.

use eframe::egui::{self, Context, Id, Rect, RichText, Ui};
use regulars_engine::files::Grid;
use regulars_engine::privacy::cells::Layout;

use super::cells;
use crate::report::svg::Chart;
use crate::words::Lang;

/// A wish.
#[derive(Debug, Clone)]
pub enum Take {
    Copy(Grid),
    Save(Grid),
    CopyPicture(Rect),
    SavePicture(Rect, String),
    SaveDrawing(Chart),
    /// An SVG document that is made already: its name, then the document.
    SaveSvg(String, String),
}

fn mailbox() -> Id {
    Id::unique("take away")
}

fn send(ui: &Ui, take: Take) {
    ui.data_mut(|data| data.get_temp_mut_or_default::<Vec<Take>>(mailbox()).push(take));
    ui.ctx().request_repaint();
}

/// Saves a table that was made because it was asked for.
pub fn save(ui: &Ui, grid: Grid) {
    send(ui, Take::Save(grid));
}

/// A wish that a job has made ready.
pub fn wish(ctx: &Context, take: Take) {
    ctx.data_mut(|data| data.get_temp_mut_or_default::<Vec<Take>>(mailbox()).push(take));
    ctx.request_repaint();
}

/// The wishes since the last call.
pub fn received(ctx: &Context) -> Vec<Take> {
    ctx.data_mut(|data| std::mem::take(data.get_temp_mut_or_default::<Vec<Take>>(mailbox())))
}

fn menu(ui: &mut Ui, title: &str, of: &str, add: impl FnOnce(&mut Ui)) {
    let text = RichText::new(title).small();
    let response = ui.menu_button(text, add).response;
    let name = format!("{title}: {of}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
}

/// The menu of a table; the table is made only when it is asked for.
pub fn table_menu(ui: &mut Ui, lang: Lang, of: &str, grid: impl FnOnce() -> Grid) {
    let mut wish: Option<fn(Grid) -> Take> = None;
    menu(ui, &lang.t("take.menu"), of, |ui| {
        if ui.button(lang.t("take.copy_table")).clicked() {
            wish = Some(Take::Copy);
            ui.close();
        }
        if ui.button(lang.t("take.save_table")).clicked() {
            wish = Some(Take::Save);
            ui.close();
        }
    });
    if let Some(wish) = wish {
        send(ui, wish(grid()));
    }
}

/// [`table_menu`] of a table of groups: `layout` says what counts people, so that small groups can be kept
/// out of it.
pub fn groups_menu(ui: &mut Ui, lang: Lang, of: &str, layout: &Layout<'_>, grid: impl FnOnce() -> Grid) {
    let mut wish: Option<fn(Grid) -> Take> = None;
    menu(ui, &lang.t("take.menu"), of, |ui| {
        cells::table_switch(ui, lang);
        if ui.button(lang.t("take.copy_table")).clicked() {
            wish = Some(Take::Copy);
            ui.close();
        }
        if ui.button(lang.t("take.save_table")).clicked() {
            wish = Some(Take::Save);
            ui.close();
        }
    });
    if let Some(wish) = wish {
        send(ui, wish(cells::shared(ui.ctx(), lang, grid(), layout)));
    }
}

/// The menu of a chart that stands in `rect`.
pub fn chart_menu(
    ui: &mut Ui,
    lang: Lang,
    rect: Option<Rect>,
    chart: impl Fn() -> Chart,
    grid: impl Fn() -> Grid,
    of: &str,
) {
    picture_menu(ui, lang, rect, || Take::SaveDrawing(chart()), grid, of);
}

/// The menu of a picture that stands in `rect`; `svg` makes its document.
pub fn drawing_menu(
    ui: &mut Ui,
    lang: Lang,
    rect: Option<Rect>,
    svg: impl Fn() -> String,
    grid: impl Fn() -> Grid,
    of: &str,
) {
    picture_menu(ui, lang, rect, || Take::SaveSvg(of.to_owned(), svg()), grid, of);
}

fn picture_menu(
    ui: &mut Ui,
    lang: Lang,
    rect: Option<Rect>,
    drawing: impl Fn() -> Take,
    grid: impl Fn() -> Grid,
    of: &str,
) {
    let mut wish = None;
    menu(ui, &lang.t("take.chart"), of, |ui| {
        if let Some(rect) = rect {
            if ui.button(lang.t("take.copy_picture")).clicked() {
                wish = Some(Take::CopyPicture(rect));
                ui.close();
            }
            if ui.button(lang.t("take.save_picture")).clicked() {
                wish = Some(Take::SavePicture(rect, of.to_owned()));
                ui.close();
            }
        }
        if ui.button(lang.t("take.save_drawing")).clicked() {
            wish = Some(drawing());
            ui.close();
        }
        if ui.button(lang.t("take.copy_data")).clicked() {
            wish = Some(Take::Copy(grid()));
            ui.close();
        }
        if ui.button(lang.t("take.save_data")).clicked() {
            wish = Some(Take::Save(grid()));
            ui.close();
        }
    });
    if let Some(wish) = wish {
        send(ui, wish);
    }
}

/// A picture as PNG.
pub fn png(image: &egui::ColorImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (width, height) = (u32::try_from(image.size[0]).ok()?, u32::try_from(image.size[1]).ok()?);
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(image.as_raw()).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}
