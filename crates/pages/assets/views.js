// What a page shows: one of its sections at a time.

import { closeDialogs } from './dialogs.js';
import { byId, setText } from './dom.js';
import { onLanguage, t } from './i18n.js';

let shown = null;
let late = 0;

/** Shows one section; its `data-late` line appears when the section has lasted that many seconds. Takes the focus to its heading, and names it in the title. */
export function show(name) {
  if (shown === name) return;
  shown = name;
  // A question about what was shown before is void.
  closeDialogs();
  for (const section of document.querySelectorAll('[data-view]')) {
    section.hidden = section.dataset.view !== name;
  }
  document.body.dataset.shown = name;
  retitle();
  clearTimeout(late);
  for (const line of document.querySelectorAll('[data-late]')) line.hidden = true;
  const line = document.querySelector(`[data-view="${name}"] [data-late]`);
  if (line) late = setTimeout(() => (line.hidden = false), Number(line.dataset.late) * 1000);
  const heading = document.querySelector(`[data-view="${name}"] h1`);
  heading?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

export const showing = () => shown;

function retitle() {
  const heading = document.querySelector(`[data-view="${shown}"] h1`);
  const text = heading?.textContent;
  document.title = text ? `${text} · Trialogue` : 'Trialogue';
}

onLanguage(retitle);

/** Says it to who can't see it. */
export function announce(text) {
  setText(byId('announcer'), text);
}

/** A line at the top while something is wrong; none takes it away. */
export function banner(key) {
  const line = byId('banner');
  line.hidden = !key;
  line.dataset.t = key ?? '';
  setText(line, key ? t(key) : '');
}

/** Shows an error beside a form; none takes it away. */
export function complain(element, text) {
  element.hidden = !text;
  setText(element, text ?? '');
}
