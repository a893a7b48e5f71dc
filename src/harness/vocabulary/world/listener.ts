import type { ListenSpec } from "../../../adapters/sim/spec.js";
import { TRANSPORTS } from "../../../core/domain/transport-id.js";
import { either, shorthand } from "../either.js";
import { oneOrMore } from "../list.js";
import { usual } from "../members.js";
import type { Part } from "../part.js";
import { address, anyTransportAddress, isAddress } from "../parts/addresses.js";
import { anyText, choice, reading } from "../parts/scalars.js";
import { listenerState } from "../parts/states.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

type Address = Pick<ListenSpec, "traddr" | "trsvcid">;

/** Splits `192.168.1.20:8009` or `[fe80::1]:4420`. */
function parseListen(text: string): Address | undefined {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon);
  const trsvcid = text.slice(colon + 1);
  const traddr = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const bracketed = traddr !== host;
  const port = Number(trsvcid);
  if (!isAddress(traddr) || traddr.includes(":") !== bracketed) return undefined;
  // One spelling per port, so that a file is written back as it was read.
  return port >= 1 && port <= 65_535 && String(port) === trsvcid ? { traddr, trsvcid } : undefined;
}

function spellListen({ traddr, trsvcid }: Address): string {
  return traddr.includes(":") ? `[${traddr}]:${trsvcid}` : `${traddr}:${trsvcid}`;
}

const SHORT = /^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$/;

const short = reading("ADDRESS:PORT or [IPV6]:PORT", {
  pattern: SHORT,
  read: parseListen,
  write: spellListen,
  arbitrary: (fc, cast) =>
    fc.record({ traddr: address.arbitrary(fc, cast), trsvcid: fc.integer({ min: 1, max: 65_535 }).map(String) }),
});

const tcpUp = shorthand<Address, ListenSpec>(short, {
  read: ({ traddr, trsvcid }) => ({ transport: "tcp", traddr, trsvcid, state: "up" }),
  write: ({ transport, state, ...where }) => {
    const spelt = spellListen(where);
    const hasShort = transport === "tcp" && state === "up" && SHORT.test(spelt) && parseListen(spelt) !== undefined;
    return hasShort ? where : undefined;
  },
});

const EXPECTED = "ADDRESS:PORT, [IPV6]:PORT in quotes, or { transport, traddr, trsvcid, state }";

export const listener = worldWord<ListenSpec>({
  key: "listener",
  place: "listen of a discovery controller or subsystem",
  describe: 'An address to listen on: 192.168.1.20:8009, "[fe80::1]:4420" in quotes, or a record.',
  example: '{ transport: rdma, traddr: 192.168.1.31, trsvcid: "4420", state: refuses }',
  says: either(EXPECTED, [
    tcpUp,
    record({
      transport: usual(choice(TRANSPORTS), "tcp"),
      traddr: anyTransportAddress,
      trsvcid: usual(anyText("a transport service id, in quotes", 4_096), ""),
      state: usual(listenerState, "up"),
    }),
  ]),
});

/** Where a peer listens: one address, or a list of them. */
export const listen: Part<readonly ListenSpec[]> = {
  ...oneOrMore(listener.part, `${EXPECTED}, or a list of these`, "a list of addresses to listen on"),
  // Generated references to an address (`listenerNumber`) mean the first one.
  arbitrary: (fc, cast) => fc.array(listener.part.arbitrary(fc, cast), { minLength: 1, maxLength: 3 }),
};
