/** How long it takes until everything that a crashed broker led is led again. */
import type { BrokerId } from "../../src/kafka/ids.ts";
import { elsewhereTheController, type Measure, play, scenarioOf, slowZooKeeper, type TimedEvent } from "./experiment.ts";
import { type Cluster, clusterText } from "./shutdown.ts";

/** Seconds. */
export interface Recovery {
  /** From the crash until the broker's registration has ended. KRaft: until the decision is committed, which comes with all others. */
  readonly detection: number;
  /** From then on until the last partition has a leader that serves it. */
  readonly rest: number;
}

/** Who crashes. In ZooKeeper mode the controller is a broker; in KRaft mode it is not, and lives on. */
export type Victim = "controller" | "broker";

export function recoveryOf(cluster: Cluster, victim: Victim, seed: number): Recovery {
  const scenario = scenarioOf(`
${clusterText(cluster)}
faults:
${cluster.mode === "kraft" ? CRASH_AFTER_HEARTBEAT : crashInZooKeeperMode(cluster, victim)}
run: { for: 2000s }
`);
  const measure = new RecoveryMeasure();
  play({ scenario, seed, measure });
  const { crashedAt, goneAt, recoveredAt } = measure;
  return { detection: goneAt - crashedAt, rest: recoveredAt - goneAt };
}

/** So that its session still has its whole length, whatever the size of the cluster. */
const CRASH_AFTER_HEARTBEAT =
  "  - { when: { message: BrokerHeartbeat, from: broker-3, moment: delivered, nth: 3 }, crash: broker-3 }";

function crashInZooKeeperMode({ costs }: Cluster, victim: Victim): string {
  const [elsewhere, whom] = victim === "broker" ? [elsewhereTheController("broker-3"), "broker-3"] : ["", "active-controller"];
  return `${elsewhere}${slowZooKeeper("50s", costs)}  - { at: 60s, crash: ${whom} }`;
}

class RecoveryMeasure implements Measure {
  crashedAt = 0;
  goneAt = 0;
  recoveredAt = 0;
  private readonly leaders = new Map<string, BrokerId>();
  private leaderless = new Set<string>();

  onEvent({ at, event }: TimedEvent): boolean {
    switch (event.kind) {
      case "BecameLeader": {
        const name = `${event.topic}-${event.partition}`;
        this.leaders.set(name, event.broker);
        if (!this.leaderless.delete(name) || this.leaderless.size > 0) return false;
        this.recoveredAt = at;
        return true;
      }
      case "ProcessCrashed":
        this.crashedAt = at;
        this.leaderless = new Set(
          [...this.leaders].filter(([, leader]) => `broker-${leader}` === event.node).map(([name]) => name),
        );
        return false;
      case "BrokerUnregistered":
      case "BrokerFenced":
        if (this.crashedAt > 0) this.goneAt = at;
        return false;
      default:
        return false;
    }
  }
}
