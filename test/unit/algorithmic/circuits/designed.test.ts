/** A circuit that is known because its weights were set by hand, found by every method. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateCircuit, faithfulnessOf } from '../../../../src/algorithmic/circuits/evaluate.ts';
import { compareWithExact, exactEffects } from '../../../../src/algorithmic/circuits/exactEdges.ts';
import { CircuitSet, estimateEdges, pathEffects } from '../../../../src/algorithmic/circuits/promptSets.ts';
import { selectCircuit } from '../../../../src/algorithmic/circuits/select.ts';
import type { Selection } from '../../../../src/algorithmic/circuits/select.ts';
import { edgeName } from '../../../../src/algorithmic/edges/edgeGraph.ts';
import { headScores } from '../../../../src/algorithmic/headScores.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { inductionEdges, inductionModel, inductionPrompts } from '../../../support/inductionModel.ts';

const model = inductionModel();
const groups = [inductionPrompts()];
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

let set: CircuitSet;
const scores = new Map<string, Float32Array>();
beforeAll(async () => {
  set = await CircuitSet.create(model, runtime, groups);
  const existing = [...set.edges.exists.keys()].filter((edge) => set.edges.exists[edge] === 1);
  const scattered = (values: Float32Array): Float32Array => {
    const all = new Float32Array(set.edges.exists.length);
    existing.forEach((edge, i) => (all[edge] = values[i]!));
    return all;
  };
  scores.set('EAP', (await estimateEdges(model, runtime, groups, { steps: 1 })).scores);
  scores.set('EAP-IG', (await estimateEdges(model, runtime, groups)).scores);
  scores.set('EAP-IG, left sums', (await estimateEdges(model, runtime, groups, { rule: 'left' })).scores);
  scores.set('EAP-IG over activations', (await estimateEdges(model, runtime, groups, { path: 'activations' })).scores);
  scores.set('clean and corrupted', (await estimateEdges(model, runtime, groups, { path: 'ends' })).scores);
  scores.set('exact', scattered(await exactEffects(set, existing)));
  scores.set('path patching', scattered(await pathEffects(model, runtime, groups, existing)));
});

const named = (circuit: Uint8Array): string[] => [...circuit.keys()].filter((edge) => circuit[edge] === 1).map((edge) => edgeName(set.edges, edge)).toSorted();
const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe('the designed circuit', () => {
  it.each(['EAP', 'EAP-IG', 'EAP-IG, left sums', 'EAP-IG over activations', 'clean and corrupted', 'exact', 'path patching'])('is what %s finds, selected in every way', (method) => {
    const values = scores.get(method)!;
    const selections: Selection[] = [{ kind: 'top', edges: 5 }, { kind: 'greedy', edges: 5 }, { kind: 'threshold', threshold: 0.01 * largest(values) }];
    for (const selection of selections) expect({ selection, edges: named(selectCircuit(set.edges, values, selection)) }).toEqual({ selection, edges: inductionEdges.toSorted() });
  });

  it('is faithful, minimal, and unique: nothing outside it computes anything', async () => {
    const selection: Selection = { kind: 'edges', edges: inductionEdges };
    const values = scores.get('EAP-IG')!;
    const report = await evaluateCircuit(set, { circuit: selectCircuit(set.edges, values, selection), scores: values, selection, seed: 1 });
    expect(report.faithfulness.value).toBeCloseTo(1, 3);
    expect(report.complement).toBeCloseTo(0, 3);
    expect(report.minimality!.removable).toEqual([]);
    expect(Math.min(...report.minimality!.loss)).toBeGreaterThan(0.1);
    expect(report.rashomon).toMatchObject({ avoided: expect.arrayContaining(['a1.h0->logits']), unique: true });
    expect(report.faithfulness.value).toBeGreaterThan(report.random.p99);
    // Five edges in a row leave little to rewire, and the report says so.
    expect(report.degreeMatched.overlap).toBeGreaterThan(0.5);
    expect(report.degreeMatched.p50).toBeLessThanOrEqual(report.faithfulness.value);
    expect(report.random).toMatchObject({ draws: 50, p: 1 / 51 });
    expect(report.curve!.area).toBeGreaterThan(report.curve!.randomArea);
    expect(report.curve!.faithfulness.at(-1)).toBeCloseTo(1, 4);
  });

  it('is all there is: the full circuit has faithfulness 1, the empty one 0, one without any of its edges less', async () => {
    const [full, empty] = await faithfulnessOf(set, [set.edges.exists, new Uint8Array(set.edges.exists.length)]);
    expect(full).toBeCloseTo(1, 6);
    expect(empty).toBeCloseTo(0, 6);
  });

  it('is ranked by estimates as exact patching ranks it', async () => {
    const { rankCorrelation, edges } = await compareWithExact(set, scores.get('EAP-IG')!, 5);
    expect(edges.toSorted()).toEqual(inductionEdges.toSorted());
    expect(rankCorrelation).toBeGreaterThan(0.5);
  });

  it('shows in the head scores', async () => {
    const found = await headScores(model, runtime, { tokenIds: [0, 1, 2, 3, 4, 5, 6, 7], span: 4, rows: 6, seed: 1 });
    const best = (kind: 'previousToken' | 'induction'): string => {
      const { layer, head } = found.toSorted((a, b) => b[kind] - a[kind])[0]!;
      return `a${layer}.h${head}`;
    };
    expect([best('previousToken'), best('induction')]).toEqual(['a0.h0', 'a1.h0']);
  });
});
