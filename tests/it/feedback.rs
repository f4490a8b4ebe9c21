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
