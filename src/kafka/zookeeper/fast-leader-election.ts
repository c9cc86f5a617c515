/**
 * How a server finds out who leads, or should. It tells all others whom it would have, takes over a better candidate, and is done when a
 * quorum has agreed and nothing better was heard of for a while. Whoever is done already answers with the outcome.
 *
 * Every server sends over a connection of its own to each other one. Source: FastLeaderElection, QuorumCnxManager.
 */
import { type Micros, ms, seconds } from "../../base/units.ts";
import type { Connection, Timer, TimerId, TimerTarget } from "../../sim/host.ts";
import type { ZkServerId } from "../ids.ts";
import { quorumMessage, type ZkNotification } from "./quorum-messages.ts";
import type { ServerContext } from "./server-context.ts";
import { beats, leaderIsBelievable, supporters, type Vote } from "./vote.ts";

/** How long a server that has a quorum still waits for something better. */
const FINALIZE_WAIT: Micros = ms(200);
const MAX_NOTIFICATION_INTERVAL: Micros = seconds(60);

export interface ElectionListener {
  /** A new election begins: whom this server would have if it were alone. */
  initialVote(): Omit<Vote, "electionEpoch" | "state">;
  /** What the server has come to, and says to whoever still looks. */
  readonly currentVote: Vote;
  onElected(vote: Vote): void;
}

/** A connection that notifications are sent over, or come from. */
export class ElectionChannel {
  readonly sid: ZkServerId;
  connection: Connection | undefined;
  opened = false;

  constructor(sid: ZkServerId) {
    this.sid = sid;
  }
}

export class FastLeaderElection implements TimerTarget {
  private readonly context: ServerContext;
  private readonly listener: ElectionListener;
  /** For sending, by the server at the other end. */
  private readonly channels = new Map<ZkServerId, ElectionChannel>();
  private looking = false;
  /** Counts the elections that this server takes part in; a later round beats an earlier one. */
  private logicalClock = 0;
  private proposed: Vote | undefined;
  /** Votes of this round. */
  private readonly received = new Map<ZkServerId, Vote>();
  /** Votes of servers that are done. */
  private readonly outOfElection = new Map<ZkServerId, Vote>();
  private interval: Micros = FINALIZE_WAIT;
  /** A quorum agrees: unless something better is heard of, the election is over. */
  private finalizing = false;
  private timer: TimerId = 0;

  constructor(context: ServerContext, listener: ElectionListener) {
    this.context = context;
    this.listener = listener;
  }

  lookForLeader(): void {
    this.looking = true;
    this.finalizing = false;
    this.logicalClock++;
    this.interval = FINALIZE_WAIT;
    this.received.clear();
    this.outOfElection.clear();
    this.propose({ ...this.listener.initialVote(), electionEpoch: this.logicalClock, state: "LOOKING" });
    this.arm(this.interval);
  }

  onNotification(connection: Connection, { sid, vote }: ZkNotification): void {
    if (connection.attachment === undefined) {
      connection.attachment = new ElectionChannel(sid);
      // It may be a new incarnation, to which the old connection does not lead.
      if (this.channels.get(sid)?.opened === true) this.dropChannel(sid);
    }
    if (!this.looking) {
      if (vote.state === "LOOKING") this.send(sid, this.listener.currentVote);
      return;
    }
    if (vote.state === "LOOKING" && vote.electionEpoch < this.logicalClock) this.send(sid, this.proposed as Vote);
    if (this.finalizing && !beats(vote, this.proposed as Vote)) {
      this.arm(FINALIZE_WAIT);
      return;
    }
    this.finalizing = false;
    if (vote.state === "LOOKING") this.onVote(sid, vote);
    else this.onOutcome(sid, vote);
    if (this.looking) this.arm(this.finalizing ? FINALIZE_WAIT : this.interval);
  }

  onConnected(channel: ElectionChannel): void {
    channel.opened = true;
  }

  onDisconnected(channel: ElectionChannel): void {
    if (this.channels.get(channel.sid) === channel) this.channels.delete(channel.sid);
  }

  onTimer(_timer: Timer): void {
    this.timer = 0;
    if (this.finalizing) {
      this.finish(this.proposed as Vote);
      return;
    }
    this.interval = Math.min(this.interval * 2, MAX_NOTIFICATION_INTERVAL);
    for (const channel of [...this.channels.values()]) if (!channel.opened) this.dropChannel(channel.sid);
    this.sendToAll();
    this.arm(this.interval);
  }

  private onVote(sid: ZkServerId, vote: Vote): void {
    const proposed = this.proposed as Vote;
    if (vote.electionEpoch < this.logicalClock) return;
    if (vote.electionEpoch > this.logicalClock) {
      this.logicalClock = vote.electionEpoch;
      this.received.clear();
      const own = this.listener.initialVote();
      const better = beats(vote, { ...own }) ? vote : own;
      this.propose({ ...better, electionEpoch: this.logicalClock, state: "LOOKING" });
    } else if (beats(vote, proposed)) this.propose(vote);
    this.received.set(sid, vote);
    this.finalizing = this.context.isQuorum(supporters(this.received, this.proposed as Vote));
  }

  /** `sid` is done, and says whom it follows, or that it leads. */
  private onOutcome(sid: ZkServerId, vote: Vote): void {
    if (vote.electionEpoch === this.logicalClock) {
      this.received.set(sid, vote);
      if (this.isEstablished(this.received, vote)) {
        this.finish(vote);
        return;
      }
    }
    this.outOfElection.set(sid, vote);
    if (!this.isEstablished(this.outOfElection, vote)) return;
    this.logicalClock = vote.electionEpoch;
    this.finish(vote);
  }

  private isEstablished(votes: ReadonlyMap<ZkServerId, Vote>, vote: Vote): boolean {
    const { leader, electionEpoch } = vote;
    const { context, logicalClock } = this;
    if (!context.isQuorum(supporters(votes, vote))) return false;
    return leaderIsBelievable({ votes, leader, electionEpoch, self: context.serverId, logicalClock });
  }

  private finish(vote: Vote): void {
    this.looking = false;
    this.finalizing = false;
    this.context.host.cancelTimer(this.timer);
    this.timer = 0;
    const state = vote.leader === this.context.serverId ? "LEADING" : "FOLLOWING";
    this.listener.onElected(Object.freeze({ ...vote, state }));
  }

  private propose(vote: Vote): void {
    this.proposed = Object.freeze({ ...vote, state: "LOOKING" });
    this.received.set(this.context.serverId, this.proposed);
    this.sendToAll();
  }

  private sendToAll(): void {
    for (const { id } of this.context.servers) if (id !== this.context.serverId) this.send(id, this.proposed as Vote);
  }

  private send(sid: ZkServerId, vote: Vote): void {
    const message: ZkNotification = quorumMessage({ kind: "ZkNotification", sid: this.context.serverId, vote });
    this.context.host.send(this.channelTo(sid), message);
  }

  private channelTo(sid: ZkServerId): Connection {
    const known = this.channels.get(sid)?.connection;
    if (known !== undefined) return known;
    const server = this.context.servers.find(({ id }) => id === sid);
    const channel = new ElectionChannel(sid);
    const connection = this.context.host.connect(server?.node as string, channel);
    channel.connection = connection;
    this.channels.set(sid, channel);
    return connection;
  }

  private dropChannel(sid: ZkServerId): void {
    const connection = this.channels.get(sid)?.connection;
    this.channels.delete(sid);
    if (connection !== undefined) this.context.host.close(connection);
  }

  private arm(delay: Micros): void {
    this.context.host.cancelTimer(this.timer);
    this.timer = this.context.host.setTimer(delay, { kind: "zookeeper.election", target: this });
  }
}
