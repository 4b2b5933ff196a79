/** `NodeProto` and `AttributeProto` → node. */
import { MechanistError } from '../../errors.ts';
import type { Attribute, Graph, Node } from '../ir.ts';
import type { Tensor } from '../../tensor.ts';
import { readEntry, readTensor } from './decodeTensor.ts';
import type { Origin, StoredTensor } from './decodeTensor.ts';
import type { WireReader } from './reader.ts';
import { AttributeField, AttributeType, NodeField } from './schema.ts';

/** What nodes need from the graph they stand in. */
export interface DecodeScope {
  readonly origin: Origin;
  /** Decodes a sub-graph. */
  body(r: WireReader): Graph;
  /** Reads a tensor now. Errors: `memory` when constants become too large. */
  load(stored: StoredTensor): Tensor;
}

const maxNames = 10_000;
const maxValues = 2 ** 20;
/** Domains whose operators onnxruntime executes on tensors. */
const knownDomains = new Set(['', 'com.microsoft']);
const sequenceOperators = /^(Sequence|Optional|Split(ToSequence)|ConcatFromSequence|Scan$|String|RegexFullMatch|TfIdfVectorizer)/;

/** Reads a `NodeProto`. Errors: `parse`; `unsupported` naming the node for domains and operators outside the engine. */
export function readNode(r: WireReader, scope: DecodeScope): Node {
  let name = '';
  let op = '';
  let domain = '';
  let module = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  for (let field = r.next(); field !== undefined; field = r.next()) {
    switch (field) {
      case NodeField.input: push(r, inputs, r.at('input').text()); break;
      case NodeField.output: push(r, outputs, r.at('output').text()); break;
      case NodeField.name: name = r.at('name').text(); break;
      case NodeField.opType: op = r.at('op_type').text(); break;
      case NodeField.domain: domain = r.at('domain').text(); break;
      case NodeField.metadataProps: {
        const [key, value] = readEntry(r.message('metadata_props'));
        if (key === 'pkg.torch.onnx.name_scopes') module = modulePath(value);
        break;
      }
      case NodeField.attribute: {
        const [key, value] = readAttribute(r.message(`attribute[${attributes.size}]`), scope);
        if (attributes.has(key)) throw r.error(`The attribute "${key}" is given twice.`);
        attributes.set(key, value);
        break;
      }
      default: r.skip();
    }
  }
  if (domain === 'ai.onnx') domain = '';
  if (op === '') throw r.error('A node has no operator.');
  const field = `node ${name === '' ? r.path : name} (${domain === '' ? '' : `${domain}.`}${op})`.slice(0, 300);
  if (!knownDomains.has(domain)) throw new MechanistError('unsupported', `The operator domain "${domain.slice(0, 60)}" is not supported.`, { field });
  if (domain === '' && sequenceOperators.test(op)) throw new MechanistError('unsupported', 'Operators on sequences, optionals and strings are not supported.', { field });
  if (outputs.every((output) => output === '')) throw new MechanistError('parse', 'The node has no output.', { field });
  return { name: module === '' || name.startsWith('/') ? name : `${module}/${name}`, op, domain, inputs, outputs, attributes };
}

/**
 * Newer exporters of PyTorch write the path of modules as metadata, `['', 'h.0', 'h.0.attn', 'add_1']`, where older ones
 * wrote it into the node's name: `/h.0/attn/Add_1`. Both become the latter.
 */
function modulePath(scopes: string): string {
  const modules = [...scopes.matchAll(/'([^']*)'/g)].map((match) => match[1]!);
  const path = modules.at(-2) ?? '';
  return path === '' ? '' : `/${path.replaceAll(/\.(?!\d)/g, '/')}`;
}

function push(r: WireReader, names: string[], name: string): void {
  if (names.length === maxNames) throw r.error(`More than ${maxNames} names.`);
  names.push(name);
}

function readAttribute(r: WireReader, scope: DecodeScope): [string, Attribute] {
  let name = '';
  let code = 0;
  let single: Attribute | undefined;
  const ints: number[] = [];
  const floats: number[] = [];
  const strings: string[] = [];
  const grow = <T>(list: T[], values: readonly T[]): void => {
    if (list.length + values.length > maxValues) throw r.error(`More than ${maxValues} values.`);
    for (const value of values) list.push(value);
  };
  for (let field = r.next(); field !== undefined; field = r.next()) {
    switch (field) {
      case AttributeField.name: name = r.at('name').text(); break;
      case AttributeField.type: code = r.at('type').uint(); break;
      case AttributeField.f: single = { type: 'float', value: r.at('f').float() }; break;
      case AttributeField.i: single = { type: 'int', value: saturated(r.at('i').int64()) }; break;
      case AttributeField.s: single = { type: 'string', value: r.at('s').text() }; break;
      case AttributeField.t: single = { type: 'tensor', value: scope.load(readTensor(r.message('t'), scope.origin)) }; break;
      case AttributeField.g: single = { type: 'graph', value: scope.body(r.message('g')) }; break;
      case AttributeField.ints: grow(ints, r.at('ints').unpack(r.numbers(0), maxValues).map(saturated)); break;
      case AttributeField.floats: {
        const span = r.at('floats').numbers(5);
        if (span.length % 4 !== 0) throw r.error(`${span.length} bytes are no whole number of floats.`);
        if (span.length > 4 * maxValues) throw r.error(`More than ${maxValues} values.`);
        grow(floats, littleEndianFloats(r.source.slice(span.offset, span.length)));
        break;
      }
      case AttributeField.strings: grow(strings, [r.at('strings').text()]); break;
      case AttributeField.tensors: case AttributeField.graphs: case AttributeField.sparseTensor:
        throw new MechanistError('unsupported', 'Lists of tensors or graphs and sparse tensors are not supported as attributes.', { field: r.path });
      case AttributeField.refAttrName: throw new MechanistError('unsupported', 'References to attributes of functions are not supported.', { field: r.path });
      default: r.skip();
    }
  }
  if (name === '') throw r.error('An attribute has no name.');
  const value = choose(code, single, ints, floats, strings);
  if (value === undefined) throw r.error(`The attribute "${name.slice(0, 60)}" of type ${code} holds no value of that type.`);
  return [name, value];
}

function choose(code: number, single: Attribute | undefined, ints: readonly number[], floats: readonly number[], strings: readonly string[]): Attribute | undefined {
  switch (code) {
    case AttributeType.ints: return { type: 'ints', value: ints };
    case AttributeType.floats: return { type: 'floats', value: floats };
    case AttributeType.strings: return { type: 'strings', value: strings };
    // Files before IR version 4 need not say the type; writers also leave out a single value that equals zero.
    case 0:
      if (single !== undefined) return single;
      if (ints.length > 0) return { type: 'ints', value: ints };
      if (floats.length > 0) return { type: 'floats', value: floats };
      return strings.length > 0 ? { type: 'strings', value: strings } : undefined;
    case AttributeType.int: return single === undefined ? { type: 'int', value: 0 } : ofType(single, 'int');
    case AttributeType.float: return single === undefined ? { type: 'float', value: 0 } : ofType(single, 'float');
    case AttributeType.string: return single === undefined ? { type: 'string', value: '' } : ofType(single, 'string');
    case AttributeType.tensor: return ofType(single, 'tensor');
    case AttributeType.graph: return ofType(single, 'graph');
    default: return undefined;
  }
}

function ofType(attribute: Attribute | undefined, type: Attribute['type']): Attribute | undefined {
  return attribute?.type === type ? attribute : undefined;
}

/** Bounds such as INT64_MAX mean "to the end"; they stay that under saturation. */
function saturated(value: bigint): number {
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(value > limit ? limit : value < -limit ? -limit : value);
}

function littleEndianFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}
