/** The names of consumer groups and of their members, and what a person writes to mean them. */
import type { NodeName } from "../sim/host.ts";
import type { ScenarioNames } from "./names.ts";
import type { NodeSelector } from "./patterns.ts";
import type { Complaint } from "./problem-sink.ts";
import { quote } from "./quantities.ts";
import type { Path } from "./source.ts";

export const GROUP_ROLES = ["members", "member", "coordinator", "owner"] as const;
type GroupRole = (typeof GROUP_ROLES)[number];

/** An entry of the file that is a consumer group, or a part of one. */
export interface GroupSeat {
  readonly entry: string;
  /** Its group.id. */
  readonly group: string;
  /** None where nobody knows how many there are: then any may be named. */
  readonly members: readonly NodeName[];
  /** Those among them that nobody starts by itself. */
  readonly spares: readonly NodeName[];
  /** The node of its store for effects, if it has one. */
  readonly store: NodeName | undefined;
}

/** A group is named by its group.id, its members also by their entry of the file. */
export function readGroupRole(role: GroupRole, inside: string, path: Path, names: ScenarioNames): NodeSelector | undefined {
  if (role === "members" || role === "member") {
    const ofGroup = names.groups.filter(({ group }) => group === inside);
    const seats = ofGroup.length > 0 ? ofGroup : names.groups.filter(({ entry }) => entry === inside);
    const members = seats.flatMap((seat) => seat.members);
    if (seats.length > 0) return { kind: "nodes", names: role === "member" ? members.slice(0, 1) : members };
    names.readGroup(inside, path);
    return undefined;
  }
  // Within braces YAML ends a text without quotes at a comma, so that a blank must do.
  const [group = "", text, ...more] = inside.split(/\s*[,\s]\s*/);
  if (role === "coordinator" && text === undefined) {
    return names.readGroup(group, path) === undefined ? undefined : { kind: role, group };
  }
  if (role === "coordinator" || text === undefined || more.length > 0) {
    const hint = role === "owner" ? "write owner(billing orders-0)" : "write coordinator(billing)";
    names.sink.add(path, { code: "WRONG_VALUE", message: `${quote(role)} of what?`, hint });
    return undefined;
  }
  const partition = names.readPartition(text, path);
  const known = names.readGroup(group, path);
  return known && partition ? { kind: role, group, ...partition } : undefined;
}

/** Whether it would be a member of a group that could not be read. */
export function mayBeMember(text: string, groups: readonly GroupSeat[]): boolean {
  const entry = /^(.+)-\d+$/.exec(text)?.[1];
  return groups.some((seat) => seat.members.length === 0 && seat.entry === entry);
}

/** What to say of a text that names a group, or a member that it has not. */
export function notANode(text: string, groups: readonly GroupSeat[]): Complaint | undefined {
  const whole = groups.find(({ entry, group }) => entry === text || group === text);
  if (whole !== undefined) {
    const hint = `write members(${text}), or name one, such as ${whole.members[0] ?? `${text}-1`}`;
    return { code: "WRONG_VALUE", message: `${quote(text)} is a consumer group, not a node`, hint };
  }
  const numbered = /^(.+)-(\d+)$/.exec(text);
  const seat = groups.find(({ entry }) => entry === numbered?.[1]);
  if (seat === undefined) return undefined;
  const { entry, members } = seat;
  const range = members.length > 8 ? `${members[0]} to ${members.at(-1)}` : members.join(", ");
  const number = Number(numbered?.[2]);
  const raise = number > 0 ? `raise consumers.${entry}.members to ${number}, or name ` : "name ";
  const message = `no member ${number} in ${entry} (it has ${members.length === 1 ? "one" : members.length})`;
  return { code: "UNKNOWN_NAME", message, hint: `${raise}${members.length === 1 ? "" : "one of "}${range}` };
}
