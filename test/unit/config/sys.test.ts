import { describe, expect, test } from "vitest";
import { parseSysConfig } from "../../../src/core/config/sys.js";

const FILE = "/etc/stas/sys.conf";

const NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
const ID = "11111111-2222-3333-4444-555555555555";

const FILES: Record<string, string> = {
  "/etc/nvme/hostnqn": `${NQN}\n`,
  "/etc/nvme/hostid": `${ID.toUpperCase()}\nand more\n`,
};

const parse = (text: string, files: Record<string, string> = FILES) => {
  const parsed = parseSysConfig(FILE, text, (path) => (Object.hasOwn(files, path) ? files[path] : undefined));
  if (!parsed.ok) throw new Error("broken");
  return parsed;
};

const KNOWN = { hostNqn: NQN, hostId: ID, hostKey: undefined, symname: undefined };

test("without a file the host's identity comes from /etc/nvme", () => {
  expect(parse("")).toEqual({ ok: true, value: { kind: "known", identity: KNOWN }, notes: [] });
});

test.each([
  [`[Host]\nnqn = nqn.mine\n`, { hostNqn: "nqn.mine" }],
  [`[Host]\nnqn = nqn.a\nnqn = nqn.b\n`, { hostNqn: "nqn.b" }],
  [`[Host]\nnqn = file:///x\n`, { hostNqn: "nqn.from-x" }],
  [`[Host]\nsymname = my host\n`, { symname: "my host" }],
  [`[Host]\nsymname = file:///x\nkey = file:///key\n`, { symname: "nqn.from-x", hostKey: "secret:4" }],
])("%j", (text, expected) => {
  const files = { ...FILES, "/x": "  nqn.from-x  trailing words\nsecond line\n", "/key": "secret:4" };
  expect(parse(text, files)).toEqual({
    ok: true,
    value: { kind: "known", identity: { ...KNOWN, ...expected } },
    notes: [],
  });
});

describe("an unknown identity has a reason", () => {
  test.each<[string, Record<string, string>, string]>([
    ["", {}, "the host NQN should be in /etc/nvme/hostnqn, which cannot be read"],
    [
      "",
      { ...FILES, "/etc/nvme/hostnqn": "\nnqn.x" },
      "the host NQN should be in /etc/nvme/hostnqn, whose first line is blank",
    ],
    ["[Host]\nnqn=", FILES, "the host NQN has no value in /etc/stas/sys.conf line 2"],
    ["[Host]\nnqn", FILES, "the host NQN has no value in /etc/stas/sys.conf line 2"],
    ["[Host]\nnqn=file://", FILES, "the host NQN names no file in /etc/stas/sys.conf line 2"],
    [
      "[Host]\nnqn=iqn.x",
      FILES,
      'the host NQN in /etc/stas/sys.conf line 2 is "iqn.x", which does not start with nqn.',
    ],
    [`[Host]\nnqn=nqn.${"x".repeat(220)}`, FILES, "the host NQN in /etc/stas/sys.conf line 2 is longer than 223 bytes"],
    [
      "[Host]\nnqn=nqn.x,traddr=6.6.6.6",
      FILES,
      "the host NQN in /etc/stas/sys.conf line 2 contains a comma or white space",
    ],
    ["[Host]\nid=7", FILES, 'the host id in /etc/stas/sys.conf line 2 is "7", which is not a UUID'],
    ["[Host]\nid=file:///nowhere", FILES, "the host id should be in /nowhere, which cannot be read"],
  ])("%j", (text, files, because) => {
    expect(parse(text, files).value).toEqual({ kind: "unknown", because });
  });
});

test("223 bytes are not too long", () => {
  expect(parse(`[Host]\nnqn=nqn.${"x".repeat(219)}`).value.kind).toBe("known");
});

test("a missing optional value that the file asks for is a warning", () => {
  const { value, notes } = parse("[Host]\nkey=file:///nowhere\nsymname=\n");
  expect(value).toEqual({ kind: "known", identity: KNOWN });
  expect(notes.map(({ level, line }) => [level, line])).toEqual([
    ["warning", 2],
    ["warning", 3],
  ]);
});

test("unknown names are errors with their lines", () => {
  const { notes } = parse("[Hosts]\nnqn=nqn.x\n[Host]\nhostnqn=nqn.x\n__proto__=1\n");
  expect(notes.map(({ level, line }) => [level, line])).toEqual([
    ["error", 1],
    ["error", 4],
    ["error", 5],
  ]);
});

test("an invalid file is an error, not a host without a name", () => {
  expect(parseSysConfig(FILE, "nqn=nqn.x", () => undefined)).toMatchObject({
    ok: false,
    notes: [{ level: "error", line: 1 }],
  });
});

test("a symbolic name is cut to what a registration can hold", () => {
  const { value, notes } = parse(`[Host]\nsymname = ${"x".repeat(255)}é\n`);
  expect(value).toEqual({ kind: "known", identity: { ...KNOWN, symname: "x".repeat(255) } });
  expect(notes.map(({ level, line }) => [level, line])).toEqual([["warning", 2]]);
});
