//! Groups of whole tables: the sample shop's planted kinds, groups that come back from a project,
//! recency, frequency and money as the reference has them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use polars::prelude::{Column, DataFrame};

use super::*;
use crate::collect::{self, ReadOptions};
use crate::job::Reporter;
use crate::sample;
use crate::segment::cluster::{Basis, Method, Metric, Points, Space, adjusted_rand, indices, kmeans};
use crate::segment::{RFM, SavedGroups};
use crate::table::{Frame, Table};
use crate::train::ModelKind;

fn shop(customers: usize, seed: u64) -> (tempfile::TempDir, Table) {
    let folder = tempfile::tempdir().unwrap();
    sample::write(folder.path(), customers, seed).unwrap();
    let file = folder.path().join("customers.csv");
    let table = collect::open(&file, &ReadOptions::default(), &Reporter::silent()).unwrap();
    (folder, table)
}

fn kinds_of(prepared: &Prepared, customers: usize, seed: u64) -> Vec<u32> {
    let planted: BTreeMap<String, sample::Kind> = sample::planted(customers, seed).into_iter().collect();
    prepared.ids.iter().map(|id| planted[id.as_ref().unwrap()] as u32).collect()
}

fn asked(method: Method, columns: &[&str]) -> Settings {
    let mut settings = Settings::default();
    settings.groups.method = method;
    settings.groups.columns = columns.iter().map(|name| (*name).to_owned()).collect();
    settings
}

#[test]
fn the_planted_kinds_of_the_sample_shop_come_back() {
    let silent = Reporter::silent();
    let (_folder, table) = shop(1200, 5);
    let settings = asked(Method::GaussianMixture, &["orders", "total_spend", "discount_share"]);
    let prepared = prepare(&settings, &table, &silent).unwrap();
    let truth = kinds_of(&prepared, 1200, 5);
    let found = segment(&settings, &prepared, &silent).unwrap();
    let own: Vec<u32> = found.of_row.iter().map(|group| *group as u32).collect();
    let alike = adjusted_rand(&own, &truth);
    println!("{} groups, adjusted Rand {alike:.3}, silhouette {:.3}", found.k, found.silhouette);
    assert_eq!(found.k, 4, "{:?}", found.tried);
    assert!(alike >= 0.9, "{alike}");
}

#[test]
fn groups_come_back_from_a_project_and_new_customers_find_theirs() {
    let silent = Reporter::silent();
    let (_folder, table) = shop(300, 7);
    let (_other, later) = shop(300, 8);
    let columns = ["orders", "total_spend", "discount_share"];
    for method in Method::ALL {
        let mut settings = asked(method, &columns);
        settings.groups.smallest = 12;
        settings.segments = Some(4);
        let prepared = prepare(&settings, &table, &silent).unwrap();
        let found = segment(&settings, &prepared, &silent).unwrap();
        let text = serde_json::to_string(&found.saved()).unwrap();
        let saved: SavedGroups = serde_json::from_str(&text).unwrap();
        let rows = GroupRows::of_prepared(&prepared).unwrap();
        let none = GroupBeside::default();
        let again = group(&settings, &rows, Some(&prepared), none, Some(&saved), &silent).unwrap();
        assert_eq!(again.of_row, found.of_row, "{method:?}");
        assert_eq!((again.segments, again.outliers), (found.segments.clone(), found.outliers.clone()));
        // Customers who are like those of then: the same groups, no drift worth a word.
        let new = prepare(&settings, &later, &silent).unwrap();
        let places = found.fitted.assign(new.cleaning.last(), &silent).unwrap();
        let drift = found.fitted.drift(&places);
        assert!(!drift.is_large(), "{method:?} {drift:?}");
        // Only bargain hunters: told.
        let kinds = kinds_of(&new, 300, 8);
        let bargain: Vec<_> =
            places.iter().zip(&kinds).filter(|(_, kind)| **kind == 1).map(|(p, _)| *p).collect();
        assert!(found.fitted.drift(&bargain).is_large(), "{method:?}");
    }
    // Of other columns nothing is taken over.
    let settings = asked(Method::KMeans, &["orders", "visits_30d"]);
    let prepared = prepare(&settings, &table, &silent).unwrap();
    let mut saved = segment(&settings, &prepared, &silent).unwrap().saved();
    saved.fitted.reach.pop();
    assert!(!saved.fitted.is_sound());
}

#[test]
fn a_customer_far_from_all_is_named_an_outlier() {
    let silent = Reporter::silent();
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("customer_id,orders,spend\n");
    for at in 0..200 {
        let base = if at % 2 == 0 { (5, 100) } else { (40, 900) };
        text += &format!("C{at},{},{}\n", base.0 + at % 5, base.1 + (at * 7) % 31);
    }
    text += "C900,22,505\n";
    let file = folder.path().join("shop.csv");
    std::fs::write(&file, text).unwrap();
    let table = collect::open(&file, &ReadOptions::default(), &silent).unwrap();
    for method in [Method::KMeans, Method::Density, Method::GaussianMixture] {
        let mut settings = asked(method, &[]);
        settings.segments = Some(2);
        settings.groups.smallest = 40;
        let found = segment_without_target(&settings, &table, &silent).unwrap();
        assert_eq!(found.k, 2, "{method:?}");
        assert_eq!(found.outliers.first(), Some(&200), "{method:?}: {:?}", found.outliers);
        let is_in = found.of_row[200] != usize::MAX;
        assert_eq!(is_in, method != Method::Density, "beyond a dense region there is no group");
    }
}

#[test]
fn groups_can_be_made_of_the_books_and_of_what_the_network_sees() {
    let silent = Reporter::silent();
    let folder = tempfile::tempdir().unwrap();
    sample::write(folder.path(), 240, 3).unwrap();
    let files = ["customers.csv", "orders.csv"].map(|name| folder.path().join(name));
    let mut settings = Settings::default();
    settings.mlp.epochs = 2;
    settings.segments = Some(3);
    let collected = collect(&files, &settings, &silent).unwrap();
    let prepared = prepare(&settings, &collected.table, &silent).unwrap();
    let outcome = learn(&settings, &prepared, ModelKind::Mlp, &silent).unwrap();
    let rows = GroupRows::of_prepared(&prepared).unwrap();
    let beside = GroupBeside { collected: Some(&collected), outcome: Some(&outcome) };
    settings.groups.basis = Basis::Rfm;
    let found = group(&settings, &rows, Some(&prepared), beside, None, &silent).unwrap();
    assert_eq!(found.columns, RFM);
    assert_eq!((found.k, found.of_row.len()), (3, prepared.ids.len()));
    assert!(found.silhouette > 0.2, "{}", found.silhouette);
    settings.groups.basis = Basis::Network;
    let found = group(&settings, &rows, Some(&prepared), beside, None, &silent).unwrap();
    assert_eq!((found.k, found.columns.len()), (3, 0));
    let none = GroupBeside::default();
    for (basis, kind) in [(Basis::Rfm, "segments_no_orders"), (Basis::Network, "segments_no_network")] {
        settings.groups.basis = basis;
        let refused = group(&settings, &rows, Some(&prepared), none, None, &silent).unwrap_err();
        assert_eq!(refused.kind(), kind);
    }
    // The map of the same customers, coloured and asked about.
    settings.groups.basis = Basis::Columns;
    let found = group(&settings, &rows, Some(&prepared), none, None, &silent).unwrap();
    let map =
        customer_map(&settings, rows, crate::segment::map::Projection::Pca, Some(&prepared), none, &silent)
            .unwrap();
    let by = colours(&map, &ColourBy::Segment, Some(&found), None);
    assert_eq!(by.levels.iter().map(|(.., count)| count).sum::<usize>(), prepared.ids.len());
    let chosen: Vec<usize> = (0..map.drawn.xy.len()).filter(|at| by.of[*at] == 0).collect();
    let part = profile(&map, &chosen);
    assert_eq!((part.size, &part.traits), (found.segments[0].size, &found.segments[0].traits));
    let risk = colours(&map, &ColourBy::Probability, None, Some(&outcome));
    assert!(risk.is_ramp && risk.levels.len() == 5, "{:?}", risk.levels);
    let city = colours(&map, &ColourBy::Column("city".to_owned()), None, None);
    assert!(city.levels.len() >= 2 && city.levels.len() <= 8);
}

#[test]
fn settings_without_a_word_on_groups_are_written_as_before() {
    let text = serde_json::to_string(&Settings::default()).unwrap();
    assert!(!text.contains("groups"), "{text}");
    let settings = asked(Method::Density, &["a"]);
    let back: Settings = serde_json::from_str(&serde_json::to_string(&settings).unwrap()).unwrap();
    assert_eq!(back, settings);
}

/// Recency, frequency and money of each customer.
fn rfm_of(orders: &[(String, String, NaiveDate, f64)]) -> Frame {
    let last = orders.iter().map(|(_, _, day, _)| *day).max().unwrap().succ_opt().unwrap();
    let mut of: BTreeMap<&str, (NaiveDate, BTreeSet<&str>, f64)> = BTreeMap::new();
    for (who, order, day, money) in orders {
        let entry = of.entry(who).or_insert((*day, BTreeSet::new(), 0.0));
        entry.0 = entry.0.max(*day);
        entry.1.insert(order);
        entry.2 += money;
    }
    let column = |name: &str, values: Vec<f64>| Column::new(name.into(), values);
    let recency = of.values().map(|(day, ..)| (last - *day).num_days() as f64).collect();
    let frequency = of.values().map(|(_, orders, _)| orders.len() as f64).collect();
    let money = of.values().map(|(.., money)| *money).collect();
    let columns = vec![column(RFM[0], recency), column(RFM[1], frequency), column(RFM[2], money)];
    let rows = Arc::new((0..of.len() as u32).collect());
    Frame { rows, data: DataFrame::new(of.len(), columns).unwrap() }
}

fn compare(frame: &Frame, customers: usize, reference: &[(usize, f64, f64)]) {
    let silent = Reporter::silent();
    let points: Points = Space::of_logarithms(frame, &RFM).points(frame);
    assert_eq!(points.len(), customers);
    for (k, silhouette, inertia) in reference {
        let found = kmeans::fit(&points, &kmeans::KMeansSpec::new(*k, 10, 1), &silent).unwrap();
        let own = indices::silhouette(&points, &found.labels, Metric::Euclidean, &silent).unwrap().unwrap();
        println!("k {k}: silhouette {own:.4} ({silhouette}), inertia {:.2} ({inertia})", found.inertia);
        // Never worse; where the starts found something better, its silhouette is another one.
        let ratio = found.inertia / inertia;
        assert!(ratio < 1.002, "{k}: {} {inertia}", found.inertia);
        let tolerance = if ratio > 0.998 { 0.003 } else { 0.03 };
        assert!((own - silhouette).abs() < tolerance, "{k}: {own} {silhouette}");
    }
}

#[test]
fn k_means_on_recency_frequency_and_money_is_that_of_the_reference() {
    let Some(data) = std::env::var_os("REGULARS_DATA").map(PathBuf::from) else {
        println!("skipped: REGULARS_DATA is not set");
        return;
    };
    let text = std::fs::read_to_string(data.join("cdnow/CDNOW_sample.txt")).unwrap();
    let orders: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let [_, who, day, _, money] = cells.as_slice() else { return None };
            let date = NaiveDate::parse_from_str(day, "%Y%m%d").unwrap();
            Some(((*who).to_owned(), (*day).to_owned(), date, money.parse().unwrap()))
        })
        .collect();
    let reference = [(2, 0.5787, 2880.83), (3, 0.4891, 1985.34), (4, 0.4106, 1591.74), (5, 0.4156, 1305.23)];
    compare(&rfm_of(&orders), 2357, &reference);

    let file = std::fs::File::open(data.join("online-retail/online_retail_rebuilt.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let at = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let (invoice, day, who) = (at("InvoiceNo"), at("InvoiceDate"), at("CustomerID"));
    let (quantity, price) = (at("Quantity"), at("UnitPrice"));
    let mut orders = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let number = |at: usize| record[at].parse::<f64>().unwrap_or(0.0);
        if record[who].is_empty() || record[invoice].starts_with('C') {
            continue;
        }
        if number(quantity) <= 0.0 || number(price) <= 0.0 {
            continue;
        }
        let date = record[day].split(' ').next().unwrap();
        let date = NaiveDate::parse_from_str(date, "%m/%d/%Y").unwrap();
        orders.push((
            record[who].to_owned(),
            record[invoice].to_owned(),
            date,
            number(quantity) * number(price),
        ));
    }
    assert_eq!(orders.len(), 397_884);
    let reference = [(2, 0.4329, 6481.23), (3, 0.3380, 4867.85), (4, 0.3375, 3938.93), (5, 0.3192, 3296.63)];
    compare(&rfm_of(&orders), 4338, &reference);
}
