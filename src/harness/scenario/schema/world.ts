/** The world of a scenario as a file spells it: host, network, fabric. */
import { z } from "zod";
import { KERNEL_VERSIONS } from "../../../adapters/sim/spec.js";
import { TRANSPORTS } from "../../../core/domain/transport-id.js";
import * as defaults from "../defaults.js";
import { spellDuration } from "../duration.js";
import * as p from "./parts.js";

/** Whom a connect string asks for, and as whom. */
export const connectFields = {
  to: p.id.describe("Id of the discovery controller or subsystem."),
  "host-nqn": p.nqn.optional().describe("Host NQN given; the host's own where absent."),
  "host-id": p.line("a host id").optional().describe("Host id given; the host's own where absent."),
  "host-traddr": p.hostAddress.optional().describe("Source address given."),
  "host-iface": p.iface.optional().describe("Interface given."),
  nqn: p.nqn.optional().describe("NQN asked for, where it is not the peer's own."),
};

const initialController = p.oneOf(
  "a controller: { to: ID, ... }, or { name: nvmeN, attributes: ... } as a real kernel showed it",
  [
    p.record({
      ...connectFields,
      "made-by": p.madeBy.default("nvme-cli"),
      state: p.choice(["live", "connecting"]).default("live"),
    }),
    p.record({
      name: p.text("a device name such as nvme3", /^nvme[0-9]{1,4}$/).describe("Device name."),
      "made-by": p.madeBy.default("nvme-cli"),
      attributes: z
        .record(p.text("the name of a sysfs attribute", /^[a-z0-9_]{1,64}$/), z.string({ error: "text" }), {
          error: "attributes: name to text",
        })
        .describe("Attributes as a real kernel showed them. A newline is added to a text that ends in none."),
    }),
  ],
);

const kernel = p.record({
  version: p
    .choice(KERNEL_VERSIONS)
    .default(defaults.DEFAULT_KERNEL_VERSION)
    .describe("Kernel profile. Quoted: 6.12 without quotes is a number."),
  controllers: p
    .list(initialController, "a list of controllers")
    .default([])
    .describe("Controllers that are there before the daemon starts."),
  "uevent-buffer": p
    .integer(1, 1_000_000)
    .default(defaults.DEFAULT_UEVENT_BUFFER)
    .describe("How many uevents fit a process's netlink socket before it overflows."),
  "attributes-after": p.duration
    .default("0s")
    .describe("How long after `add` the attributes fill in, beyond the nominal connect."),
  jitter: z
    .number({ error: "a number from 0 to 1" })
    .min(0, { error: "a number from 0 to 1" })
    .max(1, { error: "a number from 0 to 1" })
    .default(0)
    .describe("Each latency is drawn from nominal +- this share."),
});

/** An interface; `mac` may be left out where one can be made from its position. */
export const interfaceFields = {
  name: p.iface,
  mac: p.mac.optional().describe("MAC address; made from the interface's position where absent."),
  addresses: p.list(p.prefixedAddress, "a list of addresses with prefix length").describe("Addresses, primary first."),
};

export const host = p.record({
  kernel: kernel.prefault({}),
  nqn: p.nqn.default(defaults.DEFAULT_HOST_NQN).describe("Host NQN."),
  id: p.line("a host id").default(defaults.DEFAULT_HOST_ID).describe("Host id."),
  name: p.line("a host name").default(defaults.DEFAULT_HOST_NAME).describe("Host name."),
  processes: p
    .choice(["one", "two"])
    .default("one")
    .describe("one: staf and stac in one process; two: apart, over D-Bus."),
  "nvme-cli": p
    .choice(["absent", "udev-rule"])
    .default("absent")
    .describe("udev-rule: it connects what discovery controllers list, unless its rule is overridden."),
  autostart: p.flag().default(true).describe("Whether the daemon processes start at 0s without a step."),
  interfaces: p
    .list(p.record(interfaceFields), "a list of interfaces")
    .optional()
    .describe("Interfaces; where absent, eth0 with 192.168.1.10/24."),
  files: z
    .record(p.path, z.string({ error: "the text of the file" }), { error: "files: absolute path to text" })
    .default({})
    .describe("Files by absolute path: configuration, state of an earlier run."),
  "binary-files": z
    .record(p.path, p.text("bytes in hex", /^(?:[0-9a-f]{2})*$/), {
      error: "binary-files: absolute path to bytes in hex",
    })
    .default({})
    .describe("Files by absolute path, as bytes in hex: boot firmware tables (nBFT)."),
});

const names = p.list(p.address, "a list of IP addresses").min(1, { error: "at least one IP address" });

/** What the resolver answers for a name. */
export const nameAnswer = p
  .oneOf("addresses, fails, silent, { addresses, rotate, after } or { fails: DURATION }", [
    p.choice(["fails", "silent"]),
    p.address,
    names,
    p.record({
      addresses: names,
      rotate: p.flag().default(false).describe("Each answer starts one address later."),
      after: p.duration.default("0s").describe("How long the answer takes."),
    }),
    p.record({ fails: p.duration.describe("How long it takes until the failure.") }),
  ])
  .meta({ id: "nameAnswer", description: "What the resolver answers: addresses, fails, or silent." });

/** A service announced over mDNS. */
export const responder = p
  .record({
    id: p.id,
    interface: p.iface.describe("Host interface whose link it is announced on."),
    instance: p.line("a service instance").optional().describe("Service instance; the id where absent."),
    type: p.choice(["_nvme-disc._tcp", "_nvme-disc._udp"]).default("_nvme-disc._tcp"),
    "host-name": p.line("a host name").optional().describe("Target of the SRV record; ID.local where absent."),
    addresses: p.list(p.address, "a list of IP addresses"),
    port: p.integer(1, 65_535).default(defaults.DISCOVERY_PORT),
    txt: p.list(p.line("a TXT string such as p=tcp"), "a list of TXT strings").default(["p=tcp"]),
    ttl: p.duration.default(spellDuration(defaults.DEFAULT_TTL)),
    announced: p.flag().default(true).describe("Whether it is announced from the start."),
  })
  .meta({ id: "responder", description: "A service announced over mDNS on a link." });

export const linkFields = { interface: p.iface, state: p.linkState };

export const routeFields = {
  to: p.prefixedAddress.describe("Destination beyond the subnets."),
  interface: p.iface,
  state: p.linkState,
};

export const network = p.record({
  links: p
    .list(
      p.record({
        interface: p.iface,
        state: p.linkState.default("up"),
        latency: p.duration.default("0s").describe("One way."),
      }),
      "a list of links",
    )
    .default([])
    .describe("Links by host interface; one that is not named is up."),
  routes: p
    .list(p.record({ ...routeFields, state: p.linkState.default("up") }), "a list of routes")
    .default([])
    .describe("Destinations beyond the subnets."),
  names: z
    .record(p.line("a host name"), nameAnswer, { error: "names: host name to answer" })
    .default({})
    .describe("What the resolver answers by name."),
  responders: p.list(responder, "a list of responders").default([]),
  avahi: p.choice(["up", "down", "absent"]).default("up"),
});

/** The short form of a listening address. */
export const SHORT_LISTEN = /^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$/;

const LISTENER = "ADDRESS:PORT, [IPV6]:PORT in quotes, or { transport, traddr, trsvcid, state }";

const listener = p
  .oneOf(LISTENER, [
    p.text("ADDRESS:PORT or [IPV6]:PORT", SHORT_LISTEN, (value) => parseListen(value) !== undefined),
    p.record({
      transport: p.choice(TRANSPORTS).default("tcp"),
      traddr: p.line("a transport address"),
      trsvcid: p.line("a transport service id, in quotes").default(""),
      state: p.listenerState.default("up"),
    }),
  ])
  .meta({ id: "listener", description: '192.168.1.20:8009, "[fe80::1]:4420", or a record.' });

/** Splits `192.168.1.20:8009` or `[fe80::1]:4420`. */
export function parseListen(value: string): { readonly traddr: string; readonly trsvcid: string } | undefined {
  const colon = value.lastIndexOf(":");
  const host = value.slice(0, colon);
  const trsvcid = value.slice(colon + 1);
  const traddr = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const bracketed = traddr !== host;
  const port = Number(trsvcid);
  if (!p.isAddress(traddr) || traddr.includes(":") !== bracketed) return undefined;
  // One spelling a port, so that what is written back is what was read.
  return port >= 1 && port <= 65_535 && String(port) === trsvcid ? { traddr, trsvcid } : undefined;
}

const listen = p.oneOf(`${LISTENER}, or a list of these`, [
  listener,
  p.list(listener, "a list of addresses to listen on"),
]);

const u8 = p.integer(0, 0xff);
const u16 = p.integer(0, 0xffff);

/** Text of a log page's field; what is too long for it is cut when the page is made. */
const field = z.string({ error: "text" }).max(256, { error: "at most 256 characters" });

const rawFields = p.record({
  trtype: u8.optional(),
  adrfam: u8.optional(),
  subtype: u8.optional(),
  treq: u8.optional(),
  portid: u16.optional(),
  cntlid: u16.optional(),
  asqsz: u16.optional(),
  eflags: u16.optional(),
  trsvcid: field.optional(),
  subnqn: field.optional(),
  traddr: field.optional(),
  tel: p.integer(0, 0xffff_ffff).optional().describe("Total length that the extended entry claims (TP8010)."),
});

/** One record of a discovery log page. */
export const entry = p
  .oneOf("the id of a subsystem, { subsystem: ID, ncc, listen }, { referral: ID } or { raw: ... }", [
    p.id,
    p.record({
      subsystem: p.id,
      ncc: p.flag().default(false).describe("No CDC Connectivity (TP8010)."),
      listen: p.integer(0, 255).optional().describe("Only this of its addresses (0-based); all where absent."),
    }),
    p.record({ referral: p.id.describe("Id of the discovery controller referred to.") }),
    p.record({ raw: rawFields.describe("Fields as they go onto the wire; others as of an NVM subsystem over TCP.") }),
  ])
  .meta({ id: "entry", description: "One record of a discovery log page." });

/** An answer out of the ordinary. */
export const answer = p
  .record({
    lid: u8.optional().describe("Log page identifier, for Get Log Page."),
    opcode: u8.optional().describe("Opcode of the admin command."),
    status: u16.optional().describe("NVMe status to answer with, such as 0x6002."),
    errno: p.integer(1, 4_095).optional().describe("errno to answer with."),
    after: p.duration.optional().describe("The command is answered only after this long."),
    numrec: p.integer(0, Number.MAX_SAFE_INTEGER).optional().describe("The header claims this many records."),
    "genctr-moves": p
      .integer(0, 1_000_000)
      .optional()
      .describe("How often the generation counter changes between two reads."),
    times: p.integer(1, 1_000_000).optional().describe("How often this answer is given; always where absent."),
  })
  .meta({ id: "answer", description: "An answer out of the ordinary to an admin command." });

const entries = p.list(entry, "a list of log page entries");

const discoveryController = p.record({
  id: p.id,
  kind: p.choice(["plain", "cdc", "ddc"]).default("plain").describe("plain: dctype none, as the kernel's own target."),
  listen,
  nqn: p.nqn.optional().describe("Unique NQN (TP8013); the well-known one where absent."),
  entries: entries.default([]),
  answers: p.list(answer, "a list of answers").default([]),
  pleo: p.flag().default(false).describe("PLEOS in Supported Log Pages; false: the page is rejected."),
  extdlpes: p.flag().default(false).describe("EXTDLPES there: extended entries can be asked for."),
  padding: p.choice(["nul", "space"]).default("nul").describe("What pads the text fields of its page."),
});

/** Hosts that may connect. */
export const allowedHosts = p.list(p.nqn, "a list of host NQNs");

const subsystem = p.record({
  id: p.id,
  nqn: p.nqn,
  listen,
  "allowed-hosts": allowedHosts.optional().describe("Host NQNs that may connect; any where absent."),
  namespaces: p.integer(0, 1_024).default(defaults.DEFAULT_NAMESPACES),
});

export const fabric = p.record({
  "discovery-controllers": p.list(discoveryController, "a list of discovery controllers").default([]),
  subsystems: p.list(subsystem, "a list of subsystems").default([]),
});
