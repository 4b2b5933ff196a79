/** What the inputs of an exported model mean, told from their names: which must be given, and what the others default to. */
import { MechanistError } from '../../errors.ts';
import { withInputShapes } from '../../graph/import/inputs.ts';
import { intAttribute } from '../../graph/ir.ts';
import type { Dim, Graph, Shape } from '../../graph/ir.ts';
import { elementCount, zeros } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import type { Feeds } from '../../runtime/program.ts';

/** How an omitted input is filled: all ones, all zeros, or 0, 1, 2… along its last axis. */
type Default = 'ones' | 'zeros' | 'positions';

const defaults: readonly (readonly [RegExp, Default])[] = [
  [/^(attention_mask|decoder_attention_mask|encoder_attention_mask|attn_mask|input_mask)$/, 'ones'],
  [/^(position_ids|cache_position)$/, 'positions'],
  [/^(token_type_ids|segment_ids)$/, 'zeros'],
];

/** Inputs whose axes are those of the tokens when the file gives them names. */
const tokenwise = /^(attention_mask|attn_mask|position_ids|token_type_ids|segment_ids|input_mask|cache_position)$/;
const tokens = /^(input_ids|tokens|inputs_embeds|decoder_input_ids)$/;

export function defaultOf(name: string): Default | undefined {
  return defaults.find(([pattern]) => pattern.test(name))?.[1];
}

/** The input that sets batch size and length: tokens if there are any, otherwise the first that has no default. */
export function mainInput(graph: Graph): string {
  const names = [...graph.inputs.keys()];
  const main = names.find((name) => tokens.test(name)) ?? names.find((name) => defaultOf(name) === undefined) ?? names[0];
  if (main === undefined) throw new MechanistError('unsupported', 'The model has no inputs.', { field: 'graph.input' });
  return main;
}

/** Gives the symbols of input shapes their standard names: "batch" for the main input's first axis, "pos" for the tokens' second. */
export function withStandardSymbols(graph: Graph, main: string, fixed: ReadonlyMap<string, Shape>): Graph {
  const mainShape = graph.inputs.get(main)?.shape ?? [];
  const renamed = new Map<Dim, Dim>();
  if (typeof mainShape[0] === 'string') renamed.set(mainShape[0], 'batch');
  if (tokens.test(main) && typeof mainShape[1] === 'string') renamed.set(mainShape[1], 'pos');
  const to = (dim: Dim): Dim => renamed.get(dim) ?? ((dim === 'batch' || dim === 'pos') && !mainShape.includes(dim) ? `${dim}_` : dim);
  const shapes = new Map<string, Shape>();
  for (const [name, { shape }] of graph.inputs) {
    if (shape === undefined) continue;
    const likeTokens = tokenwise.test(name) && tokens.test(main);
    const standard = likeTokens ? mainShape.slice(shape.length === 1 ? 1 : 0, 2).map(to) : [];
    shapes.set(name, fixed.get(name) ?? shape.map((dim, i) => (likeTokens && typeof dim === 'string' ? (standard[i] ?? to(dim)) : to(dim))));
  }
  return withInputShapes(graph, shapes);
}

/** Inputs that are looked up in tables of weights: input → rows of the smallest such table. */
export function lookedUp(graph: Graph): Map<string, number> {
  const rows = new Map<string, number>();
  const source = new Map(Array.from(graph.inputs.keys(), (name): [string, string] => [name, name]));
  for (const node of graph.nodes) {
    const from = source.get(node.inputs[0] ?? '');
    if (from !== undefined && keepsIndices.has(node.op)) source.set(node.outputs[0]!, from);
    const input = node.op === 'Gather' ? source.get(node.inputs[1] ?? '') : undefined;
    const size = graph.parameters.get(node.inputs[0] ?? '')?.shape?.[intAttribute(node, 'axis', 0)];
    if (input !== undefined && typeof size === 'number') rows.set(input, Math.min(size, rows.get(input) ?? Infinity));
  }
  return rows;
}

const keepsIndices = new Set(['Reshape', 'Cast', 'Identity', 'Unsqueeze', 'Squeeze', 'Flatten']);

/**
 * Completes `inputs` with defaults and checks indices against the tables they are looked up in, because the runtime
 * would take a negative index for one counted from the end. A mask or position input that this file does without is
 * ignored. Errors: `argument` naming an input that is missing, unknown or holds an impossible index.
 */
export function completeFeeds(graph: Graph, inputs: ReadonlyMap<string, Tensor>, tables: ReadonlyMap<string, number>): Feeds {
  const feeds = new Map<string, Tensor>();
  for (const [name, value] of inputs) {
    if (graph.inputs.has(name)) feeds.set(name, value);
    else if (defaultOf(name) === undefined) throw failure(name, `The model has no input of this name. It has: ${[...graph.inputs.keys()].join(', ')}.`);
  }
  const sizes = new Map<string, number>();
  for (const [name, { shape }] of graph.inputs) {
    const given = feeds.get(name);
    shape?.forEach((dim, i) => {
      if (typeof dim === 'string' && given?.dims[i] !== undefined && !sizes.has(dim)) sizes.set(dim, given.dims[i]);
    });
  }
  for (const [name, { dtype, shape }] of graph.inputs) {
    if (feeds.has(name)) continue;
    const fill = defaultOf(name);
    const dims = shape?.map((dim) => (typeof dim === 'number' ? dim : sizes.get(dim)));
    if (fill === undefined || dims === undefined || !dims.every((dim) => dim !== undefined)) throw failure(name, 'This input is missing.');
    feeds.set(name, filled(fill, dtype, dims));
  }
  for (const [name, rows] of tables) checkIndices(name, feeds.get(name)!, rows);
  return feeds;
}

function checkIndices(name: string, { data }: Tensor, rows: number): void {
  for (const index of data) {
    if (index < 0 || index >= rows) throw failure(name, `Index ${index} is outside the table of ${rows} entries.`);
  }
}

function failure(name: string, statement: string): MechanistError {
  return new MechanistError('argument', statement, { field: `input ${name}` });
}

function filled(fill: Default, dtype: Tensor['dtype'], dims: readonly number[]): Tensor {
  const value = zeros(dtype, dims);
  const { data } = value;
  const length = dims.at(-1) ?? 1;
  for (let i = 0; i < elementCount(dims) && fill !== 'zeros'; i++) {
    const entry = fill === 'ones' ? 1 : i % length;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(entry);
    else data[i] = entry;
  }
  return value;
}

/** Small inputs of given sizes for tracing: valid indices, ones for masks, varied numbers elsewhere. */
export function traceFeeds(graph: Graph, sizes: ReadonlyMap<string, number>): Feeds {
  const feeds = new Map<string, Tensor>();
  for (const [name, { dtype, shape }] of graph.inputs) {
    if (shape === undefined) throw new MechanistError('unsupported', 'The rank of this input is not declared.', { field: `input ${name}` });
    const dims = shape.map((dim) => (typeof dim === 'number' ? dim : sizes.get(dim)!));
    const fill = defaultOf(name);
    if (fill !== undefined || (dtype !== 'float32' && dtype !== 'float64')) {
      feeds.set(name, filled(fill ?? (dtype === 'bool' ? 'ones' : 'zeros'), dtype, dims));
      continue;
    }
    const value = zeros(dtype, dims);
    value.data.forEach((_, i) => { value.data[i] = Math.sin(i + 1); });
    feeds.set(name, value);
  }
  return feeds;
}
