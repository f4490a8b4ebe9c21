//! Beside scikit-learn 1.9.1 on a few lines, whose figures can be worked out by hand: `ln(6/2) + 1 =
//! 2.0986` for a word in one of five texts, `ln(6/3) + 1 = 1.6931` in two, `1 + ln 2` for a word twice.

use super::*;
use crate::features::text::{Chinese, Unit};

const TEXTS: [&str; 5] =
    ["good food good service", "bad food", "good 好吃 place", "slow slow slow service", ""];

fn report() -> Reporter {
    Reporter::silent()
}

fn fit(spec: &TextSpec, texts: &[&str]) -> FittedText {
    FittedText::fit(spec, texts, &report()).unwrap()
}

fn dense(rows: &SparseRows) -> Vec<Vec<f32>> {
    let mut out = vec![vec![0.0; rows.width()]; rows.height()];
    for (at, row) in out.iter_mut().enumerate() {
        rows.cells(at).for_each(|(column, value)| row[column] = value);
    }
    out
}

fn plain(min_df: usize, ngrams: (usize, usize)) -> TextSpec {
    TextSpec { min_df, ngrams, ..TextSpec::default() }
}

#[test]
fn tf_idf_as_scikit_learn_has_it() {
    let fitted = fit(&plain(1, (1, 1)), &TEXTS);
    assert_eq!(fitted.terms(), ["bad", "food", "good", "place", "service", "slow", "好吃"]);
    assert_eq!(fitted.frequencies(), [1, 2, 2, 1, 2, 1, 1]);
    let (once, twice) = (2.098_612_288_668_11, 1.693_147_180_559_945_4);
    for (column, expected) in [once, twice, twice, once, twice, once, once].into_iter().enumerate() {
        assert!((fitted.idf(column as u32) - expected).abs() < 1e-15);
    }
    let rows = fitted.apply(&TEXTS, &report()).unwrap();
    let expected: [&[(u32, f64)]; 5] = [
        &[(1, 0.453_294_655_227_886_1), (2, 0.767_494_567_461_987_9), (4, 0.453_294_655_227_886_1)],
        &[(0, 0.778_282_922_804_618_3), (1, 0.627_913_761_650_993_3)],
        &[(2, 0.495_523_790_797_050_33), (3, 0.614_188_966_342_656_2), (6, 0.614_188_966_342_656_2)],
        &[(4, 0.358_837_705_078_824_5), (5, 0.933_399_968_616_756_8)],
        &[],
    ];
    for (at, expected) in expected.into_iter().enumerate() {
        let expected: Vec<(u32, f32)> = expected.iter().map(|(c, v)| (*c, *v as f32)).collect();
        assert_eq!(fitted.row(TEXTS[at]), expected);
        assert!(rows.cells(at).eq(expected.iter().map(|(c, v)| (*c as usize, *v))));
    }
    // A word that was not learnt is no word, and the length is that of the others.
    assert_eq!(fitted.row("bad unheard food 喜欢"), fitted.row("Bad FOOD"));
    assert_eq!(fitted.row("unheard"), []);
}

#[test]
fn limits_of_the_vocabulary_as_scikit_learn_has_them() {
    // TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_df=0.5), whose tf is not sublinear.
    let weighting = Weighting::TfIdf { sublinear: false };
    let fitted = fit(&TextSpec { max_df: 0.5, weighting, ..plain(2, (1, 2)) }, &TEXTS);
    assert_eq!(fitted.terms(), ["food", "good", "service"]);
    let (one, two) = (0.408_248_290_463_863_1f64 as f32, 0.816_496_580_927_726_1f64 as f32);
    let rows = dense(&fitted.apply(&TEXTS, &report()).unwrap());
    assert_eq!(rows, [[one, two, one], [1., 0., 0.], [0., 1., 0.], [0., 0., 1.], [0., 0., 0.]]);
    // In two of five texts is more than a third.
    assert_eq!(fit(&TextSpec { max_df: 0.33, ..plain(2, (1, 2)) }, &TEXTS).width(), 0);

    // CountVectorizer(ngram_range=(1, 2), max_features=4)
    let weighting = Weighting::Count;
    let normalise = Normalise::None;
    let spec = TextSpec { max_features: Some(4), weighting, normalise, ..plain(1, (1, 2)) };
    let fitted = fit(&spec, &TEXTS);
    assert_eq!(fitted.terms(), ["food", "good", "service", "slow"]);
    let rows = dense(&fitted.apply(&TEXTS, &report()).unwrap());
    assert_eq!(rows, [[1., 2., 1., 0.], [1., 0., 0., 0.], [0., 1., 0., 0.], [0., 0., 1., 3.], [0.; 4]]);
    // Of terms found equally often, the first in the alphabet.
    let two = fit(&TextSpec { max_features: Some(2), ..spec }, &["d c b a d", "b"]);
    assert!(two.width() == 0, "single letters are no words: {:?}", two.terms());
    let two = fit(&TextSpec { max_features: Some(2), ..plain(1, (1, 1)) }, &["dd cc bb aa dd", "bb"]);
    assert_eq!(two.terms(), ["bb", "dd"]);
    let three = fit(&TextSpec { max_features: Some(3), ..plain(1, (1, 1)) }, &["dd cc bb aa dd", "bb"]);
    assert_eq!(three.terms(), ["aa", "bb", "dd"]);

    // CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), binary=True, min_df=2)
    let weighting = Weighting::Binary;
    let spec = TextSpec { unit: Unit::CharactersInWords, weighting, normalise, ..plain(2, (2, 3)) };
    let fitted = fit(&spec, &["hot hat", "hats", "a"]);
    assert_eq!(fitted.terms(), [" h", " ha", "at", "ha", "hat"]);
    let rows = dense(&fitted.apply(&["hot hat", "hats", "a"], &report()).unwrap());
    assert_eq!(rows, [[1.; 5], [1.; 5], [0.; 5]]);
}

/// Hashes as `sklearn.utils.murmurhash` computes them, and a row of
/// `HashingVectorizer(n_features=256, alternate_sign=False)`.
#[test]
fn hashed_terms_as_scikit_learn_has_them() {
    let known = [("", 0), ("a", 1_009_084_850), ("hello", 613_153_351), ("好吃", 606_507_343)];
    for (term, hash) in known {
        assert_eq!(crate::features::text::murmur::murmur3(term.as_bytes()), hash);
    }
    assert_eq!(
        (bucket("good", 8), bucket("hello, world", 8), bucket("not good", 8), bucket("", 24)),
        (65, 127, 59, 0)
    );
    let spec = TextSpec { hashing: Some(8), weighting: Weighting::Count, ..plain(9, (1, 1)) };
    let fitted = fit(&spec, &[]);
    let one = 0.408_248_290_463_863_1f64 as f32;
    assert_eq!(
        fitted.row("good food good service"),
        [(65, 0.816_496_580_927_726_1f64 as f32), (118, one), (144, one)]
    );
    assert_eq!((fitted.width(), fitted.terms().len()), (256, 0));
    // Where no two terms share a column, the weights are those of the vocabulary.
    let hashed = fit(&TextSpec { hashing: Some(20), ..plain(1, (1, 1)) }, &TEXTS);
    let known = fit(&plain(1, (1, 1)), &TEXTS);
    for text in TEXTS {
        let weights = |row: Vec<(u32, f32)>| {
            let mut weights: Vec<f32> = row.into_iter().map(|(_, weight)| weight).collect();
            weights.sort_by(f32::total_cmp);
            weights
        };
        assert_eq!(weights(hashed.row(text)), weights(known.row(text)));
    }
}

#[test]
fn a_saved_bag_makes_the_same_rows() {
    for hashing in [None, Some(6)] {
        let spec = TextSpec { hashing, chinese: Chinese::Characters, ..plain(1, (1, 2)) };
        let fitted = fit(&spec, &TEXTS);
        let text = serde_json::to_string(&fitted).unwrap();
        let again: FittedText = serde_json::from_str(&text).unwrap();
        assert_eq!(again, fitted);
        assert_eq!(again.apply(&TEXTS, &report()), fitted.apply(&TEXTS, &report()));
    }
    let fitted = fit(&plain(1, (1, 1)), &TEXTS);
    let text = serde_json::to_string(&fitted).unwrap();
    for (from, to) in [("\"bad\",", ""), ("\"bad\"", "\"zzz\""), ("\"hashing\":null", "\"hashing\":60")] {
        let damaged = text.replacen(from, to, 1);
        assert!(damaged != text && serde_json::from_str::<FittedText>(&damaged).is_err(), "{to}");
    }
    assert_eq!(fitted.restricted(&[6, 0, 99, 0]).terms(), ["bad", "好吃"]);
    assert_eq!(fitted.restricted(&[6, 0]).idf(1), fitted.idf(6));
}

#[test]
fn pieces_and_threads_do_not_show() {
    let texts: Vec<String> = (0..2000).map(|i| format!("word{} w{} 好吃 {}", i % 7, i % 11, i)).collect();
    let many = FittedText::fit(&plain(2, (1, 2)), &texts, &report()).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let one = pool.install(|| FittedText::fit(&plain(2, (1, 2)), &texts, &report()).unwrap());
    assert_eq!(many, one);
    let frequency = |term: &str| {
        let at = many.terms().iter().position(|one| one == term).unwrap();
        many.frequencies()[at]
    };
    assert_eq!((frequency("好吃"), frequency("word0")), (2000, 286));
    let rows = many.apply(&texts, &report()).unwrap();
    assert_eq!(rows, pool.install(|| many.apply(&texts, &report()).unwrap()));
    assert_eq!(rows.select(&[1999]).row(0), rows.row(1999));
    assert!(rows.cells(1999).map(|(c, v)| (c as u32, v)).eq(many.row(&texts[1999])));
}

#[test]
fn settings_that_nobody_means_do_no_harm() {
    let odd = TextSpec {
        ngrams: (0, 1 << 40),
        min_df: 0,
        max_df: f64::NAN,
        hashing: Some(200),
        ..TextSpec::default()
    };
    let fitted = fit(&odd, &["good food"]);
    assert_eq!(
        (fitted.spec().ngrams, fitted.spec().hashing, fitted.row("good food").len()),
        ((1, 10), Some(24), 3)
    );
    let none = fit(&TextSpec::default(), &[]);
    assert_eq!(
        (none.width(), none.row("good"), none.apply(&["a"], &report()).unwrap().count()),
        (0, vec![], 0)
    );
    let from_nothing: TextSpec = serde_json::from_str("{}").unwrap();
    assert_eq!(from_nothing, TextSpec::default());
}

/// Prints how long one row takes: `cargo test single_row -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn a_single_row_in_microseconds() {
    let Some(reviews) = crate::features::text::testing::hotel() else { return };
    let texts: Vec<&str> = reviews.iter().map(|(text, _)| text.as_str()).collect();
    let specs = [
        ("jieba words 1-2", plain(2, (1, 2))),
        ("characters 1-3", TextSpec { unit: Unit::Characters, max_features: None, ..plain(2, (1, 3)) }),
    ];
    for (name, spec) in specs {
        let began = std::time::Instant::now();
        let fitted = fit(&spec, &texts);
        let fitting = began.elapsed();
        let began = std::time::Instant::now();
        let rows = fitted.apply(&texts, &report()).unwrap();
        let all = began.elapsed();
        let mut times: Vec<f64> = Vec::new();
        for text in &texts {
            let began = std::time::Instant::now();
            std::hint::black_box(fitted.row(text));
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        let letters: usize = texts.iter().map(|text| text.chars().count()).sum();
        println!(
            "{name}: {} terms, {} cells, fit {fitting:.2?}, apply {all:.2?}; one row: median {:.1} µs, p90 {:.1}, \
             longest {:.1}; {} letters a row",
            fitted.width(),
            rows.count(),
            times[times.len() / 2],
            times[times.len() * 9 / 10],
            times[times.len() - 1],
            letters / texts.len(),
        );
        for text in ["很快，好吃，味道足，量大", "Good case, Excellent value. Would buy again!"] {
            let began = std::time::Instant::now();
            (0..1000).for_each(|_| {
                std::hint::black_box(fitted.row(text));
            });
            println!("  {text}: {:.2} µs", began.elapsed().as_secs_f64() * 1e3);
        }
    }
}
