//! Counting different values once agrees with looking at every value of every row.

use proptest::prelude::*;

use super::super::facts::plain_number;
use super::*;

fn one_by_one(name: &str, text: &StringChunked) -> Facts {
    let mut f = Facts::default();
    let mut seen: PlHashSet<u64> = PlHashSet::default();
    let mut counts: PlHashMap<&str, u64> = PlHashMap::default();
    let hasher = PlFixedStateQuality::default();
    let (mut dates_hopeless, mut na, mut without) = (false, 0u64, 0u64);
    for (at, value) in text.iter().enumerate() {
        let Some(value) = value.filter(|value| !missing::is_missing(value)) else {
            f.missing += 1;
            match value.filter(|value| missing::may_be_value(value)).map(str::trim) {
                Some("NA") => na += 1,
                Some(_) => without += 1,
                None => {}
            }
            continue;
        };
        f.present += 1;
        let is_new = seen.insert(std::hash::BuildHasher::hash_one(&hasher, value));
        if counts.len() < LEVELS_COUNTED {
            *counts.entry(value).or_default() += 1;
        } else if seen.len() < LEVELS_FOLLOWED
            && let Some(count) = counts.get_mut(value)
        {
            *count += 1;
        }
        f.length += value.len() as u64;
        let tried_date = look(&mut f, at, value, dates_hopeless);
        // Of a value that is known the dates are tried no more.
        let is_asked = is_new || f.present == DATES_TRIED || seen.len() >= LEVELS_FOLLOWED;
        if tried_date && is_asked {
            dates_hopeless = f.present >= DATES_TRIED && f.dates() * 10 < f.present;
        }
    }
    f.distinct = seen.len() as u64;
    let mut keep = |mark: &'static str, count: u64, f: &mut Facts| {
        f.missing -= count;
        f.present += count;
        f.distinct += 1;
        counts.insert(mark, count);
        f.keep_na = true;
    };
    // Two-letter country codes: NA is Namibia, not a hole. 有 and 无 are yes and no.
    if na > 0 && f.present > 0 && f.has_letter_pairs() && !words::is_contact_name(name) {
        keep("NA", na, &mut f);
    } else if without > 0
        && f.distinct == 1
        && text.iter().flatten().all(|value| missing::is_missing(value) || value.trim() == "有")
    {
        keep("无", without, &mut f);
    }
    let mut levels: Vec<_> =
        counts.into_iter().map(|(v, n)| (v.chars().take(80).collect::<String>(), n)).collect();
    levels.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    levels.truncate(LEVELS_SHOWN);
    f.levels = levels;
    f
}

/// The long way of every value, without what spares work; true where it was asked for a date.
fn look(f: &mut Facts, at: usize, value: &str, dates_hopeless: bool) -> bool {
    let looked = match plain_number(value.trim().as_bytes()) {
        Some(_) => f.look(at, value, 1, dates_hopeless),
        None => f.look_closely(at, value.trim(), 1, dates_hopeless),
    };
    if let Some(step) = looked.step {
        f.step(step);
    }
    looked.tried_date
}

fn column(values: &[Option<String>]) -> StringChunked {
    values.iter().map(|value| value.as_deref()).collect()
}

fn agrees(name: &str, values: &[Option<String>]) {
    let (text, silent) = (column(values), Reporter::silent());
    let (slow, fast) = (one_by_one(name, &text), Facts::gather(name, &text, &silent).unwrap());
    assert_eq!(shown(&slow), shown(&fast), "{name}");
    // In batches too, as a summary reads them.
    let mut tally = Tally::bounded();
    values.chunks(97).for_each(|batch| tally.feed(&column(batch), None, &silent).unwrap());
    let (batches, is_estimate) = tally.finish(name);
    assert_eq!((shown(&slow), false), (shown(&batches), is_estimate), "{name} in batches");
}

/// Every fact; of the courses only what is asked of them.
fn shown(f: &Facts) -> String {
    let course = f.order();
    format!("{course:?} {:?} {f:?}", f.counts_rows())
}

const ODD: &[&str] = &[
    "",
    " ",
    "NA",
    "na",
    "无",
    "有",
    "-",
    "n/a",
    "DE",
    "FR",
    "7",
    "007",
    "-3",
    "1.500",
    "1,5",
    "1.234,5",
    "$5",
    "5 €",
    "12k",
    "1e5",
    "1.23457E+11",
    "2-Jan",
    "3/4/2024",
    "13/4/2024",
    "4/13/24",
    "2024-03-05",
    "2024-03-05 10:00:00",
    "20240305",
    "20240305143000",
    "1709596800",
    "1709596800000",
    "45356",
    "yes",
    "no",
    "a@b.com",
    "+49 30 1234567",
    "EUR5",
    "C0000017",
    "K7",
    "Mar52024",
    "Thu 03/04/2025",
    "12345678901234567",
    "a value of more than twelve bytes",
    "another value of more than twelve bytes",
    "客户很多的一个城市",
    "  padded ",
    "2024-03-05T10:00Z",
    "1234567890.5",
    "M7",
    "12M",
    "inf",
    "１２",
    "E5",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn odd_columns_agree(picks in prop::collection::vec((0..ODD.len(), 0..40u32), 0..1400), few in 1..ODD.len()) {
        let values: Vec<_> = picks.iter().map(|(at, null)| (*null > 0).then(|| ODD[(at % few + few) % ODD.len()].to_owned())).collect();
        agrees("country", &values);
    }
}

#[test]
fn columns_of_many_values_agree() {
    let made = |n: usize, make: &dyn Fn(usize) -> String| (0..n).map(|i| Some(make(i))).collect::<Vec<_>>();
    let spread = |i: usize, n: usize| (i.wrapping_mul(2_654_435_761) >> 7) % n;
    // Around the numbers of values at which counting changes.
    for n in [1_999, 2_000, 2_001, 9_999, 10_000, 10_001, 15_000] {
        agrees("c", &made(40_000, &|i| spread(i, n).to_string()));
        agrees("c", &made(40_000, &|i| format!("{:.2}", spread(i, n) as f64 / 100.0)));
        agrees("c", &made(25_000, &|i| format!("a customer of number {}", spread(i, n))));
    }
    agrees("id", &made(30_000, &|i| format!("C{i:07}")));
    agrees("id", &made(30_000, &|i| format!("{}{i}", ["EUR", "C", "USD", "e"][i % 4])));
    agrees(
        "when",
        &made(30_000, &|i| format!("{}/{}/{}", 1 + i / 2500 % 12, 1 + i / 100 % 25, 2001 + i / 30_000)),
    );
    agrees(
        "when",
        &made(30_000, &|i| {
            format!("20{:02}-{:02}-{:02} 10:{:02}:00", spread(i, 30), 1 + i % 12, 1 + i % 28, i % 60)
        }),
    );
    // No dates among the first values, and then only dates.
    agrees(
        "late",
        &made(3_000, &|i| if i < 600 { format!("v{} x", i % 7) } else { format!("{}/1/2024", 1 + i % 12) }),
    );
    agrees(
        "late",
        &made(3_000, &|i| {
            if i < 600 && i % 9 > 0 { format!("v{} x", i % 7) } else { format!("{}/1/2024", 1 + i % 12) }
        }),
    );
    // Dates that become few, and dates that are few but often met.
    agrees(
        "early",
        &made(30_000, &|i| if i < 600 { format!("{}/1/2024", 1 + i % 12) } else { format!("v{i} x") }),
    );
    agrees(
        "often",
        &made(30_000, &|i| if i % 7 == 0 { format!("v{i} x") } else { format!("{}/1/2024", 1 + i % 3) }),
    );
    agrees(
        "few",
        &made(30_000, &|i| {
            if i % 9 > 0 { format!("v{} x", i / 20) } else { format!("{}/1/2024", 1 + i % 3) }
        }),
    );
    // Numbers first: dates are tried later.
    agrees("numbers", &made(30_000, &|i| if i < 700 { i.to_string() } else { format!("v{i} x") }));
}
