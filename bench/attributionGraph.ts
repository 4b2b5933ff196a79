/**
 * Attribution graphs: of a 24-token prompt on GPT-2 small's shape, against the plain forward of the same run, and of a
 * 40-token prompt on the bundled model.
 */
import { fileURLToPath } from 'node:url';
import { buildGraph } from '../src/algorithmic/attributionGraph/build.ts';
import { graphInfluence } from '../src/algorithmic/attributionGraph/influence.ts';
import { pruneGraph } from '../src/algorithmic/attributionGraph/prune.ts';
import type { Dictionary, TranscoderSet } from '../src/engine/dictionaries/dictionary.ts';
import { openTranscoders } from '../src/engine/dictionaries/open.ts';
import { openHuggingFace } from '../src/engine/models/huggingface.ts';
import { ParameterStore } from '../src/engine/models/parameters.ts';
import { Random } from '../src/engine/random.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { i64 } from '../src/engine/tensor.ts';
import { gpt2SmallShape, randomPrompts } from './gpt2Small.ts';
import { interleaved, rounded, timed } from './measure.ts';

export interface AttributionGraphResult {
  readonly shape: string;
  readonly activeFeatures: number;
  readonly rows: number;
  readonly edges: number;
  readonly forwardCpuMs: number;
  readonly cpuMs: number;
  /** CPU time over that of the plain forward: of the whole graph, and per row. */
  readonly ratio: number;
  readonly ratioLimit: number;
  readonly ratioPerRow: number;
  readonly ratioPerRowLimit: number;
  /** Largest resident set of the process so far, model and transcoders included. */
  readonly peakMiB: number;
  readonly peakLimitMiB: number;
}

/** 24 tokens, 12 × 4,096 latents of which 40 are active per token and layer, 10 logits and 1,000 features. */
export async function benchAttributionGraph(): Promise<AttributionGraphResult> {
  const model = gpt2SmallShape();
  const runtime = new Runtime({ threads: 1 });
  const inputs = randomPrompts(1, 24, 1);
  const transcoders = randomTranscoders(12, 768, 4096, 40);
  // Drawing the random weights is not what is measured.
  for (const { parameters } of transcoders.transcoders) for (const name of parameters.names()) parameters.get(name);
  const forward = { ...model.graph(), outputs: [model.output] };
  const timings = await interleaved([{ name: 'forward', run: () => runtime.run(forward, model.feeds(inputs), model.parameters) }], 7);
  let result: { rows: number; active: number; edges: number } | undefined;
  const { cpu } = await timed(async () => {
    const { graph, active, selected, targets } = await buildGraph(model, runtime, transcoders, { inputs, maxFeatures: 1000 });
    pruneGraph(graph, graphInfluence(graph));
    result = { rows: selected.length + targets.length, active: active.feature.length, edges: graph.edges.source.length };
  });
  await runtime.dispose();
  const f = timings.get('forward')!.cpu;
  return {
    shape: 'GPT-2 small, 24 tokens, 12 × 4,096 latents',
    activeFeatures: result!.active, rows: result!.rows, edges: result!.edges,
    forwardCpuMs: rounded(f), cpuMs: rounded(cpu),
    ratio: rounded(cpu / f), ratioLimit: 60, ratioPerRow: rounded(cpu / f / result!.rows), ratioPerRowLimit: 0.05,
    peakMiB: rounded(process.resourceUsage().maxRSS / 1024), peakLimitMiB: 2048,
  };
}

export interface BundledGraphResult {
  readonly model: string;
  readonly tokens: number;
  readonly features: number;
  readonly edges: number;
  /** Equal where the machine does nothing else: one thread computes. */
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly limit: number;
}

/** The whole graph of a 40-token prompt on the bundled model, with its transcoders: what a person waits for. */
export async function benchBundledGraph(id = 'fable-4l'): Promise<BundledGraphResult> {
  const folder = fileURLToPath(new URL(`../zoo/models/${id}`, import.meta.url));
  const model = await openHuggingFace(folder);
  const transcoders = await openTranscoders(`${folder}/dictionaries/transcoders`);
  const random = new Random(3);
  const ids = [1, ...Array.from({ length: 39 }, () => 3 + random.integer(1000))];
  const runtime = new Runtime({ threads: 1 });
  let counts = { features: 0, edges: 0 };
  const { wall, cpu } = await timed(async () => {
    const { graph } = await buildGraph(model, runtime, transcoders, { inputs: new Map([['input_ids', i64([1, ids.length], ids)]]), maxFeatures: 7500 });
    pruneGraph(graph, graphInfluence(graph));
    counts = { features: graph.counts.feature, edges: graph.edges.source.length };
  });
  await runtime.dispose();
  return { model: id, tokens: ids.length, ...counts, wallSeconds: rounded(wall / 1000), cpuSeconds: rounded(cpu / 1000), limit: 5 };
}

function randomTranscoders(layers: number, width: number, latents: number, k: number): TranscoderSet {
  const transcoders = Array.from({ length: layers }, (_, layer): Dictionary => {
    const random = new Random(layer + 1);
    const parameters = new ParameterStore();
    const declare = (name: string, dims: readonly number[], scale: number): void => parameters.declare(name, 'float32', dims, () => {
      const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal());
      return { dtype: 'float32', dims, data };
    });
    declare('W_enc', [width, latents], 1 / Math.sqrt(width));
    declare('W_dec', [latents, width], 1 / Math.sqrt(width));
    declare('b_enc', [latents], 0);
    declare('b_dec', [width], 0);
    return {
      kind: 'transcoder', id: `random/${layer}`, source: 'random', architecture: 'topk', dIn: width, dOut: width, nLatents: latents, parameters, k,
      hooks: { input: `blocks.${layer}.ln2.hook_normalized`, output: `blocks.${layer}.hook_mlp_out` },
      normalization: 'none', applyBDecToInput: false, rescaleActsByDecoderNorm: false, reshape: 'none', inputScale: 1, metadata: {}, hash: () => `random ${layer}`,
    };
  });
  return { kind: 'transcoder_set', id: 'random', transcoders, metadata: {} };
}
