/**
 * The text of a scenario as a YAML document that still knows where everything stands.
 *
 * Overrides from the command line become nodes of the same document, so that whatever is found wrong later is shown at its
 * own place: in the file, or in the `--set` that brought it.
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from "yaml";
import { type Place, problemAt, ScenarioError, type ScenarioProblem } from "./scenario-error.ts";

/** Keys and indexes from the top of the document. */
export type Path = readonly PropertyKey[];

/** The text that a node came from. */
interface Origin {
  readonly file: string;
  readonly text: string;
  /** Where in `text` the node's own offsets begin. */
  readonly offset: number;
  readonly isFile: boolean;
}

/** Nodes after expansion of aliases; nobody writes so many by hand. */
const NODES_AT_MOST = 200_000;

export class ScenarioSource {
  readonly document: Document;
  private readonly fileOrigin: Origin;
  private readonly overridden = new Map<Node, Origin>();

  /** Throws {@link ScenarioError} if the text is not YAML. */
  constructor(text: string, file: string) {
    const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.fileOrigin = { file, text: clean, offset: 0, isFile: true };
    this.document = parseDocument(clean, { prettyErrors: false, uniqueKeys: true, stringKeys: true });
    const problems = [...this.document.errors, ...this.document.warnings].map((error) => this.yamlProblem(error));
    if (problems.length > 0) throw new ScenarioError(problems);
  }

  get file(): string {
    return this.fileOrigin.file;
  }

  /** Makes `node` and all below it stand in `text`, which is not the file's. */
  adopt(node: Node, label: string, text: string, offset: number): void {
    const origin = { file: label, text, offset, isFile: false };
    const visit = (each: unknown): void => {
      if (isPair(each)) {
        visit(each.key);
        visit(each.value);
      } else if (isCollection(each)) {
        this.overridden.set(each, origin);
        each.items.forEach(visit);
      } else if (isScalar(each)) {
        this.overridden.set(each, origin);
      }
    };
    visit(node);
  }

  /** Whether the value at `path` came from the command line. */
  isOverridden(path: Path): boolean {
    const { value } = this.find(path);
    return value !== undefined && this.overridden.has(value);
  }

  /** What stands at exactly this path, aliases followed; undefined if nothing does. */
  nodeAt(path: Path): Node | undefined {
    let node: Node | undefined = this.document.contents ?? undefined;
    for (const step of path) {
      if (isMap(node)) node = (node.items.find((pair) => keyOf(pair) === String(step))?.value ?? undefined) as Node | undefined;
      else if (isSeq(node)) node = node.items[Number(step)] as Node | undefined;
      else return undefined;
      if (isAlias(node)) node = node.resolve(this.document);
    }
    return node;
  }

  /** The scalar at `path` as it was written: `4.10`, which as a number would be 4.1. */
  writtenAt(path: Path): string | undefined {
    const { value } = this.find(path);
    return isScalar(value) ? (value.source ?? String(value.value)) : undefined;
  }

  /** The place of the value at `path`, or of its key; of what encloses it if there is no such thing. */
  locate(path: Path, part: "key" | "value" = "value"): Place {
    const { key, value, parent } = this.find(path);
    const whole = value === undefined || isEmpty(value) || (isCollection(value) && value.flow !== true);
    if (key !== undefined && (part === "key" || whole)) return this.placeOf(key);
    if (value !== undefined && !isEmpty(value)) return this.placeOf(value);
    if (key === undefined && parent !== undefined) return this.placeOf(parent);
    return this.placeOf(key ?? this.document.contents ?? undefined);
  }

  /** `file.yaml:9:5` */
  positionOf(path: Path): string {
    const { file, line, column } = problemAt(this.locate(path), { code: "WRONG_VALUE", message: "" });
    return this.locate(path).isFile ? `${file}:${line}:${column}` : file;
  }

  /** The document as plain values, aliases expanded. */
  toPlain(): unknown {
    let budget = NODES_AT_MOST;
    const open = new Set<Node>();
    const convert = (node: unknown): unknown => {
      if (--budget < 0)
        throw new ScenarioError([
          problemAt(this.locate([]), { code: "BROKEN_YAML", message: "too many nodes once the aliases are expanded" }),
        ]);
      if (isAlias(node)) {
        const target = node.resolve(this.document);
        if (target !== undefined && !open.has(target)) return convert(target);
        throw this.error(
          node,
          `*${node.source} stands for nothing${target === undefined ? "" : ", as it is inside of what it names"}`,
        );
      }
      if (isScalar(node)) return node.value;
      if (isSeq(node)) return this.inside(node, open, () => node.items.map(convert));
      if (!isMap(node)) return null;
      return this.inside(node, open, () => {
        const result: Record<string, unknown> = {};
        for (const pair of node.items) {
          const key = keyOf(pair);
          if (key === "__proto__") throw this.error(pair.key as Node, "`__proto__` can't be a key");
          result[key] = convert(pair.value);
        }
        return result;
      });
    };
    return convert(this.document.contents);
  }

  private inside<T>(node: Node, open: Set<Node>, convert: () => T): T {
    open.add(node);
    const result = convert();
    open.delete(node);
    return result;
  }

  private error(node: Node, message: string): ScenarioError {
    return new ScenarioError([problemAt(this.placeOf(node), { code: "BROKEN_YAML", message })]);
  }

  /** The key and the value at `path`; without them, the nearest key or value around. */
  private find(path: Path): { key: Node | undefined; value: Node | undefined; parent: Node | undefined } {
    let key: Node | undefined;
    let value: Node | undefined = this.document.contents ?? undefined;
    let parent: Node | undefined;
    for (const step of path) {
      const container: Node | undefined = isAlias(value) ? value.resolve(this.document) : value;
      if (isMap(container)) {
        const pair = container.items.find((each) => keyOf(each) === String(step));
        if (pair === undefined) return { key, value: key === undefined ? undefined : value, parent: value };
        key = pair.key as Node;
        value = (pair.value as Node | null) ?? undefined;
      } else if (isSeq(container)) {
        const item = container.items[Number(step)] as Node | undefined;
        if (item === undefined) return { key, value, parent };
        key = undefined;
        value = item;
      } else {
        return { key, value, parent };
      }
      parent = container;
    }
    return { key, value, parent };
  }

  private placeOf(node: Node | undefined): Place {
    const origin = (node === undefined ? undefined : this.overridden.get(node)) ?? this.fileOrigin;
    const [from, to] = node?.range ?? [0, 0];
    const start = origin.offset + from;
    // A block collection starts with its first key: that line is enough.
    const firstKey = isMap(node) && node.flow !== true ? (node.items[0]?.key as Node | undefined) : undefined;
    if (firstKey !== undefined && firstKey !== node) return this.placeOf(firstKey);
    return { file: origin.file, text: origin.text, start, end: Math.max(start + 1, origin.offset + to), isFile: origin.isFile };
  }

  private yamlProblem(error: YAMLError): ScenarioProblem {
    const { file, text } = this.fileOrigin;
    const [start, end] = error.pos;
    const place = { file, text, start: Math.min(start, text.length), end, isFile: true };
    return problemAt(place, { code: "BROKEN_YAML", ...explainYaml(error, text) });
  }
}

export function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : String(pair.key);
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null && (node.source === undefined || node.source === "");
}

function explainYaml(error: YAMLError, text: string): { message: string; hint?: string } {
  switch (error.code) {
    case "DUPLICATE_KEY": {
      const key = /^[\w.-]+/.exec(text.slice(error.pos[0]))?.[0];
      return { message: `${key === undefined ? "this key" : `\`${key}\``} is given twice`, hint: "keep one of them" };
    }
    case "TAB_AS_INDENT":
      return { message: "YAML is indented with spaces, not with tabs", hint: "put spaces here" };
    case "MULTIPLE_DOCS":
      return { message: "one file holds one scenario", hint: "take the second document, after `---`, to a file of its own" };
    case "BAD_SCALAR_START":
      return { message: `this isn't YAML: ${lowerFirst(error.message)}`, hint: 'put it in quotes, such as ">0"' };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return {
        message: `this isn't YAML: ${lowerFirst(error.message)}`,
        hint: "a key and its value need `: ` between them, and one line to themselves",
      };
    case "BAD_INDENT":
    case "MISSING_CHAR": {
      const bracket = /^Flow (map|sequence)/.exec(error.message)?.[1];
      if (bracket === undefined) return { message: `this isn't YAML: ${lowerFirst(error.message)}` };
      const [open, close] = bracket === "map" ? ["{", "}"] : ["[", "]"];
      return { message: `a \`${open}\` before this is not closed`, hint: `put its \`${close}\` before this` };
    }
    default:
      return { message: `this isn't YAML: ${lowerFirst(error.message)}` };
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
