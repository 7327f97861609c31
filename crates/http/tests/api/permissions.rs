//! Who may call what: every route with every kind of token.

use actix_web::test::TestRequest;
use serde_json::Value;
use trialogue_storage::UserRole;

use crate::routes::{ROUTES, Route, Side};
use crate::world::{TOKEN_LIFE, World};

/// What a route answers to whom it serves, when called without a body by somebody without a request.
fn served(route: &Route) -> (u16, Option<&'static str>) {
    let may_do_without_body = ["SetOnline", "SetOffline"].iter().any(|name| route.path.ends_with(name));
    match route.side {
        Side::Guest => (200, None),
        _ if route.path.ends_with("Logout") => (200, None),
        _ if may_do_without_body
            || route.path.ends_with("Offers")
            || route.path.ends_with("/Availability") =>
        {
            (200, None)
        }
        // The token is judged before the body.
        _ if !route.takes.is_empty() => (400, Some("body_required")),
        _ => (409, Some("no_request")),
    }
}

/// Every route that asks for a token, with every kind of token: valid, of the wrong role, ended in each way, and made up.
#[actix_web::test]
async fn every_route_with_every_token() {
    let world = World::new().await;
    let expired = world.client("late").await;
    world.clock.advance(TOKEN_LIFE);
    let call = world.issued("").await;
    world.client("idle").await;
    world.provider("idle").await;
    let changed = world.client("changed").await;
    let (hash, now) = ("$argon2id$".to_owned(), world.clock.now());
    let known = world.conferences.set_password(UserRole::Client, "changed@example.org", hash, now).await;
    assert!(known.unwrap());
    let [kicked, declined, left] = [
        world.invited(&call, "Kicked").await,
        world.invited(&call, "Declined").await,
        world.joined(&call, "Left").await,
    ];
    world.kick("Client/Request", &call.client, call.session, kicked.participant).await.empty();
    world.post("Guest/Decline", &declined.token, Value::Null).await.empty();
    world.post("Guest/Leave", &left.token, Value::Null).await.empty();
    // A media account opens the signalling socket, and no route.
    let pair = world.post("Client/Request/VideoEngineAccounts", &call.client, Value::Null).await.ok().json();
    let account = pair["Caller"]["AccountNumber"].as_str().unwrap();
    let (_, secret) = account.split_once('.').unwrap();

    let mut guest = world.invited(&call, "Rosa").await;
    for route in ROUTES.iter().filter(|route| route.side != Side::Anybody) {
        // One of the routes ends the login.
        let (client, provider) = (world.login("Client", "idle").await, world.login("Provider", "idle").await);
        let wrong = |role| if role == route.side { served(route) } else { (403, Some("wrong_role")) };
        let unknown = if route.side == Side::Guest { "invalid_invitation" } else { "invalid_token" };
        let refused = (401, Some(unknown));
        let (of_client, of_provider, of_guest) = if route.side == Side::Guest {
            (refused, refused, served(route))
        } else {
            (wrong(Side::Client), wrong(Side::Provider), refused)
        };
        let nothing = (401, Some("missing_token"));
        let late = if route.side == Side::Guest { refused } else { (401, Some("token_expired")) };
        // The guest comes last: some routes end its invitation.
        for (who, token, expected) in [
            ("nobody", "", nothing),
            ("blank", "  ", nothing),
            ("garbage", "garbage", refused),
            ("a token with a letter more", &format!("{client}0"), refused),
            ("a client whose login has expired", &expired, late),
            ("a client whose password was changed", &changed, refused),
            ("a media account", account, refused),
            ("the secret of a media account", secret, refused),
            ("a guest who was kicked", &kicked.token, refused),
            ("a guest who declined", &declined.token, refused),
            ("a guest who left", &left.token, refused),
            ("client", &client, of_client),
            ("provider", &provider, of_provider),
            ("guest", &guest.token, of_guest),
        ] {
            let answer = world.post(route.path, token, Value::Null).await;
            let told = (answer.status, answer.header("X-Error-Code"));
            assert_eq!(told, expected, "{} called by {who}: {}", route.path, answer.text());
            assert_eq!(
                answer.header("WWW-Authenticate"),
                (told.0 == 401).then_some("Bearer"),
                "{}",
                route.path
            );
            if let (status, Some(code)) = expected {
                answer.fails(status, code);
            }
        }
        if route.side == Side::Guest {
            world.kick("Client/Request", &call.client, call.session, guest.participant).await.empty();
            guest = world.invited(&call, "Rosa").await;
        }
    }
}

#[actix_web::test]
async fn the_reference_header_comes_before_the_standard_one() {
    let world = World::new().await;
    let call = world.requested("").await;
    let send = async |own: Option<&str>, standard: &str| {
        let request = TestRequest::post().uri("/API/Client/Request/Status");
        let request = request.insert_header(("Authorization", standard));
        let request = match own {
            Some(own) => request.insert_header(("WEYIToken", own)),
            None => request,
        };
        world.send(request).await
    };
    let good = format!("Bearer {}", call.client);
    send(None, &good).await.ok();
    send(None, &format!("BEARER  {}", call.client)).await.ok();
    send(Some(&call.client), "Bearer garbage").await.ok();
    send(Some("garbage"), &good).await.fails(401, "invalid_token");
    send(Some(""), &good).await.ok();
    send(None, &format!("Basic {}", call.client)).await.fails(401, "missing_token");
    send(None, &call.client).await.fails(401, "missing_token");
    send(None, "Bearer ").await.fails(401, "missing_token");
    send(None, "Bearer \u{e9}").await.fails(401, "missing_token");
}

#[actix_web::test]
async fn a_token_in_the_query_is_none() {
    let world = World::new().await;
    let call = world.requested("").await;
    let path = format!("Client/Request/Status?WEYIToken={0}&access_token={0}", call.client);
    world.post(&path, "", Value::Null).await.fails(401, "missing_token");
}

#[actix_web::test]
async fn other_methods_are_refused_before_the_token_is_looked_at() {
    let world = World::new().await;
    for route in ROUTES {
        let answer = world.send(TestRequest::get().uri(&format!("/API/{}", route.path))).await;
        answer.fails(405, "method_not_allowed");
        assert_eq!(answer.header("Allow"), Some("POST"), "{}", route.path);
    }
}
