//! The model as ONNX, so that other programs can score with it. What is written is what comes after
//! cleaning and features: `features` (float, rows × features, in the order of the metadata's
//! `features`) → `probability` (double, rows), repair included. Opset 17, ai.onnx.ml 3.

mod proto;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use prost::Message as _;

use self::proto::{
    AttributeProto, AttributeType, DOUBLE, Dimension, FLOAT, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TensorType, TypeProto,
    ValueInfoProto, dimension,
};
use super::{Bundle, DeployError};
use crate::evaluate::Repair;
use crate::files;
use crate::train::{Activation, FlatTree, LinearModel, Model, Network, TreeModel};

/// burn's batch normalisation adds this to the variance.
const EPSILON: f32 = 1e-5;
/// Knots of an isotonic repair that are written: each is a column of a matrix for every row.
const MOST_KNOTS: usize = 4_096;

/// A graph that grows node by node.
#[derive(Default)]
struct Build {
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
}

/// The graph's input as a name.
const FEATURES: &str = "features";

impl Build {
    /// Adds a node with one output and returns that output's name.
    fn node(&mut self, op: &str, input: &[&str], attribute: Vec<AttributeProto>) -> String {
        self.of_domain("", op, input, attribute)
    }

    fn of_domain(
        &mut self,
        domain: &str,
        op: &str,
        input: &[&str],
        attribute: Vec<AttributeProto>,
    ) -> String {
        let name = format!("{}_{}", op.to_lowercase(), self.nodes.len());
        self.nodes.push(NodeProto {
            input: input.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: op.to_owned(),
            attribute,
            domain: domain.to_owned(),
        });
        name
    }

    fn floats(&mut self, dims: &[usize], values: &[f32]) -> String {
        self.tensor(dims, FLOAT, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    fn doubles(&mut self, dims: &[usize], values: &[f64]) -> String {
        self.tensor(dims, DOUBLE, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    fn tensor(&mut self, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> String {
        let name = format!("tensor_{}", self.initializers.len());
        let dims = dims.iter().map(|n| *n as i64).collect();
        self.initializers.push(TensorProto { dims, data_type, name: name.clone(), raw_data });
        name
    }

    fn doubled(&mut self, x: &str) -> String {
        self.node("Cast", &[x], vec![int("to", i64::from(DOUBLE))])
    }

    /// The log-odds of a multilayer perceptron, single precision as in training.
    fn network(&mut self, network: &Network) -> String {
        let last = network.layers.len().saturating_sub(1);
        let mut x = FEATURES.to_owned();
        for (at, layer) in network.layers.iter().enumerate() {
            let weights = self.floats(&[layer.inputs, layer.outputs], &layer.weights);
            let bias = self.floats(&[layer.outputs], &layer.bias);
            x = self.node("Gemm", &[&x, &weights, &bias], Vec::new());
            if at == last {
                break;
            }
            if let Some(norm) = &layer.norm {
                let n = [layer.outputs];
                let parts = [&norm.gamma, &norm.beta, &norm.mean, &norm.variance];
                let [gamma, beta, mean, variance] = parts.map(|values| self.floats(&n, values));
                let input = [x.as_str(), &gamma, &beta, &mean, &variance];
                x = self.node("BatchNormalization", &input, vec![float("epsilon", EPSILON)]);
            }
            x = self.activation(network.activation, &x);
        }
        self.doubled(&x)
    }

    fn activation(&mut self, activation: Activation, x: &str) -> String {
        match activation {
            Activation::Relu => self.node("Relu", &[x], Vec::new()),
            Activation::Tanh => self.node("Tanh", &[x], Vec::new()),
            Activation::Sigmoid => self.node("Sigmoid", &[x], Vec::new()),
            // x/2 · (1 + erf(x/√2)): the operator of its own came with opset 20.
            Activation::Gelu => {
                let root = self.floats(&[1], &[std::f32::consts::SQRT_2]);
                let (one, half) = (self.floats(&[1], &[1.0]), self.floats(&[1], &[0.5]));
                let scaled = self.node("Div", &[x, &root], Vec::new());
                let erf = self.node("Erf", &[&scaled], Vec::new());
                let raised = self.node("Add", &[&erf, &one], Vec::new());
                let product = self.node("Mul", &[x, &raised], Vec::new());
                self.node("Mul", &[&product, &half], Vec::new())
            }
        }
    }

    fn linear(&mut self, model: &LinearModel) -> String {
        let x = self.doubled(FEATURES);
        let weights = self.doubles(&[model.coefficients.len(), 1], &model.coefficients);
        let bias = self.doubles(&[1], &[model.intercept]);
        self.node("Gemm", &[&x, &weights, &bias], Vec::new())
    }

    /// The sum of the trees' numbers for each row.
    fn trees(&mut self, trees: &[Walk]) -> String {
        let mut lists = Lists::default();
        for (tree, walk) in trees.iter().enumerate() {
            lists.add(tree as i64, walk);
        }
        let sum = self.of_domain("ai.onnx.ml", "TreeEnsembleRegressor", &[FEATURES], lists.attributes());
        self.doubled(&sum)
    }

    fn scalar(&mut self, op: &str, x: &str, by: f64) -> String {
        let by = self.doubles(&[1], &[by]);
        self.node(op, &[x, &by], Vec::new())
    }

    fn between(&mut self, x: &str, low: f64, high: f64) -> String {
        let raised = self.scalar("Max", x, low);
        self.scalar("Min", &raised, high)
    }

    /// σ(slope · ln(p / (1 − p)) + offset)
    fn sigmoid_of(&mut self, slope: f64, offset: f64, p: &str) -> String {
        let p = self.between(p, 1e-9, 1.0 - 1e-9);
        let one = self.doubles(&[1], &[1.0]);
        let rest = self.node("Sub", &[&one, &p], Vec::new());
        let odds = self.node("Div", &[&p, &rest], Vec::new());
        let log_odds = self.node("Log", &[&odds], Vec::new());
        let scaled = self.scalar("Mul", &log_odds, slope);
        let moved = self.scalar("Add", &scaled, offset);
        self.node("Sigmoid", &[&moved], Vec::new())
    }

    fn repair(&mut self, repair: &Repair, p: &str) -> String {
        match repair {
            Repair::Platt { slope, offset } => self.sigmoid_of(*slope, *offset, p),
            Repair::Refitted { first, refit } => {
                let first = first.as_ref().map(|first| self.repair(first, p));
                self.sigmoid_of(refit.slope, refit.offset, first.as_deref().unwrap_or(p))
            }
            // y₀ + Σ slope · (p held between the segment's ends − its left end)
            Repair::Isotonic { x, y } => {
                let ends = x.iter().zip(x.iter().skip(1)).zip(y.iter().zip(y.iter().skip(1)));
                let segments: Vec<[f64; 3]> = ends
                    .filter(|((x0, x1), _)| x1 > x0)
                    .map(|((x0, x1), (y0, y1))| [*x0, *x1, (y1 - y0) / (x1 - x0)])
                    .collect();
                let start = y.first().copied().unwrap_or_default();
                if segments.is_empty() {
                    let nothing = self.scalar("Mul", p, 0.0);
                    return self.scalar("Add", &nothing, start);
                }
                let n = segments.len();
                let column =
                    |at: usize| segments.iter().filter_map(|s| s.get(at).copied()).collect::<Vec<_>>();
                let low = self.doubles(&[1, n], &column(0));
                let high = self.doubles(&[1, n], &column(1));
                let slopes = self.doubles(&[n, 1], &column(2));
                let raised = self.node("Max", &[p, &low], Vec::new());
                let held = self.node("Min", &[&raised, &high], Vec::new());
                let within = self.node("Sub", &[&held, &low], Vec::new());
                let sum = self.node("MatMul", &[&within, &slopes], Vec::new());
                self.scalar("Add", &sum, start)
            }
        }
    }
}

/// A tree node by node: the feature, bound and children of a split, or a leaf's number.
type Walk = Vec<(Option<(usize, f32, usize, usize)>, f32)>;

fn of_flat(tree: &FlatTree, factor: f32) -> Walk {
    let nodes = tree.features.iter().zip(&tree.values).zip(&tree.above).enumerate();
    nodes
        .map(|(at, ((feature, value), above))| match usize::try_from(*feature) {
            Ok(feature) => (Some((feature, *value, at + 1, *above as usize)), 0.0),
            Err(_) => (None, value * factor),
        })
        .collect()
}

fn of_tree(tree: &TreeModel) -> Walk {
    let nodes = tree.nodes.iter();
    nodes
        .map(|node| match node.split {
            Some((feature, value, below, above)) => {
                (Some((feature, crate::train::bound(value), below, above)), 0.0)
            }
            None => (None, node.rate() as f32),
        })
        .collect()
}

/// The attributes of a tree ensemble: one entry a node, one a leaf.
#[derive(Default)]
struct Lists {
    ints: BTreeMap<&'static str, Vec<i64>>,
    bounds: Vec<f32>,
    modes: Vec<Vec<u8>>,
    weights: Vec<f32>,
}

impl Lists {
    fn push(&mut self, list: &'static str, value: usize) {
        self.ints.entry(list).or_default().push(value as i64);
    }

    fn add(&mut self, tree: i64, walk: &Walk) {
        for (at, (split, number)) in walk.iter().enumerate() {
            self.push("nodes_treeids", tree as usize);
            self.push("nodes_nodeids", at);
            let (feature, bound, below, above) = split.unwrap_or((0, 0.0, 0, 0));
            self.push("nodes_featureids", feature);
            self.push("nodes_truenodeids", below);
            self.push("nodes_falsenodeids", above);
            self.bounds.push(bound);
            let mode: &[u8] = if split.is_some() { b"BRANCH_LT" } else { b"LEAF" };
            self.modes.push(mode.to_vec());
            if split.is_none() {
                self.push("target_treeids", tree as usize);
                self.push("target_nodeids", at);
                self.push("target_ids", 0);
                self.weights.push(*number);
            }
        }
    }

    fn attributes(self) -> Vec<AttributeProto> {
        let mut out: Vec<AttributeProto> = self
            .ints
            .into_iter()
            .map(|(name, values)| of(name, AttributeType::Ints, |a| a.ints = values))
            .collect();
        out.push(of("nodes_values", AttributeType::Floats, |a| a.floats = self.bounds));
        out.push(of("nodes_modes", AttributeType::Strings, |a| a.strings = self.modes));
        out.push(of("target_weights", AttributeType::Floats, |a| a.floats = self.weights));
        out.push(int("n_targets", 1));
        out.push(of("aggregate_function", AttributeType::String, |a| a.s = b"SUM".to_vec()));
        out
    }
}

fn of(name: &str, kind: AttributeType, fill: impl FnOnce(&mut AttributeProto)) -> AttributeProto {
    let mut out = AttributeProto { name: name.to_owned(), kind: kind as i32, ..AttributeProto::default() };
    fill(&mut out);
    out
}

fn int(name: &str, value: i64) -> AttributeProto {
    of(name, AttributeType::Int, |a| a.i = value)
}

fn float(name: &str, value: f32) -> AttributeProto {
    of(name, AttributeType::Float, |a| a.f = value)
}

fn shaped(name: &str, elem_type: i32, width: usize) -> ValueInfoProto {
    let rows = Dimension { value: Some(dimension::Value::Called("rows".to_owned())) };
    let columns = Dimension { value: Some(dimension::Value::Is(width as i64)) };
    let shape = Some(TensorShapeProto { dim: vec![rows, columns] });
    let tensor_type = Some(TensorType { elem_type, shape });
    ValueInfoProto { name: name.to_owned(), kind: Some(TypeProto { tensor_type }) }
}

/// The probability's name among the outputs.
const PROBABILITY: &str = "probability";

fn model(bundle: &Bundle) -> Result<ModelProto, DeployError> {
    let cannot = |what: &'static str| DeployError::NoOnnx { what };
    let mut build = Build::default();
    let (answer, is_log_odds) = match &bundle.model {
        Model::Mlp(network) => (build.network(network), true),
        Model::Logistic(line) | Model::Svm(line) => (build.linear(line), true),
        Model::Tree(tree) => (build.trees(&[of_tree(tree)]), false),
        Model::Forest(forest) => {
            let share = 1.0 / forest.trees.len().max(1) as f32;
            let walks: Vec<Walk> = forest.trees.iter().map(|tree| of_flat(tree, share)).collect();
            (build.trees(&walks), false)
        }
        Model::Boosted(boosted) => {
            let walks: Vec<Walk> = boosted.trees.iter().map(|tree| of_flat(tree, 1.0)).collect();
            // Without trees there is nothing to walk: one leaf that adds nothing.
            let walks = if walks.is_empty() { vec![vec![(None, 0.0)]] } else { walks };
            let sum = build.trees(&walks);
            (build.scalar("Add", &sum, boosted.base), true)
        }
        Model::OneRule(_) => return Err(cannot("one rule")),
        Model::Net(_) => return Err(cannot("a network that reads text or histories in their order")),
        Model::Majority { .. } => return Err(cannot("the majority guess")),
    };
    let p = match is_log_odds {
        true => build.node("Sigmoid", &[&answer], Vec::new()),
        false => answer,
    };
    if let Some(repair) = &bundle.repair {
        if matches!(repair, Repair::Isotonic { x, .. } if x.len() > MOST_KNOTS) {
            return Err(cannot("an isotonic repair of so many steps"));
        }
        build.repair(repair, &p);
    }
    if let Some(last) = build.nodes.last_mut() {
        last.output = vec![PROBABILITY.to_owned()];
    }
    let names = bundle.features.names();
    let features = serde_json::to_string(&names).unwrap_or_default();
    let entry = |key: &str, value: String| StringStringEntryProto { key: key.to_owned(), value };
    Ok(ModelProto {
        ir_version: 8,
        producer_name: "Regulars".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string:
            "features: cleaned and encoded rows, as `regulars export BUNDLE FILE… --matrix OUT` writes them"
                .to_owned(),
        graph: Some(GraphProto {
            node: build.nodes,
            name: "regulars".to_owned(),
            initializer: build.initializers,
            input: vec![shaped(FEATURES, FLOAT, names.len())],
            output: vec![shaped(PROBABILITY, DOUBLE, 1)],
        }),
        opset_import: vec![
            OperatorSetIdProto { domain: String::new(), version: 17 },
            OperatorSetIdProto { domain: "ai.onnx.ml".to_owned(), version: 3 },
        ],
        metadata_props: vec![
            entry("features", features),
            entry("target", bundle.target.clone()),
            entry("positive", bundle.positive.clone()),
            entry("threshold", bundle.threshold.to_string()),
        ],
    })
}

impl Bundle {
    /// True for kinds of model that can be written as ONNX.
    pub fn has_onnx(&self) -> bool {
        !matches!(self.model, Model::OneRule(_) | Model::Net(_) | Model::Majority { .. })
    }

    /// The model in the binary form of ONNX.
    ///
    /// # Errors
    /// A kind of model that ONNX has no honest form for here.
    pub fn onnx(&self) -> Result<Vec<u8>, DeployError> {
        Ok(model(self)?.encode_to_vec())
    }

    /// Writes the model as ONNX, atomically.
    ///
    /// # Errors
    /// A kind of model that cannot be written; the disk or the folder refuses.
    pub fn write_onnx(&self, path: &Path) -> Result<usize, DeployError> {
        let bytes = self.onnx()?;
        files::write_atomically(path, |out| out.write_all(&bytes))
            .map_err(|cause| DeployError::write(path, cause))?;
        Ok(bytes.len())
    }
}
