// The client's page: ask for an interpreter, wait, talk.

import { ApiError, KIND, REQUEST, SOUND_ONLY, STATE, post, stateOf } from './api.js';
import { Call } from './call.js';
import { Changes } from './changes.js';
import { Devices, preview } from './devices.js';
import { confirm } from './dialogs.js';
import { byId, clock, setText } from './dom.js';
import { onLanguage, start, t, current } from './i18n.js';
import { languageName, languages } from './languages.js';
import { expire, logOut, resume } from './login.js';
import { People, problem } from './people.js';
import { browser } from './storage.js';
import { unsent } from './unsent.js';
import { announce, banner, complain, show, showing } from './views.js';

const SIDE = 'Client/Request';
const KEPT = 'trialogue.wanted';

const { token, user } = resume('client');

const devices = new Devices();
const people = new People(SIDE, token, () => changes.now());
let status = null;
let call = null;
let elsewhere = false;
/** The request that this page has seen alive: of an older one, nothing is told. */
let seen = null;
let waitingSince = 0;

start();
preview(document.querySelector('.preview'), devices);
unsent.flush().then(() => changes.now());
const changes = new Changes(token, look, user);

/** Looks how things stand, and shows it. */
async function look() {
  try {
    if (unsent.has(token)) {
      show('hungup');
      return;
    }
    const now = await post(`${SIDE}/Status`, token);
    // Hung up while this was on its way.
    if (unsent.has(token)) return;
    status = now;
    banner(null);
    await settle();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Of a login that this page has ended itself, nothing is to be told.
    if (changes.stopped) return;
    if (error.isOut) {
      leave();
      expire('client', error);
    } else if (error.code === 'no_request') await ask();
    else if (error.isTemporary) banner('problem.offline');
    else if (showing() === null) banner('problem.other');
    // The others are the answer to something that has passed: the next look tells.
  }
}

async function settle() {
  switch (status.RequestStatusCodeId) {
    case REQUEST.searching:
      waiting();
      break;
    case REQUEST.accepted:
    case REQUEST.inService:
      await talk();
      break;
    default:
      await over();
  }
}

async function ask() {
  await fillLanguages();
  if (showing() !== 'request') show('request');
}

async function fillLanguages() {
  const select = byId('wanted');
  if (select.dataset.of === current()) return;
  const known = await languages();
  const chosen = select.value || browser.get(KEPT);
  const first = new Option(t('request.choose'), '');
  first.disabled = true;
  select.replaceChildren(first, ...known.map(({ id, name }) => new Option(name, id)));
  // Nothing is chosen for anybody but by himself.
  select.value = known.some(({ id }) => String(id) === chosen) ? chosen : '';
  select.dataset.of = current();
}

function waiting() {
  seen = status.RequestId;
  hangUp();
  complain(byId('outcome'), '');
  waitingSince = performance.now() - status.ElapsedSeconds * 1000;
  waitingTexts();
  show('waiting');
}

function waitingTexts() {
  if (status?.RequestStatusCodeId !== REQUEST.searching) return;
  const language = languageName(status.ToLanguageId, status.ToLanguage);
  setText(byId('waiting-text'), t('waiting.text', { language }));
  const isAgain = status.WaitingCode?.startsWith('interpreter_');
  complain(byId('waiting-note'), isAgain ? t(`waiting.${status.WaitingCode}`) : '');
  const asked = status.RungCount ?? status.providerList.length;
  setText(byId('asked'), t(asked === 0 ? 'waiting.nobody' : asked === 1 ? 'waiting.asked.one' : 'waiting.asked', { asked }));
  setText(byId('figures'), figures().join(' '));
}

/** How things stand: who said no, the place in the queue, and what the waits of the last hour were like. */
function figures() {
  const { DeclinedCount: declined, QueuePosition: position } = status;
  const { WaitMedianSeconds: half, WaitNinetiethPercentileSeconds: most } = status;
  const told = [];
  if (declined > 0) told.push(t(declined === 1 ? 'waiting.declined.one' : 'waiting.declined', { declined }));
  if (position > 1) told.push(t('waiting.position', { position }));
  if (half != null && most != null) told.push(t('waiting.estimate', { half: clock(half), most: clock(most) }));
  return told;
}

setInterval(() => {
  if (showing() === 'waiting') setText(byId('elapsed'), clock((performance.now() - waitingSince) / 1000));
}, 500);

async function talk() {
  seen = status.RequestId;
  const own = status.participantList.find((one) => one.RequestConferenceSessionVideoTypeCodeId === KIND.client);
  people.update(status);
  if (!own || stateOf(status, KIND.provider) === undefined) {
    // An interpreter has accepted, perhaps after another one who is out: the call begins by itself.
    connecting();
    await post(`${SIDE}/StartVideoProcess`, token);
    return;
  }
  if (own.RequestConferenceSessionVideoStatusCodeId === STATE.finished) {
    hangUp();
    againTexts();
    show('again');
    return;
  }
  call?.count(people.count);
  call?.notice(stateOf(status, KIND.provider) === STATE.finished ? interpreterLost() : people.news);
  if (call || elsewhere) return;
  connecting();
  const pair = await post(`${SIDE}/VideoEngineAccounts`, token);
  if (pair.Caller) join(pair.Caller.AccountNumber);
}

/** The interpreter is out of a call that goes on: its place is kept for a while, then another one is asked. */
function interpreterLost() {
  const { successor } = people;
  const end = { key: 'lost.end', run: finish };
  if (successor) return { key: successor.ProviderName ? 'lost.coming' : 'lost.searching', buttons: [end] };
  return {
    key: status.PlaceSeconds == null ? 'lost.nobody' : 'lost.interpreter',
    buttons: [
      end,
      { key: 'lost.another', run: () => proceed('FindAnotherInterpreter') },
      { key: 'lost.again', run: () => proceed('VideoAgain'), look: 'primary' },
    ],
  };
}

/** Takes a next step that is offered. */
async function proceed(route) {
  complain(byId('again-error'), '');
  try {
    await post(`${SIDE}/${route}`, token);
  } catch (error) {
    if (error.isTemporary) banner('problem.offline');
    complain(byId('again-error'), problem(error));
    announce(problem(error));
  }
  changes.now();
}

function againTexts() {
  // Only the client's own connection was lost: the interpreter is still there.
  const isLost = status && stateOf(status, KIND.provider) !== STATE.finished;
  setText(byId('again-title'), t(isLost ? 'again.lost.title' : 'again.title'));
  setText(byId('again-text'), t(isLost ? 'again.lost.text' : 'again.text'));
}

function connecting() {
  connectingTexts();
  show('connecting');
  devices.start(withPicture());
}

function connectingTexts() {
  const name = status?.ProviderName || t('role.provider');
  setText(byId('connecting-title'), t('connecting.title', { name }));
}

/** Whether the call begins with the cameras on. */
const withPicture = () => status.VideoOptionCodeId !== SOUND_ONLY;

function join(account) {
  show('call');
  call = new Call(document.querySelector('[data-view=call]'), {
    conference: status.RequestConferenceSessionId,
    account,
    devices,
    people,
    leave: finish,
    leaveKey: 'call.finish',
    onEnd(reason) {
      call = null;
      if (reason === 'replaced') {
        elsewhere = true;
        devices.stop();
        show('elsewhere');
      }
      // A refusal is no news that can be asked for at once again: the next look is soon enough.
      if (reason !== 'refused') changes.now();
    },
  });
  call.count(people.count);
}

function hangUp() {
  call?.stop();
  call = null;
  devices.stop();
}

async function over() {
  hangUp();
  elsewhere = false;
  if (seen === status.RequestId) {
    complain(byId('outcome'), t(`outcome.${status.RequestStatusCodeId}`));
    seen = null;
  }
  await ask();
}

async function finish() {
  const yes = await confirm({
    id: 'finish-dialog',
    title: t('finish.title'),
    text: t('finish.text'),
    yes: t('finish.yes'),
    no: t('finish.no'),
    danger: true,
  });
  if (yes) await end(true);
}

/** Ends the request: camera, microphone and connections at once, then the server is told. */
async function end(successful) {
  hangUp();
  const body = { IsSuccessful: successful, Calls: [] };
  const told = unsent.send({ path: `${SIDE}/CallFinishedNew`, token, body, status: `${SIDE}/Status`, request: status.RequestId });
  changes.now();
  await told;
  changes.now();
}

function leave() {
  changes.stop();
  hangUp();
}

async function logout() {
  const cancels = [REQUEST.searching, REQUEST.accepted].includes(status?.RequestStatusCodeId);
  leave();
  if (cancels) {
    byId('logout').disabled = true;
    const told = unsent.send({
      path: `${SIDE}/CallFinishedNew`, token, body: { IsSuccessful: false, Calls: [] }, status: `${SIDE}/Status`, request: status.RequestId,
    });
    show('hungup');
    await told;
  }
  await logOut('client', { cancels });
}

byId('request').addEventListener('submit', async (event) => {
  event.preventDefault();
  const wanted = byId('wanted').value;
  const trouble = byId('request-error');
  if (!wanted) {
    complain(trouble, t('request.language.missing'));
    byId('wanted').focus();
    return;
  }
  complain(trouble, '');
  complain(byId('outcome'), '');
  browser.set(KEPT, wanted);
  const button = event.target.querySelector('[type=submit]');
  button.disabled = true;
  try {
    const info = byId('info').value.trim();
    const body = { NeedHelpLanguageId: Number(wanted), AdditionalInfo: info || null, DeviceTypeCodeId: 5, ...wishes() };
    await post(`${SIDE}/New`, token, body);
    event.target.reset();
    byId('wanted').value = wanted;
    byId('wishes').open = false;
  } catch (error) {
    if (error.code === 'bad_value') {
      // Of all that the form sends, only the number may be one that nobody has.
      complain(trouble, t('wishes.number.unknown'));
      byId('wishes').open = true;
      byId('number').focus();
    } else complain(trouble, problem(error));
  } finally {
    button.disabled = false;
  }
  changes.now();
});

/** What else is wanted of the interpreter. */
function wishes() {
  const chosen = (id) => Number(byId(id).value) || null;
  const number = byId('number').value.trim();
  return {
    GenderOptionCodeId: chosen('gender'),
    SpecialtyOptionCodeId: chosen('specialty'),
    VideoOptionCodeId: chosen('video'),
    InterpreterNumber: number || null,
    InterpreterRequired: number && byId('number-only').checked ? true : null,
  };
}

for (const button of document.querySelectorAll('[data-cancel]')) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    await end(false);
    button.disabled = false;
  });
}

byId('again').addEventListener('click', () => proceed('VideoAgain'));

document.querySelector('[data-here]').addEventListener('click', () => {
  elsewhere = false;
  changes.now();
});
byId('logout').addEventListener('click', logout);

onLanguage(() => {
  fillLanguages();
  waitingTexts();
  connectingTexts();
  againTexts();
});
