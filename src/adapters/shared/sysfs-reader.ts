/** Reads `/sys/class/nvme`, real or simulated. */
import { CONTROLLER_ATTRIBUTES } from "../../core/ports/sysfs.js";
import type { ControllerAttribute, SysfsPort, SysfsRecord, SysfsSummary } from "../../core/ports/sysfs.js";

/** What the reader needs of a file system: `node:fs`, or a tree of the simulation. Both throw where a path is not there. */
export interface AttributeFs {
  readdirSync(path: string): string[];
  /** One character a byte. */
  readFileSync(path: string, encoding: "latin1"): string;
  /** All of `/sys/class/nvme/DEVICE` at one look, for a tree in which nothing changes meanwhile; `undefined`: not there. */
  attributesOf?(device: string): ReadonlyMap<string, string> | undefined;
}

export const NVME_CLASS = "/sys/class/nvme";

/** More controllers than this are not read: a bound on a listing that lies. */
const CONTROLLERS_MAX = 65_536;

const CONTROLLER_NAME = /^nvme[0-9]{1,9}$/;

/** Whether it can name a controller: `nvme0`, and nothing that leads elsewhere in a path. */
export function isControllerName(name: string): boolean {
  return CONTROLLER_NAME.test(name);
}

/** Every attribute but the state, which is read last: it is there for as long as its controller is. */
const BEFORE_STATE = CONTROLLER_ATTRIBUTES.filter((attribute) => attribute !== "state");

/**
 * `list` and `read` of the sysfs port. Nothing here throws: an attribute that cannot be read is one that the kernel lacks, or
 * that went with its controller, and a controller whose state cannot be read is gone.
 */
export class SysfsReader implements Pick<SysfsPort, "list" | "read"> {
  readonly #fs: AttributeFs;

  constructor(fs: AttributeFs) {
    this.#fs = fs;
  }

  list(): readonly SysfsSummary[] {
    const summaries: SysfsSummary[] = [];
    for (const name of this.#names()) {
      const look = this.#lookAt(name);
      const subsysnqn = look("subsysnqn") ?? "";
      const address = look("address") ?? "";
      const state = look("state");
      if (state !== undefined) summaries.push({ name, state, subsysnqn, address });
    }
    return summaries;
  }

  read(name: string): SysfsRecord | undefined {
    if (!isControllerName(name)) return undefined;
    const attributes: Partial<Record<ControllerAttribute, string>> = {};
    const look = this.#lookAt(name);
    if (look("state") === undefined) return undefined;
    for (const attribute of BEFORE_STATE) {
      const text = look(attribute);
      if (text !== undefined) attributes[attribute] = text;
    }
    const state = look("state");
    if (state === undefined) return undefined;
    attributes.state = state;
    return { name, attributes };
  }

  #names(): string[] {
    try {
      const names = this.#fs.readdirSync(NVME_CLASS).filter(isControllerName);
      return names.slice(0, CONTROLLERS_MAX);
    } catch {
      // No such class: no driver is loaded, hence no controller.
      return [];
    }
  }

  /** How attributes of one controller are read; `undefined` for one that is not there. */
  #lookAt(name: string): (attribute: ControllerAttribute) => string | undefined {
    if (this.#fs.attributesOf === undefined) return (attribute) => this.#readFile(name, attribute);
    const texts = this.#fs.attributesOf(name);
    return (attribute) => texts?.get(attribute);
  }

  #readFile(name: string, attribute: ControllerAttribute): string | undefined {
    try {
      return this.#fs.readFileSync(`${NVME_CLASS}/${name}/${attribute}`, "latin1");
    } catch {
      return undefined;
    }
  }
}
