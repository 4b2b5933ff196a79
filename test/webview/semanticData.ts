/** Answers to the semantic view's requests, made up in the shapes of the protocol: 1,024 features of which #7 is described in full. */
import type { LabelScore } from '../../src/protocol/methods/labelResults.ts';
import type { DictionaryPage, FeatureCard, FeatureEffect, FeatureExample, FeatureMap, FeatureRow, StoreSummary } from '../../src/protocol/methods/semanticResults.ts';
import type { Answers } from './fakeHost.ts';
import { started } from './fakeHost.ts';

export const store: StoreSummary = {
  store: 'zoo/store', bundled: true, complete: true, modelHash: 'abc', dictionaryHash: 'hash1', corpus: { name: 'fable', hash: 'c', contexts: 4000, contextLength: 128, labelled: true }, tokens: 512_000, features: 1024, alive: 1000,
};
const score: LabelScore = { detection: 0.93, wrongLabel: 0.51, shuffled: 0.5, fuzzing: 0.88, fuzzingWrongLabel: 0.52, byBin: [0.8, 0.9, 0.95], examples: 40 };
const words = ['Mary', ' John', ' the', ' store', ' gave', ' to', ' and', ' went'];

function row(feature: number): FeatureRow {
  const base = { feature, density: 0.021 / (1 + feature % 50), max: 6.2 - (feature % 60) / 10, mean: 2, share: 0.01 / (1 + feature % 20), topTokens: [words[feature % 8]!, words[(feature + 3) % 8]!, ' \n'], grade: feature === 7 ? 3 : 0 };
  return feature % 5 === 2 ? { ...base, label: { label: `name in subject position ${feature}`, author: feature === 7 ? 'hand' : 'statistics', score }, truth: { variable: 'subject', question: 'Is this the subject?', auroc: 0.99, shuffledAuroc: 0.52 } } : base;
}

function example(peak: number, scale: number): FeatureExample {
  const tokens = ['When', ' Mary', ' and', ' John', ' went', ' to', ' the', ' store', ',', ' John', ' gave', ' a', ' <b>book</b>', ' to', '\n'];
  return { context: peak + 3, position: peak, tokens, values: tokens.map((_, index) => (index === peak ? scale : index === peak - 2 ? scale / 3 : 0)), peak, ...(peak === 1 ? { origin: { file: 'ws/stories/a.txt', start: 10, end: 60 } } : {}) };
}

export function card(feature: number): FeatureCard {
  return {
    row: row(feature), subject: `mechanist:feature/fable-4l/blocks.2.hook_resid_post/${feature}`, hook: 'blocks.2.hook_resid_post', tokens: 512_000, fired: 10_752,
    bands: [
      { kind: 'top', low: 5.1, high: 6.2, examples: [example(1, 6.2), example(3, 5.9), example(9, 5.1)] },
      { kind: 'quantile', quantile: [0.8, 1], low: 3, high: 6.2, examples: [example(3, 4)] }, { kind: 'quantile', quantile: [0, 0.2], low: 0.01, high: 0.6, examples: [example(9, 0.4)] },
      { kind: 'random', low: 0.1, high: 5, examples: [example(1, 2)] }, { kind: 'zero', low: 0, high: 0, examples: [example(5, 0)] },
    ],
    histogram: { edges: Array.from({ length: 21 }, (_, index) => index * 0.31), counts: Array.from({ length: 20 }, (_, index) => Math.round(4000 * Math.exp(-index / 3))), zeros: 501_248 },
    quantiles: [{ share: 0.5, value: 1.2 }],
    topTokens: [{ token: ' Mary', id: 3, seen: 900, fired: 820, mean: 3.1 }, { token: ' John', id: 4, seen: 950, fired: 700, mean: 2.4 }],
    logits: { promoted: [{ token: ' gave', id: 5, value: 2.1 }, { token: ' said', id: 6, value: 1.4 }], suppressed: [{ token: ' the', id: 7, value: -1.9 }], treatment: 'final norm folded at its mean scale', random: 0.6 },
    decoderNeighbours: [{ feature: 12, label: 'second of two names', topTokens: [' John'], cosine: 0.71, jaccard: 0.33 }, { feature: 52, topTokens: [' Anna', ' Tom'], cosine: 0.41 }],
    randomCosine: 0.28, coactive: [{ feature: 99, topTokens: [' and'], cosine: 0.02, jaccard: 0.2, given: 0.4, expected: 0.05 }],
    warnings: [{ kind: 'splitting', feature: 12, cosine: 0.71, jaccard: 0.33 }],
    read: [{ component: 'blocks.3.attn.hook_q[1]', layer: 3, weight: 1.9, random: 0.5 }], written: [{ component: 'blocks.1.attn.hook_z[0]', layer: 1, weight: 1.2, random: 0.6 }],
    truth: [{ variable: 'subject', question: 'Is this the subject?', auroc: 0.99, shuffledAuroc: 0.52 }], norm: 1,
  };
}

export const effect: FeatureEffect = {
  tokens: ['When', ' Mary'], activations: [0, 6.2],
  next: [{ token: ' and', id: 1, default: 0.63, changed: 0.2, random: 0.6 }, { token: ' went', id: 2, default: 0.1, changed: 0.4, random: 0.11 }],
  default: { continuation: ' and John went to the store.', tokens: [], kl: 0 }, changed: { continuation: ' went home.', tokens: [], kl: 0.9 }, random: { continuation: ' and John went home.', tokens: [], kl: 0.05 }, norm: 6.2, interventions: '[{"hook":"x"}]',
};

const map = (): FeatureMap => {
  const count = 1000;
  const at = (index: number, turn: number): number => Math.sin(index * turn) * (0.2 + 0.75 * ((index * 7919) % 1000) / 1000);
  const points = Float32Array.from({ length: 2 * count }, (_, index) => at(Math.floor(index / 2), index % 2 === 0 ? 0.7 : 1.3));
  return { features: Uint32Array.from({ length: count }, (_, index) => index), points, random: points.map((value, index) => value * Math.cos(index)), method: 'PCA', preserved: 0.21, randomPreserved: 0.08, chance: 0.01 };
};

const dictionaryPage: DictionaryPage = {
  scores: { l0: { value: 16, low: 15.8, high: 16.2 }, fvu: { value: 0.112, low: 0.109, high: 0.116 }, ceRecoveredZero: { value: 0.98, low: 0.97, high: 0.985 } }, interval: '95 % bootstrap over texts', documents: 48, positions: 6096,
  density: { edges: Array.from({ length: 21 }, (_, index) => -5 + index * 0.25), counts: Array.from({ length: 20 }, (_, index) => Math.round(100 * Math.exp(-(((index - 12) / 4) ** 2)))) },
  geometry: { meanMaxCosine: 0.42, p95MaxCosine: 0.7, randomMeanMaxCosine: 0.3 }, dead: { total: 24, features: [1000, 1001, 1002] }, dense: { total: 2, features: [3, 8] }, tokens: 512_000,
  tradeoff: [
    { dictionary: 'd1', hook: 'blocks.1.hook_resid_post', architecture: 'topk', latents: 1024, l0: 16, fvu: 0.09, ceRecovered: 0.985, dead: 0.01 },
    { dictionary: 'd2', hook: 'blocks.2.hook_resid_post', architecture: 'topk', latents: 1024, l0: 16, fvu: 0.112, ceRecovered: 0.98, dead: 0.023 },
  ],
  metadata: { 'trained on': 'fable corpus', 'page': 'https://example.org/features' },
};

export const answers: Answers = {
  'panel.start': () => started,
  'panel.act': () => null, 'panel.pin': () => true, 'panel.goTo': () => null, 'panel.copy': () => null, 'panel.useDictionary': () => null, 'panel.job.start': () => null, 'panel.job.cancel': () => null,
  'panel.grades': () => [{ feature: 7, grade: 3 }],
  'panel.findings': ({ subject }: { subject: string }) => (subject.endsWith('/7') ? [{ title: 'Names of subjects move the pronoun', kind: 'semantic', grade: 3, state: 'drifted', circuits: ['mechanist:circuit/fable-4l/pronoun'], file: 'file:///ws/findings/names.md', start: 120, end: 170 }] : []),
  'semantic.stores': () => [store],
  'semantic.features': ({ offset, limit, search }: { offset: number; limit: number; search: string }) => {
    const all = Array.from({ length: 1024 }, (_, index) => index).filter((feature) => search === '' || (row(feature).label?.label ?? '').includes(search));
    return { rows: all.slice(offset, offset + limit).map(row), total: all.length, unfiltered: 1024 };
  },
  'semantic.feature': ({ feature }: { feature: number }) => card(feature),
  'semantic.map': map,
  'semantic.similar': () => ({ rows: [7, 12].map((feature) => ({ ...row(feature), cosine: 0.7 })), randomCosine: 0.28 }),
  'semantic.searchText': () => ({ rows: [7, 12].map((feature) => ({ ...row(feature), here: 2, there: 0.1, peak: 5, token: ' Mary', p: 0.01 })), tokens: { selection: 5, other: 0 } }),
  'semantic.effect': () => effect,
  'semantic.lossEffect': () => ({ rows: [{ context: 4, tokens: ['When', ' Mary', ' and'], delta: Float32Array.of(Number.NaN, 0.4, -0.1), random: Float32Array.of(Number.NaN, 0.01, 0), activations: Float32Array.of(0, 6.2, 0) }], mean: 0.15, randomMean: 0.01 }),
  'semantic.label.set': () => null,
  'semantic.label.auto': () => ({ labels: [{ feature: 7, label: { label: 'token is “Mary”', author: 'statistics', score } }], skipped: 0, saved: 0, summary: { labelled: 1, detection: 0.93, wrongLabel: 0.5, passed: 1 } }),
  'semantic.dictionary': () => dictionaryPage,
};
