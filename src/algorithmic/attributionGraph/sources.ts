/**
 * Source vectors of an attribution graph, packed for contraction: what each active feature, error and token writes, by
 * slot and position. Columns are numbered as in circuit-tracer: active features, errors layer by layer, tokens.
 */
import { MechanistError } from '../../engine/errors.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { FeatureLayer } from './featureLayers.ts';
import type { ActiveFeatures } from './promptRun.ts';

/** The vectors of one slot, in blocks of equal length that each belong to one position, positions ascending. */
export interface SourceBlocks {
  readonly width: number;
  readonly vectorsPerBlock: number;
  /** Position of each block. */
  readonly positions: Int32Array;
  /** Column of each vector, −1 for padding, [blocks,vectorsPerBlock]. */
  readonly columns: Int32Array;
  /** [blocks,vectorsPerBlock,width]. */
  readonly vectors: Float32Array;
}

export interface Columns {
  readonly features: number;
  readonly positions: number;
  readonly layers: number;
  readonly total: number;
}

export function columnsOf(active: ActiveFeatures, layers: number, positions: number): Columns {
  const features = active.feature.length;
  return { features, positions, layers, total: features + (layers + 1) * positions };
}

/**
 * Source blocks per slot: the output of each layer, then the embeddings. `errors` as `errorVectors`; `tokens` [1,pos,d].
 * Errors: `memory` when the vectors would take more than 8 GiB.
 */
export function sourceBlocks(layers: readonly FeatureLayer[], active: ActiveFeatures, errors: readonly Float32Array[], tokens: Tensor): SourceBlocks[] {
  const positions = tokens.dims[1]!;
  const columns = columnsOf(active, layers.length, positions);
  const writers: number[][] = layers.map(() => []);
  for (let i = 0; i < active.feature.length; i++) for (const output of layers[active.layer[i]!]!.writesTo) writers[output]!.push(i);
  const bytes = writers.reduce((sum, features, layer) => sum + 4 * features.length * layers[layer]!.dOut, 0);
  if (bytes > mostBytes) {
    throw new MechanistError('memory', `What ${columns.features} active features write would take ${Math.ceil(bytes / 2 ** 30)} GiB.`, { hint: 'Shorten the prompt.' });
  }
  const slots = layers.map(({ layer, dOut }) => {
    const byPosition = Array.from({ length: positions }, (_, position) => [columns.features + layer * positions + position]);
    for (const i of writers[layer]!) byPosition[active.position[i]!]!.push(i);
    return packed(dOut, byPosition, (column, to, at) => {
      if (column < columns.features) layers[active.layer[column]!]!.writeDecoder(active.feature[column]!, layer, active.activation[column]!, to, at);
      else {
        const position = column - columns.features - layer * positions;
        to.set(errors[layer]!.subarray(position * dOut, (position + 1) * dOut), at);
      }
    });
  });
  const width = tokens.dims[2]!;
  const first = columns.features + layers.length * positions;
  const embeddings = packed(width, Array.from({ length: positions }, (_, position) => [first + position]), (column, to, at) => {
    to.set((tokens.data as Float32Array).subarray((column - first) * width, (column - first + 1) * width), at);
  });
  return [...slots, embeddings];
}

const mostBytes = 2 ** 33;

function packed(width: number, byPosition: readonly (readonly number[])[], write: (column: number, to: Float32Array, at: number) => void): SourceBlocks {
  const vectorsPerBlock = blockLength(byPosition.map(({ length }) => length));
  const blocks = byPosition.flatMap((columns, position) => Array.from({ length: Math.ceil(columns.length / vectorsPerBlock) }, (_, i) => ({ position, columns: columns.slice(i * vectorsPerBlock, (i + 1) * vectorsPerBlock) })));
  const columns = new Int32Array(blocks.length * vectorsPerBlock).fill(-1);
  const vectors = new Float32Array(columns.length * width);
  blocks.forEach((block, i) => block.columns.forEach((column, k) => {
    const at = i * vectorsPerBlock + k;
    columns[at] = column;
    write(column, vectors, at * width);
  }));
  return { width, vectorsPerBlock, positions: Int32Array.from(blocks, ({ position }) => position), columns, vectors };
}

/** About the mean count: longer blocks would be padding for most positions, shorter ones gather each gradient many times. */
function blockLength(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  return Math.max(1, Math.min(256, Math.ceil(mean)));
}
