/** The whole import of a decoded file: every pass that needs no execution, in the order in which they build on each other. */
import { elementCount } from '../../tensor.ts';
import type { Tensor } from '../../tensor.ts';
import { MechanistError } from '../../errors.ts';
import type { DecodedModel } from '../codec/decode.ts';
import { OPSET } from '../ir.ts';
import type { Graph, ValueType } from '../ir.ts';
import { liftConstants } from './constants.ts';
import { decomposeContrib } from './decompose.ts';
import { inlineIf } from './inlineIf.ts';
import { fixSwitches } from './inputs.ts';
import { uniqueAcrossBodies } from './names.ts';
import { normalizeOpset } from './opset.ts';

export interface ImportedGraph {
  /** Standard operators of our operator set only. */
  readonly graph: Graph;
  /** Values of parameters that the file kept as constants. */
  readonly promoted: ReadonlyMap<string, Tensor>;
}

/** Floating-point constants above this many elements are weights that an exporter wrote as constants. */
const largestConstant = 4096;

/** Errors: `unsupported` and `parse` naming the node. */
export function importGraph({ graph, opsets }: Pick<DecodedModel, 'graph' | 'opsets'>): ImportedGraph {
  const inlined = inlineIf(liftConstants(fixSwitches(graph)));
  const version = opsets.get('');
  if (version === undefined && inlined.nodes.some((node) => node.domain === '')) {
    throw new MechanistError('parse', 'The file does not say which operator set it uses.', { field: 'opset_import' });
  }
  const { graph: light, promoted } = promoteWeights(inlined);
  const standard = decomposeContrib(normalizeOpset(light, version ?? OPSET));
  return { graph: uniqueAcrossBodies(standard), promoted };
}

function promoteWeights(graph: Graph): ImportedGraph {
  const promoted = new Map<string, Tensor>();
  for (const [name, value] of graph.constants) {
    if ((value.dtype === 'float32' || value.dtype === 'float16') && elementCount(value.dims) > largestConstant) promoted.set(name, value);
  }
  if (promoted.size === 0) return { graph, promoted };
  const parameters = new Map<string, ValueType>(graph.parameters);
  for (const [name, { dtype, dims }] of promoted) parameters.set(name, { dtype, shape: dims });
  return { graph: { ...graph, parameters, constants: new Map([...graph.constants].filter(([name]) => !promoted.has(name))) }, promoted };
}
