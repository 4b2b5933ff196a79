/** The circuits of two behaviours on the zoo's models: found by every method, and true by tests that could refute them. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateCircuit } from '../../src/algorithmic/circuits/evaluate.ts';
import { compareWithExact, exactEffects } from '../../src/algorithmic/circuits/exactEdges.ts';
import { CircuitSet, estimateEdges, pathEffects } from '../../src/algorithmic/circuits/promptSets.ts';
import { nodeOf, selectCircuit } from '../../src/algorithmic/circuits/select.ts';
import { edgeName } from '../../src/algorithmic/edges/edgeGraph.ts';
import { openHuggingFace } from '../../src/engine/models/huggingface.ts';
import type { Model } from '../../src/engine/models/model.ts';
import type { PairGroup } from '../../src/engine/pairs/alignPairs.ts';
import { Runtime } from '../../src/engine/runtime/runtime.ts';
import { sweep } from '../../src/engine/sweeps/sweep.ts';
import { scoreHeads } from '../../zoo/evaluate/evaluation.ts';
import { bestHead } from '../../zoo/evaluate/modelReadme.ts';
import { loadFableTokenizer } from '../../zoo/tokenizer/encode.ts';
import { inductionPairs, ioiPairs } from '../support/fablePairs.ts';

const tokenizer = loadFableTokenizer();
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const behaviours: Record<string, { found: PairGroup[]; heldOut: PairGroup[] }> = {
  ioi: { found: ioiPairs(tokenizer, 6, 'validation'), heldOut: ioiPairs(tokenizer, 8, 'test') },
  induction: { found: inductionPairs(tokenizer, 6, 1), heldOut: inductionPairs(tokenizer, 8, 2) },
};
const methods = ['EAP', 'EAP-IG', 'EAP-IG over activations', 'clean and corrupted', 'exact', 'path patching'] as const;
/** Milliseconds: every edge is cut on its own for exact scores. */
const longest = 300_000;
/** An eighth of the model's edges. Prompts are few: the nulls are many. */
const selection = { kind: 'greedy', edges: 60 } as const;

describe.each(['fable-4l'])('%s', (id) => {
  let model: Model;
  beforeAll(async () => {
    model = await openHuggingFace(fileURLToPath(new URL(`../../zoo/models/${id}/`, import.meta.url)));
  });

  async function scoresOf(method: (typeof methods)[number], set: CircuitSet, groups: PairGroup[]): Promise<Float32Array> {
    switch (method) {
      case 'EAP': return (await estimateEdges(model, runtime, groups, { steps: 1 })).scores;
      case 'EAP-IG': return (await estimateEdges(model, runtime, groups)).scores;
      case 'EAP-IG over activations': return (await estimateEdges(model, runtime, groups, { path: 'activations' })).scores;
      case 'clean and corrupted': return (await estimateEdges(model, runtime, groups, { path: 'ends' })).scores;
      case 'exact':
      case 'path patching': {
        const all = [...set.edges.exists.keys()].filter((edge) => set.edges.exists[edge] === 1);
        const values = method === 'exact' ? await exactEffects(set, all) : await pathEffects(model, runtime, groups, all);
        const scores = new Float32Array(set.edges.exists.length);
        all.forEach((edge, i) => (scores[edge] = values[i]!));
        return scores;
      }
    }
  }

  describe.each(Object.entries(behaviours))('%s', (name, { found, heldOut }) => {
    it.each(methods)('is found by %s, beats random circuits and holds on held-out prompts', async (method) => {
      const set = await CircuitSet.create(model, runtime, found);
      const scores = await scoresOf(method, set, found);
      const circuit = selectCircuit(set.edges, scores, selection);
      const report = await evaluateCircuit(set, { circuit, scores, selection, heldOut: await CircuitSet.create(model, runtime, heldOut), curve: false, minimality: false });
      expect(report.faithfulness.value).toBeGreaterThan(0.85);
      expect(report.faithfulness.value).toBeGreaterThan(report.random.p99);
      expect(report.heldOut!.faithfulness.value).toBeGreaterThan(0.8);
      expect(report.heldOut!.faithfulness.value).toBeGreaterThan(report.heldOut!.random.p99);
      expect(Math.abs(report.complement)).toBeLessThan(0.2);
    }, longest);

    it('goes through the head whose ablation costs most, and for induction through the head that scores highest', async () => {
      const set = await CircuitSet.create(model, runtime, found);
      const { scores } = await estimateEdges(model, runtime, found);
      const circuit = selectCircuit(set.edges, scores, selection);
      const inside = new Set([...circuit.keys()].filter((edge) => circuit[edge] === 1).flatMap((edge) => edgeName(set.edges, edge).split('->').map(nodeOf)));
      const { nLayers, nHeads } = model.config!;
      const hooks = Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.attn.hook_z`);
      const losses = new Float64Array(nLayers * nHeads);
      for (const group of found) {
        const { scores: ablated, cleanMetric } = await sweep(model, runtime, { ...group, hooks, by: ['head'], direction: 'noising' });
        ablated.data.forEach((value, head) => (losses[head]! += cleanMetric - value));
      }
      const worst = losses.indexOf(Math.max(...losses));
      expect(inside).toContain(`a${Math.floor(worst / nHeads)}.h${worst % nHeads}`);
      if (name === 'induction') {
        const { layer, head } = bestHead(await scoreHeads(model, runtime, tokenizer), 'induction');
        expect(inside).toContain(`a${layer}.h${head}`);
      }
    });

    it('is estimated in the order that exact patching gives', async () => {
      const set = await CircuitSet.create(model, runtime, found);
      const { scores } = await estimateEdges(model, runtime, found);
      expect((await compareWithExact(set, scores, 40)).rankCorrelation).toBeGreaterThan(0.7);
    });
  });
});
