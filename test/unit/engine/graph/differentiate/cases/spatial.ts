/** Gradient cases of convolution, pooling and resizing. */
import { float, int, ints, string } from '../../../../../../src/engine/graph/ir.ts';
import type { Attribute, Shape } from '../../../../../../src/engine/graph/ir.ts';
import { f32 } from '../../../../../../src/engine/tensor.ts';
import type { GradientCase, Sizes } from '../gradientCheck.ts';
import { distinct } from './draw.ts';

type Attributes = Readonly<Record<string, Attribute>>;

function convolution(op: string, what: string, x: Shape, w: Shape, attributes: Attributes, sizes: readonly Sizes[] = [{ n: 2, h: 5, w: 4 }]): GradientCase {
  const groups = attributes.group?.type === 'int' ? attributes.group.value : 1;
  const channels = op === 'Conv' ? Number(w[0]) : Number(w[1]) * groups;
  return {
    name: `${op} ${what}`, mode: 'integers', inputs: { x: { shape: x }, w: { shape: w }, c: { shape: [channels] } }, sizes,
    build: (b) => b.node(op, ['x', 'w', 'c'], { attributes }),
  };
}

function pool(op: string, what: string, x: Shape, attributes: Attributes, sizes: readonly Sizes[] = [{ n: 2, h: 5, w: 4 }, { n: 1, h: 4, w: 6 }]): GradientCase {
  const exact = op === 'MaxPool' ? { draw: distinct } : {};
  return { name: `${op} ${what}`, ...(op === 'MaxPool' ? {} : { mode: 'integers' as const }), inputs: { x: { shape: x, ...exact } }, sizes, build: (b) => b.node(op, ['x'], { attributes }) };
}

function resize(what: string, x: Shape, attributes: Attributes, target: { readonly scales?: readonly number[]; readonly sizes?: readonly number[] }, sizes: readonly Sizes[] = [{ n: 2, h: 3, w: 2 }]): GradientCase {
  return {
    name: `Resize ${what}`, mode: 'integers', inputs: { x: { shape: x } }, sizes,
    build: (b) => b.node('Resize', target.scales === undefined ? ['x', '', '', b.vector(target.sizes!)] : ['x', '', b.constant(f32([target.scales.length], target.scales))], { attributes }),
  };
}

const image: Shape = ['n', 2, 'h', 'w'];
const fixed: Shape = ['n', 2, 5, 4];
const half = { mode: string('linear'), coordinate_transformation_mode: string('half_pixel') };

function instanceNormalization(x: Float64Array, w: Float64Array, c: Float64Array): number[] {
  const [batch, channels, size] = [2, 3, 4];
  const out: number[] = [];
  for (let k = 0; k < batch * channels; k++) {
    const values = x.subarray(k * size, (k + 1) * size);
    const mean = values.reduce((s, v) => s + v, 0) / size;
    const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / size;
    for (const v of values) out.push(((v - mean) / Math.sqrt(variance + 0.01)) * w[k % channels]! + c[k % channels]!);
  }
  return out;
}

export const spatialCases: readonly GradientCase[] = [
  convolution('Conv', 'of sequences', ['n', 2, 'h'], [3, 2, 3], {}),
  convolution('Conv', 'of images of unknown size', image, [3, 2, 2, 3], {}),
  convolution('Conv', 'with uneven padding', image, [2, 2, 3, 2], { pads: ints([1, 0, 2, 1]) }),
  convolution('Conv', 'with a stride that skips the rest', fixed, [3, 2, 2, 2], { strides: ints([2, 3]) }),
  convolution('Conv', 'with stride, dilation and padding, unknown size', image, [3, 2, 2, 2], { strides: ints([2, 1]), dilations: ints([2, 3]), pads: ints([1, 2, 1, 1]) }),
  convolution('Conv', 'in groups', ['n', 4, 'h', 'w'], [6, 2, 2, 2], { group: int(2), strides: ints([2, 1]) }),
  convolution('Conv', 'per channel', ['n', 3, 5, 4], [3, 1, 3, 3], { group: int(3), pads: ints([1, 1, 1, 1]) }),
  ...['SAME_UPPER', 'SAME_LOWER'].flatMap((mode) => [image, fixed].map((shape) => convolution('Conv', `${mode} with stride on ${shape === fixed ? 'known' : 'unknown'} sizes`, shape, [2, 2, 3, 2], { auto_pad: string(mode), strides: ints([2, 3]) }))),
  convolution('Conv', 'SAME_UPPER without stride', image, [2, 2, 2, 3], { auto_pad: string('SAME_UPPER') }),
  convolution('Conv', 'VALID', image, [2, 2, 2, 3], { auto_pad: string('VALID') }),
  convolution('Conv', 'of volumes', ['n', 1, 3, 2, 3], [2, 1, 2, 2, 2], { pads: ints([0, 1, 0, 0, 0, 1]) }),
  convolution('ConvTranspose', 'of sequences', ['n', 2, 'h'], [2, 3, 3], {}),
  convolution('ConvTranspose', 'with stride and padding', image, [2, 3, 3, 2], { strides: ints([2, 3]), pads: ints([1, 0, 1, 1]) }),
  convolution('ConvTranspose', 'with output padding and dilation', fixed, [2, 1, 2, 2], { strides: ints([2, 3]), dilations: ints([2, 1]), output_padding: ints([1, 2]) }),
  convolution('ConvTranspose', 'in groups', ['n', 4, 'h', 'w'], [4, 2, 2, 2], { group: int(2), strides: ints([1, 2]) }),
  convolution('ConvTranspose', 'to a wanted size', fixed, [2, 2, 3, 3], { strides: ints([2, 2]), output_shape: ints([10, 8]) }),
  ...['SAME_UPPER', 'SAME_LOWER'].map((mode) => convolution('ConvTranspose', mode, fixed, [2, 2, 3, 3], { strides: ints([2, 2]), auto_pad: string(mode) })),
  pool('MaxPool', 'of sequences', ['n', 2, 'h'], { kernel_shape: ints([2]), strides: ints([2]) }),
  pool('MaxPool', 'of overlapping padded windows', image, { kernel_shape: ints([3, 2]), strides: ints([1, 1]), pads: ints([1, 1, 1, 0]) }),
  pool('MaxPool', 'rounding up', image, { kernel_shape: ints([2, 2]), strides: ints([2, 2]), ceil_mode: int(1) }),
  pool('MaxPool', 'dilated', fixed, { kernel_shape: ints([2, 2]), dilations: ints([2, 2]) }, [{ n: 2 }]),
  { name: 'MaxPool with its indices read too', inputs: { x: { shape: image, draw: distinct } }, sizes: [{ n: 1, h: 4, w: 4 }], build: (b) => b.nodeMany('MaxPool', ['x'], { outputs: 2, attributes: { kernel_shape: ints([2, 2]) } })[0]! },
  { name: 'MaxPool in column order', inputs: { x: { shape: image, draw: distinct } }, sizes: [{ n: 1, h: 4, w: 4 }], build: (b) => b.nodeMany('MaxPool', ['x'], { outputs: 2, attributes: { kernel_shape: ints([2, 2]), storage_order: int(1) } })[0]! },
  pool('AveragePool', 'of sequences', ['n', 2, 'h'], { kernel_shape: ints([2]), strides: ints([2]) }),
  pool('AveragePool', 'of overlapping windows', image, { kernel_shape: ints([3, 2]), strides: ints([2, 1]) }),
  pool('AveragePool', 'with padding left out of the count', image, { kernel_shape: ints([3, 2]), pads: ints([1, 1, 1, 0]) }),
  pool('AveragePool', 'with padding in the count', image, { kernel_shape: ints([3, 2]), pads: ints([1, 1, 1, 0]), count_include_pad: int(1) }),
  ...[0, 1].map((included) => pool('AveragePool', `rounding up, count_include_pad=${included}`, image, { kernel_shape: ints([2, 3]), strides: ints([2, 2]), pads: ints([0, 1, 0, 1]), ceil_mode: int(1), count_include_pad: int(included) })),
  pool('AveragePool', 'SAME_UPPER', image, { kernel_shape: ints([2, 3]), strides: ints([2, 2]), auto_pad: string('SAME_UPPER') }),
  { name: 'GlobalAveragePool', mode: 'integers', inputs: { x: { shape: image } }, sizes: [{ n: 2, h: 2, w: 4 }], build: (b) => b.node('GlobalAveragePool', ['x']) },
  {
    name: 'GlobalMaxPool', dtype: 'float32', inputs: { x: { shape: ['n', 2, 2, 3], draw: distinct } }, sizes: [{ n: 2 }], build: (b) => b.node('GlobalMaxPool', ['x']),
    reference: (inputs) => Array.from({ length: 4 }, (_, k) => Math.max(...inputs.get('x')!.data.subarray(6 * k, 6 * k + 6) as Float64Array)),
  },
  resize('nearest by scales', image, { mode: string('nearest'), nearest_mode: string('floor'), coordinate_transformation_mode: string('asymmetric') }, { scales: [1, 1, 2, 3] }),
  resize('nearest to sizes', ['n', 2, 3, 4], { mode: string('nearest') }, { sizes: [2, 2, 5, 2] }, [{ n: 2 }]),
  resize('linear by scales', image, half, { scales: [1, 1, 2, 2] }),
  resize('linear to sizes, corners aligned', ['n', 2, 3, 3], { mode: string('linear'), coordinate_transformation_mode: string('align_corners') }, { sizes: [2, 2, 5, 9] }, [{ n: 2 }]),
  resize('linear of listed axes', image, { ...half, axes: ints([2, 3]) }, { sizes: [6, 4] }),
  resize('cubic', ['n', 2, 4, 4], { mode: string('cubic'), cubic_coeff_a: float(-0.75) }, { scales: [1, 1, 2, 2] }, [{ n: 1 }]),
  resize('linear of sequences', ['n', 2, 'w'], half, { scales: [1, 1, 2] }, [{ n: 1, w: 4 }]),
  {
    name: 'InstanceNormalization', inputs: { x: { shape: [2, 3, 4] }, w: { shape: [3] }, c: { shape: [3] } },
    build: (b) => b.node('InstanceNormalization', ['x', 'w', 'c'], { attributes: { epsilon: float(0.01) } }),
    reference: (inputs) => instanceNormalization(inputs.get('x')!.data as Float64Array, inputs.get('w')!.data as Float64Array, inputs.get('c')!.data as Float64Array),
  },
];
