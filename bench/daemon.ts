/**
 * The daemon's own time from an AEN to the connect that follows: the core behind the real clock, sysfs, fabrics and
 * store, with files in place of the kernel's. No network and no kernel is involved.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { ADMIN_FIELD } from "../src/adapters/real/admin.js";
import { RealClock } from "../src/adapters/real/clock.js";
import { RealFabrics } from "../src/adapters/real/fabrics.js";
import { HandleTable } from "../src/adapters/real/handles.js";
import type { CallResult } from "../src/adapters/real/libc.js";
import { EventLoop } from "../src/adapters/real/loop.js";
import { RealStore } from "../src/adapters/real/store.js";
import { RealSysfs } from "../src/adapters/real/sysfs.js";
import { SecretVault } from "../src/adapters/shared/secrets.js";
import { LID } from "../src/core/codec/admin.js";
import { encodeDiscoveryEntry, encodeDiscoveryHeader } from "../src/core/codec/discovery-log.js";
import { decodeOptionString, encodeConnectReply } from "../src/core/codec/fabrics-options.js";
import { encodeUevent } from "../src/core/codec/uevent.js";
import { Core } from "../src/core/core.js";
import { WELL_KNOWN_DISCOVERY_NQN } from "../src/core/domain/transport-id.js";
import { RECONCILE_SOAK } from "../src/core/domain/limits.js";
import type { CoreEvent, Ports } from "../src/core/ports/index.js";
import type { RequestId } from "../src/core/ports/request.js";
import { FakeLibc } from "../test/unit/real/fake-libc.js";
import { HostTree } from "../test/unit/real/tree.js";
import type { Row } from "./row.js";

const VOLUMES = 50;
const ROUNDS = 5;
const BUDGET_MS = 20;

/** By then everything that a connection triggers is done, and no soak runs. */
const BETWEEN_MS = RECONCILE_SOAK + 200;

/** The answer of the kernel's target to a log page that it does not have (6.12-cloud.s1.log). */
const INVALID_FIELD = 0x6002;

const HOST = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555";
const OPTION_LINE =
  "instance=-1,cntlid=-1,transport=%s,traddr=%s,trsvcid=%s,nqn=%s,keep_alive_tmo=%d,hostnqn=%s,hostid=%s,host_traddr=%s,host_iface=%s,discovery\n";

/** A discovery controller and its volumes, as `/dev/nvme-fabrics`, `/dev/nvmeN` and sysfs show them. */
class FakeKernel {
  readonly tree = new HostTree();
  readonly libc = new FakeLibc();
  readonly device = join(this.tree.root, "dev/nvme-fabrics");
  #connected = 0;
  #page = Buffer.alloc(0);

  constructor() {
    writeFileSync(this.device, OPTION_LINE);
    this.libc.onIoctl = (_fd, _request, command) => Promise.resolve(this.#admin(Buffer.from(command.buffer)));
  }

  list(volumes: number): void {
    const entries = Array.from({ length: volumes }, (_, volume) =>
      encodeDiscoveryEntry(
        {
          ...{ trtype: "tcp", adrfam: 1, subtype: "nvme", treq: 4, portid: 1, cntlid: 0xffff, asqsz: 32, eflags: 0 },
          ...{ trsvcid: "8009", traddr: "127.0.0.1", subnqn: `nqn.2024-01.io.example:vol${String(volume)}`, tsas: "" },
        },
        "nul",
      ),
    );
    const header = encodeDiscoveryHeader({ genctr: String(volumes), numrec: volumes, recfmt: 0 });
    this.#page = Buffer.concat([header, ...entries]);
  }

  /** Creates the controller of a connect string and returns the reply. */
  connect(options: string): string {
    const given = decodeOptionString(options);
    const nqn = given.get("nqn") ?? "";
    const instance = this.#connected++;
    this.tree.add(`nvme${String(instance)}`, {
      address: `traddr=${given.get("traddr") ?? ""},trsvcid=${given.get("trsvcid") ?? ""},src_addr=127.0.0.1\n`,
      cntlid: `${String(instance + 1)}\n`,
      cntrltype: nqn === WELL_KNOWN_DISCOVERY_NQN ? "discovery\n" : "io\n",
      dctype: "none\n",
      hostnqn: `${HOST}\n`,
      subsysnqn: `${nqn}\n`,
      transport: "tcp\n",
      state: "live\n",
    });
    return encodeConnectReply({ instance, cntlid: instance + 1 });
  }

  #admin(command: Buffer): CallResult {
    const word = (field: keyof typeof ADMIN_FIELD): number => command.readUInt32LE(ADMIN_FIELD[field]);
    if ((word("cdw10") & 0xff) !== LID.discovery) return { ok: true, value: INVALID_FIELD };
    const data = this.libc.at(command.readBigUInt64LE(ADMIN_FIELD.data));
    data.set(this.#page.subarray(word("cdw12"), word("cdw12") + data.length));
    return { ok: true, value: 0 };
  }
}

/** The core on this fake kernel. */
class FakeHost {
  readonly #kernel = new FakeKernel();
  readonly #connects = new Map<RequestId, string>();
  readonly #clock: RealClock;
  readonly #loop = new EventLoop({
    crashed(error) {
      throw error;
    },
    gaveUp: () => undefined,
  });
  #seqnum = 1;
  #awaited: { readonly connects: number; readonly done: () => void } | undefined;
  #written = 0;

  constructor() {
    this.#clock = new RealClock(this.#deliver);
    this.#kernel.list(VOLUMES);
    this.#loop.start(new Core(this.#ports(), "both"));
  }

  /** Resolves once this many connects were written since the host started. */
  connects(count: number): Promise<void> {
    return new Promise((done) => {
      this.#awaited = { connects: count, done };
      this.#told();
    });
  }

  /** Lists this many volumes, and sends the AEN. */
  event(volumes: number): void {
    this.#kernel.list(volumes);
    const properties = new Map([
      ["NVME_AEN", "0x70f002"],
      ["NVME_TRTYPE", "tcp"],
      ["DEVNAME", "nvme0"],
    ]);
    const devpath = "/devices/virtual/nvme-fabrics/ctl/nvme0";
    const message = encodeUevent({ action: "change", devpath, subsystem: "nvme", seqnum: this.#seqnum++, properties });
    this.#loop.deliver({ kind: "uevent", message });
  }

  end(): void {
    this.#loop.stop();
    this.#clock.close();
    this.#kernel.tree.end();
  }

  /** The fake kernel's reply replaces that of the file. */
  readonly #deliver = (event: CoreEvent): void => {
    const options = event.kind === "fabrics-reply" ? this.#connects.get(event.request) : undefined;
    if (event.kind !== "fabrics-reply" || options === undefined) {
      this.#loop.deliver(event);
      return;
    }
    this.#written += 1;
    this.#told();
    this.#loop.deliver({ ...event, result: { ok: true, text: this.#kernel.connect(options) } });
  };

  #told(): void {
    if (this.#awaited !== undefined && this.#written >= this.#awaited.connects) this.#awaited.done();
  }

  #ports(): Ports {
    const { tree, libc, device } = this.#kernel;
    const deliver = this.#deliver;
    const vault = new SecretVault();
    const handles = new HandleTable();
    const fabrics = new RealFabrics({ handles, deliver, vault, libc, device });
    return {
      clock: this.#clock,
      sysfs: new RealSysfs({ handles, deliver, root: tree.root }),
      fabrics: {
        readOptions: (request) => {
          fabrics.readOptions(request);
        },
        admin: (request, handle, command) => {
          fabrics.admin(request, handle, command);
        },
        connect: (request, options) => {
          this.#connects.set(request, options);
          fabrics.connect(request, options);
        },
      },
      store: new RealStore(deliver, vault, configurationIn(tree.root)),
      ...this.#surroundings(),
    };
  }

  /** Ports that an AEN does not wait for: every address answers, and nothing listens. */
  #surroundings(): Pick<Ports, "network" | "bus" | "system" | "log" | "mdns" | "dnssd"> {
    const nothing = (): void => undefined;
    return {
      network: {
        interfaces: () => [{ name: "lo", mac: "", addresses: ["127.0.0.1"] }],
        hostInfo: () => ({ kernel: "Linux", hostName: "bench", osName: "", osVersion: "" }),
        resolve: nothing,
        probe: (request) => {
          this.#loop.deliver({ kind: "probed", request, result: { ok: true } });
        },
      },
      bus: { call: nothing, subscribe: nothing, reply: nothing, emit: nothing },
      system: {
        notify: nothing,
        restartUnit: nothing,
        writeUdevOverride: nothing,
        removeUdevOverride: nothing,
        exit: nothing,
      },
      log: { setDebug: () => undefined, write: nothing },
      mdns: { send: nothing, leave: nothing },
      dnssd: { browse: nothing },
    };
  }
}

function configurationIn(root: string): { readonly config: string; readonly run: string } {
  const roots = { config: join(root, "etc"), run: join(root, "run") };
  for (const path of Object.values(roots)) mkdirSync(path);
  const id = "11111111-2222-3333-4444-555555555555";
  writeFileSync(join(roots.config, "sys.conf"), `[Host]\nnqn=${HOST}\nid=${id}\n`);
  const controller = "transport=tcp;traddr=127.0.0.1;trsvcid=8009";
  writeFileSync(join(roots.config, "stafd.conf"), `[Controllers]\ncontroller=${controller}\n`);
  writeFileSync(join(roots.config, "stacd.conf"), "[Global]\n");
  return roots;
}

/** From an AEN to the connect of the new volume: the median of some rounds, each with one more volume. */
export async function eventRow(): Promise<Row> {
  const host = new FakeHost();
  const took: number[] = [];
  await host.connects(1 + VOLUMES);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await pause(BETWEEN_MS);
    const began = performance.now();
    host.event(VOLUMES + round);
    await host.connects(1 + VOLUMES + round);
    took.push(performance.now() - began - RECONCILE_SOAK);
  }
  await pause(BETWEEN_MS);
  host.end();
  const median = took.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  return {
    what: `from AEN to connect written, ${String(VOLUMES)} connected, soak excluded`,
    measured: `${median.toFixed(1)} ms`,
    budget: `< ${String(BUDGET_MS)} ms`,
    met: median < BUDGET_MS,
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
