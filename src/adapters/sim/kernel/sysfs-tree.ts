/** `/sys/class/nvme` of the simulated kernel, read directly from its controllers. */
import { formatAddress } from "../../../core/codec/sysfs.js";
import { discoveryControllerType } from "../../../core/codec/identify.js";
import type { AttributeFs } from "../../shared/sysfs-reader.js";
import { NVME_CLASS } from "../../shared/sysfs-reader.js";
import { MODEL } from "../fabric/pages.js";
import type { ControllerState } from "../observation.js";
import type { RandomStream } from "../random.js";
import type { Controller } from "./controller.js";
import { shownCtrlLossTmo } from "./options.js";
import type { KernelProfile } from "./profiles.js";
import type { Registry } from "./registry.js";

/** A path does not exist, or is of the wrong type. `code` as in Node's own errors. */
class SysfsError extends Error {
  override readonly name = "SysfsError";
  readonly code: "ENOENT" | "ENOTDIR";

  constructor(code: "ENOENT" | "ENOTDIR") {
    super(code);
    this.code = code;
  }
}

// One shared object, because a stack trace per missing attribute costs more than a whole read.
const NOT_THERE = new SysfsError("ENOENT");

/** Constants, so that equal texts are the same string: they are compared often. */
const STATE_TEXTS: Readonly<Record<ControllerState, string>> = {
  new: "new\n",
  live: "live\n",
  resetting: "resetting\n",
  connecting: "connecting\n",
  deleting: "deleting\n",
  "deleting (no IO)": "deleting (no IO)\n",
  dead: "dead\n",
};

const MODEL_WIDTH = 40;
const DCTYPE = { plain: 0, ddc: 1, cdc: 2 } as const;

function addressText(controller: Controller, profile: KernelProfile): string {
  const { options } = controller;
  return formatAddress({
    traddr: options.traddr,
    trsvcid: options.trsvcid,
    hostTraddr: options.hostTraddr,
    hostIface: options.hostIface,
    srcAddr: profile.hasSrcAddr ? controller.srcAddr : "",
  });
}

function ueventText(controller: Controller, profile: KernelProfile): string {
  const { options } = controller;
  const orNone = (text: string): string => (text === "" ? "none" : text);
  return [
    `MAJOR=${String(profile.controllerMajor)}`,
    `MINOR=${String(controller.instance)}`,
    `DEVNAME=${controller.name}`,
    `NVME_TRTYPE=${options.transport}`,
    `NVME_TRADDR=${options.traddr === "" ? "(null)" : options.traddr}`,
    `NVME_TRSVCID=${orNone(options.trsvcid)}`,
    `NVME_HOST_TRADDR=${orNone(options.hostTraddr)}`,
    `NVME_HOST_IFACE=${orNone(options.hostIface)}`,
  ].join("\n");
}

/** How the kernel prints attributes of a subsystem that the controller has not joined yet (docs/fidelity.md, sysfs). */
const NO_SUBSYSTEM = "(efault)";

/** Attributes from the target. Not filled in until the connect has ended, or later if a scenario says so. */
function identityTexts(controller: Controller, profile: KernelProfile): [string, string][] {
  const { peer } = controller;
  const filled = controller.isFilled && peer !== undefined;
  const dctype = peer?.role === "discovery" ? DCTYPE[peer.spec.kind] : 0;
  const texts: [string, string][] = [
    ["firmware_rev", filled ? profile.firmware : NO_SUBSYSTEM],
    ["model", filled ? MODEL.padEnd(MODEL_WIDTH) : NO_SUBSYSTEM],
    ["queue_count", filled ? String(1 + (peer.role === "io" ? controller.options.ioQueues : 0)) : "0"],
    ["serial", filled ? peer.serial : NO_SUBSYSTEM],
    ["subsysnqn", filled ? (controller.subsystem?.nqn ?? NO_SUBSYSTEM) : NO_SUBSYSTEM],
  ];
  if (profile.hasControllerType) {
    texts.push(["cntrltype", filled ? controller.role : "reserved"]);
    texts.push(["dctype", filled ? discoveryControllerType(dctype) : "none"]);
  }
  return texts;
}

/** Sets the attributes that change with the connection. */
function putMoving(texts: Map<string, string>, controller: Controller, profile: KernelProfile): void {
  const isFilled = controller.isFilled && controller.peer !== undefined;
  texts.set("state", STATE_TEXTS[controller.state]);
  texts.set("address", `${addressText(controller, profile)}\n`);
  texts.set("cntlid", `${isFilled ? String(controller.cntlid) : "0"}\n`);
}

function ownTexts(controller: Controller, profile: KernelProfile): Map<string, string> {
  const { options } = controller;
  const lasting: [string, string][] = [
    ["ctrl_loss_tmo", shownCtrlLossTmo(options)],
    ["dev", `${String(profile.controllerMajor)}:${String(controller.instance)}`],
    ["fast_io_fail_tmo", options.fastIoFail],
    ["hostid", options.hostId],
    ["hostnqn", options.hostNqn],
    ["kato", String(options.katoSeconds)],
    ["numa_node", "-1"],
    ["reconnect_delay", String(options.reconnectDelaySeconds)],
    ["sqsize", String(options.queueSize - 1)],
    ["transport", options.transport],
    ["uevent", ueventText(controller, profile)],
    ...identityTexts(controller, profile),
  ];
  if (profile.hasAuthAttributes) {
    lasting.push(["dhchap_ctrl_secret", "none"], ["dhchap_secret", "none"], ["passthru_err_log_enabled", "off"]);
  }
  const texts = new Map<string, string>();
  for (const [name, text] of lasting) texts.set(name, `${text}\n`);
  putMoving(texts, controller, profile);
  return texts;
}

/** Given attributes stay unchanged until the controller leaves the state in which they were recorded. */
function givenTexts(controller: Controller, given: Readonly<Record<string, string>>): Map<string, string> {
  const texts = new Map(Object.entries(given));
  if (texts.get("state")?.trim() === controller.state) return texts;
  texts.set("state", STATE_TEXTS[controller.state]);
  const address = texts.get("address");
  if (address !== undefined && controller.state !== "live")
    texts.set("address", address.replace(/,src_addr=[^,\n]*/, ""));
  return texts;
}

/** Every readable attribute of a controller, by name. Cached. Rebuilds only what has changed. */
export function attributeTexts(controller: Controller, profile: KernelProfile): ReadonlyMap<string, string> {
  const { given } = controller;
  let { texts } = controller;
  if (texts !== undefined && controller.textsOf === "now") return texts;
  if (given !== undefined) texts = givenTexts(controller, given);
  else if (texts === undefined) texts = ownTexts(controller, profile);
  else putMoving(texts, controller, profile);
  controller.texts = texts;
  controller.textsOf = "now";
  return texts;
}

/** The tree behind the reader's interface. Each directory listing has a new random order. */
export class SysfsTree implements AttributeFs {
  readonly #registry: Registry;
  readonly #profile: KernelProfile;
  readonly #order: RandomStream;
  readonly #base = `${NVME_CLASS}/`;

  constructor(registry: Registry, profile: KernelProfile, order: RandomStream) {
    this.#registry = registry;
    this.#profile = profile;
    this.#order = order;
  }

  readdirSync(path: string): string[] {
    if (path === NVME_CLASS) return this.#shuffled(this.#registry.all().map(({ name }) => name));
    const controller = path.startsWith(this.#base) ? this.#registry.get(path.slice(this.#base.length)) : undefined;
    if (controller === undefined) throw NOT_THERE;
    return this.#shuffled([...attributeTexts(controller, this.#profile).keys()]);
  }

  readFileSync(path: string, _encoding: "latin1"): string {
    if (!path.startsWith(this.#base)) throw NOT_THERE;
    const slash = path.indexOf("/", this.#base.length);
    const controller = slash === -1 ? undefined : this.#registry.get(path.slice(this.#base.length, slash));
    if (controller === undefined) throw NOT_THERE;
    const text = attributeTexts(controller, this.#profile).get(path.slice(slash + 1));
    if (text === undefined) throw NOT_THERE;
    return text;
  }

  attributesOf(device: string): ReadonlyMap<string, string> | undefined {
    const controller = this.#registry.get(device);
    return controller === undefined ? undefined : attributeTexts(controller, this.#profile);
  }

  #shuffled(names: string[]): string[] {
    for (let i = names.length - 1; i > 0; i--) {
      const other = this.#order.below(i + 1);
      const name = names[i];
      const swapped = names[other];
      if (name === undefined || swapped === undefined) continue;
      names[i] = swapped;
      names[other] = name;
    }
    return names;
  }
}
