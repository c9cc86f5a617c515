/** An ensemble in a world that is out to hurt it, with clients that ask for anything: all drawn from a seed, and watched by the checker. */
import { ms } from "../../../src/base/units.ts";
import { Checker } from "../../../src/checks/checker.ts";
import type { ZkCheckOp, ZkRequest, ZkWriteOp } from "../../../src/kafka/zookeeper/client-protocol.ts";
import type { ZkTransaction } from "../../../src/kafka/zookeeper/transaction.ts";
import type { DomainEvent, NodeName } from "../../../src/sim/host.ts";
import { RandomStream } from "../../../src/sim/random.ts";
import type { World, WorldObserver } from "../../../src/sim/world.ts";
import type { Arrival, Asked, TestClient } from "./test-client.ts";
import { nodeOf, TestEnsemble } from "./test-ensemble.ts";

const CHECKS = ["ZkElectionSafety", "ZkCommittedWritesKept", "ZkTotalOrder", "ZkSessionMonotonic", "ZkEphemeralsGoWithSession"];

class Watchdog implements WorldObserver {
  readonly checker = new Checker({ enabled: CHECKS });

  onEvent(world: World, node: NodeName | undefined, event: DomainEvent): void {
    this.checker.observe(world.trace.step, world.time, node, event);
  }

  onWatch(): void {}
}

export class Story {
  readonly e: TestEnsemble;
  private readonly watchdog = new Watchdog();
  private readonly random: RandomStream;
  private readonly clientNames: readonly NodeName[];
  private readonly clients = new Set<TestClient>();
  private counter = 0;

  constructor(seed: string, servers: number) {
    this.random = new RandomStream(seed, "nemesis");
    const slow = this.random.chance(1, 3);
    this.e = new TestEnsemble({
      servers,
      seed,
      config: { tickTime: 300, initLimit: 5, syncLimit: 2, snapCount: this.random.pick([4, 40, 100_000]) },
      costs: slow ? { zookeeperReadUs: 300, zookeeperWriteUs: 500 } : {},
    });
    this.e.journal.next = this.watchdog;
    this.clientNames = [0, 1, 2].map((i) => this.e.addClient(this.random.shuffled(this.e.ids), 600 + i * 900));
    for (const name of this.clientNames) this.e.world.start(name);
    this.e.start();
  }

  /** What the checker has found. */
  get violations(): readonly string[] {
    return this.watchdog.checker.violations.map(({ message }) => message);
  }

  private get nodes(): readonly NodeName[] {
    return [...this.e.ids.map(nodeOf), ...this.clientNames];
  }

  get asked(): readonly Asked[] {
    return [...this.clients].flatMap((client) => client.asked);
  }

  /** What each incarnation of a client was told. */
  get arrivals(): readonly (readonly Arrival[])[] {
    return [...this.clients].map((client) => client.arrivals);
  }

  /** What is committed: what a server has applied as such, or its listener was told. */
  get history(): readonly ZkTransaction[] {
    const { journal, ids } = this.e;
    const logged = new Map(journal.of("ZkTransactionLogged").map(({ transaction }) => [transaction.zxid, transaction]));
    const committed = new Set(journal.of("ZkTransactionCommitted").map(({ transaction }) => transaction.zxid));
    for (const id of ids) {
      for (const { transactions } of this.e.allHeard(id)) for (const { zxid } of transactions) committed.add(zxid);
    }
    return [...committed].sort((a, b) => a - b).map((zxid) => logged.get(zxid) as ZkTransaction);
  }

  /** Clients ask for things; then something may go wrong, while they are on their way. */
  round(): void {
    this.e.runFor(this.random.below(this.random.pick([50, 1_000])) / 1_000);
    this.work();
    this.e.runFor(this.random.below(4) / 1_000);
    if (this.random.chance(2, 5)) this.disturb();
    if (this.random.chance(1, 8)) this.repair();
  }

  private work(): void {
    for (const name of this.clientNames) {
      const client = this.e.clientNamed(name);
      if (client === undefined) continue;
      this.clients.add(client);
      for (let i = this.random.below(7); i > 0; i--) client.ask(this.request());
    }
  }

  private disturb(): void {
    const { e, random } = this;
    const { world } = e;
    const server = random.pick(e.ids);
    const victim = random.pick(this.nodes);
    const other = random.pick(this.nodes);
    switch (random.below(11)) {
      case 0:
        world.crash(victim);
        break;
      case 1:
        world.losePower(nodeOf(server), random.pick(["lost", "torn", "random"]));
        break;
      case 2:
      case 3:
        if (!world.node(victim).running) world.start(victim);
        break;
      case 4:
        if (victim !== other) world.cut(victim, other, random.pick(["both", "from", "to"]));
        break;
      case 5:
        world.healAll();
        break;
      case 6:
        world.requestShutdown(nodeOf(server));
        break;
      case 7:
        world.pause(victim);
        break;
      case 8:
        for (const name of this.nodes) world.resume(name);
        break;
      case 9:
        world.stallDisk(nodeOf(server), random.chance(1, 2));
        break;
      case 10:
        world.node(nodeOf(server)).disk.slowDown(random.pick([0, 0, ms(20), ms(400)]));
        break;
    }
  }

  repair(): void {
    const { world } = this.e;
    world.healAll();
    for (const name of this.nodes) {
      world.resume(name);
      world.stallDisk(name, false);
      world.node(name).disk.slowDown(0);
      if (!world.node(name).running) world.start(name);
    }
  }

  /** The whole tree as `id` shows it. */
  dump(id: number): Readonly<Record<string, unknown>> {
    const client = this.e.client([id], 5_000);
    const found: Record<string, unknown> = {};
    const visit = (path: string): void => {
      const { data, stat } = this.e.do(client, { op: "getData", path, watch: false });
      found[path] = { data, stat };
      const { children } = this.e.do(client, { op: "getChildren", path, watch: false });
      for (const child of children ?? []) visit(path === "/" ? `/${child}` : `${path}/${child}`);
    };
    this.e.do(client, { op: "sync", path: "/" });
    visit("/");
    return found;
  }

  private request(): ZkRequest {
    const { random } = this;
    switch (random.below(10)) {
      case 0:
      case 1:
        return { op: "getData", path: this.path(), watch: random.chance(1, 2) };
      case 2:
        return { op: "exists", path: this.path(), watch: random.chance(1, 2) };
      case 3:
        return { op: "getChildren", path: this.path(), watch: random.chance(1, 2) };
      case 4:
        return { op: "sync", path: "/" };
      case 5:
      case 6: {
        const ops = Array.from({ length: 1 + random.below(3) }, () => this.part());
        return { op: "multi", ops };
      }
      default:
        return this.write();
    }
  }

  private part(): ZkWriteOp | ZkCheckOp {
    return this.random.chance(1, 4) ? { op: "check", path: this.path(), version: this.version() } : this.write();
  }

  private write(): ZkWriteOp {
    const { random } = this;
    const data = ++this.counter;
    switch (random.below(6)) {
      case 0:
        return { op: "delete", path: this.path(), version: this.version() };
      case 1:
      case 2:
        return { op: "setData", path: this.path(), data, version: this.version() };
      case 3:
        return { op: "create", path: this.path(), data, mode: "PERSISTENT" };
      case 4:
        return { op: "create", path: this.path(), data, mode: "EPHEMERAL" };
      default:
        return {
          op: "create",
          path: `${this.path()}/s-`,
          data,
          mode: random.pick(["PERSISTENT_SEQUENTIAL", "EPHEMERAL_SEQUENTIAL"]),
        };
    }
  }

  private path(): string {
    const top = `/${this.random.pick(["a", "b"])}`;
    return this.random.chance(1, 2) ? top : `${top}/${this.random.pick(["x", "y"])}`;
  }

  private version(): number {
    return this.random.pick([-1, -1, 0, 1, 2]);
  }
}
