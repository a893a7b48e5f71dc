/** Start, reload and stop. */
import { arm, log, type Context } from "./state/context.js";
import { readBootTables } from "./boot/tables.js";
import { loadIdentity, reloadIdentity } from "./identity.js";
import { refresh } from "./kernel/refresh.js";
import { STOP_LIMIT } from "./domain/limits.js";
import { stopMdns } from "./mdns/provider.js";
import { resolveNames } from "./names/resolving.js";
import type { ControlEvent } from "./ports/system.js";
import { auditLater } from "./state/soak.js";
import { isArmed } from "./state/timers.js";
import { handOnTheRest } from "./devices/hand-on.js";
import { reloadStaf, startStaf, stopStaf } from "./staf/service.js";
import { reloadStac, startStac } from "./stac/service.js";

export function onControl(context: Context, action: ControlEvent["action"]): void {
  switch (action) {
    case "start":
      if (context.state.phase === "new") start(context);
      return;
    case "reload":
      if (context.state.phase === "running") reload(context);
      return;
    case "stop":
      if (context.state.phase === "running") stop(context);
      return;
  }
}

function start(context: Context): void {
  const { ports, state } = context;
  state.phase = "running";
  if (!loadIdentity(context)) {
    state.phase = "stopped";
    // A killed daemon may have left one behind. Without staf, nvme-cli has to follow the discovery controllers.
    if (state.staf !== undefined) ports.system.removeUdevOverride();
    ports.system.exit(1);
    return;
  }
  if (state.staf !== undefined) ports.system.writeUdevOverride();
  state.interfaces = ports.network.interfaces();
  readBootTables(context);
  for (const { name } of ports.sysfs.list()) refresh(context, name);
  if (state.staf !== undefined) startStaf(context, state.staf);
  if (state.stac !== undefined) startStac(context, state.stac);
  resolveNames(context);
  auditLater(context);
  ports.system.notify("ready");
}

function reload(context: Context): void {
  const { ports, state } = context;
  ports.system.notify("reloading");
  reloadIdentity(context);
  readBootTables(context);
  if (state.staf !== undefined) reloadStaf(context, state.staf);
  if (state.stac !== undefined) reloadStac(context, state.stac);
  resolveNames(context);
  ports.system.notify("ready");
}

/** Stops. Keeps stac's connections. Waits for requests in flight, at most `STOP_LIMIT`. */
function stop(context: Context): void {
  const { ports, state } = context;
  ports.system.notify("stopping");
  state.phase = "stopping";
  stopMdns(context);
  if (state.staf !== undefined) stopStaf(context, state.staf);
  arm(context, { kind: "stop" }, STOP_LIMIT);
}

/** Ends the process once no request that it must wait for is in flight, or the limit is over. */
export function stopIfDone(context: Context): void {
  const { ports, state } = context;
  if (state.phase !== "stopping") return;
  const waits = [...state.requests.values()].some(
    ({ kind }) => kind === "connect" || kind === "delete" || kind === "save",
  );
  const inTime = isArmed(state, { kind: "stop" });
  if (waits && inTime) return;
  if (!inTime) log(context, "warning", "stopping although the kernel has not answered every request");
  if (state.staf !== undefined) {
    handOnTheRest(context);
    ports.system.removeUdevOverride();
  }
  for (const timer of state.timers.keys()) ports.clock.disarm(timer);
  state.timers.clear();
  state.phase = "stopped";
  ports.system.exit(0);
}
