//! Moods of 100,000 comments, and the whole answer for them: `REGULARS_DATA=… cargo bench --profile dev --bench
//! feedback`, then `python benches/peers/feedback.py FILE` with the file that it names, for scikit-learn with
//! jieba on the same comments. The comments are the public take-away reviews over and over, each with a number
//! behind it, so that no two are equal. `REGULARS_BENCH_COMMENTS` for fewer.

use std::path::PathBuf;
use std::time::Instant;

use regulars_engine::features::text::TextSpec;
use regulars_engine::feedback::{
    Comment, FeedbackSpec, Language, Said, Scale, Sentiment, analyse, bag, folds_of,
};
use regulars_engine::job::Reporter;

/// Reviews that the models learn from.
const LEARNT_FROM: usize = 10_000;

fn main() {
    let Some(data) = std::env::var_os("REGULARS_DATA").map(PathBuf::from) else {
        println!("skipped: REGULARS_DATA is not set");
        return;
    };
    let count =
        std::env::var("REGULARS_BENCH_COMMENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000usize);
    let mut reader =
        csv::Reader::from_path(data.join("chinese-reviews/waimai_10k.csv")).expect("the reviews");
    let reviews: Vec<(String, bool)> = reader
        .records()
        .map(|record| record.expect("a record"))
        .map(|record| (record[1].to_owned(), &record[0] == "1"))
        .collect();
    // Kind reviews stand first in the file: every second step takes from the far half.
    let order = |at: usize| (at * 7919) % reviews.len();
    let comments: Vec<String> = (0..count).map(|at| format!("{} {at}", reviews[order(at)].0)).collect();
    let file = std::env::temp_dir().join("regulars-bench-feedback.csv");
    let mut out = csv::Writer::from_path(&file).expect("the temporary folder can be written");
    out.write_record(["label", "review"]).expect("a row");
    for (at, comment) in comments.iter().enumerate() {
        out.write_record([if reviews[order(at)].1 { "1" } else { "0" }, comment.as_str()]).expect("a row");
    }
    out.flush().expect("the file");
    println!("{count} comments, written to {}", file.display());

    let texts: Vec<&str> = comments.iter().map(String::as_str).collect();
    let labels: Vec<bool> = (0..count).map(|at| reviews[order(at)].1).collect();
    let learnt = LEARNT_FROM.min(count);
    let silent = Reporter::silent();
    let words = TextSpec { ngrams: (1, 1), ..TextSpec::default() };
    for (name, spec) in [("jieba words", words), ("characters 1-3", bag(Language::Chinese))] {
        let folds = folds_of(&texts[..learnt], &labels[..learnt], 1);
        let started = Instant::now();
        let model = Sentiment::fit(&spec, &texts[..learnt], &labels[..learnt], &folds, &silent)
            .expect("a fit")
            .expect("a model");
        let fitted = started.elapsed().as_secs_f64();
        let mut seconds = Vec::new();
        for _ in 0..3 {
            let started = Instant::now();
            let told = model.predict(&texts, &silent).expect("moods");
            seconds.push(started.elapsed().as_secs_f64());
            assert_eq!(told.len(), count);
        }
        seconds.sort_by(f64::total_cmp);
        println!(
            "{name}: six fits {fitted:.1} s; moods best {:.2} s, median {:.2} s, {:.0} comments a minute",
            seconds[0],
            seconds[1],
            count as f64 / seconds[1] * 60.0
        );
    }
    let comment = |(at, text): (usize, &String)| Comment {
        row: at as u32 + 2,
        text: text.clone(),
        rating: (at < learnt).then_some(f64::from(u8::from(reviews[order(at)].1))),
        ..Comment::default()
    };
    let said = Said {
        comments: comments.iter().enumerate().map(comment).collect(),
        scale: Some(Scale::Two),
        ..Said::default()
    };
    let started = Instant::now();
    let found = analyse(said, &FeedbackSpec::default(), 1, &silent).expect("an answer");
    println!("the whole answer: {:.1} s, {} themes", started.elapsed().as_secs_f64(), found.themes.len());
}
