// Hand-over: the call goes on with another interpreter; and two interpreters take turns.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { accessible } from './support/axe.mjs';
import { Browser, PHONE, pictures, view } from './support/browser.mjs';
import { atTheDesk, callOfTwo, seesMoving } from './support/call.mjs';
import { Server } from './support/server.mjs';

const ENGLISH = '1';

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

/** Asks for one more interpreter, for this purpose, from within the call. */
async function askFor(host, purpose) {
  await host.locator('[data-control=people]').click();
  await host.locator('#people-dialog .buttons button').first().click();
  await host.locator('#second-purpose').selectOption(purpose);
  await host.locator('#second-language').waitFor({ state: 'hidden' });
  await accessible(host);
  await pictures(host, `second-ask-${purpose}`);
  await host.locator('#second-dialog [type=submit]').click();
  await host.locator('#second-dialog').waitFor({ state: 'detached' });
}

/** Takes the offer, and comes into the call. */
async function comes(page, offer) {
  await page.locator('.offer', { hasText: offer }).locator('.primary').click();
  await page.locator('#confirm:not([disabled])').click();
  await view(page, 'call').waitFor();
}

test('an interpreter hands the call over, and it goes on', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser, { language: ENGLISH });
  await seesMoving(nurse, 1);
  await askFor(sofia, 'Successor');
  await sofia.locator('[data-control=leave]').click();
  await sofia.getByText('Your successor is not in the call yet').waitFor();
  await accessible(sofia);
  await pictures(sofia, 'handover-wait');
  await sofia.locator('#finish-dialog button', { hasText: 'Go on talking' }).click();

  const felix = await atTheDesk(server, browser, 1, { size: PHONE });
  await felix.locator('.offer', { hasText: 'You take over a call that is on.' }).waitFor();
  await pictures(felix, 'handover-offer');
  await comes(felix, 'You take over');
  for (const page of [nurse, sofia, felix]) await seesMoving(page, 2);
  assert.equal(await felix.locator('[data-control=people]').count(), 0);
  await sofia.locator('[data-control=people]').click();
  await sofia.locator('#people-dialog li', { hasText: 'Takes over' }).getByText('in the call').waitFor();
  await sofia.keyboard.press('Escape');

  await sofia.locator('[data-control=leave]').click();
  await sofia.getByText('Hand the call over to Felix French?').waitFor();
  await accessible(sofia);
  await pictures(sofia, 'handover-yes');
  await sofia.locator('#finish-dialog .danger').click();
  await view(sofia, 'desk').waitFor();
  await sofia.getByText('Another interpreter has taken over.').waitFor();
  // The call has not been interrupted, and Felix is the interpreter now.
  for (const page of [nurse, felix]) await seesMoving(page, 1);
  await felix.locator('[data-control=people]').waitFor();
  await accessible(felix);
  await pictures(felix, 'handover-after');
  assert.equal(await nurse.locator('.call-notice:not([hidden])').count(), 0);
  await nurse.locator('[data-control=people]').click();
  await nurse.locator('#people-dialog li', { hasText: 'Felix French' }).getByText('Interpreter').waitFor();
  await nurse.keyboard.press('Escape');
  await felix.locator('[data-control=leave]').click();
  await felix.locator('#finish-dialog .danger').click();
  await nurse.locator('#outcome', { hasText: 'The call is over' }).waitFor();
  for (const page of [nurse, sofia, felix]) assert.deepEqual(page.faults, []);
});

test('the place of an interpreter who is lost is kept, then another one is asked, and the client sees it', async () => {
  await server.stop();
  server = await Server.start(['--reconnect-seconds', '1', '--place-seconds', '1']);
  const { nurse, sofia } = await callOfTwo(server, browser, { language: ENGLISH });
  await seesMoving(nurse, 1);
  await sofia.context().close();
  await nurse.locator('.call-notice', { hasText: 'We are asking others; the call goes on.' }).waitFor();
  await accessible(nurse);
  await pictures(nurse, 'lost-searching');
  const felix = await atTheDesk(server, browser, 1);
  await comes(felix, 'You take over');
  await seesMoving(nurse, 1);
  await nurse.locator('.call-notice').waitFor({ state: 'hidden' });
  await felix.locator('[data-control=people]').waitFor();
  for (const page of [nurse, felix]) assert.deepEqual(page.faults, []);
});

test('an interpreter who was lost leaves the call to another one', async () => {
  await server.stop();
  server = await Server.start(['--reconnect-seconds', '1', '--place-seconds', '60']);
  const { nurse, sofia } = await callOfTwo(server, browser, { language: ENGLISH, sofia: { size: PHONE } });
  await seesMoving(nurse, 1);
  // Away for longer than is waited, as by a tunnel.
  await sofia.context().setOffline(true);
  await sofia.evaluate(async () => {
    const { connections } = await import('./assets/call.js');
    for (const connection of connections()) connection.close();
  });
  await nurse.locator('.call-notice', { hasText: 'The interpreter has lost the connection' }).waitFor();
  await sofia.context().setOffline(false);
  await view(sofia, 'comeback').waitFor();
  await sofia.locator('#comeback-end').click();
  await sofia.getByText('another interpreter is asked at once').waitFor();
  await accessible(sofia);
  await pictures(sofia, 'comeback-leave');
  await sofia.locator('#finish-dialog .danger').click();
  await view(sofia, 'gone').waitFor();
  await accessible(sofia);
  await pictures(sofia, 'gone');
  await nurse.locator('.call-notice', { hasText: 'We are asking others; the call goes on.' }).waitFor();
  const felix = await atTheDesk(server, browser, 1);
  await comes(felix, 'You take over');
  await view(sofia, 'desk').waitFor();
  await seesMoving(nurse, 1);
  for (const page of [nurse, felix]) assert.deepEqual(page.faults, []);
});

test('two interpreters take turns, and each sees whose turn it is', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser, { language: ENGLISH });
  await askFor(nurse, 'Team');
  const felix = await atTheDesk(server, browser, 1);
  await comes(felix, 'You take turns');
  await sofia.getByText('It is your turn to interpret.').waitFor();
  await felix.getByText('The other interpreter is working; you support.').waitFor();
  await accessible(felix);
  await pictures(felix, 'turn-other');
  await felix.locator('[data-control=turn]').click();
  await felix.getByText('It is your turn to interpret.').waitFor();
  await sofia.getByText('The other interpreter is working; you support.').waitFor();
  await pictures(sofia, 'turn-own-other');
  await nurse.locator('[data-control=people]').click();
  await nurse.locator('#people-dialog li', { hasText: 'Felix French' }).getByText('interprets now').waitFor();
  await nurse.keyboard.press('Escape');
  await felix.locator('[data-control=leave]').click();
  await felix.locator('#finish-dialog .danger').click();
  await view(felix, 'desk').waitFor();
  await sofia.locator('.call-turn').waitFor({ state: 'hidden' });
  for (const page of [nurse, sofia, felix]) assert.deepEqual(page.faults, []);
});
