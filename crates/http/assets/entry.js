// The first page: choose a role and log in.

import { post, session } from './api.js';
import { byId } from './dom.js';
import { start, t } from './i18n.js';
import { problem } from './people.js';
import { complain, show } from './views.js';

const ROLES = {
  client: { login: 'Client/Login/1', page: './client' },
  provider: { login: 'Provider/Login/1', page: './interpreter' },
};

start();
show('entry');

const form = byId('login');
const trouble = byId('login-error');

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
    const { login, page } = ROLES[role.value];
    const { Token } = await post(login, '', { Email: email.value, Password: password.value });
    session.set(role.value, Token);
    location.assign(page);
  } catch (error) {
    complain(trouble, problem(error));
    password.select();
  } finally {
    button.disabled = false;
  }
});
