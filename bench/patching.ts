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
 * heads; edges by EAP and EAP-IG. Of the twelve layers sweeps run two and count six times: with what lies behind them these
 * two cost a little more than the average layer, so the ratio is told too high rather than too low. Programs are compiled on
 * short prompts.
 */
export async function benchPatching(rounds: number): Promise<Readonly<Record<string, CostRow>>> {
  const model = gpt2SmallShape();
  const runtime = new Runtime({ threads: 1 });
  const [clean, corrupted] = [randomPrompts(1, 64, 1), randomPrompts(1, 64, 2)];
  const short = { clean: randomPrompts(1, 8, 1), corrupted: randomPrompts(1, 8, 2), metric };
  const feeds = model.feeds(clean);
  const plain = { ...model.graph(), outputs: [model.output] };
  const forward = (): Promise<unknown> => runtime.run(plain, feeds, model.parameters);
  const layers = [2, 8];
  const streams = layers.map((layer) => `blocks.${layer}.hook_resid_pre`);
  const heads = layers.map((layer) => `blocks.${layer}.attn.hook_z`);
  const whole = { clean, corrupted, metric };
  const jobs: Record<string, { limit: number; times?: number; run: (prompts: typeof whole) => Promise<unknown> }> = {
    residualSweep: { limit: 160, times: 6, run: (prompts) => sweep(model, runtime, { ...prompts, hooks: streams, by: ['position'] }) },
    residualSweepWhole: { limit: 300, times: 6, run: (prompts) => sweep(model, runtime, { ...prompts, hooks: streams, by: ['position'], wholeSequences: true }) },
    headSweep: { limit: 55, times: 6, run: (prompts) => sweep(model, runtime, { ...prompts, hooks: heads, by: ['head'] }) },
    edgesEap: { limit: 7, run: (prompts) => edgeAttribution(model, runtime, { ...prompts, steps: 1 }) },
    edgesEapIg5: { limit: 18, run: (prompts) => edgeAttribution(model, runtime, { ...prompts, steps: 5 }) },
  };
  const report: Record<string, CostRow> = {};
  for (const [name, { limit, times = 1, run }] of Object.entries(jobs)) {
    await run(short);
    const before = (await interleaved([{ name: 'forward', run: forward }], rounds)).get('forward')!.cpu;
    const cpu = times * (await timed(() => run(whole))).cpu;
    const after = (await interleaved([{ name: 'forward', run: forward }], rounds)).get('forward')!.cpu;
    report[name] = { cpuMs: rounded(cpu), forwards: rounded(cpu / ((before + after) / 2)), limit };
  }
  await runtime.dispose();
  return report;
}
