//! The scoring service: models over HTTP for the programs of a business. It listens on this machine alone
//! unless told otherwise, and runs on threads of its own.

mod body;
mod document;
mod fail;
mod figures;
mod front;
mod gate;
pub mod keys;
mod many;
mod models;
pub mod muscle;
mod options;
mod recommend;
mod repeat;
mod routes;
mod rows;
mod told;
mod work;

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use regulars_engine::deploy::{Bundle, DeployError, ServeError};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

pub use figures::Snapshot;
pub use models::Source;
pub use options::{Limits, Options};

use crate::words::Lang;
use figures::Figures;
use front::Front;
use keys::Ring;
use models::Shelf;
use repeat::Repeats;
use work::Queue;

/// Where it listens unless told otherwise: this machine alone.
pub const ADDRESS: &str = "127.0.0.1:8017";
/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the window is woken at most.
const WAKE: Duration = Duration::from_millis(250);

/// What the handlers share.
struct Server {
    shelf: Shelf,
    keys: Option<Ring>,
    limits: Limits,
    lang: Lang,
    figures: Figures,
    queue: Arc<Queue>,
    repeats: Repeats,
    /// Places of requests that are answered at once.
    places: Arc<Semaphore>,
    /// Places of requests that take a core for a while.
    heavy: Arc<Semaphore>,
    started: Instant,
    waking: Option<Arc<dyn Fn() + Send + Sync>>,
    woken: Mutex<Option<Instant>>,
}

impl Server {
    /// Tells the window that counts have changed.
    fn wake(&self) {
        let Some(wake) = &self.waking else { return };
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if woken.is_none_or(|at| at.elapsed() >= WAKE) {
            *woken = Some(Instant::now());
            wake();
        }
    }

    /// Takes over what was changed on the disk.
    fn look(&self) {
        for (name, refused) in self.shelf.look() {
            match refused {
                None => {
                    self.figures.reloaded();
                    tracing::info!(target: "regulars::serve", model = name, "model taken over");
                }
                Some(why) => {
                    tracing::warn!(target: "regulars::serve", model = name, why, "changed file refused");
                }
            }
            self.wake();
        }
        match self.keys.as_ref().and_then(Ring::look) {
            Some(Ok(())) => tracing::info!(target: "regulars::serve", "keys taken over"),
            Some(Err(error)) => {
                tracing::warn!(target: "regulars::serve", why = %error, "changed keys refused");
            }
            None => {}
        }
    }
}

/// A running service; it stops when dropped.
pub struct Service {
    address: SocketAddr,
    secure: bool,
    server: Arc<Server>,
    handle: Handle<SocketAddr>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("address", &self.address).finish_non_exhaustive()
    }
}

fn refused(error: ServeError) -> regulars_engine::Error {
    DeployError::from(error).into()
}

/// Opens the models and begins to listen.
///
/// # Errors
/// A model or the keys cannot be used; nothing can listen at the address; it can be reached from other
/// machines and no key guards it; the certificate cannot be used.
pub fn start(sources: &[Source], options: Options) -> regulars_engine::Result<Service> {
    let keys = options.keys.as_deref().map(Ring::open).transpose()?;
    if !options.address.ip().is_loopback() && !keys.as_ref().is_some_and(Ring::guards) {
        return Err(refused(ServeError::KeysNeeded { address: options.address.to_string() }));
    }
    let cannot = |cause| refused(ServeError::CannotListen { address: options.address.to_string(), cause });
    let tls = options.tls.as_ref().map(certificate).transpose()?;
    let shelf = Shelf::open(sources, options.passphrase.clone())?;
    let listener = TcpListener::bind(options.address).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let server = Arc::new(Server {
        shelf,
        keys,
        limits: options.limits,
        lang: options.lang,
        figures: Figures::new(),
        queue: Queue::start(cores.div_ceil(2)).map_err(cannot)?,
        repeats: Repeats::default(),
        places: Arc::new(Semaphore::new(options.limits.at_once)),
        heavy: Arc::new(Semaphore::new(cores.max(2))),
        started: Instant::now(),
        waking: options.wake,
        woken: Mutex::default(),
    });
    let handle = Handle::new();
    let secure = tls.is_some();
    let run = {
        let (server, handle) = (server.clone(), handle.clone());
        let signals = options.signals;
        move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(cores.min(8))
                .thread_name("regulars-http")
                .enable_all()
                .build()?;
            let served = runtime.block_on(serve(server.clone(), listener, tls, handle, signals));
            server.queue.close();
            // What still runs on threads of its own is not waited for.
            runtime.shutdown_background();
            served
        }
    };
    let thread = std::thread::Builder::new().name("regulars-serve".into()).spawn(run).map_err(cannot)?;
    Ok(Service { address, secure, server, handle, thread: Some(thread) })
}

fn certificate((chain, key): &(PathBuf, PathBuf)) -> regulars_engine::Result<Arc<rustls::ServerConfig>> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let wrong =
        |file: &PathBuf, cause: String| refused(ServeError::Certificate { file: file.clone(), cause });
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(chain, error.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(chain, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| wrong(chain, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Every route but that of scores, which [`Front`] answers.
fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/", get(routes::page))
        .route("/health", get(routes::health))
        .route("/metrics", get(routes::metrics))
        .route("/openapi.json", get(routes::openapi))
        .route("/v1/models", get(routes::models))
        .route("/v1/score/history", post(told::history))
        .route("/v1/explain", post(routes::explain))
        .route("/v1/recommend", post(recommend::recommend))
        .fallback(routes::nowhere)
        .method_not_allowed_fallback(routes::wrong_method)
        .layer(CatchPanicLayer::custom(routes::panicked))
        .layer(axum::middleware::from_fn_with_state(server.clone(), gate::pass))
        .with_state(server)
}

async fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    handle: Handle<SocketAddr>,
    signals: bool,
) -> std::io::Result<()> {
    let front = Front { server: server.clone(), rest: router(server.clone()) };
    let app = tower::service_fn(move |_: SocketAddr| std::future::ready(Ok::<_, Infallible>(front.clone())));
    let (limits, looking) = (server.limits, server);
    let look = tokio::spawn(async move {
        let mut often = tokio::time::interval(LOOK);
        loop {
            often.tick().await;
            let server = looking.clone();
            // A panic while a file is read must not end the looking.
            let _ = tokio::task::spawn_blocking(move || server.look()).await;
        }
    });
    if signals {
        let handle = handle.clone();
        tokio::spawn(async move {
            asked_to_end().await;
            tracing::info!(target: "regulars::serve", "stopping");
            handle.graceful_shutdown(Some(limits.grace));
        });
    }
    let served = match tls {
        Some(config) => {
            let config = RustlsConfig::from_config(config);
            let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
            let mut server = axum_server::from_tcp(listener)?
                .acceptor(acceptor)
                .handle(handle)
                .first_request_timeout(limits.head_time);
            server.http_builder().http1().header_read_timeout(limits.head_time);
            server.http1_only().serve(app).await
        }
        None => {
            // Lines are answered one by one: none waits for the next.
            let mut server = axum_server::from_tcp(listener)?
                .acceptor(NoDelayAcceptor::new())
                .handle(handle)
                .first_request_timeout(limits.head_time);
            server.http_builder().http1().header_read_timeout(limits.head_time);
            server.http1_only().serve(app).await
        }
    };
    look.abort();
    served
}

/// Waits until the process is told to end.
async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without signals it goes on until the process is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Service {
    /// Where it listens; with port 0 asked for, the port that it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The beginning of its addresses.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.address)
    }

    /// Names of its models.
    pub fn models(&self) -> Vec<String> {
        self.server.shelf.all().iter().map(|(loaded, _)| loaded.name.clone()).collect()
    }

    /// What it has done so far.
    pub fn snapshot(&self) -> Snapshot {
        self.server.figures.snapshot()
    }

    /// True while it runs.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// A customer like most, as JSON: something to try the first model with.
    pub fn example(&self) -> Option<String> {
        self.server.shelf.scorer(None).map(|scorer| document::example(&scorer).to_string())
    }

    /// Serves another bundle in the place of the one in memory; requests that run keep theirs.
    ///
    /// # Errors
    /// It cannot be used; the old one stays.
    pub fn replace(&self, name: &str, bundle: Arc<Bundle>) -> regulars_engine::Result<()> {
        self.server.shelf.replace(name, bundle)?;
        self.server.figures.reloaded();
        Ok(())
    }

    /// Takes no more requests; those that run get `grace` to finish.
    pub fn stop(&self, grace: Duration) {
        self.handle.graceful_shutdown(Some(grace));
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// The listener broke.
    pub fn wait(mut self) -> regulars_engine::Result<Snapshot> {
        let Some(thread) = self.thread.take() else { return Ok(self.snapshot()) };
        let broke = || std::io::Error::other("the service ended in a panic");
        let ended = thread.join().unwrap_or_else(|_| Err(broke()));
        ended.map_err(|cause| {
            refused(ServeError::CannotListen { address: self.address.to_string(), cause })
        })?;
        Ok(self.snapshot())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}
