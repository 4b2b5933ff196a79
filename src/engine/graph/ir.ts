/**
 * The intermediate representation: a graph of ONNX operators as plain data.
 *
 * Graphs are values. A transform takes a graph and returns a new one; nothing mutates a graph it was given.
 * Names identify tensors; a hook point is a tensor whose name is a TransformerLens hook name.
 */
import type { DType, Tensor } from '../tensor.ts';

/** One axis: a fixed size or a symbol ("batch", "pos"). Equal symbols have equal sizes in every run. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** What is known about a tensor before running. `shape` is undefined when not even the rank is known. */
export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape | undefined;
}

export type Attribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph };

export type Attributes = ReadonlyMap<string, Attribute>;

/** One operator application. An input of `''` is an omitted optional input; so is an output of `''`. */
export interface Node {
  /** Unique within the graph; used in error messages and for per-node overrides. */
  readonly name: string;
  readonly op: string;
  /** `''` is the standard ONNX domain. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface Graph {
  /** Fed by the caller on each run. */
  readonly inputs: ReadonlyMap<string, ValueType>;
  /** Weights: fed by the runtime from a shared store, so that many programs use one copy. */
  readonly parameters: ReadonlyMap<string, ValueType>;
  /** Small values baked into the graph. */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** In an order in which every input is defined before its use. */
  readonly nodes: readonly Node[];
  readonly outputs: readonly string[];
  /** Types of node outputs, as far as inferred or traced. */
  readonly types: ReadonlyMap<string, ValueType>;
}

/** Operator-set version of every graph we emit. 18 has the axes-as-input reductions and LayerNormalization. */
export const OPSET = 18;

export const int = (value: number): Attribute => ({ type: 'int', value });
export const float = (value: number): Attribute => ({ type: 'float', value });
export const string = (value: string): Attribute => ({ type: 'string', value });
export const ints = (value: readonly number[]): Attribute => ({ type: 'ints', value });

export function intAttribute(node: Pick<Node, 'attributes'>, name: string, fallback: number): number {
  const a = node.attributes.get(name);
  return a?.type === 'int' ? a.value : fallback;
}

export function floatAttribute(node: Pick<Node, 'attributes'>, name: string, fallback: number): number {
  const a = node.attributes.get(name);
  return a?.type === 'float' ? a.value : fallback;
}

export function stringAttribute(node: Pick<Node, 'attributes'>, name: string, fallback: string): string {
  const a = node.attributes.get(name);
  return a?.type === 'string' ? a.value : fallback;
}

export function intsAttribute(node: Pick<Node, 'attributes'>, name: string): readonly number[] | undefined {
  const a = node.attributes.get(name);
  return a?.type === 'ints' ? a.value : undefined;
}

/** The type of any tensor of the graph, or undefined for a name the graph does not have or could not type. */
export function typeOf(graph: Graph, name: string): ValueType | undefined {
  const constant = graph.constants.get(name);
  if (constant !== undefined) return { dtype: constant.dtype, shape: constant.dims };
  return graph.inputs.get(name) ?? graph.parameters.get(name) ?? graph.types.get(name);
}

/** Every tensor name of the graph: inputs, parameters, constants, node outputs. */
export function* tensorNames(graph: Graph): Generator<string> {
  yield* graph.inputs.keys();
  yield* graph.parameters.keys();
  yield* graph.constants.keys();
  for (const node of graph.nodes) for (const output of node.outputs) if (output !== '') yield output;
}

/** Map from tensor name to the node that produces it. */
export function producers(graph: Graph): Map<string, Node> {
  const map = new Map<string, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) if (output !== '') map.set(output, node);
  return map;
}

/** Names that a node reads, including what the bodies of `If`/`Loop` capture from outside. */
export function readsOf(node: Node): string[] {
  const reads = node.inputs.filter((name) => name !== '');
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'graph') reads.push(...capturedBy(attribute.value));
  }
  return reads;
}

function capturedBy(body: Graph): string[] {
  const own = new Set(tensorNames(body));
  const captured = new Set<string>();
  for (const node of body.nodes) for (const name of readsOf(node)) if (!own.has(name)) captured.add(name);
  for (const name of body.outputs) if (!own.has(name)) captured.add(name);
  return [...captured];
}
