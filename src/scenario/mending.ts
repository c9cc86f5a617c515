/**
 * What is left of a scenario when the parts whose shape is wrong are taken out.
 *
 * The rest can then still be looked at, so that one run of the tool shows as many mistakes as can be known. A part is only
 * taken out where nothing that another part says could become wrong by that.
 */
import type { z } from "zod";
import type { GroupSeat } from "./group-names.ts";
import type { Path } from "./source.ts";

type Raw = Readonly<Record<string, unknown>>;

/** What the rest may still name, though nobody knows what it looks like. */
export interface Unknowns {
  readonly topics: ReadonlySet<string>;
  readonly clients: readonly string[];
  readonly groups: readonly GroupSeat[];
}

export const NO_UNKNOWNS: Unknowns = { topics: new Set(), clients: [], groups: [] };

export interface Mended {
  readonly raw: Raw;
  readonly unknowns: Unknowns;
}

/** Parts that no other part refers to. */
const LEAVES: Readonly<Record<string, unknown>> = {
  name: "?",
  about: "",
  tags: [],
  seed: 1,
  dials: {},
  network: {},
  clocks: {},
  nemesis: undefined,
  expect: {},
  exhibit: undefined,
  recorded: undefined,
};

const HARMLESS_FAULT = { at: "0s", heal: "all" };
const HARMLESS_NOTE = { at: "start", say: "?" };

/** Undefined if too much is wrong to go on. */
export function mend(raw: Raw, issues: readonly z.core.$ZodIssue[]): Mended | undefined {
  const mended = structuredClone(raw) as Record<string, unknown>;
  const topics = new Set<string>();
  const clients = new Set<string>();
  const groups: GroupSeat[] = [];
  for (const issue of issues) {
    const [section, name] = issue.path;
    if (section === undefined && issue.code === "unrecognized_keys") for (const key of issue.keys) delete mended[key];
    else if (typeof section !== "string") return undefined;
    else if (section in LEAVES) mended[section] = LEAVES[section];
    else if ((section === "notes" || section === "edits") && name === undefined) mended[section] = [];
    else if (section === "notes") (mended.notes as unknown[])[Number(name)] = HARMLESS_NOTE;
    else if (section === "edits") (mended.edits as unknown[])[Number(name)] = HARMLESS_FAULT;
    else if (name === undefined) return undefined;
    else if (section === "faults") (mended.faults as unknown[])[Number(name)] = HARMLESS_FAULT;
    else if (section === "topics") {
      (mended.topics as Record<string, unknown>)[String(name)] = {};
      topics.add(String(name));
    } else if (section === "producers" || section === "consumers") {
      const { [name]: broken } = mended[section] as Record<PropertyKey, { readonly group?: unknown } | undefined>;
      delete (mended[section] as Record<PropertyKey, unknown>)[name];
      if (section === "consumers" && !clients.has(String(name)))
        groups.push({
          entry: String(name),
          group: String(broken?.group ?? String(name)),
          members: [],
          spares: [],
          store: undefined,
        });
      clients.add(String(name));
    } else if (!dropConfig(mended, issue.path)) return undefined;
  }
  return { raw: mended, unknowns: { topics, clients: [...clients], groups } };
}

/** Settings change nothing about which nodes there are. */
const HARMLESS_IN_CLUSTER: readonly unknown[] = ["config", "zookeeper-config", "costs", "restart-after"];

function dropConfig(mended: Record<string, unknown>, path: Path): boolean {
  const cluster = mended.cluster as Record<string, unknown>;
  const [section, part, node] = path;
  if (section !== "cluster") return false;
  if (HARMLESS_IN_CLUSTER.includes(part)) delete cluster[part as string];
  else if (part === "per-node" && node !== undefined) delete (cluster[part] as Record<PropertyKey, unknown>)[node];
  else return false;
  return true;
}
