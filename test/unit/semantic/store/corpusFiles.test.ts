/** Corpora from files and folders: what is read, where every token comes from, and what is refused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeSafetensors } from '../../../../src/engine/formats/safetensorsWriter.ts';
import { loadTokenizer } from '../../../../src/engine/models/tokenizer.ts';
import type { Tokenizer } from '../../../../src/engine/models/tokenizer.ts';
import { i64 } from '../../../../src/engine/tensor.ts';
import { noFile } from '../../../../src/semantic/store/corpus.ts';
import type { Corpus } from '../../../../src/semantic/store/corpus.ts';
import { readContexts, readCorpusFiles } from '../../../../src/semantic/store/corpusFiles.ts';
import { failureOf } from '../../../support/failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-corpus-'));
let tokenizer: Tokenizer;

beforeAll(async () => {
  tokenizer = await loadTokenizer(fileURLToPath(new URL('../../../../zoo/tokenizer', import.meta.url)));
  mkdirSync(join(folder, 'texts/.git'), { recursive: true });
  mkdirSync(join(folder, 'texts/node_modules'), { recursive: true });
  writeFileSync(join(folder, 'texts/a.txt'), 'Mary went to the market — with 🦊 and John.\r\n'.repeat(40));
  writeFileSync(join(folder, 'texts/b.py'), 'def f(x):\n    return x\n'.repeat(20));
  writeFileSync(join(folder, 'texts/c.jsonl'), ['{"text": "one \\u00e9 two"}', '', '{"text": "three"}'].join('\n'));
  for (const name of ['texts/.git/d.txt', 'texts/node_modules/e.txt', 'texts/picture.png']) writeFileSync(join(folder, name), 'not read');
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(paths: readonly string[], contextLength: number, maxTokens?: number, using: Tokenizer | undefined = tokenizer): Corpus {
  const reading = readCorpusFiles(paths.map((path) => join(folder, path)), using, { contextLength, ...(maxTokens === undefined ? {} : { maxTokens }) });
  for (;;) {
    const step = reading.next();
    if (step.done === true) return step.value;
  }
}

test('every token stands for its span in its file', () => {
  const corpus = read(['texts'], 32);
  expect(corpus.origins!.files.map((file) => file.slice(folder.length))).toEqual(['/texts/a.txt', '/texts/b.py', '/texts/c.jsonl']);
  const contents = ['Mary went to the market — with 🦊 and John.\r\n'.repeat(40), 'def f(x):\n    return x\n'.repeat(20)];
  for (const [file, content] of contents.entries()) {
    const rows = [...corpus.ids.keys()].filter((row) => corpus.origins!.file[row] === file);
    expect(rows.length).toBeGreaterThan(100);
    const { start, end } = corpus.origins!;
    expect(start[rows[0]!]).toBe(0);
    const joined = rows.filter((row, i) => i === 0 || start[row] !== start[rows[i - 1]!]).map((row) => content.slice(start[row], end[row])).join('');
    expect(content.startsWith(joined.slice(0, 500))).toBe(true);
  }
});

test('contexts for training are those of the corpus, as many as are wanted, and can be stopped', async () => {
  const corpus = read(['texts'], 32);
  const paths = [join(folder, 'texts')];
  const contexts = await readContexts(paths, tokenizer, { context: 32 });
  expect(Array.from(contexts.data, Number)).toEqual(Array.from(corpus.ids));
  expect((await readContexts(paths, tokenizer, { context: 32, maxContexts: 3 })).dims).toEqual([3, 32]);
  await expect(readContexts(paths, tokenizer, { context: 32, signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'cancelled' });
  writeFileSync(join(folder, 'binary.txt'), Uint8Array.of(0x61, 0, 0xff, 0x62));
  await expect(readContexts([join(folder, 'binary.txt')], tokenizer, { context: 8 })).rejects.toMatchObject({ reason: 'parse' });
});

test('contexts begin as the model expects, and every eighth is held out', () => {
  const corpus = read(['texts/a.txt'], 32);
  const before = tokenizer.encode('a').ids.length - tokenizer.encode('a', { addSpecialTokens: false }).ids.length;
  expect(corpus.heldOut.length).toBeGreaterThan(8);
  corpus.heldOut.forEach((held, context) => {
    expect(held).toBe(context % 8 === 7 ? 1 : 0);
    expect([...corpus.ids.subarray(context * 32, context * 32 + before)]).toEqual(tokenizer.encode('a').ids.slice(0, before));
  });
  expect(corpus.origins!.file[0]).toBe(noFile);
});

test('lines of JSON are documents; their tokens stand for the line', () => {
  const corpus = read(['texts/c.jsonl'], 4);
  const spans = new Set([...corpus.ids.keys()].filter((row) => corpus.origins!.file[row] === 0).map((row) => `${corpus.origins!.start[row]}-${corpus.origins!.end[row]}`));
  expect([...spans][0]).toBe(`0-${'{"text": "one \\u00e9 two"}'.length}`);
});

test('reading stops at the number of tokens asked for', () => {
  expect(read(['texts'], 32, 100).heldOut.length).toBe(Math.floor(100 / (32 - (tokenizer.encode('a').ids.length - tokenizer.encode('a', { addSpecialTokens: false }).ids.length))));
});

test('token ids are taken as they are', () => {
  writeSafetensors(join(folder, 'ids.safetensors'), [['input_ids', i64([2, 3], [1, 2, 3, 4, 5, 6])]]);
  expect(read(['ids.safetensors'], 128, undefined, undefined)).toMatchObject({ contextLength: 3, ids: Uint32Array.of(1, 2, 3, 4, 5, 6) });
});

test.each([
  ['latin1.txt', Buffer.from('caf\xe9 cr\xe8me', 'latin1'), 'parse'],
  ['utf16.txt', Buffer.from('\ufeffplain text', 'utf16le'), 'parse'],
  ['binary.txt', Buffer.from([65, 0, 66]), 'parse'],
  ['lines.jsonl', Buffer.from('{"text": "a"}\n{"text": 3}'), 'parse'],
  ['broken.jsonl', Buffer.from('{"text": '), 'parse'],
  ['short.txt', Buffer.from('a'), 'argument'],
] as const)('%s is refused with its name', (name, content, reason) => {
  writeFileSync(join(folder, name), content);
  const failure = failureOf(() => read([name], 64));
  expect(failure.reason).toBe(reason);
  if (reason === 'parse') expect(failure.file).toBe(join(folder, name));
});

test('a path that is not there, and a folder without text', () => {
  mkdirSync(join(folder, 'empty'), { recursive: true });
  expect(failureOf(() => read(['nowhere'], 8)).reason).toBe('not-found');
  expect(failureOf(() => read(['empty'], 8)).reason).toBe('argument');
});
