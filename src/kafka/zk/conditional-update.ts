/**
 * A conditional write that knows its own work again: with a lost answer it is sent twice, and the second meets what the first has done.
 *
 * Kafka does so where a leader writes the ISR itself (before 2.7). Its controller does not: it reads the state again and elects anew.
 * Source: KafkaZkClient.conditionalUpdatePath, ReplicationUtils.checkLeaderAndIsrZkData.
 */
import type { ZkError, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ZnodeData } from "../zookeeper/znode.ts";
import { getData, setData } from "./store-requests.ts";
import type { ZkClient, ZkResponseHandler } from "./zk-client.ts";

export type ConditionalUpdateOutcome =
  /** It stands there with this version. */
  | { readonly kind: "written"; readonly version: number }
  /** Another version stands there, or none. */
  | { readonly kind: "refused"; readonly error: "BADVERSION" | "NONODE" }
  | { readonly kind: "failed"; readonly error: ZkError };

export interface ConditionalUpdateHandler<C> {
  onConditionalUpdate(outcome: ConditionalUpdateOutcome, context: C): void;
}

interface Update<C> {
  readonly path: string;
  readonly data: ZnodeData;
  readonly context: C;
  /** Refused once, and now looking whether it was refused by itself. */
  readonly checking: boolean;
}

export class ConditionalUpdates<C> implements ZkResponseHandler<Update<C>> {
  private readonly zk: ZkClient;
  private readonly handler: ConditionalUpdateHandler<C>;

  constructor(zk: ZkClient, handler: ConditionalUpdateHandler<C>) {
    this.zk = zk;
    this.handler = handler;
  }

  /** Writes `data`, frozen, over the version `expected`. Ends in one outcome, never before this returns. */
  update(path: string, data: ZnodeData, expected: number, context: C): void {
    this.zk.request([setData(path, data, expected)], this, { path, data, context, checking: false });
  }

  onZkResponses([answer]: readonly [ZkResponse], update: Update<C>): void {
    const outcome = outcomeOf(answer, update);
    if (outcome === undefined) this.zk.request([getData(update.path)], this, { ...update, checking: true });
    else this.handler.onConditionalUpdate(outcome, update.context);
  }
}

/** Undefined if that has to be looked up. */
function outcomeOf({ error, stat, data }: ZkResponse, update: Update<unknown>): ConditionalUpdateOutcome | undefined {
  switch (error) {
    case "OK": {
      const version = stat?.version as number;
      if (!update.checking || sameData(data, update.data)) return { kind: "written", version };
      return { kind: "refused", error: "BADVERSION" };
    }
    case "BADVERSION":
      return undefined;
    case "NONODE":
      return { kind: "refused", error };
    default:
      return { kind: "failed", error };
  }
}

/** Whether the same content stands in both. */
function sameData(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => sameData((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}
