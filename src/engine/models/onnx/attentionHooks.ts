/** The hooks inside attention: queries, keys, values, scores, pattern and what the heads give. */
import type { Dim, Node, Shape } from '../../graph/ir.ts';
import type { Layer } from './layer.ts';
import type { ScopedGraph } from './scopedGraph.ts';

export interface AttentionSizes {
  readonly nHeads: number;
  readonly nKeyValueHeads: number;
  readonly dHead: number;
}

/** Head counts as the graph has them; `declared` heads are used where it does not show them. Undefined without recognisable attention. */
export function attentionSizes(g: ScopedGraph, layer: Layer, declared: number | undefined): AttentionSizes | undefined {
  const joined = g.entering(`${layer.scope}/${layer.layout.attentionOut}`)[0];
  if (joined === undefined) return undefined;
  const parts = partsOf(g, joined);
  const width = parts === undefined ? g.shapeOf(joined)!.at(-1) : product(parts.shape[2], parts.shape[3]);
  const pattern = softmaxOf(g, layer)?.outputs[0];
  const nHeads = [parts?.shape[2], pattern === undefined ? undefined : g.shapeOf(pattern)?.at(-3), declared].find((heads) => typeof heads === 'number');
  if (typeof nHeads !== 'number' || typeof width !== 'number' || width % nHeads !== 0) return undefined;
  const dHead = width / nHeads;
  const { qkv } = layer.layout;
  const keys = typeof qkv === 'string' ? undefined : g.shapeOf(g.leaving(`${layer.scope}/${qkv[1]}`).at(-1) ?? '')?.at(-1);
  return { nHeads, nKeyValueHeads: typeof keys === 'number' && keys % dHead === 0 ? keys / dHead : nHeads, dHead };
}

function product(a: Dim | undefined, b: Dim | undefined): number | undefined {
  return typeof a === 'number' && typeof b === 'number' ? a * b : undefined;
}

/** The tensor [b,p,h,d] that enters the output projection, or that is joined on its way there. */
function partsOf(g: ScopedGraph, joined: string): { name: string; shape: Shape } | undefined {
  const join = g.producerOf(joined);
  for (const name of [joined, ...(join?.op === 'Reshape' ? [join.inputs[0]!] : [])]) {
    const shape = g.shapeOf(name);
    if (shape?.length === 4) return { name, shape };
  }
  return undefined;
}

/** Names the attention hooks of a layer, as far as they are found. */
export function nameAttention(g: ScopedGraph, layer: Layer, sizes: AttentionSizes | undefined): void {
  const softmax = softmaxOf(g, layer);
  if (softmax !== undefined) {
    g.name(softmax.inputs[0]!, `${layer.hook}.attn.hook_attn_scores`);
    g.name(softmax.outputs[0]!, `${layer.hook}.attn.hook_pattern`);
  }
  if (sizes === undefined) return;
  nameHeadOutputs(g, layer, sizes);
  const [q, k, v] = projections(g, layer);
  nameHeads(g, q, `${layer.hook}.attn.hook_q`, sizes.nHeads, sizes.dHead);
  nameHeads(g, k, `${layer.hook}.attn.hook_k`, sizes.nKeyValueHeads, sizes.dHead);
  nameHeads(g, v, `${layer.hook}.attn.hook_v`, sizes.nKeyValueHeads, sizes.dHead);
  if (softmax !== undefined) nameRotated(g, layer, softmax, sizes);
}

function softmaxOf(g: ScopedGraph, { scope, layout }: Layer): Node | undefined {
  return g.within(`${scope}/${layout.attention}`).filter((node) => node.op === 'Softmax').at(-1);
}

/** z: what enters the output projection, per head. */
function nameHeadOutputs(g: ScopedGraph, { scope, layout, hook }: Layer, { nHeads, dHead }: AttentionSizes): void {
  const joined = g.entering(`${scope}/${layout.attentionOut}`)[0];
  if (joined === undefined) return;
  const parts = partsOf(g, joined)?.name;
  if (parts !== undefined && isPerHead(g, parts, nHeads, dHead) && g.readersOf(parts).length === 1) g.name(parts, `${hook}.attn.hook_z`);
  else if (g.shapeOf(joined)!.length === 3) g.nameSplit(joined, `${hook}.attn.hook_z`, [nHeads, dHead]);
}

/** True for [batch, pos, heads, width]. */
function isPerHead(g: ScopedGraph, name: string, heads: number, width: number): boolean {
  const shape = g.shapeOf(name);
  return shape?.length === 4 && shape[2] === heads && shape[3] === width;
}

/** The tensors that hold queries, keys and values before anything is done to them. */
function projections(g: ScopedGraph, { scope, layout }: Layer): readonly (string | undefined)[] {
  if (typeof layout.qkv !== 'string') return layout.qkv.map((path) => g.leaving(`${scope}/${path}`).at(-1));
  const joint = g.leaving(`${scope}/${layout.qkv}`).at(-1);
  if (joint === undefined) return [];
  // GPT-2 splits [q | k | v]; GPT-NeoX views the heads apart first and slices each.
  const split = g.readersOf(joint).find((node) => node.op === 'Split' && node.outputs.length === 3);
  if (split !== undefined) return split.outputs;
  const viewed = g.readersOf(joint).find((node) => node.op === 'Reshape')?.outputs[0] ?? joint;
  const turned = g.readersOf(viewed);
  const heads = turned.length === 1 && turned[0]!.op === 'Transpose' ? turned[0]!.outputs[0]! : viewed;
  const parts = g.readersOf(heads).filter((node) => node.op === 'Slice' || node.op === 'Split' || node.op === 'Gather');
  if (parts.length === 1 && parts[0]!.outputs.length === 3) return parts[0]!.outputs;
  return parts.length === 3 ? parts.map((node) => node.outputs[0]!) : [];
}

/** Names [batch, pos, heads, width], whether the tensor has that shape, is about to get it, or never does. */
function nameHeads(g: ScopedGraph, tensor: string | undefined, hook: string, heads: number, width: number): void {
  if (tensor === undefined) return;
  const readers = g.readersOf(tensor);
  const split = readers[0]?.op === 'Reshape' ? readers[0].outputs[0]! : undefined;
  const shape = g.shapeOf(tensor);
  if (isPerHead(g, tensor, heads, width)) g.name(tensor, hook);
  else if (shape?.length === 4 && shape[1] === heads && shape[3] === width) g.nameTransposed(tensor, hook, [0, 2, 1, 3]);
  else if (readers.length === 1 && split !== undefined && isPerHead(g, split, heads, width)) g.name(split, hook);
  else if (shape?.length === 3 && shape[2] === heads * width) g.nameSplit(tensor, hook, [heads, width]);
}

/** Rotated queries and keys: the last tensors before the scores that a rotation gave, in either order of axes. */
function nameRotated(g: ScopedGraph, { scope, layout, hook }: Layer, softmax: Node, { nHeads, nKeyValueHeads, dHead }: AttentionSizes): void {
  const product = scoreProduct(g, softmax, `${scope}/${layout.attention}`);
  if (product === undefined) return;
  const sides = [['hook_rot_q', nHeads], ['hook_rot_k', nKeyValueHeads]] as const;
  sides.forEach(([name, heads], i) => {
    const rotated = rotatedInput(g, product.inputs[i]!, heads, dHead);
    if (rotated !== undefined) nameHeads(g, rotated, `${hook}.attn.${name}`, heads, dHead);
  });
}

/** The product of queries and keys, found upwards from the softmax. */
function scoreProduct(g: ScopedGraph, softmax: Node, scope: string): Node | undefined {
  const inside = new Set(g.within(scope));
  const seen = new Set<string>();
  const queue = [softmax.inputs[0]!];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const node = g.producerOf(name);
    if (seen.has(name) || node === undefined || !inside.has(node)) continue;
    seen.add(name);
    if (node.op === 'MatMul') return node;
    queue.push(...node.inputs);
  }
  return undefined;
}

/** Walks up through layout changes and scaling to a rotation: a sum, or parts put together from one. */
function rotatedInput(g: ScopedGraph, from: string, heads: number, width: number): string | undefined {
  let name: string | undefined = from;
  for (let steps = 0; name !== undefined && steps < 12; steps++) {
    const node = g.producerOf(name);
    const shape = g.shapeOf(name);
    const isHeads = shape?.length === 4 && (shape[1] === heads || shape[2] === heads) && shape[3] === width;
    if (node === undefined) return undefined;
    if (isHeads && isRotation(g, node)) return name;
    if (!passing.has(node.op)) return undefined;
    name = node.inputs.find((input) => g.isDynamic(input));
  }
  return undefined;
}

const passing = new Set(['Transpose', 'Reshape', 'Expand', 'Unsqueeze', 'Squeeze', 'Mul', 'Div', 'Tile']);

function isRotation(g: ScopedGraph, node: Node): boolean {
  const parts = (of: Node): Node[] => of.inputs.flatMap((name) => g.producerOf(name) ?? []);
  if (node.op === 'Add') return node.inputs.every((name) => g.producerOf(name)?.op === 'Mul');
  // Interleaved pairs are put side by side on an axis of their own.
  if (node.op === 'Reshape') return parts(node).slice(0, 1).some((part) => part.op === 'Concat' && isRotation(g, part));
  return node.op === 'Concat' && parts(node).some((part) => ['Add', 'Reshape'].includes(part.op) ? isRotation(g, part) : part.op === 'Unsqueeze' && parts(part).some((inner) => inner.op === 'Add' && isRotation(g, inner)));
}
