//! A store that cannot do more.

use std::future::Future as _;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::task::{Context, Waker};

use serde_json::{Value, json};
use trialogue_domain::{LanguageId, Wants};
use trialogue_storage::{RequestDetails, StoreOptions, UserRole};

use crate::world::{SPANISH, World};

/// The writer is held up in the middle of an operation, one more operation waits, and the queue is full.
#[actix_web::test]
async fn a_full_queue_is_503_and_nothing_is_lost() {
    let world = World::with(StoreOptions { queue: 1, ..StoreOptions::default() }).await;
    let client = world.client("nora").await;
    let holder = world.add_user(UserRole::Client, "holder", &[]).await;

    let (entered, has_entered) = channel();
    let (release, released) = channel::<()>();
    let hold = Box::new(move |_: &_| {
        entered.send(()).unwrap();
        released.recv().unwrap();
        Vec::new()
    });
    let now = world.clock.now();
    let spanish = LanguageId(SPANISH);
    let held = world.conferences.open_request(
        holder,
        (spanish, Wants::default()),
        RequestDetails::default(),
        now,
        None,
        hold,
    );
    let (mut held, mut waiting) = (pin!(held), pin!(world.conferences.touch(holder, now)));
    let mut nobody = Context::from_waker(Waker::noop());
    assert!(held.as_mut().poll(&mut nobody).is_pending());
    has_entered.recv().unwrap();
    assert!(waiting.as_mut().poll(&mut nobody).is_pending());

    let answer = world.post("Client/Request/New", &client, json!({"NeedHelpLanguageId": SPANISH})).await;
    let message = answer.fails(503, "busy");
    assert_eq!(
        message,
        "The server can't do this at the moment; asking again is harmless, so try again shortly."
    );
    assert_eq!(answer.header("Retry-After"), Some("1"));
    // Reading has a queue of its own.
    world.post("Client/Request/Status", &client, Value::Null).await.fails(409, "no_request");

    release.send(()).unwrap();
    held.await.unwrap();
    waiting.await.unwrap();
    world.post("Client/Request/New", &client, json!({"NeedHelpLanguageId": SPANISH})).await.ok();
}
