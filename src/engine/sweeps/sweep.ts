/**
 * Activation patching sweeps: many runs that differ in one patched site.
 *
 * The model is run once on each prompt set; then, for each hook, only what lies downstream of it is recomputed, with
 * the sites as batch rows, and in causal models only from the patched position on.
 */
import { MechanistError, throwIfCancelled } from '../errors.ts';
import { typeOf } from '../graph/ir.ts';
import type { Graph } from '../graph/ir.ts';
import { prune } from '../graph/prune.ts';
import { metricInputs, metricOutput, metricPerRowOutput, metricPosition } from '../metrics/append.ts';
import type { MeanRule } from '../interventions/meanAblation.ts';
import { metricGraph } from '../metrics/metricGraph.ts';
import type { Metric } from '../metrics/parse.ts';
import { hookAxes } from '../models/hookAxes.ts';
import type { Model } from '../models/model.ts';
import { unknownHook } from '../models/hookPattern.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Feeds, ParameterSource } from '../runtime/program.ts';
import { numbersOf } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { narrowLastBlock } from './lastBlock.ts';
import { patchedSlice, rowFeed, sliceFeeds } from './patchedSlice.ts';
import type { PatchedSlice } from './patchedSlice.ts';
import { readoutFeeds, readoutSlice } from './readoutSlice.ts';
import { replacementSource } from './replacement.ts';
import type { Replacement } from './replacement.ts';
import { sitesOf } from './sites.ts';
import type { SweepAxis, Sites } from './sites.ts';
import { suffixFeeds, suffixSlice } from './suffixSlice.ts';
import type { SuffixSlice } from './suffixSlice.ts';

export interface SweepOptions {
  /** Prompts, row by row aligned: `input_ids` [b,p] and what else the model takes. */
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** Hook points to sweep, one after the other; they must have equal numbers of sites. */
  readonly hooks: readonly string[];
  readonly by: readonly SweepAxis[];
  /** Entries of the last axis for the axis `neuron`; default all. */
  readonly neurons?: readonly number[];
  /** `denoising` patches clean values into the corrupted run, `noising` the reverse. Default `denoising`. */
  readonly direction?: 'denoising' | 'noising';
  /** Default `patch`. With the others use `noising`: they ablate the clean run. */
  readonly replacement?: Replacement;
  /** For `mean`. Default `all`. */
  readonly over?: MeanRule;
  /** For `resample`. Default 0. */
  readonly seed?: number;
  /** The model's graph with dictionaries spliced in, and the source of their weights. */
  readonly graph?: Graph;
  readonly parameters?: ParameterSource;
  /** Batch rows per run. Default 64. */
  readonly rowsPerRun?: number;
  /** Recompute whole sequences even where a suffix would do. */
  readonly wholeSequences?: boolean;
  readonly signal?: AbortSignal;
  /** Called after each run with sites done and in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface SweepResult {
  /** The metric of each patched run, summed over rows as the metric says: [hooks, …sizes of `by`]. */
  readonly scores: Tensor<'float32'>;
  /** The same, per prompt: [hooks, …sizes, rows]. Basis of intervals over a data set. */
  readonly perRow: Tensor<'float32'>;
  readonly cleanMetric: number;
  readonly corruptedMetric: number;
  /** The two metrics per prompt. */
  readonly cleanPerRow: Float32Array;
  readonly corruptedPerRow: Float32Array;
}

/**
 * Runs a sweep. Errors: `argument` for prompts that do not align, unknown hooks, hooks with different numbers of
 * sites; `cancelled`.
 */
export async function sweep(model: Model, runtime: Runtime, options: SweepOptions): Promise<SweepResult> {
  const clean = model.feeds(options.clean);
  const corrupted = model.feeds(options.corrupted);
  requireAligned(clean, corrupted);
  const everywhere = metricGraph(options.graph ?? model.graph(), options.metric, model.output, options.hooks);
  const narrow = options.wholeSequences === true || model.config === undefined ? undefined : narrowLastBlock(everywhere, model.config.nLayers, options.hooks);
  const graph = narrow ?? everywhere;
  for (const hook of options.hooks) if (typeOf(graph, hook)?.shape === undefined) throw unknownHook(hook, graph.types.keys());

  const last = narrow === undefined ? undefined : `blocks.${model.config!.nLayers - 1}.hook_resid_post`;
  const slices = options.hooks.map((hook) => sliceOf(model, graph, hook, options, last));
  const readout = last !== undefined && slices.some(({ suffix }) => suffix !== undefined) ? { stream: last, slice: readoutSlice(graph, last) } : undefined;
  const captures = new Set([...slices.flatMap(({ slice, suffix }) => [...slice.boundary, ...(suffix?.remembered ?? [])]), ...(readout?.slice.boundary ?? [])]);
  const [base, source] = options.direction === 'noising' ? [clean, corrupted] : [corrupted, clean];
  const ids = clean.get(model.requiredInputs[0]!)!;
  const rows = ids.dims[0]!;
  const metricTokens = metricInputs(options.metric, model, base);
  const parameters = options.parameters ?? model.parameters;
  const fetch = (extra: Iterable<string>): Graph => prune(graph, [...new Set([metricOutput, metricPerRowOutput, ...options.hooks, ...extra])].filter((name) => !graph.inputs.has(name)));
  const baseRun = await runtime.run(fetch(captures), new Map([...base, ...metricTokens]), parameters);
  throwIfCancelled(options.signal);
  const sourceRun = await runtime.run(fetch([]), new Map([...source, ...metricTokens]), parameters);

  const sites = options.hooks.map((hook) => sitesOf(hook, typeOf(graph, hook)!.shape!, baseRun.get(hook)!.dims, options.by, options.neurons));
  const first = sites[0];
  if (first === undefined) throw new MechanistError('argument', 'There is no hook point to sweep.');
  if (sites.some((s) => s.sizes.join() !== first.sizes.join())) throw new MechanistError('argument', 'The hook points have different numbers of sites; sweep them one at a time.');

  const total = first.count * sites.length;
  const perRow = new Float32Array(total * rows);
  const captured = new Map([...base, ...metricTokens, ...baseRun]);
  let done = 0;
  for (const [h, { slice, suffix }] of slices.entries()) {
    const hook = options.hooks[h]!;
    const roles = hookAxes(hook, typeOf(graph, hook)!.shape!);
    const values = replacementSource(options.replacement ?? 'patch', baseRun.get(hook)!, sourceRun.get(hook)!, roles, { seed: options.seed ?? 0, over: options.over, mask: base.get('attention_mask') });
    const pending: PendingRun[] = [];
    const place = (members: readonly number[], { data }: Tensor): void => {
      members.forEach((site, i) => perRow.set((data as Float32Array).subarray(i * rows, (i + 1) * rows), (h * first.count + site) * rows));
    };
    const unreached = suffix === undefined ? [] : sitesBehind(sites[h]!, metricPosition(options.metric)!, ids.dims[1]!);
    const untouched = baseRun.get(metricPerRowOutput)!.data as Float32Array;
    for (const site of unreached) perRow.set(untouched, (h * first.count + site) * rows);
    done += unreached.length;
    for (const { members, from } of chunksOf(sites[h]!, rows, options, suffix !== undefined, new Set(unreached))) {
      throwIfCancelled(options.signal);
      const rowsOf = rowFeed(members.length, rows);
      const feeds = suffix === undefined
        ? sliceFeeds(slice, hook, captured, values, sites[h]!.masks(members, rows), rowsOf)
        : suffixFeeds(suffix, hook, captured, values, sites[h]!.masks(members, rows, from), rowsOf, from);
      const [result] = (await runtime.run(slice.graph, feeds, parameters)).values();
      if (suffix !== undefined && readout !== undefined) pending.push({ members, result: result! });
      else place(members, result!);
      options.onProgress?.(done += members.length, total);
    }
    for (const { members, stream } of joined(pending, rows, options.rowsPerRun ?? defaultRows)) {
      throwIfCancelled(options.signal);
      const feeds = readoutFeeds(readout!.slice, readout!.stream, stream, captured, rowFeed(members.length, rows));
      place(members, (await runtime.run(readout!.slice.graph, feeds, parameters)).get(metricPerRowOutput)!);
    }
  }
  const dims = [sites.length, ...first.sizes];
  const sum = (i: number): number => perRow.subarray(i * rows, (i + 1) * rows).reduce((a, b) => a + b, 0);
  const [cleanRun, corruptedRun] = base === clean ? [baseRun, sourceRun] : [sourceRun, baseRun];
  const metricOf = (run: ReadonlyMap<string, Tensor>): number => numbersOf(run.get(metricOutput)!)[0]!;
  const each = (run: ReadonlyMap<string, Tensor>): Float32Array => run.get(metricPerRowOutput)!.data as Float32Array;
  return {
    scores: { dtype: 'float32', dims, data: Float32Array.from({ length: total }, (_, i) => sum(i)) },
    perRow: { dtype: 'float32', dims: [...dims, rows], data: perRow },
    cleanMetric: metricOf(cleanRun), corruptedMetric: metricOf(corruptedRun), cleanPerRow: each(cleanRun), corruptedPerRow: each(corruptedRun),
  };
}

function sliceOf(model: Model, graph: Graph, hook: string, { by, wholeSequences }: SweepOptions, end: string | undefined): { slice: PatchedSlice; suffix: SuffixSlice | undefined } {
  const suffix = by.includes('position') && wholeSequences !== true ? suffixSlice(model, graph, hook, end) : undefined;
  return { slice: suffix ?? patchedSlice(graph, hook), suffix };
}

/** Patched runs that wait for their readout: the last stream [sites·rows, 1, d]. */
interface PendingRun {
  readonly members: readonly number[];
  readonly result: Tensor;
}

/** Pending runs put together to at most `rowsPerRun` rows (or one run). */
function* joined(pending: readonly PendingRun[], rows: number, rowsPerRun: number): Generator<{ members: number[]; stream: Tensor }> {
  for (let start = 0; start < pending.length; ) {
    let end = start + 1;
    let count = pending[start]!.members.length;
    while (end < pending.length && (count + pending[end]!.members.length) * rows <= rowsPerRun) count += pending[end++]!.members.length;
    const part = pending.slice(start, end);
    const width = part[0]!.result.dims.at(-1)!;
    const data = new Float32Array(count * rows * width);
    let at = 0;
    for (const { result } of part) {
      data.set(result.data as Float32Array, at);
      at += result.data.length;
    }
    yield { members: part.flatMap(({ members }) => [...members]), stream: { dtype: 'float32', dims: [count * rows, 1, width], data } };
    start = end;
  }
}

/** Sites at positions after the one the metric reads, which cannot reach it. */
function sitesBehind(sites: Sites, at: number, positions: number): number[] {
  const read = at < 0 ? at + positions : at;
  return Array.from({ length: sites.count }, (_, site) => site).filter((site) => sites.positionOf(site)! > read);
}

const defaultRows = 64;

/** Positions that share a run from the first of them on: few, so that little is computed twice. */
const positionsPerRun = 4;

/** Sites that run together. `from`: the first position any of them touches. */
function* chunksOf(sites: Sites, rows: number, options: SweepOptions, byPosition: boolean, without: ReadonlySet<number>): Generator<{ members: number[]; from: number }> {
  const perRun = Math.max(1, Math.floor((options.rowsPerRun ?? defaultRows) / rows));
  const all = Array.from({ length: sites.count }, (_, site) => site).filter((site) => !without.has(site));
  const block = (site: number): number => (byPosition ? Math.floor(sites.positionOf(site)! / positionsPerRun) : 0);
  for (const group of Map.groupBy(all, block).values()) {
    for (let start = 0; start < group.length; start += perRun) {
      const members = group.slice(start, start + perRun);
      yield { members, from: byPosition ? Math.min(...members.map((site) => sites.positionOf(site)!)) : 0 };
    }
  }
}

function requireAligned(clean: Feeds, corrupted: Feeds): void {
  for (const [name, value] of clean) {
    const other = corrupted.get(name)?.dims ?? [];
    if (other.join() !== value.dims.join()) {
      throw new MechanistError('argument', `Clean and corrupted prompts must align: [${value.dims.join(', ')}] against [${other.join(', ')}].`, {
        field: `input ${name}`, hint: 'Use prompts of equal length in tokens.',
      });
    }
  }
}
