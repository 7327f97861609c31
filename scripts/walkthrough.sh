#!/bin/sh
# A whole interpreted call with curl: log in, a wait that widens, request, accept, start, confirm, accounts, invite, kick, second
# interpreter.
# `trialogue serve --demo` prints the part below the line with its own values; a test runs it on both databases.
#
#   BASE=http://127.0.0.1:8080/API CLIENT_PASSWORD=... SPANISH_PASSWORD=... FRENCH_PASSWORD=... sh scripts/walkthrough.sh
set -eu
# --- the walk ---
# Every call is a POST; `call PATH TOKEN BODY` prints the answer, `field NAME` cuts one value out of it.
call() { curl -sS --fail-with-body -X POST "$BASE/$1" -H "WEYIToken: $2" -H "Content-Type: application/json" -d "${3-}"; }
field() { sed 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/'; }

# 1. The nurse and two interpreters log in. Sofia, who speaks Spanish, is staff; Felix, who speaks French, is a freelancer.
NURSE=$(call Client/Login/1 "" '{"Email":"nurse@demo.example","Password":"'"$CLIENT_PASSWORD"'"}' | field Token)
SOFIA=$(call Provider/Login/1 "" '{"Email":"spanish@demo.example","Password":"'"$SPANISH_PASSWORD"'"}' | field Token)
FELIX=$(call Provider/Login/1 "" '{"Email":"french@demo.example","Password":"'"$FRENCH_PASSWORD"'"}' | field Token)

# 2. A wait that widens by the ring plan: of those who speak English (1), staff is rung first. Sofia says no, so freelancers are
# rung at once (after 20 seconds they were rung as well). The nurse does not need anybody after all.
call Provider/Task/SetOnline "$SOFIA" '{}'
call Provider/Task/SetOnline "$FELIX" '{}'
REQUEST=$(call Client/Request/New "$NURSE" '{"NeedHelpLanguageId":1}' | field RequestId)
call Client/Request/Status "$NURSE"; echo
call Provider/Task/Decline "$SOFIA" '{"RequestId":'"$REQUEST"'}'
call Client/Request/Status "$NURSE"; echo
call Client/Request/CallFinishedNew "$NURSE" '{"IsSuccessful":false,"Calls":[]}'
call Provider/Task/SetOffline "$SOFIA" '{}'
call Provider/Task/SetOffline "$FELIX" '{}'

# 3. The nurse requests Spanish (44), and nobody takes calls. Once Sofia does, she is rung at once, and accepts.
REQUEST=$(call Client/Request/New "$NURSE" '{"NeedHelpLanguageId":44,"AdditionalInfo":"Ward 7"}' | field RequestId)
call Client/Request/Status "$NURSE"; echo
call Provider/Task/SetOnline "$SOFIA" '{}'
call Client/Request/Status "$NURSE"; echo
call Provider/Task/Offers "$SOFIA"; echo
call Provider/Task/Accept "$SOFIA" '{"RequestId":'"$REQUEST"'}'

# 4. The nurse is ready for video. Nothing is issued before the listener confirms.
call Client/Request/StartVideoProcess "$NURSE"
call Client/Request/VideoEngineAccounts "$NURSE"; echo
call Provider/Task/ConfirmVideo "$SOFIA"
call Client/Request/VideoEngineAccounts "$NURSE"; echo
call Provider/Task/VideoEngineAccounts "$SOFIA"; echo

# 5. The nurse invites a relative. The link is in the Location header; what follows its # is the guest's token.
INVITED=$(curl -sS --fail-with-body -i -X POST "$BASE/Client/Request/InviteThirdPartyVideoConference" -H "WEYIToken: $NURSE" \
  -H "Content-Type: application/json" -d '{"Name":"Rosa Relative","Email":"rosa@demo.example"}')
echo "$INVITED"
GUEST=$(echo "$INVITED" | tr -d '\r' | sed -n 's/^[Ll]ocation: .*#//p')
SESSION=$(echo "$INVITED" | tail -n 1 | field RequestConferenceSessionId)
PARTICIPANT=$(echo "$INVITED" | tail -n 1 | field RequestConferenceSessionVideoParticipantId)
call Guest/Confirm "$GUEST"
call Guest/VideoEngineAccounts "$GUEST"; echo

# 6. The nurse kicks her. From this answer on, her invitation, token and account are dead.
call Client/Request/KickThirdPartyVideoParticipant "$NURSE" \
  '{"RequestConferenceSessionId":'"$SESSION"',"RequestConferenceSessionVideoParticipantId":'"$PARTICIPANT"'}'
call Client/Request/VideoConferenceParticipants "$NURSE"; echo
call Guest/VideoEngineAccounts "$GUEST" || echo "  <- the guest is out"

# 7. The grandmother speaks French (10). A second interpreter is asked for, accepts, confirms, and is in the call.
call Provider/Task/SetOnline "$FELIX" '{}'
call Client/Request/RequestSecondInterpreter "$NURSE" '{"ToLanguageId":10,"additionalInfo":"The grandmother speaks French."}'; echo
SECOND=$(call Provider/Task/Offers "$FELIX" | field RequestId)
call Provider/Task/Accept "$FELIX" '{"RequestId":'"$SECOND"'}'
call Provider/Task/ConfirmVideo "$FELIX"
call Provider/Task/VideoEngineAccounts "$FELIX"; echo

# 8. The call is over, for everybody.
call Client/Request/CallFinishedNew "$NURSE" '{"IsSuccessful":true,"Calls":[]}'
call Client/Request/Status "$NURSE"; echo
