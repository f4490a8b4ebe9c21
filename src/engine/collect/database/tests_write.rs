//! Scores into a file and into real servers.

use super::servers::{self, Running};
use super::tests::{silent, texts};
use super::*;

fn row(id: &str, probability: f64) -> ScoreRow {
    ScoreRow { id: id.to_owned(), probability, at_risk: probability >= 0.5 }
}

/// The same everywhere: a dry run, a first time, a second time, an awkward identifier, a failure.
fn writes(address: &Address, secret: Option<&Secret>) {
    let table = TableName { schema: None, name: "risk scores".to_owned() };
    let write = |rows: &[ScoreRow], dry| write_scores(address, secret, (&table, rows), dry, &silent());
    let odd = "O'Neil \\ \"王\"; --";
    let mut rows: Vec<ScoreRow> =
        (0..1200).map(|at| row(&format!("C{at}"), f64::from(at) / 1200.0)).collect();
    rows.push(row(odd, 0.123_456_7));
    let counts = |inserted, changed, same| Written { inserted, changed, same, ..Written::default() };
    let dry = write(&rows, true).unwrap();
    assert_eq!(dry, Written { makes_table: true, dry_run: true, ..counts(1201, 0, 0) });
    let first = write(&rows, false).unwrap();
    assert_eq!(first, Written { makes_table: true, ..counts(1201, 0, 0) });
    assert_eq!(write(&rows, false).unwrap(), counts(0, 0, 1201));
    rows[3].probability = 0.9;
    rows[3].at_risk = true;
    rows.push(row("new", 0.25));
    assert_eq!(write(&rows, true).unwrap(), Written { dry_run: true, ..counts(1, 1, 1200) });
    assert_eq!(write(&rows, false).unwrap(), counts(1, 1, 1200), "the dry run has changed nothing");
    let database = Database::connect(address, secret, &silent()).unwrap();
    let source = Source::Table(table.clone());
    let read = database.read(&source, &ReadOptions::default(), &silent()).unwrap();
    assert_eq!(read.height(), 1202);
    let (ids, scores) = (texts(&read, "id"), texts(&read, "probability"));
    let of = |id: &str| ids.iter().position(|one| one == id).map(|at| scores[at].clone());
    assert_eq!(
        (of(odd), of("C3"), of("new")),
        (Some("0.123457".into()), Some("0.9".into()), Some("0.25".into()))
    );
    // One row that does not fit leaves the table as it was.
    let mut bad = vec![row("before", 0.5); 1];
    bad.push(row(&"x".repeat(300), 0.5));
    assert!(write(&bad, false).is_err());
    assert_eq!(database.read(&source, &ReadOptions::default(), &silent()).unwrap().height(), 1202);
}

#[test]
fn scores_go_into_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let address = Address::Sqlite { path: path.clone() };
    let table = TableName { schema: None, name: "t".to_owned() };
    write_scores(&address, None, (&table, &[row("a", 0.1)]), true, &silent()).unwrap();
    assert!(!path.exists(), "a dry run makes no file");
    writes(&address, None);
    // A table of another kind: refused by the database, and left as it was.
    let handle = rusqlite::Connection::open(&path).unwrap();
    handle.execute_batch("CREATE TABLE other (id TEXT PRIMARY KEY, name TEXT)").unwrap();
    let other = TableName { schema: None, name: "other".to_owned() };
    assert!(write_scores(&address, None, (&other, &[row("a", 0.1)]), false, &silent()).is_err());
    assert_eq!(handle.query_row("SELECT COUNT(*) FROM other", [], |row| row.get(0)), Ok(0));
}

fn on_a_server(running: Option<Running>) {
    let Some(running) = running else { return };
    writes(&running.address(), Some(&Running::secret()));
}

#[test]
fn scores_go_into_postgresql() {
    on_a_server(servers::postgresql());
}

#[test]
fn scores_go_into_mariadb() {
    on_a_server(servers::mariadb());
}
