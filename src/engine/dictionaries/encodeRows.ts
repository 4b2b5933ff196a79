/** Encoding and decoding given activations in bounded pieces. */
import { MechanistError, throwIfCancelled } from '../errors.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { elementCount } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import { appendDecode } from './decode.ts';
import { withDictionaries } from './dictionary.ts';
import type { Dictionary } from './dictionary.ts';
import { appendEncode } from './encode.ts';

const rowsPerRun = 4096;

/**
 * `acts` [..., nLatents] and `reconstruction` [..., dOut] of activations `x` [..., dIn]; for `attn.hook_z` dictionaries
 * also [..., head, d_head], in which shape the reconstruction comes back. Errors: `argument` when the shape does not fit.
 */
export async function encodeRows(dictionary: Dictionary, x: Tensor<'float32'>, runtime: Runtime, signal?: AbortSignal): Promise<{ acts: Tensor<'float32'>; reconstruction: Tensor<'float32'> }> {
  const { dIn, dOut, nLatents } = dictionary;
  const split = x.dims.at(-1) !== dIn && dictionary.reshape === 'hook_z' && (x.dims.at(-1) ?? 0) * (x.dims.at(-2) ?? 0) === dIn;
  if (!split && x.dims.at(-1) !== dIn) {
    throw new MechanistError('argument', `The dictionary reads vectors of width ${dIn}, but the activations have shape [${x.dims.join(', ')}].`);
  }
  const leading = x.dims.slice(0, split ? -2 : -1);
  const rows = elementCount(leading);
  const graph = forwardGraph(dictionary);
  const parameters = withDictionaries(undefined, [dictionary]);
  const acts = new Float32Array(rows * nLatents);
  const reconstruction = new Float32Array(rows * dOut);
  for (let from = 0; from < rows; from += rowsPerRun) {
    throwIfCancelled(signal);
    const to = Math.min(rows, from + rowsPerRun);
    const part: Tensor = { dtype: 'float32', dims: [to - from, dIn], data: x.data.subarray(from * dIn, to * dIn) };
    const results = await runtime.run(graph, new Map([['x', part]]), parameters);
    acts.set(results.get('acts')!.data as Float32Array, from * nLatents);
    reconstruction.set(results.get('reconstruction')!.data as Float32Array, from * dOut);
  }
  return {
    acts: { dtype: 'float32', dims: [...leading, nLatents], data: acts },
    reconstruction: { dtype: 'float32', dims: split ? x.dims : [...leading, dOut], data: reconstruction },
  };
}

function forwardGraph(dictionary: Dictionary): ReturnType<GraphBuilder['build']> {
  const b = new GraphBuilder();
  const { acts, context } = appendEncode(b, dictionary, b.input('x', 'float32', ['rows', dictionary.dIn]));
  b.output(b.identity(acts, 'acts'), b.identity(appendDecode(b, dictionary, acts, context), 'reconstruction'));
  return b.build();
}
