/** `semantic.effect` and `semantic.lossEffect`: what a feature does in the model, beside no change and a random direction. */
import { MechanistError } from '../../../engine/errors.ts';
import { i64 } from '../../../engine/tensor.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { contextIds } from '../../../semantic/store/corpus.ts';
import { featureEffect } from '../../../semantic/steering/effect.ts';
import type { EffectRun as Run } from '../../../semantic/steering/effect.ts';
import { lossEffect as losses, meanLosses } from '../../../semantic/steering/lossEffect.ts';
import type { TokenLosses } from '../../../semantic/steering/lossEffect.ts';
import type { FeatureAction } from '../../../semantic/steering/steer.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { EffectRun, FeatureEffect, LossEffect } from '../../../protocol/methods/semanticResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { contextOf as windowLength } from '../../text/read.ts';
import { contextOf, storeOf, tokenNames } from './context.ts';

/** A text longer than the model's context loses its beginning. */
export async function* effect(session: Session, params: ParsedParams<'semantic.effect'>, signal: AbortSignal): Job<FeatureEffect> {
  const context = contextOf(session, params);
  const { open, source } = context;
  requireFeature(source.latents, params.feature);
  const text = open.tokens(params.text);
  if (text.ids.length === 0) throw new MechanistError('argument', 'The text has no tokens.', { field: 'text' });
  const kept = text.ids.slice(-Math.max(1, windowLength(open) - text.before.length - params.continuation));
  const cut = text.ids.length - kept.length;
  const ids = [...text.before, ...kept];
  const positions = params.positions?.map((token) => token - cut + text.before.length).filter((position) => position >= text.before.length && position < ids.length);
  // Special tokens in front of the text are left alone, as the text's own positions are counted.
  const all = Array.from({ length: ids.length + params.continuation - text.before.length }, (_, i) => i + text.before.length);
  const action = yield* actionOf(context, params);
  const steps = featureEffect({
    model: open.model, runtime: open.runtime, source, ids, feature: params.feature, action, positions: positions ?? all,
    continuation: params.continuation, temperature: params.temperature, seed: params.seed, endOfText: open.tokenizer.eosId, signal,
  });
  for (;;) {
    open.requireOpen();
    const step = await steps.next();
    if (step.done !== true) {
      yield undefined;
      continue;
    }
    const { activations, norm, ...runs } = step.value;
    const names = tokenNames(open);
    const shown = ({ kl, continuation }: Run): EffectRun => ({
      // Models may have more rows than their tokenizer has tokens.
      kl, continuation: open.tokenizer.decode(continuation.filter((id) => id < open.tokenizer.vocabSize)), tokens: continuation.map(names),
    });
    return {
      tokens: kept.map(names), activations: Array.from(activations.subarray(text.before.length)),
      next: nextTokens(runs, params.topPredictions).map((id) => ({
        token: names(id), id, default: Math.exp(runs.default.logProbabilities[id]!), changed: Math.exp(runs.changed.logProbabilities[id]!), random: Math.exp(runs.random.logProbabilities[id]!),
      })),
      default: shown(runs.default), changed: shown(runs.changed), random: shown(runs.random), norm,
      interventions: JSON.stringify([interventionOf(`${writtenHook(context)}.hook_sae_acts_post`, params.feature, action, positions)]),
    };
  }
}

export async function* lossEffect(session: Session, params: ParsedParams<'semantic.lossEffect'>): Job<LossEffect> {
  const context = contextOf(session, params);
  const { open, source } = context;
  requireFeature(source.latents, params.feature);
  const store = params.on.kind === 'contexts' ? await storeOf(context, params.store) : undefined;
  const { ids, skip } = params.on.kind === 'text' ? textIds() : { ids: contextIds(store!.corpus, known(params.on.contexts, store!.corpus.heldOut.length)), skip: 0 };
  const rows: TokenLosses[] = [];
  const [count, positions] = ids.dims as [number, number];
  for (let from = 0; from < count; from += contextsPerRun) {
    open.requireOpen();
    const to = Math.min(count, from + contextsPerRun);
    const part: Tensor<'int64'> = { dtype: 'int64', dims: [to - from, positions], data: ids.data.slice(from * positions, to * positions) };
    const steps = losses(open.model, open.runtime, source, params.feature, part, params.seed);
    for (;;) {
      const step = await steps.next();
      if (step.done === true) {
        rows.push(...step.value);
        break;
      }
      yield { done: from, of: count };
    }
  }
  const names = tokenNames(open);
  const { mean, random } = meanLosses(rows);
  return {
    rows: rows.map((row, i) => ({
      ...(params.on.kind === 'contexts' ? { context: params.on.contexts[i]! } : {}),
      tokens: Array.from(ids.data.subarray(i * positions + skip, (i + 1) * positions), (id) => names(Number(id))),
      delta: row.delta.slice(skip), random: row.random.slice(skip), activations: row.activations.slice(skip),
    })),
    mean, randomMean: random,
  };

  function textIds(): { ids: Tensor<'int64'>; skip: number } {
    const { before, ids: of } = open.tokens(params.on.kind === 'text' ? params.on.text : '');
    if (of.length === 0) throw new MechanistError('argument', 'The text has no tokens.', { field: 'text' });
    const all = [...before, ...of.slice(0, windowLength(open) - before.length)];
    return { ids: i64([1, all.length], all), skip: before.length };
  }
}

const contextsPerRun = 4;

function requireFeature(latents: number, feature: number): void {
  if (feature >= latents) throw new MechanistError('argument', `The dictionary has features 0 to ${latents - 1}.`, { field: `feature ${feature}` });
}

function known(contexts: readonly number[], count: number): readonly number[] {
  const unknown = contexts.find((context) => context >= count);
  if (unknown !== undefined) throw new MechanistError('argument', `The corpus has contexts 0 to ${count - 1}.`, { field: `context ${unknown}` });
  return contexts;
}

async function* actionOf(context: ReturnType<typeof contextOf>, { action, feature, store }: ParsedParams<'semantic.effect'>): Job<FeatureAction> {
  if (action.kind !== 'steer') return action;
  const { max } = (await storeOf(context, store)).overview;
  yield undefined;
  return { kind: 'add', amount: action.strength * max[feature]! };
}

/** Union of the likeliest tokens of the three runs, by the largest change of probability. */
function nextTokens(runs: Readonly<Record<'default' | 'changed' | 'random', Run>>, count: number): number[] {
  const ids = new Set<number>();
  for (const { logProbabilities } of Object.values(runs)) {
    for (const id of Array.from(logProbabilities.keys()).toSorted((a, b) => logProbabilities[b]! - logProbabilities[a]!).slice(0, count)) ids.add(id);
  }
  const change = (id: number): number => Math.abs(Math.exp(runs.changed.logProbabilities[id]!) - Math.exp(runs.default.logProbabilities[id]!));
  return [...ids].toSorted((a, b) => change(b) - change(a) || a - b).slice(0, count);
}

function writtenHook({ source }: ReturnType<typeof contextOf>): string {
  const { weights, layer } = source;
  return weights.kind === 'clt' ? weights.hooks.outputs[layer!]! : weights.hooks.output!;
}

/** As `mechanist run --dict DICT --intervene` takes it. */
function interventionOf(hook: string, feature: number, action: FeatureAction, positions: readonly number[] | undefined): object {
  const where = { feature: [feature], ...(positions === undefined ? {} : { position: positions }) };
  switch (action.kind) {
    case 'ablate': return { hook, kind: 'zero', where };
    case 'clamp': return { hook, kind: 'patch', value: action.value, where };
    case 'add': return { hook, kind: 'add', value: action.amount, where };
  }
}
