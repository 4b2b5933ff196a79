/**
 * How well a dictionary stands in for the activations it was trained on: sparsity, reconstruction, the cost to the
 * model's predictions, and use of its latents. Definitions in algorithms reference §16; none of trap T1.
 */
import { MechanistError, throwIfCancelled } from '../engine/errors.ts';
import { withDictionaries } from '../engine/dictionaries/dictionary.ts';
import type { CrossLayerTranscoder, Dictionary } from '../engine/dictionaries/dictionary.ts';
import type { Model } from '../engine/models/model.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import type { Tensor } from '../engine/tensor.ts';
import { batchFeeds } from './metrics/batches.ts';
import type { TokenBatch } from './metrics/batches.ts';
import { bootstrap } from './metrics/bootstrap.ts';
import { decoderGeometry, densityOf } from './metrics/density.ts';
import type { DecoderGeometry, Density, Intervals } from './metrics/density.ts';
import { documentsOf, scoresOf } from './metrics/documentSums.ts';
import type { DocumentSums, Scores } from './metrics/documentSums.ts';
import { ablatedGraph, cleanGraph, cleanLogitsInput, cleanLogitsOutput, dictionaryGraph, meanInput } from './metrics/evaluationGraphs.ts';
import { measuredSource } from './metrics/measured.ts';

export interface MetricsRequest {
  readonly model: Model;
  readonly dictionary: Dictionary | CrossLayerTranscoder;
  /** Of a cross-layer transcoder: the layer whose output is rebuilt, and whose features are counted. */
  readonly layer?: number | undefined;
  readonly runtime: Runtime;
  readonly batches: readonly TokenBatch[];
  /**
   * Leave the first position of each document alone and out of all sums. Its activations are huge in many models and
   * would dominate every norm. Default true; the report says so.
   */
  readonly excludeFirst?: boolean;
  readonly resamples?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface MetricsReport {
  readonly scores: Intervals<Scores>;
  readonly density: Density;
  readonly geometry: DecoderGeometry;
  readonly documents: number;
  readonly positions: number;
  readonly excludedFirst: boolean;
  /** How the intervals were made. */
  readonly interval: string;
}

/**
 * Evaluates `dictionary` in `model`. Two passes: the first finds the mean activation for mean ablation.
 * Errors: `argument` for no documents, an unbound dictionary, a layer that is missing, or hook points the model lacks; `cancelled`.
 */
export async function dictionaryMetrics(request: MetricsRequest): Promise<MetricsReport> {
  const { model, dictionary, layer, runtime, batches, signal, onProgress, excludeFirst = true, resamples = 1000, seed = 0 } = request;
  if (batches.length === 0) throw new MechanistError('argument', 'There are no documents to evaluate on.');
  const measured = measuredSource(dictionary, layer);
  const graph = model.graph();
  const logits = model.output;
  const parameters = withDictionaries(model.parameters, [dictionary]);
  const clean = cleanGraph(graph, measured, logits);
  const meanGraph = { ...clean, outputs: ['n', 'sum_x'] };
  const others = [dictionaryGraph(graph, measured, logits), ablatedGraph(graph, measured, logits, 'zero'), ablatedGraph(graph, measured, logits, 'mean')];
  const total = 2 * batches.length;
  const mean = new Float64Array(measured.dOut);
  let positions = 0;
  for (const [i, batch] of batches.entries()) {
    throwIfCancelled(signal);
    const results = await runtime.run(meanGraph, batchFeeds(model, batch, excludeFirst), parameters);
    positions += sum(results.get('n')!);
    (results.get('sum_x')!.data as Float32Array).forEach((value, at) => { mean[at % mean.length]! += value; });
    onProgress?.(i + 1, total);
  }
  if (positions === 0) throw new MechanistError('argument', 'Every document is too short to be evaluated.');
  const meanVector: Tensor = { dtype: 'float32', dims: [mean.length], data: Float32Array.from(mean, (value) => value / positions) };

  const documents: DocumentSums[] = [];
  const fired = new Float64Array(measured.nLatents);
  for (const [i, batch] of batches.entries()) {
    throwIfCancelled(signal);
    const feeds = batchFeeds(model, batch, excludeFirst);
    const results = new Map(await runtime.run(clean, feeds, parameters));
    feeds.set(cleanLogitsInput, results.get(cleanLogitsOutput)!).set(meanInput, meanVector);
    for (const other of others) {
      throwIfCancelled(signal);
      for (const [name, value] of await runtime.run(other, feeds, parameters)) results.set(name, value);
    }
    documents.push(...documentsOf(batch.inputIds.dims[0]!, measured.dOut, (name) => results.get(name)!).filter(({ n }) => n > 0));
    (results.get('fired')!.data as Float32Array).forEach((count, latent) => { fired[latent]! += count; });
    onProgress?.(batches.length + i + 1, total);
  }
  const { rows, width } = measured.decoderRows();
  return {
    scores: bootstrap(documents, scoresOf, resamples, seed),
    density: densityOf(fired, positions),
    geometry: await decoderGeometry(runtime, rows, width, signal),
    documents: documents.length,
    positions,
    excludedFirst: excludeFirst,
    interval: `95 % percentile bootstrap over documents, ${resamples} resamples, seed ${seed}`,
  };
}

function sum(values: Tensor): number {
  return (values.data as Float32Array).reduce((a, b) => a + b, 0);
}
