//! Scores by hand, the grid, kept cuts, columns.

use super::*;
use crate::collect::relate::testing::table;
use crate::table::ColumnSpec;

fn values(recency: Vec<f64>, frequency: Vec<f64>, money: Option<Vec<f64>>) -> RfmValues {
    RfmValues { recency, frequency, money }
}

/// Customers 1 to `n`: the higher, the better in everything.
fn ladder(n: usize) -> RfmValues {
    let up: Vec<f64> = (1..=n).map(|at| at as f64).collect();
    let down = up.iter().rev().copied().collect();
    values(down, up.clone(), Some(up.iter().map(|v| v * 10.0).collect()))
}

fn scores(fitted: &FittedRfm, of: &RfmValues) -> Vec<Option<Scores>> {
    (0..of.recency.len())
        .map(|at| {
            let (recency, frequency, money) = of.of(at);
            fitted.score(recency, frequency, money)
        })
        .collect()
}

#[test]
fn fifths_of_different_values_are_equal_in_size() {
    let of = ladder(100);
    let fitted = FittedRfm::fit(&RfmSpec::default(), &of).unwrap();
    assert_eq!(fitted.frequency, [20.0, 40.0, 60.0, 80.0]);
    let all = scores(&fitted, &of);
    for which in [
        |s: &Scores| s.recency,
        |s: &Scores| s.frequency,
        |s: &Scores| s.money.unwrap(),
        |s: &Scores| s.worth,
    ] {
        for score in 1..=5 {
            assert_eq!(all.iter().flatten().filter(|s| which(s) == score).count(), 20);
        }
    }
    // The best in all is a champion, the worst is lost.
    assert_eq!(fitted.class(all[99].unwrap()), Some(0));
    assert_eq!(fitted.classes[fitted.class(all[0].unwrap()).unwrap()].name, "lost");
}

#[test]
fn equal_values_share_a_score_and_scores_stay_empty() {
    // 60 of 100 bought once: no score tells them apart.
    let mut frequency = vec![1.0; 60];
    frequency.extend((0..40).map(|at| 2.0 + f64::from(at / 10)));
    let recency = vec![30.0; 100];
    let of = values(recency, frequency, None);
    let fitted = FittedRfm::fit(&RfmSpec::default(), &of).unwrap();
    assert_eq!((fitted.frequency, fitted.money), ([1.0, 1.0, 1.0, 3.0], None));
    let all: Vec<u8> = scores(&fitted, &of).into_iter().flatten().map(|s| s.frequency).collect();
    assert_eq!((all[0], all[59], all[60], all[79], all[80]), (1, 1, 4, 4, 5));
    // All bought on one day: the best score, for nobody bought later.
    assert!(scores(&fitted, &of).iter().flatten().all(|s| s.recency == 5 && s.money.is_none()));
}

#[test]
fn a_better_value_never_has_a_worse_score() {
    let fitted = FittedRfm::fit(&RfmSpec::default(), &ladder(37)).unwrap();
    let of = |value: f64| fitted.score(value, value, value).unwrap();
    for at in 0..500 {
        let (a, b) = (f64::from(at) / 10.0, f64::from(at + 1) / 10.0);
        assert!(of(a).recency >= of(b).recency && of(a).frequency <= of(b).frequency);
        assert!(of(a).money <= of(b).money && of(a).worth.abs_diff(of(b).worth) <= 1);
    }
    // A customer who comes later and lies outside all that was seen has a score too.
    assert_eq!(fitted.score(1e9, 0.0, -5.0).map(|s| (s.recency, s.frequency)), Some((1, 1)));
    assert_eq!(fitted.score(f64::NAN, 1.0, 1.0), None);
    assert_eq!(fitted.score(1.0, 37.0, f64::NAN).map(|s| (s.money, s.worth)), Some((None, 5)));
}

#[test]
fn the_usual_classes_cover_the_grid_and_each_has_a_cell() {
    let classes = usual_classes();
    let mut used = vec![0; classes.len()];
    for recency in 1..=5 {
        for worth in 1..=5 {
            let at = classes.iter().position(|class| class.holds(recency, worth));
            used[at.unwrap_or_else(|| panic!("R{recency} FM{worth} is in no class"))] += 1;
        }
    }
    assert!(used.iter().all(|cells| *cells > 0), "{used:?}");
    assert_eq!(used.iter().sum::<i32>(), 25);
    let mut names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    names.sort_unstable();
    let mut known = KNOWN.to_vec();
    known.sort_unstable();
    assert_eq!(names, known);
}

#[test]
fn too_few_are_refused_and_own_cuts_are_not() {
    let of = ladder(9);
    let error = FittedRfm::fit(&RfmSpec::default(), &of).unwrap_err();
    assert_eq!(error.kind(), "rfm_too_few");
    assert!(error.to_string().contains('9'));
    let cuts = CutSpec::Own {
        recency: [1.0, 2.0, 3.0, 4.0],
        frequency: [2.0, 4.0, 6.0, 8.0],
        money: [10.0, 20.0, 30.0, 40.0],
    };
    let fitted = FittedRfm::fit(&RfmSpec { cuts, ..RfmSpec::default() }, &of).unwrap();
    // A value at a cut belongs below it: up to 1 day is a 5, up to 2 orders is a 1.
    assert_eq!(
        fitted.score(1.0, 2.0, 10.0).map(|s| (s.recency, s.frequency, s.money)),
        Some((5, 1, Some(1)))
    );
    assert_eq!(
        fitted.score(1.5, 2.5, 10.5).map(|s| (s.recency, s.frequency, s.money)),
        Some((4, 2, Some(2)))
    );
}

#[test]
fn kept_cuts_score_later_customers_alike_and_tell_drift() {
    let of = ladder(200);
    let fitted = FittedRfm::fit(&RfmSpec::default(), &of).unwrap();
    let kept = fitted.keep(&scores(&fitted, &of), "2026-06-01".into());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cuts.json");
    kept.save(&file).unwrap();
    let again = Kept::open(&file).unwrap();
    assert_eq!(again, kept);
    assert_eq!(again.shares.len(), 12);
    let spec = RfmSpec { cuts: CutSpec::Kept(Box::new(again)), ..RfmSpec::default() };
    // Three later customers: no quintiles could be made of them.
    let later = values(vec![1.0, 100.0, 200.0], vec![200.0, 100.0, 1.0], Some(vec![2000.0, 1000.0, 10.0]));
    let same = FittedRfm::fit(&spec, &later).unwrap();
    assert_eq!(same, fitted);
    let all: Vec<u8> = scores(&same, &later).iter().flatten().map(|s| s.worth).collect();
    assert_eq!(all, [5, 3, 1]);
    let (psi, chance) = drift(&kept, &same, &scores(&same, &of)).unwrap();
    assert!(psi == 0.0 && chance > 0.0);
    // Everyone has slept for a hundred days more.
    let slept =
        values(of.recency.iter().map(|d| d + 100.0).collect(), of.frequency.clone(), of.money.clone());
    let (psi, chance) = drift(&kept, &same, &scores(&same, &slept)).unwrap();
    assert!(psi > chance && psi > 0.25, "{psi} {chance}");
    // Another table of classes has no shares to be compared.
    let other = FittedRfm { classes: usual_classes().split_off(3), ..same };
    assert_eq!(drift(&kept, &other, &[]), None);

    std::fs::write(&file, "{}").unwrap();
    assert_eq!(Kept::open(&file).unwrap_err().kind(), "rfm_not_cuts");
    let wild = serde_json::to_string(&Kept { recency: [4.0, 3.0, 2.0, 1.0], ..kept }).unwrap();
    std::fs::write(&file, wild).unwrap();
    assert!(Kept::open(&file).unwrap_err().to_string().contains("ascend"));
    assert_eq!(Kept::open(&folder.path().join("gone")).unwrap_err().kind(), "rfm_not_cuts");
}

#[test]
fn wild_settings_are_tamed() {
    let text = r#"{"cuts":{"by":"own","recency":[9,1,5,3],"frequency":[1,1,1,1],"money":[0,0,0,1e308]},
        "classes":[{"name":"x","recency":[200,0],"worth":[5,3]}]}"#;
    let spec = serde_json::from_str::<RfmSpec>(text).unwrap().sane();
    assert_eq!(spec.classes[0].recency, [1, 5]);
    assert_eq!(spec.classes[0].worth, [3, 5]);
    assert!(matches!(spec.cuts, CutSpec::Own { recency: [1.0, 3.0, 5.0, 9.0], .. }));
    assert_eq!(serde_json::from_str::<RfmSpec>("{}").unwrap(), RfmSpec::default());
}

#[test]
fn columns_are_found_by_name_in_both_languages() {
    let found = |text: &str| {
        let table = table("customers", text);
        let schema: Vec<ColumnSpec> = table.columns.iter().map(ColumnSpec::from).collect();
        let RfmColumns { recency, frequency, money } = guess(&schema);
        [recency, frequency, money].map(Option::unwrap_or_default)
    };
    // `#` is a number of its own, `~` one of seven that come back.
    let rows = |line: &str| -> String {
        (1..60).map(|n| line.replace('#', &n.to_string()).replace('~', &(1 + n % 7).to_string())).collect()
    };
    let text = format!(
        "customer_id,age,last_order_date,orders,total_spend,visits_30d\n{}",
        rows("C#,3~,2026-05-0~,~,1#.50,7\n")
    );
    assert_eq!(found(&text), ["last_order_date", "orders", "total_spend"]);
    let text = format!("id,Recency,Frequency,Monetary\n{}", rows("A#,1~,~,2#.25\n"));
    assert_eq!(found(&text), ["Recency", "Frequency", "Monetary"]);
    let text = format!("客户编号,最近购买日期,购买次数,累计消费金额\n{}", rows("K#,2026-03-0~,1~,5#.5\n"));
    assert_eq!(found(&text), ["最近购买日期", "购买次数", "累计消费金额"]);
    let text = format!("id,city,age\n{}", rows("A#,Bonn,3~\n"));
    assert_eq!(found(&text), ["", "", ""]);
}
