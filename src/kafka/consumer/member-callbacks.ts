/**
 * The callbacks that a member of KIP-848 owes the application: one after another, and only inside poll() or close(), as the
 * application has one thread.
 *
 * One that has become pointless by the time that it would be called is left out, and so is one about no partitions, except that
 * onPartitionsAssigned is called even then. Source: ConsumerMembershipManager (invokeOnPartitions…Callback), BackgroundEventHandler.
 */
import { assert } from "../../base/assert.ts";
import type { TopicPartition } from "../ids.ts";
import type { Reconciliation } from "./assignment-reconciler.ts";
import type { MembershipOwner } from "./group-membership.ts";
import { without } from "./local-assignment.ts";

/** What it is called for: a step of a reconciliation, or the end of a membership. */
export type MemberCallback =
  | { readonly kind: "revoke" | "assign"; readonly reconciliation: Reconciliation }
  | { readonly kind: "fenced" | "stale" | "fatal" | "leaving" };

export interface CallbackListener {
  /** Whether it goes on: a step of it is worth a callback. */
  isInProgress(reconciliation: Reconciliation): boolean;
  /** Whether the coordinator still takes it for a member, so that what it gives up is its own to give. */
  readonly isMember: boolean;
  /** Whether the application is where it can be called. */
  readonly mayCall: boolean;
  /** It has returned, or was left out. */
  afterCallback(callback: MemberCallback): void;
}

export class MemberCallbacks {
  private readonly owner: MembershipOwner;
  private readonly listener: CallbackListener;
  private queue: MemberCallback[] = [];
  /** The application is in the first. */
  isCalling = false;

  constructor(owner: MembershipOwner, listener: CallbackListener) {
    this.owner = owner;
    this.listener = listener;
  }

  call(callback: MemberCallback): void {
    this.queue.push(callback);
    if (this.queue.length === 1) this.goOn();
  }

  onReturned(): void {
    assert(this.isCalling, "a callback returns that was not called");
    this.isCalling = false;
    this.endFirst();
    this.goOn();
  }

  /** Whether one of the kind is in progress or to come. */
  includes(kind: MemberCallback["kind"]): boolean {
    return this.queue.some((callback) => callback.kind === kind);
  }

  /** Goes on to the first one that the application is to be called for, and calls it if it may. */
  goOn(): void {
    for (let first = this.queue[0]; first !== undefined && !this.isCalling; first = this.queue[0]) {
      const partitions = this.partitionsFor(first);
      if (partitions !== undefined && (partitions.length > 0 || first.kind === "assign")) {
        if (!this.listener.mayCall) return;
        this.isCalling = true;
        this.ask(first, partitions);
        return;
      }
      this.endFirst();
    }
  }

  /** What follows from it may call another, which then waits for its turn. */
  private endFirst(): void {
    const ended = this.queue[0] as MemberCallback;
    this.listener.afterCallback(ended);
    this.queue.shift();
  }

  /** Undefined: it has become pointless. */
  private partitionsFor(callback: MemberCallback): readonly TopicPartition[] | undefined {
    const owned = this.owner.ownedPartitions();
    if (callback.kind !== "revoke" && callback.kind !== "assign") return owned;
    const { reconciliation } = callback;
    if (!this.listener.isInProgress(reconciliation)) return undefined;
    const { revoked, added } = reconciliation;
    return callback.kind === "assign" ? added : without(revoked, without(revoked, owned));
  }

  private ask({ kind }: MemberCallback, partitions: readonly TopicPartition[]): void {
    if (kind === "assign") this.owner.assign(partitions);
    else if (kind === "revoke" || (kind === "leaving" && this.listener.isMember)) this.owner.revoke(partitions);
    else this.owner.lose(partitions);
  }
}
