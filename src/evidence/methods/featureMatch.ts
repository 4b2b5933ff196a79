/** Whether two models share a feature: correlation of activations on the same text, beside the same series shifted against each other. */
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { Random } from '../../engine/random.ts';
import type { Activations } from '../../semantic/groundTruth/columns.ts';
import type { EvidenceMethod } from '../method.ts';
import { nullOf } from '../numbers.ts';
import { textLines } from '../prompts.ts';
import { activations, featureIn } from './featureActivity.ts';

export const featureMatch: EvidenceMethod = {
  id: 'feature.match', version: 1, title: 'Feature in two models',
  summary: 'Correlation of two features of two models over the characters of the same text, beside circular shifts; with the best match of the first among all features of the second.',
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
    const own: number[] = [];
    const others: number[][] = Array.from({ length: second.nLatents }, () => []);
    for (const [i, line] of a.entries()) {
      await context.step(i, a.length);
      const characters = Math.min(line.offsets.at(-1)?.[1] ?? 0, b[i]!.offsets.at(-1)?.[1] ?? 0);
      own.push(...perCharacter(await activations(context.model, first, line.ids, context.signal), feature, line.offsets, characters));
      const acts = await activations(context.other!, second, b[i]!.ids, context.signal);
      for (let f = 0; f < second.nLatents; f++) {
        if (acts.column(f).rows.length > 0 || f === wanted) others[f]!.push(...Array<number>(own.length - characters - others[f]!.length).fill(0), ...perCharacter(acts, f, b[i]!.offsets, characters));
      }
    }
    for (const series of others) while (series.length < own.length) series.push(0);
    const correlations = others.map((series) => correlation(own, series));
    const value = correlations[wanted]!;
    const random = new Random(context.seed);
    const nulls = Array.from({ length: Math.min(1000, context.integer('nulls')!) }, () => correlation(own, shifted(others[wanted]!, 1 + random.integer(Math.max(1, own.length - 1)))));
    const control = nullOf('circular shifts', nulls);
    const rank = 1 + correlations.filter((other) => other > value).length;
    return { metric: 'correlation', value, interval: fisherInterval(value, own.length), ...(control && { control }), measures: { rank_among_features: rank, best_other: Math.max(...correlations.filter((_, f) => f !== wanted)) } };
  },
};

/** The activation of each character's token; characters of no token have none. */
function perCharacter(acts: Activations, feature: number, offsets: readonly (readonly [number, number])[], characters: number): number[] {
  const values = acts.dense(feature);
  const series = Array<number>(characters).fill(0);
  offsets.forEach(([start, end], token) => series.fill(values[token]!, start, Math.min(end, characters)));
  return series;
}

/** Pearson's; 0 for a constant series. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i]!, b[i]!];
    sa += x;
    sb += y;
    saa += x * x;
    sbb += y * y;
    sab += x * y;
  }
  const [va, vb] = [saa - (sa * sa) / n, sbb - (sb * sb) / n];
  return va <= 0 || vb <= 0 ? 0 : (sab - (sa * sb) / n) / Math.sqrt(va * vb);
}

function shifted(series: readonly number[], by: number): number[] {
  return [...series.slice(by), ...series.slice(0, by)];
}

/** 95 % by Fisher's transformation; characters of one token are not independent, so a quarter of them is counted. */
function fisherInterval(r: number, characters: number): readonly [number, number] {
  const z = Math.atanh(Math.max(-0.999999, Math.min(0.999999, r)));
  const half = 1.96 / Math.sqrt(Math.max(1, characters / 4 - 3));
  return [Math.min(r, Math.tanh(z - half)), Math.max(r, Math.tanh(z + half))];
}
