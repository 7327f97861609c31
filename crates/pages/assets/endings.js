// How a call can end, for each page: every ending has a title and a text of its own (i18n/, `closed.*`, `outcome.*`,
// `task.outcome.*`). A test compares these lists with the server's and with the texts.

import { REQUEST } from './api.js';

/** How a guest's part can end: the reasons of docs/signalling.md that do not reconnect, and what the page itself knows. */
export const GUEST_ENDINGS = ['kicked', 'finished', 'expired', 'lost', 'left', 'refused', 'protocol', 'declined', 'invalid', 'missing'];

/** How a request can end. */
export const REQUEST_ENDINGS = [REQUEST.serviced, REQUEST.cancelled, REQUEST.nobody];

/** A guest's ending as its texts name it. */
export const guestEnding = (reason) => (GUEST_ENDINGS.includes(reason) ? reason : 'invalid');
