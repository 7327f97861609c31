//! Some clients go on with their requests at another server.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::world::{SPANISH, World};

const FRENCH: i32 = 10;

async fn server(world: &World, client: &str, language: i32) -> Value {
    let body = json!({"NeedHelpLanguageId": language});
    world.post("Client/RequestPreCheck", client, body).await.ok().json()["TransactionServerUrl"].clone()
}

#[actix_web::test]
async fn a_client_is_told_where_its_company_or_its_language_is_served() {
    let world = World::new().await;
    let now = world.clock.now();
    let [court, ward] = [("court", "County Court"), ("ward", "Ward 7")]
        .map(|(code, name)| world.store.add_company(code.to_owned(), name.to_owned(), now));
    let clerk = world.client_of(court.await.unwrap().unwrap(), "clerk").await;
    let nurse = world.client_of(ward.await.unwrap().unwrap(), "nurse").await;
    let idle = world.client("idle").await;
    for language in [SPANISH, FRENCH] {
        assert_eq!(server(&world, &clerk, language).await, "https://court.example/API");
    }
    for client in [&nurse, &idle] {
        assert_eq!(server(&world, client, FRENCH).await, "https://france.example/API");
        assert_eq!(server(&world, client, SPANISH).await, Value::Null, "here");
    }
    let mexico =
        world.store.add_language("es-MX".to_owned(), "Mexican Spanish".to_owned()).await.unwrap().unwrap();
    assert_eq!(server(&world, &idle, mexico.0).await, "https://mexico.example/API", "in any letter case");
    let unknown = json!({"NeedHelpLanguageId": 9999});
    world.post("Client/RequestPreCheck", &idle, unknown).await.fails(400, "unknown_language");
    // Nothing was asked for.
    world.post("Client/Request/Status", &idle, Value::Null).await.fails(409, "no_request");
}

#[actix_web::test]
async fn the_answer_is_the_same_in_xml() {
    let world = World::new().await;
    let idle = world.client("idle").await;
    let request = TestRequest::post().uri("/API/Client/RequestPreCheck").insert_header(("WEYIToken", idle));
    let request = request.insert_header(("Accept", "application/xml"));
    let answer = world.send(request.set_json(json!({"NeedHelpLanguageId": FRENCH}))).await.ok();
    let expected = "<TransactionServerUrl>https://france.example/API</TransactionServerUrl>";
    assert!(answer.text().contains(expected), "{}", answer.text());
}
