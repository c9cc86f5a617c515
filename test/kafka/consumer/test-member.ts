/** An application in a group whose every step a test may stretch: it notes what it is told, and by when. */
import { type Micros, ms } from "../../../src/base/units.ts";
import type { ConsumerConfig } from "../../../src/kafka/config/client-config.ts";
import type { ConsumerApplication, PolledRecords, RebalanceCallback } from "../../../src/kafka/consumer/application.ts";
import { KafkaConsumer } from "../../../src/kafka/consumer/kafka-consumer.ts";
import type { ErrorCode } from "../../../src/kafka/errors.ts";
import type { CommitOccasion, CommittedOffset } from "../../../src/kafka/group-events.ts";
import type { TopicPartition } from "../../../src/kafka/ids.ts";
import type { Connection, DiskOperation, Host, Message, Process, Timer } from "../../../src/sim/host.ts";
import { consumerConfig, type ScriptedCluster } from "../client/scripted-cluster.ts";
import { names } from "./fake-coordinator.ts";

export interface MemberOptions {
  readonly config?: Partial<ConsumerConfig>;
  readonly topics?: readonly string[];
  readonly groupInstanceId?: string;
  /** What it takes with what one poll() returns. */
  readonly handlerUs?: Micros;
  /** What its callbacks take. */
  readonly callbackUs?: Partial<Record<RebalanceCallback, Micros>>;
  /** Whether it commits in onPartitionsRevoked. */
  readonly commitsOnRevoke?: boolean;
  /** What it does with the records of each poll(). */
  readonly commits?: "sync" | "async";
  readonly survivesExceptions?: boolean;
}

export class TestMember implements Process, ConsumerApplication {
  readonly consumer: KafkaConsumer;
  /** `assigned orders-0`, `revoked orders-0`, `commit sync NONE`, … */
  readonly log: string[] = [];
  /** `orders-0@3` */
  readonly read: string[] = [];
  private readonly host: Host;
  private readonly options: MemberOptions;
  private handling = false;
  private calledBack = false;
  private stopping = false;
  private committing: "records" | "revoked" | undefined = undefined;

  constructor(cluster: Pick<ScriptedCluster, "dials" | "bootstrap">, host: Host, options: MemberOptions) {
    this.host = host;
    this.options = options;
    const { topics = ["orders"], groupInstanceId = null } = options;
    this.consumer = new KafkaConsumer({
      host,
      name: host.name,
      config: consumerConfig({ "auto.offset.reset": "earliest", ...options.config }),
      dials: cluster.dials,
      group: { groupId: "billing", groupInstanceId, topics },
      bootstrap: cluster.bootstrap,
      application: this,
    });
  }

  onStart(): void {
    this.poll();
  }

  onConnected(connection: Connection): void {
    this.consumer.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    this.consumer.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    this.consumer.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    if (timer.target !== this) timer.target.onTimer(timer);
    else if (timer.kind === "test.callback") {
      this.calledBack = false;
      this.consumer.callbackReturned();
    } else {
      this.handling = false;
      this.commitRecords();
    }
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  /** It finishes what it is doing. */
  onShutdownRequested(): void {
    this.stopping = true;
    if (!this.handling && !this.calledBack && this.committing === undefined) this.consumer.close();
  }

  onWakeup(): void {
    this.poll();
  }

  onException(name: string): void {
    this.log.push(`threw ${name}`);
    if (this.options.survivesExceptions === true) this.host.setTimer(ms(10), { kind: "test.poll", target: this });
    else this.host.exit(name);
  }

  onRebalance(callback: RebalanceCallback, partitions: readonly TopicPartition[]): void {
    const word = { onPartitionsAssigned: "assigned", onPartitionsRevoked: "revoked", onPartitionsLost: "lost" }[callback];
    this.log.push(`${word} ${names(partitions)}`.trim());
    const takes = this.options.callbackUs?.[callback] ?? 0;
    if (callback === "onPartitionsRevoked" && this.options.commitsOnRevoke === true) {
      this.committing = "revoked";
      this.consumer.commitSync(null);
    } else if (takes > 0) {
      this.calledBack = true;
      this.host.setTimer(takes, { kind: "test.callback", target: this });
    } else this.consumer.callbackReturned();
  }

  onCommitEnded(occasion: CommitOccasion, offsets: readonly CommittedOffset[], error: ErrorCode | "TIMEOUT"): void {
    const committed = offsets.map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`).join(" ");
    this.log.push(`commit ${occasion} ${committed} ${error}`);
    const { committing } = this;
    if (occasion !== "sync") return;
    this.committing = undefined;
    if (committing === "revoked") this.consumer.callbackReturned();
    else this.poll();
  }

  onClosed(): void {
    this.log.push("closed");
    this.host.exit("closed");
  }

  private poll(): void {
    if (this.stopping) {
      if (!this.handling && this.committing === undefined) this.consumer.close();
      return;
    }
    while (!this.handling && this.committing === undefined && this.host.alive) {
      const polled = this.consumer.poll();
      if (polled.length === 0) return;
      this.note(polled);
      const { handlerUs = 0 } = this.options;
      if (handlerUs > 0) {
        this.handling = true;
        this.host.setTimer(handlerUs, { kind: "test.handler", target: this });
      } else if (this.options.commits !== undefined) this.commitRecords();
    }
  }

  private note(polled: readonly PolledRecords[]): void {
    for (const { topic, partition, offsets } of polled) {
      for (const offset of offsets) this.read.push(`${topic}-${partition}@${offset}`);
    }
  }

  private commitRecords(): void {
    if (this.options.commits === "sync") {
      this.committing = "records";
      this.consumer.commitSync(null);
      return;
    }
    if (this.options.commits === "async") this.consumer.commitAsync(null);
    this.poll();
  }
}
