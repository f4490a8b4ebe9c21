use prost::Message as _;

use super::proto::ModelProto;
use super::*;
use crate::train::Layer;

fn layer(inputs: usize, outputs: usize) -> Layer {
    let weights = (0..inputs * outputs).map(|at| at as f32 / 10.0).collect();
    Layer { inputs, outputs, weights, bias: vec![0.5; outputs], norm: None }
}

/// What a graph names: every input of a node was made before it, and the last node makes the answer.
fn is_closed(build: &Build) -> bool {
    let mut known: Vec<&str> = vec![FEATURES];
    known.extend(build.initializers.iter().map(|tensor| tensor.name.as_str()));
    build.nodes.iter().all(|node| {
        let met = node.input.iter().all(|input| known.contains(&input.as_str()));
        known.extend(node.output.iter().map(String::as_str));
        met
    })
}

#[test]
fn a_network_is_its_layers_in_their_order() {
    for activation in Activation::ALL {
        let network = Network { activation, layers: vec![layer(3, 2), layer(2, 1)], small: None };
        let mut build = Build::default();
        let last = build.network(&network);
        assert!(is_closed(&build));
        assert_eq!(build.nodes.last().unwrap().output, [last]);
        let gemms = build.nodes.iter().filter(|node| node.op_type == "Gemm").count();
        assert_eq!(gemms, 2);
        let weights = &build.initializers[0];
        assert_eq!(weights.dims, [3, 2]);
        let first: Vec<f32> =
            weights.raw_data.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(first, network.layers[0].weights);
    }
}

#[test]
fn trees_keep_their_splits_and_leaves() {
    // x₁ < 0.5 ? 1 : 2, and a stump.
    let tree = FlatTree { features: vec![1, -1, -1], values: vec![0.5, 1.0, 2.0], above: vec![2, 0, 0] };
    let stump = FlatTree { features: vec![-1], values: vec![3.0], above: vec![0] };
    let mut build = Build::default();
    build.trees(&[of_flat(&tree, 0.5), of_flat(&stump, 0.5)]);
    assert!(is_closed(&build));
    let of = |name: &str| build.nodes[0].attribute.iter().find(|a| a.name == name).unwrap();
    assert_eq!(of("nodes_treeids").ints, [0, 0, 0, 1]);
    assert_eq!(of("nodes_truenodeids").ints[0], 1);
    assert_eq!(of("nodes_falsenodeids").ints[0], 2);
    assert_eq!(of("nodes_values").floats[0], 0.5);
    assert_eq!(of("target_treeids").ints, [0, 0, 1]);
    assert_eq!(of("target_weights").floats, [0.5, 1.0, 1.5]);
    assert_eq!(of("nodes_modes").strings[0], b"BRANCH_LT");
}

#[test]
fn repairs_are_part_of_the_graph() {
    let mut build = Build::default();
    let p = build.node("Sigmoid", &[FEATURES], Vec::new());
    build.repair(&Repair::Platt { slope: 2.0, offset: -1.0 }, &p);
    build.repair(&Repair::Isotonic { x: vec![0.1, 0.1, 0.6], y: vec![0.2, 0.3, 0.9] }, &p);
    build.repair(&Repair::Isotonic { x: vec![0.5], y: vec![0.4] }, &p);
    assert!(is_closed(&build));
}

#[test]
fn what_is_written_is_read_back() {
    let mut build = Build::default();
    build.linear(&LinearModel { coefficients: vec![1.0, -2.0], intercept: 0.25 });
    let graph = GraphProto { node: build.nodes, initializer: build.initializers, ..GraphProto::default() };
    let model = ModelProto { ir_version: 8, graph: Some(graph), ..ModelProto::default() };
    assert_eq!(ModelProto::decode(model.encode_to_vec().as_slice()).unwrap(), model);
}
