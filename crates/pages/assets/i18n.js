// The texts: one table a language, the same keys in each (a test compares them). Another language is another table here.

import en from './i18n/en.js';
import es from './i18n/es.js';
import { browser } from './storage.js';

export const tables = { en, es };

const KEPT = 'trialogue.language';
const listeners = new Set();
let language = choose();

function choose() {
  const wanted = [browser.get(KEPT), ...(navigator.languages ?? [])];
  const found = wanted.filter(Boolean).map((tag) => tag.slice(0, 2).toLowerCase());
  return found.find((tag) => tag in tables) ?? 'en';
}

export const current = () => language;

/** The text of a key, with `{names}` filled in, each isolated. */
export function t(key, values = {}) {
  const text = tables[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => isolated(String(values[name] ?? '')));
}

const DIRECTION_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The blocks that Unicode keeps for scripts written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A value that does not change the direction of the sentence around it. */
function isolated(value) {
  const plain = value.replace(DIRECTION_CONTROLS, '');
  return RIGHT_TO_LEFT.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** Runs whenever the language is switched, until what is given back is called. */
export function onLanguage(run) {
  listeners.add(run);
  return () => listeners.delete(run);
}

/** Fills `data-t` (text), `data-t-label` (aria-label) and `data-t-hint` (placeholder) below an element. */
export function translate(root = document) {
  for (const element of root.querySelectorAll('[data-t]')) {
    if (element.dataset.t) element.textContent = t(element.dataset.t);
  }
  for (const element of root.querySelectorAll('[data-t-label]')) {
    element.setAttribute('aria-label', t(element.dataset.tLabel));
  }
  for (const element of root.querySelectorAll('[data-t-hint]')) {
    element.placeholder = t(element.dataset.tHint);
  }
}

/** Puts the page into its language, and makes the switch in its header work. */
export function start() {
  const select = document.querySelector('#language');
  for (const [tag, table] of Object.entries(tables)) {
    const option = new Option(table['language.name'], tag, false, tag === language);
    option.lang = tag;
    select.append(option);
  }
  const apply = () => {
    document.documentElement.lang = language;
    translate();
    for (const run of listeners) run();
  };
  select.addEventListener('change', () => {
    language = select.value;
    browser.set(KEPT, language);
    apply();
  });
  apply();
}
