import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress, parseControllerRecord } from "../../../src/core/codec/sysfs.js";
import { recordedAddresses, recordedControllers } from "./fixtures.js";

const NOWHERE = { traddr: "", trsvcid: "", hostTraddr: "", hostIface: "", srcAddr: "" };

describe("recorded addresses", () => {
  it("survive a round trip", () => {
    expect(recordedAddresses().length).toBe(12);
    for (const text of recordedAddresses()) expect(formatAddress(parseAddress(`${text}\n`))).toBe(text);
  });

  it("include a full one", () => {
    expect(parseAddress(recordedAddresses().find((text) => text.includes("host_iface=vh")) ?? "")).toEqual({
      traddr: "10.99.0.2",
      trsvcid: "4420",
      hostTraddr: "10.99.0.1",
      hostIface: "vh",
      srcAddr: "10.99.0.1",
    });
  });
});

describe("parseAddress", () => {
  it("reads `none` as absent, not as an interface of that name (field bug 22)", () => {
    expect(parseAddress("traddr=127.0.0.1,trsvcid=8009,host_traddr=none,host_iface=none,src_addr=none")).toEqual({
      ...NOWHERE,
      traddr: "127.0.0.1",
      trsvcid: "8009",
    });
  });

  it("keeps the colons of other families", () => {
    expect(parseAddress("traddr=fe80::1%eth0,trsvcid=8009").traddr).toBe("fe80::1%eth0");
    expect(parseAddress("traddr=nn-0x10:pn-0x20,host_traddr=nn-0x30:pn-0x40")).toMatchObject({
      traddr: "nn-0x10:pn-0x20",
      hostTraddr: "nn-0x30:pn-0x40",
    });
  });

  it("reads a PCIe bus address as one address", () => {
    expect(parseAddress("0000:01:00.0\n")).toEqual({ ...NOWHERE, traddr: "0000:01:00.0" });
  });

  it("finds nothing in an empty or odd text", () => {
    for (const text of ["", "\n", "none\n", ",", "=", "x=y"]) expect(parseAddress(text)).toEqual(NOWHERE);
  });
});

describe("recorded controllers", () => {
  const controllers = recordedControllers().map(({ source, record }) => ({ source, ...parseControllerRecord(record) }));

  it("are all complete", () => {
    expect(controllers.length).toBe(14);
    for (const { complete, transport } of controllers) {
      expect([complete, transport]).toEqual([true, "tcp"]);
    }
  });

  it.each(["6.1-cloud.s1.log", "6.12-cloud.s1.log", "6.1.s1.log", "6.12.s1.log"])(
    "of %s: DC, I/O and another DC",
    (log) => {
      const [dc, io, second] = controllers.filter(({ source }) => source === log);
      expect(dc).toMatchObject({
        name: "nvme0",
        traddr: "127.0.0.1",
        trsvcid: "8009",
        srcAddr: "127.0.0.1",
        hostTraddr: "",
        hostIface: "",
        subsysnqn: "nqn.2014-08.org.nvmexpress.discovery",
        hostNqn: "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555",
        cntrltype: "discovery",
        dctype: "none",
        state: "live",
        cntlid: 1,
      });
      expect(io).toMatchObject({
        name: "nvme1",
        trsvcid: "4420",
        subsysnqn: "nqn.2024-01.io.lab:subsys-a",
        cntrltype: "io",
        cntlid: 2,
      });
      expect(second).toMatchObject({ name: "nvme2", cntrltype: "discovery" });
    },
  );

  it.each(["6.1-cloud.s4.log", "6.12-cloud.s4.log"])("of %s: no src_addr while it connects", (log) => {
    const connecting = controllers.filter(({ source }) => source === log);
    expect(connecting).toMatchObject([{ state: "connecting", srcAddr: "", cntrltype: "io", complete: true }]);
  });
});

describe("parseControllerRecord", () => {
  const attributes = {
    address: "traddr=1.2.3.4,trsvcid=8009\n",
    cntrltype: "io\n",
    state: "live\n",
    subsysnqn: "nqn.a\n",
    transport: "tcp\n",
  };

  it("reports no type that the kernel does not show (field bug 19)", () => {
    const { cntrltype: _, ...without } = attributes;
    expect(parseControllerRecord({ name: "nvme0", attributes: without }).cntrltype).toBe("unknown");
    expect(parseControllerRecord({ name: "nvme0", attributes: { ...attributes, cntrltype: "\n" } }).cntrltype).toBe(
      "unknown",
    );
    expect(
      parseControllerRecord({ name: "nvme0", attributes: { ...attributes, cntrltype: "novel\n" } }).cntrltype,
    ).toBe("reserved");
    expect(parseControllerRecord({ name: "nvme0", attributes: {} })).toMatchObject({
      ...NOWHERE,
      name: "nvme0",
      cntlid: undefined,
      complete: false,
    });
  });

  it.each(["address", "state", "subsysnqn", "transport"] as const)("is incomplete without %s", (attribute) => {
    expect(parseControllerRecord({ name: "nvme0", attributes }).complete).toBe(true);
    expect(parseControllerRecord({ name: "nvme0", attributes: { ...attributes, [attribute]: "\n" } }).complete).toBe(
      false,
    );
  });

  it.each(["(efault)\n", "(null)\n"])("is incomplete while the kernel shows %j as the NQN", (subsysnqn) => {
    const parsed = parseControllerRecord({ name: "nvme0", attributes: { ...attributes, subsysnqn } });
    expect(parsed).toMatchObject({ subsysnqn: "", complete: false });
  });

  it("is complete without an address over loop", () => {
    expect(
      parseControllerRecord({ name: "nvme0", attributes: { ...attributes, address: "\n", transport: "loop\n" } })
        .complete,
    ).toBe(true);
  });

  it("reads a PCIe disk", () => {
    const disk = { ...attributes, address: "0000:01:00.0\n", transport: "pcie\n" };
    expect(parseControllerRecord({ name: "nvme0", attributes: disk })).toMatchObject({
      transport: "pcie",
      traddr: "0000:01:00.0",
      trsvcid: "",
      complete: true,
    });
  });

  it("ignores numbers that are not valid", () => {
    for (const text of ["", "x", "-1", "1.5", "99999999999"]) {
      expect(parseControllerRecord({ name: "nvme0", attributes: { cntlid: text } })).toMatchObject({
        cntlid: undefined,
      });
    }
  });
});
