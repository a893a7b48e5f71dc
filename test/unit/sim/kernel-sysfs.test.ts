import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseControllerRecord } from "../../../src/core/codec/sysfs.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { Milliseconds } from "../../../src/core/domain/units.js";
import { SysfsReader } from "../../../src/adapters/shared/sysfs-reader.js";
import type { AttributeFs } from "../../../src/adapters/shared/sysfs-reader.js";
import { WorldMisuse } from "../../../src/adapters/sim/kernel/initial.js";
import type { InitialControllerSpec } from "../../../src/adapters/sim/spec.js";
import { discoveryController, fixture, HOST, Lab, NQN_A, tcp, WELL_KNOWN } from "./kernel-lab.js";

const DC = `nqn=${WELL_KNOWN},transport=tcp,traddr=127.0.0.1,trsvcid=8009,${HOST}`;
const A = `nqn=${NQN_A},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST}`;

const TREE = z.object({
  controllers: z.array(z.object({ name: z.string(), attributes: z.record(z.string(), z.string()) })),
});

/** The controllers of a real kernel's sysfs. */
function recordedTree(log: string): { name: string; attributes: Record<string, string> }[] {
  return TREE.parse(fixture(`sysfs/${log}.json`)).controllers;
}

const MADE_UP = ["serial", "model"];

function without(attributes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !MADE_UP.includes(name)));
}

function shown(lab: Lab, name: string): Record<string, string> {
  return Object.fromEntries(lab.kernel.attributes().get(name) ?? []);
}

describe("sysfs shows what real kernels show", () => {
  test.each([
    ["6.12", "6.12-cloud.s1"],
    ["6.1", "6.1-cloud.s1"],
  ] as const)("a live discovery controller and a live I/O controller on %s (%s)", (version, log) => {
    const lab = new Lab({ version });
    lab.connected(`${DC},keep_alive_tmo=30`);
    lab.connected(A);
    const recorded = recordedTree(log);
    for (const { name, attributes } of recorded.slice(0, 2)) {
      expect(Object.keys(shown(lab, name)).sort(), name).toEqual(Object.keys(attributes).sort());
      expect(without(shown(lab, name)), name).toEqual(without(attributes));
    }
    expect(shown(lab, "nvme0")["model"]).toBe(`${"Linux".padEnd(40)}\n`);
  });

  test("a connecting controller shows no src_addr (6.12-cloud.s4)", () => {
    const lab = new Lab();
    lab.connected(`${A},ctrl_loss_tmo=5,reconnect_delay=1,keep_alive_tmo=5`);
    expect(lab.attribute("nvme0", "address")).toBe("traddr=127.0.0.1,trsvcid=4420,src_addr=127.0.0.1\n");
    lab.apply({ kind: "listener", id: "private", state: "refuses" });
    lab.apply({ kind: "listener", id: "b", state: "refuses" });
    lab.apply({ kind: "listener", id: "a", state: "refuses" });
    lab.run(1500);
    const [recorded] = recordedTree("6.12-cloud.s4");
    const { subsysnqn: ours, ...rest } = without(shown(lab, "nvme0"));
    const { subsysnqn: theirs, ...expected } = without(recorded?.attributes ?? {});
    expect(rest).toEqual(expected);
    expect([ours, theirs]).toEqual([`${NQN_A}\n`, "nqn.2024-01.io.lab:subsys-b\n"]);
  });

  test("the address lists its parts in the kernel's order (6.12-cloud.s5)", () => {
    const lab = new Lab();
    lab.connected(
      `nqn=${NQN_A},transport=tcp,traddr=10.99.0.2,trsvcid=4420,host_iface=vh,host_traddr=10.99.0.1,${HOST}`,
    );
    expect(lab.attribute("nvme0", "address")).toBe(
      "traddr=10.99.0.2,trsvcid=4420,host_traddr=10.99.0.1,host_iface=vh,src_addr=10.99.0.1\n",
    );
  });

  test.each([
    ["", "600", "10"],
    [",ctrl_loss_tmo=10,reconnect_delay=3", "12", "3"],
    [",ctrl_loss_tmo=5", "10", "10"],
    [",ctrl_loss_tmo=-1", "off", "10"],
    [",ctrl_loss_tmo=0", "0", "10"],
  ])("sysfs shows ctrl_loss_tmo in whole attempts: `%s` as %s", (more, tmo, delay) => {
    const lab = new Lab();
    lab.connected(`${A}${more}`);
    expect(lab.attribute("nvme0", "ctrl_loss_tmo")).toBe(`${tmo}\n`);
    expect(lab.attribute("nvme0", "reconnect_delay")).toBe(`${delay}\n`);
  });

  test("kato is 5 on an I/O controller even if the connect says 0, and 0 on a discovery controller", () => {
    const lab = new Lab();
    lab.connected(`${A},keep_alive_tmo=0`);
    lab.connected(DC);
    expect([lab.attribute("nvme0", "kato"), lab.attribute("nvme1", "kato")]).toEqual(["5\n", "0\n"]);
  });

  test("5.14 has no controller type and no src_addr", () => {
    const lab = new Lab({ version: "5.14" });
    lab.connected(DC);
    expect(lab.attribute("nvme0", "cntrltype")).toBeUndefined();
    expect(lab.attribute("nvme0", "dctype")).toBeUndefined();
    expect(lab.attribute("nvme0", "address")).toBe("traddr=127.0.0.1,trsvcid=8009\n");
    expect(lab.kernel.read("nvme0")?.attributes.cntrltype).toBeUndefined();
  });

  test("attributes fill in after the `add`: when the connect ends, or later if a scenario says so", () => {
    const lab = new Lab();
    lab.begin(A);
    lab.run(10);
    const early = lab.kernel.read("nvme0");
    expect(early?.attributes).toMatchObject({
      state: "connecting\n",
      cntrltype: "reserved\n",
      subsysnqn: "(efault)\n",
    });
    expect(early === undefined ? undefined : parseControllerRecord(early).complete).toBe(false);
    lab.apply({ kind: "attributes-after", delay: Milliseconds(2000) });
    lab.run(200);
    expect(lab.attribute("nvme0", "cntrltype")).toBe("io\n");
    lab.connected(DC);
    expect(lab.attribute("nvme1", "state")).toBe("live\n");
    expect(lab.attribute("nvme1", "cntrltype")).toBe("reserved\n");
    lab.run(2000);
    expect(lab.attribute("nvme1", "cntrltype")).toBe("discovery\n");
    const late = new Lab({ kernel: { attributesAfter: Milliseconds(500) } });
    late.connected(DC);
    expect(late.attribute("nvme0", "subsysnqn")).toBe("(efault)\n");
  });

  test("each discovery controller with the well-known NQN has its own subsystem", () => {
    const lab = new Lab();
    lab.connected(DC);
    lab.connected(DC);
    expect(lab.headers().filter((header) => header.includes("nvme-subsys"))).toEqual([
      "add@/devices/virtual/nvme-subsystem/nvme-subsys0",
      "add@/devices/virtual/nvme-subsystem/nvme-subsys1",
    ]);
  });
});

describe("the reader", () => {
  /** A tree of these files. A read throws if `vanish` says so; `reads` counts the reads so far. */
  function treeOf(
    files: Record<string, string>,
    vanish: (path: string, reads: number) => boolean = () => false,
  ): AttributeFs {
    let reads = 0;
    return {
      readdirSync: () => [...new Set(Object.keys(files).map((path) => path.split("/")[0] ?? ""))],
      readFileSync: (path) => {
        const text = files[path.replace("/sys/class/nvme/", "")];
        if (text === undefined || vanish(path, ++reads)) throw new Error("ENOENT");
        return text;
      },
    };
  }

  const files = { "nvme0/state": "live\n", "nvme0/subsysnqn": "nqn.x\n", "nvme0/address": "traddr=1.2.3.4\n" };

  test("skips entries that are not controllers, and controllers without a state", () => {
    const reader = new SysfsReader(
      treeOf({ ...files, "nvme-fabrics/state": "live\n", "nvme0c0n1/state": "live\n", "nvme1/x": "" }),
    );
    expect(reader.list()).toEqual([
      { name: "nvme0", state: "live\n", subsysnqn: "nqn.x\n", address: "traddr=1.2.3.4\n" },
    ]);
    expect(reader.read("nvme0")).toEqual({
      name: "nvme0",
      attributes: { state: "live\n", subsysnqn: "nqn.x\n", address: "traddr=1.2.3.4\n" },
    });
    expect(reader.read("nvme1")).toBeUndefined();
    expect(reader.read("nvme-fabrics")).toBeUndefined();
    expect(reader.read("../nvme0")).toBeUndefined();
  });

  test("skips a controller that vanishes during the read, and leaves out an attribute that vanishes", () => {
    // Four reads succeed: the state, two attributes, the state again.
    for (let at = 1; at <= 6; at++) {
      const record = new SysfsReader(treeOf(files, (_, reads) => reads >= at)).read("nvme0");
      expect(record?.attributes.state, `gone at read ${String(at)}`).toBe(at > 4 ? "live\n" : undefined);
      const listed = new SysfsReader(treeOf(files, (_, reads) => reads >= at)).list();
      expect(listed.length, `gone at read ${String(at)}`).toBe(at > 3 ? 1 : 0);
    }
    const reader = new SysfsReader(treeOf(files, (path) => path.endsWith("subsysnqn")));
    expect(reader.read("nvme0")?.attributes).toEqual({ state: "live\n", address: "traddr=1.2.3.4\n" });
    expect(reader.list()).toEqual([{ name: "nvme0", state: "live\n", subsysnqn: "", address: "traddr=1.2.3.4\n" }]);
  });

  test("finds no controllers without a class directory", () => {
    const nothing: AttributeFs = {
      readdirSync: () => {
        throw new Error("ENOENT");
      },
      readFileSync: () => {
        throw new Error("ENOENT");
      },
    };
    expect(new SysfsReader(nothing).list()).toEqual([]);
    expect(new SysfsReader(nothing).read("nvme0")).toBeUndefined();
  });
});

describe("initial controllers", () => {
  const [dc, io] = recordedTree("6.12-cloud.s1");

  function fromTree(tree: { name: string; attributes: Record<string, string> } | undefined): InitialControllerSpec {
    if (tree === undefined) throw new Error("the fixture has no such controller");
    return { kind: "sysfs", madeBy: "nvme-cli", name: tree.name, attributes: tree.attributes };
  }

  test("show a real kernel's attributes unchanged, without a uevent", () => {
    const lab = new Lab({ kernel: { controllers: [fromTree(dc), fromTree(io)] } });
    expect(shown(lab, "nvme0")).toEqual(dc?.attributes);
    expect(shown(lab, "nvme1")).toEqual(io?.attributes);
    expect(lab.uevents).toEqual([]);
    expect(lab.kernel.views()).toMatchObject([
      { name: "nvme0", peer: "port1", role: "discovery", madeBy: "nvme-cli", state: "live" },
      { name: "nvme1", peer: "a", role: "io", subsysnqn: NQN_A },
    ]);
  });

  test("behave like all others: duplicates are EALREADY, numbers are taken, a loss is noticed", () => {
    const lab = new Lab({ kernel: { controllers: [fromTree(dc), fromTree(io)] } });
    expect(lab.connect(A).result).toEqual({ ok: false, errno: ERRNO.EALREADY });
    expect(lab.connect(DC).result).toEqual({ ok: true, text: "instance=2,cntlid=3\n" });
    lab.apply({ kind: "listener", id: "port1", state: "closes" });
    lab.run(100);
    expect(lab.state("nvme0")).toBe("connecting");
    expect(lab.attribute("nvme0", "address")).toBe("traddr=127.0.0.1,trsvcid=8009\n");
    expect(lab.attribute("nvme0", "serial")).toBe(dc?.attributes["serial"]);
    expect(lab.delete("nvme1").errno).toBe(0);
  });

  test("can include a PCIe disk, which has no peer", () => {
    const attributes = {
      state: "live\n",
      transport: "pcie\n",
      address: "0000:01:00.0\n",
      subsysnqn: "nqn.pcie\n",
      cntlid: "0\n",
    };
    const lab = new Lab({ kernel: { controllers: [{ kind: "sysfs", madeBy: "bios", name: "nvme3", attributes }] } });
    expect(lab.kernel.views()).toMatchObject([{ name: "nvme3", role: "pcie", transport: "pcie", peer: undefined }]);
    expect(lab.connected(DC)).toBe("nvme0");
    expect(shown(lab, "nvme3")).toEqual(attributes);
  });

  test("can name a peer of the fabric, live or still connecting", () => {
    const controllers: InitialControllerSpec[] = [
      { kind: "connected", madeBy: "nbft", to: "port1", state: "live" },
      { kind: "connected", madeBy: "administrator", to: "a", state: "connecting", hostIface: "lo" },
    ];
    const lab = new Lab({ kernel: { controllers } });
    expect(lab.state("nvme0")).toBe("live");
    expect(lab.state("nvme1")).toBe("connecting");
    expect(lab.attribute("nvme1", "cntrltype")).toBe("io\n");
    lab.run(11_000);
    expect(lab.state("nvme1")).toBe("live");
    expect(
      () => new Lab({ kernel: { controllers: [{ kind: "connected", madeBy: "nbft", to: "nobody", state: "live" }] } }),
    ).toThrow(WorldMisuse);
  });

  test("can use the well-known NQN of a peer that has a unique one", () => {
    const unique = discoveryController("dc", [tcp("127.0.0.1", "8009")], { nqn: "nqn.x:unique" });
    const lab = new Lab({
      fabric: { discoveryControllers: [unique], subsystems: [] },
      kernel: { controllers: [{ kind: "connected", madeBy: "nvme-cli", to: "dc", nqn: WELL_KNOWN, state: "live" }] },
    });
    expect(lab.attribute("nvme0", "subsysnqn")).toBe("nqn.x:unique\n");
    expect(lab.connect(`${DC.replace(WELL_KNOWN, "nqn.x:unique")},discovery`).result.ok).toBe(true);
  });
});
