/** What the sample's findings are about: the strongest heads, features and edges, on data that is not measured on. */
import { CircuitSet, estimateEdges } from '../src/algorithmic/circuits/promptSets.ts';
import { faithfulnessOf } from '../src/algorithmic/circuits/evaluate.ts';
import { selectCircuit } from '../src/algorithmic/circuits/select.ts';
import { edgeName } from '../src/algorithmic/edges/edgeGraph.ts';
import { headScores } from '../src/algorithmic/headScores.ts';
import { requireAligned } from '../src/engine/pairs/alignPairs.ts';
import type { PairGroup } from '../src/engine/pairs/alignPairs.ts';
import { requirePairs } from '../src/engine/pairs/readPairs.ts';
import { sweep } from '../src/engine/sweeps/sweep.ts';
import { activations } from '../src/evidence/methods/featureActivity.ts';
import { textLines } from '../src/evidence/prompts.ts';
import { aurocOfScores } from '../src/semantic/groundTruth/auroc.ts';
import { harvest } from '../src/semantic/groundTruth/harvest.ts';
import { labelledText } from '../zoo/groundTruth/text.ts';
import { fieldNames, recipientPairs, texts } from './data.ts';
import type { IdPair, TextPair } from './data.ts';
import type { SampleModel } from './opened.ts';

/** The dictionary whose features the sample is about, in both models. */
const dictionaryName = 'blocks.2.hook_resid_post';

export async function chosenHeads(model: SampleModel): Promise<{ induction: string[]; previous: string; nameMovers: string[] }> {
  const scores = await headScores(model.model, model.runtime, { tokenIds: model.corpus.ordinary, bosId: model.corpus.bos, rows: 6, span: 24, seed: 77 });
  const induction = scores.filter((head) => head.induction >= 0.5).toSorted((a, b) => b.induction - a.induction);
  const previous = scores.filter(({ layer }) => induction.every((head) => layer < head.layer)).reduce((a, b) => (b.previousToken > a.previousToken ? b : a));
  const nameOf = ({ layer, head }: (typeof scores)[number]): string => `${layer}.${head}`;
  return { induction: induction.map(nameOf), previous: nameOf(previous), nameMovers: await nameMovers(model) };
}

/** The fewest heads whose shares of the answer, each patched in alone, add up to two thirds of it. */
async function nameMovers(model: SampleModel): Promise<string[]> {
  const hooks = Array.from({ length: model.model.config!.nLayers }, (_, layer) => `blocks.${layer}.attn.hook_z`);
  const restored = new Map<string, number>();
  let whole = 0;
  for (const { clean, corrupted, metric } of groupsOf(model, recipientPairs(model, 24, 9))) {
    const { scores, cleanMetric, corruptedMetric } = await sweep(model.model, model.runtime, { clean, corrupted, metric, hooks, by: ['head'] });
    const heads = scores.dims[1]!;
    whole += cleanMetric - corruptedMetric;
    scores.data.forEach((score, i) => {
      const head = `${Math.floor(i / heads)}.${i % heads}`;
      restored.set(head, (restored.get(head) ?? 0) + score - corruptedMetric);
    });
  }
  const movers: string[] = [];
  let share = 0;
  for (const [head, part] of [...restored].toSorted(([, a], [, b]) => b - a)) {
    if (share >= 2 / 3) break;
    movers.push(head);
    share += part / whole;
  }
  return movers;
}

/** The fewest edges, in powers of two, that keep 85 % of the behaviour. */
export async function chosenCircuit(model: SampleModel, pairs: readonly IdPair[]): Promise<string[]> {
  const groups = groupsOf(model, pairs);
  const { edges, scores } = await estimateEdges(model.model, model.runtime, groups);
  const set = await CircuitSet.create(model.model, model.runtime, groups);
  const sizes = [32, 64, 128, 256, 512, 1024];
  const circuits = sizes.map((size) => selectCircuit(edges, scores, { kind: 'top', edges: size }));
  const kept = await faithfulnessOf(set, circuits);
  const chosen = circuits[kept.findIndex((value) => value >= 0.85)] ?? circuits.at(-1)!;
  return Array.from(chosen.keys()).filter((edge) => chosen[edge] === 1).map((edge) => edgeName(edges, edge));
}

/** The feature and field that fit best on labelled text of another seed. */
export async function semanticFeature(model: SampleModel): Promise<{ feature: number; dictionary: string; name: string }> {
  const dictionary = (await model.dictionary(dictionaryName))!;
  const text = labelledText(model.corpus, 'validation', 80, 64, 5);
  const { features } = await harvest({ model: model.model, runtime: model.runtime, contexts: text.contexts, hooks: [], dictionaries: [dictionary] });
  const acts = features.get(dictionary.id)!;
  let best = { feature: 0, auroc: 0, name: fieldNames[0] as string };
  for (const name of fieldNames) {
    const positive = Uint8Array.from(text.values.get(`field.${name}`)!, (value) => (value === true ? 1 : 0));
    for (let feature = 0; feature < dictionary.nLatents; feature++) {
      const column = acts.column(feature);
      if (column.rows.length === 0) continue;
      const auroc = aurocOfScores(column, positive);
      if (auroc > best.auroc) best = { feature, auroc, name };
    }
  }
  return { feature: best.feature, dictionary: dictionaryName, name: best.name };
}

/** The pair of features, one of each model, that goes together best on texts of another seed; the first is `feature`. */
export async function matchingFeature(model: SampleModel, second: SampleModel, feature: number): Promise<{ first: number; other: number; dictionary: string; secondDictionary: string }> {
  const [own, theirs] = [(await model.dictionary(dictionaryName))!, (await second.dictionary(dictionaryName))!];
  const text = texts(model, 30, 8).join('\n');
  const [a, b] = [textLines(model, text), textLines(second, text)];
  const signal = new AbortController().signal;
  const target: number[] = [];
  const others: number[][] = Array.from({ length: theirs.nLatents }, () => []);
  for (const [i, { ids }] of a.entries()) {
    target.push(...(await activations(model, own, ids, signal)).dense(feature));
    const acts = await activations(second, theirs, b[i]!.ids, signal);
    others.forEach((series, f) => series.push(...acts.dense(f)));
  }
  const scores = others.map((series) => cosineOfDeviations(target, series));
  return { first: feature, other: scores.indexOf(Math.max(...scores)), dictionary: dictionaryName, secondDictionary: dictionaryName };
}

function groupsOf(model: SampleModel, pairs: readonly (IdPair | TextPair)[]): readonly PairGroup[] {
  return requireAligned(requirePairs(pairs.map((pair) => JSON.stringify(pair)).join('\n')), { tokenizer: model.tokenizer, vocabulary: model.model.config?.dOut, context: model.model.config?.nCtx });
}

function cosineOfDeviations(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - ma) * (b[i]! - mb);
    aa += (value - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  });
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
