/**
 * What an application and the store of its effects say to each other. Not of Kafka: any database that can compare a number before it
 * writes would do. A fencing token, that is the generation or member epoch in which the records were polled, goes with each write.
 */
import { IMMUTABLE, markImmutable } from "../../base/immutable.ts";
import type { Message } from "../../sim/host.ts";
import type { TopicPartition } from "../ids.ts";

const MESSAGE_BYTES = 100;

/** Write the effects of some records of one partition, if nobody has written any of it with a later token. */
export class EffectRequest implements Message {
  declare readonly [IMMUTABLE]: true;
  readonly kind = "WriteEffects";
  readonly sizeInBytes = MESSAGE_BYTES;
  /** Of the connection's client: 0, 1, … */
  readonly id: number;
  readonly group: string;
  readonly partition: TopicPartition;
  readonly token: number;

  constructor(id: number, group: string, partition: TopicPartition, token: number) {
    this.id = id;
    this.group = group;
    this.partition = partition;
    this.token = token;
  }
}
markImmutable(EffectRequest);

export class EffectResponse implements Message {
  declare readonly [IMMUTABLE]: true;
  readonly kind = "WriteEffectsResponse";
  readonly sizeInBytes = MESSAGE_BYTES;
  /** Of the request. */
  readonly id: number;
  readonly accepted: boolean;

  constructor(id: number, accepted: boolean) {
    this.id = id;
    this.accepted = accepted;
  }
}
markImmutable(EffectResponse);
