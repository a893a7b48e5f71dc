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

/** A host on which all is well, with other files where a test gives them. */
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
    nativeCalls: true,
    ...other,
  };
}

const problems = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ level }) => level !== "ok").map(({ level, text }) => `${level} ${text}`);

describe("the check of a host", () => {
  test("finds nothing wrong where nothing is", async () => {
    const findings = await checkHost(host({}));
    expect(problems(findings)).toEqual([]);
    expect(findings.map(({ text }) => text)).toContain("/etc/stas/stafd.conf is read; controllers configured: 1");
  });

  test("names file, line and option of what is wrong in the configuration", async () => {
    const findings = await checkHost(host({ "/etc/stas/stacd.conf": "[Global]\nkato = many\nnonsense = 1\n" }));
    const text = problems(findings).join("\n");
    expect(text).toContain("/etc/stas/stacd.conf line 2");
    expect(text).toContain("/etc/stas/stacd.conf line 3");
    expect(text).toContain("nonsense");
  });

  test("a file that is broken as a whole is an error", async () => {
    const findings = await checkHost(host({ "/etc/stas/stafd.conf": "no section\n" }));
    expect(problems(findings).join("\n")).toContain("error /etc/stas/stafd.conf is not valid: mend it.");
  });

  test("a host without NQN is an error", async () => {
    const findings = await checkHost(host({ "/etc/nvme/hostnqn": "hello\n" }));
    expect(problems(findings).join("\n")).toMatch(/^error .*host NQN/m);
  });

  test("what the host lacks is said as it was found, and the kernel is then not asked", async () => {
    const findings = await checkHost(
      host({}, { missingRoot: "be root", missingDevice: "load it", readOptionLine: () => Promise.reject(new Error()) }),
    );
    expect(problems(findings)).toEqual(["error be root", "error load it"]);
  });

  test("configured options that this kernel lacks are named as the configuration spells them", async () => {
    const findings = await checkHost(
      host({
        "/etc/stas/stafd.conf": "[Global]\nkato = 5\nhdr-digest = true\n",
        "/etc/stas/stacd.conf":
          "[Controllers]\ncontroller = transport=tcp;traddr=10.0.0.1;nqn=nqn.2014-08.org.x:a;ctrl-loss-tmo=5\n",
      }),
    );
    expect(problems(findings)).toEqual([
      "warning this kernel does not know ctrl-loss-tmo: remove it from the configuration",
      "warning this kernel does not know hdr-digest: remove it from the configuration",
    ]);
  });

  test("a kernel that does not tell its options is a warning only", async () => {
    const findings = await checkHost(
      host({}, { readOptionLine: () => Promise.resolve({ ok: false, errno: ERRNO.EINVAL }) }),
    );
    expect(problems(findings)).toHaveLength(1);
    expect(problems(findings)[0]).toMatch(/^warning .*EINVAL/);
  });
});

describe("who would find services over mDNS", () => {
  const said = async (discovery: string, other: Partial<CheckedHost> = {}): Promise<string> => {
    const files = { "/etc/stas/stafd.conf": `[Service Discovery]\n${discovery}\n` };
    const findings = await checkHost(host(files, other));
    return findings.flatMap(({ level, text }) => (text.startsWith("mDNS") ? [`${level} ${text}`] : [])).join();
  };
  const absent: Partial<CheckedHost> = { findAvahi: () => Promise.resolve("not there") };

  test("is Avahi where it is there, unless it is configured otherwise", async () => {
    for (const provider of ["auto", "avahi"])
      expect(await said(`mdns-provider=${provider}`)).toBe("ok mDNS: services are taken from Avahi");
    expect(await said("mdns-provider=builtin")).toBe("ok mDNS: queries are our own");
    expect(await said("zeroconf=disabled")).toBe("ok mDNS: discovery is disabled");
  });

  test("is the daemon itself where there is no Avahi, or nobody", async () => {
    expect(await said("mdns-provider=auto", absent)).toBe("ok mDNS: queries are our own");
    expect(await said("mdns-provider=avahi", absent)).toMatch(/^warning .*start avahi-daemon/);
    expect(await said("mdns-provider=auto", { ...absent, nativeCalls: false })).toMatch(/^warning .*koffi/);
    expect(await said("", { services: ["stac"] })).toBe("");
  });
});
