/** Every patching sweep of TransformerLens 2.15 on the reference models, and the sliced sweep against full re-runs. */
import { afterAll, describe, expect, it } from 'vitest';
import { attributionPatching } from '../../../../src/algorithmic/attributionPatching.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { intervene } from '../../../../src/engine/interventions/intervene.ts';
import { metricFeeds, metricOutput } from '../../../../src/engine/metrics/append.ts';
import { metricGraph } from '../../../../src/engine/metrics/metricGraph.ts';
import type { Metric } from '../../../../src/engine/metrics/parse.ts';
import { openHuggingFace } from '../../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import type { SweepAxis } from '../../../../src/engine/sweeps/sites.ts';
import { sweep } from '../../../../src/engine/sweeps/sweep.ts';
import { numbersOf } from '../../../../src/engine/tensor.ts';
import { difference } from '../../../support/compare.ts';

const fixtures = new URL('../../../fixtures/', import.meta.url).pathname;
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const sweeps: Readonly<Record<string, { hook: (layer: number) => string; by: readonly SweepAxis[] }>> = {
  resid_pre: { hook: (l) => `blocks.${l}.hook_resid_pre`, by: ['position'] },
  resid_mid: { hook: (l) => `blocks.${l}.hook_resid_mid`, by: ['position'] },
  attn_out: { hook: (l) => `blocks.${l}.hook_attn_out`, by: ['position'] },
  mlp_out: { hook: (l) => `blocks.${l}.hook_mlp_out`, by: ['position'] },
  attn_head_out_by_pos: { hook: (l) => `blocks.${l}.attn.hook_z`, by: ['position', 'head'] },
  attn_head_out_all_pos: { hook: (l) => `blocks.${l}.attn.hook_z`, by: ['head'] },
  attn_head_q_by_pos: { hook: (l) => `blocks.${l}.attn.hook_q`, by: ['position', 'head'] },
  attn_head_q_all_pos: { hook: (l) => `blocks.${l}.attn.hook_q`, by: ['head'] },
  attn_head_k_by_pos: { hook: (l) => `blocks.${l}.attn.hook_k`, by: ['position', 'head'] },
  attn_head_k_all_pos: { hook: (l) => `blocks.${l}.attn.hook_k`, by: ['head'] },
  attn_head_v_by_pos: { hook: (l) => `blocks.${l}.attn.hook_v`, by: ['position', 'head'] },
  attn_head_v_all_pos: { hook: (l) => `blocks.${l}.attn.hook_v`, by: ['head'] },
  attn_head_pattern_all_pos: { hook: (l) => `blocks.${l}.attn.hook_pattern`, by: ['head'] },
  attn_head_pattern_by_pos: { hook: (l) => `blocks.${l}.attn.hook_pattern`, by: ['head', 'position'] },
  attn_head_pattern_dest_src_pos: { hook: (l) => `blocks.${l}.attn.hook_pattern`, by: ['head', 'position', 'key'] },
};

/** The sweeps that a reference file holds. */
function sweptIn(name: string): string[] {
  const names = [...openSafetensors(`${fixtures}transformer_lens/${name}.safetensors`).names()];
  return names.filter((tensor) => tensor.startsWith('patch.')).map((tensor) => tensor.slice('patch.'.length));
}

async function open(name: string) {
  const model = await openHuggingFace(`${fixtures}models/${name}`);
  const reference = openSafetensors(`${fixtures}models/${name}/reference.safetensors`);
  const oracle = openSafetensors(`${fixtures}transformer_lens/${name}.safetensors`);
  const answers = Array.from(numbersOf(reference.read('answer_ids')));
  const metric: Metric = { kind: 'logit_diff', position: -1, rows: [{ right: answers[0]!, wrong: answers[1]! }, { right: answers[2]!, wrong: answers[3]! }] };
  const clean = new Map([['input_ids', reference.read('input_ids')]]);
  const corrupted = new Map([['input_ids', reference.read('corrupted_ids')]]);
  return { model, oracle, metric, clean, corrupted, layers: model.config!.nLayers };
}

describe.each(['gpt2', 'llama', 'gemma2', 'gpt_neox'])('sweeps of %s', (name) => {
  const opened = open(name);

  it.each(sweptIn(name))('%s equals TransformerLens', async (what) => {
    const { model, oracle, metric, clean, corrupted, layers } = await opened;
    const { hook, by } = sweeps[what]!;
    const result = await sweep(model, runtime, { clean, corrupted, metric, by, hooks: Array.from({ length: layers }, (_, l) => hook(l)) });
    expect(result.scores.dims).toEqual(oracle.info(`patch.${what}`).dims);
    expect(difference(result.scores, oracle.read(`patch.${what}`)).largest).toBeLessThan(1e-4);
    expect(result.cleanMetric).toBeCloseTo(numbersOf(oracle.read('metric_clean'))[0]!, 4);
    expect(result.corruptedMetric).toBeCloseTo(numbersOf(oracle.read('metric_corrupted'))[0]!, 4);
  });

  it('attribution patching equals TransformerLens at every hook it lists', async () => {
    const { model, oracle, metric, clean, corrupted } = await opened;
    // Its attention scores are −inf where masked, so their differences are NaN; with split inputs its first norm runs
    // three times under one name. Neither has a value to compare with.
    const graph = { splitQkvInput: true, attnResult: true };
    const comparable = (hook: string): boolean => !hook.endsWith('.hook_attn_scores') && !hook.includes('.ln1.');
    const listed = [...oracle.names()].filter((n) => n.startsWith('attrib.')).map((n) => n.slice('attrib.'.length));
    const hooks = listed.filter(comparable);
    expect(hooks.length).toBeGreaterThan(listed.length / 2);
    const { attributions } = await attributionPatching(model, runtime, { clean, corrupted, metric, hooks, graph });
    for (const hook of hooks) {
      const { largest, scale } = difference(attributions.get(hook)!, oracle.read(`attrib.${hook}`));
      expect({ hook, within: largest <= 1e-4 * Math.max(1, scale) }).toEqual({ hook, within: true });
    }
  });
});

describe('the sliced sweep', () => {
  it.each(['denoising', 'noising'] as const)('equals re-running the whole model with the patch, %s', async (direction) => {
    const { model, metric, clean, corrupted, layers } = await open('gpt2');
    const hooks = Array.from({ length: layers }, (_, l) => `blocks.${l}.attn.hook_z`);
    const result = await sweep(model, runtime, { clean, corrupted, metric, hooks, by: ['head'], direction, rowsPerRun: 3 });
    const [base, source] = direction === 'denoising' ? [corrupted, clean] : [clean, corrupted];
    const graph = metricGraph(model.graph(), metric, model.output);
    const tokens = metricFeeds(metric, 2);
    const captured = await runtime.run({ ...model.graph(), outputs: hooks }, model.feeds(source), model.parameters);
    for (const [layer, hook] of hooks.entries()) {
      for (let head = 0; head < 4; head++) {
        const patched = intervene(graph, [{ hook, kind: 'patch', where: { head: [head] }, value: captured.get(hook)! }], new Map([...model.feeds(base), ...tokens]));
        const run = await runtime.run({ ...patched.graph, outputs: [metricOutput] }, patched.feeds, model.parameters);
        expect(Math.abs(result.scores.data[layer * 4 + head]! - numbersOf(run.get(metricOutput)!)[0]!)).toBeLessThan(1e-6);
      }
    }
  });

  it('refuses prompts of unequal length and unknown hooks, and stops when asked', async () => {
    const { model, metric, clean, corrupted } = await open('gpt2');
    const short = new Map([['input_ids', { dtype: 'int64' as const, dims: [2, 1], data: BigInt64Array.of(1n, 2n) }]]);
    const hooks = ['blocks.0.attn.hook_z'];
    await expect(sweep(model, runtime, { clean, corrupted: short, metric, hooks, by: [] })).rejects.toMatchObject({ reason: 'argument', field: 'input input_ids' });
    await expect(sweep(model, runtime, { clean, corrupted, metric, hooks: ['blocks.0.attn.hook_y'], by: [] })).rejects.toMatchObject({ reason: 'argument', hint: expect.stringContaining('blocks.0.attn.hook_') });
    await expect(sweep(model, runtime, { clean, corrupted, metric, hooks: ['blocks.0.hook_resid_pre'], by: ['head'] })).rejects.toMatchObject({ reason: 'argument' });
    await expect(sweep(model, runtime, { clean, corrupted, metric, hooks, by: [], signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'cancelled' });
  });
});
