import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { SOON, suiteOf } from "./kit.js";
import { UDEV_OVERRIDE_PATH } from "../../src/adapters/shared/udev-override.js";

const behaviour = suiteOf("system");

async function until(host: ContractHost, what: string, holds: () => boolean): Promise<void> {
  await host.until(what, () => (holds() ? true : undefined), SOON);
}

export const SYSTEM: readonly Behaviour[] = [
  behaviour(
    "the service manager receives each state in order",
    ["ready", "reloading", "ready", "stopping"],
    async (host) => {
      for (const state of ["ready", "reloading", "ready", "stopping"] as const) host.ports.system.notify(state);
      await host.settled();
      return host.manager.told();
    },
    {
      differs: {
        simulated: ["ready", "reloading", "ready"],
        reason:
          "In the simulation, the step that stops the process already shows it. Nothing reads the notification back.",
      },
    },
  ),
  behaviour("units restart in the order of the requests", ["one.service", "two.service"], async (host) => {
    host.ports.system.restartUnit("one.service");
    host.ports.system.restartUnit("two.service");
    await until(host, "two restarts", () => host.manager.restarted().length >= 2);
    return host.manager.restarted();
  }),
  behaviour(
    "the udev override can be written twice and removed twice",
    ["there", "there", "gone", "gone"],
    async (host) => {
      const { system } = host.ports;
      const lines: string[] = [];
      const shows = async (what: "there" | "gone", change: () => void): Promise<void> => {
        change();
        await until(
          host,
          `the override ${what}`,
          () => (host.files.look(UDEV_OVERRIDE_PATH) !== undefined) === (what === "there"),
        );
        lines.push(what);
      };
      await shows("there", () => system.writeUdevOverride());
      await shows("there", () => system.writeUdevOverride());
      await shows("gone", () => system.removeUdevOverride());
      await shows("gone", () => system.removeUdevOverride());
      return lines;
    },
  ),
];
