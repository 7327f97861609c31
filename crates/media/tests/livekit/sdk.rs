//! Tokens and webhooks, judged by `LiveKit`'s own SDK for servers (npm `livekit-server-sdk`), and its by us.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use trialogue_domain::{ConferenceId, Observation, ParticipantId, Timestamp};
use trialogue_media::{BadWebhook, LiveKitKey, Notification};
use trialogue_testkit::LiveKitStandIn;

const KEY: &str = "key";
const SECRET: &str = "a secret of thirty-two characters";
const ROOM: ConferenceId = ConferenceId(7);
const GUEST: ParticipantId = ParticipantId(13);

fn key() -> LiveKitKey {
    LiveKitKey::new(KEY, SECRET)
}

#[expect(clippy::disallowed_methods, reason = "the SDK takes the time from the system, and so its tokens")]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since_1970.as_micros()).unwrap())
}

/// Has the SDK do a task of `sdk.mjs`.
fn sdk(task: &Value) -> Value {
    static INSTALL: Once = Once::new();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/livekit");
    INSTALL.call_once(|| {
        if !dir.join("node_modules/livekit-server-sdk").exists() {
            let mut npm = Command::new("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&dir);
            let installed = npm.output().expect("npm is needed: apt-get install nodejs npm");
            assert!(
                installed.status.success(),
                "npm ci in {}: {}",
                dir.display(),
                String::from_utf8_lossy(&installed.stderr)
            );
        }
    });
    let mut node = Command::new("node")
        .arg("sdk.mjs")
        .current_dir(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is needed: apt-get install nodejs npm");
    node.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
    let done = node.wait_with_output().unwrap();
    assert!(done.status.success(), "node failed; what it said stands above");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// The same token with another claim and the old signature.
fn tampered(token: &str) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let other = key().join_token(ROOM, ParticipantId(14).into(), now());
    parts[1] = other.split('.').nth(1).unwrap().to_owned();
    parts.join(".")
}

#[test]
fn our_join_tokens_are_accepted_and_tampered_ones_are_not() {
    let long_ago = Timestamp(now().0 - 600_000_000);
    let good = key().join_token(ROOM, GUEST.into(), now());
    let tokens = [
        good.clone(),
        tampered(&good),
        key().join_token(ROOM, GUEST.into(), long_ago),
        LiveKitKey::new(KEY, "another secret").join_token(ROOM, GUEST.into(), now()),
        LiveKitKey::new("another key", SECRET).join_token(ROOM, GUEST.into(), now()),
    ];
    let judged = sdk(&json!({"task": "verify", "key": KEY, "secret": SECRET, "tokens": tokens}));
    let accepted = &judged[0];
    assert_eq!((&accepted["iss"], &accepted["sub"]), (&json!(KEY), &json!("p13")));
    let grants = json!({
        "roomJoin": true,
        "room": "conference-7",
        "canPublish": true,
        "canSubscribe": true,
        "canPublishData": false,
        "canUpdateOwnMetadata": false,
    });
    assert_eq!(accepted["video"], grants);
    assert_eq!(judged.as_array().unwrap()[1..], [json!(null), json!(null), json!(null), json!(null)]);
}

#[test]
fn their_tokens_are_read() {
    let token = |room: &str| {
        let made =
            sdk(&json!({"task": "token", "key": KEY, "secret": SECRET, "identity": "p13", "room": room}));
        made.as_str().unwrap().to_owned()
    };
    assert_eq!(key().admission(&token("conference-7"), now()), Ok((ROOM, GUEST.into())));
    assert!(key().admission(&token("lobby"), now()).is_err());
    assert!(LiveKitKey::new(KEY, "another secret").admission(&token("conference-7"), now()).is_err());
}

#[test]
fn their_webhooks_are_believed_and_changed_ones_are_not() {
    let event = json!({
        "event": "participant_joined",
        "room": {"sid": "RM_1", "name": "conference-7"},
        "participant": {"sid": "PA_1", "identity": "p13", "name": "é"},
    });
    let body = event.to_string();
    let sign = |secret: &str| {
        let signed = sdk(&json!({"task": "sign", "key": KEY, "secret": secret, "body": body}));
        signed.as_str().unwrap().to_owned()
    };
    let authorization = sign(SECRET);
    let heard = key().webhook(&authorization, body.as_bytes(), now()).unwrap();
    assert_eq!(heard, Some(Notification { room: ROOM, observation: Observation::Joined(GUEST) }));
    let changed = body.replace("p13", "p14");
    let refused = key().webhook(&authorization, changed.as_bytes(), now());
    assert!(matches!(refused, Err(BadWebhook::Body)));
    let refused = key().webhook(&sign("another secret"), body.as_bytes(), now());
    assert!(matches!(refused, Err(BadWebhook::Token(_))));
}

/// What the other tests lean on is no invention of ours.
#[test]
fn the_stand_in_is_one_to_the_sdk() {
    let server = LiveKitStandIn::start(KEY, SECRET);
    let said = sdk(&json!({
        "task": "rooms", "key": KEY, "secret": SECRET, "url": server.url(), "room": "conference-7", "identity": "p13",
    }));
    let expected = json!({
        "created": "conference-7",
        "rooms": ["conference-7"],
        "inside": [],
        "unknown": {"status": 404, "code": "not_found"},
        "left": [],
    });
    assert_eq!(said, expected);

    let hook = server.webhook("participant_left", "conference-7", "p13", now().0 / 1_000_000);
    let changed = json!({"body": format!("{} ", hook.body), "authorization": hook.authorization});
    let sent = json!({"body": hook.body, "authorization": hook.authorization});
    let judged = sdk(&json!({"task": "receive", "key": KEY, "secret": SECRET, "webhooks": [sent, changed]}));
    assert_eq!(judged, json!(["participant_left", null]));
}
