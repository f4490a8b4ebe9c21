//! What travels, and a training that follows it, without a wire.

use std::time::{Duration, Instant};

use super::news::{Control, Failed, News, Outcome, Standing, Weights};
use super::order::{Order, Work};
use super::{Elsewhere, ElsewhereError, Muscle, Refusal};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::fit::{FitSpec, NetSamples};
use crate::train::net::{Categories, NetData, NetSpec, Ragged, Target};
use crate::train::{DeviceKind, MlpSpec, Samples, mlp};

fn samples() -> Samples {
    let matrix = |rows: usize, from: usize| {
        let data: Vec<f32> =
            (0..rows * 3).map(|at| (((at + from) * 7919) % 101) as f32 / 50.0 - 1.0).collect();
        let names = |x: &str| (0..3).map(|at| format!("{x}{at}")).collect::<Vec<_>>();
        Matrix::new(names("secret name "), names("secret source "), rows, data)
    };
    let truth = |matrix: &Matrix| (0..matrix.height).map(|at| matrix.row(at)[0] > 0.1).collect::<Vec<_>>();
    let (train, valid) = (matrix(200, 0), matrix(60, 17));
    let (train_labels, valid_labels) = (truth(&train), truth(&valid));
    Samples { train, train_labels, valid, valid_labels }
}

fn spec(epochs: usize) -> MlpSpec {
    MlpSpec { hidden: vec![6], epochs, patience: 0, ..MlpSpec::default() }
}

fn order(epochs: usize, checkpoint: Option<Vec<u8>>) -> Order {
    let work = Work::Mlp { spec: spec(epochs), samples: Box::new(samples()) };
    Order { work, device: DeviceKind::Flex, seed: 5, checkpoint, share: None }
}

fn wait(muscle: &Muscle, id: &str) -> Outcome {
    let until = Instant::now() + Duration::from_secs(120);
    while Instant::now() < until {
        if let Some(outcome) = muscle.outcome(id) {
            return outcome;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the job does not end");
}

fn here(epochs: usize) -> crate::train::Trained {
    mlp::train(&spec(epochs), &samples(), (DeviceKind::Flex, 5), None, &Reporter::silent()).unwrap()
}

#[test]
fn an_order_comes_back_as_it_was_but_for_the_names() {
    let sent = order(3, Some(vec![1, 2, 3]));
    let bytes = sent.write().unwrap();
    assert!(!bytes.windows(6).any(|w| w == b"secret"), "no name of a column travels");
    let back = Order::read(&bytes).unwrap();
    assert_eq!((back.device, back.seed, &back.checkpoint), (sent.device, sent.seed, &sent.checkpoint));
    let (Work::Mlp { spec: a, samples: x }, Work::Mlp { spec: b, samples: y }) = (&sent.work, &back.work)
    else {
        panic!("another kind of work")
    };
    assert_eq!(a, b);
    assert_eq!((&x.train.data, &x.train_labels), (&y.train.data, &y.train_labels));
    assert_eq!((&x.valid.data, &x.valid_labels), (&y.valid.data, &y.valid_labels));
    assert_eq!(y.train.width(), 3);
}

#[test]
fn damaged_or_foreign_bytes_are_refused() {
    let bytes = order(3, None).write().unwrap();
    for at in [0, 9, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert!(matches!(Order::read(&other), Err(ElsewhereError::Order { .. })), "byte {at}");
    }
    for length in [0, 8, 31, 50, bytes.len() - 1] {
        assert!(Order::read(&bytes[..length]).is_err(), "{length} bytes");
    }
    // Well sealed, but of more rows than there are numbers.
    let end = bytes.len() - 32;
    let text = String::from_utf8_lossy(&bytes[16..end]).into_owned();
    let header = text.split_inclusive('}').take(2).collect::<String>();
    assert!(header.contains("\"train\":200") || text.contains("\"train\":200"));
    let mut forged: Vec<u8> = bytes[..end].to_vec();
    let place = forged.windows(11).position(|w| w == b"\"train\":200").unwrap();
    forged[place + 8] = b'9';
    let hash = blake3::hash(&forged);
    forged.extend_from_slice(hash.as_bytes());
    let why = Order::read(&forged).unwrap_err().to_string();
    assert!(why.contains("missing"), "{why}");
}

#[test]
fn a_training_there_equals_one_here_and_tells_every_epoch() {
    let muscle = Muscle::new(DeviceKind::Flex).unwrap();
    let id = muscle.take(&order(4, None).write().unwrap()).unwrap();
    let outcome = wait(&muscle, &id);
    let here = here(4);
    assert_eq!(outcome.failed, None);
    let Some(Weights::Mlp(network)) = &outcome.weights else { panic!("no network") };
    assert_eq!(crate::train::Model::Mlp(network.clone()), here.model, "the same weights to the last bit");
    let told = muscle.news(&id, 0).unwrap();
    assert_eq!(told.standing, Standing::Done);
    let epochs: Vec<_> = told
        .news
        .iter()
        .filter_map(|news| match news {
            News::Epoch(epoch) => Some((epoch.epoch, epoch.valid_loss)),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = here.history.iter().map(|e| (e.epoch, e.valid_loss)).collect();
    assert_eq!(epochs, expected);
    // And through JSON nothing is lost.
    let text = serde_json::to_string(&outcome).unwrap();
    assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
    assert!(muscle.forget(&id) && muscle.news(&id, 0).is_none() && muscle.outcome(&id).is_none());
}

#[test]
fn a_new_machine_goes_on_from_the_checkpoint_and_ends_the_same() {
    let first = Muscle::new(DeviceKind::Flex).unwrap();
    let id = first.take(&order(400, None).write().unwrap()).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while first.news(&id, 0).unwrap().checkpoints < 3 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(2));
    }
    let checkpoint = first.checkpoint(&id).unwrap();
    first.control(&id, Control { cancel: true, ..Control::default() });
    assert_eq!(wait(&first, &id).failed, Some(Failed::Cancelled));
    drop(first);
    let second = Muscle::new(DeviceKind::Flex).unwrap();
    let id = second.take(&order(400, Some(checkpoint)).write().unwrap()).unwrap();
    let outcome = wait(&second, &id);
    let Some(Weights::Mlp(network)) = outcome.weights else { panic!("{:?}", outcome.failed) };
    assert_eq!(crate::train::Model::Mlp(network), here(400).model);
}

#[test]
fn one_job_at_a_time() {
    let muscle = Muscle::new(DeviceKind::Flex).unwrap();
    let id = muscle.take(&order(100_000, None).write().unwrap()).unwrap();
    assert!(muscle.about().busy);
    assert!(matches!(muscle.take(&order(1, None).write().unwrap()), Err(Refusal::Busy)));
    assert!(!muscle.control("another", Control::default()));
    muscle.control(&id, Control { finish: true, ..Control::default() });
    let outcome = wait(&muscle, &id);
    assert!(outcome.failed.is_none() && outcome.weights.is_some(), "what there is, is kept");
    assert!(matches!(muscle.take(b"nonsense"), Err(Refusal::Order(_))));
    let next = muscle.take(&order(1, None).write().unwrap()).unwrap();
    assert!(muscle.news(&id, 0).is_none(), "the ended job made room");
    wait(&muscle, &next);
}

#[test]
fn too_few_rows_of_a_class_are_told() {
    let muscle = Muscle::new(DeviceKind::Flex).unwrap();
    let mut few = samples();
    few.train_labels.fill(false);
    let work = Work::Mlp { spec: spec(2), samples: Box::new(few) };
    let bytes =
        Order { work, device: DeviceKind::Flex, seed: 1, checkpoint: None, share: None }.write().unwrap();
    let id = muscle.take(&bytes).unwrap();
    assert!(matches!(wait(&muscle, &id).failed, Some(Failed::Other { .. })));
}

#[test]
fn addresses_are_read_as_people_write_them() {
    let at = |text: &str, open: bool| Elsewhere::new(text, "t", None, open).map(|at| format!("{at:?}"));
    assert!(at("localhost:7878", false).unwrap().contains("http://localhost:7878"));
    assert!(at("127.0.0.1:7878", false).unwrap().contains("http://127.0.0.1:7878"));
    assert!(at("[::1]:7878", false).unwrap().contains("http://[::1]:7878"));
    assert!(at("gpu.example:7878", false).unwrap().contains("https://gpu.example:7878"));
    assert!(at("gpu.example:7878", true).unwrap().contains("http://gpu.example:7878"));
    assert!(matches!(at("http://gpu.example:7878", false), Err(ElsewhereError::Open { .. })));
    assert!(at("http://gpu.example:7878/", true).is_ok());
    for wrong in ["", "   ", "ftp://x:1", "https://x/path", "http://", "a b:1"] {
        assert!(matches!(at(wrong, true), Err(ElsewhereError::Address { .. })), "{wrong:?}");
    }
}

#[test]
fn what_networks_read_in_order_travels_as_it_was() {
    let mut tokens = Ragged::new(1);
    let mut events = Ragged::new(2);
    for row in 0..4_usize {
        tokens.push(&(0..row as u32).collect::<Vec<_>>());
        events.push(&(0..2 * (3 - row)).map(|at| at as f32 / 3.0).collect::<Vec<_>>());
    }
    let data = NetData {
        rows: 4,
        table: (0..8).map(|at| at as f32).collect(),
        table_width: 2,
        categories: Categories { levels: vec![3], ids: vec![0, 1, 2, 1] },
        tokens: Some(tokens),
        vocabulary: 9,
        events: Some(events),
    };
    let target = Target::Binary(vec![true, false, true, true]);
    let silent = NetData { rows: 0, ..NetData::default() };
    let samples = NetSamples {
        train: data,
        train_target: target,
        valid: silent,
        valid_target: Target::Binary(Vec::new()),
    };
    let spec = Box::new(NetSpec::default());
    let work = Work::Net { spec, fit: FitSpec::default(), samples: Box::new(samples.clone()) };
    let sent = Order { work, device: DeviceKind::Auto, seed: u64::MAX, checkpoint: None, share: None };
    let back = Order::read(&sent.write().unwrap()).unwrap();
    assert_eq!(back, sent);
    let number = NetSamples { train_target: Target::Number(vec![1.0; 4]), ..samples };
    let work =
        Work::Net { spec: Box::new(NetSpec::default()), fit: FitSpec::default(), samples: Box::new(number) };
    assert!(Order { work, ..sent }.write().is_err(), "only yes or no travels");
}
