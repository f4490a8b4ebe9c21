//! Blocks on their way: one is read while others are worked on side by side, and what comes of them is
//! taken in their order, while others are worked on.

use std::sync::mpsc::{Receiver, sync_channel};

use crate::Error;

/// Blocks that are worked on or wait to be taken at a time, at most: each is worked on by several cores
/// anyway, and each needs its memory.
const MOST: usize = 4;

/// Hands what `read` reads to `work`, and what that makes to `take`, in the order of reading.
///
/// Not to be called by a thread of rayon's own, for it waits for the others.
///
/// # Errors
/// The first failure in that order.
pub(super) fn run<Block: Send, Made: Send, Whole: Send>(
    read: impl FnOnce(&mut dyn FnMut(Block) -> crate::Result<()>) -> crate::Result<Whole> + Send,
    work: impl Fn(Block) -> crate::Result<Made> + Sync + Send,
    mut take: impl FnMut(Made) -> crate::Result<()>,
) -> crate::Result<Whole> {
    let lanes = rayon::current_num_threads().clamp(1, MOST);
    let work = &work;
    rayon::in_place_scope(|tasks| {
        std::thread::scope(|scope| {
            // In the order of reading: where each block's outcome will come from.
            let (order, places) = sync_channel::<Receiver<crate::Result<Made>>>(lanes - 1);
            let reader = scope.spawn(move || {
                read(&mut |block| {
                    let (done, made) = sync_channel(1);
                    // Waits for room. Where nobody listens any more, why is told by the other side.
                    order.send(made).map_err(|_| Error::Cancelled)?;
                    tasks.spawn(move |_| drop(done.send(work(block))));
                    Ok(())
                })
            });
            let mut done = Ok(());
            for made in places {
                // Nothing comes of a block where the work panicked: the scope tells.
                let Ok(made) = made.recv() else { break };
                done = made.and_then(&mut take);
                if done.is_err() {
                    break;
                }
            }
            let read = reader.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause));
            done.and(read)
        })
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
