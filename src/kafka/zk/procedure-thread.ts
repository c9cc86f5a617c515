/**
 * Runs procedures one after the other, each to its end: a controller's event thread. Source: ControllerEventManager.
 */
import { assert } from "../../base/assert.ts";
import type { Host, Timer, TimerTarget } from "../../sim/host.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import type { AbortReason, Procedure, Step } from "./procedure.ts";
import type { ZkClient, ZkResponseHandler } from "./zk-client.ts";

export interface ProcedureOwner {
  /** A handler ended before its time; called before the next one starts. */
  onHandlerAborted(name: string, reason: AbortReason): void;
}

export class ProcedureThread implements TimerTarget, ZkResponseHandler<Procedure> {
  private readonly host: Host;
  private readonly zk: ZkClient;
  private readonly owner: ProcedureOwner;
  private readonly pipelined: boolean;
  private queue: Procedure[] = [];
  /** The running handler, and whom it has called; the last one runs. */
  private stack: Procedure[] = [];
  /** A step is being taken: what is submitted meanwhile waits its turn. */
  private stepping = false;

  constructor(options: {
    readonly host: Host;
    readonly zk: ZkClient;
    readonly owner: ProcedureOwner;
    /** Whether a batch goes out at once, or one request after the other (KAFKA-5642, 1.1). */
    readonly pipelined: boolean;
  }) {
    this.host = options.host;
    this.zk = options.zk;
    this.owner = options.owner;
    this.pipelined = options.pipelined;
  }

  /** Handlers that wait, the next one first. @internal */
  get waiting(): readonly Procedure[] {
    return this.queue;
  }

  /** @internal */
  get isIdle(): boolean {
    return this.stack.length === 0 && this.queue.length === 0;
  }

  submit(procedure: Procedure): void {
    this.queue.push(procedure);
    this.runNext();
  }

  /** Before what waits: what belongs to the end of a handler. */
  submitFirst(procedure: Procedure): void {
    this.queue.unshift(procedure);
    this.runNext();
  }

  /** Drops what waits, and tells it so. The running handler goes on. Source: ControllerEventManager.clearAndPut. */
  clearAndSubmit(procedure: Procedure): void {
    const dropped = this.queue;
    this.queue = [procedure];
    // What the dropped ones do about it must not start the next one before all of them have been told.
    const { stepping } = this;
    this.stepping = true;
    for (const each of dropped) each.onAborted("session-expired");
    this.stepping = stepping;
    this.runNext();
  }

  onZkResponses(responses: readonly ZkResponse[], procedure: Procedure): void {
    const running = this.stack.at(-1);
    assert(running === procedure, `${procedure.name} is answered while ${running?.name ?? "nobody"} runs`);
    const expired = responses.some((response) => response.error === "SESSIONEXPIRED");
    this.stepping = true;
    this.goOn(expired ? { kind: "abort", reason: "session-expired" } : procedure.onResponses(responses));
    this.runNext();
  }

  onTimer(_timer: Timer): void {
    const running = this.stack.at(-1);
    assert(running !== undefined, "nobody rests");
    this.stepping = true;
    this.goOn(running.onRested());
    this.runNext();
  }

  /** Starts handlers until one has to wait. */
  private runNext(): void {
    while (!this.stepping && this.stack.length === 0 && this.host.alive) {
      const next = this.queue.shift();
      if (next === undefined) return;
      this.stack.push(next);
      this.stepping = true;
      this.goOn(next.start());
    }
  }

  /** Does what a step says, and whatever steps follow from it at once. */
  private goOn(first: Step): void {
    for (let step: Step | undefined = first; step !== undefined && this.host.alive; ) step = this.follow(step);
    this.stepping = false;
  }

  /** The next step, if nothing has to be waited for. */
  private follow(step: Step): Step | undefined {
    const running = this.stack.at(-1);
    assert(running !== undefined, "a step of nobody");
    switch (step.kind) {
      case "ask":
        if (step.requests.length === 0) return running.onResponses([]);
        this.zk.request(step.requests, this, running, this.pipelined ? "pipelined" : "serially");
        return undefined;
      case "rest":
        if (step.us <= 0) return running.onRested();
        this.host.setTimer(step.us, { kind: "zk.procedure", target: this });
        return undefined;
      case "call":
        this.stack.push(step.procedure);
        return step.procedure.start();
      case "done": {
        this.stack.pop();
        const caller = this.stack.at(-1);
        return caller?.onReturned(step.result);
      }
      case "abort":
        this.abort(step.reason);
        return undefined;
    }
  }

  private abort(reason: AbortReason): void {
    const name = (this.stack[0] as Procedure).name;
    const unwound = this.stack.reverse();
    this.stack = [];
    for (const each of unwound) each.onAborted(reason);
    this.owner.onHandlerAborted(name, reason);
  }
}
