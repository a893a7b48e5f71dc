/** Connect options that this kernel does not know: left out, and said; but what protects a connection is never left out. */
import { expect, test } from "vitest";
import { createWorld } from "../../../src/adapters/sim/world.js";
import { Core } from "../../../src/core/core.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";
import type { LogRecord } from "../../../src/core/ports/log.js";
import { parseScenario } from "../../../src/harness/scenario/parse.js";

const host = (globals: string): string => `format: 1
title: options
host:
  files:
    /etc/stas/stafd.conf: |
      [Global]
      hdr-digest = true
      data-digest = true
      ${globals}
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009
fabric:
  discovery-controllers: [{ id: dc1, listen: "192.168.1.20:8009" }]
expect: [{ at: 5s, connected: [dc1] }]
`;

/** Runs the host, with `/dev/nvme-fabrics` lacking an option; gives the connect strings and the log. */
function runWithout(
  option: string,
  globals = "",
): { readonly connects: readonly string[]; readonly log: readonly LogRecord[] } {
  const parsed = parseScenario("options", host(globals));
  if (!parsed.ok) throw new Error("the host of this test is no scenario");
  const connects: string[] = [];
  const log: LogRecord[] = [];
  const lacking = (event: CoreEvent): CoreEvent => {
    if (event.kind !== "fabrics-reply" || !event.result.ok) return event;
    const text = event.result.text.replace(new RegExp(`,${option}(=%[sd])?(?=[,\\n])`), "");
    return { ...event, result: { ok: true, text } };
  };
  const world = createWorld(parsed.scenario.world, {
    boot: (_process, ports) => {
      const core = new Core({ ...ports, log: { write: (record) => log.push(record) } }, "both");
      return {
        dispatch: (event) => {
          core.dispatch(lacking(event));
        },
      };
    },
    observe: (_at, seen) => {
      if (seen.kind === "connect-begin") connects.push(seen.options);
    },
    crashed: (_process, error) => {
      throw error;
    },
  });
  world.apply({ kind: "start", process: "both" });
  world.runUntil(Milliseconds(70_000));
  return { connects, log };
}

test("an option that the kernel does not know is left out with a warning, the others stay", () => {
  const { connects, log } = runWithout("hdr_digest");
  expect(connects).toHaveLength(1);
  expect(connects[0]).not.toContain("hdr_digest");
  expect(connects[0]).toContain("data_digest");
  const warnings = log.filter((record) => record.level === "warning").map((record) => record.text);
  expect(warnings).toEqual(["this kernel does not know the connect option hdr_digest: it is left out"]);
});

test("what the kernel knows is given", () => {
  const { connects, log } = runWithout("no_such_option");
  expect(connects[0]).toContain("hdr_digest,data_digest");
  expect(log.filter((record) => record.level === "warning")).toEqual([]);
});

test.each([
  ["tls", "tls = true"],
  ["keyring", "keyring = 0x1a2b3c4d"],
  ["tls_key", "tls_key = 7"],
  ["dhchap_secret", "dhchap-secret = DHHC-1:00:c2VjcmV0:"],
  ["dhchap_ctrl_secret", "dhchap-ctrl-secret = DHHC-1:00:c2VjcmV0:"],
])("without %s in the kernel nothing is connected that is to be protected by it", (option, globals) => {
  const { connects, log } = runWithout(option, globals);
  expect(connects).toEqual([]);
  const errors = log.filter((record) => record.level === "error").map((record) => record.text);
  expect(errors).toEqual([
    `this kernel does not know the connect option ${option}, and without it no connection is made`,
  ]);
});
