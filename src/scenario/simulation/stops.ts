/**
 * Says when conditions come true, for somebody who walks through a run. They are looked at where the director looks at those of faults:
 * in the middle of the handler that reports the event, with the facts of that moment. Nothing in the run depends on it.
 */
import type { MessageWatch } from "../../sim/edits.ts";
import type { DomainEvent, NodeName } from "../../sim/host.ts";
import type { World } from "../../sim/world.ts";
import type { Condition } from "../condition.ts";
import { matchesEvent } from "../event-matcher.ts";
import { type ClusterFacts, resolveNodes } from "../selectors.ts";
import { contentFilterOf } from "./message-content-filter.ts";

type MessageCondition = Extract<Condition, { readonly kind: "message" }>;

export class Stops {
  /** Those that have come true since {@link clear}, each as often as it has. */
  met: readonly Condition[] = [];
  private onEvents: readonly Extract<Condition, { readonly kind: "event" }>[] = [];
  private onMessages: readonly { readonly condition: MessageCondition; readonly watch: MessageWatch }[] = [];

  /** From now on these, and no others. */
  set(world: World, conditions: readonly Condition[]): void {
    for (const { watch } of this.onMessages) world.watches.splice(world.watches.indexOf(watch), 1);
    this.onEvents = conditions.filter((condition) => condition.kind === "event");
    this.onMessages = conditions
      .filter((condition) => condition.kind === "message")
      // Frozen, so that it is the same object in a fork.
      .map((condition) => ({ condition, watch: Object.freeze(watchFor(condition)) }));
    for (const { watch } of this.onMessages) world.watch(watch);
  }

  clear(): void {
    if (this.met.length > 0) this.met = [];
  }

  onEvent(node: NodeName | undefined, event: DomainEvent, facts: ClusterFacts): void {
    for (const condition of this.onEvents) if (matchesEvent(condition.pattern, event, node, facts)) this.meet(condition);
  }

  /** Whether the watch is one of these. */
  owns(watch: MessageWatch): boolean {
    return this.onMessages.some((each) => each.watch === watch);
  }

  onWatch(watch: MessageWatch, from: NodeName, to: NodeName, facts: ClusterFacts): void {
    const condition = this.onMessages.find((each) => each.watch === watch)?.condition;
    if (condition === undefined) return;
    const { pattern } = condition;
    if (pattern.from !== undefined && !resolveNodes(pattern.from, facts).includes(from)) return;
    if (pattern.to !== undefined && !resolveNodes(pattern.to, facts).includes(to)) return;
    this.meet(condition);
  }

  private meet(condition: Condition): void {
    this.met = [...this.met, condition];
  }
}

function watchFor({ pattern, moment, text }: MessageCondition): MessageWatch {
  // No fault can be called so.
  return { name: `\n${text}`, moment, pattern: { kind: pattern.kind, ...contentFilterOf(pattern) } };
}
