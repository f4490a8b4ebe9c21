//! Public data: figures of given days as pandas has them.

use super::*;
use crate::collect::relate::testing::public;
use crate::collect::{ReadOptions, open};

/// Mean and median recency, mean frequency, sum and median of money.
fn figures(read: &Read, until: Day) -> (usize, [f64; 5]) {
    let b = at(read, until);
    let column = |name: &str| b.named(name).unwrap();
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let (recency, orders, spent) =
        (column("orders: days since last"), column("orders: count"), column("spent: sum"));
    let median = |list: &[f64]| super::super::orders::median(&mut list.to_vec());
    (b.height(), [mean(&recency), median(&recency), mean(&orders), spent.iter().sum(), median(&spent)])
}

fn agrees(found: [f64; 5], wanted: [f64; 5]) {
    for (found, wanted, half) in
        found.into_iter().zip(wanted).zip([5.1e-7, 1e-9, 5.1e-7, 0.0051, 0.0051]).map(|((a, b), c)| (a, b, c))
    {
        assert!((found - wanted).abs() <= half, "{found} for {wanted}");
    }
}

fn opened(file: &str) -> Option<Read> {
    let table = open(&public(file)?, &ReadOptions::default(), &Reporter::silent()).unwrap();
    Some(books(vec![table]))
}

/// Figures of pandas 2.3.3, with `x` the rows of a known customer with quantity and price above 0 up to
/// `day`, `day` the calendar day of a row and `a` its quantity times its price:
///
/// ```python
/// g = x.groupby('CustomerID').agg(last=('day', 'max'), f=('InvoiceNo', 'nunique'), m=('a', 'sum'))
/// r = (day + pd.Timedelta(days=1) - g['last']).dt.days
/// r.mean(), r.median(), g.f.mean(), g.m.sum(), g.m.median()
/// ```
///
/// Those of the last day are also in `REFERENCE.md` under "KMeans on RFM".
#[test]
fn online_retail_is_as_pandas_counts_it() {
    let Some(read) = opened("online-retail/online_retail_rebuilt.csv.gz") else { return };
    assert_eq!(to_date(read.books.last_day()).to_string(), "2011-12-09");
    let (customers, found) = figures(&read, day("2011-12-09"));
    assert_eq!(customers, 4338);
    agrees(found, [93.059474, 51.0, 4.272015, 8911407.90, 674.49]);
    let (customers, found) = figures(&read, day("2011-06-30"));
    assert_eq!(customers, 2960);
    agrees(found, [72.192230, 52.0, 2.973649, 3993805.65, 496.75]);
}

/// The same for CDNOW, where orders have no numbers: `f=('day', 'nunique')`, `m=('dollar_value', 'sum')` of
/// the rows with a value above 0.
#[test]
fn cdnow_is_as_pandas_counts_it() {
    let Some(read) = opened("cdnow/CDNOW_master.txt") else { return };
    let (customers, found) = figures(&read, day("1998-06-30"));
    assert_eq!(customers, 23_502);
    agrees(found, [367.817633, 472.0, 2.872564, 2500315.63, 43.60]);
    let (customers, found) = figures(&read, day("1997-09-30"));
    assert_eq!(customers, 23_500);
    agrees(found, [182.008170, 209.0, 2.035489, 1723354.50, 36.11]);
}
