/** A member of a consumer group: an application with its consumer, and with its connection to the store of its effects if it has one. */
import type { Connection, DiskOperation, Host, Message, NodeName, Process, Timer } from "../../sim/host.ts";
import type { ConsumerConfig } from "../config/client-config.ts";
import type { Dials } from "../dials.ts";
import { EffectClient } from "./effect-client.ts";
import type { HandlerSpec } from "./handler-spec.ts";
import { KafkaConsumer } from "./kafka-consumer.ts";
import { MemberApplication } from "./member-application.ts";
import type { GroupSubscription } from "./subscription-state.ts";

export class MemberProcess implements Process {
  readonly consumer: KafkaConsumer;
  readonly application: MemberApplication;
  private readonly effects: EffectClient | undefined;

  constructor(options: {
    readonly host: Host;
    readonly name: NodeName;
    readonly group: GroupSubscription;
    /** `enable.auto.commit` is on if the handler leaves commits to the consumer, and only then. */
    readonly config: ConsumerConfig;
    readonly dials: Dials;
    readonly handler: HandlerSpec;
    /** Where effects with a fencing token go; undefined without one. */
    readonly store: NodeName | undefined;
    readonly bootstrap: readonly NodeName[];
  }) {
    const { host, name, group, config, dials, handler, store, bootstrap } = options;
    this.effects = handler.fencingToken && store !== undefined ? new EffectClient(host, store) : undefined;
    const application = new MemberApplication({ host, client: name, spec: handler, effects: this.effects });
    this.application = application;
    this.consumer = new KafkaConsumer({ host, name, group, config, dials, bootstrap, application });
  }

  onStart(): void {
    this.application.start(this.consumer);
  }

  onConnected(connection: Connection): void {
    if (!this.isToStore(connection)) this.consumer.onConnected(connection);
  }

  onMessage(connection: Connection, message: Message): void {
    if (this.isToStore(connection)) this.effects?.onMessage(connection, message);
    else this.consumer.onMessage(connection, message);
  }

  onDisconnected(connection: Connection): void {
    if (this.isToStore(connection)) this.effects?.onDisconnected(connection);
    else this.consumer.onDisconnected(connection);
  }

  onTimer(timer: Timer): void {
    timer.target.onTimer(timer);
  }

  onDiskDone(_operation: DiskOperation, _ok: boolean): void {}

  onShutdownRequested(): void {
    this.application.stop();
  }

  private isToStore(connection: Connection): boolean {
    return connection.attachment === this.effects && this.effects !== undefined;
  }
}
