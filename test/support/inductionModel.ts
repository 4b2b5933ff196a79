/**
 * A two-layer transformer with weights set by hand: head 0 of layer 0 writes the previous token, head 0 of layer 1 looks
 * for the place where the previous token is the current one and copies what stands there. Head 1 of layer 0 and the MLPs
 * are active but write where nobody reads; head 1 of layer 1 is off.
 *
 * The stream has a block each for token, position, previous token, output and scratch, and two large opposite entries
 * that make the layer norms nearly constant.
 */
import type { PromptGroup } from '../../src/algorithmic/circuits/promptSets.ts';
import { createHuggingFace } from '../../src/engine/models/create.ts';
import type { Model } from '../../src/engine/models/model.ts';
import { groupOf } from '../../src/engine/pairs/alignPairs.ts';
import type { Tensor } from '../../src/engine/tensor.ts';

const tokens = 8;
const [token, position, previous, output, scratch] = [0, 1, 2, 3, 4].map((block) => block * tokens) as [number, number, number, number, number];
const width = 44;
const headWidth = 22;
const anchor = 100;
/** What the norms divide by. */
const scale = anchor * Math.sqrt(2 / width);

/** Edges through which the model computes, and no others. */
export const inductionEdges = ['input->a0.h0<v>', 'a0.h0->a1.h0<k>', 'input->a1.h0<q>', 'input->a1.h0<v>', 'a1.h0->logits'];

export function inductionModel(): Model {
  const model = createHuggingFace('induction-by-hand', {
    model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], vocab_size: tokens, n_positions: tokens, n_embd: width, n_layer: 2, n_head: 2,
    activation_function: 'relu', layer_norm_epsilon: 1e-5, tie_word_embeddings: false,
  });
  const { parameters } = model;
  for (const name of parameters.names()) {
    const { dims } = parameters.info(name);
    parameters.set(name, { dtype: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(/ln\w*\.w$/.test(name) ? 1 : 0) });
  }
  const put = (name: string, row: number, column: number, value: number): void => {
    const { dims, data } = parameters.get(name) as Tensor<'float32'>;
    data[row * dims[1]! + column] = value;
  };
  /** Entry i of a block to entry i of another, with an optional shift. */
  const copy = (name: string, from: number, to: number, factor: number, shift = 0): void => {
    for (let i = 0; i + shift < tokens; i++) put(name, from + i, to + i + shift, factor);
  };
  /** Queries and keys such that a match scores `gap` more. */
  const sharp = (gap: number): number => scale * Math.sqrt(gap * Math.sqrt(headWidth));

  for (let i = 0; i < tokens; i++) {
    put('embed.W_E', i, token + i, 1);
    put('embed.W_E', i, width - 2, anchor);
    put('embed.W_E', i, width - 1, -anchor);
    put('pos_embed.W_pos', i, position + i, 1);
  }
  copy('blocks.0.attn.W_Q', position, 0, sharp(30));
  copy('blocks.0.attn.W_K', position, 0, sharp(30), 1);
  copy('blocks.0.attn.W_V', token, 0, scale);
  copy('blocks.0.attn.W_O', 0, previous, 1);
  copy('blocks.0.attn.W_Q', position, headWidth, sharp(4));
  copy('blocks.0.attn.W_K', position, headWidth, sharp(4));
  copy('blocks.0.attn.W_V', token, headWidth, scale);
  copy('blocks.0.attn.W_O', headWidth, scratch, 1);
  copy('blocks.1.attn.W_Q', token, 0, sharp(3));
  copy('blocks.1.attn.W_K', previous, 0, sharp(3));
  copy('blocks.1.attn.W_V', token, 0, scale);
  copy('blocks.1.attn.W_O', 0, output, 1);
  for (const layer of [0, 1]) {
    copy(`blocks.${layer}.mlp.W_in`, token, 0, scale);
    copy(`blocks.${layer}.mlp.W_out`, 0, scratch, 1);
  }
  copy('unembed.W_U', output, 0, 5 * scale);
  return model;
}

/** Pairs that change, in turn, what is copied, what is looked for and where it is found. */
export function inductionPrompts(): PromptGroup {
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  const clean = [a, b, c, d, e, f, b];
  const pair = (corrupted: readonly number[], wrong: number) => ({ line: 1, clean, corrupted, differing: [], right: [c], wrong: [wrong] });
  return groupOf([pair([a, b, g, d, e, f, b], g), pair([a, b, c, d, e, f, d], e), pair([a, h, c, d, e, f, b], e)]);
}
