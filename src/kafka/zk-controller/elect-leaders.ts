/**
 * Elects leaders for partitions that have had one: reads their states, decides, writes conditionally, and starts again with those whose
 * state has changed in between, which may have been this very write. Source: ZkPartitionStateMachine.electLeaderForPartitions.
 */
import { type BrokerId, partitionName, type TopicPartition } from "../ids.ts";
import { Procedure, type Step } from "../zk/procedure.ts";
import {
  controllerMoved,
  dataOf,
  getData,
  readPartitionState,
  setPartitionState,
  storedPartitionState,
  writeResult,
} from "../zk/store-requests.ts";
import { type TopicConfigZnode, topicConfigPath } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ControlRequestBatch } from "./control-request-batch.ts";
import type { ControllerContext, Leadership } from "./controller-context.ts";
import { type ControllerCore, workOn } from "./controller-core.ts";
import { epochFence } from "./fenced-writes.ts";
import { type ElectionResult, type ElectionStrategy, electLeader } from "./leader-election.ts";
import { readLeadership, storedState, writtenLeadership } from "./stored-state.ts";

/** How the election of one partition ended. */
export type ElectionOutcome =
  | { readonly elected: Leadership }
  /** StateChangeFailedException: nobody may lead, or the state is missing or a newer controller's. Otherwise the store refused. */
  | { readonly failed: "state-change" | "store" };

/** By {@link partitionName}: those for which an election was tried, which new partitions are not among. */
export type ElectionOutcomes = ReadonlyMap<string, ElectionOutcome>;

interface ReadState {
  readonly partition: TopicPartition;
  readonly current: Leadership;
}

interface Write {
  readonly partition: TopicPartition;
  readonly elected: Leadership;
  readonly recipients: readonly BrokerId[];
}

/** Ends with {@link ElectionOutcomes}. Adds what the brokers have to hear to `batch`. */
export class ElectLeaders extends Procedure {
  readonly name = "ElectLeaders";
  private readonly core: ControllerCore;
  private readonly strategy: ElectionStrategy;
  private readonly batch: ControlRequestBatch;
  private readonly outcomes = new Map<string, ElectionOutcome>();
  private remaining: readonly TopicPartition[];
  private phase: "reading" | "reading-configs" | "writing" = "reading";
  private states: readonly ReadState[] = [];
  /** Topics whose settings have been asked for. */
  private topics: readonly string[] = [];
  private writes: readonly Write[] = [];

  constructor(
    core: ControllerCore,
    partitions: readonly TopicPartition[],
    strategy: ElectionStrategy,
    batch: ControlRequestBatch,
  ) {
    super();
    this.core = core;
    this.remaining = partitions;
    this.strategy = strategy;
    this.batch = batch;
  }

  start(): Step {
    this.phase = "reading";
    if (this.remaining.length === 0) return { kind: "done", result: this.outcomes };
    return { kind: "ask", requests: this.remaining.map(readPartitionState) };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    switch (this.phase) {
      case "reading":
        return this.onStates(answers);
      case "reading-configs":
        return this.elect(new Set(this.topics.filter((_, i) => this.allowsUnclean(answers[i] as ZkResponse))));
      case "writing":
        return this.onWritten(answers);
    }
  }

  /** The elections have been thought over. */
  override onRested(): Step {
    const fence = epochFence(this.core);
    const requests = this.writes.map(({ partition, elected }) =>
      setPartitionState(partition, storedState(elected), elected.partitionEpoch, fence),
    );
    this.phase = "writing";
    return { kind: "ask", requests };
  }

  private onStates(answers: readonly ZkResponse[]): Step {
    const { context } = this.core;
    const states: ReadState[] = [];
    for (const [i, partition] of this.remaining.entries()) {
      const stored = storedPartitionState(answers[i] as ZkResponse);
      // A newer controller has been at work here: this one has been deposed, and does not know it yet.
      if (stored === undefined || stored.state.controllerEpoch > context.epoch) this.end(partition, { failed: "state-change" });
      else states.push({ partition, current: readLeadership(stored) });
    }
    this.states = states;
    this.topics = this.topicsToAskFor();
    if (this.topics.length === 0) return this.elect(new Set());
    this.phase = "reading-configs";
    return { kind: "ask", requests: this.topics.map((topic) => getData(topicConfigPath(topic))) };
  }

  /** Whether a topic allows an unclean election matters only where nobody in the ISR is alive, and nobody has decided. */
  private topicsToAskFor(): readonly string[] {
    if (this.strategy.kind !== "offline" || this.strategy.allowUnclean) return [];
    const { context } = this.core;
    const lost = this.states.filter(
      ({ partition, current }) => !current.isr.some((id) => context.isReplicaOnline(id, partition)),
    );
    return [...new Set(lost.map(({ partition }) => partition.topic))];
  }

  private allowsUnclean(answer: ZkResponse): boolean {
    const configured = dataOf<TopicConfigZnode>(answer)?.["unclean.leader.election.enable"];
    return configured === undefined ? this.core.config["unclean.leader.election.enable"] : configured === "true";
  }

  private elect(uncleanTopics: ReadonlySet<string>): Step {
    const { core, strategy } = this;
    const { context } = core;
    const writes: Write[] = [];
    const allowUnclean = strategy.kind === "offline" && strategy.allowUnclean;
    for (const { partition, current } of this.states) {
      const unclean = allowUnclean || uncleanTopics.has(partition.topic);
      const { elected, recipients } = electOne(context, strategy, partition, current, unclean);
      if (elected === undefined) this.end(partition, { failed: "state-change" });
      else writes.push({ partition, elected: Object.freeze({ ...elected, controllerEpoch: context.epoch }), recipients });
    }
    this.writes = writes;
    return workOn(core, this.states.length);
  }

  private onWritten(answers: readonly ZkResponse[]): Step {
    if (controllerMoved(answers)) return { kind: "abort", reason: "controller-moved" };
    const retries: TopicPartition[] = [];
    for (const [i, { partition, elected, recipients }] of this.writes.entries()) {
      const { error, stat } = writeResult(answers[i] as ZkResponse);
      if (error === "BADVERSION") retries.push(partition);
      else if (error !== "OK" || stat === undefined) this.end(partition, { failed: "store" });
      else this.onElected(partition, writtenLeadership(elected, stat.version), recipients);
    }
    this.remaining = retries;
    return this.start();
  }

  private onElected(partition: TopicPartition, leadership: Leadership, recipients: readonly BrokerId[]): void {
    const { context } = this.core;
    context.setLeadership(partition, leadership);
    this.batch.addLeaderAndIsr(recipients, partition, leadership, { isNew: false });
    context.setPartitionState(partition, "OnlinePartition");
    this.end(partition, { elected: leadership });
  }

  private end({ topic, partition }: TopicPartition, outcome: ElectionOutcome): void {
    this.outcomes.set(partitionName(topic, partition), outcome);
  }
}

function electOne(
  context: ControllerContext,
  strategy: ElectionStrategy,
  partition: TopicPartition,
  current: Leadership,
  allowUnclean: boolean,
): ElectionResult {
  const assignment = context.assignment(partition);
  return electLeader(strategy.kind, {
    current,
    assignment,
    online: new Set(assignment.replicas.filter((id) => context.isReplicaOnline(id, partition))),
    reachable: new Set(assignment.replicas.filter((id) => context.isReplicaOnline(id, partition, true))),
    shuttingDown: context.shuttingDownBrokers,
    allowUnclean,
  });
}
