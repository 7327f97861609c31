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
use tokio::task::JoinHandle;
use trialogue_app::{
    App, Background, Clock, Conferences, DeliveryWorker, Entropy, Heartbeat, Live, Readiness, Sweeper,
    reconcile, supervise,
};
use trialogue_delivery::Delivery;
use trialogue_http::Adapter;
use trialogue_media::{Gateway, notifications};
use trialogue_storage::{Channel, NodeId, Store, migrate};

use crate::clock::SystemClock;
use crate::config::{Listen, Settings};
use crate::engine::{Carrier, carrier, with_routes};
use crate::entropy::SystemEntropy;
use crate::files;
use crate::metrics::{Metrics, Watched};
use crate::output::print;
use crate::{demo, users};

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
    let listeners = listen(&settings.listen)?;
    let address = listeners.address;
    if settings.links_name_listen {
        name_in_links(&mut settings, address);
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (stop, stopped) = watch::channel(false);
    let (notifier, seen) = notifications();
    let Carrier { engine, janus } = carrier(&settings.engine, notifier.clone(), &clock)?;
    let gateway = Arc::new(Gateway::new(Arc::clone(&engine), notifier));
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let node = NodeId(entropy.number());
    let app = App::new(store.clone(), settings.app.clone(), Arc::clone(&clock), Arc::clone(&entropy));
    let conferences = app.conferences().clone();
    let readiness = Arc::clone(app.readiness());
    let adapter = Adapter::new(app, settings.http.clone(), Arc::clone(&gateway));
    let adapter = adapter.with_connections(files::raise_limit());
    let adapter = if engine.is_embedded() { adapter.with_embedded_engine(node) } else { adapter };
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
        conferences: conferences.clone(),
        engine,
        gateway: Arc::clone(&gateway),
        node,
        grace: settings.app.timings.reconnect,
        clock: Arc::clone(&clock),
        stop: stopped.clone(),
    };
    let reconciling =
        janus.clone().map(|janus| tokio::spawn(reconcile(janus, store.clone(), stopped.clone())));
    let (open, until) = (Arc::clone(adapter.connections()), stopped.clone());
    let close_overdue = move || Arc::clone(&open).close_overdue(until.clone());
    tasks.push(supervise(Arc::clone(&readiness), "deadlines of connections", close_overdue));
    tasks.extend(background.start(seen, &readiness));
    let sweeper = Sweeper {
        store: store.clone(),
        clock: Arc::clone(&clock),
        retention: settings.retention,
        stop: stopped.clone(),
    };
    tasks.push(supervise(Arc::clone(&readiness), "sweeper", move || sweeper.clone().run()));
    let delivery_workers = delivery_workers(&settings, &conferences, node, &clock);
    tasks.extend(delivery_workers.into_iter().map(|worker| deliver(worker, &stopped, &readiness)));
    let adapter = with_routes(adapter, &settings.engine, janus);
    let live = adapter.live().clone();
    let watched = Watched { store: store.clone(), live: live.clone(), gateway, clock };
    let metrics = settings.metrics_listen.as_ref().map(|at| Metrics::start(at, watched)).transpose()?;
    let connections = Arc::clone(adapter.connections());
    let adapter = web::Data::new(adapter);
    let (api, public_url) = (settings.http.base_path.clone(), settings.app.public_url.clone());
    let mut server = HttpServer::new(move || {
        let (adapter, api, public_url) = (adapter.clone(), api.clone(), public_url.clone());
        let pages = move |config: &mut _| trialogue_pages::configure(&api, &public_url, config);
        ActixApp::new().configure(move |config| trialogue_http::configure(&adapter, pages, config))
    })
    .keep_alive(settings.http.keep_alive)
    // The work for a client that has closed its connection is dropped.
    .h1_allow_half_closed(false)
    .on_connect(move |stream, connection| connections.on_connect(stream, connection))
    .shutdown_timeout(settings.shutdown.as_secs());
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    for listener in listeners.all {
        server = server.listen(listener)?;
    }
    let server = server.disable_signals().run();
    stop_on_signals(server.handle(), live, Arc::clone(&readiness))?;
    // Scripts wait for this line.
    let mut greeting = greeting(address, &settings, metrics.as_ref());
    tracing::info!(%address, database = %settings.database, "serving");
    if with_demo {
        greeting.push(format!("\n{}\n", demo::prepare(&users::of(&store, &settings)).await?.text(&settings)));
    }
    // A terminal that is gone is no reason to refuse calls.
    if let Err(error) = print(greeting.concat()) {
        tracing::warn!(%error, "standard output can't be written to");
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

/// Where the server is reached.
fn greeting(address: SocketAddr, settings: &Settings, metrics: Option<&Metrics>) -> Vec<String> {
    let mut greeting = vec![format!("listening on http://{address}{}\n", settings.http.base_path)];
    greeting.extend(metrics.map(|metrics| format!("metrics on http://{}/metrics\n", metrics.address)));
    greeting
}

/// Links begin with the address that we listen on: port 0 has become a free one.
fn name_in_links(settings: &mut Settings, address: SocketAddr) {
    let url = settings.listen.with_port(address.port()).url();
    if settings.listen.is_unspecified() {
        tracing::warn!(url, "links begin with localhost, which works on this machine only: set `public_url`");
    }
    settings.app.public_url = url;
}

/// As many connections as actix's own listener has may wait to be taken.
const BACKLOG: u32 = 1024;

/// The sockets of one place to listen.
pub(crate) struct Listeners {
    pub(crate) all: Vec<TcpListener>,
    /// The address of the first one.
    pub(crate) address: SocketAddr,
}

/// Listens on all addresses of `place`: on one at least, as a machine without IPv6 may still resolve names to it.
pub(crate) fn listen(place: &Listen) -> anyhow::Result<Listeners> {
    let mut all: Vec<TcpListener> = Vec::new();
    let mut failure = None;
    let mut port = 0;
    for address in &place.addresses {
        let mut address = *address;
        if address.port() == 0 {
            address.set_port(port);
        }
        match bind(address).and_then(|socket| Ok((socket.local_addr()?, socket))) {
            Ok((bound, socket)) => {
                port = bound.port();
                all.push(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => failure = Some(error),
            Err(error) => return Err(error).with_context(|| format!("listening on {address}")),
        }
    }
    match (all.first(), failure) {
        (Some(first), _) => Ok(Listeners { address: first.local_addr()?, all }),
        (None, Some(error)) => Err(error).with_context(|| format!("listening on {place}")),
        (None, None) => anyhow::bail!("listening on {place}: it has no address"),
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// SIGTERM lets the requests in flight be finished, SIGINT does not. SIGHUP, SIGUSR1 and SIGUSR2, which tell other servers
/// to read their settings or to open their logs again, would end the process: they are noted and change nothing. It must be called before anybody is told that we
/// listen: actix takes care of signals only once it runs, and one that comes before is death.
fn stop_on_signals(server: ServerHandle, live: Live, readiness: Arc<Readiness>) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    for (kind, name) in [
        (SignalKind::hangup(), "SIGHUP"),
        (SignalKind::user_defined1(), "SIGUSR1"),
        (SignalKind::user_defined2(), "SIGUSR2"),
    ] {
        let mut received = signal(kind)?;
        tokio::spawn(async move {
            while received.recv().await.is_some() {
                tracing::info!(
                    signal = name,
                    "a signal that changes nothing; settings are read at the start"
                );
            }
        });
    }
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

/// What delivers invitations: one for each channel that is configured.
fn delivery_workers(
    settings: &Settings,
    conferences: &Conferences,
    node: NodeId,
    clock: &Arc<dyn Clock>,
) -> Vec<DeliveryWorker> {
    let Some(delivery) = &settings.app.delivery else { return Vec::new() };
    let worker = |(channel, by): &(Channel, Arc<dyn Delivery>)| DeliveryWorker {
        conferences: conferences.clone(),
        node,
        channel: *channel,
        delivery: Arc::clone(by),
        key: delivery.key.clone(),
        public_url: settings.app.public_url.clone(),
        clock: Arc::clone(clock),
    };
    settings.deliveries.iter().map(worker).collect()
}

fn deliver(
    worker: DeliveryWorker,
    stop: &watch::Receiver<bool>,
    readiness: &Arc<Readiness>,
) -> JoinHandle<()> {
    let name = match worker.channel {
        Channel::Email => "e-mail",
        Channel::Text => "text messages",
    };
    let stop = stop.clone();
    supervise(Arc::clone(readiness), name, move || worker.clone().run(stop.clone()))
}
