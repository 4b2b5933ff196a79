/** The hooks before the first layer: token, position and type embeddings, image patches, and norms on them. */
import { firstScope } from './layer.ts';
import type { LayerStack } from './moduleLayouts.ts';
import { nameNorm } from './normHooks.ts';
import type { ScopedGraph } from './scopedGraph.ts';

/** `stream` is what enters the first layer. */
export function nameEmbedding(g: ScopedGraph, stack: LayerStack, prefix: string, stream: string): void {
  const { layout } = stack;
  const hooks = prefix + (layout.embedHooks ?? '');
  const given = (paths: readonly string[] | undefined): string | undefined => {
    const scope = firstScope(g, stack, paths);
    return scope === undefined ? undefined : g.leaving(scope).at(-1);
  };
  const tokens = given(layout.embed);
  // Gemma multiplies its embeddings before they enter the stream; without positions to add, what enters is the embedding.
  const embedded = tokens !== undefined && layout.positionEmbed === undefined ? stream : tokens;
  if (embedded !== undefined) g.name(embedded, `${hooks}hook_embed`);
  const positions = firstScope(g, stack, layout.positionEmbed);
  const position = positions === undefined ? undefined : positionEmbedding(g, positions);
  if (position !== undefined && tokens !== undefined) namePositions(g, position, `${hooks}hook_pos_embed`, tokens);
  const type = given(layout.tokenTypeEmbed);
  if (type !== undefined) g.name(type, `${hooks}hook_token_type_embed`);
  namePatches(g, stack, prefix, stream);
  const norm = firstScope(g, stack, layout.embedNorm);
  if (norm === undefined) return;
  nameNorm(g, norm, `${prefix}embed.ln`, layout.norm);
  g.name(stream, `${prefix}hook_full_embed`);
}

/** Positions that are the same for every row are repeated for each, so that rows can differ under intervention. */
function namePositions(g: ScopedGraph, positions: string, hook: string, like: string): void {
  if (g.shapeOf(positions)![0] === 1) g.nameRepeated(positions, hook, like);
  else g.name(positions, hook);
}

/** Image models join class tokens and patches; the patches come last. */
function namePatches(g: ScopedGraph, stack: LayerStack, prefix: string, stream: string): void {
  const scope = firstScope(g, stack, stack.layout.patches);
  const isImage = (name: string): boolean => g.shapeOf(name)?.length === 3 && g.shapeOf(name)!.at(-1) === g.shapeOf(stream)!.at(-1) && g.isDynamic(name);
  const join = scope === undefined ? undefined : g.within(scope).find((node) => node.op === 'Concat' && isImage(node.outputs[0]!) && isImage(node.inputs.at(-1)!));
  if (join === undefined) return;
  g.name(join.inputs.at(-1)!, `${prefix}embed.hook_patch`);
  g.name(join.outputs[0]!, `${prefix}hook_embed`);
  const sum = g.readersOf(join.outputs[0]!).find((node) => node.op === 'Add');
  const positions = sum?.inputs.find((name) => !g.isDynamic(name) && g.shapeOf(name)?.length === 3);
  if (positions !== undefined) namePositions(g, positions, `${prefix}hook_pos_embed`, join.outputs[0]!);
  const norm = firstScope(g, stack, stack.layout.patchNorm);
  if (norm !== undefined) nameNorm(g, norm, `${prefix}ln_pre`, 'LN');
}

/** Positions may depend on sizes only, so this does not ask for a tensor that carries data. */
function positionEmbedding(g: ScopedGraph, scope: string): string | undefined {
  return g.within(scope).filter((node) => node.op === 'Gather' && g.shapeOf(node.outputs[0]!)?.length === 3).at(-1)?.outputs[0];
}
