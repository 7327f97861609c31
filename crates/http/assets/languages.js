// The languages that can be asked for, by their names in the language of the page.

import { ask } from './api.js';
import { current } from './i18n.js';

let known = null;

/** Loads the table, once. */
export async function languages() {
  known ??= (await ask('Languages', { method: 'GET' })).data;
  return known
    .map((row) => ({ id: row.LanguageId, name: name(row.Code, row.Name) }))
    .sort((a, b) => a.name.localeCompare(b.name, current()));
}

/** The name of a language; `inEnglish` is the server's own. */
export function languageName(id, inEnglish) {
  const row = known?.find((candidate) => candidate.LanguageId === id);
  return row ? name(row.Code, row.Name) : (inEnglish ?? '');
}

function name(code, inEnglish) {
  try {
    const names = new Intl.DisplayNames([current()], { type: 'language', fallback: 'none' });
    const found = names.of(code);
    return found ? found[0].toLocaleUpperCase(current()) + found.slice(1) : inEnglish;
  } catch {
    return inEnglish;
  }
}
