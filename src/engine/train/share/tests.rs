//! Parts, frames, meetings, and masks that fall on the same places.

use std::sync::Arc;
use std::time::Duration;

use rand::{RngCore as _, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::train::mlp::{dropout_mask, dropout_part};

#[test]
fn parts_are_even_and_leave_no_row_out() {
    for rows in [0, 1, 2, 3, 31, 32, 33] {
        for parts in [1, 2, 3, 7] {
            let all: Vec<Range<usize>> = (0..parts).map(|part| Share { part, parts }.of(rows)).collect();
            let rejoined: Vec<usize> = all.iter().cloned().flatten().collect();
            assert_eq!(rejoined, (0..rows).collect::<Vec<_>>(), "{rows} rows, {parts} parts");
            let sizes: Vec<usize> = all.iter().map(ExactSizeIterator::len).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
            assert!(sizes.is_sorted_by(|a, b| a >= b), "the first part is never the empty one: {sizes:?}");
        }
    }
    assert!(!Share { part: 2, parts: 2 }.is_sound() && !Share { part: 0, parts: 0 }.is_sound());
    let shard = |part| Shard::new(Share { part, parts: 3 }, Arc::default());
    assert_eq!(shard(1).piece(2), Piece { rows: 1..2, counts: true });
    assert_eq!(shard(2).piece(2), Piece { rows: 0..1, counts: false }, "an empty part weighs nothing");
}

#[test]
fn a_part_of_a_mask_is_that_part_of_the_whole() {
    for len in [0_usize, 1, 2, 9, 10, 64, 65] {
        let mut whole_rng = ChaCha8Rng::seed_from_u64(7);
        whole_rng.next_u32();
        let whole = dropout_mask(len, 0.3, &mut whole_rng);
        for from in 0..=len {
            for to in from..=len {
                let mut rng = ChaCha8Rng::seed_from_u64(7);
                rng.next_u32();
                assert_eq!(
                    dropout_part(len, from..to, 0.3, &mut rng),
                    whole[from..to],
                    "{from}..{to} of {len}"
                );
                assert_eq!(
                    rng.get_word_pos(),
                    whole_rng.get_word_pos(),
                    "the stream stands as after the whole"
                );
            }
        }
    }
}

fn sum(tag: u64, values: &[f32]) -> Vec<u8> {
    Frame::write(Kind::Sum, tag, &values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
}

#[test]
fn frames_add_up_in_their_order_or_are_refused() {
    let told = reduce(&[sum(3, &[1.0, -2.0]), sum(3, &[0.5, 4.0])], answer::END).unwrap();
    assert_eq!((told[0], floats(&told[1..])), (answer::END, vec![1.5, 2.0]));
    let one = reduce(&[sum(3, &[-0.0, f32::MIN_POSITIVE])], 0).unwrap();
    assert_eq!(
        one[1..],
        sum(3, &[-0.0, f32::MIN_POSITIVE])[9..],
        "one part alone stays what it is, bit by bit"
    );
    // The order decides the last bit, so it is always the same.
    let (a, b, c) = (1.0e8_f32, 1.0, -1.0e8);
    let left = reduce(&[sum(1, &[a]), sum(1, &[b]), sum(1, &[c])], 0).unwrap();
    let right = reduce(&[sum(1, &[a]), sum(1, &[c]), sum(1, &[b])], 0).unwrap();
    assert_ne!(left, right);
    let first = [Frame::write(Kind::First, 4, b"figures"), Frame::write(Kind::First, 4, b"")];
    assert_eq!(reduce(&first, 0).unwrap(), b"\0figures");
    for wrong in [
        vec![sum(3, &[1.0]), sum(4, &[1.0])],
        vec![sum(3, &[1.0]), sum(3, &[1.0, 2.0])],
        vec![sum(3, &[1.0]), Frame::write(Kind::First, 3, &[0; 4])],
        vec![sum(3, &[1.0]), vec![9; 20]],
        vec![sum(3, &[1.0]), vec![1, 2]],
        vec![],
    ] {
        assert_eq!(reduce(&wrong, 0), None, "{wrong:?}");
    }
}

#[test]
fn a_question_asked_twice_does_no_harm() {
    let meeting = Arc::<Meeting>::default();
    let short = Duration::from_millis(5);
    assert_eq!(meeting.turn(1, b"", short), Turn::Later, "nothing is laid down yet");
    assert_eq!(meeting.turn(3, b"", short), Turn::Astray, "that is far ahead");
    let worker = {
        let meeting = meeting.clone();
        std::thread::spawn(move || {
            let report = Reporter::silent();
            [b"one".to_vec(), b"two".to_vec()].map(|frame| meeting.meet(frame, &report).unwrap())
        })
    };
    let long = Duration::from_secs(20);
    let frame = |turn: Turn| match turn {
        Turn::Frame(frame) => String::from_utf8(frame.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(frame(meeting.turn(1, b"", long)), "one");
    assert_eq!(frame(meeting.turn(1, b"", long)), "one");
    assert_eq!(frame(meeting.turn(2, b"first", long)), "two");
    assert_eq!(frame(meeting.turn(2, b"other", long)), "two", "the answer to it was taken before");
    assert_eq!(meeting.turn(1, b"", short), Turn::Astray);
    assert_eq!(meeting.turn(3, b"second", short), Turn::Later);
    assert_eq!(worker.join().unwrap(), [b"first".to_vec(), b"second".to_vec()]);
    meeting.end();
    assert_eq!(meeting.turn(3, b"second", long), Turn::Ended, "at once");
}

#[test]
fn who_waits_hears_of_a_cancel() {
    let meeting = Arc::<Meeting>::default();
    let job = {
        let meeting = meeting.clone();
        crate::job::Job::start(|| (), move |report| meeting.meet(b"frame".to_vec(), report))
    };
    assert!(matches!(meeting.turn(1, b"", Duration::from_secs(20)), Turn::Frame(_)));
    job.cancel();
    assert!(matches!(job.wait().unwrap(), Err(crate::Error::Cancelled)));
}
