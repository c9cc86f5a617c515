/** Servers in words and signs: first what is wrong or different from what is decided, then what is as it should be. */

import { zxidText } from "../../kafka/zookeeper/zxid.ts";
import type { NodeName } from "../../sim/host.ts";
import { type Span, span } from "../line.ts";
import type { MachineScene } from "./machine.ts";
import type { BrokerScene, ClusterScene, ClusterTruth, ControllerScene, QuorumScene, ZooKeeperScene } from "./scene.ts";
import { conditionFact, type Fact, fact, machineFacts, signOf } from "./words.ts";

/** A server as a cell of the pane. */
export interface Cell {
  readonly node: NodeName;
  /** Its number among its like: `2`. */
  readonly short: string;
  readonly sign: Span;
  /** Most important first. */
  readonly facts: readonly Fact[];
  /** It is not as it should be. */
  readonly isTroubled: boolean;
}

const LEADS = span("★", "accent");
const RIVAL = span("☆", "bad");
const BLOCKED = span("⊘", "bad");
const STARTING = span("↑", "warning");
const LEAVING = span("↓", "warning");
const CUT_OFF = span("✂", "bad");
const BROKEN = span("!", "bad");
const UNDECIDED = span("?", "warning");

type Role = QuorumScene["role"];

/** Whether it leads the quorum in its own eyes only. */
export function isRival(
  { node, quorum }: { readonly node: NodeName; readonly quorum: QuorumScene | undefined },
  truth: ClusterTruth,
) {
  return quorum?.role === "Leader" && (truth.controller !== node || quorum.epoch !== truth.epoch);
}

/** Whether it is the controller of ZooKeeper mode in its own eyes only. */
export function isRivalController({ node, controllerEpoch }: BrokerScene, truth: ClusterTruth): boolean {
  return controllerEpoch !== undefined && truth.controller !== node;
}

export function isRivalLeader({ node, ensemble }: ZooKeeperScene, truth: ClusterTruth): boolean {
  return ensemble?.state === "LEADING" && ensemble.serves && truth.zookeeperLeader !== node;
}

// ---- brokers ----

export function brokerCell(broker: BrokerScene, scene: ClusterScene): Cell {
  return cellOf(broker, brokerSign(broker, scene), brokerFacts(broker, scene), scene);
}

function brokerSign(broker: BrokerScene, { truth }: ClusterScene): Span {
  if (broker.condition !== "runs" && broker.condition !== "stops") return signOf(broker.condition);
  if (isRivalController(broker, truth) || isRival(broker, truth)) return RIVAL;
  const standing = standingOf(broker);
  if (standing === "starts") return STARTING;
  if (standing === "hands over" || standing === "stops") return LEAVING;
  if (standing === "fenced" || standing === "unregistered") return BLOCKED;
  return broker.leadsChosen ? LEADS : signOf("runs");
}

type Standing = "starts" | "hands over" | "stops" | "fenced" | "unregistered" | "takes part";

/** Of one whose process is there. */
function standingOf({ state, condition, registered, fenced, inControlledShutdown }: BrokerScene): Standing {
  if (state === undefined || state === "NOT_RUNNING" || state === "STARTING" || state === "RECOVERY") return "starts";
  if (state === "SHUTTING_DOWN") return "stops";
  if (state === "PENDING_CONTROLLED_SHUTDOWN" || inControlledShutdown) return "hands over";
  if (!registered) return "unregistered";
  if (fenced) return "fenced";
  return condition === "stops" ? "stops" : "takes part";
}

function brokerFacts(broker: BrokerScene, { mode, truth }: ClusterScene): Fact[] {
  const { condition, controllerEpoch, leads, leadsBesides, rack } = broker;
  const isThere = condition === "runs" || condition === "stops";
  const standing = isThere ? standingOf(broker) : undefined;
  const facts = [...claims(broker, truth)];
  const word = isThere ? undefined : conditionFact(condition);
  if (word !== undefined) facts.push(word);
  if (standing !== undefined && standing !== "takes part") {
    facts.push(fact(standing, standing === "fenced" || standing === "unregistered" ? "bad" : "warning"));
  }
  // A paused one may be both.
  if (condition === "paused" && broker.registered && broker.fenced) facts.push(fact("fenced", "bad"));
  if (truth.controller === broker.node) {
    const epoch = mode === "kraft" ? truth.epoch : controllerEpoch;
    if (!truth.controllerActs) facts.push(fact("named controller", "warning"));
    else facts.push(fact(`controller, epoch ${epoch}`, "accent", "controller"));
  }
  if (leads > 0 || standing === "takes part") facts.push(fact(`leads ${leads}`, isThere ? undefined : "warning"));
  const isGone = condition === "down" || condition === "without power" || condition === "stopped";
  if (isGone && broker.registered && !broker.fenced) {
    facts.push(fact(mode === "kraft" ? "not fenced yet" : "still registered", "warning"));
  }
  if (leadsBesides > 0)
    facts.push(fact(`takes itself for the leader of ${leadsBesides} more`, "bad", `claims ${leadsBesides} more`));
  facts.push(...machineFacts(broker));
  if (broker.isVoter) facts.push(...roleFacts(broker, truth));
  else if (isThere && standing !== "starts") facts.push(...sightFacts(broker.quorum, truth));
  if (rack !== null) facts.push(fact(`rack ${rack}`, "faint"));
  return facts;
}

function claims(broker: BrokerScene, truth: ClusterTruth): Fact[] {
  if (isRivalController(broker, truth))
    return [fact(`claims controller, epoch ${broker.controllerEpoch}`, "bad", "claims controller")];
  return isRival(broker, truth)
    ? [fact(`claims lead, epoch ${broker.quorum?.epoch}`, "bad", `claims e${broker.quorum?.epoch}`)]
    : [];
}

/** What an observer sees of the quorum, where it is not what is true. */
function sightFacts(quorum: QuorumScene | undefined, truth: ClusterTruth): Fact[] {
  if (quorum === undefined || truth.controller === undefined) return [];
  const facts: Fact[] = [];
  if (quorum.leader === undefined) facts.push(fact("sees no controller", "warning"));
  else if (quorum.leader !== truth.controller || quorum.epoch !== truth.epoch) {
    facts.push(fact(`sees ${quorum.leader}, epoch ${quorum.epoch}`, "warning", `sees e${quorum.epoch}`));
  }
  if (quorum.logEnd < truth.committedEnd) facts.push(fact(`metadata −${truth.committedEnd - quorum.logEnd}`, "faint"));
  return facts;
}

// ---- the quorum ----

export function controllerCell(controller: ControllerScene, scene: ClusterScene): Cell {
  const { truth } = scene;
  const { node, condition, quorum } = controller;
  const sign = condition === "runs" || condition === "stops" ? quorumSign(controller, truth) : signOf(condition);
  const facts: Fact[] = [];
  if (isRival(controller, truth)) facts.push(fact(`claims lead, epoch ${quorum?.epoch}`, "bad", `claims e${quorum?.epoch}`));
  const word = conditionFact(condition);
  if (word !== undefined) facts.push(word);
  if (truth.controller === node) {
    facts.push(truth.controllerActs ? fact(`epoch ${truth.epoch}`, "accent") : fact(`led epoch ${truth.epoch}`, "warning"));
  }
  facts.push(...roleFacts(controller, truth), ...machineFacts(controller));
  return cellOf(controller, sign, facts, scene);
}

function quorumSign(controller: ControllerScene, truth: ClusterTruth): Span {
  if (isRival(controller, truth)) return RIVAL;
  const role = controller.quorum?.role;
  if (role === "Leader") return LEADS;
  return role === "Follower" ? (controller.condition === "stops" ? LEAVING : signOf("runs")) : UNDECIDED;
}

const ROLE_WORDS: Readonly<Partial<Record<Role, string>>> = {
  Unattached: "knows no leader",
  Prospective: "asks for votes",
  Resigned: "resigned",
};

/** What a voter takes itself for, where it is not what is expected; and how far its log goes. */
function roleFacts({ quorum, condition }: Pick<ControllerScene, "quorum" | "condition">, truth: ClusterTruth): Fact[] {
  if (quorum === undefined || condition === "paused") return [];
  const { role, epoch, leader, logEnd } = quorum;
  const facts: Fact[] = [];
  if (role === "Candidate") facts.push(fact(`stands for epoch ${epoch}`, "warning", `stands, e${epoch}`));
  else if (role === "Follower" && (leader !== truth.controller || epoch !== truth.epoch)) {
    facts.push(fact(`follows ${leader}, epoch ${epoch}`, "warning", `still e${epoch}`));
  } else {
    const word = ROLE_WORDS[role];
    if (word !== undefined) facts.push(fact(`${word}, epoch ${epoch}`, "warning"));
  }
  const ahead = logEnd - truth.committedEnd;
  const distance = ahead === 0 ? "" : ahead > 0 ? ` +${ahead}` : ` −${-ahead}`;
  facts.push(fact(`log ${logEnd}${distance}`, distance === "" ? "faint" : undefined));
  return facts;
}

// ---- the ensemble ----

export function zookeeperCell(server: ZooKeeperScene, scene: ClusterScene): Cell {
  const { truth } = scene;
  const { condition, ensemble } = server;
  const sign = condition === "runs" || condition === "stops" ? ensembleSign(server, truth) : signOf(condition);
  const facts: Fact[] = [];
  const word = conditionFact(condition);
  if (word !== undefined) facts.push(word);
  if (ensemble !== undefined && condition !== "paused") facts.push(...ensembleFacts(server, truth));
  facts.push(...machineFacts(server));
  if (ensemble !== undefined) facts.push(fact(`zxid ${zxidText(ensemble.lastZxid)}`, "faint"));
  return cellOf(server, sign, facts, scene);
}

function ensembleSign(server: ZooKeeperScene, truth: ClusterTruth): Span {
  const { ensemble, condition } = server;
  if (isRivalLeader(server, truth)) return RIVAL;
  if (ensemble?.state === "LEADING") return ensemble.serves ? LEADS : UNDECIDED;
  if (ensemble?.state !== "FOLLOWING" || !ensemble.serves) return UNDECIDED;
  return condition === "stops" ? LEAVING : signOf("runs");
}

function ensembleFacts(server: ZooKeeperScene, truth: ClusterTruth): Fact[] {
  const { ensemble } = server;
  if (ensemble === undefined) return [];
  const { state, serves, leader, epoch } = ensemble;
  if (isRivalLeader(server, truth)) return [fact(`claims lead, epoch ${epoch}`, "bad", `claims e${epoch}`)];
  if (state === "LEADING") return [serves ? fact(`epoch ${epoch}`, "accent") : fact("about to lead", "warning")];
  if (state !== "FOLLOWING") return [fact("looking", "warning")];
  if (leader !== truth.zookeeperLeader) return [fact(`follows ${leader}`, "warning")];
  return serves ? [] : [fact("syncs", "warning")];
}

/** Who is cut off from all other servers may take itself for whatever it likes. */
function cellOf({ node, disk }: MachineScene, ownSign: Span, ownFacts: readonly Fact[], { isolated }: ClusterScene): Cell {
  const isCutOff = isolated.includes(node);
  const isWell = ownSign.text === "●" || ownSign.text === "★";
  const isBroken = disk.fails || disk.isFull || disk.isStalled;
  const sign = ownSign.text !== "●" ? ownSign : isCutOff ? CUT_OFF : isBroken ? BROKEN : ownSign;
  const facts = isCutOff ? ownFacts.toSpliced(isWell ? 0 : 1, 0, fact("cut off", "bad")) : ownFacts;
  return { node, short: numberOf(node), sign, facts, isTroubled: isCutOff || isBroken || !isWell };
}

function numberOf(node: NodeName): string {
  return /(\d+)$/.exec(node)?.[1] ?? node;
}
