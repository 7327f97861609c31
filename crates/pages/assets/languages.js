// The languages that can be asked for, by their names in the language of the page.

import { ask } from './api.js';
import { current } from './i18n.js';

let known = null;

/** Loads the table, once. */
export async function languages() {
  known ??= (await ask('Languages', { method: 'GET' })).data;
  return known
    .map((row) => ({ id: row.LanguageId, name: capital(name(row.Code, row.Name)) }))
    .sort((a, b) => a.name.localeCompare(b.name, current()));
}

/** The name of a language, as it stands in a sentence; `inEnglish` is the server's own. */
export function languageName(id, inEnglish) {
  const row = known?.find((candidate) => candidate.LanguageId === id);
  return row ? name(row.Code, row.Name) : (inEnglish ?? '');
}

function name(code, inEnglish) {
  try {
    const names = new Intl.DisplayNames([current()], { type: 'language', fallback: 'none' });
    return names.of(code) ?? inEnglish;
  } catch {
    return inEnglish;
  }
}

function capital(text) {
  return text[0].toLocaleUpperCase(current()) + text.slice(1);
}
