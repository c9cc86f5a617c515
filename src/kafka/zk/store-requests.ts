/**
 * Requests for what Kafka keeps in the store, and what their answers say. Values only: who sends them waits in its own way.
 *
 * A controller's write is fenced by the version that /controller_epoch got when it was elected (KAFKA-6082, 2.1): it goes out as a
 * multi that checks the version first, so that a controller which has been replaced cannot write. Source: KafkaZkClient.
 */
import { assert } from "../../base/assert.ts";
import type { PartitionEpoch, TopicPartition } from "../ids.ts";
import type { ZkMultiOp, ZkReadOp, ZkRequest, ZkResponse, ZkResult, ZkWriteOp } from "../zookeeper/client-protocol.ts";
import type { ZnodeData } from "../zookeeper/znode.ts";
import {
  CONTROLLER_EPOCH_PATH,
  type PartitionStateZnode,
  partitionStatePath,
  topicPartitionPath,
  topicPartitionsPath,
} from "./znodes.ts";

/** Matches every version. Source: ZkVersion.MatchAnyVersion. */
const ANY_VERSION = -1;

/** The version of /controller_epoch that a controller was elected with; undefined where its writes are not fenced (before 2.1). */
export type EpochFence = number | undefined;

// ---- writes of a controller ----

/** `op`, together with the check that nobody has been elected since. Source: wrapRequestWithControllerEpochCheck. */
export function fenced(op: ZkWriteOp, fence: EpochFence): ZkWriteOp | ZkMultiOp {
  if (fence === undefined) return op;
  return { op: "multi", ops: [{ op: "check", path: CONTROLLER_EPOCH_PATH, version: fence }, op] };
}

/** Whether a check of {@link fenced} writes failed: another controller has been elected. Source: ControllerMovedException. */
export function controllerMoved(answers: readonly ZkResponse[]): boolean {
  return answers.some(({ results }) => results?.length === 2 && results[0]?.error === "BADVERSION");
}

/** What became of the write itself, whether it was {@link fenced} or not. Source: unwrapResponseWithControllerEpochCheck. */
export function writeResult(answer: ZkResponse): ZkResult {
  const { results, error } = answer;
  if (results === undefined) return answer;
  assert(results.length === 2, "not the answer of a fenced write");
  return { ...results[1], error };
}

// ---- single nodes ----

export function create(path: string, data: ZnodeData = null): ZkWriteOp {
  return { op: "create", path, data, mode: "PERSISTENT" };
}

/** Whatever its version. */
export function setData(path: string, data: ZnodeData, version: number = ANY_VERSION): ZkWriteOp {
  return { op: "setData", path, data, version };
}

/** Whatever its version. */
export function deleteNode(path: string): ZkWriteOp {
  return { op: "delete", path, version: ANY_VERSION };
}

export function getData(path: string, watch = false): ZkReadOp {
  return { op: "getData", path, watch };
}

export function exists(path: string, watch = false): ZkReadOp {
  return { op: "exists", path, watch };
}

export function getChildren(path: string, watch = false): ZkReadOp {
  return { op: "getChildren", path, watch };
}

/** What a getData has found; undefined if there is no such node. */
export function dataOf<T extends ZnodeData>(answer: ZkResult): T | undefined {
  return answer.error === "OK" ? (answer.data as T) : undefined;
}

/** What a getChildren has found; empty if there is no such node. */
export function childrenOf(answer: ZkResult): readonly string[] {
  return answer.error === "OK" ? (answer.children ?? []) : [];
}

// ---- partition states ----

export interface StoredPartitionState {
  readonly state: PartitionStateZnode;
  /** The version of the znode. */
  readonly partitionEpoch: PartitionEpoch;
}

/** Source: getTopicPartitionStatesRaw. */
export function readPartitionState({ topic, partition }: TopicPartition): ZkReadOp {
  return getData(partitionStatePath(topic, partition));
}

/** What {@link readPartitionState} has found; undefined if nothing stands there. */
export function storedPartitionState(answer: ZkResult): StoredPartitionState | undefined {
  const { error, data, stat } = answer;
  if (error !== "OK" || stat === undefined) return undefined;
  return { state: data as PartitionStateZnode, partitionEpoch: stat.version };
}

/**
 * Replaces the state that has `partitionEpoch`; the new one is the version in the result. BADVERSION: somebody has written in
 * between, or it was written by this very request, whose first answer was lost. Source: setTopicPartitionStatesRaw.
 */
export function setPartitionState(
  { topic, partition }: TopicPartition,
  state: PartitionStateZnode,
  partitionEpoch: PartitionEpoch,
  fence: EpochFence,
): ZkRequest {
  return fenced(setData(partitionStatePath(topic, partition), Object.freeze(state), partitionEpoch), fence);
}

/**
 * What is sent to create partition states: three batches, each after the answers to the one before. That a parent is there
 * already (NODEEXISTS) is no error; that a state is, is one. Source: createTopicPartitionStatesRaw.
 */
export function createPartitionStates(
  states: readonly { readonly at: TopicPartition; readonly state: PartitionStateZnode }[],
  fence: EpochFence,
): readonly [parents: readonly ZkRequest[], partitions: readonly ZkRequest[], states: readonly ZkRequest[]] {
  const topics = new Set(states.map(({ at }) => at.topic));
  return [
    [...topics].map((topic) => fenced(create(topicPartitionsPath(topic)), fence)),
    states.map(({ at }) => fenced(create(topicPartitionPath(at.topic, at.partition)), fence)),
    states.map(({ at, state }) => fenced(create(partitionStatePath(at.topic, at.partition), Object.freeze(state)), fence)),
  ];
}
