//! Recommendations from the command line.

use crate::support::{json, program, public, sample};

/// A folder with the sample shop of baskets, and its files.
fn shop() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    json(&["sample", "--baskets", "--customers", "300", "--out", folder.path().to_str().unwrap()]);
    let names = ["customers.csv", "orders.csv", "order_lines.csv", "products.csv"];
    let files = names.map(|name| folder.path().join(name).display().to_string()).to_vec();
    (folder, files)
}

#[test]
fn the_shop_of_baskets_gets_lists_rules_and_costs() {
    let (folder, files) = shop();
    let out = folder.path().join("lists.csv").display().to_string();
    let saved = folder.path().join("offers.model").display().to_string();
    let mut arguments = vec!["recommend"];
    arguments.extend(files.iter().map(String::as_str));
    let plain = arguments.clone();
    arguments.extend(["--in-stock", "--consent", "--top", "3", "--basket", "green tea", "--seen", "in"]);
    arguments.extend(["--out", &out, "--save", &saved]);
    let found = json(&arguments);
    assert_eq!(found["protocol"], "time-split");
    assert_eq!((found["customers"].as_u64(), found["products"].as_u64()), (Some(300), Some(12)));
    for name in ["hit_rate_at_10", "ndcg_at_10", "coverage"] {
        let value = found["metrics"]["test"][name]["value"].as_f64().unwrap();
        assert!(0.0 < value && value <= 1.0, "{name} {value}");
    }
    assert_eq!(found["leaderboard"].as_array().unwrap().len(), 8);
    let top = &found["rules"][0];
    assert!(top["lift"].as_f64().unwrap() > 1.5, "{top}");
    let rules: Vec<&str> =
        found["house"].as_array().unwrap().iter().filter_map(|r| r["rule"].as_str()).collect();
    assert_eq!(rules, ["in_stock", "consent", "all"]);
    let basket: Vec<&str> =
        found["basket"].as_array().unwrap().iter().filter_map(|one| one["product"].as_str()).collect();
    assert_eq!(basket.len(), 3);
    let lists = std::fs::read_to_string(&out).unwrap();
    assert!(lists.contains("customer,place,product,score,because"), "{lists}");
    assert!(!lists.contains(",ginger biscuits,"), "it is out of stock");
    let bytes = std::fs::read(&saved).unwrap();
    let model = regulars_engine::recommend::Model::from_bytes(&bytes).unwrap();
    assert_eq!(model.items.len(), 12);
    // The input is never written over, and a product that nobody sells is told.
    let told = |more: &[&str]| {
        let output = program().args(&plain).args(more).arg("--json").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        value["error"]["kind"].as_str().unwrap().to_owned()
    };
    let before = std::fs::read(&files[1]).unwrap();
    assert_eq!(told(&["--out", &files[1]]), "is_input");
    assert_eq!(std::fs::read(&files[1]).unwrap(), before);
    assert_eq!(told(&["--basket", "coal", "--model", "popularity"]), "recommend_no_product");
    assert_eq!(told(&["--cut-off", "1999-01-01"]), "recommend_cut_off");
}

#[test]
fn words_are_there_in_chinese() {
    let orders = sample().with_file_name("orders.csv");
    let output = program()
        .env("LANG", "zh_CN.UTF-8")
        .args(["recommend", orders.to_str().unwrap(), "--model", "cooccurrence"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("命中率@10") && told.contains("按事件读取"), "{told}");
    assert!(!told.contains("recommend."), "{told}");
}

#[test]
fn movielens_is_read_as_recbole_writes_it() {
    let Some(file) = public("movielens-100k-recbole/ml-100k.inter") else { return };
    let file = file.display().to_string();
    let found =
        json(&["recommend", &file, "--protocol", "leave-last-out", "--seen", "out", "--model", "popularity"]);
    let value = |name: &str| found["metrics"]["test"][name]["value"].as_f64().unwrap();
    assert!((value("hit_rate_at_10") - 0.0859).abs() < 5e-5 && (value("ndcg_at_10") - 0.0450).abs() < 5e-5);
    assert_eq!((found["model"].as_str(), found["test_customers"].as_u64()), (Some("popularity"), Some(943)));
}

#[test]
fn a_sequence_network_is_trained_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    json(&["sample", "--chains", "--customers", "60", "--out", folder.path().to_str().unwrap()]);
    let orders = folder.path().join("orders.csv").display().to_string();
    let saved = folder.path().join("next.model").display().to_string();
    let found = json(&[
        "recommend",
        &orders,
        "--protocol",
        "leave-last-out",
        "--model",
        "gru",
        "--epochs",
        "3",
        "--device",
        "flex",
        "--basket",
        "green tea",
        "--basket",
        "teapot",
        "--save",
        &saved,
    ]);
    assert_eq!(found["model"], "gru");
    let board = found["leaderboard"].as_array().unwrap();
    let gru = board.iter().find(|one| one["model"] == "gru").unwrap();
    let epochs = gru["epochs"].as_array().unwrap();
    assert_eq!(epochs.len(), 3);
    assert!(epochs.iter().all(|one| one["train_loss"].as_f64().unwrap() > 0.0));
    let best = gru["params"]["network"]["epochs"].as_u64().unwrap();
    assert_eq!(gru["metrics"]["valid"]["ndcg_at_10"], epochs[best as usize - 1]["ndcg_at_10"]);
    let popular = board.iter().find(|one| one["model"] == "popularity").unwrap();
    assert!(popular.get("epochs").is_none() && popular["params"].get("network").is_none());
    let model = regulars_engine::recommend::Model::from_bytes(&std::fs::read(&saved).unwrap()).unwrap();
    let basket = model.basket(&["green tea", "teapot"]).unwrap();
    let first = model.offers(&basket, 1)[0].item;
    assert_eq!(found["basket"][0]["product"], model.items[first as usize].as_str());
    let both = ["recommend", orders.as_str(), "--model", "gru", "--networks"];
    assert_eq!(program().args(both).output().unwrap().status.code(), Some(2));
}
