/**
 * The programs that evaluate a dictionary in its model. Everything is reduced to sums per document inside the graphs;
 * only the clean logits travel between them.
 */
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { int } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { splice } from '../../engine/graph/splice.ts';
import { i64 } from '../../engine/tensor.ts';
import type { Variant } from './documentSums.ts';
import type { Measured } from './measured.ts';

/** float32 [b, p]: 1 where a position counts. Elsewhere the activation stays as it is. */
export const includeInput = 'metrics/include';
/** float32 [b, p, v] */
export const cleanLogitsInput = 'metrics/clean_logits';
/** float32 [d]: mean of the output hook over the sample. */
export const meanInput = 'metrics/mean';

export const cleanLogitsOutput = 'metrics/logits';

/** The clean run: `n` [b], `sum_x` [b, d], `ce_clean`, `predictions` [b] and the logits. */
export function cleanGraph(graph: Graph, measured: Measured, logits: string): Graph {
  const b = new GraphBuilder(crossEntropyGraph(graph, logits));
  const y = flat(b, measured.output, measured.dOut);
  b.output(b.reduceSum(includeInput, [1], false, 'n'));
  b.output(b.reduceSum(b.mul(y, b.unsqueeze(includeInput, [2])), [1], false, 'sum_x'));
  return b.build();
}

/** The clean run without a dictionary: `ce_clean`, `predictions` [b] and the logits. */
export function crossEntropyGraph(graph: Graph, logits: string): Graph {
  const b = new GraphBuilder(withInclude(graph));
  const counted = nextCounted(b, includeInput);
  b.output(b.reduceSum(counted, [1], false, 'predictions'), crossEntropy(b, logits, counted, 'ce_clean'), b.identity(logits, cleanLogitsOutput));
  return b.build();
}

/** The spliced run: reconstruction sums, `active` [b], `fired` [F], `ce_dictionary` and `kl_dictionary` [b]. */
export function dictionaryGraph(graph: Graph, measured: Measured, logits: string): Graph {
  const { dOut } = measured;
  const spliced = replaceIncluded(withInclude(graph), measured.output, (b, original) => {
    const { acts, reconstruction } = measured.reconstruct(b, original);
    const include = b.unsqueeze(includeInput, [2]);
    const [y, r] = [b.mul(flat(b, original, dOut), include), b.mul(flat(b, reconstruction, dOut), include)];
    const [xx, rr, xr] = [dot(b, y, y), dot(b, r, r), dot(b, y, r)];
    const difference = b.sub(y, r);
    const total = (perPosition: string, name: string): string => b.reduceSum(perPosition, [1], false, name);
    const tiny = b.scalar(1e-20);
    total(xx, 'xx');
    total(rr, 'rr');
    total(xr, 'xr');
    total(dot(b, difference, difference), 'ee');
    const norms = b.unary('Sqrt', b.add(b.mul(xx, rr), tiny));
    total(b.div(xr, norms), 'cosine');
    total(b.unary('Sqrt', b.div(rr, b.add(xx, tiny))), 'norm_ratio');
    const active = b.mul(b.cast(b.node('Greater', [acts, b.scalar(0)]), 'float32'), include);
    b.reduceSum(active, [1, 2], false, 'active');
    b.reduceSum(active, [0, 1], false, 'fired');
    return reconstruction;
  });
  return withLosses(spliced, logits, 'dictionary', ['xx', 'rr', 'xr', 'ee', 'cosine', 'norm_ratio', 'active', 'fired']);
}

/** A run with the output hook ablated: `ce_{variant}` and `kl_{variant}` [b]. */
export function ablatedGraph(graph: Graph, measured: Measured, logits: string, variant: 'zero' | 'mean'): Graph {
  const spliced = replaceIncluded(withInclude(graph), measured.output, (b, original) => {
    const zero = b.mul(original, b.scalar(0));
    if (variant === 'zero') return zero;
    const mean = b.input(meanInput, 'float32', [measured.dOut]);
    return b.add(zero, b.reshape(mean, b.shapeOf(original).slice(2).map((dim) => dim as number)));
  });
  return withLosses(spliced, logits, variant);
}

/** The graph with the input `include` declared and no outputs. */
export function withInclude(graph: Graph): Graph {
  const b = new GraphBuilder({ ...graph, outputs: [] });
  b.input(includeInput, 'float32', ['batch', 'pos']);
  return b.build();
}

/** Replaces a hook point [b, p, ...] where `include` is 1. */
export function replaceIncluded(graph: Graph, hook: string, replace: (b: GraphBuilder, original: string) => string): Graph {
  return splice(graph, hook, (b, original) => {
    const value = replace(b, original);
    const trailing = b.shapeOf(original).length - 2;
    const include = b.unsqueeze(includeInput, Array.from({ length: trailing }, (_, i) => i + 2));
    return b.where(b.node('Greater', [include, b.scalar(0)]), value, original);
  });
}

/** Completes a graph with the losses of its `logits` against the clean ones: outputs `sums`, `ce_{variant}` and `kl_{variant}` [b]. */
export function withLosses(graph: Graph, logits: string, variant: Exclude<Variant, 'clean'>, sums: readonly string[] = []): Graph {
  const b = new GraphBuilder(graph);
  const clean = b.input(cleanLogitsInput, 'float32', b.shapeOf(logits));
  const counted = nextCounted(b, includeInput);
  const [p, q] = [logSoftmax(b, clean), logSoftmax(b, logits)];
  const divergence = b.reduceSum(b.mul(b.unary('Exp', p), b.sub(p, q)), [-1], false);
  const ce = crossEntropy(b, logits, counted, `ce_${variant}`);
  const kl = b.reduceSum(b.mul(b.slice(divergence, 1, 0, -1), counted), [1], false, `kl_${variant}`);
  return b.build([...sums, ce, kl]);
}

/** 1 at positions that count and whose next token counts too [b, p−1]. */
function nextCounted(b: GraphBuilder, include: string): string {
  return b.mul(b.slice(include, 1, 0, -1), b.slice(include, 1, 1));
}

function crossEntropy(b: GraphBuilder, logits: string, counted: string, name: string): string {
  const predicted = logSoftmax(b, b.slice(logits, 1, 0, -1));
  const next = b.unsqueeze(b.slice('input_ids', 1, 1), [2]);
  const right = b.squeeze(b.node('GatherElements', [predicted, next], { attributes: { axis: int(2) } }), [2]);
  return b.unary('Neg', b.reduceSum(b.mul(right, counted), [1], false), name);
}

function logSoftmax(b: GraphBuilder, logits: string): string {
  return b.node('LogSoftmax', [logits], { attributes: { axis: int(-1) } });
}

function dot(b: GraphBuilder, x: string, y: string): string {
  return b.reduceSum(b.mul(x, y), [-1], false);
}

/** [b, p, ...] as [b, p, d]. */
function flat(b: GraphBuilder, values: string, d: number): string {
  return b.shapeOf(values).length === 3 ? values : b.node('Reshape', [values, b.constant(i64([3], [0, 0, d]))]);
}
