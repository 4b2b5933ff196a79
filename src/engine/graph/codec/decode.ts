/**
 * ONNX protobuf → graph, in the operator-set version of the file (import/opset.ts brings it to ours).
 *
 * Weights are not read: they become parameters with a loader. Small integer tensors and scalars, which describe
 * shapes and settings, become constants. The result is structurally sound (check.ts); nothing is executed.
 */
import { dirname } from 'node:path';
import { MechanistError } from '../../errors.ts';
import { elementCount } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { Graph, Node, ValueType } from '../ir.ts';
import { topologicalOrder } from '../order.ts';
import { renameReads } from '../rename.ts';
import { checkGraph } from './check.ts';
import { readNode } from './decodeNode.ts';
import type { DecodeScope } from './decodeNode.ts';
import { readTensor } from './decodeTensor.ts';
import type { Origin, StoredTensor } from './decodeTensor.ts';
import { readValueInfo } from './decodeType.ts';
import { FileSource, WireReader, memorySource } from './reader.ts';
import type { ByteSource } from './reader.ts';
import { GraphField, ModelField, OpsetField } from './schema.ts';

export interface DecodeOptions {
  /** Integer tensors of at most this many elements become constants, larger ones parameters. Default 1024. */
  readonly largestConstant?: number;
  /** Make every tensor a constant, of whatever type and size. For graphs that are known to be small. */
  readonly allConstant?: boolean;
  /** Name of the model in error messages, when it is given as bytes. */
  readonly file?: string;
}

export interface DecodedModel {
  readonly graph: Graph;
  /** How to load each of the graph's parameters. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  /** Version of each operator set the file imports; `''` is the standard one. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly irVersion: number;
  readonly producer: string;
}

/**
 * Decodes an `.onnx` file. External data is looked for in its folder.
 * Errors: `not-found`, `parse` and `unsupported`, naming the file and the field.
 */
export function decodeFile(file: string, options: DecodeOptions = {}): DecodedModel {
  const source = FileSource.open(file);
  try {
    return decode(source, { file, folder: dirname(file) }, options);
  } catch (error) {
    throw MechanistError.is(error) ? error.within(file) : error;
  } finally {
    source.close();
  }
}

/** Decodes a model in memory; it cannot have external data. Errors: `parse`, `unsupported`. */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): DecodedModel {
  try {
    return decode(memorySource(bytes), { file: undefined, folder: undefined }, options);
  } catch (error) {
    throw MechanistError.is(error) && options.file !== undefined ? error.within(options.file) : error;
  }
}

const maxTensors = 200_000;
const maxNodes = 500_000;
/** Bytes of constants held at once. */
const maxConstantBytes = 2 ** 28;

function decode(source: ByteSource, origin: Origin, options: DecodeOptions): DecodedModel {
  const r = new WireReader(source, '');
  const opsets = new Map<string, number>();
  let irVersion = 0;
  let producer = '';
  let graphReader: WireReader | undefined;
  for (let field = r.next(); field !== undefined; field = r.next()) {
    switch (field) {
      case ModelField.irVersion: irVersion = r.at('ir_version').uint(); break;
      case ModelField.producerName: producer = r.at('producer_name').text(); break;
      case ModelField.graph: graphReader = r.message('graph'); break;
      case ModelField.opsetImport: readOpset(r.message('opset_import'), opsets); break;
      case ModelField.functions: throw new MechanistError('unsupported', 'Models with local functions are not supported.', { field: 'functions' });
      default: r.skip();
    }
  }
  if (graphReader === undefined) throw new MechanistError('parse', 'The file has no graph; it is probably not an ONNX model.', { field: 'graph' });
  const decoder = new GraphDecoder(origin, options);
  const graph = decoder.main(graphReader);
  checkGraph(graph);
  return { graph, weights: decoder.weights, opsets, irVersion, producer };
}

function readOpset(r: WireReader, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === OpsetField.domain) domain = r.at('domain').text();
    else if (field === OpsetField.version) version = r.at('version').uint();
    else r.skip();
  }
  if (opsets.size > 100) throw r.error('More than 100 operator sets are imported.');
  opsets.set(domain === 'ai.onnx' ? '' : domain, version);
}

class GraphDecoder implements DecodeScope {
  readonly origin: Origin;
  readonly weights = new Map<string, StoredTensor>();
  private readonly parameters = new Map<string, ValueType>();
  private readonly options: DecodeOptions;
  private tensors = 0;
  private nodes = 0;
  private constantBytes = 0;

  constructor(origin: Origin, options: DecodeOptions) {
    this.origin = origin;
    this.options = options;
  }

  main(r: WireReader): Graph {
    const graph = this.body(r);
    return { ...graph, parameters: this.parameters };
  }

  /** A graph or sub-graph. Weights found inside sub-graphs are hoisted to the parameters of the main graph. */
  body(r: WireReader): Graph {
    const inputs = new Map<string, ValueType>();
    const constants = new Map<string, Tensor>();
    const outputs: string[] = [];
    const own = new Set<string>();
    const hoisted = new Map<string, string>();
    for (let field = r.next(); field !== undefined; field = r.next()) {
      switch (field) {
        case GraphField.initializer: {
          const stored = readTensor(r.message(`initializer[${own.size}]`), this.origin);
          if (stored.name === '' || own.has(stored.name)) throw r.error(stored.name === '' ? 'An initializer has no name.' : `The tensor "${stored.name}" is defined twice.`);
          own.add(stored.name);
          if (this.isConstant(stored)) constants.set(stored.name, this.load(stored));
          else hoisted.set(stored.name, this.hoist(stored));
          break;
        }
        case GraphField.sparseInitializer: throw new MechanistError('unsupported', 'Sparse initializers are not supported.', { field: `${r.path}.sparse_initializer` });
        case GraphField.input: {
          const { name, type } = readValueInfo(r.message(`input[${inputs.size}]`));
          if (inputs.has(name)) throw r.error(`The input "${name}" is declared twice.`);
          inputs.set(name, type ?? { dtype: 'float32', shape: undefined });
          break;
        }
        case GraphField.output: outputs.push(readValueInfo(r.message(`output[${outputs.length}]`)).name); break;
        // Declared types of inner tensors are not trusted: inference and tracing find the true ones.
        default: r.skip();
      }
    }
    // Older files list initializers among the inputs, as defaults that a caller may override.
    for (const name of own) inputs.delete(name);
    // Nodes come last, so that weights of sub-graphs find the names of the enclosing graph taken.
    const nodes = this.readNodes(r.again());
    const graph: Graph = { inputs, parameters: new Map(), constants, nodes, outputs, types: new Map() };
    return renameReads(graph, new Map([...hoisted].filter(([from, to]) => from !== to)));
  }

  private readNodes(r: WireReader): Node[] {
    const nodes: Node[] = [];
    for (let field = r.next(); field !== undefined; field = r.next()) {
      if (field !== GraphField.node) r.skip();
      else {
        if (++this.nodes > maxNodes) throw r.error(`More than ${maxNodes} nodes.`);
        nodes.push(readNode(r.message(`node[${nodes.length}]`), this));
      }
    }
    return topologicalOrder(uniquelyNamed(nodes));
  }

  load(stored: StoredTensor): Tensor {
    const value = stored.load();
    this.constantBytes += value.data.byteLength;
    if (this.constantBytes > maxConstantBytes) throw new MechanistError('memory', 'The constants of this model are too large.', { field: `tensor ${stored.name}` });
    return value;
  }

  private isConstant({ dtype, dims }: StoredTensor): boolean {
    if (this.options.allConstant === true || dims.length === 0) return true;
    const isFloating = dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16';
    return !isFloating && elementCount(dims) <= (this.options.largestConstant ?? 1024);
  }

  private hoist(stored: StoredTensor): string {
    if (++this.tensors > maxTensors) throw new MechanistError('parse', `More than ${maxTensors} tensors.`, { field: 'graph.initializer' });
    let name = stored.name;
    for (let i = 1; this.weights.has(name); i++) name = `${stored.name}~${i}`;
    this.weights.set(name, { ...stored, name });
    this.parameters.set(name, { dtype: stored.dtype, shape: stored.dims });
    return name;
  }
}

/** Exporters leave names empty or repeat them; in our graphs a node name identifies the node. */
function uniquelyNamed(nodes: readonly Node[]): Node[] {
  const taken = new Set<string>();
  return nodes.map((node, i) => {
    let name = node.name === '' ? `${node.op}#${i}` : node.name;
    for (let n = i; taken.has(name); n++) name = `${node.op}#${n}`;
    taken.add(name);
    return name === node.name ? node : { ...node, name };
  });
}
