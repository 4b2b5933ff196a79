/** `sweep.run` and `sweep.cell`: patching and ablation by layer, position, head, neuron and feature. */
import { spliceDictionary } from '../../../engine/dictionaries/splice.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { SweepAxis } from '../../../engine/sweeps/sites.ts';
import { patchedPrediction } from '../../../algorithmic/patchedPrediction.ts';
import { activeFeatures, splicedFeatures } from '../../../algorithmic/sweepFeatures.ts';
import type { SplicedFeatures } from '../../../algorithmic/sweepFeatures.ts';
import { sweepPrompts } from '../../../algorithmic/sweepPrompts.ts';
import type { ParsedParams, Prediction } from '../../../protocol/methods.ts';
import type { PatchSite } from '../../../protocol/methods/algorithmic.ts';
import type { SweepCell, SweepScores } from '../../../protocol/methods/algorithmicResults.ts';
import { running } from '../../running.ts';
import type { Job } from '../../scheduler.ts';
import type { OpenModel, Session } from '../../session.ts';
import { tokenText } from '../../text/predictions.ts';
import { requestPrompts, shownTokens } from './prompts.ts';

/** Errors: `argument` for sites or axes the model does not have, features without a dictionary, prompts that do not align. */
export async function* sweepRun(session: Session, params: ParsedParams<'sweep.run'>, signal: AbortSignal): Job<SweepScores> {
  const open = session.model(params.model);
  yield { stage: 'prompts' };
  const { groups, cleanIds } = await requestPrompts(open, params.prompts);
  const spliced = params.site === 'features' ? withFeatures(open, params.dictionary) : undefined;
  const hooks = spliced === undefined ? hooksOf(open, params.site, params.layers) : [spliced.hook];
  const neurons = spliced === undefined ? undefined : await activeFeatures(open.model, open.runtime, spliced, groups);
  const by: readonly SweepAxis[] = params.by ?? [defaultAxis(params.site)];
  const result = yield* running(open, 'patching', signal, (progress) => sweepPrompts(open.model, open.runtime, groups, {
    hooks, by, direction: params.replacement === 'patch' ? params.direction : 'noising', replacement: params.replacement, over: params.over, seed: params.seed, ...progress,
    ...(spliced === undefined ? {} : { graph: spliced.graph, parameters: spliced.parameters }), ...(neurons === undefined ? {} : { neurons }),
  }));
  const at = by.indexOf('neuron');
  return {
    tokens: cleanIds && shownTokens(open, cleanIds), hooks, axes: by.map((name, i) => ({ name, size: result.sizes[i]! })),
    neurons: at < 0 ? undefined : Int32Array.from(neurons ?? Array.from({ length: result.sizes[at]! }, (_, i) => i)),
    scores: result.scores, low: result.interval?.low, high: result.interval?.high, normalized: result.normalized,
    cleanMetric: result.clean, corruptedMetric: result.corrupted, prompts: result.prompts,
  };
}

/** Errors: `argument` for a data set, an unknown hook or place. */
export async function* sweepCell(session: Session, params: ParsedParams<'sweep.cell'>): Job<SweepCell> {
  const open = session.model(params.model);
  if (params.prompts.kind !== 'pair') throw new MechanistError('argument', 'One pair has predictions to show; a data set has not.', { field: 'prompts' });
  yield { stage: 'prompts' };
  const [group] = (await requestPrompts(open, params.prompts)).groups;
  const spliced = params.dictionary === undefined ? undefined : withFeatures(open, params.dictionary);
  const where = Object.fromEntries(Object.entries(params.where).filter(([, index]) => index !== undefined).map(([axis, index]) => [axis, [index as number]]));
  const { clean, corrupted, patched, metric } = await patchedPrediction(open.model, open.runtime, {
    ...group!, hook: params.hook, where, direction: params.replacement === 'patch' ? params.direction : 'noising', replacement: params.replacement, over: params.over, seed: params.seed,
    ...(spliced === undefined ? {} : { graph: spliced.graph, parameters: spliced.parameters }),
  });
  const top = (logits: Float32Array): Prediction[] => predictions(open, logits, params.predictions);
  return { clean: top(clean), corrupted: top(corrupted), patched: top(patched), metric };
}

const inBlock: Readonly<Record<Exclude<PatchSite, 'features'>, string>> = {
  resid_pre: 'hook_resid_pre', resid_mid: 'hook_resid_mid', resid_post: 'hook_resid_post', attn_out: 'hook_attn_out', mlp_out: 'hook_mlp_out',
  z: 'attn.hook_z', q: 'attn.hook_q', k: 'attn.hook_k', v: 'attn.hook_v', pattern: 'attn.hook_pattern', neurons: 'mlp.hook_post',
};

function hooksOf(open: OpenModel, site: PatchSite, layers: readonly number[] | undefined): string[] {
  const name = inBlock[site as Exclude<PatchSite, 'features'>];
  const hooks = open.model.hookPoints().flatMap((point) => {
    const layer = /^blocks\.(\d+)\./.exec(point.name)?.[1];
    return layer !== undefined && point.name === `blocks.${layer}.${name}` && (layers === undefined || layers.includes(Number(layer))) ? [point.name] : [];
  });
  if (hooks.length > 0) return hooks;
  throw new MechanistError('argument', `The model has no hook points blocks.*.${name} in these layers.`, {
    field: `site ${site}`, hint: open.model.config?.parallelAttnMlp === true ? 'Attention and MLP run in parallel in this model, so the stream has no middle.' : undefined,
  });
}

function defaultAxis(site: PatchSite): SweepAxis {
  if (site === 'neurons' || site === 'features') return 'neuron';
  return ['z', 'q', 'k', 'v', 'pattern'].includes(site) ? 'head' : 'position';
}

/** Errors: `argument` without a dictionary; `unsupported` for cross-layer transcoders. */
function withFeatures(open: OpenModel, key: string | undefined): SplicedFeatures {
  if (key === undefined) throw new MechanistError('argument', 'Features need a dictionary.', { field: 'dictionary', hint: 'Open one for this model.' });
  const { weights } = open.dictionary(key);
  if (weights.kind === 'clt') throw new MechanistError('unsupported', 'Features of a cross-layer transcoder write to several layers; use an attribution graph.', { field: 'dictionary' });
  return splicedFeatures(open.model, weights, open.graph(`spliced ${key}`, () => spliceDictionary(open.model.graph(), weights, { errorTerm: true })));
}

function predictions(open: OpenModel, logits: Float32Array, count: number): Prediction[] {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!).slice(0, count).map((id) => ({ id, token: tokenText(open.tokenizer, id), probability: Math.exp(logits[id]! - largest) / total }));
}
