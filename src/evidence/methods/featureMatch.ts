/** Whether two models share a feature: correlation of activations on the same text, beside the same series shifted against each other. */
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { Random } from '../../engine/random.ts';
import type { Activations } from '../../semantic/groundTruth/columns.ts';
import type { EvidenceMethod } from '../method.ts';
import { intervalOf, nullOf } from '../numbers.ts';
import { textLines } from '../prompts.ts';
import { activations, featureIn } from './featureActivity.ts';

export const featureMatch: EvidenceMethod = {
  id: 'feature.match', version: 2, title: 'Feature in two models',
  changed: 'Version 1 took a quarter of the characters for independent in its interval; measure it anew.',
  summary: 'Correlation of two features of two models over the characters of the same text, with a bootstrap over lines, beside circular shifts; with the best match of the first among all features of the second.',
  models: 2, dictionary: true,
  inputs: [{ name: 'text', kind: 'text', description: 'Lines that both models read.' }],
  parameters: [
    { name: 'feature', type: 'integer', description: 'Index in the first dictionary.' },
    { name: 'other_feature', type: 'integer', description: 'Index in the second.' },
    { name: 'nulls', type: 'integer', default: 200, description: 'Shifts.' },
  ],
  async run(context) {
    const [first, second] = context.dictionaries as [Dictionary, Dictionary];
    const [feature, wanted] = [featureIn(first, context.integer('feature')!), featureIn(second, context.integer('other_feature')!)];
    const text = context.text('text')!;
    const [a, b] = [textLines(context.model, text), textLines(context.other!, text)];
    const [own, matched]: [Float64Array[], Float64Array[]] = [[], []];
    // Per line with the feature asked about, and over all lines with every feature.
    const lines: Moments[] = [];
    const all = Array.from({ length: second.nLatents }, () => emptyMoments());
    const total = emptyMoments();
    for (const [i, line] of a.entries()) {
      await context.step(i, a.length);
      const characters = Math.min(line.offsets.at(-1)?.[1] ?? 0, b[i]!.offsets.at(-1)?.[1] ?? 0);
      const series = perCharacter(await activations(context.model, first, line.ids, context.signal), feature, line.offsets, characters);
      const acts = await activations(context.other!, second, b[i]!.ids, context.signal);
      const seriesOf = (f: number): Float64Array => perCharacter(acts, f, b[i]!.offsets, characters);
      for (let f = 0; f < second.nLatents; f++) if (acts.column(f).rows.length > 0) add(all[f]!, momentsOf(series, seriesOf(f)));
      own.push(series);
      matched.push(seriesOf(wanted));
      lines.push(momentsOf(series, matched.at(-1)!));
      add(total, lines.at(-1)!);
    }
    // Where the other feature is silent, only the first one's sums grow.
    const correlations = all.map(({ b: sb, bb, ab }) => correlation({ ...total, b: sb, bb, ab }));
    const value = correlations[wanted]!;
    const random = new Random(context.seed);
    const [x, y] = [joined(own), joined(matched)];
    const nulls = Array.from({ length: Math.min(1000, context.integer('nulls')!) }, () => correlation(momentsOf(x, shifted(y, 1 + random.integer(Math.max(1, x.length - 1))))));
    const control = nullOf('circular shifts', nulls);
    const rank = 1 + correlations.filter((other) => other > value).length;
    const best = correlations.reduce((most, other, f) => (f === wanted ? most : Math.max(most, other)), -1);
    // Characters of one line depend on one another; lines are drawn whole.
    const interval = lines.length < 2 ? undefined : intervalOf(lines.length, (drawn) => {
      const sums = emptyMoments();
      for (const line of drawn) add(sums, lines[line]!);
      return correlation(sums);
    }, context.seed);
    return { metric: 'correlation', value, ...(interval && { interval: around(value, interval) }), ...(control && { control }), measures: { rank_among_features: rank, best_other: best } };
  },
};

/** The activation of each character's token; characters of no token have none. */
function perCharacter(acts: Activations, feature: number, offsets: readonly (readonly [number, number])[], characters: number): Float64Array {
  const values = acts.dense(feature);
  const series = new Float64Array(characters);
  offsets.forEach(([start, end], token) => series.fill(values[token]!, start, Math.min(end, characters)));
  return series;
}

/** Sums over two series: count, first and second powers. */
interface Moments {
  n: number;
  a: number;
  b: number;
  aa: number;
  bb: number;
  ab: number;
}

function emptyMoments(): Moments {
  return { n: 0, a: 0, b: 0, aa: 0, bb: 0, ab: 0 };
}

function momentsOf(a: Float64Array, b: Float64Array): Moments {
  const sums = { ...emptyMoments(), n: a.length };
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    sums.a += x;
    sums.b += y;
    sums.aa += x * x;
    sums.bb += y * y;
    sums.ab += x * y;
  }
  return sums;
}

function add(to: Moments, from: Moments): void {
  for (const name of ['n', 'a', 'b', 'aa', 'bb', 'ab'] as const) to[name] += from[name];
}

/** Pearson's; 0 for a constant series. */
function correlation({ n, a, b, aa, bb, ab }: Moments): number {
  const [va, vb] = [aa - (a * a) / n, bb - (b * b) / n];
  return va <= 0 || vb <= 0 ? 0 : (ab - (a * b) / n) / Math.sqrt(va * vb);
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function shifted(series: Float64Array, by: number): Float64Array {
  const result = new Float64Array(series.length);
  result.set(series.subarray(by));
  result.set(series.subarray(0, by), series.length - by);
  return result;
}

/** A bootstrap may leave out the value itself when few lines hold it. */
function around(value: number, [low, high]: readonly [number, number]): readonly [number, number] {
  return [Math.min(value, low), Math.max(value, high)];
}
