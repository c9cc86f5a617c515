/** Reads what is in flight at a moment. */
import { messageWords } from "../../kafka/message-words.ts";
import type { Simulation } from "../../scenario/simulation/simulation.ts";
import type { NodeName } from "../../sim/host.ts";
import type { LinkTrouble } from "../../sim/link.ts";
import type { MessageUnderWay } from "../../sim/under-way.ts";
import type { Frame } from "../frame.ts";
import type { FlightRow, FlightScene, Hindrance } from "./scene.ts";

export function readFlight(frame: Frame): FlightScene {
  const reader = new FlightReader(frame);
  const rows = frame.simulation.world.messagesUnderWay().map((message) => reader.read(message));
  return {
    rows: rows
      .map((row, place) => ({ row, place }))
      .sort(byWeight)
      .map(({ row }) => row),
  };
}

interface Placed {
  readonly row: FlightRow;
  readonly place: number;
}

function byWeight(a: Placed, b: Placed): number {
  return weightOf(a.row) - weightOf(b.row) || a.place - b.place;
}

function weightOf({ concerns, isRoutine, whereabouts, isLost, isFresh }: FlightRow): number {
  if (isLost && !isFresh) return 4;
  if (concerns) return 0;
  if (whereabouts === "held") return 1;
  return isRoutine ? 3 : 2;
}

class FlightReader {
  private readonly frame: Frame;
  /** Between which nodes the chosen partition is copied. */
  private readonly leader: NodeName | undefined;
  private readonly replicas: ReadonlySet<NodeName>;
  private readonly troubles: ReadonlyMap<string, LinkTrouble>;
  private readonly copies = new Map<string, number>();

  constructor(frame: Frame) {
    this.frame = frame;
    const { simulation, choice } = frame;
    const { topic, partition } = choice.partition;
    const state = simulation.checker.ghost.topics.find(topic, partition)?.state;
    this.leader = state && nameOf(simulation, state.leader);
    this.replicas = new Set((state?.replicas ?? []).flatMap((id) => nameOf(simulation, id) ?? []));
    this.troubles = new Map(simulation.world.troubledLinks().map((trouble) => [`${trouble.from} ${trouble.to}`, trouble]));
  }

  read(underWay: MessageUnderWay): FlightRow {
    const { message, from, to, nth, whereabouts, arrivesAt, isCopy, isLost, beyondTcp, heldBy, sentBy } = underWay;
    const { simulation, choice, position } = this.frame;
    const { name, isResponse, says, concerns, isRoutine } = messageWords(message, choice.partition);
    return {
      id: this.idOf(underWay),
      from,
      to,
      name,
      isResponse,
      says,
      delivery: nth > 0 ? { message: message.kind, from, to, nth } : undefined,
      whereabouts,
      arrivesIn: arrivesAt === undefined ? undefined : Math.max(0, arrivesAt - simulation.world.time),
      hindrance: this.hindranceOf(underWay),
      heldBy,
      isCopy,
      isLost,
      beyondTcp,
      concerns: concerns || (name === "Fetch" && !isRoutine && this.copiesChosen(from, to)),
      isRoutine,
      isFresh: sentBy === position,
    };
  }

  /** A copy stands beside what it is a copy of. */
  private idOf({ message, from, to, nth, isCopy, sentBy }: MessageUnderWay): string {
    const id = `${message.kind} ${from} ${to} ${nth > 0 ? nth : `sent ${sentBy}`}${isCopy ? " copy" : ""}`;
    const known = this.copies.get(id) ?? 0;
    this.copies.set(id, known + 1);
    return known === 0 ? id : `${id} ${known + 1}`;
  }

  /** Within a session a fetch names only what has changed, and yet it is about everything that the follower copies. */
  private copiesChosen(from: NodeName, to: NodeName): boolean {
    if (from === to) return false;
    return (to === this.leader && this.replicas.has(from)) || (from === this.leader && this.replicas.has(to));
  }

  private hindranceOf({ whereabouts, from, to }: MessageUnderWay): Hindrance | undefined {
    switch (whereabouts) {
      case "travelling":
        return undefined;
      case "held":
        return "held";
      case "queued":
        return "queued";
      case "waiting":
        return "paused";
      case "blocked": {
        const trouble = this.troubles.get(`${from} ${to}`);
        if (trouble?.isCut === true) return "cut off";
        return trouble?.isClogged === true ? "clogged" : "no power";
      }
    }
  }
}

function nameOf({ scenario }: Simulation, broker: number): NodeName | undefined {
  return scenario.cluster.nodes.find(({ id }) => id === broker)?.name;
}
