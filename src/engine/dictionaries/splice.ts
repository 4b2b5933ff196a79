/**
 * Putting dictionaries into a model's graph: the output hook becomes decode(encode(input hook)), plus, on request,
 * the reconstruction error, which makes the forward pass exact again. All intermediate tensors are hook points
 * named as in SAELens' HookedSAETransformer, so ordinary interventions clamp latents.
 */
import { MechanistError } from '../errors.ts';
import { splice } from '../graph/splice.ts';
import type { Graph } from '../graph/ir.ts';
import { appendDecode, appendDecodeLayer } from './decode.ts';
import type { CrossLayerTranscoder, Dictionary } from './dictionary.ts';
import { appendEncode, appendEncodeLayer } from './encode.ts';

export interface SpliceOptions {
  /**
   * Adds `hook_sae_error`: the original output minus the reconstruction that the dictionary makes without any
   * intervention on its own hooks. Clamping a latent therefore changes the output by exactly its decoder row.
   */
  readonly errorTerm: boolean;
  /** Prefix of the new hook names. Default: the output hook. */
  readonly prefix?: string;
}

/**
 * Replaces the dictionary's output hook in `graph`. New hook points, under `prefix`: `hook_sae_input`,
 * `hook_sae_acts_pre`, `hook_sae_acts_post`, `hook_sae_recons`, `hook_sae_error` (with the error term) and
 * `hook_sae_output`. The weights are declared as parameters under `parameterName`.
 * Errors: `argument` when the dictionary is not bound to hooks or the graph lacks them.
 */
export function spliceDictionary(graph: Graph, dictionary: Dictionary, options: SpliceOptions): Graph {
  const { input, output } = dictionary.hooks;
  if (input === undefined || output === undefined) {
    throw new MechanistError('argument', 'The dictionary does not say which hook points it reads and writes.', { file: dictionary.source, hint: 'Name them: --input-hook and --output-hook on the command line.' });
  }
  const prefix = options.prefix ?? output;
  return splice(graph, output, (b, original) => {
    const x = input === output ? original : input;
    const { acts, context } = appendEncode(b, dictionary, x, {
      input: `${prefix}.hook_sae_input`,
      pre: `${prefix}.hook_sae_acts_pre`,
      acts: `${prefix}.hook_sae_acts_post`,
    });
    const reconstruction = appendDecode(b, dictionary, acts, context, `${prefix}.hook_sae_recons`);
    if (!options.errorTerm) return b.identity(reconstruction, `${prefix}.hook_sae_output`);
    // A second copy without hooks: interventions on the first must not leak into the error. The runtime merges
    // the copies wherever they agree.
    const clean = appendEncode(b, dictionary, x);
    const error = b.sub(original, appendDecode(b, dictionary, clean.acts, clean.context), `${prefix}.hook_sae_error`);
    return b.add(reconstruction, error, `${prefix}.hook_sae_output`);
  });
}

/**
 * Replaces every layer's output hook by a cross-layer transcoder's reconstruction. New hook points are prefixed by
 * each layer's output hook; the latents of layer l are `{outputs[l]}.hook_sae_acts_post`.
 */
export function spliceCrossLayer(graph: Graph, clt: CrossLayerTranscoder, options: Pick<SpliceOptions, 'errorTerm'>): Graph {
  const acts: string[] = [];
  const clean: string[] = [];
  let spliced = graph;
  clt.hooks.outputs.forEach((output, layer) => {
    const x = clt.hooks.inputs[layer]!;
    spliced = splice(spliced, output, (b, original) => {
      acts.push(appendEncodeLayer(b, clt, layer, x, {
        input: `${output}.hook_sae_input`,
        pre: `${output}.hook_sae_acts_pre`,
        acts: `${output}.hook_sae_acts_post`,
      }));
      const reconstruction = b.identity(appendDecodeLayer(b, clt, layer, acts, x), `${output}.hook_sae_recons`);
      if (!options.errorTerm) return b.identity(reconstruction, `${output}.hook_sae_output`);
      clean.push(appendEncodeLayer(b, clt, layer, x));
      const error = b.sub(original, appendDecodeLayer(b, clt, layer, clean, x), `${output}.hook_sae_error`);
      return b.add(reconstruction, error, `${output}.hook_sae_output`);
    });
  });
  return spliced;
}
