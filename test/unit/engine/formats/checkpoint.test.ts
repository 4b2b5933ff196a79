import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkpointFiles, openCheckpoint } from '../../../../src/engine/formats/checkpoint.ts';
import { writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { f32 } from '../../../../src/engine/tensor.ts';
import { failureOf } from '../../../support/failure.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'checkpoint-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

const indexName = 'model.safetensors.index.json';

function shards(weightMap: Record<string, unknown> = { a: 'one.safetensors', b: 'two.safetensors' }): void {
  writeSafetensors(join(folder, 'one.safetensors'), [['a', f32([2], [1, 2])]]);
  writeSafetensors(join(folder, 'two.safetensors'), [['b', { dtype: 'float16', dims: [], data: Uint16Array.of(0x4000) }]]);
  writeFileSync(join(folder, indexName), JSON.stringify({ metadata: { total_size: 10 }, weight_map: weightMap }));
}

describe('a model folder', () => {
  test('with one file', () => {
    writeSafetensors(join(folder, 'model.safetensors'), [['x', f32([1], [5])]]);
    const source = openCheckpoint(folder);
    expect(source.readFloat32('x')).toEqual(f32([1], [5]));
    source.close();
    expect(checkpointFiles(folder)).toEqual([join(folder, 'model.safetensors')]);
  });

  test('with shards reads each tensor from its file', () => {
    shards();
    const source = openCheckpoint(folder);
    expect([...source.names()]).toEqual(['a', 'b']);
    expect(source.has('c')).toBe(false);
    expect(source.info('b')).toMatchObject({ dtype: 'float16', dims: [] });
    expect(source.readFloat32('a')).toEqual(f32([2], [1, 2]));
    expect(source.readFloat32('b')).toEqual(f32([], [2]));
    expect(failureOf(() => source.read('c'))).toMatchObject({ reason: 'not-found', field: 'tensor c', file: join(folder, indexName) });
    source.close();
    expect(failureOf(() => source.read('a')).reason).toBe('argument');
    expect(checkpointFiles(folder)).toEqual(['one', 'two'].map((name) => join(folder, `${name}.safetensors`)));
  });

  test('in a hub cache may link to the blobs beside its snapshots, and to nothing else', () => {
    const snapshot = join(folder, 'models--o--n', 'snapshots', 'abc');
    const blobs = join(folder, 'models--o--n', 'blobs');
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(blobs);
    writeSafetensors(join(blobs, '123'), [['x', f32([1], [5])]]);
    symlinkSync('../../blobs/123', join(snapshot, 'model.safetensors'));
    expect(openCheckpoint(snapshot).readFloat32('x').data[0]).toBe(5);

    writeSafetensors(join(folder, 'elsewhere'), [['x', f32([1], [5])]]);
    rmSync(join(snapshot, 'model.safetensors'));
    symlinkSync('../../../elsewhere', join(snapshot, 'model.safetensors'));
    expect(failureOf(() => openCheckpoint(snapshot))).toMatchObject({ reason: 'parse', file: snapshot, field: 'path "model.safetensors"' });
  });

  test.each(['pytorch_model.bin', 'ae.pt', 'model.pkl', 'last.ckpt'])('with nothing but %s is refused with a way out', (name) => {
    writeFileSync(join(folder, name), '');
    expect(failureOf(() => openCheckpoint(folder))).toMatchObject({ reason: 'unsupported', file: join(folder, name), hint: expect.stringContaining('safetensors') as unknown });
    expect(failureOf(() => checkpointFiles(folder)).reason).toBe('unsupported');
  });

  test('without weights, or missing, is not found', () => {
    expect(failureOf(() => openCheckpoint(folder))).toMatchObject({ reason: 'not-found', file: folder });
    expect(failureOf(() => openCheckpoint(join(folder, 'no')))).toMatchObject({ reason: 'not-found', file: join(folder, 'no') });
  });
});

describe('a hostile index', () => {
  test.each([
    ['a traversal', { a: '../one.safetensors' }, 'weight_map › a'],
    ['an absolute path', { a: '/one.safetensors' }, 'weight_map › a'],
    ['a backslash', { a: '..\\one.safetensors' }, 'weight_map › a'],
    ['a drive', { a: 'C:one.safetensors' }, 'path "C:one.safetensors"'],
    ['another kind of file', { a: 'one.bin' }, 'weight_map › a'],
    ['a number', { a: 1 }, 'weight_map › a'],
    ['nothing', {}, 'weight_map'],
    ['a tensor placed in the wrong shard', { a: 'two.safetensors' }, 'weight_map › a'],
  ])('%s', (_, weightMap, field) => {
    shards(weightMap);
    expect(failureOf(() => openCheckpoint(folder))).toMatchObject({ reason: 'parse', field });
  });

  test('a missing shard is named', () => {
    shards({ a: 'three.safetensors' });
    expect(failureOf(() => openCheckpoint(folder))).toMatchObject({ reason: 'not-found', file: join(folder, 'three.safetensors') });
  });

  test('a shard that links out of the folder', () => {
    shards();
    rmSync(join(folder, 'one.safetensors'));
    symlinkSync('/etc/passwd', join(folder, 'one.safetensors'));
    expect(failureOf(() => openCheckpoint(folder))).toMatchObject({ reason: 'parse', file: folder, field: 'path "one.safetensors"' });
  });

  test('an index that is no JSON, or too large, or a link to itself', () => {
    writeFileSync(join(folder, indexName), '{"weight_map":{"a":"x","a":"y"}}');
    expect(failureOf(() => openCheckpoint(folder))).toMatchObject({ reason: 'parse', file: join(folder, indexName), field: 'weight_map › a' });
    writeFileSync(join(folder, indexName), Buffer.alloc(32 * 2 ** 20 + 1, ' '));
    expect(failureOf(() => openCheckpoint(folder))).toMatchObject({ reason: 'memory', file: join(folder, indexName) });
    rmSync(join(folder, indexName));
    symlinkSync(indexName, join(folder, indexName));
    expect(failureOf(() => openCheckpoint(folder)).reason).toBe('not-found');
  });
});
