//! What leaves the house: the model as ONNX, and what it gives away.

use crate::support::{json, regulars, sample};

#[test]
fn a_model_is_written_for_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let file = sample().display().to_string();
    for kind in ["mlp", "logistic", "tree", "forest", "boosted"] {
        let (bundle, onnx, rows) =
            (at(&format!("{kind}.bundle")), at(&format!("{kind}.onnx")), at("rows.csv"));
        let train =
            ["train", &file, "--model", kind, "--epochs", "5", "--bundle", &bundle, "--target", "churned"];
        json(&train);
        let told = json(&["export", &bundle, &file, "--onnx", &onnx, "--matrix", &rows]);
        assert!(told["bytes"].as_u64().unwrap() > 500, "{kind}: {told}");
        let bytes = std::fs::read(&onnx).unwrap();
        assert!(bytes.windows(8).any(|w| w == b"features"), "{kind}");
        let text = std::fs::read_to_string(&rows).unwrap();
        let features = told["features"].as_array().unwrap().len();
        assert_eq!(text.lines().next().unwrap().split(',').count(), features + 2, "{kind}");
        assert_eq!(text.lines().count() as u64, told["rows"].as_u64().unwrap() + 1);
        run_elsewhere(kind, &onnx, &rows);
    }
    let bundle = at("rule.bundle");
    json(&["train", &file, "--model", "one_rule", "--bundle", &bundle, "--target", "churned"]);
    let (code, told, _) = regulars(&["export", &bundle, "--onnx", &at("rule.onnx"), "--json"]);
    assert!(code == 1 && told.contains("no_onnx"), "{told}");
    assert!(!std::path::Path::new(&at("rule.onnx")).exists());
}

/// In onnxruntime, where REGULARS_ONNX_PYTHON names a Python that has it.
fn run_elsewhere(kind: &str, onnx: &str, rows: &str) {
    let Some(python) = std::env::var_os("REGULARS_ONNX_PYTHON") else {
        println!("skipped: {kind} in onnxruntime: REGULARS_ONNX_PYTHON is unset");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/onnx_equal.py");
    let told = std::process::Command::new(python).args([script, onnx, rows]).output().unwrap();
    let text = String::from_utf8_lossy(&told.stdout).into_owned() + &String::from_utf8_lossy(&told.stderr);
    println!("{kind}: {text}");
    assert!(told.status.success(), "{kind}: {text}");
}

#[test]
fn a_model_that_learnt_by_heart_is_found_out() {
    let file = sample().display().to_string();
    let tight = json(&["privacy", &file, "--model", "logistic", "--target", "churned"]);
    let heart = json(&["privacy", &file, "--model", "forest", "--target", "churned"]);
    let auc = |told: &serde_json::Value| told["membership"]["auc"]["value"].as_f64().unwrap();
    assert!(heart["leaks"].as_bool().unwrap() && auc(&heart) > auc(&tight), "{heart} {tight}");
}
