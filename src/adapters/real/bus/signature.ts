/** Signatures as trees, with the types that this project uses. */
import { NESTING_MAX } from "./limits.js";
import { WireError } from "./wire.js";

/** Basic types: byte, boolean, 16 and 32 bits unsigned, 32 bits signed, string, object path, signature. */
export type BasicCode = "y" | "b" | "q" | "u" | "i" | "s" | "o" | "g";

export type WireType =
  | { readonly kind: "basic"; readonly code: BasicCode }
  | { readonly kind: "variant" }
  | { readonly kind: "array"; readonly of: WireType }
  | { readonly kind: "dictionary"; readonly of: WireType };

const BASIC: ReadonlyMap<string, WireType> = new Map(
  (["y", "b", "q", "u", "i", "s", "o", "g"] as const).map((code) => [code, { kind: "basic", code }]),
);

/** Splits a signature into its complete types. Throws WireError for types that this project does not use. */
export function parseSignature(signature: string): readonly WireType[] {
  const types: WireType[] = [];
  for (let at = 0; at < signature.length;) {
    const { type, next } = parseOne(signature, at, 0);
    types.push(type);
    at = next;
  }
  return types;
}

interface Parsed {
  readonly type: WireType;
  readonly next: number;
}

function parseOne(signature: string, at: number, depth: number): Parsed {
  if (depth > NESTING_MAX) throw new WireError("a signature is nested too deeply");
  const code = signature.charAt(at);
  const basic = BASIC.get(code);
  if (basic !== undefined) return { type: basic, next: at + 1 };
  if (code === "v") return { type: { kind: "variant" }, next: at + 1 };
  if (code !== "a") throw new WireError("a signature holds an unsupported type");
  if (!signature.startsWith("{s", at + 1)) {
    const { type, next } = parseOne(signature, at + 1, depth + 1);
    return { type: { kind: "array", of: type }, next };
  }
  const { type, next } = parseOne(signature, at + 3, depth + 1);
  if (signature.charAt(next) !== "}") throw new WireError("a dictionary in a signature is not closed");
  return { type: { kind: "dictionary", of: type }, next: next + 1 };
}

/** The alignment of a type, in bytes. */
export function alignmentOf(type: WireType): 1 | 2 | 4 {
  if (type.kind === "variant") return 1;
  if (type.kind !== "basic") return 4;
  if (type.code === "q") return 2;
  return type.code === "y" || type.code === "g" ? 1 : 4;
}
