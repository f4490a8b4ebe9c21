//! The machine that trains, over HTTP: a training job comes in as bytes, its epochs go out as they end, and
//! in the end its weights. One token guards it; only its SHA-256 is kept in memory.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use regulars_engine::deploy::ServeError;
use regulars_engine::files;
use regulars_engine::train::elsewhere::{Control, ElsewhereError, Muscle, Refusal};
use regulars_engine::train::{DeviceKind, TrainError};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::{asked_to_end, certificate, refused};

/// Where it listens unless told otherwise: this machine alone.
pub const ADDRESS: &str = "127.0.0.1:7878";
/// Characters of a token at least: it is all that guards the machine.
pub const LEAST_TOKEN: usize = 16;
/// Time within which a head must be there.
const HEAD: Duration = Duration::from_secs(10);
/// Time that a job's bytes may take on their way.
const BODY: Duration = Duration::from_secs(600);

/// How the machine is set up.
pub struct Options {
    pub address: SocketAddr,
    pub token: String,
    /// Certificate chain and private key (PEM).
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Allows other machines to come in without encryption.
    pub open: bool,
    pub device: DeviceKind,
    /// Bytes of a job at most.
    pub body_bytes: usize,
    /// The process ends it by SIGTERM, SIGINT or Ctrl-C.
    pub signals: bool,
}

struct Shared {
    muscle: Muscle,
    token: [u8; 32],
    /// One job is read at a time: each may be large.
    reading: Semaphore,
    body_bytes: usize,
}

/// A machine that listens; it stops when dropped.
pub struct Running {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

/// The token in a file, and whether it was made now, because there was no file yet: 256 random bits, for
/// its owner's eyes only.
///
/// # Errors
/// The file cannot be read or written; the system gives no random numbers.
pub fn token(file: &std::path::Path) -> regulars_engine::Result<(String, bool)> {
    let cannot =
        |cause: std::io::Error| TrainError::from(ElsewhereError::TokenFile { file: file.to_owned(), cause });
    match std::fs::read_to_string(file) {
        Ok(text) => Ok((text.trim().to_owned(), false)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            let token = fresh_token().map_err(cannot)?;
            files::write_atomically(file, |out| writeln!(out, "{token}")).map_err(cannot)?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).map_err(cannot)?;
            }
            Ok((token, true))
        }
        Err(cause) => Err(cannot(cause).into()),
    }
}

/// A new token.
///
/// # Errors
/// The system gives no random numbers.
pub fn fresh_token() -> std::io::Result<String> {
    let mut bytes = [0_u8; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| std::io::Error::other("no random numbers"))?;
    Ok(format!("rgm_{}", super::keys::hex(&bytes)))
}

/// Begins to listen.
///
/// # Errors
/// The token is too short; nothing can listen at the address; other machines could come in without
/// encryption and that was not allowed; the certificate cannot be used.
pub fn start(options: Options) -> regulars_engine::Result<Running> {
    let address = options.address;
    let cannot = |cause| refused(ServeError::CannotListen { address: address.to_string(), cause });
    if options.token.trim().chars().count() < LEAST_TOKEN {
        return Err(TrainError::from(ElsewhereError::ShortToken { least: LEAST_TOKEN }).into());
    }
    if !address.ip().is_loopback() && options.tls.is_none() && !options.open {
        return Err(TrainError::from(ElsewhereError::Open { address: address.to_string() }).into());
    }
    let tls = options.tls.as_ref().map(certificate).transpose()?;
    let listener = TcpListener::bind(address).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let shared = Arc::new(Shared {
        muscle: Muscle::new(options.device).map_err(cannot)?,
        token: Sha256::digest(options.token.trim()).into(),
        reading: Semaphore::new(1),
        body_bytes: options.body_bytes,
    });
    let handle = Handle::new();
    let run = {
        let handle = handle.clone();
        let signals = options.signals;
        move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("regulars-muscle")
                .enable_all()
                .build()?;
            let served = runtime.block_on(serve(shared, listener, tls, handle, signals));
            runtime.shutdown_background();
            served
        }
    };
    let thread = std::thread::Builder::new().name("regulars-muscle".into()).spawn(run).map_err(cannot)?;
    Ok(Running { address, handle, thread: Some(thread) })
}

async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    handle: Handle<SocketAddr>,
    signals: bool,
) -> std::io::Result<()> {
    let limit = shared.body_bytes;
    let app = Router::new()
        .route("/v1/muscle", get(about))
        .route("/v1/jobs", post(take).layer(DefaultBodyLimit::disable()))
        .route("/v1/jobs/{id}", axum::routing::delete(forget))
        .route("/v1/jobs/{id}/news", get(news))
        .route("/v1/jobs/{id}/checkpoint", get(checkpoint))
        .route("/v1/jobs/{id}/meet", post(meet).layer(DefaultBodyLimit::max(limit)))
        .route("/v1/jobs/{id}/control", post(control))
        .route("/v1/jobs/{id}/outcome", get(outcome))
        .layer(DefaultBodyLimit::max(limit.min(1 << 16)))
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
        .into_make_service();
    if signals {
        let handle = handle.clone();
        tokio::spawn(async move {
            asked_to_end().await;
            handle.graceful_shutdown(Some(Duration::from_secs(2)));
        });
    }
    match tls {
        Some(config) => {
            let config = RustlsConfig::from_config(config);
            // Nothing is held back for a fuller packet: machines in step wait for every one.
            let server = axum_server::from_tcp_rustls(listener, config)?;
            let server = server.map(|acceptor| acceptor.acceptor(NoDelayAcceptor::new()));
            let mut server = server.handle(handle).first_request_timeout(HEAD);
            server.http_builder().http1().header_read_timeout(HEAD);
            server.http1_only().serve(app).await
        }
        None => {
            let server = axum_server::from_tcp(listener)?.acceptor(NoDelayAcceptor::new());
            let mut server = server.handle(handle).first_request_timeout(HEAD);
            server.http_builder().http1().header_read_timeout(HEAD);
            server.http1_only().serve(app).await
        }
    }
}

/// Lets in who has the token; compared by hash, in constant time.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let hash: [u8; 32] = Sha256::digest(token.trim()).into();
    if bool::from(hash.ct_eq(&shared.token)) {
        next.run(request).await
    } else {
        (StatusCode::UNAUTHORIZED, Json(json!({"error": "token"}))).into_response()
    }
}

fn nowhere() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "no such job"}))).into_response()
}

async fn about(State(shared): State<Arc<Shared>>) -> Response {
    // The first call opens the graphics adapter.
    match tokio::task::spawn_blocking(move || shared.muscle.about()).await {
        Ok(about) => Json(about).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn take(State(shared): State<Arc<Shared>>, body: Body) -> Response {
    let said = |status: StatusCode, why: String| (status, Json(json!({"error": why}))).into_response();
    let Ok(_place) = shared.reading.try_acquire() else {
        return said(StatusCode::CONFLICT, "busy".to_owned());
    };
    let limit = shared.body_bytes;
    let bytes: Bytes = match tokio::time::timeout(BODY, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            return said(StatusCode::PAYLOAD_TOO_LARGE, format!("a job may have {limit} bytes"));
        }
        Err(_) => return said(StatusCode::REQUEST_TIMEOUT, "the job took too long to come".to_owned()),
    };
    let muscle = shared.clone();
    match tokio::task::spawn_blocking(move || muscle.muscle.take(&bytes)).await {
        Ok(Ok(id)) => (StatusCode::ACCEPTED, Json(json!({"id": id}))).into_response(),
        Ok(Err(Refusal::Busy)) => said(StatusCode::CONFLICT, "busy".to_owned()),
        Ok(Err(Refusal::Order(error))) => said(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        Ok(Err(Refusal::Disk(error))) => said(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: usize,
}

async fn news(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(After { after }): Query<After>,
) -> Response {
    shared.muscle.news(&id, after).map_or_else(nowhere, |told| Json(told).into_response())
}

async fn checkpoint(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let read = tokio::task::spawn_blocking(move || shared.muscle.checkpoint(&id)).await;
    read.ok().flatten().map_or_else(nowhere, IntoResponse::into_response)
}

async fn control(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Response {
    match serde_json::from_slice::<Control>(&body) {
        Err(error) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": error.to_string()}))).into_response()
        }
        Ok(control) if shared.muscle.control(&id, control) => StatusCode::NO_CONTENT.into_response(),
        Ok(_) => nowhere(),
    }
}

#[derive(Deserialize)]
struct At {
    at: u64,
}

async fn meet(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(At { at }): Query<At>,
    body: Bytes,
) -> Response {
    let met = tokio::task::spawn_blocking(move || shared.muscle.meet(&id, at, &body)).await;
    met.ok().flatten().map_or_else(nowhere, IntoResponse::into_response)
}

async fn outcome(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    shared.muscle.outcome(&id).map_or_else(nowhere, |outcome| Json(outcome).into_response())
}

async fn forget(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    if shared.muscle.forget(&id) { StatusCode::NO_CONTENT.into_response() } else { nowhere() }
}

impl Running {
    /// Where it listens; with port 0 asked for, the port that it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// The listener broke.
    pub fn wait(mut self) -> regulars_engine::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let broke = || std::io::Error::other("it ended in a panic");
        let ended = thread.join().unwrap_or_else(|_| Err(broke()));
        ended.map_err(|cause| refused(ServeError::CannotListen { address: self.address.to_string(), cause }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}
