import type { ConnectionView, ProcessName } from "../../adapters/sim/observation.js";
import { connectOptions, formatConnection, isDaemon } from "../observers/connections.js";
import { failed } from "../observers/observer.js";
import type { Oracle } from "./oracle.js";

function isTo(options: string, view: ConnectionView): boolean {
  const values = connectOptions(options);
  return (
    values.get("transport") === view.transport &&
    values.get("traddr") === view.traddr &&
    (values.get("trsvcid") ?? view.trsvcid) === view.trsvcid &&
    values.get("nqn") === view.subsysnqn &&
    (values.get("host_traddr") ?? "") === view.hostTraddr &&
    (values.get("host_iface") ?? "") === view.hostIface &&
    (values.get("hostnqn") ?? view.hostNqn) === view.hostNqn
  );
}

/** A delete never overtakes the connect of the same controller: the connect would end last and leave an orphan. Field bug 24. */
export const noSwap: Oracle = {
  name: "connect-and-disconnect-never-swap",
  observe(view, report) {
    const inKernel = new Map<ProcessName, string[]>();
    return {
      observed(seen) {
        if (seen.kind === "process" && seen.phase !== "started" && seen.phase !== "stopping") {
          inKernel.delete(seen.process);
        }
        if (seen.kind === "connect-begin" && isDaemon(seen.by)) {
          inKernel.set(seen.by, [...(inKernel.get(seen.by) ?? []), seen.options]);
        }
        if (seen.kind === "connect-end" && isDaemon(seen.by)) {
          const open = inKernel.get(seen.by) ?? [];
          const index = open.indexOf(seen.options);
          if (index >= 0) inKernel.set(seen.by, open.toSpliced(index, 1));
        }
        if (seen.kind !== "delete-begin" || !isDaemon(seen.by)) return;
        const victim = view.controllers.get(seen.uid);
        const open = inKernel.get(seen.by) ?? [];
        if (victim === undefined || !open.some((options) => isTo(options, victim))) return;
        report(
          "a delete waits until the connect of the same controller has ended",
          failed(`${seen.by} deleted ${formatConnection(victim)} while its connect was in the kernel`),
        );
      },
    };
  },
};
