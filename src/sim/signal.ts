/** The messages of the transport itself: how connections begin and end. Edits, watches and chance leave them alone. */
import { markImmutable } from "../base/immutable.ts";
import type { Message } from "./host.ts";

export type Signal = "SYN" | "SYN-ACK" | "FIN" | "RST";

const HEADER_BYTES = 40;

class SignalMessage implements Message {
  readonly kind: Signal;
  readonly sizeInBytes = HEADER_BYTES;

  constructor(kind: Signal) {
    this.kind = kind;
  }
}
markImmutable(SignalMessage);

export const SIGNALS: { readonly [S in Signal]: Message } = {
  SYN: new SignalMessage("SYN"),
  "SYN-ACK": new SignalMessage("SYN-ACK"),
  FIN: new SignalMessage("FIN"),
  RST: new SignalMessage("RST"),
};

export function isSignal(message: Message): message is SignalMessage {
  return message instanceof SignalMessage;
}
