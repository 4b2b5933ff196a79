/** Which features fire on one text more than on another: means over tokens, with a shuffle of the tokens as the null. */
import { Random } from '../../engine/random.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { HarvestProgram } from '../store/program.ts';

export interface TextFeatures {
  /** Tokens counted. */
  readonly tokens: number;
  /** Positive activations by feature: token and value. */
  readonly entries: ReadonlyMap<number, readonly { readonly token: number; readonly value: number }[]>;
}

export interface FeatureDifference {
  readonly feature: number;
  /** Mean activation over the tokens of each side. */
  readonly here: number;
  readonly there: number;
  readonly peak: number;
  readonly token: number;
  /** (1 + shuffles with a difference at least as large) / (1 + shuffles); undefined without another text. */
  readonly p?: number;
}

/** Features of a text that fits the model's context; `skip` special tokens in front are not counted. */
export async function textFeatures(program: HarvestProgram, ids: readonly number[], skip: number): Promise<TextFeatures> {
  const input: Tensor<'int64'> = { dtype: 'int64', dims: [1, ids.length], data: BigInt64Array.from(ids, BigInt) };
  const entries = new Map<number, { token: number; value: number }[]>();
  await program.run(input, (token, feature, value) => {
    if (token < skip) return;
    const list = entries.get(feature);
    if (list === undefined) entries.set(feature, [{ token: token - skip, value }]);
    else list.push({ token: token - skip, value });
  });
  return { tokens: ids.length - skip, entries };
}

const shuffles = 199;

/** Largest difference first. `average`: mean activation of a feature elsewhere, where there is no other text. */
export function differences(here: TextFeatures, there: TextFeatures | undefined, average: (feature: number) => number, count: number, seed = 0): FeatureDifference[] {
  const mean = ({ tokens, entries }: TextFeatures, feature: number): number => (entries.get(feature) ?? []).reduce((sum, { value }) => sum + value, 0) / Math.max(1, tokens);
  const random = new Random(seed);
  return [...here.entries]
    .map(([feature, list]) => {
      const best = list.reduce((a, b) => (b.value > a.value ? b : a));
      return { feature, here: mean(here, feature), there: there === undefined ? average(feature) : mean(there, feature), peak: best.value, token: best.token };
    })
    .toSorted((a, b) => b.here - b.there - (a.here - a.there) || a.feature - b.feature)
    .slice(0, count)
    .map((row) => (there === undefined ? row : { ...row, p: shuffledShare(here, there, row.feature, random) }));
}

function shuffledShare(here: TextFeatures, there: TextFeatures, feature: number, random: Random): number {
  const values = new Float64Array(here.tokens + there.tokens);
  for (const { token, value } of here.entries.get(feature) ?? []) values[token] = value;
  for (const { token, value } of there.entries.get(feature) ?? []) values[here.tokens + token] = value;
  const total = values.reduce((a, b) => a + b, 0);
  const difference = (sum: number): number => sum / here.tokens - (total - sum) / Math.max(1, there.tokens);
  const observed = difference(values.subarray(0, here.tokens).reduce((a, b) => a + b, 0));
  let asLarge = 0;
  for (let draw = 0; draw < shuffles; draw++) {
    let sum = 0;
    for (let i = 0; i < here.tokens; i++) {
      const j = i + random.integer(values.length - i);
      [values[i], values[j]] = [values[j]!, values[i]!];
      sum += values[i]!;
    }
    if (difference(sum) >= observed - 1e-9) asLarge++;
  }
  return (1 + asLarge) / (1 + shuffles);
}
