/** A topic's unique id: a random UUID (version 4) in the 22 characters of URL-safe base64 that Kafka prints. Source: Uuid.randomUuid. */
import type { RandomStream } from "../../sim/random.ts";
import type { TopicId } from "../ids.ts";

const BASE64_URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function randomTopicId(random: RandomStream): TopicId {
  // Kafka draws again when an id begins like a command-line option.
  for (;;) {
    const id = base64Url(randomUuidBytes(random));
    if (!id.startsWith("-")) return id;
  }
}

function randomUuidBytes(random: RandomStream): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < 4; word++) view.setUint32(word * 4, random.bits());
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x40); // version 4
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80); // RFC 4122 variant
  return bytes;
}

function base64Url(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += BASE64_URL.charAt((buffer >> bits) & 0x3f);
    }
    buffer &= (1 << bits) - 1;
  }
  return text + BASE64_URL.charAt((buffer << (6 - bits)) & 0x3f);
}
