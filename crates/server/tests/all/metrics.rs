//! Metrics for Prometheus: on a listener of their own, and only if asked for.

use serde_json::json;

use crate::call::Pair;
use crate::database::Database;
use crate::http::Api;
use crate::server::Server;
use crate::wait::eventually;

fn metrics_of(server: &Server) -> Api {
    let address = eventually("the metrics are served", || {
        let stdout = server.process.stdout();
        let line = stdout.lines().find_map(|line| line.strip_prefix("metrics on http://"))?;
        line.strip_suffix("/metrics")?.parse().ok()
    });
    Api(address)
}

#[test]
fn requests_and_backlogs_are_told_without_anything_personal() {
    let database = Database::sqlite();
    database.migrate();
    Pair::add(&database, 0);
    let server = Server::with(&database, &["--metrics-listen", "127.0.0.1:0"]);
    let pair = Pair::login(server.api, 0);
    pair.call();
    pair.provider.post("Provider/Task/Accept", &json!({"RequestId": 99})).refused(404, "not_found");
    assert_eq!(server.api.get("/Rosa@example.org?token=secret").status, 404);

    let api = metrics_of(&server);
    let told = api.get("/metrics").with(200).body;
    let value = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in:\n{told}"))
    };
    let requests = |route: &str, status: u16| {
        let labels = format!(r#"method="POST",route="/api/{route}",status="{status}""#);
        value(&format!("trialogue_requests_total{{{labels}}}"))
    };
    assert_eq!([requests("client/request/new", 200), requests("provider/task/accept", 404)], ["1", "1"]);
    let timed = r#"trialogue_request_seconds_count{method="POST",route="/api/provider/task/accept"}"#;
    assert_eq!(value(timed), "2");
    let nowhere = r#"trialogue_requests_total{method="GET",route="(none)",status="404"}"#;
    assert_eq!(value(nowhere), "1");
    assert_eq!(value("trialogue_database_up"), "1");
    assert_eq!(value(r#"trialogue_store_waiting{queue="write"}"#), "0");
    assert_eq!(value("trialogue_signalling_seats"), "0");
    assert_eq!([value("trialogue_event_streams"), value("trialogue_followed_conferences")], ["0", "0"]);
    eventually("no effect is left", || {
        let told = api.get("/metrics").body;
        told.lines().any(|line| line == r#"trialogue_jobs{kind="engine"} 0"#).then_some(())
    });
    for personal in ["example.org", "secret", "Rosa", &pair.client.token] {
        assert!(!told.contains(personal), "{personal}");
    }
    // Nor is it to be had where everybody is.
    assert_eq!(server.api.get("/metrics").status, 404);
    let stopped = server.stop();
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
}
