/** The common shape of import passes: walk the nodes in order and replace some of them by others. */
import { GraphBuilder } from '../builder.ts';
import { MechanistError } from '../../errors.ts';
import type { Attribute, Graph, Node } from '../ir.ts';

/**
 * Emits the replacement of one node. The last operator to be emitted for output `i` is named by `finish`.
 * Returns false to leave the node as it is.
 */
export type RewriteRule = (e: Emitter) => boolean;

/** Applies `ruleFor(node)` to every node, also inside bodies. Errors of rules name the node. */
export function rewrite(graph: Graph, ruleFor: (node: Node) => RewriteRule | undefined): Graph {
  const b = new GraphBuilder({ ...graph, nodes: [], types: new Map() }, graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  for (const original of graph.nodes) {
    const node = withRewrittenBodies(original, ruleFor);
    const rule = ruleFor(node);
    try {
      if (rule?.(new Emitter(b, node)) !== true) b.append(node);
    } catch (error) {
      if (!MechanistError.is(error) || error.field?.startsWith('node ') === true) throw error;
      throw new MechanistError(error.reason, error.statement, { field: nodeField(node), hint: error.hint, cause: error });
    }
  }
  return b.build(graph.outputs);
}

export function nodeField(node: Node): string {
  return `node ${node.name} (${node.domain === '' ? '' : `${node.domain}.`}${node.op})`;
}

/** Emits nodes in place of one, under names that tell which node they came from. */
export class Emitter {
  readonly b: GraphBuilder;
  readonly node: Node;

  constructor(b: GraphBuilder, node: Node) {
    this.b = b;
    this.node = node;
  }

  /** Name of input `i`, or undefined when it is omitted. */
  input(i: number): string | undefined {
    const name = this.node.inputs[i];
    return name === undefined || name === '' ? undefined : name;
  }

  /** Errors: `parse` when the input is omitted. */
  required(i: number): string {
    const name = this.input(i);
    if (name === undefined) throw new MechanistError('parse', `Input ${i} is missing.`);
    return name;
  }

  wants(i: number): boolean {
    return (this.node.outputs[i] ?? '') !== '';
  }

  rank(name: string): number | undefined {
    return this.b.typeOf(name)?.shape?.length;
  }

  op(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.b.node(op, inputs, { attributes, outputs: [this.fresh(op)] });
  }

  ops(op: string, inputs: readonly string[], count: number, attributes: Readonly<Record<string, Attribute>> = {}): string[] {
    return this.b.nodeMany(op, inputs, { attributes, outputs: Array.from({ length: count }, () => this.fresh(op)) });
  }

  /** Emits the operator that gives output `i` of the replaced node. Does nothing when nobody wants that output. */
  finish(i: number, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): void {
    const name = this.node.outputs[i] ?? '';
    if (name !== '') this.b.append({ name: this.fresh(op), op, domain: '', inputs, outputs: [name], attributes: new Map(Object.entries(attributes)) });
  }

  /** The node under another operator, inputs or attributes; outputs stay. */
  replace(changes: { op?: string; inputs?: readonly string[]; attributes?: ReadonlyMap<string, Attribute> }): true {
    this.b.append({ ...this.node, domain: '', ...changes });
    return true;
  }

  private fresh(op: string): string {
    return this.b.fresh(`${this.node.name}/${op}`);
  }
}

function withRewrittenBodies(node: Node, ruleFor: (node: Node) => RewriteRule | undefined): Node {
  if (![...node.attributes.values()].some((a) => a.type === 'graph')) return node;
  const attributes = new Map(Array.from(node.attributes, ([key, a]): [string, Attribute] => [key, a.type === 'graph' ? { type: 'graph', value: rewrite(a.value, ruleFor) } : a]));
  return { ...node, attributes };
}
