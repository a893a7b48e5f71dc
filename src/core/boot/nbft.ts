/**
 * The discovery controllers that an NVMe Boot Firmware Table asks staf to connect to. Pure.
 *
 * As in nvme-stas, all valid discovery records count, whether or not the firmware used them; the subsystems are left to
 * the software that booted from them. Beyond nvme-stas, a record without an NQN means the well-known NQN, and a URI without
 * a port means the default port (nvme-stas wrote `None`). HFIs are found by index, not by position, and interfaces by VLAN
 * and address as well as by MAC.
 */
import { isLinkLocal, isUnspecified, parseIp, sameAddress } from "../domain/ip-address.js";
import { nbftHfi, nbftSecurityProfile } from "../domain/nbft.js";
import type { NbftDiscoveryController, NbftHfi, NbftTable } from "../domain/nbft.js";
import { isNqn } from "../domain/nqn.js";
import { DEFAULT_TRSVCID, transportIdKey, WELL_KNOWN_DISCOVERY_NQN } from "../domain/transport-id.js";
import type { TransportId } from "../domain/transport-id.js";
import type { NetworkInterface } from "../ports/network.js";

/** An interface and its VLAN: 0 means none, absent means unknown. */
export interface HostInterface extends NetworkInterface {
  readonly vlan?: number | undefined;
}

/** A discovery controller to connect to. */
export interface NbftDc {
  /** Index of its record. */
  readonly record: number;
  /**
   * `traddr` may be a host name, resolved as in a `controller` line. `hostTraddr` is empty: the firmware's own address may
   * be gone (DHCP), and the interface suffices. `hostNqn` is empty if the table's host NQN is only a default.
   */
  readonly tid: TransportId;
  /**
   * The host id for `hostNqn`; empty without it. The kernel refuses a known host NQN with a different host id, and the
   * firmware's own connections use this one.
   */
  readonly hostId: string;
  /** What a person should know: phrases from this project. */
  readonly remarks: readonly string[];
}

/** A record that staf ignores. */
export interface NbftLeftOut {
  /** For a person: `discovery record 2`, or `discovery descriptor at position 2` if it could not be read. */
  readonly record: string;
  /** A phrase from this project: `it gives no address`. */
  readonly because: string;
}

export interface NbftDcs {
  readonly controllers: readonly NbftDc[];
  readonly leftOut: readonly NbftLeftOut[];
}

interface Refused {
  readonly ok: false;
  readonly because: string;
}

/** The outcome for one record. */
type Outcome = { readonly ok: true; readonly dc: NbftDc } | Refused;

interface Target {
  readonly ok: true;
  readonly transport: "tcp" | "rdma";
  readonly traddr: string;
  readonly trsvcid: string;
}

/** An interface's name; empty, with a remark, if it cannot be determined. */
interface Found {
  readonly name: string;
  readonly remark: string | undefined;
}

const NO_MAC = "00:00:00:00:00:00";

/**
 * The controllers to connect to, in table order, and why the other valid records are ignored. At most 255 of each.
 *
 * A missing interface leaves `hostIface` empty, so the record gets another transport id once the interface appears. The
 * caller decides when to ask again.
 *
 * @param ignoreIface the option `ignore-iface`: never bind to an interface
 */
export function discoveryControllersOf(
  table: NbftTable,
  interfaces: readonly HostInterface[],
  ignoreIface: boolean,
): NbftDcs {
  const controllers: NbftDc[] = [];
  const leftOut: NbftLeftOut[] = table.faults
    .filter(({ list }) => list === "discovery")
    .map(({ position, problem }) => ({
      record: `discovery descriptor at position ${String(position)}`,
      because: `it cannot be read (${problem})`,
    }));
  const recordOf = new Map<string, number>();
  for (const record of table.discoveryControllers) {
    const leaveOut = (because: string): void => {
      leftOut.push({ record: `discovery record ${String(record.index)}`, because });
    };
    const outcome = connectionOf(table, record, interfaces, ignoreIface);
    if (!outcome.ok) {
      leaveOut(outcome.because);
      continue;
    }
    const key = transportIdKey(outcome.dc.tid);
    const earlier = recordOf.get(key);
    if (earlier === undefined) {
      recordOf.set(key, record.index);
      controllers.push(outcome.dc);
    } else {
      leaveOut(`it asks for the same connection as record ${String(earlier)}`);
    }
  }
  return { controllers, leftOut };
}

function connectionOf(
  table: NbftTable,
  record: NbftDiscoveryController,
  interfaces: readonly HostInterface[],
  ignoreIface: boolean,
): Outcome {
  const { host } = table;
  const target = targetOf(table, record);
  if (!target.ok) return target;
  const { transport, traddr, trsvcid } = target;

  const needsScope = isLinkLocal(traddr) && parseIp(traddr)?.scope === "";
  const found = findInterface(table, record.hfi, interfaces);
  if (needsScope && found.name === "") {
    return { ok: false, because: `its address is link-local, and ${found.remark ?? "its interface is unknown"}` };
  }
  // The kernel accepts host_iface for tcp only. A scope already names the interface.
  const bindable = transport === "tcp" && !ignoreIface && (needsScope || !isLinkLocal(traddr));
  const remarks: string[] = [];
  if (bindable && found.remark !== undefined)
    remarks.push(`${found.remark}, so the routing table selects the interface`);
  if (nbftSecurityProfile(table, record.securityProfile)?.authentication === "required")
    remarks.push("it requires in-band authentication, which needs this host's key");
  const tid: TransportId = {
    transport,
    traddr: needsScope && !bindable ? `${traddr}%${found.name}` : traddr,
    trsvcid,
    subsysnqn: record.nqn === "" ? WELL_KNOWN_DISCOVERY_NQN : record.nqn,
    hostTraddr: "",
    hostIface: bindable ? found.name : "",
    hostNqn: host.nqnConfigured ? host.nqn : "",
  };
  return { ok: true, dc: { record: record.index, tid, hostId: host.nqnConfigured ? host.id : "", remarks } };
}

/** The target of a record, or the reason in the table for ignoring it. It does not depend on interfaces. */
function targetOf(table: NbftTable, { uri, nqn, securityProfile }: NbftDiscoveryController): Target | Refused {
  const { host } = table;
  if (uri === undefined || isUnspecified(uri.host)) return refuse("it gives no address");
  const { transport } = uri;
  // Other transports have neither host nor port.
  if (transport !== "tcp" && transport !== "rdma") return refuse("its transport is neither tcp nor rdma");
  if (nqn !== "" && !isNqn(nqn)) return refuse("its NQN is not valid");
  if (host.nqnConfigured && !isNqn(host.nqn)) return refuse("the host NQN in the table is not valid");
  if (securityProfile !== 0) {
    const profile = nbftSecurityProfile(table, securityProfile);
    // Without it, staf cannot tell whether the connection may be unencrypted.
    if (profile === undefined) return refuse(`its security profile ${String(securityProfile)} cannot be read`);
    if (profile.secureChannel === "required") {
      return refuse(
        "it requires TLS with a key that the table only points to: configure this controller in stafd.conf",
      );
    }
  }
  return {
    ok: true,
    transport,
    traddr: uri.host,
    trsvcid: uri.port === undefined ? DEFAULT_TRSVCID[transport] : String(uri.port),
  };
}

function refuse(because: string): Refused {
  return { ok: false, because };
}

/**
 * The interface of an HFI: the one with its MAC and VLAN. VLANs, bonds and bridges share the MAC of the interface below, so
 * of several the one with the firmware's address is chosen. An interface of unknown VLAN matches a tagged HFI only by that
 * address.
 */
function findInterface(table: NbftTable, index: number, interfaces: readonly HostInterface[]): Found {
  const hfi = nbftHfi(table, index);
  if (hfi === undefined || hfi.mac === NO_MAC) return { name: "", remark: "the table names no interface for it" };
  const sameMac = interfaces.filter(({ mac }) => mac.toLowerCase() === hfi.mac);
  if (sameMac.length === 0) return { name: "", remark: `no interface has the MAC address ${hfi.mac}` };
  const fitting = sameMac.filter((one) =>
    one.vlan === undefined ? hfi.vlan === 0 || owns(one, hfi) : one.vlan === hfi.vlan,
  );
  const [first, second] = fitting;
  if (first === undefined) {
    const where = hfi.vlan === 0 ? "outside a VLAN" : `on VLAN ${String(hfi.vlan)}`;
    return { name: "", remark: `no interface with the MAC address ${hfi.mac} is ${where}` };
  }
  if (second === undefined) return { name: first.name, remark: undefined };
  const owners = fitting.filter((one) => owns(one, hfi));
  const [owner] = owners;
  if (owner !== undefined && owners.length === 1) return { name: owner.name, remark: undefined };
  return { name: "", remark: `several interfaces have the MAC address ${hfi.mac}` };
}

function owns(one: HostInterface, hfi: NbftHfi): boolean {
  return hfi.address !== "" && one.addresses.some((address) => sameAddress(address, hfi.address));
}
