// The sound of an offer: two soft tones every three seconds, made here; no file is loaded.

const EVERY = 3000;
const TONES = [
  [0, 523.25],
  [0.22, 659.25],
];

export class Ringing {
  #context = null;
  #timer = 0;

  /** Sound may begin only after a press: call it from one. */
  allow() {
    try {
      this.#context ??= new AudioContext();
      this.#context.resume().catch(() => {});
    } catch {
      // No sound here: the offer is still shown.
    }
  }

  start() {
    if (this.#timer || !this.#context) return;
    this.#ring();
    this.#timer = setInterval(() => this.#ring(), EVERY);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  #ring() {
    const { currentTime } = this.#context;
    for (const [delay, frequency] of TONES) {
      const begin = currentTime + delay;
      const tone = new OscillatorNode(this.#context, { frequency });
      const volume = new GainNode(this.#context, { gain: 0 });
      volume.gain.setTargetAtTime(0.12, begin, 0.02);
      volume.gain.setTargetAtTime(0, begin + 0.25, 0.12);
      tone.connect(volume).connect(this.#context.destination);
      tone.start(begin);
      tone.stop(begin + 1);
    }
  }
}
