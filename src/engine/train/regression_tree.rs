//! A regression tree (Breiman, Friedman, Olshen and Stone 1984) of a number, grown by forust from the
//! gradient of the squared error. linfa's trees tell classes only.

use super::boosted::Binned;
use super::{FlatTree, TrainError};
use crate::features::Matrix;

/// Grows a tree of at most `depth` splits from root to leaf on the features at `features` (ascending); each
/// leaf holds at least `least` rows and says the mean of their `targets`. Leaves side by side that say the
/// same within half a point become one.
///
/// # Errors
/// The rows cannot be cut into bins.
pub(crate) fn regression_tree(
    matrix: &Matrix,
    features: &[usize],
    targets: &[f32],
    depth: usize,
    least: usize,
) -> Result<FlatTree, TrainError> {
    let fail = |cause: String| TrainError::Fit { model: "surrogate tree", cause };
    let binned = Binned::new(matrix).map_err(fail)?;
    // The squared error of a constant c is Σ (c − y)² / 2: at 0 its slope is −y, its curvature 1.
    let gradient: Vec<f32> = targets.iter().map(|y| -y).collect();
    let curvature = vec![1.0f32; matrix.height];
    let rows: Vec<usize> = (0..matrix.height).collect();
    let rule = Binned::rule(0.0, least as f32, 1.0);
    let grown = binned.grow((rows, features), (&gradient, &curvature), &rule, depth);
    let grown = grown.ok_or_else(|| fail("a tree is not a tree".to_owned()))?;
    let mut out = FlatTree::default();
    prune(&grown, 0, &mut out);
    Ok(out)
}

/// Leaves side by side that differ by less say the same.
const SAME: f32 = 0.005;

/// Copies the node at `at` and all below it, without splits between leaves that say the same; the number of
/// the node, if it became a leaf.
fn prune(tree: &FlatTree, at: usize, out: &mut FlatTree) -> Option<f32> {
    let value = tree.values.get(at).copied().unwrap_or(0.0);
    let feature = tree.features.get(at).and_then(|feature| usize::try_from(*feature).ok());
    let above = tree.above.get(at).map_or(0, |above| *above as usize);
    let Some(feature) = feature.filter(|_| above > at) else {
        out.leaf(value);
        return Some(value);
    };
    let here = out.split(feature, value);
    let below = prune(tree, at + 1, out);
    out.turn(here);
    let beyond = prune(tree, above, out);
    let (Some(a), Some(b)) = (below, beyond) else { return None };
    if (a - b).abs() >= SAME {
        return None;
    }
    out.features.truncate(here);
    out.values.truncate(here);
    out.above.truncate(here);
    out.leaf((a + b) / 2.0);
    Some((a + b) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_say_the_mean_of_their_rows() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let data: Vec<f32> = (0..400).flat_map(|at| [(at % 20) as f32, (at / 20) as f32]).collect();
        let matrix = Matrix::new(names.clone(), names, 400, data);
        let says = |a: f32, b: f32| {
            if a < 7.0 {
                0.2
            } else if b < 10.0 {
                0.5
            } else {
                0.9
            }
        };
        let targets: Vec<f32> = (0..400).map(|at| says(matrix.row(at)[0], matrix.row(at)[1])).collect();
        let tree = regression_tree(&matrix, &[0, 1], &targets, 3, 10).unwrap();
        assert!(tree.is_sound(2));
        assert_eq!(tree.features.len(), 5, "no split that changes nothing");
        for (at, target) in targets.iter().enumerate() {
            assert!((tree.value(matrix.row(at)) - f64::from(*target)).abs() < 1e-5, "{at}");
        }
        let one = regression_tree(&matrix, &[1], &targets, 3, 10).unwrap();
        assert!(one.features.iter().all(|feature| *feature != 0), "only the named features are asked for");
    }
}
