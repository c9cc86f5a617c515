/**
 * Reassignments: asked for by the API or in `/admin/reassign_partitions`, taken up again after a failover and when a broker comes
 * back, and completed when the ISR has caught up. Source: KafkaController (KIP-455).
 */
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, partitionName, type TopicPartition } from "../ids.ts";
import type { AnyPendingRequest, PendingRequest } from "../net/request-channel.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { partitionOfStatePath, REASSIGN_PARTITIONS_PATH } from "../zk/znodes.ts";
import type { WatchedEvent, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ControllerCore, ControllerDuty } from "./controller-core.ts";
import { InOrder } from "./in-order.ts";
import {
  isReassignmentComplete,
  type ReassignmentErrors,
  ReassignPartition,
  ReassignPartitions,
  RemoveReassignmentOrders,
  readReassignmentProgress,
  type WantedReassignment,
  wantedAssignment,
  ZkPartitionReassignment,
} from "./partition-reassignment.ts";
import { reassignedTo, targetReplicas } from "./replica-assignment.ts";

export class ReassignmentDuty implements ControllerDuty {
  private readonly core: ControllerCore;

  constructor(core: ControllerCore) {
    this.core = core;
  }

  resumeAfterFailover(): Procedure {
    return new InitializeReassignments(this.core);
  }

  onBrokersStarted(brokers: readonly BrokerId[]): Procedure {
    const { context } = this.core;
    const waiting = [...context.partitionsBeingReassigned.values()].filter((partition) =>
      targetReplicas(context.assignment(partition)).some((broker) => brokers.includes(broker)),
    );
    return resume(this.core, waiting);
  }

  onWatchedEvent({ type, path }: WatchedEvent): Procedure | undefined {
    if (type === "NodeCreated" && path === REASSIGN_PARTITIONS_PATH) return new ZkPartitionReassignment(this.core);
    const partition = type === "NodeDataChanged" ? partitionOfStatePath(path) : undefined;
    return partition === undefined ? undefined : new CompleteReassignments(this.core, [partition]);
  }

  onRequest(request: AnyPendingRequest): boolean {
    if (request.api !== "AlterPartitionReassignments") return false;
    this.core.thread.submit(new ApiPartitionReassignment(this.core, request));
    return true;
  }
}

/** Whatever was under way goes on from where it is, even if the topic is to be deleted: that waits for it. Source: maybeResumeReassignments. */
function resume(core: ControllerCore, partitions: readonly TopicPartition[]): Procedure {
  const resumed = partitions.map((partition) => new ReassignPartition(core, partition, core.context.assignment(partition)));
  return new InOrder("ResumeReassignments", resumed);
}

/** Orders that were written while nobody was there come first, then what the topics' znodes say. Source: initializePartitionReassignments. */
class InitializeReassignments extends Procedure {
  readonly name = "InitializeReassignments";
  private readonly core: ControllerCore;
  private phase: "orders" | "others" = "orders";

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    return { kind: "call", procedure: new ZkPartitionReassignment(this.core) };
  }

  override onReturned(result: unknown): Step {
    if (this.phase === "others") return DONE;
    this.phase = "others";
    const errors = result as ReassignmentErrors;
    const waiting = [...this.core.context.partitionsBeingReassigned].filter(([name]) => errors.get(name) !== "NONE");
    const others = waiting.map(([, partition]) => partition);
    return { kind: "call", procedure: resume(this.core, others) };
  }
}

/** Those of the partitions that are being reassigned may have got what they wait for. Source: maybeCompleteReassignment. */
export class CompleteReassignments extends Procedure {
  readonly name = "PartitionReassignmentIsrChange";
  private readonly core: ControllerCore;
  private readonly partitions: readonly TopicPartition[];
  /** Still to be looked at, the next one last. */
  private waiting: TopicPartition[] = [];

  constructor(core: ControllerCore, partitions: readonly TopicPartition[]) {
    super();
    this.core = core;
    this.partitions = partitions;
  }

  start(): Step {
    if (!this.core.isActive) return DONE;
    const { context } = this.core;
    // One that was deleted meanwhile still counts as being reassigned, as in Kafka, whose handler fails over it.
    this.waiting = this.partitions.filter(
      (at) => context.partitionsBeingReassigned.has(partitionName(at.topic, at.partition)) && context.hasPartition(at),
    );
    this.waiting.reverse();
    return this.next();
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const partition = this.waiting.pop() as TopicPartition;
    const assignment = this.core.context.assignment(partition);
    if (!isReassignmentComplete(assignment, answers[0] as ZkResponse)) return this.next();
    return { kind: "call", procedure: new ReassignPartition(this.core, partition, assignment) };
  }

  override onReturned(): Step {
    return this.next();
  }

  private next(): Step {
    const partition = this.waiting.at(-1);
    return partition === undefined ? DONE : { kind: "ask", requests: [readReassignmentProgress(this.core, partition)] };
  }
}

interface AskedReassignment {
  readonly partition: TopicPartition;
  readonly target: readonly BrokerId[] | null;
}

/** The latest wish counts, so what it is about leaves the older orders. Source: processApiPartitionReassignment. */
class ApiPartitionReassignment extends Procedure {
  readonly name = "ApiPartitionReassignment";
  private readonly core: ControllerCore;
  private readonly request: PendingRequest<"AlterPartitionReassignments">;
  private phase: "waiting" | "clearing" | "reassigning" = "waiting";
  /** By {@link partitionName}. */
  private readonly errors = new Map<string, ErrorCode>();
  private readonly wanted: WantedReassignment[] = [];

  constructor(core: ControllerCore, request: PendingRequest<"AlterPartitionReassignments">) {
    super();
    this.core = core;
    this.request = request;
  }

  start(): Step {
    this.phase = "clearing";
    if (!this.core.isActive) return this.refuse("NOT_CONTROLLER");
    for (const asked of askedReassignments(this.request)) this.judge(asked);
    const orders = this.wanted.map(({ partition }) => partition);
    return { kind: "call", procedure: new RemoveReassignmentOrders(this.core, orders) };
  }

  override onReturned(result: unknown): Step {
    if (this.phase === "clearing") {
      this.phase = "reassigning";
      return { kind: "call", procedure: new ReassignPartitions(this.core, this.wanted) };
    }
    for (const [name, error] of result as ReassignmentErrors) this.errors.set(name, error);
    this.request.respond({
      errorCode: "NONE",
      responses: this.request.body.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          errorCode: this.errors.get(partitionName(name, partitionIndex)) as ErrorCode,
        })),
      })),
    });
    return DONE;
  }

  /** Once it has begun, Kafka leaves it unanswered: the administrator's request times out. */
  override onAborted(): void {
    if (this.phase === "waiting") this.refuse("NOT_CONTROLLER");
  }

  private judge({ partition, target }: AskedReassignment): void {
    const current = this.core.context.assignment(partition);
    const name = partitionName(partition.topic, partition.partition);
    if (target !== null && !this.isPossible(target, reassignedTo(current, target).addingReplicas)) {
      this.errors.set(name, "INVALID_REPLICA_ASSIGNMENT");
      return;
    }
    const assignment = wantedAssignment(current, target);
    if (assignment === undefined) this.errors.set(name, "NO_REASSIGNMENT_IN_PROGRESS");
    else this.wanted.push({ partition, assignment });
  }

  /** Whoever joins must be alive. Source: KafkaController.validateReplicas. */
  private isPossible(target: readonly BrokerId[], adding: readonly BrokerId[]): boolean {
    if (target.length === 0 || new Set(target).size !== target.length || target.some((broker) => broker < 0)) return false;
    return adding.every((broker) => this.core.context.isLiveBroker(broker));
  }

  private refuse(errorCode: ErrorCode): Step {
    this.request.respond({ errorCode, responses: [] });
    return DONE;
  }
}

/** What is asked of a partition twice is asked as it was asked last. */
function askedReassignments(request: PendingRequest<"AlterPartitionReassignments">): Iterable<AskedReassignment> {
  const asked = new Map<string, AskedReassignment>();
  for (const { name: topic, partitions } of request.body.topics) {
    for (const { partitionIndex: partition, replicas: target } of partitions) {
      asked.set(partitionName(topic, partition), { partition: { topic, partition }, target });
    }
  }
  return asked.values();
}
