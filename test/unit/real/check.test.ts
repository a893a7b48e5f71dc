import { describe, expect, test } from "vitest";
import { checkHost, type CheckedHost, type Finding } from "../../../src/adapters/real/check.js";
import { ERRNO } from "../../../src/core/domain/errno.js";

const OPTION_LINE =
  "instance=-1,cntlid=-1,transport=%s,traddr=%s,trsvcid=%s,nqn=%s,queue_size=%d,keep_alive_tmo=%d,hostnqn=%s,hostid=%s";

const GOOD: Readonly<Record<string, string>> = {
  "/etc/nvme/hostnqn": "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555\n",
  "/etc/nvme/hostid": "11111111-2222-3333-4444-555555555555\n",
  "/etc/stas/stafd.conf": "[Controllers]\ncontroller = transport=tcp;traddr=192.168.1.20\n",
  "/etc/stas/stacd.conf": "[Global]\n",
};

/** A healthy host, with the files of the test on top of its own. */
function host(files: Readonly<Record<string, string>>, other: Partial<CheckedHost> = {}): CheckedHost {
  const all: Readonly<Record<string, string>> = { ...GOOD, ...files };
  return {
    services: ["staf", "stac"],
    missingRoot: undefined,
    missingDevice: undefined,
    store: {
      read: (path) => {
        const text = all[path];
        return text === undefined ? { ok: false, errno: ERRNO.ENOENT } : { ok: true, text };
      },
    },
    locate: (path) => path,
    readOptionLine: () => Promise.resolve({ ok: true, text: OPTION_LINE }),
    tryBus: () => Promise.resolve({ level: "ok", text: "the bus answers" }),
    findAvahi: () => Promise.resolve("there"),
    interfaces: ["lo", "eth0"],
    lockHolders: [],
    nativeCalls: true,
    ...other,
  };
}

const problems = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ level }) => level !== "ok").map(({ level, text }) => `${level} ${text}`);

describe("the check of a host", () => {
  test("finds no problem on a healthy host", async () => {
    const findings = await checkHost(host({}));
    expect(problems(findings)).toEqual([]);
    expect(findings.map(({ text }) => text)).toContain("/etc/stas/stafd.conf was read; controllers configured: 1");
  });

  test("names the file, line and option of a problem in the configuration", async () => {
    const findings = await checkHost(host({ "/etc/stas/stacd.conf": "[Global]\nkato = many\nnonsense = 1\n" }));
    const text = problems(findings).join("\n");
    expect(text).toContain("/etc/stas/stacd.conf line 2");
    expect(text).toContain("/etc/stas/stacd.conf line 3");
    expect(text).toContain("nonsense");
  });

  test("reports a file that is not valid as an error", async () => {
    const findings = await checkHost(host({ "/etc/stas/stafd.conf": "no section\n" }));
    expect(problems(findings).join("\n")).toContain("error /etc/stas/stafd.conf is not valid: correct it.");
  });

  test("reports a host without a valid NQN as an error", async () => {
    const findings = await checkHost(host({ "/etc/nvme/hostnqn": "hello\n" }));
    expect(problems(findings).join("\n")).toMatch(/^error .*host NQN/m);
  });

  test("passes on the missing requirements of the host, and then does not ask the kernel", async () => {
    const findings = await checkHost(
      host({}, { missingRoot: "be root", missingDevice: "load it", readOptionLine: () => Promise.reject(new Error()) }),
    );
    expect(problems(findings)).toEqual(["error be root", "error load it"]);
  });

  test("names configured options that this kernel lacks as the configuration spells them", async () => {
    const findings = await checkHost(
      host({
        "/etc/stas/stafd.conf": "[Global]\nkato = 5\nhdr-digest = true\n",
        "/etc/stas/stacd.conf":
          "[Controllers]\ncontroller = transport=tcp;traddr=10.0.0.1;nqn=nqn.2014-08.org.x:a;ctrl-loss-tmo=5\n",
      }),
    );
    expect(problems(findings)).toEqual([
      "warning this kernel does not support ctrl-loss-tmo: remove it from the configuration",
      "warning this kernel does not support hdr-digest: remove it from the configuration",
    ]);
  });

  test("reports a daemon that runs already as an error", async () => {
    const holder = { holds: "lock", what: "/run/stas/staf.lock", pid: undefined } as const;
    const findings = await checkHost(host({}, { lockHolders: [holder] }));
    expect(problems(findings)).toEqual(["error another daemon holds the lock /run/stas/staf.lock. Stop it first"]);
  });

  test("only warns about a kernel that does not list its options", async () => {
    const findings = await checkHost(
      host({}, { readOptionLine: () => Promise.resolve({ ok: false, errno: ERRNO.EINVAL }) }),
    );
    expect(problems(findings)).toHaveLength(1);
    expect(problems(findings)[0]).toMatch(/^warning .*EINVAL/);
  });
});

describe("the check of mDNS", () => {
  const said = async (discovery: string, other: Partial<CheckedHost> = {}): Promise<string> => {
    const files = { "/etc/stas/stafd.conf": `[Service Discovery]\n${discovery}\n` };
    const findings = await checkHost(host(files, other));
    return findings.flatMap(({ level, text }) => (text.startsWith("mDNS") ? [`${level} ${text}`] : [])).join();
  };
  const absent: Partial<CheckedHost> = { findAvahi: () => Promise.resolve("not there") };

  test("names Avahi if it is available, unless the configuration says otherwise", async () => {
    for (const provider of ["auto", "avahi"])
      expect(await said(`mdns-provider=${provider}`)).toBe("ok mDNS: services are taken from Avahi");
    expect(await said("mdns-provider=builtin")).toBe("ok mDNS: the daemon sends its own queries");
    expect(await said("zeroconf=disabled")).toBe("ok mDNS: discovery is disabled");
  });

  test("names the daemon itself without Avahi, and warns if nothing discovers services", async () => {
    expect(await said("mdns-provider=auto", absent)).toBe("ok mDNS: the daemon sends its own queries");
    expect(await said("mdns-provider=avahi", absent)).toMatch(/^warning .*start avahi-daemon/);
    expect(await said("mdns-provider=auto", { ...absent, nativeCalls: false })).toMatch(/^warning .*koffi/);
    expect(await said("", { services: ["stac"] })).toBe("");
  });
});
