use super::*;
use crate::project::{Settings, testing};
use crate::train::ModelKind;

/// The bundle of a tree on the sample shop, and a file of many customers, some of whom come twice.
fn shop(kind: ModelKind) -> (tempfile::TempDir, Bundle, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.mlp.epochs = 2;
    let bundle = testing::learnt(&testing::sample(), &settings, kind);
    let text = std::fs::read_to_string(testing::sample()).unwrap();
    let mut lines = text.lines();
    let mut many = format!("{}\n", lines.next().unwrap());
    let lines: Vec<&str> = lines.collect();
    let mut at = 0;
    while at < 140_000 {
        for line in &lines {
            // Every customer of its own, but for one in a thousand.
            let number = if at % 1000 == 7 { at - 1 } else { at };
            let (_, rest) = line.split_once(',').unwrap();
            many.push_str(&format!("X{number},{rest}\n"));
            at += 1;
        }
    }
    // Rows that are equal in everything, far apart.
    for line in lines.iter().take(5) {
        let (_, rest) = line.split_once(',').unwrap();
        many.push_str(&format!("X0,{}\n", lines[0].split_once(',').map_or(rest, |(_, first)| first)));
    }
    let file = folder.path().join("many.csv");
    std::fs::write(&file, many).unwrap();
    (folder, bundle, file)
}

fn is_the_same(kind: ModelKind) {
    let (folder, bundle, file) = shop(kind);
    let quiet = Reporter::silent();
    let (read, rules) = (ReadOptions::default(), Rules::default());
    let ask = Ask { bundle: &bundle, lacking: Lacking::Refuse, read: &read, rules: &rules };
    let (streamed, whole) = (folder.path().join("streamed.csv"), folder.path().join("whole.csv"));
    let batch = score(ask, &file, &streamed, &quiet).unwrap().unwrap();
    let table = collect::open(&file, &read, &quiet).unwrap();
    let other = score_whole(ask, &table, &whole, &quiet).unwrap();
    let same = std::fs::read(&streamed).unwrap() == std::fs::read(&whole).unwrap();
    assert!(same, "the lists differ");
    assert!(batch.rows > 140_000 && batch.flagged >= 5, "{} {}", batch.rows, batch.flagged);
    assert_eq!((batch.rows, batch.at_risk, batch.flagged), (other.rows, other.at_risk, other.flagged));
    assert_eq!((batch.rejected, &batch.source.hash), (other.rejected, &other.source.hash));
    assert_eq!(batch.differences.extra, other.differences.extra);
    assert_eq!(batch.differences.new_levels, other.differences.new_levels);
    // A sum of floating-point numbers depends on its order.
    let mut drift = other.drift.clone();
    assert!((batch.drift.mean_score - drift.mean_score).abs() < 1e-9);
    drift.mean_score = batch.drift.mean_score;
    assert!(batch.drift == drift, "the counts differ");
    // The index of what a file that is read whole is told of, from the same counts.
    for drift in &other.differences.drift {
        assert!(batch.drift.columns.iter().any(|column| column.column == drift.column));
    }
}

#[test]
fn a_stream_scores_as_the_whole_does() {
    is_the_same(ModelKind::Tree);
}

#[test]
fn a_network_scores_a_stream_as_the_whole() {
    is_the_same(ModelKind::Mlp);
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let (folder, bundle, _) = shop(ModelKind::Tree);
    let file = folder.path().join("other.csv");
    std::fs::write(&file, "a,b\n1,2\n3,4\n").unwrap();
    let (read, rules) = (ReadOptions::default(), Rules::default());
    let ask = Ask { bundle: &bundle, lacking: Lacking::Refuse, read: &read, rules: &rules };
    let out = folder.path().join("out.csv");
    let error = score(ask, &file, &out, &Reporter::silent()).unwrap_err();
    assert_eq!(error.kind(), "missing_column");
    assert!(!out.exists());
    std::fs::write(&file, "[{\"a\":1},{\"a\":2}]").unwrap();
    assert!(score(ask, &file, &out, &Reporter::silent()).unwrap().is_none());
    assert!(!out.exists() && std::fs::read_dir(folder.path()).unwrap().count() == 2);
}
