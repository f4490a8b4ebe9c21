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

/// Orders of 36 teas and wares by 90 customers, half of whom take nearly only teas, and a list of products
/// with one tea and one ware that nobody took.
pub fn two_kinds() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = "order_id,customer_id,order_date,product_id,quantity,amount\n".to_owned();
    let mut products = "product_id,name,category,price\n".to_owned();
    for at in 0..36 {
        let kind = if at % 2 == 0 { "tea" } else { "ware" };
        products += &format!("P{at},{kind} number {at},{kind},{}\n", 3 + at % 7);
    }
    products += "N1,tea of spring,tea,4\nN2,ware of clay,ware,5\n";
    let mut order = 0;
    for who in 0..90 {
        for nth in 0..9 {
            // One in nine is of the other kind.
            let kind = if nth == 4 { (who + 1) % 2 } else { who % 2 };
            let product = 2 * ((who * 5 + nth * [1, 5, 7, 11, 13, 17][who / 2 % 6]) % 18) + kind;
            let (month, day) = (1 + nth, 1 + (who * 7 + nth * 3) % 27);
            order += 1;
            lines += &format!("O{order},C{who:03},2025-{month:02}-{day:02},P{product},1,4.50\n");
        }
    }
    let files = [("orders.csv", lines), ("products.csv", products)].map(|(name, text)| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    });
    (folder, files.to_vec())
}

#[test]
fn what_nobody_took_yet_is_offered_to_those_of_its_kind() {
    let (_folder, files) = two_kinds();
    let mut arguments = vec!["recommend", "--model", "cooccurrence", "--new-products"];
    arguments.extend(files.iter().map(String::as_str));
    let found = json(&arguments);
    let new = &found["new_products"];
    assert_eq!((new["count"].as_u64(), new["model"].as_str()), (Some(2), Some("cooccurrence")), "{new}");
    let products = new["products"].as_array().unwrap();
    for (product, rest) in products.iter().zip([0, 1]) {
        let like = product["like"].as_array().unwrap();
        let kind = if rest == 0 { "tea" } else { "ware" };
        assert!(product["product"].as_str().unwrap().starts_with(kind), "{product}");
        assert!(like.iter().all(|one| one.as_str().unwrap().starts_with(kind)), "{product}");
        let ids = product["would_want"].as_array().unwrap();
        assert_eq!(ids.len(), 9, "a tenth of ninety");
        let own = ids.iter().filter(|id| id.as_str().unwrap()[1..].parse::<u32>().unwrap() % 2 == rest);
        assert_eq!(own.count(), 9, "{product}");
    }
    let measured = &new["measured"];
    let value = |name: &str, of: &str| measured[name][of]["value"].as_f64().unwrap();
    assert_eq!((measured["products"].as_u64(), measured["cut"].as_u64()), (Some(12), Some(5)));
    assert!(value("ndcg", "value") > value("ndcg", "popular") + 0.1, "{measured}");
    assert!(measured["hit_rate"]["chance"].as_f64().unwrap() < value("hit_rate", "value"));
    let told = program().args(&arguments).env("LANG", "zh_CN.UTF-8").output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("新商品：命中率@5") && told.contains("tea of spring"), "{told}");
}

#[test]
fn a_small_shop_is_told_that_long_lists_hit_by_chance() {
    let (_folder, files) = shop();
    let mut arguments = vec!["recommend", "--model", "popularity", "--seen", "in"];
    arguments.extend(files.iter().map(String::as_str));
    let found = json(&arguments);
    let note = found["notes"].as_array().unwrap().iter().find(|note| note["code"] == "recommend_small_shop");
    assert!(note.is_some(), "{}", found["notes"]);
    assert!(found["top"].as_array().unwrap().iter().all(|one| one["offers"].as_array().unwrap().len() == 4));
    arguments.extend(["--top", "7"]);
    let found = json(&arguments);
    assert!(found["top"].as_array().unwrap().iter().all(|one| one["offers"].as_array().unwrap().len() == 7));
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
