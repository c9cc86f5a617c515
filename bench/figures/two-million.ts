/** Two million partitions: simulated with thousands, and scaled. */
import { SWEEP } from "./controlled-shutdown.ts";
import type { Figure, Row } from "./figure.ts";
import { recoveryOf } from "./recovery.ts";
import { type Cluster, type Costs, controlledShutdownSeconds } from "./shutdown.ts";
import { type Line, lineThrough, spreadOf, valueAt } from "./statistics.ts";

const PARTITIONS = 2_000_000;

/** Fitted: 135 s, with two and with three replicas of each partition; 32 s. */
const TIMES_FASTER = { 2: 0.455, 3: 0.285 } as const;
const METADATA_RECORD_US = 37;

function zooKeeperCosts(replicas: 2 | 3): Costs {
  const scale = (cost: number): number => Math.round(cost * TIMES_FASTER[replicas]);
  return {
    oneWayUs: scale(SWEEP.oneWayUs),
    logUs: scale(SWEEP.logUs),
    zookeeperReadUs: scale(SWEEP.zookeeperReadUs),
    zookeeperWriteUs: scale(SWEEP.zookeeperWriteUs),
    controllerPartitionUs: scale(SWEEP.controllerPartitionUs),
    metadataRecordUs: 0,
  };
}

interface Scaled {
  readonly seconds: number;
  readonly line: Line;
}

function shutdownAtScale(cluster: Omit<Cluster, "partitions">, sizes: readonly number[]): Scaled {
  const line = lineThrough(
    sizes.map((partitions) => [partitions, controlledShutdownSeconds({ ...cluster, partitions }, 1)] as const),
  );
  return { seconds: valueAt(line, PARTITIONS), line };
}

/** The detection does not grow with the cluster: its mean is added to what does. */
function recoveryAtScale(cluster: Omit<Cluster, "partitions">, sizes: readonly number[]): Scaled {
  const found = sizes.map((partitions) => recoveryOf({ ...cluster, partitions }, "controller", 1));
  if (cluster.mode === "kraft") {
    const line = lineThrough(found.map(({ detection, rest }, index) => [sizes[index] as number, detection + rest] as const));
    return { seconds: valueAt(line, PARTITIONS), line };
  }
  const line = lineThrough(found.map(({ rest }, index) => [sizes[index] as number, rest] as const));
  const detection = found.reduce((sum, each) => sum + each.detection, 0) / found.length;
  return { seconds: valueAt(line, PARTITIONS) + detection, line };
}

function row(what: string, published: number, basis: Row["basis"], { seconds }: Scaled): Row {
  return {
    what,
    published: `${published} s`,
    expected: [published, published],
    simulated: spreadOf([seconds]),
    unit: "s",
    basis,
  };
}

export function twoMillion(sizes: readonly number[]): Figure {
  const zooKeeper = { mode: "zookeeper", costs: zooKeeperCosts(2) } as const;
  const kraft = { mode: "kraft", costs: { ...SWEEP, metadataRecordUs: METADATA_RECORD_US } } as const;
  const controlled = [shutdownAtScale(zooKeeper, sizes), shutdownAtScale(kraft, sizes)] as const;
  const uncontrolled = [recoveryAtScale(zooKeeper, sizes), recoveryAtScale(kraft, sizes)] as const;
  const three = { mode: "zookeeper", replicas: 3, costs: zooKeeperCosts(3) } as const;
  const few = sizes.slice(0, 2);
  const worst = Math.max(...[...controlled, ...uncontrolled].map(({ line }) => line.worst));
  const perPartition = ({ line }: Scaled): string => `${(line.slope * 1e6).toFixed(1)} us`;
  return {
    title: "Two million partitions, ZooKeeper and KRaft",
    source:
      'Confluent, "Apache Kafka Made Simple: A First Glimpse of a Kafka Without ZooKeeper", 2021 (a measurement in their laboratory)',
    rows: [
      row("controlled shutdown, ZooKeeper", 135, "fitted", controlled[0]),
      row("→ recovery after an uncontrolled one, ZooKeeper", 503, "predicted", uncontrolled[0]),
      row("controlled shutdown, KRaft", 32, "fitted", controlled[1]),
      row("→ recovery after an uncontrolled one, KRaft", 37, "predicted", uncontrolled[1]),
      row("ZooKeeper, had it been three replicas: controlled", 135, "fitted", shutdownAtScale(three, few)),
      row("→ uncontrolled", 503, "predicted", recoveryAtScale(three, few)),
    ],
    text: `Simulated with ${sizes.map((size) => size.toLocaleString("en-US")).join(", ")} partitions, and scaled along the line through them, from which every size is less than ${Math.ceil(worst * 1_000) / 10} % away:
per partition ${perPartition(controlled[0])} and ${perPartition(uncontrolled[0])} (ZooKeeper, controlled and not), ${perPartition(controlled[1])} and ${perPartition(uncontrolled[1])} (KRaft).

The source names neither the number of brokers nor that of replicas, nor what exactly was killed. **Assumed:** five brokers and two replicas, as in
the measurements before; and that it was the broker that was the controller, since the figures stand beside a text about its failover. Sessions are
at their defaults, 18 s and 9 s; in KRaft mode the broker dies just after a heartbeat. Recovery is from the crash to the moment when the last partition
has a leader that serves it.

One number was fitted for each mode. ZooKeeper: all costs as fitted to KAFKA-5894 above, times ${TIMES_FASTER[2]}. KRaft: the active controller makes a record in
${METADATA_RECORD_US} us. The KRaft prediction depends on nothing else: the same records, and a session. That of ZooKeeper mode depends on how many of all replicas are on
the broker that dies, because a new controller reads all partitions and changes only those. With two replicas of each partition more comes out than was
published, with three (costs times ${TIMES_FASTER[3]}) less: so the order of magnitude is right, and why: an uncontrolled end costs ZooKeeper mode about four times
a controlled one, KRaft one session. More can't be said without the missing conditions. What a broker takes to carry out orders is left out
(\`broker-replica\` 0).`,
  };
}
