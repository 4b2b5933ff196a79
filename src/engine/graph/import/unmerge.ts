/**
 * Keeps batch apart. Exporters merge the batch with positions (for a Gemm) or with heads (for batched products) and
 * split them again later. In between, nothing tells which rows belong together: a tensor [batch·pos, d] cannot be read
 * as a hook point, and a slice of the graph cannot run with another batch size. Here such stretches are computed on
 * [batch, pos, d] and [batch, heads, q, k]. Needs full types (trace.ts).
 */
import { numbersOf } from '../../tensor.ts';
import { GraphBuilder } from '../builder.ts';
import { typeOf } from '../ir.ts';
import type { Dim, Graph, Node, Shape } from '../ir.ts';
import { prune } from '../prune.ts';
import { productDim } from '../shape.ts';
import { renameNodeReads } from '../rename.ts';
import { lift } from './lift.ts';

/** The same computation without merged batches, as far as the operators in between allow. Names stay; shapes gain an axis. */
export function unmergeBatch(graph: Graph): Graph {
  const pass = new Unmerging(graph);
  for (const node of graph.nodes) pass.visit(node);
  return prune(pass.b.build(graph.outputs), graph.outputs);
}

/** A tensor of the file [a·b, …] that is now [a, b, …] under the name `to`. */
interface SplitTensor {
  readonly to: string;
  readonly axes: readonly [Dim, Dim];
}

class Unmerging {
  readonly b: GraphBuilder;
  private readonly graph: Graph;
  private readonly split = new Map<string, SplitTensor>();
  private readonly mergedAgain = new Map<string, string>();
  /** Tensors that a Reshape gave back unmerged, and which therefore were there already. */
  private readonly aliases = new Map<string, string>();

  constructor(graph: Graph) {
    this.graph = graph;
    this.b = new GraphBuilder({ ...graph, nodes: [] }, graph.nodes.flatMap((node) => [node.name, ...node.outputs]));
  }

  visit(node: Node): void {
    const isOutput = node.outputs.some((name) => this.graph.outputs.includes(name));
    if (!isOutput && node.domain === '' && (this.enter(node) || this.leave(node) || this.lifted(node))) return;
    const merged = new Map([...new Set(node.inputs)].filter((name) => this.split.has(name)).map((name): [string, string] => [name, this.merged(name)]));
    this.b.append(renameNodeReads(node, new Map([...this.aliases, ...merged])));
    for (const name of node.outputs) this.keepType(name, this.shape(name));
  }

  /** A Reshape that merges the batch with the axis after it, and perhaps further axes with each other. */
  private enter(node: Node): boolean {
    const [input, output] = [node.inputs[0]!, node.outputs[0]!];
    if (node.op !== 'Reshape' || this.split.has(input)) return false;
    const [from, to] = [this.shape(input), this.shape(output)];
    if (from === undefined || to === undefined || from.length < 3 || to.length < 2) return false;
    const [a, b, ...rest] = from;
    if (typeof a !== 'string' || typeof to[0] !== 'string' || to[0] === a) return false;
    const kept = to.slice(1);
    if (rest.join() === kept.join()) this.split.set(output, { to: this.plain(input), axes: [a, b!] });
    else if (to[0] === productDim([a, b!]) && isFixed(kept)) this.split.set(output, { to: this.reshaped(this.plain(input), output, [a, b!], kept), axes: [a, b!] });
    else return false;
    return true;
  }

  private reshaped(input: string, output: string, axes: readonly [Dim, Dim], rest: readonly number[]): string {
    const name = this.b.reshape(input, [0, 0, ...rest], this.b.fresh(`${output}~apart`));
    this.keepType(name, [...axes, ...rest], typeOf(this.graph, output)?.dtype);
    return name;
  }

  /** A Reshape of a split tensor: its elements are in the same order, so it starts from the split form. */
  private leave(node: Node): boolean {
    const tensor = node.op === 'Reshape' ? this.split.get(node.inputs[0]!) : undefined;
    const target = this.graph.constants.get(node.inputs[1] ?? '');
    // A zero copies an axis by number, and the numbers have changed.
    if (tensor === undefined || (target !== undefined && Array.from(numbersOf(target)).includes(0))) return false;
    const shape = this.shape(node.outputs[0]!);
    if (shape !== undefined && this.splitShape(node.inputs[0]!, tensor.axes).join() === shape.join()) {
      this.aliases.set(node.outputs[0]!, tensor.to);
      return true;
    }
    this.b.append({ ...node, inputs: [tensor.to, this.plain(node.inputs[1]!)] });
    this.keepType(node.outputs[0]!, shape);
    return true;
  }

  /** A node that does to [a, b, …] what it did to [a·b, …]. */
  private lifted(node: Node): boolean {
    const axes = node.inputs.map((name) => this.split.get(name)?.axes).find((found) => found !== undefined);
    const output = node.outputs[0];
    if (axes === undefined || output === undefined || node.outputs.length !== 1) return false;
    const done = lift(node, {
      b: this.b,
      shape: (name) => this.shape(name),
      split: (name) => {
        const tensor = this.split.get(name);
        return tensor?.axes.join() === axes.join() ? tensor.to : undefined;
      },
      isSplit: (name) => this.split.has(name),
      plain: (name) => this.plain(name),
    });
    if (!done) return false;
    this.split.set(output, { to: output, axes });
    this.keepType(output, this.splitShape(output, axes));
    return true;
  }

  /** The present name of a tensor that was not merged. */
  private plain(name: string): string {
    return this.aliases.get(name) ?? name;
  }

  /** The merged form of a split tensor, for a reader that needs it. */
  private merged(name: string): string {
    let merged = this.mergedAgain.get(name);
    if (merged === undefined) {
      const { b } = this;
      const { to } = this.split.get(name)!;
      const shape = this.shape(name)!;
      const rest = shape.slice(1).map((dim, i) => (typeof dim === 'number' ? b.vector([dim]) : b.slice(b.shape(to), 0, i + 2, i + 3)));
      merged = b.node('Reshape', [to, b.concat([b.vector([-1]), ...rest], 0)], { outputs: [b.fresh(`${name}~merged`)] });
      this.keepType(merged, shape, this.b.typeOf(to)?.dtype);
      this.mergedAgain.set(name, merged);
    }
    return merged;
  }

  private splitShape(name: string, axes: readonly [Dim, Dim]): Dim[] {
    return [...axes, ...this.shape(name)!.slice(1)];
  }

  /** The type of a tensor as the file has it. */
  private shape(name: string): Shape | undefined {
    return typeOf(this.graph, name)?.shape;
  }

  private keepType(name: string, shape: Shape | undefined, dtype = typeOf(this.graph, name)?.dtype): void {
    if (name !== '' && dtype !== undefined) this.b.setType(name, { dtype, shape });
  }
}

function isFixed(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number');
}
