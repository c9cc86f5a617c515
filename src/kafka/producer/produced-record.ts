/** A record as an application hands it to its producer: its own class, so that forks of a world share it. */
import { IMMUTABLE, markImmutable } from "../../base/immutable.ts";
import type { KafkaRecord, RecordOrigin } from "../records.ts";

export class ProducedRecord implements KafkaRecord {
  declare readonly [IMMUTABLE]: true;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: number;
  readonly origin: RecordOrigin;

  constructor(record: KafkaRecord) {
    this.key = record.key;
    this.value = record.value;
    this.timestamp = record.timestamp;
    this.origin = record.origin;
  }
}
markImmutable(ProducedRecord);
