//! `trialogue serve`: everything wired together, until a signal ends it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App as ActixApp, HttpServer, web};
use anyhow::Context as _;
use tokio::net::TcpSocket;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use trialogue_http::{App, Clock, Live, Readiness, supervise};
use trialogue_media::{Gateway, notifications};
use trialogue_storage::{Channel, NodeId, Store, migrate};

use crate::clock::SystemClock;
use crate::demo;
use crate::engine::{Carrier, carrier, with_routes};
use crate::entropy::SystemEntropy;
use crate::heartbeat::Heartbeat;
use crate::lane;
use crate::metrics::{Metrics, Watched};
use crate::postman::Postman;
use crate::reconcile::reconcile;
use crate::relay::Background;
use crate::settings::Settings;

/// Runs the server.
pub(crate) fn run(settings: Settings, with_demo: bool) -> anyhow::Result<()> {
    // The lock comes first: a second server must not migrate under the first one's feet.
    let lock = trialogue_storage::ServeLock::take(&settings.database)?;
    if settings.auto_migrate {
        for version in migrate(&settings.database)? {
            tracing::info!(version, "migrated the database");
        }
    }
    let store = Store::open(&settings.database, settings.store).context("opening the database")?;
    let outcome = actix_web::rt::System::new().block_on(async {
        store.end_leases(&lock).await.context("ending the leases of the server before")?;
        serve(settings, with_demo, store.clone()).await
    });
    store.close();
    drop(lock);
    outcome
}

async fn serve(mut settings: Settings, with_demo: bool, store: Store) -> anyhow::Result<()> {
    let listener = listen(settings.listen).with_context(|| format!("listening on {}", settings.listen))?;
    let address = listener.local_addr()?;
    // Port 0 has become a free one: links must name it.
    if settings.http.public_url == format!("http://{}", settings.listen) {
        settings.http.public_url = format!("http://{address}");
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (stop, stopped) = watch::channel(false);
    let (notifier, seen) = notifications();
    let Carrier { engine, janus } = carrier(&settings.engine, notifier.clone(), &clock)?;
    let gateway = Arc::new(Gateway::new(Arc::clone(&engine), notifier));
    let entropy = Arc::new(SystemEntropy);
    let app =
        App::new(store.clone(), settings.http.clone(), Arc::clone(&clock), entropy, Arc::clone(&gateway))
            .map_err(anyhow::Error::msg)?;
    let readiness = Arc::clone(app.readiness());
    let node = NodeId(SystemEntropy.number());
    let app = if engine.is_embedded() { app.with_embedded_engine(node) } else { app };
    let heartbeat = Heartbeat {
        node,
        store: store.clone(),
        clock: Arc::clone(&clock),
        readiness: Arc::clone(&readiness),
        stop: stopped.clone(),
    };
    // The first one comes before anybody is told that we listen.
    heartbeat.beat().await;
    let mut tasks = vec![supervise(Arc::clone(&readiness), "heartbeat", move || heartbeat.clone().run())];
    let background = Background {
        store: store.clone(),
        engine,
        gateway: Arc::clone(&gateway),
        node,
        grace: settings.store.timings.reconnect,
        clock: Arc::clone(&clock),
        stop: stopped.clone(),
    };
    let reconciling =
        janus.clone().map(|janus| tokio::spawn(reconcile(janus, store.clone(), stopped.clone())));
    tasks.extend(background.start(seen, &readiness));
    tasks.extend(start_postmen(&settings, &store, &clock, &stopped, &readiness));
    let app = with_routes(app, &settings.engine, janus);
    let live = app.live().clone();
    let watched = Watched { store: store.clone(), live: live.clone(), gateway, clock };
    let metrics = settings.metrics_listen.map(|address| Metrics::start(address, watched)).transpose()?;
    let app = web::Data::new(app);
    let mut server = HttpServer::new(move || {
        let app = app.clone();
        ActixApp::new().configure(move |config| trialogue_http::configure(&app, config))
    })
    .shutdown_timeout(settings.shutdown.as_secs());
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    let server = server.listen(listener)?.disable_signals().run();
    stop_on_signals(server.handle(), live, Arc::clone(&readiness))?;
    // Scripts wait for this line.
    println!("listening on http://{address}{}", settings.http.base_path);
    if let Some(metrics) = &metrics {
        println!("metrics on http://{}/metrics", metrics.address);
    }
    tracing::info!(%address, database = %settings.database, "serving");
    if with_demo {
        println!("\n{}", demo::prepare(&store).await?.text(&settings));
    }
    let outcome = server.await.context("serving");
    tracing::info!("stopping: the requests in flight are finished");
    // Background work is cut off after this; whatever it had claimed is claimed again.
    readiness.stop();
    let _ = stop.send(true);
    if let Some(metrics) = metrics {
        metrics.stop().await;
    }
    for task in tasks.into_iter().chain(reconciling) {
        let _ = task.await;
    }
    outcome
}

/// As many connections as actix's own listener has may wait to be taken.
const BACKLOG: u32 = 1024;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// SIGTERM lets the requests in flight be finished, SIGINT does not. It must be called before anybody is told that we
/// listen: actix takes care of signals only once it runs, and one that comes before is death.
fn stop_on_signals(server: ServerHandle, live: Live, readiness: Arc<Readiness>) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        let graceful = tokio::select! {
            _ = terminate.recv() => true,
            _ = interrupt.recv() => false,
        };
        readiness.stop();
        // Streams of events have no end of their own: a stop would wait for them.
        live.close();
        server.stop(graceful).await;
    });
    Ok(())
}

/// A lane for each channel by which invitations are delivered.
fn start_postmen(
    settings: &Settings,
    store: &Store,
    clock: &Arc<dyn Clock>,
    stop: &watch::Receiver<bool>,
    readiness: &Arc<Readiness>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let Some(delivers) = &settings.http.delivery else { return Vec::new() };
    let postmen = settings.deliveries.iter().map(|(channel, delivery)| Postman {
        store: store.clone(),
        channel: *channel,
        delivery: Arc::clone(delivery),
        key: delivers.key.clone(),
        public_url: settings.http.public_url.clone(),
        clock: Arc::clone(clock),
    });
    let supervised = |postman: Postman| {
        let (name, stop) = match postman.channel {
            Channel::Email => ("e-mail", stop.clone()),
            Channel::Text => ("text messages", stop.clone()),
        };
        supervise(Arc::clone(readiness), name, move || lane::run(postman.clone(), stop.clone()))
    };
    postmen.map(supervised).collect()
}
