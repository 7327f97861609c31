//! The sockets that have not said who they are. Their number is limited, in all and for each address; the oldest makes room
//! for the newest, so silent sockets keep nobody out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use trialogue_app::Network;

/// Maximum number of strangers.
const STRANGERS: usize = 256;

/// Maximum number of those from one address.
const STRANGERS_OF_ADDRESS: usize = 64;

/// The strangers.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<Places>);

#[derive(Default)]
struct Places {
    /// The oldest first.
    entries: VecDeque<Entry>,
    /// Number of the latest stranger.
    latest: u64,
}

struct Entry {
    number: u64,
    network: Network,
    /// Dropping it tells the stranger to go.
    _stay: oneshot::Sender<()>,
}

/// The place of a stranger. Dropping it leaves the place.
pub(crate) struct Stranger {
    strangers: Arc<Strangers>,
    number: u64,
    stay: oneshot::Receiver<()>,
}

impl Strangers {
    /// Takes a place, if need be that of the oldest.
    pub(crate) fn enter(self: &Arc<Self>, network: Network) -> Stranger {
        let (sender, stay) = oneshot::channel();
        let mut places = self.places();
        let Places { entries, latest } = &mut *places;
        let of_network = |entry: &&Entry| entry.network == network;
        if entries.iter().filter(of_network).count() >= STRANGERS_OF_ADDRESS {
            let oldest = entries.iter().position(|entry| entry.network == network);
            oldest.and_then(|oldest| entries.remove(oldest));
        } else if entries.len() >= STRANGERS {
            entries.pop_front();
        }
        *latest += 1;
        entries.push_back(Entry { number: *latest, network, _stay: sender });
        Stranger { strangers: Arc::clone(self), number: *latest, stay }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stranger {
    /// Waits until the place is needed for another.
    pub(crate) async fn displaced(&mut self) {
        // Nothing is ever sent: the sender is dropped.
        let _ = (&mut self.stay).await;
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.strangers.places().entries.retain(|entry| entry.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn network(n: usize) -> Network {
        Network::of([192, 0, 2, u8::try_from(n).unwrap()].into())
    }

    fn displaced(strangers: &mut [Stranger]) -> Vec<usize> {
        let displaced = |stranger: &mut Stranger| stranger.displaced().now_or_never().is_some();
        (0..strangers.len()).filter(|n| displaced(&mut strangers[*n])).collect()
    }

    #[test]
    fn an_address_that_is_silent_displaces_its_own() {
        let strangers = Arc::new(Strangers::default());
        let mut first = vec![strangers.enter(network(1))];
        let mut flood: Vec<_> = (0..=STRANGERS_OF_ADDRESS).map(|_| strangers.enter(network(2))).collect();
        assert_eq!(displaced(&mut flood), [0]);
        assert_eq!(displaced(&mut first), [0; 0]);
        // One that has gone leaves its place, and no other's.
        flood.swap_remove(0);
        flood.pop();
        flood.push(strangers.enter(network(2)));
        assert_eq!(displaced(&mut flood), [0; 0]);
        drop((first, flood));
        assert_eq!(strangers.places().entries.len(), 0);
    }

    #[test]
    fn the_oldest_makes_room_whatever_its_address() {
        let strangers = Arc::new(Strangers::default());
        let mut all: Vec<_> = (0..STRANGERS + 2).map(|n| strangers.enter(network(n % 200))).collect();
        assert_eq!(displaced(&mut all), [0, 1]);
    }
}
