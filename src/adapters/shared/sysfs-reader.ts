/** Reads `/sys/class/nvme`, real or simulated. */
import { CONTROLLER_ATTRIBUTES } from "../../core/ports/sysfs.js";
import type { ControllerAttribute, SysfsPort, SysfsRecord, SysfsSummary } from "../../core/ports/sysfs.js";

/** The part of a file system that the reader needs: `node:fs`, or a simulated tree. Both throw if a path does not exist. */
export interface AttributeFs {
  readdirSync(path: string): string[];
  /** Returns one character per byte. */
  readFileSync(path: string, encoding: "latin1"): string;
  /** All of `/sys/class/nvme/DEVICE` at once, for a tree that does not change meanwhile; `undefined` if it does not exist. */
  attributesOf?(device: string): ReadonlyMap<string, string> | undefined;
}

export const NVME_CLASS = "/sys/class/nvme";

/** The most controllers to read: a guard against a corrupt listing. */
const CONTROLLERS_MAX = 65_536;

const CONTROLLER_NAME = /^nvme[0-9]{1,9}$/;

/** Whether a name can be a controller's, such as `nvme0`. Excludes names that lead elsewhere in a path. */
export function isControllerName(name: string): boolean {
  return CONTROLLER_NAME.test(name);
}

/** Every attribute except the state. The state is read last, because it exists as long as its controller. */
const BEFORE_STATE = CONTROLLER_ATTRIBUTES.filter((attribute) => attribute !== "state");

/**
 * `list` and `read` of the sysfs port. Never throws: an attribute that cannot be read is missing in this kernel or gone with its
 * controller, and a controller whose state cannot be read is gone.
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
      // Without the class no driver is loaded, so there is no controller.
      return [];
    }
  }

  /** A function that reads the attributes of one controller. It returns `undefined` for a missing attribute. */
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
