//! The background work offers what waits.

use serde_json::{Value, json};

use crate::call::{Pair, number};
use crate::database::{Database, User, on_both};
use crate::server::Server;
use crate::wait::eventually;

on_both!(whose_request_ran_out_is_offered_the_next);

fn whose_request_ran_out_is_offered_the_next(database: &Database) {
    database.migrate();
    Pair::add(database, 0);
    database.add_user(&User::client(1));
    let server = Server::with(database, &["--start-seconds", "1"]);
    let pair = Pair::login(server.api, 0);
    let other = User::client(1);
    let other = server.api.login("Client", &other.email, &other.password);
    let request = |asked: crate::http::Answer| number(&asked.with(200).json(), "RequestId");
    let first = request(pair.client.post("Client/Request/New", &pair.wish()));
    pair.provider.post("Provider/Task/Accept", &json!({"RequestId": first})).with(200);
    let second = request(other.post("Client/Request/New", &pair.wish()));
    // The client never starts the call; nobody but the server ends the request.
    eventually("the provider is offered the second request", || {
        let offers = pair.provider.ask("Provider/Task/Offers").with(200).json();
        let offered = |offer: &Value| number(offer, "RequestId") == second;
        offers.as_array().unwrap().iter().any(offered).then_some(())
    });
}
