/** A graph under reading and rewriting by module scope: who produces and reads a tensor, what enters and leaves a module. */
import { GraphBuilder } from '../../graph/builder.ts';
import { readsOf, tensorNames, typeOf } from '../../graph/ir.ts';
import type { Graph, Node, Shape } from '../../graph/ir.ts';
import { topologicalOrder } from '../../graph/order.ts';
import { renameNodeReads, renameTensors } from '../../graph/rename.ts';

/** A hook that only some readers see. */
interface Copy {
  readonly name: string;
  readonly hook: string;
  readonly readers: readonly Node[];
}

export class ScopedGraph {
  private readonly base: Graph;
  private readonly producer = new Map<string, Node>();
  private readonly readers = new Map<string, Node[]>();
  private readonly position = new Map<Node, number>();
  private readonly byScope = new Map<string, Node[]>();
  private readonly dynamic: ReadonlySet<string>;
  private readonly renames = new Map<string, string>();
  private readonly insertions: { readonly name: string; readonly make: (b: GraphBuilder, from: string) => string }[] = [];
  private readonly copies: Copy[] = [];
  private readonly current = new Map<string, string>();
  private readonly taken: Set<string>;

  constructor(graph: Graph) {
    this.base = graph;
    this.taken = new Set(tensorNames(graph));
    const dynamic = new Set(graph.inputs.keys());
    graph.nodes.forEach((node, i) => {
      this.position.set(node, i);
      const scope = scopeOf(node);
      this.byScope.set(scope, [...(this.byScope.get(scope) ?? []), node]);
      const reads = readsOf(node);
      // Sizes are no data: a tensor that depends on the input only through Shape does not carry the stream.
      const isDynamic = node.op !== 'Shape' && reads.some((name) => dynamic.has(name));
      for (const name of reads) this.readers.set(name, [...(this.readers.get(name) ?? []), node]);
      for (const name of node.outputs) {
        if (name === '') continue;
        this.producer.set(name, node);
        if (isDynamic) dynamic.add(name);
      }
    });
    this.dynamic = dynamic;
  }

  get graph(): Graph {
    return this.base;
  }

  scopes(): Set<string> {
    const all = new Set<string>();
    for (const scope of this.byScope.keys()) {
      for (let end = scope.length; end > 0; end = scope.lastIndexOf('/', end - 1)) all.add(scope.slice(0, end));
    }
    return all;
  }

  producerOf(name: string): Node | undefined {
    return this.producer.get(name);
  }

  /** Nodes that read the tensor's data, not just its size. */
  readersOf(name: string): readonly Node[] {
    return (this.readers.get(name) ?? []).filter((node) => node.op !== 'Shape');
  }

  shapeOf(name: string): Shape | undefined {
    return typeOf(this.base, name)?.shape;
  }

  /** True for tensors computed from the data of the inputs, false for those made of weights and sizes alone. */
  isDynamic(name: string): boolean {
    return this.dynamic.has(name);
  }

  /** Nodes in `scope` or below it, in order. */
  within(scope: string): Node[] {
    const nodes: Node[] = [];
    for (const [other, list] of this.byScope) if (other === scope || other.startsWith(`${scope}/`)) nodes.push(...list);
    return nodes.sort((a, b) => this.position.get(a)! - this.position.get(b)!);
  }

  /** Floating tensors computed in `scope` whose data is read outside it or is a graph output, in order. */
  leaving(scope: string): string[] {
    const inside = new Set(this.within(scope));
    const names: string[] = [];
    for (const node of inside) {
      for (const name of node.outputs) {
        if (name !== '' && this.carriesData(name) && (this.base.outputs.includes(name) || this.readersOf(name).some((reader) => !inside.has(reader)))) names.push(name);
      }
    }
    return names;
  }

  /** Floating tensors from outside whose data is read in `scope`, in order of reading. */
  entering(scope: string): string[] {
    const inside = new Set(this.within(scope));
    const names = new Set<string>();
    for (const node of inside) {
      if (node.op === 'Shape') continue;
      for (const name of readsOf(node)) {
        const producer = this.producer.get(name);
        if ((producer === undefined || !inside.has(producer)) && this.carriesData(name)) names.add(name);
      }
    }
    return [...names];
  }

  private carriesData(name: string): boolean {
    return this.isDynamic(name) && typeOf(this.base, name)?.dtype === 'float32' && this.shapeOf(name) !== undefined;
  }

  /** Calls `name` by a hook name. A second name for the same tensor becomes a copy downstream of the first. */
  name(name: string, hook: string): void {
    if (!this.claim(hook)) return;
    if (!this.producer.has(name) || this.renames.has(name)) this.insert(name, (b, from) => b.identity(from, hook));
    else this.renames.set(name, hook);
  }

  /** Gives the readers in `scopes` their own named copy of a tensor. Does nothing when none of them reads it. */
  nameFor(name: string, hook: string, scopes: readonly string[]): void {
    const inside = new Set(scopes.flatMap((scope) => this.within(scope)));
    const readers = this.readersOf(name).filter((node) => inside.has(node));
    if (readers.length > 0 && this.claim(hook)) this.copies.push({ name, hook, readers });
  }

  /** Puts a hook [batch, pos, …parts] on the path of a tensor [batch, pos, d]. */
  nameSplit(name: string, hook: string, parts: readonly number[]): void {
    if (!this.claim(hook)) return;
    this.insert(name, (b, from) => b.reshape(b.reshape(from, [0, 0, ...parts], hook), [0, 0, parts.reduce((a, p) => a * p, 1)]));
  }

  /** Puts a hook on the path of a tensor [1, pos, d], repeated over the batch of `like`. */
  nameRepeated(name: string, hook: string, like: string): void {
    if (!this.claim(hook)) return;
    this.insert(name, (b, from) => {
      const seen = b.node('Expand', [from, b.shape(this.currentName(like))], { outputs: [hook] });
      b.setType(hook, { dtype: b.dtypeOf(from), shape: this.shapeOf(like) });
      return seen;
    });
  }

  /** Puts a hook with its axes in another order on the path. */
  nameTransposed(name: string, hook: string, perm: readonly number[]): void {
    if (!this.claim(hook)) return;
    this.insert(name, (b, from) => b.transpose(b.transpose(from, perm, hook), perm.map((_, i) => perm.indexOf(i))));
  }

  /** The rewritten graph. */
  finish(): Graph {
    const renamed = renameTensors(this.base, this.renames);
    const b = new GraphBuilder(renamed);
    this.current.clear();
    for (const { name, make } of this.insertions) this.current.set(name, make(b, this.currentName(name)));
    // A graph output that became a hook stays an output, downstream of the hook.
    for (const name of this.base.outputs) if (this.renames.has(name)) b.identity(this.currentName(name), name);
    const redirects = new Map(Array.from(this.current, ([name, to]): [string, string] => [this.renames.get(name) ?? name, to]));
    const own = this.copies.map(({ name, hook, readers }) => ({ readers, from: this.renames.get(name) ?? name, to: b.identity(this.currentName(name), hook) }));
    const redirected = new Map<Node, Node>();
    renamed.nodes.forEach((node, i) => {
      const mine = own.filter(({ readers }) => readers.includes(this.base.nodes[i]!));
      redirected.set(node, renameNodeReads(node, mine.length === 0 ? redirects : new Map([...redirects, ...mine.map(({ from, to }): [string, string] => [from, to])])));
    });
    const built = b.build(this.base.outputs);
    return { ...built, nodes: topologicalOrder(built.nodes.map((node) => redirected.get(node) ?? node)) };
  }

  /** Each name is given once, to the first that claims it, and never taken from a tensor of the file. */
  private claim(hook: string): boolean {
    if (this.taken.has(hook)) return false;
    this.taken.add(hook);
    return true;
  }

  /** The most downstream version of a tensor so far. */
  private currentName(name: string): string {
    return this.current.get(name) ?? this.renames.get(name) ?? name;
  }

  private insert(name: string, make: (b: GraphBuilder, from: string) => string): void {
    this.insertions.push({ name, make });
  }
}

/** The module path of a node. Decomposed nodes lie below the node they came from. */
function scopeOf(node: Node): string {
  const output = node.outputs[0] ?? '';
  const path = output.startsWith('/') ? output : node.name;
  return path.startsWith('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}
