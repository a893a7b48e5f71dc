/**
 * The kernel's own NVMe target (nvmet), configured through configfs. Every call writes at once, and throws the file
 * system's error if the kernel refuses. The kernel itself notifies connected hosts of changes (AEN).
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { WELL_KNOWN_DISCOVERY_NQN } from "../../../src/core/domain/transport-id.js";
import type { NetworkNamespace } from "./network.js";

/** A port of the target. It listens only while a subsystem is linked to it. */
interface TargetPort {
  readonly id: number;
  /** An IP address; for `fc` the kernel's `nn-0x...:pn-0x...`; absent for `loop`. */
  readonly traddr?: string;
  readonly trsvcid?: number;
  /** Default `ipv4`, or `ipv6` if the address has a colon. */
  readonly adrfam?: "ipv4" | "ipv6" | "fc" | "loop";
  /** Default `tcp`. */
  readonly trtype?: "tcp" | "rdma" | "loop" | "fc";
}

interface SubsystemOptions {
  /** At most 20 characters. By default the kernel generates one. */
  readonly serial?: string;
  readonly model?: string;
  /** `any` (the default): any host may connect. `allow-list`: only hosts that `allow` adds. */
  readonly hosts?: "any" | "allow-list";
}

interface Referral {
  readonly traddr: string;
  readonly trsvcid: number;
  readonly adrfam?: "ipv4" | "ipv6";
  /** Default 0. */
  readonly portId?: number;
}

/** A host's DH-HMAC-CHAP keys, as `DHHC-1:..:...:` texts. */
interface DhchapKeys {
  readonly key: string;
  /** The target's own key, for bidirectional authentication. */
  readonly controllerKey?: string;
  /** Default: the kernel's, `hmac(sha256)`. */
  readonly hash?: string;
  /** Default: the kernel's, `null`. */
  readonly dhGroup?: string;
}

export class Target {
  readonly #root: string;

  constructor(root = "/sys/kernel/config/nvmet") {
    this.#root = root;
  }

  /** Makes a subsystem without namespaces. */
  subsystem(nqn: string, options: SubsystemOptions = {}): void {
    mkdirSync(`${this.#root}/subsystems/${nqn}`);
    this.allowAnyHost(nqn, (options.hosts ?? "any") === "any");
    if (options.serial !== undefined) this.#write(`subsystems/${nqn}/attr_serial`, options.serial);
    if (options.model !== undefined) this.#write(`subsystems/${nqn}/attr_model`, options.model);
  }

  /** Removes a subsystem with its namespaces and host list. It must not be linked to a port. */
  removeSubsystem(nqn: string): void {
    for (const host of this.#list(`subsystems/${nqn}/allowed_hosts`)) this.disallow(nqn, host);
    for (const nsid of this.#list(`subsystems/${nqn}/namespaces`)) this.removeNamespace(nqn, Number(nsid));
    rmdirSync(`${this.#root}/subsystems/${nqn}`);
  }

  /** Sets any attribute of a subsystem, such as `attr_cntlid_min`. */
  subsystemAttribute(nqn: string, name: string, value: string | number): void {
    this.#write(`subsystems/${nqn}/${name}`, value);
  }

  /** Adds an enabled namespace on a block device (`/dev/ram0` to `/dev/ram7`, `/dev/nullb0`) or an existing regular file. */
  namespace(nqn: string, nsid: number, backing: string, uuid?: string): void {
    const folder = `subsystems/${nqn}/namespaces/${nsid}`;
    mkdirSync(`${this.#root}/${folder}`);
    this.#write(`${folder}/device_path`, backing);
    if (!backing.startsWith("/dev/")) this.#write(`${folder}/buffered_io`, 1);
    if (uuid !== undefined) this.#write(`${folder}/device_uuid`, uuid);
    this.#write(`${folder}/enable`, 1);
  }

  removeNamespace(nqn: string, nsid: number): void {
    this.#write(`subsystems/${nqn}/namespaces/${nsid}/enable`, 0);
    rmdirSync(`${this.#root}/subsystems/${nqn}/namespaces/${nsid}`);
  }

  port(port: TargetPort): void {
    const folder = `ports/${port.id}`;
    const trtype = port.trtype ?? "tcp";
    mkdirSync(`${this.#root}/${folder}`);
    this.#write(`${folder}/addr_trtype`, trtype);
    this.#write(`${folder}/addr_adrfam`, port.adrfam ?? familyOf(trtype, port.traddr));
    if (port.traddr !== undefined) this.#write(`${folder}/addr_traddr`, port.traddr);
    if (port.trsvcid !== undefined) this.#write(`${folder}/addr_trsvcid`, port.trsvcid);
  }

  /** Removes a port with its links and referrals. */
  removePort(id: number): void {
    for (const nqn of this.#list(`ports/${id}/subsystems`)) this.unlink(id, nqn);
    for (const name of this.#list(`ports/${id}/referrals`)) this.removeReferral(id, name);
    rmdirSync(`${this.#root}/ports/${id}`);
  }

  /**
   * Links a subsystem to a port. The first link makes the port listen. The listening socket belongs to the network
   * namespace of the process that links, so for an address in another namespace, pass that namespace as `inside`.
   */
  link(portId: number, nqn: string, inside?: NetworkNamespace): void {
    const from = `${this.#root}/subsystems/${nqn}`;
    const to = `${this.#root}/ports/${portId}/subsystems/${nqn}`;
    if (inside === undefined) symlinkSync(from, to);
    else inside.run("ln", ["-s", from, to]);
  }

  /** Unlinks a subsystem. Without its last link, the port stops listening and drops its discovery controllers. */
  unlink(portId: number, nqn: string): void {
    unlinkSync(`${this.#root}/ports/${portId}/subsystems/${nqn}`);
  }

  referral(portId: number, name: string, referral: Referral): void {
    const folder = `ports/${portId}/referrals/${name}`;
    mkdirSync(`${this.#root}/${folder}`);
    this.#write(`${folder}/addr_trtype`, "tcp");
    this.#write(`${folder}/addr_adrfam`, referral.adrfam ?? familyOf("tcp", referral.traddr));
    this.#write(`${folder}/addr_traddr`, referral.traddr);
    this.#write(`${folder}/addr_trsvcid`, referral.trsvcid);
    this.#write(`${folder}/addr_portid`, referral.portId ?? 0);
    this.#write(`${folder}/enable`, 1);
  }

  removeReferral(portId: number, name: string): void {
    this.#write(`ports/${portId}/referrals/${name}/enable`, 0);
    rmdirSync(`${this.#root}/ports/${portId}/referrals/${name}`);
  }

  allowAnyHost(nqn: string, allowed: boolean): void {
    this.#write(`subsystems/${nqn}/attr_allow_any_host`, allowed ? 1 : 0);
  }

  /** Adds a host to a subsystem's allow list, and to the target if it is new. */
  allow(nqn: string, hostNqn: string): void {
    this.#host(hostNqn);
    symlinkSync(`${this.#root}/hosts/${hostNqn}`, `${this.#root}/subsystems/${nqn}/allowed_hosts/${hostNqn}`);
  }

  disallow(nqn: string, hostNqn: string): void {
    unlinkSync(`${this.#root}/subsystems/${nqn}/allowed_hosts/${hostNqn}`);
  }

  /** Sets the keys that a host must authenticate with at subsystems that have it on their allow list. */
  dhchap(hostNqn: string, keys: DhchapKeys): void {
    this.#host(hostNqn);
    this.#write(`hosts/${hostNqn}/dhchap_key`, keys.key);
    if (keys.controllerKey !== undefined) this.#write(`hosts/${hostNqn}/dhchap_ctrl_key`, keys.controllerKey);
    if (keys.hash !== undefined) this.#write(`hosts/${hostNqn}/dhchap_hash`, keys.hash);
    if (keys.dhGroup !== undefined) this.#write(`hosts/${hostNqn}/dhchap_dhgroup`, keys.dhGroup);
  }

  /** Sets the NQN that discovery controllers report. Returns false if the kernel lacks the setting (before 6.5). */
  discoveryNqn(nqn: string): boolean {
    if (!existsSync(`${this.#root}/discovery_nqn`)) return false;
    if (readFileSync(`${this.#root}/discovery_nqn`, "utf8").trim() !== nqn) this.#write("discovery_nqn", nqn);
    return true;
  }

  /** Removes the whole target, in the order that configfs requires. */
  reset(): void {
    for (const id of this.#list("ports")) this.removePort(Number(id));
    for (const nqn of this.#list("subsystems")) if (!this.#isDiscovery(nqn)) this.removeSubsystem(nqn);
    for (const host of this.#list("hosts")) rmdirSync(`${this.#root}/hosts/${host}`);
    this.discoveryNqn(WELL_KNOWN_DISCOVERY_NQN);
  }

  #host(hostNqn: string): void {
    if (!existsSync(`${this.#root}/hosts/${hostNqn}`)) mkdirSync(`${this.#root}/hosts/${hostNqn}`);
  }

  /** The kernel may list its own discovery subsystem, which cannot be removed. */
  #isDiscovery(nqn: string): boolean {
    return nqn === WELL_KNOWN_DISCOVERY_NQN;
  }

  #list(path: string): string[] {
    return existsSync(`${this.#root}/${path}`) ? readdirSync(`${this.#root}/${path}`).sort() : [];
  }

  #write(path: string, value: string | number): void {
    writeFileSync(`${this.#root}/${path}`, String(value));
  }
}

function familyOf(trtype: string, traddr: string | undefined): string {
  if (trtype !== "tcp" && trtype !== "rdma") return trtype;
  return traddr?.includes(":") === true ? "ipv6" : "ipv4";
}
