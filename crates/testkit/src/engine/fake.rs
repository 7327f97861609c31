//! An engine that keeps the contract, until it is told not to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use trialogue_domain::ConferenceId;
use trialogue_media::{
    Browser, EngineError, EngineFuture, Failure, Handle, Identity, JoinFuture, JoinRefused, Mesh, MeshSeat,
    Notification, Notifier, Occupant, Operation, Seat, ToBrowser, VideoEngine, notifications,
};

use super::Fault;
use super::delivery::Delivery;
use super::fault::Faults;

/// An operation that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// In which room.
    pub room: ConferenceId,
    /// What.
    pub operation: Operation,
}

/// An engine in memory with switches for faults and a log of what it was asked to do.
#[derive(Debug)]
pub struct FakeEngine {
    /// Replaced by a new one when the engine restarts.
    mesh: Mutex<Arc<Mesh>>,
    /// What the meshes speak into.
    mouth: Notifier,
    delivery: Mutex<Delivery>,
    faults: Mutex<Faults>,
    calls: Mutex<Vec<Call>>,
    /// Who came by [`Self::join`]; their browsers listen to nothing.
    inside: Mutex<Vec<(MeshSeat, mpsc::Receiver<ToBrowser>)>>,
}

impl FakeEngine {
    /// A sound engine without rooms, which speaks into `notifier`.
    #[must_use]
    pub fn new(notifier: Notifier) -> Self {
        let (mouth, said) = notifications();
        Self {
            mesh: Mutex::new(Arc::new(Mesh::new(mouth.clone()))),
            mouth,
            delivery: Mutex::new(Delivery::new(said, notifier)),
            faults: Mutex::default(),
            calls: Mutex::default(),
            inside: Mutex::default(),
        }
    }

    /// The next operation that `concerns` picks goes wrong. Of several faults the one set first is taken first.
    pub fn fail_once(&self, concerns: impl Fn(Operation) -> bool + Send + 'static, fault: Fault) {
        lock(&self.faults).add(concerns, fault, true);
    }

    /// Every operation that `concerns` picks goes wrong, until [`Self::heal`].
    pub fn fail_always(&self, concerns: impl Fn(Operation) -> bool + Send + 'static, fault: Fault) {
        lock(&self.faults).add(concerns, fault, false);
    }

    /// The engine answers nothing, until [`Self::heal`].
    pub fn go_down(&self) {
        self.fail_always(|_| true, Fault::FailBefore(Failure::Unreachable("it is down".to_owned())));
    }

    /// Forgets all faults that were set. Who hangs at a gate goes on hanging.
    pub fn heal(&self) {
        lock(&self.faults).heal();
    }

    /// The engine dies and comes back without a memory: no rooms, nobody connected, and no word of it.
    pub fn restart(&self) {
        *lock(&self.mesh) = Arc::new(Mesh::new(self.mouth.clone()));
        lock(&self.inside).clear();
        lock(&self.delivery).ignore();
    }

    /// What it was asked to do, oldest first, with whatever success.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.calls).clone()
    }

    /// Keeps notifications back, until [`Self::release_notifications`].
    pub fn hold_notifications(&self) {
        lock(&self.delivery).hold();
    }

    /// Passes on what was held back, after the test has mixed it up as it likes: reversed, doubled, lost.
    pub fn release_notifications(&self, mix: impl FnOnce(&mut Vec<Notification>)) {
        lock(&self.delivery).release(mix);
    }

    /// A party comes, without a word.
    ///
    /// # Errors
    /// [`JoinRefused`].
    pub fn enter(&self, room: ConferenceId, identity: Identity) -> Result<Handle, JoinRefused> {
        let (browser, ear) = Browser::new();
        let seat = self.mesh().enter(room, identity, browser)?;
        let handle = seat.handle();
        lock(&self.inside).push((seat, ear));
        self.deliver();
        Ok(handle)
    }

    /// The connection of a party that came by [`Self::enter`] is gone.
    pub fn leave(&self, handle: Handle) {
        lock(&self.inside).retain(|(seat, _)| seat.handle() != handle);
        self.deliver();
    }

    /// Does a step of the true engine, with the fault that is due.
    async fn perform<T>(
        &self,
        room: ConferenceId,
        operation: Operation,
        not_found: Result<T, Failure>,
        step: impl AsyncFnOnce(Arc<Mesh>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        lock(&self.calls).push(Call { room, operation });
        let fault = lock(&self.faults).next(operation);
        let step = async || {
            let answer = step(self.mesh()).await;
            self.deliver();
            answer
        };
        let error = |failure| EngineError { operation, room, failure };
        match fault {
            None => step().await,
            Some(Fault::FailBefore(failure)) => Err(error(failure)),
            Some(Fault::FailAfter(failure)) => {
                step().await?;
                Err(error(failure))
            }
            Some(Fault::HangBefore(gate)) => {
                gate.pass().await;
                step().await
            }
            Some(Fault::HangAfter(gate)) => {
                let answer = step().await;
                gate.pass().await;
                answer
            }
            Some(Fault::NotFound) => not_found.map_err(error),
        }
    }

    fn mesh(&self) -> Arc<Mesh> {
        Arc::clone(&lock(&self.mesh))
    }

    fn deliver(&self) {
        lock(&self.delivery).take_in();
    }
}

impl VideoEngine for FakeEngine {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn join(&self, room: ConferenceId, identity: Identity, browser: Browser) -> JoinFuture<'_> {
        let operation = Operation::Join(identity);
        let not_found = Err(Failure::UnknownRoom);
        Box::pin(async move {
            let joined =
                self.perform(room, operation, not_found, async move |mesh| {
                    Ok(mesh.enter(room, identity, browser))
                })
                .await?;
            Ok(Box::new(joined?) as Box<dyn Seat>)
        })
    }

    fn open_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        let not_found = Err(Failure::UnknownRoom);
        Box::pin(
            self.perform(room, Operation::OpenRoom, not_found, async move |mesh| mesh.open_room(room).await),
        )
    }

    fn admit(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        let not_found = Err(Failure::UnknownRoom);
        Box::pin(self.perform(room, Operation::Admit(identity), not_found, async move |mesh| {
            mesh.admit(room, identity).await
        }))
    }

    fn remove(&self, room: ConferenceId, identity: Identity) -> EngineFuture<'_, ()> {
        Box::pin(self.perform(room, Operation::Remove(identity), Ok(()), async move |mesh| {
            mesh.remove(room, identity).await
        }))
    }

    fn list(&self, room: ConferenceId) -> EngineFuture<'_, Vec<Occupant>> {
        Box::pin(self.perform(room, Operation::List, Ok(vec![]), async move |mesh| mesh.list(room).await))
    }

    fn close_room(&self, room: ConferenceId) -> EngineFuture<'_, ()> {
        Box::pin(
            self.perform(room, Operation::CloseRoom, Ok(()), async move |mesh| mesh.close_room(room).await),
        )
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
