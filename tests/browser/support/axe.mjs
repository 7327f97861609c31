// Accessibility, as far as a program can judge it: WCAG 2.2 A and AA.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function accessible(page) {
  await page.evaluate(source);
  const { passed, violations } = await page.evaluate(async (values) => {
    const { passes, violations } = await window.axe.run(document, { runOnly: { type: 'tag', values } });
    const told = ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' | ')}`;
    return { passed: passes.map(({ id }) => id), violations: violations.map(told) };
  }, RULES);
  assert.deepEqual(violations, []);
  // It has looked, and at contrast too.
  assert.ok(passed.includes('color-contrast'));
}
