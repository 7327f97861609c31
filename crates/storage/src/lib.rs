//! Trialogue's store: diesel on SQLite (embedded, the default) and PostgreSQL (production), behind one [`Store`].
//!
//! It holds no rules: it loads, asks its caller what a state leads to, and saves. Every change of a conference goes one way
//! (`aggregate/batch.rs`): load the states of those that wait, judge them, save the rows, the events and the effects in the
//! same transaction, commit, answer. The executor (`executor/queue.rs`) is the only way from async code to diesel.
//!
//! Secrets are never here: tokens, invitations and account secrets come in hashed, passwords as argon2 strings.

mod aggregate;
mod changes;
mod conferences;
mod database;
mod error;
mod executor;
mod idempotency;
mod job_operations;
mod jobs;
mod limit;
mod limits;
mod node;
mod nodes;
mod requests;
mod retention;
mod rows;
mod schema;
mod secret;
mod store;
mod text;
mod threads;
mod users;

pub use aggregate::company::CompanyId;
pub use aggregate::decision::JudgeInput;
pub use aggregate::find::ConferenceLookup;
pub use aggregate::images::{ImageKind, ProfileImage};
pub use aggregate::language::Language;
pub use aggregate::needs::{Needed, Needs};
pub use aggregate::offered::{OfferedProvider, Person};
pub use aggregate::verdict::{NotRungOf, Verdict};
pub use aggregate::view::{ConferenceView, Invited, SecondRequest};
pub use changes::announcer::Wakes;
pub use changes::change::{Change, Wake};
pub use conferences::invitations::{Invitation, InvitationHash, NewGuest};
pub use conferences::timeline::{LogEnd, Recorded};
pub use database::backup::{BackupError, backup};
pub use database::lock::ServeLock;
pub use database::migrate::{SchemaState, migrate, revert_all, schema_state};
pub use database::url::DatabaseUrl;
pub use error::{OpenError, StoreError};
pub use executor::options::StoreOptions;
pub use executor::queue::Queued;
pub use idempotency::{IdempotencyKey, KeptAnswer, Render};
pub use job_operations::backlog::Backlog;
pub use job_operations::invitation::LiveInvitation;
pub use jobs::handover::Inbox;
pub use jobs::kind::{Channel, JobKind};
pub use jobs::lease::{Lease, LeasedJob};
pub use jobs::work::{DeliveryWork, Work};
pub use limit::Limit;
pub use node::{NODE_SILENCE, NodeId};
pub use requests::opening::{OfferView, Opened, Opening};
pub use requests::plans::{Plans, SearchLook};
pub use requests::released::ReleasedView;
pub use requests::second::{NewSecondInterpreter, SecondSteps};
pub use requests::waiting::{WaitingRequest, WaitingRequests};
pub use retention::Outdated;
pub use rows::details::RequestDetails;
pub use rows::interpreter::Profile;
pub use rows::leg::CallLeg;
pub use secret::{SecretHash, hash_secret};
pub use store::Store;
pub use users::availability::KnownPresence;
pub use users::companies::Company;
pub use users::directory::{Credentials, ListedUser, NewUser, UserRole, UserStatus};
pub use users::interpreters::{Import, NamedCredential, NewInterpreter};
pub use users::logins::{EndPart, LoggedOut, Login};
pub use users::standings::{Place, Standing};
