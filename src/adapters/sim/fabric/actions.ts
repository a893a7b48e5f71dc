/** What can be done to the simulated storage. A changed page sends its AEN, by the kernel's masking rules. */
import type { AnswerSpec, EntrySpec, FabricId, ListenerState } from "../spec.js";

export type FabricAction =
  /** Without `index`: every address where the peer listens. */
  | { readonly kind: "listener"; readonly id: FabricId; readonly state: ListenerState; readonly index?: number }
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
  | { readonly kind: "allow-hosts"; readonly subsystem: FabricId; readonly hosts: readonly string[] | "any" };

export const FABRIC_ACTIONS: Readonly<Record<FabricAction["kind"], "fabric">> = {
  listener: "fabric",
  list: "fabric",
  unlist: "fabric",
  "set-entries": "fabric",
  ncc: "fabric",
  aen: "fabric",
  answers: "fabric",
  "allow-hosts": "fabric",
};
