/**
 * Settings of consumer groups that Kafka takes and that hurt: a run goes on with them, and its output names them.
 *
 * Source: ConsumerConfig and the Javadoc of KafkaConsumer (max.poll.interval.ms), GroupCoordinator (bounds of sessions),
 * AutoTopicCreationManager (replicas of __consumer_offsets), KIP-211 (expiry).
 */
import type { HandlerSpec } from "../kafka/consumer/handler-spec.ts";
import type { GroupMemberSpec, GroupSpec, ScenarioSpec, ServerSpec } from "../scenario/spec.ts";
import type { Distribution } from "../sim/distribution.ts";

/** In words, with their place in the file. */
export function dangersOf(scenario: ScenarioSpec): string[] {
  const { groups, cluster } = scenario;
  if (groups.length === 0) return [];
  const found: string[] = [];
  for (const { members } of groups) {
    for (const member of members) {
      // Of an entry whose members are all alike, one line is enough.
      for (const danger of dangersOfMember(member, cluster.nodes)) {
        const line = `${member.source}: ${danger}`;
        if (!found.includes(line)) found.push(line);
      }
    }
  }
  return [...found, ...dangersOfOffsetsTopic(scenario), ...groups.flatMap((group) => dangersOfOffsets(group, scenario))];
}

function dangersOfMember({ handler, config, rack }: GroupMemberSpec, servers: readonly ServerSpec[]): string[] {
  const brokers = servers.filter((server) => server.broker);
  const dangers: string[] = [];
  const records = config["max.poll.records"];
  const interval = config["max.poll.interval.ms"];
  const fullPollMs = (records * meanOf(handler.takes)) / 1_000;
  if (handler.workers === 0 && fullPollMs > interval) {
    const took = `${records} records of a full poll() take about ${inSeconds(fullPollMs)}`;
    dangers.push(`${took}, and after max.poll.interval.ms=${interval} the member is out of its group`);
  }
  if (handler.workers === 0 && (handler.poison?.takes ?? 0) > interval * 1_000)
    dangers.push(`the poison record takes longer than max.poll.interval.ms=${interval}: the member is out of its group then`);
  if (commitsUnprocessed(handler))
    dangers.push("poll() commits records that worker threads have not processed yet: what a crash interrupts is skipped");
  if (handler.commit === "none") dangers.push("nothing is ever committed: after each rebalance auto.offset.reset decides");
  if (config["auto.offset.reset"] === "none")
    dangers.push("auto.offset.reset=none: before anything is committed, poll() throws NoOffsetForPartitionException");
  if (config["group.protocol"] === "classic") dangers.push(...dangersOfSession(config["session.timeout.ms"], brokers));
  if (rack !== null && brokers.every((broker) => broker.rack !== rack)) dangers.push(`no broker stands in rack ${rack}`);
  return dangers;
}

function commitsUnprocessed({ commit, workers }: HandlerSpec): boolean {
  return commit === "auto" && workers > 0;
}

function dangersOfSession(session: number, brokers: readonly ServerSpec[]): string[] {
  for (const { config } of brokers) {
    const [min, max] = [config["group.min.session.timeout.ms"], config["group.max.session.timeout.ms"]];
    if (session < min || session > max) {
      const bound = session < min ? `group.min.session.timeout.ms=${min}` : `group.max.session.timeout.ms=${max}`;
      return [`session.timeout.ms=${session} is beyond the brokers' ${bound}: who joins is refused (INVALID_SESSION_TIMEOUT)`];
    }
  }
  return [];
}

function dangersOfOffsetsTopic({ cluster }: ScenarioSpec): string[] {
  const brokers = cluster.nodes.filter((server) => server.broker);
  const [first] = brokers as [ServerSpec];
  const replicas = first.config["offsets.topic.replication.factor"];
  const minIsr = first.config["min.insync.replicas"];
  if (replicas > brokers.length) {
    const wanted = `offsets.topic.replication.factor=${replicas} with ${brokers.length} ${brokers.length === 1 ? "broker" : "brokers"}`;
    return [`${wanted}: __consumer_offsets can't be created, and no group finds its coordinator`];
  }
  if (replicas >= minIsr) return [];
  return [`__consumer_offsets has ${replicas} replicas, fewer than min.insync.replicas=${minIsr}: no commit is accepted`];
}

function dangersOfOffsets({ group, contract }: GroupSpec, { run, cluster }: ScenarioSpec): string[] {
  const endUs = run.forUs + run.settleUs;
  if (contract.offsetsRetentionUs >= endUs) return [];
  const [first] = cluster.nodes.filter((server) => server.broker) as [ServerSpec];
  const minutes = first.config["offsets.retention.minutes"];
  return [`offsets.retention.minutes=${minutes} is shorter than the run: what ${group} has committed may be forgotten in it`];
}

function meanOf(takes: Distribution): number {
  switch (takes.kind) {
    case "constant":
      return takes.us;
    case "uniform":
      return (takes.low + takes.high) / 2;
    case "tailed": {
      // As it is drawn: half below the median, 49 of 100 up to p99, one beyond.
      const { low, median, p99, max } = takes;
      return 0.5 * ((low + median) / 2) + 0.49 * ((median + p99) / 2) + 0.01 * ((p99 + max) / 2);
    }
  }
}

function inSeconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
