#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

// Nearly everything that a run makes is garbage one event later. A larger nursery lets it die there: a third more events per second.
setFlagsFromString("--max-semi-space-size=64");

// React, where a command uses it, is three times as fast in production mode, and decides when it is loaded.
process.env.NODE_ENV ??= "production";

// A reader that has seen enough (head, less) closes the pipe; that is no failure.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
process.stderr.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
});

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const { main } = await import("../dist/cli/main.js");
process.exitCode = await main(process.argv.slice(2), version);
