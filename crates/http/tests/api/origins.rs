//! Pages of other origins: those that are allowed use the API from a browser, others are told nothing.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use crate::answer::Answer;
use crate::world::World;

const APP: &str = "https://app.example";

/// What a browser asks before it sends a request of a page of this origin.
async fn preflight(world: &World, origin: &str, path: &str) -> Answer {
    let request = TestRequest::with_uri(path).method(Method::OPTIONS).insert_header(("Origin", origin));
    let request = request.insert_header(("Access-Control-Request-Method", "POST"));
    world.send(request.insert_header(("Access-Control-Request-Headers", "weyitoken, content-type"))).await
}

/// A request of a page of this origin; by somebody who is not logged in.
async fn status(world: &World, origin: &str) -> Answer {
    let request = TestRequest::post().uri("/API/Client/Request/Status").insert_header(("Origin", origin));
    world.send(request.set_json(json!({}))).await
}

#[actix_web::test]
async fn a_page_of_an_allowed_origin_uses_the_api() {
    let world = World::with_origins(&["https://other.example", APP]).await;
    for path in ["/API/Client/Request/Status", "/api/client/request/status/"] {
        let allowed = preflight(&world, APP, path).await;
        assert_eq!((allowed.status, allowed.body.len()), (200, 0), "{path}");
        assert_eq!(allowed.header("access-control-allow-origin"), Some(APP));
        assert_eq!(allowed.header("access-control-max-age"), Some("600"));
        assert_eq!(allowed.header("access-control-allow-credentials"), None);
        let headers = allowed.header("access-control-allow-headers").unwrap().to_lowercase();
        assert!(headers.contains("weyitoken") && headers.contains("idempotency-key"), "{headers}");
    }
    // A refusal is told to the page as well, with what programs rely on.
    let refused = status(&world, APP).await;
    refused.fails(401, "missing_token");
    assert_eq!(refused.header("access-control-allow-origin"), Some(APP));
    let exposed = refused.header("access-control-expose-headers").unwrap().to_lowercase();
    assert!(exposed.contains("x-error-code") && exposed.contains("location"), "{exposed}");
    assert!(refused.header("vary").unwrap().to_lowercase().contains("origin"));
}

#[actix_web::test]
async fn a_page_of_another_origin_is_told_nothing() {
    for world in [World::with_origins(&[APP]).await, World::new().await] {
        for origin in
            ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"]
        {
            assert_eq!(
                preflight(&world, origin, "/API/Client/Request/Status")
                    .await
                    .header("access-control-allow-origin"),
                None
            );
            // It may be no browser's request at all, so it is answered.
            let answer = status(&world, origin).await;
            answer.fails(401, "missing_token");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        }
    }
}
