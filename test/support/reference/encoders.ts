/** Encoder, image and two-tower families written from their definition in Hugging Face transformers, one example at a time. */
import type { RandomCheckpoint } from './checkpoint.ts';
import type { Config, Sequence } from './decoders.ts';
import { add, attention, gelu, layerNorm, linear, map, quickGelu, relu, row } from './math.ts';
import type { Rows, Weight } from './math.ts';

const number = (config: Config, name: string): number => config[name] as number;

class Modules {
  readonly w: RandomCheckpoint;

  constructor(w: RandomCheckpoint) {
    this.w = w;
  }

  dense(name: string, x: Rows, output: number): number[][] {
    return linear(x, this.w.get(`${name}.weight`, [output, x[0]!.length]), this.w.get(`${name}.bias`, [output]));
  }

  norm(name: string, x: Rows, eps: number): number[][] {
    const width = x[0]!.length;
    return layerNorm(x, this.w.get(`${name}.weight`, [width], 1), this.w.get(`${name}.bias`, [width]), eps);
  }

  selfAttention(names: readonly [q: string, k: string, v: string, out: string], x: Rows, heads: number, visible: (i: number, j: number) => boolean): number[][] {
    const d = x[0]!.length;
    const [q, k, v] = [this.dense(names[0], x, d), this.dense(names[1], x, d), this.dense(names[2], x, d)];
    return this.dense(names[3], attention(q, k, v, { heads, scale: 1 / Math.sqrt(d / heads), visible }), d);
  }
}

const unmasked = ({ mask }: Sequence) => (_: number, j: number): boolean => mask[j] === 1;
const all = (): boolean => true;

/** BertForSequenceClassification: class logits. `types` are the token type ids. */
export function bertClassifier(w: RandomCheckpoint, config: Config, sequence: Sequence, types: readonly number[]): number[] {
  const m = new Modules(w);
  const d = number(config, 'hidden_size');
  const eps = number(config, 'layer_norm_eps');
  const embeddings = 'bert.embeddings';
  const tokens = w.get(`${embeddings}.word_embeddings.weight`, [number(config, 'vocab_size'), d]);
  const positions = w.get(`${embeddings}.position_embeddings.weight`, [number(config, 'max_position_embeddings'), d]);
  const kinds = w.get(`${embeddings}.token_type_embeddings.weight`, [number(config, 'type_vocab_size'), d]);
  let x: Rows = add(sequence.ids.map((id) => row(tokens, id)), sequence.ids.map((_, p) => row(positions, p)), types.map((type) => row(kinds, type)));
  x = m.norm(`${embeddings}.LayerNorm`, x, eps);
  for (let l = 0; l < number(config, 'num_hidden_layers'); l++) {
    const layer = `bert.encoder.layer.${l}`;
    const self = `${layer}.attention.self`;
    const attended = m.selfAttention([`${self}.query`, `${self}.key`, `${self}.value`, `${layer}.attention.output.dense`], x, number(config, 'num_attention_heads'), unmasked(sequence));
    x = m.norm(`${layer}.attention.output.LayerNorm`, add(attended, x), eps);
    const hidden = map(m.dense(`${layer}.intermediate.dense`, x, number(config, 'intermediate_size')), gelu);
    x = m.norm(`${layer}.output.LayerNorm`, add(m.dense(`${layer}.output.dense`, hidden, d), x), eps);
  }
  const pooled = map(m.dense('bert.pooler.dense', [x[0]!], d), Math.tanh);
  return m.dense('classifier', pooled, Object.keys(config['id2label'] as object).length)[0]!;
}

/** The encoder of DistilBERT. */
function distilbert(w: RandomCheckpoint, config: Config, sequence: Sequence): Rows {
  const m = new Modules(w);
  const d = number(config, 'dim');
  const tokens = w.get('distilbert.embeddings.word_embeddings.weight', [number(config, 'vocab_size'), d]);
  const positions = w.get('distilbert.embeddings.position_embeddings.weight', [number(config, 'max_position_embeddings'), d]);
  let x: Rows = m.norm('distilbert.embeddings.LayerNorm', add(sequence.ids.map((id) => row(tokens, id)), sequence.ids.map((_, p) => row(positions, p))), 1e-12);
  for (let l = 0; l < number(config, 'n_layers'); l++) {
    const layer = `distilbert.transformer.layer.${l}`;
    const self = `${layer}.attention`;
    const attended = m.selfAttention([`${self}.q_lin`, `${self}.k_lin`, `${self}.v_lin`, `${self}.out_lin`], x, number(config, 'n_heads'), unmasked(sequence));
    x = m.norm(`${layer}.sa_layer_norm`, add(attended, x), 1e-12);
    const hidden = map(m.dense(`${layer}.ffn.lin1`, x, number(config, 'hidden_dim')), gelu);
    x = m.norm(`${layer}.output_layer_norm`, add(m.dense(`${layer}.ffn.lin2`, hidden, d), x), 1e-12);
  }
  return x;
}

export function distilbertClassifier(w: RandomCheckpoint, config: Config, sequence: Sequence): number[] {
  const m = new Modules(w);
  const x = distilbert(w, config, sequence);
  const pooled = map(m.dense('pre_classifier', [x[0]!], number(config, 'dim')), relu);
  return m.dense('classifier', pooled, Object.keys(config['id2label'] as object).length)[0]!;
}

export function distilbertMasked(w: RandomCheckpoint, config: Config, sequence: Sequence): number[][] {
  const m = new Modules(w);
  const d = number(config, 'dim');
  const transformed = m.norm('vocab_layer_norm', map(m.dense('vocab_transform', distilbert(w, config, sequence), d), gelu), 1e-12);
  const tokens = w.get('distilbert.embeddings.word_embeddings.weight', [number(config, 'vocab_size'), d]);
  return linear(transformed, tokens, w.get('vocab_projector.bias', [number(config, 'vocab_size')]));
}

/** One image as [channel][row][column]. */
export type Image = readonly (readonly (readonly number[])[])[];

/** A convolution whose stride equals its kernel, patches in reading order. */
function patches(image: Image, weight: Weight, bias?: Weight): number[][] {
  const [out, channels, side] = weight.dims as [number, number, number, number];
  const grid = image[0]!.length / side;
  return Array.from({ length: grid * grid }, (_, p) => Array.from({ length: out }, (__, o) => {
    let sum = bias?.data[o] ?? 0;
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          sum += image[c]![Math.floor(p / grid) * side + y]![(p % grid) * side + x]! * weight.data[((o * channels + c) * side + y) * side + x]!;
        }
      }
    }
    return sum;
  }));
}

/** DeiTForImageClassificationWithTeacher: mean of both classifiers. */
export function deit(w: RandomCheckpoint, config: Config, image: Image): number[] {
  const m = new Modules(w);
  const d = number(config, 'hidden_size');
  const eps = number(config, 'layer_norm_eps');
  const side = number(config, 'patch_size');
  const count = (number(config, 'image_size') / side) ** 2 + 2;
  const token = (name: string): number[] => Array.from(w.get(`deit.embeddings.${name}`, [1, 1, d]).data);
  const places = w.get('deit.embeddings.position_embeddings', [1, count, d]);
  const projection = 'deit.embeddings.patch_embeddings.projection';
  const embedded = patches(image, w.get(`${projection}.weight`, [d, 3, side, side]), w.get(`${projection}.bias`, [d]));
  let x: Rows = add([token('cls_token'), token('distillation_token'), ...embedded], Array.from({ length: count }, (_, p) => row({ dims: [count, d], data: places.data }, p)));
  for (let l = 0; l < number(config, 'num_hidden_layers'); l++) {
    const layer = `deit.encoder.layer.${l}`;
    const self = `${layer}.attention.attention`;
    const h = m.norm(`${layer}.layernorm_before`, x, eps);
    x = add(m.selfAttention([`${self}.query`, `${self}.key`, `${self}.value`, `${layer}.attention.output.dense`], h, number(config, 'num_attention_heads'), all), x);
    const hidden = map(m.dense(`${layer}.intermediate.dense`, m.norm(`${layer}.layernorm_after`, x, eps), number(config, 'intermediate_size')), gelu);
    x = add(m.dense(`${layer}.output.dense`, hidden, d), x);
  }
  const final = m.norm('deit.layernorm', x, eps);
  const classes = Object.keys(config['id2label'] as object).length;
  const [one, other] = [m.dense('cls_classifier', [final[0]!], classes)[0]!, m.dense('distillation_classifier', [final[1]!], classes)[0]!];
  return one.map((value, c) => (value + other[c]!) / 2);
}

/** A tower of CLIP: pre-norm blocks. */
function clipTower(m: Modules, root: string, config: Config, start: Rows, visible: (i: number, j: number) => boolean): Rows {
  let x = start;
  for (let l = 0; l < number(config, 'num_hidden_layers'); l++) {
    const layer = `${root}.encoder.layers.${l}`;
    const self = `${layer}.self_attn`;
    const h = m.norm(`${layer}.layer_norm1`, x, 1e-5);
    x = add(x, m.selfAttention([`${self}.q_proj`, `${self}.k_proj`, `${self}.v_proj`, `${self}.out_proj`], h, number(config, 'num_attention_heads'), visible));
    const hidden = map(m.dense(`${layer}.mlp.fc1`, m.norm(`${layer}.layer_norm2`, x, 1e-5), number(config, 'intermediate_size')), quickGelu);
    x = add(x, m.dense(`${layer}.mlp.fc2`, hidden, number(config, 'hidden_size')));
  }
  return x;
}

const unit = (x: readonly number[]): number[] => x.map((value) => value / Math.hypot(...x));

/** Unit text embedding, read at the first end-of-text token, or at the largest id for old configurations (end = 2). */
export function clipText(w: RandomCheckpoint, config: Config, sequence: Sequence): number[] {
  const m = new Modules(w);
  const text = config['text_config'] as Config;
  const d = number(text, 'hidden_size');
  const { ids, mask } = sequence;
  const tokens = w.get('text_model.embeddings.token_embedding.weight', [number(text, 'vocab_size'), d]);
  const places = w.get('text_model.embeddings.position_embedding.weight', [number(text, 'max_position_embeddings'), d]);
  const start = add(ids.map((id) => row(tokens, id)), ids.map((_, p) => row(places, p)));
  const x = m.norm('text_model.final_layer_norm', clipTower(m, 'text_model', text, start, (i, j) => j <= i && mask[j] === 1), 1e-5);
  const end = number(text, 'eos_token_id');
  const at = end === 2 ? ids.indexOf(Math.max(...ids)) : ids.indexOf(end);
  return unit(linear([x[at]!], w.get('text_projection.weight', [number(config, 'projection_dim'), d]))[0]!);
}

/** Unit image embedding. */
export function clipImage(w: RandomCheckpoint, config: Config, image: Image): number[] {
  const m = new Modules(w);
  const vision = config['vision_config'] as Config;
  const d = number(vision, 'hidden_size');
  const side = number(vision, 'patch_size');
  const count = (number(vision, 'image_size') / side) ** 2 + 1;
  const embeddings = 'vision_model.embeddings';
  const cls = Array.from(w.get(`${embeddings}.class_embedding`, [d]).data);
  const places = w.get(`${embeddings}.position_embedding.weight`, [count, d]);
  const tokens = [cls, ...patches(image, w.get(`${embeddings}.patch_embedding.weight`, [d, 3, side, side]))];
  const start = m.norm('vision_model.pre_layrnorm', add(tokens, tokens.map((_, p) => row(places, p))), 1e-5);
  const pooled = m.norm('vision_model.post_layernorm', [clipTower(m, 'vision_model', vision, start, all)[0]!], 1e-5);
  return unit(linear(pooled, w.get('visual_projection.weight', [number(config, 'projection_dim'), d]))[0]!);
}

/** Similarities [image][text]. */
export function clipLogits(w: RandomCheckpoint, images: readonly number[][], texts: readonly number[][]): number[][] {
  const scale = Math.exp(w.get('logit_scale', []).data[0]!);
  return images.map((image) => texts.map((text) => scale * image.reduce((sum, value, i) => sum + value * text[i]!, 0)));
}
