/** Real peers on loopback, for every behaviour of an address. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Libc } from "../../../../src/adapters/real/libc.js";
import { Milliseconds } from "../../../../src/core/domain/units.js";
import type { ProbeTarget } from "../../../../src/core/ports/network.js";

/** ICReq as in the specification (NVMe TCP Transport 1.0, figure 22), written by hand. */
export const ICREQ = Buffer.concat([
  Buffer.from([0, 0, 128, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.alloc(112),
]);

/** ICResp of the kernel target: MAXH2CDATA 0x400000. */
export const ICRESP = Buffer.concat([
  Buffer.from([1, 0, 128, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0]),
  Buffer.alloc(112),
]);

export interface Peer {
  readonly port: number;
  /** The ICReqs it received. */
  readonly heard: Buffer[];
  /** The source address of each connection. */
  readonly callers: (string | undefined)[];
  close(): Promise<void>;
}

/** Starts a server. `accept` handles each connection. */
export async function listen(accept: (socket: Socket, peer: Peer) => void, host = "127.0.0.1"): Promise<Peer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    peer.callers.push(socket.remoteAddress);
    accept(socket, peer);
  });
  server.listen(0, host);
  await once(server, "listening");
  const peer: Peer = {
    port: (server.address() as AddressInfo).port,
    heard: [],
    callers: [],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return peer;
}

/** Waits for a whole ICReq, then calls `answer`. */
export function answering(answer: (socket: Socket) => void): (socket: Socket, peer: Peer) => void {
  return (socket, peer) => {
    let heard = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      heard = Buffer.concat([heard, bytes]);
      if (heard.length < ICREQ.length) return;
      peer.heard.push(heard);
      answer(socket);
    });
  };
}

export function target(port: number, more: Partial<ProbeTarget> = {}): ProbeTarget {
  return {
    traddr: "127.0.0.1",
    trsvcid: String(port),
    hostTraddr: "",
    hostIface: "",
    depth: "nvme-tcp",
    timeout: Milliseconds(10_000),
    ...more,
  };
}

/** `libc`, with the set of the sockets that it made and that are still open. */
export function countingSockets(libc: Libc): { readonly libc: Libc; readonly open: ReadonlySet<number> } {
  const open = new Set<number>();
  return {
    open,
    libc: {
      ...libc,
      socket: (...args) => {
        const made = libc.socket(...args);
        if (made.ok) open.add(made.value);
        return made;
      },
      close: (fd) => {
        if (!open.delete(fd)) throw new Error("closed a socket that is not open");
        return libc.close(fd);
      },
    },
  };
}
