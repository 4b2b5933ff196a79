/** Selecting, randomising, exchanging and evaluating circuits. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readEapGraph, writeEapGraph } from '../../../../src/algorithmic/circuits/eapJson.ts';
import { evaluateCircuit } from '../../../../src/algorithmic/circuits/evaluate.ts';
import { exactEffects } from '../../../../src/algorithmic/circuits/exactEdges.ts';
import { CircuitSet, estimateEdges, inBatches, pathEffects } from '../../../../src/algorithmic/circuits/promptSets.ts';
import type { PromptGroup } from '../../../../src/algorithmic/circuits/promptSets.ts';
import { degreeMatchedCircuit, randomCircuit } from '../../../../src/algorithmic/circuits/randomCircuits.ts';
import { scoreEdges } from '../../../../src/algorithmic/circuits/scoreEdges.ts';
import { membersOf, namedEdges, nodeOf, selectCircuit, withoutDeadNodes } from '../../../../src/algorithmic/circuits/select.ts';
import { edgeGraphOf, edgeName } from '../../../../src/algorithmic/edges/edgeGraph.ts';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { openHuggingFace } from '../../../../src/engine/models/huggingface.ts';
import { Random } from '../../../../src/engine/random.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { i64, numbersOf } from '../../../../src/engine/tensor.ts';

const fixtures = new URL('../../../fixtures/', import.meta.url).pathname;
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());
const model = await openHuggingFace(`${fixtures}models/gpt2`);
const edges = edgeGraphOf(model);
const all = [...edges.exists.keys()].filter((edge) => edges.exists[edge] === 1);
const reference = openSafetensors(`${fixtures}models/gpt2/reference.safetensors`);
const answers = Array.from(numbersOf(reference.read('answer_ids')));
const group: PromptGroup = {
  clean: new Map([['input_ids', reference.read('input_ids')]]), corrupted: new Map([['input_ids', reference.read('corrupted_ids')]]),
  metric: { kind: 'logit_diff', position: -1, rows: [{ right: answers[0]!, wrong: answers[1]! }, { right: answers[2]!, wrong: answers[3]! }] },
};
const randomScores = (seed: number): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from(edges.exists, (exists) => (exists === 1 ? random.normal() : 0));
};
const names = (circuit: Uint8Array): string[] => [...circuit.keys()].filter((edge) => circuit[edge] === 1).map((edge) => edgeName(edges, edge));

describe('selectCircuit', () => {
  const scored = (scores: Record<string, number>): Float32Array => {
    const values = new Float32Array(edges.exists.length);
    for (const [name, score] of Object.entries(scores)) values[namedEdges(edges, [name])[0]!] = score;
    return values;
  };
  const scores = scored({ 'a2.h0->logits': -3, 'input->m2': 9, 'a0.h1->a2.h0<k>': 2, 'input->a0.h1<v>': 1, 'input->a1.h1<q>': 5, 'm2->logits': 0.5 });

  it('takes the strongest edges and drops those of dead nodes', () => {
    // a1.h1 is read by nobody.
    expect(names(selectCircuit(edges, scores, { kind: 'top', edges: 5 })).toSorted()).toEqual(['a0.h1->a2.h0<k>', 'a2.h0->logits', 'input->a0.h1<v>']);
    expect(names(selectCircuit(edges, scores, { kind: 'threshold', threshold: 0.5 })).toSorted()).toEqual(['a0.h1->a2.h0<k>', 'a2.h0->logits', 'input->a0.h1<v>', 'input->m2', 'm2->logits']);
  });

  it('goes greedily from the logits backwards', () => {
    expect(names(selectCircuit(edges, scores, { kind: 'greedy', edges: 3 })).toSorted()).toEqual(['a0.h1->a2.h0<k>', 'a2.h0->logits', 'input->a0.h1<v>']);
    expect(names(selectCircuit(edges, scores, { kind: 'greedy', edges: 5 })).toSorted()).toEqual(['a0.h1->a2.h0<k>', 'a2.h0->logits', 'input->a0.h1<v>', 'input->m2', 'm2->logits']);
  });

  it('does without edges that are forbidden', () => {
    const avoid = new Set(namedEdges(edges, ['a2.h0->logits']));
    expect(names(selectCircuit(edges, scores, { kind: 'greedy', edges: 2 }, avoid)).toSorted()).toEqual(['input->m2', 'm2->logits']);
  });

  it('names an edge that does not exist', () => {
    expect(() => selectCircuit(edges, scores, { kind: 'edges', edges: ['m2->a0.h0<q>'] })).toThrow(expect.objectContaining({ reason: 'argument', field: 'edge m2->a0.h0<q>' }));
  });

  it('leaves no node without a way in or out, and removes nothing twice', () => {
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
      const circuit = selectCircuit(edges, randomScores(seed), { kind: 'top', edges: count });
      expect(withoutDeadNodes(edges, circuit)).toEqual(circuit);
      const list = names(circuit).map((name) => name.split('->') as [string, string]);
      for (const [sender, receiver] of list) {
        expect(sender === 'input' || list.some(([, other]) => nodeOf(other) === sender)).toBe(true);
        expect(receiver === 'logits' || list.some(([other]) => other === nodeOf(receiver))).toBe(true);
      }
    }));
  });

  it('orders members by the size of their score', () => {
    const values = randomScores(3);
    const members = membersOf(edges.exists, values).map((edge) => Math.abs(values[edge]!));
    expect(members).toEqual(members.toSorted((a, b) => b - a));
  });
});

describe('random circuits', () => {
  it('have as many edges, all of them existing, and repeat with the seed', () => {
    const [a, b] = [randomCircuit(edges, 40, new Random(1)), randomCircuit(edges, 40, new Random(1))];
    expect(a).toEqual(b);
    expect(a).not.toEqual(randomCircuit(edges, 40, new Random(2)));
    expect(names(a)).toHaveLength(40);
    expect([...a.keys()].every((edge) => a[edge] === 0 || edges.exists[edge] === 1)).toBe(true);
  });

  it('keep every degree when they are matched, and differ', () => {
    const circuit = selectCircuit(edges, randomScores(5), { kind: 'top', edges: 80 });
    const degrees = (mask: Uint8Array): string[] => names(mask).flatMap((name) => name.split('->').map((node, side) => `${side}${node}`)).toSorted();
    const matched = degreeMatchedCircuit(edges, circuit, new Random(1));
    expect(degrees(matched)).toEqual(degrees(circuit));
    expect(matched.filter((inside, edge) => inside === 1 && circuit[edge] === 1).length).toBeLessThan(names(circuit).length * 0.8);
    expect([...matched.keys()].every((edge) => matched[edge] === 0 || edges.exists[edge] === 1)).toBe(true);
  });
});

describe('evaluateCircuit', () => {
  it('refuses circuits without edges and prompts that do not tell full from empty', async () => {
    const set = await CircuitSet.create(model, runtime, [group]);
    const scores = randomScores(1);
    const options = { scores, selection: { kind: 'top', edges: 3 } as const };
    await expect(evaluateCircuit(set, { ...options, circuit: new Uint8Array(edges.exists.length) })).rejects.toMatchObject({ reason: 'argument' });
    const same = await CircuitSet.create(model, runtime, [{ ...group, corrupted: group.clean }]);
    await expect(evaluateCircuit(same, { ...options, circuit: edges.exists.slice() })).rejects.toThrow(/faithfulness is not defined/);
  });

  it('gives the same numbers again, an interval over prompts, and held-out prompts beside', async () => {
    const set = await CircuitSet.create(model, runtime, [group]);
    const { scores } = await estimateEdges(model, runtime, [group]);
    const selection = { kind: 'greedy', edges: 120 } as const;
    const options = { circuit: selectCircuit(edges, scores, selection), scores, selection, heldOut: set, curve: false, minimality: false, seed: 4 };
    const [first, again] = [await evaluateCircuit(set, options), await evaluateCircuit(set, options)];
    expect(first).toEqual(again);
    expect(first.curve).toBeUndefined();
    const { low, high } = first.faithfulness.interval!;
    expect(low).toBeLessThanOrEqual(first.faithfulness.value);
    expect(high).toBeGreaterThanOrEqual(first.faithfulness.value);
    expect(first.heldOut!.faithfulness.value).toBeCloseTo(first.faithfulness.value, 10);
    expect(first.random.values).toHaveLength(50);
  });

  it('stops when asked', async () => {
    const set = await CircuitSet.create(model, runtime, [group]);
    await expect(evaluateCircuit(set, { circuit: edges.exists.slice(), scores: randomScores(1), selection: { kind: 'top', edges: 3 }, signal: AbortSignal.abort() })).rejects.toMatchObject({ reason: 'cancelled' });
  });
});

describe('data sets', () => {
  it('give the mean over prompts, however they are cut into groups and batches', async () => {
    const [one, two] = inBatches(group, 1);
    const whole = await estimateEdges(model, runtime, [group], { steps: 2 });
    const parts = await estimateEdges(model, runtime, [one!, two!], { steps: 2 });
    expect(parts.perPrompt).toHaveLength(2);
    const gap = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
    expect(gap(whole.scores, parts.scores)).toBeLessThan(1e-6);
    const circuit = randomCircuit(edges, 200, new Random(1));
    const [together] = await (await CircuitSet.create(model, runtime, [group])).evaluate([circuit]);
    const [apart] = await (await CircuitSet.create(model, runtime, [one!, two!])).evaluate([circuit]);
    expect(gap(together!, apart!)).toBeLessThan(1e-5);
  });

  it('may have prompts of several lengths', async () => {
    const shorter: PromptGroup = { clean: new Map([['input_ids', i64([1, 4], [5, 6, 7, 8])]]), corrupted: new Map([['input_ids', i64([1, 4], [5, 9, 7, 8])]]), metric: { kind: 'contrast', rows: [{ right: [3], wrong: [4, 5] }], position: -1 } };
    const set = await CircuitSet.create(model, runtime, [group, shorter]);
    const [full] = await set.evaluate([edges.exists]);
    const estimate = await estimateEdges(model, runtime, [group, shorter], { steps: 1 });
    expect(set.prompts).toBe(3);
    full!.forEach((value, i) => expect(value).toBeCloseTo(estimate.clean[i]!, 5));
  });
});

describe('scoreEdges', () => {
  it('refuses activations that are not finite', async () => {
    const broken = await openHuggingFace(`${fixtures}models/gpt2`);
    (broken.parameters.get('blocks.1.mlp.b_out').data as Float32Array)[0] = NaN;
    await expect(scoreEdges(broken, runtime, [group], { method: 'eap' })).rejects.toMatchObject({ reason: 'runtime', message: expect.stringContaining('not finite') });
  });
});

describe('path patching', () => {
  const some = all.filter((_, i) => i % 7 === 0);

  it('is exact edge patching when MLPs are held too', async () => {
    const { pathPatching } = await import('../../../../src/algorithmic/edges/pathPatching.ts');
    const direct = await pathPatching(model, runtime, { ...group, edges: some, freezeMlps: true });
    const exact = await exactEffects(await CircuitSet.create(model, runtime, [group]), some);
    direct.forEach((effect, i) => expect((effect[0]! + effect[1]!) / 2).toBeCloseTo(exact[i]!, 5));
  });

  it('lets MLPs carry the change otherwise', async () => {
    const through = namedEdges(edges, ['a0.h1->a2.h0<v>', 'a0.h1->a0.h1<q>'].slice(0, 1));
    const [path] = await pathEffects(model, runtime, [group], through);
    const [exact] = await exactEffects(await CircuitSet.create(model, runtime, [group]), through);
    expect(Math.abs(path! - exact!)).toBeGreaterThan(1e-6);
  });
});

describe('EAP-IG graph files', () => {
  const scores = randomScores(2);
  const circuit = selectCircuit(edges, scores, { kind: 'greedy', edges: 30 });

  it('come back as they were written', () => {
    const text = writeEapGraph(model, edges, scores, circuit);
    expect(readEapGraph(text, model, edges)).toEqual({ scores, circuit, missing: 0 });
    const json = JSON.parse(text) as { cfg: unknown; nodes: Record<string, { in_graph: boolean }>; edges: Record<string, unknown> };
    expect(json.cfg).toEqual({ n_layers: 3, n_heads: 4, parallel_attn_mlp: false, d_model: 48 });
    expect(Object.keys(json.edges).toSorted()).toEqual(Object.keys(JSON.parse(readFileSync(`${fixtures}transformer_lens/eap_edges.json`, 'utf8')) as object).toSorted());
    expect(Object.keys(json.nodes)).toHaveLength(1 + 3 * 5 + 1);
    expect(json.nodes['logits']).toEqual({ in_graph: true });
  });

  it('may name some edges only', () => {
    const { missing, scores: read } = readEapGraph('{"edges": {"input->m0": {"score": 2}}}', model, edges);
    expect(missing).toBe(all.length - 1);
    expect(read[namedEdges(edges, ['input->m0'])[0]!]).toBe(2);
  });

  it.each<[string, string]>([
    ['[]', 'parse'], ['{}', 'parse'], ['{"edges": 1}', 'parse'], ['{"edges": {"input->m0": 1}}', 'parse'], ['{"edges": {"input->m0": {"score": "x"}}}', 'parse'], ['{"edges": {"input->m0": {"score": 1e300}}}', 'parse'],
    ['{"edges": {"m0->input": {"score": 1}}}', 'argument'], ['{"cfg": {"n_layers": 12}, "edges": {}}', 'argument'], ['{"edges": {"input->m0": {"score": 1}, "input->m0": {"score": 2}}}', 'parse'], ['{"edges"', 'parse'],
  ])('are refused when they say %s', (text, reason) => {
    expect(() => readEapGraph(text, model, edges, 'graph.json')).toThrow(expect.objectContaining({ reason, file: 'graph.json' }));
  });

  it('never fail in another way', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        readEapGraph(text, model, edges);
      } catch (error) {
        expect(MechanistError.is(error)).toBe(true);
      }
    }));
  });
});
