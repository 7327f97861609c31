// The first page: choose a role and log in.

import { post } from './api.js';
import { byId } from './dom.js';
import { onLanguage, start, t } from './i18n.js';
import { ROLES, begin, lastEnd, loggedIn } from './login.js';
import { problem } from './people.js';
import { unsent } from './unsent.js';
import { complain, show } from './views.js';

// Somebody who is logged in is shown its page, by *Back* too.
const already = loggedIn();
if (already) location.replace(ROLES[already].page);
window.addEventListener('pageshow', (event) => {
  const role = event.persisted && loggedIn();
  if (role) location.replace(ROLES[role].page);
});

start();
show('entry');

const form = byId('login');
const trouble = byId('login-error');

const ended = lastEnd();
if (ended.role) form.elements.role.value = ended.role;
const endText = () => complain(byId('ended'), ended.why ? t(`entry.ended.${ended.why}`) : '');
onLanguage(endText);
endText();
unsent.flush();

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { email, password, role } = form.elements;
  const missing = [email, password].find((field) => !field.checkValidity());
  if (missing) {
    complain(trouble, t(missing === email ? 'entry.email.missing' : 'entry.password.missing'));
    missing.focus();
    return;
  }
  complain(trouble, '');
  const button = form.querySelector('[type=submit]');
  button.disabled = true;
  try {
    const given = { Email: email.value, Password: password.value };
    location.assign(begin(role.value, await post(ROLES[role.value].login, '', given)));
  } catch (error) {
    complain(trouble, problem(error));
    password.select();
  } finally {
    button.disabled = false;
  }
});
