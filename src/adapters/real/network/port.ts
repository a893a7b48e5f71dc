import { errnoName } from "../../../core/domain/errno.js";
import type { LogPort } from "../../../core/ports/log.js";
import type { HostInfo, NetworkInterface, NetworkPort, ProbeTarget } from "../../../core/ports/network.js";
import type { RequestId } from "../../../core/ports/request.js";
import type { Deliver } from "../deliver.js";
import type { Libc } from "../libc.js";
import type { FdWatcher } from "../watcher.js";
import { COMPARE_PERIOD, openKernelHints, PeriodicHints, type ChangeHints } from "./changes.js";
import { OS_RELEASE, readHostInfo } from "./host-info.js";
import { interfaceIndex, listInterfaces, listWithoutLibc, SYS_CLASS_NET } from "./interfaces.js";
import { PlainProber } from "./plain-probe.js";
import { SocketProber, type Prober } from "./probe.js";
import { NameResolver, type Lookup } from "./resolver.js";

export interface RealNetworkOptions {
  /** `undefined`: the port does what it can without the C library. */
  readonly libc: Libc | undefined;
  readonly watcher: FdWatcher | undefined;
  readonly deliver: Deliver;
  readonly log: LogPort;
  /** Replaces /sys/class/net. */
  readonly sysClassNet?: string;
  /** Replaces /etc/os-release and /usr/lib/os-release. */
  readonly osRelease?: readonly string[];
  /** Replaces getaddrinfo. */
  readonly lookup?: Lookup;
}

/**
 * The network of this host. Without the C library, an interface without carrier shows no address, changes are noticed within
 * `COMPARE_PERIOD`, and a probe bound to an interface is answered `ok` without a try.
 */
export class RealNetwork implements NetworkPort {
  readonly #deliver: Deliver;
  readonly #log: LogPort;
  readonly #libc: Libc | undefined;
  readonly #sysClassNet: string;
  readonly #osRelease: readonly string[];
  readonly #resolver: NameResolver;
  readonly #prober: Prober;
  /** The last listing. It still counts while the kernel does not answer. */
  #listed: readonly NetworkInterface[] = [];
  /** The listing last reported to the core, as JSON. */
  #told: string;
  #hints: ChangeHints;
  #open = true;

  /** Starts to watch. Changes count against the listing of this moment. */
  constructor(options: RealNetworkOptions) {
    const { libc, watcher, deliver, log, lookup, sysClassNet = SYS_CLASS_NET, osRelease = OS_RELEASE } = options;
    this.#deliver = deliver;
    this.#log = log;
    this.#libc = libc;
    this.#sysClassNet = sysClassNet;
    this.#osRelease = osRelease;
    this.#resolver = new NameResolver(lookup);
    if (libc === undefined || watcher === undefined) {
      this.#prober = new PlainProber();
      this.#hints = this.#periodic();
    } else {
      const indexOf = (name: string): number | undefined => interfaceIndex(sysClassNet, name);
      this.#prober = new SocketProber({ libc, watcher, indexOf });
      this.#hints = this.#fromKernel(libc, watcher);
    }
    this.#told = JSON.stringify(this.interfaces());
  }

  interfaces(): readonly NetworkInterface[] {
    const { listed, failure } = this.#list();
    if (failure !== undefined) {
      const text = `the kernel does not list the network interfaces (${errnoName(failure)}): the daemon uses the last known list`;
      this.#log.write({ level: "warning", text });
    }
    this.#listed = listed;
    return listed;
  }

  hostInfo(): HostInfo {
    return readHostInfo(this.#osRelease);
  }

  /** Answers within `RESOLVE_TIMEOUT`. For errors see `NameResolver`. */
  resolve(request: RequestId, name: string): void {
    this.#resolver.resolve(name, (result) => {
      this.#deliver({ kind: "resolved", request, result });
    });
  }

  /** For errors see `Prober`. */
  probe(request: RequestId, target: ProbeTarget): void {
    this.#prober.probe(target, (result) => {
      this.#deliver({ kind: "probed", request, result });
    });
  }

  /** Ends everything in progress, without a further event. */
  close(): void {
    this.#open = false;
    this.#hints.close();
    this.#resolver.close();
    this.#prober.close();
  }

  #list(): { readonly listed: readonly NetworkInterface[]; readonly failure?: number } {
    if (this.#libc === undefined) return { listed: listWithoutLibc(this.#sysClassNet) };
    const answer = listInterfaces(this.#libc);
    if (answer.ok) return { listed: answer.interfaces };
    // An unknown list is not an empty one.
    const listed = this.#listed.length > 0 ? this.#listed : listWithoutLibc(this.#sysClassNet);
    return { listed, failure: answer.errno };
  }

  #periodic(): ChangeHints {
    return new PeriodicHints(() => {
      this.#compare();
    });
  }

  #fromKernel(libc: Libc, watcher: FdWatcher): ChangeHints {
    const hint = (): void => {
      this.#compare();
    };
    const broken = (errno: number): void => {
      this.#reportDeaf(errno);
      this.#hints = this.#periodic();
    };
    const opened = openKernelHints(libc, watcher, { hint, broken });
    if (opened.ok) return opened.hints;
    this.#reportDeaf(opened.errno);
    return this.#periodic();
  }

  #reportDeaf(errno: number): void {
    const text = `the kernel does not report changes of network interfaces (${errnoName(errno)}): the daemon compares them every ${COMPARE_PERIOD / 1000} s instead`;
    this.#log.write({ level: "warning", text });
  }

  #compare(): void {
    if (!this.#open) return;
    const now = JSON.stringify(this.interfaces());
    if (now === this.#told) return;
    this.#told = now;
    this.#deliver({ kind: "network-changed" });
  }
}
