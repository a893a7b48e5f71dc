import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ERRNO } from "../../../src/core/domain/errno.js";
import type { KernelVersion } from "../../../src/adapters/sim/spec.js";
import { KERNEL_PROFILES } from "../../../src/adapters/sim/kernel/profiles.js";
import {
  discoveryController,
  fixture,
  HOST,
  HOST_ID,
  HOST_NQN,
  Lab,
  LAB_FABRIC,
  linesOf,
  NQN_A,
  NQN_B,
  subsystem,
  tcp,
  WELL_KNOWN,
} from "./kernel-lab.js";

const DC = `nqn=${WELL_KNOWN},transport=tcp,traddr=127.0.0.1,trsvcid=8009,${HOST}`;
const A = `nqn=${NQN_A},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST}`;
const B = `nqn=${NQN_B},transport=tcp,traddr=127.0.0.1,trsvcid=4420,${HOST}`;
const SILENT = DC.replace("8009", "5555");

const CONNECTS = z.object({
  connects: z.array(
    z.object({
      source: z.string(),
      kernel: z.enum(["6.1", "6.12"]),
      text: z.string(),
      reply: z.string().optional(),
      errno: z.number().optional(),
    }),
  ),
});

/** Cannot be reproduced: the lab had no rdma module, and on 6.1 no loop transport. */
function isOfTheLab({ text, kernel }: { text: string; kernel: string }): boolean {
  return text.includes("transport=rdma") || (text.includes("transport=loop") && kernel === "6.1");
}

/** The recorded connects of s3 and s7. s3 keeps the controller to A live after its plain connect. */
function recorded(): { kernel: KernelVersion; text: string; errno: number; reply: string; liveA: boolean }[] {
  const seen = new Set<string>();
  return CONNECTS.parse(fixture("connects.json"))
    .connects.filter(({ source }) => /cloud\.s[37]\.log$/.test(source))
    .filter((connect) => !isOfTheLab(connect))
    .map((connect) => {
      const liveA = connect.source.includes(".s3.") && seen.has(connect.kernel);
      if (connect.text === A) seen.add(connect.kernel);
      return {
        kernel: connect.kernel,
        text: connect.text,
        errno: connect.errno ?? 0,
        reply: connect.reply ?? "",
        liveA,
      };
    });
}

describe("every recorded connect ends as recorded", () => {
  const cases = recorded();

  test("the logs have more than 100 of them", () => {
    expect(cases.length).toBeGreaterThan(100);
  });

  test.each(cases)("$kernel: $text", ({ kernel, text, errno, reply, liveA }) => {
    const lab = new Lab({ version: kernel });
    if (liveA) lab.connected(A);
    const { result } = lab.connect(text);
    expect(result).toEqual(errno === 0 ? { ok: true, text: reply } : { ok: false, errno });
  });
});

interface Line {
  readonly what: string;
  readonly text: string;
  readonly errno: number;
  /** Whether the failed connect sends `add` and `remove`. */
  readonly uevents: "yes" | "no";
  /** In ms, with a tolerance of a tenth. */
  readonly took: number;
}

const page = "x".repeat(4300);

const TABLE: readonly Line[] = [
  { what: "unknown option", text: `${DC},foo=1`, errno: ERRNO.EINVAL, uevents: "no", took: 14 },
  { what: "empty string", text: "", errno: ERRNO.EINVAL, uevents: "no", took: 14 },
  { what: "longer than a page", text: `${DC},${page}`, errno: ERRNO.ENOMEM, uevents: "no", took: 14 },
  { what: "unknown host_iface", text: `${DC},host_iface=nope0`, errno: ERRNO.ENODEV, uevents: "no", took: 14 },
  { what: "refused", text: DC.replace("8009", "8010"), errno: ERRNO.ECONNREFUSED, uevents: "yes", took: 17 },
  {
    what: "no route",
    text: DC.replace("127.0.0.1", "203.0.113.1"),
    errno: ERRNO.ENETUNREACH,
    uevents: "yes",
    took: 17,
  },
  {
    what: "host_traddr not local",
    text: `${DC},host_traddr=10.9.9.9`,
    errno: ERRNO.EADDRNOTAVAIL,
    uevents: "yes",
    took: 17,
  },
  {
    what: "no ARP answer",
    text: DC.replace("127.0.0.1", "10.99.0.77"),
    errno: ERRNO.ETIMEDOUT,
    uevents: "yes",
    took: 3100,
  },
  {
    what: "host_iface=lo towards another interface's address",
    text: DC.replace("127.0.0.1", "192.168.77.1") + ",host_iface=lo",
    errno: ERRNO.ETIMEDOUT,
    uevents: "yes",
    took: 3081,
  },
  { what: "peer silent", text: SILENT, errno: ERRNO.EAGAIN, uevents: "yes", took: 10_200 },
  { what: "peer closes", text: DC.replace("8009", "5556"), errno: ERRNO.ECONNRESET, uevents: "yes", took: 40 },
  { what: "peer sends garbage", text: DC.replace("8009", "5557"), errno: ERRNO.EINVAL, uevents: "yes", took: 36 },
  { what: "subsystem absent", text: A.replace(NQN_A, "nqn.x:nope"), errno: ERRNO.EIO, uevents: "yes", took: 22 },
  {
    what: "subsystem not on that port",
    text: `nqn=${NQN_B},transport=tcp,traddr=192.168.77.1,trsvcid=8009,${HOST}`,
    errno: ERRNO.EIO,
    uevents: "yes",
    took: 22,
  },
  {
    what: "host not allowed",
    text: A.replace(NQN_A, "nqn.2024-01.io.lab:private"),
    errno: ERRNO.EIO,
    uevents: "yes",
    took: 24,
  },
  { what: "discovery flag with an I/O NQN", text: `${A},discovery`, errno: ERRNO.EINVAL, uevents: "yes", took: 24 },
];

describe("the errno table", () => {
  test.each((["6.1", "6.12"] as const).flatMap((version) => TABLE.map((line) => ({ version, ...line }))))(
    "$version: $what",
    ({ version, text, errno, uevents, took }) => {
      const lab = new Lab({ version });
      const ended = lab.connect(text);
      expect(ended.result).toEqual({ ok: false, errno });
      expect(ended.took).toBeGreaterThan(took * 0.9 - 5);
      expect(ended.took).toBeLessThan(took * 1.1 + 5);
      const device = "/devices/virtual/nvme-fabrics/ctl/nvme0";
      expect(lab.headers()).toEqual(uevents === "yes" ? [`add@${device}`, `remove@${device}`] : []);
      expect(lab.kernel.list()).toEqual([]);
    },
  );

  test("tls without a key is ENOKEY with uevents on 6.12, and an unknown option on 6.1", () => {
    const lab = new Lab();
    expect(lab.connect(`${DC},tls`).result).toEqual({ ok: false, errno: 126 });
    expect(lab.headers().length).toBe(2);
    const old = new Lab({ version: "6.1" });
    expect(old.connect(`${DC},tls`).result).toEqual({ ok: false, errno: ERRNO.EINVAL });
    expect(old.headers()).toEqual([]);
  });

  test("6.12 rejects a host id with another host NQN, and either alone; 6.1 accepts them", () => {
    const other = "nqn.2014-08.org.nvmexpress:uuid:99999999-2222-3333-4444-555555555555";
    for (const host of [`hostnqn=${other},hostid=${HOST_ID}`, `hostnqn=${HOST_NQN}`, `hostid=${HOST_ID}`]) {
      const text = B.replace(HOST, host);
      const strict = new Lab();
      strict.connected(A);
      expect(strict.connect(text).result, host).toEqual({ ok: false, errno: ERRNO.EINVAL });
      const loose = new Lab({ version: "6.1" });
      loose.connected(A);
      expect(loose.connect(text).result.ok, host).toBe(true);
    }
  });

  test("a duplicate is EALREADY, even while the first is connecting", () => {
    const lab = new Lab();
    const first = lab.begin(A);
    const second = lab.begin(A);
    lab.run(200);
    expect(first.result).toEqual({ ok: true, text: "instance=0,cntlid=1\n" });
    expect(second.result).toEqual({ ok: false, errno: ERRNO.EALREADY });
    lab.apply({ kind: "listener", id: "a", state: "refuses" });
    lab.run(1000);
    expect(lab.state("nvme0")).toBe("connecting");
    expect(lab.connect(A).result).toEqual({ ok: false, errno: ERRNO.EALREADY });
  });

  test("duplicate_connect, another host and the well-known NQN allow a second controller", () => {
    const lab = new Lab();
    lab.connected(A);
    expect(lab.connected(`${A},duplicate_connect`)).toBe("nvme1");
    expect(lab.connected(A.replaceAll("11111111", "99999999"))).toBe("nvme2");
    lab.connected(DC);
    expect(lab.connected(DC)).toBe("nvme4");
  });

  test("a connect with the well-known NQN shows the unique NQN, and a duplicate of the unique NQN is EALREADY", () => {
    const unique = "nqn.2024-01.io.lab:unique-discovery";
    const dc = discoveryController("dc", [tcp("127.0.0.1", "8009")], { nqn: unique });
    const lab = new Lab({ fabric: { discoveryControllers: [dc], subsystems: [] } });
    const byWellKnown = lab.connected(`${DC},keep_alive_tmo=30`);
    expect(lab.attribute(byWellKnown, "subsysnqn")).toBe(`${unique}\n`);
    const text = DC.replace(WELL_KNOWN, unique);
    lab.uevents.length = 0;
    const own = lab.connected(`${text},keep_alive_tmo=30,discovery`);
    expect(lab.attribute(own, "cntrltype")).toBe("discovery\n");
    // It joins the first one's subsystem (6.12-cloud.s2.log).
    expect(lab.headers().filter((header) => header.includes("nvme-subsys"))).toEqual([]);
    expect(lab.connect(text).result).toEqual({ ok: false, errno: ERRNO.EALREADY });
  });

  test("a unique discovery NQN requires the discovery flag", () => {
    const unique = "nqn.2024-01.io.lab:unique-discovery";
    const dc = discoveryController("dc", [tcp("127.0.0.1", "8009")], { nqn: unique });
    const fabric = { discoveryControllers: [dc], subsystems: [] };
    const text = DC.replace(WELL_KNOWN, unique);
    const lab = new Lab({ fabric });
    expect(lab.connect(text).result).toEqual({ ok: false, errno: ERRNO.EINVAL });
    const device = "/devices/virtual/nvme-fabrics/ctl/nvme0";
    expect(lab.headers()).toEqual([`add@${device}`, `remove@${device}`]);
    expect(lab.connect(`${text},discovery`).result.ok).toBe(true);
    // A kernel that does not know the flag cannot require it.
    expect(new Lab({ fabric, version: "5.14" }).connect(text).result.ok).toBe(true);
  });
});

describe("the fabrics device", () => {
  test("the option line matches the logs; 5.14 has none", () => {
    const lines = z.object({ lines: z.array(z.object({ kernels: z.array(z.string()), text: z.string() })) });
    for (const { kernels, text } of lines.parse(fixture("option-lines.json")).lines) {
      const version = kernels[0]?.startsWith("6.12") ? "6.12" : "6.1";
      const lab = new Lab({ version });
      let got: unknown;
      lab.kernel.readOptions((result) => (got = result));
      lab.run(10);
      expect(got).toEqual({ ok: true, text });
    }
    const old = new Lab({ version: "5.14" });
    let got: unknown;
    old.kernel.readOptions((result) => (got = result));
    old.run(10);
    expect(got).toEqual({ ok: false, errno: ERRNO.EINVAL });
    expect(KERNEL_PROFILES["5.14"].evidence).toBe("history");
  });

  test("options that a kernel does not know are EINVAL", () => {
    expect(new Lab({ version: "6.1" }).connect(`${DC},tls_key=1`).result).toEqual({ ok: false, errno: ERRNO.EINVAL });
    expect(new Lab({ version: "5.14" }).connect(`${DC},discovery`).result).toEqual({ ok: false, errno: ERRNO.EINVAL });
    expect(new Lab({ version: "6.1" }).connect(`${DC},discovery`).result.ok).toBe(true);
  });

  test("a connect takes 38 ms alone; 150 connects take 3.6 s four at a time, 5.8 s one at a time", () => {
    const volumes = Array.from({ length: 150 }, (_, n) =>
      subsystem(`v${String(n)}`, `nqn.x:v${String(n)}`, [tcp("127.0.0.1", "4420")]),
    );
    const text = (n: number): string => A.replace(NQN_A, `nqn.x:v${String(n)}`);
    const together = (inFlight: number): number => {
      const lab = new Lab({ fabric: { discoveryControllers: [], subsystems: volumes } });
      let started = 0;
      let ended = 0;
      const next = (): void => {
        if (started >= volumes.length) return;
        lab.kernel.connect("stas", "stas", text(started++), (result) => {
          expect(result.ok).toBe(true);
          ended++;
          next();
        });
      };
      for (let i = 0; i < inFlight; i++) next();
      return lab.until(() => (ended === volumes.length ? lab.now() : undefined));
    };
    expect(together(1)).toBeGreaterThan(5500);
    expect(together(1)).toBeLessThan(6000);
    expect(together(4)).toBeGreaterThan(3400);
    expect(together(4)).toBeLessThan(3800);
  });

  test("connects are serialised: behind two silent peers a good one takes 20 s, a delete 26 ms", () => {
    const lab = new Lab();
    const victim = lab.connected(DC);
    const blocked = [lab.begin(SILENT), lab.begin(SILENT)];
    const good = lab.begin(A);
    lab.run(300);
    expect(lab.delete(victim)).toEqual({ errno: 0, took: 26 });
    expect(good.result).toBeUndefined();
    lab.run(25_000);
    expect(blocked.map(({ result }) => result)).toEqual([
      { ok: false, errno: ERRNO.EAGAIN },
      { ok: false, errno: ERRNO.EAGAIN },
    ]);
    expect(good.result?.ok).toBe(true);
    expect(good.took).toBeGreaterThan(20_000);
    expect(good.took).toBeLessThan(20_600);
  });

  test("a read of the option line waits behind a connect to a silent peer", () => {
    const lab = new Lab();
    lab.begin(SILENT);
    lab.run(200);
    let at: number | undefined;
    lab.kernel.readOptions(() => (at = lab.now()));
    const took = lab.until(() => at) - 200;
    expect(took).toBeGreaterThan(9800);
    expect(took).toBeLessThan(10_200);
  });

  test("add precedes the TCP connect, and a connect sends remove when it fails", () => {
    const lab = new Lab();
    lab.connect(DC.replace("127.0.0.1", "10.99.0.77"));
    const [add, remove] = lab.uevents;
    expect(add?.at).toBeLessThan(20);
    expect((remove?.at ?? 0) - (add?.at ?? 0)).toBeGreaterThan(3000);
    const added = linesOf(add?.message ?? new Uint8Array());
    const removed = linesOf(remove?.message ?? new Uint8Array());
    const body = (lines: string[]): string[] => lines.filter((line) => !/^(ACTION|SEQNUM)=|@/.test(line));
    expect(body(removed)).toEqual(body(added));
  });

  test("`connected` may come after the write returned, but only with jitter", () => {
    const order = (jitter: number, seed: number): string => {
      const lab = new Lab({ kernel: { jitter }, seed });
      lab.connect(DC);
      return lab.headers().includes("change@/devices/virtual/nvme-fabrics/ctl/nvme0") ? "before" : "after";
    };
    const seeds = Array.from({ length: 30 }, (_, seed) => seed);
    expect(new Set(seeds.map((seed) => order(0, seed)))).toEqual(new Set(["before"]));
    expect(new Set(seeds.map((seed) => order(0.2, seed)))).toEqual(new Set(["before", "after"]));
  });
});

describe("numbers", () => {
  test("instance and cntlid are the lowest free numbers, so they are reused", () => {
    const lab = new Lab();
    lab.connected(DC);
    lab.connected(A);
    lab.connected(B);
    lab.delete("nvme1");
    lab.run(10);
    expect(lab.connect(A).result).toEqual({ ok: true, text: "instance=1,cntlid=2\n" });
    lab.delete("nvme0");
    lab.run(10);
    expect(lab.connect(DC).result).toEqual({ ok: true, text: "instance=0,cntlid=1\n" });
  });

  test("a number is not reused while an old device is open, and old handles never reach the new controller", () => {
    const lab = new Lab();
    const old = lab.connected(DC);
    const admin = lab.handle(old, "admin");
    const remover = lab.handle(old, "delete");
    lab.delete(old);
    lab.run(100);
    expect(lab.headers().at(-1)).toBe("remove@/devices/virtual/nvme-fabrics/ctl/nvme0");
    expect(lab.connect(A).result).toEqual({ ok: true, text: "instance=1,cntlid=1\n" });
    let errno: number | undefined;
    lab.kernel.deleteThrough("stas", remover, (result) => (errno = result.ok ? 0 : result.errno));
    expect(lab.until(() => errno)).toBe(ERRNO.ENODEV);
    lab.kernel.closeHandle(admin);
    lab.kernel.closeHandle(admin);
    lab.run(10);
    expect(lab.connect(B).result).toEqual({ ok: true, text: "instance=0,cntlid=2\n" });
    lab.kernel.deleteThrough("stas", remover, (result) => (errno = result.ok ? 0 : result.errno));
    lab.run(100);
    expect(errno).toBe(ERRNO.ENODEV);
    expect(lab.state("nvme0")).toBe("live");
  });

  test("a failed connect frees its number", () => {
    const lab = new Lab();
    lab.connect(DC.replace("8009", "8010"));
    lab.run(10);
    expect(lab.connected(DC)).toBe("nvme0");
  });

  test("the start of a connect names its peer, if one listens there", () => {
    const lab = new Lab();
    lab.connect(SILENT);
    lab.connect(DC.replace("8009", "9999"));
    const begun = lab.observed.flatMap(({ what }) => (what.kind === "connect-begin" ? [what.peer] : []));
    expect(begun).toEqual(["silent", undefined]);
    expect(LAB_FABRIC.discoveryControllers.map(({ id }) => id)).toContain("silent");
  });
});
