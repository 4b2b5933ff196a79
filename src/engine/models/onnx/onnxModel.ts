/** A model read from an ONNX file: its graph is fixed, every tensor of it is a hook point. */
import { createHash } from 'node:crypto';
import { MechanistError } from '../../errors.ts';
import { encodeModel } from '../../graph/codec/encode.ts';
import type { Graph } from '../../graph/ir.ts';
import type { Feeds } from '../../runtime/program.ts';
import type { Tensor } from '../../tensor.ts';
import type { GraphOptions, HookPoint, Model, TransformerConfig } from '../model.ts';
import type { ParameterStore } from '../parameters.ts';
import { toFloat64 } from './float64.ts';
import { completeFeeds, defaultOf, lookedUp } from './inputRoles.ts';

export interface OnnxModelParts {
  readonly id: string;
  readonly family: string;
  readonly source: string;
  readonly config: TransformerConfig | undefined;
  readonly graph: Graph;
  readonly parameters: ParameterStore;
}

export class OnnxModel implements Model {
  readonly id: string;
  readonly family: string;
  readonly source: string;
  readonly config: TransformerConfig | undefined;
  readonly parameters: ParameterStore;
  readonly requiredInputs: readonly string[];
  readonly output: string;
  private readonly single: Graph;
  /** Rows of the smallest table that each index input is looked up in. */
  private readonly tables: ReadonlyMap<string, number>;
  private double: Graph | undefined;
  private hashed: Promise<string> | undefined;

  constructor(parts: OnnxModelParts) {
    this.id = parts.id;
    this.family = parts.family;
    this.source = parts.source;
    this.config = parts.config;
    this.parameters = parts.parameters;
    this.single = parts.graph;
    this.tables = lookedUp(parts.graph);
    this.requiredInputs = [...parts.graph.inputs.keys()].filter((name) => defaultOf(name) === undefined);
    const outputs = parts.graph.outputs;
    this.output = outputs.includes('logits') ? 'logits' : outputs[0]!;
  }

  /** Errors: `unsupported` for options that need another graph than the file's. */
  graph(options: GraphOptions = {}): Graph {
    for (const option of ['splitQkvInput', 'attnResult', 'ungroupKeyValue'] as const) {
      if (options[option] === true) {
        throw new MechanistError('unsupported', `A graph imported from an ONNX file does not hold ${apart[option]} apart.`, { file: this.source, hint: 'Open the folder with config.json and safetensors instead.' });
      }
    }
    return options.dtype === 'float64' ? (this.double ??= toFloat64(this.single)) : this.single;
  }

  /** Floating-point inputs and node outputs of known rank, in order of computation. */
  hookPoints(options: GraphOptions = {}): readonly HookPoint[] {
    const graph = this.graph(options);
    const points: HookPoint[] = [];
    const add = (name: string): void => {
      const type = graph.inputs.get(name) ?? graph.types.get(name);
      if (type?.shape !== undefined && (type.dtype === 'float32' || type.dtype === 'float64')) points.push({ name, type });
    };
    for (const name of graph.inputs.keys()) add(name);
    for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') add(name);
    return points;
  }

  feeds(inputs: ReadonlyMap<string, Tensor>): Feeds {
    return completeFeeds(this.single, inputs, this.tables);
  }

  hash(): Promise<string> {
    return (this.hashed ??= Promise.resolve(hashOf(this.single, this.parameters)));
  }
}

function hashOf(graph: Graph, parameters: ParameterStore): string {
  const digest = createHash('sha256').update(encodeModel(graph));
  for (const name of [...parameters.names()].sort()) {
    const { data } = parameters.get(name);
    digest.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return digest.digest('hex');
}

const apart = { splitQkvInput: 'what each head reads', attnResult: 'what each head writes', ungroupKeyValue: 'the keys and values of each head' } as const;
