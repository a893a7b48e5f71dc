/** A rival connects what is wanted: before us, at the same time, or over another interface. None of this logs a warning. */
import { describe, expect, test } from "vitest";
import { KERNEL_VERSIONS, type KernelVersion } from "../../../src/adapters/sim/spec.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";
import { formatFailure } from "../../../src/harness/report/text.js";
import { runScenario } from "../../../src/harness/run/run-scenario.js";

const plain = (text: string): string => text;
const PAINT = { green: plain, red: plain, yellow: plain, bold: plain, dim: plain };

interface Case {
  /** More keys for the `controller =` line. */
  readonly dc?: string;
  readonly before?: string;
  readonly rival?: string;
  readonly expect: readonly string[];
}

/** A discovery controller and the volume it lists, both reached over two interfaces. */
function scenario(version: KernelVersion, { dc = "", before, rival, expect: expectations }: Case): string {
  return `format: 1
title: rivals
host:
  kernel:
    version: "${version}"
    controllers: [${before ?? ""}]
  interfaces:
    - { name: eth0, addresses: [192.168.1.10/24] }
    - { name: eth1, addresses: [192.168.1.11/24] }
  files:
    /etc/stas/stafd.conf: |
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009${dc}
fabric:
  discovery-controllers:
    - { id: dc1, listen: "192.168.1.20:8009", entries: [vol1] }
  subsystems:
    - { id: vol1, nqn: "nqn.2024-01.io.example:vol1", listen: "192.168.1.30:4420" }
timeline: [${rival === undefined ? "" : `{ id: rival, ${rival} }`}]
expect:
  - { log: { level: warning }, is: 0 }
  - { log: { level: error }, is: 0 }
  - { never: { disconnect: [dc1, vol1] } }
  - { at: 20s, state: { controller: dc1, service: staf, state: connected } }
  - { at: 20s, state: { controller: vol1, service: stac, state: connected } }
  - { settled: 20s }
${expectations.map((line) => `  - ${line}\n`).join("")}until: 100s
`;
}

const PROBE_OF_DC = "{ call: network.probe, nth: 1 }";
const PROBE_OF_VOLUME = "{ call: network.probe, nth: 2 }";

const CASES: Readonly<Record<string, Case>> = {
  "a volume, while its address is probed": {
    rival: `when: ${PROBE_OF_VOLUME}, add-device: { to: vol1, made-by: nvme-cli }`,
    expect: ["{ count: { connects: vol1 }, is: 1 }", "{ at: 20s, connected: [dc1, vol1], exactly: true }"],
  },
  "a volume, just after its address was probed": {
    rival: `when: ${PROBE_OF_VOLUME}, after: 1ms, add-device: { to: vol1, made-by: nvme-cli }`,
    expect: ["{ at: 20s, connected: [dc1, vol1], exactly: true }"],
  },
  "a volume, while our connect is in the kernel": {
    rival: "when: { connect-begin: vol1 }, after: 1ms, add-device: { to: vol1, made-by: nvme-cli }",
    expect: ["{ count: { connects: vol1 }, is: 1 }", "{ at: 20s, connected: [dc1, vol1], exactly: true }"],
  },
  "a volume over the wanted interface, named": {
    before: "{ to: vol1, made-by: nvme-cli, host-iface: eth1, state: live }",
    dc: ";host-iface=eth1",
    expect: ["{ count: { connects: vol1 }, is: 0 }", "{ at: 20s, connected: [dc1, vol1], exactly: true }"],
  },
  "a volume over any interface, if any will do": {
    before: "{ to: vol1, made-by: nvme-cli, host-iface: eth1, state: live }",
    expect: ["{ count: { connects: vol1 }, is: 0 }", "{ at: 20s, connected: [dc1, vol1], exactly: true }"],
  },
  "a volume over an unwanted interface: both connections stay": {
    dc: ";host-iface=eth0",
    rival: `when: ${PROBE_OF_VOLUME}, add-device: { to: vol1, made-by: nvme-cli, host-iface: eth1 }`,
    expect: ['{ at: 20s, connected: ["vol1@eth0", "vol1@eth1"] }', "{ count: { connects: vol1 }, is: 1 }"],
  },
  "a volume, and the kernel is reconnecting it": {
    before: "{ to: vol1, made-by: nvme-cli, state: connecting }",
    expect: ["{ count: { connects: vol1 }, is: 0 }", "{ at: 20s, connected: [dc1, vol1], exactly: true }"],
  },
  "a discovery controller, and the kernel is reconnecting it": {
    before: "{ to: dc1, made-by: nvme-cli, state: connecting }",
    expect: ["{ count: { connects: dc1 }, is: 0 }", "{ at: 20s, connected: [dc1, vol1], exactly: true }"],
  },
  "a discovery controller at the same moment, and the kernel accepts both: stas uses its own": {
    rival: `when: ${PROBE_OF_DC}, add-device: { to: dc1, made-by: nvme-cli }`,
    expect: ["{ count: { connects: dc1 }, is: 1 }", "{ at: 90s, connected: [dc1, vol1], exactly: true }"],
  },
  "a discovery controller a little earlier: there is one connection": {
    rival: `at: 0s, add-device: { to: dc1, made-by: nvme-cli }`,
    expect: ["{ at: 90s, connected: [dc1, vol1], exactly: true }"],
  },
};

describe.each(KERNEL_VERSIONS)("on %s a rival connects", (version) => {
  test.each(Object.entries(CASES))("%s", (_name, one) => {
    const parsed = parseScenario("rivals", scenario(version, one));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { failures } = runScenario(parsed.scenario);
    expect(failures.map((failure) => formatFailure(failure, PAINT)).join("\n")).toBe("");
  });
});
