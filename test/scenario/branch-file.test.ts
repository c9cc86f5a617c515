/** A saved branch is on disk whole, or not at all. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeBranchFile } from "../../src/scenario/branch-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "branch-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function at(name: string): string {
  return join(folder, name);
}

test("a new file holds the text, and nothing else is left beside it", () => {
  expect(writeBranchFile(at("a.yaml"), "name: A\n", false)).toBe("written");
  expect(readFileSync(at("a.yaml"), "utf8")).toBe("name: A\n");
  expect(readdirSync(folder)).toEqual(["a.yaml"]);
});

test("what is there stays, unless somebody says that it may go", () => {
  writeFileSync(at("a.yaml"), "mine");
  expect(writeBranchFile(at("a.yaml"), "name: A\n", false)).toBe("exists");
  expect(readFileSync(at("a.yaml"), "utf8")).toBe("mine");
  expect(writeBranchFile(at("a.yaml"), "name: A\n", true)).toBe("written");
  expect(readFileSync(at("a.yaml"), "utf8")).toBe("name: A\n");
  expect(readdirSync(folder)).toEqual(["a.yaml"]);
});

test("a link still leads to where it led", () => {
  mkdirSync(at("kept"));
  writeFileSync(at("kept/a.yaml"), "mine");
  symlinkSync(at("kept/a.yaml"), at("link.yaml"));
  expect(writeBranchFile(at("link.yaml"), "name: A\n", true)).toBe("written");
  expect(readFileSync(at("kept/a.yaml"), "utf8")).toBe("name: A\n");
});

test("what the file system refuses is said in words, and leaves everything as it was", () => {
  mkdirSync(at("folder.yaml"));
  expect(() => writeBranchFile(at("nowhere/a.yaml"), "name: A\n", false)).toThrow("there is no such folder");
  expect(() => writeBranchFile(at("folder.yaml"), "name: A\n", true)).toThrow("this is a folder, not a file");
  expect(readdirSync(folder)).toEqual(["folder.yaml"]);
  expect(existsSync(at("nowhere"))).toBe(false);
});
