import { errnoName } from "../../src/core/domain/errno.js";
import type { OsFailure } from "../../src/core/ports/request.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { call, outcome, suiteOf } from "./kit.js";

const behaviour = suiteOf("store");

const ROOT = "/var/tmp/stas-contract";
const SECRET = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWwWRjmHxkaB4sMGV/C:";

function text(read: { readonly ok: true; readonly text: string } | OsFailure): string {
  return read.ok ? JSON.stringify(read.text) : errnoName(read.errno);
}

async function write(host: ContractHost, path: string, content: string): Promise<string> {
  const { reply } = await call(host, "written", (request) => {
    host.ports.store.write(request, path, content);
  });
  return outcome(reply.result);
}

export const STORE: readonly Behaviour[] = [
  behaviour(
    "a write creates the file and its folder, with mode 0600, and the file reads back",
    ["ok", '"one\\n"', "mode 600", "names: state.json"],
    async (host) => {
      const path = `${ROOT}/new/state.json`;
      const written = await write(host, path, "one\n");
      const mode = host.files.look(path)?.mode.toString(8) ?? "none";
      const names = host.ports.store.list(`${ROOT}/new`).join(" ");
      return [written, text(host.ports.store.read(path)), `mode ${mode}`, `names: ${names}`];
    },
  ),
  behaviour(
    "a write replaces the file and its mode, and leaves no other file",
    ["ok", '"new"', "mode 600", "names: f"],
    async (host) => {
      const path = `${ROOT}/old/f`;
      host.files.put(path, "old, and longer");
      const written = await write(host, path, "new");
      const look = host.files.look(path);
      return [
        written,
        text(host.ports.store.read(path)),
        `mode ${look?.mode.toString(8) ?? "none"}`,
        `names: ${host.files.names(`${ROOT}/old`).join(" ")}`,
      ];
    },
  ),
  behaviour("of two writes to one file the later wins", ["ok ok", '"two"'], async (host) => {
    const path = `${ROOT}/twice`;
    const both = await Promise.all([write(host, path, "one"), write(host, path, "two")]);
    return [both.join(" "), text(host.ports.store.read(path))];
  }),
  behaviour(
    "paths that cannot be read or written",
    [
      "missing: ENOENT",
      "a directory: EISDIR",
      "below a file: ENOTDIR",
      "bytes of a directory: EISDIR",
      "written over a directory: EISDIR",
      "written below a file: EEXIST",
    ],
    async (host) => {
      host.files.put(`${ROOT}/file`, "x");
      host.files.put(`${ROOT}/folder/x`, "x");
      const { store } = host.ports;
      const bytes = store.readBytes(`${ROOT}/folder`);
      return [
        `missing: ${text(store.read(`${ROOT}/nothing`))}`,
        `a directory: ${text(store.read(`${ROOT}/folder`))}`,
        `below a file: ${text(store.read(`${ROOT}/file/x`))}`,
        `bytes of a directory: ${bytes.ok ? "read" : errnoName(bytes.errno)}`,
        `written over a directory: ${await write(host, `${ROOT}/folder`, "x")}`,
        `written below a file: ${await write(host, `${ROOT}/file/x`, "x")}`,
      ];
    },
  ),
  behaviour("the names in a directory are sorted; a missing directory has none", ["A a b", ""], async (host) => {
    for (const name of ["b", "A", "a"]) host.files.put(`${ROOT}/names/${name}`, "");
    return [host.ports.store.list(`${ROOT}/names`).join(" "), host.ports.store.list(`${ROOT}/nowhere`).join(" ")];
  }),
  behaviour(
    "bytes that are not UTF-8 read as U+FFFD, and unchanged through readBytes",
    ['"a\ufffdb"', "61ff62"],
    async (host) => {
      const path = `${ROOT}/latin1`;
      host.files.put(path, Uint8Array.of(0x61, 0xff, 0x62));
      const bytes = host.ports.store.readBytes(path);
      return [
        text(host.ports.store.read(path)),
        bytes.ok ? Buffer.from(bytes.bytes).toString("hex") : errnoName(bytes.errno),
      ];
    },
  ),
  behaviour(
    "secrets are read as handles; equal secrets give equal handles",
    [
      '"[Controllers]\\ncontroller = transport=tcp;dhchap-secret=secret:A\\n"',
      '"dhchap-secret=secret:A"',
      '"dhchap-secret=secret:B"',
    ],
    async (host) => {
      const files = {
        "stafd.conf": `[Controllers]\ncontroller = transport=tcp;dhchap-secret=${SECRET}\n`,
        same: `dhchap-secret=${SECRET}`,
        other: `dhchap-secret=${SECRET.replace("i", "j")}`,
      };
      const handles: string[] = [];
      const nameOf = (handle: string): string => {
        if (!handles.includes(handle)) handles.push(handle);
        return `secret:${"AB"[handles.indexOf(handle)] ?? "?"}`;
      };
      return Object.entries(files).map(([name, content]) => {
        host.files.put(`${ROOT}/secret/${name}`, content);
        return text(host.ports.store.read(`${ROOT}/secret/${name}`)).replace(/secret:\d+/g, nameOf);
      });
    },
  ),
];
