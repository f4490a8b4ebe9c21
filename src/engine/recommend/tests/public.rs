//! MovieLens 100k beside the figures of REFERENCE.md, "Next item".

use crate::collect::relate::testing::public;
use crate::job::Reporter;
use crate::project::{self, Settings};
use crate::recommend::split::histories;
use crate::recommend::{
    Cooccurrence, Ease, Kind, Markov, Matrix, NewProducts, Params, Popularity, Protocol, RecommendSpec,
    Recommender, Task, evaluate,
};

#[test]
fn movielens_gives_the_reference_figures() {
    let Some(file) = public("movielens-100k-recbole/ml-100k.inter") else { return };
    let settings = Settings::default();
    let silent = Reporter::silent();
    let collected = project::collect(&[file], &settings, &silent).unwrap();
    let (all, _) = project::interactions(&collected, &settings, &RecommendSpec::default(), &silent).unwrap();
    assert_eq!((all.active(), all.items.len(), all.events().len()), (943, 1682, 100_000));
    let task = Task::new(&all, Protocol::LeaveLastOut, None).unwrap();
    assert_eq!(task.cases.len(), 943);
    let matrix = Matrix::new(&task.train);
    let popular = Popularity::overall(&task.train).scores().to_vec();
    let near = |model: &dyn Recommender, second: &[f32], hits: f64, ndcg: f64| {
        let found = evaluate(model, (&task.train, &task.cases), false, second, &silent).unwrap();
        let value = |name: &str| found.figures.get(name).unwrap().value;
        let told = (value("hit_rate_at_10"), value("ndcg_at_10"));
        assert!((told.0 - hits).abs() < 0.0006 && (told.1 - ndcg).abs() < 0.0004, "{told:?} {hits} {ndcg}");
    };
    near(&Popularity::overall(&task.train), &[], 0.0859, 0.0450);
    near(&Markov::fit(&task.train), &popular, 0.1453, 0.0793);
    let mut knn = Cooccurrence::fit(&matrix, 0.0, 0, &silent).unwrap();
    near(&knn, &[], 0.1092, 0.0563);
    knn.last = 10;
    near(&knn, &[], 0.1559, 0.0857);
    let ease = Ease::fit(&matrix, 500.0, 10, &silent).unwrap();
    let found = evaluate(&ease, (&task.train, &task.cases), false, &[], &silent).unwrap();
    assert!(found.figures.get("ndcg_at_10").unwrap().value > 0.09, "{:?}", found.figures.get("ndcg_at_10"));
}

#[test]
fn hidden_films_find_their_customers_by_genre_year_and_title() {
    let files = ["inter", "item"].map(|end| public(&format!("movielens-100k-recbole/ml-100k.{end}")));
    let [Some(events), Some(films)] = files else { return };
    let settings = Settings::default();
    let silent = Reporter::silent();
    let collected = project::collect(&[events, films], &settings, &silent).unwrap();
    let (all, sides) =
        project::interactions(&collected, &settings, &RecommendSpec::default(), &silent).unwrap();
    let names: Vec<&str> = sides.facts.facts.iter().map(|fact| fact.name.as_str()).collect();
    assert_eq!(names, ["movie_title:token_seq", "release_year:token", "class:token_seq"]);
    let params = Params { lambda: 500.0, ..Params::default() };
    let of = (Kind::Ease, &params);
    let found = NewProducts::find(&histories(&all, i64::MAX), &sides.facts, of, 1, &silent).unwrap();
    let few = found.products.iter().filter(|one| one.customers < 5).count();
    assert!(few == found.products.len() && few > 300, "{few}");
    let measured = found.measured.unwrap();
    assert_eq!((measured.products, measured.cut), (336, 10));
    assert!(measured.is_better() && measured.hit_rate.value.low > measured.hit_rate.chance, "{measured:?}");
    let tenth = measured.in_tenth.unwrap();
    assert!(tenth.value.low > tenth.chance, "{measured:?}");
}
