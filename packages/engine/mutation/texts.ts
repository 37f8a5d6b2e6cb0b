/** A part of the syntax tree, as Stryker sees it. */
interface Path {
  readonly node: {
    readonly type: string;
    readonly value?: unknown;
    readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
  };
}

/** Texts for people have spaces; names and codes have none. */
function isText({ node: { type, value, quasis = [] } }: Path): boolean {
  if (type === "StringLiteral") return String(value).includes(" ");
  return type === "TemplateLiteral" && quasis.some(({ value: { raw } }) => raw.includes(" "));
}

/** A plugin of Stryker that leaves texts for people as they are. */
export const strykerPlugins: readonly unknown[] = [
  {
    kind: "Ignore",
    name: "texts",
    value: { shouldIgnore: (path: Path) => (isText(path) ? "a text for people" : undefined) },
  },
];
