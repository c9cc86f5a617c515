/** A link joins two nodes in one direction and owns what its messages have in common: latency, bandwidth, cuts, clogs, and bad luck. */
import type { Micros } from "../base/units.ts";
import type { Delivery } from "./delivery.ts";
import type { Distribution } from "./distribution.ts";
import type { NodeName } from "./host.ts";
import type { SimNode } from "./node.ts";
import type { RandomStream } from "./random.ts";

/** Faults beyond TCP, by chance: of a million messages on a link, so many. */
export interface LinkChances {
  readonly dropPpm?: number;
  readonly duplicatePpm?: number;
  readonly delayPpm?: number;
  /** How long a delayed message takes longer, at most. */
  readonly delayUpToUs?: Micros;
  readonly reorderPpm?: number;
  /** How long a message that loses its place takes longer, at most. */
  readonly reorderUpToUs?: Micros;
}

/** What chance does to one message. */
export interface BadLuck {
  readonly dropped: boolean;
  readonly duplicated: boolean;
  readonly delayedBy: Micros;
  /** Undefined if the message keeps its place. */
  readonly reorderedBy: Micros | undefined;
}

/** What is wrong with a link, for who looks from outside. */
export interface LinkTrouble {
  readonly from: NodeName;
  readonly to: NodeName;
  readonly isCut: boolean;
  readonly isClogged: boolean;
  /** Added to every latency; 0 for nothing. */
  readonly slowedBy: Micros;
}

/** One direction between two nodes. */
export class Link {
  readonly from: SimNode;
  readonly to: SimNode;
  latency: Distribution;
  /** 0 is unlimited. */
  bytesPerSecond = 0;
  /** Added to every latency. */
  slowedBy: Micros = 0;
  chances: LinkChances | undefined;
  /** Cuts in force; nothing arrives while there is one. */
  cuts = 0;
  /** Clogs in force; when the last one goes, everything arrives at once. */
  clogs = 0;
  /** How often everything that was wrong with it was mended at once. */
  mended = 0;
  /** What arrived meanwhile, in order. */
  parked: Delivery[] = [];
  private readonly stream: RandomStream;
  private readonly chanceStream: RandomStream;
  private readonly sentByKind = new Map<string, number>();
  private busyUntil: Micros = 0;

  constructor(from: SimNode, to: SimNode, latency: Distribution, stream: RandomStream, chanceStream: RandomStream) {
    this.from = from;
    this.to = to;
    this.latency = latency;
    this.stream = stream;
    this.chanceStream = chanceStream;
  }

  get blocked(): boolean {
    return this.cuts > 0 || this.clogs > 0;
  }

  /** Undefined if nothing is wrong. */
  get trouble(): LinkTrouble | undefined {
    const { from, to, cuts, clogs, slowedBy } = this;
    if (!this.blocked && slowedBy === 0) return undefined;
    return { from: from.name, to: to.name, isCut: cuts > 0, isClogged: clogs > 0, slowedBy };
  }

  /** Counts a message of this kind: it is the nth. */
  count(kind: string): number {
    const nth = (this.sentByKind.get(kind) ?? 0) + 1;
    this.sentByKind.set(kind, nth);
    return nth;
  }

  /** How long a message that is sent now will be on its way. */
  delay(now: Micros, bytes: number): Micros {
    const latency = this.slowedBy + this.stream.draw(this.latency);
    if (this.bytesPerSecond === 0) return latency;
    this.busyUntil = Math.max(this.busyUntil, now) + Math.ceil((bytes * 1_000_000) / this.bytesPerSecond);
    return this.busyUntil - now + latency;
  }

  /** A retransmission after a cut: the sender's timer has backed off, so it takes a while. */
  retransmissionDelay(backoffMax: Micros): Micros {
    return this.slowedBy + this.stream.draw(this.latency) + this.stream.below(backoffMax + 1);
  }

  /** Draws what chance does to a message. */
  drawLuck(chances: LinkChances): BadLuck {
    return {
      dropped: this.hit(chances.dropPpm),
      duplicated: this.hit(chances.duplicatePpm),
      delayedBy: this.hit(chances.delayPpm) ? this.upTo(chances.delayUpToUs) : 0,
      reorderedBy: this.hit(chances.reorderPpm) ? this.upTo(chances.reorderUpToUs) : undefined,
    };
  }

  /** Draws only if it could hit. */
  private hit(ppm: number | undefined): boolean {
    return ppm !== undefined && ppm > 0 && this.chanceStream.chance(ppm, 1_000_000);
  }

  private upTo(us: Micros | undefined): Micros {
    return this.chanceStream.below((us ?? 0) + 1);
  }
}
