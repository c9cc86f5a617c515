import { expect, test } from "vitest";
import { type BrokerControlState, nextBrokerState } from "../../../src/kafka/controller/broker-state.ts";

interface Row {
  readonly current: BrokerControlState;
  readonly wants?: "fence" | "shutdown" | "fence and shutdown";
  readonly seen?: number;
  readonly leads?: boolean;
  readonly lowest?: number;
  readonly next: BrokerControlState;
  readonly because: string;
}

/** Registered at offset 10; its controlled shutdown, if any, is complete at offset 20. */
const TABLE: readonly Row[] = [
  { current: "FENCED", seen: 9, next: "FENCED", because: "it has not seen its own registration" },
  { current: "FENCED", seen: 10, next: "UNFENCED", because: "it has seen its own registration" },
  { current: "FENCED", seen: 99, wants: "fence", next: "FENCED", because: "it does not want to be unfenced yet" },
  { current: "FENCED", wants: "shutdown", next: "SHUTDOWN_NOW", because: "a fenced broker leads nothing" },
  { current: "FENCED", wants: "fence and shutdown", next: "SHUTDOWN_NOW", because: "a fenced broker leads nothing" },
  { current: "UNFENCED", next: "UNFENCED", because: "it wants nothing" },
  { current: "UNFENCED", seen: 5, next: "UNFENCED", because: "lagging behind does not fence a broker" },
  { current: "UNFENCED", wants: "fence", next: "FENCED", because: "it asked for it" },
  { current: "UNFENCED", wants: "fence and shutdown", leads: true, next: "SHUTDOWN_NOW", because: "it will not wait" },
  { current: "UNFENCED", wants: "shutdown", leads: true, next: "CONTROLLED_SHUTDOWN", because: "its leaders must move first" },
  { current: "UNFENCED", wants: "shutdown", leads: false, next: "SHUTDOWN_NOW", because: "it leads nothing" },
  {
    current: "CONTROLLED_SHUTDOWN",
    wants: "shutdown",
    leads: true,
    lowest: 99,
    next: "CONTROLLED_SHUTDOWN",
    because: "it still leads",
  },
  {
    current: "CONTROLLED_SHUTDOWN",
    wants: "shutdown",
    lowest: 19,
    next: "CONTROLLED_SHUTDOWN",
    because: "a broker has not seen it go",
  },
  { current: "CONTROLLED_SHUTDOWN", wants: "shutdown", lowest: 20, next: "SHUTDOWN_NOW", because: "all brokers have seen it go" },
  { current: "CONTROLLED_SHUTDOWN", lowest: 20, next: "SHUTDOWN_NOW", because: "there is no way back" },
];

// coordination.md B3, forward progress table; BrokerHeartbeatManager.calculateNextBrokerState.
test.each(TABLE)(
  "$current, wants $wants, leads $leads: $next, because $because",
  ({ current, wants, seen, leads, lowest, next }) => {
    const wish = {
      wantFence: wants?.startsWith("fence") ?? false,
      wantShutDown: wants?.endsWith("shutdown") ?? false,
      currentMetadataOffset: seen ?? 50,
    };
    const facts = {
      registrationOffset: 10,
      leadsPartitions: leads ?? false,
      controlledShutdownOffset: 20,
      lowestActiveOffset: lowest ?? -1,
    };
    expect(nextBrokerState(current, wish, facts)).toBe(next);
  },
);
