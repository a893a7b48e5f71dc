/**
 * Whether a connection of the kernel can serve as a wanted one, so that nothing is connected twice or accepted over the
 * wrong interface (field bugs 21, 22 and 23).
 */
import { zoneOf } from "../domain/host-way.js";
import { canonicalAddress, isLinkLocal, parseIp, sameAddress } from "../domain/ip-address.js";
import type { Transport, TransportId } from "../domain/transport-id.js";
import { DEFAULT_TRSVCID, parseTransport, WELL_KNOWN_DISCOVERY_NQN } from "../domain/transport-id.js";
import type { NetworkInterface } from "../ports/network.js";

/** The address at which a peer is reached. */
export type PeerAddress = Pick<ExistingConnection, "transport" | "traddr" | "trsvcid">;

/** What sysfs says of a connection. An empty string, or the kernel's `none`, means not known. */
export interface ExistingConnection {
  readonly transport: string;
  readonly traddr: string;
  readonly trsvcid: string;
  readonly hostTraddr: string;
  readonly hostIface: string;
  /** Source address of the socket; absent before Linux 6.1 and while the controller is not connected. */
  readonly srcAddr: string;
  readonly subsysnqn: string;
  readonly hostNqn: string;
  readonly state: string;
}

/** `provisional`: nothing rules it out, but only a live controller can be matched for certain. */
export type MatchVerdict = "match" | "provisional" | "no";

/** Whether one requirement is met, as far as is known. */
type Finding = "yes" | "unknown" | "no";

/** The kernel writes `none` for an unknown value. */
function known(text: string): string {
  return text.toLowerCase() === "none" ? "" : text;
}

function portOf(transport: string, trsvcid: string): string {
  const kind = parseTransport(transport);
  const fallback = kind === undefined ? "" : DEFAULT_TRSVCID[kind];
  // A transport without services: the field means nothing.
  if (fallback === "") return "";
  const text = known(trsvcid);
  if (text === "") return fallback;
  return /^0+\d/.test(text) ? text.replace(/^0+(?=\d)/, "") : text;
}

/** The address without its scope, in its canonical spelling. */
function bareAddress(transport: string, traddr: string): { readonly text: string; readonly scope: string } {
  if (transport === "fc" || transport === "loop") return { text: canonicalAddress(transport, traddr), scope: "" };
  const address = parseIp(traddr);
  return address ?? { text: traddr.toLowerCase(), scope: "" };
}

/**
 * The key that a wanted connection shares with every existing one that could match it: transport, canonical address without
 * scope, and port. Equal keys are necessary for a match, not sufficient.
 */
export function addressKey({ transport, traddr, trsvcid }: PeerAddress): string {
  const kind = transport.toLowerCase();
  return `${kind} ${bareAddress(kind, known(traddr)).text} ${portOf(kind, trsvcid)}`;
}

/** The key of one subsystem at an address. It ends in a blank while a connection does not show its subsystem. */
export function subsystemKey(peer: PeerAddress & { readonly subsysnqn: string }): string {
  return `${addressKey(peer)} ${peer.subsysnqn}`;
}

/** Names of the interfaces that have an address. Several interfaces may share one. */
function ownersOf(address: string, interfaces: readonly NetworkInterface[]): readonly string[] {
  const wanted = parseIp(address);
  if (wanted === undefined) return [];
  return interfaces
    .filter(
      (one) =>
        (wanted.scope === "" || wanted.scope === one.name) &&
        one.addresses.some((text) => parseIp(text)?.text === wanted.text),
    )
    .map((one) => one.name);
}

/** The source address of a socket that is bound to the interface, for a peer like `like`. */
function primaryAddress(name: string, like: string, interfaces: readonly NetworkInterface[]): string | undefined {
  const family = parseIp(like)?.family;
  return interfaces
    .find((one) => one.name === name)
    ?.addresses.find((text) => parseIp(text)?.family === family && isLinkLocal(text) === isLinkLocal(like));
}

/** The interface that a connection uses: the one it is bound to, or else the only owner of its source address. */
export function interfaceOf(existing: ExistingConnection, interfaces: readonly NetworkInterface[]): string {
  const bound = known(existing.hostIface) || zoneOf(existing.traddr);
  if (bound !== "") return bound;
  const owners = ownersOf(known(existing.srcAddr) || known(existing.hostTraddr), interfaces);
  return owners.length === 1 ? (owners[0] ?? "") : "";
}

/** Whether two source addresses are equal. Ignores the scope: the kernel prints a link-local address without it. */
function sameSource(a: string, b: string): boolean {
  const left = parseIp(a);
  const right = parseIp(b);
  return left === undefined || right === undefined ? sameAddress(a, b) : left.text === right.text;
}

function verdict(equal: boolean): Finding {
  return equal ? "yes" : "no";
}

/** Whether the connection has the wanted source address. */
function findSource(
  hostTraddr: string,
  existing: ExistingConnection,
  interfaces: readonly NetworkInterface[],
): Finding {
  if (hostTraddr === "") return "yes";
  const source = known(existing.srcAddr) || known(existing.hostTraddr);
  if (source !== "") return verdict(sameSource(hostTraddr, source));
  const iface = known(existing.hostIface);
  const primary = iface === "" ? undefined : primaryAddress(iface, hostTraddr, interfaces);
  return primary === undefined ? "unknown" : verdict(sameSource(hostTraddr, primary));
}

/**
 * Whether the connection goes through the wanted interface. The interface it was bound to is a fact. The owner of its
 * source address is a conclusion, so it comes second: a host address on `lo` is the source through every uplink. A name
 * that no interface has any more is the old name of one that was renamed.
 */
function findInterface(
  hostIface: string,
  existing: ExistingConnection,
  interfaces: readonly NetworkInterface[],
): Finding {
  if (hostIface === "") return "yes";
  const bound = known(existing.hostIface);
  if (bound === hostIface) return "yes";
  const source = known(existing.srcAddr) || known(existing.hostTraddr);
  if (bound !== "" && (source === "" || interfaces.some(({ name }) => name === bound))) return "no";
  if (source === "") return "unknown";
  return verdict(ownersOf(source, interfaces).includes(hostIface));
}

/** tcp: source address and interface must be as wanted. Without a source address, unknown counts as a match. */
function matchTcpSource(
  wanted: TransportId,
  scope: string,
  existing: ExistingConnection,
  interfaces: readonly NetworkInterface[],
): MatchVerdict {
  const iface = wanted.hostIface === "" ? scope : wanted.hostIface;
  if (wanted.hostTraddr === "" && iface === "") return "match";
  if (findSource(wanted.hostTraddr, existing, interfaces) === "no") return "no";
  if (findInterface(iface, existing, interfaces) === "no") return "no";
  const settled = known(existing.srcAddr) !== "" || existing.state.trim() === "live";
  return settled ? "match" : "provisional";
}

/** rdma: compares the address if one is wanted. fc: always, because the initiator port is half of the connection. */
function matchesOtherSource(wanted: TransportId, existing: ExistingConnection): boolean {
  const hostTraddr = known(existing.hostTraddr);
  switch (wanted.transport) {
    case "fc":
      return canonicalAddress("fc", wanted.hostTraddr) === canonicalAddress("fc", hostTraddr);
    case "rdma":
      return wanted.hostTraddr === "" || sameAddress(wanted.hostTraddr, hostTraddr);
    case "tcp":
    case "loop":
      return true;
  }
}

/**
 * Compares a wanted connection with one that the kernel has. Does not compare the kind of controller: a wanted well-known
 * NQN fits any subsystem at that address (TP8013 lets it show a unique NQN instead). The caller must know that both are
 * discovery controllers.
 *
 * @param effectiveHostNqn the host NQN of the wanted connection
 * @param interfaces the host's interfaces, to find the interface of a source address and the reverse
 */
export function matchConnection(
  wanted: TransportId,
  effectiveHostNqn: string,
  existing: ExistingConnection,
  interfaces: readonly NetworkInterface[],
): MatchVerdict {
  const transport: Transport = wanted.transport;
  if (existing.transport.toLowerCase() !== transport) return "no";
  if (portOf(transport, wanted.trsvcid) !== portOf(transport, existing.trsvcid)) return "no";
  if (effectiveHostNqn !== known(existing.hostNqn)) return "no";
  if (wanted.subsysnqn !== WELL_KNOWN_DISCOVERY_NQN && wanted.subsysnqn !== existing.subsysnqn) return "no";

  const here = bareAddress(transport, wanted.traddr);
  const there = bareAddress(transport, known(existing.traddr));
  // A loop controller may have no address: then it goes to the port that has the subsystem.
  if (here.text !== there.text || (here.text === "" && transport !== "loop")) return "no";
  if (here.scope !== "" && there.scope !== "" && here.scope !== there.scope) return "no";

  if (transport !== "tcp") return matchesOtherSource(wanted, existing) ? "match" : "no";
  // A scope names the interface, as host-iface does.
  const bound = known(existing.hostIface) || there.scope;
  return matchTcpSource(wanted, here.scope, { ...existing, hostIface: bound }, interfaces);
}

/**
 * Whether a connection that is made for one transport id could serve another. What it will show is not known yet: its source
 * address, and behind the well-known discovery NQN its subsystem.
 *
 * @param hostNqns the host NQNs that the two connections are made with
 */
export function mayServe(
  made: TransportId,
  wanted: TransportId,
  hostNqns: { readonly made: string; readonly wanted: string },
  interfaces: readonly NetworkInterface[],
): boolean {
  const subsysnqn = made.subsysnqn === WELL_KNOWN_DISCOVERY_NQN ? wanted.subsysnqn : made.subsysnqn;
  const expected: ExistingConnection = { ...made, subsysnqn, hostNqn: hostNqns.made, srcAddr: "", state: "" };
  return matchConnection(wanted, hostNqns.wanted, expected, interfaces) !== "no";
}

/** How much a transport id says about the way: of two that one connection can serve, the one that says more makes it. */
export function specificity({ traddr, hostTraddr, hostIface, subsysnqn }: TransportId): number {
  const isOverOneLink = hostIface !== "" || (parseIp(traddr)?.scope ?? "") !== "";
  return Number(hostTraddr !== "") + Number(isOverOneLink) + Number(subsysnqn !== WELL_KNOWN_DISCOVERY_NQN);
}
