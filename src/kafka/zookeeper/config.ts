/** Settings of a ZooKeeper server, by the keys of `zoo.cfg`. Source: QuorumPeerConfig. */
import type { ConfigDefinitions, ConfigValues } from "../config/definition.ts";

export const ZOOKEEPER_CONFIG = {
  tickTime: { type: "int", default: 3_000, min: 1, doc: "The unit of the limits below, and of session expiry, in ms." },
  initLimit: {
    type: "int",
    default: 10,
    min: 1,
    doc: "Ticks in which a follower must have connected to its leader and caught up.",
  },
  syncLimit: { type: "int", default: 5, min: 1, doc: "Ticks of silence after which leader and follower give each other up." },
  minSessionTimeout: { type: "int", default: -1, min: -1, doc: "Shortest session, in ms; -1: two ticks." },
  maxSessionTimeout: { type: "int", default: -1, min: -1, doc: "Longest session, in ms; -1: twenty ticks." },
  snapCount: { type: "int", default: 100_000, min: 2, doc: "Transactions after which a snapshot is taken." },
} as const satisfies ConfigDefinitions;

export type ZooKeeperConfig = ConfigValues<typeof ZOOKEEPER_CONFIG>;
