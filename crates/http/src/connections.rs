//! The open connections of clients. Their number is limited, in all and for each address, so that the files of the process
//! are never used up.

use std::any::Any;
use std::collections::HashMap;
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::{Error, web};
use socket2::SockRef;

use crate::app::App;
use crate::client_address::{Network, TrustedProxies};

/// The open connections of all listeners.
pub struct Connections {
    /// Maximum number of connections.
    limit: usize,
    /// Connections from here count in all, and not by address.
    proxies: TrustedProxies,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    of_network: HashMap<Network, usize>,
}

/// A counted connection. Dropping it ends the count.
struct Counted {
    connections: Arc<Connections>,
    network: Network,
}

impl Connections {
    pub(crate) fn new(limit: usize, proxies: TrustedProxies) -> Self {
        Self { limit, proxies, open: Mutex::default() }
    }

    /// For `HttpServer::on_connect`: counts a new connection, or closes it if there are too many.
    pub fn on_connect(self: &Arc<Self>, stream: &dyn Any, connection: &mut Extensions) {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        let counted = stream.peer_addr().ok().and_then(|peer| {
            let share = if self.proxies.trusts(peer.ip()) { self.limit } else { self.limit / 2 };
            self.count(Network::of(peer.ip()), share)
        });
        match counted {
            Some(counted) => {
                connection.insert(counted);
            }
            // If this fails, the client has gone already.
            None => drop(SockRef::from(stream).shutdown(Shutdown::Both)),
        }
    }

    fn count(self: &Arc<Self>, network: Network, share: usize) -> Option<Counted> {
        let mut open = self.open();
        let of_network = open.of_network.get(&network).copied().unwrap_or_default();
        if open.all >= self.limit || of_network >= share {
            return None;
        }
        open.all += 1;
        open.of_network.insert(network, of_network + 1);
        Some(Counted { connections: Arc::clone(self), network })
    }

    /// Whether more than half of the connections are open: then none is kept for a further request.
    fn is_crowded(&self) -> bool {
        self.open().all > self.limit / 2
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.all -= 1;
        if let Some(of_network) = open.of_network.get_mut(&self.network) {
            *of_network -= 1;
            if *of_network == 0 {
                open.of_network.remove(&self.network);
            }
        }
    }
}

/// The middleware: idle connections give way when there are many.
pub(crate) async fn close_when_crowded(
    app: web::Data<App>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut answer = next.call(req).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS && app.connections.is_crowded() {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Network {
        Network::of([192, 0, 2, last].into())
    }

    #[test]
    fn an_address_takes_its_share_and_leaves_the_rest() {
        let connections = Arc::new(Connections::new(6, TrustedProxies::default()));
        let flood: Vec<_> = (0..9).map(|_| connections.count(network(1), 3)).collect();
        assert_eq!(flood.iter().flatten().count(), 3);
        assert!(!connections.is_crowded());
        let others: Vec<_> = (2..9).map(|last| connections.count(network(last), 3)).collect();
        assert_eq!(others.iter().flatten().count(), 3);
        assert!(connections.is_crowded());
        drop(flood);
        assert!(connections.count(network(1), 3).is_some());
        drop(others);
        let open = connections.open();
        assert_eq!((open.all, open.of_network.len()), (0, 0));
    }
}
