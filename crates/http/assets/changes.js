// When to look again. The server's stream of events says when something has changed; what it is now, the routes say. Without
// the stream (not there, cut off) it is looked at often, with it now and then: so nothing is ever missed, only late.

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
  #streaming = false;
  #abort = new AbortController();

  /** `look` asks the routes; it is never run twice at a time. */
  constructor(token, look) {
    this.#token = token;
    this.#look = look;
    document.addEventListener('visibilitychange', this.#wake);
    window.addEventListener('online', this.#wake);
    this.now();
    this.#follow();
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
    document.removeEventListener('visibilitychange', this.#wake);
    window.removeEventListener('online', this.#wake);
  }

  #wake = () => {
    if (!document.hidden) this.now();
  };

  async #run() {
    clearTimeout(this.#timer);
    this.#looking = true;
    do {
      this.#again = false;
      await this.#look();
    } while (this.#again && !this.#abort.signal.aborted);
    this.#looking = false;
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => this.now(), this.#streaming ? SELDOM : OFTEN);
  }

  async #follow() {
    let wait = RETRY_FROM;
    let last = '';
    const { signal } = this.#abort;
    while (!signal.aborted) {
      // The server says something every 15 seconds.
      const silence = new AbortController();
      let watch = setTimeout(() => silence.abort(), SILENCE);
      const heard = (id) => {
        clearTimeout(watch);
        watch = setTimeout(() => silence.abort(), SILENCE);
        last = id || last;
      };
      try {
        const headers = { WEYIToken: this.#token, Accept: 'text/event-stream' };
        if (last) headers['Last-Event-ID'] = last;
        const either = AbortSignal.any([signal, silence.signal]);
        const told = { headers, signal: either, cache: 'no-store', credentials: 'omit' };
        const response = await fetch(address('Events'), told);
        // The token opens nothing any more, or this server has no stream.
        if ([401, 403, 404, 405].includes(response.status)) return;
        if (response.ok) {
          this.#streaming = true;
          wait = RETRY_FROM;
          await this.#read(response.body, heard);
        }
      } catch {
        // Cut off: tried again below.
      } finally {
        clearTimeout(watch);
      }
      if (this.#streaming) {
        this.#streaming = false;
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
      let id = '';
      for (const line of lines) {
        if (line.startsWith('id:')) id = line.slice(3).trim();
        if (line.startsWith('data:')) this.now();
      }
      heard(id);
    }
  }
}
