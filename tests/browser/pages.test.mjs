// The pages without the picture: logging in, asking, waiting, taking, inviting; for everybody, on every screen.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser, DESKTOP, PHONE, logIn, picture, pictures, view } from './support/browser.mjs';
import { accessible } from './support/axe.mjs';
import { takeCalls } from './support/call.mjs';
import { Server } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

const client = () => server.users.client;
const provider = () => server.users.providers[0];

/** A logged-in page is at its first view. */
async function arrive(role, { prepare, ...options } = {}) {
  const page = await browser.page(server, options);
  await prepare?.(page);
  await logIn(page, role, role === 'client' ? client() : provider());
  await view(page, role === 'client' ? 'request' : 'desk').waitFor();
  return page;
}

async function leave(...pages) {
  for (const page of pages) {
    assert.deepEqual(page.faults, []);
    assert.deepEqual(page.strangers, []);
    await page.context().close();
  }
}

test('the first page refuses a wrong password in plain words, and is for everybody', async () => {
  for (const [language, dark] of [['en-GB', false], ['es-MX', true]]) {
    const page = await browser.page(server, { language, dark, size: PHONE });
    await page.goto('/');
    await view(page, 'entry').waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), language.slice(0, 2));
    await pictures(page, `entry-${language.slice(0, 2)}`);
    await accessible(page);
    await page.locator('#login [type=submit]').click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'email');
    await page.locator('#email').fill(client().email);
    await page.locator('#password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.locator('#login-error').waitFor();
    const said = { en: 'The e-mail address or the password is wrong.', es: 'El correo electrónico o la contraseña no son correctos.' };
    assert.equal(await page.locator('#login-error').textContent(), said[language.slice(0, 2)]);
    await accessible(page);
    await leave(page);
  }
});

test('the language is switched at once, and kept', async () => {
  const page = await browser.page(server);
  await page.goto('/');
  await page.locator('#language').selectOption('es');
  assert.equal(await page.locator('h1').textContent(), 'Videollamadas con intérprete');
  assert.equal(await page.title(), 'Videollamadas con intérprete · Trialogue');
  await page.reload();
  await page.getByText('Videollamadas con intérprete').waitFor();
  await leave(page);
});

test('a page without a login leads to the first page; so does one whose login has ended', async () => {
  for (const [path, role] of [['/client', 'client'], ['/interpreter', 'provider']]) {
    const page = await browser.page(server);
    await page.goto(path);
    await view(page, 'entry').waitFor();
    await page.evaluate((key) => sessionStorage.setItem(key, 'expired'), `trialogue.${role}`);
    await page.goto(path);
    await view(page, 'entry').waitFor();
    assert.equal(await page.evaluate((key) => sessionStorage.getItem(key), `trialogue.${role}`), null);
    await leave(page);
  }
});

test('a request is made, waits, rings, is accepted and confirmed, and survives a reload of either page', async () => {
  const nurse = await arrive('client', { size: PHONE });
  await pictures(nurse, 'client-request');
  await accessible(nurse);
  const sofia = await arrive('provider', { dark: true });
  await pictures(sofia, 'interpreter-offline');
  await accessible(sofia);

  await nurse.locator('#request [type=submit]').click();
  assert.equal(await nurse.locator('#wanted').inputValue(), '', 'no language was chosen');
  assert.equal(await view(nurse, 'request').count(), 1);
  await nurse.locator('#wanted').selectOption({ label: 'Spanish' });
  await nurse.locator('#info').fill('Ward 7, consent talk');
  await nurse.locator('#request [type=submit]').click();
  await view(nurse, 'waiting').waitFor();
  await nurse.getByText('Everybody who speaks it is busy').waitFor();
  await nurse.reload();
  await view(nurse, 'waiting').waitFor();
  await eventually('time passes', async () => (await nurse.locator('#elapsed').textContent()) !== '00:00');
  await pictures(nurse, 'client-waiting');
  for (const page of [nurse, sofia]) await eventually('it is told of news', () => page.streams > 0);
  await accessible(nurse);

  await takeCalls(sofia);
  await sofia.locator('.offer').waitFor();
  assert.equal(await sofia.locator('#online').getAttribute('aria-checked'), 'true');
  assert.match(await sofia.locator('.offer').textContent(), /Interpreter for Spanish.*Nora Nurse is waiting.*Ward 7, consent talkOpen for 0\d:\d\d more/);
  await nurse.getByText('One interpreter is being asked.').waitFor();
  await pictures(sofia, 'interpreter-offer');
  await accessible(sofia);
  await sofia.reload();
  await sofia.locator('.offer').waitFor();

  await sofia.getByRole('button', { name: 'Accept' }).click();
  await view(nurse, 'connecting').waitFor();
  assert.equal(await nurse.locator('#connecting-title').textContent(), 'Sofia Spanish has accepted');
  await view(sofia, 'lobby').waitFor();
  await sofia.getByText('Nora Nurse is calling').waitFor();
  await sofia.reload();
  await sofia.getByText('Nora Nurse is calling').waitFor();
  await eventually('the own picture is shown', () => sofia.evaluate(() => document.querySelector('.preview video').videoWidth > 0));
  await pictures(sofia, 'interpreter-lobby');
  await accessible(sofia);
  await pictures(nurse, 'client-connecting');
  await accessible(nurse);

  // The interpreter can't take it: both are told, and the search goes on.
  await sofia.getByRole('button', { name: 'I can’t take it' }).click();
  await pictures(sofia, 'interpreter-refuse');
  await sofia.getByRole('button', { name: 'Give it back' }).click();
  await view(sofia, 'desk').waitFor();
  await sofia.locator('#outcome', { hasText: 'You gave the request back.' }).waitFor();
  await view(nurse, 'waiting').waitFor();
  await nurse.locator('#waiting-note', { hasText: 'could not take the call' }).waitFor();
  await pictures(nurse, 'client-waiting-again');
  await accessible(nurse);
  assert.equal(await sofia.locator('.offer').count(), 0, 'nobody is asked twice');
  await nurse.getByRole('button', { name: 'Cancel the request' }).click();
  await view(nurse, 'request').waitFor();
  await leave(nurse, sofia);
});

test('an interpreter declines, and the client, whose stream of news is cut off, cancels', async () => {
  const nurse = await arrive('client', { prepare: (page) => page.route('**/Events', (route) => route.abort()) });
  const sofia = await arrive('provider');
  await takeCalls(sofia);
  await nurse.locator('#wanted').selectOption({ label: 'Spanish' });
  await nurse.locator('#request [type=submit]').click();
  await sofia.getByRole('button', { name: 'Decline' }).click();
  await sofia.locator('.offer').waitFor({ state: 'detached' });
  await nurse.getByText('Everybody who speaks it is busy').waitFor();
  await nurse.getByRole('button', { name: 'Cancel the request' }).click();
  await view(nurse, 'request').waitFor();
  assert.equal(await nurse.locator('#outcome').textContent(), 'The request was cancelled.');
  assert.equal(nurse.streams, 0);
  await nurse.getByRole('button', { name: 'Log out' }).click();
  await view(nurse, 'entry').waitFor();
  await sofia.getByRole('button', { name: 'Log out' }).click();
  await view(sofia, 'entry').waitFor();
  await leave(nurse, sofia);
});

test('without a link there is no invitation, and a dead link says so', async () => {
  const page = await browser.page(server, { size: PHONE });
  await page.goto('/join');
  await page.getByText('There is no invitation here').waitFor();
  await page.goto('/join#NOT-A-TOKEN');
  await page.getByText('This invitation is no longer valid').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await pictures(page, 'guest-invalid');
  await accessible(page);
  await leave(page);
});

test('everything is reached by the keyboard alone', async () => {
  const page = await browser.page(server);
  await page.goto('/');
  await view(page, 'entry').waitFor();
  const reached = [];
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.name || document.activeElement.type));
  }
  // The focus begins at the heading of what is shown.
  assert.deepEqual(reached.slice(0, 4), ['role', 'email', 'password', 'primary wide']);
  assert.ok(reached.includes('language'), `${reached}`);
  await leave(page);
});

test('nothing is wider than the screen', async () => {
  for (const size of [{ width: 320, height: 568 }, PHONE, DESKTOP]) {
    for (const language of ['en-GB', 'es-ES']) {
      const page = await browser.page(server, { size, language });
      for (const path of ['/', '/join']) {
        await page.goto(path);
        await page.locator('[data-view]:not([hidden]) h1:not(:empty)').waitFor();
        const [wide, there] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(wide <= there, `${path} in ${language}: ${wide} > ${there}`);
      }
      await leave(page);
    }
  }
});

test('the pages may do what they need, and no more', async () => {
  const page = await fetch(`${server.origin}/join`);
  const policy = page.headers.get('Content-Security-Policy');
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(page.headers.get('Referrer-Policy'), 'no-referrer');
  assert.equal(page.headers.get('X-Content-Type-Options'), 'nosniff');
  assert.match(page.headers.get('Permissions-Policy'), /camera=\(self\)/);
  assert.equal(page.headers.get('Content-Type'), 'text/html; charset=utf-8');
  const tag = page.headers.get('ETag');
  const again = await fetch(`${server.origin}/join`, { headers: { 'If-None-Match': tag } });
  assert.equal(again.status, 304);
  assert.equal((await fetch(`${server.origin}/join`, { method: 'POST' })).status, 405);
  assert.equal((await fetch(`${server.origin}/assets/../Cargo.toml`)).status, 404);
});
