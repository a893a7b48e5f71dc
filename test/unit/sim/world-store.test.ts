import { describe, expect, it } from "vitest";
import { SecretVault } from "../../../src/adapters/shared/secrets.js";
import { temporaryPath } from "../../../src/adapters/shared/temporary-path.js";
import { UDEV_OVERRIDE_PATH } from "../../../src/adapters/shared/udev-override.js";
import { ERRNO } from "../../../src/core/domain/errno.js";
import { CONNECT_DC, makeSpec, ms, request, TestBed } from "./world-kit.js";

const STATE = "/run/stafd/state.json";

describe("simulated files", () => {
  it("hold the host's identity, unless the scenario gives the files itself", () => {
    const spec = makeSpec({ host: { files: { "/etc/nvme/hostid": "other\n" } } });
    const bed = new TestBed(spec).start();
    const { store } = bed.portsOf("stas");
    expect(store.read("/etc/nvme/hostnqn")).toEqual({ ok: true, text: `${spec.host.nqn}\n` });
    expect(store.read("/etc/nvme/hostid")).toEqual({ ok: true, text: "other\n" });
    expect(store.read("/etc/stas/sys.conf")).toEqual({ ok: false, errno: ERRNO.ENOENT });
    expect(store.read("/etc/nvme")).toEqual({ ok: false, errno: ERRNO.EISDIR });
    expect(store.list("/etc/nvme")).toEqual(["hostid", "hostnqn"]);
    expect(store.list("/nowhere")).toEqual([]);
  });

  it("are written after a delay, and whole", () => {
    const bed = new TestBed(makeSpec()).start();
    bed.portsOf("stas").store.write(request(7), STATE, "new");
    expect(bed.world.readFile(STATE)).toBeUndefined();
    bed.run(2);
    expect(bed.world.readFile(STATE)).toBe("new");
    expect(bed.events("written")).toEqual([{ kind: "written", request: 7, result: { ok: true } }]);
    expect(bed.portsOf("stas").store.list("/run/stafd")).toEqual(["state.json"]);
    expect(bed.observations("file-written")).toEqual([{ kind: "file-written", by: "stas", path: STATE, bytes: 3 }]);
  });

  it("stay unchanged on a full disk", () => {
    const bed = new TestBed(makeSpec({ host: { files: { [STATE]: "old" } } })).start();
    bed.world.apply({ kind: "disk", state: "full" });
    bed.portsOf("stas").store.write(request(1), STATE, "new");
    bed.run(10);
    expect(bed.events("written")[0]?.result).toEqual({ ok: false, errno: ERRNO.ENOSPC });
    expect(bed.world.readFile(STATE)).toBe("old");
    bed.world.apply({ kind: "disk", state: "ok" });
    bed.portsOf("stas").store.write(request(2), STATE, "new");
    bed.run(10);
    expect(bed.world.readFile(STATE)).toBe("new");
  });

  it.each(["ok", "torn"] as const)("are never torn by a kill in mid-write (disk %s)", (state) => {
    const bed = new TestBed(makeSpec({ host: { files: { [STATE]: "old and whole" } } })).start();
    bed.world.apply({ kind: "disk", state });
    bed.portsOf("stas").store.write(request(1), STATE, "0123456789");
    bed.run(1);
    bed.world.apply({ kind: "kill", process: "both" });
    bed.run(10);
    expect(bed.world.readFile(STATE)).toBe("old and whole");
    expect(bed.world.readFile(temporaryPath(STATE))).toBe(state === "torn" ? "01234" : undefined);
    expect(bed.events("written")).toEqual([]);
  });

  it("can be written and removed by the administrator", () => {
    const bed = new TestBed(makeSpec()).start();
    bed.world.apply({ kind: "write-file", path: "/etc/stas/stafd.conf", text: "[Global]\n" });
    expect(bed.portsOf("stas").store.read("/etc/stas/stafd.conf")).toEqual({ ok: true, text: "[Global]\n" });
    bed.world.apply({ kind: "remove-file", path: "/etc/stas/stafd.conf" });
    bed.world.apply({ kind: "remove-file", path: "/etc/stas/stafd.conf" });
    expect(bed.world.readFile("/etc/stas/stafd.conf")).toBeUndefined();
  });

  it("include the udev override, which outlives a kill", () => {
    const bed = new TestBed(makeSpec()).start();
    bed.portsOf("stas").system.writeUdevOverride();
    bed.world.apply({ kind: "kill", process: "both" });
    expect(bed.world.readFile(UDEV_OVERRIDE_PATH)).toBeDefined();
    bed.start();
    bed.portsOf("stas").system.removeUdevOverride();
    expect(bed.world.readFile(UDEV_OVERRIDE_PATH)).toBeUndefined();
  });
});

describe("secrets", () => {
  const CONF = "/etc/stas/stacd.conf";
  const ENTRY = "controller = transport=tcp;traddr=1.2.3.4;dhchap-secret=DHHC-1:00:one==:;dhchap-ctrl-secret = two\n";

  it("reach the core as handles, with the same handle for the same secret", () => {
    const vault = new SecretVault();
    const first = vault.concealFile(CONF, `[Controllers]\n${ENTRY}exclude = dhchap-secret=DHHC-1:00:one==:\n`);
    expect(first).toBe(
      "[Controllers]\ncontroller = transport=tcp;traddr=1.2.3.4;dhchap-secret=secret:1;dhchap-ctrl-secret = secret:2\nexclude = dhchap-secret=secret:1\n",
    );
    expect(vault.concealFile(CONF, ENTRY.replace("one", "changed"))).toContain("dhchap-secret=secret:3;");
    expect(vault.concealFile(CONF, "controller = a=b;dhchap-secret=\n  DHHC-1:00:one==:\n")).toBe(
      "controller = a=b;dhchap-secret=\n  secret:1\n",
    );
    expect(vault.concealFile(CONF, "dhchap-secret=\nexclude = x\n")).toBe("dhchap-secret=\nexclude = x\n");
  });

  it("include the host's key, in sys.conf and in its own file", () => {
    const vault = new SecretVault();
    expect(
      vault.concealFile("/etc/stas/sys.conf", "[Host]\nnqn = nqn.x\nKey = DHHC-1:key\n[Other]\nkey = plain\n"),
    ).toBe("[Host]\nnqn = nqn.x\nKey =secret:1\n[Other]\nkey = plain\n");
    expect(vault.concealFile("/etc/nvme/hostkey", " DHHC-1:key comment\nmore\n")).toBe("secret:1\n");
    expect(vault.concealFile("/root/k", "DHHC-1:key\n")).toBe("DHHC-1:key\n");
    expect(vault.concealFile("/etc/stas/sys.conf", "[Host]\nkey = file:///root/k\n")).toContain("file:///root/k");
    expect(vault.concealFile("/root/k", "DHHC-1:key\n")).toBe("secret:1\n");
  });

  it("return to the connect string for the kernel, but not to observations", () => {
    const vault = new SecretVault();
    vault.concealFile(CONF, ENTRY);
    const options = "transport=tcp,dhchap_secret=secret:1,dhchap_ctrl_secret=secret:2,hostnqn=secret:1";
    const plain = "transport=tcp,dhchap_secret=DHHC-1:00:one==:,dhchap_ctrl_secret=two,hostnqn=secret:1";
    expect(vault.revealOptions(options)).toBe(plain);
    expect(vault.concealOptions(plain)).toBe(options);
    expect(vault.revealOptions("dhchap_secret=secret:9")).toBe("dhchap_secret=secret:9");
  });

  it("never leave the simulated world", () => {
    const secret = "DHHC-1:00:VGhlcmUgaXMgbm8gc2VjcmV0IGhlcmU=:";
    const files = { [CONF]: `[Controllers]\ncontroller = transport=tcp;dhchap-secret=${secret}\n` };
    const bed = new TestBed(makeSpec({ host: { files } }), (event, ports) => {
      if (event.kind !== "control") return;
      const read = ports.store.read(CONF);
      const handle = read.ok ? (/dhchap-secret=(\S+)/.exec(read.text)?.[1] ?? "") : "";
      ports.fabrics.connect(request(1), `${CONNECT_DC},dhchap_secret=${handle}`);
    }).start();
    bed.run(1000);
    expect(bed.observations("connect-begin")[0]?.options).toContain("dhchap_secret=secret:1");
    expect(bed.world.connections()).toHaveLength(1);
    expect(JSON.stringify([bed.seen, bed.given])).not.toContain(secret);
  });
});

describe("a write at the moment of a clean exit", () => {
  it("is lost, so a core must wait for its writes before it exits", () => {
    const bed = new TestBed(makeSpec()).start();
    const { store, system, clock } = bed.portsOf("stas");
    clock.arm("never", ms(1));
    store.write(request(1), STATE, "late");
    system.exit(0);
    bed.run(10);
    expect(bed.world.readFile(STATE)).toBeUndefined();
    expect(bed.events("timer")).toEqual([]);
  });
});
