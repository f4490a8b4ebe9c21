//! The scoring service of the window: off until it is switched on, and gone with the window.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regulars_engine::Error;
use regulars_engine::deploy::Bundle;
use regulars_engine::job::Job;

use super::{State, ended, ended_of};
use crate::http::keys::{self, Scope, Store};
use crate::http::{self, Options, Snapshot, Source};
use crate::words::Lang;

/// Time that running requests get when the switch is turned off.
const GRACE: Duration = Duration::from_secs(5);

/// Who can reach it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    #[default]
    Here,
    Network,
}

impl Reach {
    /// Every reach.
    pub const ALL: [Reach; 2] = [Reach::Here, Reach::Network];

    fn address(self, port: u16) -> SocketAddr {
        match self {
            Self::Here => (Ipv4Addr::LOCALHOST, port).into(),
            Self::Network => (Ipv4Addr::UNSPECIFIED, port).into(),
        }
    }
}

/// A service that runs, and what it was started with.
struct Running {
    service: Arc<http::Service>,
    of: Arc<Bundle>,
    reach: Reach,
    port: u16,
    guarded: bool,
    example: String,
}

/// Another model that takes over, and the job that puts it there.
type Replacing = (Arc<Bundle>, Job<Result<(), Error>>);

/// The service, its settings and its keys.
pub struct Service {
    pub reach: Reach,
    /// The port asked for; 0 takes any that is free.
    pub port: u16,
    /// Whose key is made next.
    pub name: String,
    running: Option<Running>,
    starting: Option<Job<Result<Running, Error>>>,
    replacing: Option<Replacing>,
    ending: Option<Job<()>>,
    file: Option<PathBuf>,
    keys: Option<Store>,
    /// The key that was made last, until the person has kept it: whose it is, and the key.
    fresh: Option<(String, String)>,
    pub failed: Option<Error>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            reach: Reach::Here,
            port: 8017,
            name: String::new(),
            running: None,
            starting: None,
            replacing: None,
            ending: None,
            file: eframe::storage_dir("regulars").map(|folder| folder.join("api_keys.json")),
            keys: None,
            fresh: None,
            failed: None,
        }
    }
}

impl Service {
    /// Stops its jobs, and the service.
    pub(super) fn cancel(&mut self) {
        self.starting.iter().for_each(Job::cancel);
        self.replacing.iter().for_each(|(_, job)| job.cancel());
        (self.starting, self.replacing, self.running) = (None, None, None);
    }

    /// The running job: its phase, done share and seconds.
    pub fn job(&self) -> Option<(&'static str, f64, f64)> {
        let job = self.starting.as_ref()?;
        Some(("service", job.progress(), job.seconds()))
    }

    /// Where it answers, while it does.
    pub fn url(&self) -> Option<String> {
        self.running.as_ref().map(|running| running.service.url())
    }

    /// The port at which it answers, while it does.
    pub fn listens_at(&self) -> Option<u16> {
        self.running.as_ref().map(|running| running.service.address().port())
    }

    /// What it has done.
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.running.as_ref().map(|running| running.service.snapshot())
    }

    /// True while it is switched on or about to be.
    pub fn is_on(&self) -> bool {
        self.running.is_some() || self.starting.is_some()
    }

    /// True while it begins or ends.
    pub fn is_changing(&self) -> bool {
        self.starting.is_some() || self.ending.is_some()
    }

    /// True if the settings are not those that it was started with.
    pub fn wants_restart(&self) -> bool {
        let guarded = self.keys().iter().any(keys::Entry::is_valid);
        self.running.as_ref().is_some_and(|running| {
            running.reach != self.reach
                || self.port != 0 && running.port != self.port
                || running.guarded != guarded
        })
    }

    /// A line for the terminal that asks it about a customer like most.
    pub fn curl(&self) -> Option<String> {
        let running = self.running.as_ref()?;
        let key = if running.guarded { " -H 'Authorization: Bearer KEY'" } else { "" };
        let body = running.example.replace('\'', "'\\''");
        let port = running.service.address().port();
        Some(format!(
            "curl -X POST http://127.0.0.1:{port}/v1/score{key} -H 'Content-Type: application/json' -d '{body}'"
        ))
    }

    /// True if the running service asks for a key.
    pub fn is_guarded(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.guarded)
    }

    /// The same without what is served: the model goes with the file that is closed, the keys and who can
    /// ask stay.
    pub(super) fn ended(&self) -> Self {
        Self { reach: self.reach, port: self.port, file: self.file.clone(), ..Self::default() }
    }

    /// Keeps keys in another file.
    pub fn keep_keys_in(&mut self, file: PathBuf) {
        (self.file, self.keys) = (Some(file), None);
    }

    /// Reads the keys, once.
    pub fn read_keys(&mut self) {
        if self.keys.is_none() {
            let read = self.file.as_deref().map_or_else(|| Ok(Store::default()), Store::open);
            match read {
                Ok(store) => self.keys = Some(store),
                Err(error) => {
                    self.keys = Some(Store::default());
                    self.failed = Some(error.into());
                }
            }
        }
    }

    /// The keys that there are.
    pub fn keys(&self) -> &[keys::Entry] {
        self.keys.as_ref().map(|store| store.keys.as_slice()).unwrap_or_default()
    }

    /// The key that was just made: whose it is, and the key.
    pub fn fresh(&self) -> Option<&(String, String)> {
        self.fresh.as_ref()
    }

    /// The person has kept the key.
    pub fn forget_fresh(&mut self) {
        self.fresh = None;
    }

    /// Makes a key for everything but the metrics.
    pub fn make_key(&mut self) {
        let name = self.name.trim().to_owned();
        let made = self.change(|store| {
            store.add(&name, &[Scope::Score, Scope::Explain, Scope::Recommend], None, keys::PER_MINUTE)
        });
        if let Some(key) = made {
            self.fresh = Some((name, key));
            self.name.clear();
        }
    }

    /// Takes a key away; a running service follows within a second.
    pub fn revoke(&mut self, id: &str) {
        self.change(|store| Ok(store.revoke(id)));
        self.fresh = None;
    }

    fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Store) -> Result<T, regulars_engine::deploy::DeployError>,
    ) -> Option<T> {
        let file = self.file.clone()?;
        let changed = (|| {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|cause| {
                    regulars_engine::deploy::ServeError::KeyStore {
                        file: file.clone(),
                        cause: cause.to_string(),
                    }
                })?;
            }
            // Another window may have changed the file.
            let mut store = Store::open(&file)?;
            let out = change(&mut store)?;
            store.save(&file)?;
            Ok::<_, regulars_engine::deploy::DeployError>((store, out))
        })();
        match changed {
            Ok((store, out)) => {
                (self.keys, self.failed) = (Some(store), None);
                Some(out)
            }
            Err(error) => {
                self.failed = Some(error.into());
                None
            }
        }
    }
}

impl State {
    /// Switches the service on.
    pub fn start_service(&mut self, lang: Lang) {
        let Some(bundle) = self.bundle.clone() else { return };
        if self.service.is_on() || self.service.ending.is_some() {
            return;
        }
        self.service.read_keys();
        self.service.failed = None;
        let guarded = self.service.keys().iter().any(keys::Entry::is_valid);
        let (reach, port) = (self.service.reach, self.service.port);
        let ctx = self.ctx.clone();
        let options = Options {
            keys: self.service.file.clone().filter(|_| guarded),
            lang,
            wake: Some(Arc::new(move || ctx.request_repaint())),
            ..Options::at(reach.address(port))
        };
        let name = bundle.model.kind().name().to_owned();
        self.service.starting = Some(self.start(move |_| {
            let service = http::start(&[Source::Memory(name, bundle.clone())], options)?;
            let example = service.example().unwrap_or_default();
            Ok(Running { service: Arc::new(service), of: bundle, reach, port, guarded, example })
        }));
    }

    /// Switches it off; what runs may finish.
    pub fn stop_service(&mut self) {
        self.service.starting.iter().for_each(Job::cancel);
        (self.service.starting, self.service.replacing) = (None, None);
        let Some(running) = self.service.running.take() else { return };
        running.service.stop(GRACE);
        self.service.ending = Some(self.start(move |_| {
            while running.service.is_running() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }));
    }

    /// Takes in what its jobs have done, and hands a new model to the running service.
    pub(super) fn poll_service(&mut self) {
        if let Some(Some(news)) = ended(&mut self.service.starting) {
            match news {
                Ok(running) => self.service.running = Some(running),
                Err(error) => self.service.failed = Some(error),
            }
        }
        ended(&mut self.service.ending);
        if let Some((_, Some(Err(error)))) = ended_of(&mut self.service.replacing) {
            self.service.failed = Some(error);
        }
        let Some(running) = &mut self.service.running else { return };
        if !running.service.is_running() {
            self.service.running = None;
            return;
        }
        let Some(bundle) = self.bundle.clone().filter(|bundle| !Arc::ptr_eq(bundle, &running.of)) else {
            return;
        };
        if self.service.replacing.is_some() {
            return;
        }
        running.of = bundle.clone();
        let (service, new) = (running.service.clone(), bundle.clone());
        let job = self.start(move |_| service.replace(new.model.kind().name(), new.clone()));
        self.service.replacing = Some((bundle, job));
    }
}
