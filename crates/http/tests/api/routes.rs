//! All routes, as the tests know them; [`they_are_all_there`] holds them against those that are served.

use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Anybody,
    Client,
    Provider,
    Guest,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) side: Side,
    /// The model of the body, empty where the route takes none.
    pub(crate) takes: &'static str,
    /// The root of the XML answer, empty where the answer is.
    pub(crate) gives: &'static str,
}

const fn route(side: Side, path: &'static str, takes: &'static str, gives: &'static str) -> Route {
    Route { path, side, takes, gives }
}

const PARTICIPANT: &str = "ResultVideoConferenceParticipant";
const PARTICIPANTS: &str = "ArrayOfResultVideoConferenceParticipant";
const PAIR: &str = "ParaVideoEngineAccountPair";

pub(crate) const ROUTES: [Route; 40] = {
    use Side::{Anybody, Client, Guest, Provider};
    [
        route(Anybody, "Client/Login/1", "ParaLoginInfo", "ParaSecurityToken"),
        route(Client, "Client/RequestPreCheck", "ParaRequest", "ResultRequestPrecheck"),
        route(Client, "Client/Request/New", "ParaRequest", "ResultRequest"),
        route(Client, "Client/Request/Status", "", "ResultRequest"),
        route(Client, "Client/Request/StartVideoProcess", "", ""),
        route(Client, "Client/Request/VideoAgain", "", ""),
        route(Client, "Client/Request/FindAnotherInterpreter", "", ""),
        route(Client, "Client/Request/VideoEngineAccounts", "", PAIR),
        route(Client, "Client/Request/StartRoomVideoCallWithRegion", "", "ResultConferenceCall"),
        route(
            Client,
            "Client/Request/InviteThirdPartyVideoConference",
            "ParaThirdPartyVideoParticipant",
            PARTICIPANT,
        ),
        route(Client, "Client/Request/KickThirdPartyVideoParticipant", PARTICIPANT, ""),
        route(Client, "Client/Request/VideoConferenceParticipants", "", PARTICIPANTS),
        route(Client, "Client/Request/RequestSecondInterpreter", "ParaSecondRequest", PARTICIPANT),
        route(Client, "Client/Request/CallFinishedNew", "ParaCallInfoList", ""),
        route(Client, "Client/Logout", "", ""),
        route(Anybody, "Provider/Login/1", "ParaLoginInfo", "ParaSecurityToken"),
        route(Provider, "Provider/Task/SetOnline", "ParaProviderOnlineStatus", ""),
        route(Provider, "Provider/Task/SetOffline", "ParaProviderOnlineStatus", ""),
        route(Provider, "Provider/Task/SetAvailability", "ParaProviderAvailability", ""),
        route(Provider, "Provider/Task/Availability", "", "ResultProviderAvailability"),
        route(Provider, "Provider/Task/Offers", "", "ArrayOfResultTaskOffer"),
        route(Provider, "Provider/Task/Accept", "ParaTaskReference", ""),
        route(Provider, "Provider/Task/Decline", "ParaTaskReference", ""),
        route(Provider, "Provider/Task/Status", "", "ResultRequest"),
        route(Provider, "Provider/Task/VideoAgain", "", ""),
        route(Provider, "Provider/Task/ConfirmVideo", "", ""),
        route(Provider, "Provider/Task/RefuseVideo", "", ""),
        route(Provider, "Provider/Task/VideoEngineAccounts", "", PAIR),
        route(
            Provider,
            "Provider/Task/InviteThirdPartyVideoConference",
            "ParaThirdPartyVideoParticipant",
            PARTICIPANT,
        ),
        route(Provider, "Provider/Task/KickThirdPartyVideoParticipant", PARTICIPANT, ""),
        route(Provider, "Provider/Task/VideoConferenceParticipants", "", PARTICIPANTS),
        route(Provider, "Provider/Task/RequestSecondInterpreter", "ParaSecondRequest", PARTICIPANT),
        route(Provider, "Provider/Task/TakeTurn", PARTICIPANT, ""),
        route(Provider, "Provider/Task/Finish", "", ""),
        route(Provider, "Provider/Logout", "", ""),
        route(Guest, "Guest/Invitation", "", "ResultGuestInvitation"),
        route(Guest, "Guest/Confirm", "", ""),
        route(Guest, "Guest/Decline", "", ""),
        route(Guest, "Guest/VideoEngineAccounts", "", PAIR),
        route(Guest, "Guest/Leave", "", ""),
    ]
};

#[track_caller]
pub(crate) fn find(path: &str) -> Route {
    *ROUTES.iter().find(|route| route.path == path).unwrap_or_else(|| panic!("no route {path}"))
}

#[test]
fn they_are_all_there() {
    let source = include_str!("../../src/routes.rs");
    let served: BTreeSet<String> = source
        .split("post(base, \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("{SystemLanguageId}", "1"))
        // What engines call is no client's.
        .filter(|path| !path.starts_with("Engine/"))
        .collect();
    let known: BTreeSet<String> = ROUTES.iter().map(|route| route.path.to_owned()).collect();
    assert_eq!(known, served);
    assert_eq!(known.len(), ROUTES.len());
}
