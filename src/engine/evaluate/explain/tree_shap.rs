//! Exact Shapley values of trees against a row of comparison: interventional TreeSHAP (Lundberg et al.
//! 2020, "From local explanations to global understanding with explainable AI for trees", algorithm 3).
//!
//! A leaf pays out where the columns that are on the way of this customer, and not of the ordinary one,
//! belong to a coalition, and those on the ordinary one's way do not. One walk down both ways at once
//! meets every leaf that counts, and each column that parts the ways gets its sum on the way back. The
//! features of one column (the levels of a category, the parts of a date) are one player.

use crate::train::{FlatTree, TreeModel};

/// Deeper trees are not walked: none that we grow is, and a forged file could exhaust the stack.
const DEEPEST: usize = 48;
/// Players on one way, and one more.
const WEIGHTS: usize = DEEPEST + 2;
/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// A node; a leaf has no player.
#[derive(Debug, Clone, Copy)]
struct Node {
    feature: usize,
    player: Option<usize>,
    /// Rows with `feature < bound` go below.
    bound: f64,
    below: usize,
    above: usize,
    /// Of a leaf.
    value: f64,
}

/// A tree with the player of each split.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// Which way a row goes at every node of a tree: a bit a node, set for below.
pub(super) type Ways = Vec<u64>;

fn leaf(value: f64) -> Node {
    Node { feature: 0, player: None, bound: 0.0, below: 0, above: 0, value }
}

impl Tree {
    /// A tree as forests and boosting keep them; `players` holds the player of each feature. `None` where
    /// the tree is too deep, or asks for a feature that nobody plays.
    pub fn of_flat(tree: &FlatTree, players: &[usize]) -> Option<Self> {
        let nodes = tree.features.iter().zip(&tree.values).zip(&tree.above).enumerate();
        let nodes = nodes.map(|(at, ((feature, value), above))| match usize::try_from(*feature) {
            Ok(feature) => Some(Node {
                feature,
                player: Some(*players.get(feature)?),
                bound: f64::from(*value),
                below: at + 1,
                above: *above as usize,
                value: 0.0,
            }),
            Err(_) => Some(leaf(f64::from(*value))),
        });
        Self { nodes: nodes.collect::<Option<_>>()? }.walkable()
    }

    /// A decision tree, whose leaves hold rates.
    pub fn of_model(tree: &TreeModel, players: &[usize]) -> Option<Self> {
        let nodes = tree.nodes.iter().map(|node| match node.split {
            Some((feature, bound, below, above)) => {
                Some(Node { feature, player: Some(*players.get(feature)?), bound, below, above, value: 0.0 })
            }
            None => Some(leaf(node.rate())),
        });
        Self { nodes: nodes.collect::<Option<_>>()? }.walkable()
    }

    /// Itself, if every child stands after its parent and no way is too long.
    fn walkable(self) -> Option<Self> {
        let mut depth = vec![0usize; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            if node.player.is_none() {
                continue;
            }
            let here = depth.get(at)? + 1;
            for child in [node.below, node.above] {
                if child <= at || here > DEEPEST {
                    return None;
                }
                *depth.get_mut(child)? = here;
            }
        }
        (!self.nodes.is_empty()).then_some(self)
    }

    /// Nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The ways of a row.
    pub fn ways(&self, row: &[f32]) -> Ways {
        let mut ways = vec![0u64; self.nodes.len().div_ceil(WORD)];
        self.ways_into(row, &mut ways);
        ways
    }

    /// [`ways`](Self::ways), into a list that is long enough.
    pub fn ways_into(&self, row: &[f32], ways: &mut [u64]) {
        for (nodes, word) in self.nodes.chunks(WORD).zip(ways) {
            *word = 0;
            for (at, node) in nodes.iter().enumerate() {
                let value = row.get(node.feature).copied().map_or(0.0, f64::from);
                *word |= u64::from(value < node.bound) << at;
            }
        }
    }

    /// The leaf's number at the end of a row's ways.
    pub fn value(&self, ways: &[u64]) -> f64 {
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            if node.player.is_none() {
                return node.value;
            }
            at = node.child(goes_below(ways, at));
        }
        0.0
    }
}

impl Node {
    fn child(&self, below: bool) -> usize {
        if below { self.below } else { self.above }
    }
}

fn goes_below(ways: &[u64], at: usize) -> bool {
    ways.get(at / WORD).is_some_and(|word| word >> (at % WORD) & 1 == 1)
}

/// Whose features a player has so far on the way down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Open,
    Own,
    Ordinary,
}

/// Walks trees; keeps what every walk needs.
pub(super) struct Walker {
    whose: Vec<Whose>,
    /// s! t! / (s + t + 1)! at `s × WEIGHTS + t`.
    weights: Vec<f64>,
}

impl Walker {
    /// For so many players.
    pub fn new(players: usize) -> Self {
        let mut weights = vec![0.0; WEIGHTS * WEIGHTS];
        for (s, row) in weights.chunks_mut(WEIGHTS).enumerate() {
            // w(s, 0) = 1 / (s + 1); w(s, t + 1) = w(s, t) · (t + 1) / (s + t + 2).
            let mut weight = 1.0 / (s as f64 + 1.0);
            for (t, place) in row.iter_mut().enumerate() {
                *place = weight;
                weight *= (t as f64 + 1.0) / (s + t + 2) as f64;
            }
        }
        Self { whose: vec![Whose::Open; players], weights }
    }

    /// Adds to `out`, one number a player, the Shapley values of the tree between the row whose ways are
    /// `own` and the one whose ways are `ordinary`. They add up to the difference of the two leaves.
    pub fn add(&mut self, tree: &Tree, own: &[u64], ordinary: &[u64], out: &mut [f64]) {
        if own != ordinary {
            self.walk(tree, 0, (own, ordinary), (0, 0), out);
        }
    }

    /// What the leaves below a node give to each player who is there by its own value, and to each who is
    /// there by the ordinary one's; `set` counts both.
    fn walk(
        &mut self,
        tree: &Tree,
        at: usize,
        ways: (&[u64], &[u64]),
        set: (usize, usize),
        out: &mut [f64],
    ) -> (f64, f64) {
        let mut at = at;
        // Down to the next split that parts the ways, or to a leaf.
        let (node, player, mine, theirs) = loop {
            let Some(node) = tree.nodes.get(at) else { return (0.0, 0.0) };
            let Some(player) = node.player else { return self.pay(node.value, set) };
            let (mine, theirs) = (goes_below(ways.0, at), goes_below(ways.1, at));
            at = match self.whose.get(player) {
                _ if mine == theirs => node.child(mine),
                Some(Whose::Own) => node.child(mine),
                Some(Whose::Ordinary) => node.child(theirs),
                _ => break (node, player, mine, theirs),
            };
        };
        self.mark(player, Whose::Own);
        let own = self.walk(tree, node.child(mine), ways, (set.0 + 1, set.1), out);
        self.mark(player, Whose::Ordinary);
        let other = self.walk(tree, node.child(theirs), ways, (set.0, set.1 + 1), out);
        self.mark(player, Whose::Open);
        if let Some(share) = out.get_mut(player) {
            *share += own.0 + other.1;
        }
        (own.0 + other.0, own.1 + other.1)
    }

    /// What a leaf gives to each of the players whose own values lead to it, and takes from each of those who
    /// have the ordinary ones.
    fn pay(&self, value: f64, (own, other): (usize, usize)) -> (f64, f64) {
        let weight = |s: usize, t: usize| self.weights.get(s * WEIGHTS + t).copied().unwrap_or(0.0);
        let gives = own.checked_sub(1).map_or(0.0, |s| weight(s, other));
        let takes = other.checked_sub(1).map_or(0.0, |t| weight(own, t));
        (gives * value, -takes * value)
    }

    fn mark(&mut self, player: usize, whose: Whose) {
        if let Some(place) = self.whose.get_mut(player) {
            *place = whose;
        }
    }
}
