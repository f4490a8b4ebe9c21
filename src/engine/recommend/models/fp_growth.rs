//! Frequent sets of products by FP-growth (Han, Pei, Yin 2000): baskets are put into a tree, the frequent
//! products first, and sets are grown from its branches without ever listing candidates.

use std::collections::HashMap;

use crate::job::{Cancelled, Reporter};

/// A set of products in rising order, and in how many baskets all of them are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Itemset {
    pub items: Vec<u32>,
    pub count: u32,
}

struct Node {
    item: u32,
    count: u32,
    parent: usize,
}

/// A tree of baskets. Products are renumbered by frequency: 0 is the most frequent.
struct Tree {
    nodes: Vec<Node>,
    children: HashMap<(usize, u32), usize>,
    /// The nodes of each product.
    of: Vec<Vec<usize>>,
}

const ROOT: usize = 0;

impl Tree {
    fn new(items: usize) -> Self {
        let root = Node { item: u32::MAX, count: 0, parent: ROOT };
        Self { nodes: vec![root], children: HashMap::new(), of: vec![Vec::new(); items] }
    }

    fn add(&mut self, basket: &[u32], count: u32) {
        let mut at = ROOT;
        for item in basket {
            let fresh = self.nodes.len();
            let next = *self.children.entry((at, *item)).or_insert(fresh);
            if next == fresh {
                self.nodes.push(Node { item: *item, count: 0, parent: at });
                if let Some(list) = self.of.get_mut(*item as usize) {
                    list.push(fresh);
                }
            }
            if let Some(node) = self.nodes.get_mut(next) {
                node.count += count;
            }
            at = next;
        }
    }

    fn count(&self, item: usize) -> u32 {
        let places = self.of.get(item).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| self.nodes.get(*at)).map(|node| node.count).sum()
    }

    /// The products above a node, the most frequent first.
    fn path(&self, node: &Node) -> Vec<u32> {
        let mut out = Vec::new();
        let mut at = node.parent;
        while at != ROOT {
            let Some(above) = self.nodes.get(at) else { break };
            out.push(above.item);
            at = above.parent;
        }
        out.reverse();
        out
    }
}

struct Search<'a> {
    least: u32,
    longest: usize,
    most: usize,
    report: &'a Reporter,
    out: Vec<Itemset>,
}

/// All sets of at most `longest` products that are in at least `least` baskets. Stops with what it has
/// once there are `most` sets: the flag says whether all were found.
///
/// # Errors
/// The person cancels.
pub fn fp_growth(
    baskets: &[Vec<u32>],
    least: u32,
    longest: usize,
    most: usize,
    report: &Reporter,
) -> Result<(Vec<Itemset>, bool), Cancelled> {
    let least = least.max(1);
    let mut counts: HashMap<u32, u32> = HashMap::new();
    let mut distinct: Vec<Vec<u32>> = Vec::with_capacity(baskets.len());
    for basket in baskets {
        let mut basket = basket.clone();
        basket.sort_unstable();
        basket.dedup();
        for item in &basket {
            *counts.entry(*item).or_default() += 1;
        }
        distinct.push(basket);
    }
    let mut frequent: Vec<(u32, u32)> = counts.into_iter().filter(|(_, count)| *count >= least).collect();
    frequent.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let rank: HashMap<u32, u32> = (0u32..).zip(&frequent).map(|(at, (item, _))| (*item, at)).collect();
    let mut tree = Tree::new(frequent.len());
    for (at, basket) in distinct.iter().enumerate() {
        if at % 4096 == 0 {
            report.check()?;
        }
        let mut known: Vec<u32> = basket.iter().filter_map(|item| rank.get(item).copied()).collect();
        known.sort_unstable();
        tree.add(&known, 1);
    }
    let mut search = Search { least, longest: longest.max(1), most, report, out: Vec::new() };
    let all = search.grow(&tree, &[])?;
    let mut out = search.out;
    for set in &mut out {
        for item in &mut set.items {
            *item = frequent.get(*item as usize).map_or(u32::MAX, |(name, _)| *name);
        }
        set.items.sort_unstable();
    }
    out.sort_unstable();
    Ok((out, all))
}

impl Search<'_> {
    /// Grows sets that end in `suffix`; false where it stopped for number.
    fn grow(&mut self, tree: &Tree, suffix: &[u32]) -> Result<bool, Cancelled> {
        for item in (0..tree.of.len()).rev() {
            let count = tree.count(item);
            if count < self.least {
                continue;
            }
            if self.out.len() >= self.most {
                return Ok(false);
            }
            if self.out.len().is_multiple_of(256) {
                self.report.check()?;
            }
            let mut set = suffix.to_vec();
            set.push(item as u32);
            self.out.push(Itemset { items: set.clone(), count });
            if set.len() >= self.longest {
                continue;
            }
            let paths: Vec<(Vec<u32>, u32)> = tree
                .of
                .get(item)
                .into_iter()
                .flatten()
                .filter_map(|at| tree.nodes.get(*at))
                .map(|node| (tree.path(node), node.count))
                .collect();
            // Products that are too rare beside this one are left out of the smaller tree.
            let mut beside = vec![0u32; item];
            for (path, count) in &paths {
                for above in path {
                    if let Some(sum) = beside.get_mut(*above as usize) {
                        *sum += count;
                    }
                }
            }
            let mut smaller = Tree::new(item);
            for (mut path, count) in paths {
                path.retain(|above| beside.get(*above as usize).is_some_and(|sum| *sum >= self.least));
                smaller.add(&path, count);
            }
            if !self.grow(&smaller, &set)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
