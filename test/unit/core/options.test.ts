/** Connect options that the kernel does not know are left out with a warning, except those that protect a connection. */
import { expect, test } from "vitest";
import { createWorld } from "../../../src/adapters/sim/world.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import type { CoreEvent } from "../../../src/core/ports/index.js";
import type { LogRecord } from "../../../src/core/ports/log.js";
import { CheckedCore } from "../../../src/harness/run/checked-core.js";
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

interface Run {
  readonly connects: readonly string[];
  readonly log: readonly LogRecord[];
}

function runWithout(option: string, globals = ""): Run {
  return runScenario(host(globals), option);
}

/** Runs the host with a `/dev/nvme-fabrics` that lacks an option. Returns the connect strings and the log. */
function runScenario(text: string, option: string): Run {
  const parsed = parseScenario("options", text);
  if (!parsed.ok) throw new Error("the scenario of this test is not valid");
  const connects: string[] = [];
  const log: LogRecord[] = [];
  const lacking = (event: CoreEvent): CoreEvent => {
    if (event.kind !== "fabrics-reply" || !event.result.ok) return event;
    const text = event.result.text.replace(new RegExp(`,${option}(=%[sd])?(?=[,\\n])`), "");
    return { ...event, result: { ok: true, text } };
  };
  const world = createWorld(parsed.scenario.world, {
    boot: (_process, ports) => {
      const core = new CheckedCore(
        { ...ports, log: { setDebug: () => undefined, write: (record) => log.push(record) } },
        "both",
      );
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

test("an option that the kernel does not know is left out with a warning, and the others stay", () => {
  const { connects, log } = runWithout("hdr_digest");
  expect(connects).toHaveLength(1);
  expect(connects[0]).not.toContain("hdr_digest");
  expect(connects[0]).toContain("data_digest");
  const warnings = log.filter((record) => record.level === "warning").map((record) => record.text);
  expect(warnings).toEqual(["this kernel does not know the connect option hdr_digest: it is left out"]);
});

test("options that the kernel knows are passed", () => {
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
])("if the kernel does not know %s, nothing that it protects is connected", (option, globals) => {
  const { connects, log } = runWithout(option, globals);
  expect(connects).toEqual([]);
  const errors = log.filter((record) => record.level === "error").map((record) => record.text);
  expect(errors).toEqual([
    `this kernel does not support the connect option ${option}, and nothing connects without it`,
  ]);
});

const PRECEDENCE = `format: 1
title: precedence
host:
  files:
    /etc/stas/sys.conf: |
      [Host]
      key = DHHC-1:00:aG9zdA==:
    /etc/stas/stafd.conf: |
      [Global]
      kato = 20
      ctrl-loss-tmo = 60
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.20;trsvcid=8009;kato=21;hdr-digest=true
    /etc/stas/stacd.conf: |
      [Global]
      kato = 10
      queue-size = 64
      dhchap-secret = DHHC-1:00:Z2xvYmFs:
      [Controllers]
      controller = transport=tcp;traddr=192.168.1.30;trsvcid=4420;nqn=nqn.x:own;kato=11;nr-io-queues=3;dhchap-secret=DHHC-1:00:b3du:
fabric:
  discovery-controllers: [{ id: dc1, listen: "192.168.1.20:8009", entries: [listed] }]
  subsystems:
    - { id: own, nqn: "nqn.x:own", listen: "192.168.1.30:4420" }
    - { id: listed, nqn: "nqn.x:listed", listen: "192.168.1.31:4420" }
expect: [{ at: 5s, connected: [dc1, own, listed] }]
`;

test("a controller's own options override [Global], which overrides the host's key; a listed controller gets [Global]", () => {
  const { connects } = runScenario(PRECEDENCE, "no_such_option");
  const optionsOf = (part: string): string | undefined =>
    connects
      .find((options) => options.includes(part))
      ?.split(",")
      .filter((option) => /^(kato|keep|ctrl_loss|queue|nr_io|hdr|dhchap)/.test(option))
      .join();
  const secrets = connects.map((options) => /dhchap_secret=(secret:\d+)/.exec(options)?.[1]);
  expect(new Set(secrets).size).toBe(3);
  const [host, own, listed] = ["192.168.1.20", "nqn.x:own", "nqn.x:listed"].map(
    (part) => /dhchap_secret=(secret:\d+)/.exec(connects.find((options) => options.includes(part)) ?? "")?.[1],
  );
  expect(optionsOf("192.168.1.20")).toBe(`ctrl_loss_tmo=60,keep_alive_tmo=21,hdr_digest,dhchap_secret=${host ?? ""}`);
  expect(optionsOf("nqn.x:own")).toBe(`nr_io_queues=3,queue_size=64,keep_alive_tmo=11,dhchap_secret=${own ?? ""}`);
  expect(optionsOf("nqn.x:listed")).toBe(`queue_size=64,keep_alive_tmo=10,dhchap_secret=${listed ?? ""}`);
});
