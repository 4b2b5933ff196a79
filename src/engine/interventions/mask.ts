/** The mask of an intervention's selection, small enough to broadcast over everything that is not selected by. */
import { MechanistError } from '../errors.ts';
import { elementCount, stridesOf, tensor } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import type { AxisRole } from '../models/hookAxes.ts';
import type { Selection } from './intervention.ts';

const axisOfSelection: Readonly<Record<keyof Selection, readonly AxisRole[]>> = {
  row: ['batch'],
  position: ['pos', 'query'],
  key: ['key'],
  head: ['head'],
  neuron: ['feature'],
};

/**
 * A bool tensor of the hook's rank: full size along the axes the selection names, 1 along the others.
 * Errors: `argument` when the hook has no such axis or an index is out of range.
 */
export function selectionMask(selection: Selection, roles: readonly (AxisRole | undefined)[], dims: readonly number[], hook: string): Tensor<'bool'> {
  const chosen = new Map<number, Set<number>>();
  for (const [key, indices] of Object.entries(selection) as [keyof Selection, readonly number[] | undefined][]) {
    if (indices === undefined) continue;
    const wanted = axisOfSelection[key];
    if (wanted === undefined) throw new MechanistError('argument', `"${key}" is not a way to select; use ${Object.keys(axisOfSelection).join(', ')}.`, { field: `hook ${hook}` });
    const axis = roles.findIndex((role) => role !== undefined && wanted.includes(role));
    if (axis < 0) throw new MechanistError('argument', `This hook point has no axis to select a ${key} on.`, { field: `hook ${hook}` });
    chosen.set(axis, new Set(indices.map((index) => inRange(index, dims[axis]!, key, hook))));
  }
  const maskDims = dims.map((size, axis) => (chosen.has(axis) ? size : 1));
  const strides = stridesOf(maskDims);
  const data = new Uint8Array(elementCount(maskDims)).map((_, flat) =>
    [...chosen].every(([axis, indices]) => indices.has(Math.floor(flat / strides[axis]!) % maskDims[axis]!)) ? 1 : 0);
  return tensor('bool', maskDims, data);
}

function inRange(index: number, size: number, key: string, hook: string): number {
  const resolved = index < 0 ? index + size : index;
  if (!Number.isInteger(index) || resolved < 0 || resolved >= size) {
    throw new MechanistError('argument', `${key} ${index} is out of range; the hook point has ${size}.`, { field: `hook ${hook}` });
  }
  return resolved;
}
