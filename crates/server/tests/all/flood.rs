//! A flood of log-ins from clients without an account.

use std::io::Write as _;

use serde_json::json;

use crate::call::{JSON, Pair};
use crate::database::{Database, User};
use crate::http::{Api, head};
use crate::server::Server;
use crate::wait::eventually;

/// Most memory of the process itself, in KiB, that is kept after a flood. Its program in memory is not counted.
const MEMORY_KIB: u64 = 30 * 1024;

/// Sends a log-in, and closes the connection without waiting for the answer.
fn log_in_and_go(api: Api, n: u32) {
    let body = json!({"Email": format!("n{n}@example.org"), "Password": "a guess"}).to_string();
    let mut stream = api.connect().unwrap();
    let head = head("POST", "/API/Client/Login/1", &[JSON], body.len());
    // The server may close the connection first.
    let _ = stream.write_all((head + &body).as_bytes());
}

#[test]
fn a_flood_of_log_ins_takes_neither_files_nor_memory_nor_the_service() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 0);
    let server = Server::start(&database);
    let (api, user) = (server.api, User::client(0));
    api.login("Client", &user.email, &user.password);
    let files = server.process.open_files();
    for n in 0..1500 {
        log_in_and_go(api, n);
        if n % 100 == 0 {
            api.get("/healthz").with(200);
            api.get("/readyz").with(200);
            api.login("Client", &user.email, &user.password);
        }
    }
    eventually("the files are closed", || (server.process.open_files() <= files + 8).then_some(()));

    let others: Vec<_> = (0..64).map(|n| User::client(n + 1)).collect();
    std::thread::scope(|scope| {
        for user in &others {
            scope.spawn(move || {
                let answer = api.try_login("Client", &user.email, &user.password);
                match answer.status {
                    401 => {}
                    429 | 503 => assert!(answer.header("retry-after").is_some(), "{answer:?}"),
                    _ => panic!("{answer:?}"),
                }
            });
        }
    });
    api.login("Client", &user.email, &user.password);
    let memory = server.process.memory_kib();
    assert!(memory < MEMORY_KIB, "{memory} KiB");
}
