/** How long the partitions of a member that has crashed have no owner. */
import { US_PER_SECOND } from "../../src/base/units.ts";
import { play, scenarioOf } from "./experiment.ts";
import type { Figure, Row } from "./figure.ts";
import { Ownership, outOfStep, phaseOf, SETTINGS, smallCluster } from "./groups.ts";
import { spreadOf } from "./statistics.ts";

export interface Takeover {
  /** Until each partition of the crashed member has another owner: since the crash, and since its session ended; in seconds. */
  readonly sinceCrash: number;
  readonly sinceExpiry: number;
}

type Kind = "classic" | "KIP-848";

const HEARTBEAT_S = { classic: 3, "KIP-848": 5 } as const;
const SESSION_S = 45;
const MEMBERS = 3;

export function takeoverOf(kind: Kind, seed: number): Takeover {
  const period = HEARTBEAT_S[kind] * US_PER_SECOND;
  const crashAt = 25 * US_PER_SECOND + Math.round(phaseOf(seed) * period);
  const scenario = scenarioOf(`
name: a member crashes
${smallCluster()}
topics: { orders: { partitions: 6, replication.factor: 1 } }
consumers:
  billing: { topics: [orders], members: ${MEMBERS}, config: { ${SETTINGS[kind === "classic" ? "eager" : kind]} } }
faults:
${outOfStep(MEMBERS, 12, seed)}
  - { at: ${crashAt}us, crash: billing-2 }
run: { for: 100s }
`);
  const ownership = new Ownership("billing");
  let [crashedAt, expiredAt, takenOverAt] = [0, 0, 0];
  let orphans: readonly number[] = [];
  play({
    scenario,
    seed,
    measure: {
      onEvent({ at, event }) {
        if (event.kind === "ProcessCrashed") {
          crashedAt = at;
          orphans = ownership.ownedBy(event.node);
        }
        ownership.onEvent(event);
        if (event.kind === "MemberRemoved") expiredAt = at;
        if (expiredAt > 0 && orphans.every((partition) => ownership.owners.has(partition))) takenOverAt = at;
        return takenOverAt > 0;
      },
    },
  });
  if (orphans.length === 0 || takenOverAt === 0) throw new Error(`${kind}, seed ${seed}: nothing was taken over`);
  return { sinceCrash: takenOverAt - crashedAt, sinceExpiry: takenOverAt - expiredAt };
}

export function groupsCrash(seeds: number): Figure {
  const rows = (["classic", "KIP-848"] as const).flatMap((kind): Row[] => {
    const found = Array.from({ length: seeds }, (_, index) => takeoverOf(kind, index + 1));
    const heartbeat = HEARTBEAT_S[kind];
    const [least, most] = [SESSION_S - heartbeat, SESSION_S + heartbeat];
    return [
      {
        what: `${kind}: since the crash`,
        published: `${least} to ${most} s, by its settings`,
        expected: [least, most],
        simulated: spreadOf(found.map(({ sinceCrash }) => sinceCrash)),
        unit: "s",
        basis: "predicted",
      },
      {
        what: `${kind}: of it the rebalance, since the end of the session`,
        published: `up to ${heartbeat} s, a heartbeat`,
        expected: [0, heartbeat],
        simulated: spreadOf(found.map(({ sinceExpiry }) => sinceExpiry)),
        unit: "s",
        basis: "predicted",
      },
    ];
  });
  return {
    title: "A member of a group crashes",
    source: "Kafka's defaults: sessions of 45 s; heartbeats every 3 s, or with KIP-848 every 5 s",
    rows,
    text: `Three members of a group, with Kafka's defaults, and six partitions; one crashes, ${seeds} times at other phases of the heartbeats.
Until: each of its two partitions belongs to somebody else. Nobody misses it before its session is over, which counts from its last heartbeat: 45 s, less what had passed since. A
commit counts as a heartbeat in the classic protocol, which makes that a little longer now and then. Then the others have to hear of it, and do so with
their next heartbeats: in the classic protocol all of them, since a generation begins when everybody has joined; with KIP-848 each by itself, and the last counts here.
The rebalance is nothing but that wait: what remains of it is a few milliseconds. After a rebalance members beat in step; so that phases differ, each was made to stand
still for up to a heartbeat long before the crash. Nothing was fitted. A member that is closed says goodbye, and only the second part is left.`,
  };
}
