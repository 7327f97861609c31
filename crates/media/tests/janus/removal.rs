//! That who is out is out: whichever server let him in, and whatever it remembers.

use tokio::time::timeout;
use trialogue_domain::ConferenceId;
use trialogue_media::{Failure, JoinRefused, VideoEngine, is_gone};

use crate::visitors::{ROOM, SOON, engine_at, identity, inside, join, with_room};

#[tokio::test]
async fn a_removed_party_is_let_go_and_stays_out() {
    let (_server, engine) = with_room().await;
    let [anna, bert] = [1, 2].map(identity);
    let mut guest = join(&engine, anna).await.unwrap();
    let other = join(&engine, bert).await.unwrap();
    assert_eq!(engine.list(ROOM).await.unwrap()[0].handles, [guest.seat.handle()]);

    engine.remove(ROOM, anna).await.unwrap();
    guest.is_let_go().await;
    assert!(is_gone(&engine, ROOM, anna).await.unwrap());
    assert_eq!(join(&engine, anna).await.err(), Some(JoinRefused::Removed));
    assert_eq!(inside(&engine).await, [bert]);
    drop(other);
}

#[tokio::test]
async fn another_server_removes_whom_the_first_let_in() {
    let (server, first) = with_room().await;
    let anna = identity(1);
    let mut guest = join(&first, anna).await.unwrap();

    let second = engine_at(server.settings());
    assert_eq!(inside(&second).await, [anna]);
    second.remove(ROOM, anna).await.unwrap();
    assert!(is_gone(&second, ROOM, anna).await.unwrap());
    guest.is_let_go().await;
    for engine in [&first, &second] {
        assert_eq!(join(engine, anna).await.err(), Some(JoinRefused::Removed));
        assert_eq!(engine.admit(ROOM, anna).await.unwrap_err().failure, Failure::Removed);
    }
}

/// The first server is gone without a word, and its sessions live on for a while.
#[tokio::test]
async fn a_server_that_starts_removes_whom_a_dead_one_let_in() {
    let (server, engine) = with_room().await;
    let [anna, bert] = [1, 2].map(identity);
    // A runtime that ends takes its tasks and sockets away, as the death of a process does.
    let settings = server.settings();
    let dead = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let guests = runtime.block_on(async {
            let dead = engine_at(settings);
            [join(&dead, anna).await.unwrap(), join(&dead, bert).await.unwrap()]
        });
        runtime.shutdown_background();
        std::mem::forget(guests);
    });
    dead.join().unwrap();
    assert_eq!(inside(&engine).await, [anna, bert]);

    engine.remove(ROOM, anna).await.unwrap();
    assert!(is_gone(&engine, ROOM, anna).await.unwrap());
    assert_eq!(inside(&engine).await, [bert]);
    // Who comes again takes the place of who he was.
    let guest = join(&engine, bert).await.unwrap();
    assert_eq!(engine.list(ROOM).await.unwrap()[0].handles, [guest.seat.handle()]);
}

#[tokio::test]
async fn who_comes_again_takes_his_own_place() {
    let (server, engine) = with_room().await;
    let anna = identity(1);
    let mut first = join(&engine, anna).await.unwrap();
    let mut second = join(&engine, anna).await.unwrap();
    first.is_let_go().await;
    assert_eq!(engine.list(ROOM).await.unwrap()[0].handles, [second.seat.handle()]);

    let third = join(&engine_at(server.settings()), anna).await.unwrap();
    second.is_let_go().await;
    assert_eq!(engine.list(ROOM).await.unwrap()[0].handles, [third.seat.handle()]);
}

#[tokio::test]
async fn who_leaves_is_gone() {
    let (_server, engine) = with_room().await;
    let guest = join(&engine, identity(1)).await.unwrap();
    let stays = join(&engine, identity(2)).await.unwrap();
    drop(guest);
    // The end of a session is told to Janus, not waited for.
    let gone = async { while inside(&engine).await != [identity(2)] {} };
    timeout(SOON, gone).await.expect("who left is not listed any more");
    drop(stays);
}

#[tokio::test]
async fn a_server_that_starts_finds_the_rooms_and_may_close_them() {
    let (server, engine) = with_room().await;
    let other = ConferenceId(8);
    engine.open_room(other).await.unwrap();
    let mut guest = join(&engine, identity(1)).await.unwrap();

    let new = engine_at(server.settings());
    let mut rooms = new.rooms().await.unwrap();
    rooms.sort_unstable();
    assert_eq!(rooms, [ROOM, other]);
    new.close_room(ROOM).await.unwrap();
    guest.is_let_go().await;
    assert_eq!(new.rooms().await, Ok(vec![other]));
    assert_eq!(new.list(ROOM).await.unwrap_err().failure, Failure::UnknownRoom);
}
