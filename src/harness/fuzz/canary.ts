/**
 * A core with a known fault. Each campaign must find it, or the campaign proves nothing: its worlds or its oracles are
 * blind. The fault is a classic: now and then a page that was read is taken for an empty one.
 */
import type { CoreServices } from "../../core/core.js";
import type { CoreEvent, Ports } from "../../core/ports/index.js";
import { CheckedCore } from "../run/checked-core.js";
import { MACHINERY, type Machinery } from "../run/machinery.js";

/** One in so many replies that can be a page's header loses its records. */
const EVERY = 3;

/** The header of a discovery log page (NVMe-oF 1.1, 5.3): NUMREC is in these bytes. */
const NUMREC = { at: 8, end: 16 } as const;
const HEADER_BYTES = 1024;

class ForgetfulCore extends CheckedCore {
  #headers = 0;

  override dispatch(event: CoreEvent): void {
    super.dispatch(this.#isForgotten(event) ? withoutRecords(event) : event);
  }

  #isForgotten(event: CoreEvent): boolean {
    if (event.kind !== "admin-reply" || !event.result.ok || event.result.bytes.length !== HEADER_BYTES) return false;
    this.#headers += 1;
    return this.#headers % EVERY === 0;
  }
}

function withoutRecords(event: CoreEvent): CoreEvent {
  if (event.kind !== "admin-reply" || !event.result.ok) return event;
  const bytes = event.result.bytes.slice();
  bytes.fill(0, NUMREC.at, NUMREC.end);
  return { ...event, result: { ...event.result, bytes } };
}

/** The simulated world, and the core with the fault. */
export const CANARY: Machinery = {
  ...MACHINERY,
  createCore: (ports: Ports, services: CoreServices) => new ForgetfulCore(ports, services),
};
