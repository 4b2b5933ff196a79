/** `mechanist inspect`: what a model is, as JSON. */
import type { Shape } from '../../engine/graph/ir.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { prune } from '../../engine/graph/prune.ts';
import type { Model } from '../../engine/models/model.ts';
import { estimateMemory } from '../../engine/runtime/memory.ts';
import type { MemoryEstimate } from '../../engine/runtime/memory.ts';
import { zeros } from '../../engine/tensor.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { hooksOnRequest } from '../hookOptions.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger } from '../sharedOptions.ts';

export const inspect: Command = {
  name: 'inspect',
  summary: 'Print what a model is: family, sizes, hook points with shapes, parameters, memory.',
  positionals: ['MODEL'],
  options: {
    positions: { type: 'string', value: 'N', description: 'Sequence length that the memory estimate assumes (default 128, or the longest the model takes).' },
    ...modelOptions,
  },
  notes: modelNotes,
  async run({ positionals, options, signal, output }) {
    const asked = positiveInteger(options, 'positions');
    const model = await openModel(positionals[0]!, options, output, signal);
    const positions = asked ?? Math.min(128, model.config?.nCtx ?? 128);
    writeJson(output, describe(model, positions));
  },
};

function describe(model: Model, positions: number): object {
  const hooks = model.hookPoints();
  const shown = ({ name, type }: (typeof hooks)[number]): object => ({ name, dtype: type.dtype, shape: type.shape ?? null });
  return {
    id: model.id,
    family: model.family,
    source: model.source,
    config: model.config ?? null,
    inputs: [...model.graph().inputs].map(([name, type]) => ({ name, dtype: type.dtype, shape: type.shape ?? null, required: model.requiredInputs.includes(name) })),
    output: model.output,
    parameters: {
      count: model.parameters.count,
      bytes: model.parameters.bytes,
      tensors: [...model.parameters.names()].map((name) => ({ name, ...model.parameters.info(name) })).map(({ name, dtype, dims }) => ({ name, dtype, shape: dims })),
    },
    hooks: hooks.map(shown),
    hooksOnRequest: hooksOnRequest(model).map(shown),
    memory: memory(model, positions),
  };
}

/** Bytes for one row: of a plain forward pass, and of one that captures every hook point. */
function memory(model: Model, positions: number): object {
  const graph = model.graph();
  const feeds = new Map([...graph.inputs].map(([name, { dtype, shape }]): [string, Tensor] => [name, zeros(dtype, sized(shape ?? [], positions))]));
  const bytes = ({ parameters, activations, total }: MemoryEstimate): object => ({ parameters, activations, total });
  const hooks = model.hookPoints().map(({ name }) => name).filter((name) => !graph.inputs.has(name));
  return {
    positions,
    forward: bytes(estimateMemory(prune(graph, [model.output]), feeds)),
    captureAll: bytes(estimateMemory(prune(graph, [...new Set([...hooks, model.output])]), feeds)),
  };
}

function sized(shape: Shape, positions: number): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : dim === 'pos' ? positions : 1));
}
