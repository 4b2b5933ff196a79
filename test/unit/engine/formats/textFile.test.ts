import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readTextFile } from '../../../../src/engine/formats/textFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-text-'));
const file = join(folder, 'text.txt');
writeFileSync(file, 'twelve bytes');
afterAll(() => rmSync(folder, { recursive: true }));

it('reads a file up to a size, and says what is in the way otherwise', () => {
  expect(readTextFile(file, 12)).toBe('twelve bytes');
  expect(() => readTextFile(file, 11)).toThrow(expect.objectContaining({ reason: 'memory', file }));
  for (const none of [folder, join(folder, 'none'), join(file, 'below')]) expect(() => readTextFile(none, 100)).toThrow(expect.objectContaining({ reason: 'not-found', file: none }));
});
