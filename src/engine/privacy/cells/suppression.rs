//! Leaving cells out: the small ones, and as many others as it takes.

use serde::{Deserialize, Serialize};

use super::Rule;
use super::flow::{NO_BOUND, Room, Walk, Web};

/// What is written for a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Its count.
    #[default]
    Plain,
    /// "Fewer than the least size, but not nobody".
    Less,
    /// That it is hidden, and nothing else.
    Hidden,
}

/// A table with its hidden cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    pub marks: Vec<Mark>,
    /// False where what the reader knows anyway gives a small cell away, whatever is hidden.
    pub holds: bool,
}

impl Suppressed {
    /// What is written for the cell at a place.
    pub fn mark(&self, at: usize) -> Mark {
        self.marks.get(at).copied().unwrap_or_default()
    }

    /// How many cells are hidden.
    pub fn hidden(&self) -> usize {
        self.marks.iter().filter(|mark| **mark != Mark::Plain).count()
    }
}

/// Hides the small cells of a table and, cheapest first, as many others as it takes. Afterwards
///
/// - a cell marked [`Mark::Less`] can be everything from one to the least size less one, for a reader who
///   knows what both marks mean;
/// - what any hidden cell can be spans at least the least size, for a reader who goes by sums alone.
///
/// A small cell that cannot be marked so is marked [`Mark::Hidden`], which says less. Cells at the places
/// `forced` are hidden whatever they count, since they are hidden elsewhere.
pub fn suppress(web: &Web, rule: Rule, forced: &[usize]) -> Suppressed {
    Work::new(web, rule, forced).run().unwrap_or_else(|| all_hidden(web))
}

/// Nothing helps but silence.
fn all_hidden(web: &Web) -> Suppressed {
    let marks = web.arcs.iter().map(|arc| match arc.cost {
        Some(_) => Mark::Hidden,
        None => Mark::Plain,
    });
    Suppressed { marks: marks.collect(), holds: false }
}

struct Work<'a> {
    web: &'a Web,
    walk: Walk<'a>,
    rule: Rule,
    marks: Vec<Mark>,
    /// Hidden cells that may be small: nothing is known of them.
    veiled: Vec<bool>,
}

/// Who looks at the table.
#[derive(Clone, Copy, PartialEq)]
enum Reader {
    /// Knows what the marks mean.
    Marks,
    /// Goes by the sums.
    Sums,
}

impl<'a> Work<'a> {
    fn new(web: &'a Web, rule: Rule, forced: &[usize]) -> Self {
        let marks = web.arcs.iter().enumerate().map(|(at, arc)| match arc.cost {
            Some(_) if rule.is_small(arc.value) && !arc.quiet => Mark::Less,
            Some(_) if rule.is_small(arc.value) || forced.contains(&at) => Mark::Hidden,
            _ => Mark::Plain,
        });
        let veiled = web.arcs.iter().map(|arc| arc.quiet).collect();
        Self { web, walk: Walk::new(web), rule, marks: marks.collect(), veiled }
    }

    /// `None` where a cell cannot be protected.
    fn run(mut self) -> Option<Suppressed> {
        let k = self.rule.k();
        let must = |at: &usize| {
            let arc = &self.web.arcs[*at];
            self.marks[*at] != Mark::Plain || !arc.written && self.rule.is_small(arc.value)
        };
        let mut waiting: Vec<usize> = (0..self.web.len()).filter(must).collect();
        while let Some(at) = waiting.pop() {
            let value = self.web.value(at);
            let mut taken = Vec::new();
            if self.marks[at] == Mark::Less {
                for (up, wanted) in [(true, (k - 1).saturating_sub(value)), (false, value.saturating_sub(1))]
                {
                    let (by, more) = self.walk.turn(at, up, wanted, &self.rooms(Reader::Marks, true));
                    if by < wanted {
                        // Its mark would tell; to be hidden tells less.
                        self.marks[at] = Mark::Hidden;
                        self.veiled[at] = true;
                        break;
                    }
                    self.hide(&more);
                    taken.extend(more);
                }
            }
            if !self.is_wide(at) {
                let more = self.widen(at)?;
                self.hide(&more);
                taken.extend(more);
            }
            waiting.extend(taken);
        }
        Some(Suppressed { marks: self.marks, holds: true })
    }

    /// True if what the cell can be spans the least size, for a reader who goes by sums.
    fn is_wide(&self, at: usize) -> bool {
        let k = self.rule.k();
        let rooms = self.rooms(Reader::Sums, false);
        let (by, _) = self.walk.turn(at, true, k, &rooms);
        by >= k || by + self.walk.turn(at, false, k - by, &rooms).0 >= k
    }

    /// Cells that must be hidden as well so that this one spans the least size, upwards or downwards, whichever
    /// hides less; `None` where none help.
    fn widen(&mut self, at: usize) -> Option<Vec<usize>> {
        let rooms = self.rooms(Reader::Sums, true);
        let mut best: Option<(u64, Vec<usize>)> = None;
        for up in [true, false] {
            let (_, more) = self.walk.turn(at, up, self.rule.k(), &rooms);
            let before = self.marks.clone();
            self.hide(&more);
            let is_wide = self.is_wide(at);
            self.marks = before;
            let cost: u64 = more.iter().filter_map(|at| self.web.arcs[*at].cost).sum();
            if is_wide && best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, more));
            }
        }
        best.map(|(_, more)| more)
    }

    fn hide(&mut self, places: &[usize]) {
        for at in places {
            self.marks[*at] = Mark::Hidden;
        }
    }

    /// How far each cell may move in the reader's eyes; with `more`, cells that are not hidden yet count as
    /// hidden, at their price.
    fn rooms(&self, reader: Reader, more: bool) -> Vec<Room> {
        let k = self.rule.k();
        let fixed = Room { up: 0, down: 0, cost: None };
        let room = |((arc, mark), veiled): ((&super::flow::Arc, &Mark), &bool)| {
            let free = Room { up: NO_BOUND, down: arc.value, cost: Some(0) };
            // What is hidden and not small is known to be no less than the least size.
            let large = Room { down: arc.value.saturating_sub(k), ..free };
            match (mark, reader) {
                _ if !arc.written => free,
                (Mark::Less, Reader::Marks) => Room {
                    up: (k - 1).saturating_sub(arc.value),
                    down: arc.value.saturating_sub(1),
                    cost: Some(0),
                },
                (Mark::Hidden, Reader::Marks) if !veiled => large,
                (Mark::Less | Mark::Hidden, _) => free,
                // A hidden nothing would look like a hidden something.
                (Mark::Plain, _) if !more || arc.cost.is_none() || arc.value < k => fixed,
                (Mark::Plain, Reader::Marks) if !veiled => Room { cost: arc.cost, ..large },
                (Mark::Plain, _) => Room { cost: arc.cost, ..free },
            }
        };
        self.web.arcs.iter().zip(&self.marks).zip(&self.veiled).map(room).collect()
    }
}
