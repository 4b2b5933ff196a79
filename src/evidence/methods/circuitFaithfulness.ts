/** A circuit by its edges: how much of the behaviour it keeps, beside random circuits, its complement, held-out prompts and its best rival. */
import { evaluateCircuit } from '../../algorithmic/circuits/evaluate.ts';
import { CircuitSet, estimateEdges } from '../../algorithmic/circuits/promptSets.ts';
import { namedEdges } from '../../algorithmic/circuits/select.ts';
import type { EvidenceMethod } from '../method.ts';
import { nullOf } from '../numbers.ts';
import { metricField, questionGroups } from '../prompts.ts';

export const circuitFaithfulness: EvidenceMethod = {
  id: 'circuit.faithfulness', version: 1, title: 'Circuit faithfulness',
  summary: 'Share of the metric that the edges alone keep, all others corrupted, beside random circuits of equal size; with the complement, held-out prompts and the Rashomon check.',
  models: 1, dictionary: false,
  inputs: [
    { name: 'pairs', kind: 'pairs', description: 'Prompt pairs it was found on.' },
    { name: 'held_out', kind: 'pairs', optional: true, description: 'Prompt pairs it was not found on.' },
  ],
  parameters: [
    { name: 'edges', type: 'texts', description: 'Names such as a1.h0->a2.h3<q>.' },
    { name: 'avoid', type: 'integer', default: 5, description: 'Strongest edges that the rival must do without.' },
    { name: 'nulls', type: 'integer', default: 50, description: 'Random circuits, at least 50.' },
    metricField,
  ],
  async run(context) {
    const { model, runtime } = context.model;
    const groups = await questionGroups(context, 'pairs');
    const progress = { signal: context.signal, onProgress: context.progress };
    const { edges, scores } = await estimateEdges(model, runtime, groups, progress);
    const set = await CircuitSet.create(model, runtime, groups);
    const names = context.words('edges')!;
    const circuit = new Uint8Array(edges.exists.length);
    for (const edge of namedEdges(edges, names)) circuit[edge] = 1;
    const heldOut = context.text('held_out') === undefined ? undefined : await CircuitSet.create(model, runtime, await questionGroups(context, 'held_out'));
    const report = await evaluateCircuit(set, {
      circuit, scores, selection: { kind: 'top', edges: names.length }, nulls: Math.min(500, context.integer('nulls')!), avoid: context.integer('avoid')!, minimality: false, curve: false, seed: context.seed,
      ...(heldOut === undefined ? {} : { heldOut }), ...progress,
    });
    const { faithfulness, random, complement, rashomon } = report;
    return {
      metric: 'faithfulness', value: faithfulness.value, ...(faithfulness.interval && { interval: [faithfulness.interval.low, faithfulness.interval.high] as const }),
      control: nullOf('random circuits of equal size', random.values)!,
      measures: {
        edges: report.edges, necessity: 1 - complement,
        ...(report.heldOut === undefined ? {} : { held_out: report.heldOut.faithfulness.value }), ...(rashomon === undefined ? {} : { rashomon: rashomon.faithfulness }),
      },
    };
  },
};
