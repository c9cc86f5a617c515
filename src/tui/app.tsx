/** The program as ink sees it: keys come in, rows go out. */
import { Box, Text, useInput } from "ink";
import { type ReactNode, useEffect, useLayoutEffect, useReducer } from "react";
import { keysOf } from "./keys.ts";
import type { Shown } from "./shown.ts";

/** What the rows are for. */
export interface Surface {
  readonly columns: number;
  readonly rows: number;
  on(event: "resize" | "resume", listener: () => void): unknown;
  off(event: "resize" | "resume", listener: () => void): unknown;
  /** Puts rows where they belong. Without it, ink does. */
  readonly paint?: (rows: readonly string[]) => void;
}

export function App({ shown, surface }: { readonly shown: Shown; readonly surface: Surface }): ReactNode {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => shown.subscribe(redraw), [shown]);
  useEffect(() => {
    surface.on("resize", redraw);
    surface.on("resume", redraw);
    return () => {
      surface.off("resize", redraw);
      surface.off("resume", redraw);
    };
  }, [surface]);
  useInput((input, key) => {
    for (const each of keysOf(input, key)) shown.press(each);
  });
  const rows = shown.paint(surface.columns, surface.rows);
  useLayoutEffect(() => surface.paint?.(rows));
  return surface.paint === undefined ? <Rows rows={rows} /> : null;
}

function Rows({ rows }: { readonly rows: readonly string[] }): ReactNode {
  const numbered = rows.map((text, row) => ({ row, text: text === "" ? " " : text }));
  return (
    <Box flexDirection="column">
      {numbered.map(({ row, text }) => (
        <Text key={row} wrap="truncate">
          {text}
        </Text>
      ))}
    </Box>
  );
}
