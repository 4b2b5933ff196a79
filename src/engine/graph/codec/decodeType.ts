/** `ValueInfoProto` → name and type. */
import { MechanistError } from '../../errors.ts';
import type { Dim, ValueType } from '../ir.ts';
import type { WireReader } from './reader.ts';
import { DimensionField, ShapeField, TensorTypeField, TypeField, ValueInfoField, dtypeOfDataType } from './schema.ts';

const maxRank = 16;

/** Reads a `ValueInfoProto`. Errors: `parse`; `unsupported` for sequences, maps, optionals and exotic element types. */
export function readValueInfo(r: WireReader): { name: string; type: ValueType | undefined } {
  let name = '';
  let type: ValueType | undefined;
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === ValueInfoField.name) name = r.at('name').text();
    else if (field === ValueInfoField.type) type = readType(r.message('type'));
    else r.skip();
  }
  if (name === '') throw r.error('A graph input or output has no name.');
  return { name, type };
}

function readType(r: WireReader): ValueType | undefined {
  let type: ValueType | undefined;
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === TypeField.tensorType) type = readTensorType(r.message('tensor_type'));
    else if (field === TypeField.sequenceType || field === TypeField.mapType || field === TypeField.optionalType || field === TypeField.sparseTensorType) {
      throw new MechanistError('unsupported', 'Only dense tensors are supported, not sequences, maps, optionals or sparse tensors.', { field: r.path });
    } else r.skip();
  }
  return type;
}

function readTensorType(r: WireReader): ValueType | undefined {
  let code = 0;
  let shape: Dim[] | undefined;
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === TensorTypeField.elemType) code = r.at('elem_type').uint();
    else if (field === TensorTypeField.shape) shape = readShape(r.message('shape'));
    else r.skip();
  }
  const dtype = dtypeOfDataType.get(code);
  if (dtype === undefined && code === 0) return undefined;
  if (dtype === undefined) throw new MechanistError(code > 40 ? 'parse' : 'unsupported', `Element type ${code} is not supported.`, { field: r.path });
  return { dtype, shape };
}

function readShape(r: WireReader): Dim[] {
  const shape: Dim[] = [];
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field !== ShapeField.dim) {
      r.skip();
      continue;
    }
    if (shape.length === maxRank) throw r.error(`More than ${maxRank} dimensions.`);
    // A dimension without value or name is unknown; the index keeps such dimensions apart.
    shape.push(readDim(r.message(`dim[${shape.length}]`)) ?? `?${r.path}.${shape.length}`);
  }
  return shape;
}

function readDim(r: WireReader): Dim | undefined {
  let dim: Dim | undefined;
  for (let field = r.next(); field !== undefined; field = r.next()) {
    if (field === DimensionField.value) {
      const value = r.at('dim_value').int64();
      if (value < -1n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw r.error(`A dimension of ${value} is impossible.`);
      // Some exporters write −1 for an unknown size.
      dim = value === -1n ? undefined : Number(value);
    } else if (field === DimensionField.param) {
      const symbol = r.at('dim_param').text();
      if (symbol !== '') dim = symbol;
    } else r.skip();
  }
  return dim;
}
