//! Single rows on their way to the model. Those that wait for the same model at the same time are scored
//! together: each as if it came alone, at a fraction of the cost. A model that is done in no time works where
//! the requests are read; any other has threads of its own, so that nobody else waits for it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use regulars_engine::deploy::{GivenRow, RowScore};
use tokio::sync::oneshot;

use super::fail::{Fail, Why};
use super::models::Scorer;

/// Rows that go together at most.
const TOGETHER: usize = 64;

type Reply = oneshot::Sender<Result<RowScore, Fail>>;

struct Waiting {
    model: Arc<Scorer>,
    row: GivenRow,
    reply: Reply,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    closed: bool,
}

/// The rows that wait for a model that works where requests are read.
#[derive(Default)]
pub(super) struct Desk(Mutex<Waits>);

#[derive(Default)]
struct Waits {
    rows: Vec<(GivenRow, Reply)>,
    /// Somebody is on the way to take them.
    is_called: bool,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl Desk {
    /// Adds a row; true if somebody must be called.
    fn put(&self, row: GivenRow, reply: Reply) -> bool {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waits.rows.push((row, reply));
        !std::mem::replace(&mut waits.is_called, true)
    }

    /// The rows that go together next; none when nobody waits.
    fn take(&self) -> Vec<(GivenRow, Reply)> {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waits.is_called = false;
        let some = waits.rows.len().min(TOGETHER);
        let rest = waits.rows.split_off(some);
        std::mem::replace(&mut waits.rows, rest)
    }
}

/// Scores a row of a model that is done in no time, on a thread that reads requests.
pub(super) async fn at_desk(model: &Arc<Scorer>, row: GivenRow) -> Result<RowScore, Fail> {
    let (reply, answer) = oneshot::channel();
    if model.desk.put(row, reply) {
        let model = model.clone();
        // A task of its own: it goes on when the request that called for it is given up.
        tokio::spawn(async move {
            // Requests that are there already are read first, and their rows go along.
            tokio::task::yield_now().await;
            loop {
                let some = model.desk.take();
                if some.is_empty() {
                    break;
                }
                finish(&model, some);
            }
        });
    }
    answer.await.unwrap_or_else(|_| Err(Fail::new(Why::Broken)))
}

/// The rows that wait, and the threads that score them.
#[derive(Default)]
pub(super) struct Queue {
    line: Mutex<Line>,
    came: Condvar,
}

impl Queue {
    /// A queue with so many threads; they end when [`close`](Self::close) is called.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(threads: usize) -> std::io::Result<Arc<Self>> {
        let queue = Arc::new(Self::default());
        for _ in 0..threads.max(1) {
            let own = queue.clone();
            std::thread::Builder::new().name("regulars-score".into()).spawn(move || own.work())?;
        }
        Ok(queue)
    }

    /// Scores a row.
    pub(super) async fn score(&self, model: Arc<Scorer>, row: GivenRow) -> Result<RowScore, Fail> {
        let (reply, answer) = oneshot::channel();
        {
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            if line.closed {
                return Err(Fail::new(Why::Busy).after(1));
            }
            line.waiting.push_back(Waiting { model, row, reply });
        }
        self.came.notify_one();
        answer.await.unwrap_or_else(|_| Err(Fail::new(Why::Broken)))
    }

    pub(super) fn close(&self) {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.came.notify_all();
    }

    /// The rows that go together next; `None` when there will be no more.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(first) = line.waiting.pop_front() {
                let mut together = vec![first];
                while let (Some(next), Some(first)) = (line.waiting.front(), together.first()) {
                    if together.len() >= TOGETHER || !Arc::ptr_eq(&next.model, &first.model) {
                        break;
                    }
                    together.extend(line.waiting.pop_front());
                }
                return Some(together);
            }
            if line.closed {
                return None;
            }
            line = self.came.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        while let Some(together) = self.next() {
            let Some(model) = together.first().map(|one| one.model.clone()) else { continue };
            finish(&model, together.into_iter().map(|one| (one.row, one.reply)));
        }
    }
}

/// Scores rows together and answers each.
fn finish(model: &Scorer, together: impl IntoIterator<Item = (GivenRow, Reply)>) {
    // Who no longer waits is not worked for.
    let waits = |one: &(GivenRow, Reply)| !one.1.is_closed();
    let (rows, replies): (Vec<GivenRow>, Vec<Reply>) = together.into_iter().filter(waits).unzip();
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.ready.each(&rows))) {
        Ok(Ok(answers)) => {
            for (reply, answer) in replies.into_iter().zip(answers) {
                // Its caller may have gone.
                let _ = reply.send(Ok(answer));
            }
        }
        // One row must not spoil the others': each is tried alone.
        _ if rows.len() > 1 => {
            for (row, reply) in rows.iter().zip(replies) {
                let _ = reply.send(alone(model, row));
            }
        }
        Ok(Err(error)) => {
            let fail = replies.into_iter().next().map(|reply| (reply, Fail::from(error)));
            if let Some((reply, fail)) = fail {
                let _ = reply.send(Err(fail));
            }
        }
        // Dropped replies are told as broken.
        Err(_) => drop(replies),
    }
}

fn alone(model: &Scorer, row: &GivenRow) -> Result<RowScore, Fail> {
    let score = || model.ready.each(std::slice::from_ref(row));
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(score)) {
        Ok(Ok(answers)) => answers.into_iter().next().ok_or_else(|| Fail::new(Why::Broken)),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Fail::new(Why::Broken)),
    }
}
