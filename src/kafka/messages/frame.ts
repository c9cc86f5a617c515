/** What travels between nodes: a request or a response of the Kafka protocol, decoded, with its header. */
import { IMMUTABLE, markImmutable } from "../../base/immutable.ts";
import type { Message } from "../../sim/host.ts";
import { API_NAMES, type ApiName, type RequestOf, type ResponseOf } from "./apis.ts";

export class RequestFrame<A extends ApiName = ApiName> implements Message {
  declare readonly [IMMUTABLE]: true;
  /** The API's name: `Produce`. */
  readonly kind: A;
  readonly correlationId: number;
  readonly body: RequestOf<A>;
  readonly sizeInBytes: number;

  constructor(kind: A, correlationId: number, body: RequestOf<A>, sizeInBytes: number) {
    this.kind = kind;
    this.correlationId = correlationId;
    this.body = body;
    this.sizeInBytes = sizeInBytes;
  }
}
markImmutable(RequestFrame);

export class ResponseFrame<A extends ApiName = ApiName> implements Message {
  declare readonly [IMMUTABLE]: true;
  /** The API's name and `Response`: `ProduceResponse`. */
  readonly kind: `${A}Response`;
  readonly correlationId: number;
  readonly body: ResponseOf<A>;
  readonly sizeInBytes: number;

  constructor(kind: `${A}Response`, correlationId: number, body: ResponseOf<A>, sizeInBytes: number) {
    this.kind = kind;
    this.correlationId = correlationId;
    this.body = body;
    this.sizeInBytes = sizeInBytes;
  }
}
markImmutable(ResponseFrame);

/** The kinds of responses by API: made once, so that every response of a kind carries the very same string. */
export const RESPONSE_KINDS = Object.fromEntries(API_NAMES.map((api) => [api, `${api}Response`])) as {
  readonly [A in ApiName]: `${A}Response`;
};
