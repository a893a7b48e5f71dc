import { formatConnection, isDaemon } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { Oracle } from "./oracle.js";

/** `host-nqn=...` in a configured controller: the daemon may manage the connections of that host too. */
const CONFIGURED_HOST_NQN = /host-nqn\s*=\s*([^;\s]+)/g;
/** `nqn = ...` in sys.conf. */
const SYSTEM_NQN = /^\s*nqn\s*=\s*(nqn\.\S+)/gm;

/**
 * A daemon deletes only its own connections: never a PCIe disk, never a controller that the firmware made (nBFT,
 * BIOS), never a connection under another host's NQN. Field bugs 20 and 21.
 */
export const foreignDelete: Oracle = {
  name: "never-delete-foreign",
  observe(view, report) {
    const hostNqns = new Set([view.spec.host.nqn]);
    const learn = (text: string): void => {
      for (const pattern of [CONFIGURED_HOST_NQN, SYSTEM_NQN]) {
        for (const match of text.matchAll(pattern)) hostNqns.add(match[1] ?? "");
      }
    };
    for (const text of Object.values(view.spec.host.files)) learn(text);
    return {
      acted(action) {
        if (action.kind === "write-file") learn(action.text);
      },
      observed(seen) {
        if (seen.kind !== "delete-begin" || !isDaemon(seen.by)) return;
        const victim = view.controllers.get(seen.uid);
        if (victim === undefined || victim.madeBy === "stas") return;
        const whose =
          victim.role === "pcie"
            ? "it is a PCIe disk"
            : victim.madeBy === "nbft" || victim.madeBy === "bios"
              ? "firmware made it"
              : hostNqns.has(victim.hostNqn)
                ? ""
                : `it belongs to host ${victim.hostNqn}`;
        if (whose === "") return;
        report(
          "a daemon deletes only its own connections",
          failed(
            `${seen.by} deleted ${formatConnection(victim)}, although ${whose}`,
            "find out why the daemon took the controller for its own",
          ),
        );
      },
    };
  },
};
