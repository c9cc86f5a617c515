/** Faults in words: `power-loss broker-1`, `cut broker-2 from broker-1`, `hold AlterPartition`. */
import type { FaultAction, FaultSpec, Nodes } from "../fault-spec.ts";
import type { NodeSelector } from "../patterns.ts";

const NAMES_MAX = 3;

export function describeFault({ name, actions }: FaultSpec): string {
  return `${name}: ${actions.map(describeAction).join(", ")}`;
}

function describeAction(action: FaultAction): string {
  switch (action.do) {
    case "cut":
      return `cut ${nodesInWords(action.nodes)} from ${nodesInWords(action.from)}`;
    case "slow-link":
      return `slow-link ${nodesInWords(action.nodes)} by ${action.byUs / 1_000} ms`;
    case "slow-disk":
      return `slow-disk ${nodesInWords(action.nodes)} by ${action.byUs / 1_000} ms`;
    case "elect":
      return `elect a leader for ${action.topic}-${action.partition} (${action.type.toLowerCase()})`;
    case "create-topic":
      return `create topic ${action.topic.name}`;
    case "add-partitions":
      return `give topic ${action.topic} ${action.to} partitions`;
    case "roll":
      return `roll ${nodesInWords(action.nodes)}, one every ${action.everyUs / 1_000_000} s`;
    case "delete-topic":
      return `delete topic ${action.topic}`;
    case "reassign":
      return action.replicas === null
        ? `call off the reassignment of ${action.topic}-${action.partition}`
        : `reassign ${action.topic}-${action.partition} to ${action.replicas.join(" ")}`;
    case "delete-znode":
      return `delete znode ${action.path}`;
    case "drop":
    case "delay":
    case "hold":
    case "duplicate":
    case "reorder":
      return `${action.do} ${action.text}`;
    case "release":
      return action.of === 0 ? "release everything" : `release what fault ${action.of} holds`;
    default:
      return `${action.do} ${nodesInWords(action.nodes)}`;
  }
}

function nodesInWords(nodes: Nodes): string {
  return nodes.map(selectorInWords).join(", ");
}

function selectorInWords(selector: NodeSelector): string {
  if (selector.kind === "nodes") {
    const { names } = selector;
    return names.length <= NAMES_MAX
      ? names.join(", ")
      : `${names.slice(0, NAMES_MAX - 1).join(", ")} and ${names.length - NAMES_MAX + 1} more`;
  }
  if (selector.kind === "coordinator") return `coordinator(${selector.group})`;
  if (selector.kind === "owner") return `owner(${selector.group} ${selector.topic}-${selector.partition})`;
  return "topic" in selector ? `${selector.kind}(${selector.topic}-${selector.partition})` : selector.kind;
}
