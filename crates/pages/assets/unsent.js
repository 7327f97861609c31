// Hang-ups that the server has not confirmed. The page ends its part at once and sends them later: again and again, and after
// a reload.

import { post } from './api.js';
import { tab } from './storage.js';

const KEPT = 'trialogue.unsent';
const RETRY_FROM = 1000;
const RETRY_TO = 15_000;

let sending = null;

function read() {
  try {
    return JSON.parse(tab.get(KEPT)) ?? [];
  } catch {
    return [];
  }
}

function write(list) {
  if (list.length > 0) tab.set(KEPT, JSON.stringify(list));
  else tab.remove(KEPT);
}

export const unsent = {
  /** Whether a hang-up with this token has not been confirmed. */
  has: (token) => read().some((one) => one.token === token),

  /**
   * Sends `{path, token, body}`; ends when the server has answered, whatever it answers. With `request` and `status`, the route
   * that tells of the request, it is sent only while that request, and the own `participant` in it if one is named, is the
   * current one: a late hang-up must not end the next call.
   */
  send(message) {
    write([...read(), message]);
    return unsent.flush();
  },

  /** Sends what is left of the page before. */
  flush() {
    sending ??= deliver().finally(() => (sending = null));
    return sending;
  },
};

function isCurrent({ request, participant }, told) {
  const own = told.RequestConferenceSessionVideoParticipantId;
  return told.RequestId === request && (participant === undefined || own === participant);
}

async function deliver() {
  let wait = RETRY_FROM;
  while (read().length > 0) {
    const [first] = read();
    try {
      const { status, path, token, body } = first;
      if (!status || isCurrent(first, await post(status, token))) await post(path, token, body);
    } catch (error) {
      if (error.isTemporary) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        wait = Math.min(wait * 2, RETRY_TO);
        continue;
      }
      // Refused: there is nothing left to end.
    }
    write(read().slice(1));
    wait = RETRY_FROM;
  }
}
