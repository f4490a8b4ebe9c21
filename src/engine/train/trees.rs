//! Trees whose leaves hold numbers, kept flat: what a forest averages and boosting adds up.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::features::Matrix;

/// Rows that one thread takes at a time.
const ROWS: usize = 512;

/// A binary tree in preorder: the child below a split stands right after it. One entry a node in
/// each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FlatTree {
    /// The feature that a node splits by; −1 marks a leaf.
    pub features: Vec<i32>,
    /// Of a split, the bound: rows with `feature < bound` go below. Of a leaf, its number.
    pub values: Vec<f32>,
    /// Of a split, where the child of the other rows stands; 0 for a leaf.
    pub above: Vec<u32>,
}

impl FlatTree {
    /// Adds a leaf and returns its place.
    pub(super) fn leaf(&mut self, value: f32) -> usize {
        self.push(-1, value)
    }

    /// Adds a split and returns its place. The child below follows; then [`Self::turn`].
    pub(super) fn split(&mut self, feature: usize, bound: f32) -> usize {
        self.push(i32::try_from(feature).unwrap_or(i32::MAX), bound)
    }

    /// Says that what comes next is the child above of the split at `at`.
    pub(super) fn turn(&mut self, at: usize) {
        let here = self.features.len() as u32;
        if let Some(above) = self.above.get_mut(at) {
            *above = here;
        }
    }

    fn push(&mut self, feature: i32, value: f32) -> usize {
        self.features.push(feature);
        self.values.push(value);
        self.above.push(0);
        self.features.len() - 1
    }

    /// The leaf that a row reaches. Children stand after their parents, so that the walk ends.
    pub(crate) fn leaf_of(&self, row: &[f32]) -> usize {
        let mut at = 0;
        while let (Some(&feature), Some(&bound), Some(&above)) =
            (self.features.get(at), self.values.get(at), self.above.get(at))
        {
            let Some(value) = usize::try_from(feature).ok().and_then(|feature| row.get(feature)) else {
                break;
            };
            let next = if *value < bound { at + 1 } else { above as usize };
            if next <= at {
                break;
            }
            at = next;
        }
        at
    }

    /// The number of the leaf that a row reaches.
    pub(super) fn value(&self, row: &[f32]) -> f64 {
        self.values.get(self.leaf_of(row)).copied().map_or(0.0, f64::from)
    }

    /// True if every split asks for one of `width` features and has both children after it, every
    /// number is finite, and every node has one parent; asked of every opened file.
    pub fn is_sound(&self, width: usize) -> bool {
        let n = self.features.len();
        if n == 0 || self.values.len() != n || self.above.len() != n {
            return false;
        }
        let mut parents = vec![0u8; n];
        for (at, (&feature, &above)) in self.features.iter().zip(&self.above).enumerate() {
            let Ok(feature) = usize::try_from(feature) else { continue };
            let (below, above) = (at + 1, above as usize);
            if feature >= width || above <= below {
                return false;
            }
            for child in [below, above] {
                match parents.get_mut(child) {
                    Some(count) if *count == 0 => *count = 1,
                    _ => return false,
                }
            }
        }
        parents.iter().skip(1).all(|count| *count == 1) && self.values.iter().all(|v| v.is_finite())
    }
}

/// The smallest 32-bit number that is not below `bound`: for 32-bit features, `x < bound` asks the
/// same of both.
pub(crate) fn bound(bound: f64) -> f32 {
    let near = bound as f32;
    let near = if f64::from(near) < bound { near.next_up() } else { near };
    near.clamp(f32::MIN, f32::MAX)
}

/// The sum of the trees' numbers for each row. Rows are shared out among threads; each sum is made by
/// one of them, in the order of the trees.
pub(super) fn sums(trees: &[FlatTree], matrix: &Matrix) -> Vec<f64> {
    let mut out = vec![0.0; matrix.height];
    out.par_chunks_mut(ROWS).enumerate().for_each(|(chunk, out)| {
        // Tree by tree: a tree stays in the cache while the chunk's rows walk it.
        for tree in trees {
            for (at, sum) in out.iter_mut().enumerate() {
                *sum += tree.value(matrix.row(chunk * ROWS + at));
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x₁ < 0.5 ? 1 : (x₀ < 2 ? 2 : 3)
    fn tree() -> FlatTree {
        let mut tree = FlatTree::default();
        let root = tree.split(1, 0.5);
        tree.leaf(1.0);
        tree.turn(root);
        let inner = tree.split(0, 2.0);
        tree.leaf(2.0);
        tree.turn(inner);
        tree.leaf(3.0);
        tree
    }

    #[test]
    fn rows_find_their_leaf() {
        let tree = tree();
        assert!(tree.is_sound(2));
        let values = [[0.0, 0.0], [0.0, 0.5], [2.0, 0.5]].map(|row| tree.value(&row));
        assert_eq!(values, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_is_not_a_tree_is_refused() {
        let spoil = |change: &dyn Fn(&mut FlatTree)| {
            let mut tree = tree();
            change(&mut tree);
            // Whatever a file says, walking it ends.
            tree.value(&[9.0, 9.0]);
            tree.is_sound(2)
        };
        assert!(spoil(&|_| ()));
        assert!(!spoil(&|t| t.features[0] = 2), "a feature that there is not");
        assert!(!spoil(&|t| t.above[2] = 1), "back to an earlier node");
        assert!(!spoil(&|t| t.above[2] = 2), "to itself");
        assert!(!spoil(&|t| t.above[0] = 4), "two parents");
        assert!(!spoil(&|t| t.above[0] = 99), "nowhere");
        assert!(!spoil(&|t| t.features[4] = 0), "a split without children");
        assert!(!spoil(&|t| t.values[4] = f32::NAN));
        assert!(!spoil(&|t| t.values.truncate(3)));
        assert!(!FlatTree::default().is_sound(2));
    }

    #[test]
    fn bounds_keep_their_order_in_32_bits() {
        for (wide, x) in [(0.1, 0.1f32), (1.0 / 3.0, 1.0 / 3.0), (-0.1, -0.1), (1e300, 1e30), (0.5, 0.5)] {
            for x in [x, x.next_up(), x.next_down()] {
                assert_eq!(f64::from(x) < wide, x < bound(wide), "{x} {wide}");
            }
        }
    }
}
