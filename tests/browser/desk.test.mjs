// The interpreter's desk: a break, time after a call, and what it says to one who did not answer. What the client who waits is told.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { accessible } from './support/axe.mjs';
import { Browser, PHONE, logIn, pictures, view } from './support/browser.mjs';
import { atTheDesk, callOfTwo } from './support/call.mjs';
import { Server } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

const SPANISH = '44';

let server;
let browser;

beforeEach(async () => {
  browser = await Browser.start();
});
afterEach(async () => {
  await browser?.stop();
  await server?.stop();
});

async function nurseAsks(options) {
  const nurse = await browser.page(server, options);
  await logIn(nurse, 'client', server.users.client);
  await view(nurse, 'request').waitFor();
  await nurse.locator('#wanted').selectOption(SPANISH);
  await nurse.locator('#request [type=submit]').click();
  await view(nurse, 'waiting').waitFor();
  return nurse;
}

test('a break keeps requests away, a reload included, and its end brings them', async () => {
  server = await Server.start();
  const sofia = await atTheDesk(server, browser, 0, { size: PHONE });
  await sofia.getByRole('button', { name: 'Take a break' }).click();
  await sofia.getByText('You have a break, and get no requests.').waitFor();
  assert.equal(await sofia.locator('#online').getAttribute('aria-checked'), 'false');
  await accessible(sofia);
  await pictures(sofia, 'desk-break');
  await sofia.reload();
  await sofia.getByText('You have a break, and get no requests.').waitFor();

  const nurse = await nurseAsks({ size: PHONE });
  await nurse.getByText('Everybody who speaks it is busy or away at the moment.').waitFor();
  await sofia.getByRole('button', { name: 'End the break' }).click();
  await sofia.getByText('Somebody is waiting for you.').waitFor();
  await nurse.getByText('One interpreter is being asked.').waitFor();
  await sofia.getByRole('button', { name: 'Decline' }).click();
  await nurse.getByText('One said no.').waitFor();
  await accessible(nurse);
  await pictures(nurse, 'waiting-figures');
  for (const page of [sofia, nurse]) assert.deepEqual(page.faults, []);
});

test('who does not answer twice is away, is told so, and comes back', async () => {
  server = await Server.start();
  await server.ring(1);
  const sofia = await atTheDesk(server, browser, 0);
  await nurseAsks();
  await sofia.getByText('You did not answer twice in a row, so you are away').waitFor();
  assert.equal(await sofia.locator('#online').getAttribute('aria-checked'), 'false');
  await accessible(sofia);
  await pictures(sofia, 'desk-away');
  await server.ring(60);
  await sofia.locator('#online').click();
  await sofia.getByText('Somebody is waiting for you.').waitFor();
  assert.deepEqual(sofia.faults, []);
});

test('what the client wishes of the interpreter is held to, and forgotten after', async () => {
  server = await Server.start();
  const sofia = await atTheDesk(server, browser, 0);
  const nurse = await browser.page(server, { size: PHONE });
  await logIn(nurse, 'client', server.users.client);
  await view(nurse, 'request').waitFor();
  await nurse.locator('#wanted').selectOption(SPANISH);
  await nurse.getByText('More wishes').click();
  await nurse.getByLabel('Interpreter', { exact: true }).selectOption({ label: 'Only a woman' });
  await nurse.getByLabel('Number of a certain interpreter').fill('4711');
  await accessible(nurse);
  await pictures(nurse, 'request-wishes');
  await nurse.locator('#request [type=submit]').click();
  await nurse.getByText('No interpreter has this number.').waitFor();
  assert.equal(await nurse.evaluate(() => document.activeElement.id), 'number');
  await nurse.getByLabel('Number of a certain interpreter').fill('');
  await nurse.locator('#request [type=submit]').click();
  // Of the demo's interpreters nobody has told a gender.
  await nurse.getByText('Everybody who speaks it is busy or away at the moment.').waitFor();
  await nurse.locator('[data-view=waiting] [data-cancel]').click();
  await view(nurse, 'request').waitFor();
  assert.equal(await nurse.locator('#gender').inputValue(), '');
  assert.equal(await nurse.locator('#wanted').inputValue(), SPANISH);
  await nurse.locator('#request [type=submit]').click();
  await sofia.getByText('Somebody is waiting for you.').waitFor();
  for (const page of [sofia, nurse]) assert.deepEqual(page.faults.filter((fault) => !fault.includes('400')), []);
});

test('an interpreter says within a call that it is the last one, and takes it back', async () => {
  server = await Server.start();
  const { nurse, sofia } = await callOfTwo(server, browser, { sofia: { size: PHONE } });
  await sofia.getByRole('button', { name: 'Last call' }).click();
  await sofia.getByRole('button', { name: 'More calls' }).waitFor();
  await accessible(sofia);
  await pictures(sofia, 'call-last');
  await sofia.getByRole('button', { name: 'More calls' }).click();
  await sofia.getByRole('button', { name: 'Last call' }).click();
  await sofia.getByRole('button', { name: 'More calls' }).waitFor();
  await nurse.locator('[data-control=leave]').click();
  await nurse.locator('#finish-dialog .danger').click();
  await view(sofia, 'desk').waitFor();
  await eventually('takes no calls', async () => (await sofia.locator('#online').getAttribute('aria-checked')) === 'false');
  for (const page of [sofia, nurse]) assert.deepEqual(page.faults, []);
});

test('a call that is wanted by sound only begins with the cameras off', async () => {
  server = await Server.start();
  const sofia = await atTheDesk(server, browser, 0, { size: PHONE });
  const nurse = await browser.page(server);
  await logIn(nurse, 'client', server.users.client);
  await view(nurse, 'request').waitFor();
  await nurse.locator('#wanted').selectOption(SPANISH);
  await nurse.getByText('More wishes').click();
  await nurse.getByLabel('Picture').selectOption({ label: 'Sound only' });
  await nurse.locator('#request [type=submit]').click();
  await sofia.locator('.offer', { hasText: 'Sound only' }).waitFor();
  await pictures(sofia, 'offer-sound-only');
  await sofia.locator('.offer .primary').click();
  await sofia.locator('#confirm:not([disabled])').click();
  for (const page of [nurse, sofia]) {
    await view(page, 'call').waitFor();
    await page.locator('[data-control=camera]', { hasText: 'Camera on' }).waitFor();
    await page.locator('.tile.dark').waitFor();
  }
  // Whoever wants to be seen switches it on.
  await sofia.locator('[data-control=camera]').click();
  await nurse.locator('.tile:not(.dark)').waitFor();
  for (const page of [nurse, sofia]) assert.deepEqual(page.faults, []);
});
