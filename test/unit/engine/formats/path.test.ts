import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveInside } from '../../../../src/engine/formats/path.ts';
import { failureOf } from '../../../support/failure.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'path-')));
  folder = join(root, 'model');
  mkdirSync(join(folder, 'sub'), { recursive: true });
  writeFileSync(join(root, 'secret'), '');
  writeFileSync(join(folder, 'weights'), '');
  writeFileSync(join(folder, 'sub', 'weights'), '');
});
afterEach(() => { rmSync(root, { recursive: true }); });

describe('a name inside a folder', () => {
  test('resolves to the file', () => {
    expect(resolveInside(folder, 'weights')).toBe(join(folder, 'weights'));
    expect(resolveInside(folder, 'sub/weights', { links: 'refuse' })).toBe(join(folder, 'sub', 'weights'));
  });

  test.each(['', '../secret', 'sub/../../secret', 'sub/../weights', './weights', 'sub//weights', 'sub/', '/etc/passwd', 'C:\\weights', 'C:weights', 'sub\\weights', 'weights\0', '..', '.'])('%j is refused', (name) => {
    expect(failureOf(() => resolveInside(folder, name))).toMatchObject({ reason: 'parse', file: folder, field: `path ${JSON.stringify(name)}` });
  });

  test('a missing file is not found, a folder is not a file', () => {
    expect(failureOf(() => resolveInside(folder, 'no'))).toMatchObject({ reason: 'not-found', file: join(folder, 'no') });
    expect(failureOf(() => resolveInside(folder, 'sub'))).toMatchObject({ reason: 'parse', file: folder });
  });

  test('links are followed inside the folder and the folders named, nowhere else', () => {
    symlinkSync('weights', join(folder, 'near'));
    symlinkSync(join(root, 'secret'), join(folder, 'far'));
    symlinkSync(root, join(folder, 'up'));
    expect(resolveInside(folder, 'near')).toBe(join(folder, 'weights'));
    expect(failureOf(() => resolveInside(folder, 'far'))).toMatchObject({ reason: 'parse', field: 'path "far"' });
    expect(failureOf(() => resolveInside(folder, 'up/secret'))).toMatchObject({ reason: 'parse', field: 'path "up/secret"' });
    expect(resolveInside(folder, 'far', { alsoInside: [root] })).toBe(join(root, 'secret'));
  });

  test('a folder whose name begins like the allowed one is outside', () => {
    mkdirSync(`${folder}-other`);
    writeFileSync(join(`${folder}-other`, 'x'), '');
    symlinkSync(join(`${folder}-other`, 'x'), join(folder, 'x'));
    expect(failureOf(() => resolveInside(folder, 'x')).reason).toBe('parse');
  });

  test('no link of either kind passes when links are refused', () => {
    symlinkSync('weights', join(folder, 'near'));
    symlinkSync('sub', join(folder, 'alias'));
    linkSync(join(root, 'secret'), join(folder, 'hard'));
    for (const name of ['near', 'alias/weights', 'hard']) expect(failureOf(() => resolveInside(folder, name, { links: 'refuse' })).message).toContain('not allowed');
    expect(resolveInside(folder, 'hard')).toBe(join(folder, 'hard'));
  });
});
