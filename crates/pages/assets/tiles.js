// The pictures of the others, each with name, role and how well it is connected.

import { h, icon, setText } from './dom.js';
import { t } from './i18n.js';

/** How long a picture may be missing before the tile says what to do, in milliseconds. */
const SLOW = 20_000;

export class Tiles {
  #list;
  #tiles = new Map();
  #onBlocked;

  /** `onBlocked(play)`: the browser lets nothing sound before a press; `play` is to be called from one. */
  constructor(list, onBlocked) {
    this.#list = list;
    this.#onBlocked = onBlocked;
  }

  /** Who is in, himself left out. */
  set(parties) {
    const wanted = new Set(parties.map((party) => party.identity));
    for (const identity of [...this.#tiles.keys()]) {
      if (!wanted.has(identity)) this.remove(identity);
    }
    for (const party of parties) this.update(party);
  }

  /** Who is only invited takes no room from those who are here. */
  update(party) {
    if (!party.here && !this.#tiles.has(party.identity)) return;
    const tile = this.#tiles.get(party.identity) ?? this.#make(party.identity);
    tile.party = party;
    this.#draw(tile);
  }

  remove(identity) {
    this.#tiles.get(identity)?.element.remove();
    this.#tiles.delete(identity);
    this.#count();
  }

  /** The picture may come before the news that the party is here. */
  stream(identity, party, stream) {
    const tile = this.#tiles.get(identity) ?? this.#make(identity);
    tile.party ??= party;
    this.#draw(tile);
    if (tile.video.srcObject !== stream) tile.video.srcObject = stream;
    const play = () => tile.video.play();
    play().catch((error) => {
      if (error.name === 'NotAllowedError') this.#onBlocked(play);
    });
  }

  state(identity, state) {
    const tile = this.#tiles.get(identity);
    if (!tile) return;
    tile.link = state;
    tile.since = performance.now();
    if (state === 'closed') tile.video.srcObject = null;
    this.#draw(tile);
  }

  get size() {
    return this.#tiles.size;
  }

  clear() {
    this.set([]);
  }

  redraw() {
    for (const tile of this.#tiles.values()) this.#draw(tile);
  }

  #make(identity) {
    const video = h('video', { autoplay: true, playsinline: true });
    const tile = {
      video,
      initials: h('span', { class: 'initials', 'aria-hidden': 'true' }),
      name: h('bdi', { class: 'tile-name' }),
      role: h('span', { class: 'tile-role' }),
      muted: h('span', { class: 'tile-muted' }, icon('microphoneOff'), h('span', { class: 'hidden-text' })),
      status: h('p', { class: 'tile-status' }),
      party: null,
      link: 'new',
      since: performance.now(),
    };
    const caption = h('p', { class: 'tile-caption' }, tile.name, tile.role, tile.muted);
    tile.element = h('li', { class: 'tile', 'data-identity': identity }, video, tile.initials, tile.status, caption);
    this.#tiles.set(identity, tile);
    this.#list.append(tile.element);
    this.#count();
    return tile;
  }

  #count() {
    this.#list.dataset.count = String(this.#tiles.size);
  }

  #draw(tile) {
    const { party } = tile;
    if (!party) return;
    const role = t(`role.${party.kind}`);
    const name = party.name || role;
    setText(tile.name, name);
    setText(tile.role, party.name ? role : '');
    setText(tile.initials, initials(name));
    setText(tile.muted.lastChild, t('call.muted'));
    tile.muted.hidden = party.microphone;
    // Whose line to the server is lost may be seen and heard still.
    const connected = tile.link === 'connected';
    const state = connected ? 'connected' : waiting(tile);
    setText(tile.status, connected ? '' : t(`tile.${state}`));
    tile.element.dataset.state = state;
    tile.element.classList.toggle('dark', !connected || !party.camera);
  }
}

function waiting({ party, link, since }) {
  if (link !== 'connected' && party.here && performance.now() - since > SLOW) return 'slow';
  return !party.here || link === 'disconnected' || link === 'failed' ? 'lost' : 'connecting';
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  return words.slice(0, 2).map((word) => [...word][0] ?? '').join('').toLocaleUpperCase();
}
