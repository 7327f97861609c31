// Chromium with a camera that is none, and the three people who use it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { PATIENCE } from './wait.mjs';

const SCREENSHOTS = process.env.TRIALOGUE_SCREENSHOTS;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--mute-audio',
];
const CAMERA = '--use-fake-device-for-media-stream=fps=12';

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 800 };

export class Browser {
  static async start({ camera = true } = {}) {
    const browser = new Browser();
    browser.chromium = await chromium.launch({
      executablePath: process.env.TRIALOGUE_CHROMIUM ?? '/usr/bin/chromium',
      args: camera ? [...FLAGS, CAMERA] : FLAGS,
    });
    return browser;
  }

  /** A page of somebody of his own: no storage is shared. What goes wrong in it is kept in `page.faults`. */
  async page(server, { size = DESKTOP, language = 'en-GB', dark = false, calm = true } = {}) {
    const context = await this.chromium.newContext({
      baseURL: server.origin,
      viewport: size,
      locale: language,
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: calm ? 'reduce' : 'no-preference',
      permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.faults = [];
    page.strangers = [];
    /** How many live streams were opened. */
    page.streams = 0;
    page.on('response', (response) => {
      if (response.url().endsWith('/Events') && response.ok()) page.streams += 1;
    });
    page.on('pageerror', (error) => page.faults.push(error.stack));
    page.on('console', (message) => {
      // The browser reports answers that are none of its business as errors.
      const isOwn = message.type() === 'error' && !message.text().startsWith('Failed to load resource');
      const isCutOff = /WebSocket connection|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(message.text());
      if (isOwn && !isCutOff) page.faults.push(message.text());
    });
    page.on('request', (request) => {
      const { host, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && host !== new URL(server.origin).host) page.strangers.push(request.url());
    });
    return page;
  }

  async stop() {
    await this.chromium.close();
  }
}

/** Keeps a picture of the page for people to look at. */
export async function picture(page, name) {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** The same page on a phone and on a desktop. */
export async function pictures(page, name) {
  const before = page.viewportSize();
  for (const [kind, size] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
    await page.setViewportSize(size);
    await picture(page, `${name}-${kind}`);
  }
  await page.setViewportSize(before);
}

export const view = (page, name) => page.locator(`[data-view="${name}"]:not([hidden])`);

/** Logs in on the first page. */
export async function logIn(page, role, user) {
  await page.goto('/');
  await page.locator(`input[name=role][value=${role}]`).check();
  await page.locator('#email').fill(user.email);
  await page.locator('#password').fill(user.password);
  await page.locator('#login [type=submit]').click();
}
