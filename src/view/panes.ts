/** All panes there are. */
import { causesPane } from "./causes/causes-pane.ts";
import { checksPane } from "./checks/checks-pane.ts";
import { clientsPane } from "./clients/clients-pane.ts";
import { clusterPane } from "./cluster/cluster-pane.ts";
import { flightPane } from "./flight/flight-pane.ts";
import { lanesPane } from "./lanes/lanes-pane.ts";
import { type AnyPane, anyPane } from "./look.ts";
import { timelinePane } from "./timeline/timeline-pane.ts";

/** In the order of their keys. */
export const PANES: readonly AnyPane[] = [
  anyPane(lanesPane),
  anyPane(timelinePane),
  anyPane(flightPane),
  anyPane(clusterPane),
  anyPane(clientsPane),
  anyPane(checksPane),
  anyPane(causesPane),
];
