/** `semantic.dictionary`: how good a dictionary is, with intervals, beside the model's other dictionaries. */
import { dirname, join } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import { isJsonObject, readJsonObject } from '../../../engine/models/jsonFile.ts';
import { Random } from '../../../engine/random.ts';
import type { Runtime } from '../../../engine/runtime/runtime.ts';
import { dictionaryMetrics } from '../../../semantic/dictionaryMetrics.ts';
import type { MetricsReport } from '../../../semantic/dictionaryMetrics.ts';
import { decoderGeometry } from '../../../semantic/metrics/density.ts';
import { contextIds, contextsOf } from '../../../semantic/store/corpus.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { DictionaryPage } from '../../../protocol/methods/semanticResults.ts';
import type { Job } from '../../scheduler.ts';
import type { OpenModel, Session } from '../../session.ts';
import { whileWaiting } from '../../waiting.ts';
import { contextOf, storeOf } from './context.ts';

/** Share of tokens above which a feature counts as dense. */
const denseAbove = 0.1;
const kept = new WeakMap<OpenModel, Map<string, MetricsReport & { readonly randomMeanMaxCosine: number }>>();

export async function* dictionaryPage(session: Session, params: ParsedParams<'semantic.dictionary'>, signal: AbortSignal): Job<DictionaryPage> {
  const context = contextOf(session, params);
  const { open, source, dictionary } = context;
  const { weights } = source;
  const store = await storeOf(context, params.store);
  const known = kept.get(open) ?? new Map<string, MetricsReport & { readonly randomMeanMaxCosine: number }>();
  kept.set(open, known);
  const key = `${dictionary.summary.dictionary} ${store.manifest.corpus.hash} ${params.contexts}`;
  let report = known.get(key);
  if (report === undefined) {
    const held = contextsOf(store.corpus, true);
    const contexts = (held.length > 0 ? held : contextsOf(store.corpus, false)).slice(0, params.contexts);
    const batches = Array.from({ length: Math.ceil(contexts.length / contextsPerRun) }, (_, i) => ({ inputIds: contextIds(store.corpus, contexts.subarray(i * contextsPerRun, (i + 1) * contextsPerRun)) }));
    const progress = { done: 0, of: 1 };
    const measuring = dictionaryMetrics({ model: open.model, dictionary: weights, layer: source.layer, runtime: open.runtime, batches, signal, resamples: 200, onProgress: (done, of) => { Object.assign(progress, { done, of }); } });
    const measures = yield* whileWaiting(measuring, progress);
    report = { ...measures, randomMeanMaxCosine: yield* whileWaiting(randomGeometry(open.runtime, weights.nLatents, weights.dOut, signal), progress) };
    known.set(key, report);
  }
  const { fired } = store.overview;
  const { tokens } = store.manifest;
  const which = (wanted: (density: number) => boolean): { total: number; features: number[] } => {
    const found = Array.from(fired.keys()).filter((feature) => wanted(fired[feature]! / tokens));
    return { total: found.length, features: found.slice(0, params.list) };
  };
  return {
    scores: { ...report.scores }, interval: report.interval, documents: report.documents, positions: report.positions,
    density: report.density.histogram, geometry: { ...report.geometry, randomMeanMaxCosine: report.randomMeanMaxCosine },
    dead: which((density) => density === 0), dense: which((density) => density > denseAbove), tokens,
    tradeoff: await tradeoff(open, dictionary.summary.dictionary, report),
    metadata: Object.fromEntries(Object.entries(weights.metadata).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)).map(([name, value]) => [name, String(value)])),
  };
}

const contextsPerRun = 8;

/** Mean largest cosine between as many random directions. */
async function randomGeometry(runtime: Runtime, latents: number, width: number, signal: AbortSignal): Promise<number> {
  const random = new Random(0);
  return (await decoderGeometry(runtime, Float32Array.from({ length: latents * width }, () => random.normal()), width, signal)).meanMaxCosine;
}

/** The dictionaries whose measures are known: this one, and those whose folder holds a metrics.json of theirs. */
async function tradeoff(open: OpenModel, own: string, report: MetricsReport): Promise<DictionaryPage['tradeoff']> {
  const points: DictionaryPage['tradeoff'][number][] = [];
  for (const { dictionary, hook, architecture, latents, hash, source } of open.dictionarySummaries) {
    const about = { dictionary, hook, architecture, latents };
    if (dictionary === own) {
      points.push({ ...about, l0: report.scores.l0.value, fvu: report.scores.fvu.value, ceRecovered: report.scores.ceRecoveredZero.value, dead: report.density.dead });
      continue;
    }
    const { weights } = open.dictionary(dictionary);
    const layer = weights.kind === 'clt' ? weights.hooks.inputs.indexOf(hook) : undefined;
    const measured = (await measuresIn(source, hash, layer)) ?? (await measuresIn(dirname(source), hash, layer));
    if (measured !== undefined) points.push({ ...about, ...measured });
  }
  return points;
}

interface Measures {
  readonly l0: number;
  readonly fvu: number;
  readonly ceRecovered: number;
  readonly dead: number;
}

async function measuresIn(folder: string, hash: string, layer: number | undefined): Promise<Measures | undefined> {
  const json = await readJsonObject(join(folder, 'metrics.json')).catch((error: unknown) => {
    // Not our file, or a damaged one: the plot has one point less.
    if (MechanistError.is(error)) return undefined;
    throw error;
  });
  const measures = json?.['measures'];
  if (layer !== undefined && isJsonObject(measures) && measures['hash'] === hash) return layerMeasures(measures['layers'], layer);
  const list: unknown = isJsonObject(measures) ? measures['dictionaries'] : undefined;
  const entry: unknown = Array.isArray(list) ? list.find((item) => isJsonObject(item) && item['hash'] === hash) : undefined;
  if (!isJsonObject(entry) || !isJsonObject(entry['scores']) || !isJsonObject(entry['density'])) return undefined;
  const { scores, density } = entry as { scores: Record<string, unknown>; density: Record<string, unknown> };
  const value = (name: string): number => {
    const score = scores[name];
    return isJsonObject(score) && typeof score['value'] === 'number' ? score['value'] : Number.NaN;
  };
  return { l0: value('l0'), fvu: value('fvu'), ceRecovered: value('ceRecoveredZero'), dead: typeof density['dead'] === 'number' ? density['dead'] : Number.NaN };
}

/** Of a layer of a cross-layer transcoder: what its layers cost singly has not been measured. */
function layerMeasures(layers: unknown, layer: number): Measures | undefined {
  const entry: unknown = Array.isArray(layers) ? layers.find((item) => isJsonObject(item) && item['layer'] === layer) : undefined;
  if (!isJsonObject(entry)) return undefined;
  const value = (name: string): number => (typeof entry[name] === 'number' ? entry[name] : Number.NaN);
  return { l0: value('l0'), fvu: value('fvu'), ceRecovered: Number.NaN, dead: value('dead') };
}
