/** What stac knows of staf's discovery controllers. */
import type { DiscoveryLogEntry } from "../domain/discovery-log.js";
import type { OpenSource } from "../domain/open-source.js";
import type { TransportId } from "../domain/transport-id.js";

export interface StafDc {
  readonly tid: TransportId;
  /** `undefined`: not known, which is not an empty page. */
  readonly entries: readonly DiscoveryLogEntry[] | undefined;
}

export type StafView =
  | { readonly kind: "unknown"; readonly because: string }
  | {
      readonly kind: "known";
      readonly dcs: readonly StafDc[];
      /** What may list more, or lead to more that does. */
      readonly open: readonly OpenSource[];
    };
