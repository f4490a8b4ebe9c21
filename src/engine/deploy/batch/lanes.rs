//! Blocks on their way: one is read while others are worked on side by side, and what comes of them is
//! taken in their order.

use std::sync::mpsc::sync_channel;

use rayon::prelude::*;

use crate::Error;

/// Blocks that are worked on at a time, at most: each is worked on by several cores anyway, and each needs
/// its memory.
const MOST: usize = 4;

/// Hands what `read` reads to `work`, and what that makes to `take`, in the order of reading.
///
/// # Errors
/// The first failure in that order.
pub(super) fn run<Block: Send, Made: Send, Whole: Send>(
    read: impl FnOnce(&mut dyn FnMut(Block) -> crate::Result<()>) -> crate::Result<Whole> + Send,
    work: impl Fn(Block) -> crate::Result<Made> + Sync + Send,
    mut take: impl FnMut(Made) -> crate::Result<()>,
) -> crate::Result<Whole> {
    let lanes = rayon::current_num_threads().clamp(1, MOST);
    std::thread::scope(|scope| {
        let (sender, blocks) = sync_channel::<Block>(lanes - 1);
        let reader = scope.spawn(move || {
            // Where nobody listens any more, why is told by the other side.
            read(&mut |block| sender.send(block).map_err(|_| Error::Cancelled))
        });
        let mut done = Ok(());
        while let Ok(first) = blocks.recv() {
            let others = std::iter::from_fn(|| blocks.try_recv().ok()).take(lanes - 1);
            let some: Vec<Block> = std::iter::once(first).chain(others).collect();
            let made: Vec<crate::Result<Made>> = some.into_par_iter().map(&work).collect();
            done = made.into_iter().try_for_each(|made| take(made?));
            if done.is_err() {
                break;
            }
        }
        drop(blocks);
        let read = reader.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause));
        done.and(read)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_comes_in_order_and_the_first_failure_is_told() {
        let read = |each: &mut dyn FnMut(usize) -> crate::Result<()>| {
            (0..50).try_for_each(&mut *each)?;
            Ok("whole")
        };
        let slow = |at: usize| {
            std::thread::sleep(std::time::Duration::from_micros(((at * 7) % 5) as u64 * 200));
            Ok(at)
        };
        let mut taken = Vec::new();
        let told = run(read, slow, |at| {
            taken.push(at);
            Ok(())
        });
        assert_eq!((told.unwrap(), taken), ("whole", (0..50).collect::<Vec<_>>()));
        let bad = |at: usize| match at {
            0..7 => Ok(at),
            _ => Err(crate::deploy::DeployError::NotFound { file: at.to_string().into() }.into()),
        };
        let mut taken = 0;
        let told = run(read, bad, |_| {
            taken += 1;
            Ok(())
        });
        assert_eq!((told.unwrap_err().to_string(), taken), ("7 does not exist".to_owned(), 7));
    }
}
