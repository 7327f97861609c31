//! The store: everything that is kept, behind async operations.

use std::sync::Arc;

use crate::aggregate::decision::Decision;
use crate::aggregate::recent_views::RecentViews;
use crate::changes::announcer::{Announcer, Wakes};
use crate::database::connect::watched;
use crate::database::connection::AnyConnection;
use crate::database::migrate::{SchemaState, state};
use crate::database::postgres;
use crate::database::sqlite_files::{self, OpenFiles};
use crate::database::url::DatabaseUrl;
use crate::error::OpenError;
use crate::error::StoreError;
use crate::executor::options::StoreOptions;
use crate::executor::queue::Executor;
use crate::jobs::handover::Workers;

/// Everything that is kept. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    executor: Executor<Decision>,
    announcer: Arc<Announcer>,
    workers: Arc<Workers>,
    url: DatabaseUrl,
    recent_views: RecentViews,
}

impl Store {
    /// Opens a database whose schema is current.
    ///
    /// # Errors
    /// [`OpenError`] if it can't be reached, or its schema is older or newer.
    pub fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self, OpenError> {
        let mut connection = watched(url)?;
        if let (DatabaseUrl::Postgres(text), AnyConnection::Postgres(connection)) = (url, &mut connection) {
            postgres::refuse_unfit(text, connection)?;
        }
        match state(&mut connection)? {
            SchemaState::Current => {}
            SchemaState::Older(missing) => return Err(OpenError::OlderSchema(missing)),
            SchemaState::Newer(versions) => return Err(OpenError::NewerSchema(versions)),
        }
        let (announcer, workers) = (Arc::new(Announcer::new()), Arc::<Workers>::default());
        if let DatabaseUrl::Sqlite(path) = url {
            sqlite_files::remember(path)?;
        }
        let files = OpenFiles::of(url, connection)?;
        let executor = Executor::start(url, options, &announcer, &workers, files)?;
        let (url, recent_views) = (url.clone(), RecentViews::default());
        let inner = Inner { executor, announcer, workers, url, recent_views };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Finishes what waits, then ends the threads, if this is the last handle. A thread whose database is silent is left
    /// behind after the time that an operation may take.
    pub fn close(self) {
        if let Some(inner) = Arc::into_inner(self.inner) {
            inner.executor.close();
            inner.announcer.close();
        }
    }

    /// Whether the database answers and its schema is this program's.
    ///
    /// # Errors
    /// [`StoreError`] if it does not answer.
    pub async fn check(&self) -> Result<SchemaState, StoreError> {
        let work = |connection: &mut AnyConnection| {
            state(connection).map_err(|e| StoreError::Unavailable(e.to_string()))
        };
        self.executor().read("check the database", work).await
    }

    /// Announces what is committed from now on, here or at another node. Announcements may be lost: read from time to time.
    pub fn wakes(&self) -> Wakes {
        self.inner.announcer.wakes(&self.inner.url)
    }

    /// Where the data is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    pub(crate) fn executor(&self) -> &Executor<Decision> {
        &self.inner.executor
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.inner.workers
    }

    pub(crate) fn recent_views(&self) -> &RecentViews {
        &self.inner.recent_views
    }
}
