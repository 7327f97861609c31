//! The wire types: every model of the contract, one struct for JSON and XML alike.
//!
//! * Members are declared in the order of the JSON form; XML sorts them by name itself.
//! * A member that is not sent has its default. Strings may always be null. Unknown members are skipped.
//! * None of these types has a derived `Debug`: they carry names, addresses, passwords and tokens, and must not reach a
//!   log by accident.
//! * Shape (lengths, the form of an address, ranges) is checked with [`validator`]; what the values mean is not
//!   decided here.

mod call_report;
mod date_time;
mod decimal;
mod guest;
mod language;
mod list;
mod login;
mod participant;
mod provider;
mod request;
mod schedule;
mod task;
mod validation;
mod video;

pub use call_report::{ArrayOfParaCallInfo, ParaCallInfo, ParaCallInfoList};
pub(crate) use date_time::DateParts;
pub use date_time::DateTime;
pub use decimal::Decimal;
pub use guest::{ParaThirdPartyVideoParticipant, ResultGuestInvitation};
pub use language::{ArrayOfResultLanguage, ResultLanguage};
pub use list::ArrayOfString;
pub use login::{ParaLoginInfo, ParaSecurityToken, WebPageLoginInfo};
pub use participant::{
    ArrayOfResultVideoConferenceParticipant, ResultVideoConferenceParticipant,
    ResultVideoConferenceSecondRequest,
};
pub use provider::{ArrayOfParaRequestProvider, ParaRequestProvider, ProfileImage};
pub use request::{InterpreterOptions, ParaRequest, ParaSecondRequest, ResultRequest, ResultRequestPrecheck};
pub use schedule::ScheduledRequest;
pub use task::{
    ArrayOfResultTaskOffer, ParaProviderAvailability, ParaProviderOnlineStatus, ParaTaskReference,
    ResultProviderAvailability, ResultTaskOffer,
};
pub use validation::{FieldMessages, check};
pub use video::{ParaVideoEngineAccount, ParaVideoEngineAccountPair, ResultConferenceCall};
