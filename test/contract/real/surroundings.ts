/** The surroundings of a real host: listeners that are not targets, a name server, a service manager. */
import { createSocket, type Socket } from "node:dgram";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket as Connection } from "node:net";
import { notifyAddress } from "../../../src/adapters/real/sd-notify.js";
import type { Libc } from "../../../src/adapters/real/libc.js";
import type { ServiceManager } from "../host.js";
import { NAMES, PEERS } from "../stage.js";

const GARBAGE = Buffer.alloc(128, 0x41);

/** Opens the listeners of `PEERS`. */
export async function openPeers(): Promise<readonly Server[]> {
  const greetings: Readonly<Record<keyof typeof PEERS, (connection: Connection) => void>> = {
    silent: () => undefined,
    closes: (connection) => connection.destroy(),
    garbage: (connection) => connection.write(GARBAGE),
  };
  const servers = Object.entries(PEERS).map(([name, { traddr, trsvcid }]) => {
    const greet = greetings[name as keyof typeof PEERS];
    const server = createServer((connection) => {
      // A client may hang up in any way.
      connection.on("error", () => undefined);
      // Keep reading, to notice when the other side closes.
      connection.resume();
      greet(connection);
    });
    return new Promise<Server>((resolve) => server.listen(Number(trsvcid), traddr, () => resolve(server)));
  });
  return await Promise.all(servers);
}

const DNS_PORT = 53;
const HEADER_BYTES = 12;
const RESPONSE = 0x8000 | 0x0100 | 0x0080;
const RCODE = { ok: 0, serverFailure: 2, noSuchName: 3 } as const;
const TYPE_A = 1;

/** Starts a name server for `NAMES` and points this host's resolver at it. */
export async function openNameServer(): Promise<Socket> {
  writeFileSync("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n");
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => socket.send(answerTo(query), from.port, from.address));
  return await new Promise((resolve) => socket.bind(DNS_PORT, "127.0.0.1", () => resolve(socket)));
}

/** RFC 1035, 4.1: the header, the question unchanged, and the addresses if it asks for those of a known name. */
function answerTo(query: Buffer): Buffer {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(HEADER_BYTES, at + 5);
  const name = labels.join(".");
  const isKnown = name === NAMES.known.name;
  const rcode = isKnown ? RCODE.ok : name === NAMES.broken ? RCODE.serverFailure : RCODE.noSuchName;
  const records = isKnown && query.readUInt16BE(at + 1) === TYPE_A ? NAMES.known.addresses.map(addressRecord) : [];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(RESPONSE | rcode, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question, ...records]);
}

/** A record with the name of the question: type A, class IN, TTL one minute. */
function addressRecord(address: string): Buffer {
  return Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
}

const COMMANDS = "/run/contract/bin";
const ASKED = "/run/contract/asked";
const NOTIFY_SOCKET = "/run/contract/notify";
const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK = 2 | 0o4000;
const NOTIFY_BYTES_MAX = 4_096;

/** A service manager that receives notifications, with stand-in commands that record their arguments. */
export class RealServiceManager implements ServiceManager {
  readonly environment = { NOTIFY_SOCKET };
  readonly #libc: Libc;
  readonly #socket: number;
  readonly #told: string[] = [];
  #askedBefore = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
    mkdirSync(COMMANDS, { recursive: true });
    for (const name of ["systemctl", "udevadm"]) {
      writeFileSync(`${COMMANDS}/${name}`, `#!/bin/sh\necho "${name} $*" >>${ASKED}\n`);
      chmodSync(`${COMMANDS}/${name}`, 0o755);
    }
    process.env["PATH"] = `${COMMANDS}:${process.env["PATH"] ?? ""}`;
    const socket = libc.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK, 0);
    const address = notifyAddress(NOTIFY_SOCKET);
    rmSync(NOTIFY_SOCKET, { force: true });
    if (!socket.ok || address === undefined || !libc.bind(socket.value, address).ok)
      throw new Error("no notify socket");
    this.#socket = socket.value;
  }

  /** Forgets all earlier notifications and commands. */
  begin(): void {
    this.told();
    this.#told.length = 0;
    this.#askedBefore = this.#asked().length;
  }

  told(): readonly string[] {
    const buffer = Buffer.alloc(NOTIFY_BYTES_MAX);
    for (;;) {
      const got = this.#libc.recv(this.#socket, buffer, 0);
      if (!got.ok) return [...this.#told];
      this.#told.push(stateOf(buffer.toString("utf8", 0, got.value)));
    }
  }

  restarted(): readonly string[] {
    return this.#asked()
      .slice(this.#askedBefore)
      .flatMap((line) => /^systemctl --quiet --no-block restart (\S+)$/.exec(line)?.[1] ?? []);
  }

  #asked(): readonly string[] {
    return existsSync(ASKED) ? readFileSync(ASKED, "utf8").split("\n").slice(0, -1) : [];
  }
}

/** sd_notify(3): RELOADING=1 is valid only with MONOTONIC_USEC. */
function stateOf(message: string): string {
  if (message === "READY=1") return "ready";
  if (message === "STOPPING=1") return "stopping";
  return /^RELOADING=1\nMONOTONIC_USEC=\d+$/.test(message) ? "reloading" : JSON.stringify(message);
}
