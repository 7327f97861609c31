//! The open connections of clients. Their number is limited, in all and for each address, and so is the time for which a
//! connection is kept between requests: the files of the process are never used up. Where there are too many, the oldest one
//! that waits for its client makes room, so silent clients keep nobody out.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::net::Shutdown;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::{Error, HttpRequest, web};
use socket2::{SockRef, Socket};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use trialogue_app::{Clock, Network};

use crate::adapter::Adapter;
use crate::client_address::TrustedProxies;

/// How long a client may take to receive what was sent. After that, the system closes the connection.
#[cfg(target_os = "linux")]
const RECEIVED_WITHIN: Duration = Duration::from_mins(1);

/// How long a connection that is to be closed, or whose next request has begun, is kept at most.
const LEFTOVER: Duration = Duration::from_secs(15);

/// How long the rest of a body in chunks is read after the answer.
const REST: Duration = Duration::from_secs(5);

/// Interval between two looks for overdue connections.
const LOOK: Duration = Duration::from_secs(1);

/// The deadline of a connection that serves a request, a stream of events or a WebSocket. These have their own.
const NONE: u64 = u64::MAX;

/// The open connections of all listeners.
pub struct Connections {
    /// Maximum number of connections.
    limit: usize,
    /// How long a connection is kept for the next request.
    keep_alive: Duration,
    /// Connections from here count in all, and not by address.
    proxies: TrustedProxies,
    clock: Arc<dyn Clock>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// By their numbers, so the oldest comes first.
    connections: BTreeMap<u64, Arc<Connection>>,
    /// Number of connections that were closed to make room, and are not gone yet.
    leaving: usize,
    of_network: HashMap<Network, usize>,
    /// Number of the latest connection.
    latest: u64,
}

struct Connection {
    network: Network,
    /// A second handle of the socket, to close it when it is overdue.
    socket: Socket,
    /// When it is closed, in milliseconds of monotonic time.
    deadline: AtomicU64,
}

/// A counted connection. Dropping it ends the count.
struct Counted {
    connections: Arc<Connections>,
    number: u64,
    connection: Arc<Connection>,
}

impl Connections {
    pub(crate) fn new(
        limit: usize,
        keep_alive: Duration,
        proxies: TrustedProxies,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { limit, keep_alive, proxies, clock, open: Mutex::default() }
    }

    /// For `HttpServer::on_connect`: counts a new connection, or closes it if there are too many.
    pub fn on_connect(self: &Arc<Self>, stream: &dyn Any, extensions: &mut Extensions) {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        let socket = SockRef::from(stream);
        let counted = stream.peer_addr().and_then(|peer| {
            #[cfg(target_os = "linux")]
            socket.set_tcp_user_timeout(Some(RECEIVED_WITHIN))?;
            Ok((peer.ip(), socket.try_clone()?))
        });
        let counted = counted.ok().and_then(|(peer, socket)| {
            let share = if self.proxies.trusts(peer) { self.limit } else { self.limit / 2 };
            self.count(Network::of(peer), share, socket)
        });
        match counted {
            Some(counted) => {
                extensions.insert(counted);
            }
            // If this fails, the client has gone already.
            None => drop(socket.shutdown(Shutdown::Both)),
        }
    }

    fn count(self: &Arc<Self>, network: Network, share: usize, socket: Socket) -> Option<Counted> {
        let deadline = AtomicU64::new(self.after(self.keep_alive));
        // A closed connection keeps its files until its worker has seen that. There are an eighth more for that.
        let most = self.limit + (self.limit / 8).max(4);
        let mut open = self.open();
        if open.of_network.get(&network).is_some_and(|count| *count >= share) {
            open.make_room(most, |connection| connection.network == network)?;
        } else if open.connections.len() >= self.limit {
            open.make_room(most, |_| true)?;
        }
        open.latest += 1;
        let number = open.latest;
        let connection = Arc::new(Connection { network, socket, deadline });
        *open.of_network.entry(network).or_default() += 1;
        open.connections.insert(number, Arc::clone(&connection));
        Some(Counted { connections: Arc::clone(self), number, connection })
    }

    /// Whether more than half of the connections are open: then none is kept for a further request.
    fn is_crowded(&self) -> bool {
        self.open().connections.len() > self.limit / 2
    }

    /// Closes overdue connections until told to stop.
    pub async fn close_overdue(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = looks.tick() => {}
            }
            let now = self.after(Duration::ZERO);
            for connection in self.open().connections.values() {
                if connection.deadline.load(Ordering::Relaxed) <= now {
                    connection.close();
                }
            }
        }
    }

    fn after(&self, wait: Duration) -> u64 {
        u64::try_from((self.clock.monotonic() + wait).as_millis()).unwrap_or(NONE)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Closes the oldest of these connections that waits for its client. None if there is no such connection, or if
    /// there are `most` together with those that were closed and are not gone yet.
    fn make_room(&mut self, most: usize, is_one: impl Fn(&Connection) -> bool) -> Option<()> {
        if self.connections.len() + self.leaving >= most {
            return None;
        }
        let waits = |connection: &Connection| connection.deadline.load(Ordering::Relaxed) != NONE;
        let oldest = self.connections.iter().find(|(_, connection)| is_one(connection) && waits(connection));
        let number = *oldest?.0;
        self.remove(number)?.close();
        self.leaving += 1;
        Some(())
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Connection>> {
        let connection = self.connections.remove(&number)?;
        if let Some(of_network) = self.of_network.get_mut(&connection.network) {
            *of_network -= 1;
            if *of_network == 0 {
                self.of_network.remove(&connection.network);
            }
        }
        Some(connection)
    }
}

impl Connection {
    fn close(&self) {
        // If this fails, the client has gone already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        if open.remove(self.number).is_none() {
            open.leaving -= 1;
        }
    }
}

/// Until this is dropped, the connection of the request waits for its client, and may have to make room for another.
pub(crate) struct WaitsForClient(Option<Arc<Connection>>);

impl WaitsForClient {
    /// For this long at most.
    pub(crate) fn begin(adapter: &Adapter, req: &HttpRequest, wait: Duration) -> Self {
        let connection = req.conn_data::<Counted>().map(|counted| Arc::clone(&counted.connection));
        if let Some(connection) = &connection {
            connection.deadline.store(adapter.connections.after(wait + LEFTOVER), Ordering::Relaxed);
        }
        Self(connection)
    }
}

impl Drop for WaitsForClient {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.deadline.store(NONE, Ordering::Relaxed);
        }
    }
}

/// The middleware: sets the deadline of the connection after the answer, and closes it where there are many.
///
/// actix has a deadline for the head of the first request only. It has none for the head of a later request, and none for
/// what is left of a body in chunks, which it reads after the answer. So no connection is kept after such a body.
pub(crate) async fn limit_connection(
    adapter: web::Data<Adapter>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let connection = req.conn_data::<Counted>().map(|counted| Arc::clone(&counted.connection));
    let set_deadline = |deadline| {
        if let Some(connection) = &connection {
            connection.deadline.store(deadline, Ordering::Relaxed);
        }
    };
    let is_chunked = req.headers().contains_key(TRANSFER_ENCODING);
    set_deadline(NONE);
    let answered = next.call(req).await;
    let connections = &adapter.connections;
    if answered.is_err() {
        set_deadline(connections.after(LEFTOVER));
    }
    let mut answer = answered?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS
        || answer.response().body().size() == BodySize::Stream
    {
        // The deadline is what the handler has set.
    } else if is_chunked || connections.is_crowded() {
        set_deadline(connections.after(if is_chunked { REST } else { LEFTOVER }));
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    } else if answer.response().head().connection_type() == ConnectionType::KeepAlive {
        set_deadline(connections.after(connections.keep_alive + LEFTOVER));
    } else {
        set_deadline(connections.after(LEFTOVER));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use socket2::{Domain, Type};
    use trialogue_domain::Timestamp;

    use super::*;

    struct Standing;

    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
    }

    #[test]
    fn the_oldest_that_waits_for_its_client_makes_room() {
        let proxies = TrustedProxies::default();
        let connections = Arc::new(Connections::new(6, Duration::ZERO, proxies, Arc::new(Standing)));
        let count = |last: u8| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            connections.count(Network::of([192, 0, 2, last].into()), 3, socket)
        };
        let numbers = || connections.open().connections.keys().copied().collect::<Vec<_>>();
        let serves = |counted: &Counted| counted.connection.deadline.store(NONE, Ordering::Relaxed);

        let mut flood: Vec<_> = (0..5).map(|_| count(1).unwrap()).collect();
        assert_eq!(numbers(), [3, 4, 5]);
        serves(&flood[2]);
        flood.push(count(1).unwrap());
        assert_eq!(numbers(), [3, 5, 6]);
        assert!(!connections.is_crowded());
        let others: Vec<_> = (2..6).map(|last| count(last).unwrap()).collect();
        assert_eq!(numbers(), [3, 6, 7, 8, 9, 10]);
        assert!(connections.is_crowded());

        // No room can be made.
        flood.iter().chain(&others).for_each(serves);
        assert!(count(1).is_none() && count(9).is_none());
        drop((flood, others));
        let open = connections.open();
        assert_eq!((open.connections.len(), open.of_network.len(), open.leaving), (0, 0, 0));
    }
}
