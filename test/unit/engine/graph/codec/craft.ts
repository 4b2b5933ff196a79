/** Hand-made ONNX protobufs: well-formed ones in every storage, and hostile ones. */
import {
  GraphField, ModelField, NodeField, OpsetField, StringEntryField, TensorField, TensorTypeField, TypeField, ValueInfoField,
} from '../../../../../src/engine/graph/codec/schema.ts';
import { WireWriter } from '../../../../../src/engine/graph/codec/wire.ts';

export type Write = (w: WireWriter) => void;

export function message(write: Write): Uint8Array {
  const w = new WireWriter();
  write(w);
  return w.toBytes();
}

/** A model around the fields of a graph. */
export function model(graph: Write, opset = 18): Uint8Array {
  return message((m) => {
    m.varintField(ModelField.irVersion, 8);
    m.messageField(ModelField.graph, graph);
    m.messageField(ModelField.opsetImport, (o) => o.varintField(OpsetField.version, opset));
  });
}

export function node(g: WireWriter, op: string, inputs: readonly string[], outputs: readonly string[], more: Write = () => {}): void {
  g.messageField(GraphField.node, (n) => {
    for (const name of inputs) n.stringField(NodeField.input, name);
    for (const name of outputs) n.stringField(NodeField.output, name);
    n.stringField(NodeField.name, `${op}_node`);
    n.stringField(NodeField.opType, op);
    more(n);
  });
}

export function input(g: WireWriter, name: string, code = 1): void {
  g.messageField(GraphField.input, (v) => {
    v.stringField(ValueInfoField.name, name);
    v.messageField(ValueInfoField.type, (t) => t.messageField(TypeField.tensorType, (x) => x.varintField(TensorTypeField.elemType, code)));
  });
}

export function output(g: WireWriter, name: string): void {
  g.messageField(GraphField.output, (v) => v.stringField(ValueInfoField.name, name));
}

/** An initializer of the given element type and dimensions, with data as `write` stores it. */
export function initializer(g: WireWriter, name: string, code: number, dims: readonly (number | bigint)[], write: Write): void {
  g.messageField(GraphField.initializer, (t) => {
    for (const dim of dims) t.varintField(TensorField.dims, dim);
    t.varintField(TensorField.dataType, code);
    t.stringField(TensorField.name, name);
    write(t);
  });
}

export function external(entries: Readonly<Record<string, string>>): Write {
  return (t) => {
    for (const [key, value] of Object.entries(entries)) {
      t.messageField(TensorField.externalData, (e) => {
        e.stringField(StringEntryField.key, key);
        e.stringField(StringEntryField.value, value);
      });
    }
    t.varintField(TensorField.dataLocation, 1);
  };
}

/** A model that copies one initializer to its output. */
export function withInitializer(code: number, dims: readonly (number | bigint)[], write: Write): Uint8Array {
  return model((g) => {
    node(g, 'Identity', ['w'], ['y']);
    initializer(g, 'w', code, dims, write);
    output(g, 'y');
  });
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
