//! The machines in step: each is asked for its frame, all frames become one, and that goes to all.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::client::{Elsewhere, Trouble};
use super::super::muscle::Met;
use super::super::news::{Control, Failed, Outcome, Standing, Told};
use super::super::order::Order;
use super::{ElsewhereError, crew};
use crate::job::Reporter;
use crate::train::TrainError;
use crate::train::share::{answer, reduce};

/// A machine whose link is away for this long is left out while others go on.
const LINK: Duration = Duration::from_secs(5);
/// Between two questions what is new.
const NEWS: Duration = Duration::from_millis(100);
/// Between two tellings how fast the machines are.
const PACE: Duration = Duration::from_secs(1);
const ANEW: &str = "it was started anew";

/// A machine that takes part, and its job there.
pub(super) struct Hand {
    /// Its place among all machines.
    pub at: usize,
    pub machine: Elsewhere,
    pub id: String,
}

/// What a hand, or who follows the first one, tells.
enum Said {
    Frame(Vec<u8>),
    Ended,
    Astray,
    Lost(String),
    Lasting(ElsewhereError),
    News(Box<Told>, Option<Vec<u8>>),
}

/// How the machines came to an end together.
pub(super) enum Ended {
    Done(Box<Outcome>),
    /// The machine at this place is lost; with `for_good` it is not asked again.
    Lost {
        at: usize,
        cause: String,
        for_good: bool,
    },
}

/// Asks one machine for its frames, one after the other.
fn serve(
    (machine, id, turn): (Elsewhere, String, usize),
    asked: &Receiver<(u64, Arc<Vec<u8>>)>,
    tell: &Sender<(usize, Said)>,
) {
    for (at, body) in asked {
        let path = format!("/v1/jobs/{id}/meet?at={at}");
        let mut away: Option<Instant> = None;
        let said = loop {
            match machine.ask("POST", &path, Some(&body)) {
                Ok(mut bytes) => match bytes.first() {
                    Some(how) if *how == Met::Frame as u8 => {
                        bytes.remove(0);
                        break Said::Frame(bytes);
                    }
                    Some(how) if *how == Met::Later as u8 => away = None,
                    Some(how) if *how == Met::Ended as u8 => break Said::Ended,
                    _ => break Said::Astray,
                },
                Err(Trouble::Unknown) => break Said::Lost(ANEW.to_owned()),
                Err(Trouble::Away(cause)) => {
                    if away.get_or_insert_with(Instant::now).elapsed() > LINK.min(machine.patience) {
                        break Said::Lost(cause);
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(Trouble::Lasting(error)) => break Said::Lasting(error),
            }
        };
        if tell.send((turn, said)).is_err() {
            return;
        }
    }
}

/// Follows what the first machine tells, until nobody hears it.
fn follow((machine, id): (Elsewhere, String), wish: &Mutex<Control>, tell: &Sender<(usize, Said)>) {
    let job = format!("/v1/jobs/{id}");
    let (mut next, mut checkpoints, mut control) = (0, 0, Control::default());
    let mut away: Option<Instant> = None;
    loop {
        let wanted = *wish.lock().unwrap_or_else(PoisonError::into_inner);
        match machine.turn(&job, (next, checkpoints), (wanted != control).then_some(wanted)) {
            Ok((told, checkpoint)) => {
                (control, away) = (wanted, None);
                (next, checkpoints) = (told.next, told.checkpoints);
                let done = told.standing == Standing::Done;
                if tell.send((0, Said::News(Box::new(told), checkpoint))).is_err() || done {
                    return;
                }
            }
            Err(Trouble::Unknown) => {
                let _ = tell.send((0, Said::Lost(ANEW.to_owned())));
                return;
            }
            Err(Trouble::Away(cause)) => {
                if away.get_or_insert_with(Instant::now).elapsed() > LINK.min(machine.patience) {
                    let _ = tell.send((0, Said::Lost(cause)));
                    return;
                }
            }
            Err(Trouble::Lasting(error)) => {
                let _ = tell.send((0, Said::Lasting(error)));
                return;
            }
        }
        std::thread::sleep(NEWS);
    }
}

/// Leads the hands through the training: frame by frame, all in step.
pub(super) fn together(
    machines: &[Elsewhere],
    hands: &[Hand],
    order: &mut Order,
    (kept, seen): (Option<&Path>, &mut usize),
    report: &Reporter,
) -> crate::Result<Ended> {
    let Some(lead) = hands.first() else {
        return Ok(Ended::Lost { at: 0, cause: "nobody is there".to_owned(), for_good: false });
    };
    let members: Vec<usize> = hands.iter().map(|hand| hand.at).collect();
    let names = members.iter().filter_map(|at| machines.get(*at)).map(Elsewhere::place).collect::<Vec<_>>();
    let names = names.join(", ");
    let (tell, hear) = channel();
    let wish = Arc::new(Mutex::new(Control::default()));
    let doors: Vec<Sender<(u64, Arc<Vec<u8>>)>> = hands
        .iter()
        .enumerate()
        .map(|(turn, hand)| {
            let (door, asked) = channel();
            let (whose, tell) = ((hand.machine.clone(), hand.id.clone(), turn), tell.clone());
            std::thread::spawn(move || serve(whose, &asked, &tell));
            door
        })
        .collect();
    {
        let (whose, wish, tell) = ((lead.machine.clone(), lead.id.clone()), wish.clone(), tell);
        std::thread::spawn(move || follow(whose, &wish, &tell));
    }
    let lost = |turn: usize, cause: String, for_good: bool| {
        let at = hands.get(turn).map_or(0, |hand| hand.at);
        Ok(Ended::Lost { at, cause, for_good })
    };
    let mut frames: Vec<Option<Vec<u8>>> = vec![None; hands.len()];
    let mut times = Times::new(hands.len());
    let (mut at, mut sent, mut paced) = (1, Instant::now(), Instant::now());
    let pass = |at: u64, body: Vec<u8>| {
        let body = Arc::new(body);
        doors.iter().for_each(|door| {
            let _ = door.send((at, body.clone()));
        });
    };
    crew(machines, &members, &[], report);
    pass(at, Vec::new());
    loop {
        report.check()?;
        let (finish, watched) = (report.wants_finish(), report.is_watched());
        let pause = report.is_paused() && !finish;
        // The wish to end goes with the next sum, so that all hear of it at the same step.
        *wish.lock().unwrap_or_else(PoisonError::into_inner) =
            Control { pause, watched, ..Control::default() };
        let (turn, said) = match hear.recv_timeout(Duration::from_millis(20)) {
            Ok(said) => said,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return lost(0, "the link ended".to_owned(), false),
        };
        match said {
            Said::News(told, checkpoint) => {
                if let Some(bytes) = checkpoint {
                    if let Some(path) = kept {
                        // A full disk does not end a training that goes well.
                        let _ = crate::files::write_atomically(path, |out| out.write_all(&bytes));
                    }
                    order.checkpoint = Some(bytes);
                }
                told.news.into_iter().for_each(|news| news.tell(&names, seen, report));
                report.progress(told.progress);
                if told.standing == Standing::Done {
                    return match outcome(lead)? {
                        Some(Outcome { failed: Some(Failed::Broken { cause }), .. })
                            if machines.len() > 1 =>
                        {
                            lost(0, cause, true)
                        }
                        Some(outcome) => Ok(Ended::Done(Box::new(outcome))),
                        None => lost(0, ANEW.to_owned(), false),
                    };
                }
            }
            Said::Frame(frame) => {
                times.took(turn, sent.elapsed());
                if let Some(place) = frames.get_mut(turn) {
                    *place = Some(frame);
                }
                if frames.iter().any(Option::is_none) {
                    continue;
                }
                let all: Vec<Vec<u8>> = frames.iter_mut().filter_map(Option::take).collect();
                let flags = if finish { answer::END } else { 0 };
                let Some(body) = reduce(&all, flags) else {
                    let cause = "the machines are not at the same step".to_owned();
                    return Err(TrainError::from(lead.machine.protocol(cause)).into());
                };
                at += 1;
                pass(at, body);
                sent = Instant::now();
                if paced.elapsed() >= PACE {
                    paced = sent;
                    crew(machines, &members, &times.means, report);
                }
            }
            // The first tells by its news that it has ended. Another that ended well waits for it.
            Said::Ended if turn == 0 => {}
            Said::Ended => match hands.get(turn).map(outcome).transpose()?.flatten().and_then(|o| o.failed) {
                None | Some(Failed::Diverged { .. } | Failed::Exploded { .. }) => {}
                Some(Failed::Broken { cause }) => return lost(turn, cause, true),
                Some(Failed::Cancelled) => return lost(turn, "it was stopped there".to_owned(), false),
                Some(failed) => return Err(lead.machine.error(failed, None)),
            },
            Said::Astray => return lost(turn, "it is at another step".to_owned(), false),
            Said::Lost(cause) => return lost(turn, cause, false),
            Said::Lasting(error) => return Err(TrainError::from(error).into()),
        }
    }
}

/// What came of a job; none if the machine no longer knows it.
fn outcome(hand: &Hand) -> crate::Result<Option<Outcome>> {
    let began = Instant::now();
    loop {
        let trouble = match hand.machine.json("GET", &format!("/v1/jobs/{}/outcome", hand.id), None) {
            Ok(outcome) => return Ok(Some(outcome)),
            Err(trouble) => trouble,
        };
        match trouble {
            // The training has ended, and its outcome is there in a moment; or the machine was started anew.
            Trouble::Unknown | Trouble::Away(_) if began.elapsed() < LINK => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Trouble::Unknown => return Ok(None),
            trouble => return Err(TrainError::from(hand.machine.told(trouble)).into()),
        }
    }
}

/// Moving means of the milliseconds that each machine takes.
struct Times {
    means: Vec<f64>,
}

impl Times {
    fn new(count: usize) -> Self {
        Self { means: vec![f64::NAN; count] }
    }

    fn took(&mut self, turn: usize, time: Duration) {
        if let Some(mean) = self.means.get_mut(turn) {
            let now = time.as_secs_f64() * 1e3;
            *mean = if mean.is_nan() { now } else { 0.95 * *mean + 0.05 * now };
        }
    }
}
