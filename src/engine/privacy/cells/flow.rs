//! A table of counts as a net of pipes: every cell and every total is an arc, every "this adds up to
//! that" is a node where as much comes in as goes out. What a hidden cell can be, given all that is
//! published, is then how much can be sent round through it, which is exact for whole numbers
//! (Ford and Fulkerson 1956; for suppression see Gusfield 1988).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// So much that it is no bound.
pub(super) const NO_BOUND: u64 = u64::MAX / 4;

/// A cell or a total.
#[derive(Debug, Clone)]
pub(super) struct Arc {
    pub from: usize,
    pub to: usize,
    pub value: u64,
    /// What it costs to hide it; `None` where that is of no use, since it is known anyway.
    pub cost: Option<u64>,
    /// False for what is nowhere written: a difference that a reader can form.
    pub written: bool,
    /// Told by another figure, a share for instance, which is there or not: that it is small is not told.
    pub quiet: bool,
}

/// The cells of a table, or of several that share cells, and how they add up.
#[derive(Debug, Clone, Default)]
pub struct Web {
    pub(super) nodes: usize,
    pub(super) arcs: Vec<Arc>,
}

impl Web {
    /// Without cells.
    pub fn new() -> Self {
        Self::default()
    }

    /// A point where as many people come in as go out.
    pub fn node(&mut self) -> usize {
        self.nodes += 1;
        self.nodes - 1
    }

    /// A cell that leads from one point to another; its place among the marks. Hiding it costs what it
    /// counts, so small ones go first.
    pub fn cell(&mut self, from: usize, to: usize, value: u64) -> usize {
        self.costing(from, to, value, value.saturating_add(1))
    }

    /// [`cell`](Self::cell) with a price of its own.
    pub fn costing(&mut self, from: usize, to: usize, value: u64, cost: u64) -> usize {
        self.arc(Arc { from, to, value, cost: Some(cost), written: true, quiet: false })
    }

    /// A count that follows from a figure beside it, such as a share.
    pub fn quiet(&mut self, from: usize, to: usize, value: u64) -> usize {
        let cost = Some(value.saturating_add(1));
        self.arc(Arc { from, to, value, cost, written: true, quiet: true })
    }

    /// A count that the reader knows from elsewhere.
    pub fn known(&mut self, from: usize, to: usize, value: u64) -> usize {
        self.arc(Arc { from, to, value, cost: None, written: true, quiet: false })
    }

    /// A count that is nowhere written, but that follows where all others are.
    pub fn unwritten(&mut self, from: usize, to: usize, value: u64) -> usize {
        self.arc(Arc { from, to, value, cost: None, written: false, quiet: false })
    }

    fn arc(&mut self, arc: Arc) -> usize {
        self.nodes = self.nodes.max(arc.from + 1).max(arc.to + 1);
        self.arcs.push(arc);
        self.arcs.len() - 1
    }

    /// Parts of a whole: the parts' places from 0, then that of the whole, which is written unless it is
    /// `known`.
    pub fn parts(counts: &[u64], known: bool) -> Self {
        let mut web = Self::new();
        let (top, bottom) = (web.node(), web.node());
        for count in counts {
            web.cell(top, bottom, *count);
        }
        let sum = counts.iter().sum();
        if known {
            web.known(bottom, top, sum)
        } else {
            web.cell(bottom, top, sum)
        };
        web
    }

    /// Rows × columns with totals of both: cell (i, j) lies at i·(columns + 1) + j, the totals in the last
    /// column and the last row. `counts` holds the inner cells row by row.
    pub fn crossed(counts: &[Vec<u64>], known: bool) -> Self {
        let rows = counts.len();
        let columns = counts.iter().map(Vec::len).max().unwrap_or(0);
        let mut web = Self::new();
        let row_nodes: Vec<usize> = (0..=rows).map(|_| web.node()).collect();
        let column_nodes: Vec<usize> = (0..=columns).map(|_| web.node()).collect();
        let at =
            |row: usize, column: usize| counts.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
        let total = |web: &mut Self, from, to, value| {
            if known {
                web.known(from, to, value)
            } else {
                web.cell(from, to, value)
            };
        };
        let ends = (row_nodes.last().copied().unwrap_or(0), column_nodes.last().copied().unwrap_or(0));
        for (row, node) in row_nodes.iter().take(rows).enumerate() {
            for (column, to) in column_nodes.iter().take(columns).enumerate() {
                web.cell(*node, *to, at(row, column));
            }
            let sum = (0..columns).map(|column| at(row, column)).sum();
            // A row's total is a count of a group like any other.
            web.cell(ends.1, *node, sum);
        }
        for (column, from) in column_nodes.iter().take(columns).enumerate() {
            let sum = (0..rows).map(|row| at(row, column)).sum();
            total(&mut web, *from, ends.0, sum);
        }
        let all = counts.iter().flatten().sum();
        total(&mut web, ends.0, ends.1, all);
        web
    }

    /// What is counted at a place.
    pub fn value(&self, at: usize) -> u64 {
        self.arcs.get(at).map_or(0, |arc| arc.value)
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.arcs.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.arcs.is_empty()
    }
}

/// How far an arc can be turned up and down, and what it costs to touch it at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub up: u64,
    pub down: u64,
    /// `None` for what stays as it is.
    pub cost: Option<u64>,
}

/// The arcs at each node, to walk along.
pub(super) struct Walk<'a> {
    web: &'a Web,
    /// Arc and whether it is walked with its direction.
    at: Vec<Vec<(usize, bool)>>,
}

impl<'a> Walk<'a> {
    pub fn new(web: &'a Web) -> Self {
        let mut at = vec![Vec::new(); web.nodes];
        for (place, arc) in web.arcs.iter().enumerate() {
            at[arc.from].push((place, true));
            at[arc.to].push((place, false));
        }
        Self { web, at }
    }

    /// Turns the arc `of` up (or down) by up to `wanted`, others making room, and gives back by how much
    /// that went, and which others it took. `rooms` are what each may move; arcs of no cost are taken first.
    pub fn turn(&self, of: usize, up: bool, wanted: u64, rooms: &[Room]) -> (u64, Vec<usize>) {
        let Some(arc) = self.web.arcs.get(of) else { return (0, Vec::new()) };
        let (from, to) = if up { (arc.to, arc.from) } else { (arc.from, arc.to) };
        let own = rooms.get(of).map_or(0, |room| if up { room.up } else { room.down });
        let mut left = wanted.min(own);
        let wanted = left;
        let mut rooms = rooms.to_vec();
        let mut taken = Vec::new();
        while left > 0 {
            let Some(path) = self.path(from, to, of, &rooms) else { break };
            let step = path
                .iter()
                .map(|(at, with)| if *with { rooms[*at].up } else { rooms[*at].down })
                .fold(left, u64::min);
            for (at, with) in path {
                let room = &mut rooms[at];
                let (less, more) =
                    if with { (&mut room.up, &mut room.down) } else { (&mut room.down, &mut room.up) };
                *less = less.saturating_sub(step);
                *more = more.saturating_add(step).min(NO_BOUND);
                if room.cost.is_some_and(|cost| cost > 0) {
                    taken.push(at);
                    room.cost = Some(0);
                }
            }
            left -= step;
        }
        (wanted - left, taken)
    }

    /// The cheapest way from one node to another that does not use the arc `of`.
    fn path(&self, from: usize, to: usize, of: usize, rooms: &[Room]) -> Option<Vec<(usize, bool)>> {
        let mut best = vec![u64::MAX; self.web.nodes];
        let mut came: Vec<Option<(usize, bool)>> = vec![None; self.web.nodes];
        let mut heap = BinaryHeap::from([Reverse((0u64, from))]);
        best[from] = 0;
        while let Some(Reverse((cost, node))) = heap.pop() {
            if node == to {
                break;
            }
            if cost > best[node] {
                continue;
            }
            for &(at, with) in &self.at[node] {
                let room = rooms[at];
                let free = if with { room.up } else { room.down };
                let Some(price) = room.cost.filter(|_| free > 0 && at != of) else { continue };
                let arc = &self.web.arcs[at];
                let next = if with { arc.to } else { arc.from };
                // Each step costs a little, so that of equal ways the shortest is taken.
                let total = cost.saturating_add(price.saturating_mul(64)).saturating_add(1);
                if total < best[next] {
                    best[next] = total;
                    came[next] = Some((at, with));
                    heap.push(Reverse((total, next)));
                }
            }
        }
        let mut path = Vec::new();
        let mut node = to;
        while node != from {
            let (at, with) = came[node]?;
            path.push((at, with));
            let arc = &self.web.arcs[at];
            node = if with { arc.from } else { arc.to };
        }
        Some(path)
    }
}
