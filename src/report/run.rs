//! The pictures of a run folder.

use regulars_engine::train::Epoch;

use super::picture;
use super::svg::{self, Chart, Series};
use crate::words::Lang;

/// Width and height in points.
const SIZE: (u32, u32) = (760, 480);

/// The loss of each epoch on the training and the validation rows; `None` for models without epochs.
pub fn curves(lang: Lang, history: &[Epoch]) -> Option<Chart> {
    let best = history.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss))?;
    let series = |key: &str, value: fn(&Epoch) -> f64, dashed| Series {
        name: lang.t(key),
        points: history.iter().map(|e| (e.epoch as f64, value(e))).collect(),
        dashed,
        markers: history.len() < 2,
    };
    let args = [("epoch", best.epoch.to_string()), ("loss", format!("{:.4}", best.valid_loss))];
    Some(Chart {
        title: lang.with("train.finding", &args),
        x: lang.t("train.epoch"),
        y: lang.t("train.loss"),
        series: vec![
            series("train.on_train", |e| e.train_loss, false),
            series("train.on_valid", |e| e.valid_loss, true),
        ],
        include: Vec::new(),
    })
}

/// The curves as files: as a drawing and as a picture.
pub fn pictures(lang: Lang, history: &[Epoch]) -> Vec<(&'static str, Vec<u8>)> {
    let Some(chart) = curves(lang, history) else { return Vec::new() };
    let mut out = vec![("curves.svg", svg::lines(&chart, SIZE.0, SIZE.1).into_bytes())];
    out.extend(picture::png(&chart, SIZE.0, SIZE.1).map(|bytes| ("curves.png", bytes)));
    out
}
