// A call of two, and guests who join it; and what can be measured of it.

import { logIn, view } from './browser.mjs';
import { eventually } from './wait.mjs';

/** Takes calls at the desk, unless the server shows that this interpreter does already. */
export async function takeCalls(page) {
  await view(page, 'desk').waitFor();
  const knob = page.locator('#online');
  if ((await knob.getAttribute('aria-checked')) !== 'true') await knob.click();
  await eventually('takes calls', async () => (await knob.getAttribute('aria-checked')) === 'true');
}

/** A demo interpreter, by its number, who takes calls. */
export async function atTheDesk(server, browser, number, options) {
  const page = await browser.page(server, options);
  await logIn(page, 'provider', server.users.providers[number]);
  await takeCalls(page);
  return page;
}

/** The nurse asks for Spanish (or another language, by its number), Sofia accepts and confirms: both are in the call. `prepare` gets each page first. */
export async function callOfTwo(server, browser, { nurse: nurseIs, sofia: sofiaIs, prepare, language = '44' } = {}) {
  const nurse = await browser.page(server, nurseIs);
  const sofia = await browser.page(server, sofiaIs);
  await prepare?.(nurse);
  await prepare?.(sofia);
  await logIn(sofia, 'provider', server.users.providers[0]);
  await logIn(nurse, 'client', server.users.client);
  await takeCalls(sofia);
  await view(nurse, 'request').waitFor();
  await nurse.locator('#wanted').selectOption(language);
  await nurse.locator('#request [type=submit]').click();
  await sofia.locator('.offer .primary').click();
  await sofia.locator('#confirm:not([disabled])').click();
  await Promise.all([view(nurse, 'call').waitFor(), view(sofia, 'call').waitFor()]);
  return { nurse, sofia };
}

/** Invites from within the call, and gives the link as the page shows it. */
export async function inviteByLink(host, name) {
  await host.locator('[data-control=invite]').click();
  await host.locator('#invite-name').fill(name);
  await host.locator('#invite-dialog [type=submit]').click();
  await host.locator('#invite-link').waitFor();
  const link = await host.locator('#invite-link').inputValue();
  await host.locator('#link-dialog .buttons button').click();
  await host.locator('#link-dialog').waitFor({ state: 'detached' });
  return link;
}

/** Opens the link and says yes. */
export async function joinAsGuest(server, browser, link, { prepare, ...options } = {}) {
  const guest = await browser.page(server, options);
  await prepare?.(guest);
  await guest.goto(link);
  await view(guest, 'welcome').waitFor();
  await guest.locator('#yes').click();
  await view(guest, 'call').waitFor();
  return guest;
}

/** Removes somebody, by the keyboard alone. */
export async function kick(host, name) {
  await host.locator('[data-control=people]').press('Enter');
  await host.locator('#people-dialog li', { hasText: name }).locator('[data-kick]').press('Enter');
  await host.locator('#kick-dialog .danger').press('Space');
  await host.locator('#kick-dialog').waitFor({ state: 'detached' });
  await host.keyboard.press('Escape');
  await host.locator('#people-dialog').waitFor({ state: 'detached' });
}

/** How many frames were decoded of each of the others, from the browser's own statistics, by connection. */
export async function framesDecoded(page) {
  return page.evaluate(async () => {
    const { connections } = await import('./assets/call.js');
    const frames = [];
    for (const connection of connections()) {
      const reports = [...(await connection.getStats()).values()];
      const video = reports.filter((report) => report.type === 'inbound-rtp' && report.kind === 'video');
      frames.push(...video.map((report) => report.framesDecoded ?? 0));
    }
    return frames;
  });
}

/** So many pictures of others come in, and each is moving: more frames of each are decoded than were. */
export async function seesMoving(page, others) {
  const first = await eventually(`${others} pictures come in`, async () => {
    const frames = await framesDecoded(page);
    return frames.length === others && frames.every((count) => count > 0) && frames;
  });
  await eventually(`${others} pictures move`, async () => {
    const now = await framesDecoded(page);
    return now.length === others && now.every((count, at) => count >= first[at] + 5);
  });
}
