// The login of a page's user: where it is kept, how it ends, and what the first page says of that.

import { ApiError, post, session } from './api.js';
import { tab, takeFragment } from './storage.js';
import { unsent } from './unsent.js';

const ENDED = 'trialogue.ended';
const ROLE = 'trialogue.role';

/** Roles with their log-in routes and pages. */
export const ROLES = {
  client: { side: 'Client', login: 'Client/Login/1', page: './client' },
  provider: { side: 'Provider', login: 'Provider/Login/1', page: './interpreter' },
};

/** Keeps a login and gives the address of its page. Where the browser keeps nothing, the token goes along in the fragment. */
export function begin(role, { Token, Id }) {
  tab.set(ROLE, role);
  const user = Id ? `${role}.${Id}` : Token;
  const isKept = session.set(role, Token) && tab.set(userKey(role), user);
  return isKept ? ROLES[role].page : `${ROLES[role].page}#${encodeURIComponent(Token)}`;
}

const userKey = (role) => `trialogue.${role}.user`;

/** The token of this page's login; without one, the first page is shown. */
export function resume(role) {
  const given = takeFragment();
  if (given) session.set(role, given);
  const token = session.get(role);
  if (!token) location.replace('./');
  return { token, user: tab.get(userKey(role)) ?? token };
}

/** The role that is logged in in this tab, or null. */
export function loggedIn() {
  const last = tab.get(ROLE);
  return [last, ...Object.keys(ROLES)].find((role) => role && session.get(role)) ?? null;
}

/** The server does not take the token any more: the first page says so and leads back here. */
export function expire(role, error) {
  forget(role, error.code === 'token_expired' ? 'token_expired' : 'invalid_token');
}

/** Logs out; `cancels`: a waiting request is cancelled by it. If the server does not answer, it is told later. */
export async function logOut(role, { cancels }) {
  const path = `${ROLES[role].side}/Logout`;
  const token = session.get(role);
  try {
    await post(path, token);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.isTemporary) unsent.send({ path, token });
  }
  forget(role, cancels ? 'cancelled' : 'out');
}

function forget(role, why) {
  session.forget(role);
  tab.set(ENDED, why);
  location.replace('./');
}

/** Why the last login ended and of which role it was, told once. */
export function lastEnd() {
  const why = tab.get(ENDED);
  tab.remove(ENDED);
  return { why, role: tab.get(ROLE) };
}
