/** The unembedding as attribution graphs use it: the tensor it reads, the logits of one position, and demeaned logit vectors. */
import { MechanistError } from '../../engine/errors.ts';
import { differentiate, addCotangentInput } from '../../engine/graph/differentiate/differentiate.ts';
import { producers, readsOf, typeOf } from '../../engine/graph/ir.ts';
import type { Graph, Node } from '../../engine/graph/ir.ts';
import { sliceDownstream } from '../../engine/graph/slice.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { zeros } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';

export interface Unembedding {
  /** What the unembedding reads, [batch,pos,d]. */
  readonly input: string;
  /** Its product, [batch,pos,v], before biases and soft caps. */
  readonly product: string;
  readonly vocabulary: number;
  readonly width: number;
}

/** Errors: `unsupported` for a model whose output is not a linear map of its last stream to [batch,pos,v], apart from bias and soft cap. */
export function unembeddingOf(model: Model): Unembedding {
  const graph = model.graph();
  const fail = (): never => {
    throw new MechanistError('unsupported', 'Attribution graphs need a language model with an unembedding.', { file: model.source });
  };
  const [vocabulary, rank] = [typeOf(graph, model.output)?.shape?.at(-1), typeOf(graph, model.output)?.shape?.length];
  if (typeof vocabulary !== 'number' || rank !== 3) return fail();
  const byOutput = producers(graph);
  const fed = fedTensors(graph);
  let tensor = model.output;
  for (;;) {
    const node: Node | undefined = byOutput.get(tensor);
    const dynamic: string[] = (node?.inputs ?? []).filter((name) => fed.has(name));
    if (node === undefined || dynamic.length !== 1) return fail();
    if (node.op === 'MatMul' || node.op === 'Gemm') {
      const width = typeOf(graph, dynamic[0]!)?.shape?.at(-1);
      if (typeof width !== 'number' || dynamic[0] !== node.inputs[0]) return fail();
      return { input: dynamic[0]!, product: tensor, vocabulary, width };
    }
    if (!passing.has(node.op)) return fail();
    tensor = dynamic[0]!;
  }
}

/** What may stand between the product and the logits: biases, soft caps, changes of form. */
const passing: ReadonlySet<string> = new Set(['Identity', 'Add', 'Mul', 'Div', 'Tanh', 'Cast', 'Reshape']);

/** Logits [v] of one position from the stream [d] that the unembedding reads there. */
export async function logitsOf(model: Model, runtime: Runtime, { input, width }: Unembedding, stream: Float32Array): Promise<Float32Array> {
  const { graph, boundary } = sliceDownstream(model.graph(), [input], [model.output]);
  if (boundary.length > 0) throw new MechanistError('unsupported', `The logits of this model read ${boundary.join(', ')} besides the last stream.`, { file: model.source });
  const run = await runtime.run(graph, new Map<string, Tensor>([[input, { dtype: 'float32', dims: [1, 1, width], data: stream }]]), model.parameters);
  return run.get(model.output)!.data as Float32Array;
}

/**
 * Logit vectors [rows,d] for weights over the vocabulary [rows,v]: row r is Σ_k weights[r,k] (W_U[:,k] − mean), as the
 * vector-Jacobian product of the unembedding.
 */
export async function logitVectors(model: Model, runtime: Runtime, unembedding: Unembedding, weights: readonly ReadonlyMap<number, number>[]): Promise<Float32Array> {
  const { input, product, vocabulary, width } = unembedding;
  const { graph: sliced } = sliceDownstream(model.graph(), [input], [product]);
  const { graph: seeded, cotangent } = addCotangentInput(sliced, product);
  const { graph, gradients } = differentiate(seeded, { seeds: new Map([[product, cotangent]]), wrt: [input] });
  const output = gradients.get(input)!;
  const rows = weights.length;
  const seeds = new Float32Array(rows * vocabulary);
  weights.forEach((row, r) => {
    let total = 0;
    for (const weight of row.values()) total += weight;
    seeds.fill(-total / vocabulary, r * vocabulary, (r + 1) * vocabulary);
    for (const [token, weight] of row) seeds[r * vocabulary + token]! += weight;
  });
  const feeds = new Map<string, Tensor>([[input, zeros('float32', [rows, 1, width])], [cotangent, { dtype: 'float32', dims: [rows, 1, vocabulary], data: seeds }]]);
  const run = await runtime.run({ ...graph, outputs: [output] }, feeds, model.parameters);
  return run.get(output)!.data as Float32Array;
}

/** Tensors that depend on what the caller feeds. */
function fedTensors(graph: Graph): Set<string> {
  const fed = new Set(graph.inputs.keys());
  for (const node of graph.nodes) if (readsOf(node).some((name) => fed.has(name))) for (const output of node.outputs) fed.add(output);
  return fed;
}
