/** `stas-daemon --check`: finds what is wrong with the configuration and the host, and says how to fix it. */
import { parseSupportedOptions } from "../../core/codec/fabrics-options.js";
import { DecodeError } from "../../core/codec/error.js";
import { missingInterfaces } from "../../core/config/common.js";
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
import { rivalText, type Rival } from "./rivals.js";

export interface Finding {
  readonly level: "ok" | "warning" | "error";
  /** A sentence; for a problem, with what to do about it. */
  readonly text: string;
}

/** The host under check. */
export interface CheckedHost {
  readonly services: readonly ServiceName[];
  /** Why this process may not connect storage, or `undefined`. */
  readonly missingRoot: string | undefined;
  /** Why `/dev/nvme-fabrics` cannot be used, or `undefined`. */
  readonly missingDevice: string | undefined;
  readonly store: Pick<StorePort, "read">;
  /** The real file for one of the core's paths. */
  readonly locate: (path: string) => string;
  /** The kernel's line of connect options, or its errno. Waits for connects in flight. */
  readonly readOptionLine: () => Promise<{ readonly ok: true; readonly text: string } | { ok: false; errno: number }>;
  /** The names of its network interfaces. */
  readonly interfaces: readonly string[];
  /** The daemons that hold the locks of these services. */
  readonly lockHolders: readonly Rival[];
  /** Whether the bus answers and the names of the services are free. If not, the text says how to fix it. */
  readonly tryBus: () => Promise<Finding>;
  /** Whether Avahi is on the bus, or the bus can start it. */
  readonly findAvahi: () => Promise<"there" | "not there">;
  /** Whether koffi loads. */
  readonly nativeCalls: boolean;
}

/** Checks everything, in the order of a start. */
export async function checkHost(host: CheckedHost): Promise<readonly Finding[]> {
  const configs = host.services.map((service) => readConfig(host, service));
  return [
    missing(host.missingRoot, "this process runs as root"),
    ...identityFindings(host),
    ...configs.flatMap(({ findings }) => findings),
    ...(await kernelFindings(
      host,
      configs.flatMap(({ config }) => config ?? []),
    )),
    nativeFinding(host.nativeCalls),
    ...host.lockHolders.map((rival): Finding => ({ level: "error", text: rivalText(rival) })),
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
  if (!parsed.ok) return [...notes, { level: "error", text: `${host.locate(SYS_CONFIG)} is not valid: correct it.` }];
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
      findings: [
        {
          level: "error",
          text: `${path} cannot be read (${errnoName(read.errno)}): make it a file that root can read.`,
        },
      ],
    };
  }
  const parsed = parse(file, read.ok ? read.text : "");
  const missing = parsed.ok ? missingInterfaces(parsed.value, host.interfaces) : [];
  const notes = [...parsed.notes, ...missing].map((note) => noteFinding(host, note));
  if (!parsed.ok)
    return { config: undefined, findings: [...notes, { level: "error", text: `${path} is not valid: correct it.` }] };
  const fine = read.ok
    ? `${path} was read; controllers configured: ${String(parsed.value.controllers.length)}`
    : `${path} does not exist: the defaults apply`;
  return { config: parsed.value, findings: [...notes, { level: "ok", text: fine }] };
}

async function kernelFindings(host: CheckedHost, configs: readonly CommonConfig[]): Promise<readonly Finding[]> {
  if (host.missingDevice !== undefined) return [{ level: "error", text: host.missingDevice }];
  const line = await host.readOptionLine();
  if (!line.ok) {
    const text = `the kernel does not list its connect options (${errnoName(line.errno)}), as before Linux 5.17: the daemon passes configured options unchecked`;
    return [{ level: "warning", text }];
  }
  try {
    const known = parseSupportedOptions(line.text);
    const lacking = CONNECTION_KEYS.filter((key) => {
      return !known.has(CONNECTION_OPTIONS[key].kernel) && isConfigured(configs, key);
    });
    return [
      { level: "ok", text: `${FABRICS_DEVICE} accepts ${String(known.size)} connect options` },
      ...lacking.map((key): Finding => {
        const text = `this kernel does not support ${CONNECTION_OPTIONS[key].file}: remove it from the configuration`;
        return { level: "warning", text };
      }),
    ];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const text = `the kernel's list of connect options cannot be parsed (${error.problem}): please report it with the output of cat ${FABRICS_DEVICE}`;
    return [{ level: "error", text }];
  }
}

function isConfigured(configs: readonly CommonConfig[], key: keyof ConnectionOptions): boolean {
  return configs.some(({ connection, controllers }) => {
    return isSet(connection, key) || controllers.some(({ options }) => isSet(options, key));
  });
}

/** How services are found over mDNS. A configuration that is not valid already has its own finding. */
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
    const text = "mDNS: there is no Avahi, so nothing is discovered: start avahi-daemon, or set mdns-provider to auto";
    return [{ level: "warning", text }];
  }
  if (host.nativeCalls) return [{ level: "ok", text: "mDNS: the daemon sends its own queries" }];
  const text =
    "mDNS: koffi does not load, so the daemon cannot send its own queries and discovers nothing: use Avahi, or install the koffi package for this architecture with: npm ci";
  return [{ level: "warning", text }];
}

function nativeFinding(loads: boolean): Finding {
  if (loads) return { level: "ok", text: "native calls work: kernel events over netlink, log pages through ioctl" };
  const text =
    "koffi does not load on this machine: staf cannot read log pages, and kernel events come through udevadm. Install the koffi package for this architecture with: npm ci";
  return { level: "error", text };
}
