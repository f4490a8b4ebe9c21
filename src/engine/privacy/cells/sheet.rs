//! Tables as they are handed on: some columns count people, others are figures of the people counted.

use serde_json::Value;

use super::{Mark, Method, Rule, Web, round, suppress};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Something else than people.
    Plain,
    /// How many people are in the row's group; every person is in one group.
    Count,
    /// How many people are in the row's group, where a person may be in several.
    Overlap,
    /// The share of all people that the counts of this column are.
    Share(usize),
    /// The share of the people counted in this column of whom something is true.
    Rate(usize),
    /// How many of the people counted in this column something is true of.
    Part(usize),
    /// Another figure of the people counted in this column: a mean, a sum, a median.
    Figure(usize),
    /// The value of one person, as a smallest and a largest are.
    Extreme,
}

/// What stands in a cell instead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shown {
    /// What stood there.
    Same,
    /// That they are fewer than the least size.
    Less,
    /// That it is hidden.
    Hidden,
    /// A number.
    Number(f64),
}

/// A table of groups, one a row.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    pub columns: Vec<Meaning>,
    /// Row by row; shares and rates from 0 to 1.
    pub rows: Vec<Vec<Option<f64>>>,
    /// The row that adds up the others.
    pub total: Option<usize>,
}

/// The number at the beginning of a text: `1,234`, `37.5%` as 0.375.
pub fn number(text: &str) -> Option<f64> {
    let plain: String = text.trim().trim_start_matches('●').trim().replace(',', "").replace('−', "-");
    let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(plain.len());
    let (digits, rest) = plain.split_at_checked(end)?;
    let value: f64 = digits.parse().ok()?;
    Some(if rest.trim_start().starts_with('%') { value / 100.0 } else { value })
}

/// People of a cell; what is no count is nobody.
pub(super) fn people(value: Option<f64>) -> u64 {
    value.filter(|value| *value > 0.0 && *value < 1e15).map_or(0, |value| value.round() as u64)
}

impl Sheet {
    /// The table as it may be published; cells that are as they were are told so.
    pub fn protect(&self, rule: Rule, seed: u64) -> Vec<Vec<Shown>> {
        let mut shown: Vec<Vec<Shown>> = self.rows.iter().map(|row| vec![Shown::Same; row.len()]).collect();
        for (column, meaning) in self.columns.iter().enumerate() {
            match (meaning, rule.method) {
                (Meaning::Count, Method::Suppress) => self.suppress(column, rule, &mut shown),
                (Meaning::Count, Method::Round) => {
                    let counts = self.round(column, rule, seed.wrapping_add(column as u64));
                    self.rounded(column, rule, &counts, &mut shown);
                }
                (Meaning::Overlap, _) => {
                    // Groups within groups: the difference of two counts may be a small group, so no count
                    // is exact.
                    let k = rule.k();
                    let counts: Vec<u64> =
                        self.counts(column).iter().map(|count| (count + k / 2) / k * k).collect();
                    self.rounded(column, rule, &counts, &mut shown);
                }
                (Meaning::Extreme, _) => {
                    shown.iter_mut().filter_map(|row| row.get_mut(column)).for_each(|cell| {
                        *cell = Shown::Hidden;
                    });
                }
                _ => {}
            }
        }
        // What is not there needs no hiding; a figure may be a text.
        for (row, shown) in self.rows.iter().zip(&mut shown) {
            for ((value, shown), meaning) in row.iter().zip(shown).zip(&self.columns) {
                if value.is_none() && !matches!(meaning, Meaning::Figure(_) | Meaning::Extreme) {
                    *shown = Shown::Same;
                }
            }
        }
        shown
    }

    fn counts(&self, column: usize) -> Vec<u64> {
        self.rows.iter().map(|row| people(row.get(column).copied().flatten())).collect()
    }

    /// The rows that are groups, not their total.
    fn groups(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|row| self.total != Some(*row)).collect()
    }

    /// Columns that tell a figure of those counted in `column`.
    fn about(&self, column: usize) -> impl Iterator<Item = (usize, Meaning)> + '_ {
        let of = move |meaning: &Meaning| match meaning {
            Meaning::Share(of) | Meaning::Rate(of) | Meaning::Part(of) | Meaning::Figure(of) => *of == column,
            _ => false,
        };
        self.columns.iter().copied().enumerate().filter(move |(_, meaning)| of(meaning))
    }

    /// How many of a row's people a rate speaks of.
    fn hits(&self, row: usize, rate: usize, count: u64) -> Option<u64> {
        let value = self.rows.get(row)?.get(rate).copied().flatten()?;
        let hits = match self.columns.get(rate) {
            Some(Meaning::Part(_)) => people(Some(value)),
            _ => (value.clamp(0.0, 1.0) * count as f64).round() as u64,
        };
        Some(hits.min(count))
    }

    fn suppress(&self, column: usize, rule: Rule, shown: &mut [Vec<Shown>]) {
        let (groups, counts) = (self.groups(), self.counts(column));
        let of = |row: usize| counts.get(row).copied().unwrap_or(0);
        let parts: Vec<u64> = groups.iter().map(|row| of(*row)).collect();
        let is_rate = |meaning: &Meaning| matches!(meaning, Meaning::Rate(_) | Meaning::Part(_));
        let rates: Vec<usize> =
            self.about(column).filter(|(_, meaning)| is_rate(meaning)).map(|(at, _)| at).collect();
        let is_known = self.total.is_none();
        let mut marks = suppress(&Web::parts(&parts, is_known), rule, &[]).marks;
        // Rates of the same people are tables that share their totals: what one hides, the others hide too.
        let mut hidden_rates = vec![vec![false; groups.len()]; rates.len()];
        loop {
            let before = marks.clone();
            for (rate, hidden) in rates.iter().zip(&mut hidden_rates) {
                self.split(&groups, &parts, *rate, rule, (&mut marks, hidden));
            }
            // The whole may have been hidden by a table; the parts must then bear it too.
            let forced: Vec<usize> =
                marks.iter().enumerate().filter(|(_, m)| **m != Mark::Plain).map(|(at, _)| at).collect();
            for (mark, now) in
                marks.iter_mut().zip(suppress(&Web::parts(&parts, is_known), rule, &forced).marks)
            {
                if now == Mark::Hidden || *mark == Mark::Plain {
                    *mark = now;
                }
            }
            if marks == before {
                break;
            }
        }
        let rows = groups.iter().copied().chain(self.total);
        for (at, row) in rows.enumerate() {
            let mark = marks.get(at).copied().unwrap_or_default();
            let Some(cells) = shown.get_mut(row) else { continue };
            let mut set = |column: usize, what: Shown| {
                if let Some(cell) = cells.get_mut(column) {
                    *cell = what;
                }
            };
            match mark {
                Mark::Plain => {}
                Mark::Less => set(column, Shown::Less),
                Mark::Hidden => set(column, Shown::Hidden),
            }
            if mark != Mark::Plain {
                self.about(column).for_each(|(of, _)| set(of, Shown::Hidden));
            }
            for (rate, hidden) in rates.iter().zip(&hidden_rates) {
                if hidden.get(at).copied().unwrap_or(false) {
                    set(*rate, Shown::Hidden);
                }
            }
        }
    }

    /// One rate as a table of "it is so" and "it is not", group by group.
    fn split(
        &self,
        groups: &[usize],
        parts: &[u64],
        rate: usize,
        rule: Rule,
        (marks, hidden): (&mut [Mark], &mut [bool]),
    ) {
        let mut web = Web::new();
        let (all, yes, no, end) = (web.node(), web.node(), web.node(), web.node());
        let mut places = Vec::new();
        let mut sums = [0, 0];
        for (row, count) in groups.iter().zip(parts) {
            let node = web.node();
            let whole = web.cell(all, node, *count);
            let cells = match self.hits(*row, rate, *count) {
                Some(hits) => {
                    sums = [sums[0] + hits, sums[1] + (count - hits)];
                    [web.quiet(node, yes, hits), web.quiet(node, no, count - hits)]
                }
                None => {
                    sums = [sums[0], sums[1] + count];
                    [web.unwritten(node, yes, 0), web.unwritten(node, no, *count)]
                }
            };
            places.push((whole, cells));
        }
        // The reader is taken to know how many there are in all, unless that is a row of the table.
        let sum = sums[0] + sums[1];
        let total = match self.total {
            Some(_) => [web.cell(yes, end, sums[0]), web.cell(no, end, sums[1]), web.cell(end, all, sum)],
            None => [web.known(yes, end, sums[0]), web.known(no, end, sums[1]), web.known(end, all, sum)],
        };
        let mut forced: Vec<usize> = Vec::new();
        for (at, (whole, cells)) in places.iter().enumerate() {
            if marks.get(at).is_some_and(|mark| *mark != Mark::Plain) {
                forced.push(*whole);
            }
            if hidden.get(at).copied().unwrap_or(false) {
                forced.extend(cells);
            }
        }
        if marks.get(places.len()).is_some_and(|mark| *mark != Mark::Plain) && self.total.is_some() {
            forced.extend(total);
        }
        let found = suppress(&web, rule, &forced);
        let mut take = |at: usize, whole: usize| {
            let now = found.mark(whole);
            if let Some(mark) = marks.get_mut(at)
                && (now == Mark::Hidden || *mark == Mark::Plain)
            {
                *mark = now;
            }
        };
        places.iter().enumerate().for_each(|(at, (whole, _))| take(at, *whole));
        if self.total.is_some() {
            take(places.len(), total[2]);
        }
        for (hidden, (_, cells)) in hidden.iter_mut().zip(&places) {
            *hidden |= cells.iter().any(|cell| found.mark(*cell) != Mark::Plain);
        }
    }

    /// Counts rounded so that they still add up.
    fn round(&self, column: usize, rule: Rule, seed: u64) -> Vec<u64> {
        let (groups, counts) = (self.groups(), self.counts(column));
        let parts: Vec<u64> = groups.iter().filter_map(|row| counts.get(*row)).copied().collect();
        let rounded = round(&Web::parts(&parts, false), rule.k(), seed);
        let mut out = counts;
        for (row, value) in groups.iter().copied().chain(self.total).zip(rounded) {
            if let Some(cell) = out.get_mut(row) {
                *cell = value;
            }
        }
        out
    }

    /// Writes rounded counts, and what follows of the figures beside them.
    fn rounded(&self, column: usize, rule: Rule, counts: &[u64], shown: &mut [Vec<Shown>]) {
        let k = rule.k();
        let groups = self.groups();
        let sum: u64 = groups.iter().filter_map(|row| counts.get(*row)).sum();
        let whole = self.total.and_then(|row| counts.get(row)).copied().unwrap_or(sum).max(1);
        let overlaps = self.columns.get(column) == Some(&Meaning::Overlap);
        for (row, (cells, count)) in shown.iter_mut().zip(counts).enumerate() {
            if let Some(cell) = cells.get_mut(column) {
                *cell = Shown::Number(*count as f64);
            }
            for (at, meaning) in self.about(column) {
                let Some(cell) = cells.get_mut(at) else { continue };
                let true_count =
                    self.rows.get(row).map_or(0, |row| people(row.get(column).copied().flatten()));
                *cell = match meaning {
                    // Groups that overlap do not add up to all.
                    Meaning::Share(_) if overlaps => {
                        let share = self.rows.get(row).and_then(|row| row.get(at).copied().flatten());
                        match share.filter(|share| *share > 0.0 && true_count > 0) {
                            Some(share) => {
                                Shown::Number((*count as f64 * share / true_count as f64).min(1.0))
                            }
                            None => Shown::Hidden,
                        }
                    }
                    Meaning::Share(_) => Shown::Number(*count as f64 / whole as f64),
                    // By what is written, and not by what is true: that would tell more.
                    _ if *count <= k => Shown::Hidden,
                    Meaning::Rate(_) => match self.hits(row, at, true_count) {
                        Some(hits) => {
                            let hits = (hits + k / 2) / k * k;
                            Shown::Number((hits as f64 / *count as f64).min(1.0))
                        }
                        None => Shown::Same,
                    },
                    Meaning::Part(_) => match self.hits(row, at, true_count) {
                        Some(hits) => Shown::Number(((hits + k / 2) / k * k).min(*count) as f64),
                        None => Shown::Same,
                    },
                    _ => Shown::Same,
                };
            }
        }
    }

    /// Hides the small groups among objects of JSON, whose `fields` have these meanings; what is hidden is
    /// `null`. How many values that took.
    pub fn protect_json(rows: &mut [Value], fields: &[(&str, Meaning)], (rule, seed): (Rule, u64)) -> usize {
        let value = |row: &Value, name: &str| row.get(name).and_then(Value::as_f64);
        let sheet = Self {
            columns: fields.iter().map(|(_, meaning)| *meaning).collect(),
            rows: rows.iter().map(|row| fields.iter().map(|(name, _)| value(row, name)).collect()).collect(),
            total: None,
        };
        let mut hidden = 0;
        for (row, shown) in rows.iter_mut().zip(sheet.protect(rule, seed)) {
            for ((name, meaning), shown) in fields.iter().zip(shown) {
                let Some(cell) = row.get_mut(*name).filter(|cell| !cell.is_null()) else { continue };
                match shown {
                    Shown::Same => {}
                    Shown::Less | Shown::Hidden => *cell = Value::Null,
                    Shown::Number(value) if matches!(meaning, Meaning::Count | Meaning::Overlap) => {
                        *cell = Value::from(value as u64);
                    }
                    Shown::Number(value) => *cell = Value::from(value),
                }
                hidden += usize::from(matches!(shown, Shown::Less | Shown::Hidden));
            }
        }
        hidden
    }
}
