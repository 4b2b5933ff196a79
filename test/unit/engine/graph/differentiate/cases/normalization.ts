/** Gradient cases of normalisation operators. */
import { float, int } from '../../../../../../src/engine/graph/ir.ts';
import type { GradientCase } from '../gradientCheck.ts';
import { nonZero, positive } from './draw.ts';

const sizes = [{ n: 2, m: 3 }, { n: 1, m: 4 }];
const channel = { shape: [3] };

export const normalizationCases: readonly GradientCase[] = [
  { name: 'LayerNormalization', inputs: { x: { shape: ['n', 'm', 4] }, w: { shape: [4] }, c: { shape: [4] } }, sizes, build: (b) => b.node('LayerNormalization', ['x', 'w', 'c'], { attributes: { epsilon: float(1e-3) } }) },
  { name: 'LayerNormalization over two axes without bias', inputs: { x: { shape: ['n', 2, 3] }, w: { shape: [2, 3] } }, sizes, build: (b) => b.node('LayerNormalization', ['x', 'w'], { attributes: { axis: int(1) } }) },
  { name: 'BatchNormalization of images', inputs: { x: { shape: ['n', 3, 2, 2] }, w: channel, c: channel, mean: channel, variance: { ...channel, draw: positive } }, sizes: [{ n: 2 }], build: (b) => b.node('BatchNormalization', ['x', 'w', 'c', 'mean', 'variance']) },
  { name: 'BatchNormalization of vectors', inputs: { x: { shape: ['n', 3] }, w: channel, c: channel, mean: channel, variance: { ...channel, draw: positive } }, sizes: [{ n: 2 }], build: (b) => b.node('BatchNormalization', ['x', 'w', 'c', 'mean', 'variance'], { attributes: { epsilon: float(0.01) } }) },
  { name: 'GroupNormalization', inputs: { x: { shape: ['n', 4, 'm'] }, w: { shape: [2] }, c: { shape: [2] } }, sizes, build: (b) => b.node('GroupNormalization', ['x', 'w', 'c'], { attributes: { num_groups: int(2) } }) },
  ...[1, 2].map((p): GradientCase => ({ name: `LpNormalization p=${p}`, inputs: { x: { shape: ['n', 4], draw: nonZero } }, sizes, build: (b) => b.node('LpNormalization', ['x'], { attributes: { p: int(p), axis: int(1) } }) })),
  {
    name: 'Layer norm written out', inputs: { x: { shape: ['n', 'm', 4] }, w: { shape: [4] } }, sizes,
    build: (b, dtype) => {
      const centered = b.sub('x', b.reduceMean('x', [-1], true), 'centered');
      const scale = b.unary('Sqrt', b.add(b.reduceMean(b.node('Pow', [centered, b.scalar(2, dtype)]), [-1], true), b.scalar(1e-5, dtype)), 'hook_scale');
      return b.mul(b.div(centered, scale), 'w');
    },
  },
];
