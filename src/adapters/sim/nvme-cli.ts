/**
 * nvme-cli next to the daemons. While nothing overrides its udev rule, the rule follows every discovery controller. It
 * starts a unit, which connects what the controller's page lists.
 */
import { decodeDiscoveryEntries } from "../../core/codec/discovery-log.js";
import { DISCOVERY_LSP, getLogPage, LID } from "../../core/codec/admin.js";
import { decodeUevent, isNvmeUevent, type Uevent } from "../../core/codec/uevent.js";
import { DISCOVERY_RECORD_BYTES, type DiscoveryLogEntry } from "../../core/domain/discovery-log.js";
import { Milliseconds } from "../../core/domain/units.js";
import { UDEV_OVERRIDE_PATH } from "../shared/udev-override.js";
import type { SimClock } from "./clock.js";
import type { KernelSide, SysfsReading } from "./kernel-ports.js";
import type { HostSpec } from "./spec.js";
import type { SimDisk } from "./store.js";
import type { UnitJobs } from "./system.js";

/** From a uevent to the command of a udev rule. Nominal, not measured. */
const RULE_TAKES = Milliseconds(5);

/** The most entries of a page that it reads. */
const ENTRIES_MAX = 64;

const ADMIN_TIMEOUT = Milliseconds(60_000);

/** The events that the rule reacts to, in any version of nvme-cli. */
const NEWS: ReadonlySet<string | undefined> = new Set(["connected", "rediscover"]);
const DISCOVERY_LOG_CHANGED = "0x70f002";

interface NvmeCliParts<Handle> {
  readonly host: HostSpec;
  readonly clock: SimClock;
  readonly kernel: KernelSide<Handle>;
  readonly sysfs: SysfsReading;
  readonly disk: SimDisk;
  readonly units: UnitJobs;
}

/** The options of one run of `nvme connect-all`. */
interface ConnectAll {
  readonly device: string;
  readonly hostTraddr: string;
  readonly hostIface: string;
}

export class NvmeCli<Handle> {
  readonly #parts: NvmeCliParts<Handle>;

  constructor(parts: NvmeCliParts<Handle>) {
    this.#parts = parts;
  }

  /** Runs the rule on a uevent. A start is lost while the unit runs. */
  uevent(message: Uint8Array): void {
    const { clock, disk, units } = this.#parts;
    if (!isNvmeUevent(message)) return;
    const { action, properties } = decodeUevent(message);
    const isNews = NEWS.has(properties.get("NVME_EVENT")) || properties.get("NVME_AEN") === DISCOVERY_LOG_CHANGED;
    if (action !== "change" || !isNews) return;
    clock.after(RULE_TAKES, () => {
      if (!disk.read(UDEV_OVERRIDE_PATH).ok && this.#isDiscovery(properties.get("DEVNAME") ?? ""))
        units.start(unitOf(properties));
    });
  }

  /** A unit's job begins. If it is the rule's unit, runs `nvme connect-all`. */
  run(unit: string): void {
    const asked = parseUnit(unit);
    if (asked === undefined) return;
    const { kernel } = this.#parts;
    const opened = kernel.openHandle(asked.device, "admin");
    if (!opened.ok) return;
    const length = DISCOVERY_RECORD_BYTES * (1 + ENTRIES_MAX);
    const command = getLogPage({
      lid: LID.discovery,
      lsp: DISCOVERY_LSP.none,
      rae: "clear",
      offset: 0,
      length,
      timeout: ADMIN_TIMEOUT,
    });
    kernel.admin(opened.handle, command, (result) => {
      kernel.closeHandle(opened.handle);
      if (!result.ok || result.status !== 0) return;
      this.#connect(asked, decodeDiscoveryEntries(result.bytes.subarray(DISCOVERY_RECORD_BYTES)));
    });
  }

  /** Connects the entries one after the other. Ignores failures, such as an existing connection. */
  #connect(asked: ConnectAll, [entry, ...others]: readonly DiscoveryLogEntry[]): void {
    if (entry === undefined) return;
    if (entry.subtype !== "nvme" || typeof entry.trtype === "number") {
      this.#connect(asked, others);
      return;
    }
    const { nqn, id } = this.#parts.host;
    const options = [
      ["nqn", entry.subnqn],
      ["transport", entry.trtype],
      ["traddr", entry.traddr],
      ["trsvcid", entry.trsvcid],
      ["host_traddr", asked.hostTraddr],
      ["host_iface", asked.hostIface],
      ["hostnqn", nqn],
      ["hostid", id],
    ] as const;
    const given = options.filter(([, value]) => value !== "").map(([key, value]) => `${key}=${value}`);
    this.#parts.kernel.connect("nvme-cli", "nvme-cli", given.join(","), () => {
      this.#connect(asked, others);
    });
  }

  #isDiscovery(device: string): boolean {
    return this.#parts.sysfs.read(device)?.attributes.cntrltype?.trim() === "discovery";
  }
}

/** The unit for an event. Its options are escaped as in systemd.unit(5). */
function unitOf(properties: Uevent["properties"]): string {
  const option = (name: string, key: string): string => String.raw`--${name}\x3d${properties.get(key) ?? ""}`;
  const options = [
    option("device", "DEVNAME"),
    option("transport", "NVME_TRTYPE"),
    option("traddr", "NVME_TRADDR"),
    option("trsvcid", "NVME_TRSVCID"),
    option("host-traddr", "NVME_HOST_TRADDR"),
    option("host-iface", "NVME_HOST_IFACE"),
  ];
  return `nvmf-connect@${options.join(String.raw`\x09`)}.service`;
}

/** Reads the options of a unit, as systemd or nvme-cli's rule spells them. Returns `undefined` if it names no device. */
function parseUnit(unit: string): ConnectAll | undefined {
  const escaped = /^nvmf-connect@(.+)\.service$/u.exec(unit)?.[1];
  if (escaped === undefined) return undefined;
  const text = escaped
    .replaceAll("\\t", "\t")
    .replace(/\\x([0-9a-f]{2})/gu, (_all, code: string) => String.fromCharCode(parseInt(code, 16)));
  const options = new Map<string, string>();
  for (const part of text.split("\t")) {
    const [name = "", value = ""] = part.split("=", 2);
    options.set(name, value === "none" ? "" : value);
  }
  const device = options.get("--device") ?? "";
  if (device === "") return undefined;
  return { device, hostTraddr: options.get("--host-traddr") ?? "", hostIface: options.get("--host-iface") ?? "" };
}
