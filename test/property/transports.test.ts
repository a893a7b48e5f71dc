/** Connect strings per transport: the kernel accepts whatever the configuration and the pages lead to. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseConnectOptions } from "../../src/adapters/sim/kernel/options.js";
import { KERNEL_PROFILES } from "../../src/adapters/sim/kernel/profiles.js";
import { encodeConnectOptions } from "../../src/core/codec/fabrics-options.js";
import { parseStacConfig } from "../../src/core/config/stacd.js";
import {
  CONNECTION_KEYS,
  CONNECTION_OPTIONS,
  optionsOver,
  type ConnectionOptions,
} from "../../src/core/domain/connection-options.js";
import type { DiscoveryLogEntry } from "../../src/core/domain/discovery-log.js";
import { isLinkLocal, parseIp } from "../../src/core/domain/ip-address.js";
import { TRANSPORTS, WELL_KNOWN_DISCOVERY_NQN, type TransportId } from "../../src/core/domain/transport-id.js";
import { entryTransportId, onThisHost, wantedTransportId } from "../../src/core/names/entry.js";

const ADDRESSES: Readonly<Record<TransportId["transport"], readonly string[]>> = {
  tcp: ["192.168.1.30", "fd00::30", "fe80::30%eth0", "fe80::30"],
  rdma: ["192.168.1.30", "fd00::30", "fe80::30%eth0", "fe80::30"],
  fc: ["nn-0x20000090fa945c6d:pn-0x10000090fa945c6d"],
  loop: ["loop1"],
};
const HOST_ADDRESS = { tcp: "192.168.1.10", rdma: "192.168.1.10", loop: "loop0" } as const;

/** Legal values of the options that protect nothing. Those that protect are never left out. */
const VALUES: readonly (readonly [file: string, value: fc.Arbitrary<string>])[] = [
  ["nr-io-queues", fc.constantFrom("1", "8")],
  ["nr-write-queues", fc.constantFrom("1", "8")],
  ["nr-poll-queues", fc.constantFrom("1", "8")],
  ["queue-size", fc.constantFrom("16", "1024")],
  ["ctrl-loss-tmo", fc.constantFrom("-1", "0", "600")],
  ["reconnect-delay", fc.constantFrom("1", "10")],
  ["kato", fc.constantFrom("0", "30")],
  ["hdr-digest", fc.constantFrom("true", "false")],
  ["data-digest", fc.constantFrom("true", "false")],
  ["disable-sqflow", fc.constantFrom("true", "false")],
];
const someOptions = fc
  .tuple(
    ...VALUES.map(([file, value]) =>
      fc.option(
        value.map((text) => [file, text] as const),
        { nil: undefined },
      ),
    ),
  )
  .map((pairs) => pairs.filter((pair) => pair !== undefined));
const transport = fc.constantFrom(...TRANSPORTS);
const profile = fc.constantFrom(...Object.values(KERNEL_PROFILES));

function connectString(transportId: TransportId, options: ConnectionOptions): string {
  const host = { hostNqn: "nqn.2014-08.org.nvmexpress:host", hostId: "d8bf3854-8963-4269-9d21-2965607f499b" };
  return encodeConnectOptions({ transportId, ...host, discovery: false, options });
}

test("the table of options covers every option that protects nothing", () => {
  const plain = CONNECTION_KEYS.filter((key) => !CONNECTION_OPTIONS[key].protects);
  expect(plain.map((key) => CONNECTION_OPTIONS[key].file).sort()).toEqual(VALUES.map(([file]) => file).sort());
});

const line = fc
  .tuple(transport, fc.nat(3), fc.boolean(), fc.boolean(), someOptions)
  .map(([over, at, byIface, byAddress, options]) => {
    const addresses = ADDRESSES[over];
    const traddr = addresses[at % addresses.length] ?? "";
    const source = over === "fc" ? "nn-0x20000090fa942779:pn-0x10000090fa942779" : HOST_ADDRESS[over];
    const keys = [`transport=${over}`, `traddr=${traddr}`, "nqn=nqn.2024-01.io.example:vol1"];
    if (byIface) keys.push("host-iface=eth0");
    if (byAddress || over === "fc") keys.push(`host-traddr=${source}`);
    return [...keys, ...options.map(([file, text]) => `${file}=${text}`)].join(";");
  });

test("the kernel accepts what a configuration leads to, over every transport", () => {
  fc.assert(
    fc.property(line, someOptions, fc.boolean(), profile, (controller, globals, ignoreIface, kernel) => {
      const lines = globals.map(([file, text]) => `${file} = ${text}`);
      const text = ["[Global]", `ignore-iface = ${String(ignoreIface)}`, ...lines, "[Controllers]"];
      const parsed = parseStacConfig("stacd.conf", [...text, `controller = ${controller}`].join("\n"));
      if (!parsed.ok) throw new Error("the configuration is not valid");
      const [entry] = parsed.value.controllers;
      if (entry === undefined) throw new Error("the controller is not valid");
      const wanted = wantedTransportId(entry, "stac", ignoreIface);
      if (!wanted.ok) throw new Error(wanted.because);
      const options = optionsOver(wanted.tid.transport, parsed.value.connection, entry.options);
      const string = connectString(wanted.tid, options);
      expect(parseConnectOptions(string, kernel), string).toMatchObject({ ok: true });
      const asksForIface = controller.includes("host-iface") || controller.includes("%eth0");
      if (isLinkLocal(wanted.tid.traddr) && asksForIface) expect(hasInterface(wanted.tid)).toBe(true);
    }),
  );
});

function hasInterface({ traddr, hostIface }: TransportId): boolean {
  return hostIface === "eth0" || parseIp(traddr)?.scope === "eth0";
}

const dc: fc.Arbitrary<TransportId> = fc.record({
  transport: fc.constantFrom("tcp", "rdma"),
  traddr: fc.constantFrom("192.168.1.20", "fe80::20%eth0", "fd00::20"),
  trsvcid: fc.constant("8009"),
  subsysnqn: fc.constant(WELL_KNOWN_DISCOVERY_NQN),
  hostTraddr: fc.constantFrom("", "192.168.1.10"),
  hostIface: fc.constantFrom("", "eth0"),
  hostNqn: fc.constant(""),
});

const entry: fc.Arbitrary<DiscoveryLogEntry> = fc
  .tuple(transport, fc.nat(3), fc.constantFrom("", "%eth5"), fc.constantFrom("nvme", "referral"))
  .map(([trtype, at, zone, subtype]) => {
    const addresses = ADDRESSES[trtype];
    const traddr = addresses[at % addresses.length] ?? "";
    const zoned = traddr.includes("::") && !traddr.includes("%") ? `${traddr}${zone}` : traddr;
    const numbers = { adrfam: 2, treq: 0, portid: 1, cntlid: 0xffff, asqsz: 32, eflags: 0 };
    return {
      trtype,
      subtype,
      ...numbers,
      trsvcid: "4420",
      subnqn: "nqn.2024-01.io.example:vol1",
      traddr: zoned,
      tsas: "",
    };
  });

test("the kernel accepts what a page leads to, and a link-local address always carries an interface of this host", () => {
  fc.assert(
    fc.property(entry, dc, fc.boolean(), someOptions, profile, (listed, from, ignoreIface, globals, kernel) => {
      const text = ["[Global]", ...globals.map(([file, value]) => `${file} = ${value}`)].join("\n");
      const parsed = parseStacConfig("stacd.conf", text);
      if (!parsed.ok) throw new Error("the configuration is not valid");
      const tid = entryTransportId(onThisHost(listed, from), from, ignoreIface);
      if (tid === undefined) return;
      const string = connectString(tid, optionsOver(tid.transport, parsed.value.connection));
      expect(parseConnectOptions(string, kernel), string).toMatchObject({ ok: true });
      if (isLinkLocal(tid.traddr)) expect(hasInterface(tid), string).toBe(true);
      expect(string).not.toContain("eth5");
    }),
  );
});
