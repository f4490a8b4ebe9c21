use burn::tensor::TensorData;

use super::step::clipped_sum;
use super::*;
use crate::metrics::roc_auc;
use crate::train::Activation;
use crate::train::net::loss;
use crate::train::network::read;

fn secret(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Customers whose columns say who leaves, up to some noise.
fn samples(rows: usize) -> Samples {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let names = ["a", "b", "c"].map(String::from).to_vec();
    let mut side = |rows: usize| {
        let data: Vec<f32> = (0..rows * 3).map(|_| rng.gen_range(-1.0..1.0)).collect();
        let labels = data.chunks(3).map(|row| row[0] - row[1] + rng.gen_range(-0.3..0.3) > 0.0).collect();
        (Matrix::new(names.clone(), names.clone(), rows, data), labels)
    };
    let ((train, train_labels), (valid, valid_labels)) = (side(rows), side(rows / 2));
    Samples { train, train_labels, valid, valid_labels }
}

fn quick() -> MlpSpec {
    MlpSpec { hidden: vec![6, 4], epochs: 10, batch_size: 50, learning_rate: 0.02, ..MlpSpec::default() }
}

fn promise(epsilon: f64) -> PrivateSpec {
    PrivateSpec { epsilon, ..PrivateSpec::default() }
}

/// Each row's gradient by burn's own differentiation, one row at a time, shortened on the host.
fn row_by_row(network: &Network, x: &Matrix, y: &[bool], masks: &[Vec<f32>], clip: f64) -> Vec<Vec<f64>> {
    let device = device::open(DeviceKind::Flex).unwrap().autodiff();
    let mut sums: Vec<Vec<f64>> = Vec::new();
    for (at, label) in y.iter().enumerate() {
        let model = network.to_device(&device);
        let (row, truth) = gathered(x, y, &[at], &device);
        assert_eq!(truth.clone().into_scalar::<f32>() > 0.5, *label);
        let masks: Vec<Tensor<2>> = masks
            .iter()
            .map(|mask| {
                let units = mask.len() / y.len();
                let mask = mask[at * units..(at + 1) * units].to_vec();
                Tensor::from_data(TensorData::new(mask, [1, units]), &device)
            })
            .collect();
        let z = model.forward(row, network.activation, &masks);
        let grads = GradientsParams::from_grads(loss::entropy(z, truth).sum().backward(), &model);
        let parts: Vec<Vec<f64>> = model
            .layers
            .iter()
            .flat_map(|layer| {
                let weights = read(grads.get::<2>(layer.weight.id).unwrap()).unwrap();
                let bias = read(grads.get::<1>(layer.bias.as_ref().unwrap().id).unwrap()).unwrap();
                [weights, bias].map(|part| part.into_iter().map(f64::from).collect())
            })
            .collect();
        let length = parts.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
        let shorten = (clip / length).min(1.0);
        if sums.is_empty() {
            sums = parts.iter().map(|part| vec![0.0; part.len()]).collect();
        }
        for (sum, part) in sums.iter_mut().zip(&parts) {
            sum.iter_mut().zip(part).for_each(|(sum, g)| *sum += shorten * g);
        }
    }
    sums
}

fn flat(sums: step::Sums) -> Vec<Vec<f64>> {
    let each = sums.into_iter().flat_map(|(weights, bias)| [read(weights).unwrap(), read(bias).unwrap()]);
    each.map(|part| part.into_iter().map(f64::from).collect()).collect()
}

#[test]
fn the_sum_is_that_of_each_rows_shortened_gradient() {
    let samples = samples(40);
    let device = device::open(DeviceKind::Flex).unwrap();
    let rows: Vec<usize> = (0..40).collect();
    for activation in Activation::ALL {
        for hidden in [vec![], vec![5], vec![6, 4]] {
            for dropout in [0.0, 0.5] {
                let mut rng = ChaCha8Rng::seed_from_u64(3);
                let mut network = Network::init(3, &hidden, activation, false, &mut rng);
                // Biases and steep weights: some gradients are longer than the bound, others are not.
                for layer in &mut network.layers {
                    layer.bias.iter_mut().for_each(|b| *b = rng.gen_range(-0.5..0.5));
                    layer.weights.iter_mut().for_each(|w| *w *= 2.0);
                }
                let on = hidden.iter().filter(|_| dropout > 0.0);
                let masks: Vec<Vec<f32>> =
                    on.map(|units| dropout_mask(40 * units, dropout, &mut rng)).collect();
                let clip = 0.6;
                let truth = row_by_row(&network, &samples.train, &samples.train_labels, &masks, clip);
                let (x, y) = gathered(&samples.train, &samples.train_labels, &rows, &device);
                let masks: Vec<Tensor<2>> = masks
                    .iter()
                    .map(|mask| {
                        Tensor::from_data(TensorData::new(mask.clone(), [40, mask.len() / 40]), &device)
                    })
                    .collect();
                let model = network.to_device(&device);
                let (found, loss) = clipped_sum(&model, activation, x, y, &masks, clip).unwrap();
                let found = flat(found);
                assert!(loss.is_finite() && loss > 0.0);
                assert_eq!(found.len(), truth.len());
                for (found, truth) in found.iter().flatten().zip(truth.iter().flatten()) {
                    assert!(
                        (found - truth).abs() < 2e-4,
                        "{activation:?} {hidden:?} {dropout}: {found} {truth}"
                    );
                }
                let free = row_by_row(&network, &samples.train, &samples.train_labels, &[], 1e9);
                assert_ne!(free, truth, "the bound is felt");
            }
        }
    }
}

#[test]
fn no_row_moves_the_sum_by_more_than_the_bound() {
    let mut samples = samples(30);
    // One customer far out.
    samples.train.data[..3].copy_from_slice(&[1e4, -3e3, 5e2]);
    let device = device::open(DeviceKind::Flex).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let network = Network::init(3, &[6, 4], Activation::Gelu, false, &mut rng).to_device(&device);
    let sum = |rows: &[usize]| {
        let (x, y) = gathered(&samples.train, &samples.train_labels, rows, &device);
        flat(clipped_sum(&network, Activation::Gelu, x, y, &[], 0.1).unwrap().0)
    };
    let all: Vec<usize> = (0..30).collect();
    let with = sum(&all);
    for row in 0..30 {
        let others: Vec<usize> = all.iter().copied().filter(|at| *at != row).collect();
        let without = sum(&others);
        let moved = with.iter().flatten().zip(without.iter().flatten()).map(|(a, b)| (a - b).powi(2));
        let moved = moved.sum::<f64>().sqrt();
        assert!(moved <= 0.1 + 1e-5, "{row}: {moved}");
    }
}

#[test]
fn rows_are_drawn_each_by_itself() {
    let (rows, rate, times) = (400, 0.05, 4_000);
    let mut counts = vec![0u32; rows];
    let (mut sum, mut square) = (0.0, 0.0);
    let mut secret = secret(1);
    for _ in 0..times {
        let all = drawn(rows, rate, &mut secret);
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        all.iter().for_each(|at| counts[*at] += 1);
        sum += all.len() as f64;
        square += (all.len() as f64).powi(2);
    }
    let mean = sum / f64::from(times);
    let variance = square / f64::from(times) - mean * mean;
    assert!((mean - 20.0).abs() < 0.3, "{mean}");
    assert!((variance - 19.0).abs() < 1.8, "binomial, not of one size: {variance}");
    // 200 expected, standard deviation 13.8: five of them either side.
    assert!(counts.iter().all(|n| (131..=269).contains(n)), "first and last as often as any");
    assert_eq!(drawn(5, 1.0, &mut secret), [0, 1, 2, 3, 4]);
    assert!(drawn(0, 0.5, &mut secret).is_empty());
}

#[test]
fn noise_is_as_wide_as_it_is_said_to_be() {
    let samples = samples(20);
    let device = device::open(DeviceKind::Flex).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let spec = MlpSpec { hidden: vec![64, 32], ..quick() };
    let model = Network::init(3, &spec.hidden, Activation::Relu, false, &mut rng)
        .to_device(&device.clone().autodiff());
    // No row is drawn: all that comes is noise.
    let mut noisy = Noisy {
        spec: &spec,
        samples: &samples,
        device: &device,
        clip: 0.5,
        noise: 3.0,
        rate: 1e-12,
        batch: 4.0,
    };
    let (gradients, told) = noisy.step(&model, &mut rng, &mut secret(5)).unwrap();
    assert_eq!(told, (0.0, 0));
    let values: Vec<f64> = model
        .layers
        .iter()
        .flat_map(|layer| read(gradients.get::<2>(layer.weight.id).unwrap()).unwrap())
        .map(f64::from)
        .collect();
    let wide = (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
    // σ C / batch = 0.375; of 2,272 numbers the deviation is right to 1.5% (one standard deviation).
    assert!((wide / 0.375 - 1.0).abs() < 0.06, "{wide} of {}", values.len());
}

fn area(trained: &Trained, samples: &Samples) -> f64 {
    let told = trained.model.predict(&samples.valid, DeviceKind::Flex).unwrap();
    roc_auc(&told, &samples.valid_labels).unwrap()
}

#[test]
fn it_learns_under_a_loose_promise_and_less_under_a_tight_one() {
    for kind in [ModelKind::Logistic, ModelKind::Mlp] {
        let mlp = MlpSpec { dropout: 0.0, ..quick() };
        let at = |epsilon: f64, rows: usize| {
            let samples = samples(rows);
            let given = (1, secret(9));
            let trained =
                train_with(kind, (&promise(epsilon), &mlp), &samples, given, &Reporter::silent()).unwrap();
            assert_eq!(trained.model.kind(), kind);
            assert_eq!((trained.epochs_run, trained.best_epoch), (10, 10), "nothing ends it early");
            let kept = trained.promise.clone().unwrap();
            assert!(kept.epsilon <= epsilon && kept.epsilon > 0.98 * epsilon, "{kept:?}");
            assert_eq!((kept.steps, kept.rows), (rows as u64 / 5, rows));
            area(&trained, &samples)
        };
        // Few rows and a tight promise: what is learnt drowns in the noise.
        let (loose, tight) = (at(8.0, 2_000), at(0.02, 400));
        assert!(loose > 0.9, "{kind:?}: {loose}");
        assert!(tight < loose - 0.02, "{kind:?}: {tight} {loose}");
    }
}

#[test]
fn equal_noise_gives_equal_models_and_real_noise_never_does() {
    let samples = samples(200);
    let mlp = MlpSpec { epochs: 2, ..quick() };
    let with = |noise: u64| {
        let given = (1, secret(noise));
        train_with(ModelKind::Mlp, (&promise(3.0), &mlp), &samples, given, &Reporter::silent()).unwrap().model
    };
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
    let real =
        || train(ModelKind::Mlp, (&promise(3.0), &mlp), &samples, 1, &Reporter::silent()).unwrap().model;
    assert_ne!(real(), real());
}

#[test]
fn what_would_break_the_promise_is_left_out_and_told() {
    let samples = samples(200);
    let mlp = MlpSpec {
        batch_norm: true,
        class_weight: true,
        patience: 1,
        schedule: Schedule::Plateau,
        epochs: 3,
        ..quick()
    };
    let of = |kind| {
        let given = (1, secret(1));
        train_with(kind, (&promise(3.0), &mlp), &samples, given, &Reporter::silent())
    };
    let network = of(ModelKind::Mlp).unwrap();
    let Model::Mlp(weights) = &network.model else { panic!("another kind") };
    assert!(weights.layers.iter().all(|layer| layer.norm.is_none()));
    assert_eq!(network.promise.unwrap().left_out, ["batch_norm", "class_weight", "patience", "schedule"]);
    assert_eq!(
        of(ModelKind::Logistic).unwrap().promise.unwrap().left_out,
        ["class_weight", "patience", "schedule"]
    );
    let refused = of(ModelKind::Boosted).unwrap_err();
    assert_eq!(refused.kind(), "private_kind");
}

#[test]
fn who_ends_it_early_has_spent_less() {
    let samples = samples(200);
    let mlp = MlpSpec { epochs: 1_000_000, ..quick() };
    let mut job = crate::job::Job::start(
        || (),
        move |report: &Reporter| {
            let given = (1, secret(1));
            train_with(ModelKind::Logistic, (&promise(3.0), &mlp), &samples, given, report)
        },
    );
    while job.events().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    job.finish_early();
    let trained = loop {
        match job.poll() {
            crate::job::Poll::Running => std::thread::sleep(std::time::Duration::from_millis(5)),
            crate::job::Poll::Done(trained) => break trained.unwrap(),
            crate::job::Poll::Lost => panic!("lost"),
        }
    };
    let kept = trained.promise.unwrap();
    assert!(kept.steps < 4_000_000 && kept.epsilon < 3.0, "{kept:?}");
}

#[test]
fn the_usual_delta_is_far_below_one_in_so_many() {
    assert_eq!([60, 400, 4_507, 1_000_000].map(usual_delta), [1e-3, 1e-4, 1e-5, 1e-8]);
    for rows in [1, 9, 10, 99, 123_456] {
        assert!(usual_delta(rows) <= 0.1 / rows as f64 * 1.000_001, "{rows}");
    }
    let wild = PrivateSpec { epsilon: f64::NAN, delta: Some(2.0), clip: -1.0 }.sane();
    assert_eq!(wild, PrivateSpec { clip: 1e-3, ..PrivateSpec::default() });
}
