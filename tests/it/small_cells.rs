//! Groups of a few customers in what is handed on: read back from the page, as a curious reader would.

use std::path::{Path, PathBuf};

use eframe::egui;
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use regulars::report;
use regulars::window::Prefs;
use regulars::window::pages::{DeployTab, Page};
use regulars::words::Lang;
use regulars_engine::deploy::{Bundle, Card, scorer};
use regulars_engine::job::Reporter;
use regulars_engine::privacy::cells::{Method, Rule};
use regulars_engine::project::{self, GroupBeside, Settings};
use regulars_engine::segment::Segmentation;

use crate::pages::{until, window};
use crate::shots::pictures;
use crate::support::{json, open, regulars};

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

/// Text without tags and drawings.
fn plain(html: &str) -> String {
    let mut html = html.to_owned();
    while let (Some(from), Some(to)) = (html.find("<svg"), html.find("</svg>")) {
        html.replace_range(from..to + 6, " ");
    }
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Whole numbers of a text that are neither shares nor parts of other numbers nor "<5".
fn wholes(text: &str) -> Vec<u64> {
    let spaced: String =
        text.chars().map(|c| if c.is_ascii_digit() || ".,%<–-".contains(c) { c } else { ' ' }).collect();
    spaced
        .split_whitespace()
        .map(|word| word.trim_end_matches([',', '.']).replace(',', ""))
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// Every count of people that the page shows, in one language; and the page's text.
fn counted(page: &str, lang: Lang) -> (Vec<u64>, String) {
    let main = between(page, &format!("<main lang=\"{}\"", lang.code()), "</main>")[0];
    let mut found = Vec::new();
    for cell in between(main, "<td class=\"n\">", "</td>") {
        found.extend(wholes(&plain(cell)));
    }
    for lead in between(main, "<p class=\"lead\">", "</p>") {
        found.extend(wholes(&plain(lead)));
    }
    for key in ["report.card.rows", "report.card.split"] {
        let row = format!("<th>{}</th><td>", lang.t(key));
        assert!(main.contains(&row), "{row}");
        found.extend(between(main, &row, "</td>").into_iter().flat_map(|cell| wholes(&plain(cell))));
    }
    // The steps of cleaning are the last table.
    let steps = main.rsplit("<table class=\"small\">").next().unwrap().split("</table>").next().unwrap();
    found.extend(wholes(&plain(steps)));
    (found, plain(main))
}

fn small(found: &[u64]) -> Vec<u64> {
    found.iter().copied().filter(|count| (1..5).contains(count)).collect()
}

/// A shop so small that its test rows make small cells, and its model.
fn shop(folder: &Path) -> (PathBuf, PathBuf) {
    let data = folder.join("shop");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    json(&["sample", "--out", &text(&data), "--customers", "260", "--seed", "5"]);
    let file = data.join("customers.csv");
    let bundle = folder.join("shop.bundle");
    json(&["train", &text(&file), "--model", "logistic", "--device", "flex", "--bundle", &text(&bundle)]);
    (file, bundle)
}

fn card(bundle: &Path) -> Card {
    Bundle::open(bundle).unwrap().card.unwrap()
}

/// Groups of that shop, the last two of few.
fn groups(file: &Path) -> Segmentation {
    let settings = Settings { segments: Some(5), ..Settings::default() };
    let silent = Reporter::silent();
    let table = open(file);
    let customers = project::Grouped::open(&settings, &table, &silent).unwrap();
    let mut found =
        customers.group(&settings, GroupBeside { collected: None, outcome: None }, &silent).unwrap();
    let sizes = [120, 70, 63, 4, 3];
    for (segment, size) in found.segments.iter_mut().zip(sizes) {
        (segment.size, segment.share) = (size, size as f64 / 260.0);
        segment.target_rate = Some((0.3 * size as f64).round() / size as f64);
    }
    found
}

#[test]
fn a_report_of_a_small_shop_counts_nobody_by_ones_and_twos() {
    let folder = tempfile::tempdir().unwrap();
    let (file, bundle) = shop(folder.path());
    let (exact, segments) = (card(&bundle), groups(&file));
    assert_eq!(segments.segments.len(), 5);
    for lang in Lang::ALL {
        let page = report::html(lang, &exact, Some(&segments));
        let (found, text) = counted(&page, lang);
        assert!(small(&found).contains(&3) && small(&found).contains(&4), "with the switch off they stand");
        let said = lang.t("cells.note.suppress");
        assert!(!text.contains(said.split('%').next().unwrap()), "nothing was done, so nothing is said");
        for method in Method::ALL {
            let rule = Rule { method, least: 5 };
            let page = report::html(lang, &exact.shared(rule, 7), Some(&segments));
            let (found, text) = counted(&page, lang);
            assert!(small(&found).is_empty(), "{lang:?} {method:?} {found:?}");
            assert!(found.len() > 8, "{found:?}");
            let said = lang.with(&format!("cells.note.{}", method.name()), &[]);
            assert!(text.contains(said.split('%').next().unwrap()), "the report says what was done");
            if method == Method::Suppress {
                assert!(text.contains(&lang.with("cells.less", &[("least", "5".into())])), "{text}");
                // The names of the two small groups say what is usual in them.
                assert_eq!(page.matches(&format!("4. {}", lang.t("cells.hidden"))).count(), 1);
            }
            // Nor in what the page carries for its check.
            let hidden = between(&page, "<template id=\"model-card\">", "</template>")[0];
            let told: Card =
                serde_json::from_str(&hidden.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
                    .unwrap();
            let c = told.confusion;
            let counts =
                [c.true_positive, c.false_positive, c.false_negative, c.true_negative, told.test_positives];
            assert!(small(&counts).is_empty(), "{counts:?}");
            assert!(!page.contains(&exact.signature), "a hash of the exact counts would let them be guessed");
        }
    }
}

#[test]
fn the_command_line_shares_without_small_groups_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let (file, bundle) = shop(folder.path());
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (page, source, file) = (text(&folder.path().join("r.html")), text(&bundle), text(&file));
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let told = json(&["report", &source, "--out", &page]);
    assert_eq!((&told["cells"]["method"], &told["cells"]["least"]), (&"suppress".into(), &5.into()));
    assert!(told["cells"]["hidden"].as_u64().unwrap() > 0);
    assert!(small(&counted(&read(&page), Lang::En).0).is_empty());
    assert_eq!(json(&["report", "--verify", &page])["card_hash"], told["card_hash"]);
    let told = json(&["report", &source, "--out", &page, "--least-cell", "off"]);
    assert!(told["cells"].is_null() && !small(&counted(&read(&page), Lang::En).0).is_empty());
    json(&["report", &source, "--out", &page, "--cell-method", "round", "--least-cell", "10"]);
    assert!(counted(&read(&page), Lang::En).0.iter().all(|count| count % 10 == 0));
    // The model itself, to hand on: it scores alike and its card is the shared one.
    let shared = text(&folder.path().join("shared.bundle"));
    let told = json(&["report", &source, "--out", &shared]);
    assert_eq!(json(&["report", "--verify", &shared])["card_hash"], told["card_hash"]);
    let [a, b] = [&source, &shared].map(|bundle| {
        let out = text(&folder.path().join("scores.csv"));
        json(&["score", bundle, &file, "--out", &out]);
        read(&out)
    });
    assert_eq!(a, b);
    // So does the program that is handed on.
    let carried = |more: &[&str]| {
        let out = text(&folder.path().join("scorer"));
        json(&[&["export", &source, "--scorer", &out], more].concat());
        let scorer = scorer::find(Path::new(&out)).unwrap().unwrap();
        scorer.open(None).unwrap().bundle.card.unwrap()
    };
    assert_eq!(carried(&["--least-cell", "off"]), card(&bundle));
    let told_less = carried(&[]);
    assert_eq!(told_less.cells.as_ref().map(|cells| cells.rule), Some(Rule::default()));
    // What was shared once is not told more exactly a second time.
    let again = json(&["report", &shared, "--out", &page, "--least-cell", "off"]);
    assert_eq!(again["card_hash"], told["card_hash"]);
    for wrong in [["--least-cell", "2"], ["--least-cell", "many"], ["--cell-method", "blur"]] {
        let (code, ..) = regulars(&[&["report", &source, "--out", &page][..], &wrong].concat());
        assert_eq!(code, 2, "{wrong:?}");
    }
    // JSON is exact unless asked otherwise.
    let ask = ["segment", &file, "--k", "6"];
    let (plain, hidden) = (json(&ask), json(&[&ask[..], &["--least-cell", "50"]].concat()));
    let sizes = |told: &serde_json::Value| -> Vec<Option<u64>> {
        told["segments"].as_array().unwrap().iter().map(|one| one["size"].as_u64()).collect()
    };
    assert!(sizes(&plain).iter().all(Option::is_some) && plain["cells"].is_null());
    assert!(sizes(&hidden).iter().flatten().all(|size| *size >= 50), "{hidden}");
    let lacking = sizes(&hidden).iter().filter(|size| size.is_none()).count();
    let few = sizes(&plain).iter().flatten().filter(|size| **size < 50).count();
    assert!(few > 0 && lacking >= few.max(2), "{plain} {hidden}");
    assert_eq!(regulars(&["segment", &file, "--least-cell", "5"]).0, 2, "it is of the JSON");
    let orders = text(&folder.path().join("shop/orders.csv"));
    let told = json(&["segment", &orders, "--method", "rfm", "--least-cell", "5"]);
    assert!(told["grid"].is_null() && told["cells"]["least"] == 5, "{told}");
    let told = json(&["slices", &file, "--model", "logistic", "--least-cell", "5"]);
    let worst =
        told["metrics"].as_object().unwrap().values().flat_map(|one| one["worst"].as_array().unwrap());
    assert!(worst.filter_map(|one| one["rows"].as_u64()).all(|rows| rows % 5 == 0), "{told}");
}

#[test]
fn the_window_shares_by_its_switch_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = shop(folder.path());
    let prefs = Prefs { lang: Lang::En, page: Page::Deploy, ..Prefs::default() };
    let mut harness = window([1280.0, 1400.0], prefs);
    harness.state_mut().state.settings.device = regulars_engine::train::DeviceKind::Flex;
    harness.state_mut().state.open(&file);
    until(&mut harness, "reading", |app| app.state.prepared.is_some() && !app.state.preparing());
    harness.state_mut().state.settings.mlp.epochs = 3;
    harness.run_steps(2);
    harness.state_mut().state.train();
    until(&mut harness, "training", |app| !app.state.outcomes.is_empty());
    until(&mut harness, "bundling", |app| app.state.bundle.is_some() && !app.state.bundling());
    harness.state_mut().prefs.page = Page::Deploy;
    harness.state_mut().page.deploy.tab = DeployTab::Privacy;
    harness.run_steps(2);
    harness.get_by_label(&Lang::En.t("cells.section"));
    pictures(&mut harness, "cells-privacy");
    harness.state_mut().page.deploy.tab = DeployTab::HandOn;
    harness.state_mut().prefs.folder = Some(folder.path().to_owned());
    harness.run_steps(2);
    let label = Lang::En.with("cells.switch", &[("least", "5".into())]);
    let mut written = Vec::new();
    for turn in [false, true] {
        let form = Lang::En.with("hand_on.save_of", &[("form", Lang::En.t("hand_on.bundle"))]);
        until(&mut harness, "bundling", |app| app.state.train.is_none() && !app.state.bundling());
        harness.get_by_label(&form).click_accesskit();
        harness.run_steps(3);
        let path_label = Lang::En.t("collect.path");
        let edit = harness.get_by_role_and_label(Role::TextInput, &path_label);
        let path = PathBuf::from(edit.value().unwrap_or_default());
        let _ = std::fs::remove_file(&path);
        if turn {
            harness.get_by_label(&label).click_accesskit();
            harness.run_steps(2);
        }
        pictures(&mut harness, if turn { "cells-path-off" } else { "cells-path-on" });
        harness.get_by_role_and_label(Role::TextInput, &Lang::En.t("collect.path")).focus();
        harness.run_steps(2);
        harness.key_press(egui::Key::Enter);
        harness.run_steps(2);
        until(&mut harness, "writing", |_| path.exists());
        until(&mut harness, "told", |app| !app.state.writing());
        written.push(card(&path));
    }
    assert!(written[0].cells.is_some() && written[1].cells.is_none());
    // What was chosen is what is kept.
    assert!(!harness.state().prefs.cells.reports && harness.state().prefs.cells.rule == Rule::default());
    // The report of the same window, by the same choice.
    let page = folder.path().join("r.html");
    for (rule, stands) in [(None, true), (Some(Rule::default()), false)] {
        harness.state_mut().state.share_report(Lang::En, page.clone(), rule);
        until(&mut harness, "writing", |app| !app.state.writing());
        let found = counted(&std::fs::read_to_string(&page).unwrap(), Lang::En).0;
        assert_eq!(!small(&found).is_empty(), stands, "{found:?}");
    }
}
