/** Discovery controllers of the boot firmware beside configured ones. */
import { describe, expect, test } from "vitest";
import { parseStafConfig } from "../../../src/core/config/stafd.js";
import { WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../../../src/core/domain/transport-id.js";
import { wantedDcs } from "../../../src/core/staf/plan.js";

const BOOT: TransportId = {
  transport: "tcp",
  traddr: "192.168.1.20",
  trsvcid: "8009",
  subsysnqn: WELL_KNOWN_DISCOVERY_NQN,
  hostTraddr: "",
  hostIface: "eth0",
  hostNqn: "",
};

function origins(line: string, boot: TransportId): readonly string[] {
  const parsed = parseStafConfig("/etc/stas/stafd.conf", `[Controllers]\n${line}\n`);
  if (!parsed.ok) throw new Error("the configuration of this test is not valid");
  const wanted = wantedDcs({
    config: parsed.value,
    names: new Map(),
    boot: [{ record: 1, tid: boot, hostId: "", remarks: [] }],
    present: [],
    discovered: [],
  });
  return [...wanted.values()].map(({ origin, tid }) => `${origin} ${tid.hostIface}`.trim());
}

describe("a controller of the boot firmware", () => {
  const line = "controller=transport=tcp;traddr=::ffff:192.168.1.20;trsvcid=8009";
  test("is not wanted twice if it is also configured without an interface", () => {
    expect(origins(line, BOOT)).toEqual(["configured"]);
  });
  test("is wanted beside a configured one with another interface, address or host NQN", () => {
    expect(origins(`${line};host-iface=eth1`, BOOT)).toEqual(["configured eth1", "nbft eth0"]);
    expect(origins(line, { ...BOOT, traddr: "192.168.1.21" })).toEqual(["configured", "nbft eth0"]);
    expect(origins(line, { ...BOOT, hostNqn: "nqn.other" })).toEqual(["configured", "nbft eth0"]);
  });
  test("is not wanted if it is excluded", () => {
    expect(origins("exclude=transport=tcp;traddr=192.168.1.20", BOOT)).toEqual([]);
  });
});
