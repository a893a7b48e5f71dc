/** What can be done to the simulated kernel. */
import type { Milliseconds } from "../../../core/domain/units.js";
import type { FabricId, MadeBy } from "../spec.js";

/** `target`: a fabric id (every controller that is connected to it), or a device name such as `nvme3`. */
export type KernelAction =
  /** The kernel deletes a controller. */
  | { readonly kind: "remove-device"; readonly target: string }
  /** The kernel sends its `add` uevent again, as for `udevadm trigger`. */
  | { readonly kind: "trigger-device"; readonly target: string }
  | { readonly kind: "reset-device"; readonly target: string }
  /** Someone other than the daemons connects. Missing values are the host's own. */
  | {
      readonly kind: "add-device";
      readonly to: FabricId;
      readonly madeBy: MadeBy;
      readonly hostNqn?: string;
      readonly hostId?: string;
      readonly hostTraddr?: string;
      readonly hostIface?: string;
      readonly nqn?: string;
    }
  /** The host sleeps: no timer runs, the wall clock goes on, and targets drop it. */
  | { readonly kind: "suspend"; readonly asleep: Milliseconds }
  /** The module behind `/dev/nvme-fabrics` is loaded or unloaded. */
  | { readonly kind: "fabrics-device"; readonly presence: "present" | "absent" }
  /** Sets how long the attributes take to fill in after `add`, from now on. */
  | { readonly kind: "attributes-after"; readonly delay: Milliseconds };

/** Whose each of these actions is: see `TARGETS`. */
export const KERNEL_ACTIONS: Readonly<Record<KernelAction["kind"], "kernel">> = {
  "remove-device": "kernel",
  "trigger-device": "kernel",
  "reset-device": "kernel",
  "add-device": "kernel",
  suspend: "kernel",
  "fabrics-device": "kernel",
  "attributes-after": "kernel",
};
