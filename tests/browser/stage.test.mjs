// The stage of a call, with a stand-in for the signalling: what a server can't be made to say at will.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { accessible } from './support/axe.mjs';
import { Browser, PHONE, pictures, view } from './support/browser.mjs';
import { callOfTwo, inviteByLink, joinAsGuest, seesMoving } from './support/call.mjs';
import { Exchange } from './support/exchange.mjs';
import { Server } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

let server;
let browser;
let exchange;
let pages = [];

before(async () => {
  server = await Server.start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** The nurse and Sofia, introduced by the stand-in. */
async function talk(options = {}) {
  exchange = new Exchange();
  const { nurse, sofia } = await callOfTwo(server, browser, { ...options, prepare: (page) => exchange.serve(page) });
  pages = [nurse, sofia];
  await eventually('both have their lines', () => exchange.of(nurse) && exchange.of(sofia));
  return { nurse, sofia };
}

afterEach(async () => {
  const [nurse] = pages;
  if (!nurse) return;
  // The next test asks anew.
  const token = await nurse.evaluate(() => sessionStorage.getItem('trialogue.client'));
  await server.post('Client/Request/CallFinishedNew', token, { IsSuccessful: true, Calls: [] });
  for (const page of pages) {
    assert.deepEqual(page.faults, []);
    assert.deepEqual(page.strangers, []);
    await page.context().close();
  }
  pages = [];
});

test('three see each other; switches need no new links', async () => {
  const { nurse, sofia } = await talk({ nurse: { size: PHONE } });
  await seesMoving(nurse, 1);
  await seesMoving(sofia, 1);
  const link = await inviteByLink(nurse, 'Rosa Relative');
  const rosa = await joinAsGuest(server, browser, link, { size: PHONE, prepare: (page) => exchange.serve(page) });
  pages.push(rosa);
  for (const page of pages) await seesMoving(page, 2);
  const camera = rosa.locator('[data-control=camera]');
  const microphone = rosa.locator('[data-control=microphone]');
  const off = async () => {
    await camera.click();
    await nurse.locator('.tile.dark').waitFor();
    await rosa.locator('[data-control=camera]', { hasText: 'Camera on' }).waitFor();
    await microphone.click();
    await nurse.locator('.tile-muted:not([hidden])').waitFor();
  };
  const on = async () => {
    await camera.click();
    await microphone.click();
    await eventually('nobody is muted', async () => (await nurse.locator('.tile-muted:not([hidden])').count()) === 0);
    for (const page of pages) await seesMoving(page, 2);
  };
  await off();
  await pictures(nurse, 'call-camera-off');
  await accessible(nurse);
  await on();
  // On a busy machine a link may seem broken and is made anew: one offer proves nothing. A switch that needs an offer makes one each time.
  const offers = () => exchange.heard.filter(({ type, description }) => type === 'description' && description.type === 'offer').length;
  await eventually('a switch without an offer', async () => {
    const before = offers();
    await off();
    await on();
    return offers() === before;
  });

  await sofia.locator('[data-control=devices]').click();
  await sofia.locator('#choose-video').waitFor();
  await accessible(sofia);
  await pictures(sofia, 'call-devices');
  const cameras = await sofia.locator('#choose-video option').count();
  assert.ok(cameras >= 1);
  await sofia.keyboard.press('Escape');
  await sofia.locator('#devices-dialog').waitFor({ state: 'detached' });
  assert.equal(await sofia.evaluate(() => document.activeElement.dataset.control), 'devices', 'the focus comes back');
});

test('a line that breaks comes back, and the picture with it', async () => {
  const { nurse, sofia } = await talk();
  await seesMoving(nurse, 1);
  exchange.down();
  for (const page of pages) await page.locator('.call-state:not([hidden])').waitFor();
  await pictures(nurse, 'call-reconnecting');
  // The picture goes from page to page, and needs no server.
  await seesMoving(nurse, 1);
  exchange.up();
  for (const page of pages) await page.locator('.call-state').waitFor({ state: 'hidden' });
  await seesMoving(nurse, 1);
  await seesMoving(sofia, 1);
});

test('a link that fails for good is made anew', async () => {
  const { nurse, sofia } = await talk();
  await seesMoving(nurse, 1);
  const hellos = () => exchange.heard.filter(({ type }) => type === 'hello').length;
  const before = hellos();
  await nurse.evaluate(async () => {
    const { connections } = await import('./assets/call.js');
    const [connection] = connections();
    // As if the network between the two had gone.
    Object.defineProperty(connection, 'connectionState', { value: 'failed' });
    connection.dispatchEvent(new Event('connectionstatechange'));
  });
  await eventually('the nurse begins anew', () => hellos() > before);
  await seesMoving(nurse, 1);
  await seesMoving(sofia, 1);
});

test('an engine with a client of its own is named in a plain sentence', async () => {
  const { nurse } = await talk();
  const client = exchange.of(nurse);
  exchange.say(client, { type: 'direct', url: 'wss://engine.example', token: 'x' });
  await nurse.getByText('needs its own program for the picture').waitFor();
});

test('the same account in another window moves the call there, and back', async () => {
  const { nurse } = await talk();
  const client = exchange.of(nurse);
  exchange.end(client, 'replaced', 4004);
  await view(nurse, 'elsewhere').waitFor();
  await pictures(nurse, 'call-elsewhere');
  await accessible(nurse);
  await nurse.getByRole('button', { name: 'Go on here' }).click();
  await view(nurse, 'call').waitFor();
  await seesMoving(nurse, 1);
});

test('without a camera and a microphone one can see and hear', async () => {
  const bare = await Browser.start({ camera: false });
  try {
    exchange = new Exchange();
    const { nurse, sofia } = await callOfTwo(server, browser, { prepare: (page) => exchange.serve(page) });
    pages = [nurse, sofia];
    const link = await inviteByLink(nurse, 'Rosa');
    const rosa = await joinAsGuest(server, bare, link, { size: PHONE, prepare: (page) => exchange.serve(page) });
    pages.push(rosa);
    await rosa.locator('.call-note', { hasText: 'There is neither camera nor microphone; you can see and hear the others.' }).waitFor();
    await seesMoving(rosa, 2);
    await nurse.locator('.tile.dark', { hasText: 'Guest' }).waitFor();
    await pictures(rosa, 'call-without-camera');
    await accessible(rosa);
  } finally {
    await bare.stop();
  }
});

test('who refuses the browser’s question is told what that means', async () => {
  const { nurse } = await talk({ nurse: { language: 'es-ES' } });
  const denied = await browser.chromium.newContext({ baseURL: server.origin, permissions: [], locale: 'es-ES', viewport: PHONE });
  const rosa = await denied.newPage();
  rosa.faults = [];
  rosa.strangers = [];
  await exchange.serve(rosa);
  // The flag that answers for the person says yes to everybody.
  await rosa.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });
  const link = await inviteByLink(nurse, 'Rosa');
  await rosa.goto(link);
  await rosa.locator('#yes').click();
  pages.push(rosa);
  await rosa.locator('.call-note', { hasText: 'El navegador bloquea la cámara y el micrófono.' }).waitFor();
  await seesMoving(rosa, 2);
});

test('a name of another direction turns no text around it', async () => {
  const { nurse } = await talk();
  // The control character is taken out by the server; the Hebrew name is a name.
  const link = await inviteByLink(nurse, '\u202eשרה 42');
  await nurse.locator('[data-control=people]').click();
  const row = nurse.locator('#people-dialog li', { hasText: 'שרה 42' });
  assert.equal(await row.locator('bdi').textContent(), 'שרה 42');
  const kick = row.locator('[data-kick]');
  assert.equal(await kick.getAttribute('aria-label'), 'Remove \u2068שרה 42\u2069');
  await kick.click();
  assert.equal(await nurse.locator('#kick-dialog h2').textContent(), 'Remove \u2068שרה 42\u2069?');
  assert.match(await nurse.locator('#kick-dialog p').textContent(), /^\u2068שרה 42\u2069 leaves/);
  await pictures(nurse, 'kick-hebrew');
  await accessible(nurse);
  for (const dialog of ['#kick-dialog', '#people-dialog']) {
    await nurse.keyboard.press('Escape');
    await nurse.locator(dialog).waitFor({ state: 'detached' });
  }

  const sarah = await joinAsGuest(server, browser, link, { prepare: (page) => exchange.serve(page) });
  pages.push(sarah);
  await eventually('she has her line', () => exchange.of(sarah));
  // What no server says any more: a control character in a name.
  exchange.change(exchange.of(sarah), { name: '\u202eesrever' });
  const tile = nurse.locator('.tile-name', { hasText: 'esrever' });
  await tile.waitFor();
  assert.equal(await tile.evaluate((element) => getComputedStyle(element).unicodeBidi), 'isolate');
  exchange.change(exchange.of(sarah), { here: false });
  await nurse.getByText('esrever has lost the connection.').waitFor({ state: 'attached' });
});
