/** A model whose graph is built from a definition. */
import { MechanistError } from '../../errors.ts';
import type { JsonMap } from '../../formats/json.ts';
import type { Graph } from '../../graph/ir.ts';
import { elementCount, zeros } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { Feeds } from '../../runtime/program.ts';
import type { GraphOptions, HookPoint, Model, TransformerConfig } from '../model.ts';
import { toFloat64 } from '../onnx/float64.ts';
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
    this.requiredInputs = [...this.graph().inputs.keys()].filter((name) => !definition.defaults.has(name));
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
    const { inputs: declared } = this.graph();
    const feeds = new Map<string, Tensor>();
    for (const name of declared.keys()) {
      const value = inputs.get(name) ?? this.filled(name, inputs);
      if (value === undefined) throw new MechanistError('argument', `This input is missing. The model needs: ${this.requiredInputs.join(', ')}.`, { field: `input ${name}` });
      feeds.set(name, value);
    }
    for (const name of inputs.keys()) {
      if (!declared.has(name)) throw new MechanistError('argument', `The model has no input of this name. It has: ${[...declared.keys()].join(', ')}.`, { field: `input ${name}` });
    }
    this.checkTokens(feeds.get('input_ids'));
    return feeds;
  }

  hash(): Promise<string> {
    return (this.hashed ??= this.computeHash());
  }

  /** The default of an input, in the shape of `input_ids`. */
  private filled(name: string, inputs: ReadonlyMap<string, Tensor>): Tensor | undefined {
    const value = this.definition.defaults.get(name);
    const tokens = inputs.get('input_ids');
    if (value === undefined || tokens === undefined) return undefined;
    const filled = zeros('int64', tokens.dims);
    filled.data.fill(BigInt(value));
    return filled;
  }

  private checkTokens(tokens: Tensor | undefined): void {
    if (tokens === undefined) return;
    const fail = (statement: string): never => {
      throw new MechanistError('argument', statement, { field: 'input input_ids' });
    };
    if (tokens.dtype !== 'int64' || tokens.dims.length !== 2 || elementCount(tokens.dims) === 0) fail(`Expected int64 [batch, pos], got ${tokens.dtype} [${tokens.dims.join(', ')}].`);
    const length = tokens.dims[1]!;
    const { maxPositions, weights } = this.definition;
    if (maxPositions !== undefined && length > maxPositions) fail(`${length} tokens are more than the ${maxPositions} positions of the model.`);
    const vocabulary = BigInt(weights.get('embed.W_E')?.dims[0] ?? weights.get('text.embed.W_E')!.dims[0]!);
    const unknown = (tokens.data as BigInt64Array).find((id) => id < 0n || id >= vocabulary);
    if (unknown !== undefined) fail(`Token id ${unknown} is not in the vocabulary of ${vocabulary} entries.`);
  }
}

/** Hook points are the tensors named by the builders; helper tensors have generated names with a tilde. */
function isHook(name: string): boolean {
  return !name.includes('~');
}
