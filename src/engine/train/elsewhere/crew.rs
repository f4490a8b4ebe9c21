//! Several machines that share one training. They need not know each other: whoever orders asks each for its
//! frame, adds the frames up in the machines' order, and brings the sum to all. One that is lost is left out:
//! the others go on from the last checkpoint, the batches divided anew.

mod step;

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::step::{Ended, Hand, together};
use super::ElsewhereError;
use super::client::{About, Elsewhere};
use super::news::Outcome;
use super::order::{Order, Work};
use crate::job::{Event, Reporter};
use crate::train::TrainError;
use crate::train::share::Share;

/// Machines may be lost so often in one training.
const LOSSES: usize = 20;

/// One of the machines that share a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub place: String,
    /// False once it was lost.
    pub works: bool,
    /// Mean time of its last steps as whoever ordered sees it, with the way there and back.
    pub milliseconds: Option<f64>,
}

/// A machine, and what it answered in what time.
pub type Asked = (String, Result<(About, Duration), ElsewhereError>);

impl Elsewhere {
    /// The machines at `addresses`, with commas between them: with more than one they share each training.
    /// `tokens` is one for all, or one for each in the same order, with spaces or line ends between them. `ca`
    /// and `open` as for [`new`](Self::new).
    ///
    /// # Errors
    /// As [`new`](Self::new); a machine that is named twice; another number of tokens than of machines.
    pub fn several(
        addresses: &str,
        tokens: &str,
        ca: Option<&Path>,
        open: bool,
    ) -> Result<Self, ElsewhereError> {
        let separators = [',', ';', '\n', '，', '；', '、'];
        let places: Vec<&str> =
            addresses.split(separators).map(str::trim).filter(|place| !place.is_empty()).collect();
        match places.as_slice() {
            [] => return Err(ElsewhereError::Address { address: addresses.to_owned() }),
            [place] => return Self::new(place, tokens, ca, open),
            _ => {}
        }
        let tokens: Vec<&str> =
            tokens.split(|c: char| c.is_whitespace() || c == ',').filter(|token| !token.is_empty()).collect();
        if tokens.len() != 1 && tokens.len() != places.len() {
            return Err(ElsewhereError::Tokens { machines: places.len(), tokens: tokens.len() });
        }
        let mut all: Vec<Self> = Vec::new();
        for (place, token) in places.iter().zip(tokens.iter().cycle()) {
            let machine = Self::new(place, token, ca, open)?;
            if all.iter().any(|other| other.place() == machine.place()) {
                return Err(ElsewhereError::Twice { address: machine.place().to_owned() });
            }
            all.push(machine);
        }
        let rest = all.split_off(1);
        let mut first = all.pop().ok_or_else(|| ElsewhereError::Address { address: addresses.to_owned() })?;
        first.rest = rest;
        Ok(first)
    }

    /// This machine and those that share its trainings, in their order.
    pub fn machines(&self) -> Vec<Self> {
        let mut alone = self.clone();
        alone.rest.clear();
        std::iter::once(alone).chain(self.rest.iter().cloned()).collect()
    }

    /// The names of all of them.
    pub fn names(&self) -> String {
        let machines = self.machines();
        machines.iter().map(Self::place).collect::<Vec<_>>().join(", ")
    }

    /// Asks each what it is, all at once.
    pub fn abouts(&self) -> Vec<Asked> {
        let machines = self.machines();
        let (tell, hear) = channel();
        for (at, machine) in machines.iter().cloned().enumerate() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let _ = tell.send((at, machine.about()));
            });
        }
        drop(tell);
        let mut all: Vec<_> = hear.iter().collect();
        all.sort_by_key(|(at, _)| *at);
        let place = |at: usize| machines.get(at).map(|m| m.place().to_owned()).unwrap_or_default();
        all.into_iter().map(|(at, about)| (place(at), about)).collect()
    }
}

/// Trains on all of `machines` together.
///
/// # Errors
/// As on one machine; batch normalisation, which would need the whole batch in one place; all machines lost.
pub(super) fn train(
    machines: Vec<Elsewhere>,
    mut order: Order,
    kept: Option<&Path>,
    report: &Reporter,
) -> crate::Result<Outcome> {
    if matches!(&order.work, Work::Mlp { spec, .. } if spec.batch_norm) {
        return Err(TrainError::from(ElsewhereError::BatchNorm).into());
    }
    report.emit(Event::Phase("elsewhere_send"));
    let mut banned = vec![false; machines.len()];
    let mut members: Vec<usize> = (0..machines.len()).collect();
    // At the beginning all must be there: who asked for three machines is told that one is away.
    ask(&machines, &members, report)?
        .into_iter()
        .try_for_each(|(_, about)| about.map(|_| ()))
        .map_err(TrainError::from)?;
    let (mut seen, mut losses, mut first) = (0, 0, true);
    loop {
        let hands = match enlist(&machines, &members, &mut order, report) {
            Ok(hands) => Ok(hands),
            Err((at, error)) if !first && is_away(&error) => Err((at, error.to_string(), false)),
            Err((_, error)) => return Err(error),
        };
        let (at, cause, for_good) = match hands {
            Err(lost) => lost,
            Ok(hands) => {
                report.emit(Event::Phase("train"));
                let ended = together(&machines, &hands, &mut order, (kept, &mut seen), report);
                dismiss(&hands);
                match ended? {
                    Ended::Done(outcome) => return Ok(*outcome),
                    Ended::Lost { at, cause, for_good } => (at, cause, for_good),
                }
            }
        };
        first = false;
        losses += 1;
        if let Some(banned) = banned.get_mut(at) {
            *banned |= for_good;
        }
        let place = machines.get(at).map(|m| m.place().to_owned()).unwrap_or_default();
        let gone =
            || TrainError::from(ElsewhereError::Unreachable { address: place.clone(), cause: cause.clone() });
        if losses > LOSSES {
            return Err(gone().into());
        }
        let before = members.len();
        members = regroup(&machines, &banned, report)?;
        if members.is_empty() {
            return Err(gone().into());
        }
        crew(&machines, &members, &[], report);
        let fewer = members.len() < before;
        report.emit(Event::Phase(if fewer { "elsewhere_fewer" } else { "elsewhere_again" }));
    }
}

fn is_away(error: &crate::Error) -> bool {
    matches!(
        error,
        crate::Error::Train(TrainError::Elsewhere(
            ElsewhereError::Unreachable { .. } | ElsewhereError::Busy { .. }
        ))
    )
}

/// Tells how the machines stand; `times` are the means of the members, where there are any.
fn crew(machines: &[Elsewhere], members: &[usize], times: &[f64], report: &Reporter) {
    let member = |(at, machine): (usize, &Elsewhere)| {
        let turn = members.iter().position(|member| *member == at);
        Member {
            place: machine.place().to_owned(),
            works: turn.is_some(),
            milliseconds: turn.and_then(|turn| times.get(turn)).copied().filter(|time| time.is_finite()),
        }
    };
    report.emit(Event::Crew(machines.iter().enumerate().map(member).collect()));
}

type Answers = Vec<(usize, Result<About, ElsewhereError>)>;

/// Asks machines what they are, all at once; a cancel is heard meanwhile.
fn ask(machines: &[Elsewhere], members: &[usize], report: &Reporter) -> crate::Result<Answers> {
    let (tell, hear) = channel();
    for at in members {
        let Some(machine) = machines.get(*at).cloned() else { continue };
        let (tell, at) = (tell.clone(), *at);
        std::thread::spawn(move || {
            let _ = tell.send((at, machine.about().map(|(about, _)| about)));
        });
    }
    drop(tell);
    let mut all: Answers = Vec::new();
    loop {
        report.check()?;
        match hear.recv_timeout(Duration::from_millis(20)) {
            Ok(answer) => all.push(answer),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                all.sort_by_key(|(at, _)| *at);
                return Ok(all);
            }
        }
    }
}

/// Those that are there and free. While nobody is, they are asked again for as long as the first is patient.
fn regroup(machines: &[Elsewhere], banned: &[bool], report: &Reporter) -> crate::Result<Vec<usize>> {
    let wanted: Vec<usize> =
        banned.iter().enumerate().filter(|(_, banned)| !**banned).map(|(at, _)| at).collect();
    let patience = machines.first().map_or(Duration::ZERO, |machine| machine.patience);
    let began = Instant::now();
    let mut told = false;
    loop {
        let answers = ask(machines, &wanted, report)?;
        let free = |(at, about): (usize, Result<About, _>)| about.ok().filter(|a| !a.busy).map(|_| at);
        let there: Vec<usize> = answers.into_iter().filter_map(free).collect();
        if !there.is_empty() || wanted.is_empty() || began.elapsed() > patience {
            return Ok(there);
        }
        if !std::mem::replace(&mut told, true) {
            report.emit(Event::Phase("elsewhere_lost"));
        }
        let pause = Instant::now() + Duration::from_millis(500);
        while Instant::now() < pause {
            report.check()?;
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Orders each member's part. Where one refuses, the others are let go.
fn enlist(
    machines: &[Elsewhere],
    members: &[usize],
    order: &mut Order,
    report: &Reporter,
) -> Result<Vec<Hand>, (usize, crate::Error)> {
    let mut hands: Vec<Hand> = Vec::new();
    for (part, at) in members.iter().enumerate() {
        let Some(machine) = machines.get(*at).cloned() else { continue };
        order.share = Some(Share { part, parts: members.len() });
        match machine.order(order, true, report) {
            Ok(id) => hands.push(Hand { at: *at, machine, id }),
            Err(error) => {
                dismiss(&hands);
                return Err((*at, error));
            }
        }
    }
    Ok(hands)
}

/// Lets the jobs go. A machine that does not answer is not waited for long.
fn dismiss(hands: &[Hand]) {
    let (tell, hear) = channel::<()>();
    for hand in hands {
        let (machine, job, tell) = (hand.machine.clone(), format!("/v1/jobs/{}", hand.id), tell.clone());
        std::thread::spawn(move || {
            let _ = machine.ask("DELETE", &job, None);
            drop(tell);
        });
    }
    drop(tell);
    // Ends once all are done.
    let _ = hear.recv_timeout(Duration::from_secs(1));
}
