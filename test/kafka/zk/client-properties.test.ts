/** A client under any history of crashes, cuts, lost answers and expiries: every batch ends once, and what it was told was so. */
import { fc, test as propertyTest } from "@fast-check/vitest";
import { expect } from "vitest";
import { seconds } from "../../../src/base/units.ts";
import { create } from "../../../src/kafka/zk/store-requests.ts";
import { ScriptedEnsemble, type ZkUser } from "./scripted-ensemble.ts";

type Step =
  | { readonly do: "ask"; readonly requests: number; readonly how: "pipelined" | "serially" }
  | { readonly do: "crash" | "start" | "cut" | "heal" | "silence" | "speak"; readonly server: number }
  | { readonly do: "expire" | "lose answers" | "answer again" | "lose one answer" | "double one answer" }
  | { readonly do: "wait"; readonly us: number };

const server = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      requests: fc.integer({ min: 0, max: 25 }),
      how: fc.constantFrom("pipelined" as const, "serially" as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "crash" as const,
        "start" as const,
        "cut" as const,
        "heal" as const,
        "silence" as const,
        "speak" as const,
      ),
      server,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "expire" as const,
        "lose answers" as const,
        "answer again" as const,
        "lose one answer" as const,
        "double one answer" as const,
      ),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("wait" as const), us: fc.integer({ min: 0, max: seconds(3) }) }) },
);

class History {
  readonly e = new ScriptedEnsemble({ servers: 3 });
  readonly user: ZkUser;
  readonly batches = new Map<string, number>();
  private edits = 0;

  constructor() {
    this.user = this.e.addUser("broker-1");
    const { user } = this;
    user.reactions.set("expired", () => user.zk.startNewSession());
  }

  take(step: Step): void {
    const { e, user } = this;
    switch (step.do) {
      case "ask": {
        const label = `b${this.batches.size}`;
        this.batches.set(label, step.requests);
        user.ask(
          label,
          Array.from({ length: step.requests }, (_, i) => create(`/${label}-${i}`)),
          step.how,
        );
        return;
      }
      case "crash":
        e.world.crash(this.server(step.server));
        return;
      case "start":
        e.world.start(this.server(step.server));
        return;
      case "cut":
        e.world.cut("broker-1", this.server(step.server));
        return;
      case "heal":
        e.world.heal("broker-1", this.server(step.server));
        return;
      case "silence":
        e.silent.add(this.server(step.server));
        return;
      case "speak":
        e.silent.delete(this.server(step.server));
        return;
      case "expire":
        e.expire(user.zk.session);
        return;
      case "lose answers":
        e.unanswered.add("create");
        return;
      case "answer again":
        e.unanswered.clear();
        return;
      case "lose one answer":
      case "double one answer": {
        const action = { do: step.do === "lose one answer" ? "drop" : "duplicate" } as const;
        e.world.addEdit({ name: `edit-${this.edits++}`, pattern: { kind: "ZkCreateResponse" }, action, skip: 0, times: 1 });
        return;
      }
      case "wait":
        e.runFor(step.us);
    }
  }

  settle(): void {
    const { e } = this;
    e.unanswered.clear();
    e.silent.clear();
    e.world.healAll();
    for (const name of e.servers) e.world.start(name);
    e.runFor(seconds(60));
  }

  private server(index: number): string {
    return this.e.servers[index] as string;
  }
}

propertyTest.prop([fc.array(step, { minLength: 1, maxLength: 40 })], { numRuns: 150 })(
  "every batch is answered once, each request of it, and what is said to be there is there",
  (steps) => {
    const history = new History();
    for (const each of steps) history.take(each);
    history.settle();
    const { e, user, batches } = history;
    const answered = user.heard.filter((line) => /^b\d+:/.test(line)).map((line) => line.slice(0, line.indexOf(":")));
    expect(answered.toSorted()).toEqual([...batches.keys()].toSorted());
    for (const [label, requests] of batches) {
      const errors = user.answers.get(label)?.map(({ error }) => error) ?? [];
      expect(errors).toHaveLength(requests);
      // Once the session is gone, so is the rest of the batch.
      const expiredFrom = errors.indexOf("SESSIONEXPIRED");
      for (const [i, error] of errors.entries()) {
        const wanted = expiredFrom >= 0 && i >= expiredFrom ? ["SESSIONEXPIRED"] : ["OK", "NODEEXISTS"];
        expect(wanted).toContain(error);
        if (error !== "SESSIONEXPIRED") expect(e.tree.has(`/${label}-${i}`)).toBe(true);
      }
    }
    expect(user.zk.state).toBe("CONNECTED");
  },
);

propertyTest.prop([fc.array(step, { minLength: 1, maxLength: 40 })], { numRuns: 75 })(
  "a batch arrives in its order, within each session's view time does not run back, and states follow one another as they may",
  (steps) => {
    const history = new History();
    for (const each of steps) history.take(each);
    history.settle();
    const { e } = history;
    const xids = e.arrived.filter(({ request }) => request.op !== "ping").map(({ xid }) => xid);
    expect(xids).toEqual(xids.toSorted((a, b) => a - b));
    const firsts = [...new Set(e.asked("create"))];
    for (const label of history.batches.keys()) {
      const mine = firsts.filter((path) => path.startsWith(`create /${label}-`)).map((path) => Number(path.split("-")[1]));
      expect(mine).toEqual(mine.toSorted((a, b) => a - b));
    }
    const newest = new Map<number, number>();
    for (const { session, zxid } of e.of("ZkClientSaw")) {
      expect(zxid).toBeGreaterThan(newest.get(session) ?? 0);
      newest.set(session, zxid);
    }
    const may = { DISCONNECTED: ["CONNECTED", "EXPIRED"], CONNECTED: ["DISCONNECTED"], EXPIRED: ["CONNECTED"], CLOSED: [] };
    let before: keyof typeof may = "DISCONNECTED";
    for (const { state } of e.of("ZkClientStateChanged")) {
      expect(may[before]).toContain(state);
      before = state;
    }
  },
);
