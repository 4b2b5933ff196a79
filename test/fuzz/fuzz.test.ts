import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { uniform } from '../support/random.ts';
import { mutate, runFuzz } from './runner.ts';
import type { FuzzTarget } from './target.ts';

const count = 40_000;
const targets = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.fuzz.ts')).map((name) => name.slice(0, -'.fuzz.ts'.length));

test('there are targets for all binary formats', () => {
  expect(targets).toEqual(expect.arrayContaining(['npz', 'onnx', 'safetensors']));
});

describe.each(targets)('%s', (name) => {
  test('accepts its seeds', async () => {
    const { fuzz, seeds } = await import(`./${name}.fuzz.ts`) as FuzzTarget;
    for (const seed of seeds()) expect(fuzz(Buffer.from(seed))).toBeUndefined();
  });

  test(`ends ${count} mutated inputs in a value or a typed error, soon and within memory`, async () => {
    const report = runFuzz(await import(`./${name}.fuzz.ts`) as FuzzTarget, { count, seed: 20260101 });
    expect(report.accepted).toBeGreaterThan(count / 1000);
    expect(report.refusals.size).toBeGreaterThan(15);
    expect(report.slowestMilliseconds).toBeLessThan(5000);
    expect(report.memoryBytes).toBeLessThan(384 * 2 ** 20);
  });
});

describe('the runner', () => {
  test('makes the same inputs from the same seed, and other ones from another', () => {
    const corpus = [Buffer.from('some seed'), Buffer.from('{"another":[1,2]}')];
    const inputs = (seed: number): string[] => {
      const random = uniform(seed);
      return Array.from({ length: 100 }, () => mutate(corpus, random).toString('base64'));
    };
    expect(inputs(1)).toEqual(inputs(1));
    expect(inputs(1)).not.toEqual(inputs(2));
  });

  test('reports what a reader throws that is no typed error, with the input', () => {
    const broken: FuzzTarget = {
      seeds: () => [Buffer.from('abc')],
      fuzz(data) {
        if (data.length > 3) throw new RangeError('out of range');
        return undefined;
      },
    };
    expect(() => runFuzz(broken, { count: 1000, seed: 1 })).toThrow(/RangeError: out of range for the input [A-Za-z0-9+/]/);
  });
});
