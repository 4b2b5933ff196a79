/** A model whose graph is built from a definition. */
import { MechanistError } from '../../errors.ts';
import type { JsonMap } from '../../formats/json.ts';
import type { Graph } from '../../graph/ir.ts';
import { elementCount } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { Feeds } from '../../runtime/program.ts';
import type { GraphOptions, HookPoint, Model, TransformerConfig } from '../model.ts';
import { toFloat64 } from '../onnx/float64.ts';
import { completeFeeds, defaultOf, lookedUp } from '../onnx/inputRoles.ts';
import type { ParameterStore } from '../parameters.ts';
import type { Definition } from './definition.ts';

export interface FamilyModelParts {
  readonly id: string;
  readonly family: string;
  readonly source: string;
  /** The contents of config.json. */
  readonly json: JsonMap;
  readonly definition: Definition;
  readonly parameters: ParameterStore;
  /** Computed once, when first asked for. */
  readonly hash: () => Promise<string>;
}

export class FamilyModel implements Model {
  readonly id: string;
  readonly family: string;
  readonly source: string;
  readonly config: TransformerConfig | undefined;
  readonly parameters: ParameterStore;
  readonly definition: Definition;
  /** The contents of config.json. */
  readonly json: JsonMap;
  readonly requiredInputs: readonly string[];
  readonly output: string;
  private readonly graphs = new Map<string, Graph>();
  private readonly computeHash: () => Promise<string>;
  /** Inputs that index tables of weights, and the tables' sizes. */
  private tables: ReadonlyMap<string, number> | undefined;
  private hashed: Promise<string> | undefined;

  constructor({ id, family, source, json, definition, parameters, hash }: FamilyModelParts) {
    this.id = id;
    this.family = family;
    this.source = source;
    this.config = definition.sizes;
    this.definition = definition;
    this.json = json;
    this.parameters = parameters;
    this.output = definition.output;
    this.computeHash = hash;
    this.requiredInputs = [...this.graph().inputs.keys()].filter((name) => defaultOf(name) === undefined);
  }

  graph(options: GraphOptions = {}): Graph {
    const { dtype = 'float32', splitQkvInput = false, attnResult = false, ungroupKeyValue = false } = options;
    const key = JSON.stringify([dtype, splitQkvInput, attnResult, ungroupKeyValue]);
    let graph = this.graphs.get(key);
    if (graph === undefined) {
      graph = dtype === 'float64' ? toFloat64(this.graph({ ...options, dtype: 'float32' })) : this.definition.graph(options);
      this.graphs.set(key, graph);
    }
    return graph;
  }

  hookPoints(options: GraphOptions = {}): readonly HookPoint[] {
    const { nodes, types } = this.graph(options);
    const points: HookPoint[] = [];
    for (const { outputs } of nodes) {
      for (const name of outputs) {
        const type = types.get(name);
        if (type !== undefined && isHook(name)) points.push({ name, type });
      }
    }
    return points;
  }

  feeds(inputs: ReadonlyMap<string, Tensor>): Feeds {
    const graph = this.graph();
    for (const [name, value] of inputs) {
      const type = graph.inputs.get(name);
      if (type !== undefined && (value.dtype !== type.dtype || value.dims.length !== type.shape!.length || elementCount(value.dims) === 0)) {
        throw new MechanistError('argument', `Expected ${type.dtype} [${type.shape!.join(', ')}], got ${value.dtype} [${value.dims.join(', ')}].`, { field: `input ${name}` });
      }
    }
    const feeds = completeFeeds(graph, inputs, (this.tables ??= lookedUp(graph)));
    const length = feeds.get('input_ids')?.dims[1];
    const { maxPositions } = this.definition;
    if (length !== undefined && maxPositions !== undefined && length > maxPositions) {
      throw new MechanistError('argument', `${length} tokens are more than the ${maxPositions} positions of the model.`, { field: 'input input_ids' });
    }
    return feeds;
  }

  hash(): Promise<string> {
    return (this.hashed ??= this.computeHash());
  }
}

/** Hook points are the tensors named by the builders; helper tensors have generated names with a tilde. */
function isHook(name: string): boolean {
  return !name.includes('~');
}
