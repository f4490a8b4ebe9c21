//! A model of rows that a server worked out is the model of rows that were worked out here.

use super::*;
use crate::collect::database::{self, TableName, servers as started};
use crate::deploy::Lacking;
use crate::features::behaviour::server::Dialect;
use crate::features::behaviour::server::tests::made::{Chance, ORDERS, insert, orders};
use crate::features::behaviour::{CUT_OFF, Question};
use crate::job::Reporter;
use crate::split;
use crate::train::ModelKind;

fn table_of(name: &str) -> Option<database::Source> {
    Some(database::Source::Table(TableName { schema: None, name: name.into() }))
}

#[test]
fn both_train_the_same_model() {
    let Some(running) = started::postgresql() else { return };
    let mut config = postgres::Config::new();
    config.host("127.0.0.1").port(running.server.port).user("owner").password(started::PASSWORD);
    let mut client = config.dbname("postgres").connect(postgres::NoTls).unwrap();
    client.batch_execute(ORDERS).unwrap();
    insert(&mut client, "orders", &orders(500, &mut Chance(5)));
    let silent = Reporter::silent();
    let settings = Settings { question: Some(Question::default()), seed: 3, ..Settings::default() };
    let sources = [Source::Database { address: running.address(), pick: table_of("orders") }];
    let mut secrets = Secrets::default();
    secrets.set(sources[0].place(), Some(started::Running::secret()));

    let here = collect_sources(&sources, &secrets, &settings, &silent).unwrap();
    let (there, worked_out) = collect_pushed(&sources, &secrets, &settings, &silent).unwrap();
    let (a, b) = (here.asked.as_ref().unwrap(), there.asked.as_ref().unwrap());
    assert_eq!(
        (&a.days, a.first, a.last, a.labelled, a.lost, a.to_answer),
        (&b.days, b.first, b.last, b.labelled, b.lost, b.to_answer)
    );
    assert_eq!(a.fitted, b.fitted);
    let auc = |collected: &Collected| {
        let prepared = prepare(&settings, &collected.table, &silent).unwrap();
        let learnt = learn(&settings, &prepared, ModelKind::Logistic, &silent).unwrap();
        let auc = learnt.test.metrics(0.5).into_iter().find(|(name, _)| *name == "roc_auc").unwrap().1;
        let made = bundle(&settings, &prepared, &learnt, None);
        let fitted = collected.asked.as_ref().unwrap().fitted.clone();
        (auc.value, prepared.count(split::Side::Test), made.with_behaviour(Some(fitted)))
    };
    let ((here_auc, here_rows, _), (there_auc, there_rows, bundle)) = (auc(&here), auc(&there));
    println!(
        "ROC-AUC {here_auc} here and {there_auc} there on {here_rows} rows; {} rows, {} bytes came",
        worked_out.rows, worked_out.bytes
    );
    assert_eq!(here_rows, there_rows);
    assert!((here_auc - there_auc).abs() < 1e-6, "{here_auc} {there_auc}");
    assert_eq!(worked_out.statements.len(), a.days.len() + 1);

    // Its bundle scores what lies there, and what is read here, alike.
    let from = (sources.as_slice(), &secrets);
    let later = open_for(&bundle, &Settings::default(), from, None, &silent).unwrap();
    let (pushed, _) = open_pushed(&bundle, from, None, &silent).unwrap();
    assert_eq!(pushed.text(CUT_OFF).unwrap().get(0), later.text(CUT_OFF).unwrap().get(0));
    let scores = |table| bundle.score(table, Lacking::Refuse, &silent).unwrap().rows;
    let (here, there) = (scores(&later), scores(&pushed));
    assert_eq!(here.len(), there.len());
    for (a, b) in here.iter().zip(&there) {
        assert!(
            a.id.trim() == b.id.trim() && (a.probability - b.probability).abs() < 1e-6,
            "{} {}",
            a.id,
            b.id
        );
    }

    // Statements alone, in both dialects; and what is refused.
    let (sql, left) = pushed_sql(&sources, &secrets, &settings, Dialect::Postgresql, &silent).unwrap();
    assert_eq!(sql, worked_out.statements);
    assert_eq!(left, worked_out.left);
    let (spark, _) = pushed_sql(&sources, &secrets, &settings, Dialect::Spark, &silent).unwrap();
    assert_eq!(
        spark.iter().map(|s| s.day).collect::<Vec<_>>(),
        sql.iter().map(|s| s.day).collect::<Vec<_>>()
    );
    assert!(spark[0].sql.contains("PERCENTILE(gap, 0.5)"), "{}", spark[0].sql);
    let none = Settings { question: None, ..settings.clone() };
    assert_eq!(
        collect_pushed(&sources, &secrets, &none, &silent).unwrap_err().kind(),
        "behaviour_no_question"
    );
    let file = [Source::File("orders.csv".into())];
    assert_eq!(collect_pushed(&file, &secrets, &settings, &silent).unwrap_err().kind(), "push_sources");
    let query = database::Source::Query("SELECT 1".into());
    let query = [Source::Database { address: running.address(), pick: Some(query) }];
    assert_eq!(collect_pushed(&query, &secrets, &settings, &silent).unwrap_err().kind(), "push_sources");
}
