//! `regulars feedback`: what customers are saying, from files.

use crate::support::{json, regulars};

#[test]
fn the_planted_complaint_is_told_first() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    json(&["sample", "--with-complaint", "--out", place]);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (customers, comments, out) = (file("customers.csv"), file("feedback.csv"), file("heard.csv"));
    let found = json(&["feedback", &customers, &comments, "--out", &out]);
    assert_eq!(found["language"], "mixed");
    assert_eq!(found["mend"][0]["key"], "delivery", "{}", found["mend"]);
    let at = found["mend"][0]["theme"].as_u64().unwrap() as usize;
    let topic = &found["topics"][at];
    assert_eq!(
        (topic["name"].as_str(), topic["rise"]["from"].as_str()),
        (Some("Delivery"), Some("2026-03-01"))
    );
    let [value, low, high] =
        ["value", "low", "high"].map(|name| topic["left"]["difference"][name].as_f64().unwrap());
    assert!(0.0 < low && low < value && value < high);
    assert!(topic["comments"].as_u64().unwrap() > 50 && topic["sentiment"]["value"].is_number());
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count() as u64, 1 + found["comments"].as_u64().unwrap());
    // Equal seeds, equal answers; and the input is safe.
    let (code, told, err) = regulars(&["feedback", &customers, &comments]);
    assert!(code == 0 && told.contains("Delivery: ") && told.contains("no proof"), "{told}{err}");
    let (code, ..) = regulars(&["feedback", &comments, "--out", &comments]);
    assert_eq!(code, 1);
}

#[test]
fn what_holds_no_comments_is_told_kindly() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visits.csv");
    std::fs::write(&file, "city,visits\nBonn,3\nKiel,5\nUlm,4\n").unwrap();
    let (code, out, _) = regulars(&["feedback", file.to_str().unwrap(), "--json"]);
    let error: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, error["error"]["kind"].as_str()), (1, Some("feedback_no_text")));
    assert!(error["error"]["hint"].as_str().unwrap().contains("role"));
}

/// Rated comments in English whose words tell their mood, no two alike.
pub fn rated(count: usize) -> String {
    let mut text = String::from("customer_id,rating,comment\n");
    for at in 0..count {
        let (stars, words) = [
            (5, "lovely fresh tea and friendly staff"),
            (1, "slow and cold again, rude staff"),
            (4, "quick delivery, great taste"),
            (2, "awful taste, the parcel was late"),
        ][at % 4];
        text += &format!("C{at},{stars},\"{words}, order {} of week {}\"\n", at * 37 % 911, at % 13);
    }
    text
}

#[test]
fn a_network_reads_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comments.csv");
    std::fs::write(&file, rated(80)).unwrap();
    let file = file.to_str().unwrap();
    let found = json(&["feedback", file, "--mood", "cnn"]);
    assert_eq!((found["reader"].as_str(), found["mood"].as_str()), (Some("own"), Some("cnn")));
    let tried = found["tried"].as_array().unwrap();
    let models: Vec<&str> = tried.iter().filter_map(|one| one["model"].as_str()).collect();
    assert_eq!(models, ["linear", "cnn"]);
    assert_eq!(found["metrics"]["held_out"], tried[1]["figures"]);
    assert!(tried[1]["figures"]["accuracy"]["value"].as_f64().unwrap() > 0.9, "{}", tried[1]);
    assert_eq!(tried.iter().filter(|one| one["is_best"] == true).count(), 1);
    let (code, told, err) = regulars(&["feedback", file, "--mood", "cnn"]);
    assert!(code == 0 && told.contains("Text CNN: right") && told.contains("Brier score"), "{told}");
    assert!(err.contains("Text CNN, training 6 of 6"), "{err}");
    // The usual way trains no network; another word is none.
    let found = json(&["feedback", file]);
    assert_eq!((found["mood"].as_str(), found["tried"].as_array().unwrap().len()), (Some("linear"), 1));
    let (code, ..) = regulars(&["feedback", file, "--mood", "oracle"]);
    assert_eq!(code, 2);
}
