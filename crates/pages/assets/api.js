// The JSON routes of the server (docs/wire.md).

import { tab } from './storage.js';

/** Where the API is: the server writes it into every page. */
const base = new URL(
  document.querySelector('meta[name="trialogue-base"]').content.replace(/\/*$/, '/').replace(/^\/+/, './'),
  document.baseURI,
);

/** What the server answered when it did not do it; `code` is that of docs/errors.md, or `offline` if nobody answered. */
export class ApiError extends Error {
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** The token opens nothing any more. */
  get isOut() {
    return this.status === 401;
  }

  /** Nobody answered, or the server cannot serve now: the same may be asked again. */
  get isTemporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const PATIENCE = 20_000;

/** The address of a route; `socket` makes it one for a WebSocket. */
export function address(path, { socket = false } = {}) {
  const url = new URL(path, base);
  if (socket) url.protocol = url.protocol.replace('http', 'ws');
  return url;
}

/** Asks, and gives back the answer with its body read. */
export async function ask(path, { token = '', body, method = 'POST', headers = {} } = {}) {
  const given = { Accept: 'application/json', ...headers };
  if (token) given.WEYIToken = token;
  if (body !== undefined) given['Content-Type'] = 'application/json';
  let response;
  let text;
  try {
    response = await fetch(address(path), {
      method,
      headers: given,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout?.(PATIENCE),
    });
    text = await response.text();
  } catch (error) {
    throw new ApiError(0, 'offline', String(error));
  }
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    // Whatever stands between us and the server answers in its own words.
    if (response.ok) throw new ApiError(0, 'offline', 'the answer is no JSON');
  }
  if (!response.ok) {
    const code = response.headers.get('X-Error-Code') ?? 'offline';
    throw new ApiError(response.status, code, data?.Message ?? '', Number(response.headers.get('Retry-After') ?? 0));
  }
  return { data, response };
}

/** POST, and the answer's value. */
export async function post(path, token, body) {
  return (await ask(path, { token, body })).data;
}

/** Where the login is kept: in this tab, until it is closed. */
export const session = {
  get: (role) => tab.get(`trialogue.${role}`),
  set: (role, token) => tab.set(`trialogue.${role}`, token),
  forget: (role) => tab.remove(`trialogue.${role}`),
};

/** A key for `Idempotency-Key`. (`crypto.randomUUID` is there on secure pages only.) */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Kinds of participants. */
export const KIND = { client: 1, provider: 2, guest: 3, second_interpreter: 4 };

/** States of participants. */
export const STATE = { informed: 1, confirmed: 2, routed: 3, connected: 4, disconnected: 5, finished: 6 };

/** The state of the client or the interpreter, as a request's status tells it; undefined if it has not been in the call. */
export function stateOf(status, kind) {
  const isOfKind = (one) => one.RequestConferenceSessionVideoTypeCodeId === kind;
  return status.participantList.find(isOfKind)?.RequestConferenceSessionVideoStatusCodeId;
}

/** States of requests. */
export const REQUEST = { searching: 1, inService: 2, serviced: 3, cancelled: 4, accepted: 5, nobody: 9 };

/** Of the video options, the one without pictures. */
export const SOUND_ONLY = 2;
