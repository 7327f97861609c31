// A second interpreter: asked for from within the call, in the call by the same rule, removed, and told how each attempt ends.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { accessible } from './support/axe.mjs';
import { Browser, PHONE, logIn, pictures, view } from './support/browser.mjs';
import { atTheDesk, callOfTwo, kick, seesMoving } from './support/call.mjs';
import { Server } from './support/server.mjs';

const FRENCH = '10';

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

/** Felix interprets French, and takes calls. */
const felixAtHisDesk = (options) => atTheDesk(server, browser, 1, options);

async function askForFrench(host) {
  await host.locator('[data-control=people]').click();
  await host.locator('#people-dialog .buttons button').first().click();
  await host.locator('#second-language').selectOption(FRENCH);
  await host.locator('#second-note').fill('The grandmother speaks French.');
  await host.locator('#second-dialog [type=submit]').click();
  await host.locator('#second-dialog').waitFor({ state: 'detached' });
}

test('a second interpreter comes into the call, is removed, and everybody is told', async () => {
  const felix = await felixAtHisDesk({ size: PHONE });
  const { nurse, sofia } = await callOfTwo(server, browser);
  await seesMoving(nurse, 1);

  await nurse.locator('[data-control=people]').click();
  await nurse.locator('#people-dialog .buttons button', { hasText: 'Ask for another interpreter' }).click();
  await nurse.locator('#second-dialog').waitFor();
  await accessible(nurse);
  await pictures(nurse, 'second-ask');
  await nurse.locator('#second-dialog [type=submit]').click();
  await nurse.getByText('Please choose a language.').waitFor();
  await nurse.keyboard.press('Escape');
  await askForFrench(nurse);

  await nurse.locator('[data-control=people]').click();
  const row = nurse.locator('#people-dialog li', { hasText: 'French · One interpreter is being asked.' });
  await row.waitFor();
  await accessible(nurse);
  await pictures(nurse, 'second-searching');

  await felix.locator('.offer', { hasText: 'The grandmother speaks French.' }).locator('.primary').click();
  await nurse.locator('#people-dialog li', { hasText: 'Felix French' }).getByText('has accepted').waitFor();
  await nurse.keyboard.press('Escape');
  await felix.locator('#confirm:not([disabled])').click();
  await view(felix, 'call').waitFor();
  for (const page of [nurse, sofia, felix]) await seesMoving(page, 2);
  await nurse.locator('.tile', { hasText: 'Felix French' }).getByText('Second interpreter').waitFor();
  assert.equal(await felix.locator('[data-control=people]').count(), 0, 'who is in the call is not his business');
  assert.equal(await felix.locator('[data-control=invite]').count(), 0);
  for (const page of [nurse, felix]) await accessible(page);
  await pictures(nurse, 'second-call');
  await pictures(felix, 'second-own-call');

  await kick(nurse, 'Felix French');
  await view(felix, 'desk').waitFor();
  await felix.getByText('You were removed from the call.').waitFor();
  for (const page of [nurse, sofia]) await seesMoving(page, 1);
  assert.equal(await nurse.locator('.call-notice:not([hidden])').count(), 0, 'who removed him needs no news of it');
  await sofia.getByText('The second interpreter is not in the call any more.').waitFor();
  await sofia.locator('.call-notice button', { hasText: 'Go on without' }).click();
  await sofia.locator('.call-notice').waitFor({ state: 'hidden' });
  for (const page of [nurse, sofia, felix]) assert.deepEqual(page.faults, []);
});

test('in the place of a second interpreter who gives it back others are asked; after one who leaves the notice offers it', async () => {
  const felix = await felixAtHisDesk();
  const { nurse } = await callOfTwo(server, browser);
  await askForFrench(nurse);
  await felix.locator('.offer .primary').click();
  await felix.locator('#refuse').click();
  await felix.getByText('The call goes on without you.').waitFor();
  await felix.locator('#refuse-dialog .danger').click();
  await view(felix, 'desk').waitFor();
  await felix.getByText('Other interpreters are asked.').waitFor();
  // The search goes on without him; there is nobody else.
  await nurse.locator('[data-control=people]').click();
  await nurse.locator('#people-dialog li [data-kick]', { hasText: 'Stop looking' }).click();
  await nurse.locator('#kick-dialog .danger').click();
  await nurse.keyboard.press('Escape');
  await askForFrench(nurse);

  await felix.locator('.offer .primary').click();
  await felix.locator('#confirm:not([disabled])').click();
  await view(felix, 'call').waitFor();
  await seesMoving(nurse, 2);
  await felix.reload();
  await view(felix, 'call').waitFor();
  await seesMoving(felix, 2);
  await felix.locator('[data-control=leave]').click();
  await felix.getByText('The others may talk on.').waitFor();
  await felix.locator('#finish-dialog .danger').click();
  await view(felix, 'desk').waitFor();
  await nurse.getByText('The second interpreter is not in the call any more.').waitFor();
  await accessible(nurse);
  await pictures(nurse, 'second-out');
  await seesMoving(nurse, 1);
  await nurse.locator('.call-notice button', { hasText: 'Ask again' }).click();
  await nurse.locator('#second-dialog').waitFor();
  for (const page of [nurse, felix]) assert.deepEqual(page.faults, []);
});
