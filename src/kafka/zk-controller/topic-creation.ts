/**
 * Topics are written to the store: first what is set on them, then their assignment. The controller finds them there.
 *
 * It does not run on the controller's thread, and its writes are not fenced: any broker could do it, and before 0.10.1 the tools did.
 * Source: ZkAdminManager.createTopics, AdminZkClient.createTopicWithAssignment.
 */
import type { Host } from "../../sim/host.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { randomTopicId } from "../controller/topic-id.ts";
import type { Dials } from "../dials.ts";
import type { ErrorCode } from "../errors.ts";
import type { BrokerId, TopicId } from "../ids.ts";
import type { BrokerMetadataCache } from "../metadata/broker-metadata-cache.ts";
import type { PendingRequest } from "../net/request-channel.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { CreateRecursive } from "../zk/recursive.ts";
import { childrenOf, exists, getChildren, setData } from "../zk/store-requests.ts";
import {
  deleteTopicPath,
  TOPICS_PATH,
  type TopicConfigZnode,
  type TopicZnode,
  topicConfigPath,
  topicPath,
} from "../zk/znodes.ts";
import type { ZkError, ZkResponse } from "../zookeeper/client-protocol.ts";
import { settledAssignment } from "./replica-assignment.ts";
import {
  type CreatableTopic,
  contentProblem,
  duplicateNames,
  mayCollide,
  nameProblem,
  planAssignments,
  requestProblem,
  type TopicRefusal,
} from "./topic-plan.ts";

export interface TopicCreationContext {
  readonly host: Host;
  readonly config: BrokerConfig;
  readonly dials: Dials;
  readonly metadata: BrokerMetadataCache;
}

/** What has become of one topic of the request. */
export interface WrittenTopic {
  readonly name: string;
  readonly topicId: TopicId;
  readonly partitions: number;
  readonly errorCode: ErrorCode;
  readonly errorMessage: string | null;
}

export interface TopicCreationRequester {
  /** One for each name, in the order of the request. `request` undefined: the broker wanted them itself. */
  onTopicsWritten(request: PendingRequest<"CreateTopics"> | undefined, topics: readonly WrittenTopic[]): void;
}

/** One topic after the other. Ends with its requester's being told, whatever happens. */
export class CreateTopics extends Procedure {
  readonly name = "CreateTopics";
  private readonly context: TopicCreationContext;
  private readonly request: PendingRequest<"CreateTopics"> | undefined;
  private readonly requester: TopicCreationRequester;
  /** The next one last. */
  private readonly waiting: CreatableTopic[];
  /** Names that the request has more than once. */
  private readonly duplicates: ReadonlySet<string>;
  private readonly written = new Map<string, WrittenTopic>();

  constructor(
    context: TopicCreationContext,
    topics: readonly CreatableTopic[],
    request: PendingRequest<"CreateTopics"> | undefined,
    requester: TopicCreationRequester,
  ) {
    super();
    this.context = context;
    this.request = request;
    this.requester = requester;
    this.waiting = [...topics].reverse();
    this.duplicates = duplicateNames({ topics });
  }

  start(): Step {
    for (let topic = this.waiting.at(-1); topic !== undefined; topic = this.waiting.at(-1)) {
      const problem = requestProblem(topic.name, this.duplicates);
      if (problem === undefined) return { kind: "call", procedure: new CreateTopic(this.context, topic) };
      this.end(refused(topic.name, problem));
    }
    this.requester.onTopicsWritten(this.request, [...this.written.values()]);
    return DONE;
  }

  override onReturned(result: unknown): Step {
    this.end(result as WrittenTopic);
    return this.start();
  }

  override onAborted(): void {
    const failure: TopicRefusal = { error: "UNKNOWN_SERVER_ERROR", message: "the session with ZooKeeper has ended" };
    for (const { name } of [...this.waiting].reverse()) this.end(refused(name, failure));
    this.requester.onTopicsWritten(this.request, [...this.written.values()]);
  }

  private end(topic: WrittenTopic): void {
    this.waiting.pop();
    this.written.set(topic.name, topic);
  }
}

function refused(name: string, { error, message }: TopicRefusal): WrittenTopic {
  return { name, topicId: "", partitions: 0, errorCode: error, errorMessage: message };
}

/** Ends with a {@link WrittenTopic}. */
class CreateTopic extends Procedure {
  readonly name = "CreateTopic";
  private readonly context: TopicCreationContext;
  private readonly topic: CreatableTopic;
  private assignments: readonly (readonly BrokerId[] | undefined)[] = [];
  private topicId: TopicId = "";
  private phase: "deletion" | "existence" | "collision" | "config" | "creation" = "deletion";

  constructor(context: TopicCreationContext, topic: CreatableTopic) {
    super();
    this.context = context;
    this.topic = topic;
  }

  start(): Step {
    const { host, config, metadata } = this.context;
    const { name } = this.topic;
    if (metadata.topicByName(name) !== undefined) return this.alreadyExists();
    const brokers = [...metadata.brokers()].map(({ id, rack }) => ({ id, rack }));
    const plan = planAssignments(this.topic, { brokers, config, random: host.random("placement") });
    if (plan.refusal !== undefined) return this.refuse(plan.refusal);
    this.assignments = plan.assignments;
    const problem = nameProblem(name);
    if (problem !== undefined) return this.refuse(problem);
    return { kind: "ask", requests: [exists(deleteTopicPath(name))] };
  }

  override onResponses([answer]: readonly [ZkResponse]): Step {
    const { name } = this.topic;
    switch (this.phase) {
      case "deletion":
        if (answer.error === "OK") return this.alreadyExists(`topic '${name}' is marked for deletion`);
        this.phase = "existence";
        return { kind: "ask", requests: [exists(topicPath(name))] };
      case "existence":
        if (answer.error === "OK") return this.alreadyExists();
        if (!mayCollide(name)) return this.writeConfig();
        this.phase = "collision";
        return { kind: "ask", requests: [getChildren(TOPICS_PATH)] };
      case "collision": {
        const existing = childrenOf(answer);
        if (existing.includes(name)) return this.alreadyExists();
        const problem = nameProblem(name, existing);
        return problem === undefined ? this.writeConfig() : this.refuse(problem);
      }
      default:
        if (answer.error === "OK") return this.writeTopic();
        return { kind: "call", procedure: new CreateRecursive(topicConfigPath(name), this.config()) };
    }
  }

  override onReturned(result: unknown): Step {
    if (this.phase === "config") return this.writeTopic();
    const error = result as ZkError;
    if (error === "NODEEXISTS") return this.alreadyExists();
    if (error !== "OK") return this.refuse({ error: "UNKNOWN_SERVER_ERROR", message: error });
    const { name } = this.topic;
    const written: WrittenTopic = {
      name,
      topicId: this.topicId,
      partitions: this.assignments.length,
      errorCode: "NONE",
      errorMessage: null,
    };
    return { kind: "done", result: written };
  }

  /** Also if nothing is set. A topic that fails after this leaves it behind. */
  private writeConfig(): Step {
    const problem = contentProblem(this.topic, this.assignments);
    if (problem !== undefined) return this.refuse(problem);
    this.phase = "config";
    return { kind: "ask", requests: [setData(topicConfigPath(this.topic.name), this.config())] };
  }

  private writeTopic(): Step {
    const { host, dials } = this.context;
    this.phase = "creation";
    if (dials["topic.identifyById"]) this.topicId = randomTopicId(host.random("topic-id"));
    const partitions = this.assignments.map((replicas) => settledAssignment(Object.freeze([...(replicas ?? [])])));
    const znode: TopicZnode = Object.freeze({ topicId: this.topicId, partitions: Object.freeze(partitions) });
    return { kind: "call", procedure: new CreateRecursive(topicPath(this.topic.name), znode) };
  }

  private config(): TopicConfigZnode {
    return Object.freeze(Object.fromEntries(this.topic.configs.map(({ name, value }) => [name, value])));
  }

  private alreadyExists(message = `topic '${this.topic.name}' already exists`): Step {
    return this.refuse({ error: "TOPIC_ALREADY_EXISTS", message });
  }

  private refuse(refusal: TopicRefusal): Step {
    return { kind: "done", result: refused(this.topic.name, refusal) };
  }
}
