//! `Events`: what happens, as it happens, to whoever may know of it (`docs/events.md`).

mod stream;
mod words;

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::Version;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use actix_web::web::Bytes;
use trialogue_domain::ConferenceId;

use stream::{EventStream, Listener};
use trialogue_app::{AppError, Bearer};

use crate::call::Call;
use crate::reply::Failure;

/// Range of the delay, in milliseconds, after which a listener connects again. It is random, so that not all connect at
/// once when a server stops.
const RETRY: (u64, u64) = (1000, 4000);

pub(crate) async fn events(call: Call) -> Result<HttpResponse, Failure> {
    let listener = match call.bearer().await? {
        Bearer::User(user, expires) => {
            Listener::User { user: user.id, role: user.role, token: user.token.hash(), expires }
        }
        Bearer::Invited(invitation) => {
            Listener::Invited { conference: invitation.conference, participant: invitation.participant }
        }
    };
    let app = call.app();
    let retry = Duration::from_millis(RETRY.0 + u64::from_le_bytes(app.random()) % (RETRY.1 - RETRY.0));
    let last_seen = call.header("Last-Event-ID").and_then(place);
    let slot = app.live().stream_slot(listener.owner());
    let slot = slot.ok_or_else(|| call.fail(AppError::TooManyStreams))?;
    let stream = EventStream::open(call.adapter().clone(), slot, listener, last_seen, retry).await;
    let stream = stream.map_err(|e| call.fail(e))?;
    let pieces = futures_util::stream::unfold(stream, |mut stream| async {
        let piece = stream.next().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(piece), stream))
    });
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        // A proxy must neither keep it, nor compress it, nor collect it before it passes it on.
        .insert_header((CACHE_CONTROL, "no-store, no-transform"))
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"));
    let before_chunks = call.request().version() < Version::HTTP_11;
    if before_chunks {
        // The end of the connection is the end of the stream (RFC 9112, 6.1).
        answer.force_close();
    }
    let mut answer = answer.streaming(pieces);
    answer.head_mut().no_chunking(before_chunks);
    Ok(answer)
}

/// Reads `CONFERENCE-SEQ`; what is no such text is no place.
fn place(last_event_id: &str) -> Option<(ConferenceId, i32)> {
    let (conference, seq) = last_event_id.split_once('-')?;
    let seq = seq.parse().ok().filter(|seq| *seq > 0)?;
    Some((ConferenceId(conference.parse().ok()?), seq))
}
