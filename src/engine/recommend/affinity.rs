//! What is bought together, as a network: products, and the pairs that share more baskets than chance
//! explains. Places are found by springs (Fruchterman, Reingold 1991).

use std::collections::HashMap;

use serde::Serialize;

use super::{Interactions, Rules};

/// χ² of one degree of freedom that chance exceeds once in a thousand times.
const SURE: f64 = 10.83;
/// Steps of the springs.
const STEPS: usize = 300;

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    pub item: u32,
    /// Baskets that hold it.
    pub baskets: u64,
    /// Its sales: money, or pieces where no money is told.
    pub sales: f64,
    /// Its place in the picture, 0 to 1.
    pub place: [f32; 2],
}

/// A pair that is bought together; places among the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Edge {
    pub ends: [usize; 2],
    /// Baskets that hold both.
    pub count: u32,
    pub support: f64,
    pub lift: f64,
    /// Share of the baskets of the first that hold the second, and the other way round.
    pub confidence: [f64; 2],
}

/// The network.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Affinities {
    pub nodes: Vec<Node>,
    /// The highest lift first.
    pub edges: Vec<Edge>,
    /// Pairs that are as sure and were left out, for there are too many.
    pub left_out: usize,
    pub baskets: usize,
    /// Sales are money, not pieces.
    pub in_money: bool,
}

/// The `most` pairs of the highest lift, of those with a lift above 1 whose χ² chance exceeds less than
/// once in a thousand times (Brin, Motwani, Silverstein 1997 test baskets so).
pub fn affinities(all: &Interactions, rules: &Rules, most: usize) -> Affinities {
    let n = rules.baskets as f64;
    let mut pairs: HashMap<(u32, u32), (u32, f64, f64)> = HashMap::new();
    for rule in &rules.rules {
        let [from] = rule.from.as_slice() else { continue };
        let count = f64::from(rule.count);
        let (of_from, of_to) = (count / rule.confidence, rule.confidence * n / rule.lift);
        let (key, sizes) = match *from < rule.to {
            true => ((*from, rule.to), (of_from, of_to)),
            false => ((rule.to, *from), (of_to, of_from)),
        };
        pairs.insert(key, (rule.count, sizes.0.round(), sizes.1.round()));
    }
    let mut found: Vec<((u32, u32), Edge, [f64; 2])> = Vec::new();
    for (key, (count, a, b)) in pairs {
        let both = f64::from(count);
        let lift = both * n / (a * b);
        // N (n₁₁n₀₀ − n₁₀n₀₁)² / (n₁. n₀. n.₁ n.₀); the difference is N·n₁₁ − n₁. n.₁.
        let below = a * b * (n - a) * (n - b);
        let chi = n * (n * both - a * b).powi(2) / below;
        // A product of every basket says nothing: there the quotient is none.
        if lift > 1.0 && chi > SURE {
            let confidence = [both / a, both / b];
            let edge = Edge { ends: [0, 0], count, support: both / n, lift, confidence };
            found.push((key, edge, [a, b]));
        }
    }
    found.sort_by(|a, b| b.1.lift.total_cmp(&a.1.lift).then(b.1.count.cmp(&a.1.count)).then(a.0.cmp(&b.0)));
    let left_out = found.len().saturating_sub(most);
    found.truncate(most);
    let in_money = all.events().iter().any(|event| event.money.is_finite());
    let mut sales = vec![0.0f64; all.items.len()];
    for event in all.events() {
        let worth = if in_money { event.money } else { event.quantity };
        if let (Some(sum), true) = (sales.get_mut(event.item as usize), worth.is_finite()) {
            *sum += f64::from(worth);
        }
    }
    let mut out = Affinities { left_out, baskets: rules.baskets, in_money, ..Affinities::default() };
    let mut places: HashMap<u32, usize> = HashMap::new();
    for ((a, b), edge, baskets) in found {
        let mut end = |item: u32, baskets: f64| {
            *places.entry(item).or_insert_with(|| {
                let sales = sales.get(item as usize).copied().unwrap_or_default();
                out.nodes.push(Node { item, baskets: baskets as u64, sales, place: [0.5, 0.5] });
                out.nodes.len() - 1
            })
        };
        let ends = [end(a, baskets[0]), end(b, baskets[1])];
        out.edges.push(Edge { ends, ..edge });
    }
    lay_out(&mut out);
    out
}

/// Products push each other away, pairs pull together, and a little of everything is drawn to the middle,
/// so that what hangs on nothing else stays in sight. No chance is in it.
fn lay_out(of: &mut Affinities) {
    let n = of.nodes.len();
    if n == 0 {
        return;
    }
    let spring = (1.0 / n as f64).sqrt();
    // A spiral of golden angles: no two start in one place, and no two ways are alike.
    let start = |at: usize| {
        let (radius, angle) = (0.5 * ((at as f64 + 0.5) / n as f64).sqrt(), 2.399_963 * at as f64);
        [radius * angle.cos(), radius * angle.sin()]
    };
    let mut places: Vec<[f64; 2]> = (0..n).map(start).collect();
    for step in 0..STEPS {
        let mut moves: Vec<[f64; 2]> = places.iter().map(|[x, y]| [-0.4 * x, -0.4 * y]).collect();
        for (own, [x, y]) in moves.iter_mut().zip(&places) {
            for [a, b] in &places {
                let (dx, dy) = (x - a, y - b);
                let square = (dx * dx + dy * dy).max(1e-6);
                let push = spring * spring / square;
                *own = [own[0] + dx * push, own[1] + dy * push];
            }
        }
        for edge in &of.edges {
            let (Some(a), Some(b)) = (places.get(edge.ends[0]), places.get(edge.ends[1])) else { continue };
            let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
            let pull = (dx * dx + dy * dy).sqrt() / spring;
            for (end, sign) in edge.ends.iter().zip([-1.0, 1.0]) {
                if let Some(own) = moves.get_mut(*end) {
                    *own = [own[0] + sign * dx * pull, own[1] + sign * dy * pull];
                }
            }
        }
        let most = 0.1 * (1.0 - step as f64 / STEPS as f64);
        for (place, own) in places.iter_mut().zip(&moves) {
            let length = (own[0] * own[0] + own[1] * own[1]).sqrt().max(1e-9);
            let share = most.min(length) / length;
            *place = [place[0] + own[0] * share, place[1] + own[1] * share];
        }
    }
    let bounds = |axis: usize| {
        let values = places.iter().map(|place| place[axis]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let within = [bounds(0), bounds(1)];
    for (node, place) in of.nodes.iter_mut().zip(&places) {
        let scaled = |axis: usize| {
            let (low, high) = within[axis];
            if high > low { ((place[axis] - low) / (high - low)) as f32 } else { 0.5 }
        };
        node.place = [scaled(0), scaled(1)];
    }
}
