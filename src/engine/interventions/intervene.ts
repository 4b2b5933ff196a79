/**
 * Interventions as graph transforms: each splices a few nodes after its hook point. Masks and values are graph
 * inputs, so that interventions of the same kinds at the same hooks share one compiled program.
 */
import { MechanistError } from '../errors.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { typeOf } from '../graph/ir.ts';
import type { Dim, Graph, Shape } from '../graph/ir.ts';
import { splice } from '../graph/splice.ts';
import { hookAxes } from '../models/hookAxes.ts';
import { unknownHook } from '../models/hookPattern.ts';
import { bindSymbols, concrete } from '../runtime/memory.ts';
import type { Feeds } from '../runtime/program.ts';
import { elementCount, i64, numbersOf, tensor } from '../tensor.ts';
import type { DType, Tensor } from '../tensor.ts';
import { checkIntervention } from './intervention.ts';
import type { Intervention } from './intervention.ts';
import { selectionMask } from './mask.ts';
import { appendMean } from './meanAblation.ts';

export interface Intervened {
  readonly graph: Graph;
  /** The given feeds plus masks and values. */
  readonly feeds: Feeds;
}

/**
 * Applies interventions in order; several at one hook act one after the other. In the result each hook's name
 * denotes its value after the intervention.
 * Errors: `argument` for an unknown hook (with the nearest names), a selection or value that does not fit.
 */
export function intervene(graph: Graph, interventions: readonly Intervention[], feeds: Feeds): Intervened {
  const sizes = bindSymbols(graph, feeds);
  const extra = new Map(feeds);
  let current = graph;
  interventions.forEach((intervention, i) => {
    checkIntervention(intervention);
    const type = typeOf(graph, intervention.hook);
    if (type === undefined) throw unknownHook(intervention.hook, graph.types.keys());
    const dims = type.shape && concrete(type.shape, sizes);
    if (type.shape === undefined || dims === undefined) {
      throw new MechanistError('argument', 'The shape of this hook point is not known before running, so nothing can be placed in it.', { field: `hook ${intervention.hook}` });
    }
    const site: Site = { intervention, prefix: `intervention/${i}`, shape: type.shape, dims, dtype: type.dtype, feeds: extra };
    current = splice(current, intervention.hook, (b, original) => masked(b, site, original, changed(b, site, original)));
  });
  return { graph: current, feeds: extra };
}

interface Site {
  readonly intervention: Intervention;
  readonly prefix: string;
  readonly shape: Shape;
  readonly dims: readonly number[];
  readonly dtype: DType;
  readonly feeds: Map<string, Tensor>;
}

/** The hook's value where everything is selected. */
function changed(b: GraphBuilder, site: Site, x: string): string {
  const { kind, value } = site.intervention;
  switch (kind) {
    case 'zero': return b.scalar(0, site.dtype);
    case 'patch': return valueInput(b, site, value!);
    case 'add': return b.add(x, valueInput(b, site, value!));
    case 'scale': return b.mul(x, valueInput(b, site, value!));
    case 'mean': return value === undefined ? meanOfRun(b, site, x) : valueInput(b, site, value);
    case 'resample': return value === undefined ? otherRow(b, site, x) : valueInput(b, site, value);
    case 'project-out': {
      const direction = valueInput(b, site, unitVector(site, value as Tensor));
      return b.sub(x, b.mul(b.reduceSum(b.mul(x, direction), [-1], true), direction));
    }
  }
}

function masked(b: GraphBuilder, site: Site, original: string, replacement: string): string {
  const { where, hook } = site.intervention;
  if (where === undefined || Object.keys(where).length === 0) {
    // A value may broadcast; the hook keeps its full shape.
    return b.node('Expand', [replacement, b.shape(original)]);
  }
  const mask = selectionMask(where, hookAxes(hook, site.shape), site.dims, hook);
  return b.where(fedInput(b, site, 'mask', mask), replacement, original);
}

function valueInput(b: GraphBuilder, site: Site, value: number | Tensor): string {
  const full: Tensor = typeof value === 'number' ? tensor('float32', [], Float32Array.of(value)) : value;
  const rank = site.dims.length;
  const padded = [...Array<number>(Math.max(0, rank - full.dims.length)).fill(1), ...full.dims];
  if (padded.length > rank || padded.some((size, axis) => size !== 1 && size !== site.dims[axis])) {
    throw new MechanistError('argument', `A value of shape [${full.dims.join(', ')}] does not fit a hook point of shape [${site.dims.join(', ')}].`, { field: `hook ${site.intervention.hook}` });
  }
  return fedInput(b, site, 'value', asType({ ...full, dims: padded }, site.dtype));
}

/** Declares and feeds an input. Along axes where it has the hook's full size it shares the hook's symbol. */
function fedInput(b: GraphBuilder, site: Site, role: string, value: Tensor): string {
  const name = `${site.prefix}/${role}`;
  const shape: Dim[] = value.dims.map((size, axis) => (size === 1 ? 1 : site.shape[axis]!));
  b.input(name, value.dtype, shape);
  site.feeds.set(name, value);
  return name;
}

function meanOfRun(b: GraphBuilder, { intervention: { hook, over = 'all' }, shape, dims, dtype }: Site, x: string): string {
  return appendMean(b, x, hookAxes(hook, shape), over, { dtype, rows: dims[0]! });
}

/** Each row's value taken from another row, by a rotation the seed chooses: no row keeps its own. */
function otherRow(b: GraphBuilder, site: Site, x: string): string {
  const rows = site.dims[0]!;
  if (site.shape[0] !== 'batch' || rows < 2) {
    throw new MechanistError('argument', 'Resampling without a value needs at least two rows to exchange.', { field: `hook ${site.intervention.hook}` });
  }
  const shift = 1 + (Math.abs(site.intervention.seed ?? 0) % (rows - 1));
  const name = `${site.prefix}/rows`;
  b.input(name, 'int64', ['batch']);
  site.feeds.set(name, i64([rows], Array.from({ length: rows }, (_, row) => (row + shift) % rows)));
  return b.gather(x, name, 0);
}

function unitVector(site: Site, direction: Tensor): Tensor {
  const values = Float64Array.from(numbersOf(direction));
  const norm = Math.hypot(...values);
  if (!(norm > 0) || elementCount(direction.dims) !== site.dims.at(-1)) {
    throw new MechanistError('argument', `A direction of ${site.dims.at(-1)} entries that are not all zero is needed.`, { field: `hook ${site.intervention.hook}` });
  }
  return tensor('float64', [values.length], values.map((v) => v / norm));
}

function asType(value: Tensor, dtype: DType): Tensor {
  if (value.dtype === dtype) return value;
  if (dtype === 'float32') return { dtype, dims: value.dims, data: Float32Array.from(numbersOf(value)) };
  if (dtype === 'float64') return { dtype, dims: value.dims, data: Float64Array.from(numbersOf(value)) };
  throw new MechanistError('unsupported', `Values cannot be placed in a ${dtype} tensor.`);
}
