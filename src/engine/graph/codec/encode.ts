/** Graph → ONNX protobuf bytes. Files, with weights and external data, are written by save.ts. */
import type { Tensor } from '../../tensor.ts';
import { OPSET } from '../ir.ts';
import type { Attribute, Graph, Node, ValueType } from '../ir.ts';
import {
  AttributeField, AttributeType, DimensionField, GraphField, IR_VERSION, ModelField, NodeField, OpsetField, ShapeField,
  StringEntryField, TensorField, TensorTypeField, TypeField, ValueInfoField, dataTypeOf,
} from './schema.ts';
import type { ExternalLocation } from './externalData.ts';
import { WireWriter } from './wire.ts';

/** Encodes a model whose inputs are the graph's inputs followed by its parameters. Contrib domains in use are declared at version 1. */
export function encodeModel(graph: Graph): Uint8Array {
  return modelWriter(graph, undefined).toBytes();
}

/** A weight as it stands in a file: with its data, or with the place of its data in another file. */
export interface WeightEntry {
  readonly name: string;
  readonly type: Pick<Tensor, 'dtype' | 'dims'>;
  readonly data: Uint8Array | ExternalLocation;
}

/** The encoding of a model. With `weights`, they become initializers and the parameters are no inputs; without, they are. */
export function modelWriter(graph: Graph, weights: readonly WeightEntry[] | undefined): WireWriter {
  const writer = new WireWriter();
  writer.varintField(ModelField.irVersion, IR_VERSION);
  writer.stringField(ModelField.producerName, 'mechanist');
  writer.messageField(ModelField.graph, (g) => writeGraph(g, graph, 'main', weights));
  const domains = new Set(graph.nodes.map((node) => node.domain));
  domains.add('');
  for (const domain of domains) {
    writer.messageField(ModelField.opsetImport, (o) => {
      o.stringField(OpsetField.domain, domain);
      o.varintField(OpsetField.version, domain === '' ? OPSET : 1);
    });
  }
  return writer;
}

function writeGraph(w: WireWriter, graph: Graph, name: string, weights: readonly WeightEntry[] | undefined): void {
  for (const node of graph.nodes) w.messageField(GraphField.node, (n) => writeNode(n, node));
  w.stringField(GraphField.name, name);
  for (const [constant, value] of graph.constants) w.messageField(GraphField.initializer, (t) => writeTensor(t, value, constant));
  for (const weight of weights ?? []) w.messageField(GraphField.initializer, (t) => writeWeight(t, weight));
  const inputs = weights === undefined ? [...graph.inputs, ...graph.parameters] : graph.inputs;
  for (const [input, type] of inputs) w.messageField(GraphField.input, (v) => writeValueInfo(v, input, type));
  // Output types are left to the runtime's own inference: ours may be less precise, never more.
  for (const output of graph.outputs) w.messageField(GraphField.output, (v) => v.stringField(ValueInfoField.name, output));
}

function writeNode(w: WireWriter, node: Node): void {
  for (const name of node.inputs) w.stringField(NodeField.input, name);
  for (const name of node.outputs) w.stringField(NodeField.output, name);
  w.stringField(NodeField.name, node.name);
  w.stringField(NodeField.opType, node.op);
  for (const [name, attribute] of node.attributes) w.messageField(NodeField.attribute, (a) => writeAttribute(a, name, attribute));
  w.stringField(NodeField.domain, node.domain);
}

function writeAttribute(w: WireWriter, name: string, attribute: Attribute): void {
  w.stringField(AttributeField.name, name);
  switch (attribute.type) {
    case 'int': w.varintField(AttributeField.i, attribute.value); break;
    case 'float': w.floatField(AttributeField.f, attribute.value); break;
    case 'string': w.stringField(AttributeField.s, attribute.value); break;
    case 'ints': w.packedVarintField(AttributeField.ints, attribute.value); break;
    case 'floats': for (const value of attribute.value) w.floatField(AttributeField.floats, value); break;
    case 'strings': for (const value of attribute.value) w.stringField(AttributeField.strings, value); break;
    case 'tensor': w.messageField(AttributeField.t, (t) => writeTensor(t, attribute.value, '')); break;
    case 'graph': w.messageField(AttributeField.g, (g) => writeGraph(g, attribute.value, 'body', undefined)); break;
  }
  w.varintField(AttributeField.type, AttributeType[attribute.type]);
}

function writeTensor(w: WireWriter, value: Tensor, name: string): void {
  writeTensorType(w, value, name);
  w.bytesField(TensorField.rawData, new Uint8Array(value.data.buffer, value.data.byteOffset, value.data.byteLength));
}

function writeTensorType(w: WireWriter, { dims, dtype }: WeightEntry['type'], name: string): void {
  w.packedVarintField(TensorField.dims, dims);
  w.varintField(TensorField.dataType, dataTypeOf[dtype]);
  if (name !== '') w.stringField(TensorField.name, name);
}

function writeWeight(w: WireWriter, { name, type, data }: WeightEntry): void {
  writeTensorType(w, type, name);
  if (data instanceof Uint8Array) {
    w.bytesField(TensorField.rawData, data);
    return;
  }
  const entries: readonly (readonly [string, string])[] = [['location', data.location], ['offset', String(data.offset)], ['length', String(data.length)]];
  for (const [key, value] of entries) {
    w.messageField(TensorField.externalData, (e) => {
      e.stringField(StringEntryField.key, key);
      e.stringField(StringEntryField.value, value);
    });
  }
  w.varintField(TensorField.dataLocation, 1);
}

function writeValueInfo(w: WireWriter, name: string, type: ValueType): void {
  w.stringField(ValueInfoField.name, name);
  w.messageField(ValueInfoField.type, (t) => {
    t.messageField(TypeField.tensorType, (tensor) => {
      tensor.varintField(TensorTypeField.elemType, dataTypeOf[type.dtype]);
      if (type.shape === undefined) return;
      tensor.messageField(TensorTypeField.shape, (shape) => {
        for (const dim of type.shape!) {
          shape.messageField(ShapeField.dim, (d) => {
            if (typeof dim === 'number') d.varintField(DimensionField.value, dim);
            else if (!dim.startsWith('?')) d.stringField(DimensionField.param, dim);
          });
        }
      });
    });
  });
}
