/**
 * The discovery controllers that an NVMe Boot Firmware Table asks staf to connect to. Pure.
 *
 * As nvme-stas has it, all valid discovery records are taken, those that firmware used and those that it did not; the
 * subsystems are left to whoever booted from them. Beyond nvme-stas: a record without NQN means the well-known one and a
 * URI without port the default one (it wrote `None`), HFIs are found by their index and not by their place, and an
 * interface by VLAN and address as well as by MAC.
 */
import { isLinkLocal, isUnspecified, parseIp, sameAddress } from "../domain/ip-address.js";
import { nbftHfi, nbftSecurityProfile } from "../domain/nbft.js";
import type { NbftDiscoveryController, NbftHfi, NbftTable } from "../domain/nbft.js";
import { isNqn } from "../domain/nqn.js";
import { DEFAULT_TRSVCID, transportIdKey, WELL_KNOWN_DISCOVERY_NQN } from "../domain/transport-id.js";
import type { TransportId } from "../domain/transport-id.js";
import type { NetworkInterface } from "../ports/network.js";

/** An interface, and the VLAN that it stands for: 0 is none, and absent is not known. */
export interface HostInterface extends NetworkInterface {
  readonly vlan?: number | undefined;
}

/** A discovery controller to connect to. */
export interface NbftDc {
  /** Index of its record. */
  readonly record: number;
  /**
   * `traddr` may be a host name, to be resolved as that of a `controller` line. `hostTraddr` is empty: firmware's own
   * address may be gone (DHCP), and the interface says enough. `hostNqn` is empty where the table's is a mere default.
   */
  readonly tid: TransportId;
  /**
   * The host id that goes with `hostNqn`, and is empty without it. The kernel refuses a host NQN with another host id
   * than it knows it with, and firmware's own connections were made with this one.
   */
  readonly hostId: string;
  /** What a person should know: phrases of ours. */
  readonly remarks: readonly string[];
}

/** A record that nothing is connected for. */
export interface NbftLeftOut {
  /** As a person finds it: `discovery record 2`, or `discovery descriptor at position 2` where it could not be read. */
  readonly record: string;
  /** A phrase of ours: `it gives no address`. */
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

/** What becomes of one record. */
type Taken = { readonly ok: true; readonly dc: NbftDc } | Refused;

interface Target {
  readonly ok: true;
  readonly transport: "tcp" | "rdma";
  readonly traddr: string;
  readonly trsvcid: string;
}

/** An interface's name, empty with a remark where none can be told. */
interface Found {
  readonly name: string;
  readonly remark: string | undefined;
}

const NO_MAC = "00:00:00:00:00:00";

/**
 * What to connect to, in the table's order, and why the other valid records are left out. At most 255 of both.
 *
 * An interface that is not there yet leaves `hostIface` empty, and so makes another transport id than the same record
 * will have once it is: the caller decides when to ask again.
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
    const taken = takeUp(table, record, interfaces, ignoreIface);
    if (!taken.ok) {
      leaveOut(taken.because);
      continue;
    }
    const key = transportIdKey(taken.dc.tid);
    const earlier = recordOf.get(key);
    if (earlier === undefined) {
      recordOf.set(key, record.index);
      controllers.push(taken.dc);
    } else {
      leaveOut(`it asks for the same connection as record ${String(earlier)}`);
    }
  }
  return { controllers, leftOut };
}

function takeUp(
  table: NbftTable,
  record: NbftDiscoveryController,
  interfaces: readonly HostInterface[],
  ignoreIface: boolean,
): Taken {
  const { host } = table;
  const target = targetOf(table, record);
  if (!target.ok) return target;
  const { transport, traddr, trsvcid } = target;

  const needsScope = isLinkLocal(traddr) && parseIp(traddr)?.scope === "";
  const found = findInterface(table, record.hfi, interfaces);
  if (needsScope && found.name === "") {
    return { ok: false, because: `its address is link-local, and ${found.remark ?? "its interface is not known"}` };
  }
  // The kernel takes host_iface for tcp alone. A scope names the interface already.
  const bindable = transport === "tcp" && !ignoreIface && (needsScope || !isLinkLocal(traddr));
  const remarks: string[] = [];
  if (bindable && found.remark !== undefined) remarks.push(`${found.remark}: routes decide where it goes out`);
  if (nbftSecurityProfile(table, record.securityProfile)?.authentication === "required")
    remarks.push("it asks for in-band authentication, which needs a key of this host");
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

/** Where a record leads, or what stands in the table that keeps it from being connected, whatever the interfaces. */
function targetOf(table: NbftTable, { uri, nqn, securityProfile }: NbftDiscoveryController): Target | Refused {
  const { host } = table;
  if (uri === undefined || isUnspecified(uri.host)) return refuse("it gives no address");
  const { transport } = uri;
  // The others have neither host nor port.
  if (transport !== "tcp" && transport !== "rdma") return refuse("its transport is neither tcp nor rdma");
  if (nqn !== "" && !isNqn(nqn)) return refuse("its NQN is none");
  if (host.nqnConfigured && !isNqn(host.nqn)) return refuse("the host NQN that the table has for it is none");
  if (securityProfile !== 0) {
    const profile = nbftSecurityProfile(table, securityProfile);
    // Without it nobody knows whether the connection may be made in the clear.
    if (profile === undefined) return refuse(`its security profile ${String(securityProfile)} cannot be read`);
    if (profile.secureChannel === "required") {
      return refuse(
        "it asks for TLS with a key that the table only points at: configure this controller in stafd.conf",
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
 * The interface of an HFI: the one with its MAC and VLAN. VLANs, bonds and bridges share the MAC of what they stand on,
 * so of several it is the one that has the address which firmware had. An interface whose VLAN is not known is taken for
 * a tagged HFI with that address only.
 */
function findInterface(table: NbftTable, index: number, interfaces: readonly HostInterface[]): Found {
  const hfi = nbftHfi(table, index);
  if (hfi === undefined || hfi.mac === NO_MAC) return { name: "", remark: "the table tells of no interface for it" };
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
