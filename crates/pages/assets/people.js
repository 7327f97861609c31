// Who is in the call: the list, inviting, and removing.

import { ApiError, KIND, REQUEST, STATE, ask, post, randomKey } from './api.js';
import { confirm, openDialog } from './dialogs.js';
import { h, setText } from './dom.js';
import { onLanguage, t } from './i18n.js';
import { languageName, languages } from './languages.js';
import { announce, complain } from './views.js';

const ROLES = { 1: 'client', 2: 'provider', 3: 'guest', 4: 'second_interpreter' };

export class People {
  #side;
  #token;
  #look;
  #list = [];
  #open = null;
  /** The language of the request, who is to take over, and whose turn it is. */
  #language = null;
  #successor = null;
  #working = null;
  /** Second interpreters whom this page has removed: it needs no news of them. */
  #removed = new Set();
  #news = null;

  /** `side` is the path of the routes: `Client/Request` or `Provider/Task`; `look` shows how things stand. */
  constructor(side, token, look) {
    this.#side = side;
    this.#token = token;
    this.#look = look;
    onLanguage(() => this.#draw());
  }

  /** What the server says of the request, and of who is in. */
  update(status) {
    this.#language = status.ToLanguageId;
    this.#successor = status.SuccessorParticipantId;
    this.#working = status.WorkingParticipantId;
    this.#tellOfSecond(status.participantList);
    this.#set(status.participantList);
  }

  #set(participants) {
    this.#list = participants.filter(
      (one) => one.RequestConferenceSessionVideoStatusCodeId !== STATE.finished,
    );
    this.#draw();
  }

  /** A second interpreter who was looked for, or was there, and is not any more. */
  #tellOfSecond(participants) {
    for (const known of this.#list.filter(isSecond)) {
      const id = known.RequestConferenceSessionVideoParticipantId;
      const now = participants.find((one) => one.RequestConferenceSessionVideoParticipantId === id);
      const isOut = !now || now.RequestConferenceSessionVideoStatusCodeId === STATE.finished;
      if (isOut && !this.#removed.has(id)) {
        const key = now?.secondRequest?.RequestStatusCodeId === REQUEST.nobody ? 'second.nobody' : 'second.out';
        const dismiss = () => {
          this.#news = null;
          this.#look();
        };
        const again = () => {
          dismiss();
          this.askInterpreter();
        };
        this.#news = { key, buttons: [{ key: 'second.without', run: dismiss }, { key: 'second.again', run: again, look: 'primary' }] };
      }
    }
  }

  /** What to tell in the call; none if there is nothing. */
  get news() {
    return this.#news;
  }

  /** Who is to take over; none if nobody is. */
  get successor() {
    return this.#list.find((one) => one.RequestConferenceSessionVideoParticipantId === this.#successor);
  }

  get count() {
    return this.#list.length;
  }

  async show() {
    this.#open = h('ul', { class: 'people' });
    this.#draw();
    const chosen = await openDialog({
      id: 'people-dialog',
      title: t('people.title'),
      content: [this.#open],
      buttons: [
        { text: t('second.ask'), value: 'second' },
        { text: t('invite.someone'), value: 'invite' },
        { text: t('close'), value: '', class: 'primary' },
      ],
    });
    this.#open = null;
    if (chosen === 'invite') await this.invite();
    if (chosen === 'second') await this.askInterpreter();
  }

  /** Rows are kept while their person is there: a dialog over the list gives the focus back to its row's button. */
  #draw() {
    if (!this.#open) return;
    const hadFocus = this.#open.contains(document.activeElement);
    const rows = new Map([...this.#open.children].map((row) => [Number(row.dataset.participant), row]));
    for (const one of this.#list) {
      const id = one.RequestConferenceSessionVideoParticipantId;
      const row = rows.get(id) ?? this.#row(id);
      rows.delete(id);
      fill(row, one, { isSuccessor: id === this.#successor, isWorking: id === this.#working });
      if (!row.isConnected || !this.#open.contains(row)) this.#open.append(row);
    }
    for (const row of rows.values()) row.remove();
    if (hadFocus && !this.#open.contains(document.activeElement)) this.#refocus();
  }

  /** Whose button had the focus is gone. */
  #refocus() {
    this.#open?.closest('dialog')?.querySelector('.primary').focus();
  }

  #row(id) {
    const kick = h('button', { type: 'button', class: 'small danger-quiet', onclick: () => this.#kick(id) });
    const text = h('div', {}, h('strong', {}, h('bdi')), h('span', { class: 'quiet' }));
    return h('li', { 'data-participant': String(id) }, text, kick);
  }

  async #kick(id) {
    const one = this.#list.find((other) => other.RequestConferenceSessionVideoParticipantId === id);
    if (!one) return;
    const name = nameOf(one);
    const isSearch = isSearched(one);
    const text = isSecond(one) ? t('second.kick.text', { name }) : t('kick.text', { name });
    const yes = await confirm({
      id: 'kick-dialog',
      title: isSearch ? t('second.stop.title') : t('kick.title', { name }),
      text: isSearch ? t('second.stop.text') : text,
      yes: isSearch ? t('second.stop.yes') : t('kick.yes'),
      no: t('cancel'),
      danger: true,
    });
    if (this.#open && !this.#open.contains(document.activeElement)) this.#refocus();
    if (!yes) return;
    try {
      await post(`${this.#side}/KickThirdPartyVideoParticipant`, this.#token, one);
      this.#removed.add(id);
      announce(isSearch ? t('second.stop.done') : t('kick.done', { name }));
      this.#set(this.#list.filter((other) => other.RequestConferenceSessionVideoParticipantId !== id));
    } catch (error) {
      announce(problem(error));
    }
  }

  /** Asks for one more interpreter: for another language, to take turns, or to take over. */
  async askInterpreter() {
    const purpose = h('select', { id: 'second-purpose', name: 'purpose' });
    for (const name of ['SecondLanguage', 'Team', 'Successor']) purpose.append(new Option(t(`second.for.${name}`), name));
    const select = h('select', { id: 'second-language', name: 'language', required: true });
    const first = new Option(t('request.choose'), '');
    first.disabled = true;
    first.selected = true;
    const known = await languages();
    select.append(first, ...known.map(({ id, name }) => new Option(name, id)));
    const note = h('textarea', { id: 'second-note', name: 'note', rows: '2', maxlength: '2000', dir: 'auto' });
    const trouble = h('p', { class: 'error', role: 'alert', hidden: true });
    // The same press twice makes one request.
    const key = randomKey();
    const submit = async (form, dialog) => {
      const isOther = purpose.value === 'SecondLanguage';
      if (isOther && !select.value) {
        complain(trouble, t('request.language.missing'));
        select.focus();
        return;
      }
      const language = isOther ? Number(select.value) : this.#language;
      const body = { ToLanguageId: language, Purpose: purpose.value, additionalInfo: note.value.trim() || null };
      form.querySelector('[type=submit]').disabled = true;
      try {
        const path = `${this.#side}/RequestSecondInterpreter`;
        await ask(path, { token: this.#token, body, headers: { 'Idempotency-Key': key } });
        dialog.close('made');
      } catch (error) {
        complain(trouble, problem(error));
        form.querySelector('[type=submit]').disabled = false;
      }
    };
    const languageField = h('p', { class: 'field' }, h('label', { for: select.id }, t('request.language')), select);
    purpose.addEventListener('change', () => {
      languageField.hidden = purpose.value !== 'SecondLanguage';
      complain(trouble, '');
    });
    const made = await openDialog({
      id: 'second-dialog',
      title: t('second.ask'),
      content: [
        h('p', {}, t('second.text')),
        h('p', { class: 'field' }, h('label', { for: purpose.id }, t('second.for')), purpose),
        languageField,
        h('p', { class: 'field' }, h('label', { for: note.id }, t('request.info')), note),
        trouble,
      ],
      buttons: [
        { text: t('cancel'), value: '' },
        { text: t('request.send'), class: 'primary', form: true },
      ],
      submit,
    });
    if (made === 'made') announce(t('second.asked'));
  }

  /** Asks whom, and shows the link. */
  async invite() {
    const field = (id, type, key, autocomplete) =>
      h(
        'p',
        { class: 'field' },
        h('label', { for: `invite-${id}` }, t(key)),
        h('input', { id: `invite-${id}`, name: id, type, autocomplete, maxlength: '200', dir: 'auto' }),
      );
    const trouble = h('p', { class: 'error', role: 'alert', hidden: true });
    let link = '';
    let name = '';
    // The same press twice makes one invitation.
    const key = randomKey();
    const submit = async (form, dialog) => {
      const given = new FormData(form);
      const text = (member) => given.get(member).trim();
      name = text('name');
      if (!name) {
        complain(trouble, t('invite.name.missing'));
        form.elements.name.focus();
        return;
      }
      const body = { Name: name, Email: text('email') || null, PhoneNumber: text('phone') || null };
      form.querySelector('[type=submit]').disabled = true;
      try {
        const path = `${this.#side}/InviteThirdPartyVideoConference`;
        const { response } = await ask(path, { token: this.#token, body, headers: { 'Idempotency-Key': key } });
        link = response.headers.get('Location') ?? '';
        dialog.close('made');
      } catch (error) {
        complain(trouble, problem(error));
        form.querySelector('[type=submit]').disabled = false;
      }
    };
    const made = await openDialog({
      id: 'invite-dialog',
      title: t('invite.title'),
      content: [
        h('p', {}, t('invite.text')),
        field('name', 'text', 'invite.name', 'off'),
        field('email', 'email', 'invite.email', 'off'),
        field('phone', 'tel', 'invite.phone', 'off'),
        trouble,
      ],
      buttons: [
        { text: t('cancel'), value: '' },
        { text: t('invite.make'), class: 'primary', form: true },
      ],
      submit,
    });
    if (made === 'made' && link) await showLink(name, link);
  }
}

function fill(row, one, { isSuccessor, isWorking }) {
  const type = one.RequestConferenceSessionVideoTypeCodeId;
  const name = nameOf(one);
  const way = isSecond(one) ? secondState(one) : t(`state.${one.RequestConferenceSessionVideoStatusCodeId}`);
  const state = isWorking ? `${way} · ${t('turn.working')}` : way;
  const [text, kick] = row.children;
  setText(text.querySelector('bdi'), name);
  // A second interpreter has no name before one accepts: then the role stands in its place.
  const role = t(`role.${ROLES[type]}`);
  const task = isSuccessor ? t('role.successor') : role;
  setText(text.lastChild, name === role && !isSuccessor ? state : `${task} · ${state}`);
  // The client and the interpreter cannot be removed.
  const isFixed = type === KIND.client || type === KIND.provider;
  kick.hidden = isFixed;
  if (!isFixed) kick.dataset.kick = row.dataset.participant;
  setText(kick, t(isSearched(one) ? 'second.stop.yes' : 'kick'));
  if (isSearched(one)) kick.removeAttribute('aria-label');
  else kick.setAttribute('aria-label', t('kick.name', { name }));
}

const isSecond = (one) => one.RequestConferenceSessionVideoTypeCodeId === KIND.second_interpreter;

const isSearched = (one) => one.secondRequest?.RequestStatusCodeId === REQUEST.searching;

/** Of a second interpreter: for which language, and how far the search or the call has come. */
function secondState(one) {
  const { secondRequest } = one;
  const language = languageName(secondRequest?.ToLanguageId, secondRequest?.ToLanguage);
  if (isSearched(one)) {
    const asked = secondRequest.providerList.length;
    return `${language} · ${t(asked === 0 ? 'waiting.nobody' : asked === 1 ? 'waiting.asked.one' : 'waiting.asked', { asked })}`;
  }
  const state = one.RequestConferenceSessionVideoStatusCodeId;
  return `${language} · ${t(state === STATE.informed ? 'second.accepted' : `state.${state}`)}`;
}

async function showLink(name, link) {
  const shown = h('input', { id: 'invite-link', readonly: true, value: link });
  shown.addEventListener('focus', () => shown.select());
  const said = h('p', { role: 'status', class: 'quiet' });
  const copy = h('button', { type: 'button', class: 'primary' }, t('invite.copy'));
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(link);
      setText(said, t('invite.copied'));
    } catch {
      // Not allowed: the link stands there, selected.
      shown.focus();
      setText(said, t('invite.copy.yourself'));
    }
  });
  await openDialog({
    id: 'link-dialog',
    title: t('invite.link.title', { name }),
    content: [
      h('p', {}, t('invite.link.text', { name })),
      h('p', { class: 'field' }, h('label', { for: shown.id }, t('invite.link')), shown),
      copy,
      said,
    ],
    buttons: [{ text: t('close'), value: '' }],
  });
}

export function nameOf(one) {
  const given = one.PersonName || one.ProviderName || one.AppClientName || one.AppClientEmail || one.AppClientPhoneNumber;
  return given || t(`role.${ROLES[one.RequestConferenceSessionVideoTypeCodeId]}`);
}

/** What to tell a person about an error. */
export function problem(error) {
  if (!(error instanceof ApiError)) throw error;
  const key = `problem.${error.code}`;
  const text = t(key);
  return text === key ? t('problem.other') : text;
}
