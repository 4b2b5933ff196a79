/** Backward rules of normalisation operators. */
import { MechanistError } from '../../../errors.ts';
import type { GraphBuilder } from '../../builder.ts';
import { floatAttribute, int, intAttribute } from '../../ir.ts';
import { normalAxis } from '../../shape.ts';
import { countAlong, divideByCount, number, reshapeTo, sizeOf, sumTo } from '../emit.ts';
import type { BackwardContext, BackwardRule } from '../rule.ts';
import { when } from './elementwise.ts';

export const normalizationRules: ReadonlyMap<string, BackwardRule> = new Map<string, BackwardRule>([
  ['LayerNormalization', layerNormalization],
  ['BatchNormalization', batchNormalization],
  ['InstanceNormalization', instanceNormalization],
  ['GroupNormalization', groupNormalization],
  ['LpNormalization', lpNormalization],
]);

interface Standardized {
  /** Mean 0 and variance 1 along the axes. */
  readonly normalized: string;
  /** 1/√(variance + ε), size 1 along the axes. */
  readonly inverse: string;
}

/** Recomputed, because the operators do not give it away (or only in float32). */
function standardize(b: GraphBuilder, x: string, axes: readonly number[], epsilon: number): Standardized {
  const centered = b.sub(x, b.reduceMean(x, axes, true));
  const variance = b.reduceMean(b.mul(centered, centered), axes, true);
  const inverse = b.unary('Reciprocal', b.unary('Sqrt', b.add(variance, number(b, epsilon, x))));
  return { normalized: b.mul(centered, inverse), inverse };
}

/** Gradient of the input of a standardisation from that of its result. */
function standardizeBackward(b: GraphBuilder, g: string, { normalized, inverse }: Standardized, axes: readonly number[]): string {
  const mean = b.reduceMean(g, axes, true);
  const along = b.reduceMean(b.mul(g, normalized), axes, true);
  return b.mul(b.sub(b.sub(g, mean), b.mul(normalized, along)), inverse);
}

function layerNormalization(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  const [x, weight, bias] = [c.inputs[0]!, c.inputs[1]!, c.inputs[2] ?? ''];
  const rank = b.shapeOf(x).length;
  const first = normalAxis(intAttribute(node, 'axis', -1), rank);
  const axes = Array.from({ length: rank - first }, (_, i) => first + i);
  const standard = standardize(b, x, axes, floatAttribute(node, 'epsilon', 1e-5));
  const g = c.gradient(0);
  const parts: string[] = [];
  if (c.wants(0)) {
    if (g !== undefined) parts.push(standardizeBackward(b, b.mul(g, weight), standard, axes));
    const count = countAlong(b, x, axes);
    const [gMean, gInverse] = [c.gradient(1), c.gradient(2)];
    if (gMean !== undefined) parts.push(divideByCount(b, b.cast(gMean, b.dtypeOf(x)), count));
    if (gInverse !== undefined) {
      const cubed = b.mul(standard.inverse, standard.inverse);
      parts.push(b.unary('Neg', b.mul(standard.normalized, divideByCount(b, b.mul(b.cast(gInverse, b.dtypeOf(x)), cubed), count))));
    }
  }
  return [
    parts.length === 0 ? undefined : parts.reduce((sum, part) => b.add(sum, part)),
    g === undefined ? undefined : when(c, 1, () => sumTo(b, b.mul(g, standard.normalized), weight)),
    g === undefined ? undefined : when(c, 2, () => sumTo(b, g, bias)),
  ];
}

/** With fixed statistics: y = (x − mean)·(scale/√(var + ε)) + bias, per channel (axis 1). Errors: `unsupported` in training mode. */
function batchNormalization(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  if (intAttribute(node, 'training_mode', 0) !== 0) throw new MechanistError('unsupported', 'Batch normalisation in training mode has no gradient.');
  const [x, weight, bias, mean, variance] = c.inputs as [string, string, string, string, string];
  const rank = b.shapeOf(x).length;
  const perChannel = (vector: string): string => (rank <= 2 ? vector : b.unsqueeze(vector, Array.from({ length: rank - 2 }, (_, i) => i + 1)));
  const overChannels = (full: string): string => b.reduceSum(full, Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 1), false);
  const inverse = b.unary('Reciprocal', b.unary('Sqrt', b.add(variance, number(b, floatAttribute(node, 'epsilon', 1e-5), x))));
  const slope = b.mul(weight, inverse);
  const g = c.gradient(0)!;
  const needsCentered = c.wants(1) || c.wants(4);
  const along = needsCentered ? overChannels(b.mul(g, b.sub(x, perChannel(mean)))) : '';
  const total = c.wants(2) || c.wants(3) ? overChannels(g) : '';
  return [
    when(c, 0, () => b.mul(g, perChannel(slope))),
    when(c, 1, () => reshapeTo(b, b.mul(along, inverse), weight)),
    when(c, 2, () => reshapeTo(b, total, bias)),
    when(c, 3, () => b.unary('Neg', b.mul(total, slope))),
    when(c, 4, () => b.mul(b.mul(along, slope), b.mul(b.mul(inverse, inverse), number(b, -0.5, x)))),
  ];
}

function instanceNormalization(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  const [x, weight] = [c.inputs[0]!, c.inputs[1]!];
  const rank = b.shapeOf(x).length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  const perChannel = b.unsqueeze(weight, spatial.map((axis) => axis - 1));
  const standard = standardize(b, x, spatial, floatAttribute(node, 'epsilon', 1e-5));
  const g = c.gradient(0)!;
  return [
    when(c, 0, () => standardizeBackward(b, b.mul(g, perChannel), standard, spatial)),
    when(c, 1, () => b.reduceSum(b.mul(g, standard.normalized), [0, ...spatial], false)),
    when(c, 2, () => b.reduceSum(g, [0, ...spatial], false)),
  ];
}

/** Scale and bias are per group in this operator set. */
function groupNormalization(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  const [x, weight] = [c.inputs[0]!, c.inputs[1]!];
  const groups = intAttribute(node, 'num_groups', 1);
  const grouped = (full: string): string => {
    const out = b.node('Reshape', [full, b.concat([sizeOf(b, x, 0), b.vector([groups, -1])], 0)]);
    b.setType(out, { dtype: b.dtypeOf(x), shape: [b.shapeOf(x)[0]!, groups, b.freshDim()] });
    return out;
  };
  const standard = standardize(b, grouped(x), [2], floatAttribute(node, 'epsilon', 1e-5));
  const g = grouped(c.gradient(0)!);
  return [
    when(c, 0, () => reshapeTo(b, standardizeBackward(b, b.mul(g, b.unsqueeze(weight, [1])), standard, [2]), x)),
    when(c, 1, () => b.reduceSum(b.mul(g, standard.normalized), [0, 2], false)),
    when(c, 2, () => b.reduceSum(g, [0, 2], false)),
  ];
}

function lpNormalization(c: BackwardContext): readonly (string | undefined)[] {
  const { b, node } = c;
  const [x, y] = [c.inputs[0]!, c.outputs[0]!];
  const axes = [intAttribute(node, 'axis', -1)];
  const p = intAttribute(node, 'p', 2);
  const norm = b.node(p === 1 ? 'ReduceL1' : 'ReduceL2', [x, b.vector(axes)], { attributes: { keepdims: int(1) } });
  const g = c.gradient(0)!;
  const direction = p === 1 ? b.unary('Sign', x) : y;
  return [b.div(b.sub(g, b.mul(direction, b.reduceSum(b.mul(g, y), axes, true))), norm)];
}
