/** What a follower is sent that comes with some history: LearnerHandler.syncFollower's rules, and that they lead to the leader's history. */
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { decideSync } from "../../../src/kafka/zookeeper/sync-decision.ts";
import { epochOf, makeZxid, type Zxid } from "../../../src/kafka/zookeeper/zxid.ts";

const z = makeZxid;
const HISTORY = [z(1, 3), z(1, 4), z(2, 1), z(2, 2)];

function decide(peerLastZxid: Zxid, history: readonly Zxid[] = HISTORY, lastProcessed = history.at(-1) ?? 0) {
  return decideSync({ peerLastZxid, history, lastProcessed });
}

test("who has everything gets an empty DIFF, who stopped within the window the rest", () => {
  expect(decide(z(2, 2))).toEqual({ kind: "DIFF", after: z(2, 2) });
  expect(decide(z(1, 4))).toEqual({ kind: "DIFF", after: z(1, 4) });
});

test("who has more than the leader cuts it", () => {
  expect(decide(z(2, 9))).toEqual({ kind: "TRUNC", to: z(2, 2) });
  // A deposed leader's own proposals, of the epoch that the new one has left behind.
  expect(decide(z(1, 9), [z(1, 3), z(1, 4)])).toEqual({ kind: "TRUNC", to: z(1, 4) });
});

test("who went on in an epoch where the leader's history did not gets the whole state: ZooKeeper never cuts across epochs", () => {
  expect(decide(z(1, 9))).toEqual({ kind: "SNAP" });
  expect(decide(z(2, 1), [z(1, 4), z(2, 2)])).toEqual({ kind: "TRUNC", to: z(1, 4) });
});

test("who stopped before the window gets the whole state; so does everybody, if there is no window", () => {
  expect(decide(z(1, 2))).toEqual({ kind: "SNAP" });
  expect(decide(z(1, 2), [], z(1, 5))).toEqual({ kind: "SNAP" });
  expect(decide(z(1, 5), [], z(1, 5))).toEqual({ kind: "DIFF", after: z(1, 5) });
  expect(decide(z(1, 6), [], z(1, 5))).toEqual({ kind: "TRUNC", to: z(1, 5) });
});

const zxids = fc
  .uniqueArray(fc.record({ epoch: fc.integer({ min: 1, max: 3 }), counter: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 10,
    selector: ({ epoch, counter }) => z(epoch, counter),
  })
  .map((all) => all.map(({ epoch, counter }) => z(epoch, counter)).sort((a, b) => a - b));

property.prop([zxids, fc.nat(4), zxids])(
  "a follower that shares a beginning with the leader ends up with the leader's history",
  (leader, shared, tail) => {
    const common = leader.slice(0, shared);
    // What it has logged beyond was proposed by the leader of an epoch that the new leader's history has left at this point.
    const own = tail.filter((zxid) => zxid > (common.at(-1) ?? 0) && !leader.includes(zxid) && epochOf(zxid) < 4);
    const follower = [...common, ...own.slice(0, 2)];
    const decision = decide(follower.at(-1) ?? 0, leader);
    if (decision.kind === "SNAP") return;
    const from = decision.kind === "DIFF" ? decision.after : decision.to;
    // Only what both have may stay, or a whole beginning of the leader's history.
    const kept = follower.filter((zxid) => zxid <= from);
    const isShared = kept.every((zxid) => leader.includes(zxid));
    if (isShared && leader.filter((zxid) => zxid <= from).every((zxid) => kept.includes(zxid))) {
      expect([...kept, ...leader.filter((zxid) => zxid > from)]).toEqual(leader);
    } else expect(own.length).toBeGreaterThan(0);
  },
);
