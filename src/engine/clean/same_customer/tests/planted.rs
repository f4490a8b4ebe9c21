//! A generated customer list in which every repetition is known.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use proptest::prelude::*;
use rand::seq::SliceRandom as _;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::collect::timing::{peak, told};

const FIRST: &[&str] = &[
    "Ada",
    "Robert",
    "William",
    "Elizabeth",
    "José",
    "Maria",
    "Thomas",
    "Jürgen",
    "Katherine",
    "Daniel",
    "Daniela",
    "Michael",
    "Anna",
    "Hanna",
    "Sophie",
    "Lukas",
    "Emma",
    "Noah",
    "Olivia",
    "Liam",
    "Charlotte",
    "Jonathan",
    "Margaret",
    "Benjamin",
    "Laura",
    "Isabel",
    "Pedro",
    "Chloé",
    "François",
    "Ingrid",
    "Marcus",
    "Martin",
    "Oskar",
    "Paula",
    "Quentin",
    "Rosa",
    "Stefan",
    "Teresa",
    "Ulrich",
    "Valerie",
    "Walter",
    "Xenia",
    "Yvonne",
    "Zoe",
];
const LAST: &[&str] = &[
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Rodríguez",
    "Martínez",
    "Hernández",
    "Schmidt",
    "Schneider",
    "Fischer",
    "Müller",
    "Weber",
    "Wagner",
    "Becker",
    "Hoffmann",
    "Dubois",
    "Laurent",
    "Rossi",
    "Bianchi",
    "Novak",
    "Kowalski",
    "Jensen",
    "Larsson",
    "Nielsen",
    "O'Brien",
    "Murphy",
    "Campbell",
    "Stewart",
    "Thompson",
    "Anderson",
    "Taylor",
    "Jackson",
    "Harrison",
    "Wright",
    "Walker",
    "Robinson",
];
const HAN_LAST: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "欧阳",
    "单", "曾",
];
const HAN_FIRST: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "小明", "晓东", "建国", "秀英", "志强",
    "雪梅", "嘉怡", "子轩", "雨桐", "浩然", "梓涵", "文博", "佳琪", "俊杰", "思远", "婉婷",
];
const STREETS: &[&str] = &[
    "Main Street",
    "Oak Avenue",
    "Church Road",
    "Station Road",
    "High Street",
    "Park Lane",
    "Victoria Road",
    "Mill Lane",
    "Kings Drive",
    "Maple Court",
    "Lake Boulevard",
    "Hauptstraße",
    "Gartenstraße",
    "Bahnhofstraße",
    "Rosenweg",
    "Elm Street",
    "Cedar Avenue",
    "River Road",
    "Hill Terrace",
    "Chestnut Square",
];
const HAN_STREETS: &[&str] =
    &["中山路", "人民路", "世纪大道", "南京东路", "解放街", "建设路", "长安街", "淮海中路"];
const NICK: &[(&str, &str)] = &[
    ("Robert", "Bob"),
    ("William", "Bill"),
    ("Elizabeth", "Liz"),
    ("Katherine", "Kate"),
    ("Thomas", "Tom"),
    ("Michael", "Mike"),
    ("Margaret", "Peggy"),
    ("Benjamin", "Ben"),
];

fn pick<'a>(random: &mut impl Rng, list: &[&'a str]) -> &'a str {
    list.choose(random).unwrap()
}

fn digits(random: &mut impl Rng, n: usize) -> String {
    (0..n).map(|_| char::from(b'0' + random.gen_range(0..10u8))).collect()
}

fn address(random: &mut impl Rng, han: bool) -> String {
    let number = random.gen_range(1..300);
    if han {
        format!("上海市{}{number}号", pick(random, HAN_STREETS))
    } else {
        format!("{number} {}", pick(random, STREETS))
    }
}

fn surname(random: &mut impl Rng) -> String {
    const HEADS: &[&str] = &[
        "Bar", "Cal", "Den", "Far", "Gol", "Har", "Kel", "Lan", "Mor", "Nor", "Per", "Ros", "Sal", "Tor",
        "Wal", "Zan",
    ];
    const MIDDLES: &[&str] = &["a", "e", "i", "o", "ber", "der", "len", "men", "ter", "vin"];
    const TAILS: &[&str] =
        &["berg", "dale", "ford", "ham", "ley", "ling", "man", "ner", "son", "ton", "wick", "worth"];
    [HEADS, MIDDLES, TAILS].map(|list| pick(random, list)).concat()
}

/// A customer as first written, with first and last name.
fn customer(random: &mut impl Rng) -> (Person, String, String) {
    let han = random.gen_bool(0.35);
    let (first, last) = if han {
        (pick(random, HAN_FIRST).to_owned(), pick(random, HAN_LAST).to_owned())
    } else {
        (pick(random, FIRST).to_owned(), pick(random, LAST).to_owned())
    };
    // As many surnames as a large list has.
    let last = if !han && random.gen_bool(0.5) { surname(random) } else { last };
    let name = if han { format!("{last}{first}") } else { format!("{first} {last}") };
    let latin =
        |text: &str| -> String { normal::fold(text).chars().filter(char::is_ascii_alphanumeric).collect() };
    let user = if han {
        digits(random, 9)
    } else {
        format!("{}.{}{}", latin(&first), latin(&last), digits(random, 3))
    };
    let email =
        format!("{user}@{}", pick(random, &["gmail.com", "qq.com", "web.de", "outlook.com", "163.com"]));
    let phone = if han { format!("1{}", digits(random, 10)) } else { format!("0{}", digits(random, 10)) };
    let born = format!(
        "{}-{:02}-{:02}",
        random.gen_range(1940..2006),
        random.gen_range(1..13),
        random.gen_range(1..29)
    );
    let mut row = [name, email, phone, address(random, han), digits(random, 5), born];
    // Not everybody tells everything, and the till fills holes with the shop's own address.
    for (at, share) in [(1, 0.1), (2, 0.15), (3, 0.15), (4, 0.1), (5, 0.4)] {
        if random.gen_bool(share) {
            row[at] = if at == 1 && random.gen_bool(0.3) { "info@shop.com".into() } else { String::new() };
        }
    }
    (row, first, last)
}

fn typo(random: &mut impl Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 4 {
        return text.to_owned();
    }
    let at = random.gen_range(1..letters.len() - 1);
    match random.gen_range(0..3) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}

/// The same customer as another hand writes them.
fn rewritten(random: &mut impl Rng, of: &Person, first: &str, last: &str) -> Person {
    let mut row = of.clone();
    let han = first.chars().any(normal::is_han);
    row[0] = match random.gen_range(0..8) {
        0 | 1 if han => {
            let spoken = normal::normal(FieldKind::Name, &row[0], Default::default());
            spoken.split_once('|').unwrap().1.to_uppercase()
        }
        _ if han => row[0].clone(),
        0 => format!("{last}, {first}"),
        1 => format!("{} {}", first, typo(random, last)),
        2 => {
            format!("{} {last}", NICK.iter().find(|(long, _)| *long == first).map_or(first, |(_, nick)| nick))
        }
        3 => normal::fold(&row[0]).to_uppercase(),
        4 => format!("{}. {last}", first.chars().next().unwrap()),
        5 => format!("{first} M. {last}"),
        _ => row[0].clone(),
    };
    match random.gen_range(0..6) {
        0 => row[1] = String::new(),
        1 => row[1] = format!("new{}@outlook.com", digits(random, 6)),
        2 => row[1] = row[1].replace('@', "+shop@").to_uppercase(),
        3 => row[1] = row[1].replace(".com", ".con"),
        _ => {}
    }
    match random.gen_range(0..6) {
        0 => row[2] = String::new(),
        1 => row[2] = format!("1{}", digits(random, 10)),
        2 => {
            let bare = row[2].trim_start_matches('0').to_owned();
            row[2] = format!("+49 {bare}");
        }
        3 if row[2].len() > 4 => row[2] = format!("{}-{}", &row[2][..4], &row[2][4..]),
        _ => {}
    }
    match random.gen_range(0..5) {
        0 => {
            row[3] = address(random, han);
            row[4] = digits(random, 5);
        }
        1 => row[3] = row[3].replace("Street", "St.").replace("Avenue", "Ave").replace("straße", "str."),
        2 => row[3] = String::new(),
        _ => {}
    }
    if random.gen_bool(0.3) {
        row[5] = String::new();
    }
    row
}

/// Rows and who each of them is. A tenth of the customers stand twice or three times in the list,
/// and one in twelve lives with somebody of the same surname and telephone, often with the same
/// e-mail address, some with a parent of the same name.
pub(super) fn list(customers: usize, seed: u64) -> (Vec<Person>, Vec<usize>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut rows: Vec<(Person, usize)> = Vec::new();
    let mut who = 0;
    while who < customers {
        let (row, first, last) = customer(&mut random);
        if random.gen_bool(0.1) {
            for _ in 0..random.gen_range(1..3) {
                rows.push((rewritten(&mut random, &row, &first, &last), who));
            }
        }
        if random.gen_bool(0.08) {
            let (mut other, theirs, _) = customer(&mut random);
            let han = first.chars().any(normal::is_han);
            if theirs.chars().any(normal::is_han) == han && theirs != first {
                other[0] = if han { format!("{last}{theirs}") } else { format!("{theirs} {last}") };
                other[2..5].clone_from_slice(&row[2..5]);
                if random.gen_bool(0.3) {
                    other[1] = row[1].clone();
                }
                if random.gen_bool(0.1) && !row[5].is_empty() && !other[5].is_empty() {
                    other[0] = row[0].clone();
                }
                who += 1;
                rows.push((other, who));
                rows.push((row, who - 1));
                who += 1;
                continue;
            }
        }
        rows.push((row, who));
        who += 1;
    }
    rows.shuffle(&mut random);
    rows.into_iter().unzip()
}

fn true_pairs(who: &[usize]) -> HashSet<(u32, u32)> {
    let mut of: std::collections::BTreeMap<usize, Vec<u32>> = Default::default();
    who.iter().enumerate().for_each(|(at, who)| of.entry(*who).or_default().push(at as u32));
    of.values()
        .flat_map(|rows| {
            rows.iter().enumerate().flat_map(|(i, a)| rows[i + 1..].iter().map(move |b| (*a, *b)))
        })
        .collect()
}

/// Pairs of rows that stand in one cluster.
fn merged(found: &Found) -> Vec<(u32, u32)> {
    let pairs = |rows: &Vec<usize>| -> Vec<(u32, u32)> {
        let rows: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
        rows.iter().enumerate().flat_map(|(i, a)| rows[i + 1..].iter().map(|b| (*a, *b))).collect()
    };
    found.clusters.iter().flat_map(pairs).collect()
}

#[test]
fn planted_repetitions_are_found() {
    for (customers, seed) in [(1_000, 1), (1_000, 4), (4_000, 2), (4_000, 3)] {
        let (rows, who) = list(customers, seed);
        let found = search(&spec(), &people(&rows));
        let truth = true_pairs(&who);
        let right = |pairs: &[(u32, u32)]| pairs.iter().filter(|pair| truth.contains(pair)).count() as f64;
        let merged = merged(&found);
        let sure: Vec<(u32, u32)> = found
            .pairs
            .iter()
            .filter(|pair| pair.verdict == Verdict::Sure)
            .map(|pair| (pair.a, pair.b))
            .collect();
        let all: Vec<(u32, u32)> = found.pairs.iter().map(|pair| (pair.a, pair.b)).collect();
        let share = |part: f64, whole: usize| part / whole.max(1) as f64;
        let figures = [
            share(right(&sure), sure.len()),
            share(right(&sure), truth.len()),
            share(right(&merged), merged.len()),
            share(right(&merged), truth.len()),
            share(right(&all), all.len()),
            share(right(&all), truth.len()),
        ];
        println!(
            "{} rows, {} true pairs, {} candidates: sure p {:.4} r {:.4}, merged p {:.4} r {:.4}, with maybe p {:.4} r {:.4}",
            rows.len(),
            truth.len(),
            found.candidates,
            figures[0],
            figures[1],
            figures[2],
            figures[3],
            figures[4],
            figures[5]
        );
        assert!(figures[0] >= 0.97 && figures[2] >= 0.97, "sure and merged are right");
        assert!(figures[5] >= 0.9, "few repetitions are missed");
    }
}

/// Writes the list with `who` each row is, for other programs to search: `benches/peers/duplicates.py`.
fn write_list(path: &Path, rows: &[Person], who: &[usize]) {
    let mut file = csv::Writer::from_path(path).unwrap();
    file.write_record(COLUMNS.map(|(name, _)| name).into_iter().chain(["who"])).unwrap();
    for (row, who) in rows.iter().zip(who) {
        file.write_record(row.iter().chain([&who.to_string()])).unwrap();
    }
    file.flush().unwrap();
}

/// Searches, and prints time, the peak of memory so far, and how right the pairs are. Returns the
/// precision of the merged pairs.
fn measured(spec: &SameCustomerSpec, frame: &Frame, who: &[usize]) -> f64 {
    let found = told("search", || search(spec, frame));
    let truth = true_pairs(who);
    println!(
        "{} rows, {} true pairs: {} candidates, {} pairs, {} clusters, {:.0} MiB, split {:?}",
        frame.height(),
        truth.len(),
        found.candidates,
        found.pairs.len(),
        found.clusters.len(),
        peak(),
        found.skipped_blocks
    );
    let of = |sure: bool| -> Vec<(u32, u32)> {
        let wanted = found.pairs.iter().filter(|pair| !sure || pair.verdict == Verdict::Sure);
        wanted.map(|pair| (pair.a, pair.b)).collect()
    };
    let [merged, ..] =
        [("merged", merged(&found)), ("sure", of(true)), ("with maybe", of(false))].map(|(what, pairs)| {
            let right = pairs.iter().filter(|pair| truth.contains(pair)).count() as f64;
            let (precision, recall) = (right / pairs.len() as f64, right / truth.len() as f64);
            let f1 = 2.0 * precision * recall / (precision + recall);
            println!("  {what}: precision {precision:.4}, recall {recall:.4}, F1 {f1:.4}");
            precision
        });
    merged
}

/// Figures for the growth of time and memory; run with `--ignored --nocapture`, optimised.
/// `REGULARS_PLANTED_OUT` names a folder to write the lists to, `REGULARS_PLANTED_MOST` the most
/// customers to go to.
#[test]
#[ignore = "measures, asserts nothing about time"]
fn growth() {
    let folder = std::env::var_os("REGULARS_PLANTED_OUT");
    let most = std::env::var("REGULARS_PLANTED_MOST").map_or(usize::MAX, |most| most.parse().unwrap());
    for customers in [10_000, 100_000, 1_000_000].into_iter().filter(|customers| *customers <= most) {
        let (rows, who) = list(customers, 7);
        if let Some(folder) = &folder {
            write_list(&Path::new(folder).join(format!("planted_{customers}.csv")), &rows, &who);
        }
        let frame = people(&rows);
        drop(rows);
        assert!(measured(&spec(), &frame, &who) >= 0.97);
    }
}

/// The same figures for a list from elsewhere: `REGULARS_KNOWN_LIST` names a CSV file whose column
/// `who` tells which rows are one customer. The fields are guessed, as for an owner's file.
#[test]
#[ignore = "needs a file in REGULARS_KNOWN_LIST"]
fn known_list() {
    let Some(path) = std::env::var_os("REGULARS_KNOWN_LIST") else {
        println!("skipped: REGULARS_KNOWN_LIST is not set");
        return;
    };
    let mut file = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = file.headers().unwrap().iter().map(str::to_owned).collect();
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    for record in file.records() {
        record.unwrap().iter().zip(&mut cells).for_each(|(cell, column)| column.push(cell.trim().to_owned()));
    }
    let answer = names.iter().position(|name| name == "who").expect("a column who");
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let who: Vec<usize> = cells[answer]
        .iter()
        .map(|who| {
            let next = numbers.len();
            *numbers.entry(who).or_insert(next)
        })
        .collect();
    let texts: Vec<Vec<&str>> =
        cells.iter().map(|column| column.iter().map(String::as_str).collect()).collect();
    let asked: Vec<(&str, &[&str])> = names
        .iter()
        .zip(&texts)
        .enumerate()
        .filter(|(at, _)| *at != answer)
        .map(|(_, (name, column))| (name.as_str(), column.as_slice()))
        .collect();
    let columns: Vec<ColumnSpec> =
        asked.iter().map(|(name, _)| ColumnSpec { name: (*name).into(), ..schema().remove(0) }).collect();
    let frame = frame(&asked);
    let spec = SameCustomerSpec { fields: guess_fields(&columns, &frame), ..SameCustomerSpec::default() };
    println!("compared: {:?}", spec.fields);
    measured(&spec, &frame, &who);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rows_changes_nothing(seed in 0u64..1_000, customers in 0usize..60, shuffle in 0u64..1_000) {
        let (rows, _) = list(customers, seed);
        let mut places: Vec<usize> = (0..rows.len()).collect();
        places.shuffle(&mut ChaCha8Rng::seed_from_u64(shuffle));
        let moved: Vec<Person> = places.iter().map(|at| rows[*at].clone()).collect();
        let (one, other) = (search(&spec(), &people(&rows)), search(&spec(), &people(&moved)));
        let mut seen = HashSet::new();
        for row in one.clusters.iter().flatten() {
            prop_assert!(seen.insert(*row), "row {} stands in two clusters", row);
        }
        let mut back: Vec<Vec<usize>> = other
            .clusters
            .iter()
            .map(|rows| {
                let mut rows: Vec<usize> = rows.iter().map(|row| places[*row]).collect();
                rows.sort_unstable();
                rows
            })
            .collect();
        back.sort();
        prop_assert_eq!(&one.clusters, &back);
        prop_assert_eq!(one.candidates, other.candidates);
        let scores = |found: &Found| found.pairs.iter().map(|pair| pair.score).collect::<Vec<f32>>();
        prop_assert_eq!(scores(&one), scores(&other));
    }
}
