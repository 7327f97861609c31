//! The WebSocket itself: frames and the messages that they make up.

use std::time::Duration;

use actix_web::web::BytesMut;
use actix_ws::{CloseCode, CloseReason, Item, Message, MessageStream, ProtocolError, Session};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::allowance::Allowance;
use super::party::End;
use super::session::Outcome;
use super::words::{Incoming, Outgoing};

/// A browser that does not take a message within this is lost.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// Longest message, in bytes. A session description with many candidates is a tenth of this.
const LONGEST_MESSAGE: usize = 64 * 1024;

const TOO_LARGE: End = End::TooMuch("The message is too large.");

/// A WebSocket.
pub(super) struct Socket {
    session: Session,
    frames: MessageStream,
    /// The text message whose last part is still to come.
    parts: Option<BytesMut>,
    /// What may still be sent by the browser.
    pub(super) allowance: Allowance,
}

impl Socket {
    /// A socket that has not said who it is.
    pub(super) fn new(session: Session, frames: MessageStream) -> Self {
        let frames = frames.max_frame_size(LONGEST_MESSAGE);
        Self { session, frames, parts: None, allowance: Allowance::of_stranger() }
    }

    /// The next message. Dropped while it waits, it loses nothing.
    pub(super) async fn receive(&mut self) -> Result<Incoming, Outcome> {
        loop {
            let frame = match self.frames.next().await {
                Some(Ok(frame)) => frame,
                Some(Err(ProtocolError::Overflow)) => return Err(Outcome::Ended(TOO_LARGE)),
                Some(Err(_)) | None => return Err(Outcome::Lost),
            };
            if !self.allowance.take(length(&frame)) {
                return Err(Outcome::Ended(End::TooMuch("Too many messages.")));
            }
            let text = match frame {
                Message::Text(text) => text.into_bytes(),
                Message::Continuation(part) => match self.join(part)? {
                    Some(text) => text.freeze(),
                    None => continue,
                },
                Message::Binary(_) => return Err(protocol("Messages are text.")),
                Message::Ping(bytes) => {
                    self.session.pong(&bytes).await.map_err(|_| Outcome::Lost)?;
                    continue;
                }
                Message::Pong(_) | Message::Nop => continue,
                Message::Close(_) => return Err(Outcome::Lost),
            };
            return serde_json::from_slice(&text).map_err(|_| protocol("The message can't be understood."));
        }
    }

    /// The whole message, if this is its last part.
    fn join(&mut self, part: Item) -> Result<Option<BytesMut>, Outcome> {
        let (bytes, is_last) = match part {
            Item::FirstText(bytes) => {
                self.parts = Some(BytesMut::new());
                (bytes, false)
            }
            Item::FirstBinary(_) => return Err(protocol("Messages are text.")),
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        let Some(parts) = &mut self.parts else { return Err(protocol("The message has no beginning.")) };
        if parts.len() + bytes.len() > LONGEST_MESSAGE {
            return Err(Outcome::Ended(TOO_LARGE));
        }
        parts.extend_from_slice(&bytes);
        Ok(if is_last { self.parts.take() } else { None })
    }

    pub(super) async fn say(&mut self, said: &Outgoing<'_>) -> Result<(), Outcome> {
        let Ok(text) = serde_json::to_string(said) else { return Err(Outcome::Lost) };
        match timeout(SEND_WITHIN, self.session.text(text)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Outcome::Lost),
        }
    }

    /// Sends the last message and closes the socket. A browser that does not take it is cut off.
    pub(super) async fn end(mut self, end: End) {
        let (reason, message, reconnect) = (end.reason(), end.message(), end.reconnect());
        let _ = self.say(&Outgoing::End { reason, message, reconnect }).await;
        let code = CloseCode::Other(end.close_code());
        let close = self.session.close(Some(CloseReason { code, description: Some(reason.to_owned()) }));
        let _ = timeout(SEND_WITHIN, close).await;
    }
}

const fn protocol(why: &'static str) -> Outcome {
    Outcome::Ended(End::Protocol(why))
}

fn length(frame: &Message) -> usize {
    match frame {
        Message::Text(text) => text.len(),
        Message::Binary(bytes)
        | Message::Ping(bytes)
        | Message::Pong(bytes)
        | Message::Continuation(
            Item::FirstText(bytes) | Item::FirstBinary(bytes) | Item::Continue(bytes) | Item::Last(bytes),
        ) => bytes.len(),
        Message::Close(_) | Message::Nop => 0,
    }
}
