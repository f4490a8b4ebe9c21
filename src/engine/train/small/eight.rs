//! Weights as 8-bit whole numbers, by burn's own quantizer: symmetric, one scale a tensor, calibrated on the
//! largest weight. burn works with them by making floats of them again before each product (burn-backend
//! 0.22's `q_matmul`; flex has no other), so they are kept small in files and made floats once, when the
//! file is opened: smaller, and exactly as fast as before.

use burn::tensor::quantization::{
    Calibration, QuantScheme, QuantValue, QuantizedBytes, ScaleDtype, compute_q_params, compute_range,
};
use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::train::{Model, TrainError};

/// Whole numbers, and what they are multiplied by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Eight {
    pub values: Vec<i8>,
    pub scale: f32,
}

impl Eight {
    /// The nearest whole numbers of `values`: |w − scale · q| ≤ scale / 2, where scale is the largest
    /// |w| / 127 (Jacob et al. 2018, symmetric).
    ///
    /// # Errors
    /// burn gives back something else.
    pub fn of(values: &[f32]) -> Result<Self, TrainError> {
        let not = |cause: &str| TrainError::Device { cause: cause.to_owned() };
        if values.is_empty() {
            return Ok(Self { values: Vec::new(), scale: 0.0 });
        }
        let scheme = QuantScheme::default().with_value(QuantValue::Q8S).per_tensor(ScaleDtype::F32);
        let data = TensorData::new(values.to_vec(), [values.len()]);
        let tensor = Tensor::<1>::from_data(data, &Device::flex());
        let range = compute_range(&scheme, &tensor, &Calibration::MinMax);
        let made = tensor.quantize(&scheme, compute_q_params(&scheme, range));
        let data = made.try_into_data().map_err(|e| not(&format!("{e:?}")))?;
        let DType::QFloat(scheme) = data.dtype() else { return Err(not("the weights are no 8-bit numbers")) };
        let shape = data.shape().clone();
        let (made, scales) = QuantizedBytes { bytes: data.into_bytes(), scheme, shape }.into_vec_i8();
        let scale = scales.block.first().copied().unwrap_or(0.0);
        if made.len() != values.len() || !scale.is_finite() {
            return Err(not("the weights are no 8-bit numbers"));
        }
        Ok(Self { values: made, scale })
    }

    /// The numbers that they stand for.
    pub fn floats(&self) -> Vec<f32> {
        self.values.iter().map(|q| self.scale * f32::from(*q)).collect()
    }

    /// Back from [`floats`](Self::floats): the same whole numbers.
    pub fn again(floats: &[f32], scale: f32) -> Self {
        let whole = |w: &f32| if scale > 0.0 { (w / scale).round().clamp(-127.0, 127.0) as i8 } else { 0 };
        Self { values: floats.iter().map(whole).collect(), scale }
    }
}

/// The model with weights that 8 bits can hold, and the scale of each tensor; biases and what normalises
/// stay as they are: they are few.
///
/// # Errors
/// burn gives back something else.
pub(super) fn quantized(model: &Model) -> Result<(Model, Vec<f32>), TrainError> {
    let mut model = model.clone();
    let mut scales = Vec::new();
    match &mut model {
        Model::Mlp(network) => {
            for layer in &mut network.layers {
                let eight = Eight::of(&layer.weights)?;
                layer.weights = eight.floats();
                scales.push(eight.scale);
            }
        }
        Model::Net(net) => {
            for weight in &mut net.net.weights {
                if weight.shape.len() < 2 {
                    scales.push(0.0);
                    continue;
                }
                let eight = Eight::of(&weight.values)?;
                weight.values = eight.floats();
                scales.push(eight.scale);
            }
        }
        _ => {}
    }
    Ok((model, scales))
}
