/** Prompt-pair files: what is read, what is reported and where, and alignment in tokens. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { alignPair, alignPairs, requireAligned } from '../../../../src/engine/pairs/alignPairs.ts';
import type { PromptPair } from '../../../../src/engine/pairs/pair.ts';
import { readPairs, requirePairs } from '../../../../src/engine/pairs/readPairs.ts';
import { loadTokenizer } from '../../../../src/engine/models/tokenizer.ts';

const good = '{"clean": "a b", "corrupted": "a c", "answers": [" x"], "distractors": [" y", 7]}';

describe('readPairs', () => {
  it('reads texts, token ids, single answers, blank lines and the keys of sparse feature circuits', () => {
    const file = [good, '', '{"clean":[1,2],"corrupted":[1,3],"answer":5}\r', '{"clean_prefix":"a","patch_prefix":"b","clean_answer":"x","patch_answer":"y","case":"z"}'].join('\n');
    expect(readPairs(`\uFEFF${file}`)).toEqual({
      diagnostics: [],
      pairs: [
        { line: 1, clean: 'a b', corrupted: 'a c', answers: [' x'], distractors: [' y', 7] },
        { line: 3, clean: [1, 2], corrupted: [1, 3], answers: [5], distractors: [] },
        { line: 4, clean: 'a', corrupted: 'b', answers: ['x'], distractors: ['y'] },
      ],
    });
  });

  it.each<[string, string, number, number, string]>([
    ['{"clean": "a", "corrupted": "b", "answers": [" x"], "colour": 1}', 'warning', 53, 61, 'The key "colour" is not known.'],
    ['{"clean": "a", "corrupted": "b"}', 'error', 1, 33, 'The key "answers" is missing.'],
    ['{"clean": "", "corrupted": "b", "answers": [" x"]}', 'error', 2, 9, 'The prompt is empty.'],
    ['{"clean": 4, "corrupted": "b", "answers": [" x"]}', 'error', 2, 9, 'A prompt is a text or a list of token ids.'],
    ['{"clean": "a", "corrupted": [1], "answers": [" x"]}', 'error', 16, 27, 'One prompt is a text and the other token ids.'],
    ['{"clean": "a", "corrupted": "b", "answers": []}', 'error', 34, 43, 'There is no answer.'],
    ['{"clean": "a", "corrupted": "b", "answers": [""]}', 'error', 34, 43, 'Answers are texts of one token each, or token ids.'],
    ['{"clean": "a", "corrupted": "b", "answers": "x", "answer": "y"}', 'warning', 50, 58, '"answers" and "answer" say the same; the first is read.'],
    ['[1]', 'error', 1, 4, 'Every line must be a JSON object.'],
  ])('marks %s', (line, severity, column, endColumn, message) => {
    const { diagnostics } = readPairs(`${good}\n${line}`);
    expect(diagnostics).toEqual([expect.objectContaining({ severity, line: 2, column, endColumn, message })]);
  });

  it('points into broken JSON', () => {
    const { diagnostics, pairs } = readPairs('{"clean": "a",, "corrupted": "b"}');
    expect(pairs).toEqual([]);
    expect(diagnostics).toEqual([expect.objectContaining({ severity: 'error', line: 1, column: 15, endColumn: 16 })]);
  });

  it('says what an empty file lacks', () => {
    expect(readPairs('\n\n').diagnostics).toEqual([expect.objectContaining({ severity: 'error', message: 'The file has no prompt pairs.' })]);
  });

  it('never throws for what a line says', () => {
    const json = fc.oneof(fc.string(), fc.json(), fc.record({ clean: fc.jsonValue(), corrupted: fc.jsonValue(), answers: fc.jsonValue() }).map((value) => JSON.stringify(value)));
    fc.assert(fc.property(fc.array(json), (lines) => {
      for (const { line, column, endColumn } of readPairs(lines.join('\n')).diagnostics) {
        expect(line).toBeGreaterThan(0);
        expect(column).toBeGreaterThan(0);
        expect(endColumn).toBeGreaterThan(column);
      }
    }));
  });

  it('stops at the first error when pairs are required', () => {
    expect(() => requirePairs(`${good}\n{}\n{}`, 'ioi.jsonl')).toThrow(expect.objectContaining({ reason: 'parse', file: 'ioi.jsonl', field: 'line 2, column 1' }));
    expect(requirePairs(good)).toHaveLength(1);
  });
});

describe('alignment', async () => {
  const tokenizer = await loadTokenizer(new URL('../../../../zoo/models/fable-4l-b', import.meta.url).pathname);
  const target = { tokenizer, vocabulary: 1440, context: 512 };
  const pair = (more: Partial<PromptPair>): PromptPair => ({
    line: 1, clean: 'When Mary and John went to the store, John gave a book to', corrupted: 'When Mary and John went to the store, Mary gave a book to', answers: [' Mary'], distractors: [' John'], ...more,
  });

  it('finds the tokens that differ', () => {
    const aligned = alignPair(pair({}), target);
    expect(aligned.differing).toHaveLength(1);
    expect([aligned.clean[aligned.differing[0]!], aligned.corrupted[aligned.differing[0]!]]).toEqual([aligned.wrong[0], aligned.right[0]]);
  });

  it.each<[string, Partial<PromptPair>, RegExp, RegExp]>([
    ['unequal length', { corrupted: 'When Mary and John went to the store, she gave a book to a' }, /clean prompt has \d+ tokens, the corrupted one \d+/, /equal length/],
    ['an answer of several tokens', { answers: [' unimaginable'] }, /The answer " unimaginable" is \d+ tokens/, /one token/],
    ['an answer without its space', { answers: ['Mary,'] }, /is \d+ tokens/, /one token/],
    ['equal prompts', { corrupted: 'When Mary and John went to the store, John gave a book to' }, /are the same/, /Change/],
    ['an answer that is a distractor', { distractors: [' John', ' Mary'] }, /also a distractor/, /zero/],
    ['a token beyond the vocabulary', { distractors: [1440] }, /not in the vocabulary/, /^$/],
    ['a prompt beyond the context', { clean: Array<number>(513).fill(5), corrupted: Array<number>(513).fill(6) }, /513 tokens; the model reads 512/, /Shorten/],
  ])('refuses %s with a way forward', (_, more, statement, hint) => {
    try {
      alignPair(pair(more), target);
    } catch (error) {
      expect(MechanistError.is(error, 'argument')).toBe(true);
      expect((error as MechanistError).statement).toMatch(statement);
      expect((error as MechanistError).hint ?? '').toMatch(hint);
      return;
    }
    expect.fail('accepted');
  });

  it('groups by length, keeps what aligns and names the lines that do not', () => {
    const ids = (line: number, length: number, last: number): PromptPair => ({ line, clean: Array<number>(length).fill(3), corrupted: [...Array<number>(length - 1).fill(3), last], answers: [5], distractors: [] });
    const pairs = [ids(1, 4, 9), ids(2, 6, 9), ids(3, 4, 8), ids(4, 4, 3)];
    const { groups, diagnostics } = alignPairs(pairs, target);
    expect(groups.map(({ length, pairs: members }) => [length, members.map(({ line }) => line)])).toEqual([[4, [1, 3]], [6, [2]]]);
    expect(groups[0]!.clean.get('input_ids')!.dims).toEqual([2, 4]);
    expect(diagnostics.map(({ line }) => line)).toEqual([4]);
    expect(() => requireAligned(pairs, target, 'a.jsonl')).toThrow(expect.objectContaining({ field: 'line 4', file: 'a.jsonl' }));
    expect(() => requireAligned([], target)).toThrow(expect.objectContaining({ reason: 'argument' }));
  });

  it('needs a tokenizer for texts only', () => {
    expect(() => alignPair(pair({}), { tokenizer: undefined })).toThrow(/no tokenizer/);
    expect(alignPair({ line: 1, clean: [1, 2], corrupted: [1, 3], answers: [4], distractors: [] }, { tokenizer: undefined }).differing).toEqual([1]);
  });
});
