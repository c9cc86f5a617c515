/**
 * A broker has noted in the store that one of its log directories failed. It is asked for the state of all its replicas, by ordering
 * them once more: those that lie in the directory answer with an error, and count as offline from then on.
 *
 * Source: KafkaController.processLogDirEventNotification, onBrokerLogDirFailure (KIP-112).
 */
import type { BrokerId } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { childrenOf, dataOf, deleteNode, fenced, getChildren, getData } from "../zk/store-requests.ts";
import { LOG_DIR_EVENT_NOTIFICATION_PATH, type LogDirEventZnode } from "../zk/znodes.ts";
import type { WatchedEvent, ZkResponse } from "../zookeeper/client-protocol.ts";
import { ChangeReplicaStates } from "./change-replica-states.ts";
import type { ControllerCore, ControllerDuty } from "./controller-core.ts";
import { epochFence, writesRefused } from "./fenced-writes.ts";

export class LogDirEventNotificationDuty implements ControllerDuty {
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  onWatchedEvent({ type, path }: WatchedEvent): Procedure | undefined {
    if (type !== "NodeChildrenChanged" || path !== LOG_DIR_EVENT_NOTIFICATION_PATH) return undefined;
    return new LogDirEventNotification(this.core);
  }
}

class LogDirEventNotification extends Procedure {
  readonly name = "LogDirEventNotification";
  private readonly core: ControllerCore;
  private phase: "list" | "notes" | "removal" = "list";
  private paths: readonly string[] = [];

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return this.core.isActive ? { kind: "ask", requests: [getChildren(LOG_DIR_EVENT_NOTIFICATION_PATH, true)] } : DONE;
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    switch (this.phase) {
      case "list":
        this.phase = "notes";
        this.paths = childrenOf(answers[0] as ZkResponse).map((name) => `${LOG_DIR_EVENT_NOTIFICATION_PATH}/${name}`);
        return { kind: "ask", requests: this.paths.map((path) => getData(path)) };
      case "notes": {
        const { core } = this;
        const brokers = new Set<BrokerId>();
        for (const answer of answers) {
          const note = dataOf<LogDirEventZnode>(answer);
          if (note !== undefined) brokers.add(note.broker);
        }
        const replicas = core.context.replicasOnBrokers([...brokers]);
        return { kind: "call", procedure: new ChangeReplicaStates(core, replicas, "OnlineReplica") };
      }
      case "removal":
        return writesRefused(answers, "NONODE") ?? DONE;
    }
  }

  override onReturned(): Step {
    this.phase = "removal";
    const fence = epochFence(this.core);
    return { kind: "ask", requests: this.paths.map((path) => fenced(deleteNode(path), fence)) };
  }
}
