/** The passes of the import one by one. */
import { describe, expect, it } from 'vitest';
import { liftConstants } from '../../../../../src/engine/graph/import/constants.ts';
import { foldShapes } from '../../../../../src/engine/graph/import/fold.ts';
import { importGraph } from '../../../../../src/engine/graph/import/importGraph.ts';
import { inlineIf } from '../../../../../src/engine/graph/import/inlineIf.ts';
import { fixSwitches, isPresent, withEmptyPast } from '../../../../../src/engine/graph/import/inputs.ts';
import { localizeShapes } from '../../../../../src/engine/graph/import/localize.ts';
import { uniqueAcrossBodies } from '../../../../../src/engine/graph/import/names.ts';
import { traceTypes } from '../../../../../src/engine/graph/import/trace.ts';
import { unmergeBatch } from '../../../../../src/engine/graph/import/unmerge.ts';
import { int, ints, tensorNames, typeOf } from '../../../../../src/engine/graph/ir.ts';
import type { Attribute, Graph, Node, Shape } from '../../../../../src/engine/graph/ir.ts';
import { renameTensors } from '../../../../../src/engine/graph/rename.ts';
import { Program } from '../../../../../src/engine/runtime/program.ts';
import { elementCount, f32, i64, tensor } from '../../../../../src/engine/tensor.ts';
import type { Tensor } from '../../../../../src/engine/tensor.ts';
import { failureOf } from '../../../../support/failure.ts';
import { graphOf, node } from './againstRuntime.ts';
import type { Case } from './againstRuntime.ts';

const numbered = (nodes: readonly Node[]): Node[] => nodes.map((n, i) => ({ ...n, name: `/layer/${n.op}_${i}` }));
const make = (test: Case): Graph => graphOf({ ...test, nodes: numbered(test.nodes) });
const bool = (value: number): Tensor => tensor('bool', [], Uint8Array.of(value));
const filled = (dims: readonly number[]): Tensor => f32(dims, Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(i + 1)));

async function run(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Promise<ReadonlyMap<string, Tensor>> {
  const program = await Program.compile(graph, { threads: 1, optimization: 'disabled' });
  const results = await program.run(new Map(Object.entries(feeds)));
  await program.release();
  return results;
}

const body = (nodes: readonly Node[], outputs: readonly string[], constants: Readonly<Record<string, Tensor>> = {}): Attribute => ({ type: 'graph', value: make({ nodes, feeds: {}, outputs, constants }) });

describe('If', () => {
  const x = filled([2]);
  const branches = { then_branch: body([node('Mul', ['x', 'k'], ['t'])], ['t'], { k: f32([], [2]) }), else_branch: body([node('Add', ['x', 'k'], ['t'])], ['t'], { k: f32([], [5]) }) };

  it.each([[1, 2], [0, 5]])('with the constant condition %i becomes that branch', async (condition, k) => {
    const graph = inlineIf(make({ nodes: [node('If', ['c'], ['y'], branches)], feeds: { x }, constants: { c: bool(condition) }, outputs: ['y'] }));
    expect(graph.nodes.map(({ op }) => op)).toEqual([condition === 1 ? 'Mul' : 'Add']);
    const y = (await run(graph, { x })).get('y')!;
    expect(Array.from(y.data as Float32Array)).toEqual(Array.from(x.data as Float32Array, (v) => Math.fround(condition === 1 ? v * k : v + k)));
  });

  it('is followed through casts and negations, and into nested branches', async () => {
    const nested = { then_branch: body([node('If', ['d'], ['inner'], branches)], ['inner']), else_branch: body([node('Neg', ['x'], ['n'])], ['n']) };
    const nodes = [node('Cast', ['c'], ['c1'], { to: int(9) }), node('Not', ['c1'], ['c2']), node('Not', ['c2'], ['d']), node('If', ['d'], ['y'], nested)];
    const graph = inlineIf(make({ nodes, feeds: { x }, constants: { c: i64([], [1]) }, outputs: ['y'] }));
    expect(graph.nodes.some(({ op }) => op === 'If')).toBe(false);
    expect((await run(graph, { x })).get('y')!.data[0]).toBeCloseTo(2 * Number(x.data[0]), 6);
  });

  it('keeps equal names in two branches apart', async () => {
    const nodes = [node('If', ['c'], ['a'], branches), node('If', ['c'], ['b'], branches), node('Sub', ['a', 'b'], ['y'])];
    const graph = inlineIf(make({ nodes, feeds: { x }, constants: { c: bool(1) }, outputs: ['y'] }));
    const names = [...tensorNames(graph)];
    expect(new Set(names).size).toBe(names.length);
    expect(Array.from((await run(graph, { x })).get('y')!.data as Float32Array)).toEqual([0, 0]);
  });

  it('whose branch returns a tensor from outside, or one twice, gets copies', async () => {
    const passing = { then_branch: body([node('Mul', ['x', 'x'], ['s'])], ['x', 's', 's']), else_branch: body([], ['x', 'x', 'x']) };
    const graph = inlineIf(make({ nodes: [node('If', ['c'], ['p', 'q', 'r'], passing)], feeds: { x }, constants: { c: bool(1) }, outputs: ['p', 'q', 'r'] }));
    const results = await run(graph, { x });
    expect(results.get('p')!.data).toEqual(x.data);
    expect(results.get('q')!.data).toEqual(results.get('r')!.data);
  });

  it('with an unknown condition stays, and runs', async () => {
    const graph = importGraph({ graph: make({ nodes: [node('If', ['c'], ['y'], branches)], feeds: { x, c: bool(0) }, outputs: ['y'] }), opsets: new Map([['', 14]]) }).graph;
    expect(graph.nodes.map(({ op }) => op)).toEqual(['If']);
    expect((await run(graph, { x, c: bool(0) })).get('y')!.data[0]).toBeCloseTo(Number(x.data[0]) + 5, 6);
  });

  it('without the chosen branch is refused', () => {
    const graph = make({ nodes: [node('If', ['c'], ['y'], { then_branch: branches.then_branch })], feeds: { x }, constants: { c: bool(0) }, outputs: ['y'] });
    expect(failureOf(() => inlineIf(graph))).toMatchObject({ reason: 'parse', field: 'node /layer/If_0 (If)' });
  });

  it('on use_cache_branch takes the branch of a first call', () => {
    const graph = inlineIf(fixSwitches(make({ nodes: [node('If', ['use_cache_branch'], ['y'], branches)], feeds: { x, use_cache_branch: tensor('bool', [1], Uint8Array.of(1)) }, outputs: ['y'] })));
    expect([...graph.inputs.keys()]).toEqual(['x']);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Add']);
  });
});

describe('constants', () => {
  it('of all kinds are lifted out of nodes, also in bodies', () => {
    const nodes = [
      node('Constant', [], ['a'], { value: { type: 'tensor', value: f32([2], [1, 2]) } }), node('Constant', [], ['b'], { value_int: int(3) }),
      node('Constant', [], ['c'], { value_ints: ints([4, 5]) }), node('Constant', [], ['d'], { value_float: { type: 'float', value: 0.5 } }),
      node('If', ['a'], ['y'], { then_branch: body([node('Constant', [], ['k'], { value_int: int(1) })], ['k']), else_branch: body([], ['b']) }),
    ];
    const graph = liftConstants(make({ nodes, feeds: {}, outputs: ['y'] }));
    expect([...graph.constants]).toEqual([['a', f32([2], [1, 2])], ['b', i64([], [3])], ['c', i64([2], [4, 5])], ['d', f32([], [0.5])]]);
    const branch = graph.nodes[0]!.attributes.get('then_branch');
    expect(branch?.type === 'graph' && branch.value.constants.get('k')).toEqual(i64([], [1]));
  });
  it('without a value, or of strings, are refused', () => {
    const refused = (attributes: Readonly<Record<string, Attribute>>): unknown => failureOf(() => liftConstants(make({ nodes: [node('Constant', [], ['y'], attributes)], feeds: {}, outputs: ['y'] }))).reason;
    expect(refused({})).toBe('parse');
    expect(refused({ value_string: { type: 'string', value: 'x' } })).toBe('unsupported');
  });
  it('that are large and floating become parameters', () => {
    const weight = filled([70, 70]);
    const nodes = [node('Constant', [], ['w'], { value: { type: 'tensor', value: weight } }), node('MatMul', ['x', 'w'], ['y'])];
    const { graph, promoted } = importGraph({ graph: make({ nodes, feeds: { x: filled([1, 70]) }, outputs: ['y'] }), opsets: new Map([['', 14]]) });
    expect([...graph.parameters.keys()]).toEqual(['w']);
    expect(promoted.get('w')).toBe(weight);
  });
});

describe('folding', () => {
  it('computes shape vectors, drops copies and empty operands, and keeps the result', async () => {
    const x = filled([2, 3, 8]);
    const nodes = [
      node('Shape', ['x'], ['s']), node('Gather', ['s', 'two'], ['d'], { axis: int(0) }), node('Div', ['d', 'four'], ['q']), node('Unsqueeze', ['q', 'axis'], ['q1']),
      node('Concat', ['zeros', 'fours', 'q1'], ['t'], { axis: int(0) }), node('Reshape', ['x', 't'], ['r']), node('Identity', ['r'], ['i']), node('Cast', ['i'], ['c'], { to: int(1) }),
      node('Concat', ['empty', 'c'], ['y'], { axis: int(2) }),
    ];
    const graph = make({
      nodes, feeds: { x }, shapes: { x: ['batch', 'pos', 8] }, outputs: ['y'],
      constants: { two: i64([], [2]), four: i64([], [4]), axis: i64([1], [0]), zeros: i64([2], [0, 0]), fours: i64([1], [4]), empty: f32([2, 3, 0, 2], []) },
    });
    const folded = foldShapes(graph);
    expect(folded.nodes.map(({ op }) => op)).toEqual(['Reshape', 'Identity']);
    expect(typeOf(folded, 'r')).toEqual({ dtype: 'float32', shape: ['batch', 'pos', 4, 2] });
    expect((await run(folded, { x })).get('y')).toEqual((await run(graph, { x })).get('y'));
  });
});

describe('a past', () => {
  const x = filled([2, 3, 4]);
  const past = (shape: Shape): Graph => {
    const graph = make({ nodes: [node('Concat', ['past_key_values.0.key', 'x'], ['y'], { axis: int(1) })], feeds: { x }, shapes: { x: ['batch', 'pos', 4] }, outputs: ['y'] });
    return { ...graph, inputs: new Map([...graph.inputs, ['past_key_values.0.key', { dtype: 'float32', shape }]]) };
  };
  it('becomes empty, for any batch', async () => {
    const graph = foldShapes(withEmptyPast(past(['batch_size', 'past_sequence_length', 4]), 'x'));
    expect([...graph.inputs.keys()]).toEqual(['x']);
    expect((await run(graph, { x })).get('y')!.data).toEqual(x.data);
  });
  it('of unknown layout is refused by name', () => {
    expect(failureOf(() => withEmptyPast(past(['b', 'past_length', 'heads']), 'x'))).toMatchObject({ reason: 'unsupported', field: 'input past_key_values.0.key' });
  });
  it.each(['past_key_values.0.key', 'past_0', 'past', 'past_key_3'])('is told by its name, as in %s', (name) => {
    const graph = make({ nodes: [node('Relu', ['x'], ['y'])], feeds: { x }, outputs: ['y'] });
    const inputs = new Map([...graph.inputs, [name, { dtype: 'float32', shape: ['batch', 2, 'past', 4] } as const], ['pastry', graph.inputs.get('x')!]]);
    expect([...withEmptyPast({ ...graph, inputs }, 'x').inputs.keys()]).toEqual(['x', 'pastry']);
  });
  it('is handed on by outputs that are told by theirs', () => {
    expect(['present.0.key', 'present_1'].every(isPresent)).toBe(true);
    expect(isPresent('logits')).toBe(false);
  });
});

/** Types of a graph by inference and tracing. */
function typed(graph: Graph): Promise<Graph> {
  const folded = foldShapes(graph);
  return traceTypes(folded, (traced, feeds) => run(traced, Object.fromEntries(feeds)), (sizes) => new Map(Array.from(folded.inputs, ([name, type]): [string, Tensor] => [name, filled(type.shape!.map((dim) => (typeof dim === 'number' ? dim : sizes.get(dim)!)))])));
}

describe('tracing', () => {
  it('recognises symbols, products, fixed sizes, and gives equal unknown sizes one name', async () => {
    const nodes = [
      node('Shape', ['x'], ['s']), node('ReduceProd', ['s'], ['n'], { keepdims: int(1) }), node('Reshape', ['x', 'n'], ['flat']), node('NonZero', ['x'], ['where']),
      node('Concat', ['flat', 'flat'], ['double'], { axis: int(0) }), node('Neg', ['double'], ['y']),
    ];
    const graph = await typed(make({ nodes, feeds: { x: filled([2, 3]) }, shapes: { x: ['batch', 'pos'] }, outputs: ['y', 'where'] }));
    expect(graph.types.get('flat')?.shape).toEqual(['batch*pos']);
    expect(graph.types.get('where')).toEqual({ dtype: 'int64', shape: [2, 'batch*pos'] });
    expect(graph.types.get('y')?.shape).toEqual(graph.types.get('double')?.shape);
    expect(graph.types.get('y')?.shape?.[0]).toMatch(/^\?/);
  });
  it('does not run what inference knows', async () => {
    const graph = make({ nodes: [node('Relu', ['x'], ['y'])], feeds: { x: filled([2, 3]) }, shapes: { x: ['batch', 3] }, outputs: ['y'] });
    const folded = foldShapes(graph);
    expect(await traceTypes(folded, () => Promise.reject(new Error('ran')), () => new Map())).toBe(folded);
  });
});

describe('local shapes', () => {
  const x = filled([2, 3, 8]);
  const nodes = [
    node('Relu', ['x'], ['r']), node('Shape', ['x'], ['s']), node('Slice', ['s', 'zero', 'two'], ['bp']), node('Concat', ['bp', 'rest'], ['t'], { axis: int(0) }),
    node('Reshape', ['r', 't'], ['h']), node('Transpose', ['h'], ['v'], { perm: ints([0, 2, 1, 3]) }), node('ConstantOfShape', ['s'], ['z']), node('Add', ['x', 'z'], ['x2']), node('ReduceSum', ['x2'], ['w'], { keepdims: int(0) }),
    node('Mul', ['v', 'w'], ['y']),
  ];
  const graph = make({ nodes, feeds: { x }, shapes: { x: ['batch', 'pos', 8] }, constants: { zero: i64([1], [0]), two: i64([1], [2]), rest: i64([2], [2, 4]) }, outputs: ['y'] });

  it('replace targets computed from the input, and zeros added to it', async () => {
    const local = localizeShapes(await typed(graph));
    expect(local.nodes.map(({ op }) => op)).toEqual(['Relu', 'Reshape', 'Transpose', 'ReduceSum', 'Mul']);
    expect(local.constants.get(local.nodes[1]!.inputs[1]!)).toEqual(i64([4], [0, 0, 2, 4]));
    expect((await run(local, { x })).get('y')).toEqual((await run(graph, { x })).get('y'));
  });
});

describe('merged batches', () => {
  const weights = { w: filled([8, 6]), wt: filled([6, 8]), bias: filled([6]), gain: filled([6]) };
  const flat: readonly Node[] = [
    node('Reshape', ['x', 'flatten'], ['m']), node('Gemm', ['m', 'w', 'bias'], ['g']), node('Softmax', ['g'], ['p'], { axis: int(1) }), node('Mul', ['p', 'gain'], ['q']),
    node('ReduceMean', ['q', 'last'], ['mean'], { keepdims: int(1) }), node('Sub', ['q', 'mean'], ['d']), node('Shape', ['x'], ['s']), node('Slice', ['s', 'zero', 'two'], ['bp']),
    node('Concat', ['bp', 'six'], ['t'], { axis: int(0) }), node('Reshape', ['d', 't'], ['y0']), node('Neg', ['y0'], ['y']),
  ];
  const vectors = { flatten: i64([2], [-1, 8]), last: i64([1], [-1]), zero: i64([1], [0]), two: i64([1], [2]), six: i64([1], [6]) };
  const x = filled([2, 3, 8]);
  const shapes = { x: ['batch', 'pos', 8] };

  it('of positions are computed apart', async () => {
    const graph = make({ nodes: flat, feeds: { x }, shapes, constants: { ...vectors, ...weights }, outputs: ['y'] });
    const apart = unmergeBatch(await typed(graph));
    expect(apart.nodes.some(({ op }) => op === 'Reshape' || op === 'Gemm')).toBe(false);
    expect(typeOf(apart, 'g')?.shape).toEqual(['batch', 'pos', 6]);
    expectClose((await run(apart, { x })).get('y')!, (await run(graph, { x })).get('y')!);
  });

  it('stay merged for operators that need it', async () => {
    const nodes = [...flat.slice(0, 4), node('CumSum', ['q', 'first'], ['y'])];
    const graph = make({ nodes, feeds: { x }, shapes, constants: { ...vectors, ...weights, first: i64([], [0]) }, outputs: ['y'] });
    const apart = unmergeBatch(await typed(graph));
    expect(typeOf(apart, 'q')?.shape).toEqual(['batch', 'pos', 6]);
    expectClose((await run(apart, { x })).get('y')!, (await run(graph, { x })).get('y')!);
  });

  it.each([[{ transB: int(1) }], [{ alpha: { type: 'float', value: 0.5 }, beta: { type: 'float', value: 2 } }]] as const)('with Gemm %j', async (attributes: Readonly<Record<string, Attribute>>) => {
    const gemm = node('Gemm', ['m', 'transB' in attributes ? 'wt' : 'w', 'bias'], ['g'], attributes);
    const graph = make({ nodes: [flat[0]!, gemm, node('Relu', ['g'], ['d']), ...flat.slice(6)], feeds: { x }, shapes, constants: { ...vectors, ...weights }, outputs: ['y'] });
    const apart = unmergeBatch(await typed(graph));
    expect(apart.nodes.some(({ op }) => op === 'Gemm')).toBe(false);
    expectClose((await run(apart, { x })).get('y')!, (await run(graph, { x })).get('y')!);
  });

  it('of heads are computed apart', async () => {
    const h = filled([2, 4, 3, 5]);
    const nodes = [
      node('Reshape', ['h', 'fold'], ['a']), node('Transpose', ['a'], ['at'], { perm: ints([0, 2, 1]) }), node('MatMul', ['a', 'at'], ['scores']), node('Softmax', ['scores'], ['p'], { axis: int(2) }),
      node('MatMul', ['p', 'a'], ['z']), node('Shape', ['h'], ['s']), node('Reshape', ['z', 's'], ['u']), node('Neg', ['u'], ['y']),
    ];
    const graph = make({ nodes, feeds: { h }, shapes: { h: ['batch', 4, 'pos', 5] }, constants: { fold: i64([3], [-1, 3, 5]) }, outputs: ['y'] });
    const dynamic = { ...graph, nodes: graph.nodes.map((n) => (n.op === 'Reshape' && n.outputs[0] === 'a' ? { ...n, inputs: ['h', 'fold3'] } : n)) };
    const fold: readonly Node[] = numbered([node('Shape', ['h'], ['hs']), node('Slice', ['hs', 'from', 'to'], ['tail']), node('Concat', ['minus', 'tail'], ['fold3'], { axis: int(0) })]).map((n) => ({ ...n, name: `${n.name}f` }));
    const whole = { ...dynamic, nodes: [...fold, ...dynamic.nodes], constants: new Map([...graph.constants, ['from', i64([1], [2])], ['to', i64([1], [4])], ['minus', i64([1], [-1])]]) };
    const apart = unmergeBatch(await typed(whole));
    expect(typeOf(apart, 'p')?.shape).toEqual(['batch', 4, 'pos', 'pos']);
    expect(apart.nodes.map(({ op }) => op)).toEqual(['Transpose', 'MatMul', 'Softmax', 'MatMul', 'Neg']);
    expectClose((await run(apart, { h })).get('y')!, (await run(whole, { h })).get('y')!);
  });
});

function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.dims).toEqual(expected.dims);
  expected.data.forEach((value, i) => expect(Number(actual.data[i])).toBeCloseTo(Number(value), 5));
}

describe('names', () => {
  it('are renamed everywhere, in bodies too unless they are defined there', () => {
    const inner = body([node('Add', ['x', 'y'], ['z'])], ['z']);
    const shadowing = body([node('Neg', ['x'], ['y'])], ['y']);
    const graph = make({ nodes: [node('Relu', ['x'], ['y']), node('If', ['c'], ['r'], { then_branch: inner, else_branch: shadowing })], feeds: { x: filled([1]), c: bool(1) }, outputs: ['y', 'r'] });
    const renamed = renameTensors(graph, new Map([['x', 'input'], ['y', 'hook']]));
    expect(renamed.outputs).toEqual(['hook', 'r']);
    const read = (key: string): readonly string[] => {
      const branch = renamed.nodes[1]!.attributes.get(key);
      return branch?.type === 'graph' ? branch.value.nodes[0]!.inputs : [];
    };
    expect(read('then_branch')).toEqual(['input', 'hook']);
    expect(read('else_branch')).toEqual(['input']);
    expect(failureOf(() => renameTensors(graph, new Map([['x', 'y']])))).toMatchObject({ reason: 'argument', field: 'tensor y' });
  });
  it('in bodies are made different from all others', () => {
    const twin = body([node('Neg', ['x'], ['y'])], ['y']);
    const graph = uniqueAcrossBodies(make({ nodes: [node('Relu', ['x'], ['y']), node('If', ['c'], ['r'], { then_branch: twin, else_branch: twin })], feeds: { x: filled([1]), c: bool(1) }, outputs: ['y', 'r'] }));
    const inner = [...graph.nodes[1]!.attributes.values()].flatMap((a) => (a.type === 'graph' ? [...tensorNames(a.value)] : []));
    expect(new Set(['y', ...inner]).size).toBe(3);
  });
});
