/** Compares the boot firmware tables that scenario files hold as bytes with the tables they stand for. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { toHex } from "../../../src/core/codec/text.js";
import type { NbftTable } from "../../../src/core/domain/nbft.js";
import { encodeNbft } from "./nbft-encoder.js";

const HFI: NbftTable["hfis"][number] = {
  index: 1,
  transport: "tcp",
  pci: "0000:40:00.0",
  pcieSegment: 0,
  mac: "52:54:00:aa:bb:01",
  vlan: 0,
  ipOrigin: 1,
  address: "192.168.1.10",
  prefixLength: 24,
  gateway: "",
  routeMetric: 0,
  primaryDns: "",
  secondaryDns: "",
  dhcpServer: "",
  hostName: "",
  defaultRoute: false,
  dhcp: false,
  autoconfigured: false,
  dhcpClient: undefined,
};

const BOOT: NbftTable["subsystems"][number] = {
  index: 1,
  transport: "tcp",
  traddr: "192.168.1.30",
  trsvcid: "4420",
  subsysnqn: "nqn.2023-01.example:boot",
  portId: 1,
  nsid: 1,
  namespaceId: { kind: "none" },
  hfis: [1],
  discoveryController: 1,
  securityProfile: 0,
  hdrDigest: false,
  dataDigest: false,
  nonBootable: false,
  fromDhcpRootPath: false,
  separateDiscovery: false,
  discovered: true,
  availability: "available",
  extended: undefined,
};

/** One interface, one discovery controller, one volume to boot from, and a host NQN that an administrator gave the firmware. */
const TABLE: NbftTable = {
  minorRevision: 0,
  host: {
    nqn: "nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-0000000000b0",
    nqnConfigured: true,
    id: "00000000-0000-4000-8000-0000000000b0",
    idConfigured: true,
    primary: "selected",
  },
  hfis: [HFI],
  securityProfiles: [],
  discoveryControllers: [
    { index: 1, hfi: 1, securityProfile: 0, uri: { transport: "tcp", host: "192.168.1.20", port: 8009 }, nqn: "" },
    { index: 2, hfi: 1, securityProfile: 0, uri: { transport: "rdma", host: "0.0.0.0", port: undefined }, nqn: "" },
  ],
  subsystems: [BOOT],
  faults: [],
};

const whole = toHex(encodeNbft(TABLE).bytes);
/** A host without a configured NQN: everything is the host's own. */
const plain = toHex(encodeNbft({ ...TABLE, host: { ...TABLE.host, nqnConfigured: false } }).bytes);

const scenario = z.looseObject({ host: z.looseObject({ "binary-files": z.record(z.string(), z.string()) }) });

describe("tables in scenarios", () => {
  test.each([
    ["nbft/discovery-controllers", { NBFT: whole, NBFT1: `${whole.slice(0, -2)}ff` }],
    ["field/20-audit-disconnects-what-is-not-ours", { NBFT: plain }],
  ])("%s holds the expected table", (name, tables) => {
    const file = scenario.parse(parse(readFileSync(`sim/scenarios/${name}.yaml`, "utf8")));
    const expected = Object.entries(tables).map(([table, hex]) => [`/sys/firmware/acpi/tables/${table}`, hex]);
    expect(file.host["binary-files"]).toEqual(Object.fromEntries(expected));
  });
});
