import { describe, expect, it } from 'vitest';
import { behaviorItems, behaviorNames, inductionItems, storyItems } from '../../../zoo/corpus/behaviors.ts';
import { induction } from '../../../zoo/corpus/kinds/induction.ts';
import { labelTokens } from '../../../zoo/corpus/labelTokens.ts';
import { defaultSchedule, labelledContext, mixBatch, phaseAt } from '../../../zoo/corpus/mix.ts';
import type { MixOptions } from '../../../zoo/corpus/mix.ts';
import { CorpusRandom } from '../../../zoo/corpus/random.ts';
import { loadFableTokenizer } from '../../../zoo/tokenizer/encode.ts';

const tokenizer = loadFableTokenizer();
const options: MixOptions = { tokenizer, schedule: defaultSchedule, seed: 7, split: 'train', batch: 4, context: 128 };

describe('training stream', () => {
  it('gives the same batch for the same step, whatever was read before', () => {
    const first = mixBatch(options, 41, 100);
    mixBatch(options, 3, 100);
    expect(mixBatch(options, 41, 100)).toEqual(first);
    expect(mixBatch(options, 42, 100)).not.toEqual(first);
    expect(mixBatch({ ...options, seed: 8 }, 41, 100)).not.toEqual(first);
  });

  it.each([64, 128, 192])('fills contexts of %d tokens, each beginning with <bos>', (context) => {
    const ids = mixBatch({ ...options, context }, 5, 100);
    expect(ids).toHaveLength(4 * context);
    for (let row = 0; row < 4; row++) expect(ids.subarray(row * context, (row + 1) * context).indexOf(tokenizer.bos)).toBe(0);
    expect(ids.includes(tokenizer.pad)).toBe(false);
    expect(ids.every((id) => id >= 0 && id < tokenizer.size)).toBe(true);
  });

  it('labels exactly the tokens that it trains on', () => {
    for (let step = 0; step < 100; step += 9) {
      const ids = mixBatch(options, step, 100);
      for (let row = 0; row < 4; row++) {
        const context = labelledContext(options, step, 100, row);
        expect(context.ids).toEqual([...ids.subarray(row * 128, (row + 1) * 128)]);
        for (const column of Object.values(context.labels)) expect(column).toHaveLength(128);
        context.ids.forEach((id, i) => expect(context.labels['kind']![i] === undefined).toBe(id === tokenizer.bos || id === tokenizer.eos));
      }
    }
  });

  it('lengthens the repeated spans as training goes on', () => {
    expect(phaseAt(defaultSchedule, 0).induction.length[1]).toBe(13);
    expect(phaseAt(defaultSchedule, 1).induction.length[1]).toBeGreaterThanOrEqual(40);
    expect(phaseAt(defaultSchedule, 0.4)).toBe(defaultSchedule[1]);
  });

  it('refuses a schedule that does not begin at the start', () => {
    expect(() => phaseAt([{ ...defaultSchedule[0]!, from: 0.5 }], 0.1)).toThrow('must begin at 0');
  });
});

describe('repeated spans', () => {
  const pool = { ids: tokenizer.ordinary, text: (id: number): string => tokenizer.decode([id]) };

  it('label every copy with the distance to the one before', () => {
    const document = induction(new CorpusRandom('span'), pool, { length: [5, 9], copies: [3, 3], limit: 100 });
    const { ids, labels } = labelTokens(document, tokenizer);
    const length = ids.length / 3;
    ids.forEach((id, i) => {
      expect(labels['isRepeat']![i]).toBe(i >= length);
      if (i < length) return;
      expect(labels['spanLength']![i]).toBe(length);
      expect(id).toBe(ids[i - length]);
    });
  });
});

describe('behaviour test sets', () => {
  it.each(behaviorNames)('ask for one token of %s, with right and wrong answers apart', (behavior) => {
    const items = behaviorItems(behavior, tokenizer, 100);
    expect(items).toHaveLength(100);
    for (const { ids, position, targets, distractors } of items) {
      expect(ids[0]).toBe(tokenizer.bos);
      expect(position).toBe(ids.length - 1);
      expect(targets.length).toBeGreaterThan(0);
      expect(distractors.length).toBeGreaterThan(0);
      expect(targets.filter((id) => distractors.includes(id))).toEqual([]);
    }
    expect(behaviorItems(behavior, tokenizer, 100)).toEqual(items);
  });

  it('ask for the name that is not repeated', () => {
    for (const { ids, targets, distractors } of behaviorItems('ioi', tokenizer, 200)) {
      expect(ids.filter((id) => id === targets[0])).toHaveLength(1);
      expect(ids.filter((id) => id === distractors[0])).toHaveLength(2);
    }
  });

  it('count every later year as valid', () => {
    for (const { ids, targets, distractors } of behaviorItems('greaterThan', tokenizer, 100)) {
      expect(targets.length + distractors.length).toBe(100);
      const start = Number(tokenizer.decode([distractors.at(-1)!]));
      expect(ids).toContain(distractors.at(-1));
      expect(targets.map((id) => Number(tokenizer.decode([id])))).toEqual(Array.from({ length: 99 - start }, (_, i) => start + 1 + i));
    }
  });

  it.each([20, 40])('repeat spans of %d random tokens', (length) => {
    for (const { ids, position, targets } of inductionItems(tokenizer, 3, length)) {
      expect(ids).toHaveLength(2 * length + 1);
      expect(ids[position + 1]).toBe(targets[0]);
      expect(ids[position + 1 - length]).toBe(targets[0]);
    }
  });

  it('score stories from the second sentence on', () => {
    for (const { ids, from, surprise } of storyItems(tokenizer, 50)) {
      expect(surprise).toHaveLength(ids.length);
      expect(tokenizer.decode([ids[from - 1]!])).toBe('.');
      expect(surprise.every((nats) => Number.isFinite(nats) && nats >= 0)).toBe(true);
    }
  });
});
