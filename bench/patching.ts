/** Patching and circuits on GPT-2 small's shape: costs in plain forward passes of the same run. */
import { edgeAttribution } from '../src/algorithmic/edges/edgeAttribution.ts';
import type { Metric } from '../src/engine/metrics/parse.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { sweep } from '../src/engine/sweeps/sweep.ts';
import { gpt2SmallShape, randomPrompts } from './gpt2Small.ts';
import { interleaved, rounded, timed } from './measure.ts';

const metric: Metric = { kind: 'logit_diff', rows: [{ right: 12, wrong: 7 }], position: -1 };

export interface CostRow {
  readonly cpuMs: number;
  /** CPU time over that of one plain forward pass. */
  readonly forwards: number;
  readonly limit: number;
}

/**
 * Layer × position sweep of the residual stream (768 patched runs), from the patched position on and over whole sequences;
 * heads; edges by EAP and EAP-IG. Sweeps run every second layer, from the first, and count twice: an early layer has more
 * behind it to compute than the next, so this tells the cost too high rather than too low.
 */
export async function benchPatching(rounds: number): Promise<Readonly<Record<string, CostRow>>> {
  const model = gpt2SmallShape();
  const runtime = new Runtime({ threads: 1 });
  const [clean, corrupted] = [randomPrompts(1, 64, 1), randomPrompts(1, 64, 2)];
  const feeds = model.feeds(clean);
  const plain = { ...model.graph(), outputs: [model.output] };
  const forward = (): Promise<unknown> => runtime.run(plain, feeds, model.parameters);
  const layers = [0, 2, 4, 6, 8, 10];
  const streams = layers.map((layer) => `blocks.${layer}.hook_resid_pre`);
  const heads = layers.map((layer) => `blocks.${layer}.attn.hook_z`);
  const common = { clean, corrupted, metric };
  const jobs: Record<string, { limit: number; times?: number; run: () => Promise<unknown> }> = {
    residualSweep: { limit: 160, times: 2, run: () => sweep(model, runtime, { ...common, hooks: streams, by: ['position'] }) },
    residualSweepWhole: { limit: 300, times: 2, run: () => sweep(model, runtime, { ...common, hooks: streams, by: ['position'], wholeSequences: true }) },
    headSweep: { limit: 55, times: 2, run: () => sweep(model, runtime, { ...common, hooks: heads, by: ['head'] }) },
    edgesEap: { limit: 7, run: () => edgeAttribution(model, runtime, { ...common, steps: 1 }) },
    edgesEapIg5: { limit: 18, run: () => edgeAttribution(model, runtime, { ...common, steps: 5 }) },
  };
  const report: Record<string, CostRow> = {};
  for (const [name, { limit, times = 1, run }] of Object.entries(jobs)) {
    await run();
    const before = (await interleaved([{ name: 'forward', run: forward }], rounds)).get('forward')!.cpu;
    const cpu = times * (await timed(run)).cpu;
    const after = (await interleaved([{ name: 'forward', run: forward }], rounds)).get('forward')!.cpu;
    report[name] = { cpuMs: rounded(cpu), forwards: rounded(cpu / ((before + after) / 2)), limit };
  }
  await runtime.dispose();
  return report;
}
