/** The TCP side of a CDC: its listening ports and the connections they accepted. */
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { Association } from "./association.js";
import type { Model } from "./model.js";

/** Where a CDC listens. */
export interface Port {
  readonly address: string;
  readonly port: number;
  readonly portid: number;
}

/** The most connections at once. More are destroyed. */
const CONNECTIONS_MAX = 1024;
/** Bytes that are not NVMe/TCP. */
const GARBAGE = Buffer.alloc(128, 0xff);

interface Connection {
  readonly socket: Socket;
  /** Undefined if the connection gets no answers. */
  readonly association: Association | undefined;
}

/** The listening ports of one model. */
export class CdcServer {
  readonly #model: Model;
  readonly #connections = new Set<Connection>();
  #ports: readonly Port[];
  #servers: readonly Server[] = [];
  #nextId = 1;

  /** Port 0 becomes any free port at the first listen. */
  constructor(model: Model, ports: readonly Port[]) {
    this.#model = model;
    this.#ports = ports;
  }

  /** The ports with their actual numbers. */
  get ports(): readonly Port[] {
    return this.#ports;
  }

  /** Open connections that get answers, in the order of acceptance. */
  get associations(): readonly Association[] {
    return [...this.#connections].flatMap(({ association }) =>
      association === undefined || association.ended ? [] : association,
    );
  }

  /** Listens on every port. If one fails, rejects with the system's error and listens on none. */
  async listen(): Promise<void> {
    if (this.#servers.length > 0) return;
    const servers = this.#ports.map(({ portid }) => createServer((socket) => this.#accept(socket, portid)));
    this.#servers = servers;
    try {
      this.#ports = await Promise.all(
        this.#ports.map(async (port, index) => ({ ...port, port: await listening(servers[index], port) })),
      );
    } catch (error) {
      this.unlisten();
      throw error;
    }
  }

  /** Stops listening. Connections stay open. */
  unlisten(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }

  /** Pauses or resumes reading, according to the model. */
  stall(): void {
    for (const { socket } of this.#connections) {
      if (this.#model.stalled) socket.pause();
      else socket.resume();
    }
  }

  /** Ends the connections of one host, or all connections, including those that get no answers. */
  drop(how: "reset" | "close" | "terminate", hostnqn: string | undefined): void {
    for (const { socket, association } of [...this.#connections]) {
      if (hostnqn !== undefined && association?.controller?.host.hostnqn !== hostnqn) continue;
      if (association === undefined) socket.resetAndDestroy();
      else association.drop(how, "dropped");
    }
  }

  close(): void {
    this.unlisten();
    this.drop("reset", undefined);
  }

  #accept(socket: Socket, portid: number): void {
    const { manner, journal } = this.#model;
    journal.accepted += 1;
    if (this.#connections.size >= CONNECTIONS_MAX || manner === "closing") {
      socket.on("error", () => undefined);
      socket.destroy();
      return;
    }
    const speaks = manner === "normal" || manner === "silent-after-icresp";
    const connection = { socket, association: speaks ? this.#associate(socket, portid) : undefined };
    this.#connections.add(connection);
    socket.setNoDelay(true);
    socket.on("data", (bytes) => connection.association?.receive(bytes));
    // While the socket's send buffer is full, stop reading from the host, so that the buffer does not grow.
    socket.on("drain", () => this.#resume(socket));
    socket.on("error", () => undefined);
    socket.on("end", () => connection.association?.end("close", "the host closed the connection"));
    socket.on("close", () => {
      connection.association?.end("reset", "the connection broke");
      this.#connections.delete(connection);
    });
    if (manner === "garbage") socket.write(GARBAGE);
    if (this.#model.stalled) socket.pause();
  }

  #associate(socket: Socket, portid: number): Association {
    const { remoteAddress, remotePort } = socket;
    return new Association({
      model: this.#model,
      id: this.#nextId++,
      portid,
      peer: `${remoteAddress ?? "unknown"}:${String(remotePort ?? 0)}`,
      silence: this.#model.manner === "silent-after-icresp" ? "after-icresp" : "none",
      link: {
        send: (bytes) => {
          if (!socket.destroyed && !socket.write(bytes)) socket.pause();
        },
        end: (how) => {
          if (how === "reset") socket.resetAndDestroy();
          else socket.destroySoon();
        },
      },
    });
  }

  #resume(socket: Socket): void {
    if (!this.#model.stalled) socket.resume();
  }
}

/** Listens, and resolves with the actual port number. */
function listening(server: Server | undefined, { address, port }: Port): Promise<number> {
  return new Promise((resolve, reject) => {
    if (server === undefined) throw new Error("a port without a server");
    server.once("error", reject);
    server.listen({ host: address, port, ipv6Only: address.includes(":") }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
