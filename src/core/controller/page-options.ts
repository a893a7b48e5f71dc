/**
 * The options of a request for a discovery log page (TP8010): port-local entries only, and extended entries. The supported log
 * pages say which are available. An option that a controller rejects is not used again on that connection.
 */
import { DISCOVERY_LSP } from "../codec/admin.js";
import { decodeSupportedLogPages } from "../codec/supported-log-pages.js";
import { dctypeOf as dctypeShown, isDctypeComing } from "../kernel/device-index.js";
import type { Context } from "../state/context.js";
import type { CoreState } from "../state/state.js";
import type { DiscoveryControllerState } from "../state/controller.js";

/** `cdc`, `ddc` or `none`. Empty while that is not known. */
export function dctypeOf({ kernel }: CoreState, dc: DiscoveryControllerState): string {
  const present = dc.life.at === "connected" ? kernel.byName.get(dc.life.device) : undefined;
  return present === undefined ? "" : dctypeShown(present);
}

/** Whether the page waits until it is known what the controller is: that decides how to ask for it. */
export function waitsForDctype({ kernel }: CoreState, dc: DiscoveryControllerState): boolean {
  const present = dc.life.at === "connected" ? kernel.byName.get(dc.life.device) : undefined;
  return present !== undefined && dc.lsp === "ask" && isDctypeComing(present);
}

/** Whether to ask for the supported log pages. Not if neither option would be used. */
export function asksForOptions(context: Context, dc: DiscoveryControllerState): boolean {
  return usesPleo(context, dc) || usesExtended(context, dc);
}

/** A CDC is not asked for port-local entries: it lists the subsystems of others. One that may be a CDC is not asked either. */
function usesPleo({ state }: Context, dc: DiscoveryControllerState): boolean {
  const dctype = dctypeOf(state, dc);
  return state.staf?.config.pleo === true && dctype !== "" && dctype !== "cdc" && dc.tid.transport !== "loop";
}

/** Only a controller that says it is a CDC or a DDC is asked for extended entries. */
function usesExtended({ state }: Context, dc: DiscoveryControllerState): boolean {
  const dctype = dctypeOf(state, dc);
  return dctype === "cdc" || dctype === "ddc";
}

/** The options to use, from the supported log pages. Throws DecodeError. */
export function optionsFrom(context: Context, dc: DiscoveryControllerState, bytes: Uint8Array): number {
  const { pleos, extdlpes } = decodeSupportedLogPages(bytes);
  const pleo = pleos && usesPleo(context, dc) ? DISCOVERY_LSP.pleo : DISCOVERY_LSP.none;
  return pleo | (extdlpes && usesExtended(context, dc) ? DISCOVERY_LSP.extdlpe : DISCOVERY_LSP.none);
}

/** The options left after a rejection. Extended entries go first: nothing needs them. `undefined`: no option was in use. */
export function fewerOptions(lsp: number): number | undefined {
  if (lsp === DISCOVERY_LSP.none) return undefined;
  return (lsp & DISCOVERY_LSP.extdlpe) === 0 ? DISCOVERY_LSP.none : lsp & ~DISCOVERY_LSP.extdlpe;
}
