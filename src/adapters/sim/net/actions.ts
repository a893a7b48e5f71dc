/** What can be done to the simulated network. */
import type { LinkState } from "../spec.js";

/** One thing done to the network. */
export type NetworkAction =
  | { readonly kind: "link"; readonly hostIface: string; readonly state: LinkState }
  | { readonly kind: "route"; readonly to: string; readonly hostIface: string; readonly state: LinkState }
  /** The interface appears, or its addresses change to these. */
  | {
      readonly kind: "interface";
      readonly name: string;
      readonly mac: string;
      readonly altnames?: readonly string[];
      readonly addresses: readonly string[];
    }
  /** Connections stay bound to the interface. What they were bound by is its old name. */
  | { readonly kind: "rename-interface"; readonly name: string; readonly to: string }
  | { readonly kind: "remove-interface"; readonly name: string };

/** Whose each of these actions is: see `TARGETS`. */
export const NETWORK_ACTIONS: Readonly<Record<NetworkAction["kind"], "network">> = {
  link: "network",
  route: "network",
  interface: "network",
  "rename-interface": "network",
  "remove-interface": "network",
};
