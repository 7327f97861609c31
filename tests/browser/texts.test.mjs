// The texts: complete in every language, and each key that a page uses is there.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const ASSETS = new URL('../../crates/pages/assets/', import.meta.url);
const files = (await readdir(ASSETS, { recursive: true })).filter((name) => /\.(js|html)$/.test(name));
const languages = files.filter((name) => name.startsWith('i18n/'));
const tables = Object.fromEntries(
  await Promise.all(languages.map(async (name) => [name, (await import(new URL(name, ASSETS))).default])),
);
const sources = Object.fromEntries(
  await Promise.all(
    files.filter((name) => !languages.includes(name)).map(async (name) => [name, await readFile(new URL(name, ASSETS), 'utf8')]),
  ),
);
const english = tables['i18n/en.js'];

test('every language has the same keys, and the same gaps to fill', () => {
  assert.ok(languages.length >= 2);
  const gaps = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
  for (const [name, table] of Object.entries(tables)) {
    assert.deepEqual(Object.keys(table), Object.keys(english), name);
    for (const [key, text] of Object.entries(table)) {
      assert.notEqual(text.trim(), '', `${name}: ${key}`);
      assert.deepEqual(gaps(text), gaps(english[key]), `${name}: ${key}`);
    }
  }
});

test('every text that a page names is there', () => {
  for (const [name, source] of Object.entries(sources)) {
    const named = [
      ...source.matchAll(/data-t(?:-label|-hint)?="([^"$]+)"/g),
      ...source.matchAll(/'data-t(?:-label|-hint)?': '([^']+)'/g),
      ...source.matchAll(/\bt\('([^']+)'/g),
      ...source.matchAll(/(?:leaveKey: |banner\()'([^']+)'/g),
    ];
    for (const [, key] of named) assert.ok(key in english, `${name}: ${key}`);
  }
});

test('no text is left over', () => {
  const all = Object.values(sources).join('\n');
  // Made of parts: `role.${kind}` and the like.
  const made = [...all.matchAll(/`([\w.]+\.)\$\{/g)].map((found) => found[1]);
  for (const key of Object.keys(english)) {
    const isNamed = all.includes(`'${key}'`) || all.includes(`"${key}"`);
    assert.ok(isNamed || made.some((beginning) => key.startsWith(beginning)), `${key} is used nowhere`);
  }
});

test('every ending has its own text on the page that it touches', async () => {
  globalThis.document = { querySelector: () => ({ content: '' }), baseURI: 'http://localhost/' };
  const { GUEST_ENDINGS, REQUEST_ENDINGS } = await import(new URL('endings.js', ASSETS));
  const signalling = await readFile(new URL('../../docs/signalling.md', import.meta.url), 'utf8');
  const final = [...signalling.matchAll(/^\| `(\w+)` \| 40\d\d \| false \|/gm)].map((found) => found[1]);
  assert.ok(final.includes('kicked') && final.length >= 8, `${final}`);
  // `replaced` is no ending: the call goes on in another window.
  for (const reason of final) assert.ok(reason === 'replaced' || GUEST_ENDINGS.includes(reason), reason);
  for (const [name, table] of Object.entries(tables)) {
    const texts = GUEST_ENDINGS.map((reason) => {
      assert.ok(table[`closed.${reason}.text`], `${name}: ${reason}`);
      return table[`closed.${reason}.title`];
    });
    assert.equal(new Set(texts).size, GUEST_ENDINGS.length, `${name}: a title for each ending`);
    for (const code of REQUEST_ENDINGS) {
      for (const page of ['outcome', 'task.outcome']) assert.ok(table[`${page}.${code}`], `${name}: ${page}.${code}`);
    }
  }
});
