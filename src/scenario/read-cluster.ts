/** Reads the servers of a scenario: which there are, in either mode, and what each is made of. */
import { BROKER_CONFIG } from "../kafka/config/broker-config.ts";
import { effectiveConfig } from "../kafka/config/definition.ts";
import { DEFAULT_SERVICE_COSTS, type ServiceCosts } from "../kafka/config/service-costs.ts";
import type { ClusterMode, Release } from "../kafka/releases.ts";
import { ZOOKEEPER_CONFIG } from "../kafka/zookeeper/config.ts";
import { DEFAULT_DISK, type DiskSpec } from "../sim/disk.ts";
import type { NodeName } from "../sim/host.ts";
import type { ProblemSink } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import { COST_KEYS } from "./schema/cluster.ts";
import type { WrittenScenario } from "./schema/scenario.ts";
import type { Path } from "./source.ts";
import type { ClockSpec, ClusterSpec, ServerSpec, ZooKeeperSpec } from "./spec.ts";

const FIRST_CONTROLLER_ID = 3_000;
const ENSEMBLE_SIZE = 3;
const RESTART_AFTER_US = 5_000_000;
const TRUE_CLOCK: ClockSpec = { offsetUs: 0, driftPpm: 0 };

type WrittenCluster = NonNullable<WrittenScenario["cluster"]>;
type WrittenNode = NonNullable<WrittenCluster["per-node"]>[string];
type WrittenDisk = Omit<NonNullable<WrittenScenario["disks"]>, "on">;

/** A server without its details: who there is must be known before names in the rest can be read. */
type Seat = Pick<ServerSpec, "name" | "id" | "broker" | "controller" | "rack">;

export function modeOf(written: WrittenScenario): ClusterMode {
  return written.cluster?.mode ?? "kraft";
}

export function readCluster(written: WrittenScenario, release: Release, sink: ProblemSink): ClusterSpec {
  const { cluster = {}, disks = {} } = written;
  const mode = modeOf(written);
  const config = cluster.config ?? {};
  if (mode === "kraft") checkCombined(cluster, sink);
  const seats = kafkaSeats(cluster, mode);
  const ensemble = mode === "zookeeper" ? ensembleSeats(cluster) : [];
  const names = [...seats, ...ensemble].map((seat) => seat.name);
  const perNode = cluster["per-node"] ?? {};
  const wherever = (name: string, path: Path): void => {
    if (!names.includes(name) && !isOfOtherMode(name, written)) unknownServer(name, names, path, sink);
  };
  for (const [name, own] of Object.entries(perNode)) {
    wherever(name, ["cluster", "per-node", name]);
    if (names.includes(name)) checkOwnConfig(name, own, sink);
  }
  for (const name of Object.keys(disks.on ?? {})) wherever(name, ["disks", "on", name]);
  const machineOf = ({ name, rack }: Pick<Seat, "name" | "rack">) => ({
    rack: perNode[name]?.rack ?? rack,
    disk: diskOf(disks.on?.[name] ?? {}, diskOf(disks, DEFAULT_DISK)),
    clock: clockOf(written, name),
  });
  const nodes = seats.map((seat): ServerSpec => {
    const effective = effectiveConfig(BROKER_CONFIG, release.brokerDefaults, config, perNode[seat.name]?.config ?? {});
    return { ...seat, ...machineOf(seat), config: effective };
  });
  const zookeeper = ensemble.map((seat): ZooKeeperSpec => {
    const own = perNode[seat.name]?.["zookeeper-config"] ?? {};
    const effective = effectiveConfig(ZOOKEEPER_CONFIG, cluster["zookeeper-config"] ?? {}, own);
    return { ...seat, ...machineOf(seat), config: effective };
  });
  const rest = cluster["restart-after"] ?? RESTART_AFTER_US;
  const combined = mode === "kraft" && cluster.combined === true;
  return {
    mode,
    combined,
    nodes,
    zookeeper,
    config,
    costs: costsOf(cluster),
    restartAfterUs: rest === "never" ? undefined : rest,
  };
}

/** Whether there would be a server of this name if the cluster ran in the other mode. What is said of it is left aside. */
export function isOfOtherMode(name: string, written: WrittenScenario): boolean {
  const { cluster = {} } = written;
  const others = modeOf(written) === "kraft" ? ensembleSeats(cluster) : kafkaSeats(cluster, "kraft");
  return others.some((seat) => seat.name === name);
}

export function clockOf(written: WrittenScenario, node: NodeName): ClockSpec {
  const clock = written.clocks !== undefined && Object.hasOwn(written.clocks, node) ? written.clocks[node] : undefined;
  return clock === undefined ? TRUE_CLOCK : { offsetUs: clock.offset ?? 0, driftPpm: clock.drift ?? 0 };
}

function rackOf({ racks }: WrittenCluster, index: number): string | null {
  return racks?.[index % racks.length] ?? null;
}

function kafkaSeats(cluster: WrittenCluster, mode: ClusterMode): readonly Seat[] {
  const { brokers = 3 } = cluster;
  const { combined, controllers } = mode === "kraft" ? controllersOf(cluster) : { combined: false, controllers: 0 };
  const seats: Seat[] = [];
  for (let i = 0; i < brokers; i++) {
    const controller = combined && i < controllers;
    seats.push({ name: `broker-${i + 1}`, id: i + 1, broker: true, controller, rack: rackOf(cluster, i) });
  }
  for (let i = 0; i < controllers && !combined; i++) {
    const id = FIRST_CONTROLLER_ID + i + 1;
    seats.push({ name: `controller-${i + 1}`, id, broker: false, controller: true, rack: rackOf(cluster, i) });
  }
  return seats;
}

function ensembleSeats(cluster: WrittenCluster): readonly Pick<ZooKeeperSpec, "name" | "id" | "rack">[] {
  const length = cluster.zookeeper ?? ENSEMBLE_SIZE;
  return Array.from({ length }, (_, i) => ({ name: `zookeeper-${i + 1}`, id: i + 1, rack: rackOf(cluster, i) }));
}

function controllersOf({ brokers = 3, combined = false, controllers }: WrittenCluster) {
  return { combined, controllers: controllers ?? (combined ? Math.min(3, brokers) : 3) };
}

function checkCombined(cluster: WrittenCluster, sink: ProblemSink): void {
  const { brokers = 3 } = cluster;
  const { combined, controllers } = controllersOf(cluster);
  if (!combined || controllers <= brokers) return;
  sink.add(["cluster", "controllers"], {
    code: "IMPOSSIBLE",
    message: `${controllers} controllers can't live in ${brokers} ${brokers === 1 ? "broker" : "brokers"}`,
    hint: `raise cluster.brokers to ${controllers}, or lower controllers to ${brokers}`,
  });
}

/** A ZooKeeper server has settings of its own kind, and a Kafka server of its. */
function checkOwnConfig(name: NodeName, own: WrittenNode, sink: ProblemSink): void {
  const isZooKeeper = name.startsWith("zookeeper-");
  const wrong = isZooKeeper ? "config" : "zookeeper-config";
  if (own[wrong] === undefined) return;
  sink.add(
    ["cluster", "per-node", name, wrong],
    {
      code: "CONTRADICTION",
      message: isZooKeeper ? `${name} is not a Kafka server` : `${name} is not a ZooKeeper server`,
      hint: `write ${quote(isZooKeeper ? "zookeeper-config" : "config")}`,
    },
    "key",
  );
}

function unknownServer(name: string, servers: readonly NodeName[], path: Path, sink: ProblemSink): void {
  const hint = `there are ${servers.slice(0, 12).join(", ")}${servers.length > 12 ? ", …" : ""}`;
  sink.add(path, { code: "UNKNOWN_NAME", message: `no server ${quote(name)} in this cluster`, hint }, "key");
}

function costsOf({ costs = {} }: WrittenCluster): ServiceCosts {
  const found: { -readonly [K in keyof ServiceCosts]: ServiceCosts[K] } = { ...DEFAULT_SERVICE_COSTS };
  for (const key of Object.keys(COST_KEYS) as (keyof typeof COST_KEYS)[])
    found[COST_KEYS[key][0]] = costs[key] ?? found[COST_KEYS[key][0]];
  return found;
}

function diskOf(written: WrittenDisk, base: DiskSpec): DiskSpec {
  const capacityBytes = written.capacity ?? base.capacityBytes;
  return {
    fsync: written.fsync ?? base.fsync,
    write: written.write ?? base.write,
    writebackUs: written.writeback ?? base.writebackUs,
    ...(capacityBytes !== undefined && { capacityBytes }),
  };
}
