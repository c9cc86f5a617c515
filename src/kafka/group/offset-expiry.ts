/**
 * When a group's committed offsets are forgotten (KIP-211, KAFKA-13636, KAFKA-8069): a decision about values.
 * Source: ClassicGroup.offsetExpirationCondition, ConsumerGroup.offsetExpirationCondition, OffsetMetadataManager.cleanupExpiredOffsets.
 */
import type { Dials } from "../dials.ts";
import type { Group } from "./group.ts";

/** From when on the retention counts, in milliseconds on the coordinator's clock. */
export type ExpiryCondition =
  | { readonly kind: "never" }
  | { readonly kind: "since-commit" }
  /** Offsets of topics that somebody in the group subscribes to are kept. */
  | { readonly kind: "since-commit-if-unsubscribed"; readonly group: Pick<Group, "isSubscribedTo"> }
  | { readonly kind: "since"; readonly sinceMs: number };

export type ExpiringGroup = Pick<
  Group,
  "protocol" | "protocolType" | "state" | "stateSinceMs" | "usesConsumerProtocol" | "isSubscribedTo"
>;
type ExpiryDials = Pick<Dials, "group.expireOffsetsOnlyWhenEmpty" | "group.expireOnlyWhenStable">;

export interface ExpiringOffset {
  readonly topic: string;
  readonly commitTimestamp: number;
  /** An expiry time of its own, in milliseconds. */
  readonly expireTimestamp: number | undefined;
}

/** `group` undefined, or without a protocol type: nobody ever joined, somebody only commits. */
export function expiryCondition(group: ExpiringGroup | undefined, dials: ExpiryDials): ExpiryCondition {
  if (group === undefined || group.protocolType === null) return { kind: "since-commit" };
  if (!dials["group.expireOffsetsOnlyWhenEmpty"]) return { kind: "since-commit" };
  if (group.protocol === "consumer") return { kind: "since-commit-if-unsubscribed", group };
  if (group.state === "Empty") {
    return group.stateSinceMs === undefined ? { kind: "since-commit" } : { kind: "since", sinceMs: group.stateSinceMs };
  }
  if (!group.usesConsumerProtocol) return { kind: "never" };
  const settled = group.state === "Stable" || !dials["group.expireOnlyWhenStable"];
  return settled ? { kind: "since-commit-if-unsubscribed", group } : { kind: "never" };
}

export function isExpired(offset: ExpiringOffset, condition: ExpiryCondition, nowMs: number, retentionMs: number): boolean {
  if (condition.kind === "never") return false;
  if (condition.kind === "since-commit-if-unsubscribed" && condition.group.isSubscribedTo(offset.topic)) return false;
  if (offset.expireTimestamp !== undefined) return nowMs >= offset.expireTimestamp;
  return nowMs - (condition.kind === "since" ? condition.sinceMs : offset.commitTimestamp) >= retentionMs;
}
