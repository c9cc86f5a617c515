/**
 * Two clients that write one node by turns, by conditional writes, while servers die and links are cut: who believes that he wrote a
 * version did, and nobody is shown the past. Source: coordination A1, replication 3.8.
 */
import { fc, test as propertyTest } from "@fast-check/vitest";
import { expect } from "vitest";
import { type Micros, ms, seconds } from "../../../src/base/units.ts";
import { type ConditionalUpdateOutcome, ConditionalUpdates } from "../../../src/kafka/zk/conditional-update.ts";
import { create, getData } from "../../../src/kafka/zk/store-requests.ts";
import type { ZkResponse } from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { Timer } from "../../../src/sim/host.ts";
import { RealEnsemble } from "./real-ensemble.ts";
import type { ZkUser } from "./scripted-ensemble.ts";

const PATH = "/register";

/** What stands in the node: who wrote it, and his how-manieth write it was. */
interface Entry {
  readonly by: string;
  readonly n: number;
}

/** Reads, writes over what it has read, rests, and begins again. */
class Writer {
  readonly claims: { readonly version: number; readonly entry: Entry; readonly at: Micros }[] = [];
  private attempts = 0;
  private readonly user: ZkUser;
  private readonly updates: ConditionalUpdates<Entry>;

  constructor(user: ZkUser) {
    this.user = user;
    this.updates = new ConditionalUpdates(user.zk, this);
    user.zk.request([create(PATH, { by: "", n: 0 })], this, undefined);
  }

  onZkResponses(_answers: readonly ZkResponse[], _context: undefined): void {
    this.user.zk.request([getData(PATH)], { onZkResponses: (answers) => this.onRead(answers[0] as ZkResponse) }, undefined);
  }

  onConditionalUpdate(outcome: ConditionalUpdateOutcome, entry: Entry): void {
    if (outcome.kind === "written") this.claims.push({ version: outcome.version, entry, at: this.user.host.steadyNow() });
    this.rest();
  }

  onTimer(_timer: Timer): void {
    this.onZkResponses([], undefined);
  }

  private onRead({ error, stat }: ZkResponse): void {
    if (error !== "OK" || stat === undefined) {
      this.rest();
      return;
    }
    const entry = Object.freeze({ by: this.user.host.name, n: ++this.attempts });
    this.updates.update(PATH, entry, stat.version, entry);
  }

  private rest(): void {
    this.user.host.setTimer(this.user.host.random("writer").between(ms(50), ms(300)), { kind: "test.writer", target: this });
  }
}

type Step =
  | { readonly do: "crash" | "start" | "power loss"; readonly server: number }
  | { readonly do: "cut" | "heal"; readonly client: number; readonly server: number }
  | { readonly do: "pause" | "resume"; readonly client: number }
  | { readonly do: "part" | "join"; readonly server: number }
  | { readonly do: "wait"; readonly us: number };

const server = fc.integer({ min: 0, max: 2 });
const client = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("crash" as const, "start" as const, "start" as const, "power loss" as const),
      server,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("cut" as const, "heal" as const), client, server }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("pause" as const, "resume" as const), client }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("part" as const, "join" as const), server }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("wait" as const), us: fc.integer({ min: 0, max: seconds(8) }) }) },
);

class History {
  readonly e: RealEnsemble;
  readonly writers: readonly Writer[];

  constructor(seed: number) {
    this.e = new RealEnsemble({ seed: `register-${seed}` });
    this.writers = ["a", "b"].map((name) => {
      const user = this.e.addUser(name);
      user.reactions.set("expired", () => user.zk.startNewSession());
      return new Writer(user);
    });
    this.e.runFor(seconds(5));
  }

  take(step: Step): void {
    const { world, servers } = this.e;
    const name = "server" in step ? (servers[step.server] as string) : "";
    const others = servers.filter((other) => other !== name);
    const who = "client" in step ? (["a", "b"][step.client] as string) : "";
    switch (step.do) {
      case "crash":
        world.crash(name);
        return;
      case "power loss":
        world.losePower(name);
        return;
      case "start":
        world.start(name);
        return;
      case "cut":
        world.cut(who, name);
        return;
      case "heal":
        world.heal(who, name);
        return;
      case "part":
        for (const other of others) world.cut(name, other);
        return;
      case "join":
        for (const other of others) world.heal(name, other);
        return;
      case "pause":
        world.pause(who);
        return;
      case "resume":
        world.resume(who);
        return;
      case "wait":
        this.e.runFor(step.us);
    }
  }

  settle(): void {
    const { world, servers } = this.e;
    world.healAll();
    for (const name of servers) world.start(name);
    for (const name of ["a", "b"]) world.resume(name);
    this.e.runFor(seconds(45));
  }

  /** What was committed as each version of the node. */
  committed(): Map<number, Entry> {
    const versions = new Map<number, Entry>();
    for (const { transaction } of this.e.of("ZkTransactionCommitted")) {
      if (transaction.body.type !== "nodes") continue;
      for (const node of transaction.body.nodes) {
        if (node.path === PATH && node.op === "setData") versions.set(node.version, node.data as unknown as Entry);
      }
    }
    return versions;
  }
}

propertyTest.prop([fc.integer({ min: 0, max: 1_000_000 }), fc.array(step, { minLength: 1, maxLength: 30 })], { numRuns: 40 })(
  "what a client takes for its own write is its own write, once, and no session is shown the past",
  (seed, steps) => {
    const history = new History(seed);
    for (const each of steps) history.take(each);
    history.settle();
    const committed = history.committed();
    const claims = history.writers.flatMap((writer) => writer.claims);
    expect(new Set(claims.map(({ version }) => version)).size).toBe(claims.length);
    for (const { version, entry } of claims) expect(committed.get(version)).toEqual(entry);
    // A write is made at most once, however often it was sent.
    const entries = [...committed.values()].map(({ by, n }) => `${by} ${n}`);
    expect(new Set(entries).size).toBe(entries.length);
    const newest = new Map<number, number>();
    for (const { session, zxid } of history.e.of("ZkClientSaw")) {
      expect(zxid).toBeGreaterThan(newest.get(session) ?? 0);
      newest.set(session, zxid);
    }
    // In the end both write again.
    for (const writer of history.writers) expect(writer.claims.at(-1)?.at).toBeGreaterThan(history.e.world.time - seconds(10));
  },
);
