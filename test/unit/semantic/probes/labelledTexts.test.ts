/** Labelled texts: what is read, what is refused and where, and which tokens get which class. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { loadTokenizer } from '../../../../src/engine/models/tokenizer.ts';
import type { Tokenizer } from '../../../../src/engine/models/tokenizer.ts';
import { resultOf } from '../../../../src/engine/steps.ts';
import { notApplicable } from '../../../../src/semantic/groundTruth/variables.ts';
import { labelsAt, labelsOfClasses } from '../../../../src/semantic/probes/openLabels.ts';
import type { LabelledContexts } from '../../../../src/semantic/probes/labelledTokens.ts';
import { readLabelledTexts } from '../../../../src/semantic/probes/readTexts.ts';
import { tokensOfTexts } from '../../../../src/semantic/probes/textTokens.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-labels-'));
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(join(import.meta.dirname, '../../../../zoo/tokenizer'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const lines = (...values: unknown[]): string => values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');

describe('a line', () => {
  it('has a label for its text, or spans with or without labels', () => {
    expect(readLabelledTexts(`\uFEFF${lines({ text: 'a b', label: 'x' }, '', { text: 'c', label: true }, { text: 'd', label: 3 })}\r\n`)).toEqual([
      { text: 'a b', label: 'x', spans: [] }, { text: 'c', label: 'true', spans: [] }, { text: 'd', label: '3', spans: [] },
    ]);
    expect(readLabelledTexts(lines({ text: 'abcdef', spans: [[0, 2], [2, 4, 'n'], { start: 4, end: 6, label: 'm' }] }, { text: 'g', spans: [] }))).toEqual([
      { text: 'abcdef', label: undefined, spans: [{ start: 0, end: 2, label: 'yes' }, { start: 2, end: 4, label: 'n' }, { start: 4, end: 6, label: 'm' }] },
      { text: 'g', label: undefined, spans: [] },
    ]);
  });

  it.each([
    [lines({ text: 'a', label: 'x' }, '{"text": '), 'line 2', /JSON/],
    [lines('[1]'), 'line 1', /object/],
    [lines({ label: 'x' }), 'line 1 › text', /text/],
    [lines({ text: '', label: 'x' }), 'line 1 › text', /not empty/],
    [lines({ text: 'a' }), 'line 1', /either a label or spans/],
    [lines({ text: 'a', label: 'x', spans: [] }), 'line 1', /either a label or spans/],
    [lines({ text: 'a', label: 'x', weight: 1 }), 'line 1 › weight', /not known/],
    [lines({ text: 'a', label: ' ' }), 'line 1 › label', /1 to 100/],
    [lines({ text: 'a', label: { deep: 1 } }), 'line 1 › label', /1 to 100/],
    [lines({ text: 'a', label: 'y'.repeat(101) }), 'line 1 › label', /1 to 100/],
    [lines({ text: 'abc', spans: 'all' }), 'line 1 › spans', /list/],
    [lines({ text: 'abc', spans: [[0, 1], [1]] }), 'line 1 › spans[1]', /\[start, end\]/],
    [lines({ text: 'abc', spans: [[2, 4]] }), 'line 1 › spans[0]', /not inside the text, which has 3/],
    [lines({ text: 'abc', spans: [[2, 2]] }), 'line 1 › spans[0]', /not inside/],
    [lines({ text: 'abc', spans: [[-1, 2]] }), 'line 1 › spans[0]', /not inside/],
    [lines({ text: 'abc', spans: [[0.5, 2]] }), 'line 1 › spans[0]', /\[start, end\]/],
    [lines({ text: 'abc', spans: [[0, 1, '']] }), 'line 1 › spans[0].label', /1 to 100/],
    [lines({ text: 'a', label: 'x' }, { text: 'b', spans: [] }), 'line 2', /line 1 has a label/],
    [lines('{"text":"a","text":"b","label":"x"}'), 'line 1', /key/i],
    [lines(`{"text":"a","label":${'['.repeat(50)}${']'.repeat(50)}}`), 'line 1', /nest|deep|depth/i],
    ['\n\n', undefined, /no labelled texts/],
  ])('%j is refused at %s', (content, field, message) => {
    let thrown: unknown;
    try {
      readLabelledTexts(content, 'labels.jsonl');
    } catch (error) {
      thrown = error;
    }
    expect(MechanistError.is(thrown, 'parse')).toBe(true);
    expect(thrown).toMatchObject({ file: 'labels.jsonl', field });
    expect((thrown as MechanistError).statement).toMatch(message);
  });

  it('is bounded, and so is a file', () => {
    expect(() => readLabelledTexts(`{"text":"${'a'.repeat(200_001)}","label":"x"}`)).toThrow(/at most 200000/);
    expect(() => readLabelledTexts('\n'.repeat(100_001))).toThrow(/100000 lines/);
  });
});

const tokens = (...given: Parameters<typeof tokensOfTexts>) => resultOf(tokensOfTexts(...given));
const options = { name: 'texts', context: 16, before: [1], after: [] };

/** Tokens of one side as text, with their classes, special tokens left out. */
function read({ contexts: { dims, data }, lengths, codes }: LabelledContexts): [string, number][][] {
  const positions = dims[1]!;
  return Array.from({ length: dims[0]! }, (_, i) => Array.from({ length: lengths![i]! }, (_token, p): [string, number] => [tokenizer.tokenText(Number(data[i * positions + p])), codes.get('label')![i * positions + p]!]).filter(([, code]) => code !== notApplicable));
}

describe('tokens', () => {
  it('have the label of the span they overlap, and none elsewhere', () => {
    const text = 'The cat sat on the mat.';
    const start = text.indexOf('cat');
    const { train, heldOut, variables: [variable] } = tokens([{ text, label: undefined, spans: [{ start, end: start + 3, label: 'yes' }] }, { text, label: undefined, spans: [{ start, end: start + 3, label: 'yes' }] }], tokenizer, options);
    expect(variable).toEqual({ name: 'label', classes: ['none', 'yes'], questions: [{ name: 'yes', classes: [1] }] });
    for (const side of [train, heldOut]) expect(read(side).flat().filter(([, code]) => code === 1).map(([token]) => token.replace('·', '')).join('')).toBe('cat');
  });

  it.each([['sorted', (i: number) => (i < 6 ? 'a' : 'b')], ['interleaved', (i: number) => (i % 2 === 0 ? 'a' : 'b')]])('of labels that are %s are on both sides', (_, label) => {
    const { train, heldOut } = tokens(Array.from({ length: 12 }, (_unused, i) => ({ text: `text ${i}`, label: label(i), spans: [] })), tokenizer, options);
    for (const side of [train, heldOut]) {
      const labels = read(side).map(([first]) => first![1]);
      expect([labels.filter((code) => code === 0).length, labels.filter((code) => code === 1).length]).toEqual([3, 3]);
    }
  });

  it('of a long text are several contexts of one side, special tokens in front of each', () => {
    const { train, heldOut } = tokens([{ text: 'one two three '.repeat(20), label: 'a', spans: [] }, { text: 'short', label: 'b', spans: [] }], tokenizer, options);
    expect(train.contexts.dims[0]).toBeGreaterThan(2);
    expect(heldOut.contexts.dims[0]).toBe(1);
    expect(train.contexts.dims[1]).toBe(16);
    for (let i = 0; i < train.contexts.dims[0]!; i++) expect(train.contexts.data[i * 16]).toBe(1n);
  });

  it('are refused where there is nothing to tell apart', () => {
    const sample = (label: string) => ({ text: 'a b', label, spans: [] });
    expect(() => tokens([sample('a')], tokenizer, options)).toThrow(/single text/);
    expect(() => tokens([sample('a'), sample('a')], tokenizer, options)).toThrow(/same label/);
    expect(() => tokens(Array.from({ length: 300 }, (_, i) => sample(`l${i}`)), tokenizer, options)).toThrow(/300 labels/);
  });
});

describe('files', () => {
  const reader = () => ({ tokenizer, context: 16 });
  const write = (name: string, content: string | Uint8Array): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };

  it('of texts are two classes, one text per line', () => {
    const { variables: [variable], train, name } = resultOf(labelsOfClasses(write('for.txt', 'good\r\nfine\n\n'), write('against.txt', 'bad\nsad\n'), reader));
    expect(name).toBe('for.txt against against.txt');
    expect(variable!.questions.map((question) => question.name)).toEqual(['no', 'yes']);
    expect(read(train)).toHaveLength(2);
  });

  it('that are missing or no text are refused by name', () => {
    expect(() => resultOf(labelsAt(join(folder, 'none.jsonl'), reader))).toThrow(/none\.jsonl/);
    expect(() => resultOf(labelsAt(write('binary.jsonl', Uint8Array.of(0xff, 0xfe, 0)), reader))).toThrow(/binary\.jsonl.*UTF-8/);
    expect(() => resultOf(labelsAt(write('broken.safetensors', 'x'), reader))).toThrow(/broken\.safetensors/);
  });
});
