/** Field numbers and codes of the ONNX protobuf schema (onnx.proto, IR version 8), as far as the engine uses it. */
import type { DType } from '../../tensor.ts';

export const IR_VERSION = 8;

export const ModelField = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, functions: 25 } as const;
export const OpsetField = { domain: 1, version: 2 } as const;
export const GraphField = { node: 1, name: 2, initializer: 5, input: 11, output: 12, valueInfo: 13, sparseInitializer: 15 } as const;
export const NodeField = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7, metadataProps: 9 } as const;
export const AttributeField = {
  name: 1, f: 2, i: 3, s: 4, t: 5, g: 6, floats: 7, ints: 8, strings: 9, tensors: 10, graphs: 11, type: 20, refAttrName: 21, sparseTensor: 22,
} as const;
export const AttributeType = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;
export const TensorField = {
  dims: 1, dataType: 2, segment: 3, floatData: 4, int32Data: 5, stringData: 6, int64Data: 7, name: 8, rawData: 9,
  doubleData: 10, uint64Data: 11, externalData: 13, dataLocation: 14,
} as const;
export const StringEntryField = { key: 1, value: 2 } as const;
export const ValueInfoField = { name: 1, type: 2 } as const;
export const TypeField = { tensorType: 1, sequenceType: 4, mapType: 5, optionalType: 9, sparseTensorType: 8 } as const;
export const TensorTypeField = { elemType: 1, shape: 2 } as const;
export const ShapeField = { dim: 1 } as const;
export const DimensionField = { value: 1, param: 2 } as const;

/** `TensorProto.DataType` of each dtype. */
export const dataTypeOf: Readonly<Record<DType, number>> = {
  float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, uint32: 12, uint64: 13, bfloat16: 16,
};

export const dtypeOfDataType: ReadonlyMap<number, DType> = new Map(Object.entries(dataTypeOf).map(([dtype, code]) => [code, dtype as DType]));
