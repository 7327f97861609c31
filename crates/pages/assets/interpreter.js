// The interpreter's page: be online, take an offer, confirm, talk.

import { ApiError, KIND, REQUEST, SOUND_ONLY, STATE, post, stateOf } from './api.js';
import { Call, control } from './call.js';
import { Changes } from './changes.js';
import { Devices, preview } from './devices.js';
import { confirm, openDialog } from './dialogs.js';
import { byId, clock, h, setText } from './dom.js';
import { onLanguage, start, t } from './i18n.js';
import { languageName, languages } from './languages.js';
import { expire, logOut, resume } from './login.js';
import { People, nameOf, problem } from './people.js';
import { Ringing } from './ringing.js';
import { browser, tab } from './storage.js';
import { unsent } from './unsent.js';
import { announce, banner, complain, show, showing } from './views.js';

const SIDE = 'Provider/Task';
const ONLINE = 'trialogue.online';
const SOUND = 'trialogue.sound';

const { token, user } = resume('provider');

const devices = new Devices();
const people = new People(SIDE, token, () => changes.now());
const ringing = new Ringing();
let online = tab.get(ONLINE) === 'yes';
/** What the server shows of this interpreter: Offline, Available, Ringing, Busy, WrapUp, Break, LastCall or Away. */
let shown = null;
/** How often this page has said what its interpreter does. */
let said = 0;
let offers = [];
let offersSeenAt = 0;
let task = null;
let call = null;
let elsewhere = false;
let seen = null;
/** How the last call ended: a reason of docs/signalling.md. */
let ended = null;

start();
preview(document.querySelector('.preview'), devices);
byId('sound').checked = browser.get(SOUND) !== 'off';
// Of a page that was loaded anew, the server may think otherwise; a break, say, goes on.
if (online) await comeBack();
unsent.flush().then(() => changes.now());
const changes = new Changes(token, look, user);

async function look() {
  try {
    if (unsent.has(token)) {
      show('hungup');
      return;
    }
    await languages();
    task = await currentTask();
    if (unsent.has(token)) return;
    banner(null);
    if (task) await settle();
    else await desk();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Of a login that this page has ended itself, nothing is to be told.
    if (changes.stopped) return;
    if (error.isOut) {
      leave();
      expire('provider', error);
    } else if (error.isTemporary) banner('problem.offline');
    else if (showing() === null) banner('problem.other');
    // The others are the answer to something that has passed: the next look tells.
  }
}

/** The request that was accepted and has not ended. */
async function currentTask() {
  try {
    const found = await post(`${SIDE}/Status`, token);
    if ([REQUEST.accepted, REQUEST.inService].includes(found.RequestStatusCodeId)) return found;
    const isReleased = found.WaitingCode?.startsWith('released_');
    if (seen === found.RequestId) {
      complain(byId('outcome'), t(isReleased ? `task.${found.WaitingCode}` : outcomeOf(found)));
      seen = null;
      ended = null;
    }
    return null;
  } catch (error) {
    if (error.code === 'no_request') return null;
    throw error;
  }
}

/** A second interpreter may be out of a call that goes on. */
function outcomeOf(found) {
  if (isSecond(found) && ended === 'kicked') return 'task.removed';
  if (isSecond(found) && ended === 'lost') return 'task.lost';
  return `task.outcome.${found.RequestStatusCodeId}`;
}

async function desk() {
  hangUp();
  elsewhere = false;
  const before = said;
  const answer = await post(`${SIDE}/Availability`, token);
  // An interpreter that did not answer is away, and what another page said holds here as well. An answer from before the last
  // word of this page is old.
  if (before === said) {
    shown = answer;
    noteOnline(['Available', 'Ringing', 'Busy', 'WrapUp'].includes(shown.Status));
  }
  offers = online ? await post(`${SIDE}/Offers`, token) : [];
  offersSeenAt = performance.now();
  drawDesk();
  show('desk');
}

function drawDesk() {
  const knob = byId('online');
  knob.setAttribute('aria-checked', String(online));
  const waits = offers.length > 0;
  setText(byId('desk-text'), deskText(waits));
  const pause = byId('pause');
  pause.hidden = !online && shown?.Status !== 'Break';
  setText(pause, t(pauseKey()));
  byId('offers-title').hidden = !waits;
  drawOffers();
  if (waits && byId('sound').checked) ringing.start();
  else ringing.stop();
}

function deskText(waits) {
  if (waits) return t('desk.ringing.text');
  switch (shown?.Status) {
    case 'Away':
      return t('desk.away.text');
    case 'Break':
      return t('desk.break.text');
    case 'WrapUp':
      return t('desk.wrapup.text', { time: clock(shown.WrapUpSeconds - (performance.now() - offersSeenAt) / 1000) });
    default:
      return t(online ? 'desk.online.text' : 'desk.offline.text');
  }
}

/** What the button beside the switch does. */
function pauseKey() {
  if (shown?.Status === 'Break') return 'desk.break.end';
  return shown?.Status === 'WrapUp' ? 'desk.wrapup.end' : 'desk.break';
}

function drawOffers() {
  const list = byId('offers');
  const there = new Map([...list.children].map((row) => [Number(row.dataset.request), row]));
  for (const [request, row] of there) {
    if (!offers.some((offer) => offer.RequestId === request)) row.remove();
  }
  for (const offer of offers) {
    if (there.has(offer.RequestId)) continue;
    const language = languageName(offer.ToLanguageId, offer.ToLanguage);
    announce(t('offer.announce', { name: offer.ClientName, language }));
    list.append(offerCard(offer, language));
  }
  drawTimes();
}

function offerCard(offer, language) {
  return h(
    'li',
    { class: 'card offer', 'data-request': String(offer.RequestId) },
    h('h3', {}, t('offer.title', { language })),
    h('p', {}, t('offer.from', { name: offer.ClientName })),
    offer.Purpose ? h('p', {}, t(`offer.for.${offer.Purpose}`)) : null,
    [2, 3].includes(offer.SpecialtyOptionCodeId) ? h('p', {}, t(`wishes.specialty.${offer.SpecialtyOptionCodeId}`)) : null,
    offer.VideoOptionCodeId === SOUND_ONLY ? h('p', {}, t('wishes.video.2')) : null,
    offer.AdditionalInfo ? h('p', { class: 'quote', dir: 'auto' }, offer.AdditionalInfo) : null,
    h('p', { class: 'quiet', 'data-left': true }),
    h(
      'div',
      { class: 'buttons' },
      h('button', { type: 'button', onclick: () => answer('Decline', offer) }, t('offer.decline')),
      h('button', { type: 'button', class: 'primary', onclick: () => answer('Accept', offer) }, t('offer.accept')),
    ),
  );
}

setInterval(drawTimes, 500);

function drawTimes() {
  if (shown?.Status === 'WrapUp' && showing() === 'desk') setText(byId('desk-text'), deskText(offers.length > 0));
  const passed = (performance.now() - offersSeenAt) / 1000;
  for (const offer of offers) {
    const left = document.querySelector(`[data-request="${offer.RequestId}"] [data-left]`);
    if (left) setText(left, t('offer.left', { time: clock(offer.ExpirationSeconds - passed) }));
  }
}

async function answer(word, offer) {
  ringing.stop();
  complain(byId('desk-error'), '');
  complain(byId('outcome'), '');
  try {
    await post(`${SIDE}/${word}`, token, { RequestId: offer.RequestId });
    if (word === 'Accept') tab.set('trialogue.client-name', offer.ClientName ?? '');
  } catch (error) {
    complain(byId('desk-error'), problem(error));
  }
  changes.now();
}

async function settle() {
  ringing.stop();
  seen = task.RequestId;
  people.update(task);
  const own = task.participantList.find(
    (one) => one.RequestConferenceSessionVideoParticipantId === task.RequestConferenceSessionVideoParticipantId,
  );
  const state = own?.RequestConferenceSessionVideoStatusCodeId;
  if (state === STATE.finished && stateOf(task, KIND.client) !== STATE.finished) {
    hangUp();
    // Without a place that is kept, another interpreter is asked.
    show(task.PlaceSeconds === 0 ? 'gone' : 'comeback');
    return;
  }
  if (!own || state === STATE.finished || state === STATE.informed) {
    hangUp({ keepDevices: true });
    lobby(state);
    return;
  }
  call?.become(role());
  call?.turn(turn());
  call?.count(people.count);
  call?.notice(stateOf(task, KIND.client) === STATE.finished ? clientLost : isSecond() ? null : people.news);
  if (call || elsewhere) return;
  const pair = await post(`${SIDE}/VideoEngineAccounts`, token);
  if (pair.Listener) join(pair.Listener.AccountNumber);
}

/** A second interpreter's request is not the conference's own. */
const isSecond = (of = task) => of?.RequestId !== of?.RequestConferenceSessionId;

/** Only the client and the main interpreter see the list of people, invite and remove. A successor becomes the main one. */
const role = () => ({ people: isSecond() ? null : people, leaveKey: isSecond() ? 'call.leave' : 'call.finish' });

/** Whose turn it is, where two interpreters take turns. */
function turn() {
  const { WorkingParticipantId: working, RequestConferenceSessionVideoParticipantId: own } = task;
  return working == null ? null : { isMine: working === own, take: takeTurn };
}

async function takeTurn() {
  try {
    const own = task.RequestConferenceSessionVideoParticipantId;
    await post(`${SIDE}/TakeTurn`, token, { RequestConferenceSessionVideoParticipantId: own });
  } catch (error) {
    announce(problem(error));
  }
  changes.now();
}

/** Whether this call is the last one for now. The text says what a press does. */
const lastCall = control('lastcall', 'pause', 'lastcall', toggleLastCall);

async function toggleLastCall() {
  const status = shown?.Status === 'LastCall' ? 'Available' : 'LastCall';
  said += 1;
  try {
    await post(`${SIDE}/SetAvailability`, token, { Status: status, DeviceTypeCodeId: 5 });
    noteOnline(status === 'Available');
  } catch (error) {
    announce(problem(error));
  }
  await drawLastCall();
}

async function drawLastCall() {
  try {
    shown = await post(`${SIDE}/Availability`, token);
  } catch (error) {
    // The next look tells what is wrong.
    if (!(error instanceof ApiError)) throw error;
  }
  const text = lastCall.lastChild;
  text.dataset.t = shown?.Status === 'LastCall' ? 'lastcall.undo' : 'lastcall';
  setText(text, t(text.dataset.t));
}

const clientLost = { key: 'lost.client', buttons: [{ key: 'lost.end', run: finish }] };

function lobby(state) {
  const ready = state === STATE.informed;
  byId('confirm').disabled = !ready;
  lobbyTexts(ready);
  show('lobby');
  devices.start(withPicture());
}

function lobbyTexts(ready) {
  const name = clientName();
  setText(byId('lobby-title'), t(ready ? 'lobby.ready.title' : 'lobby.title', { name }));
  setText(byId('lobby-text'), t(ready ? 'lobby.ready.text' : 'lobby.text', { name }));
}

function clientName() {
  const client = task?.participantList.find((one) => one.RequestConferenceSessionVideoTypeCodeId === KIND.client);
  return client?.PersonName || tab.get('trialogue.client-name') || t('role.client');
}

/** Whether the call begins with the cameras on. */
const withPicture = () => task.VideoOptionCodeId !== SOUND_ONLY;

function join(account) {
  devices.start(withPicture());
  show('call');
  call = new Call(document.querySelector('[data-view=call]'), {
    conference: task.RequestConferenceSessionId,
    account,
    devices,
    ...role(),
    aside: lastCall,
    leave: finish,
    onEnd(reason) {
      call = null;
      ended = reason;
      if (reason === 'replaced') {
        elsewhere = true;
        devices.stop();
        show('elsewhere');
      }
      // A refusal is no news that can be asked for at once again: the next look is soon enough.
      if (reason !== 'refused') changes.now();
    },
  });
  call.turn(turn());
  call.count(people.count);
  drawLastCall();
}

function hangUp({ keepDevices = false } = {}) {
  call?.stop();
  call = null;
  if (!keepDevices) devices.stop();
}

async function finish() {
  const successor = isSecond() ? null : people.successor;
  if (successor) {
    await handOver(successor);
    return;
  }
  const yes = await confirm({
    id: 'finish-dialog',
    title: t(isSecond() ? 'leave.title' : 'finish.title'),
    text: t(isSecond() ? 'second.leave.text' : 'finish.text'),
    yes: t(isSecond() ? 'leave.yes' : 'finish.yes'),
    no: t('finish.no'),
    danger: true,
  });
  if (yes) await end('Finish');
}

/** The call goes on with the successor, once it is there. */
async function handOver(successor) {
  const isThere = successor.RequestConferenceSessionVideoStatusCodeId === STATE.connected;
  const name = nameOf(successor);
  const buttons = [{ text: t('finish.no'), value: '', class: isThere ? '' : 'primary' }];
  if (isThere) buttons.push({ text: t('handover.yes'), value: 'yes', class: 'danger' });
  const chosen = await openDialog({
    id: 'finish-dialog',
    title: isThere ? t('handover.title', { name }) : t('handover.wait.title'),
    content: [h('p', {}, isThere ? t('handover.text', { name }) : t('handover.wait.text'))],
    buttons,
  });
  if (chosen !== 'yes') return;
  // It may have gone while the question was open, and the call is not to end by this answer.
  if (people.successor?.RequestConferenceSessionVideoStatusCodeId === STATE.connected) await end('Finish');
  else await finish();
}

/** Out of a call that goes on: another interpreter is asked. */
async function giveUp() {
  const yes = await confirm({
    id: 'finish-dialog',
    title: t('comeback.end.title'),
    text: t('comeback.end.text'),
    yes: t('leave.yes'),
    no: t('cancel'),
    danger: true,
  });
  if (yes) await end('Finish');
}

async function comeIntoCall(trouble) {
  complain(byId(trouble), '');
  try {
    await post(`${SIDE}/VideoAgain`, token);
  } catch (error) {
    complain(byId(trouble), problem(error));
  }
  changes.now();
}

/** Ends this interpreter's part: camera, microphone and connections at once, then the server is told. */
async function end(route) {
  hangUp();
  const { RequestId: request, RequestConferenceSessionVideoParticipantId: participant } = task;
  const told = unsent.send({ path: `${SIDE}/${route}`, token, status: `${SIDE}/Status`, request, participant });
  changes.now();
  await told;
  changes.now();
}

async function setOnline(wanted) {
  said += 1;
  try {
    await post(`${SIDE}/${wanted ? 'SetOnline' : 'SetOffline'}`, token, { DeviceTypeCodeId: 5, SupportVideo: true });
    noteOnline(wanted);
    complain(byId('desk-error'), '');
  } catch (error) {
    complain(byId('desk-error'), problem(error));
  }
}

/** Takes calls again, if the server shows this interpreter as offline. */
async function comeBack() {
  try {
    const { Status: status } = await post(`${SIDE}/Availability`, token);
    if (status === 'Offline') await setOnline(true);
  } catch (error) {
    // The first look tells what is wrong.
    if (!(error instanceof ApiError)) throw error;
  }
}

async function takeBreak() {
  said += 1;
  try {
    await post(`${SIDE}/SetAvailability`, token, { Status: 'Break', DeviceTypeCodeId: 5 });
    noteOnline(false);
    complain(byId('desk-error'), '');
  } catch (error) {
    complain(byId('desk-error'), problem(error));
  }
}

function noteOnline(is) {
  online = is;
  tab.set(ONLINE, is ? 'yes' : 'no');
}

function leave() {
  changes.stop();
  hangUp();
  ringing.stop();
}

async function logout() {
  leave();
  if (online) await setOnline(false);
  await logOut('provider', { cancels: false });
}

byId('online').addEventListener('click', async () => {
  ringing.allow();
  complain(byId('outcome'), '');
  await setOnline(!online);
  changes.now();
});

byId('pause').addEventListener('click', async () => {
  ringing.allow();
  complain(byId('outcome'), '');
  if (pauseKey() === 'desk.break') await takeBreak();
  else await setOnline(true);
  changes.now();
});

byId('sound').addEventListener('change', ({ target }) => {
  browser.set(SOUND, target.checked ? 'on' : 'off');
  if (target.checked) ringing.allow();
  drawDesk();
});

byId('confirm').addEventListener('click', async () => {
  complain(byId('lobby-error'), '');
  try {
    await post(`${SIDE}/ConfirmVideo`, token);
  } catch (error) {
    complain(byId('lobby-error'), problem(error));
  }
  changes.now();
});

byId('refuse').addEventListener('click', async () => {
  const yes = await confirm({
    id: 'refuse-dialog',
    title: t('refuse.title'),
    text: t(isSecond() ? 'second.refuse.text' : 'refuse.text'),
    yes: t('refuse.yes'),
    no: t('cancel'),
    danger: true,
  });
  if (yes) await end('RefuseVideo');
});

byId('comeback').addEventListener('click', () => comeIntoCall('comeback-error'));
byId('comeback-end').addEventListener('click', giveUp);
byId('gone-again').addEventListener('click', () => comeIntoCall('gone-error'));

// A press anywhere lets the ringing sound, should the page have been loaded anew.
document.addEventListener('pointerdown', () => ringing.allow(), { once: true });
document.querySelector('[data-here]').addEventListener('click', () => {
  elsewhere = false;
  changes.now();
});
byId('logout').addEventListener('click', logout);

onLanguage(() => {
  byId('offers').replaceChildren();
  if (showing() === 'desk') drawDesk();
  if (showing() === 'lobby') lobbyTexts(!byId('confirm').disabled);
});
