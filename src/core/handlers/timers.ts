/** Hands each fired timer to the code that armed it. */
import { readPage } from "../controller/discovery.js";
import { onRetryTimer } from "../controller/machine.js";
import { onRegistrationTimer } from "../controller/registration.js";
import { audit, onAddTimer } from "../devices/events.js";
import { onTurn } from "../devices/hand-on.js";
import { watchAbsent } from "../mdns/absence.js";
import { onCacheTimer } from "../mdns/builtin.js";
import { onTold, wakeAvahi } from "../mdns/provider.js";
import { resolveNames } from "../names/resolving.js";
import type { ServiceName } from "../ports/bus.js";
import { onSaveTimer } from "../record/saving.js";
import { askStaf } from "../stac/view.js";
import { reconcileStac } from "../stac/service.js";
import { reconcileStaf } from "../staf/service.js";
import type { Context } from "../state/context.js";
import type { ControllerId, DiscoveryControllerState } from "../state/controller.js";
import { takeTimer, type Timer } from "../state/timers.js";

/** A timer fired in the clock port. Does nothing if the timer was disarmed while its event waited. */
export function onTimer(context: Context, id: string): void {
  const timer = takeTimer(context.state, id);
  if (timer === undefined || (context.state.phase !== "running" && !countsWhileStopping(timer))) return;
  carryOut(context, timer);
}

/** While a core stops, it still writes its record and tells nvme-cli. Everything else has ended. */
function countsWhileStopping({ kind }: Timer): boolean {
  return kind === "stop" || kind === "save" || kind === "hand-on";
}

function carryOut(context: Context, timer: Timer): void {
  switch (timer.kind) {
    case "stop":
      // The core stops when this timer is no longer armed.
      return;
    case "save":
      onSaveTimer(context, timer.service);
      return;
    case "soak":
      reconcile(context, timer.service);
      return;
    case "audit":
      audit(context);
      return;
    case "add":
      onAddTimer(context);
      return;
    case "ask-staf":
      askStaf(context);
      return;
    case "last-path":
      reconcile(context, "stac");
      return;
    case "names":
      resolveNames(context);
      return;
    case "retry": {
      const controller = context.state.controllers.get(timer.controller);
      if (controller !== undefined) onRetryTimer(context, controller);
      return;
    }
    case "page": {
      const dc = discoveryController(context, timer.controller);
      if (dc !== undefined) readPage(context, dc, "the last read failed");
      return;
    }
    case "refresh": {
      const dc = discoveryController(context, timer.controller);
      if (dc !== undefined) refreshPage(context, dc);
      return;
    }
    case "register": {
      const dc = discoveryController(context, timer.controller);
      if (dc !== undefined) onRegistrationTimer(context, dc);
      return;
    }
    case "hand-on":
      onTurn(context, timer.device);
      return;
    case "mdns-reach":
      context.state.mdns.probesMoved = true;
      return;
    case "mdns-cache":
      onCacheTimer(context);
      return;
    case "mdns-avahi":
      wakeAvahi(context);
      return;
    case "mdns-soak":
      onTold(context);
      return;
    case "mdns-watch":
      watchAbsent(context);
      return;
    case "mdns-purge":
      reconcile(context, "staf");
      return;
  }
}

/**
 * It is the page's turn, or events were lost. A turn alone says nothing against the page: an array that is away keeps what it
 * last said. A page that could not be read has its own timer.
 */
function refreshPage(context: Context, dc: DiscoveryControllerState): void {
  if (dc.reading.at === "retry") return;
  readPage(context, dc, "it may have changed", "header");
}

function reconcile(context: Context, service: ServiceName): void {
  const { staf, stac } = context.state;
  switch (service) {
    case "staf":
      if (staf !== undefined) reconcileStaf(context, staf);
      return;
    case "stac":
      if (stac !== undefined) reconcileStac(context, stac);
      return;
  }
}

function discoveryController({ state }: Context, id: ControllerId): DiscoveryControllerState | undefined {
  const controller = state.controllers.get(id);
  return controller?.service === "staf" ? controller : undefined;
}
