/**
 * Builds graphs node by node with types inferred as it goes.
 *
 * The core is `node()`; everything else is a name for a common operator. A builder may start from an existing
 * graph to append to it: names stay unique, and the original is never changed.
 */
import { MechanistError } from '../errors.ts';
import { i64, scalar } from '../tensor.ts';
import type { DType, Tensor } from '../tensor.ts';
import { infer } from './infer/infer.ts';
import { int, ints } from './ir.ts';
import type { Attribute, Dim, Graph, Node, Shape, ValueType } from './ir.ts';
import { dtypeCodes } from './infer/elementwise.ts';
import { topologicalOrder } from './order.ts';

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Names of the outputs, or how many fresh ones to make. Default: one. */
  readonly outputs?: readonly string[] | number;
  readonly domain?: string;
}

export class GraphBuilder {
  private readonly inputs: Map<string, ValueType>;
  private readonly parameters: Map<string, ValueType>;
  private readonly constants: Map<string, Tensor>;
  private readonly nodes: Node[];
  private readonly types: Map<string, ValueType>;
  private readonly vectors = new Map<string, readonly Dim[]>();
  private readonly names: Set<string>;
  private readonly pooled = new Map<string, string>();
  private outputs: string[];
  private counter = 0;
  /** Above every `?N` in use: a symbol taken over from another graph must not be made again. */
  private nextDim = 0;

  /** Starts from `base`. Names in `reserved` will be appended later, so that fresh names must avoid them. */
  constructor(base?: Graph, reserved: Iterable<string> = []) {
    this.inputs = new Map(base?.inputs);
    this.parameters = new Map(base?.parameters);
    this.constants = new Map(base?.constants);
    this.nodes = [...(base?.nodes ?? [])];
    this.types = new Map(base?.types);
    this.outputs = [...(base?.outputs ?? [])];
    this.names = new Set([...this.inputs.keys(), ...this.parameters.keys(), ...this.constants.keys(), ...reserved]);
    for (const node of this.nodes) {
      this.names.add(node.name);
      for (const name of node.outputs) this.names.add(name);
    }
    for (const types of [this.inputs, this.parameters, this.types]) for (const { shape } of types.values()) this.reserveDims(shape);
  }

  /** Declares a tensor that the caller feeds on every run. */
  input(name: string, dtype: DType, shape: Shape): string {
    this.inputs.set(this.claim(name), { dtype, shape });
    this.reserveDims(shape);
    return name;
  }

  /** Declares a weight that the runtime feeds from the parameter store. Declaring it twice is allowed. */
  parameter(name: string, dtype: DType, shape: Shape): string {
    if (!this.parameters.has(name)) this.parameters.set(this.claim(name), { dtype, shape });
    return name;
  }

  /** Bakes a small tensor into the graph. */
  constant(value: Tensor, hint = 'const'): string {
    const name = this.claim(this.fresh(hint));
    this.constants.set(name, value);
    return name;
  }

  /** A scalar constant, shared between uses. */
  scalar(value: number, dtype: DType = 'float32'): string {
    return this.pool(`${dtype} ${Object.is(value, -0) ? '-0' : value}`, () => this.constant(scalar(dtype, value), `const_${dtype}`));
  }

  /** An int64 vector constant, shared between uses. */
  vector(values: readonly number[]): string {
    return this.pool(`[${values.join(',')}]`, () => this.constant(i64([values.length], values), 'const_axes'));
  }

  /** Appends a node and returns all its output names. Errors: `argument` for a taken name or inputs that do not fit. */
  nodeMany(op: string, nodeInputs: readonly string[], options: NodeOptions = {}): string[] {
    const wanted = options.outputs ?? 1;
    const outputs = typeof wanted === 'number' ? Array.from({ length: wanted }, () => this.fresh(op)) : [...wanted];
    for (const name of outputs) if (name !== '') this.claim(name);
    const node: Node = {
      name: this.claim(this.fresh(`node_${outputs[0]}`)),
      op,
      domain: options.domain ?? '',
      inputs: [...nodeInputs],
      outputs,
      attributes: new Map(Object.entries(options.attributes ?? {})),
    };
    this.append(node);
    return outputs;
  }

  /** Appends a node with one output and returns its name. */
  node(op: string, nodeInputs: readonly string[], options: NodeOptions = {}): string {
    return this.nodeMany(op, nodeInputs, options)[0]!;
  }

  /** Appends a ready-made node; its output names must be free. */
  append(node: Node): void {
    const { types, vector } = infer(node, {
      typeOf: (name) => this.typeOf(name),
      constantOf: (name) => this.constants.get(name),
      vectorOf: (name) => this.vectors.get(name),
      fresh: () => this.freshDim(),
    });
    node.outputs.forEach((name, i) => {
      this.names.add(name);
      const type = types[i];
      if (name !== '' && type !== undefined) this.types.set(name, type);
    });
    if (vector !== undefined) this.vectors.set(node.outputs[0]!, vector);
    this.nodes.push(node);
  }

  /** Overrides what inference found out, for instance by tracing. */
  setType(name: string, type: ValueType): void {
    this.types.set(name, type);
    this.reserveDims(type.shape);
  }

  typeOf(name: string): ValueType | undefined {
    const constant = this.constants.get(name);
    if (constant !== undefined) return { dtype: constant.dtype, shape: constant.dims };
    return this.inputs.get(name) ?? this.parameters.get(name) ?? this.types.get(name);
  }

  /** Shape with known rank. Errors: `argument` when unknown. */
  shapeOf(name: string): Shape {
    const shape = this.typeOf(name)?.shape;
    if (shape === undefined) throw new MechanistError('argument', 'The rank of this tensor is not known.', { field: `tensor ${name}` });
    return shape;
  }

  /** Errors: `argument` when unknown. */
  dtypeOf(name: string): DType {
    const type = this.typeOf(name);
    if (type === undefined) throw new MechanistError('argument', 'The type of this tensor is not known.', { field: `tensor ${name}` });
    return type.dtype;
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** The constant bound to a name, if it is one. */
  constantOf(name: string): Tensor | undefined {
    return this.constants.get(name);
  }

  /** A name nothing uses yet. */
  fresh(hint: string): string {
    let name: string;
    do name = `${hint}~${this.counter++}`; while (this.names.has(name));
    return name;
  }

  /** A dimension symbol equal only to itself. */
  freshDim(): string {
    return `?${this.nextDim++}`;
  }

  output(...names: string[]): void {
    for (const name of names) if (!this.outputs.includes(name)) this.outputs.push(name);
  }

  /** The finished graph, nodes in dependency order. */
  build(outputs: readonly string[] = this.outputs): Graph {
    return {
      inputs: new Map(this.inputs),
      parameters: new Map(this.parameters),
      constants: new Map(this.constants),
      nodes: topologicalOrder(this.nodes),
      outputs: [...outputs],
      types: new Map(this.types),
    };
  }

  private reserveDims(shape: Shape | undefined): void {
    for (const dim of shape ?? []) {
      if (typeof dim !== 'string' || !dim.includes('?')) continue;
      for (const [, number] of dim.matchAll(/\?(\d+)/g)) this.nextDim = Math.max(this.nextDim, Number(number) + 1);
    }
  }

  private claim(name: string): string {
    if (this.names.has(name)) throw new MechanistError('argument', 'A tensor or node of this name exists already.', { field: `tensor ${name}` });
    this.names.add(name);
    return name;
  }

  private pool(key: string, make: () => string): string {
    let name = this.pooled.get(key);
    if (name === undefined) this.pooled.set(key, (name = make()));
    return name;
  }

  // ── Names for common operators. `name` is the name of the result. ──────────────────────────────────────

  add(a: string, b: string, name?: string): string { return this.named('Add', [a, b], name); }
  sub(a: string, b: string, name?: string): string { return this.named('Sub', [a, b], name); }
  mul(a: string, b: string, name?: string): string { return this.named('Mul', [a, b], name); }
  div(a: string, b: string, name?: string): string { return this.named('Div', [a, b], name); }
  matmul(a: string, b: string, name?: string): string { return this.named('MatMul', [a, b], name); }
  unary(op: string, x: string, name?: string): string { return this.named(op, [x], name); }
  identity(x: string, name?: string): string { return this.named('Identity', [x], name); }
  where(condition: string, a: string, b: string, name?: string): string { return this.named('Where', [condition, a, b], name); }
  shape(x: string): string { return this.node('Shape', [x]); }

  softmax(x: string, axis = -1, name?: string): string { return this.named('Softmax', [x], name, { axis: int(axis) }); }
  transpose(x: string, perm: readonly number[], name?: string): string { return this.named('Transpose', [x], name, { perm: ints(perm) }); }
  concat(parts: readonly string[], axis: number, name?: string): string { return this.named('Concat', parts, name, { axis: int(axis) }); }
  gather(x: string, indices: string, axis = 0, name?: string): string { return this.named('Gather', [x, indices], name, { axis: int(axis) }); }

  /** Reshape to a constant target, where 0 copies a dimension and −1 is inferred. */
  reshape(x: string, target: readonly number[], name?: string): string { return this.named('Reshape', [x, this.vector(target)], name); }
  unsqueeze(x: string, axes: readonly number[], name?: string): string { return this.named('Unsqueeze', [x, this.vector(axes)], name); }
  squeeze(x: string, axes: readonly number[], name?: string): string { return this.named('Squeeze', [x, this.vector(axes)], name); }

  /** One-axis slice with constant bounds; `end` undefined means to the end. */
  slice(x: string, axis: number, start: number, end?: number, name?: string): string {
    return this.named('Slice', [x, this.vector([start]), this.vector([end ?? Number.MAX_SAFE_INTEGER]), this.vector([axis])], name);
  }

  reduceSum(x: string, axes: readonly number[], keepdims: boolean, name?: string): string {
    return this.named('ReduceSum', [x, this.vector(axes)], name, { keepdims: int(keepdims ? 1 : 0) });
  }

  reduceMean(x: string, axes: readonly number[], keepdims: boolean, name?: string): string {
    return this.named('ReduceMean', [x, this.vector(axes)], name, { keepdims: int(keepdims ? 1 : 0) });
  }

  cast(x: string, dtype: DType, name?: string): string {
    if (this.typeOf(x)?.dtype === dtype && name === undefined) return x;
    for (const [code, known] of dtypeCodes) if (known === dtype) return this.named('Cast', [x], name, { to: int(code) });
    throw new MechanistError('unsupported', `Cannot cast to ${dtype}.`);
  }

  private named(op: string, nodeInputs: readonly string[], name: string | undefined, attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.node(op, nodeInputs, name === undefined ? { attributes } : { attributes, outputs: [name] });
  }
}

