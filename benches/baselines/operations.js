// The operations of a whole call, written once for both databases. Each is a generator: it yields statements, is given
// their rows, and returns the answer. The rows that it writes are the server's; the rules are the ones that a call needs.
import { createHash, randomBytes } from 'node:crypto'

export const hashOf = (secret) => createHash('sha256').update(secret).digest()

// A refusal: the transaction is rolled back.
export class Refused extends Error {
  constructor (status) {
    super(`refused: ${status}`)
    this.status = status
  }
}

const MINUTE = 60_000_000
const SEARCH = 5 * MINUTE
const START = 15 * MINUTE
const CONFIRM = MINUTE
const FETCH_ACCOUNT = 5 * MINUTE
const INVITATION = 15 * MINUTE
const ACCOUNT = 12 * 60 * MINUTE

const CLIENT = 1
const PROVIDER = 2
const GUEST = 3

// --- who asks, and what is loaded ---

function * userOf (token, role, now) {
  const [user] = yield ['SELECT users.id, users.role, users.name, users.last_seen FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.hash = $1 AND tokens.expires_at > $2', [hashOf(token), now]]
  if (!user) throw new Refused(401)
  if (user.role !== role) throw new Refused(403)
  return user
}

function * conferenceOf (user) {
  const [conference] = user.role === CLIENT
    ? yield ['SELECT * FROM conferences WHERE client_id = $1 AND ended_at IS NULL', [user.id]]
    : yield ['SELECT conferences.* FROM requests JOIN conferences ON conferences.id = requests.conference_id WHERE requests.provider_id = $1 AND requests.outcome IS NULL', [user.id]]
  if (!conference) throw new Refused(404)
  const participants = yield ['SELECT * FROM participants WHERE conference_id = $1 ORDER BY position', [conference.id]]
  const [request] = yield ['SELECT * FROM requests WHERE conference_id = $1 AND id = $1', [conference.id]]
  return { ...conference, request, participants, events: 0 }
}

// --- what is written ---

function * append (conference, now, kind, actor, more = {}) {
  const { participant = null, other = null, user = null, code = null, deadline = null } = more
  conference.events += 1
  yield ['INSERT INTO events (conference_id, seq, at, kind, actor_role, actor_id, participant_id, other_id, user_id, code, deadline) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
    [conference.id, conference.last_seq + conference.events, now, kind, actor.role, actor.id, participant, other, user, code, deadline]]
}

function * queue (conference, now, effect) {
  yield ['INSERT INTO jobs (kind, ordering_key, conference_id, version, payload, attempts, created_at, due_at) VALUES (1, $1, $1, 1, $2, 0, $3, $3)',
    [conference.id, JSON.stringify(effect), now]]
}

function * save (conference, { startBy = null, endedAt = null, serviced = false, nextDeadline = conference.next_deadline }) {
  const saved = yield ['UPDATE conferences SET start_by = $3, ended_at = $4, serviced = serviced OR $5 > 0, next_deadline = $6, last_seq = $2 + $7 WHERE id = $1 AND last_seq = $2 RETURNING id',
    [conference.id, conference.last_seq, startBy, endedAt, Number(serviced), nextDeadline, conference.events]]
  if (saved.length !== 1) throw new Refused(503)
}

function * finish (conference, participant, now, actor, reason) {
  const hadAccount = participant.account_expires !== null
  yield * append(conference, now, 11, actor, { participant: participant.id, code: reason })
  if (hadAccount) yield * queue(conference, now, { remove: participant.id })
  yield ['UPDATE participants SET state = 6, deadline = NULL, account_expires = NULL, reason = $3, finished_at = $4, removal = $5 WHERE conference_id = $1 AND id = $2',
    [conference.id, participant.id, reason, now, hadAccount ? 2 : 1]]
}

// Ids are taken in blocks, as the server does.
const blocks = { conference: { next: 0, end: 0 }, participant: { next: 0, end: 0 } }

function * newId (name) {
  const block = blocks[name]
  if (block.next === block.end) {
    const [{ next }] = yield ['UPDATE id_blocks SET next = next + 32 WHERE name = $1 RETURNING next', [name]]
    block.next = next - 32
    block.end = next
  }
  return block.next++
}

const names = new Map()

function * nameOf (language) {
  if (!names.has(language)) {
    const [row] = yield ['SELECT name FROM languages WHERE id = $1', [language]]
    if (!row) throw new Refused(400)
    names.set(language, row.name)
  }
  return names.get(language)
}

// --- the operations ---

const int = (value) => {
  if (!Number.isInteger(value)) throw new Refused(400)
  return value
}

function * newRequest ({ token, body, now }) {
  const user = yield * userOf(token, CLIENT, now)
  const language = int(body.NeedHelpLanguageId)
  const name = yield * nameOf(language)
  if ((yield ['SELECT id FROM conferences WHERE client_id = $1 AND ended_at IS NULL', [user.id]]).length > 0) throw new Refused(409)
  const found = yield ['SELECT users.id, users.name, users.performance FROM provider_languages JOIN users ON users.id = provider_languages.provider_id WHERE provider_languages.language_id = $1 AND users.availability = 1 AND users.last_seen > $2 AND NOT EXISTS (SELECT 1 FROM requests WHERE requests.provider_id = users.id AND requests.outcome IS NULL) ORDER BY native DESC, performance DESC, users.id LIMIT 10',
    [language, now - MINUTE]]
  const id = yield * newId('conference')
  const deadline = now + SEARCH
  const conference = { id, last_seq: 0, events: 0 }
  yield ['INSERT INTO conferences (id, client_id, serviced, last_seq, next_deadline, requested_at, situation_code, additional_info, blanked) VALUES ($1, $2, false, $3, $4, $5, 0, $6, false)',
    [id, user.id, 1 + found.length, deadline, now, body.AdditionalInfo ?? null]]
  yield ['INSERT INTO requests (conference_id, id, language_id, stage, deadline) VALUES ($1, $1, $2, 1, $3)', [id, language, deadline]]
  yield * append(conference, now, 1, user, { user: user.id, code: language, deadline })
  const providerList = []
  for (const [position, provider] of found.entries()) {
    yield * append(conference, now, 2, user, { user: provider.id })
    yield ['INSERT INTO offers (conference_id, request_id, provider_id, position, state, offered_at) VALUES ($1, $1, $2, $3, 1, $4)', [id, provider.id, position, now]]
    const languages = yield ['SELECT languages.name, native FROM provider_languages JOIN languages ON languages.id = provider_languages.language_id WHERE provider_id = $1', [provider.id]]
    const those = (native) => languages.filter((l) => Boolean(l.native) === native).map((l) => l.name)
    providerList.push({ RequestProviderId: provider.id, Name: provider.name, NativeLanguage: those(true), OtherLanguage: those(false), ProviderRate: 0, ProviderPerformance: provider.performance / 100, NeedHelpLanguage: name, SupportCall: false, SupportVideo: true, SupportText: false, ProfileImage: null, ProviderSpecialTypeId: 1, isSchedule: null, AnyMeetingExist: false })
  }
  return { body: { RequestId: id, RequestStatusCodeId: 1, RequestStatus: 'New', waitingMsg: `Looking for an interpreter for ${name}.`, ElapsedSeconds: 0, ToLanguageId: language, ToLanguage: name, RequestConferenceSessionId: id, ProviderName: null, providerList, participantList: [], WaitingCode: 'searching', WaitingSinceUtcDate: null } }
}

function * offers ({ token, now }) {
  const user = yield * userOf(token, PROVIDER, now)
  const rows = yield ['SELECT offers.request_id, offers.offered_at, requests.language_id, requests.deadline, conferences.situation_code, conferences.additional_info, users.name FROM offers JOIN requests ON requests.id = offers.request_id JOIN conferences ON conferences.id = offers.conference_id JOIN users ON users.id = conferences.client_id WHERE offers.provider_id = $1 AND offers.state = 1', [user.id]]
  const answer = []
  for (const row of rows) {
    const ToLanguage = yield * nameOf(row.language_id)
    answer.push({ RequestId: row.request_id, OfferStatusCodeId: 2, ClientName: row.name, FromLanguage: null, ToLanguageId: row.language_id, ToLanguage, RequestSituationCodeId: row.situation_code, AdditionalInfo: row.additional_info, OfferedUtcDate: new Date(row.offered_at / 1000).toISOString(), ExpirationSeconds: Math.floor((row.deadline - now) / 1e6) })
  }
  return { body: answer }
}

function * accept ({ token, body, now }) {
  const user = yield * userOf(token, PROVIDER, now)
  const id = int(body.RequestId)
  const [conference] = yield ['SELECT * FROM conferences WHERE id = $1', [id]]
  const [request] = yield ['SELECT * FROM requests WHERE conference_id = $1 AND id = $1', [id]]
  const asked = yield ['SELECT * FROM offers WHERE conference_id = $1 AND request_id = $1', [id]]
  if (!asked.some((offer) => offer.provider_id === user.id && offer.state === 1)) throw new Refused(404)
  if (request.stage !== 1) throw new Refused(409)
  conference.events = 0
  const startBy = now + START
  yield * append(conference, now, 4, user, { user: user.id, deadline: startBy })
  yield ['UPDATE offers SET state = CASE WHEN provider_id = $2 THEN 3 ELSE 4 END WHERE conference_id = $1 AND request_id = $1 AND state = 1', [id, user.id]]
  yield ['UPDATE requests SET provider_id = $2, stage = 2, deadline = NULL WHERE conference_id = $1 AND id = $1', [id, user.id]]
  yield * save(conference, { startBy, nextDeadline: startBy })
  return {}
}

function * start ({ token, now }) {
  const user = yield * userOf(token, CLIENT, now)
  const conference = yield * conferenceOf(user)
  if (conference.request.stage !== 2 || conference.participants.length > 0) throw new Refused(409)
  const [caller, listener, deadline] = [yield * newId('participant'), yield * newId('participant'), now + CONFIRM]
  yield * append(conference, now, 5, user, { participant: caller, other: listener, deadline })
  const insert = 'INSERT INTO participants (conference_id, id, position, kind, user_id, state, deadline) VALUES ($1, $2, $3, $4, $5, $6, $7)'
  yield [insert, [conference.id, caller, 0, CLIENT, user.id, 2, deadline]]
  yield [insert, [conference.id, listener, 1, PROVIDER, conference.request.provider_id, 1, deadline]]
  yield * save(conference, { nextDeadline: deadline })
  return {}
}

function * confirm (conference, actor, participant, now) {
  if (participant.state !== 1) throw new Refused(409)
  const deadline = now + FETCH_ACCOUNT
  yield * append(conference, now, 7, actor, { participant: participant.id, deadline })
  // With the listener's confirmation the caller's time begins anew.
  const both = participant.kind === PROVIDER ? conference.participants.filter((p) => p.kind < GUEST) : [participant]
  for (const { id } of both) {
    yield ['UPDATE participants SET state = 2, deadline = $3 WHERE conference_id = $1 AND id = $2', [conference.id, id, deadline]]
  }
  yield * save(conference, { nextDeadline: deadline })
  return {}
}

function * confirmVideo ({ token, now }) {
  const user = yield * userOf(token, PROVIDER, now)
  const conference = yield * conferenceOf(user)
  const listener = conference.participants.find((p) => p.user_id === user.id && p.state < 6)
  if (!listener) throw new Refused(409)
  return yield * confirm(conference, user, listener, now)
}

function * guestConfirms ({ token, now }) {
  const [participant] = yield ['SELECT * FROM participants WHERE invitation = $1', [hashOf(token)]]
  if (!participant) throw new Refused(401)
  const [conference] = yield ['SELECT * FROM conferences WHERE id = $1 AND ended_at IS NULL', [participant.conference_id]]
  if (!conference || participant.state === 6) throw new Refused(410)
  const participants = yield ['SELECT * FROM participants WHERE conference_id = $1 ORDER BY position', [conference.id]]
  return yield * confirm({ ...conference, participants, events: 0 }, { role: GUEST, id: participant.id }, participant, now)
}

function * accounts (role, { token, now }) {
  const user = yield * userOf(token, role, now)
  const conference = yield * conferenceOf(user)
  const [caller, listener] = conference.participants
  if (!listener || caller.state === 1 || listener.state === 1 || listener.state === 6) throw new Refused(409)
  const own = role === CLIENT ? caller : listener
  const secret = randomBytes(32).toString('hex')
  const expires = own.account_expires ?? now + ACCOUNT
  if (own.account_expires === null) {
    yield * queue(conference, now, 'open_room')
    for (const { id } of [caller, listener]) {
      yield * append(conference, now, 8, user, { participant: id, deadline: expires })
      yield * queue(conference, now, { admit: id })
      yield ['UPDATE participants SET state = 3, deadline = NULL, account_expires = $3 WHERE conference_id = $1 AND id = $2', [conference.id, id, expires]]
    }
    yield * save(conference, { serviced: true, nextDeadline: expires })
  }
  yield ['UPDATE participants SET account_secret = $3 WHERE conference_id = $1 AND id = $2', [conference.id, own.id, hashOf(secret)]]
  const account = ({ id }) => ({ AccountNumber: id === own.id ? `p${id}.${secret}` : `p${id}`, ExpirationSeconds: Math.floor((expires - now) / 1e6), Purpose: 'video' })
  return { body: { Caller: account(caller), Listener: account(listener), IsCallerOffline: false, IsListenerOffline: false, Killed: false, Disconnected: false } }
}

function * invite ({ token, body, now }) {
  const user = yield * userOf(token, CLIENT, now)
  if (typeof body.Name !== 'string' || typeof body.Email !== 'string') throw new Refused(400)
  const conference = yield * conferenceOf(user)
  if (conference.request.stage !== 2) throw new Refused(409)
  const secret = randomBytes(32).toString('hex')
  const [id, deadline] = [yield * newId('participant'), now + INVITATION]
  yield * append(conference, now, 6, user, { participant: id, deadline })
  yield ['INSERT INTO participants (conference_id, id, position, kind, state, deadline, invitation, name, email, inviter_id) VALUES ($1, $2, $3, 3, 1, $4, $5, $6, $7, $8)',
    [conference.id, id, conference.participants.length, deadline, hashOf(secret), body.Name, body.Email, user.id]]
  yield * save(conference, { nextDeadline: deadline })
  return {
    location: `http://localhost/join#${secret}`,
    body: { RequestConferenceSessionId: conference.id, RequestConferenceSessionVideoParticipantId: id, RequestConferenceSessionVideoTypeCodeId: 3, RequestConferenceSessionVideoStatusCodeId: 1, PersonName: body.Name, ProviderName: null, AppClientEmail: body.Email, AppClientPhoneNumber: null, AppClientName: body.Name, VideoAccountIdentity: null, secondRequest: null }
  }
}

function * kick ({ token, body, now }) {
  const id = int(body.RequestConferenceSessionId)
  const target = int(body.RequestConferenceSessionVideoParticipantId)
  const user = yield * userOf(token, CLIENT, now)
  const [conference] = yield ['SELECT * FROM conferences WHERE id = $1', [id]]
  if (!conference || conference.client_id !== user.id) throw new Refused(404)
  const participants = yield ['SELECT * FROM participants WHERE conference_id = $1 ORDER BY position', [id]]
  const participant = participants.find((p) => p.id === target)
  if (!participant) throw new Refused(404)
  if (participant.kind < GUEST) throw new Refused(409)
  if (participant.state === 6) return {}
  conference.events = 0
  yield * finish(conference, participant, now, user, 6)
  yield * save(conference, {})
  return {}
}

function * callFinished ({ token, now }) {
  const user = yield * userOf(token, CLIENT, now)
  const conference = yield * conferenceOf(user)
  for (const participant of conference.participants) {
    if (participant.state !== 6) yield * finish(conference, participant, now, user, 1)
  }
  yield * queue(conference, now, 'close_room')
  yield * append(conference, now, 16, user, { code: 1 })
  yield ['UPDATE requests SET stage = 3, outcome = 1, ended_at = $2, deadline = NULL WHERE conference_id = $1 AND id = $1', [conference.id, now]]
  yield * save(conference, { endedAt: now, nextDeadline: null })
  return {}
}

export const operations = {
  'Client/Request/New': newRequest,
  'Provider/Task/Offers': offers,
  'Provider/Task/Accept': accept,
  'Client/Request/StartVideoProcess': start,
  'Provider/Task/ConfirmVideo': confirmVideo,
  'Client/Request/VideoEngineAccounts': (call) => accounts(CLIENT, call),
  'Provider/Task/VideoEngineAccounts': (call) => accounts(PROVIDER, call),
  'Client/Request/InviteThirdPartyVideoConference': invite,
  'Guest/Confirm': guestConfirms,
  'Client/Request/KickThirdPartyVideoParticipant': kick,
  'Client/Request/CallFinishedNew': callFinished
}
