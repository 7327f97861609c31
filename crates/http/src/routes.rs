//! Every route of the contract that this version serves, in the order of `docs/wire.md`. A file for an
//! operation and its variants.

mod accounts;
mod confirm;
mod finish;
mod guest;
mod invite;
mod janus_events;
mod kick;
mod languages;
pub(crate) mod livekit;
mod login;
mod offers;
mod online;
mod participants;
mod precheck;
mod profile_image;
mod request_new;
mod request_status;
mod second_interpreter;
mod signalling;
mod start_video;
mod take_turn;

use actix_web::web::{Data, Payload, ServiceConfig};
use trialogue_storage::UserRole::{Client, Provider};

pub use janus_events::JanusReports;

use crate::call::Call;
use crate::paths::{get, post};

/// Adds the routes below `base`.
pub(crate) fn configure(base: &str, config: &mut ServiceConfig) {
    client(base, config);
    provider(base, config);
    guest(base, config);
    config
        .service(get(base, "Languages", languages::languages))
        .service(get(base, "Provider/ProfileImage/{ServerImageId}", profile_image::profile_image))
        .service(get(base, "Events", crate::events::events))
        .service(get(base, "Signalling/{conference}", signalling::signalling));
}

fn client(base: &str, config: &mut ServiceConfig) {
    let login = |call: Call, body: Payload| login::login(call, body, Client);
    let logout = |call: Call| login::logout(call, Client);
    let accounts = |call: Call| accounts::pair_accounts(call, Client);
    let invite = |call: Call, body: Payload| invite::invite(call, body, Client);
    let kick = |call: Call, body: Payload| kick::kick(call, body, Client);
    let participants = |call: Call| participants::participants(call, Client);
    let second =
        |call: Call, body: Payload| second_interpreter::request_second_interpreter(call, body, Client);
    let status = |call: Call| request_status::request_status(call, Client);
    config
        .service(post(base, "Client/Login/{SystemLanguageId}", login))
        .service(post(base, "Client/Logout", logout))
        .service(post(base, "Client/RequestPreCheck", precheck::precheck))
        .service(post(base, "Client/Request/New", request_new::request_new))
        .service(post(base, "Client/Request/Status", status))
        .service(post(base, "Client/Request/StartVideoProcess", start_video::start_video))
        .service(post(base, "Client/Request/VideoAgain", start_video::video_again))
        .service(post(base, "Client/Request/FindAnotherInterpreter", start_video::find_another))
        .service(post(base, "Client/Request/VideoEngineAccounts", accounts))
        .service(post(base, "Client/Request/StartRoomVideoCallWithRegion", start_video::start_room))
        .service(post(base, "Client/Request/InviteThirdPartyVideoConference", invite))
        .service(post(base, "Client/Request/KickThirdPartyVideoParticipant", kick))
        .service(post(base, "Client/Request/VideoConferenceParticipants", participants))
        .service(post(base, "Client/Request/RequestSecondInterpreter", second))
        .service(post(base, "Client/Request/CallFinishedNew", finish::call_finished));
}

fn provider(base: &str, config: &mut ServiceConfig) {
    let login = |call: Call, body: Payload| login::login(call, body, Provider);
    let logout = |call: Call| login::logout(call, Provider);
    let accounts = |call: Call| accounts::pair_accounts(call, Provider);
    let invite = |call: Call, body: Payload| invite::invite(call, body, Provider);
    let kick = |call: Call, body: Payload| kick::kick(call, body, Provider);
    let participants = |call: Call| participants::participants(call, Provider);
    let second =
        |call: Call, body: Payload| second_interpreter::request_second_interpreter(call, body, Provider);
    let status = |call: Call| request_status::request_status(call, Provider);
    config
        .service(post(base, "Provider/Login/{SystemLanguageId}", login))
        .service(post(base, "Provider/Logout", logout))
        .service(post(base, "Provider/Task/SetOnline", online::set_online))
        .service(post(base, "Provider/Task/SetOffline", online::set_offline))
        .service(post(base, "Provider/Task/SetAvailability", online::set_availability))
        .service(post(base, "Provider/Task/Availability", online::shown_availability))
        .service(post(base, "Provider/Task/Offers", offers::offers))
        .service(post(base, "Provider/Task/Accept", offers::accept))
        .service(post(base, "Provider/Task/Decline", offers::decline))
        .service(post(base, "Provider/Task/Status", status))
        .service(post(base, "Provider/Task/VideoAgain", confirm::rejoin))
        .service(post(base, "Provider/Task/ConfirmVideo", confirm::confirm_video))
        .service(post(base, "Provider/Task/RefuseVideo", confirm::refuse_video))
        .service(post(base, "Provider/Task/VideoEngineAccounts", accounts))
        .service(post(base, "Provider/Task/InviteThirdPartyVideoConference", invite))
        .service(post(base, "Provider/Task/KickThirdPartyVideoParticipant", kick))
        .service(post(base, "Provider/Task/VideoConferenceParticipants", participants))
        .service(post(base, "Provider/Task/RequestSecondInterpreter", second))
        .service(post(base, "Provider/Task/TakeTurn", take_turn::take_turn))
        .service(post(base, "Provider/Task/Finish", finish::finish));
}

fn guest(base: &str, config: &mut ServiceConfig) {
    config
        .service(post(base, "Guest/Invitation", guest::invitation))
        .service(post(base, "Guest/Confirm", guest::confirm))
        .service(post(base, "Guest/Decline", guest::decline))
        .service(post(base, "Guest/VideoEngineAccounts", accounts::guest_account))
        .service(post(base, "Guest/Leave", guest::leave));
}

/// What Janus tells. There only where Janus carries the picture, and is told to tell.
pub(crate) fn janus(base: &str, reports: &Data<JanusReports>, config: &mut ServiceConfig) {
    let told = post(base, "Engine/Janus/Events", janus_events::janus_events);
    config.service(told.app_data(reports.clone()));
}
