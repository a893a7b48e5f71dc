import { isExcluded } from "../../core/config/controller-entry.js";
import { parseStacConfig } from "../../core/config/stacd.js";
import { parseStafConfig } from "../../core/config/stafd.js";
import type { ControllerEntry } from "../../core/config/types.js";
import { parseTransport, type TransportId, WELL_KNOWN_DISCOVERY_NQN } from "../../core/domain/transport-id.js";
import { STAC_CONFIG } from "../../core/stac/service.js";
import { STAF_CONFIG } from "../../core/staf/service.js";
import type { ServiceName } from "../../core/ports/bus.js";
import { connectOptions, isDaemon } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { RunView } from "../observers/run-view.js";
import type { Oracle } from "./oracle.js";

const SERVICES: readonly ServiceName[] = ["staf", "stac"];

/** The excludes in a service's file as it is now, or `undefined` if the file is not valid. */
function excludesOf(view: RunView, service: ServiceName): readonly ControllerEntry[] | undefined {
  const file = service === "staf" ? STAF_CONFIG : STAC_CONFIG;
  const text = view.readFile(file) ?? "";
  const parsed = service === "staf" ? parseStafConfig(file, text) : parseStacConfig(file, text);
  return parsed.ok ? parsed.value.excludes : undefined;
}

/** What a connect string asks for, and which service; `undefined` if no daemon would write it. */
function askedFor(options: string): { readonly service: ServiceName; readonly tid: TransportId } | undefined {
  const values = connectOptions(options);
  const text = (key: string): string => {
    const value = values.get(key);
    return typeof value === "string" ? value : "";
  };
  const transport = parseTransport(text("transport"));
  if (transport === undefined) return undefined;
  const subsysnqn = text("nqn");
  return {
    service: subsysnqn === WELL_KNOWN_DISCOVERY_NQN || values.has("discovery") ? "staf" : "stac",
    tid: {
      transport,
      traddr: text("traddr"),
      trsvcid: text("trsvcid"),
      subsysnqn,
      hostTraddr: text("host_traddr"),
      hostIface: text("host_iface"),
      hostNqn: text("hostnqn"),
    },
  };
}

/** No connect to anything that the configuration excludes (field bug 14). As for the daemon, a file counts from a start or reload on. */
export const excludedNeverConnected: Oracle = {
  name: "excluded-is-never-connected",
  observe(view, report) {
    const inForce = new Map<ServiceName, readonly ControllerEntry[]>();
    return {
      dispatched(process, event) {
        if (event.kind !== "control" || event.action === "stop") return;
        for (const service of SERVICES) {
          if (process !== "stas" && process !== service) continue;
          const excludes = excludesOf(view, service);
          if (excludes !== undefined) inForce.set(service, excludes);
          else if (event.action === "start") inForce.delete(service);
        }
      },
      observed(seen) {
        if (seen.kind !== "connect-begin" || !isDaemon(seen.by)) return;
        const asked = askedFor(seen.options);
        const entry = asked === undefined ? undefined : isExcluded(asked.tid, inForce.get(asked.service) ?? []);
        if (entry === undefined) return;
        report(
          "no connect to anything that the configuration excludes",
          failed(
            `${seen.by} connected ${seen.options}`,
            `line ${String(entry.line)} of the configuration in force excludes it`,
          ),
        );
      },
    };
  },
};
