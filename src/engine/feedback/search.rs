//! Comments that are looked for: by their text, mood, subject, group and day.

use chrono::NaiveDate;
use rayon::prelude::*;

use super::lexicon::{Aspect, Finder, clauses};
use super::sentiment::{LONGEST, Mood};
use super::{Feedback, head, masked};
use crate::features::text::fold;
use crate::job::{Cancelled, Reporter};

/// Comments between two looks at whether the person has cancelled.
const PIECE: usize = 8_192;

/// Comments that are told by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Which {
    #[default]
    All,
    /// Those that repeat another one.
    Repeats,
    /// Those that look like advertising or noise.
    Spam,
}

/// What comments are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// As they stand in the file.
    #[default]
    File,
    Day,
    /// The probability that a comment is kind.
    Mood,
    Rating,
    Customer,
}

/// Which comments are wanted, and in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Words that must all be there, in any case.
    pub text: String,
    pub mood: Option<Mood>,
    /// Place in [`Feedback::themes`].
    pub theme: Option<usize>,
    pub segment: Option<String>,
    /// First and last day; comments without a day are left out where one is set.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub which: Which,
    pub by: By,
    pub descends: bool,
}

impl Filter {
    /// True where every comment is wanted.
    pub fn is_open(&self) -> bool {
        Self { by: self.by, descends: self.descends, ..Self::default() } == *self
    }
}

/// The texts, made ready for the search. What is covered on screen cannot be searched for either.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    shows_details: bool,
    folded: Vec<String>,
    /// For each comment whether it repeats another one, and whether it looks like advertising.
    marks: Vec<(bool, bool)>,
}

impl Index {
    /// Folds the comments, with personal details covered unless the person wants them.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn new(found: &Feedback, shows_details: bool, report: &Reporter) -> Result<Self, Cancelled> {
        let comments = &found.said.comments;
        let mut folded: Vec<String> = Vec::with_capacity(comments.len());
        for piece in comments.chunks(PIECE) {
            report.check()?;
            folded.par_extend(piece.par_iter().map(|comment| {
                let text = head(&comment.text, LONGEST);
                if shows_details { fold(text) } else { fold(&masked(text, LONGEST)) }
            }));
        }
        let mut marks = vec![(false, false); comments.len()];
        for at in found.repeats.groups.iter().flatten() {
            if let Some(mark) = marks.get_mut(*at) {
                mark.0 = true;
            }
        }
        for at in &found.repeats.spam {
            if let Some(mark) = marks.get_mut(*at) {
                mark.1 = true;
            }
        }
        Ok(Self { shows_details, folded, marks })
    }

    /// Whether personal details can be searched for.
    pub fn shows_details(&self) -> bool {
        self.shows_details
    }

    /// Places of the comments that are wanted.
    ///
    /// # Errors
    /// The person cancelled.
    pub fn find(&self, found: &Feedback, filter: &Filter, report: &Reporter) -> Result<Vec<u32>, Cancelled> {
        let words: Vec<String> = fold(&filter.text).split_whitespace().map(str::to_owned).collect();
        let is_wanted = |at: &usize| -> bool {
            let at = *at;
            let Some(comment) = found.said.comments.get(at) else { return false };
            let (repeats, spam) = self.marks.get(at).copied().unwrap_or_default();
            let which = match filter.which {
                Which::All => true,
                Which::Repeats => repeats,
                Which::Spam => spam,
            };
            let mood = filter.mood.is_none_or(|mood| found.moods.get(at).is_some_and(|one| one.1 == mood));
            let segment = filter.segment.is_none() || filter.segment == comment.segment;
            let from = filter.from.is_none_or(|from| comment.day.is_some_and(|day| day >= from));
            let to = filter.to.is_none_or(|to| comment.day.is_some_and(|day| day <= to));
            let text = || {
                let text = self.folded.get(at).map_or("", String::as_str);
                words.iter().all(|word| text.contains(word.as_str()))
            };
            which && mood && segment && from && to && text()
        };
        let candidates: Vec<usize> = match filter.theme {
            Some(theme) => found.themes.get(theme).map(|theme| theme.rows.clone()).unwrap_or_default(),
            None => (0..found.said.comments.len()).collect(),
        };
        let mut places: Vec<u32> = Vec::new();
        for piece in candidates.chunks(PIECE) {
            report.check()?;
            let wanted = piece.par_iter().copied().filter(is_wanted);
            places.par_extend(wanted.filter_map(|at| u32::try_from(at).ok()));
        }
        report.check()?;
        order(found, filter, &mut places);
        Ok(places)
    }
}

/// Comments without a day, a rating or a mood come last, whichever way round.
fn order(found: &Feedback, filter: &Filter, places: &mut [u32]) {
    let comment = |at: u32| found.said.comments.get(at as usize);
    let descends = filter.descends;
    let number = |value: Option<f64>| match value {
        Some(value) if descends => (false, -value),
        Some(value) => (false, value),
        None => (true, 0.0),
    };
    let sort = |places: &mut [u32], key: &(dyn Fn(u32) -> Option<f64> + Sync)| {
        places.par_sort_by(|a, b| {
            let (a, b) = (number(key(*a)), number(key(*b)));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
    };
    let days = |at: u32| {
        let day = comment(at)?.day?;
        Some(f64::from(day.signed_duration_since(NaiveDate::default()).num_days() as i32))
    };
    match filter.by {
        By::File if descends => places.reverse(),
        By::File => {}
        By::Day => sort(places, &days),
        By::Mood => sort(places, &|at| found.moods.get(at as usize).and_then(|mood| mood.0)),
        By::Rating => sort(places, &|at| comment(at).and_then(|comment| comment.rating)),
        By::Customer => {
            let id = |at: u32| {
                let customer = comment(at).and_then(|comment| comment.customer);
                customer.and_then(|at| found.said.customers.get(at)).map(|one| one.id.as_str())
            };
            places.par_sort_by(|a, b| match (id(*a), id(*b)) {
                (Some(a), Some(b)) if descends => b.cmp(a),
                (a, b) => a.is_none().cmp(&b.is_none()).then(a.cmp(&b)),
            });
        }
    }
}

/// How many comments speak of each aspect: what an edit of the words would find.
///
/// # Errors
/// The person cancelled.
pub fn count_aspects(
    found: &Feedback,
    aspects: &[Aspect],
    report: &Reporter,
) -> Result<Vec<usize>, Cancelled> {
    let finder = Finder::new(aspects);
    let look = |text: &str| -> Vec<usize> {
        let parts = clauses(head(text, LONGEST)).into_iter();
        let mut all: Vec<usize> = parts.flat_map(|clause| finder.find(&fold(clause))).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let mut counts = vec![0; aspects.len()];
    for piece in found.said.comments.chunks(PIECE) {
        report.check()?;
        let named: Vec<Vec<usize>> = piece.par_iter().map(|comment| look(&comment.text)).collect();
        for at in named.into_iter().flatten() {
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::feedback::{Comment, Commenter, FeedbackSpec, Said, analyse, shipped_aspects};

    fn found() -> Arc<Feedback> {
        let day = |d| NaiveDate::from_ymd_opt(2026, 3, d);
        let texts = [
            ("Delivery was terribly slow", day(9), Some(1.0), "web"),
            ("配送太慢，打 13812345678 也没人接", day(2), None, "app"),
            ("Lovely taste, thank you!", None, Some(5.0), "web"),
            ("lovely TASTE thank you", day(5), Some(4.0), "app"),
            ("buy at http://a.example and http://b.example", day(7), Some(3.0), "app"),
        ];
        let comment = |(at, (text, day, rating, segment)): (usize, (&str, _, _, &str))| Comment {
            row: at as u32,
            text: text.to_owned(),
            customer: Some(at),
            day,
            rating,
            nps: None,
            segment: Some(segment.to_owned()),
        };
        let ids = ["C3", "C1", "C2", "C5", "C4"];
        let said = Said {
            comments: texts.into_iter().enumerate().map(comment).collect(),
            customers: ids.map(|id| Commenter { id: id.to_owned(), ..Commenter::default() }).to_vec(),
            scale: Some(crate::feedback::Scale::Five),
            notes: Vec::new(),
        };
        Arc::new(analyse(said, &FeedbackSpec::default(), 1, &Reporter::silent()).unwrap())
    }

    fn places(found: &Feedback, index: &Index, filter: &Filter) -> Vec<u32> {
        index.find(found, filter, &Reporter::silent()).unwrap()
    }

    #[test]
    fn every_filter_keeps_what_it_names() {
        let found = found();
        let index = Index::new(&found, false, &Reporter::silent()).unwrap();
        let all = Filter::default();
        assert!(all.is_open());
        assert_eq!(places(&found, &index, &all), [0, 1, 2, 3, 4]);
        let text = |text: &str| Filter { text: text.into(), ..Filter::default() };
        assert_eq!(places(&found, &index, &text("taste LOVELY")), [2, 3]);
        assert_eq!(places(&found, &index, &text("太慢")), [1]);
        // What is covered on screen is not found; where it is shown it is.
        assert_eq!(places(&found, &index, &text("13812345678")), [0u32; 0]);
        let clear = Index::new(&found, true, &Reporter::silent()).unwrap();
        assert_eq!(places(&found, &clear, &text("13812345678")), [1]);
        let kind = Filter { mood: Some(Mood::Kind), ..Filter::default() };
        assert!(!kind.is_open());
        assert_eq!(places(&found, &index, &kind), [2, 3]);
        let group = Filter { segment: Some("app".into()), ..Filter::default() };
        assert_eq!(places(&found, &index, &group), [1, 3, 4]);
        let day = |d| NaiveDate::from_ymd_opt(2026, 3, d);
        let days = Filter { from: day(5), to: day(7), ..Filter::default() };
        assert_eq!(places(&found, &index, &days), [3, 4]);
        let which = |which| Filter { which, ..Filter::default() };
        assert_eq!(places(&found, &index, &which(Which::Repeats)), [2, 3]);
        assert_eq!(places(&found, &index, &which(Which::Spam)), [4]);
        let delivery = found.themes.iter().position(|theme| theme.key == "delivery");
        assert!(delivery.is_some());
        let theme = Filter { theme: delivery, text: "slow".into(), ..Filter::default() };
        assert_eq!(places(&found, &index, &theme), [0]);
    }

    #[test]
    fn what_is_unknown_comes_last_both_ways() {
        let found = found();
        let index = Index::new(&found, false, &Reporter::silent()).unwrap();
        let by = |by, descends| places(&found, &index, &Filter { by, descends, ..Filter::default() });
        assert_eq!(by(By::Day, false), [1, 3, 4, 0, 2]);
        assert_eq!(by(By::Day, true), [0, 4, 3, 1, 2]);
        assert_eq!(by(By::Rating, true), [2, 3, 4, 0, 1]);
        assert_eq!(by(By::Customer, false), [1, 2, 0, 4, 3]);
        assert_eq!(by(By::File, true), [4, 3, 2, 1, 0]);
    }

    #[test]
    fn words_are_counted_as_the_analysis_finds_them() {
        let found = found();
        let aspects = shipped_aspects();
        let counts = count_aspects(&found, &aspects, &Reporter::silent()).unwrap();
        for (at, aspect) in aspects.iter().enumerate() {
            let told = found.aspects_of.iter().filter(|of| of.contains(&at)).count();
            assert_eq!(counts[at], told, "{}", aspect.key);
        }
        assert!(counts.iter().sum::<usize>() >= 4, "{counts:?}");
        let other = Aspect { key: "thanks".into(), words: vec!["thank*".into()], ..Aspect::default() };
        assert_eq!(count_aspects(&found, &[other], &Reporter::silent()).unwrap(), [2]);
    }
}
