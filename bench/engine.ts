/** Engine benchmarks on GPT-2 small's shape. Every figure that matters is a ratio to the plain forward of the same run. */
import { attributionPatching } from '../src/algorithmic/attributionPatching.ts';
import { differentiate } from '../src/engine/graph/differentiate/differentiate.ts';
import type { Graph } from '../src/engine/graph/ir.ts';
import { metricFeeds, metricOutput } from '../src/engine/metrics/append.ts';
import { metricGraph } from '../src/engine/metrics/metricGraph.ts';
import type { Metric } from '../src/engine/metrics/parse.ts';
import type { Model } from '../src/engine/models/model.ts';
import { Program } from '../src/engine/runtime/program.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { sweep } from '../src/engine/sweeps/sweep.ts';
import type { Tensor } from '../src/engine/tensor.ts';
import { gpt2SmallShape, randomPrompts } from './gpt2Small.ts';
import { interleaved, residentMiB, rounded, timed } from './measure.ts';
import type { Timing } from './measure.ts';

/** One thread: CPU time then counts work, not how well it was spread. */
const compile = { threads: 1 } as const;

const metric: Metric = { kind: 'logit_diff', rows: [{ right: 12, wrong: 7 }], position: -1 };

export interface EngineReport {
  readonly [name: string]: { readonly wallMs: number; readonly cpuMs: number; readonly ratio: number; readonly limit?: number } | Record<string, number>;
}

/** Forward, all-hook capture, all-hook gradients, attribution patching and the 144-head sweep, at one sequence length. */
export async function benchEngine(length: number, rounds: number): Promise<EngineReport> {
  const model = gpt2SmallShape();
  const runtime = new Runtime(compile);
  const clean = randomPrompts(1, length, 1);
  const corrupted = randomPrompts(1, length, 2);
  const hooks = model.hookPoints().map(({ name }) => name);
  const graph = model.graph();
  const feeds = model.feeds(clean);
  const run = (g: Graph) => (): Promise<unknown> => runtime.run(g, feeds, model.parameters);
  const timings = await interleaved([
    { name: 'forward', run: run({ ...graph, outputs: [model.output] }) },
    { name: 'captureAllHooks', run: run({ ...graph, outputs: [model.output, ...hooks] }) },
    { name: 'gradientsOfAllHooks', run: allGradients(model, runtime, hooks, clean) },
    { name: 'attributionPatching', run: () => attributionPatching(model, runtime, { clean, corrupted, metric, hooks }) },
  ], rounds);
  const forward = timings.get('forward')!.cpu;
  const report: Record<string, EngineReport[string]> = { hooks: { count: hooks.length, nodes: graph.nodes.length } };
  const limits: Record<string, number> = { captureAllHooks: 1.3, gradientsOfAllHooks: 2.3, attributionPatching: 3 };
  for (const [name, timing] of timings) report[name] = row(timing, forward, limits[name]);
  const heads = Array.from({ length: 12 }, (_, layer) => `blocks.${layer}.attn.hook_z`);
  const sweepHeads = (): Promise<unknown> => sweep(model, runtime, { clean, corrupted, metric, hooks: heads, by: ['head'] });
  await sweepHeads();
  const { wall, cpu } = await timed(sweepHeads);
  report['sweep144Heads'] = row({ wall, cpu, runs: 1 }, forward, 55);
  await runtime.dispose();
  return report;
}

/** What one more program costs: time to compile, and resident memory added by a first and a second program after a run. */
export async function benchPrograms(rounds: number): Promise<EngineReport> {
  const model = gpt2SmallShape();
  const feeds = model.feeds(randomPrompts(1, 64, 1));
  for (const name of model.parameters.names()) model.parameters.get(name);
  const plain = { ...model.graph(), outputs: [model.output] };
  const capture = { ...plain, outputs: [model.output, ...model.hookPoints().map(({ name }) => name)] };
  const before = residentMiB();
  const first = await Program.compile(plain, compile);
  await first.run(feeds, model.parameters);
  const afterFirst = residentMiB();
  const second = await Program.compile(capture, compile);
  await second.run(feeds, model.parameters);
  const afterSecond = residentMiB();
  const create = await interleaved([{ name: 'create', run: async () => (await Program.compile(plain, compile)).release() }], rounds);
  await first.release();
  await second.release();
  const timing = create.get('create')!;
  return {
    createProgram: { wallMs: rounded(timing.wall), cpuMs: rounded(timing.cpu), limitMs: 150 },
    residentMiB: { weights: rounded(model.parameters.bytes / 2 ** 20), beforePrograms: rounded(before), firstAdds: rounded(afterFirst - before), secondAdds: rounded(afterSecond - afterFirst), limitSecondAdds: 250 },
  };
}

function allGradients(model: Model, runtime: Runtime, hooks: readonly string[], inputs: ReadonlyMap<string, Tensor>): () => Promise<unknown> {
  const graph = metricGraph(model.graph(), metric, model.output);
  const { graph: backward, gradients } = differentiate(graph, { seeds: new Map([[metricOutput, 'ones']]), wrt: hooks });
  const whole = { ...backward, outputs: [metricOutput, ...gradients.values()] };
  const feeds = new Map([...model.feeds(inputs), ...metricFeeds(metric, 1, inputs.get('input_ids')!.dims[1])]);
  return () => runtime.run(whole, feeds, model.parameters);
}

function row({ wall, cpu }: Timing, forward: number, limit: number | undefined): EngineReport[string] {
  return { wallMs: rounded(wall), cpuMs: rounded(cpu), ratio: rounded(cpu / forward), ...(limit === undefined ? {} : { limit }) };
}
