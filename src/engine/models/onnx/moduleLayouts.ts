/**
 * Where the modules of known architectures lie. Exporters keep the path of the module that produced a node
 * (`/transformer/h.0/attn/c_attn/Gemm`); these tables say what each path means. They know nothing of particular
 * files: a layout is recognised by the module paths that are present.
 */

/** Paths are relative: of layers to the model's root, of a layer's parts to the layer. */
export interface ModuleLayout {
  readonly family: string;
  /** The list of layers: `layers` stands for `…/layers.0`, `…/layers.1`, … */
  readonly layers: string;
  /** Scope that holds the softmax. */
  readonly attention: string;
  /** Separate projections, or one for all three. */
  readonly qkv: readonly [string, string, string] | string;
  readonly attentionOut: string;
  readonly normBeforeAttention?: string;
  readonly normBeforeMlp?: string;
  /** Norms on what attention and MLP give back to the stream (Gemma-2). */
  readonly normAfterAttention?: string;
  readonly normAfterMlp?: string;
  /** Norms on the stream itself, after each addition (BERT). */
  readonly normOnStream?: readonly [string, string];
  /** Projection whose output is the pre-activation, and its linear partner in gated MLPs. */
  readonly mlpIn: string;
  readonly mlpLinear?: string;
  readonly mlpOut: string;
  readonly norm: 'LN' | 'RMS';
  /** Relative to the root, with `../` for its owner. The first that exists counts. */
  readonly embed?: readonly string[];
  readonly positionEmbed?: readonly string[];
  readonly tokenTypeEmbed?: readonly string[];
  readonly embedNorm?: readonly string[];
  /** Module that joins class tokens and image patches, and the norm that follows it (CLIP). */
  readonly patches?: readonly string[];
  readonly patchNorm?: readonly string[];
  readonly finalNorm?: readonly string[];
  readonly head?: readonly string[];
  /** Norm of a masked-language head. */
  readonly headNorm?: readonly string[];
  /** Dense layer on the first token before a classifier. */
  readonly pooler?: readonly string[];
  /** Projection of the pooled output of a tower, by a part of the tower's root. */
  readonly projection?: readonly (readonly [string, string])[];
  /** TransformerLens writes `embed.hook_embed` for BERT and `hook_embed` for everything else. */
  readonly embedHooks?: 'embed.';
  /** The embeddings are scaled before they enter the stream (Gemma): `hook_embed` is the scaled value. */
  readonly scaledEmbed?: boolean;
  /** Further paths in a layer that tell this layout from similar ones. */
  readonly requires?: readonly string[];
}

const llama: ModuleLayout = {
  family: 'llama', layers: 'layers', attention: 'self_attn', qkv: ['self_attn/q_proj', 'self_attn/k_proj', 'self_attn/v_proj'], attentionOut: 'self_attn/o_proj',
  normBeforeAttention: 'input_layernorm', normBeforeMlp: 'post_attention_layernorm', mlpIn: 'mlp/gate_proj', mlpLinear: 'mlp/up_proj', mlpOut: 'mlp/down_proj',
  norm: 'RMS', embed: ['embed_tokens'], finalNorm: ['norm'], head: ['../lm_head'],
};

const bert: ModuleLayout = {
  family: 'bert', layers: 'layer', attention: 'attention/self', qkv: ['attention/self/query', 'attention/self/key', 'attention/self/value'], attentionOut: 'attention/output/dense',
  normOnStream: ['attention/output/LayerNorm', 'output/LayerNorm'], mlpIn: 'intermediate/dense', mlpOut: 'output/dense', norm: 'LN',
  embed: ['../embeddings/word_embeddings'], positionEmbed: ['../embeddings/position_embeddings'], tokenTypeEmbed: ['../embeddings/token_type_embeddings'],
  embedNorm: ['../embeddings/LayerNorm'], embedHooks: 'embed.', head: ['../../cls/predictions/decoder'], headNorm: ['../../cls/predictions/transform/LayerNorm'],
  pooler: ['../pooler'],
};

const clip: ModuleLayout = {
  family: 'clip', layers: 'layers', attention: 'self_attn', qkv: ['self_attn/q_proj', 'self_attn/k_proj', 'self_attn/v_proj'], attentionOut: 'self_attn/out_proj',
  normBeforeAttention: 'layer_norm1', normBeforeMlp: 'layer_norm2', mlpIn: 'mlp/fc1', mlpOut: 'mlp/fc2', norm: 'LN',
  embed: ['../embeddings/token_embedding'], positionEmbed: ['../embeddings/position_embedding'], finalNorm: ['../final_layer_norm', '../post_layernorm'],
  patches: ['../embeddings'], patchNorm: ['../pre_layrnorm'],
  projection: [['text_model', '../../text_projection'], ['vision_model', '../../visual_projection']],
};

/** More specific layouts come before those they resemble. */
const moduleLayouts: readonly ModuleLayout[] = [
  {
    family: 'gpt_neo', layers: 'h', attention: 'attn/attention', qkv: ['attn/attention/q_proj', 'attn/attention/k_proj', 'attn/attention/v_proj'], attentionOut: 'attn/attention/out_proj',
    normBeforeAttention: 'ln_1', normBeforeMlp: 'ln_2', mlpIn: 'mlp/c_fc', mlpOut: 'mlp/c_proj', norm: 'LN', embed: ['wte'], positionEmbed: ['wpe'], finalNorm: ['ln_f'], head: ['../lm_head'],
  },
  {
    family: 'gpt2', layers: 'h', attention: 'attn', qkv: 'attn/c_attn', attentionOut: 'attn/c_proj',
    normBeforeAttention: 'ln_1', normBeforeMlp: 'ln_2', mlpIn: 'mlp/c_fc', mlpOut: 'mlp/c_proj', norm: 'LN', embed: ['wte'], positionEmbed: ['wpe'], finalNorm: ['ln_f'], head: ['../lm_head'],
  },
  {
    family: 'gptj', layers: 'h', attention: 'attn', qkv: ['attn/q_proj', 'attn/k_proj', 'attn/v_proj'], attentionOut: 'attn/out_proj',
    normBeforeAttention: 'ln_1', mlpIn: 'mlp/fc_in', mlpOut: 'mlp/fc_out', norm: 'LN', embed: ['wte'], finalNorm: ['ln_f'], head: ['../lm_head'],
  },
  {
    family: 'gpt_neox', layers: 'layers', attention: 'attention', qkv: 'attention/query_key_value', attentionOut: 'attention/dense',
    normBeforeAttention: 'input_layernorm', normBeforeMlp: 'post_attention_layernorm', mlpIn: 'mlp/dense_h_to_4h', mlpOut: 'mlp/dense_4h_to_h', norm: 'LN',
    embed: ['embed_in'], finalNorm: ['final_layer_norm'], head: ['../embed_out', '../lm_head'],
  },
  {
    family: 'opt', layers: 'layers', attention: 'self_attn', qkv: ['self_attn/q_proj', 'self_attn/k_proj', 'self_attn/v_proj'], attentionOut: 'self_attn/out_proj',
    normBeforeAttention: 'self_attn_layer_norm', normBeforeMlp: 'final_layer_norm', mlpIn: 'fc1', mlpOut: 'fc2', norm: 'LN',
    embed: ['project_in', 'embed_tokens'], positionEmbed: ['embed_positions'], finalNorm: ['final_layer_norm'], head: ['../../lm_head'],
  },
  {
    family: 'phi', layers: 'layers', attention: 'self_attn', qkv: ['self_attn/q_proj', 'self_attn/k_proj', 'self_attn/v_proj'], attentionOut: 'self_attn/dense',
    normBeforeAttention: 'input_layernorm', mlpIn: 'mlp/fc1', mlpOut: 'mlp/fc2', norm: 'LN', embed: ['embed_tokens'], finalNorm: ['final_layernorm'], head: ['../lm_head'],
  },
  {
    ...llama, family: 'gemma2', normBeforeMlp: 'pre_feedforward_layernorm', normAfterAttention: 'post_attention_layernorm', normAfterMlp: 'post_feedforward_layernorm',
    scaledEmbed: true, requires: ['pre_feedforward_layernorm', 'post_feedforward_layernorm'],
  },
  { ...llama, family: 'qwen3', requires: ['self_attn/q_norm', 'self_attn/k_norm'] },
  llama,
  // The model builder of onnxruntime-genai writes `attn` for `self_attn`.
  { ...llama, family: 'llama', attention: 'attn', qkv: ['attn/q_proj', 'attn/k_proj', 'attn/v_proj'], attentionOut: 'attn/o_proj', finalNorm: ['norm', 'layers.{n}/final_norm_layernorm'] },
  clip,
  {
    family: 'vit', layers: 'layer', attention: 'attention/attention', qkv: ['attention/attention/query', 'attention/attention/key', 'attention/attention/value'], attentionOut: 'attention/output/dense',
    normBeforeAttention: 'layernorm_before', normBeforeMlp: 'layernorm_after', mlpIn: 'intermediate/dense', mlpOut: 'output/dense', norm: 'LN', finalNorm: ['../layernorm'], patches: ['../embeddings'],
  },
  {
    family: 'vit', layers: 'layers', attention: 'attention', qkv: ['attention/q_proj', 'attention/k_proj', 'attention/v_proj'], attentionOut: 'attention/o_proj',
    normBeforeAttention: 'layernorm_before', normBeforeMlp: 'layernorm_after', mlpIn: 'mlp/fc1', mlpOut: 'mlp/fc2', norm: 'LN', finalNorm: ['layernorm'], patches: ['embeddings'],
  },
  bert,
  {
    family: 'distilbert', layers: 'layer', attention: 'attention', qkv: ['attention/q_lin', 'attention/k_lin', 'attention/v_lin'], attentionOut: 'attention/out_lin',
    normOnStream: ['sa_layer_norm', 'output_layer_norm'], mlpIn: 'ffn/lin1', mlpOut: 'ffn/lin2', norm: 'LN',
    embed: ['../embeddings/word_embeddings'], positionEmbed: ['../embeddings/position_embeddings'], embedNorm: ['../embeddings/LayerNorm'],
    embedHooks: 'embed.', head: ['../../vocab_projector'], headNorm: ['../../vocab_layer_norm'], pooler: ['../../pre_classifier'],
  },
];

/** A stack of layers found in a graph. */
export interface LayerStack {
  readonly layout: ModuleLayout;
  /** Scope of the list's owner, such as `/transformer`. */
  readonly root: string;
  readonly count: number;
}

/** Finds the stacks of layers among the scopes of a graph, at most one per root. */
export function findStacks(scopes: ReadonlySet<string>): LayerStack[] {
  const layers = new Map<string, Set<number>>();
  for (const scope of scopes) {
    for (const match of scope.matchAll(/\/(h|layers|layer)\.(\d+)(?=\/|$)/g)) {
      const key = `${scope.slice(0, match.index)} ${match[1]}`;
      layers.set(key, (layers.get(key) ?? new Set()).add(Number(match[2])));
    }
  }
  const stacks: LayerStack[] = [];
  for (const [key, indices] of layers) {
    const [root, list] = key.split(' ') as [string, string];
    const layout = moduleLayouts.find((candidate) => candidate.layers === list && requiredPaths(candidate).every((path) => scopes.has(`${root}/${list}.0/${path}`)));
    if (layout === undefined) continue;
    // Some exporters number the final norm like a layer.
    const layersFound = [...indices].filter((i) => scopes.has(`${root}/${list}.${i}/${layout.attentionOut}`));
    if (layersFound.every((i) => i < layersFound.length)) stacks.push({ layout, root, count: layersFound.length });
  }
  return stacks;
}

function requiredPaths(layout: ModuleLayout): string[] {
  const projections = typeof layout.qkv === 'string' ? [layout.qkv] : layout.qkv;
  const linear = layout.mlpLinear === undefined ? [] : [layout.mlpLinear];
  return [...projections, layout.attentionOut, layout.mlpIn, ...linear, layout.mlpOut, ...(layout.requires ?? [])];
}
