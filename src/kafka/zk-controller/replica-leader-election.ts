/**
 * Elections that somebody asks for: by ElectLeaders, or in `/admin/preferred_replica_election`, which was how it was done before there
 * was an API. Source: KafkaController.processReplicaLeaderElection, onReplicaElection; KIP-183, KIP-460.
 */
import type { ErrorCode } from "../errors.ts";
import { type BrokerId, NONE, partitionName, type TopicPartition } from "../ids.ts";
import type { ElectLeadersRequest } from "../messages/metadata.ts";
import { DONE, Procedure, type Step } from "../zk/procedure.ts";
import { dataOf, deleteNode, exists, fenced, getData } from "../zk/store-requests.ts";
import { PREFERRED_ELECTION_PATH, type PreferredElectionZnode } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import { ChangePartitionStates } from "./change-partition-states.ts";
import type { ControllerCore } from "./controller-core.ts";
import type { ElectionOutcomes } from "./elect-leaders.ts";
import { epochFence, writesRefused } from "./fenced-writes.ts";
import type { ElectionStrategy } from "./leader-election.ts";

type ElectionType = ElectLeadersRequest["electionType"];

/** Who leads now, or why there was no election. */
export type ElectionResult = BrokerId | ErrorCode;

export interface ElectionRequester<C> {
  /** By {@link partitionName}. Called once, unless the handler ends before its time: then nobody hears of it. */
  onLeadersElected(results: ReadonlyMap<string, ElectionResult>, context: C): void;
}

interface Answer<C> {
  readonly requester: ElectionRequester<C>;
  readonly context: C;
}

/** An administrator's request. */
export class AdminLeaderElection<C> extends Procedure {
  readonly name = "ReplicaLeaderElection";
  private readonly core: ControllerCore;
  private readonly partitions: readonly TopicPartition[];
  private readonly electionType: ElectionType;
  private readonly answer: Answer<C>;
  private results: Map<string, ElectionResult> | undefined;

  constructor(
    core: ControllerCore,
    asked: { readonly partitions: readonly TopicPartition[]; readonly electionType: ElectionType },
    answer: Answer<C>,
  ) {
    super();
    this.core = core;
    this.partitions = asked.partitions;
    this.electionType = asked.electionType;
    this.answer = answer;
  }

  start(): Step {
    if (!this.core.isActive) return this.refuseAll();
    const { electable, results } = sortOut(this.core, this.partitions, this.electionType);
    this.results = results;
    const strategy: ElectionStrategy =
      this.electionType === "PREFERRED" ? { kind: "preferred" } : { kind: "offline", allowUnclean: true };
    return { kind: "call", procedure: new ChangePartitionStates(this.core, electable, "OnlinePartition", strategy) };
  }

  override onReturned(outcomes: unknown): Step {
    const { requester, context } = this.answer;
    const results = this.results as Map<string, ElectionResult>;
    for (const [name, outcome] of outcomes as ElectionOutcomes) {
      if ("elected" in outcome) results.set(name, outcome.elected.leader);
      else if (outcome.failed === "store") results.set(name, "UNKNOWN_SERVER_ERROR");
      else {
        const unavailable =
          this.electionType === "PREFERRED" ? "PREFERRED_LEADER_NOT_AVAILABLE" : "ELIGIBLE_LEADERS_NOT_AVAILABLE";
        results.set(name, unavailable);
      }
    }
    requester.onLeadersElected(results, context);
    return DONE;
  }

  override onAborted(): void {
    if (this.results === undefined) this.refuseAll();
  }

  private refuseAll(): Step {
    const { requester, context } = this.answer;
    const refused = this.partitions.map(({ topic, partition }) => [partitionName(topic, partition), "NOT_CONTROLLER"] as const);
    requester.onLeadersElected(new Map(refused), context);
    return DONE;
  }
}

/** Carries out what `/admin/preferred_replica_election` asks for, if it is there, and removes it. */
export class ZkLeaderElection extends Procedure {
  readonly name = "ReplicaLeaderElection";
  private readonly core: ControllerCore;
  private phase: "looking" | "reading" | "removing" = "looking";

  constructor(core: ControllerCore) {
    super();
    this.core = core;
  }

  start(): Step {
    // Watched: the next order comes as a node that is created.
    return this.core.isActive ? { kind: "ask", requests: [exists(PREFERRED_ELECTION_PATH, true)] } : DONE;
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const { core } = this;
    const [answer] = answers as readonly [ZkResponse];
    if (this.phase === "removing") {
      // Found again as soon as there is another one.
      core.thread.submit(new ZkLeaderElection(core));
      return writesRefused(answers, "NONODE") ?? DONE;
    }
    if (answer.error !== "OK") return DONE;
    if (this.phase === "looking") {
      this.phase = "reading";
      return { kind: "ask", requests: [getData(PREFERRED_ELECTION_PATH, true)] };
    }
    const asked = dataOf<PreferredElectionZnode>(answer)?.partitions ?? [];
    const { electable } = sortOut(core, asked, "PREFERRED");
    return { kind: "call", procedure: new ChangePartitionStates(core, electable, "OnlinePartition", { kind: "preferred" }) };
  }

  override onReturned(): Step {
    this.phase = "removing";
    return { kind: "ask", requests: [fenced(deleteNode(PREFERRED_ELECTION_PATH), epochFence(this.core))] };
  }
}

/** For which partitions an election makes sense, and what is to be said of the others. */
function sortOut(
  { context }: ControllerCore,
  partitions: readonly TopicPartition[],
  electionType: ElectionType,
): { readonly electable: readonly TopicPartition[]; readonly results: Map<string, ElectionResult> } {
  const electable: TopicPartition[] = [];
  const results = new Map<string, ElectionResult>();
  for (const at of partitions) {
    const name = partitionName(at.topic, at.partition);
    const leader = context.leadership(at)?.leader ?? NONE;
    const hasWanted = electionType === "PREFERRED" ? leader === context.replicas(at)[0] : context.isLiveBroker(leader);
    if (!context.hasPartition(at)) results.set(name, "UNKNOWN_TOPIC_OR_PARTITION");
    else if (context.topicsToBeDeleted.has(at.topic)) results.set(name, "INVALID_TOPIC_EXCEPTION");
    else if (hasWanted) results.set(name, "ELECTION_NOT_NEEDED");
    else electable.push(at);
  }
  return { electable, results };
}
