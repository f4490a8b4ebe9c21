//! The side that orders a training, follows it, and takes the weights home.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::news::{Control, Failed, Outcome, Standing, Told, Weights, choice};
use super::order::{Order, Work};
use super::{ElsewhereError, PROTOCOL};
use crate::job::{Event, Reporter};
use crate::train::fit::{self, FitSpec, NetSamples, NetTrained, Run};
use crate::train::net::{NetError, NetSpec};
use crate::train::{DeviceChoice, DeviceKind, MlpSpec, Model, Samples, TrainError, Trained};

/// A link that is lost is tried again for so long.
const PATIENCE: Duration = Duration::from_secs(120);
/// An answer may take so long; an order of many rows longer.
const ANSWER: Duration = Duration::from_secs(15);
const ORDER: Duration = Duration::from_secs(600);
/// The gradients of one step, there and back.
const MEETING: Duration = Duration::from_secs(60);
/// Bytes of an answer at most.
const MOST: u64 = 2 << 30;
/// Apart from each other, the questions what is new: at first, and later.
const SOON: Duration = Duration::from_millis(20);
const LATER: Duration = Duration::from_millis(200);

/// What a machine says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub protocol: u32,
    pub version: String,
    /// Where it trains; `Auto` leaves it to the order.
    pub device: DeviceKind,
    /// Its graphics adapter, where it has one.
    pub adapter: Option<String>,
    pub cores: usize,
    pub busy: bool,
}

/// Another machine, and the right to train there.
#[derive(Clone)]
pub struct Elsewhere {
    /// With its scheme, without a slash at the end.
    base: String,
    token: Zeroizing<String>,
    agent: ureq::Agent,
    pub(super) patience: Duration,
    /// Machines that share its trainings.
    pub(super) rest: Vec<Elsewhere>,
}

impl std::fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Elsewhere")
            .field("base", &self.base)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Elsewhere {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base && self.token == other.token && self.rest == other.rest
    }
}

/// What went wrong with one question.
pub(super) enum Trouble {
    /// Nobody answers: it may pass.
    Away(String),
    /// The machine does not know the job: it was started anew.
    Unknown,
    Lasting(ElsewhereError),
}

impl Elsewhere {
    /// The machine at `address`: `HOST:PORT`, or with a scheme. Without one, this machine is asked by HTTP and
    /// every other by HTTPS; `open` allows HTTP to others. `ca` is a file of certificates (PEM) to be trusted instead
    /// of the public ones.
    ///
    /// # Errors
    /// No address; HTTP to another machine that was not allowed; a certificate that cannot be used.
    pub fn new(address: &str, token: &str, ca: Option<&Path>, open: bool) -> Result<Self, ElsewhereError> {
        let wrong = || ElsewhereError::Address { address: address.to_owned() };
        let whole = address.trim();
        let text = whole.trim_end_matches('/');
        let parse = |text: &str| url::Url::parse(text).ok().filter(|url| url.host_str().is_some());
        let url = if whole.contains("://") {
            parse(text).ok_or_else(wrong)?
        } else {
            let url = parse(&format!("https://{text}")).ok_or_else(wrong)?;
            let scheme = if is_here(&url) || open { "http" } else { "https" };
            parse(&format!("{scheme}://{text}")).ok_or_else(wrong)?
        };
        if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
            return Err(wrong());
        }
        if url.scheme() == "http" && !is_here(&url) && !open {
            return Err(ElsewhereError::Open { address: text.to_owned() });
        }
        let mut config = ureq::Agent::config_builder()
            .timeout_connect(Some(ANSWER))
            .http_status_as_error(false)
            .max_redirects(0);
        if let Some(file) = ca {
            let refuse = |cause: String| ElsewhereError::Certificate { file: file.to_owned(), cause };
            let pem = std::fs::read(file).map_err(|error| refuse(error.to_string()))?;
            let mut certificates = Vec::new();
            for item in ureq::tls::parse_pem(&pem) {
                if let ureq::tls::PemItem::Certificate(one) =
                    item.map_err(|error| refuse(error.to_string()))?
                {
                    certificates.push(one);
                }
            }
            if certificates.is_empty() {
                return Err(refuse("it holds no certificate".to_owned()));
            }
            let roots = ureq::tls::RootCerts::new_with_certs(&certificates);
            config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
        }
        let base = url.as_str().trim_end_matches('/').to_owned();
        let token = Zeroizing::new(token.trim().to_owned());
        Ok(Self { base, token, agent: config.build().into(), patience: PATIENCE, rest: Vec::new() })
    }

    /// Where it is, as it is told to people.
    pub fn place(&self) -> &str {
        self.base.split_once("://").map_or(&self.base, |(_, rest)| rest)
    }

    /// A link that is lost is tried again for this long (default: two minutes).
    pub fn patient(self, patience: Duration) -> Self {
        let rest = self.rest.into_iter().map(|other| other.patient(patience)).collect();
        Self { patience, rest, ..self }
    }

    /// Asks the machine what it is; answers with the time that took.
    ///
    /// # Errors
    /// No answer; the token is not accepted; another program or version.
    pub fn about(&self) -> Result<(About, Duration), ElsewhereError> {
        let began = Instant::now();
        let about: About = self.json("GET", "/v1/muscle", None).map_err(|trouble| self.told(trouble))?;
        if about.protocol != PROTOCOL {
            return Err(self.protocol(format!("it speaks version {} of the protocol", about.protocol)));
        }
        Ok((about, began.elapsed()))
    }

    pub(super) fn protocol(&self, cause: String) -> ElsewhereError {
        ElsewhereError::Protocol { address: self.place().to_owned(), cause }
    }

    pub(super) fn told(&self, trouble: Trouble) -> ElsewhereError {
        match trouble {
            Trouble::Away(cause) => ElsewhereError::Unreachable { address: self.place().to_owned(), cause },
            Trouble::Unknown => self.protocol("it knows no such job".to_owned()),
            Trouble::Lasting(error) => error,
        }
    }

    /// One question; the bytes of the answer.
    pub(super) fn ask(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Vec<u8>, Trouble> {
        let url = format!("{}{path}", self.base);
        let bearer = Zeroizing::new(format!("Bearer {}", self.token.as_str()));
        let away = |error: ureq::Error| Trouble::Away(error.to_string());
        let time = Some(match path {
            "/v1/jobs" => ORDER,
            path if path.contains("/meet?") => MEETING,
            _ => ANSWER,
        });
        macro_rules! with {
            ($request:expr) => {
                $request.header("authorization", bearer.as_str()).config().timeout_global(time).build()
            };
        }
        let answer = match (method, body) {
            ("GET", _) => with!(self.agent.get(&url)).call(),
            ("DELETE", _) => with!(self.agent.delete(&url)).call(),
            (_, body) => with!(self.agent.post(&url).content_type("application/octet-stream"))
                .send(body.unwrap_or_default()),
        };
        let mut answer = answer.map_err(away)?;
        let status = answer.status().as_u16();
        let read = answer.body_mut().with_config().limit(MOST).read_to_vec().map_err(away);
        let place = || self.place().to_owned();
        match status {
            200..=299 => read,
            401 | 403 => Err(Trouble::Lasting(ElsewhereError::Token { address: place() })),
            404 => Err(Trouble::Unknown),
            409 => Err(Trouble::Lasting(ElsewhereError::Busy { address: place() })),
            429 | 502..=504 => Err(Trouble::Away(format!("status {status}"))),
            _ => {
                let said = read.unwrap_or_default();
                let said: String = String::from_utf8_lossy(&said).chars().take(300).collect();
                Err(Trouble::Lasting(self.protocol(format!("status {status} {said}"))))
            }
        }
    }

    pub(super) fn json<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> Result<T, Trouble> {
        let bytes = self.ask(method, path, body)?;
        serde_json::from_slice(&bytes).map_err(|error| Trouble::Lasting(self.protocol(error.to_string())))
    }

    /// Waits a little, and hears of a cancel meanwhile.
    fn wait(&self, time: Duration, report: &Reporter) -> crate::Result<()> {
        let until = Instant::now() + time;
        loop {
            report.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Orders the job; while the machine is busy or away it is asked again.
    pub(super) fn order(&self, order: &Order, first: bool, report: &Reporter) -> crate::Result<String> {
        #[derive(Deserialize)]
        struct Taken {
            id: String,
        }
        let bytes = order.write().map_err(TrainError::from)?;
        let began = Instant::now();
        let mut told = false;
        loop {
            report.check()?;
            match self.json::<Taken>("POST", "/v1/jobs", Some(&bytes)) {
                Ok(taken) => return Ok(taken.id),
                Err(Trouble::Lasting(ElsewhereError::Busy { .. })) if began.elapsed() < self.patience => {
                    if !std::mem::replace(&mut told, true) {
                        report.emit(Event::Phase("elsewhere_busy"));
                    }
                }
                Err(Trouble::Away(_)) if !first && began.elapsed() < self.patience => {}
                Err(trouble) => return Err(TrainError::from(self.told(trouble)).into()),
            }
            self.wait(Duration::from_secs(1).min(self.patience / 4), report)?;
        }
    }

    /// Orders a training and follows it to its end, over lost links and machines that were started anew.
    fn train(&self, mut order: Order, kept: Option<&Path>, report: &Reporter) -> crate::Result<Outcome> {
        if !self.rest.is_empty() {
            return super::crew::train(self.machines(), order, kept, report);
        }
        report.emit(Event::Phase("elsewhere_send"));
        let mut seen = 0;
        let mut first = true;
        loop {
            let id = self.order(&order, first, report)?;
            first = false;
            report.emit(Event::Phase("train"));
            match self.follow(&id, &mut order, (kept, &mut seen), report) {
                // Started anew: the job goes there again, with the last checkpoint.
                Ok(None) => report.emit(Event::Phase("elsewhere_again")),
                Ok(Some(outcome)) => {
                    let _ = self.ask("DELETE", &format!("/v1/jobs/{id}"), None);
                    return Ok(outcome);
                }
                Err(error) => {
                    // Whatever went wrong here, nothing is to go on there for nobody.
                    let _ = self.ask("DELETE", &format!("/v1/jobs/{id}"), None);
                    return Err(error);
                }
            }
        }
    }

    /// Follows a job; none if the machine no longer knows it.
    fn follow(
        &self,
        id: &str,
        order: &mut Order,
        (kept, seen): (Option<&Path>, &mut usize),
        report: &Reporter,
    ) -> crate::Result<Option<Outcome>> {
        let job = format!("/v1/jobs/{id}");
        let (mut next, mut checkpoints, mut control) = (0, 0, Control::default());
        let mut lost: Option<Instant> = None;
        let mut pause = SOON;
        loop {
            report.check()?;
            let wish = Control {
                cancel: false,
                finish: report.wants_finish(),
                pause: report.is_paused(),
                watched: report.is_watched(),
            };
            let asked = self.turn(&job, (next, checkpoints), (wish != control).then_some(wish));
            match asked {
                Ok((told, checkpoint)) => {
                    control = wish;
                    if lost.take().is_some() {
                        report.emit(Event::Phase("train"));
                    }
                    if let Some(bytes) = checkpoint {
                        if let Some(path) = kept {
                            // A full disk does not end a training that goes well.
                            let _ = crate::files::write_atomically(path, |out| out.write_all(&bytes));
                        }
                        order.checkpoint = Some(bytes);
                    }
                    (next, checkpoints) = (told.next, told.checkpoints);
                    told.news.into_iter().for_each(|news| news.tell(self.place(), seen, report));
                    report.progress(told.progress);
                    if told.standing == Standing::Done {
                        let outcome = self.json("GET", &format!("{job}/outcome"), None);
                        match outcome {
                            Ok(outcome) => return Ok(Some(outcome)),
                            Err(Trouble::Unknown) => return Ok(None),
                            Err(Trouble::Away(_)) => {}
                            Err(trouble) => return Err(TrainError::from(self.told(trouble)).into()),
                        }
                    }
                }
                Err(Trouble::Unknown) => return Ok(None),
                Err(Trouble::Away(cause)) => {
                    if lost.is_none() {
                        report.emit(Event::Phase("elsewhere_lost"));
                    }
                    if lost.get_or_insert_with(Instant::now).elapsed() > self.patience {
                        return Err(TrainError::from(self.told(Trouble::Away(cause))).into());
                    }
                    pause = LATER;
                }
                Err(trouble) => return Err(TrainError::from(self.told(trouble)).into()),
            }
            self.wait(pause, report)?;
            pause = (pause * 2).min(LATER);
        }
    }

    /// Tells what is wished, asks what is new, and fetches the checkpoint if there is a newer one.
    pub(super) fn turn(
        &self,
        job: &str,
        (next, checkpoints): (usize, u64),
        wish: Option<Control>,
    ) -> Result<(Told, Option<Vec<u8>>), Trouble> {
        if let Some(wish) = wish {
            let body = serde_json::to_vec(&wish).unwrap_or_default();
            self.ask("POST", &format!("{job}/control"), Some(&body))?;
        }
        let told: Told = self.json("GET", &format!("{job}/news?after={next}"), None)?;
        let newer = told.checkpoints > checkpoints && told.standing == Standing::Running;
        let checkpoint = if newer {
            match self.ask("GET", &format!("{job}/checkpoint"), None) {
                Ok(bytes) => Some(bytes),
                // It is there the next time.
                Err(Trouble::Unknown) => None,
                Err(trouble) => return Err(trouble),
            }
        } else {
            None
        };
        Ok((told, checkpoint))
    }

    fn device(&self, device: Option<(DeviceKind, Option<String>)>) -> DeviceChoice {
        let (ran, adapter) = device.unwrap_or((DeviceKind::Auto, None));
        choice(&self.names(), ran, adapter)
    }

    /// The error that the training there ended with, with what is left of it.
    pub(super) fn error(&self, failed: Failed, kept: Option<Box<Trained>>) -> crate::Error {
        let error = match failed {
            Failed::Cancelled => return crate::Error::Cancelled,
            Failed::Diverged { epoch } => TrainError::Diverged { epoch, kept },
            Failed::Exploded { epoch, rate } => {
                NetError::Exploded { epoch, rate, mend: fit::MEND, kept: None }.into()
            }
            Failed::Memory { needed, available } => TrainError::Memory { needed, available },
            Failed::Broken { cause } => TrainError::Broken { cause, kept },
            Failed::Other { cause } => ElsewhereError::Failed { cause }.into(),
        };
        error.into()
    }
}

/// True for this machine.
fn is_here(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What an earlier run left, if it left anything.
fn left(checkpoint: Option<&Path>) -> Option<Vec<u8>> {
    checkpoint.and_then(|path| std::fs::read(path).ok())
}

/// Trains the multilayer perceptron there.
///
/// # Errors
/// As the training here; the machine is away, busy or of another version.
pub(in crate::train) fn train_mlp(
    at: &Elsewhere,
    spec: &MlpSpec,
    samples: &Samples,
    (device, seed): (DeviceKind, u64),
    checkpoint: Option<&Path>,
    report: &Reporter,
) -> crate::Result<Trained> {
    let work = Work::Mlp { spec: spec.clone(), samples: Box::new(samples.clone()) };
    let order = Order { work, device, seed, checkpoint: left(checkpoint), share: None };
    let outcome = at.train(order, checkpoint, report)?;
    let trained = match outcome.weights {
        Some(Weights::Mlp(network)) if network.is_sound(samples.train.width()) => Some(Trained {
            model: Model::Mlp(network),
            device: at.device(outcome.device),
            epochs_run: outcome.history.len(),
            history: outcome.history,
            best_epoch: outcome.best_epoch,
            seconds: outcome.seconds,
            promise: None,
        }),
        Some(_) => return Err(TrainError::from(at.protocol("another network came back".to_owned())).into()),
        None => None,
    };
    match (outcome.failed, trained) {
        (None, Some(trained)) => Ok(trained),
        (Some(failed), kept) => Err(at.error(failed, kept.map(Box::new))),
        (None, None) => Err(TrainError::from(at.protocol("no network came back".to_owned())).into()),
    }
}

/// Trains a network that reads sequences there.
///
/// # Errors
/// As [`train_net`](crate::train::fit::train_net); the machine is away, busy or of another version.
pub(in crate::train) fn train_sequence(
    at: &Elsewhere,
    spec: &NetSpec,
    fit: &FitSpec,
    samples: &NetSamples,
    run: Run,
    report: &Reporter,
) -> crate::Result<NetTrained> {
    let work =
        Work::Net { spec: Box::new(spec.clone()), fit: fit.clone(), samples: Box::new(samples.clone()) };
    let order =
        Order { work, device: run.device, seed: run.seed, checkpoint: left(run.checkpoint), share: None };
    let outcome = at.train(order, run.checkpoint, report)?;
    outcome.figures.iter().for_each(|figures| run.watch.epoch(figures));
    let net = match outcome.weights {
        Some(Weights::Net(net)) if net.is_sound() && net.inputs == samples.train.inputs() => Some(*net),
        Some(_) => return Err(TrainError::from(at.protocol("another network came back".to_owned())).into()),
        None => None,
    };
    match (outcome.failed, net) {
        (None, Some(net)) => Ok(NetTrained {
            net,
            device: at.device(outcome.device),
            history: outcome.figures,
            best_epoch: outcome.best_epoch,
            notes: Vec::new(),
            seconds: outcome.seconds,
        }),
        (Some(Failed::Exploded { epoch, rate }), kept) => {
            let kept = kept.map(Box::new);
            Err(TrainError::from(NetError::Exploded { epoch, rate, mend: fit::MEND, kept }).into())
        }
        (Some(failed), _) => Err(at.error(failed, None)),
        (None, None) => Err(TrainError::from(at.protocol("no network came back".to_owned())).into()),
    }
}
