/** What can be done to the simulated storage. A changed page sends its AEN, by the kernel's masking rules. */
import type { AnswerSpec, ConnectFailure, DhchapKeys, EntrySpec, FabricId, ListenerState } from "../spec.js";

/** One thing done to the storage. */
export type FabricAction =
  /** Without `index`: every address where the peer listens. */
  | { readonly kind: "listener"; readonly id: FabricId; readonly state: ListenerState; readonly index?: number }
  /** Everything that listens at the address, of any peer, at any port and over any transport. */
  | { readonly kind: "address"; readonly address: string; readonly state: ListenerState }
  | { readonly kind: "list"; readonly dc: FabricId; readonly entries: readonly EntrySpec[] }
  | { readonly kind: "unlist"; readonly dc: FabricId; readonly entries: readonly FabricId[] }
  | { readonly kind: "set-entries"; readonly dc: FabricId; readonly entries: readonly EntrySpec[] }
  | {
      readonly kind: "ncc";
      readonly dc: FabricId;
      readonly entries: readonly FabricId[];
      readonly set: "set" | "clear";
    }
  | { readonly kind: "aen"; readonly dc: FabricId }
  /** Replaces all scripted answers of the peer. */
  | { readonly kind: "answers"; readonly dc: FabricId; readonly answers: readonly AnswerSpec[] }
  /** The next Connect commands to the peer fail: this many, or all of them. */
  | {
      readonly kind: "fail-connects";
      readonly to: FabricId;
      readonly failure: ConnectFailure;
      readonly times?: number;
    }
  /** The keys change for later connects. Without keys, it authenticates no host. */
  | { readonly kind: "dhchap"; readonly id: FabricId; readonly keys?: DhchapKeys }
  | { readonly kind: "accept-connects"; readonly to: FabricId }
  | { readonly kind: "allow-hosts"; readonly subsystem: FabricId; readonly hosts: readonly string[] | "any" };

/** Whose each of these actions is: see `TARGETS`. */
export const FABRIC_ACTIONS: Readonly<Record<FabricAction["kind"], "fabric">> = {
  listener: "fabric",
  address: "fabric",
  list: "fabric",
  unlist: "fabric",
  "set-entries": "fabric",
  ncc: "fabric",
  aen: "fabric",
  answers: "fabric",
  "fail-connects": "fabric",
  "accept-connects": "fabric",
  dhchap: "fabric",
  "allow-hosts": "fabric",
};
