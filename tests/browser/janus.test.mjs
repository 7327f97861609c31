// A whole call through Janus: three pages, a kick, a guest that ignores it, a server and a Janus that die.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Browser } from './support/browser.mjs';
import { callOfTwo, inviteByLink, joinAsGuest, kick, seesMoving } from './support/call.mjs';
import { Janus } from './support/janus.mjs';
import { Server } from './support/server.mjs';
import { eventually } from './support/wait.mjs';

let janus;
let server;
let browser;

beforeEach(async () => {
  janus = await Janus.start();
  server = await Server.start(Janus.arguments);
  browser = await Browser.start();
});
afterEach(async () => {
  await browser?.stop();
  await server?.stop();
  await janus?.stop();
});

/** A page whose links can't be closed, whatever it is told. */
const unwilling = (page) =>
  page.addInitScript(() => {
    window.links = [];
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
      constructor(...settings) {
        super(...settings);
        window.links.push(this);
      }

      close() {}
    };
  });

/** What has come through all links that a page ever had. */
const received = (page) =>
  page.evaluate(async () => {
    const sum = { frames: 0, packets: 0 };
    for (const link of window.links) {
      for (const report of (await link.getStats()).values()) {
        if (report.type !== 'inbound-rtp') continue;
        sum.frames += report.framesDecoded ?? 0;
        sum.packets += report.packetsReceived ?? 0;
      }
    }
    return sum;
  });

test('three talk through Janus, a hostile guest is kicked and sees nothing more, and the others go on', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser);
  const rosa = await joinAsGuest(server, browser, await inviteByLink(nurse, 'Rosa'), { prepare: unwilling });
  for (const page of [nurse, sofia, rosa]) await seesMoving(page, 2);
  assert.ok((await received(rosa)).frames > 0);

  await kick(nurse, 'Rosa');
  await rosa.getByText('You were removed from the call').waitFor();
  // The links still stand, as far as the page is concerned; Janus sends nothing through them.
  await eventually('nothing comes any more', async () => {
    const before = await received(rosa);
    await seesMoving(nurse, 1);
    return (await received(rosa)).packets === before.packets;
  });
  const before = await received(rosa);
  for (const page of [nurse, sofia, nurse, sofia]) await seesMoving(page, 1);
  assert.deepEqual(await received(rosa), before);

  const back = await joinAsGuest(server, browser, await inviteByLink(sofia, 'Rosa again'));
  for (const page of [nurse, sofia, back]) await seesMoving(page, 2);
  for (const page of [nurse, sofia, back]) assert.deepEqual(page.faults, []);
});

test('the picture goes on while the server is dead, and comes back after the death of Janus', async () => {
  const { nurse, sofia } = await callOfTwo(server, browser);
  const rosa = await joinAsGuest(server, browser, await inviteByLink(nurse, 'Rosa'));
  for (const page of [nurse, sofia, rosa]) await seesMoving(page, 2);

  await server.kill();
  for (const page of [nurse, sofia, rosa]) await page.locator('.call-state:not([hidden])').waitFor();
  for (const page of [nurse, sofia, rosa]) await seesMoving(page, 2);
  await server.run();
  for (const page of [nurse, sofia, rosa]) await page.locator('.call-state').waitFor({ state: 'hidden' });
  for (const page of [nurse, sofia, rosa]) await seesMoving(page, 2);

  await janus.kill();
  await janus.run();
  for (const page of [nurse, sofia, rosa]) await seesMoving(page, 2);

  await kick(sofia, 'Rosa');
  await rosa.getByText('You were removed from the call').waitFor();
  for (const page of [nurse, sofia]) await seesMoving(page, 1);
});
