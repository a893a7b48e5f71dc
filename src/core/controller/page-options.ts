/**
 * How a discovery log page is asked for (TP8010): port-local entries only, and extended entries, where the supported log
 * pages say that they can be had. What a controller turns out not to have is not asked again on that connection.
 */
import { DISCOVERY_LSP } from "../codec/admin.js";
import { decodeSupportedLogPages } from "../codec/supported-log-pages.js";
import type { Context } from "../state/context.js";
import type { CoreState } from "../state/state.js";
import type { DiscoveryControllerState } from "../state/controller.js";

/** `cdc`, `ddc`, `none`; empty while that is not known. */
export function dctypeOf({ kernel }: CoreState, dc: DiscoveryControllerState): string {
  const present = dc.life.at === "connected" ? kernel.byName.get(dc.life.device) : undefined;
  return present?.controller.dctype || (present?.identifiedDctype ?? "");
}

/** Whether the supported log pages are asked for: not where nothing that they say would be used. */
export function asksForOptions(context: Context, dc: DiscoveryControllerState): boolean {
  return usesPleo(context, dc) || usesExtended(context, dc);
}

/** Port-local entries are not asked of a CDC, which lists for others. */
function usesPleo({ state }: Context, dc: DiscoveryControllerState): boolean {
  return state.staf?.config.pleo === true && dctypeOf(state, dc) !== "cdc" && dc.tid.transport !== "loop";
}

/** Only what says that it is a CDC or a DDC knows extended entries. */
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

/** What is left after a rejection: extended entries go first, since nobody misses them. `undefined`: nothing was asked for. */
export function fewerOptions(lsp: number): number | undefined {
  if (lsp === DISCOVERY_LSP.none) return undefined;
  return (lsp & DISCOVERY_LSP.extdlpe) === 0 ? DISCOVERY_LSP.none : lsp & ~DISCOVERY_LSP.extdlpe;
}
