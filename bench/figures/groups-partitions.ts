/** How long it takes until partitions that are added to a topic have owners. */
import { US_PER_SECOND } from "../../src/base/units.ts";
import { play, scenarioOf } from "./experiment.ts";
import type { Figure, Row } from "./figure.ts";
import { Ownership, type Protocol, phaseOf, SETTINGS } from "./groups.ts";
import { spreadOf } from "./statistics.ts";

export interface Growth {
  readonly protocol: Protocol;
  readonly consumers: number;
  readonly from: number;
  readonly to: number;
  /** metadata.max.age.ms of the consumers, in seconds; 5 minutes by default. */
  readonly metadataAgeS?: number;
}

export interface Grown {
  /** From when the partitions have leaders until the group is stable and each has an owner; in seconds. */
  readonly total: number;
  /** Of it, from when the coordinator hears that something is to be done. */
  readonly rebalance: number;
}

const DEFAULT_METADATA_AGE_S = 300;
/** All members have joined by then. With KIP-848 each begins its heartbeats when it joins: one after the other, so that they are spread over 5 s. */
const SETTLED_S = 20;

export function grownOf(growth: Growth, seed: number): Grown {
  const { protocol, consumers, from, to, metadataAgeS = DEFAULT_METADATA_AGE_S } = growth;
  const at = SETTLED_S + phaseOf(seed) * metadataAgeS;
  const scenario = scenarioOf(`
name: partitions are added
cluster: { brokers: 3, controllers: 1, config: { offsets.topic.num.partitions: 1, offsets.topic.replication.factor: 1 } }
topics: { orders: { partitions: ${from}, replication.factor: 1 } }
consumers:
  billing:
    topics: [orders]
    members: ${consumers}
    join: every 700ms
    config: { ${SETTINGS[protocol]}, metadata.max.age.ms: ${metadataAgeS * 1_000}, fetch.max.wait.ms: 5000, enable.auto.commit: false }
faults: [{ at: ${Math.round(at * US_PER_SECOND)}us, add-partitions: { topic: orders, to: ${to} } }]
run: { for: ${SETTLED_S + 2 * metadataAgeS + 30}s }
`);
  const ownership = new Ownership("billing");
  const led = new Set<number>();
  let [existAt, heardAt, doneAt] = [0, 0, 0];
  let stable = false;
  play({
    scenario,
    seed,
    measure: {
      onEvent({ at: now, event }) {
        ownership.onEvent(event);
        if (event.kind === "BecameLeader" && event.topic === "orders") {
          led.add(event.partition);
          if (led.size === to) existAt = now;
        }
        if (event.kind === "GroupStateChanged") {
          stable = event.to === "Stable";
          if (existAt > 0 && !stable && heardAt === 0) heardAt = now;
        }
        if (stable && heardAt > 0 && ownership.owners.size === to) doneAt = now;
        return doneAt > 0;
      },
    },
  });
  if (doneAt === 0) throw new Error(`${protocol}, seed ${seed}: not every partition has an owner`);
  return { total: doneAt - existAt, rebalance: doneAt - heardAt };
}

const SHORT_AGE_S = 10;

export function groupsPartitions(added: number, seeds: number): Figure {
  const size = { consumers: 10, from: 100, to: 100 + added };
  const found = (protocol: Protocol, metadataAgeS?: number): Grown[] =>
    Array.from({ length: seeds }, (_, index) =>
      grownOf({ protocol, ...size, ...(metadataAgeS === undefined ? {} : { metadataAgeS }) }, index + 1),
    );
  const [eager, cooperative, short, next] = [
    found("eager"),
    found("cooperative"),
    found("eager", SHORT_AGE_S),
    found("KIP-848"),
  ] as const;
  const totals = (grown: readonly Grown[]) => spreadOf(grown.map(({ total }) => total));
  const rebalances = (grown: readonly Grown[]) => spreadOf(grown.map(({ rebalance }) => rebalance));
  const row = (what: string, simulated: Row["simulated"], published?: number): Row => ({
    what,
    published: published === undefined ? "" : `${published} s`,
    expected: published === undefined ? undefined : [published, published],
    simulated,
    unit: "s",
    basis: "predicted",
  });
  return {
    title: "Partitions are added",
    source:
      'a measurement that is ascribed to Confluent, and was read only where it is repeated ("a group with 10 consumers adding 900 partitions completes rebalancing in 5 seconds instead of 103 seconds": documentation of Karafka, "Consumer Group Rebalance Protocol")',
    rows: [
      row("classic, eager", totals(eager), 103),
      row("classic, cooperative", totals(cooperative), 103),
      row("KIP-848", totals(next), 5),
      {
        what: "classic, eager, as a multiple of KIP-848 (medians)",
        published: "10 to 30 times",
        expected: [10, 30],
        simulated: spreadOf([totals(eager).median / totals(next).median]),
        unit: "times",
        basis: "predicted",
      },
      row("the rebalance by itself: classic, eager", rebalances(eager)),
      row("the rebalance by itself: classic, cooperative", rebalances(cooperative)),
      row("the rebalance by itself: KIP-848", rebalances(next)),
      row(`classic, eager, with metadata.max.age.ms of ${SHORT_AGE_S} s`, totals(short)),
    ],
    text: `Ten consumers of a topic of 100 partitions, to which ${added} are added, ${seeds} times at other phases of the consumers' metadata; Kafka's defaults, but for auto-commit, which is off, and for fetches that wait longer, which saves events. From when the last new partition has a
leader until the group is stable, and every partition has an owner. The quotation says neither what kind of client it was, nor how it was set, nor from when on it was measured.

In the classic protocol only the consumer that leads the group looks whether topics have grown, and it sees that when its metadata is \`metadata.max.age.ms\` old and asked for again, every 5 minutes: so anything up to 300 s may pass before the
group as much as knows. Then all have to join, and learn so from their next heartbeat, 3 s at most (a second here: the last rebalance had them beat in step). That is all that the rebalance itself takes, eager or cooperative, for nobody has to give up
anything for long. So 103 s is well possible, but 20 s or 280 s would be, too: it is not predicted, and neither is how many times as fast KIP-848 is. What can be said: **of a published 103 s at most 3 s are explained by
the rebalance.** The rest is waiting for metadata, or it is what is not modelled, the time that clients need to compute. A shorter \`metadata.max.age.ms\` does for the classic protocol most of what KIP-848 does.

With KIP-848 the coordinator watches the topics, being a broker: it knows at once, computes a target with the next heartbeat of anybody, and each member hears of its new partitions with its own next heartbeat, after 5 s at most, however many there
are. That agrees with what was published.`,
  };
}
