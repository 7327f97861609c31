// Dialogs are the browser's own: they keep the focus inside, close on Escape, and give the focus back. Each is made when it
// is opened and gone when it is closed.

import { h } from './dom.js';

/**
 * Opens one; the value of the button it was closed with, empty for Escape and a press beside it.
 * A button with `form: true` submits the dialog's form, which `submit(form, dialog)` handles; else it closes.
 */
export function openDialog({ id, title, content, buttons, submit }) {
  const heading = h('h2', { id: `${id}-title` }, title);
  const close = (value) => () => dialog.close(value);
  const row = h(
    'div',
    { class: 'buttons' },
    ...buttons.map(({ text, value, class: look, form }) =>
      h('button', { type: form ? 'submit' : 'button', class: look ?? '', onclick: form ? null : close(value) }, text),
    ),
  );
  const inner = submit ? 'form' : 'div';
  const body = h(inner, { class: 'dialog-body', novalidate: true }, heading, ...content, row);
  const dialog = h('dialog', { id, 'aria-labelledby': heading.id }, body);
  if (submit) {
    body.addEventListener('submit', (event) => {
      event.preventDefault();
      submit(body, dialog);
    });
  }
  dialog.addEventListener('pointerdown', (event) => {
    if (event.target === dialog) dialog.close('');
  });
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/** Asks for a yes. */
export async function confirm({ id, title, text, yes, no, danger = false }) {
  const chosen = await openDialog({
    id,
    title,
    content: [h('p', {}, text)],
    buttons: [
      { text: no, value: '' },
      { text: yes, value: 'yes', class: danger ? 'danger' : 'primary' },
    ],
  });
  return chosen === 'yes';
}

/** Closes what is open: the call is over, or somebody else decided. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close('');
}
