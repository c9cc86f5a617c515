/**
 * Registers this broker: an ephemeral node, whose czxid is the broker epoch from then on.
 *
 * The node may be there already. Under this session: it was created by this request, whose first answer was lost. Under the session that
 * this process has last registered with: a leftover, which is replaced (KAFKA-7165, 2.2). Under any other: there is no registration.
 * Source: KafkaZkClient.registerBroker, CheckedEphemeral.
 */
import { NONE } from "../ids.ts";
import { type AbortReason, DONE, Procedure, type Step } from "../zk/procedure.ts";
import { deleteNode, getData, setData } from "../zk/store-requests.ts";
import { brokerIdPath } from "../zk/znodes.ts";
import type { ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ControllerSelf, RegistrationOwner } from "./controller-self.ts";

export class RegisterBroker extends Procedure {
  readonly name = "RegisterBroker";
  private readonly self: ControllerSelf;
  private readonly owner: RegistrationOwner | undefined;
  private phase: "creating" | "looking" | "deleting" = "creating";

  constructor(self: ControllerSelf, owner?: RegistrationOwner) {
    super();
    this.self = self;
    this.owner = owner;
  }

  private get path(): string {
    return brokerIdPath(this.self.brokerId);
  }

  start(): Step {
    this.phase = "creating";
    const { path } = this;
    return {
      kind: "ask",
      requests: [
        {
          op: "multi",
          ops: [{ op: "create", path, data: null, mode: "EPHEMERAL" }, setData(path, this.self.registration, 0)],
        },
      ],
    };
  }

  override onResponses([answer]: readonly [ZkResponse]): Step {
    switch (this.phase) {
      case "creating":
        return this.onCreated(answer);
      case "looking":
        return this.onFound(answer);
      case "deleting":
        return answer.error === "OK" || answer.error === "NONODE" ? this.start() : { kind: "abort", reason: "failed" };
    }
  }

  override onAborted(reason: AbortReason): void {
    this.owner?.onBrokerRegistrationFailed(reason);
  }

  private onCreated({ error, results }: ZkResponse): Step {
    if (error === "OK") return this.registered(results?.[1]?.stat?.czxid);
    if (error !== "NODEEXISTS") return { kind: "abort", reason: "failed" };
    this.phase = "looking";
    return { kind: "ask", requests: [getData(this.path)] };
  }

  private onFound({ error, stat }: ZkResponse): Step {
    const { zk, dials, sessionOfRegistration } = this.self;
    if (error === "NONODE") return this.start();
    if (error !== "OK" || stat === undefined) return { kind: "abort", reason: "failed" };
    if (stat.ephemeralOwner === zk.session) return this.registered(stat.czxid);
    if (!dials["zk.reclaimOwnEphemeral"] || stat.ephemeralOwner !== sessionOfRegistration) {
      return { kind: "abort", reason: "failed" };
    }
    this.phase = "deleting";
    return { kind: "ask", requests: [deleteNode(this.path)] };
  }

  private registered(brokerEpoch: number = NONE): Step {
    this.self.onRegistered(brokerEpoch);
    this.owner?.onBrokerRegistered(brokerEpoch);
    return DONE;
  }
}
