/** Reads what the application of a group's member does with its records, and when it commits. */
import { COMMIT_POLICIES, type CommitPolicy, type HandlerSpec, type PoisonSpec } from "../kafka/consumer/handler-spec.ts";
import { constant } from "../sim/distribution.ts";
import type { WrittenConsumer } from "./group-seats.ts";
import { nearest } from "./nearest.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import type { WrittenHandler } from "./schema/consumers.ts";
import type { Path } from "./source.ts";

export interface HandlerSurroundings {
  readonly sink: ProblemSink;
  /** By name. */
  readonly producers: readonly string[];
  readonly consumer: WrittenConsumer;
  /** Of the entry of the file. */
  readonly path: Path;
  /** What is written of enable.auto.commit, and where; undefined if nothing is. */
  readonly autoCommit: { readonly on: boolean; readonly path: Path } | undefined;
}

/** Manual commits of what has been processed, which may also happen when partitions are revoked. */
const COMMITS_PROCESSED: readonly CommitPolicy[] = ["after-poll", "per-record", "async"];

/** A handler as it is written, and where. */
export type HandlerLayer = readonly [WrittenHandler | undefined, Path];

/** What the member's own handler does not say is as its entry says. */
export function readHandler(entry: HandlerLayer, member: HandlerLayer, around: HandlerSurroundings): HandlerSpec {
  const [common, own] = [detailOf(entry[0]), detailOf(member[0])];
  const detail = { ...common, ...own };
  const at = (key: keyof WrittenDetail): Path => [...(own[key] === undefined ? entry : member)[1], key];
  const { takes = constant(0) } = detail;
  const workers = detail.workers ?? 0;
  const commit = readCommitPolicy(workers, around);
  return {
    takes,
    poison: readPoison(detail.poison, at("poison"), around),
    workers,
    commit,
    onRevokeTakes: detail["on-revoke"] ?? 0,
    commitOnRevoke: readCommitOnRevoke(detail["commit-on-revoke"], commit, at("commit-on-revoke"), around),
    fencingToken: detail["fencing-token"] ?? false,
    finishesLostWork: detail["finishes-lost-work"] ?? false,
  };
}

type WrittenDetail = Exclude<WrittenHandler, { readonly kind: string }>;

function detailOf(written: WrittenHandler | undefined): WrittenDetail {
  if (written === undefined) return {};
  return "kind" in written ? { takes: written } : written;
}

function readCommitPolicy(workers: number, { sink, consumer, path, autoCommit }: HandlerSurroundings): CommitPolicy {
  const { delivery, commit } = consumer;
  if (commit === undefined && delivery === undefined) return autoCommit?.on === false ? "none" : "auto";
  const policy = commit ?? (delivery === "at-least-once" ? "after-poll" : "before");
  if (autoCommit !== undefined && autoCommit.on !== (policy === "auto")) {
    const why = commit === undefined ? `delivery: ${delivery}` : `commit: ${commit}`;
    const message = `\`enable.auto.commit: ${autoCommit.on}\` contradicts \`${why}\``;
    sink.add(autoCommit.path, { code: "CONTRADICTION", message, hint: `leave it out: \`${why}\` sets it` }, "key");
  }
  if (commit === undefined || delivery === undefined || keeps(delivery, commit, workers)) return policy;
  sink.add([...path, "commit"], {
    code: "CONTRADICTION",
    message: `\`commit: ${commit}\`${workers > 0 && commit === "auto" ? " with workers" : ""} is not ${delivery}: ${WHY_NOT[commit]}`,
    hint: `write ${listed(COMMIT_POLICIES.filter((each) => keeps(delivery, each, workers)))}, or leave \`delivery\` out`,
  });
  return policy;
}

function keeps(delivery: NonNullable<WrittenConsumer["delivery"]>, commit: CommitPolicy, workers: number): boolean {
  if (delivery === "at-most-once") return commit === "before";
  // In one thread, the next poll() commits what the one before returned, and that is processed by then.
  return commit === "auto" ? workers === 0 : commit !== "before";
}

const WHY_NOT: { readonly [P in CommitPolicy]: string } = {
  auto: "a poll() commits what the one before returned, whether it is processed or not",
  before: "what is committed is not processed yet",
  "after-poll": "what is processed is not committed yet",
  "per-record": "what is processed is not committed yet",
  async: "what is processed is not committed yet",
  none: "nothing is ever committed",
};

function readCommitOnRevoke(
  written: boolean | undefined,
  commit: CommitPolicy,
  at: Path,
  { sink, consumer }: HandlerSurroundings,
): boolean {
  const isPossible = COMMITS_PROCESSED.includes(commit);
  if (written === true && !isPossible) {
    const why = commit === "auto" ? "the consumer itself commits before a rebalance then" : WHY_NOT[commit];
    sink.add(at, {
      code: "CONTRADICTION",
      message: `there is nothing to commit on revoke with \`commit: ${commit}\`: ${why}`,
      hint: `leave it out, or write commit: ${listed(COMMITS_PROCESSED)}`,
    });
  }
  return isPossible && (written ?? consumer.delivery === "at-least-once");
}

function readPoison(
  written: WrittenDetail["poison"],
  at: Path,
  { sink, producers }: HandlerSurroundings,
): PoisonSpec | undefined {
  if (written === undefined) return undefined;
  const { producer, record, takes, attempts } = written;
  if (!producers.includes(producer)) {
    const guess = nearest(producer, producers);
    const hint = guess === undefined ? `the producers are ${producers.join(", ")}` : `did you mean ${guess}?`;
    sink.add([...at, "producer"], {
      code: "UNKNOWN_NAME",
      message: `no producer ${quote(producer)} in this scenario`,
      hint: producers.length === 0 ? "none is declared: add it to producers" : hint,
    });
  }
  if (takes === undefined && attempts === undefined) {
    const message = "what is wrong with this record?";
    sink.add(at, { code: "MISSING_KEY", message, hint: "add `takes: 1m`, or `attempts: 3` if it fails" }, "key");
  }
  return { producer, sequence: record, takes: takes ?? 0, attempts };
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
