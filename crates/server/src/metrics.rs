//! `GET /metrics` in Prometheus' form, on a listener of its own that is not for the outside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::interval;
use trialogue_app::{Clock, Live};
use trialogue_media::Gateway;
use trialogue_storage::Store;

use crate::config::Listen;
use crate::serve::{Listeners, listen};

/// From a tenth of a millisecond to what clients give up after.
const BUCKETS: [f64; 12] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Interval at which recorded values are summed up, so that they stay few when nobody asks.
const UPKEEP: Duration = Duration::from_secs(10);

/// What is looked at when somebody asks.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) store: Store,
    pub(crate) live: Live,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The listener at work.
pub(crate) struct Metrics {
    pub(crate) address: SocketAddr,
    server: ServerHandle,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Metrics {
    /// Collects and serves from now on.
    pub(crate) fn start(at: &Listen, watched: Watched) -> anyhow::Result<Self> {
        let collected = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)?
            .install_recorder()
            .context("collecting metrics")?;
        describe();
        let listeners = listen(at)?;
        let address = listeners.address;
        let server = serve(listeners, collected.clone(), watched)?;
        let handle = server.handle();
        let serving = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "metrics are not served any more");
            }
        });
        let upkeep = tokio::spawn(async move {
            let mut ticks = interval(UPKEEP);
            loop {
                ticks.tick().await;
                collected.run_upkeep();
            }
        });
        Ok(Self { address, server: handle, tasks: [serving, upkeep] })
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.server.stop(false).await;
        let [serving, upkeep] = self.tasks;
        upkeep.abort();
        // A panic of it was logged by the panic hook.
        let _ = serving.await;
    }
}

fn serve(listeners: Listeners, collected: PrometheusHandle, watched: Watched) -> anyhow::Result<Server> {
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(watched.clone()))
            .app_data(web::Data::new(collected.clone()))
            .service(trialogue_http::paths::page("/metrics", answer))
    });
    for listener in listeners.all {
        server = server.listen(listener)?;
    }
    Ok(server.workers(1).disable_signals().run())
}

async fn answer(collected: web::Data<PrometheusHandle>, watched: web::Data<Watched>) -> HttpResponse {
    watched.look().await;
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(collected.render())
}

impl Watched {
    async fn look(&self) {
        let queued = self.store.queued();
        set("trialogue_store_waiting", Some(("queue", "write")), queued.write);
        set("trialogue_store_waiting", Some(("queue", "read")), queued.read);
        set("trialogue_event_streams", None, self.live.streams());
        set("trialogue_signalling_seats", None, self.gateway.len());
        set("trialogue_followed_conferences", None, self.live.followed());
        match self.store.backlog().await {
            Ok(backlog) => {
                for (kind, backlog) in backlog {
                    let count = |count| usize::try_from(count).unwrap_or(0);
                    set("trialogue_jobs", Some(("kind", kind.name())), count(backlog.jobs));
                    let unreadable = count(backlog.unreadable);
                    set("trialogue_jobs_unreadable", Some(("kind", kind.name())), unreadable);
                    let age = backlog.oldest.map_or(Duration::ZERO, |oldest| self.clock.now().since(oldest));
                    gauge!("trialogue_jobs_oldest_seconds", "kind" => kind.name()).set(age.as_secs_f64());
                }
                set("trialogue_database_up", None, 1);
            }
            Err(error) => {
                tracing::warn!(%error, "the backlog could not be looked at");
                set("trialogue_database_up", None, 0);
            }
        }
    }
}

fn set(name: &'static str, label: Option<(&'static str, &'static str)>, value: usize) {
    let gauge = label.map_or_else(|| gauge!(name), |(label, value)| gauge!(name, label => value));
    // What is counted here is far below what a gauge holds exactly.
    gauge.set(f64::from(u32::try_from(value).unwrap_or(u32::MAX)));
}

fn describe() {
    describe_histogram!("trialogue_request_seconds", Unit::Seconds, "From a request's head to its answer's");
    describe_counter!("trialogue_requests_total", "Requests answered, by route and status");
    describe_gauge!("trialogue_store_waiting", "Operations that wait for a thread of the store");
    describe_gauge!("trialogue_event_streams", "Open streams of live events at this node");
    describe_gauge!(
        "trialogue_signalling_seats",
        "Accounts with a line at this node, or one lost a moment ago"
    );
    describe_gauge!("trialogue_followed_conferences", "Conferences that somebody follows at this node");
    describe_gauge!("trialogue_jobs", "Jobs that are not done yet, of all nodes, by kind");
    describe_gauge!(
        "trialogue_jobs_unreadable",
        "Those of them that are not tried: their payload cannot be read"
    );
    describe_gauge!("trialogue_jobs_oldest_seconds", Unit::Seconds, "Age of the oldest of them");
    describe_gauge!("trialogue_database_up", "Whether the database answered just now");
}
