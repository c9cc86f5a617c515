/** Reads what a fault has an administrator do. */
import type { AdminAction } from "./fault-spec.ts";
import type { FaultSurroundings } from "./read-actions.ts";
import type { WrittenFault } from "./schema/faults.ts";
import type { Path } from "./source.ts";

export const ADMIN_KEYS = ["elect", "create-topic", "add-partitions", "delete-topic", "reassign", "delete-znode"] as const;
type AdminKey = (typeof ADMIN_KEYS)[number];

/** What KRaft mode does not do, and why. */
const ZOOKEEPER_ONLY: Readonly<Partial<Record<AdminKey, string>>> = {
  "delete-topic": "deleting topics is modelled in ZooKeeper mode only",
  reassign: "reassigning partitions is modelled in ZooKeeper mode only",
  "delete-znode": "in KRaft mode there is no ZooKeeper to delete a znode from",
};

export function readAdminAction(
  key: AdminKey,
  fault: WrittenFault,
  index: number,
  around: FaultSurroundings,
): AdminAction | undefined {
  const { names, createdTopics } = around;
  const path: Path = ["faults", index, key];
  const missing = names.mode === "kraft" ? ZOOKEEPER_ONLY[key] : undefined;
  if (missing !== undefined) {
    names.sink.add(path, { code: "NOT_MODELLED", message: missing, hint: "write cluster.mode: zookeeper" }, "key");
    return undefined;
  }
  switch (key) {
    case "elect": {
      const partition = names.readPartition(fault.elect?.partition ?? "", [...path, "partition"]);
      return partition && { do: key, ...partition, type: fault.elect?.type === "unclean" ? "UNCLEAN" : "PREFERRED" };
    }
    case "create-topic": {
      const topic = createdTopics.get(index);
      return topic && { do: key, topic };
    }
    case "add-partitions":
      return readAddPartitions(fault[key], index, around);
    case "delete-topic": {
      const topic = names.readTopic(fault[key] ?? "", path);
      return topic && { do: key, topic: topic.name };
    }
    case "reassign":
      return readReassign(fault.reassign, path, around);
    case "delete-znode":
      return readDeleteZnode(fault[key] ?? "", path, around);
  }
}

function readAddPartitions(
  written: WrittenFault["add-partitions"],
  index: number,
  { names, topics, createdTopics, written: faults }: FaultSurroundings,
): AdminAction | undefined {
  const path: Path = ["faults", index, "add-partitions"];
  const { topic: name = "", to = 0 } = written ?? {};
  const topic = names.readTopic(name, [...path, "topic"]);
  if (topic === undefined) return undefined;
  const sizes = [...topics, ...createdTopics.values()].filter((each) => each.name === name).map(({ partitions }) => partitions);
  const before = faults.slice(0, index).map((fault) => fault["add-partitions"]);
  const has = Math.max(0, ...sizes, ...before.map((each) => (each?.topic === name ? each.to : 0)));
  if (to <= has) {
    const message = `${name} has ${has} partitions by then, and Kafka takes none away`;
    names.sink.add([...path, "to"], { code: "IMPOSSIBLE", message, hint: `write a number above ${has}` });
  }
  return { do: "add-partitions", topic: name, to };
}

function readReassign(written: WrittenFault["reassign"], path: Path, { names }: FaultSurroundings): AdminAction | undefined {
  const partition = names.readPartition(written?.partition ?? "", [...path, "partition"]);
  const asked = written?.replicas ?? "cancel";
  if (asked === "cancel") return partition && { do: "reassign", ...partition, replicas: null };
  const replicas: number[] = [];
  for (const [index, broker] of asked.entries()) {
    const at = [...path, "replicas", index];
    const id = names.readBroker(broker, at);
    if (id === undefined) continue;
    if (replicas.includes(id))
      names.sink.add(at, { code: "IMPOSSIBLE", message: `broker ${id} can't hold two replicas of one partition` });
    replicas.push(id);
  }
  return partition && { do: "reassign", ...partition, replicas };
}

function readDeleteZnode(written: string, path: Path, { names }: FaultSurroundings): AdminAction {
  if (!/^(\/[^/]+)+$/.test(written)) {
    const message = `\`${written}\` is not the path of a znode`;
    names.sink.add(path, { code: "WRONG_VALUE", message, hint: "such as /controller, or /brokers/ids/1" });
  }
  return { do: "delete-znode", path: written };
}
