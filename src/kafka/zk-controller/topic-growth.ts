/**
 * Topics are given more partitions: their assignment in the store is written anew, and the controller finds it there.
 *
 * As with creation it does not run on the controller's thread, and its writes are not fenced. Source: ZkAdminManager.createPartitions,
 * AdminZkClient.createNewPartitionsAssignment, createPartitionsWithAssignment, KafkaApis.handleCreatePartitionsRequest.
 */
import type { Host } from "../../sim/host.ts";
import type { BrokerId } from "../ids.ts";
import type { CreatePartitionsRequest } from "../messages/metadata.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { dataOf, exists, getData, setData } from "../zk/store-requests.ts";
import { deleteTopicPath, type TopicZnode, topicPath } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import { isBeingReassigned, settledAssignment } from "./replica-assignment.ts";
import { placementProblem, placeReplicas } from "./replica-placement.ts";
import type { WrittenTopic } from "./topic-creation.ts";
import { duplicateNames, type TopicRefusal } from "./topic-plan.ts";

type GrowingTopic = CreatePartitionsRequest["topics"][number];

interface TopicGrowthContext {
  readonly host: Host;
  readonly metadata: BrokerMetadataCache;
}

export interface TopicGrowthRequester {
  /** One for each name, in the order of the request; `partitions` is what the topic has then. */
  onPartitionsWritten(request: PendingRequest<"CreatePartitions">, topics: readonly WrittenTopic[]): void;
}

/** One topic after the other. Ends with its requester's being told, whatever happens. */
export class CreatePartitions extends Procedure {
  readonly name = "CreatePartitions";
  private readonly context: TopicGrowthContext;
  private readonly request: PendingRequest<"CreatePartitions">;
  private readonly requester: TopicGrowthRequester;
  /** The next one last. */
  private readonly waiting: GrowingTopic[];
  private readonly duplicates: ReadonlySet<string>;
  private readonly written = new Map<string, WrittenTopic>();
  private phase: "read" | "written" = "read";
  private grown: TopicZnode | undefined = undefined;

  constructor(context: TopicGrowthContext, request: PendingRequest<"CreatePartitions">, requester: TopicGrowthRequester) {
    super();
    this.context = context;
    this.request = request;
    this.requester = requester;
    this.waiting = [...request.body.topics].reverse();
    this.duplicates = duplicateNames(request.body);
  }

  start(): Step {
    const topic = this.waiting.at(-1);
    if (topic === undefined) {
      this.requester.onPartitionsWritten(this.request, [...this.written.values()]);
      return DONE;
    }
    this.phase = "read";
    this.grown = undefined;
    if (this.duplicates.has(topic.name)) return this.end({ error: "INVALID_REQUEST", message: "duplicate topic in request" });
    return { kind: "ask", requests: [exists(deleteTopicPath(topic.name)), getData(topicPath(topic.name))] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const topic = this.waiting.at(-1) as GrowingTopic;
    if (this.phase === "written") {
      const { error } = answers[0] as ZkResponse;
      return error === "OK" ? this.end(undefined) : this.end({ error: "UNKNOWN_SERVER_ERROR", message: error });
    }
    const [marked, stored] = answers as readonly [ZkResponse, ZkResponse];
    const znode = dataOf<TopicZnode>(stored);
    if (marked.error === "OK") return this.end({ error: "INVALID_TOPIC_EXCEPTION", message: "the topic is queued for deletion" });
    if (znode === undefined)
      return this.end({ error: "UNKNOWN_TOPIC_OR_PARTITION", message: `there is no topic '${topic.name}'` });
    if (znode.partitions.some(isBeingReassigned)) {
      // The controller writes the same znode as the reassignment goes on.
      return this.end({ error: "REASSIGNMENT_IN_PROGRESS", message: "a partition of the topic is being reassigned" });
    }
    const plan = this.plan(topic, znode);
    if ("error" in plan) return this.end(plan);
    const added = plan.map((replicas) => settledAssignment(Object.freeze([...replicas])));
    this.grown = Object.freeze({ ...znode, partitions: Object.freeze([...znode.partitions, ...added]) });
    this.phase = "written";
    return { kind: "ask", requests: [setData(topicPath(topic.name), this.grown)] };
  }

  override onAborted(): void {
    const message = "the session with ZooKeeper has ended";
    for (const { name } of [...this.waiting].reverse()) {
      this.written.set(name, { name, topicId: "", partitions: 0, errorCode: "UNKNOWN_SERVER_ERROR", errorMessage: message });
    }
    this.requester.onPartitionsWritten(this.request, [...this.written.values()]);
  }

  /** The replicas of each partition that is added, or why there are none. */
  private plan(
    { count, assignments }: GrowingTopic,
    { partitions }: TopicZnode,
  ): readonly (readonly BrokerId[])[] | TopicRefusal {
    const existing = partitions.length;
    if (count <= existing) {
      return { error: "INVALID_PARTITIONS", message: `the topic has ${existing} partition(s) already` };
    }
    const first = partitions[0]?.replicas ?? [];
    const added = count - existing;
    const { host, metadata } = this.context;
    const brokers = [...metadata.brokers()].map(({ id, rack }) => ({ id, rack }));
    if (assignments !== null) {
      const living = new Set(brokers.map(({ id }) => id));
      const fits = ({ brokerIds }: (typeof assignments)[number]): boolean =>
        brokerIds.length === first.length && new Set(brokerIds).size === first.length && brokerIds.every((id) => living.has(id));
      if (assignments.length === added && assignments.every(fits)) return assignments.map(({ brokerIds }) => brokerIds);
      const message = `${added} assignment(s) of ${first.length} different, living replica(s) are wanted`;
      return { error: "INVALID_REPLICA_ASSIGNMENT", message };
    }
    const refusal = placementProblem(added, first.length, brokers);
    if (refusal !== undefined) return refusal;
    const after = { partitions: existing, firstLeader: first[0] as BrokerId };
    return placeReplicas({
      partitions: added,
      replicationFactor: first.length,
      brokers,
      random: host.random("placement"),
      after,
    });
  }

  private end(refusal: TopicRefusal | undefined): Step {
    const { name } = this.waiting.pop() as GrowingTopic;
    const partitions = refusal === undefined ? (this.grown?.partitions.length ?? 0) : 0;
    const errorCode = refusal?.error ?? "NONE";
    this.written.set(name, {
      name,
      topicId: this.grown?.topicId ?? "",
      partitions,
      errorCode,
      errorMessage: refusal?.message ?? null,
    });
    return this.start();
  }
}
