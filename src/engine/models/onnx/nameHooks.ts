/**
 * Standard hook names for foreign graphs. Layers are found by the module paths that exporters keep; inside a layer
 * the tensors are found by what they do: enter the output projection, leave the softmax, close the residual sum.
 * Whatever is not found keeps the exporter's name.
 */
import type { Graph } from '../../graph/ir.ts';
import { isJsonObject } from '../jsonFile.ts';
import type { JsonObject } from '../jsonFile.ts';
import type { TransformerConfig } from '../model.ts';
import { attentionSizes, nameAttention } from './attentionHooks.ts';
import type { AttentionSizes } from './attentionHooks.ts';
import { onnxConfig } from './onnxConfig.ts';
import { findStacks } from './moduleLayouts.ts';
import type { LayerStack, ModuleLayout } from './moduleLayouts.ts';
import { nameEmbedding } from './embeddingHooks.ts';
import { nameHead } from './headHooks.ts';
import type { Layer } from './layer.ts';
import { nameNorm } from './normHooks.ts';
import { separateNorms } from './separateNorms.ts';
import { ScopedGraph } from './scopedGraph.ts';

export interface NamedGraph {
  readonly graph: Graph;
  readonly family: string;
  readonly config: TransformerConfig | undefined;
}

/** Renames what is recognised. `family` is "onnx" when nothing is. */
export function nameHooks(graph: Graph, config: JsonObject | undefined): NamedGraph {
  const { scoped, stacks } = arranged(graph);
  const found: FoundStack[] = [];
  for (const stack of stacks) {
    const named = nameStack(scoped, stack, hookPrefix(stack, stacks), declaredHeads(stack, config));
    if (named !== undefined) found.push(named);
  }
  const named = scoped.finish();
  const first = found[0];
  if (first === undefined) return { graph, family: 'onnx', config: undefined };
  const declared = typeof config?.model_type === 'string' ? config.model_type : first.stack.layout.family;
  return { graph: named, family: declared, config: found.length > 1 ? undefined : onnxConfig(scoped, first, config) };
}

/** The stacks of a graph, with norms where they really are and one for each of attention and MLP. */
function arranged(graph: Graph): { scoped: ScopedGraph; stacks: LayerStack[] } {
  const scoped = new ScopedGraph(graph);
  const stacks = findStacks(scoped.scopes()).map((stack) => withArrangement(scoped, stack));
  const split = separateNorms(scoped, stacks);
  return split === undefined ? { scoped, stacks } : { scoped: new ScopedGraph(split.graph), stacks: split.stacks };
}

/** What was learned about a stack while naming it. */
export interface FoundStack {
  readonly stack: LayerStack;
  readonly dModel: number;
  readonly dMlp: number;
  readonly sizes: AttentionSizes | undefined;
  readonly isParallel: boolean;
}

/** Two towers keep their hooks apart; a single stack needs no prefix. */
function hookPrefix(stack: LayerStack, stacks: readonly LayerStack[]): string {
  if (stacks.length < 2) return '';
  if (stack.root.includes('text_model')) return 'text.';
  if (stack.root.includes('vision_model')) return 'vision.';
  return `${stack.root.replace(/^\//, '').replaceAll('/', '.')}.`;
}

/** Some models put the same norms before attention and MLP or after them, by configuration (OPT): the graph tells. */
function withArrangement(g: ScopedGraph, stack: LayerStack): LayerStack {
  const { layout, root } = stack;
  const { normBeforeAttention, normBeforeMlp, ...rest } = layout;
  if (normBeforeAttention === undefined || normBeforeMlp === undefined || layout.normAfterAttention !== undefined) return stack;
  const scope = `${root}/${layout.layers}.0`;
  const outside = new Set(g.entering(scope));
  if (g.entering(`${scope}/${normBeforeAttention}`).some((name) => outside.has(name))) return stack;
  return g.within(`${scope}/${normBeforeAttention}`).length === 0 ? stack : { ...stack, layout: { ...rest, normOnStream: [normBeforeAttention, normBeforeMlp] } };
}

function declaredHeads({ root }: LayerStack, config: JsonObject | undefined): number | undefined {
  const part = root.includes('text_model') ? config?.text_config : root.includes('vision_model') ? config?.vision_config : undefined;
  const own = isJsonObject(part) ? part : config;
  return [own?.num_attention_heads, own?.n_head, own?.num_heads, own?.n_heads].find((value): value is number => typeof value === 'number');
}

function nameStack(g: ScopedGraph, stack: LayerStack, prefix: string, heads: number | undefined): FoundStack | undefined {
  const { layout, root, count } = stack;
  const scopeOfLayer = (i: number): string => `${root}/${layout.layers}.${i}`;
  const projected = g.leaving(`${scopeOfLayer(0)}/${layout.attentionOut}`).at(-1);
  const dModel = projected === undefined ? undefined : g.shapeOf(projected)!.at(-1);
  if (typeof dModel !== 'number') return undefined;
  const isStream = (name: string): boolean => g.shapeOf(name)!.length === 3 && g.shapeOf(name)!.at(-1) === dModel;
  let stream = streamInto(g, scopeOfLayer(0), layout, isStream);
  if (stream === undefined) return undefined;
  nameEmbedding(g, stack, prefix, stream);
  let isParallel = true;
  let sizes: AttentionSizes | undefined;
  let dMlp = 0;
  for (let i = 0; i < count; i++) {
    const layer: Layer = { g, layout, scope: scopeOfLayer(i), hook: `${prefix}blocks.${i}`, isStream, input: stream };
    const out = streamOutOf(layer);
    if (out === undefined) return undefined;
    g.name(layer.input, `${layer.hook}.hook_resid_pre`);
    sizes = attentionSizes(g, layer, heads) ?? sizes;
    nameAttention(g, layer, sizes);
    isParallel = nameResiduals(layer) && isParallel;
    dMlp = nameMlp(layer) ?? dMlp;
    nameLayerNorms(layer);
    g.name(out, `${layer.hook}.${layout.normOnStream === undefined ? 'hook_resid_post' : 'hook_normalized_resid_post'}`);
    stream = out;
  }
  nameHead(g, stack, prefix);
  return { stack, dModel, dMlp, sizes, isParallel };
}

/** The stream enters where the layer adds to it, or where its first norm reads it. */
function streamInto(g: ScopedGraph, scope: string, layout: ModuleLayout, isStream: (name: string) => boolean): string | undefined {
  const candidates = g.entering(scope).filter(isStream);
  const norm = layout.normBeforeAttention === undefined ? [] : g.entering(`${scope}/${layout.normBeforeAttention}`);
  return candidates.find((name) => norm.includes(name)) ?? candidates[0];
}

/**
 * The stream leaves as the sum of the MLP's output and what the layer added before; fused norms move that sum into the
 * next layer's scope. Otherwise it is the last tensor like the stream that leaves.
 */
function streamOutOf({ g, layout, scope, isStream, input }: Layer): string | undefined {
  const leaving = g.leaving(scope).filter(isStream).at(-1);
  if (layout.normOnStream !== undefined) return leaving;
  const [attention, mlp] = [outputOf(g, layout, scope, 'attention'), outputOf(g, layout, scope, 'mlp')];
  const middle = attention === undefined ? undefined : sumOf(g, attention, input);
  const sum = middle === undefined || mlp === undefined ? undefined : sumOf(g, mlp, middle);
  return sum ?? leaving;
}

/** What attention or MLP gives to the stream. */
function outputOf(g: ScopedGraph, layout: ModuleLayout, scope: string, part: 'attention' | 'mlp'): string | undefined {
  const path = part === 'attention' ? (layout.normAfterAttention ?? layout.attentionOut) : (layout.normAfterMlp ?? layout.mlpOut);
  return g.leaving(`${scope}/${path}`).at(-1);
}

function sumOf(g: ScopedGraph, a: string, b: string): string | undefined {
  return g.readersOf(a).find((node) => node.op === 'Add' && node.inputs.includes(b))?.outputs[0];
}

/** Names what attention gives to the stream and the sum in between. Returns whether the MLP reads beside attention. */
function nameResiduals({ g, layout, scope, hook, input }: Layer): boolean {
  const projected = g.leaving(`${scope}/${layout.attentionOut}`).at(-1);
  const attention = outputOf(g, layout, scope, 'attention');
  if (attention === undefined || projected === undefined) return true;
  if (attention !== projected) g.name(projected, `${hook}.attn.hook_out`);
  g.name(attention, `${hook}.hook_attn_out`);
  const middle = sumOf(g, attention, input);
  // In a parallel block the same sum may occur on the way to the final one, but nothing else reads it.
  const readers = middle === undefined ? [] : g.readersOf(middle);
  const isRead = middle !== undefined && (readers.length > 1 || readers.some((node) => node.op !== 'Add'));
  if (isRead) g.name(middle, `${hook}.hook_resid_mid`);
  const projections = typeof layout.qkv === 'string' ? [layout.qkv] : layout.qkv;
  const below = (paths: readonly string[]): string[] => paths.map((path) => `${scope}/${path}`);
  g.nameFor(input, `${hook}.hook_attn_in`, below(layout.normBeforeAttention === undefined ? projections : [layout.normBeforeAttention]));
  const reader = layout.normBeforeMlp ?? layout.mlpIn;
  const read = g.entering(`${scope}/${reader}`)[0];
  if (read !== undefined) g.nameFor(read, `${hook}.hook_mlp_in`, below([reader, ...(layout.mlpLinear === undefined ? [] : [layout.mlpLinear])]));
  return !isRead;
}

/** Returns the width of the hidden layer. */
function nameMlp({ g, layout, scope, hook }: Layer): number | undefined {
  const give = (path: string, name: string): string | undefined => {
    const tensor = g.leaving(`${scope}/${path}`).at(-1);
    if (tensor !== undefined) g.name(tensor, `${hook}.${name}`);
    return tensor;
  };
  const pre = give(layout.mlpIn, 'mlp.hook_pre');
  if (layout.mlpLinear !== undefined) give(layout.mlpLinear, 'mlp.hook_pre_linear');
  const post = g.entering(`${scope}/${layout.mlpOut}`)[0];
  if (post !== undefined) g.name(post, `${hook}.mlp.hook_post`);
  if (layout.normAfterMlp !== undefined) give(layout.mlpOut, 'mlp.hook_out');
  const out = give(layout.normAfterMlp ?? layout.mlpOut, 'hook_mlp_out');
  if (layout.normOnStream !== undefined && out !== undefined) {
    const sum = g.readersOf(out).find((node) => node.op === 'Add');
    if (sum !== undefined) g.name(sum.outputs[0]!, `${hook}.hook_resid_post`);
  }
  const width = pre === undefined ? undefined : g.shapeOf(pre)!.at(-1);
  return typeof width === 'number' ? width : undefined;
}

function nameLayerNorms({ g, layout, scope, hook }: Layer): void {
  const norms: readonly (readonly [string | undefined, string])[] = [
    [layout.normBeforeAttention, 'ln1'], [layout.normBeforeMlp, 'ln2'],
    [layout.normAfterAttention, 'ln1_post'], [layout.normAfterMlp, 'ln2_post'],
    [layout.normOnStream?.[0], 'ln1'], [layout.normOnStream?.[1], 'ln2'],
  ];
  for (const letter of ['q', 'k'] as const) nameNorm(g, `${scope}/${layout.attention}/${letter}_norm`, `${hook}.attn.${letter}_norm`, layout.norm);
  for (const [path, name] of norms) if (path !== undefined) nameNorm(g, `${scope}/${path}`, `${hook}.${name}`, layout.norm);
}
