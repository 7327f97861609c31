// The own camera and microphone. Either may be missing, refused or taken: the call goes on with what there is.

import { openDialog } from './dialogs.js';
import { h, setText } from './dom.js';
import { t } from './i18n.js';
import { browser } from './storage.js';

const KEPT = { audio: 'trialogue.microphone', video: 'trialogue.camera' };
const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 24, max: 30 }, facingMode: 'user' },
};

/** Fires `change` when a track or a switch has changed. */
export class Devices extends EventTarget {
  /** What is sent; null for what there is not. */
  tracks = { audio: null, video: null };
  /** What the person wants to be on. */
  on = { audio: true, video: true };
  /** Why there is none: a key of a text, or empty. */
  trouble = { audio: '', video: '' };

  #starting = null;
  #onlySound = false;

  /** Asks for both, once; never fails. In a call without pictures the camera is off until somebody switches it on. */
  start(withPicture = true) {
    if (!withPicture && !this.#starting) {
      this.#onlySound = true;
      this.on.video = false;
    }
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start() {
    // Together, so that the browser asks once; then apart, so that one that is missing takes nothing from the other.
    const both = !this.#onlySound && (await this.#open(['audio', 'video']));
    if (!both) {
      await this.#open(['audio']);
      if (!this.#onlySound) await this.#open(['video']);
    }
    navigator.mediaDevices?.addEventListener('devicechange', () => this.#changed());
    this.#changed();
  }

  async #open(kinds) {
    try {
      if (!navigator.mediaDevices) throw new DOMException('', 'InsecureError');
      const wanted = {};
      for (const kind of kinds) {
        const kept = browser.get(KEPT[kind]);
        wanted[kind] = kept ? { ...WANTED[kind], deviceId: { ideal: kept } } : WANTED[kind];
      }
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      for (const track of stream.getTracks()) this.#take(track.kind, track);
      return true;
    } catch (error) {
      for (const kind of kinds) this.trouble[kind] = `devices.${reason(error)}.${kind}`;
      return false;
    }
  }

  #take(kind, track) {
    this.tracks[kind]?.stop();
    this.tracks[kind] = track;
    this.trouble[kind] = '';
    if (kind === 'audio') track.enabled = this.on.audio;
    track.addEventListener('ended', () => {
      if (this.tracks[kind] !== track) return;
      this.tracks[kind] = null;
      this.trouble[kind] = `devices.lost.${kind}`;
      this.#changed();
    });
  }

  /** Whether it is on and there. */
  is(kind) {
    return this.on[kind] && this.tracks[kind] !== null;
  }

  /** Silence keeps the microphone; a camera that is off is really off, its light too. */
  async toggle(kind) {
    this.on[kind] = !this.is(kind);
    if (kind === 'video' && !this.on.video) {
      this.tracks.video?.stop();
      this.tracks.video = null;
    }
    if (this.on[kind] && !this.tracks[kind]) await this.#open([kind]);
    if (this.tracks.audio) this.tracks.audio.enabled = this.on.audio;
    this.#changed();
  }

  async choose(kind, id) {
    browser.set(KEPT[kind], id);
    if (!this.on[kind]) return;
    // Some phones give no second camera while the first is open.
    if (kind === 'video') this.tracks.video?.stop();
    await this.#open([kind]);
    this.#changed();
  }

  stop() {
    for (const kind of ['audio', 'video']) {
      this.tracks[kind]?.stop();
      this.tracks[kind] = null;
    }
    this.#starting = null;
    if (this.#onlySound) this.on.video = true;
    this.#onlySound = false;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

function reason(error) {
  switch (error.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'InsecureError':
      return 'insecure';
    default:
      return 'busy';
  }
}

/** Shows the own picture in a `.preview` until the call begins. */
export function preview(root, devices) {
  const video = root.querySelector('video');
  const note = root.querySelector('.preview-note');
  const update = () => {
    const { video: track } = devices.tracks;
    if (video.srcObject?.getTracks()[0] !== track) video.srcObject = track ? new MediaStream([track]) : null;
    root.classList.toggle('empty', !track);
    setText(note, troubleText(devices) || (track ? '' : t('devices.off')));
    note.hidden = note.textContent === '';
  };
  devices.addEventListener('change', update);
  update();
}

/** What is wrong with the devices, in one sentence. */
export function troubleText(devices) {
  const { audio, video } = devices.trouble;
  if (audio && video) return t(audio.replace('.audio', '.both'));
  return audio || video ? t(audio || video) : '';
}

/** The dialog to choose devices. */
export async function chooseDevices(devices) {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const field = (kind, wanted) => {
    const choices = all.filter((device) => device.kind === wanted && device.deviceId);
    const used = devices.tracks[kind]?.getSettings().deviceId;
    const select = h('select', { id: `choose-${kind}` });
    for (const [index, device] of choices.entries()) {
      const name = device.label || t('devices.number', { number: index + 1 });
      select.append(new Option(name, device.deviceId, false, device.deviceId === used));
    }
    if (choices.length === 0) {
      select.append(new Option(t(`devices.none.${kind}`)));
      select.disabled = true;
    }
    select.addEventListener('change', () => devices.choose(kind, select.value));
    return h('p', { class: 'field' }, h('label', { for: select.id }, t(`devices.${kind}`)), select);
  };
  const trouble = troubleText(devices);
  await openDialog({
    id: 'devices-dialog',
    title: t('devices.title'),
    content: [
      trouble ? h('p', { class: 'note' }, trouble) : null,
      field('audio', 'audioinput'),
      field('video', 'videoinput'),
    ],
    buttons: [{ text: t('close'), value: '', class: 'primary' }],
  });
}
