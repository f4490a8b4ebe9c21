use std::sync::Arc;

use polars::prelude::*;

use super::*;
use crate::detect::{date, number};
use crate::features::{self, Encoder, FeatureSpec, FittedFeatures, TrainRows};
use crate::table::{ColumnSpec, Role, ValueType};

fn frame(texts: &[Option<&str>]) -> Frame {
    let height = texts.len();
    let column = StringChunked::from_iter_options("review".into(), texts.iter().copied()).into_series();
    let data = DataFrame::new(height, vec![column.into()]).unwrap();
    Frame { rows: Arc::new((2..2 + height as u32).collect()), data }
}

fn schema() -> Vec<ColumnSpec> {
    vec![ColumnSpec {
        name: "review".into(),
        role: Role::Text,
        value_type: ValueType::Text,
        decimal: number::Decimal::Point,
        date_order: date::Order::DayFirst,
        keep_na: false,
    }]
}

fn spec(limit: usize, choice: TermChoice) -> FeatureSpec {
    let terms = TextSpec { min_df: 1, ngrams: (1, 1), ..TextSpec::default() };
    FeatureSpec { text: TextUse::Terms(TermColumns { limit, choice, terms }), ..FeatureSpec::default() }
}

const TEXTS: [Option<&str>; 8] = [
    Some("好吃, fast"),
    Some("好吃 again"),
    Some("fast cold"),
    Some("cold slow"),
    None,
    Some("fast 好吃"),
    Some("cold fast"),
    Some("fast"),
];
const LABELS: [bool; 8] = [true, true, false, false, false, true, false, true];

fn fitted(limit: usize, choice: TermChoice, labels: Option<&[bool]>) -> FittedFeatures {
    fit(&spec(limit, choice), &frame(&TEXTS), labels).unwrap()
}

fn fit(spec: &FeatureSpec, train: &Frame, labels: Option<&[bool]>) -> crate::Result<FittedFeatures> {
    let rows = TrainRows { frame: train, labels, groups: None, seed: 1 };
    Ok(features::fit(spec, &schema(), &rows, &Reporter::silent())?.features)
}

/// χ² by hand: 好吃 and cold stand in 3 of 4 rows of one class and none of the other, 8 (3·4)² / (3·5·4·4) =
/// 4.8; fast in 3 and 2, 8 (3·2 − 2·1)² / (5·3·4·4) = 0.533; again and slow in 1 and 0, 8·4² / (1·7·4·4) = 1.143.
#[test]
fn the_most_telling_terms_become_columns() {
    let rows = SparseRows::new(2, vec![0, 1, 2, 4, 4], vec![0, 0, 0, 1], vec![1.0; 4]).unwrap();
    // The first stands in all rows of one class and one of the other's two, the second in one.
    let chi = chi_square(&rows, &[true, true, false, false]);
    assert!((chi[0] - 4.0 * 4.0 / (3.0 * 2.0 * 2.0)).abs() < 1e-12, "{chi:?}");
    let texts: Vec<&str> = TEXTS.iter().map(|text| text.unwrap_or_default()).collect();
    let spec = TextSpec { min_df: 1, ngrams: (1, 1), ..TextSpec::default() };
    let all = FittedText::fit(&spec, &texts, &Reporter::silent()).unwrap();
    assert_eq!(all.terms(), ["again", "cold", "fast", "slow", "好吃"]);
    let chi = chi_square(&all.apply(&texts, &Reporter::silent()).unwrap(), &LABELS);
    for (chi, expected) in chi.iter().zip([8.0 / 7.0, 4.8, 8.0 / 15.0, 8.0 / 7.0, 4.8]) {
        assert!((chi - expected).abs() < 1e-12, "{chi} {expected}");
    }
    assert_eq!(chi_square(&all.apply(&texts, &Reporter::silent()).unwrap(), &[true; 8]), [0.0; 5]);

    let telling = fitted(3, TermChoice::ChiSquare, Some(&LABELS));
    assert_eq!(telling.names(), ["review: again", "review: cold", "review: 好吃", "review: (blank)"]);
    let frequent = fitted(2, TermChoice::Frequent, Some(&LABELS));
    assert_eq!(frequent.names(), ["review: cold", "review: fast", "review: (blank)"]);
    // Without classes, and where all terms tell equally little, the most frequent.
    assert_eq!(fitted(2, TermChoice::ChiSquare, None), frequent);
    assert_eq!(fitted(2, TermChoice::ChiSquare, Some(&[true; 8])).names(), frequent.names());
}

#[test]
fn new_rows_get_the_same_features() {
    let features = fitted(3, TermChoice::ChiSquare, Some(&LABELS));
    let matrix = features.apply(&frame(&TEXTS));
    assert_eq!((matrix.width(), matrix.height), (4, 8));
    assert!(matrix.sources.iter().all(|source| source == "review"));
    assert_eq!(matrix.row(4), [0.0, 0.0, 0.0, 1.0], "a missing cell is blank");
    assert_eq!(matrix.row(0), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(matrix.row(7), [0.0; 4], "a word that was not chosen");
    let again: FittedFeatures = serde_json::from_str(&serde_json::to_string(&features).unwrap()).unwrap();
    assert_eq!(again, features);
    let new = [Some("ＣＯＬＤ!"), Some("  "), Some("好吃 cold 再来"), Some("again 好吃 ok")];
    let matrix = again.apply(&frame(&new));
    let half = (0.5f32).sqrt();
    assert_eq!(matrix.row(0), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(matrix.row(1), [0.0, 0.0, 0.0, 1.0]);
    assert!(matrix.row(2).iter().zip([0.0, half, half, 0.0]).all(|(a, b)| (a - b).abs() < 1e-6));
    for (at, text) in new.iter().enumerate() {
        assert_eq!(again.apply(&frame(&[*text])).row(0), matrix.row(at), "one row alone");
    }
    // Rows without the column have no known word.
    let other = Frame { data: DataFrame::new(1, vec![]).unwrap_or_default(), ..frame(&[None]) };
    assert!(again.apply(&other).data.iter().all(|value| *value == 0.0));
}

#[test]
fn text_is_left_out_unless_asked_for() {
    let off = FeatureSpec::default();
    assert!(fit(&off, &frame(&TEXTS), None).is_err());
    assert!(!serde_json::to_string(&off).unwrap().contains("text"), "keys of older runs stay");
    let on = spec(3, TermChoice::Frequent);
    let text = serde_json::to_string(&on).unwrap();
    assert_eq!(serde_json::from_str::<FeatureSpec>(&text).unwrap(), on);
    let short: FeatureSpec = serde_json::from_str(r#"{"text":{"use":"terms","limit":7}}"#).unwrap();
    assert_eq!(short.text, TextUse::Terms(TermColumns { limit: 7, ..TermColumns::default() }));
    let excluded = FeatureSpec { exclude: vec!["review".into()], ..on.clone() };
    assert!(fit(&excluded, &frame(&TEXTS), None).is_err());
    // No word often enough, no feature.
    assert!(fit(&spec(3, TermChoice::Frequent), &frame(&[None, Some("!"), None]), None).is_err());
    // Hashing has no names: columns are terms all the same.
    let TextUse::Terms(mut terms) = on.text else { panic!("it is on") };
    terms.terms.hashing = Some(8);
    let hashed = FeatureSpec { text: TextUse::Terms(terms), ..FeatureSpec::default() };
    assert!(fit(&hashed, &frame(&TEXTS), None).is_ok_and(|f| f.names().len() == 4));
}

#[test]
fn damaged_terms_are_refused() {
    let features = fitted(3, TermChoice::ChiSquare, Some(&LABELS));
    assert!(matches!(features.encoders.as_slice(), [Encoder::Text(_)]));
    let text = serde_json::to_string(&features).unwrap();
    let damaged = text.replacen("\"cold\",", "", 1);
    assert!(damaged != text && serde_json::from_str::<FittedFeatures>(&damaged).is_err());
}
