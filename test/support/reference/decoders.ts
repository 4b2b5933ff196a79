/** Decoder families written from their definition in Hugging Face transformers, one token sequence at a time. */
import type { RandomCheckpoint } from './checkpoint.ts';
import { add, attention, gelu, geluTanh, layerNorm, linear, map, multiply, relu, rmsNorm, rotation, row, silu } from './math.ts';
import type { Rows, Weight } from './math.ts';

export type Config = Readonly<Record<string, unknown>>;

export interface Sequence {
  readonly ids: readonly number[];
  /** 1 for tokens, 0 for padding. */
  readonly mask: readonly number[];
}

/** Logits of one sequence, [position][vocabulary]. */
export type Reference = (w: RandomCheckpoint, config: Config, sequence: Sequence) => number[][];

const number = (config: Config, name: string): number => config[name] as number;

const causal = ({ mask }: Sequence, window = Infinity) => (i: number, j: number): boolean => j <= i && i - j < window && mask[j] === 1;

interface LlamaStyle {
  readonly bias?: boolean;
  readonly qkNorm?: boolean;
  readonly gemma?: boolean;
  readonly window?: (layer: number) => number;
  readonly frequency?: (i: number, length: number) => number;
}

function llamaStyle(w: RandomCheckpoint, config: Config, sequence: Sequence, style: LlamaStyle): number[][] {
  const d = number(config, 'hidden_size');
  const heads = number(config, 'num_attention_heads');
  const groups = number(config, 'num_key_value_heads');
  const width = (config['head_dim'] as number | undefined) ?? d / heads;
  const mlp = number(config, 'intermediate_size');
  const eps = number(config, 'rms_norm_eps');
  const base = number(config, 'rope_theta');
  const activation = style.gemma === true ? geluTanh : silu;
  const frequency = style.frequency ?? ((i: number) => base ** (-2 * i / width));
  const offset = style.gemma === true ? 1 : 0;
  const norm = (name: string, x: Rows, size = d): number[][] => rmsNorm(x, w.get(`${name}.weight`, [size], 1 - offset), eps, offset);
  const dense = (name: string, x: Rows, input: number, output: number, bias = false): number[][] => (
    linear(x, w.get(`${name}.weight`, [output, input]), bias ? w.get(`${name}.bias`, [output]) : undefined)
  );
  const embedding = w.get('model.embed_tokens.weight', [number(config, 'vocab_size'), d]);
  let x: Rows = sequence.ids.map((id) => row(embedding, id));
  if (style.gemma === true) x = map(x, (value) => value * Math.sqrt(d));
  for (let l = 0; l < number(config, 'num_hidden_layers'); l++) {
    const layer = `model.layers.${l}`;
    const h = norm(`${layer}.input_layernorm`, x);
    const bias = style.bias === true;
    const z = attention(
      dense(`${layer}.self_attn.q_proj`, h, d, heads * width, bias),
      dense(`${layer}.self_attn.k_proj`, h, d, groups * width, bias),
      dense(`${layer}.self_attn.v_proj`, h, d, groups * width, bias),
      {
        heads, groups, scale: 1 / Math.sqrt(width), visible: causal(sequence, style.window?.(l)),
        rotate: rotation(width, (i) => frequency(i, sequence.ids.length)),
        ...(style.qkNorm === true ? { headNorm: (features: number[], which: 'q' | 'k') => norm(`${layer}.self_attn.${which}_norm`, [features], width)[0]! } : {}),
      },
    );
    x = add(x, dense(`${layer}.self_attn.o_proj`, z, heads * width, d));
    const m = norm(`${layer}.post_attention_layernorm`, x);
    const hidden = multiply(map(dense(`${layer}.mlp.gate_proj`, m, d, mlp), activation), dense(`${layer}.mlp.up_proj`, m, d, mlp));
    x = add(x, dense(`${layer}.mlp.down_proj`, hidden, mlp, d));
  }
  const final = norm('model.norm', x);
  return linear(final, config['tie_word_embeddings'] === true ? embedding : w.get('lm_head.weight', embedding.dims));
}

export const llama: Reference = (w, config, sequence) => {
  const scaling = config['rope_scaling'] as Record<string, number> & { rope_type: string };
  const width = number(config, 'hidden_size') / number(config, 'num_attention_heads');
  const base = number(config, 'rope_theta');
  const plain = (i: number, theta = base): number => 1 / theta ** (2 * i / width);
  const scaled = (i: number, length: number): number => {
    const factor = scaling['factor']!;
    switch (scaling.rope_type) {
      case 'linear': return plain(i) / factor;
      case 'dynamic': {
        const trained = number(config, 'max_position_embeddings');
        return plain(i, base * (factor * Math.max(length, trained) / trained - (factor - 1)) ** (width / (width - 2)));
      }
      case 'llama3': {
        const [low, high, old] = [scaling['low_freq_factor']!, scaling['high_freq_factor']!, scaling['original_max_position_embeddings']!];
        const wavelength = 2 * Math.PI / plain(i);
        if (wavelength < old / high) return plain(i);
        if (wavelength > old / low) return plain(i) / factor;
        const smooth = (old / wavelength - low) / (high - low);
        return (1 - smooth) * plain(i) / factor + smooth * plain(i);
      }
      default: return plain(i);
    }
  };
  return llamaStyle(w, config, sequence, { frequency: scaled });
};

export const mistral: Reference = (w, config, sequence) => llamaStyle(w, config, sequence, { window: () => number(config, 'sliding_window') });
export const qwen2: Reference = (w, config, sequence) => llamaStyle(w, config, sequence, { bias: true });
export const qwen3: Reference = (w, config, sequence) => llamaStyle(w, config, sequence, { qkNorm: true });
export const gemma: Reference = (w, config, sequence) => llamaStyle(w, config, sequence, { gemma: true });

export const gptNeo: Reference = (w, config, sequence) => {
  const d = number(config, 'hidden_size');
  const heads = number(config, 'num_heads');
  const dense = denseOf(w);
  const norm = normOf(w, d, number(config, 'layer_norm_epsilon'));
  const embedding = w.get('transformer.wte.weight', [number(config, 'vocab_size'), d]);
  const positions = w.get('transformer.wpe.weight', [number(config, 'max_position_embeddings'), d]);
  const kinds = (config['attention_types'] as [string[], number][]).flatMap(([pattern, count]) => Array.from({ length: count }, () => pattern).flat());
  let x: Rows = add(sequence.ids.map((id) => row(embedding, id)), sequence.ids.map((_, p) => row(positions, p)));
  kinds.forEach((kind, l) => {
    const layer = `transformer.h.${l}`;
    const h = norm(`${layer}.ln_1`, x);
    const project = (letter: string): number[][] => dense(`${layer}.attn.attention.${letter}_proj`, h, d, d, false);
    const window = kind === 'local' ? number(config, 'window_size') : Infinity;
    x = add(x, dense(`${layer}.attn.attention.out_proj`, attention(project('q'), project('k'), project('v'), { heads, scale: 1, visible: causal(sequence, window) }), d, d));
    const hidden = map(dense(`${layer}.mlp.c_fc`, norm(`${layer}.ln_2`, x), d, 4 * d), geluTanh);
    x = add(x, dense(`${layer}.mlp.c_proj`, hidden, 4 * d, d));
  });
  return linear(norm('transformer.ln_f', x), embedding);
};

export const gptNeox: Reference = (w, config, sequence) => {
  const d = number(config, 'hidden_size');
  const heads = number(config, 'num_attention_heads');
  const mlp = number(config, 'intermediate_size');
  const width = d / heads;
  const rotated = Math.trunc(width * number(config, 'rotary_pct'));
  const dense = denseOf(w);
  const norm = normOf(w, d, number(config, 'layer_norm_eps'));
  let x: Rows = sequence.ids.map((id) => row(w.get('gpt_neox.embed_in.weight', [number(config, 'vocab_size'), d]), id));
  for (let l = 0; l < number(config, 'num_hidden_layers'); l++) {
    const layer = `gpt_neox.layers.${l}`;
    const fused = dense(`${layer}.attention.query_key_value`, norm(`${layer}.input_layernorm`, x), d, 3 * d);
    // View [heads, 3 · width], then cut each head into query, key and value.
    const part = (index: number): number[][] => fused.map((features) => (
      Array.from({ length: heads }, (_, h) => features.slice((3 * h + index) * width, (3 * h + index + 1) * width)).flat()
    ));
    const z = attention(part(0), part(1), part(2), {
      heads, scale: 1 / Math.sqrt(width), visible: causal(sequence), rotate: rotation(rotated, (i) => number(config, 'rotary_emb_base') ** (-2 * i / rotated)),
    });
    const attended = dense(`${layer}.attention.dense`, z, d, d);
    const mlpOf = (input: Rows): number[][] => (
      dense(`${layer}.mlp.dense_4h_to_h`, map(dense(`${layer}.mlp.dense_h_to_4h`, norm(`${layer}.post_attention_layernorm`, input), d, mlp), gelu), mlp, d)
    );
    if (config['use_parallel_residual'] === true) x = add(mlpOf(x), attended, x);
    else {
      const middle = add(attended, x);
      x = add(mlpOf(middle), middle);
    }
  }
  return linear(norm('gpt_neox.final_layer_norm', x), w.get('embed_out.weight', [number(config, 'vocab_size'), d]));
};

export const opt: Reference = (w, config, sequence) => {
  const d = number(config, 'hidden_size');
  const heads = number(config, 'num_attention_heads');
  const narrow = number(config, 'word_embed_proj_dim');
  const before = config['do_layer_norm_before'] === true;
  const dense = denseOf(w);
  const norm = normOf(w, d, 1e-5);
  const embedding = w.get('model.decoder.embed_tokens.weight', [number(config, 'vocab_size'), narrow]);
  const positions = w.get('model.decoder.embed_positions.weight', [number(config, 'max_position_embeddings') + 2, d]);
  let count = 0;
  const places = sequence.mask.map((present) => ((count += present) * present) - 1 + 2);
  let x: Rows = sequence.ids.map((id) => row(embedding, id));
  if (narrow !== d) x = linear(x, w.get('model.decoder.project_in.weight', [d, narrow]));
  x = add(x, places.map((place) => row(positions, place)));
  for (let l = 0; l < number(config, 'num_hidden_layers'); l++) {
    const layer = `model.decoder.layers.${l}`;
    const h = before ? norm(`${layer}.self_attn_layer_norm`, x) : x;
    const project = (letter: string): number[][] => dense(`${layer}.self_attn.${letter}_proj`, h, d, d);
    x = add(x, dense(`${layer}.self_attn.out_proj`, attention(project('q'), project('k'), project('v'), { heads, scale: 1 / Math.sqrt(d / heads), visible: causal(sequence) }), d, d));
    if (!before) x = norm(`${layer}.self_attn_layer_norm`, x);
    const m = before ? norm(`${layer}.final_layer_norm`, x) : x;
    x = add(x, dense(`${layer}.fc2`, map(dense(`${layer}.fc1`, m, d, number(config, 'ffn_dim')), relu), number(config, 'ffn_dim'), d));
    if (!before) x = norm(`${layer}.final_layer_norm`, x);
  }
  if (before) x = norm('model.decoder.final_layer_norm', x);
  if (narrow !== d) x = linear(x, w.get('model.decoder.project_out.weight', [narrow, d]));
  return linear(x, embedding);
};

export const phi: Reference = (w, config, sequence) => {
  const d = number(config, 'hidden_size');
  const heads = number(config, 'num_attention_heads');
  const groups = number(config, 'num_key_value_heads');
  const mlp = number(config, 'intermediate_size');
  const width = d / heads;
  const rotated = Math.trunc(width * number(config, 'partial_rotary_factor'));
  const dense = denseOf(w);
  const norm = normOf(w, d, number(config, 'layer_norm_eps'));
  let x: Rows = sequence.ids.map((id) => row(w.get('model.embed_tokens.weight', [number(config, 'vocab_size'), d]), id));
  for (let l = 0; l < number(config, 'num_hidden_layers'); l++) {
    const layer = `model.layers.${l}`;
    const h = norm(`${layer}.input_layernorm`, x);
    const z = attention(
      dense(`${layer}.self_attn.q_proj`, h, d, d), dense(`${layer}.self_attn.k_proj`, h, d, groups * width), dense(`${layer}.self_attn.v_proj`, h, d, groups * width),
      { heads, groups, scale: 1 / Math.sqrt(width), visible: causal(sequence), rotate: rotation(rotated, (i) => number(config, 'rope_theta') ** (-2 * i / rotated)) },
    );
    const attended = dense(`${layer}.self_attn.dense`, z, d, d);
    const hidden = map(dense(`${layer}.mlp.fc1`, h, d, mlp), geluTanh);
    x = add(attended, dense(`${layer}.mlp.fc2`, hidden, mlp, d), x);
  }
  return dense('lm_head', norm('model.final_layernorm', x), d, number(config, 'vocab_size'));
};

function denseOf(w: RandomCheckpoint) {
  return (name: string, x: Rows, input: number, output: number, bias = true): number[][] => (
    linear(x, w.get(`${name}.weight`, [output, input]), bias ? w.get(`${name}.bias`, [output]) : undefined)
  );
}

function normOf(w: RandomCheckpoint, width: number, eps: number) {
  return (name: string, x: Rows): number[][] => {
    const weight: Weight = w.get(`${name}.weight`, [width], 1);
    return layerNorm(x, weight, w.get(`${name}.bias`, [width]), eps);
  };
}
