use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::features::tests::{Values, column, fit_rows, frame};
use crate::features::{ColumnEncoding, FeatureError, FeatureSpec, FittedFeatures, Fitting};
use crate::table::{ColumnSpec, Frame, Role};

const ROWS: usize = 800;

fn schema() -> Vec<ColumnSpec> {
    let mut all: Vec<ColumnSpec> =
        ["tells", "twin", "noise", "still"].map(|name| column(name, Role::Number)).to_vec();
    all.push(column("city", Role::Category));
    all
}

/// `tells` sways the class, `twin` is nearly the same, `noise` is noise, `still` hardly ever changes; the
/// city is one of three, the second of which sways too.
fn rows(seed: u64) -> (Frame, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut a, mut b, mut c, mut d) = (vec![], vec![], vec![], vec![]);
    let (mut city, mut labels) = (vec![], vec![]);
    for at in 0..ROWS {
        let x: f64 = rng.gen_range(-1.7..1.7);
        a.push(Some(x));
        b.push(Some(x + rng.gen_range(-0.4..0.4)));
        c.push(Some(rng.gen_range(-1.7..1.7)));
        d.push(Some(if at % 400 == 0 { 1.0 } else { 0.0 }));
        let place = rng.gen_range(0..3);
        city.push(Some(["Bonn", "Kiel", "Ulm"][place].to_owned()));
        let z = 2.0 * x + if place == 1 { 1.5 } else { -0.5 };
        labels.push(rng.gen_bool(1.0 / (1.0 + (-z).exp())));
    }
    let columns = [
        ("tells", Values::Numbers(a)),
        ("twin", Values::Numbers(b)),
        ("noise", Values::Numbers(c)),
        ("still", Values::Numbers(d)),
        ("city", Values::Texts(city)),
    ];
    (frame(&columns), labels)
}

fn fitted(select: Selection) -> Fitting {
    let (train, labels) = rows(1);
    let spec = FeatureSpec { select, ..FeatureSpec::default() };
    fit_rows(&spec, &schema(), &train, &labels, None).unwrap()
}

fn out(fitting: &Fitting) -> Vec<&str> {
    fitting.features.left_out.iter().map(|out| out.name.as_str()).collect()
}

#[test]
fn each_way_leaves_out_what_it_should() {
    let none = fitted(Selection::default());
    assert_eq!(
        none.features.names(),
        ["tells", "twin", "noise", "still", "city = Bonn", "city = Kiel", "city = Ulm"]
    );

    let still = fitted(Selection { variance: Some(0.01), ..Selection::default() });
    assert_eq!(out(&still), ["still"]);
    // Two rows of 800 are 1: p (1 − p) with p = 1/400.
    let Why::Variance { variance, .. } = still.features.left_out[0].why else { panic!("{still:?}") };
    assert!((variance - 0.0025 * 0.9975).abs() < 1e-6, "{variance}");

    let vague = fitted(Selection { information: Some(0.01), ..Selection::default() });
    assert!(out(&vague).contains(&"noise") && !out(&vague).contains(&"tells"), "{:?}", out(&vague));

    let two = fitted(Selection { most: Some(2), ..Selection::default() });
    assert_eq!(two.features.names(), ["tells", "twin"]);
    assert!(two.features.left_out.iter().all(|o| matches!(o.why, Why::NotAmong { most: 2, .. })));

    // Of the pair the one that tells less goes, and it says which it goes with.
    let apart = fitted(Selection { correlation: Some(0.95), ..Selection::default() });
    assert_eq!(out(&apart), ["twin"]);
    let Why::Correlated { with, r } = &apart.features.left_out[0].why else { panic!("{apart:?}") };
    assert!(with == "tells" && *r > 0.95, "{with} {r}");
    assert!(out(&fitted(Selection { correlation: Some(0.999), ..Selection::default() })).is_empty());

    let light = fitted(Selection { lasso: true, ..Selection::default() });
    assert!(out(&light).contains(&"still"), "{:?}", out(&light));
    assert!(!out(&light).contains(&"tells") && !out(&light).contains(&"city = Kiel"), "{:?}", out(&light));
}

#[test]
fn the_battery_of_selection() {
    let all = Selection {
        variance: Some(0.01),
        information: Some(0.002),
        most: Some(5),
        correlation: Some(0.9),
        lasso: true,
    };
    let (train, labels) = rows(1);
    let (new, _) = rows(2);
    let columns = [("city".to_owned(), ColumnEncoding::target())].into();
    let spec = FeatureSpec { select: all, columns, ..FeatureSpec::default() };
    let fit = || fit_rows(&spec, &schema(), &train, &labels, None).unwrap();
    let fitting = fit();
    assert_eq!(fitting, fit(), "twice");
    let features = &fitting.features;
    assert_eq!(features.names(), ["tells", "city (target rate)"], "{:?}", features.left_out);
    let opened: FittedFeatures = serde_json::from_str(&serde_json::to_string(features).unwrap()).unwrap();
    assert_eq!(&opened, features);
    let matrix = opened.apply(&new);
    assert_eq!((matrix.names.clone(), matrix.width()), (features.names(), 2));
    // The same cells as without selection, and one row alone.
    let whole = FittedFeatures { left_out: Vec::new(), ..features.clone() }.apply(&new);
    for at in [0, 7, 799] {
        assert_eq!(matrix.row(at), [whole.row(at)[0], whole.row(at)[4]]);
        let one = new.filter(&(0..ROWS).map(|row| row == at).collect::<Vec<_>>()).unwrap();
        assert_eq!(opened.apply(&one).row(0), matrix.row(at));
    }
    // Training rows keep what is theirs, in the right place.
    let own = fitting.train_matrix(&train, &Reporter::silent()).unwrap();
    let given = features.apply(&train);
    assert_eq!(own.column(0), given.column(0));
    assert_ne!(own.column(1), given.column(1), "out of fold");
    assert!(features.learns_from("tells") && features.learns_from("city"));
    assert!(!features.learns_from("twin") && !features.learns_from("nothing"));
    // A damaged list is no crash.
    let mut damaged = features.clone();
    damaged.left_out.push(LeftOut { place: 99, ..damaged.left_out[0].clone() });
    assert_eq!(damaged.apply(&new), matrix);
}

#[test]
fn nothing_is_left_where_nothing_tells() {
    let (train, _) = rows(1);
    let apart: Vec<bool> = (0..ROWS).map(|at| at * 7919 % 11 < 4).collect();
    let strict = Selection { information: Some(0.2), ..Selection::default() };
    let spec = FeatureSpec { select: strict, ..FeatureSpec::default() };
    let refused = fit_rows(&spec, &schema(), &train, &apart, None).unwrap_err();
    assert!(matches!(refused, crate::Error::Features(FeatureError::AllLeftOut { made: 7 })));
    // A penalty that finds nothing leaves out nothing.
    let light = Selection { lasso: true, ..Selection::default() };
    let spec = FeatureSpec { select: light, ..FeatureSpec::default() };
    assert!(fit_rows(&spec, &schema(), &train, &apart, None).is_ok());
    // Without classes only what needs none is done.
    let rows = TrainRows { frame: &train, labels: None, groups: None, seed: 1 };
    let all = Selection {
        variance: Some(0.01),
        information: Some(0.5),
        most: Some(1),
        correlation: Some(0.95),
        lasso: true,
    };
    let spec = FeatureSpec { select: all, ..FeatureSpec::default() };
    let blind = crate::features::fit(&spec, &schema(), &rows, &Reporter::silent()).unwrap();
    assert_eq!(out(&blind), ["twin", "still"]);
}
