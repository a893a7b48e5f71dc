/** Peers that are not targets, and how they treat a host that connects. */
import { createServer, type Server, type Socket } from "node:net";
import type { Lab } from "../../guest/lab.js";
import type { Place } from "./storage.js";

/** NVMe TCP Transport 1.0, 3.6.2: PDU types, and lengths in bytes. */
const ICREQ = 0x00;
const ICRESP = 0x01;
const CAPSULE_COMMAND = 0x04;
const CAPSULE_RESPONSE = 0x05;
const IC_BYTES = 128;
const COMMAND_ID_AT = 10;
const RESPONSE_BYTES = 24;
const RESPONSE_COMMAND_ID_AT = 20;
const RESPONSE_STATUS_AT = 22;

/** Connect Invalid Parameters, do not retry: status 0x4182 above the phase bit. */
const REFUSED = 0x4182 << 1;

/** Starts a peer that accepts connections and says nothing. */
export async function silentPeer(lab: Lab, place: Place): Promise<void> {
  await listen(lab, place, () => undefined);
}

export interface StallingPeer {
  /** The number of commands that wait for an answer. */
  readonly waiting: number;
  /** Refuses the waiting commands, and all later ones. */
  release(): void;
}

/**
 * Starts a peer that answers the first exchange, so that it seems alive, and then does not answer the Connect command. The
 * kernel waits for the answer in the middle of a connect, with every other connect of the host queued behind it.
 */
export async function stallingPeer(lab: Lab, place: Place): Promise<StallingPeer> {
  const waiting: (() => void)[] = [];
  let released = false;
  await listen(lab, place, (socket, bytes) => {
    if (bytes[0] === ICREQ) socket.write(icResp());
    if (bytes[0] !== CAPSULE_COMMAND) return;
    const refuse = (): void => void socket.write(refusal(bytes.readUInt16LE(COMMAND_ID_AT)));
    if (released) refuse();
    else waiting.push(refuse);
  });
  return {
    get waiting() {
      return waiting.length;
    },
    release() {
      released = true;
      for (const refuse of waiting.splice(0)) refuse();
    },
  };
}

function icResp(): Buffer {
  const pdu = Buffer.alloc(IC_BYTES);
  pdu[0] = ICRESP;
  pdu[2] = IC_BYTES;
  pdu.writeUInt32LE(IC_BYTES, 4);
  // MAXH2CDATA. The kernel requires at least 4096.
  pdu.writeUInt32LE(65_536, 12);
  return pdu;
}

function refusal(commandId: number): Buffer {
  const pdu = Buffer.alloc(RESPONSE_BYTES);
  pdu[0] = CAPSULE_RESPONSE;
  pdu[2] = RESPONSE_BYTES;
  pdu.writeUInt32LE(RESPONSE_BYTES, 4);
  pdu.writeUInt16LE(commandId, RESPONSE_COMMAND_ID_AT);
  pdu.writeUInt16LE(REFUSED, RESPONSE_STATUS_AT);
  return pdu;
}

/** Listens. `received` gets the bytes as they arrive; over loopback, these are whole PDUs. */
async function listen(
  lab: Lab,
  { traddr, trsvcid }: Place,
  received: (socket: Socket, bytes: Buffer) => void,
): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", (bytes: Buffer) => received(socket, bytes));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(Number(trsvcid), traddr, resolve));
  lab.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}
