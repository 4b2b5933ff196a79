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
  /** The position a site is at, or undefined when positions are not swept. */
  positionOf(site: number): number | undefined;
  /**
   * Mask rows for some sites, each repeated for `rows` prompts: bool [sites·rows, …] of the hook's rank, size 1 along
   * axes that are not swept. Order: site-major. With `from`, the position axis begins at that position.
   */
  masks(sites: readonly number[], rows: number, from?: number): Tensor<'bool'>;
}

/** `neurons`: entries of the last axis that are swept by `neuron`; default all. Errors: `argument` when the hook has no such axis or entry. */
export function sitesOf(hook: string, shape: Shape, dims: readonly number[], by: readonly SweepAxis[], neurons?: readonly number[]): Sites {
  const roles = hookAxes(hook, shape);
  const axes = by.map((name) => {
    const axis = roles.findIndex((role) => role !== undefined && roleOf[name].includes(role));
    if (axis < 0) throw new MechanistError('argument', `This hook point has no axis "${name}".`, { field: `hook ${hook}` });
    return axis;
  });
  const beyond = neurons?.find((neuron) => neuron >= dims.at(-1)!);
  if (beyond !== undefined) throw new MechanistError('argument', `This hook point has ${dims.at(-1)} entries.`, { field: `neuron ${beyond}` });
  const chosen = by.map((name) => (name === 'neuron' ? neurons : undefined));
  const sizes = axes.map((axis, k) => chosen[k]?.length ?? dims[axis]!);
  const siteStrides = stridesOf(sizes);
  /** Where a site stands along the k-th swept axis. */
  const coordinate = (site: number, k: number): number => {
    const index = Math.floor(site / siteStrides[k]!) % sizes[k]!;
    return chosen[k]?.[index] ?? index;
  };
  const positions = by.indexOf('position');
  return {
    sizes,
    count: elementCount(sizes),
    positionOf: (site) => (positions < 0 ? undefined : coordinate(site, positions)),
    masks(sites, rows, from = 0) {
      const rowDims = dims.map((size, axis) => (axes.includes(axis) ? size - (axis === axes[positions] ? from : 0) : 1)).slice(1);
      const rowSize = elementCount(rowDims);
      const strides = stridesOf(rowDims);
      const data = new Uint8Array(sites.length * rows * rowSize);
      sites.forEach((site, i) => {
        const flat = axes.reduce((sum, axis, k) => sum + (coordinate(site, k) - (k === positions ? from : 0)) * strides[axis - 1]!, 0);
        for (let row = 0; row < rows; row++) data[(i * rows + row) * rowSize + flat] = 1;
      });
      return tensor('bool', [sites.length * rows, ...rowDims], data);
    },
  };
}
