//! Cross-validation on public files, against the figures of scikit-learn in REFERENCE.md.

use super::*;
use crate::evaluate::Comparison;
use crate::table::Role;

fn run(file: &str, target: &str, ignore: &[&str], kinds: &[ModelKind], epochs: usize) -> Option<Comparison> {
    let Some(folder) = std::env::var_os("REGULARS_DATA") else {
        println!("skipped: REGULARS_DATA is not set");
        return None;
    };
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = epochs;
    settings.read.roles.push((target.to_owned(), Role::Target));
    settings.read.roles.extend(ignore.iter().map(|name| ((*name).to_owned(), Role::Ignore)));
    let path = std::path::Path::new(&folder).join(file);
    let table = crate::collect::open(&path, &settings.read, &Reporter::silent()).unwrap();
    let started = std::time::Instant::now();
    let c = compare(&settings, &table, kinds, 5, &Reporter::silent()).unwrap();
    println!("{file}: {} rows, {:.1} s in all", c.rows.len(), started.elapsed().as_secs_f64());
    for m in &c.models {
        let show = |name: &str| m.metrics.get(name).map_or("–".into(), |f| format!("{:.4}", f.mean));
        let area = &m.metrics["roc_auc"];
        println!(
            "  {:<10} auc {:.4} [{:.4} {:.4}] pr {} f1 {} acc {} ll {} {:.2} s",
            m.kind.name(),
            area.mean,
            area.low,
            area.high,
            show("pr_auc"),
            show("f1"),
            show("accuracy"),
            show("log_loss"),
            m.seconds
        );
    }
    println!("  failed {:?}, verdict {:?}", c.failed, c.network().map(|m| m.verdict));
    Some(c)
}

#[test]
#[ignore = "minutes: prints the figures of every kind on three public files"]
fn figures() {
    let kinds: Vec<ModelKind> = match std::env::var("KINDS") {
        Ok(names) => ModelKind::ALL.into_iter().filter(|k| names.split(',').any(|n| n == k.name())).collect(),
        Err(_) => ModelKind::ALL.to_vec(),
    };
    let files = std::env::var("FILES").unwrap_or_else(|_| "tsb".into());
    if files.contains('t') {
        run("telco-churn/Telco-Customer-Churn.csv", "Churn", &[], &kinds, 60);
    }
    if files.contains('s') {
        run("online-shoppers/online_shoppers_intention.csv", "Revenue", &[], &kinds, 60);
    }
    if files.contains('b') {
        run("bank-marketing/bank-additional.csv", "y", &["duration"], &kinds, 60);
    }
}
