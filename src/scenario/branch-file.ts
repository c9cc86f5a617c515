/**
 * Writes a saved branch to disk, whole or not at all.
 *
 * The text goes to a file of its own beside the place it is meant for, is forced to disk, and only then takes the name: whoever looks
 * meanwhile, or after a crash, finds what was there before or all of the new file.
 */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { argumentError } from "./scenario-error.ts";

/** `exists`: there is such a file, nobody has said that it may go, and nothing was written. */
export type BranchFileAnswer = "written" | "exists";

/** Throws {@link ScenarioError} for what the file system refuses; `command` is what the complaint is about. */
export function writeBranchFile(path: string, text: string, overwrite: boolean, command = "save"): BranchFileAnswer {
  try {
    // What a link leads to is written, not the link.
    const target = existsSync(path) ? realpathSync(path) : path;
    if (!overwrite && existsSync(target)) return "exists";
    const aside = join(dirname(target), `.${basename(target)}.${process.pid}.new`);
    try {
      writeWhole(aside, text);
      if (overwrite) renameSync(aside, target);
      else giveName(aside, target);
    } finally {
      rmSync(aside, { force: true });
    }
    return "written";
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Somebody was faster.
    if (code === "EEXIST") return "exists";
    throw argumentError(command, path, REASONS[code ?? ""] ?? `this can't be written: ${message}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "there is no such folder",
  EISDIR: "this is a folder, not a file",
  EACCES: "this may not be written",
  EPERM: "this may not be written",
  EROFS: "this may not be written",
  ENOSPC: "the disk is full",
};

/** Fails if somebody has taken the name meanwhile. */
function giveName(aside: string, target: string): void {
  try {
    linkSync(aside, target);
  } catch (error) {
    // Not every file system has a second name for a file.
    if ((error as NodeJS.ErrnoException).code === "EEXIST" || existsSync(target)) throw error;
    renameSync(aside, target);
  }
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, "w");
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
