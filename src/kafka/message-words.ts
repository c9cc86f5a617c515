/**
 * Messages in a few words, for people who know Kafka: `Fetch @111`, `Fetch ok 111..118 HW 110`, `AlterPartition ISR 1`.
 *
 * A response is called by its request, and says whether that went well. What a message says of many partitions is told of one of them.
 */
import type { Message } from "../sim/host.ts";
import type { ErrorCode } from "./errors.ts";
import { GROUP_REQUEST_WORDS, GROUP_RESPONSE_WORDS } from "./group-message-words.ts";
import { type BrokerId, NONE, type Offset, type TopicPartition } from "./ids.ts";
import type { ApiName } from "./messages/apis.ts";
import type { FetchPartitionResponse, FetchRequest, FetchResponse } from "./messages/fetch.ts";
import { RequestFrame, ResponseFrame } from "./messages/frame.ts";
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from "./messages/offsets.ts";
import { METADATA_TOPIC } from "./metadata/records.ts";
import { joined, PartitionWords, type RequestWords, type ResponseWords } from "./partition-words.ts";
import { zooKeeperMessageWords } from "./zookeeper-message-words.ts";

export interface MessageWords {
  /** The name of the API, of a response as of its request: `Fetch`. */
  readonly name: string;
  readonly isResponse: boolean;
  /** `@111`, `ok 111..118 HW 110`; empty where the name says it all. */
  readonly says: string;
  /** Whether it speaks of the partition that was asked about. */
  readonly concerns: boolean;
  /** It comes again and again, whatever happens: a heartbeat, a fetch of metadata. */
  readonly isRoutine: boolean;
}

/** What `message` says, if need be of the partition `about`. */
export function messageWords(message: Message, about?: TopicPartition): MessageWords {
  const on = new PartitionWords(about);
  if (message instanceof RequestFrame) {
    const { kind, body } = message as RequestFrame;
    const says = (REQUESTS[kind] as (body: unknown, on: PartitionWords) => string)(body, on);
    return { name: kind, isResponse: false, says, concerns: on.concerns, isRoutine: isRoutine(kind, body) };
  }
  if (message instanceof ResponseFrame) {
    const { kind, body } = message as ResponseFrame;
    const name = kind.slice(0, -"Response".length) as ApiName;
    const says = (RESPONSES[name] as (body: unknown, on: PartitionWords) => string)(body, on);
    return { name, isResponse: true, says, concerns: on.concerns, isRoutine: isRoutine(name, body) };
  }
  const words = zooKeeperMessageWords(message, on);
  return { ...words, concerns: on.concerns };
}

const ROUTINE: ReadonlySet<ApiName> = new Set<ApiName>(["BrokerHeartbeat", "Heartbeat", "ConsumerGroupHeartbeat"]);

function isRoutine(api: ApiName, body: unknown): boolean {
  return ROUTINE.has(api) || (api === "Fetch" && isOfMetadata(body as FetchRequest | FetchResponse));
}

function isOfMetadata(body: FetchRequest | FetchResponse): boolean {
  return ("topics" in body ? body.topics : body.responses)[0]?.topic === METADATA_TOPIC;
}

const REQUESTS: RequestWords = {
  ...GROUP_REQUEST_WORDS,
  Produce: ({ acks, topicData }, on) => {
    for (const { name, partitionData } of topicData) {
      for (const { index, records } of partitionData) on.add(name, index, () => counted(records.records.length, "record"));
    }
    return joined(String(on), `acks=${acks === -1 ? "all" : acks}`);
  },
  Fetch: fetchRequestWords,
  ListOffsets: ({ topics }, on) => {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, timestamp } of partitions) on.add(name, partitionIndex, () => timestampWords(timestamp));
    }
    return String(on);
  },
  Metadata: ({ topics }, on) => {
    if (topics === null) return "of all topics";
    for (const { name } of topics) on.addTopic(name);
    return on.isEmpty ? "of no topic" : `of ${on}`;
  },
  OffsetForLeaderEpoch: ({ topics }, on) => {
    for (const { topic, partitions } of topics) {
      for (const { partition, leaderEpoch } of partitions) on.add(topic, partition, () => `where does epoch ${leaderEpoch} end`);
    }
    return String(on);
  },
  CreateTopics: ({ topics }, on) => {
    for (const { name } of topics) on.addTopic(name);
    return String(on);
  },
  CreatePartitions: ({ topics }, on) => {
    for (const { name, count } of topics) on.addTopic(name, `to have ${count}`);
    return String(on);
  },
  DeleteTopics: ({ topicNames }, on) => {
    for (const name of topicNames) on.addTopic(name);
    return String(on);
  },
  ElectLeaders: ({ electionType, topicPartitions }, on) => {
    for (const { topic, partitions } of topicPartitions ?? [])
      for (const partition of partitions) on.add(topic, partition, () => "");
    return joined(electionType.toLowerCase(), topicPartitions === null ? "everywhere" : String(on));
  },
  Vote: ({ preVote, replicaId, replicaEpoch, lastOffset, lastOffsetEpoch }) =>
    `${preVote ? "would you vote" : "vote"} for ${replicaId}, epoch ${replicaEpoch}, log end ${lastOffset} of epoch ${lastOffsetEpoch}`,
  BeginQuorumEpoch: ({ leaderId, leaderEpoch }) => `${leaderId} leads, epoch ${leaderEpoch}`,
  EndQuorumEpoch: ({ leaderId, leaderEpoch }) => `${leaderId} leads no longer, epoch ${leaderEpoch}`,
  AlterPartition: ({ topics }, on) => {
    for (const { topic, partitions } of topics) {
      for (const { partitionIndex, newIsrWithEpochs, leaderEpoch } of partitions) {
        on.add(topic, partitionIndex, () => `ISR ${ids(newIsrWithEpochs.map(({ brokerId }) => brokerId))}, epoch ${leaderEpoch}`);
      }
    }
    return String(on);
  },
  BrokerRegistration: ({ brokerId, previousBrokerEpoch }) =>
    `broker ${brokerId}${previousBrokerEpoch === NONE ? "" : `, stopped cleanly in epoch ${previousBrokerEpoch}`}`,
  BrokerHeartbeat: ({ brokerId, currentMetadataOffset, wantFence, wantShutDown }) =>
    `broker ${brokerId} @${currentMetadataOffset}${wantFence ? ", to stay fenced" : ""}${wantShutDown ? ", to shut down" : ""}`,
  LeaderAndIsr: ({ controllerEpoch, topicStates }, on) => {
    for (const { topicName, partitionStates } of topicStates) {
      for (const { partitionIndex, leader, leaderEpoch, isr } of partitionStates) {
        on.add(topicName, partitionIndex, () => stateWords(leader, leaderEpoch, isr));
      }
    }
    return joined(String(on), `(controller epoch ${controllerEpoch})`);
  },
  UpdateMetadata: ({ controllerEpoch, topicStates, liveBrokers }, on) => {
    for (const { topicName, partitionStates } of topicStates) {
      for (const { partitionIndex, leader, leaderEpoch, isr } of partitionStates) {
        on.add(topicName, partitionIndex, () => stateWords(leader, leaderEpoch, isr));
      }
    }
    const what = on.isEmpty ? `live brokers ${ids(liveBrokers.map(({ id }) => id))}` : String(on);
    return `${what} (controller epoch ${controllerEpoch})`;
  },
  StopReplica: ({ controllerEpoch, topicStates }, on) => {
    for (const { topicName, partitionStates } of topicStates) {
      for (const { partitionIndex, deletePartition } of partitionStates) {
        on.add(topicName, partitionIndex, () => (deletePartition ? "and delete it" : ""));
      }
    }
    return joined(String(on), `(controller epoch ${controllerEpoch})`);
  },
  ControlledShutdown: ({ brokerId }) => `broker ${brokerId}`,
  AlterPartitionReassignments: ({ topics }, on) => {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, replicas } of partitions) {
        on.add(name, partitionIndex, () => (replicas === null ? "to be called off" : `to ${ids(replicas)}`));
      }
    }
    return String(on);
  },
};

const RESPONSES: ResponseWords = {
  ...GROUP_RESPONSE_WORDS,
  Produce: ({ responses }, on) => {
    for (const { name, partitionResponses } of responses) {
      for (const { index, errorCode, baseOffset } of partitionResponses) {
        on.add(name, index, () => joined(outcome(errorCode), errorCode === "NONE" ? `@${baseOffset}` : ""));
      }
    }
    return String(on);
  },
  Fetch: fetchResponseWords,
  ListOffsets: ({ topics }, on) => {
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        on.add(name, partitionIndex, () => joined(outcome(errorCode), errorCode === "NONE" ? `@${offset}` : ""));
      }
    }
    return String(on);
  },
  Metadata: ({ brokers, topics }, on) => {
    for (const { name, errorCode, partitions } of topics) {
      if (errorCode !== "NONE") on.addTopic(name, errorCode);
      for (const { partitionIndex, leaderId, leaderEpoch, isrNodes } of partitions) {
        on.add(name, partitionIndex, () => stateWords(leaderId, leaderEpoch, isrNodes));
      }
    }
    return joined("ok", on.isEmpty ? `brokers ${ids(brokers.map(({ nodeId }) => nodeId))}` : String(on));
  },
  OffsetForLeaderEpoch: ({ topics }, on) => {
    for (const { topic, partitions } of topics) {
      for (const { partition, errorCode, leaderEpoch, endOffset } of partitions) {
        on.add(topic, partition, () => (errorCode === "NONE" ? epochEndWords(leaderEpoch, endOffset) : errorCode));
      }
    }
    return String(on);
  },
  CreateTopics: ({ topics }, on) => {
    for (const { name, errorCode } of topics) on.addTopic(name, outcome(errorCode));
    return String(on);
  },
  CreatePartitions: ({ results }, on) => {
    for (const { name, errorCode } of results) on.addTopic(name, outcome(errorCode));
    return String(on);
  },
  DeleteTopics: ({ responses }, on) => {
    for (const { name, errorCode } of responses) on.addTopic(name, outcome(errorCode));
    return String(on);
  },
  ElectLeaders: ({ errorCode, replicaElectionResults }, on) => {
    for (const { topic, partitionResult } of replicaElectionResults) {
      for (const { partitionId, errorCode: error } of partitionResult) on.add(topic, partitionId, () => outcome(error));
    }
    return on.isEmpty || errorCode !== "NONE" ? outcome(errorCode) : String(on);
  },
  Vote: ({ errorCode, voteGranted, leaderId, leaderEpoch }) => {
    if (errorCode !== "NONE") return errorCode;
    if (voteGranted) return `granted, epoch ${leaderEpoch}`;
    return leaderId === NONE ? `refused, epoch ${leaderEpoch}` : `refused: ${leaderId} leads, epoch ${leaderEpoch}`;
  },
  BeginQuorumEpoch: ({ errorCode, leaderEpoch }) => `${outcome(errorCode)}, epoch ${leaderEpoch}`,
  EndQuorumEpoch: ({ errorCode, leaderEpoch }) => `${outcome(errorCode)}, epoch ${leaderEpoch}`,
  AlterPartition: ({ errorCode, topics }, on) => {
    for (const { topic, partitions } of topics) {
      for (const { partitionIndex, errorCode: error, isr, partitionEpoch } of partitions) {
        on.add(topic, partitionIndex, () => (error === "NONE" ? `ok ISR ${ids(isr)}, partition epoch ${partitionEpoch}` : error));
      }
    }
    return on.isEmpty ? outcome(errorCode) : String(on);
  },
  BrokerRegistration: ({ errorCode, brokerEpoch }) => (errorCode === "NONE" ? `ok, broker epoch ${brokerEpoch}` : errorCode),
  BrokerHeartbeat: ({ errorCode, isCaughtUp, isFenced, shouldShutDown }) => {
    if (errorCode !== "NONE") return errorCode;
    return `ok${isFenced ? ", fenced" : ""}${isCaughtUp ? "" : ", not caught up"}${shouldShutDown ? ", may shut down" : ""}`;
  },
  LeaderAndIsr: ({ errorCode, topics }, on) => {
    for (const { topicName, partitionErrors } of topics) {
      for (const { partitionIndex, errorCode: error } of partitionErrors) on.add(topicName, partitionIndex, () => outcome(error));
    }
    return on.isEmpty || errorCode !== "NONE" ? outcome(errorCode) : String(on);
  },
  UpdateMetadata: ({ errorCode }) => outcome(errorCode),
  StopReplica: ({ errorCode, partitionErrors }, on) => {
    for (const { topicName, partitionIndex, errorCode: error } of partitionErrors)
      on.add(topicName, partitionIndex, () => outcome(error));
    return on.isEmpty || errorCode !== "NONE" ? outcome(errorCode) : String(on);
  },
  ControlledShutdown: ({ errorCode, remainingPartitions }) =>
    remainingPartitions.length === 0 ? outcome(errorCode) : `${outcome(errorCode)}, still leads ${remainingPartitions.length}`,
  AlterPartitionReassignments: ({ errorCode, responses }, on) => {
    for (const { name, partitions } of responses) {
      for (const { partitionIndex, errorCode: error } of partitions) on.add(name, partitionIndex, () => outcome(error));
    }
    return on.isEmpty || errorCode !== "NONE" ? outcome(errorCode) : String(on);
  },
};

/** Within a session only what has changed since the fetch before is named (KIP-227). */
function fetchRequestWords(
  { topics, forgottenTopicsData, sessionId = 0, sessionEpoch = NONE }: FetchRequest,
  on: PartitionWords,
): string {
  for (const { topic, partitions } of topics) {
    for (const { partition, fetchOffset } of partitions) on.add(topic, partition, () => `@${fetchOffset}`);
  }
  if (!on.isEmpty) return String(on);
  if (forgottenTopicsData !== undefined && forgottenTopicsData.length > 0) return "less than before";
  if (sessionId > 0 && sessionEpoch === NONE) return "ends its session";
  return "from where it was";
}

function fetchResponseWords({ errorCode, responses }: FetchResponse, on: PartitionWords): string {
  if (errorCode !== "NONE") return errorCode;
  for (const { topic, partitions } of responses) {
    for (const partition of partitions) on.add(topic, partition.partitionIndex, () => fetchedWords(partition));
  }
  return on.isEmpty ? "ok, nothing new" : String(on);
}

function fetchedWords({
  errorCode,
  divergingEpoch,
  preferredReadReplica,
  records,
  highWatermark,
}: FetchPartitionResponse): string {
  if (errorCode !== "NONE") return errorCode;
  if (divergingEpoch !== undefined) return `ok, but ${epochEndWords(divergingEpoch.epoch, divergingEpoch.endOffset)}`;
  if (preferredReadReplica !== undefined && preferredReadReplica !== NONE) return `ok, read from broker ${preferredReadReplica}`;
  const [first, last] = [records[0], records.at(-1)];
  const range = first === undefined || last === undefined ? "" : `${first.baseOffset}..${last.lastOffset}`;
  return joined("ok", range, `HW ${highWatermark}`);
}

function epochEndWords(epoch: number, endOffset: Offset): string {
  return epoch === NONE ? "epoch unknown" : `epoch ${epoch} ends at ${endOffset}`;
}

function timestampWords(timestamp: number): string {
  if (timestamp === LATEST_TIMESTAMP) return "latest";
  return timestamp === EARLIEST_TIMESTAMP ? "earliest" : `at ${timestamp} ms`;
}

function stateWords(leader: BrokerId, leaderEpoch: number, isr: readonly BrokerId[]): string {
  return `${leader < 0 ? "no leader" : `leader ${leader}`} epoch ${leaderEpoch} ISR ${ids(isr)}`;
}

function outcome(error: ErrorCode): string {
  return error === "NONE" ? "ok" : error;
}

function ids(brokers: readonly BrokerId[]): string {
  return brokers.length === 0 ? "∅" : brokers.join(" ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
