/** `stas-daemon --check`: what is wrong with the configuration and the host, and how to mend it. */
import { parseSupportedOptions } from "../../core/codec/fabrics-options.js";
import { DecodeError } from "../../core/codec/error.js";
import { parseStacConfig } from "../../core/config/stacd.js";
import { parseStafConfig } from "../../core/config/stafd.js";
import { parseSysConfig } from "../../core/config/sys.js";
import type { CommonConfig, ConfigNote, Parsed } from "../../core/config/types.js";
import {
  CONNECTION_KEYS,
  CONNECTION_OPTIONS,
  isSet,
  type ConnectionOptions,
} from "../../core/domain/connection-options.js";
import { errnoName, ERRNO } from "../../core/domain/errno.js";
import { SYS_CONFIG } from "../../core/identity.js";
import type { ServiceName } from "../../core/ports/bus.js";
import type { StorePort } from "../../core/ports/store.js";
import { STAC_CONFIG } from "../../core/stac/service.js";
import { STAF_CONFIG } from "../../core/staf/service.js";
import { FABRICS_DEVICE } from "./requirements.js";

export interface Finding {
  readonly level: "ok" | "warning" | "error";
  /** A whole sentence; for a problem, with what to do about it. */
  readonly text: string;
}

/** What the check looks at, beside files. */
export interface CheckedHost {
  readonly services: readonly ServiceName[];
  /** Why this process may not connect storage, or `undefined`. */
  readonly missingRoot: string | undefined;
  /** Why `/dev/nvme-fabrics` cannot be used, or `undefined`. */
  readonly missingDevice: string | undefined;
  readonly store: Pick<StorePort, "read">;
  /** The file that stands for one of the core's paths. */
  readonly locate: (path: string) => string;
  /** The kernel's line of connect options, or its errno; waits behind connects in flight. */
  readonly readOptionLine: () => Promise<{ readonly ok: true; readonly text: string } | { ok: false; errno: number }>;
  /** Whether the bus answers; the text says how to mend it where it does not. */
  readonly tryBus: () => Promise<Finding>;
  /** Whether Avahi is on the bus, or can be started by it. */
  readonly findAvahi: () => Promise<"there" | "not there">;
  /** Whether koffi loads. */
  readonly nativeCalls: boolean;
}

export async function checkHost(host: CheckedHost): Promise<readonly Finding[]> {
  const configs = host.services.map((service) => readConfig(host, service));
  return [
    missing(host.missingRoot, "this is root"),
    ...identityFindings(host),
    ...configs.flatMap(({ findings }) => findings),
    ...(await kernelFindings(
      host,
      configs.flatMap(({ config }) => config ?? []),
    )),
    nativeFinding(host.nativeCalls),
    await host.tryBus(),
    ...(await mdnsFindings(host)),
  ];
}

function missing(problem: string | undefined, fine: string): Finding {
  return problem === undefined ? { level: "ok", text: fine } : { level: "error", text: problem };
}

function noteFinding(host: CheckedHost, { level, file, line, text }: ConfigNote): Finding {
  const path = host.locate(file);
  return { level, text: line === 0 ? `${path}: ${text}` : `${path} line ${String(line)}: ${text}` };
}

function identityFindings(host: CheckedHost): readonly Finding[] {
  const readText = (path: string): string | undefined => {
    const read = host.store.read(path);
    return read.ok ? read.text : undefined;
  };
  const parsed = parseSysConfig(SYS_CONFIG, readText(SYS_CONFIG) ?? "", readText);
  const notes = parsed.notes.map((note) => noteFinding(host, note));
  if (!parsed.ok) return [...notes, { level: "error", text: `${host.locate(SYS_CONFIG)} is not valid: mend it.` }];
  if (parsed.value.kind === "unknown")
    return [...notes, { level: "error", text: `nothing can be connected: ${parsed.value.because}` }];
  return [...notes, { level: "ok", text: `the host NQN is ${parsed.value.identity.hostNqn}` }];
}

interface ReadConfig {
  readonly config: CommonConfig | undefined;
  readonly findings: readonly Finding[];
}

function readConfig(host: CheckedHost, service: ServiceName): ReadConfig {
  return service === "staf"
    ? readFile(host, STAF_CONFIG, parseStafConfig)
    : readFile(host, STAC_CONFIG, parseStacConfig);
}

function readFile(
  host: CheckedHost,
  file: string,
  parse: (file: string, text: string) => Parsed<CommonConfig>,
): ReadConfig {
  const path = host.locate(file);
  const read = host.store.read(file);
  if (!read.ok && read.errno !== ERRNO.ENOENT) {
    return {
      config: undefined,
      findings: [{ level: "error", text: `${path} cannot be read: ${errnoName(read.errno)}.` }],
    };
  }
  const parsed = parse(file, read.ok ? read.text : "");
  const notes = parsed.notes.map((note) => noteFinding(host, note));
  if (!parsed.ok)
    return { config: undefined, findings: [...notes, { level: "error", text: `${path} is not valid: mend it.` }] };
  const fine = read.ok
    ? `${path} is read; controllers configured: ${String(parsed.value.controllers.length)}`
    : `${path} is not there: the defaults are used`;
  return { config: parsed.value, findings: [...notes, { level: "ok", text: fine }] };
}

async function kernelFindings(host: CheckedHost, configs: readonly CommonConfig[]): Promise<readonly Finding[]> {
  if (host.missingDevice !== undefined) return [{ level: "error", text: host.missingDevice }];
  const line = await host.readOptionLine();
  if (!line.ok) {
    const text = `the kernel does not say which connect options it knows (${errnoName(line.errno)}), as before Linux 5.17: options are tried unchecked`;
    return [{ level: "warning", text }];
  }
  try {
    const known = parseSupportedOptions(line.text);
    const lacking = CONNECTION_KEYS.filter((key) => {
      return !known.has(CONNECTION_OPTIONS[key].kernel) && isConfigured(configs, key);
    });
    return [
      { level: "ok", text: `${FABRICS_DEVICE} takes ${String(known.size)} connect options` },
      ...lacking.map((key): Finding => {
        const text = `this kernel does not know ${CONNECTION_OPTIONS[key].file}: remove it from the configuration`;
        return { level: "warning", text };
      }),
    ];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [{ level: "error", text: `the kernel's connect options cannot be read: ${error.problem}` }];
  }
}

function isConfigured(configs: readonly CommonConfig[], key: keyof ConnectionOptions): boolean {
  return configs.some(({ connection, controllers }) => {
    return isSet(connection, key) || controllers.some(({ options }) => isSet(options, key));
  });
}

/** Who would find services over mDNS. A configuration that is not valid has its finding already. */
async function mdnsFindings(host: CheckedHost): Promise<readonly Finding[]> {
  if (!host.services.includes("staf")) return [];
  const read = host.store.read(STAF_CONFIG);
  const parsed = parseStafConfig(STAF_CONFIG, read.ok ? read.text : "");
  if (!parsed.ok) return [];
  const { zeroconf, mdnsProvider } = parsed.value;
  if (!zeroconf) return [{ level: "ok", text: "mDNS: discovery is disabled" }];
  if (mdnsProvider !== "builtin" && (await host.findAvahi()) === "there")
    return [{ level: "ok", text: "mDNS: services are taken from Avahi" }];
  if (mdnsProvider === "avahi") {
    const text =
      "mDNS: there is no Avahi, and nothing is discovered until there is: start avahi-daemon, or set mdns-provider to auto";
    return [{ level: "warning", text }];
  }
  if (host.nativeCalls) return [{ level: "ok", text: "mDNS: queries are our own" }];
  return [{ level: "warning", text: "mDNS: queries of our own need koffi, and nothing is discovered without Avahi" }];
}

function nativeFinding(loads: boolean): Finding {
  if (loads) return { level: "ok", text: "native calls work: kernel events by netlink, log pages by ioctl" };
  const text =
    "koffi does not load on this machine: staf cannot read log pages, and kernel events come through udevadm. Install the package for this architecture with: npm ci";
  return { level: "error", text };
}
