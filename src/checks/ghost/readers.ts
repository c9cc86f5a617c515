/**
 * Where each client is in the partitions that it reads: what its next poll must go on with, if nothing moves it elsewhere.
 *
 * A rebalance, a seek and a reset move it by right; then the next poll may begin where it likes, or where it was told.
 */
import type { Micros } from "../../base/units.ts";
import type { ConsumerPositionReset, RecordsRead } from "../../kafka/events.ts";
import type { ConsumerPositionSet } from "../../kafka/group-events.ts";
import type { Offset } from "../../kafka/ids.ts";
import type { NodeName } from "../../sim/host.ts";
import type { Observation } from "../observation.ts";
import type { GhostPartition } from "./ghost-partition.ts";

class ReadPosition {
  /** Of the next record; -1 if it may be any. */
  offset: Offset = -1;
  step = 0;
  timeUs: Micros = 0;
  /** So many losses of the partition it knows of: it has read from the log of the last one's leader, or was moved since. */
  lossesSeen = 0;
  /** It knows in which epoch what lies before its position was written: it has read it, or was told so with a committed offset. */
  hasEpoch = false;
}

export class GhostReaders {
  private readonly byClient = new Map<NodeName, Map<GhostPartition, ReadPosition>>();
  /** Where the reader was before the event; -1 if that is not known. */
  expected: Offset = -1;
  expectedStep = 0;
  expectedTime: Micros = 0;
  /** The first of the partition's losses that the reader had not come across before the event. */
  lossesSeen = 0;
  /** Whether it could notice, by the epoch of its position, that the log was cut below (KIP-320). */
  couldNotice = false;

  onRead(event: RecordsRead, partition: GhostPartition, o: Observation): void {
    const position = this.positionOf(event.client, partition);
    this.keep(position);
    const { losses } = partition;
    if (position.offset < 0) position.lossesSeen = losses.length;
    else if (losses.length > position.lossesSeen) {
      const loss = losses[losses.length - 1];
      const last = event.batches[event.batches.length - 1];
      // Records of the old log may have waited with the client.
      if (loss !== undefined && last !== undefined && last.partitionLeaderEpoch >= loss.leaderEpoch) {
        position.lossesSeen = losses.length;
      }
    }
    if (event.batches.length > 0) position.hasEpoch = true;
    this.move(position, event.nextPosition, o);
  }

  onMoved(event: ConsumerPositionReset | ConsumerPositionSet, to: Offset, partition: GhostPartition, o: Observation): void {
    const position = this.positionOf(event.client, partition);
    this.keep(position);
    position.lossesSeen = partition.losses.length;
    position.hasEpoch = event.kind === "ConsumerPositionSet" ? event.leaderEpoch >= 0 : event.reason === "truncation";
    this.move(position, to, o);
  }

  /** Where `client` will go on; -1 if that is not known. */
  offsetOf(client: NodeName, partition: GhostPartition): Offset {
    return this.byClient.get(client)?.get(partition)?.offset ?? -1;
  }

  forget(client: NodeName, partition: GhostPartition): void {
    this.byClient.get(client)?.delete(partition);
  }

  forgetAll(client: NodeName): void {
    this.byClient.delete(client);
  }

  private positionOf(client: NodeName, partition: GhostPartition): ReadPosition {
    let positions = this.byClient.get(client);
    if (positions === undefined) {
      positions = new Map();
      this.byClient.set(client, positions);
    }
    let position = positions.get(partition);
    if (position === undefined) {
      position = new ReadPosition();
      positions.set(partition, position);
    }
    return position;
  }

  private keep(position: ReadPosition): void {
    this.expected = position.offset;
    this.expectedStep = position.step;
    this.expectedTime = position.timeUs;
    this.lossesSeen = position.lossesSeen;
    this.couldNotice = position.hasEpoch;
  }

  private move(position: ReadPosition, to: Offset, o: Observation): void {
    position.offset = to;
    position.step = o.step;
    position.timeUs = o.timeUs;
  }
}
