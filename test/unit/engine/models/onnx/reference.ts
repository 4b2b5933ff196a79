/** Which tensor of an imported model each tensor of a reference pack is, and the metric its gradients belong to. */
import { openSafetensors } from '../../../../../src/engine/formats/safetensors.ts';
import type { Graph } from '../../../../../src/engine/graph/ir.ts';
import type { Model } from '../../../../../src/engine/models/model.ts';
import { f32 } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';

export const fixtures = new URL('../../../../fixtures/', import.meta.url).pathname;

export function readPack(file: string): Map<string, Tensor> {
  const pack = openSafetensors(file);
  const tensors = new Map(Array.from(pack.names(), (name): [string, Tensor] => [name, pack.read(name)]));
  pack.close();
  return tensors;
}

/**
 * The hook point of a reference name such as `attn_out.1`. The references are outputs of Hugging Face modules: in BERT
 * those are after the norms on the stream, in Gemma-2 before the norms on what is added to it.
 */
export function hookOf(model: Model, key: string): string | undefined {
  const [what, index] = key.split('.') as [string, string?];
  const block = `blocks.${index}.`;
  const has = (name: string): boolean => model.hookPoints().some((point) => point.name === name);
  switch (what) {
    case 'logits': return model.output;
    case 'hidden_states': return has(`${block}hook_resid_pre`) ? `${block}hook_resid_pre` : lastHidden(model, Number(index) - 1, has);
    case 'resid_post': return has(`${block}hook_normalized_resid_post`) ? `${block}hook_normalized_resid_post` : `${block}hook_resid_post`;
    case 'attn_out': return has(`${block}hook_normalized_resid_post`) ? `${block}ln1.hook_normalized` : has(`${block}attn.hook_out`) ? `${block}attn.hook_out` : `${block}hook_attn_out`;
    case 'mlp_out': return has(`${block}mlp.hook_out`) ? `${block}mlp.hook_out` : `${block}hook_mlp_out`;
    case 'z': return `${block}attn.hook_z`;
    case 'attentions': return `${block}attn.hook_pattern`;
    default: return undefined;
  }
}

/** Decoders end with a norm, image models report the stream before it. RMS norms are reported after their weight. */
function lastHidden(model: Model, layer: number, has: (name: string) => boolean): string {
  if (has(`blocks.${layer}.hook_normalized_resid_post`)) return `blocks.${layer}.hook_normalized_resid_post`;
  if (model.family === 'vit') return `blocks.${layer}.hook_resid_post`;
  return model.config?.normalization === 'LN' ? 'ln_final.hook_normalized' : readerOf(model.graph(), 'ln_final.hook_normalized');
}

function readerOf(graph: Graph, name: string): string {
  return graph.nodes.find((node) => node.inputs.includes(name))!.outputs[0]!;
}

/** Derivative of the pack's target with respect to the logits. */
export function cotangentOf(pack: ReadonlyMap<string, Tensor>, logits: Tensor): Tensor {
  const values = new Float32Array(logits.data.length);
  const [batch, length, width] = logits.dims.length === 3 ? (logits.dims as [number, number, number]) : [logits.dims[0]!, 1, logits.dims[1]!];
  const answers = pack.get('answer_ids')?.data;
  for (let b = 0; b < batch; b++) {
    // Encoders have fixed targets, noted with the packs.
    const [right, wrong] = answers === undefined ? (logits.dims.length === 3 ? [11, 29] : [1, 0]) : [Number(answers[2 * b]), Number(answers[2 * b + 1])];
    const position = answers === undefined ? (logits.dims.length === 3 ? 4 : 0) : length - 1;
    values[(b * length + position) * width + right]! += 1;
    values[(b * length + position) * width + wrong]! -= 1;
  }
  return f32(logits.dims, values);
}

/** The inputs of a model that a pack holds; corrupted runs have other tokens. */
export function inputsOf(model: Model, pack: ReadonlyMap<string, Tensor>, isCorrupted = false): Map<string, Tensor> {
  const inputs = new Map<string, Tensor>();
  for (const name of model.graph().inputs.keys()) {
    const value = (isCorrupted && name === 'input_ids' ? pack.get('corrupted_ids') : undefined) ?? pack.get(name) ?? (name === 'input' ? pack.get('x') : undefined);
    if (value !== undefined) inputs.set(name, value);
  }
  return inputs;
}
