/**
 * Who waits for what the coordinator of a partition has written, in the order of writing. Each waits for the high watermark to reach
 * the end of its records, and no longer than `offsets.commit.timeout.ms`. Source: DeferredEventQueue.
 */
import type { Micros } from "../../base/units.ts";
import type { ErrorCode } from "../errors.ts";
import type { Offset } from "../ids.ts";
import type { WriteWaiter } from "./shard.ts";

interface WaitingWrite {
  /** The high watermark that commits it. */
  readonly required: Offset;
  /** On the steady clock. */
  readonly deadline: Micros;
  readonly waiter: WriteWaiter;
}

export class WrittenQueue {
  /** Required offsets and deadlines never fall. */
  private waiting: WaitingWrite[] = [];

  get nextDeadline(): Micros | undefined {
    return this.waiting[0]?.deadline;
  }

  add(required: Offset, deadline: Micros, waiter: WriteWaiter): void {
    this.waiting.push({ required, deadline, waiter });
  }

  /** Everything below `to` is committed. Whoever is told may write, and wait, again. */
  completeUpTo(to: Offset): void {
    for (let head = this.waiting[0]; head !== undefined && head.required <= to; head = this.waiting[0]) {
      this.waiting.shift();
      head.waiter.onWritten("NONE");
    }
  }

  failUpTo(now: Micros, error: ErrorCode): void {
    for (let head = this.waiting[0]; head !== undefined && head.deadline <= now; head = this.waiting[0]) {
      this.waiting.shift();
      head.waiter.onWritten(error);
    }
  }

  failAll(error: ErrorCode): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { waiter } of waiting) waiter.onWritten(error);
  }
}
