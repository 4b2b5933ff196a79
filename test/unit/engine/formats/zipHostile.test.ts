import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../../src/engine/formats/byteSource.ts';
import { openZip } from '../../../../src/engine/formats/zip.ts';
import type { ZipLimits } from '../../../../src/engine/formats/zipDirectory.ts';
import { zipBytes } from '../../../support/containers.ts';
import type { ZipPart } from '../../../support/containers.ts';
import { failureOf } from '../../../support/failure.ts';

const content = Buffer.from('some content');
const part = (changes: Partial<ZipPart> = {}): ZipPart => ({ name: 'x', content, ...changes });
const open = (bytes: Uint8Array, limits?: ZipLimits): ReturnType<typeof openZip> => openZip(memorySource(bytes, 'a.zip'), limits);

/** Writes over the last occurrence of a signature, at an offset from it. */
function patched(bytes: Uint8Array, signature: string, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(value, copy.lastIndexOf(Buffer.from(signature, 'latin1')) + at);
  return copy;
}

describe('a hostile directory', () => {
  test.each<[string, Uint8Array, string, string]>([
    ['a path upwards', zipBytes([part({ name: '../x' })]), 'parse', 'entry "../x"'],
    ['a path upwards in the middle', zipBytes([part({ name: 'a/../../x' })]), 'parse', 'entry "a/../../x"'],
    ['an absolute path', zipBytes([part({ name: '/x' })]), 'parse', 'entry "/x"'],
    ['a drive letter', zipBytes([part({ name: 'C:x' })]), 'parse', 'entry "C:x"'],
    ['a backslash', zipBytes([part({ name: 'a\\x' })]), 'parse', 'entry "a\\\\x"'],
    ['a NUL', zipBytes([part({ name: 'x\0.npy' })]), 'parse', 'entry "x\\u0000.npy"'],
    ['an empty name', zipBytes([part({ name: '' })]), 'parse', 'entry ""'],
    ['a name that is not UTF-8', zipBytes([part({ name: Uint8Array.of(0x78, 0xff), flags: 0x800 })]), 'parse', 'entry "xÿ"'],
    ['a symbolic link', zipBytes([part({ mode: 0o120777 })]), 'parse', 'x'],
    ['a device', zipBytes([part({ mode: 0o020666 })]), 'parse', 'x'],
    ['duplicate names', zipBytes([part(), part()]), 'parse', 'x'],
    ['encryption', zipBytes([part({ flags: 1 })]), 'unsupported', 'x'],
    ['an unknown method', zipBytes([part({ method: 12 })]), 'unsupported', 'x'],
    ['a stored entry with two sizes', zipBytes([part({ size: 5 })]), 'parse', 'x'],
    ['a local header with another name', zipBytes([part({ localName: 'y' })]), 'parse', 'x'],
    ['overlapping entries', zipBytes([part(), part({ name: 'y', localOffset: 0, localName: 'x' })]), 'parse', 'y'],
    ['an entry that begins in the directory', zipBytes([part({ localOffset: 60 })]), 'parse', 'x'],
    ['an entry outside the file', zipBytes([part({ localOffset: 2 ** 31 })]), 'parse', 'x'],
    ['an entry longer than the file', zipBytes([part({ size: 2 ** 50, zip64: true })]), 'parse', 'x'],
    ['more entries than records', zipBytes([part()], { count: 2 }), 'parse', 'central directory'],
    ['fewer entries than records', zipBytes([part(), part({ name: 'y' })], { count: 1 }), 'parse', 'central directory'],
    ['a directory outside the file', patched(zipBytes([part()]), 'PK\x05\x06', 16, 2 ** 30), 'parse', 'end of central directory'],
    ['a zip64 count beyond 2^53', patched(zipBytes([part({ zip64: true })]), 'PK\x06\x06', 36, 2 ** 30), 'parse', 'end of central directory'],
    ['a zip64 locator that points outside', patched(zipBytes([part({ zip64: true })]), 'PK\x06\x07', 8, 2 ** 30), 'parse', 'end of central directory'],
    ['bytes after the archive', Buffer.concat([zipBytes([part()]), content]), 'parse', 'end of central directory'],
    ['bytes before the archive', Buffer.concat([content, zipBytes([part()])]), 'parse', 'end of central directory'],
    ['half an archive', zipBytes([part()]).subarray(0, -10), 'parse', 'end of central directory'],
    ['nothing', new Uint8Array(0), 'parse', 'end of central directory'],
  ])('%s', (_, bytes, reason, field) => {
    expect(failureOf(() => open(bytes))).toMatchObject({ reason, file: 'a.zip', field });
  });

  test('too many entries', () => {
    expect(failureOf(() => open(zipBytes([part(), part({ name: 'y' })]), { maxEntries: 1 }))).toMatchObject({ reason: 'memory', file: 'a.zip', field: 'central directory' });
  });

  test('a comment does not hide the directory', () => {
    const archive = open(zipBytes([part()], { comment: 'PK\x05\x06 is not the end' }));
    expect(Buffer.from(archive.read(archive.entries.get('x')!))).toEqual(content);
  });
});

describe('a bomb', () => {
  const zeros = new Uint8Array(10 * 2 ** 20);

  test('that declares its size is refused on opening', () => {
    expect(failureOf(() => open(zipBytes([part({ content: zeros, deflate: true })])))).toMatchObject({ reason: 'memory', file: 'a.zip', field: 'x' });
    expect(failureOf(() => open(zipBytes([part({ content: zeros, deflate: true }), part({ name: 'y', content: zeros, deflate: true })]), { maxRatio: 2000, maxInflatedBytes: 2 ** 24 }))).toMatchObject({ reason: 'memory', field: 'y' });
  });

  test('that hides its size is stopped while it inflates', () => {
    const archive = open(zipBytes([part({ content: zeros, deflate: true, size: 1000 })]));
    const entry = archive.entries.get('x')!;
    expect(failureOf(() => archive.read(entry))).toMatchObject({ reason: 'parse', file: 'a.zip', field: 'x' });
    expect(failureOf(() => archive.readStart(entry, 100))).toMatchObject({ reason: 'parse', file: 'a.zip', field: 'x' });
  });

  test('a small array of zeros is none', () => {
    const archive = open(zipBytes([part({ content: zeros.subarray(0, 2 ** 20), deflate: true })]));
    expect(archive.read(archive.entries.get('x')!).length).toBe(2 ** 20);
  });
});

describe('damaged data', () => {
  const deflated = deflateRawSync(content);
  test.each<[string, Partial<ZipPart>]>([
    ['a wrong checksum', { crc: 1 }],
    ['a stream that is cut off', { deflate: true, stored: deflated.subarray(0, -2) }],
    ['a stream that is no deflate', { deflate: true, stored: Buffer.alloc(10, 0xff) }],
    ['less than declared', { deflate: true, size: content.length + 1 }],
    ['bytes after the stream', { deflate: true, stored: Buffer.concat([deflated, content]) }],
    ['an empty stream', { deflate: true, stored: new Uint8Array(0) }],
  ])('%s', (_, changes) => {
    const archive = open(zipBytes([part(changes)]));
    expect(failureOf(() => archive.read(archive.entries.get('x')!))).toMatchObject({ reason: 'parse', file: 'a.zip', field: 'x' });
  });
});
