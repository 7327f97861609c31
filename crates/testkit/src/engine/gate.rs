//! Time that passes when the test says so.

use std::sync::Arc;

use tokio::sync::watch;

/// Closed until the test opens it. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Sides>);

#[derive(Debug)]
struct Sides {
    reached: watch::Sender<bool>,
    open: watch::Sender<bool>,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Sides { reached: watch::Sender::new(false), open: watch::Sender::new(false) }))
    }

    /// Waits until somebody has come to the gate.
    pub async fn reached(&self) {
        until(&self.0.reached).await;
    }

    /// Lets everybody pass, from now on.
    pub fn open(&self) {
        self.0.open.send_replace(true);
    }

    /// Comes to the gate, and waits until it is open.
    pub async fn pass(&self) {
        self.0.reached.send_replace(true);
        until(&self.0.open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

async fn until(flag: &watch::Sender<bool>) {
    flag.subscribe().wait_for(|&set| set).await.expect("the gate itself holds the other end");
}
