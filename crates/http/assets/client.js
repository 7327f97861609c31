// The client's page: ask for an interpreter, wait, talk.

import { KIND, REQUEST, STATE, post, session } from './api.js';
import { Call } from './call.js';
import { Changes } from './changes.js';
import { Devices, preview } from './devices.js';
import { confirm } from './dialogs.js';
import { byId, clock, setText } from './dom.js';
import { onLanguage, start, t, current } from './i18n.js';
import { languageName, languages } from './languages.js';
import { People, problem } from './people.js';
import { banner, complain, show, showing } from './views.js';

const SIDE = 'Client/Request';
const KEPT = 'trialogue.wanted';

const token = session.get('client');
if (!token) location.replace('./');

const devices = new Devices();
const people = new People(SIDE, token);
let status = null;
let call = null;
let elsewhere = false;
/** The request that this page has seen alive: of an older one, nothing is told. */
let seen = null;
let waitingSince = 0;

start();
preview(document.querySelector('.preview'), devices);
const changes = new Changes(token, look);

/** Looks how things stand, and shows it. */
async function look() {
  try {
    status = await post(`${SIDE}/Status`, token);
    banner(null);
    await settle();
  } catch (error) {
    if (error.isOut) logout();
    else if (error.code === 'no_request') await ask();
    else if (error.status === 0 || error.status >= 500) banner('problem.offline');
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
  const chosen = select.value || localStorage.getItem(KEPT);
  const first = new Option(t('request.choose'), '');
  first.disabled = true;
  select.replaceChildren(first, ...known.map(({ id, name }) => new Option(name, id)));
  // Nothing is chosen for anybody but by himself.
  select.value = known.some(({ id }) => String(id) === chosen) ? chosen : '';
  select.dataset.of = current();
}

function waiting() {
  seen = status.RequestId;
  complain(byId('outcome'), '');
  waitingSince = performance.now() - status.ElapsedSeconds * 1000;
  waitingTexts();
  show('waiting');
}

function waitingTexts() {
  if (status?.RequestStatusCodeId !== REQUEST.searching) return;
  const language = languageName(status.ToLanguageId, status.ToLanguage);
  // The server's own message is English.
  const own = t('waiting.text', { language });
  setText(byId('waiting-text'), current() === 'en' ? status.waitingMsg || own : own);
  const asked = status.providerList.length;
  setText(byId('asked'), t(asked === 0 ? 'waiting.nobody' : asked === 1 ? 'waiting.asked.one' : 'waiting.asked', { asked }));
}

setInterval(() => {
  if (showing() === 'waiting') setText(byId('elapsed'), clock((performance.now() - waitingSince) / 1000));
}, 500);

async function talk() {
  seen = status.RequestId;
  const own = status.participantList.find((one) => one.RequestConferenceSessionVideoTypeCodeId === KIND.client);
  people.update(status.participantList);
  if (!own) {
    // An interpreter has accepted: the call begins by itself.
    connecting();
    await post(`${SIDE}/StartVideoProcess`, token);
    return;
  }
  if (own.RequestConferenceSessionVideoStatusCodeId === STATE.finished) {
    hangUp();
    show('again');
    return;
  }
  call?.count(people.count);
  if (call || elsewhere) return;
  connecting();
  const pair = await post(`${SIDE}/VideoEngineAccounts`, token);
  if (pair.Caller) join(pair.Caller.AccountNumber);
}

function connecting() {
  connectingTexts();
  show('connecting');
  devices.start();
}

function connectingTexts() {
  const name = status?.ProviderName || t('role.provider');
  setText(byId('connecting-title'), t('connecting.title', { name }));
}

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

async function end(successful) {
  try {
    await post(`${SIDE}/CallFinishedNew`, token, { IsSuccessful: successful, Calls: [] });
  } catch (error) {
    if (error.code === 'offline') banner('problem.offline');
  }
  changes.now();
}

async function logout() {
  changes.stop();
  hangUp();
  session.forget('client');
  location.replace('./');
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
  localStorage.setItem(KEPT, wanted);
  const button = event.target.querySelector('[type=submit]');
  button.disabled = true;
  try {
    const info = byId('info').value.trim();
    const body = { NeedHelpLanguageId: Number(wanted), AdditionalInfo: info || null, DeviceTypeCodeId: 5 };
    await post(`${SIDE}/New`, token, body);
    byId('info').value = '';
  } catch (error) {
    complain(trouble, problem(error));
  } finally {
    button.disabled = false;
  }
  changes.now();
});

for (const button of document.querySelectorAll('[data-cancel]')) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    await end(false);
    button.disabled = false;
  });
}

byId('again').addEventListener('click', async () => {
  try {
    await post(`${SIDE}/VideoAgain`, token);
  } catch (error) {
    if (error.code === 'offline') banner('problem.offline');
  }
  changes.now();
});

document.querySelector('[data-here]').addEventListener('click', () => {
  elsewhere = false;
  changes.now();
});
byId('logout').addEventListener('click', logout);

onLanguage(() => {
  fillLanguages();
  waitingTexts();
  connectingTexts();
});
