// The guest's page. The invitation's secret comes in the fragment, which no browser sends to a server; it is taken out of the
// address bar at once, and kept in this tab.

import { ApiError, KIND, STATE, post, session } from './api.js';
import { Call } from './call.js';
import { Changes } from './changes.js';
import { Devices, preview } from './devices.js';
import { confirm } from './dialogs.js';
import { byId, setText } from './dom.js';
import { guestEnding } from './endings.js';
import { onLanguage, start, t } from './i18n.js';
import { languageName, languages } from './languages.js';
import { problem } from './people.js';
import { takeFragment } from './storage.js';
import { unsent } from './unsent.js';
import { banner, complain, show, showing } from './views.js';

const fromLink = takeFragment();
if (fromLink) session.set('guest', fromLink);
const token = fromLink ?? session.get('guest');

const devices = new Devices();
/** How long the server may take to be told that the guest left before the page says so, in milliseconds. */
const UNSENT = 2000;

let invitation = null;
let call = null;
let closed = '';
let elsewhere = false;
/** It was the guest's own wish to go. */
let leaving = false;
/** The guest's yes or no is on its way. */
let answering = false;
let changes = null;

start();
preview(document.querySelector('.preview'), devices);
// The link was pressed again, in this very tab.
window.addEventListener('hashchange', () => location.reload());
unsent.flush();
if (token) changes = new Changes(token, look);
else close(token === null ? 'missing' : 'invalid');

async function look() {
  if (closed) return;
  try {
    invitation = await post('Guest/Invitation', token);
    banner(null);
    await languages();
    if (!closed) await settle();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isOut) {
      // Within a call, the signalling's last message says why; while a yes or no is on its way, its answer does.
      if (!call && !answering) close('invalid');
    } else if (error.isTemporary) banner('problem.offline');
    else if (showing() === null) banner('problem.other');
    // The others are the answer to something that has passed: the next look tells.
  }
}

async function settle() {
  if (invitation.RequestConferenceSessionVideoStatusCodeId === STATE.informed) {
    welcomeTexts();
    if (showing() !== 'welcome') show('welcome');
    return;
  }
  if (call || elsewhere) return;
  show('connecting');
  devices.start();
  const pair = await post('Guest/VideoEngineAccounts', token);
  if (pair.Killed) close('finished');
  else if (pair.Listener && !closed) join(pair.Listener.AccountNumber);
}

function welcomeTexts() {
  if (!invitation) return;
  const guest = invitation.PersonName;
  setText(byId('welcome-title'), guest ? t('join.title', { guest }) : t('join.title.unnamed'));
  const inviter = invitation.InviterName || t('join.somebody');
  const key = invitation.InviterTypeCodeId === KIND.provider ? 'join.by.provider' : 'join.by.client';
  const language = languageName(invitation.ToLanguageId, invitation.ToLanguage);
  setText(byId('welcome-text'), t(key, { inviter, language }));
}

function join(account) {
  show('call');
  call = new Call(document.querySelector('[data-view=call]'), {
    conference: invitation.RequestConferenceSessionId,
    account,
    devices,
    leave,
    leaveKey: 'call.leave',
    onEnd(reason) {
      call = null;
      if (reason === 'replaced') {
        elsewhere = true;
        devices.stop();
        show('elsewhere');
      } else close(leaving ? 'left' : reason);
    },
  });
}

async function leave() {
  const yes = await confirm({
    id: 'leave-dialog',
    title: t('leave.title'),
    text: t('leave.text'),
    yes: t('leave.yes'),
    no: t('cancel'),
  });
  if (!yes) return;
  leaving = true;
  close('left');
  const told = unsent.send({ path: 'Guest/Leave', token });
  const note = setTimeout(() => (byId('unsent').hidden = false), UNSENT);
  await told;
  clearTimeout(note);
  byId('unsent').hidden = true;
}

/** It is over for this guest; `reason` picks the sentence. The first one counts: what was asked before may be answered later. */
function close(reason) {
  if (closed) return;
  closed = reason;
  changes?.stop();
  call?.stop();
  call = null;
  devices.stop();
  session.forget('guest');
  closedTexts();
  show('closed');
}

function closedTexts() {
  if (!closed) return;
  const known = guestEnding(closed);
  setText(byId('closed-title'), t(`closed.${known}.title`));
  setText(byId('closed-text'), t(`closed.${known}.text`));
}

async function answer(route, after = () => {}) {
  const trouble = byId('join-error');
  complain(trouble, '');
  answering = true;
  try {
    await post(`Guest/${route}`, token);
    after();
  } catch (error) {
    if (error.isOut) close('invalid');
    else complain(trouble, problem(error));
  }
  answering = false;
  changes.now();
}

byId('yes').addEventListener('click', () => answer('Confirm'));
byId('no').addEventListener('click', () => answer('Decline', () => close('declined')));
byId('try').addEventListener('click', async () => {
  await devices.start();
  byId('try').hidden = true;
});
document.querySelector('[data-here]').addEventListener('click', () => {
  elsewhere = false;
  changes.now();
});

onLanguage(() => {
  welcomeTexts();
  closedTexts();
});
