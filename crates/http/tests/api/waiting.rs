//! What a client who waits is told: who is rung, who said no, the place in the queue, and what waits have been like.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

const SPANISH: i32 = 44;

async fn asked(world: &World, name: &str) -> (String, Value) {
    let client = world.client(name).await;
    let made = world.post("Client/Request/New", &client, json!({"NeedHelpLanguageId": SPANISH})).await.ok();
    (client, made.json())
}

async fn status(world: &World, client: &str) -> Value {
    world.post("Client/Request/Status", client, Value::Null).await.ok().json()
}

#[actix_web::test]
async fn who_is_rung_who_said_no_and_the_place_in_the_queue() {
    let world = World::new().await;
    let (first, told) = asked(&world, "first").await;
    assert_eq!(
        told["waitingMsg"],
        "Looking for an interpreter for Spanish. Nobody can be rung at the moment."
    );
    world.clock.advance(Duration::from_secs(1));
    let (second, _) = asked(&world, "second").await;
    let sofia = world.provider("sofia").await;
    world.provider("pablo").await;
    let told = status(&world, &second).await;
    assert_eq!(
        told["waitingMsg"],
        "Looking for an interpreter for Spanish. 2 interpreters are being rung. You are number 2 of those who wait."
    );
    world.post("Provider/Task/Decline", &sofia, json!({"RequestId": told["RequestId"]})).await.empty();
    let told = status(&world, &second).await;
    let figures = [&told["RungCount"], &told["DeclinedCount"], &told["QueuePosition"]];
    assert_eq!(figures, [1, 1, 2]);
    assert_eq!(told["WaitMedianSeconds"], Value::Null, "nobody was served yet");
    // The first one is not in the way any more.
    world.post("Client/Request/CallFinishedNew", &first, json!({})).await.empty();
    assert_eq!(status(&world, &second).await["QueuePosition"], 1);
    let pablo = world.login("Provider", "pablo").await;
    world.post("Provider/Task/Accept", &pablo, json!({"RequestId": told["RequestId"]})).await.empty();
    let told = status(&world, &second).await;
    let figures = [&told["RungCount"], &told["DeclinedCount"], &told["QueuePosition"], &told["waitingMsg"]];
    assert_eq!(figures, [&Value::Null; 4], "it does not wait");
}

#[actix_web::test]
async fn the_waits_of_the_last_hour_are_told_in_the_language_of_the_login() {
    let world = World::new().await;
    let sofia = world.provider("sofia").await;
    for seconds in [10, 20, 30, 40, 50] {
        let (client, made) = asked(&world, &format!("client{seconds}")).await;
        world.clock.advance(Duration::from_secs(seconds));
        world.post("Provider/Task/Accept", &sofia, json!({"RequestId": made["RequestId"]})).await.empty();
        world.post("Client/Request/CallFinishedNew", &client, json!({})).await.empty();
    }
    world.client("waiting").await;
    let body = json!({"Email": "waiting@example.org", "Password": crate::world::PASSWORD});
    let login = world.post("Client/Login/44", "", body).await.ok().json();
    let token = login["Token"].as_str().unwrap();
    world.post("Client/Request/New", token, json!({"NeedHelpLanguageId": SPANISH})).await.ok();
    let told = status(&world, token).await;
    assert_eq!(
        (&told["WaitMedianSeconds"], &told["WaitNinetiethPercentileSeconds"]),
        (&json!(30), &json!(50))
    );
    assert_eq!(
        told["waitingMsg"],
        "Buscamos un intérprete (Spanish). Estamos llamando a 1 intérprete. De los clientes atendidos últimamente la mitad \
         esperó 30 segundos o menos; nueve de cada diez, 50 segundos o menos."
    );
    // They are forgotten after an hour.
    world.post("Client/Request/CallFinishedNew", token, json!({})).await.empty();
    world.clock.advance(Duration::from_hours(1));
    world.post("Client/Request/New", token, json!({"NeedHelpLanguageId": SPANISH})).await.ok();
    assert_eq!(status(&world, token).await["WaitMedianSeconds"], Value::Null);
}
