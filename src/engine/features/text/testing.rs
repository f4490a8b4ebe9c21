//! Public reviews and folds for tests.

use std::path::PathBuf;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Text and class of a review.
pub(crate) type Review = (String, usize);

fn data(path: &str) -> Option<PathBuf> {
    let Some(data) = std::env::var_os("REGULARS_DATA").map(PathBuf::from) else {
        println!("skipped: REGULARS_DATA is not set");
        return None;
    };
    Some(data.join(path))
}

fn labelled_csv(path: &str) -> Option<Vec<Review>> {
    let mut reader = csv::Reader::from_path(data(path)?).unwrap();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        (record[1].to_owned(), record[0].parse().unwrap())
    });
    // One hotel review is blank; the reference leaves it out.
    Some(rows.filter(|(text, _): &Review| !text.trim().is_empty()).collect())
}

/// 11,987 reviews of take-away meals, Chinese.
pub(crate) fn takeaway() -> Option<Vec<Review>> {
    labelled_csv("chinese-reviews/waimai_10k.csv")
}

/// 7,765 hotel reviews, Chinese.
pub(crate) fn hotel() -> Option<Vec<Review>> {
    labelled_csv("chinese-reviews/ChnSentiCorp_htl_all.csv")
}

/// 3,000 English sentences on goods, films and restaurants. Two files begin with a stray `Review`.
pub(crate) fn sentences() -> Option<Vec<Review>> {
    let folder = data("english-reviews/sentiment-labelled-sentences")?;
    let mut out = Vec::new();
    for name in ["amazon_cells_labelled.txt", "imdb_labelled.txt", "yelp_labelled.txt"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let lines = text.split('\n').filter_map(|line| line.trim_end_matches('\r').rsplit_once('\t'));
        out.extend(lines.map(|(text, label)| (text.to_owned(), label.trim().parse().unwrap())));
    }
    Some(out)
}

/// The folds of `REFERENCE.md` for the Chinese reviews, told by how many there are; made by
/// `tests/golden/folds.py`.
pub(crate) fn reference_folds(rows: usize) -> Option<Vec<usize>> {
    let waimai = include_str!("../../../../tests/golden/folds_waimai.txt");
    let hotel = include_str!("../../../../tests/golden/folds_hotel.txt");
    let of = |text: &str| text.trim().bytes().map(|digit| usize::from(digit - b'0')).collect::<Vec<_>>();
    [waimai, hotel].into_iter().map(of).find(|folds| folds.len() == rows)
}

/// The fold of every row: each class dealt out in shuffled order, so that folds hold equal shares.
pub(crate) fn folds(labels: &[usize], count: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut out = vec![0; labels.len()];
    for class in 0..=labels.iter().copied().max().unwrap_or(0) {
        let mut rows: Vec<usize> = (0..labels.len()).filter(|&at| labels[at] == class).collect();
        rows.shuffle(&mut rng);
        rows.iter().enumerate().for_each(|(at, &row)| out[row] = at % count);
    }
    out
}
