/** Fused attention operators as products, softmax and layout changes, so that pattern and head outputs are tensors. */
import { MechanistError } from '../../../errors.ts';
import { floatAttribute, int, intAttribute, ints, intsAttribute } from '../../ir.ts';
import { nodeField } from '../rewrite.ts';
import type { Emitter } from '../rewrite.ts';
import { numberLike } from './activations.ts';
import { exchangeHeads, rotaryHalf, rotate, share } from './rotary.ts';

const lowest = -3.4028234663852886e38;

/**
 * GroupQueryAttention. Inputs: query (or all three packed), key?, value?, past key?, past value?, lengths, total
 * length, cosines?, sines?, positions?, bias?. Always causal. Rows of different length are right-padded, so that the
 * causal mask alone keeps real queries from padding.
 */
export function groupQueryAttention(e: Emitter): boolean {
  refuseWhen(intAttribute(e.node, 'smooth_softmax', 0) !== 0 || e.input(11) !== undefined, 'Smooth softmax and head sinks are');
  const nHeads = positive(e, 'num_heads');
  const nKeyValue = positive(e, 'kv_num_heads');
  const [query, key, value] = e.input(1) === undefined ? packedParts(e, nHeads, nKeyValue) : [e.required(0), e.required(1), e.required(2)];
  const head = share(lastDim(e, query), nHeads);
  let q = splitHeads(e, query, nHeads, head);
  let k = splitHeads(e, key, nKeyValue, head);
  const past = e.input(3);
  const offset = past === undefined ? undefined : axisLength(e, past, 2);
  if (intAttribute(e.node, 'do_rotary', 0) !== 0) {
    const half = rotaryHalf(e, e.required(7));
    const positions = e.input(9) ?? e.op('Unsqueeze', [queryPositions(e, q, 1, offset), e.b.vector([0])]);
    const [cosines, sines] = [7, 8].map((i) => e.op('Unsqueeze', [e.op('Gather', [e.required(i), positions]), e.b.vector([2])])) as [string, string];
    const isInterleaved = intAttribute(e.node, 'rotary_interleaved', 0) !== 0;
    q = rotate(e, q, cosines, sines, half, isInterleaved, head);
    k = rotate(e, k, cosines, sines, half, isInterleaved, head);
  }
  const keys = withPast(e, past, exchangeHeads(e, k), 1);
  const values = withPast(e, e.input(4), exchangeHeads(e, splitHeads(e, value, nKeyValue, head)), 2);
  const window = intAttribute(e.node, 'local_window_size', -1);
  emitAttention(e, {
    q: exchangeHeads(e, q), k: repeated(e, keys, share(nHeads, nKeyValue), head), v: repeated(e, values, share(nHeads, nKeyValue), head),
    scale: floatAttribute(e.node, 'scale', 0) || 1 / Math.sqrt(head), softcap: floatAttribute(e.node, 'softcap', 0),
    biases: e.input(10) === undefined ? [] : [e.required(10)], causal: { offset, window: window > 0 ? window : undefined }, width: nHeads * head,
  });
  return true;
}

/**
 * MultiHeadAttention. Inputs: query, key?, value?, bias?, key padding mask?, attention bias?, past key?, past value?.
 * Keys and values may come as [b,h,s,d] from a cache.
 */
export function multiHeadAttention(e: Emitter): boolean {
  const nHeads = positive(e, 'num_heads');
  const [query, key, value] = separateParts(e);
  const head = e.rank(query) === 4 ? lastDim(e, query) : share(lastDim(e, query), nHeads);
  const headValue = e.rank(value) === 4 ? lastDim(e, value) : share(lastDim(e, value), nHeads);
  const [biasQ, biasK, biasV] = e.input(3) === undefined ? [] : splitBias(e, e.required(3), [nHeads * head, nHeads * head, nHeads * headValue]);
  const heads = (x: string, width: number, bias: string | undefined): string => {
    if (e.rank(x) === 4) return x;
    return exchangeHeads(e, splitHeads(e, bias === undefined ? x : e.op('Add', [x, bias]), nHeads, width));
  };
  const past = e.input(6);
  const k = withPast(e, past, heads(key, head, biasK), 1);
  const v = withPast(e, e.input(7), heads(value, headValue, biasV), 2);
  const isCausal = intAttribute(e.node, 'unidirectional', 0) !== 0;
  emitAttention(e, {
    q: heads(query, head, biasQ), k, v, scale: floatAttribute(e.node, 'scale', 0) || 1 / Math.sqrt(head), softcap: 0,
    biases: [...paddingBias(e, e.input(4), k), ...(e.input(5) === undefined ? [] : [e.required(5)])],
    causal: isCausal ? { offset: past === undefined ? undefined : axisLength(e, past, 2), window: undefined } : undefined, width: nHeads * headValue,
  });
  return true;
}

/** Attention. Inputs: input, weights, bias?, mask?, past [2,b,h,p,d]?, attention bias?. Output 1 is the new past. */
export function attention(e: Emitter): boolean {
  refuseWhen(intAttribute(e.node, 'do_rotary', 0) !== 0, 'Attention with built-in rotary embedding is');
  const nHeads = positive(e, 'num_heads');
  const projected = e.op('MatMul', [e.required(0), e.required(1)]);
  const joint = e.input(2) === undefined ? projected : e.op('Add', [projected, e.required(2)]);
  const total = lastDim(e, e.required(1));
  const sizes = intsAttribute(e.node, 'qkv_hidden_sizes') ?? [1, 1, 1].map(() => share(total, 3));
  if (sizes.length !== 3) throw new MechanistError('parse', 'qkv_hidden_sizes must have three entries.');
  const parts = e.ops('Split', [joint, e.b.vector(sizes)], 3, { axis: int(-1) });
  const [q, k, v] = parts.map((part, i) => exchangeHeads(e, splitHeads(e, part, nHeads, share(sizes[i]!, nHeads)))) as [string, string, string];
  const past = e.input(4);
  const [pastK, pastV] = past === undefined ? [] : e.ops('Split', [past, e.b.vector([1, 1])], 2, { axis: int(0) }).map((part) => e.op('Squeeze', [part, e.b.vector([0])]));
  const join = (old: string | undefined, fresh: string): string => (old === undefined ? fresh : e.op('Concat', [old, fresh], { axis: int(2) }));
  const [keys, values] = [join(pastK, k), join(pastV, v)];
  if (e.wants(1)) e.finish(1, 'Concat', [e.op('Unsqueeze', [keys, e.b.vector([0])]), e.op('Unsqueeze', [values, e.b.vector([0])])], { axis: int(0) });
  const head = share(sizes[0]!, nHeads);
  emitAttention(e, {
    q, k: keys, v: values, scale: floatAttribute(e.node, 'scale', 0) || 1 / Math.sqrt(head), softcap: 0,
    biases: [...paddingBias(e, e.input(3), keys), ...(e.input(5) === undefined ? [] : [e.required(5)])],
    causal: intAttribute(e.node, 'unidirectional', 0) === 0 ? undefined : { offset: pastK === undefined ? undefined : axisLength(e, pastK, 2), window: undefined },
    width: sizes[2]!,
  });
  return true;
}

interface AttentionParts {
  /** [b,h,s,d], [b,h,t,d], [b,h,t,dv]. */
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly scale: number;
  /** 0: none. */
  readonly softcap: number;
  /** Added to the scores. */
  readonly biases: readonly string[];
  /** Query i sees keys up to offset + i, at most `window` of them. */
  readonly causal: { readonly offset: string | undefined; readonly window: number | undefined } | undefined;
  /** Width of the output, heads joined. */
  readonly width: number;
}

/** softmax(scale·q·kᵀ + biases)·v with heads joined, as output 0. */
function emitAttention(e: Emitter, { q, k, v, scale, softcap, biases, causal, width }: AttentionParts): void {
  const product = e.op('MatMul', [q, e.op('Transpose', [k], { perm: ints([0, 1, 3, 2]) })]);
  let scores = e.op('Mul', [product, numberLike(e, scale, q)]);
  if (softcap !== 0) {
    const cap = numberLike(e, softcap, q);
    scores = e.op('Mul', [e.op('Tanh', [e.op('Div', [scores, cap])]), cap]);
  }
  for (const bias of biases) scores = e.op('Add', [scores, bias]);
  if (causal !== undefined) scores = e.op('Where', [causalMask(e, q, k, causal.offset, causal.window), scores, numberLike(e, lowest, q)]);
  const z = exchangeHeads(e, e.op('MatMul', [e.op('Softmax', [scores], { axis: int(-1) }), v]));
  e.finish(0, 'Reshape', [z, e.b.vector([0, 0, width])]);
}

/** Booleans [s,t]: which keys a query may see. */
function causalMask(e: Emitter, q: string, k: string, offset: string | undefined, window: number | undefined): string {
  const queries = e.op('Unsqueeze', [queryPositions(e, q, 2, offset), e.b.vector([1])]);
  const keys = e.op('Unsqueeze', [queryPositions(e, k, 2, undefined), e.b.vector([0])]);
  const isPast = e.op('LessOrEqual', [keys, queries]);
  if (window === undefined) return isPast;
  return e.op('And', [isPast, e.op('Greater', [keys, e.op('Sub', [queries, e.b.scalar(window, 'int64')])])]);
}

/** offset, offset + 1, … along an axis. */
function queryPositions(e: Emitter, x: string, axis: number, offset: string | undefined): string {
  const range = e.op('Range', [e.b.scalar(0, 'int64'), axisLength(e, x, axis), e.b.scalar(1, 'int64')]);
  return offset === undefined ? range : e.op('Add', [range, offset]);
}

function axisLength(e: Emitter, x: string, axis: number): string {
  return e.op('Squeeze', [e.op('Slice', [e.op('Shape', [x]), e.b.vector([axis]), e.b.vector([axis + 1]), e.b.vector([0])]), e.b.vector([0])]);
}

/** Padding as an addend. Masks: [b] lengths, [b,t] or [b,s,t] flags. */
function paddingBias(e: Emitter, mask: string | undefined, keys: string): string[] {
  if (mask === undefined) return [];
  const rank = e.rank(mask);
  const filled = numberLike(e, floatAttribute(e.node, 'mask_filter_value', -10000), keys);
  const zero = numberLike(e, 0, keys);
  if (rank === 2 || rank === 3) {
    const isKept = e.op('Greater', [mask, e.b.scalar(0, 'int32')]);
    return [e.op('Where', [e.op('Unsqueeze', [isKept, e.b.vector(rank === 2 ? [1, 2] : [1])]), zero, filled])];
  }
  const batch = e.b.typeOf(mask)?.shape?.[0];
  refuseWhen(rank !== 1 || (typeof batch === 'string' && batch.startsWith('?')), 'This form of attention mask is');
  const lengths = e.op('Unsqueeze', [e.op('Cast', [mask], { to: int(7) }), e.b.vector([1])]);
  const isKept = e.op('Less', [e.op('Unsqueeze', [queryPositions(e, keys, 2, undefined), e.b.vector([0])]), lengths]);
  return [e.op('Where', [e.op('Unsqueeze', [isKept, e.b.vector([1, 2])]), zero, filled])];
}

/** Concatenates with the past and emits the result as output `i`. */
function withPast(e: Emitter, past: string | undefined, fresh: string, output: number): string {
  const joined = past === undefined ? fresh : e.op('Concat', [past, fresh], { axis: int(2) });
  e.finish(output, 'Identity', [joined]);
  return joined;
}

/** Each key head `times` over: [b,kv,t,d] → [b,kv·times,t,d]. */
function repeated(e: Emitter, x: string, times: number, head: number): string {
  if (times === 1) return x;
  const expanded = e.op('Expand', [e.op('Unsqueeze', [x, e.b.vector([2])]), e.b.vector([1, 1, times, 1, 1])]);
  const kv = e.b.typeOf(x)?.shape?.[1];
  refuseWhen(typeof kv !== 'number', 'Keys with an unknown number of heads are');
  return e.op('Reshape', [expanded, e.b.vector([0, Number(kv) * times, -1, head])]);
}

function splitHeads(e: Emitter, x: string, heads: number, head: number): string {
  return e.op('Reshape', [x, e.b.vector([0, 0, heads, head])]);
}

function packedParts(e: Emitter, nHeads: number, nKeyValue: number): [string, string, string] {
  const joint = e.required(0);
  const head = share(lastDim(e, joint), nHeads + 2 * nKeyValue);
  return e.ops('Split', [joint, e.b.vector([nHeads * head, nKeyValue * head, nKeyValue * head])], 3, { axis: int(-1) }) as [string, string, string];
}

/** Query, key, value apart; packed forms are [b,s,h,3,d] and [b,s,h,2,d]. */
function separateParts(e: Emitter): [string, string, string] {
  const unpack = (x: string, count: number): string[] => {
    const parts = e.ops('Split', [x, e.b.vector(Array.from({ length: count }, () => 1))], count, { axis: int(3) });
    return parts.map((part) => exchangeHeads(e, e.op('Squeeze', [part, e.b.vector([3])])));
  };
  if (e.input(1) === undefined) return unpack(e.required(0), 3) as [string, string, string];
  if (e.input(2) === undefined) return [e.required(0), ...unpack(e.required(1), 2)] as [string, string, string];
  return [e.required(0), e.required(1), e.required(2)];
}

function splitBias(e: Emitter, bias: string, sizes: readonly number[]): string[] {
  return e.ops('Split', [bias, e.b.vector(sizes)], sizes.length, { axis: int(0) });
}

function lastDim(e: Emitter, name: string): number {
  const dim = e.b.typeOf(name)?.shape?.at(-1);
  if (typeof dim !== 'number') throw new MechanistError('unsupported', 'The width of the attended tensors is not known.', { field: nodeField(e.node) });
  return dim;
}

function positive(e: Emitter, name: string): number {
  const value = intAttribute(e.node, name, 0);
  if (value <= 0) throw new MechanistError('parse', `The attribute ${name} is missing or not positive.`);
  return value;
}

function refuseWhen(condition: boolean, what: string): void {
  if (condition) throw new MechanistError('unsupported', `${what} not supported.`);
}
