/** The log on the kernel's own disk, whose power losses are drawn from the seed. */
import { fc, test as propertyTest } from "@fast-check/vitest";
import { expect } from "vitest";
import { markImmutable } from "../../../src/base/immutable.ts";
import { OffsetCheckpoint, RECOVERY_POINT_CHECKPOINT } from "../../../src/kafka/log/checkpoints.ts";
import { Log } from "../../../src/kafka/log/log.ts";
import { type KafkaRecord, RecordBatch } from "../../../src/kafka/records.ts";
import type { DiskOperation, Host, Process } from "../../../src/sim/host.ts";
import type { ProcessFactory } from "../../../src/sim/node.ts";
import { World } from "../../../src/sim/world.ts";

const BATCH_BYTES = 100;

/** A broker that does nothing but keep one log, with a checkpoint whenever a flush ends. */
class LogKeeper implements Process {
  readonly log: Log<KafkaRecord>;
  private readonly recoveryPoints: OffsetCheckpoint;

  constructor(host: Host) {
    this.recoveryPoints = new OffsetCheckpoint(host, RECOVERY_POINT_CHECKPOINT);
    this.log = Log.open<KafkaRecord>(host, {
      dir: "orders-0",
      config: {
        segmentBytes: 4 * BATCH_BYTES,
        segmentUs: 1_000_000,
        flushMessages: Number.MAX_SAFE_INTEGER,
        maxMessageBytes: 1_000,
        compacts: false,
      },
      cleanShutdown: false,
      recoveryPoint: this.recoveryPoints.read().get("orders-0") ?? 0,
      logStartOffset: 0,
      highWatermark: 0,
    });
  }

  append(epoch: number): void {
    const record: KafkaRecord = { key: null, value: null, timestamp: 0, origin: { client: "checkout", sequence: 0 } };
    this.log.appendAsLeader(
      new RecordBatch({ baseOffset: 0, partitionLeaderEpoch: -1, sizeInBytes: BATCH_BYTES }, [record]),
      epoch,
    );
  }

  checkpoint(): void {
    this.recoveryPoints.write(new Map([["orders-0", this.log.recoveryPoint]]));
  }

  onDiskDone(operation: DiskOperation, ok: boolean): void {
    operation.target.onDiskDone(operation, ok);
    this.checkpoint();
  }

  onStart(): void {}
  onConnected(): void {}
  onMessage(): void {}
  onDisconnected(): void {}
  onTimer(): void {}
  onShutdownRequested(): void {}
}

class LogKeeperFactory implements ProcessFactory {
  create(host: Host): Process {
    return new LogKeeper(host);
  }
}
markImmutable(LogKeeperFactory);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant("append" as const) },
  { weight: 2, arbitrary: fc.constantFrom("flush" as const, "wait" as const, "truncate" as const) },
  { weight: 1, arbitrary: fc.constantFrom("power loss" as const, "crash" as const) },
);

propertyTest.prop([fc.string(), fc.array(step, { maxLength: 60 })], { numRuns: 200 })(
  "what was below the recovery point survives every crash and power loss, and the log stays dense",
  (seed, steps) => {
    const world = new World({ seed });
    const node = world.addNode({ name: "broker-1", factory: new LogKeeperFactory() });
    const restart = (hurt: () => void): void => {
      const { log } = node.process as LogKeeper;
      const flushed = log.batches().filter((batch) => batch.nextOffset <= log.recoveryPoint);
      hurt();
      world.start("broker-1");
      world.runUntil(world.time);
      const reopened = (node.process as LogKeeper).log;
      expect(reopened).not.toBe(log);
      expect(reopened.batches().slice(0, flushed.length)).toEqual(flushed);
      expect(reopened.logEndOffset).toBe(reopened.batches().at(-1)?.nextOffset ?? 0);
    };
    world.start("broker-1");
    world.runUntil(0);
    let epoch = 0;
    for (const s of steps) {
      const keeper = node.process as LogKeeper;
      if (s === "append") keeper.append(epoch);
      else if (s === "flush") keeper.log.flush();
      else if (s === "wait") world.runUntil(world.time + 1_000);
      else if (s === "truncate") {
        epoch += 1;
        keeper.log.truncateTo(Math.floor(keeper.log.logEndOffset / 2));
        keeper.checkpoint();
      } else if (s === "crash") restart(() => world.crash("broker-1"));
      else restart(() => world.losePower("broker-1", "random"));
    }
  },
);
