/**
 * Bytes of Kafka's own data types, written and read one after the other.
 *
 * The compact forms are those of flexible versions (KIP-482): lengths as unsigned varints, one higher than they are, so that 0 is null.
 * Source: org.apache.kafka.common.protocol.types, ByteBufferAccessor.
 */
import { assert, fail } from "../../base/assert.ts";

const UTF8 = new TextEncoder();
const FROM_UTF8 = new TextDecoder();
const FIRST_CAPACITY = 128;

export class ByteWriter {
  private bytes = new Uint8Array(FIRST_CAPACITY);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  /** What has been written. */
  taken(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  int8(value: number): this {
    const at = this.advance(1);
    this.view.setInt8(at, value);
    return this;
  }

  int16(value: number): this {
    const at = this.advance(2);
    this.view.setInt16(at, value);
    return this;
  }

  int32(value: number): this {
    const at = this.advance(4);
    this.view.setInt32(at, value);
    return this;
  }

  int64(value: number): this {
    const at = this.advance(8);
    this.view.setBigInt64(at, BigInt(value));
    return this;
  }

  varint(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    return this.byte(rest);
  }

  string(text: string): this {
    const encoded = UTF8.encode(text);
    return this.int16(encoded.length).raw(encoded);
  }

  nullableString(text: string | null): this {
    return text === null ? this.int16(-1) : this.string(text);
  }

  compactString(text: string): this {
    const encoded = UTF8.encode(text);
    return this.varint(encoded.length + 1).raw(encoded);
  }

  nullableCompactString(text: string | null): this {
    return text === null ? this.varint(0) : this.compactString(text);
  }

  byteArray(value: Uint8Array): this {
    return this.int32(value.length).raw(value);
  }

  compactByteArray(value: Uint8Array): this {
    return this.varint(value.length + 1).raw(value);
  }

  raw(value: Uint8Array): this {
    const at = this.advance(value.length);
    this.bytes.set(value, at);
    return this;
  }

  private byte(value: number): this {
    const at = this.advance(1);
    this.view.setUint8(at, value);
    return this;
  }

  /** Makes room for `count` bytes. Where they begin. */
  private advance(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}

export class ByteReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int8(): number {
    return this.view.getInt8(this.advance(1));
  }

  int16(): number {
    return this.view.getInt16(this.advance(2));
  }

  int32(): number {
    return this.view.getInt32(this.advance(4));
  }

  int64(): number {
    return Number(this.view.getBigInt64(this.advance(8)));
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = this.view.getUint8(this.advance(1));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail("a varint of more than five bytes");
  }

  string(): string {
    return this.nullableString() ?? fail("null where a text is expected");
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.text(length);
  }

  compactString(): string {
    return this.nullableCompactString() ?? fail("null where a text is expected");
  }

  nullableCompactString(): string | null {
    const length = this.varint() - 1;
    return length < 0 ? null : this.text(length);
  }

  byteArray(): Uint8Array {
    return this.raw(this.int32());
  }

  compactByteArray(): Uint8Array {
    return this.raw(this.varint() - 1);
  }

  private text(length: number): string {
    return FROM_UTF8.decode(this.raw(length));
  }

  private raw(length: number): Uint8Array {
    const at = this.advance(length);
    return this.bytes.subarray(at, at + length);
  }

  private advance(count: number): number {
    const { at } = this;
    this.at += count;
    assert(this.at <= this.bytes.length, "the bytes end too early");
    return at;
  }
}
