// When to look again. The server's stream of events says when something has changed; what it is now, the routes say. Without
// the stream (not there, cut off) it is looked at often, with it now and then: so nothing is ever missed, only late.
//
// A browser opens six connections to a server over HTTP/1.1. So the tabs of one user share one stream: the tab that holds the
// lock reads it and tells the others. Where there are no locks (plain http), hidden tabs have no stream and look now and then.

import { address } from './api.js';

const OFTEN = 1500;
const SELDOM = 10_000;
const SILENCE = 35_000;
const RETRY_FROM = 1000;
const RETRY_TO = 30_000;

export class Changes {
  #token;
  #look;
  #timer = 0;
  #looking = false;
  #again = false;
  #heardAt = -Infinity;
  #reads = false;
  #abort = new AbortController();
  #channel = null;
  #shown = () => {};

  /** `look` asks the routes; it is never run twice at a time. `user` names what tabs of the same user share. */
  constructor(token, look, user = token) {
    this.#token = token;
    this.#look = look;
    document.addEventListener('visibilitychange', this.#wake);
    window.addEventListener('online', this.#wake);
    this.now();
    this.#share(`trialogue.events.${user}`);
  }

  /** Something may have changed. */
  now() {
    if (this.#abort.signal.aborted) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#run();
  }

  stop() {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#shown();
    this.#channel?.close();
    document.removeEventListener('visibilitychange', this.#wake);
    window.removeEventListener('online', this.#wake);
  }

  /** Nothing is looked at any more; a look that is on its way may still end. */
  get stopped() {
    return this.#abort.signal.aborted;
  }

  #wake = () => {
    if (document.hidden) return;
    this.#shown();
    this.now();
  };

  get #streaming() {
    return performance.now() - this.#heardAt < SILENCE;
  }

  async #run() {
    clearTimeout(this.#timer);
    this.#looking = true;
    do {
      this.#again = false;
      try {
        await this.#look();
      } catch (error) {
        // A defect of the page: it is shown, and the page goes on looking.
        reportError(error);
      }
    } while (this.#again && !this.#abort.signal.aborted);
    this.#looking = false;
    if (this.#abort.signal.aborted) return;
    const seldom = this.#streaming || (document.hidden && !navigator.locks);
    this.#timer = setTimeout(() => this.now(), seldom ? SELDOM : OFTEN);
  }

  async #share(name) {
    const { signal } = this.#abort;
    if (!navigator.locks || !window.BroadcastChannel) {
      await this.#follow(() => document.hidden);
      return;
    }
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => {
      if (data === 'who' && this.#reads && this.#streaming) this.#channel.postMessage('heard');
      if (data === 'cut') this.#heardAt = -Infinity;
      if (data === 'heard' || data === 'change') this.#heardAt = performance.now();
      if (data === 'change' || data === 'cut') this.now();
    };
    this.#channel.postMessage('who');
    try {
      await navigator.locks.request(name, { signal }, async () => {
        this.#reads = true;
        await this.#follow(() => false);
        this.#reads = false;
      });
    } catch {
      // Stopped while it waited for the lock.
    }
  }

  #tell(word) {
    if (!this.#abort.signal.aborted) this.#channel?.postMessage(word);
  }

  /** Reads the stream, again and again; not while `rests()`. */
  async #follow(rests) {
    let wait = RETRY_FROM;
    let last = '';
    const { signal } = this.#abort;
    while (!signal.aborted) {
      while (rests() && !signal.aborted) await new Promise((resolve) => (this.#shown = resolve));
      // The server says something every 15 seconds.
      const cut = new AbortController();
      const give = () => cut.abort();
      const hide = () => rests() && give();
      let watch = setTimeout(give, SILENCE);
      signal.addEventListener('abort', give);
      document.addEventListener('visibilitychange', hide);
      const heard = (id, hasChanged) => {
        clearTimeout(watch);
        watch = setTimeout(give, SILENCE);
        this.#heardAt = performance.now();
        this.#tell(hasChanged ? 'change' : 'heard');
        if (hasChanged) this.now();
        last = id || last;
      };
      try {
        const headers = { WEYIToken: this.#token, Accept: 'text/event-stream' };
        if (last) headers['Last-Event-ID'] = last;
        const told = { headers, signal: cut.signal, cache: 'no-store', credentials: 'omit' };
        const response = await fetch(address('Events'), told);
        // The token opens nothing any more, or this server has no stream.
        if ([401, 403, 404, 405].includes(response.status)) return;
        if (response.ok) {
          wait = RETRY_FROM;
          heard('', false);
          await this.#read(response.body, heard);
        }
      } catch {
        // Cut off: tried again below.
      } finally {
        clearTimeout(watch);
        signal.removeEventListener('abort', give);
        document.removeEventListener('visibilitychange', hide);
      }
      if (this.#streaming) {
        this.#heardAt = -Infinity;
        this.#tell('cut');
        this.now();
      }
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
      wait = Math.min(wait * 2, RETRY_TO);
    }
  }

  /** Reads the stream to its end. */
  async #read(body, heard) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      const id = lines.findLast((line) => line.startsWith('id:'))?.slice(3).trim() ?? '';
      heard(id, lines.some((line) => line.startsWith('data:')));
    }
  }
}
