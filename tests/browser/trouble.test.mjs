// What the pages do when something is missing, breaks or ends: every case shows a sentence with a next step.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { accessible } from './support/axe.mjs';
import { Browser, PHONE, logIn, pictures, view } from './support/browser.mjs';
import { callOfTwo, inviteByLink, joinAsGuest, seesMoving, takeCalls } from './support/call.mjs';
import { Exchange } from './support/exchange.mjs';
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
afterEach(async () => {
  for (const context of browser.chromium.contexts()) {
    for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  }
  // The next test begins without a request.
  const { email, password } = server.users.client;
  const { value } = await server.post('Client/Login/1', '', { Email: email, Password: password });
  await server.post('Client/Request/CallFinishedNew', value.Token, { IsSuccessful: true, Calls: [] });
});

const tokenOf = (page, role) => page.evaluate((key) => sessionStorage.getItem(key), `trialogue.${role}`);

async function waitingNurse({ language = '44', ...options } = {}) {
  const nurse = await browser.page(server, options);
  await logIn(nurse, 'client', server.users.client);
  await view(nurse, 'request').waitFor();
  await nurse.locator('#wanted').selectOption(language);
  await nurse.locator('#request [type=submit]').click();
  await view(nurse, 'waiting').waitFor();
  return nurse;
}

test('with storage blocked, a user can log in and ask', async () => {
  const page = await browser.page(server);
  await page.addInitScript(() => {
    for (const name of ['sessionStorage', 'localStorage']) {
      Object.defineProperty(window, name, { get: () => { throw new DOMException('blocked', 'SecurityError'); } });
    }
  });
  await logIn(page, 'client', server.users.client);
  await view(page, 'request').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.locator('#language').selectOption('es');
  await page.locator('#wanted').selectOption('44');
  await page.locator('#request [type=submit]').click();
  await view(page, 'waiting').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a fragment that is no secret shows that the invitation is not valid', async () => {
  for (const fragment of ['%E0%A4%A', '%', '%E2%82%AC', 'a%20b', '%00', '\u{1F600}']) {
    const page = await browser.page(server, { size: PHONE });
    await page.goto(`/join#${fragment}`);
    await page.getByText('This invitation is no longer valid').waitFor();
    assert.equal(new URL(page.url()).hash, '');
    assert.deepEqual(page.faults, [], fragment);
  }
});

test('a script that does not load, and an exception, show a sentence', async () => {
  for (const path of ['/', '/client', '/interpreter', '/join']) {
    for (const script of ['views.js', 'i18n/es.js', `${path === '/' ? 'entry' : path.slice(1)}.js`]) {
      const page = await browser.page(server, { language: 'es-ES' });
      await page.route(`**/assets/${script}`, (route) => route.abort());
      await page.goto(path);
      await page.locator('#fault', { hasText: 'Algo ha fallado' }).waitFor();
      await page.context().close();
    }
  }
  const page = await browser.page(server);
  await page.goto('/');
  await view(page, 'entry').waitFor();
  await page.evaluate(() => void Promise.reject(new Error('a defect')));
  await page.locator('#fault', { hasText: 'Load again' }).waitFor();
  await pictures(page, 'fault');
  await accessible(page);
});

test('an answer that is no JSON counts as no connection', async () => {
  const page = await browser.page(server);
  await page.route('**/Client/Request/Status', (route) => route.fulfill({ status: 200, body: '<html>Wi-Fi log-in</html>' }));
  await logIn(page, 'client', server.users.client);
  await page.getByText('No connection to the server').waitFor();
  await page.unrouteAll({ behavior: 'wait' });
  await view(page, 'request').waitFor();
  assert.deepEqual(page.faults, []);
});

test('without peer connections, the call says what to do; without randomUUID, an invitation can be made', async () => {
  const exchange = new Exchange();
  let first = true;
  const prepare = async (page) => {
    await exchange.serve(page);
    if (!first) return;
    first = false;
    await page.addInitScript(() => {
      window.RTCPeerConnection = class { constructor() { throw new DOMException('', 'NotSupportedError'); } };
      delete Crypto.prototype.randomUUID;
    });
  };
  const { nurse } = await callOfTwo(server, browser, { prepare });
  await nurse.getByText('This browser can’t make video calls').waitFor();
  await inviteByLink(nurse, 'Rosa');
  assert.deepEqual(nurse.faults, []);
});

test('hanging up works without the server, which is told later', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser);
  await seesMoving(nurse, 1);
  await nurse.evaluate(async () => {
    window.kept = (await import('./assets/call.js')).connections();
    window.camera = document.querySelector('.self video').srcObject.getTracks()[0];
  });
  await server.kill();
  await nurse.locator('[data-control=leave]').click();
  await nurse.locator('#finish-dialog .danger').click();
  await view(nurse, 'hungup').waitFor();
  const [states, camera] = await nurse.evaluate(() => [window.kept.map((one) => one.signalingState), window.camera.readyState]);
  assert.deepEqual([states, camera], [['closed'], 'ended']);
  await nurse.getByText('It is told as soon as it does').waitFor();
  await pictures(nurse, 'client-hungup');
  await accessible(nurse);
  await server.run();
  await view(nurse, 'request').waitFor();
  await view(sofia, 'desk').waitFor();
  for (const page of [nurse, sofia]) assert.deepEqual(page.faults, []);
});

test('a guest leaves without the server, and its call is not joined again', async () => {
  const { nurse } = await callOfTwo(server, browser);
  const rosa = await joinAsGuest(server, browser, await inviteByLink(nurse, 'Rosa'), { size: PHONE });
  await rosa.route('**/Guest/Leave', (route) => route.abort());
  await rosa.locator('[data-control=leave]').click();
  await rosa.locator('#leave-dialog .primary').click();
  await rosa.getByText('You have left the call').waitFor();
  await rosa.locator('#unsent:not([hidden])').waitFor();
  await rosa.unrouteAll({ behavior: 'wait' });
  await rosa.locator('#unsent').waitFor({ state: 'hidden' });
});

test('Back in a call asks first, and a logged-in user sees no log-in form', async () => {
  const { nurse } = await callOfTwo(server, browser);
  for (let press = 0; press < 2; press += 1) {
    await nurse.evaluate(() => history.back());
    await nurse.locator('#finish-dialog').waitFor();
    await nurse.locator('#finish-dialog').getByText('Go on talking').click();
    await nurse.locator('#finish-dialog').waitFor({ state: 'detached' });
  }
  await seesMoving(nurse, 1);
  const asks = await nurse.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
  assert.ok(asks, 'leaving the page asks');
  await nurse.goto('/');
  await view(nurse, 'call').waitFor();
});

test('a dialog over the list gives the focus back to the row it was opened from, though the list has changed', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser);
  await inviteByLink(nurse, 'Rosa');
  await nurse.locator('[data-control=people]').click();
  const row = nurse.locator('#people-dialog li', { hasText: 'Rosa' });
  await row.locator('[data-kick]').click();
  await nurse.locator('#kick-dialog').waitFor();
  const token = await tokenOf(sofia, 'provider');
  await server.post('Provider/Task/InviteThirdPartyVideoConference', token, { Name: 'Raúl' });
  await nurse.locator('#people-dialog li', { hasText: 'Raúl' }).waitFor({ state: 'attached' });
  await nurse.keyboard.press('Escape');
  await nurse.locator('#kick-dialog').waitFor({ state: 'detached' });
  assert.equal(await nurse.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Remove Rosa');
  // The row goes while the question about it is open.
  await nurse.keyboard.press('Enter');
  await nurse.locator('#kick-dialog').waitFor();
  const { value } = await server.post('Provider/Task/VideoConferenceParticipants', token);
  await server.post('Provider/Task/KickThirdPartyVideoParticipant', token, value.find(({ PersonName }) => PersonName === 'Rosa'));
  await row.waitFor({ state: 'detached' });
  await nurse.keyboard.press('Escape');
  await nurse.locator('#kick-dialog').waitFor({ state: 'detached' });
  assert.equal(await nurse.evaluate(() => document.activeElement.textContent), 'Close');
});

test('logging out cancels the waiting request and says so', async () => {
  const sofia = await browser.page(server);
  await logIn(sofia, 'provider', server.users.providers[0]);
  await takeCalls(sofia);
  const nurse = await waitingNurse();
  await sofia.locator('.offer').waitFor();
  await nurse.getByRole('button', { name: 'Log out' }).click();
  await nurse.getByText('You are logged out. Your request was cancelled.').waitFor();
  await sofia.locator('.offer').waitFor({ state: 'detached' });
  assert.equal(await tokenOf(nurse, 'client'), null);
});

test('a login that ended says so, and the next one leads back to the call', async () => {
  const { nurse } = await callOfTwo(server, browser);
  await nurse.route('**/Client/Request/Status', (route) =>
    route.fulfill({ status: 401, headers: { 'X-Error-Code': 'token_expired' }, body: '{}' }));
  await nurse.getByText('Your log-in has ended after a long time').waitFor();
  await pictures(nurse, 'entry-ended');
  await accessible(nurse);
  await nurse.unrouteAll({ behavior: 'wait' });
  const { email, password } = server.users.client;
  await nurse.locator('#email').fill(email);
  await nurse.locator('#password').fill(password);
  await nurse.keyboard.press('Enter');
  await eventually('back in the call', async () => (await view(nurse, 'call').count()) === 1);
});

test('an interpreter or a client who is lost is told of, with the next steps', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser);
  // As the server tells it when the grace has passed: `kind` is out.
  const lose = (page, route, kind) =>
    page.route(route, async (asked) => {
      const response = await asked.fetch();
      const told = await response.json();
      const one = told.participantList.find((each) => each.RequestConferenceSessionVideoTypeCodeId === kind);
      one.RequestConferenceSessionVideoStatusCodeId = 6;
      await asked.fulfill({ response, json: told });
    });
  await lose(nurse, '**/Client/Request/Status', 2);
  await nurse.locator('.call-notice', { hasText: 'has not come back' }).waitFor();
  await pictures(nurse, 'call-interpreter-lost');
  await accessible(nurse);
  await lose(sofia, '**/Provider/Task/Status', 2);
  await view(sofia, 'comeback').waitFor();
  await pictures(sofia, 'interpreter-comeback');
  await accessible(sofia);
  // Nobody is lost in truth, so coming back changes nothing.
  const asked = sofia.waitForRequest('**/Provider/Task/VideoAgain');
  await sofia.getByRole('button', { name: 'Come back into the call' }).click();
  await asked;
  // Calling again leads both back.
  await nurse.unrouteAll({ behavior: 'wait' });
  await sofia.unrouteAll({ behavior: 'wait' });
  await nurse.locator('.call-notice .primary').or(view(nurse, 'connecting')).waitFor();
  await server.post('Client/Request/VideoAgain', await tokenOf(nurse, 'client'));
  await sofia.locator('#confirm:not([disabled])').click();
  await seesMoving(nurse, 1);
  // Nor is another one found for an interpreter who is in the call.
  await lose(nurse, '**/Client/Request/Status', 2);
  const refused = nurse.waitForResponse('**/Client/Request/FindAnotherInterpreter');
  await nurse.getByRole('button', { name: 'Find another' }).click();
  assert.equal((await refused).status(), 409);
  await lose(sofia, '**/Provider/Task/Status', 1);
  await sofia.locator('.call-notice', { hasText: 'The client has lost the connection' }).waitFor();
});

test('the call of an interpreter who is out goes to another one, and each is told what happened', async () => {
  const [first, second] = server.users.providers;
  const sofia = await browser.page(server);
  await logIn(sofia, 'provider', first);
  await takeCalls(sofia);
  const nurse = await waitingNurse({ language: '1' });
  await sofia.getByRole('button', { name: 'Accept' }).click();
  await sofia.locator('#confirm:not([disabled])').waitFor();
  // As if it was missed, for the second time in a row: the ring lasts a minute.
  await sofia.route('**/Provider/Task/Status', async (asked) => {
    const response = await asked.fetch();
    const told = await response.json();
    if (told.WaitingCode?.startsWith('released_')) told.WaitingCode = 'released_missed_offline';
    await asked.fulfill({ response, json: told });
  });
  await sofia.route('**/Provider/Task/Availability', async (asked) => {
    const response = await asked.fetch();
    await asked.fulfill({ response, json: { ...(await response.json()), Status: 'Away' } });
  });
  const token = await tokenOf(sofia, 'provider');
  await server.post('Provider/Task/RefuseVideo', token);
  await sofia.locator('#outcome', { hasText: 'You missed two calls in a row' }).waitFor();
  await eventually('it is offline', async () => (await sofia.locator('#online').getAttribute('aria-checked')) === 'false');
  await accessible(sofia);
  await view(nurse, 'waiting').waitFor();
  await nurse.locator('#waiting-note', { hasText: 'could not take the call' }).waitFor();

  const other = await browser.page(server);
  await logIn(other, 'provider', second);
  await takeCalls(other);
  await other.getByRole('button', { name: 'Accept' }).click();
  await other.locator('#confirm:not([disabled])').click();
  await Promise.all([view(nurse, 'call').waitFor(), view(other, 'call').waitFor()]);
  await seesMoving(nurse, 1);
  assert.deepEqual(nurse.faults.concat(sofia.faults, other.faults), []);
});

test('a guest who was away too long, or left elsewhere, is told just that', async () => {
  const told = { lost: [4009, 'You were away too long'], left: [4010, 'You have left the call'], protocol: [4006, 'The connection could not be kept'] };
  const exchange = new Exchange();
  const prepare = (page) => exchange.serve(page);
  const { nurse } = await callOfTwo(server, browser, { prepare });
  for (const [reason, [code, title]] of Object.entries(told)) {
    const rosa = await joinAsGuest(server, browser, await inviteByLink(nurse, 'Rosa'), { size: PHONE, prepare });
    await eventually('she has her line', () => exchange.of(rosa));
    exchange.end(exchange.of(rosa), reason, code);
    await rosa.getByText(title).waitFor();
    await pictures(rosa, `guest-${reason}`);
    await rosa.context().close();
  }
});

test('nine tabs of one interpreter share one stream, and all of them show an offer', async () => {
  const first = await browser.page(server);
  await logIn(first, 'provider', server.users.providers[0]);
  await takeCalls(first);
  const kept = await first.evaluate(() => Object.entries(sessionStorage));
  const context = first.context();
  await context.addInitScript((entries) => {
    for (const [key, value] of entries) sessionStorage.setItem(key, value);
  }, kept);
  const tabs = [first];
  // Streams of the other tabs: the first one may read its own again at any time.
  let streams = 0;
  context.on('request', (request) => {
    if (request.url().endsWith('/Events') && request.frame().page() !== first) streams += 1;
  });
  while (tabs.length < 9) {
    const tab = await context.newPage();
    await tab.goto('/interpreter');
    await view(tab, 'desk').waitFor();
    tabs.push(tab);
  }
  assert.equal(streams, 0, 'the first tab reads for all');
  await waitingNurse();
  for (const tab of tabs) await tab.locator('.offer').waitFor();
  // The tab that reads is closed: another one goes on.
  await first.close();
  await eventually('another tab reads', () => streams >= 1);
});
