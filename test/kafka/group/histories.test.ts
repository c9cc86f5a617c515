import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import type { BrokerId } from "../../../src/kafka/ids.ts";
import { ClusterWorld, OFFSETS } from "./cluster-world.ts";

type Deed =
  | { readonly kind: "commit" }
  | { readonly kind: "crash" | "isolate" | "shutdown"; readonly broker: BrokerId }
  | { readonly kind: "mend" }
  | { readonly kind: "wait"; readonly seconds: number };

const broker = fc.integer({ min: 1, max: 3 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("commit" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("crash" as const, "isolate" as const, "shutdown" as const), broker }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("mend" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 15 }) }) },
);

function mend(c: ClusterWorld): void {
  c.world.healAll();
  for (const id of c.brokers) if (c.world.node(`broker-${id}`).process === undefined) c.world.start(`broker-${id}`);
}

/** Where an honest client would send it: to whom any living broker names. */
function leaderOf(c: ClusterWorld): BrokerId | undefined {
  const at = c.brokers.find((id) => c.world.node(`broker-${id}`).process !== undefined);
  const found = at === undefined ? undefined : c.findCoordinator("billing", at);
  return found?.errorCode === "NONE" ? found.nodeId : undefined;
}

test.prop([fc.array(deed, { minLength: 10, maxLength: 40 }), fc.constantFrom("classic", "classic,consumer")], { numRuns: 25 })(
  "whatever happens to brokers, no commit that was acknowledged is lost, and none is told before it is committed",
  (deeds, protocols) => {
    const config = { "group.coordinator.rebalance.protocols": protocols, "min.insync.replicas": 2 };
    const c = new ClusterWorld({ config }).createTopic("orders");
    c.coordinator();
    c.runFor(seconds(2));
    let next = 0;
    const sent = new Map<number, number>();
    for (const each of deeds) {
      if (each.kind === "commit") {
        const leader = leaderOf(c);
        if (leader !== undefined) sent.set(c.sendCommit(leader, { offset: ++next }), next);
      } else if (each.kind === "crash" && c.world.node(`broker-${each.broker}`).process !== undefined) c.crash(each.broker);
      else if (each.kind === "shutdown") c.world.requestShutdown(`broker-${each.broker}`);
      else if (each.kind === "isolate") c.isolate(each.broker);
      else if (each.kind === "mend") mend(c);
      else if (each.kind === "wait") c.runFor(seconds(each.seconds));
    }
    // Who was told to stop may take a while until it does.
    for (let i = 0; i < 4; i++) {
      mend(c);
      c.runFor(seconds(30));
    }
    const coordinator = c.coordinator();
    const acknowledged = [...sent].filter(([number]) => c.committed(number) === "NONE").map(([, offset]) => offset);
    const last = Math.max(-1, ...acknowledged);
    const known = c.fetch(coordinator) as number;
    expect(known).toBeGreaterThanOrEqual(last);
    expect(known).toBeLessThanOrEqual(next === 0 ? -1 : next);
    const told = new Set(c.of("GroupOffsetChanged").map(({ offset }) => offset));
    for (const offset of acknowledged) expect(told).toContain(offset);
    // A coordinator writes in its own epoch only, and each epoch has one.
    const writers = new Map<string, BrokerId>();
    for (const { topic, partition, role, leaderEpoch, broker: writer } of c.of("RecordsAppended")) {
      if (topic !== OFFSETS || role !== "leader") continue;
      const epoch = `${partition}@${leaderEpoch}`;
      expect(writers.get(epoch) ?? writer).toBe(writer);
      writers.set(epoch, writer);
    }
  },
);
