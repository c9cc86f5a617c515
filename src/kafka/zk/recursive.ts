/** Nodes with what is above and below them, one request after the other. Source: KafkaZkClient.createRecursive, deleteRecursive. */
import type { ZkError, ZkResponse } from "../zookeeper/client-protocol.ts";
import type { ZnodeData } from "../zookeeper/znode.ts";
import { DONE, Procedure, type Step } from "./procedure.ts";
import {
  childrenOf,
  controllerMoved,
  create,
  deleteNode,
  type EpochFence,
  fenced,
  getChildren,
  writeResult,
} from "./store-requests.ts";

/**
 * Creates a persistent node, after its parents if need be. Ends with the {@link ZkError} of the node itself: NODEEXISTS is for the
 * caller to judge.
 */
export class CreateRecursive extends Procedure {
  readonly name = "CreateRecursive";
  private readonly path: string;
  private readonly data: ZnodeData;
  /** The parents have been made: a parent that is missing still is an answer. */
  private withParents = false;

  constructor(path: string, data: ZnodeData = null) {
    super();
    this.path = path;
    this.data = data;
  }

  start(): Step {
    return { kind: "ask", requests: [create(this.path, this.data)] };
  }

  override onResponses([answer]: readonly [ZkResponse]): Step {
    const error: ZkError = answer.error;
    const parent = this.path.slice(0, this.path.lastIndexOf("/"));
    if (error !== "NONODE" || this.withParents || parent === "") return { kind: "done", result: error };
    return { kind: "call", procedure: new CreateRecursive(parent) };
  }

  override onReturned(): Step {
    this.withParents = true;
    return this.start();
  }
}

/** Deletes a node and everything below it; what is gone already is no error. Each delete is fenced. */
export class DeleteRecursive extends Procedure {
  readonly name = "DeleteRecursive";
  private readonly path: string;
  private readonly fence: EpochFence;
  /** Still to be deleted, the next one last; undefined before they are known. */
  private children: string[] | undefined;

  constructor(path: string, fence: EpochFence) {
    super();
    this.path = path;
    this.fence = fence;
  }

  start(): Step {
    return { kind: "ask", requests: [getChildren(this.path)] };
  }

  override onResponses(answers: readonly ZkResponse[]): Step {
    const [answer] = answers as readonly [ZkResponse];
    if (this.children === undefined) {
      if (answer.error === "NONODE") return DONE;
      this.children = [...childrenOf(answer)].reverse();
      return this.next(this.children);
    }
    if (controllerMoved(answers)) return { kind: "abort", reason: "controller-moved" };
    const { error } = writeResult(answer);
    return error === "OK" || error === "NONODE" ? DONE : { kind: "abort", reason: "failed" };
  }

  override onReturned(): Step {
    return this.next(this.children ?? []);
  }

  private next(children: string[]): Step {
    const child = children.pop();
    if (child !== undefined) return { kind: "call", procedure: new DeleteRecursive(`${this.path}/${child}`, this.fence) };
    return { kind: "ask", requests: [fenced(deleteNode(this.path), this.fence)] };
  }
}
