/** `attention.*`: patterns, head-type scores, composition, and one score as feature pairs. */
import { compositionScores } from '../../../algorithmic/attention/composition.ts';
import { featurePairs } from '../../../algorithmic/attention/featurePairs.ts';
import { attentionPatterns } from '../../../algorithmic/attention/patterns.ts';
import { headProfiles } from '../../../algorithmic/attention/scores.ts';
import { repeatedRandomTokens } from '../../../algorithmic/headScores.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { AttentionPatterns, AttentionScores, CompositionScores, FeaturePairs } from '../../../protocol/methods/algorithmicResults.ts';
import { running } from '../../running.ts';
import type { Job } from '../../scheduler.ts';
import type { OpenModel, Session } from '../../session.ts';
import { inputsOf, promptIds, shownTokens } from './prompts.ts';

/** Largest answer in numbers. */
const mostValues = 50_000_000;

/** Errors: `argument` for a layer or head the model does not have, or more patterns than fit into an answer. */
export async function* attentionPatternsOf(session: Session, params: ParsedParams<'attention.patterns'>): Job<AttentionPatterns> {
  const open = session.model(params.model);
  const { nLayers, nHeads } = sizesOf(open);
  const ids = promptIds(open, params.text);
  if (params.head !== undefined && params.head >= nHeads) throw new MechanistError('argument', `The model has ${nHeads} heads.`, { field: `head ${params.head}` });
  const layers = params.layer === undefined ? Array.from({ length: nLayers }, (_, layer) => layer) : [params.layer];
  const heads = params.head === undefined ? Array.from({ length: nHeads }, (_, head) => head) : [params.head];
  const size = ids.length ** 2;
  const count = layers.length * heads.length * size;
  if (count > mostValues) throw new MechanistError('memory', `These patterns have ${count} numbers; at most ${mostValues} are given at once.`, { hint: 'Ask for one layer.' });
  const values = new Float32Array(count);
  for (const [i, layer] of layers.entries()) {
    yield { stage: 'patterns', done: i, of: layers.length };
    open.requireOpen();
    const [pattern] = await attentionPatterns(open.model, open.runtime, { inputs: inputsOf(ids), layers: [layer], weighting: params.weighting });
    heads.forEach((head, h) => values.set(pattern!.data.subarray(head * size, (head + 1) * size), (i * heads.length + h) * size));
  }
  return { tokens: shownTokens(open, ids), layers, heads, values };
}

/** Errors: those of `headProfiles`. */
export async function* attentionScores(session: Session, params: ParsedParams<'attention.scores'>, signal: AbortSignal): Job<AttentionScores> {
  const open = session.model(params.model);
  sizesOf(open);
  const vocabulary = open.model.config!.dOut;
  const special = new Set(open.hasTokenizer ? [open.tokenizer.bosId, open.tokenizer.eosId, open.tokenizer.padId] : []);
  const bosId = open.hasTokenizer ? open.tokenizer.bosId : undefined;
  const tokenIds = Array.from({ length: vocabulary }, (_, id) => id).filter((id) => !special.has(id));
  const span = Math.min(params.span, Math.floor((open.model.config!.nCtx - 1) / 2));
  const rows = repeatedRandomTokens({ tokenIds, span, rows: params.rows, seed: params.seed, ...(bosId === undefined ? {} : { bosId }) });
  const random = yield* running(open, 'random tokens', signal, (progress) => headProfiles(open.model, open.runtime, rows, progress));
  const { text } = params;
  const natural = text === undefined ? undefined : yield* running(open, 'text', signal, (progress) => headProfiles(open.model, open.runtime, [promptIds(open, text)], progress));
  return { random, text: natural };
}

/** Errors: `unsupported` for weights that are not known by name. */
export async function* attentionComposition(session: Session, params: ParsedParams<'attention.composition'>, signal: AbortSignal): Job<CompositionScores> {
  const open = session.model(params.model);
  const { nLayers, nHeads } = sizesOf(open);
  const { scores, nullMean, nullHigh } = yield* running(open, 'composition', signal, (progress) => compositionScores(open.model, open.runtime, { kind: params.kind, nulls: params.nulls, seed: params.seed, ...progress }));
  const later = (value: number, i: number): number => (Math.floor(i / (nHeads * nLayers * nHeads)) < Math.floor((i % (nLayers * nHeads)) / nHeads) ? value : NaN);
  return { layers: nLayers, heads: nHeads, scores: scores.data.map(later), nullMean: nullMean!.data.map(later), nullHigh: nullHigh!.data.map(later) };
}

/** Errors: those of `featurePairs`. */
export async function* attentionFeaturePairs(session: Session, params: ParsedParams<'attention.featurePairs'>): Job<FeaturePairs> {
  const open = session.model(params.model);
  const { weights } = open.dictionary(params.dictionary);
  if (weights.kind === 'clt') throw new MechanistError('argument', 'An autoencoder of the stream is needed, not a transcoder.', { field: 'dictionary' });
  const ids = promptIds(open, params.text);
  yield { stage: 'features' };
  const { queryTerms, keyTerms, values, sum, score } = await featurePairs(open.model, open.runtime, { ...params, inputs: inputsOf(ids), dictionary: weights });
  const pairs = Array.from(values.data, (value, i) => ({ query: queryTerms[Math.floor(i / keyTerms.length)]!, key: keyTerms[i % keyTerms.length]!, value })).toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const total = (list: readonly { value: number }[]): number => list.reduce((all, { value }) => all + value, 0);
  const unlisted = pairs.slice(params.top);
  return {
    score, sum, pairs: pairs.slice(0, params.top), unlisted: { count: unlisted.length, sum: total(unlisted) },
    errorSum: total(pairs.filter(({ query, key }) => query === 'error' || key === 'error')),
  };
}

function sizesOf({ model }: OpenModel): { nLayers: number; nHeads: number } {
  if (model.config === undefined) throw new MechanistError('unsupported', 'The heads of this model are not known.', { file: model.source });
  return model.config;
}
