import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { writeFileAtomically } from '../../../../src/engine/formats/atomicFile.ts';

describe('a file written atomically', () => {
  it('holds the chunks in order and leaves nothing beside it', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'a'), 'old');
    writeFileAtomically(join(folder, 'a'), [bytes('one '), bytes('two')]);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('one two');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('stays as it was when a chunk fails', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'a'), 'old');
    function* chunks(): Generator<Uint8Array> {
      yield bytes('new');
      throw new MechanistError('cancelled', 'Stopped on request.');
    }
    expect(() => writeFileAtomically(join(folder, 'a'), chunks())).toThrow('Stopped on request.');
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it.each([
    ['in a folder that is missing', 'missing/a', 'not-found'],
    ['below a file', 'file/a', 'not-found'],
    ['in place of a folder', 'folder', 'argument'],
  ])('%s is an error with a reason', (_, path, reason) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'folder'));
    const file = join(folder, path);
    expect(() => writeFileAtomically(file, [bytes('x')])).toThrow(expect.objectContaining({ name: 'MechanistError', reason, file }));
    expect(readdirSync(folder)).toEqual(['file', 'folder']);
  });
});

const bytes = (text: string): Uint8Array => Buffer.from(text);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mechanist-atomic-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
