/** A small bus on its own socket, with as much of the specification as one or two daemons need. Marshals with dbus-next. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { referenceMarshal, referenceStream, type PlainMessage } from "./reference.js";

export const CALL = 1;
export const REPLY = 2;
export const ERROR = 3;
export const SIGNAL = 4;

const DRIVER = "org.freedesktop.DBus";
const DRIVER_PATH = "/org/freedesktop/DBus";

/** Receives the messages of a client inside the test. */
type Client = (message: PlainMessage) => void;

export class TestBus {
  readonly #folder = mkdtempSync(join(tmpdir(), "stas-bus-"));
  readonly path = join(this.#folder, "socket");
  readonly address = `unix:path=${this.path}`;
  /** Calls to the bus itself: `RequestName org.nvmexpress.staf`. */
  readonly asked: string[] = [];
  /** Methods of the bus that it does not answer. */
  readonly silent = new Set<string>();
  /** Names that nobody may own. */
  readonly refused = new Set<string>();
  /** User ids by unique name; a name that is missing here has left. */
  readonly uids = new Map<string, number>();
  /** Sees each call to the bus itself. */
  onDriver: Client = () => undefined;
  /** The unique name of the last process that connected. */
  lastJoined = "";
  /** The answer to the authentication. */
  authentication = "OK 1234deadbeef";
  readonly #sockets = new Map<string, Socket>();
  readonly #all = new Set<Socket>();
  readonly #clients = new Map<string, Client>();
  readonly #names = new Map<string, string>();
  readonly #waiting: { readonly test: () => boolean; readonly done: () => void }[] = [];
  #server: Server | undefined;
  #nextUnique = 1;
  #nextSerial = 1;

  async start(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  /** Dies: breaks every connection and stops listening. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#all) socket.destroy();
    this.#sockets.clear();
    this.#names.clear();
    this.#clients.clear();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }

  /** Waits until a condition on what this bus sees holds. */
  async until(test: () => boolean): Promise<void> {
    if (test()) return;
    await new Promise<void>((done) => this.#waiting.push({ test, done }));
  }

  ownerOf(name: string): string | undefined {
    return this.#names.get(name);
  }

  /** Adds a client inside the test to the bus. Returns its unique name. */
  join(client: Client, uid = 1000): string {
    const unique = `:9.${String(this.#nextUnique++)}`;
    this.#clients.set(unique, client);
    this.uids.set(unique, uid);
    return unique;
  }

  own(name: string, unique: string): void {
    this.#setOwner(name, unique);
  }

  release(name: string): void {
    this.#setOwner(name, undefined);
  }

  /** Sends a message as this client. Returns its serial. */
  send(sender: string, message: Omit<PlainMessage, "serial">): number {
    const serial = this.#nextSerial++;
    this.#route({ ...message, serial, sender });
    return serial;
  }

  /** Calls a method as a new client. */
  async call(call: Omit<PlainMessage, "serial" | "type">, uid = 1000): Promise<PlainMessage> {
    return await new Promise((resolve) => this.send(this.join(resolve, uid), { ...call, type: CALL }));
  }

  /** Sends bytes to the owner of a well-known name, or to a unique name. */
  inject(name: string, bytes: Buffer): void {
    this.#sockets.get(this.#names.get(name) ?? name)?.write(bytes);
  }

  /** Stops reading from the owner of a well-known name, or from a unique name. */
  stall(name: string): void {
    const socket = this.#sockets.get(this.#names.get(name) ?? name);
    socket?.removeAllListeners("readable");
    socket?.pause();
  }

  #accept(socket: Socket): void {
    this.#all.add(socket);
    socket.on("error", () => undefined);
    let unique: string | undefined;
    socket.on("close", () => {
      this.#all.delete(socket);
      if (unique !== undefined) this.#leave(unique);
    });
    let text = "";
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (/^\0AUTH EXTERNAL [0-9a-f]+\r\n$/.test(text)) socket.write(`${this.authentication}\r\n`);
      const begin = text.indexOf("BEGIN\r\n");
      if (begin < 0) return;
      socket.off("data", onData);
      socket.pause();
      socket.unshift(Buffer.from(text.slice(begin + 7), "latin1"));
      referenceStream(socket, (message) => {
        unique ??= this.#welcome(socket);
        this.#route({ ...message, sender: unique });
      });
    };
    socket.on("data", onData);
  }

  #welcome(socket: Socket): string {
    const unique = `:1.${String(this.#nextUnique++)}`;
    this.#sockets.set(unique, socket);
    this.lastJoined = unique;
    this.uids.set(unique, 0);
    return unique;
  }

  #leave(unique: string): void {
    this.#sockets.delete(unique);
    this.uids.delete(unique);
    for (const [name, owner] of this.#names) if (owner === unique) this.#setOwner(name, undefined);
    this.#notice();
  }

  #route(message: PlainMessage): void {
    const { destination } = message;
    if (destination === undefined) {
      for (const socket of this.#sockets.values()) socket.write(referenceMarshal(message));
    } else if (destination === DRIVER) this.#drive(message);
    else {
      const unique = this.#names.get(destination) ?? destination;
      this.#clients.get(unique)?.(message);
      this.#sockets.get(unique)?.write(referenceMarshal(message));
    }
    this.#notice();
  }

  /** Answers calls to the bus itself. */
  #drive(message: PlainMessage): void {
    const { member = "", sender = "", body = [] } = message;
    const [name = ""] = body as string[];
    this.asked.push(body.length === 0 ? member : `${member} ${name}`);
    this.onDriver(message);
    if (this.silent.has(member)) return;
    switch (member) {
      case "Hello":
        return this.#answer(message, "s", [sender]);
      case "AddMatch":
        return this.#answer(message, "", []);
      case "GetNameOwner": {
        const owner = this.#names.get(name);
        return owner === undefined ? this.#fail(message, "NameHasNoOwner") : this.#answer(message, "s", [owner]);
      }
      case "RequestName": {
        if (this.refused.has(name)) return this.#fail(message, "AccessDenied");
        if (this.#names.has(name)) return this.#answer(message, "u", [3]);
        this.#setOwner(name, sender);
        return this.#answer(message, "u", [1]);
      }
      case "GetConnectionUnixUser": {
        const uid = this.uids.get(name);
        return uid === undefined ? this.#fail(message, "NameHasNoOwner") : this.#answer(message, "u", [uid]);
      }
      case "GetConnectionUnixProcessID":
        return this.#answer(message, "u", [4711]);
      default:
        return this.#fail(message, "UnknownMethod");
    }
  }

  #setOwner(name: string, owner: string | undefined): void {
    const before = this.#names.get(name) ?? "";
    if (owner === undefined) this.#names.delete(name);
    else this.#names.set(name, owner);
    this.send(DRIVER, {
      type: SIGNAL,
      path: DRIVER_PATH,
      interface: DRIVER,
      member: "NameOwnerChanged",
      signature: "sss",
      body: [name, before, owner ?? ""],
    });
  }

  #answer({ serial, sender }: PlainMessage, signature: string, body: unknown[]): void {
    this.send(DRIVER, { type: REPLY, destination: sender, replySerial: serial, signature, body });
  }

  #fail({ serial, sender }: PlainMessage, error: string): void {
    const errorName = `org.freedesktop.DBus.Error.${error}`;
    this.send(DRIVER, { type: ERROR, destination: sender, replySerial: serial, errorName, signature: "s", body: [""] });
  }

  #notice(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.test()) waiting.done();
      else this.#waiting.push(waiting);
    }
  }
}
