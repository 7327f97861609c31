//! Trialogue's store: diesel on SQLite (embedded, the default) and PostgreSQL (production), behind one [`Store`].
//!
//! It holds no rules. Every change of a conference goes one way (`batch.rs`): load the states of those that wait, ask the
//! domain, save the rows, the events and the outbox in the same transaction, commit, answer. The group-committing
//! executor (`executor.rs`) is the one doorway from async code to diesel.
//!
//! Secrets are never here: tokens, invitations and account secrets come in hashed, passwords as argon2 strings.

mod accounts;
mod aggregate;
mod backlog;
mod backup;
mod batch;
mod calls;
mod changes;
mod connection;
mod decision;
mod deliveries;
mod error;
mod executor;
mod facts;
mod heartbeat;
mod idempotency;
mod ids;
mod invitations;
mod limits;
mod lock;
mod logins;
mod migrate;
mod nodes;
mod outbox;
mod polls;
mod postgres;
mod reader;
mod released;
mod requests;
mod rows;
mod schema;
mod sqlite_files;
mod standing;
mod store;
mod sweep;
mod text;
mod timeline;
mod users;
mod view;
mod waiting;
mod writer;

pub use aggregate::RequestDetails;
pub use backlog::{Backlog, Queued};
pub use backup::{BackupError, backup};
pub use calls::CallLeg;
pub use changes::{Change, Wake, Wakes};
pub use connection::DatabaseUrl;
pub use deliveries::{Channel, ClaimedDelivery};
pub use error::{OpenError, StoreError};
pub use heartbeat::{NODE_SILENCE, NodeId};
pub use idempotency::IdempotencyKey;
pub use invitations::{Invitation, InvitationHash, NewGuest};
pub use limits::Limit;
pub use lock::ServeLock;
pub use logins::Session;
pub use migrate::{SchemaState, migrate, revert_all, schema_state};
pub use outbox::Claimed;
pub use released::ReleasedView;
pub use requests::{OfferView, Render};
pub use standing::{Place, Standing};
pub use store::{SecretHash, Store, StoreOptions, hash_secret};
pub use sweep::Outdated;
pub use timeline::{LogEnd, Recorded};
pub use users::{Credentials, ListedUser, NewUser, UserRole, UserStatus};
pub use view::{ConferenceView, Invited, Language, OfferedProvider, Person, Whose};
