/** Trace text: JSON with a fixed key order, written by hand because every record of a run passes through here. */
import { hash } from "node:crypto";

/** What JSON must escape, and control characters, which make a line hard to read. */
const NEEDS_ESCAPE = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/;

/** Bytes that are text: printable ASCII, line ends, tabs, and the NUL that separates uevent fields. */
const TEXT_BYTES = /^[\u0000\t\n\r\u0020-\u007e]*$/;

/** Above this many bytes a record holds the digest instead of the bytes. */
const INLINE_BYTES_MAX = 128;

/** Above this many bytes a search for text is not worth it: a uevent fits one page. */
const TEXT_BYTES_MAX = 4096;

/** Of a longer text the trace shows only the beginning, so that a saved log page cache does not fill it. */
const LONG_TEXT_CHARS = 4096;
const LONG_TEXT_HEAD_CHARS = 256;

/** Names that recur (timers, devices, paths). Bounded, because a fuzzed name never recurs. */
const QUOTED_MAX = 4096;
const quotedNames = new Map<string, string>();

/** A JSON string. */
export function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** A JSON string of a name that is likely to recur. */
export function quoteName(name: string): string {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  if (quotedNames.size >= QUOTED_MAX) quotedNames.clear();
  const quoted = quote(name);
  quotedNames.set(name, quoted);
  return quoted;
}

/** A JSON array of strings. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quote).join(",")}]`;
}

const NUL_SHOWN = 0x7c;
const scratch = Buffer.alloc(TEXT_BYTES_MAX);

/** What each byte becomes in a text that needs no escape; 0: it cannot occur there. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0) return NUL_SHOWN;
  const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== NUL_SHOWN && byte !== 0x22 && byte !== 0x5c;
  return isPlain ? byte : 0;
});

/** Printable bytes with `|` for each NUL, like nearly every uevent; `undefined` if something needs an escape. */
function plainText(bytes: Uint8Array): string | undefined {
  for (let i = 0; i < bytes.length; i++) {
    const shown = PLAIN[bytes[i] ?? 0] ?? 0;
    if (shown === 0) return undefined;
    scratch[i] = shown;
  }
  return scratch.toString("latin1", 0, bytes.length);
}

/** Bytes as a JSON string if they are text (`|` for a NUL, `\\u007c` for `|`), as `{"hex"}` if they are few, else as `{"length","sha256"}`. */
export function bytesText(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length <= TEXT_BYTES_MAX) {
    const plain = plainText(view);
    if (plain !== undefined) return `"${plain}"`;
    const text = view.toString("latin1");
    if (TEXT_BYTES.test(text)) return quote(text).replaceAll("|", "\\u007c");
  }
  if (view.length <= INLINE_BYTES_MAX) return `{"hex":"${view.toString("hex")}"}`;
  const digest = hash("sha256", view);
  return `{"length":${String(view.length)},"sha256":"${digest}"}`;
}

/** A text that may be long (a whole file): as it is if it is short, else its beginning and its digest. */
export function quoteLong(text: string): string {
  if (text.length <= LONG_TEXT_CHARS) return quote(text);
  const digest = hash("sha256", text);
  return `{"length":${String(text.length)},"sha256":"${digest}","head":${quote(text.slice(0, LONG_TEXT_HEAD_CHARS))}}`;
}

/** The answer of a call that failed with an errno. */
export function failureText(errno: number): string {
  return `{"errno":${String(errno)}}`;
}
