/** The README's table of commands holds what there is, no more and no less. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';

it('the README lists every command once', () => {
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => Array.from(row.split('|')[1]!.matchAll(/`([a-z-]+)/g), ([, name]) => name!));
  expect(named.toSorted()).toEqual([...commands.keys()].toSorted());
});
