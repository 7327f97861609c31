//! Receiving the bytes of request bodies: within a deadline, and with a limit on the memory of all of them.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{self, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use trialogue_app::Live;

use crate::adapter::Adapter;
use crate::connections::WaitsForClient;

/// How long it may take from the moment on at which the server is asked to stop.
const DEADLINE_AT_STOP: Duration = Duration::from_secs(3);

/// Number of bytes at the beginning of a body that do not count for the memory of all bodies. So requests that are small,
/// or that need no token, never wait for large ones; the number of connections limits their memory.
const UNCOUNTED: usize = 16 * 1024;

/// Maximum number of further bytes of all bodies that are being received.
const MEMORY: usize = 32 * 1024 * 1024;

/// The bodies that are being received.
pub(crate) struct Receiving {
    memory: Semaphore,
    deadline: Duration,
}

/// Why a body was not received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotReceived {
    /// It is longer than the limit.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// The connection ended, or what came is no body.
    Incomplete,
    /// The bodies of other requests take all memory that is kept for them.
    NoMemory,
}

impl Receiving {
    pub(crate) const fn new(deadline: Duration) -> Self {
        Self { memory: Semaphore::const_new(MEMORY), deadline }
    }
}

/// All bytes of the body, up to a limit.
pub(crate) async fn receive(
    payload: web::Payload,
    limit: usize,
    req: &HttpRequest,
) -> Result<web::Bytes, NotReceived> {
    let Some(adapter) = req.app_data::<web::Data<Adapter>>() else {
        return received(payload, limit, &Semaphore::new(limit)).await;
    };
    let Receiving { memory, deadline } = &adapter.receiving;
    let _waiting = WaitsForClient::begin(adapter, req, *deadline);
    tokio::select! {
        received = timeout(*deadline, received(payload, limit, memory)) => {
            received.unwrap_or(Err(NotReceived::TooSlow))
        }
        () = stop(adapter.live()) => Err(NotReceived::TooSlow),
    }
}

async fn stop(live: &Live) {
    // An error means that the server has stopped.
    let _ = live.closing().wait_for(|closing| *closing).await;
    sleep(DEADLINE_AT_STOP).await;
}

async fn received(
    mut payload: web::Payload,
    limit: usize,
    memory: &Semaphore,
) -> Result<web::Bytes, NotReceived> {
    let mut body = BytesMut::new();
    let mut counted = memory.try_acquire_many(0).map_err(|_| NotReceived::NoMemory)?;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| NotReceived::Incomplete)?;
        let length = body.len() + chunk.len();
        if length > limit {
            return Err(NotReceived::TooLarge);
        }
        let more = length.saturating_sub(UNCOUNTED) - counted.num_permits();
        let more = u32::try_from(more).map_err(|_| NotReceived::NoMemory)?;
        counted.merge(memory.try_acquire_many(more).map_err(|_| NotReceived::NoMemory)?);
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use actix_web::dev::Payload;
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;
    use actix_web::{FromRequest as _, web::Bytes};
    use futures_util::FutureExt as _;
    use futures_util::stream::{self, Stream};

    use super::*;

    async fn payload(chunks: impl Stream<Item = Bytes> + 'static) -> web::Payload {
        let payload: Pin<Box<dyn Stream<Item = _>>> = Box::pin(chunks.map(Ok::<_, PayloadError>));
        let mut payload = Payload::Stream { payload };
        web::Payload::from_request(&TestRequest::default().to_http_request(), &mut payload).await.unwrap()
    }

    fn chunk(length: usize) -> Bytes {
        vec![b'x'; length].into()
    }

    #[actix_web::test]
    async fn the_memory_of_all_bodies_is_limited_and_given_back() {
        let memory = Semaphore::new(UNCOUNTED);
        let large = || stream::iter([chunk(UNCOUNTED), chunk(UNCOUNTED)]);
        let small = || stream::iter([chunk(UNCOUNTED)]);
        let limit = 8 * UNCOUNTED;
        {
            let stalled = payload(large().chain(stream::pending())).await;
            let mut stalled = std::pin::pin!(received(stalled, limit, &memory));
            assert!((&mut stalled).now_or_never().is_none());
            assert_eq!(received(payload(large()).await, limit, &memory).await, Err(NotReceived::NoMemory));
            assert!(received(payload(small()).await, limit, &memory).await.is_ok());
        }
        assert_eq!(received(payload(large()).await, limit, &memory).await.unwrap().len(), 2 * UNCOUNTED);
        assert_eq!(received(payload(large()).await, UNCOUNTED, &memory).await, Err(NotReceived::TooLarge));
        assert_eq!(memory.available_permits(), UNCOUNTED);
    }
}
