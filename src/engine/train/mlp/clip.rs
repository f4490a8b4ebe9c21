//! Gradients that are too long are shortened.

use burn::module::{ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::super::fit::norm_square;
use super::super::network::Dense;
use burn::module::Module;

/// The gradients, all together at most `limit` long; 0 leaves them as they are. The factor is worked out
/// on the device: nothing is read back.
pub(super) fn shorten(model: &Dense, mut grads: GradientsParams, limit: f64) -> GradientsParams {
    struct Scale<'a>(&'a mut GradientsParams, Tensor<1>);
    impl ModuleVisitor for Scale<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.0.remove::<D>(param.id) {
                self.0.register(param.id, grad * self.1.clone().reshape([1; D]));
            }
        }
    }
    if limit <= 0.0 {
        return grads;
    }
    if let Some(square) = norm_square(model, &grads) {
        let factor = (square.sqrt() + 1e-12).recip().mul_scalar(limit).clamp_max(1.0);
        model.visit(&mut Scale(&mut grads, factor));
    }
    grads
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::super::super::network::{Activation, Network, read};
    use super::*;

    #[test]
    fn long_gradients_are_cut_to_the_limit_and_short_ones_are_left() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let start = Network::init(3, &[4], Activation::Tanh, false, &mut rng);
        let device = Device::flex().autodiff();
        let model = start.to_device(&device);
        let lengths = |limit: f64| {
            let x = Tensor::<2>::from_data(TensorData::new(vec![1.0f32, -2.0, 0.5], [1, 3]), &device);
            let loss = model.forward(x, Activation::Tanh, &[]).sum() * 50.0;
            let grads = GradientsParams::from_grads(loss.backward(), &model);
            let cut = shorten(&model, grads, limit);
            read(norm_square(&model, &cut).unwrap().sqrt()).unwrap()[0]
        };
        let whole = lengths(0.0);
        assert!(whole > 10.0, "{whole}");
        assert!((lengths(1.0) - 1.0).abs() < 1e-4);
        assert_eq!(lengths(1e6), whole);
    }
}
