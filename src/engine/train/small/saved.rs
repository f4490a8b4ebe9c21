//! How networks are written into files: as they always were, or with 8-bit weights where they were made
//! smaller that way.

use serde::{Deserialize, Serialize};

use super::Shrunk;
use super::eight::Eight;
use crate::train::net::{Inputs, Net, NetSpec, Weight};
use crate::train::network::{Activation, Layer, Network, Norm};
use crate::train::sequence::{Exploded, Reading, SequenceNet, is_none};

/// A tensor in one of its two forms.
type Parts = (Option<Vec<f32>>, Option<Vec<i8>>);

fn parted(values: Vec<f32>, small: Option<&Shrunk>, at: usize) -> Parts {
    match small.and_then(|small| small.scales.get(at)).copied().filter(|scale| *scale > 0.0) {
        Some(scale) => (None, Some(Eight::again(&values, scale).values)),
        None => (Some(values), None),
    }
}

fn joined(parts: Parts, small: Option<&Shrunk>, at: usize) -> Result<Vec<f32>, String> {
    match parts {
        (Some(values), None) => Ok(values),
        (None, Some(values)) => {
            let scale = small.and_then(|small| small.scales.get(at)).copied();
            let scale = scale.filter(|scale| scale.is_finite() && *scale > 0.0);
            let scale = scale.ok_or("8-bit weights without a scale")?;
            Ok(Eight { values, scale }.floats())
        }
        _ => Err("a layer has no weights, or has them twice".to_owned()),
    }
}

/// [`Network`] in a file.
#[derive(Serialize, Deserialize)]
pub(in crate::train) struct SavedNetwork {
    activation: Activation,
    layers: Vec<SavedLayer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    small: Option<Box<Shrunk>>,
}

#[derive(Serialize, Deserialize)]
struct SavedLayer {
    inputs: usize,
    outputs: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    eight_bit: Option<Vec<i8>>,
    bias: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    norm: Option<Norm>,
}

impl From<Network> for SavedNetwork {
    fn from(network: Network) -> Self {
        let Network { activation, layers, small } = network;
        let layer = |(at, layer): (usize, Layer)| {
            let (weights, eight_bit) = parted(layer.weights, small.as_deref(), at);
            let Layer { inputs, outputs, bias, norm, .. } = layer;
            SavedLayer { inputs, outputs, weights, eight_bit, bias, norm }
        };
        let layers = layers.into_iter().enumerate().map(layer).collect();
        Self { activation, layers, small }
    }
}

impl TryFrom<SavedNetwork> for Network {
    type Error = String;

    fn try_from(saved: SavedNetwork) -> Result<Self, String> {
        let SavedNetwork { activation, layers, small } = saved;
        let layer = |(at, layer): (usize, SavedLayer)| {
            let SavedLayer { inputs, outputs, weights, eight_bit, bias, norm } = layer;
            let weights = joined((weights, eight_bit), small.as_deref(), at)?;
            Ok::<_, String>(Layer { inputs, outputs, weights, bias, norm })
        };
        let layers = layers.into_iter().enumerate().map(layer).collect::<Result<_, _>>()?;
        Ok(Self { activation, layers, small })
    }
}

/// [`SequenceNet`] in a file.
#[derive(Serialize, Deserialize)]
pub(in crate::train) struct SavedSequence {
    reading: Reading,
    net: SavedNet,
    #[serde(default, skip_serializing_if = "is_none")]
    cut: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exploded: Option<Exploded>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    small: Option<Box<Shrunk>>,
}

#[derive(Serialize, Deserialize)]
struct SavedNet {
    spec: NetSpec,
    inputs: Inputs,
    target_scale: (f32, f32),
    weights: Vec<SavedWeight>,
}

#[derive(Serialize, Deserialize)]
struct SavedWeight {
    name: String,
    shape: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    eight_bit: Option<Vec<i8>>,
}

impl From<SequenceNet> for SavedSequence {
    fn from(net: SequenceNet) -> Self {
        let SequenceNet { reading, net, cut, exploded, small } = net;
        let Net { spec, inputs, target_scale, weights } = net;
        let weight = |(at, weight): (usize, Weight)| {
            let (values, eight_bit) = parted(weight.values, small.as_deref(), at);
            SavedWeight { name: weight.name, shape: weight.shape, values, eight_bit }
        };
        let weights = weights.into_iter().enumerate().map(weight).collect();
        Self { reading, net: SavedNet { spec, inputs, target_scale, weights }, cut, exploded, small }
    }
}

impl TryFrom<SavedSequence> for SequenceNet {
    type Error = String;

    fn try_from(saved: SavedSequence) -> Result<Self, String> {
        let SavedSequence { reading, net, cut, exploded, small } = saved;
        let SavedNet { spec, inputs, target_scale, weights } = net;
        let weight = |(at, weight): (usize, SavedWeight)| {
            let values = joined((weight.values, weight.eight_bit), small.as_deref(), at)?;
            Ok::<_, String>(Weight { name: weight.name, shape: weight.shape, values })
        };
        let weights = weights.into_iter().enumerate().map(weight).collect::<Result<_, _>>()?;
        Ok(Self { reading, net: Net { spec, inputs, target_scale, weights }, cut, exploded, small })
    }
}
