//! What is handed on: the report of a model as one HTML file in both languages, and the call list as
//! a page to print. Nothing is loaded from anywhere: no script, no font, no picture.

pub mod cells;
pub mod customer;
pub mod experiment;
pub mod found;
pub mod groups;
pub mod judged;
pub mod membership;
pub mod picture;
pub mod promise;
pub mod run;
pub mod small;
mod style;
pub mod svg;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use regulars_engine::deploy::{Card, seal_page};
use regulars_engine::files::Grid;
use regulars_engine::privacy::cells::Mark;
use regulars_engine::project::CallList;
use regulars_engine::segment::Segmentation;
use regulars_engine::train::net::Cell;
use regulars_engine::train::{ModelKind, NetSettings};

use crate::words::{self, Lang, percent};
use svg::{Chart, Series};

/// Size of a chart.
const CHART: (u32, u32) = (460, 300);

/// The report of a model, with its card and the hashes by which `regulars report --verify` knows both again;
/// `first` is the language that it opens in, the other is one click away.
pub fn html(first: Lang, card: &Card, segments: Option<&Segmentation>) -> String {
    let title = format!("Regulars · {}", card.file);
    let seed = regulars_engine::privacy::cells::chance();
    let page = html! {
        (DOCTYPE)
        html lang=(first.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style::REPORT)) }
            }
            body {
                @for lang in Lang::ALL {
                    input type="radio" name="lang" id=(lang.code()) checked[lang == first];
                }
                nav { @for lang in Lang::ALL { label for=(lang.code()) { (lang.label()) } } }
                @for lang in Lang::ALL {
                    main lang=(lang.code()) class=(lang.code()) { (body(lang, card, (segments, seed))) }
                }
                (PreEscaped(card.hidden()))
            }
        }
    };
    seal_page(page.into_string())
}

fn body(lang: Lang, card: &Card, (segments, seed): (Option<&Segmentation>, u64)) -> Markup {
    let t = |key: &str| lang.t(&format!("report.{key}"));
    let model = lang.t(&format!("model.{}", card.model.name()));
    let auc = card.metrics.get("roc_auc");
    let told = |name: &str, count: usize| cells::count(lang, card, name, count as u64);
    html! {
        h1 { (lang.with("report.title", &[("target", format!("{} = {}", card.target, card.positive))])) }
        p.lead {
            (lang.with("report.lead", &[
                ("model", model.clone()),
                ("file", card.file.clone()),
                ("target", format!("{} = {}", card.target, card.positive)),
                ("test", told("test_rows", card.test_rows)),
            ]))
        }
        @let also = cells::hidden_groups(lang, card, segments, seed);
        @if let Some(note) = cells::note(lang, card, also) { p.muted { (note) } }
        @if let Some(sampled) = &card.sampled { p.lead { (words::drawn::told(lang, sampled)) } }
        @if !card.is_judged() {
            p.lead { (lang.t("figures.lead_none")) }
        }
        @if let Some(auc) = auc.filter(|_| card.is_judged()) {
            p.figure {
                strong { (format!("{:.3}", auc.value)) }
                " " (lang.t("metric.roc_auc")) " "
                span.muted { (format!("{:.3}–{:.3}", auc.low, auc.high)) }
            }
            @let c = card.confusion;
            @let common = card.test_positives.max(card.test_rows as u64 - card.test_positives);
            @if !cells::hides_plain(card) {
                p.lead {
                    (lang.with("report.plain", &[
                        ("flagged", lang.count(c.true_positive + c.false_positive)),
                        ("hits", lang.count(c.true_positive)),
                        ("missed", lang.count(c.false_negative)),
                        ("positive", card.positive.clone()),
                        ("common", percent(common as f64 / card.test_rows.max(1) as f64)),
                    ]))
                }
            }
        }
        h2 { (t("figures")) }
        table {
            thead { tr { th { (t("figure")) } th.n { (t("value")) } th.n { (t("interval")) } th { (t("means")) } } }
            tbody {
                @for (name, e) in card.told() {
                    tr {
                        td { (lang.t(&format!("metric.{name}"))) }
                        td.n { (format!("{:.3}", e.value)) }
                        td.n { (format!("{:.3}–{:.3}", e.low, e.high)) }
                        td.muted { (lang.t(&format!("metric.{name}.help"))) }
                    }
                }
            }
        }
        (cells::confusion(lang, card))
        h2 { (t("curves")) }
        div.charts { @for chart in charts(lang, card) { figure { (PreEscaped(svg::lines(&chart, CHART.0, CHART.1))) } } }
        p { (judged::calibrated(lang, &card.calibrated())) }
        h2 { (t("importance")) }
        p.muted { (t("importance.help")) }
        @let proven = card.importance.iter().filter(|(name, _)| !card.unproven.contains(name));
        @let most: Vec<&(String, f64)> = proven.take(15).collect();
        @let names: Vec<String> = most.iter().map(|(name, _)| name.clone()).collect();
        @let values: Vec<f64> = most.iter().map(|(_, value)| *value).collect();
        figure { (PreEscaped(svg::bars(&names, &values, |v| format!("{:.1}", 100.0 * v), 640))) }
        @if !card.unproven.is_empty() {
            p.muted { (lang.with("report.unproven", &[("columns", lang.list(&card.unproven))])) }
        }
        @if card.beside.len() > 1 && card.is_judged() {
            h2 { (t("beside")) }
            table {
                tbody {
                    @for (kind, e) in &card.beside {
                        tr {
                            td { (lang.t(&format!("model.{}", kind.name()))) }
                            td.n { (format!("{:.3}", e.value)) }
                            td.n { (format!("{:.3}–{:.3}", e.low, e.high)) }
                        }
                    }
                }
            }
        }
        @if let Some(found) = segments { (cells::groups(lang, card, found, seed)) }
        (model_card(lang, card, &model))
    }
}

/// The card: data, split, settings, limits, versions.
fn model_card(lang: Lang, card: &Card, model: &str) -> Markup {
    let t = |key: &str| lang.t(&format!("report.{key}"));
    let told = |name: &str, count: usize| cells::count(lang, card, name, count as u64);
    let left_out: Vec<String> = card
        .left_out
        .iter()
        .map(|(name, role)| format!("{name} ({})", lang.t(&format!("role.{}", role.name()))))
        .collect();
    let mut rows: Vec<(String, String)> = vec![
        (t("card.file"), card.file.clone()),
        (t("card.hash"), card.hash.clone()),
        (t("card.target"), format!("{} = {}", card.target, card.positive)),
        (t("card.rows"), told("rows", card.rows)),
        (
            t("card.split"),
            lang.with(
                "report.card.sides",
                &[
                    ("train", told("train_rows", card.train_rows)),
                    ("valid", told("valid_rows", card.valid_rows)),
                    ("test", told("test_rows", card.test_rows)),
                ],
            ),
        ),
        (t("card.sides_by"), sides_by(lang, card)),
        (t("card.columns"), card.columns.join(", ")),
        (t("card.left_out"), left_out.join(", ")),
        (t("card.model"), model.to_owned()),
    ];
    if let Some(sampled) = &card.sampled {
        rows.push((lang.t("draw.card"), words::drawn::told(lang, sampled)));
    }
    let told_refit = card.refit.as_ref().filter(|_| card.mark("refit.customers") == Mark::Plain);
    if let Some(refit) = told_refit {
        let before = card.measured_before_refit.then(|| format!(" {}", lang.t("refit.card_before")));
        rows.push((lang.t("refit.card"), experiment::refit(lang, refit) + &before.unwrap_or_default()));
    }
    if let Some(kept) = &card.promise {
        rows.push((lang.t("dp.card"), promise::told(lang, kept).join(" ")));
    }
    if let Some(federated) = &card.federated {
        let told = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| lang.count(count));
        let args = [
            ("branches", told(federated.branches)),
            ("rounds", told(federated.rounds)),
            ("strategy", federated.strategy.clone().unwrap_or_else(|| "–".to_owned())),
        ];
        rows.push((lang.t("theatre.card"), lang.with("theatre.card_says", &args)));
    }
    if !card.source_kind.is_empty() {
        rows.insert(1, (t("card.source"), card.source_kind.clone()));
    }
    for period in &card.periods {
        let args =
            [("column", period.column.clone()), ("from", period.from.clone()), ("to", period.to.clone())];
        rows.push((t("card.period"), lang.with("report.card.from_to", &args)));
    }
    if let Some(mlp) = &card.network {
        rows.push((t("card.network"), network(lang, mlp)));
        let args = [("run", card.epochs_run.to_string()), ("best", card.best_epoch.to_string())];
        rows.push((t("card.epochs"), lang.with("report.card.epochs_run", &args)));
    }
    if let Some(of) = &card.small {
        rows.push((lang.t("small.card"), small::card(lang, of)));
    }
    if let Some(net) = &card.net {
        rows.push((t("card.network"), sequence_network(lang, card.model, net)));
        let args = [("run", card.epochs_run.to_string()), ("best", card.best_epoch.to_string())];
        rows.push((t("card.epochs"), lang.with("report.card.epochs_run", &args)));
    }
    rows.extend([
        (t("card.seed"), card.seed.to_string()),
        (t("card.device"), card.device.name().to_owned()),
        (t("card.seconds"), format!("{:.1}", card.seconds)),
        (t("card.version"), card.engine.clone()),
        (t("card.made"), card.made.clone()),
    ]);
    if !card.versions.is_empty() {
        let versions: Vec<String> =
            card.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        rows.push((t("card.versions"), versions.join(", ")));
    }
    if !card.signature.is_empty() {
        rows.push((t("card.seal"), format!("{} {}", card.signature, t("card.seal.help"))));
    }
    html! {
        h2 { (t("card")) }
        table.card { tbody { @for (name, value) in rows { tr { th { (name) } td { (value) } } } } }
        (slices(lang, card))
        h3 { (t("cleaning")) }
        table.small {
            tbody {
                @for (at, (name, changed, dropped)) in card.steps.iter().enumerate() {
                    @let told = |what: &str, n: u64| cells::count(lang, card, &format!("steps.{at}.{what}"), n);
                    tr {
                        td { (lang.t(&format!("step.{name}"))) }
                        td { (lang.with("report.step", &[("cells", told("cells", *changed)), ("dropped", told("dropped", *dropped))])) }
                    }
                }
            }
        }
        h3 { (t("limits")) }
        ul {
            li { (t("limits.cause")) }
            li { (t("limits.time")) }
            li { (t("limits.people")) }
            @if card.test_rows < 200 { li { (lang.with("report.limits.small", &[("test", told("test_rows", card.test_rows))])) } }
            @for column in &card.leaks { li { (lang.with("report.limits.leak", &[("column", column.clone())])) } }
            @if card.promise.is_some() { @for limit in promise::limits(lang) { li { (lang.t("dp.card")) ": " (limit) } } }
            @if card.model == ModelKind::Majority { li { (t("limits.majority")) } }
        }
    }
}

/// How the rows got their sides.
fn sides_by(lang: Lang, card: &Card) -> String {
    match card.horizon_days {
        Some(days) => lang.with("report.card.by_time", &[("days", lang.count(days.into()))]),
        None => lang.t("report.card.by_chance"),
    }
}

/// How good the model is on parts of the test rows, where that was measured.
fn slices(lang: Lang, card: &Card) -> Markup {
    let all = card.slices.as_deref().unwrap_or_default();
    html! {
        @if !all.is_empty() {
            h3 { (lang.t("report.slices")) }
            p.muted { (lang.t("report.slices.help")) }
            table.small {
                tbody {
                    @for slice in all {
                        tr {
                            td { (slice.part) }
                            td.n { (lang.count(slice.rows)) }
                            td { (lang.t(&format!("metric.{}", slice.metric))) }
                            td.n { (format!("{:.3}", slice.estimate.value)) }
                            td.n { (format!("{:.3}–{:.3}", slice.estimate.low, slice.estimate.high)) }
                        }
                    }
                }
            }
        }
    }
}

/// The network's settings in one line.
pub fn network(lang: Lang, mlp: &regulars_engine::train::MlpSpec) -> String {
    let layers: Vec<String> = mlp.hidden.iter().chain(&[1]).map(usize::to_string).collect();
    let mut parts = vec![layers.join("-"), lang.t(&format!("activation.{}", mlp.activation.name()))];
    if mlp.batch_norm {
        parts.push(lang.t("setting.batch_norm"));
    }
    let named = |key: &str, value: String| format!("{} {value}", lang.t(&format!("setting.{key}")));
    parts.push(named("dropout", format!("{:.2}", mlp.dropout)));
    parts.push(lang.t(&format!("optimizer.{}", mlp.optimizer.name())));
    parts.push(named("learning_rate", mlp.learning_rate.to_string()));
    parts.push(lang.t(&format!("schedule.{}", mlp.schedule.name())));
    if mlp.warmup_steps > 0 {
        parts.push(named("warmup", mlp.warmup_steps.to_string()));
    }
    if mlp.clip_norm > 0.0 {
        parts.push(named("clip_norm", mlp.clip_norm.to_string()));
    }
    parts.push(named("batch", mlp.batch_size.to_string()));
    if mlp.class_weight {
        parts.push(lang.t("setting.class_weight"));
    }
    parts.join(" · ")
}

/// What turns a sequence into numbers, in a few words: "CNN 2, 3, 4 × 32".
pub fn reader(lang: Lang, kind: ModelKind, net: &NetSettings) -> String {
    match kind {
        ModelKind::Cnn => {
            let widths: Vec<String> = net.cnn.kernels.iter().map(usize::to_string).collect();
            let args = [("kernels", lang.list(&widths)), ("filters", net.cnn.filters.to_string())];
            lang.with("nets.reader.cnn", &args)
        }
        ModelKind::Rnn => {
            let cell = match net.rnn.cell {
                Cell::Gru => lang.t("nets.cell.gru"),
                Cell::Lstm => lang.t("nets.cell.lstm"),
            };
            let units = net.rnn.units.to_string();
            let key = if net.rnn.bidirectional { "nets.reader.rnn_both" } else { "nets.reader.rnn" };
            lang.with(key, &[("cell", cell), ("units", units)])
        }
        ModelKind::Hybrid => {
            let set = &net.hybrid;
            let args = [
                ("kernel", set.kernel.to_string()),
                ("filters", set.filters.to_string()),
                ("units", set.units.to_string()),
            ];
            lang.with("nets.reader.hybrid", &args)
        }
        ModelKind::Transformer => {
            let set = &net.transformer;
            let args = [
                ("layers", set.layers.to_string()),
                ("heads", set.heads.to_string()),
                ("model", set.model.to_string()),
            ];
            lang.with("nets.reader.transformer", &args)
        }
        kind => lang.t(&format!("model.{}", kind.name())),
    }
}

/// The settings of a network that reads sequences, in one line.
pub fn sequence_network(lang: Lang, kind: ModelKind, net: &NetSettings) -> String {
    let layers: Vec<String> = net.hidden.iter().chain(&[1]).map(usize::to_string).collect();
    let named = |key: &str, value: String| format!("{} {value}", lang.t(&format!("setting.{key}")));
    let rate = net.fit.learning_rate.to_string();
    let mut parts = vec![
        reader(lang, kind, net),
        layers.join("-"),
        lang.t(&format!("activation.{}", net.activation.name())),
        named("net_max_len", net.max_len.to_string()),
        named("dropout", format!("{:.2}", net.dropout)),
        named("learning_rate", rate),
        named("batch", net.fit.batch_size.to_string()),
    ];
    if net.class_weight {
        parts.push(lang.t("setting.class_weight"));
    }
    if net.balanced {
        parts.push(lang.t("setting.net_balanced"));
    }
    parts.join(" · ")
}

fn charts(lang: Lang, card: &Card) -> Vec<Chart> {
    let line = |name: String, points: Vec<(f64, f64)>| Series { name, points, dashed: false, markers: false };
    let dashed =
        |name: String, points: Vec<(f64, f64)>| Series { name, points, dashed: true, markers: false };
    let of = |f: fn(&regulars_engine::evaluate::OperatingPoint) -> (f64, f64)| -> Vec<(f64, f64)> {
        card.curve.iter().map(f).collect()
    };
    let unit = vec![[0.0, 0.0], [1.0, 1.0]];
    let curve = || lang.t("evaluate.curve");
    let chance = || lang.t("evaluate.chance");
    let base = card.test_positives as f64 / card.test_rows.max(1) as f64;
    let mut charts = Vec::new();
    if card.history.len() > 1 {
        let series = |f: fn(&regulars_engine::train::Epoch) -> f64| {
            card.history.iter().map(|e| (e.epoch as f64, f(e))).collect::<Vec<_>>()
        };
        charts.push(Chart {
            title: lang.t("train.loss"),
            x: lang.t("train.epoch"),
            y: lang.t("train.loss"),
            series: vec![
                line(lang.t("train.on_train"), series(|e| e.train_loss)),
                dashed(lang.t("train.on_valid"), series(|e| e.valid_loss)),
            ],
            include: Vec::new(),
        });
    }
    // Where the test rows are too few to be told, there is no curve.
    if !card.curve.is_empty() {
        charts.push(Chart {
            title: lang.t("report.roc"),
            x: lang.t("evaluate.fpr"),
            y: lang.t("metric.recall"),
            series: vec![
                line(curve(), of(|p| (p.false_positive_rate, p.recall))),
                dashed(chance(), vec![(0.0, 0.0), (1.0, 1.0)]),
            ],
            include: unit.clone(),
        });
        charts.push(Chart {
            title: lang.t("report.pr"),
            x: lang.t("metric.recall"),
            y: lang.t("metric.precision"),
            series: vec![
                line(curve(), of(|p| (p.recall, p.precision))),
                dashed(chance(), vec![(0.0, base), (1.0, base)]),
            ],
            include: unit.clone(),
        });
        charts.push(Chart {
            title: lang.t("report.gain"),
            x: lang.t("evaluate.flagged"),
            y: lang.t("evaluate.gain_axis"),
            series: vec![
                line(curve(), of(|p| (p.flagged, p.recall))),
                dashed(chance(), vec![(0.0, 0.0), (1.0, 1.0)]),
            ],
            include: unit.clone(),
        });
    }
    if !card.calibration.is_empty() {
        charts.push(Chart {
            title: lang.t("report.calibration"),
            x: lang.t("evaluate.predicted"),
            y: lang.t("evaluate.observed"),
            series: vec![
                Series {
                    name: lang.t("evaluate.model"),
                    points: card.calibration.iter().map(|b| (b.predicted, b.observed.value)).collect(),
                    dashed: false,
                    markers: true,
                },
                dashed(lang.t("evaluate.perfect"), vec![(0.0, 0.0), (1.0, 1.0)]),
            ],
            include: unit,
        });
    }
    charts
}

/// The call list as a page to print: boxes to tick, room for a note.
pub fn printable(lang: Lang, grid: &Grid, list: &CallList) -> String {
    let count = [("count", list.lines.len().to_string()), ("day", regulars_engine::deploy::today())];
    let page = html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                title { (grid.name) }
                style { (PreEscaped(style::LIST)) }
            }
            body {
                h1 { (grid.name) }
                p { (lang.with("list.head", &count)) }
                table {
                    thead { tr { th { "✓" } @for head in &grid.header { th { (head) } } } }
                    tbody {
                        @for row in &grid.rows {
                            tr { td.box { "☐" } @for cell in row { td { (cell.text()) } } }
                        }
                    }
                }
                @if list.withheld > 0 {
                    p { (lang.with("list.withheld", &[("count", list.withheld.to_string())])) }
                }
            }
        }
    };
    page.into_string()
}
