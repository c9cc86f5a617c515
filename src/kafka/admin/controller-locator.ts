/** Where an administrator takes the controller to be. */

import type { NodeName } from "../../sim/host.ts";
import type { RandomStream } from "../../sim/random.ts";
import { NONE } from "../ids.ts";
import type { MetadataResponse } from "../messages/metadata.ts";

export interface ControllerLocator {
  /** Undefined while it is not known: then a broker has to be asked. */
  readonly controller: NodeName | undefined;
  /** Whom to ask. */
  readonly broker: NodeName;
  /** One that said that it is no controller, or said nothing. Nothing happens if somebody else is taken for it by now. */
  giveUp(node: NodeName): void;
  /** A broker's answer, or undefined if it gave none. True if the controller is known now. */
  onMetadata(from: NodeName, response: MetadataResponse | undefined): boolean;
}

/** The controllers themselves are known (`bootstrap.controllers`, KIP-919), and the active one is found by trying. */
export class ControllerByTrial implements ControllerLocator {
  private readonly controllers: readonly NodeName[];
  private index: number;

  constructor(controllers: readonly NodeName[], random: RandomStream) {
    this.controllers = controllers;
    this.index = random.below(controllers.length);
  }

  get controller(): NodeName {
    return this.controllers[this.index] as NodeName;
  }

  get broker(): NodeName {
    return this.controller;
  }

  giveUp(node: NodeName): void {
    if (this.controller === node) this.index = (this.index + 1) % this.controllers.length;
  }

  onMetadata(): boolean {
    return true;
  }
}

/** Brokers are known (`bootstrap.servers`), and each says who the controller is, as far as it has heard. */
export class ControllerByMetadata implements ControllerLocator {
  controller: NodeName | undefined = undefined;
  private readonly brokers: readonly NodeName[];
  private index: number;

  constructor(brokers: readonly NodeName[], random: RandomStream) {
    this.brokers = brokers;
    this.index = random.below(brokers.length);
  }

  get broker(): NodeName {
    return this.brokers[this.index] as NodeName;
  }

  giveUp(node: NodeName): void {
    if (this.controller === node) this.controller = undefined;
  }

  onMetadata(from: NodeName, response: MetadataResponse | undefined): boolean {
    const id = response?.controllerId ?? NONE;
    this.controller = response?.brokers.find(({ nodeId }) => nodeId === id)?.host;
    // Another one may know better, or live.
    if (this.broker === from) this.index = (this.index + 1) % this.brokers.length;
    return this.controller !== undefined;
  }
}
