/** Documents as feeds for the evaluation programs. */
import type { Model } from '../../engine/models/model.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { includeInput } from './evaluationGraphs.ts';

/** Documents of one length. */
export interface TokenBatch {
  /** int64 [documents, positions] */
  readonly inputIds: Tensor<'int64'>;
  /** 1 where there is a token [documents, positions]; all of them when left out. */
  readonly attentionMask?: Tensor<'int64'>;
}

/** The model's inputs and `include`: 1 at tokens, but not at the first of each document if that is excluded. */
export function batchFeeds(model: Model, batch: TokenBatch, excludeFirst: boolean): Map<string, Tensor> {
  const { inputIds, attentionMask } = batch;
  const given = new Map<string, Tensor>([['input_ids', inputIds]]);
  if (attentionMask !== undefined) given.set('attention_mask', attentionMask);
  return new Map([...model.feeds(given), [includeInput, included(batch, excludeFirst)]]);
}

function included({ inputIds, attentionMask }: TokenBatch, excludeFirst: boolean): Tensor<'float32'> {
  const [rows, length] = inputIds.dims as [number, number];
  const data = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    let skip = excludeFirst;
    for (let i = row * length; i < (row + 1) * length; i++) {
      if (attentionMask !== undefined && attentionMask.data[i] === 0n) continue;
      data[i] = skip ? 0 : 1;
      skip = false;
    }
  }
  return { dtype: 'float32', dims: inputIds.dims, data };
}
