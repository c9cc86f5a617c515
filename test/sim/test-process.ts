/** The smallest process that is good for something: it says what it is told to, and remembers what it hears. */
import { markImmutable } from "../../src/base/immutable.ts";
import type { Connection, DiskOperation, DomainEvent, Host, Message, NodeName, Process, Timer } from "../../src/sim/host.ts";

export class Word implements Message {
  readonly kind: string;
  readonly text: string;
  readonly sizeInBytes: number;

  constructor(text: string, kind = "Word", sizeInBytes = 100) {
    this.text = text;
    this.kind = kind;
    this.sizeInBytes = sizeInBytes;
  }
}
markImmutable(Word);

/** A process reports everything that reaches it. */
export class Heard implements DomainEvent {
  readonly kind = "Heard";
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}
markImmutable(Heard);

export class TestProcess implements Process {
  readonly host: Host;
  /** What this incarnation has heard. */
  readonly heard: string[] = [];
  /** The newest open connection with each peer. */
  readonly open = new Map<NodeName, Connection>();

  constructor(host: Host) {
    this.host = host;
  }

  onStart(): void {
    this.host.listen();
    this.hear(`start ${this.host.incarnation}`);
  }

  onConnected(connection: Connection): void {
    this.open.set(connection.peer, connection);
    this.hear(`${connection.outbound ? "connected to" : "accepted"} ${connection.peer}`);
  }

  onMessage(connection: Connection, message: Message): void {
    this.hear(`${connection.peer}: ${(message as Word).text}`);
  }

  onDisconnected(connection: Connection): void {
    this.open.delete(connection.peer);
    this.hear(`lost ${connection.peer}`);
  }

  onTimer(timer: Timer): void {
    this.hear(`timer ${timer.kind}`);
  }

  onDiskDone(operation: DiskOperation, ok: boolean): void {
    this.hear(`${operation.kind} ${ok ? "done" : "failed"}`);
  }

  onShutdownRequested(): void {
    this.hear("asked to stop");
  }

  hear(what: string): void {
    this.heard.push(what);
    this.host.emit(new Heard(what));
  }
}
