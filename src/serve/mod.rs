//! What a watch shows over HTTP: whether it works, numbers of itself, and the files that it has released.
//!
//! Nothing can be changed over it, and nothing private is within its reach: files are served by a closed
//! list of names.

mod files;
mod metrics;

use std::{net::SocketAddr, path::Path, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::map_response,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::spawn_blocking};

use self::{files::Files, metrics::Metrics};
use crate::{
    error::{Error, Result},
    pipeline::watch::Status,
    time::Timestamp,
};

/// What is shown.
struct Shown {
    status: Arc<Status>,
    metrics: Metrics,
    files: Files,
}

/// A watch that has not been heard of for so long is not well.
const SILENCE: i64 = 60 * Timestamp::MICROSECONDS;

/// What every answer says: nothing in it is to be run or loaded, guessed at, framed, kept or told of. A page
/// may be styled by itself.
const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Answers at an address until it is dropped.
///
/// # Errors
/// [`Error::Setting`] if nothing can listen there.
pub async fn listen(address: SocketAddr, status: Arc<Status>, output: &Path) -> Result<()> {
    let refused = |error| Error::Setting(format!("--listen {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    tracing::info!(%address, "listening");
    let served = axum::serve(listener, router(status, output)).await;
    served.map_err(refused)
}

fn router(status: Arc<Status>, output: &Path) -> Router {
    let shown = Shown {
        metrics: Metrics::new(Arc::clone(&status)),
        status,
        files: Files::of(output),
    };
    Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(numbers))
        .route("/", get(index))
        .route("/files", get(list))
        .fallback(get(file))
        .layer(map_response(strict))
        .with_state(Arc::new(shown))
}

async fn health(State(shown): State<Arc<Shown>>) -> StatusCode {
    let numbers = shown.status.numbers();
    let now = jiff::Timestamp::now().as_microsecond();
    let heard = numbers.heard.is_none_or(|heard| now - heard.0 < SILENCE);
    answer(heard || numbers.releasing)
}

async fn readiness(State(shown): State<Arc<Shown>>) -> StatusCode {
    answer(shown.status.numbers().ready)
}

const fn answer(is_well: bool) -> StatusCode {
    if is_well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn numbers(State(shown): State<Arc<Shown>>) -> Response {
    match shown.metrics.encode() {
        Some(text) => ([(header::CONTENT_TYPE, metrics::TYPE)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn index(State(shown): State<Arc<Shown>>) -> Response {
    html(spawn_blocking(move || shown.files.index()).await)
}

async fn list(State(shown): State<Arc<Shown>>) -> Response {
    html(spawn_blocking(move || shown.files.list_of_all()).await)
}

fn html<E>(page: std::result::Result<impl Into<Body>, E>) -> Response {
    match page {
        Ok(page) => Html(page.into()).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn file(State(shown): State<Arc<Shown>>, uri: Uri) -> Response {
    let read = spawn_blocking(move || shown.files.read(uri.path())).await;
    match read.ok().flatten() {
        Some((kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Makes an answer say what every one does. A release may be taken back, so no copy is to be kept.
async fn strict(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
