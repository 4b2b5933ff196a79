/** Protocol-buffer wire format, writing side: the few primitives ONNX needs. */

/**
 * A growing list of byte chunks. Large payloads are kept by reference, so that encoding a graph never copies
 * tensor data twice.
 */
export class WireWriter {
  private readonly chunks: Uint8Array[] = [];
  private current = new Uint8Array(1024);
  private used = 0;
  length = 0;

  varintField(field: number, value: number | bigint): void {
    this.tag(field, 0);
    this.varint(BigInt.asUintN(64, BigInt(value)));
  }

  floatField(field: number, value: number): void {
    this.tag(field, 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.raw(bytes);
  }

  stringField(field: number, value: string): void {
    this.bytesField(field, new TextEncoder().encode(value));
  }

  bytesField(field: number, bytes: Uint8Array): void {
    this.tag(field, 2);
    this.varint(BigInt(bytes.length));
    this.raw(bytes);
  }

  messageField(field: number, write: (writer: WireWriter) => void): void {
    const inner = new WireWriter();
    write(inner);
    this.tag(field, 2);
    this.varint(BigInt(inner.length));
    for (const chunk of inner.finish()) this.raw(chunk);
  }

  packedVarintField(field: number, values: readonly number[]): void {
    const inner = new WireWriter();
    for (const value of values) inner.varint(BigInt.asUintN(64, BigInt(value)));
    this.tag(field, 2);
    this.varint(BigInt(inner.length));
    for (const chunk of inner.finish()) this.raw(chunk);
  }

  finish(): Uint8Array[] {
    this.flush();
    return this.chunks;
  }

  /** Everything in one buffer. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.finish()) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  private tag(field: number, wireType: number): void {
    this.varint(BigInt(field * 8 + wireType));
  }

  private varint(value: bigint): void {
    let rest = value;
    this.reserve(10);
    const start = this.used;
    while (rest > 0x7fn) {
      this.current[this.used++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.current[this.used++] = Number(rest);
    this.length += this.used - start;
  }

  private raw(bytes: Uint8Array): void {
    this.length += bytes.length;
    if (bytes.length > 512) {
      this.flush();
      this.chunks.push(bytes);
      return;
    }
    this.reserve(bytes.length);
    this.current.set(bytes, this.used);
    this.used += bytes.length;
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.current.length) return;
    this.flush();
    this.current = new Uint8Array(1024);
  }

  private flush(): void {
    if (this.used === 0) return;
    this.chunks.push(this.current.subarray(0, this.used));
    this.current = this.current.subarray(this.used);
    this.used = 0;
  }
}
