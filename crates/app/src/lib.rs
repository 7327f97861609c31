//! The use cases, one file each. HTTP and the command line call the same ones.
//!
//! It takes time and randomness by the ports [`Clock`] and [`Entropy`], keeps secrets and limits, follows what happens as it
//! happens, and runs the background workers.

mod accounts;
mod app;
mod authentication;
mod back_off;
mod background;
mod calls;
mod companies;
mod conferences;
mod deadlines;
mod directory;
mod error;
mod guest;
mod heartbeat;
mod invite;
mod jobs;
mod kick;
mod languages;
mod limits;
mod links;
mod live;
mod login;
mod login_life;
mod network;
mod notifications;
mod offers;
mod parties;
mod password_queue;
mod passwords;
mod plans;
mod ports;
mod presence;
mod readiness;
mod reconcile;
mod request;
mod retention;
mod second_interpreter;
mod secret;
#[cfg(test)]
mod tests;
mod timeline;
mod users;
mod views;
mod wait_estimates;
mod workers;

pub use accounts::Accounts;
pub use app::{App, AppSettings};
pub use authentication::{Bearer, LoggedInUser};
pub use background::Background;
pub use companies::CompanyError;
pub use conferences::Conferences;
pub use directory::{ImportError, Imported, LineError, Progress};
pub use error::{AppError, whole_seconds};
pub use heartbeat::Heartbeat;
pub use invite::{Invited, Invitee};
pub use jobs::delivery::DeliveryWorker;
pub use languages::LanguageError;
pub use limits::{Limiter, Monotonic, limiter};
pub use links::{DeliverySettings, LinkKey};
pub use live::standing::{LatestStanding, StandingFollower};
pub use live::{Follower, Live, LiveEvent, Owner, StreamSlot};
pub use login::LoggedIn;
pub use login_life::LoginLife;
pub use network::Network;
pub use passwords::{BadNewPassword, check_new_password, hash_password};
pub use plans::{Decision, Explained, PlanError, interpreter_of};
pub use ports::{Clock, Entropy};
pub use readiness::{Readiness, Unready, supervise};
pub use reconcile::reconcile;
pub use request::RequestView;
pub use retention::Sweeper;
pub use secret::Secret;
pub use timeline::{Timeline, TimelineError, timeline};
pub use users::{NewAccount, UserChange, UserError, Users};
