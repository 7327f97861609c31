// A stand-in for the server's signalling, which introduces pages to each other as docs/signalling.md says: for what a real
// server can't be made to say at will. It carries no picture: that goes between the pages.

export class Exchange {
  #seats = new Map();
  #down = false;
  /** All that the pages said. */
  heard = [];

  /** Takes the page's signalling sockets. */
  async serve(page) {
    await page.routeWebSocket(/\/Signalling\//, (socket) => this.#connect(socket, page));
  }

  /** What a page is told besides; `to` is an identity. */
  say(to, message) {
    this.#seats.get(to).socket.send(JSON.stringify(message));
  }

  /** Changes what is known of a party, and tells the others. A later `devices` message of its page keeps the change. */
  change(identity, what) {
    const { party } = this.#seats.get(identity);
    Object.assign(party, what);
    this.#others(identity, { type: 'party', party });
  }

  /** Ends a page's part in it. */
  end(identity, reason, code) {
    this.say(identity, { type: 'end', reason, message: '', reconnect: false });
    close(this.#seats.get(identity).socket, { code, reason });
    this.#leave(identity);
  }

  /** All lines break, without a word, and none comes back before `up`. */
  down() {
    this.#down = true;
    for (const { socket } of this.#seats.values()) close(socket, { code: 1011 });
    this.#seats.clear();
  }

  up() {
    this.#down = false;
  }

  identities() {
    return [...this.#seats.keys()];
  }

  /** Who a page is. */
  of(page) {
    return this.identities().find((identity) => this.#seats.get(identity).page === page);
  }

  #connect(socket, page) {
    let own = null;
    if (this.#down) {
      close(socket, { code: 1013 });
      return;
    }
    socket.onMessage((text) => {
      const message = JSON.parse(text);
      this.heard.push({ from: own, ...message });
      // What was on its way when the line broke.
      if (own && this.#seats.get(own)?.socket !== socket) return;
      switch (message.type) {
        case 'hello':
          own = this.#hello(socket, message, page);
          break;
        case 'description':
        case 'candidate':
          this.#seats.get(message.link)?.socket.send(JSON.stringify({ ...message, link: own }));
          break;
        case 'devices':
          Object.assign(this.#seats.get(own).party, { microphone: message.microphone, camera: message.camera });
          this.#others(own, { type: 'party', party: this.#seats.get(own).party });
          break;
        case 'bye':
          this.#leave(own);
          break;
      }
    });
    socket.onClose(() => {
      if (this.#seats.get(own)?.socket === socket) this.#leave(own);
    });
  }

  #hello(socket, { account }, page) {
    const identity = account.split('.')[0];
    const kind = ['client', 'provider', 'guest'][Math.min(this.#seats.size, 2)];
    const party = { identity, kind, name: '', here: true, microphone: true, camera: true };
    this.#seats.set(identity, { socket, party, page });
    const parties = [...this.#seats.values()].map((seat) => seat.party);
    const welcome = { type: 'welcome', version: 1, conference: 1, you: identity, engine: 'mesh', resume: 1, resumed: false };
    socket.send(JSON.stringify({ ...welcome, heartbeat: 10, grace: 30, ice_servers: [], parties }));
    this.#others(identity, { type: 'party', party });
    for (const other of this.identities().filter((one) => one !== identity)) {
      this.say(other, { type: 'open', link: identity, party: identity, sends: true, offers: false });
      this.say(identity, { type: 'open', link: other, party: other, sends: true, offers: true });
    }
    return identity;
  }

  #leave(identity) {
    const seat = this.#seats.get(identity);
    if (!seat) return;
    this.#seats.delete(identity);
    this.#others(identity, { type: 'party', party: { ...seat.party, here: false } });
    this.#others(identity, { type: 'close', link: identity });
  }

  #others(but, message) {
    for (const identity of this.identities()) {
      if (identity !== but) this.say(identity, message);
    }
  }
}

/** The page may be gone already. */
function close(socket, how) {
  socket.close(how).catch(() => {});
}
