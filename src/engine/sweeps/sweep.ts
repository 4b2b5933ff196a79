/**
 * Activation patching sweeps: many runs that differ in one patched site.
 *
 * The model is run once on each prompt set; then, for each hook, only what lies downstream of it is recomputed,
 * with the sites as batch rows. Everything upstream is read from the base run (design, section 5).
 */
import { MechanistError, throwIfCancelled } from '../errors.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { typeOf } from '../graph/ir.ts';
import type { Dim, Graph } from '../graph/ir.ts';
import { prune } from '../graph/prune.ts';
import { sliceDownstream } from '../graph/slice.ts';
import { metricOutput, metricPerRowOutput, metricFeeds } from '../metrics/append.ts';
import { metricGraph } from '../metrics/metricGraph.ts';
import type { Metric } from '../metrics/parse.ts';
import type { Model } from '../models/model.ts';
import { unknownHook } from '../models/hookPattern.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Feeds } from '../runtime/program.ts';
import { i64, numbersOf } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { sitesOf } from './sites.ts';
import type { SweepAxis, Sites } from './sites.ts';

export interface SweepOptions {
  /** Prompts, row by row aligned: `input_ids` [b,p] and what else the model takes. */
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly corrupted: ReadonlyMap<string, Tensor>;
  readonly metric: Metric;
  /** Hook points to sweep, one after the other; they must have equal numbers of sites. */
  readonly hooks: readonly string[];
  readonly by: readonly SweepAxis[];
  /** `denoising` patches clean values into the corrupted run, `noising` the reverse. Default `denoising`. */
  readonly direction?: 'denoising' | 'noising';
  /** Batch rows per run. Default 64. */
  readonly rowsPerRun?: number;
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
}

const patchMask = 'sweep/mask';
const patchSource = 'sweep/source';
const patchRows = 'sweep/rows';

/**
 * Runs a sweep. Errors: `argument` for prompts that do not align, unknown hooks, hooks with different numbers of
 * sites; `cancelled`.
 */
export async function sweep(model: Model, runtime: Runtime, options: SweepOptions): Promise<SweepResult> {
  const clean = model.feeds(options.clean);
  const corrupted = model.feeds(options.corrupted);
  requireAligned(clean, corrupted);
  const graph = metricGraph(model.graph(), options.metric, model.output, options.hooks);
  for (const hook of options.hooks) if (typeOf(graph, hook)?.shape === undefined) throw unknownHook(hook, graph.types.keys());

  const slices = options.hooks.map((hook) => patchedSlice(graph, hook));
  const boundary = new Set(slices.flatMap((slice) => slice.boundary));
  const [base, source] = options.direction === 'noising' ? [clean, corrupted] : [corrupted, clean];
  const ids = clean.get(model.requiredInputs[0]!)!;
  const metricTokens = metricFeeds(options.metric, ids.dims[0]!, ids.dims[1]);
  const fetch = (extra: Iterable<string>): Graph => prune(graph, [...new Set([metricOutput, ...options.hooks, ...extra])].filter((name) => !graph.inputs.has(name)));
  const baseRun = await runtime.run(fetch(boundary), new Map([...base, ...metricTokens]), model.parameters);
  throwIfCancelled(options.signal);
  const sourceRun = await runtime.run(fetch([]), new Map([...source, ...metricTokens]), model.parameters);

  const rows = ids.dims[0]!;
  const sites = options.hooks.map((hook) => sitesOf(hook, typeOf(graph, hook)!.shape!, baseRun.get(hook)!.dims, options.by));
  const first = sites[0];
  if (first === undefined) throw new MechanistError('argument', 'There is no hook point to sweep.');
  if (sites.some((s) => s.sizes.join() !== first.sizes.join())) throw new MechanistError('argument', 'The hook points have different numbers of sites; sweep them one at a time.');

  const total = first.count * sites.length;
  const perRow = new Float32Array(total * rows);
  for (const [h, slice] of slices.entries()) {
    const hook = options.hooks[h]!;
    const captured = new Map([...base, ...metricTokens, ...baseRun]);
    await eachChunk(sites[h]!, rows, options, async (start, count) => {
      const feeds = chunkFeeds(slice, hook, captured, sourceRun, sites[h]!, start, count, rows);
      const values = await runtime.run(slice.graph, feeds, model.parameters);
      perRow.set(values.get(metricPerRowOutput)!.data as Float32Array, (h * first.count + start) * rows);
      options.onProgress?.(h * first.count + start + count, total);
    });
  }
  const dims = [sites.length, ...first.sizes];
  const sum = (i: number): number => perRow.subarray(i * rows, (i + 1) * rows).reduce((a, b) => a + b, 0);
  const metricOf = (run: ReadonlyMap<string, Tensor>): number => numbersOf(run.get(metricOutput)!)[0]!;
  return {
    scores: { dtype: 'float32', dims, data: Float32Array.from({ length: total }, (_, i) => sum(i)) },
    perRow: { dtype: 'float32', dims: [...dims, rows], data: perRow },
    cleanMetric: metricOf(base === clean ? baseRun : sourceRun),
    corruptedMetric: metricOf(base === clean ? sourceRun : baseRun),
  };
}

interface PatchedSlice {
  readonly graph: Graph;
  /** Captured tensors with a row per prompt, expanded to the rows of the sweep inside the graph. */
  readonly boundary: readonly string[];
}

/**
 * Downstream of `hook`, with the hook's value mixed from base and source by a mask. Captured tensors have one row
 * per prompt; `sweep/rows` says which prompt each row of the sweep belongs to.
 */
function patchedSlice(graph: Graph, hook: string): PatchedSlice {
  const { graph: sliced, boundary } = sliceDownstream(graph, [hook], [metricPerRowOutput]);
  const b = new GraphBuilder({ ...sliced, inputs: new Map(), nodes: [] }, sliced.nodes.flatMap((node) => [node.name, ...node.outputs]));
  b.input(patchRows, 'int64', ['batch']);
  const perRow = (name: string): string => b.gather(b.input(captureName(name), typeOf(graph, name)!.dtype, promptShape(graph, name)), patchRows, 0);
  for (const name of [hook, ...boundary]) {
    const shape = typeOf(graph, name)!.shape;
    if (shape?.[0] === 'batch') {
      const expanded = perRow(name);
      if (name !== hook) b.identity(expanded, name);
      else {
        const source = b.gather(b.input(patchSource, typeOf(graph, name)!.dtype, promptShape(graph, name)), patchRows, 0);
        const mask = b.input(patchMask, 'bool', ['batch', ...shape.slice(1).map(() => b.freshDim())]);
        b.where(mask, source, expanded, hook);
        // The mask broadcasts, but only to the hook's own shape.
        b.setType(hook, typeOf(graph, hook)!);
      }
    } else if (name === hook) {
      throw new MechanistError('argument', 'This tensor has no batch axis to spread patched runs over.', { field: `hook ${hook}` });
    } else {
      b.identity(b.input(captureName(name), typeOf(graph, name)!.dtype, shape ?? []), name);
    }
  }
  for (const node of sliced.nodes) b.append(node);
  return { graph: b.build([metricPerRowOutput]), boundary };
}

const captureName = (name: string): string => `captured/${name}`;

/** The shape of a captured tensor: its batch axis counts prompts, not rows of the sweep. */
function promptShape(graph: Graph, name: string): Dim[] {
  return typeOf(graph, name)!.shape!.map((dim) => (dim === 'batch' ? 'prompt' : dim));
}

function chunkFeeds(slice: PatchedSlice, hook: string, base: Feeds, source: Feeds, sites: Sites, start: number, count: number, rows: number): Feeds {
  const feeds = new Map<string, Tensor>([
    [patchMask, sites.masks(start, count, rows)],
    [patchSource, source.get(hook)!],
    [patchRows, i64([count * rows], Array.from({ length: count * rows }, (_, i) => i % rows))],
  ]);
  for (const name of [hook, ...slice.boundary]) feeds.set(captureName(name), base.get(name)!);
  return feeds;
}

async function eachChunk(sites: Sites, rows: number, options: SweepOptions, run: (start: number, count: number) => Promise<void>): Promise<void> {
  const perRun = Math.max(1, Math.floor((options.rowsPerRun ?? 64) / rows));
  for (let start = 0; start < sites.count; start += perRun) {
    throwIfCancelled(options.signal);
    await run(start, Math.min(perRun, sites.count - start));
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
