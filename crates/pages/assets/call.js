// The call itself, the same for everybody: tiles, the own picture, and what can be done.

import { chooseDevices, troubleText } from './devices.js';
import { closeDialogs } from './dialogs.js';
import { clock, h, icon, setText } from './dom.js';
import { onLanguage, t, translate } from './i18n.js';
import { Links } from './links.js';
import { Signalling } from './signalling.js';
import { Tiles } from './tiles.js';
import { announce } from './views.js';

/** How long connecting may take before the page says what to do, in milliseconds. */
const SLOW = 20_000;

/** The call that is on, for the tests' measurements. */
let running = null;
export const connections = () => running?.connections() ?? [];

export class Call {
  #devices;
  #signalling;
  #links;
  #tiles;
  #parts;
  #me = null;
  #parties = new Map();
  #begun = performance.now();
  #ticking;
  #told = '';
  #onEnd;
  #forget;
  #awake = null;
  #leave;
  #aside;
  #connectingSince = performance.now();

  /**
   * `people` is for those who may invite and remove; `aside` is one more button, or null; `leave` is what the last button
   * does; `onEnd(reason)` is called when the server has ended it for us.
   */
  constructor(root, { conference, account, devices, people, aside = null, leave, leaveKey, onEnd }) {
    this.#devices = devices;
    this.#aside = aside;
    this.#onEnd = onEnd;
    this.#leave = leave;
    this.#parts = build(root, devices);
    this.become({ people, leaveKey });
    this.#tiles = new Tiles(this.#parts.tiles, (play) => this.#blocked(play));
    this.#links = new Links(devices, {
      send: (message) => this.#signalling.send(message),
      stream: (_, party, stream) => {
        this.#tiles.stream(party, this.#parties.get(party), stream);
        this.#alone();
      },
      state: (_, party, state) => this.#tiles.state(party, state),
      broken: () => this.#signalling.restart(),
      impossible: () => this.#fix('call.impossible'),
    });
    devices.addEventListener('change', this.#switched);
    devices.start();
    this.#ticking = setInterval(() => this.#tick(), 1000);
    this.#forget = onLanguage(() => this.#redraw());
    document.addEventListener('visibilitychange', this.#stayAwake);
    this.#stayAwake();
    window.addEventListener('beforeunload', this.#unload);
    window.addEventListener('popstate', this.#back);
    stayPut();
    running = this.#links;
    this.#redraw();
    this.#signalling = new Signalling(conference, account, {
      message: (message) => this.#hear(message),
      state: (state) => this.#state(state),
      end: (reason) => this.#end(reason),
      whole: () => this.#links.whole(),
    });
  }

  /** What can be done changes with who one is: `people` is null for whoever may not invite and remove. */
  become({ people, leaveKey }) {
    const { controls } = this.#parts;
    if (controls.dataset.of === leaveKey) return;
    controls.dataset.of = leaveKey;
    fillControls(this.#parts, { people, leaveKey, leave: this.#leave, aside: this.#aside, devices: this.#devices });
    translate(controls);
  }

  /** Two interpreters take turns: whether it is this one's, and how it takes it; null: there are no turns. */
  turn(told) {
    const { turn, turnButton } = this.#parts;
    const key = told ? (told.isMine ? 'turn.mine' : 'turn.other') : '';
    if (turn.dataset.t === key) return;
    turn.dataset.t = key;
    turn.hidden = !told;
    turnButton.hidden = !told || told.isMine;
    if (!told) return;
    turnButton.onclick = told.take;
    setText(turn, t(key));
  }

  /** How many are in, for the button. */
  count(people) {
    if (this.#parts.count) setText(this.#parts.count, people > 0 ? String(people) : '');
  }

  /** Says in the middle of the stage what happened and offers the next steps: `{text, buttons: [{text, run, look}]}`; null: nothing. */
  notice(told) {
    const { notice } = this.#parts;
    const key = told ? told.key : '';
    if (notice.dataset.of === key) return;
    notice.dataset.of = key;
    notice.hidden = !told;
    notice.replaceChildren();
    if (told) {
      const buttons = told.buttons.map(({ key: name, run, look }) =>
        h('button', { type: 'button', class: look ?? '', 'data-t': name, onclick: run }));
      notice.append(h('p', { role: 'status', 'data-t': told.key }), h('div', { class: 'buttons' }, ...buttons));
      translate(notice);
    }
    this.#alone();
  }

  stop() {
    this.#signalling.stop();
    this.#close();
  }

  #hear(message) {
    switch (message.type) {
      case 'welcome':
        this.#welcome(message);
        break;
      case 'party':
        this.#party(message.party);
        break;
      case 'gone':
        this.#gone(message.identity);
        break;
      case 'direct':
        // An engine with a client of its own.
        this.#fix('call.direct');
        break;
      default:
        this.#links.hear(message);
    }
  }

  #welcome(message) {
    this.#me = message.you;
    if (!message.resumed) this.#links.closeAll();
    this.#links.useServers(message.ice_servers);
    const others = message.parties.filter((party) => party.identity !== this.#me);
    this.#parties = new Map(others.map((party) => [party.identity, party]));
    this.#tiles.set(others);
    this.#alone();
    this.#switched();
  }

  #party(party) {
    if (party.identity === this.#me) return;
    const before = this.#parties.get(party.identity);
    if (party.here && !before?.here) announce(t('call.came', { name: this.#name(party) }));
    if (!party.here && before?.here) announce(t('call.away', { name: this.#name(party) }));
    this.#parties.set(party.identity, party);
    this.#tiles.update(party);
    this.#alone();
  }

  #gone(identity) {
    const party = this.#parties.get(identity);
    if (party) announce(t('call.left', { name: this.#name(party) }));
    this.#parties.delete(identity);
    this.#tiles.remove(identity);
    this.#alone();
  }

  #name(party) {
    return party.name || t(`role.${party.kind}`);
  }

  #alone() {
    this.#parts.alone.hidden = this.#tiles.size > 0 || !this.#parts.notice.hidden;
  }

  /** A note that stays: `key` names its text. */
  #fix(key) {
    const { note } = this.#parts;
    note.dataset.fixed = key;
    setText(note, t(key));
    note.hidden = false;
  }

  /** Leaving the page asks first: the browser's own question. */
  #unload = (event) => event.preventDefault();

  /** *Back* within a call asks as the last button does. */
  #back = () => {
    stayPut();
    if (!document.querySelector('dialog[open]')) this.#leave();
  };

  #state(state) {
    if (state === 'connecting' && !this.#told) this.#connectingSince = performance.now();
    this.#told = state === 'open' ? '' : `call.${state}`;
    this.#parts.state.hidden = state === 'open';
    setText(this.#parts.state, this.#told ? t(this.#told) : '');
  }

  #switched = () => {
    const { microphone, camera, self, selfVideo, note } = this.#parts;
    const [sound, picture] = [this.#devices.is('audio'), this.#devices.is('video')];
    press(microphone, sound, 'microphone');
    press(camera, picture, 'camera');
    const track = this.#devices.tracks.video;
    if (selfVideo.srcObject?.getTracks()[0] !== track) selfVideo.srcObject = track ? new MediaStream([track]) : null;
    self.classList.toggle('empty', !track);
    if (!note.dataset.fixed) {
      setText(note, troubleText(this.#devices));
      note.hidden = note.textContent === '';
    }
    this.#signalling?.send({ type: 'devices', microphone: sound, camera: picture });
  };

  /** The browser wants a press before anything may sound. */
  #blocked(play) {
    const { sound } = this.#parts;
    sound.hidden = false;
    sound.addEventListener(
      'click',
      () => {
        sound.hidden = true;
        play();
      },
      { once: true },
    );
  }

  /** A screen that goes dark takes the picture with it. Not every browser can be asked, and each forgets it when hidden. */
  #stayAwake = async () => {
    if (document.hidden) return;
    this.#awake = await navigator.wakeLock?.request('screen').catch(() => null);
  };

  #tick() {
    const now = performance.now();
    setText(this.#parts.time, clock((now - this.#begun) / 1000));
    if (this.#told === 'call.connecting' && now - this.#connectingSince > SLOW) this.#told = 'call.slow';
    if (this.#told) setText(this.#parts.state, t(this.#told));
    this.#tiles.redraw();
  }

  #redraw() {
    translate(this.#parts.root);
    this.#tiles.redraw();
    this.#switched();
    if (this.#told) setText(this.#parts.state, t(this.#told));
    const { fixed } = this.#parts.note.dataset;
    if (fixed) setText(this.#parts.note, t(fixed));
  }

  #end(reason) {
    this.#close();
    this.#onEnd(reason);
  }

  #close() {
    clearInterval(this.#ticking);
    document.removeEventListener('visibilitychange', this.#stayAwake);
    window.removeEventListener('beforeunload', this.#unload);
    window.removeEventListener('popstate', this.#back);
    this.#awake?.release().catch(() => {});
    this.#forget();
    this.#devices.removeEventListener('change', this.#switched);
    this.#links.stop();
    this.#tiles.clear();
    this.#parts.selfVideo.srcObject = null;
    closeDialogs();
  }
}

/** Gives *Back* an entry to go to that is still this page. */
function stayPut() {
  if (history.state !== 'call') history.pushState('call', '');
}

function press(button, on, name) {
  // The text says what a press does; a pressed state beside it would say it twice, the other way round.
  button.classList.toggle('off', !on);
  button.firstChild.replaceWith(icon(on ? name : `${name}Off`));
  setText(button.lastChild, t(`call.${name}.${on ? 'on' : 'off'}`));
}

export const control = (name, picture, key, run, look = '') =>
  h('button', { type: 'button', class: `control ${look}`, 'data-control': name, onclick: run }, icon(picture),
    h('span', { 'data-t': key }));

function build(root, devices) {
  const microphone = control('microphone', 'microphone', 'call.microphone.on', () => devices.toggle('audio'));
  const camera = control('camera', 'camera', 'call.camera.on', () => devices.toggle('video'));
  const selfVideo = h('video', { autoplay: true, playsinline: true, muted: true });
  selfVideo.muted = true;
  const parts = {
    root,
    microphone,
    camera,
    count: null,
    controls: h('div', { class: 'controls', role: 'group', 'data-t-label': 'call.controls' }),
    turn: h('p', { class: 'call-turn', role: 'status', 'data-t': '', hidden: true }),
    turnButton: h('button', { type: 'button', class: 'control', 'data-control': 'turn', hidden: true }, icon('turn'),
      h('span', { 'data-t': 'turn.take' })),
    selfVideo,
    tiles: h('ul', { class: 'tiles', 'data-t-label': 'call.others' }),
    time: h('p', { class: 'call-time', role: 'timer' }, '00:00'),
    state: h('p', { class: 'call-state', role: 'status', hidden: true }),
    alone: h('p', { class: 'call-alone', 'data-t': 'call.alone', hidden: true }),
    notice: h('div', { class: 'card call-notice', hidden: true }),
    note: h('p', { class: 'call-note', role: 'status', hidden: true }),
    sound: h('button', { type: 'button', class: 'primary call-sound', 'data-t': 'call.sound', hidden: true }),
    self: h('figure', { class: 'self' }, selfVideo, h('figcaption', { 'data-t': 'call.you' })),
  };
  root.replaceChildren(
    h('header', { class: 'call-head' }, h('h1', { tabindex: '-1', 'data-t': 'call.title' }), parts.time),
    parts.state,
    parts.note,
    parts.turn,
    h('div', { class: 'stage' }, parts.tiles, parts.alone, parts.notice, parts.sound, parts.self),
    parts.controls,
  );
  return parts;
}

function fillControls(parts, { people, leave, leaveKey, aside, devices }) {
  const others = [parts.microphone, parts.camera, control('devices', 'settings', 'call.devices', () => chooseDevices(devices)), parts.turnButton];
  parts.count = people ? h('span', { class: 'count', 'aria-hidden': 'true' }) : null;
  if (people) {
    const list = control('people', 'people', 'call.people', () => people.show());
    list.append(parts.count);
    others.push(list, control('invite', 'invite', 'call.invite', () => people.invite()));
  }
  if (aside) others.push(aside);
  parts.controls.replaceChildren(...others, control('leave', 'leave', leaveKey, leave, 'leave'));
}
