// The peer connections, kept as the server says. What is at the other end, another browser or a media engine, need not be known.

const KINDS = ['audio', 'video'];

/** A link that failed gets so long to mend itself before all begins anew. */
const MEND_PATIENCE = 8000;

/**
 * `handlers.send(message)` speaks to the server; `handlers.stream(link, party, stream)` and `handlers.state(link, party, state)`
 * tell of a link; `handlers.broken()` says that a link did not come back, `handlers.impossible()` that this browser makes none.
 */
export class Links {
  #links = new Map();
  #devices;
  #handlers;
  #servers = [];

  constructor(devices, handlers) {
    this.#devices = devices;
    this.#handlers = handlers;
    devices.addEventListener('change', this.#retrack);
  }

  /** For the links that are opened from now on. */
  useServers(servers) {
    this.#servers = servers ?? [];
  }

  /** What the server says of links; others' words are not for here. */
  hear(message) {
    switch (message.type) {
      case 'open':
        this.#open(message);
        break;
      case 'description':
        this.#of(message.link)?.describe(message.description);
        break;
      case 'candidate':
        this.#of(message.link)?.candidate(message.candidate);
        break;
      case 'close':
        this.#close(message.link);
        break;
    }
  }

  closeAll() {
    for (const name of [...this.#links.keys()]) this.#close(name);
  }

  stop() {
    this.#devices.removeEventListener('change', this.#retrack);
    this.closeAll();
  }

  /** Whether all are connected: what was said of one that is not may have been lost with the socket. */
  whole() {
    return this.connections().every(({ connectionState }) => connectionState === 'connected');
  }

  /** The connections, for whoever measures them. */
  connections() {
    return [...this.#links.values()].map((link) => link.connection);
  }

  #of(name) {
    return this.#links.get(name);
  }

  #open(told) {
    this.#close(told.link);
    try {
      this.#links.set(told.link, new Link(told, this.#servers, this.#devices, this.#handlers));
    } catch (error) {
      console.warn('no peer connection', error.name);
      this.#handlers.impossible();
    }
  }

  #close(name) {
    const link = this.#links.get(name);
    this.#links.delete(name);
    link?.close();
  }

  #retrack = () => {
    for (const link of this.#links.values()) link.retrack();
  };
}

class Link {
  #told;
  #devices;
  #handlers;
  #stream = new MediaStream();
  #waiting = [];
  #described = false;
  #mending = 0;
  #steps = Promise.resolve();

  constructor(told, iceServers, devices, handlers) {
    this.#told = told;
    this.#devices = devices;
    this.#handlers = handlers;
    this.connection = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' });
    this.connection.addEventListener('icecandidate', ({ candidate }) => {
      handlers.send({ type: 'candidate', link: told.link, candidate: candidate?.candidate ? candidate : null });
    });
    this.connection.addEventListener('track', ({ track }) => {
      this.#stream.addTrack(track);
      if (told.party) handlers.stream(told.link, told.party, this.#stream);
    });
    this.connection.addEventListener('connectionstatechange', () => this.#moved());
    if (told.offers) {
      for (const kind of KINDS) this.connection.addTransceiver(kind, { direction: this.#direction });
      this.retrack();
      this.#then(() => this.#offer());
    }
  }

  get #direction() {
    const { sends, party } = this.#told;
    if (sends && party) return 'sendrecv';
    return sends ? 'sendonly' : 'recvonly';
  }

  /** Sends what is there now: switching a device is no news to the other end. */
  retrack() {
    if (!this.#told.sends) return;
    for (const { sender, receiver } of this.connection.getTransceivers()) {
      const track = this.#devices.tracks[receiver.track.kind];
      if (sender.track !== track) sender.replaceTrack(track).catch(() => {});
    }
  }

  describe(description) {
    this.#then(async () => {
      await this.connection.setRemoteDescription(description);
      this.#described = true;
      for (const candidate of this.#waiting.splice(0)) await this.connection.addIceCandidate(candidate);
      if (description.type !== 'offer') return;
      for (const transceiver of this.connection.getTransceivers()) {
        if (this.#told.sends) transceiver.direction = this.#direction;
      }
      this.retrack();
      await this.connection.setLocalDescription();
      this.#describeSelf();
    });
  }

  candidate(candidate) {
    this.#then(async () => {
      if (!candidate) return;
      if (this.#described) await this.connection.addIceCandidate(candidate);
      else this.#waiting.push(candidate);
    });
  }

  close() {
    clearTimeout(this.#mending);
    // Its own end makes no event: say it.
    this.connection.close();
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.#told.party) this.#handlers.state(this.#told.link, this.#told.party, 'closed');
  }

  async #offer() {
    await this.connection.setLocalDescription();
    this.#describeSelf();
  }

  #describeSelf() {
    const { type, sdp } = this.connection.localDescription;
    this.#handlers.send({ type: 'description', link: this.#told.link, description: { type, sdp } });
  }

  /** One step after another; a step that fails leaves a link that does not connect, which is noticed below. */
  #then(step) {
    this.#steps = this.#steps.then(step).catch((error) => {
      if (this.connection.signalingState === 'closed') return;
      console.warn('a link step failed', error.name);
      this.#mend();
    });
  }

  #moved() {
    const state = this.connection.connectionState;
    if (this.#told.party) this.#handlers.state(this.#told.link, this.#told.party, state);
    if (state === 'connected') {
      clearTimeout(this.#mending);
      this.#mending = 0;
    }
    if (state === 'failed') {
      if (this.#told.offers && !this.#mending) {
        this.connection.restartIce();
        this.#then(() => this.#offer());
      }
      this.#mend();
    }
  }

  #mend() {
    if (this.#mending) return;
    this.#mending = setTimeout(() => {
      if (this.connection.signalingState !== 'closed') this.#handlers.broken();
    }, MEND_PATIENCE);
  }
}
