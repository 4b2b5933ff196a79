/**
 * What it costs a model's predictions to replace every MLP by its transcoder, without error terms: the increase of
 * cross-entropy and the KL divergence, with intervals.
 */
import { MechanistError, throwIfCancelled } from '../engine/errors.ts';
import { appendDecode, appendDecodeLayer } from '../engine/dictionaries/decode.ts';
import { withDictionaries } from '../engine/dictionaries/dictionary.ts';
import type { CrossLayerTranscoder, TranscoderSet } from '../engine/dictionaries/dictionary.ts';
import { appendEncode, appendEncodeLayer } from '../engine/dictionaries/encode.ts';
import type { Graph } from '../engine/graph/ir.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { MetricsRequest } from './dictionaryMetrics.ts';
import { batchFeeds } from './metrics/batches.ts';
import { bootstrap } from './metrics/bootstrap.ts';
import type { Intervals } from './metrics/density.ts';
import { cleanLogitsInput, crossEntropyGraph, cleanLogitsOutput, replaceIncluded, withInclude, withLosses } from './metrics/evaluationGraphs.ts';
import { outputHook } from './metrics/measured.ts';

export interface ReplacementScores {
  readonly ceClean: number;
  readonly ceReplaced: number;
  /** Nats per token. */
  readonly ceIncrease: number;
  /** KL(clean ‖ replaced) in nats per token. */
  readonly kl: number;
}

export interface ReplacementReport {
  readonly scores: Intervals<ReplacementScores>;
  readonly layers: number;
  readonly documents: number;
  readonly predictions: number;
  /** The first position of each document keeps its MLP outputs and is not counted. */
  readonly excludedFirst: boolean;
}

interface Document {
  readonly clean: number;
  readonly replaced: number;
  readonly divergence: number;
  readonly predictions: number;
}

export type ReplacementRequest = Omit<MetricsRequest, 'dictionary' | 'layer'> & { readonly replacement: TranscoderSet | CrossLayerTranscoder };

/** Errors: `argument` for no documents, transcoders without hooks or hook points the model lacks; `cancelled`. */
export async function replacementCost(request: ReplacementRequest): Promise<ReplacementReport> {
  const { model, replacement, runtime, batches, signal, onProgress, excludeFirst = true, resamples = 1000, seed = 0 } = request;
  if (batches.length === 0) throw new MechanistError('argument', 'There are no documents to evaluate on.');
  const dictionaries = replacement.kind === 'clt' ? [replacement] : replacement.transcoders;
  const parameters = withDictionaries(model.parameters, dictionaries);
  const clean = crossEntropyGraph(model.graph(), model.output);
  const replaced = withLosses(replaceAll(model.graph(), replacement), model.output, 'dictionary');
  const documents: Document[] = [];
  for (const [i, batch] of batches.entries()) {
    throwIfCancelled(signal);
    const feeds = batchFeeds(model, batch, excludeFirst);
    const results = new Map<string, Tensor>(await runtime.run(clean, feeds, parameters));
    feeds.set(cleanLogitsInput, results.get(cleanLogitsOutput)!);
    for (const [name, value] of await runtime.run(replaced, feeds, parameters)) results.set(name, value);
    const at = (name: string, row: number): number => (results.get(name)!.data as Float32Array)[row]!;
    for (let row = 0; row < batch.inputIds.dims[0]!; row++) {
      documents.push({ clean: at('ce_clean', row), replaced: at('ce_dictionary', row), divergence: at('kl_dictionary', row), predictions: at('predictions', row) });
    }
    onProgress?.(i + 1, batches.length);
  }
  const counted = documents.filter(({ predictions }) => predictions > 0);
  return {
    scores: bootstrap(counted, scoresOf, resamples, seed),
    layers: replacement.kind === 'clt' ? replacement.nLayers : replacement.transcoders.length,
    documents: counted.length,
    predictions: counted.reduce((sum, { predictions }) => sum + predictions, 0),
    excludedFirst: excludeFirst,
  };
}

function replaceAll(graph: Graph, replacement: TranscoderSet | CrossLayerTranscoder): Graph {
  let result = withInclude(graph);
  if (replacement.kind === 'transcoder_set') {
    for (const transcoder of replacement.transcoders) {
      result = replaceIncluded(result, outputHook(transcoder), (b) => {
        const { acts, context } = appendEncode(b, transcoder, transcoder.hooks.input!);
        return appendDecode(b, transcoder, acts, context);
      });
    }
    return result;
  }
  const acts: string[] = [];
  replacement.hooks.outputs.forEach((output, layer) => {
    const x = replacement.hooks.inputs[layer]!;
    result = replaceIncluded(result, output, (b) => {
      acts.push(appendEncodeLayer(b, replacement, layer, x));
      return appendDecodeLayer(b, replacement, layer, acts, x);
    });
  });
  return result;
}

function scoresOf(documents: readonly Document[]): ReplacementScores {
  const sum = (read: (document: Document) => number): number => documents.reduce((total, document) => total + read(document), 0);
  const predictions = sum((document) => document.predictions);
  const [ceClean, ceReplaced] = [sum(({ clean }) => clean) / predictions, sum(({ replaced }) => replaced) / predictions];
  return { ceClean, ceReplaced, ceIncrease: ceReplaced - ceClean, kl: sum(({ divergence }) => divergence) / predictions };
}
