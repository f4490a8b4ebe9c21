//! What learns kind and unkind: the choice, its training while it runs, and all that were tried beside each other.

use eframe::egui::{self, RichText, Ui};
use egui_plot::{Corner, PlotPoint};
use regulars_engine::feedback::{FeedbackSpec, MoodChoice, MoodModel, Tried};
use regulars_engine::train::ModelKind;

use crate::window::pages::Scene;
use crate::window::parts::{self, chart};
use crate::window::state::{Course, Heard};
use crate::window::theme::{self, S2, S4};
use crate::words::heard;
use crate::words::{Lang, percent};

/// The box of the inspector.
pub(super) fn choose(ui: &mut Ui, lang: Lang, spec: &mut FeedbackSpec) {
    parts::setting(ui, lang, "fb_mood", |ui| {
        let name = lang.t("setting.fb_mood");
        parts::choose(ui, &name, &mut spec.mood, &MoodChoice::ALL, |choice| {
            lang.t(match choice {
                MoodChoice::Linear => "mood.choice.linear",
                MoodChoice::Cnn => "mood.choice.cnn",
                MoodChoice::Rnn => "mood.choice.rnn",
                MoodChoice::Best => "mood.choice.best",
            })
        });
    });
}

/// The training that runs, epoch by epoch.
pub(super) fn course(ui: &mut Ui, lang: Lang, course: &Course) {
    let model = match course.kind {
        ModelKind::Rnn => MoodModel::Rnn,
        _ => MoodModel::Cnn,
    };
    let mut args = vec![
        ("model", heard::model(lang, model)),
        ("fold", course.fold.to_string()),
        ("folds", course.folds.to_string()),
    ];
    let best = course.epochs.iter().min_by(|a, b| a.valid_loss.total_cmp(&b.valid_loss));
    let title = match best {
        Some(best) => {
            args.push(("loss", format!("{:.3}", best.valid_loss)));
            args.push(("epoch", best.epoch.to_string()));
            lang.with("mood.course.title", &args)
        }
        None => lang.with("mood.course.begins", &args),
    };
    let line = |value: fn(&regulars_engine::train::Epoch) -> f64| -> Vec<PlotPoint> {
        course.epochs.iter().map(|epoch| PlotPoint::new(epoch.epoch as f64, value(epoch))).collect()
    };
    let (learnt, watched) = (line(|epoch| epoch.train_loss), line(|epoch| epoch.valid_loss));
    let frame = chart::Frame {
        id: "feedback course",
        title,
        x: lang.t("mood.course.epoch"),
        y: lang.t("mood.course.loss"),
        height: 220.0,
        include: vec![[0.0, 0.0], [5.0, 0.7]],
        legend: Corner::RightTop,
        log_y: false,
        hue: 0,
    };
    let series = [
        chart::Series { name: lang.t("mood.course.learnt"), points: &learnt, dashed: true, markers: true },
        chart::Series { name: lang.t("mood.course.watched"), points: &watched, dashed: false, markers: true },
    ];
    chart::lines(ui, lang, frame, &series, best.map(|best| (lang.t("mood.course.best"), best.epoch as f64)));
    parts::muted(ui, lang.t("mood.course.why"));
    ui.add_space(S2);
}

/// All that were tried on the same comments, and which one reads.
pub(super) fn tried(ui: &mut Ui, scene: &mut Scene<'_>, found: &Heard) {
    let lang = scene.lang;
    let all = &found.feedback.tried;
    let reads = found.feedback.reader.model();
    let Some(taken) = heard::taken(lang, all, reads) else { return };
    ui.add_space(S2);
    ui.label(RichText::new(lang.t("mood.tried")).family(theme::strong()));
    let heads = [
        ("mood.head.model", None),
        ("mood.head.right", None),
        ("mood.head.calibration", Some("mood.calibration.help")),
        ("mood.head.brier", Some("mood.brier.help")),
        ("mood.head.sure", None),
    ];
    egui::Grid::new("moods tried").num_columns(heads.len()).spacing([S4, 4.0]).show(ui, |ui| {
        for (key, help) in heads {
            let label = ui.label(RichText::new(lang.t(key)).small());
            if let Some(help) = help {
                label.on_hover_text(lang.t(help));
            }
        }
        ui.end_row();
        for one in all {
            row(ui, lang, one, Some(one.model) == reads);
        }
    });
    ui.add(egui::Label::new(taken).wrap());
    let better = all.iter().find(|one| one.is_best && Some(one.model) != reads);
    let offered = better.filter(|_| !scene.state.feedback.working() && !scene.state.heard_is_stale());
    if let Some(one) = offered {
        let name = lang.with("mood.take_best", &[("model", heard::model(lang, one.model))]);
        if ui.button(name).clicked() {
            scene.state.settings.feedback.mood = match one.model {
                MoodModel::Linear => MoodChoice::Linear,
                MoodModel::Cnn => MoodChoice::Cnn,
                MoodModel::Rnn => MoodChoice::Rnn,
            };
        }
    }
    ui.add_space(S2);
}

fn row(ui: &mut Ui, lang: Lang, one: &Tried, reads: bool) {
    let figures = &one.figures;
    let [right, low, high] =
        [figures.accuracy.value, figures.accuracy.low, figures.accuracy.high].map(percent);
    let name = heard::model(lang, one.model);
    let cells = [
        if reads { format!("● {name}") } else { name },
        format!("{right} ({low} – {high})"),
        format!("{:.3}", figures.calibration_error),
        format!("{:.4}", figures.brier),
        percent(figures.sure),
    ];
    for text in cells {
        let text = RichText::new(text);
        ui.label(if reads { text.family(theme::strong()) } else { text });
    }
    ui.end_row();
}
