/** The matrices of attention heads as tensors with a head axis, from a model's parameters. */
import { MechanistError } from '../../engine/errors.ts';
import type { Model, TransformerConfig } from '../../engine/models/model.ts';
import type { Tensor } from '../../engine/tensor.ts';

/** W_Q, W_K, W_V [nHeads, d, dh] (grouped keys and values repeated for each head that reads them) and W_O [nHeads, dh, d] of one layer. */
export interface HeadWeights {
  readonly q: Tensor<'float32'>;
  readonly k: Tensor<'float32'>;
  readonly v: Tensor<'float32'>;
  readonly o: Tensor<'float32'>;
}

/** Errors: `unsupported` for a model whose weights are not known by their TransformerLens names. */
export function headWeights(model: Model, layer: number): HeadWeights {
  const config = knownConfig(model);
  const get = (letter: string): Float32Array => {
    const name = `blocks.${layer}.attn.W_${letter}`;
    if (!model.parameters.has(name)) throw unsupported(model);
    return model.parameters.get(name).data as Float32Array;
  };
  const { nHeads, nKeyValueHeads, dHead, dModel } = config;
  return {
    q: perHead(get('Q'), config, nHeads),
    k: perHead(get('K'), config, nKeyValueHeads),
    v: perHead(get('V'), config, nKeyValueHeads),
    o: { dtype: 'float32', dims: [nHeads, dHead, dModel], data: get('O') },
  };
}

/** Errors: `unsupported`. */
export function knownConfig(model: Model): TransformerConfig {
  if (model.config === undefined) throw unsupported(model);
  return model.config;
}

function unsupported(model: Model): MechanistError {
  return new MechanistError('unsupported', 'The attention weights of this model are not known by name.', { file: model.source });
}

/** [d, heads·dh] → [nHeads, d, dh]. */
function perHead(stored: Float32Array, { nHeads, dHead, dModel }: TransformerConfig, heads: number): Tensor<'float32'> {
  const data = new Float32Array(nHeads * dModel * dHead);
  const shared = nHeads / heads;
  for (let head = 0; head < nHeads; head++) {
    const from = Math.floor(head / shared);
    for (let row = 0; row < dModel; row++) {
      data.set(stored.subarray((row * heads + from) * dHead, (row * heads + from + 1) * dHead), (head * dModel + row) * dHead);
    }
  }
  return { dtype: 'float32', dims: [nHeads, dModel, dHead], data };
}
