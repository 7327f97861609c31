//! Ends of threads.

use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

/// Waits for threads to end. Those that have not ended after `limit` are left behind: they end with the process.
pub(crate) fn join_within(threads: Vec<JoinHandle<()>>, limit: Duration) {
    let (done, all_ended) = sync_channel(1);
    let join = move || {
        for thread in threads {
            // A panic of a thread was logged by the panic hook.
            let _ = thread.join();
        }
        let _ = done.send(());
    };
    let joining = std::thread::Builder::new().name("store-close".to_owned()).spawn(join);
    if joining.is_err() || all_ended.recv_timeout(limit).is_err() {
        tracing::warn!(?limit, "the database is silent: threads that wait for it are left behind");
    }
}
