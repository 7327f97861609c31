// The signalling protocol, version 1 (docs/signalling.md): one WebSocket, which comes back by itself.

import { address } from './api.js';

const VERSION = 1;
const BACK_OFF = [250, 500, 1000, 2000, 4000];
const CONNECT_PATIENCE = 10_000;

/** The close codes say the same as the last message, should that be lost. */
const ENDS = {
  4001: 'kicked',
  4002: 'finished',
  4003: 'expired',
  4004: 'replaced',
  4005: 'refused',
  4006: 'protocol',
  4009: 'lost',
  4010: 'left',
};

/** Null for what is no message: something between us and the server has changed it. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * `handlers.message(message)` gets what the server says; `handlers.state(state)` gets `connecting`, `open`, `lost`;
 * `handlers.end(reason)` comes once, when there is no way back. `handlers.whole()` says whether all links are connected, so that they
 * can be kept over a lost socket.
 */
export class Signalling {
  #conference;
  #account;
  #handlers;
  #socket = null;
  #resume = null;
  #attempt = 0;
  #timer = 0;
  #watch = 0;
  #heartbeat = CONNECT_PATIENCE / 2;
  #over = false;
  #wasOpen = false;

  constructor(conference, account, handlers) {
    this.#conference = conference;
    this.#account = account;
    this.#handlers = handlers;
    window.addEventListener('online', this.#hurry);
    this.#connect();
  }

  /** False if there is no socket at the moment: what is said is lost. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Begins again with new links: these do not come back. */
  restart() {
    this.#resume = null;
    this.#attempt = 0;
    this.#drop();
  }

  /** Hangs up. */
  stop() {
    if (this.#over) return;
    this.send({ type: 'bye' });
    this.#finish();
  }

  #connect() {
    this.#handlers.state(this.#wasOpen ? 'lost' : 'connecting');
    let socket;
    try {
      socket = new WebSocket(address(`Signalling/${this.#conference}`, { socket: true }));
    } catch {
      this.#closed(0);
      return;
    }
    this.#socket = socket;
    socket.addEventListener('open', () => {
      const hello = { type: 'hello', version: VERSION, account: this.#account };
      if (this.#resume !== null && this.#handlers.whole()) hello.resume = this.#resume;
      this.send(hello);
    });
    socket.addEventListener('message', (event) => {
      const message = socket === this.#socket && parsed(event.data);
      if (message) this.#hear(message);
    });
    socket.addEventListener('close', (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    });
    this.#listen();
  }

  #hear(message) {
    this.#listen();
    switch (message.type) {
      case 'ping':
        this.send({ type: 'pong' });
        return;
      case 'welcome':
        this.#attempt = 0;
        this.#wasOpen = true;
        this.#resume = message.resume;
        this.#heartbeat = message.heartbeat * 1000;
        this.#handlers.message(message);
        this.#handlers.state('open');
        return;
      case 'end':
        if (!message.reconnect) this.#end(message.reason);
        return;
      default:
        this.#handlers.message(message);
    }
  }

  /** Who hears nothing for two heartbeats connects again. */
  #listen() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#drop(), this.#heartbeat * 2);
  }

  /** Leaves a socket that may be dead without waiting for its end. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#closed(0);
  }

  #closed(code) {
    clearTimeout(this.#watch);
    this.#socket = null;
    if (this.#over) return;
    if (ENDS[code]) {
      this.#end(ENDS[code]);
      return;
    }
    this.#handlers.state(this.#wasOpen ? 'lost' : 'connecting');
    const wait = BACK_OFF[Math.min(this.#attempt, BACK_OFF.length - 1)];
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), wait * (0.5 + Math.random() / 2));
  }

  #hurry = () => {
    if (this.#over || this.#socket) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#connect();
  };

  #end(reason) {
    if (this.#over) return;
    this.#finish();
    this.#handlers.end(reason);
  }

  #finish() {
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    window.removeEventListener('online', this.#hurry);
    this.#socket?.close();
    this.#socket = null;
  }
}
