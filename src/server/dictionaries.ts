/**
 * Dictionaries as the engine process offers them: each reads one hook point. A transcoder set counts as one per layer,
 * and so does a cross-layer transcoder.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CrossLayerTranscoder, Dictionary } from '../engine/dictionaries/dictionary.ts';
import { appendEncode, appendEncodeLayer } from '../engine/dictionaries/encode.ts';
import { openDictionary, openTranscoders, spansLayers } from '../engine/dictionaries/open.ts';
import { encodeSparse, encodeSparseLayer } from '../engine/dictionaries/sparse.ts';
import type { SparseActivations } from '../engine/dictionaries/sparse.ts';
import { MechanistError } from '../engine/errors.ts';
import { GraphBuilder } from '../engine/graph/builder.ts';
import type { Model } from '../engine/models/model.ts';
import type { DictionarySummary } from '../protocol/methods.ts';

export interface OpenDictionary {
  readonly summary: DictionarySummary;
  readonly weights: Dictionary | CrossLayerTranscoder;
  /** Appends the `count` largest activations per token, reading the hook point in the model's graph. */
  appendSparse(b: GraphBuilder, count: number): SparseActivations;
  /** Appends all activations [b,p,latents]. */
  appendDense(b: GraphBuilder): string;
}

/**
 * Opens what lies at a path as one or more dictionaries of `model`. `key` makes their keys; `allow` is told the bytes of
 * the weights before they are read, and throws if these are too many.
 * Errors: those of `openDictionary` and `openTranscoders`; `argument` when the model lacks the hook point or it has another width.
 */
export async function openDictionaries(path: string, model: Model, key: () => string, allow: (bytes: number) => void): Promise<OpenDictionary[]> {
  const opened = await openAny(path);
  try {
    allow(opened.reduce((sum, { parameters }) => sum + parameters.bytes, 0));
    const name = basename(path);
    const dictionaries = opened.flatMap((weights, index) => (weights.kind === 'clt'
      ? weights.hooks.inputs.map((hook, layer) => ofLayer(weights, layer, hook, { dictionary: key(), id: `${name}.${layer}` }))
      : [ofDictionary(weights, { dictionary: key(), id: opened.length > 1 ? `${name}.${index}` : name })]));
    for (const dictionary of dictionaries) requireFit(dictionary, model);
    return dictionaries;
  } catch (error) {
    for (const { parameters } of opened) parameters.close();
    throw MechanistError.is(error) ? error.within(path) : error;
  }
}

/** The folders of a model's bundled dictionaries. */
export async function bundledDictionaries(modelFolder: string): Promise<string[]> {
  const folder = join(modelFolder, 'dictionaries');
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .filter((path) => ['cfg.json', 'config.yaml'].some((name) => existsSync(join(path, name))))
    .toSorted();
}

/** The dictionaries with the default one first: an autoencoder of the residual stream, as near the middle layer as possible. */
export function defaultFirst(dictionaries: readonly OpenDictionary[], layers: number | undefined): OpenDictionary[] {
  const middle = Math.floor((layers ?? 0) / 2);
  const distance = ({ summary: { kind, hook } }: OpenDictionary): number => {
    const layer = /^blocks\.(\d+)\.hook_resid_post$/.exec(hook)?.[1];
    return kind === 'sae' && layer !== undefined ? Math.abs(Number(layer) - middle) : Infinity;
  };
  const first = dictionaries.toSorted((a, b) => (distance(a) === distance(b) ? 0 : distance(a) - distance(b)))[0];
  return first === undefined ? [] : [first, ...dictionaries.filter((dictionary) => dictionary !== first)];
}

async function openAny(path: string): Promise<(Dictionary | CrossLayerTranscoder)[]> {
  if (!(await spansLayers(path))) return [await openDictionary(path)];
  const opened = await openTranscoders(path);
  return opened.kind === 'clt' ? [opened] : [...opened.transcoders];
}

type Names = Pick<DictionarySummary, 'dictionary' | 'id'>;

function ofDictionary(weights: Dictionary, names: Names): OpenDictionary {
  const { kind, architecture, hooks, nLatents, source } = weights;
  const hook = hooks.input;
  if (hook === undefined) {
    throw new MechanistError('argument', 'The dictionary does not say which hook point it reads.', { file: source });
  }
  return {
    summary: { ...names, kind, architecture, hook, latents: nLatents, hash: weights.hash(), source },
    weights,
    appendSparse: (b, count) => encodeSparse(b, weights, hook, count),
    appendDense: (b) => appendEncode(b, weights, hook).acts,
  };
}

function ofLayer(weights: CrossLayerTranscoder, layer: number, hook: string, names: Names): OpenDictionary {
  const { kind, architecture, nLatents, source } = weights;
  return {
    summary: { ...names, kind, architecture, hook, latents: nLatents, hash: weights.hash(), source },
    weights,
    appendSparse: (b, count) => encodeSparseLayer(b, weights, layer, hook, count),
    appendDense: (b) => appendEncodeLayer(b, weights, layer, hook),
  };
}

function requireFit({ summary: { hook, source }, appendDense }: OpenDictionary, model: Model): void {
  const b = new GraphBuilder(model.graph());
  if (b.typeOf(hook)?.shape === undefined) {
    throw new MechanistError('argument', `The model ${model.id} has no hook point ${hook}, which the dictionary reads.`, { file: source, field: `hook ${hook}` });
  }
  appendDense(b);
}
