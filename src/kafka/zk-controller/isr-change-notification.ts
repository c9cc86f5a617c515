/**
 * Leaders that write the ISR to the store themselves leave notes about it there: the controller reads what has changed, tells all
 * brokers, and removes the notes. Source: KafkaController.processIsrChangeNotification.
 */
import { partitionName, type TopicPartition } from "../ids.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { childrenOf, dataOf, deleteNode, fenced, getChildren, getData } from "../zk/store-requests.ts";
import { ISR_CHANGE_NOTIFICATION_PATH, type IsrChangeNotificationZnode } from "../zk/znodes.ts";
import type { WatchedEvent, ZkResponse } from "../zookeeper/client-protocol.ts";
import { sendUpdateMetadata } from "./control-request-batch.ts";
import type { ControllerCore, ControllerDuty } from "./controller-core.ts";
import { epochFence, writesRefused } from "./fenced-writes.ts";
import { RefreshPartitionStates } from "./partition-state-refresh.ts";
import { CompleteReassignments } from "./reassignment.ts";

export class IsrChangeNotificationDuty implements ControllerDuty {
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  onWatchedEvent({ type, path }: WatchedEvent): Procedure | undefined {
    if (type !== "NodeChildrenChanged" || path !== ISR_CHANGE_NOTIFICATION_PATH) return undefined;
    return new IsrChangeNotification(this.core);
  }
}

class IsrChangeNotification extends Procedure {
  readonly name = "IsrChangeNotification";
  private readonly core: ControllerCore;
  private phase: "list" | "notes" | "states" | "reassignments" | "removal" = "list";
  private paths: readonly string[] = [];
  private partitions: readonly TopicPartition[] = [];

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return this.core.isActive ? { kind: "ask", requests: [getChildren(ISR_CHANGE_NOTIFICATION_PATH, true)] } : DONE;
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    switch (this.phase) {
      case "list":
        this.phase = "notes";
        this.paths = childrenOf(answers[0] as ZkResponse).map((name) => `${ISR_CHANGE_NOTIFICATION_PATH}/${name}`);
        return { kind: "ask", requests: this.paths.map((path) => getData(path)) };
      case "notes": {
        const notes = answers.map((answer) => dataOf<IsrChangeNotificationZnode>(answer)).filter((note) => note !== undefined);
        this.partitions = changedPartitions(notes);
        if (this.partitions.length === 0) return this.removeNotes();
        this.phase = "states";
        return { kind: "call", procedure: new RefreshPartitionStates(this.core, this.partitions) };
      }
      default:
        return writesRefused(answers, "NONODE") ?? DONE;
    }
  }

  override onReturned(): Step {
    const { core, partitions } = this;
    if (this.phase === "reassignments") return this.removeNotes();
    sendUpdateMetadata(core, core.context.liveOrShuttingDownBrokerIds(), partitions);
    this.phase = "reassignments";
    return { kind: "call", procedure: new CompleteReassignments(core, partitions) };
  }

  private removeNotes(): Step {
    this.phase = "removal";
    const fence = epochFence(this.core);
    return { kind: "ask", requests: this.paths.map((path) => fenced(deleteNode(path), fence)) };
  }
}

/** Each partition once, however many notes name it. @internal */
export function changedPartitions(notes: readonly IsrChangeNotificationZnode[]): TopicPartition[] {
  const byName = new Map<string, TopicPartition>();
  for (const { partitions } of notes) {
    for (const { topic, partition } of partitions) byName.set(partitionName(topic, partition), { topic, partition });
  }
  return [...byName.values()];
}
