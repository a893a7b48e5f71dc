/** loop and fc in the simulated kernel, as measured in the lab on 6.12. */
import { expect, test } from "vitest";
import type { ListenSpec } from "../../../src/adapters/sim/spec.js";
import { fcAddress } from "../../lab/guest/fcloop.js";
import { TAKEN, TARGET_PORT } from "../../lab/checks/steps/transports.js";
import { HOST, Lab, NQN_A, subsystem } from "./kernel-lab.js";

const LISTENERS: readonly ListenSpec[] = [
  { transport: "loop", traddr: "", trsvcid: "", state: "up" },
  { transport: "fc", traddr: fcAddress(TARGET_PORT), trsvcid: "none", state: "up" },
];

test("connects over loop and fc end as in the lab, with the same attributes", () => {
  const lab = new Lab({ fabric: { discoveryControllers: [], subsystems: [subsystem("a", NQN_A, LISTENERS)] } });
  for (const [options, outcome] of TAKEN) {
    const { result } = lab.connect(`nqn=${NQN_A},${options},${HOST}`);
    if (typeof outcome === "number") {
      expect(result, options).toEqual({ ok: false, errno: outcome });
      continue;
    }
    if (!result.ok) throw new Error(`${options} fails with errno ${String(result.errno)}`);
    const name = `nvme${/^instance=(\d+)/.exec(result.text)?.[1] ?? ""}`;
    expect(lab.attribute(name, "address"), options).toBe(`${outcome}\n`);
    expect(lab.attribute(name, "cntrltype"), options).toBe("io\n");
    const delay = options.startsWith("transport=fc") ? "2\n" : "10\n";
    expect(lab.attribute(name, "reconnect_delay"), options).toBe(delay);
  }
});
