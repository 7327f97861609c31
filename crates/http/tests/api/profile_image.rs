//! Pictures of interpreters: in the list of those who are rung, and by a route of their own.

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use trialogue_storage::ImageKind;

use crate::answer::Answer;
use crate::world::{SPANISH, World};

const PICTURE: &[u8] = b"RIFF....WEBP";

async fn get(world: &World, id: &Value, token: &str, known: &str) -> Answer {
    let uri = format!("/API/Provider/ProfileImage/{id}");
    let request = TestRequest::get().uri(&uri).insert_header(("WEYIToken", token));
    world.send(request.insert_header(("If-None-Match", known))).await
}

#[actix_web::test]
async fn a_picture_is_shown_and_read_once() {
    let world = World::new().await;
    let sofia = world.provider("sofia").await;
    let email = "sofia@example.org";
    let set = async |image| assert!(world.store.set_profile_image(email, image).await.unwrap());
    set(Some((ImageKind::WebP, PICTURE.to_vec()))).await;
    let client = world.client("client").await;
    let made = world.post("Client/Request/New", &client, json!({"NeedHelpLanguageId": SPANISH})).await.ok();
    let shown = made.json()["providerList"][0]["ProfileImage"].clone();
    let id = &shown["ServerImageId"];
    assert_eq!(shown["FileName"], format!("{id}.webp"));
    assert_eq!((&shown["MimeType"], &shown["ImageData"]), (&json!("image/webp"), &json!("UklGRi4uLi5XRUJQ")));

    for token in [&client, &sofia] {
        let image = get(&world, id, token, "\"another\"").await;
        assert_eq!((image.status, image.body.as_ref()), (200, PICTURE));
        assert_eq!(image.header("content-type"), Some("image/webp"));
        assert_eq!(image.header("cache-control"), Some("private, no-cache"));
        let tag = image.header("etag").unwrap().to_owned();
        for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let unchanged = get(&world, id, token, &known).await;
            assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{known}");
            assert_eq!(unchanged.header("etag"), Some(&*tag));
        }
    }
    // Another picture has another number, and the old one is gone.
    set(Some((ImageKind::Png, b"another".to_vec()))).await;
    get(&world, id, &client, "*").await.fails(404, "not_found");
    set(None).await;
    let status = world.post("Client/Request/Status", &client, Value::Null).await.ok().json();
    assert_eq!(status["providerList"][0]["Name"], "sofia");
}

#[actix_web::test]
async fn a_picture_is_for_those_who_are_logged_in() {
    let world = World::new().await;
    let call = world.connected("").await;
    let guest = world.invited(&call, "Rosa").await;
    get(&world, &json!(1), &guest.token, "").await.fails(401, "invalid_token");
    get(&world, &json!(1), "nobody", "").await.fails(401, "invalid_token");
    for id in [json!(1), json!(-1), json!(99_999_999_999_i64), json!("x")] {
        let id = id.to_string().replace('"', "");
        let uri = format!("/API/Provider/ProfileImage/{id}");
        let request = TestRequest::get().uri(&uri).insert_header(("WEYIToken", call.client.clone()));
        world.send(request).await.fails(404, "not_found");
    }
}
