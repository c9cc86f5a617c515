/** Reads XML as strictly as the standard wants it, as far as reports need it; throws where it isn't well-formed. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const NAME = "[A-Za-z_][A-Za-z0-9_.-]*";
const TAG = new RegExp(`^<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>`);
const DECLARATION = /^<\?xml [^?]*\?>\s*/;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

interface Open {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Element[];
  text: string;
}

/** The root element. */
export function parseXml(xml: string): Element {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 knows no way to write them.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(xml)) throw new Error("a control character");
  const outside: Open = { name: "", attributes: {}, children: [], text: "" };
  const open: Open[] = [outside];
  let rest = xml.replace(DECLARATION, "");
  while (rest !== "") {
    const holder = open.at(-1) as Open;
    if (rest.startsWith("<![CDATA[")) {
      const end = rest.indexOf("]]>");
      if (end < 0) throw new Error("CDATA without end");
      holder.text += rest.slice(9, end);
      rest = rest.slice(end + 3);
    } else if (rest.startsWith("<")) {
      rest = readTag(rest, open);
    } else {
      const end = rest.indexOf("<");
      const text = end < 0 ? rest : rest.slice(0, end);
      if (text.includes("]]>")) throw new Error("]]> in text");
      holder.text += unescaped(text);
      rest = end < 0 ? "" : rest.slice(end);
    }
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name}> is never closed`);
  const [root, ...others] = outside.children;
  if (root === undefined || others.length > 0 || outside.text.trim() !== "") throw new Error("not one root element");
  return root;
}

/** Every element of a name below `element`, in order. */
export function elements(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...elements(child, name)]);
}

function readTag(rest: string, open: Open[]): string {
  const match = TAG.exec(rest);
  if (match === null) throw new Error(`not a tag: ${rest.slice(0, 60)}`);
  const [whole, slash, name = "", written = "", empty] = match;
  if (slash === "/") {
    const closed = open.pop();
    if (closed?.name !== name) throw new Error(`</${name}> closes <${closed?.name}>`);
  } else {
    const element: Open = { name, attributes: attributesOf(written), children: [], text: "" };
    (open.at(-1) as Open).children.push(element);
    if (empty !== "/") open.push(element);
  }
  return rest.slice(whole.length);
}

function attributesOf(written: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = "", value = ""] of written.matchAll(new RegExp(`(${NAME})="([^"]*)"`, "g"))) {
    if (name in attributes) throw new Error(`a second ${name}`);
    attributes[name] = unescaped(value);
  }
  return attributes;
}

function unescaped(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|\w*);?/g, (entity, name: string) => {
    if (!entity.endsWith(";")) throw new Error(`a bare ampersand: ${entity}`);
    if (name.startsWith("#")) return String.fromCodePoint(Number(name.replace("#x", "0x").replace("#", "")));
    const character = ENTITIES[name];
    if (character === undefined) throw new Error(`no entity ${entity}`);
    return character;
  });
}
