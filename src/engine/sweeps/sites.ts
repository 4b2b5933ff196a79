/** The sites of a sweep: which entries of a hook each patched run replaces. */
import { MechanistError } from '../errors.ts';
import { hookAxes } from '../models/hookAxes.ts';
import type { AxisRole } from '../models/hookAxes.ts';
import type { Shape } from '../graph/ir.ts';
import { elementCount, stridesOf, tensor } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';

/** What a sweep varies within one hook. Nothing: the whole hook is one site. */
export type SweepAxis = 'head' | 'position' | 'key' | 'neuron';

const roleOf: Readonly<Record<SweepAxis, readonly AxisRole[]>> = { head: ['head'], position: ['pos', 'query'], key: ['key'], neuron: ['feature'] };

export interface Sites {
  /** Sizes along the swept axes, in the order they were asked for; sites are numbered row-major over them. */
  readonly sizes: readonly number[];
  readonly count: number;
  /**
   * Mask rows for sites `first … first+count−1`, each repeated for `rows` prompts: bool [count·rows, …] of the
   * hook's rank, size 1 along axes that are not swept. Order: site-major.
   */
  masks(first: number, count: number, rows: number): Tensor<'bool'>;
}

/** Errors: `argument` when the hook has no such axis. */
export function sitesOf(hook: string, shape: Shape, dims: readonly number[], by: readonly SweepAxis[]): Sites {
  const roles = hookAxes(hook, shape);
  const axes = by.map((name) => {
    const axis = roles.findIndex((role) => role !== undefined && roleOf[name].includes(role));
    if (axis < 0) throw new MechanistError('argument', `This hook point has no axis "${name}".`, { field: `hook ${hook}` });
    return axis;
  });
  const sizes = axes.map((axis) => dims[axis]!);
  const siteStrides = stridesOf(sizes);
  return {
    sizes,
    count: elementCount(sizes),
    masks(first, count, rows) {
      const rowDims = dims.map((size, axis) => (axes.includes(axis) ? size : 1)).slice(1);
      const rowSize = elementCount(rowDims);
      const strides = stridesOf(rowDims);
      const data = new Uint8Array(count * rows * rowSize);
      for (let i = 0; i < count; i++) {
        const flat = axes.reduce((sum, axis, k) => sum + (Math.floor((first + i) / siteStrides[k]!) % sizes[k]!) * strides[axis - 1]!, 0);
        for (let row = 0; row < rows; row++) data[(i * rows + row) * rowSize + flat] = 1;
      }
      return tensor('bool', [count * rows, ...rowDims], data);
    },
  };
}
