/** A daemon of a few lines that replaces the core in the simulated world. */
import type { ObservedCore } from "../../../src/harness/core-view.js";
import { runScenario, type RunOptions } from "../../../src/harness/run/run-scenario.js";
import { MACHINERY, type Machinery } from "../../../src/harness/run/machinery.js";
import type { Failure, ScenarioResult } from "../../../src/harness/result.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import type { Scenario } from "../../../src/harness/scenario/types.js";
import type { CoreEvent, Ports } from "../../../src/core/ports/index.js";
import type { RequestId } from "../../../src/core/ports/request.js";

const HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-1111-4111-8111-111111111111";
const HOST_ID = "11111111-1111-4111-8111-111111111111";

/** Reads a scenario from text; throws if it is not valid. */
export function scenario(text: string): Scenario {
  const parsed = parseScenario("inline.yaml", text);
  if (!parsed.ok)
    throw new Error(parsed.problems.map((each) => `${each.path}: ${each.expected}, ${each.found}`).join("\n"));
  return parsed.scenario;
}

export type Script = (event: CoreEvent, ports: Ports) => void;

/** A core that does what the script says, and nothing else. */
export function scripted(
  script: Script,
  view: Partial<Pick<ObservedCore, "describe" | "pending" | "reconciles">> = {},
): Machinery {
  return {
    ...MACHINERY,
    createCore: (ports) => ({
      dispatch: (event) => {
        script(event, ports);
      },
      describe: view.describe ?? (() => []),
      pending: view.pending ?? (() => []),
      reconciles: view.reconciles ?? (() => ({ staf: 0, stac: 0 })),
      snapshot: () => ({}),
    }),
  };
}

export const request = (number: number): RequestId => number as RequestId;

export function run(text: string, machinery: Machinery, options: RunOptions = {}): ScenarioResult {
  return runScenario(scenario(text), { once: true, ...options, machinery });
}

/** Failures by the name of their oracle or expectation. */
export function named(result: ScenarioResult, name: string): readonly Failure[] {
  return result.failures.filter((failure) => failure.name === name);
}

function connectString(traddr: string, trsvcid: string, nqn: string): string {
  return `transport=tcp,traddr=${traddr},trsvcid=${trsvcid},nqn=${nqn},hostnqn=${HOST_NQN},hostid=${HOST_ID}`;
}

/** A discovery controller that lists one volume, on a host with this identity. `more` follows at the level of `host`. */
export function smallWorld(more = ""): string {
  return `
format: 1
title: A small world
seed: 1
host:
  nqn: ${HOST_NQN}
  id: ${HOST_ID}
  files:
    /etc/stas/stafd.conf: |
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009
fabric:
  discovery-controllers:
    - { id: dc1, listen: "192.168.1.20:8009", entries: [vol1] }
  subsystems:
    - { id: vol1, nqn: "nqn.2024-01.io.example:vol1", listen: "192.168.1.30:4420" }
until: 60s
${more}`;
}

export const VOL1 = connectString("192.168.1.30", "4420", "nqn.2024-01.io.example:vol1");
export const DC1 = connectString("192.168.1.20", "8009", "nqn.2014-08.org.nvmexpress.discovery");

/** Deletes a device as the core would, by handle. */
export function deleteDevice(ports: Ports, name: string, number = 90): void {
  const opened = ports.sysfs.open(name, "delete");
  if (opened.ok) ports.sysfs.delete(request(number), opened.handle);
}
