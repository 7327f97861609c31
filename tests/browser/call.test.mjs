// A whole call on the embedded mesh engine: three pages, real pictures between them, a kick that sticks, a server that dies.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { accessible } from './support/axe.mjs';
import { Browser, PHONE, picture, pictures, view } from './support/browser.mjs';
import { callOfTwo, inviteByLink, joinAsGuest, kick, seesMoving } from './support/call.mjs';
import { Server } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

let server;
let browser;

beforeEach(async () => {
  server = await Server.start();
  browser = await Browser.start();
});
afterEach(async () => {
  await browser?.stop();
  await server?.stop();
});

const guestToken = (page) => page.evaluate(() => sessionStorage.getItem('trialogue.guest'));

async function accountOf(token) {
  const { Listener } = (await server.post('Guest/VideoEngineAccounts', token)).value;
  return Listener.AccountNumber;
}

/** What the signalling says to an account, as a browser of a hostile mind would ask. */
function knock(page, conference, account) {
  return page.evaluate(
    ({ conference, account }) =>
      new Promise((resolve) => {
        const socket = new WebSocket(new URL(`API/Signalling/${conference}`, location.origin.replace('http', 'ws')));
        const said = [];
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', version: 1, account }));
        socket.onmessage = ({ data }) => said.push(JSON.parse(data));
        socket.onclose = ({ code }) => resolve({ code, said });
      }),
    { conference, account },
  );
}

/** Keeps hold of a page's links, to see what becomes of them. */
const keepLinks = (page) =>
  page.evaluate(async () => {
    window.kept = (await import('./assets/call.js')).connections();
    return window.kept.length;
  });
const keptLinks = (page) => page.evaluate(() => window.kept.map((link) => link.signalingState));

test('three talk, one is kicked and stays out, comes back by a new invitation, and the server dies in between', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser, { sofia: { language: 'es-ES' } });
  await seesMoving(nurse, 1);
  await seesMoving(sofia, 1);
  await pictures(nurse, 'call-two');

  // A guest comes by a link.
  await nurse.locator('[data-control=invite]').click();
  await nurse.locator('#invite-dialog').waitFor();
  await accessible(nurse);
  await pictures(nurse, 'call-invite');
  await nurse.locator('#invite-dialog [type=submit]').click();
  await nurse.getByText('Please write a name.').waitFor();
  await nurse.keyboard.press('Escape');
  const link = await inviteByLink(nurse, 'Rosa Relative');
  assert.match(link, new RegExp(`^${server.origin}/join#.{20,}$`));
  const rosa = await browser.page(server, { size: PHONE, language: 'es-ES' });
  await rosa.goto(link);
  await view(rosa, 'welcome').waitFor();
  assert.equal(rosa.url(), `${server.origin}/join`, 'the secret leaves the address bar');
  assert.equal(await rosa.locator('#welcome-title').textContent(), 'Le damos la bienvenida, Rosa Relative');
  assert.equal(
    await rosa.locator('#welcome-text').textContent(),
    'Nora Nurse le invita a una videollamada. Participa un intérprete de español.',
  );
  await rosa.locator('#try').click();
  await eventually('her own picture', () => rosa.evaluate(() => document.querySelector('.preview video').videoWidth > 0));
  await accessible(rosa);
  await pictures(rosa, 'guest-welcome');
  await rosa.locator('#yes').click();
  await view(rosa, 'call').waitFor();
  for (const page of [nurse, sofia, rosa]) await seesMoving(page, 2);
  await nurse.locator('.tile', { hasText: 'Rosa Relative' }).waitFor();
  await rosa.locator('.tile', { hasText: 'Sofia Spanish' }).getByText('Intérprete').waitFor();
  for (const page of [nurse, sofia, rosa]) await accessible(page);
  await pictures(nurse, 'call-three');
  await pictures(rosa, 'guest-call');

  // A page that is loaded anew is in the call again.
  await sofia.reload();
  await view(sofia, 'call').waitFor();
  for (const page of [nurse, sofia, rosa]) await seesMoving(page, 2);

  // The kick.
  const token = await guestToken(rosa);
  const account = await accountOf(token);
  const conference = (await server.post('Guest/Invitation', token)).value.RequestConferenceSessionId;
  const links = await keepLinks(rosa);
  assert.ok(links >= 2);
  await nurse.locator('[data-control=people]').click();
  await nurse.locator('#people-dialog [data-kick]').waitFor();
  assert.equal(await nurse.locator('#people-dialog [data-kick]').count(), 1, 'only guests can be removed');
  await accessible(nurse);
  await pictures(nurse, 'call-people');
  await nurse.locator('#people-dialog [data-kick]').click();
  await nurse.locator('#kick-dialog').waitFor();
  await accessible(nurse);
  await pictures(nurse, 'call-kick');
  await nurse.keyboard.press('Escape');
  await nurse.locator('#kick-dialog').waitFor({ state: 'detached' });
  assert.equal(await nurse.evaluate(() => document.activeElement.textContent), 'Remove', 'the focus comes back');
  await seesMoving(rosa, 2);
  await nurse.locator('#people-dialog [data-kick]').click();
  await nurse.locator('#kick-dialog .danger').click();

  await rosa.getByText('Le han retirado de la llamada').waitFor();
  assert.deepEqual(await keptLinks(rosa), Array(links).fill('closed'));
  assert.equal(await rosa.evaluate(() => document.querySelectorAll('.tile').length), 0);
  assert.equal(await guestToken(rosa), null);
  await accessible(rosa);
  await pictures(rosa, 'guest-removed');
  await nurse.locator('#people-dialog [data-kick]').waitFor({ state: 'detached' });
  await nurse.keyboard.press('Escape');
  for (const page of [nurse, sofia]) await seesMoving(page, 1);

  // Every old way is closed.
  for (const route of ['Invitation', 'Confirm', 'VideoEngineAccounts', 'Leave', 'Decline']) {
    const { status, code } = await server.post(`Guest/${route}`, token);
    assert.deepEqual([status, code], [401, 'invalid_invitation'], route);
  }
  const { code, said } = await knock(rosa, conference, account);
  const { type, reason, reconnect } = said.at(-1);
  assert.deepEqual([code, type, reason, reconnect], [4001, 'end', 'kicked', false]);
  assert.ok(said.every(({ type }) => type !== 'welcome' && type !== 'open'));
  await rosa.goto(link);
  await rosa.getByText('Esta invitación ya no es válida').waitFor();
  for (const page of [nurse, sofia]) await seesMoving(page, 1);

  // A new invitation leads back; this one is the interpreter's.
  const back = await joinAsGuest(server, browser, await inviteByLink(sofia, 'Rosa again'), { size: PHONE });
  for (const page of [nurse, sofia, back]) await seesMoving(page, 2);

  // The server dies: the picture goes on, and the call is whole when it is back.
  await server.kill();
  for (const page of [nurse, sofia, back]) await page.locator('.call-state:not([hidden])').waitFor();
  await picture(back, 'guest-reconnecting-phone');
  for (const page of [nurse, sofia, back]) await seesMoving(page, 2);
  await server.run();
  for (const page of [nurse, sofia, back]) await page.locator('.call-state').waitFor({ state: 'hidden' });
  for (const page of [nurse, sofia, back]) await seesMoving(page, 2);

  // And the kick still works.
  await kick(sofia, 'Rosa again');
  await back.getByText('You were removed from the call').waitFor();
  for (const page of [nurse, sofia]) await seesMoving(page, 1);

  // The end, for everybody: also for one who is still looking at the invitation.
  const late = await browser.page(server, { size: PHONE });
  await late.goto(await inviteByLink(nurse, 'Late'));
  await view(late, 'welcome').waitFor();
  await nurse.locator('[data-control=leave]').click();
  await nurse.getByText('End the call for everybody?').waitFor();
  await pictures(nurse, 'call-finish');
  await nurse.locator('#finish-dialog .danger').click();
  await view(nurse, 'request').waitFor();
  await nurse.getByText('The call is over. Thank you.').waitFor();
  await view(sofia, 'desk').waitFor();
  await sofia.getByText('La llamada ha terminado. Gracias.').waitFor();
  await late.getByText('This invitation is no longer valid').waitFor();
  await pictures(nurse, 'client-over');
  for (const page of [nurse, sofia, rosa, back, late]) {
    assert.deepEqual(page.faults, []);
    assert.deepEqual(page.strangers, []);
    await page.context().close();
  }
});

test('a guest leaves, another declines, and the end of the call is told to one who is in it', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser);
  const rosa = await joinAsGuest(server, browser, await inviteByLink(nurse, 'Rosa'), { size: PHONE });
  await seesMoving(rosa, 2);
  await rosa.locator('[data-control=leave]').click();
  await rosa.locator('#leave-dialog .primary').click();
  await rosa.getByText('You have left the call').waitFor();
  await pictures(rosa, 'guest-left');
  for (const page of [nurse, sofia]) await seesMoving(page, 1);

  const declining = await browser.page(server, { size: PHONE, dark: true });
  await declining.goto(await inviteByLink(nurse, 'Raúl'));
  await view(declining, 'welcome').waitFor();
  await accessible(declining);
  await pictures(declining, 'guest-welcome-dark');
  // The server's news that the invitation is over comes before the answer to the no.
  const over = declining.waitForResponse((one) => one.url().endsWith('/Guest/Invitation') && one.status() === 401);
  await declining.route('**/Guest/Decline', async (route) => {
    const response = await route.fetch();
    await over;
    await route.fulfill({ response });
  });
  await declining.locator('#no').click();
  await declining.getByText('You have declined').waitFor();

  const staying = await joinAsGuest(server, browser, await inviteByLink(sofia, 'Rita'), { size: PHONE });
  await seesMoving(staying, 2);
  await sofia.locator('[data-control=leave]').click();
  await sofia.locator('#finish-dialog .danger').click();
  await staying.getByText('The call is over').waitFor();
  await view(sofia, 'desk').waitFor();
  await view(nurse, 'request').waitFor();
  for (const page of [nurse, sofia, rosa, declining, staying]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test('a line that breaks is taken up again, and the links are left as they are', async () => {
  const lines = [];
  const prepare = (page) =>
    page.routeWebSocket(/\/Signalling\//, (line) => {
      const kept = { page, line, server: line.connectToServer(), owed: 0 };
      lines.push(kept);
      kept.server.onMessage((text) => {
        if (JSON.parse(text).type === 'ping') kept.owed += 1;
        line.send(text);
      });
      line.onMessage((text) => {
        if (JSON.parse(text).type === 'pong') kept.owed -= 1;
        kept.server.send(text);
      });
    });
  const { nurse, sofia } = await callOfTwo(server, browser, { prepare });
  for (const page of [nurse, sofia]) {
    await seesMoving(page, 1);
    await keepLinks(page);
  }
  // What the nurse has no receipt for would be said again, over new links.
  await eventually('nothing is on its way', () => lines.every(({ owed }) => owed === 0));
  const { line, server: far } = lines.findLast(({ page }) => page === nurse);
  await far.close({ code: 3000 });
  await line.close({ code: 3000 });
  await eventually('the nurse has a new line', () => lines.findLast(({ page }) => page === nurse).line !== line);
  await nurse.locator('.call-state').waitFor({ state: 'hidden' });
  for (const page of [nurse, sofia]) {
    await seesMoving(page, 1);
    assert.deepEqual(await keptLinks(page), ['stable']);
    const same = await page.evaluate(async () => {
      const { connections } = await import('./assets/call.js');
      return connections().length === 1 && connections()[0] === window.kept[0];
    });
    assert.ok(same, 'the link is the same');
    assert.deepEqual(page.faults, []);
  }
  for (const page of [nurse, sofia]) await page.context().close();
});
