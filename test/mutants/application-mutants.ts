/** Mutants of the applications of members, and of the store that they write to. */
import type { ConsumerApi } from "../../src/kafka/consumer/application.ts";
import { EffectRequest } from "../../src/kafka/consumer/effect-messages.ts";
import { EffectStore } from "../../src/kafka/consumer/effect-store.ts";
import { type HandedRecords, HandlerThread } from "../../src/kafka/consumer/handler-thread.ts";
import { MemberApplication } from "../../src/kafka/consumer/member-application.ts";
import type { TopicPartition } from "../../src/kafka/ids.ts";
import { FENCED_ZOMBIE, POISON, TIDY_NEWCOMER, WORKERS, WORKING_NEWCOMER } from "./group-scenarios.ts";
import { inside, type Mutant, SEEDS } from "./mutant.ts";

interface InsideApplication {
  readonly api: ConsumerApi;
  readonly threads: readonly HandlerThread[];
  commitOnRevoke(revocation: { committing: boolean }): void;
  threadFor(partition: TopicPartition): HandlerThread;
}

interface InsideThread {
  onFailure(head: HandedRecords): void;
}

const application = inside<InsideApplication>(MemberApplication);

export const APPLICATION_MUTANTS: readonly Mutant[] = [
  {
    name: "positions-committed-on-revoke",
    breaks: "In onPartitionsRevoked an application commits all that it has polled, also what its workers have not come to.",
    invariant: "ProcessedAtLeastOnce",
    scenario: WORKING_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        application,
        "commitOnRevoke",
        () =>
          function (this: InsideApplication, revocation) {
            revocation.committing = true;
            this.api.commitSync(null);
          },
      ),
  },
  {
    name: "work-not-dropped",
    breaks: "Workers go on with partitions that have been revoked.",
    invariant: "GroupExclusiveOwnership",
    scenario: TIDY_NEWCOMER,
    seeds: SEEDS,
    patch: (patches) => patches.replace(HandlerThread.prototype, "drop", () => () => {}),
  },
  {
    name: "any-free-worker",
    breaks: "An application hands records to whichever worker is free, not always to the same one for a partition.",
    invariant: "PerKeyOrder",
    scenario: WORKERS,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        application,
        "threadFor",
        (threadFor) =>
          function (this: InsideApplication, partition) {
            return this.threads.find(({ idle }) => idle) ?? threadFor.call(this, partition);
          },
      ),
  },
  {
    name: "whole-poll-again",
    breaks: "An application that fails with one record tries all again that it has polled with it.",
    invariant: "ExactlyOnceEffects",
    scenario: POISON,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        inside<InsideThread>(HandlerThread),
        "onFailure",
        (onFailure) =>
          function (this: InsideThread, head) {
            const { next } = head;
            onFailure.call(this, head);
            if (head.next === next) head.next = 0;
          },
      ),
  },
  {
    name: "store-without-tokens",
    breaks: "The store takes every effect for the newest.",
    invariant: "GroupExclusiveOwnership",
    scenario: FENCED_ZOMBIE,
    seeds: SEEDS,
    patch: (patches) =>
      patches.replace(
        EffectStore.prototype,
        "onMessage",
        (onMessage) =>
          function (this: EffectStore, connection, message) {
            if (!(message instanceof EffectRequest)) return;
            const { id, group, partition } = message;
            onMessage.call(this, connection, new EffectRequest(id, group, partition, Number.MAX_SAFE_INTEGER));
          },
      ),
  },
];
