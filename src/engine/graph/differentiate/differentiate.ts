/**
 * Reverse-mode differentiation: appends to a graph the nodes that compute gradients (vector-Jacobian products).
 *
 * The result is an ordinary graph of standard operators over symbolic shapes, so it can be pruned, spliced and
 * differentiated again. Backward nodes are emitted only where a wanted tensor influences a seeded one.
 */
import { MechanistError } from '../../errors.ts';
import type { DType } from '../../tensor.ts';
import { GraphBuilder } from '../builder.ts';
import { producers, readsOf, tensorNames, typeOf } from '../ir.ts';
import type { Graph, Node } from '../ir.ts';
import { renameTensors } from '../rename.ts';
import { expandTo, filled, isCompact } from './emit.ts';
import { zeroRule } from './rule.ts';
import type { BackwardContext, BackwardRule } from './rule.ts';
import { ruleFor } from './rules/registry.ts';

export interface DifferentiateOptions {
  /**
   * Where differentiation starts: tensor → its cotangent, a tensor of the same shape in the graph, or `'ones'` for the
   * gradient of the sum of its elements. Several seeds add up.
   */
  readonly seeds: ReadonlyMap<string, string | 'ones'>;
  /** Tensors whose gradients are wanted: hooks, inputs, parameters. */
  readonly wrt: readonly string[];
  /** No gradient flows from these tensors further back; their own gradient is still available. */
  readonly stop?: ReadonlySet<string>;
  /** Replaces the backward rule of single nodes: by node name, or by a function of the node. */
  readonly overrides?: ReadonlyMap<string, BackwardRule> | ((node: Node) => BackwardRule | undefined);
}

export interface Differentiated {
  /** The given graph with backward nodes; its outputs are those of the given graph. */
  readonly graph: Graph;
  /** Wanted tensor → its gradient, of the same shape and type; zeros where no seed depends on it. Names are distinct. */
  readonly gradients: ReadonlyMap<string, string>;
}

/**
 * Errors: `argument` for a tensor the graph does not have, or one of integers; `unsupported` naming the node when an
 * operator on the way has no backward rule.
 */
export function differentiate(graph: Graph, options: DifferentiateOptions): Differentiated {
  for (const name of [...options.seeds.keys(), ...options.wrt]) checkDifferentiable(graph, name);
  const { overrides } = options;
  const override = typeof overrides === 'function' ? overrides : (node: Node) => overrides?.get(node.name);
  const rules = new Map(graph.nodes.map((node) => [node, override(node) ?? ruleFor(node)]));
  const stop = options.stop ?? new Set();
  const useful = tensorsLeadingTo(graph, new Set(options.wrt), stop, rules);
  const sweep = new BackwardSweep(graph, useful);
  for (const [name, cotangent] of options.seeds) sweep.seed(name, cotangent);
  for (const node of [...graph.nodes].reverse()) sweep.visit(node, stop, rules.get(node));
  return sweep.finish(options.wrt);
}

/**
 * Declares a graph input of the type of `tensor`, to be fed as its cotangent (pass its name as the seed).
 * Errors: `argument` when the type of the tensor is not known.
 */
export function addCotangentInput(graph: Graph, tensor: string, name = `cotangent/${tensor}`): { graph: Graph; cotangent: string } {
  const b = new GraphBuilder(graph);
  const cotangent = b.input(name, b.dtypeOf(tensor), b.shapeOf(tensor));
  return { graph: b.build(), cotangent };
}

const floating: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'float16', 'bfloat16']);

function checkDifferentiable(graph: Graph, name: string): void {
  const type = typeOf(graph, name);
  if (type === undefined && !producers(graph).has(name)) throw new MechanistError('argument', 'The graph has no tensor of this name.', { field: `tensor ${name}` });
  if (type !== undefined && !floating.has(type.dtype)) throw new MechanistError('argument', `A tensor of ${type.dtype} has no gradient.`, { field: `tensor ${name}` });
}

/** The wanted tensors and everything that depends on them differentiably, without passing a stopped tensor. */
function tensorsLeadingTo(graph: Graph, wrt: ReadonlySet<string>, stop: ReadonlySet<string>, rules: ReadonlyMap<Node, BackwardRule | undefined>): Set<string> {
  const useful = new Set(wrt);
  const reaches = (name: string): boolean => useful.has(name);
  for (const node of graph.nodes) {
    if (rules.get(node) === zeroRule || !readsOf(node).some(reaches)) continue;
    for (const output of node.outputs) {
      const dtype = graph.types.get(output)?.dtype;
      if (output !== '' && !stop.has(output) && (dtype === undefined || floating.has(dtype))) useful.add(output);
    }
  }
  return useful;
}

/** Carries gradients from the seeds back, one node at a time. */
class BackwardSweep {
  private readonly b: GraphBuilder;
  /** Tensors of the given graph. */
  private readonly given: ReadonlySet<string>;
  private readonly useful: ReadonlySet<string>;
  private readonly contributions = new Map<string, string[]>();
  private readonly totals = new Map<string, string>();
  private readonly expanded = new Map<string, string>();

  constructor(graph: Graph, useful: ReadonlySet<string>) {
    this.b = new GraphBuilder(graph);
    this.given = new Set(tensorNames(graph));
    this.useful = useful;
  }

  seed(name: string, cotangent: string | 'ones'): void {
    if (!this.useful.has(name)) return;
    if (cotangent !== 'ones' && !this.b.has(cotangent)) throw new MechanistError('argument', 'The graph has no tensor of this name.', { field: `tensor ${cotangent}` });
    this.contribute(name, cotangent === 'ones' ? this.onesFor(name) : cotangent);
  }

  visit(node: Node, stop: ReadonlySet<string>, rule: BackwardRule | undefined): void {
    const arriving = (i: number): boolean => this.contributions.has(node.outputs[i] ?? '') && !stop.has(node.outputs[i]!);
    if (!node.outputs.some((_, i) => arriving(i)) || !readsOf(node).some((name) => this.useful.has(name))) return;
    const field = `node ${node.name} (${node.domain === '' ? '' : `${node.domain}.`}${node.op})`;
    if (rule === undefined) throw new MechanistError('unsupported', `No backward rule for ${node.op}.`, { field });
    const context: BackwardContext = {
      node,
      b: this.b,
      inputs: node.inputs,
      outputs: node.outputs,
      gradient: (i) => (arriving(i) ? this.expand(node.outputs[i]!) : undefined),
      compactGradient: (i) => (arriving(i) ? this.total(node.outputs[i]!) : undefined),
      wants: (i) => this.useful.has(node.inputs[i] ?? ''),
    };
    try {
      rule(context).forEach((gradient, i) => {
        if (gradient !== undefined && context.wants(i)) this.contribute(node.inputs[i]!, gradient);
      });
    } catch (error) {
      if (!MechanistError.is(error) || error.field?.startsWith('node ') === true) throw error;
      throw new MechanistError(error.reason, error.statement, { field: error.field === undefined ? field : `${field} › ${error.field}`, hint: error.hint, cause: error });
    }
  }

  /** Names the gradients after their tensors; a tensor that is the gradient of several gets a copy for each. */
  finish(wrt: readonly string[]): Differentiated {
    const gradients = new Map<string, string>();
    const renamed = new Map<string, string>();
    for (const name of new Set(wrt)) {
      const value = this.contributions.has(name) ? this.expand(name) : filled(this.b, 0, name);
      const wished = `grad/${name}`;
      const free = this.b.has(wished) ? this.b.fresh(wished) : wished;
      gradients.set(name, free);
      if (renamed.has(value) || !this.isAppended(value)) this.b.identity(value, free);
      else renamed.set(value, free);
    }
    return { graph: renameTensors(this.b.build(), renamed), gradients };
  }

  private isAppended(name: string): boolean {
    return !this.given.has(name) && this.b.constantOf(name) === undefined;
  }

  private contribute(name: string, gradient: string): void {
    const list = this.contributions.get(name);
    if (list === undefined) this.contributions.set(name, [gradient]);
    else list.push(gradient);
  }

  /** The sum of all contributions; called once every consumer of the tensor has been visited. */
  private total(name: string): string {
    let total = this.totals.get(name);
    if (total === undefined) {
      const shape = this.b.typeOf(name)?.shape;
      const compactFirst = (g: string): number => (shape !== undefined && isCompact(this.b.typeOf(g)?.shape ?? shape, shape) ? 0 : 1);
      const parts = [...this.contributions.get(name)!].sort((p, q) => compactFirst(p) - compactFirst(q));
      total = parts.reduce((sum, part) => this.b.add(sum, part));
      this.adoptShape(total, name);
      this.totals.set(name, total);
    }
    return total;
  }

  /** A gradient in full size has the shape of its tensor, also where inference could not tell. */
  private adoptShape(gradient: string, name: string): void {
    const [own, type] = [this.b.typeOf(gradient), this.b.typeOf(name)];
    if (type?.shape === undefined || !this.isAppended(gradient)) return;
    if (own?.shape === undefined || !isCompact(own.shape, type.shape)) this.b.setType(gradient, type);
  }

  private expand(name: string): string {
    let full = this.expanded.get(name);
    if (full === undefined) this.expanded.set(name, (full = expandTo(this.b, this.total(name), name)));
    return full;
  }

  private onesFor(name: string): string {
    return this.b.typeOf(name)?.shape?.length === 0 ? this.b.scalar(1, this.b.dtypeOf(name)) : filled(this.b, 1, name);
  }
}
