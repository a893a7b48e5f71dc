/** Decorators of a core's ports that write the trace. */
import type { ProcessName } from "../../adapters/sim/observation.js";
import { LID, OPCODE } from "../../core/codec/admin.js";
import type { BusPort } from "../../core/ports/bus.js";
import type { ClockPort } from "../../core/ports/clock.js";
import type { DnssdPort } from "../../core/ports/dnssd.js";
import type { AdminCommand, FabricsPort } from "../../core/ports/fabrics.js";
import type { Ports } from "../../core/ports/index.js";
import type { CoreLogPort } from "../../core/ports/log.js";
import type { MdnsPort } from "../../core/ports/mdns.js";
import type { NetworkPort, ProbeTarget } from "../../core/ports/network.js";
import type { StorePort } from "../../core/ports/store.js";
import type { RequestId } from "../../core/ports/request.js";
import {
  CONTROLLER_ATTRIBUTES,
  type HandleId,
  type SysfsPort,
  type SysfsRecord,
  type SysfsSummary,
} from "../../core/ports/sysfs.js";
import type { SystemPort } from "../../core/ports/system.js";
import { type CallDetails, type PortSink, Teller } from "./teller.js";
import { busResultText, busText } from "./event-text.js";
import { bytesText, failureText, quote, quoteList, quoteLong, quoteName } from "./text.js";

/** Names of open devices, by handle. */
type Handles = Map<HandleId, string>;

/** Retain Asynchronous Event, in command dword 10 of Get Log Page. */
const RAE_BIT = 0x8000;

const NOTHING_MORE: CallDetails = { subject: "" };

/** Decorates every port of a process, so that the trace records all that its core does. */
export function tracedPorts(ports: Ports, sink: PortSink, process: ProcessName): Ports {
  const teller = new Teller(sink, process);
  const handles: Handles = new Map();
  return {
    clock: tracedClock(ports.clock, teller),
    sysfs: tracedSysfs(ports.sysfs, teller, handles),
    fabrics: tracedFabrics(ports.fabrics, teller, handles),
    network: tracedNetwork(ports.network, teller),
    store: tracedStore(ports.store, teller),
    bus: tracedBus(ports.bus, teller),
    system: tracedSystem(ports.system, teller),
    log: tracedLog(ports.log, teller),
    mdns: tracedMdns(ports.mdns, teller),
    dnssd: tracedDnssd(ports.dnssd, teller),
  };
}

function tracedClock(inner: ClockPort, teller: Teller): ClockPort {
  return {
    now: () => teller.silent(() => inner.now()),
    wallTime: () =>
      teller.ask(
        () => inner.wallTime(),
        (time) => `"call":"clock.wallTime","reply":${String(time)}`,
      ),
    arm: (timer, delay) => {
      teller.quick(`"call":"clock.arm","timer":${quoteName(timer)},"delay":${String(delay)}`, () => {
        inner.arm(timer, delay);
      });
    },
    disarm: (timer) => {
      teller.quick(`"call":"clock.disarm","timer":${quoteName(timer)}`, () => {
        inner.disarm(timer);
      });
    },
  };
}

/** Records what a process reads of controllers: in full once, then only what changed since it last read them. */
class RecordText {
  readonly #shown = new Map<string, SysfsRecord["attributes"]>();

  /** Attributes in the order of `CONTROLLER_ATTRIBUTES`; `null` for one that is gone. */
  of({ name, attributes }: SysfsRecord): string {
    const before = this.#shown.get(name);
    this.#shown.set(name, attributes);
    let news = "";
    for (const key of CONTROLLER_ATTRIBUTES) {
      const value = attributes[key];
      if (before?.[key] === value) continue;
      news += `${news === "" ? "" : ","}"${key}":${value === undefined ? "null" : quoteName(value)}`;
    }
    return `{${news}}`;
  }
}

function summaryText(summary: SysfsSummary): string {
  return `[${quoteName(summary.name)},${quoteName(summary.state)},${quoteName(summary.subsysnqn)},${quoteName(summary.address)}]`;
}

function isSame(one: SysfsSummary, other: SysfsSummary): boolean {
  return one.state === other.state && one.subsysnqn === other.subsysnqn && one.address === other.address;
}

/** Records a process's listings: the names in order, and in full only what changed since its last listing. */
class ListingText {
  readonly #shown = new Map<string, SysfsSummary>();

  of(all: readonly SysfsSummary[]): string {
    let news = "";
    for (const summary of all) {
      const { name } = summary;
      const before = this.#shown.get(name);
      if (before !== undefined && isSame(before, summary)) continue;
      this.#shown.set(name, summary);
      news += news === "" ? summaryText(summary) : `,${summaryText(summary)}`;
    }
    const names = all.map(({ name }) => name).join(" ");
    return `"call":"sysfs.list","reply":${quote(names)},"news":[${news}]`;
  }
}

function tracedSysfs(inner: SysfsPort, teller: Teller, handles: Handles): SysfsPort {
  const listing = new ListingText();
  const records = new RecordText();
  const listText = (all: readonly SysfsSummary[]): string => listing.of(all);
  return {
    list: () => teller.ask(() => inner.list(), listText),
    read: (name) =>
      teller.ask(
        () => inner.read(name),
        (record) =>
          `"call":"sysfs.read","name":${quoteName(name)},"reply":${record === undefined ? "null" : records.of(record)}`,
      ),
    open: (name, purpose) =>
      teller.ask(
        () => inner.open(name, purpose),
        (result) => {
          if (result.ok) handles.set(result.handle, name);
          const reply = result.ok
            ? `{"handle":${String(result.handle)},"record":${records.of(result.record)}}`
            : failureText(result.errno);
          return `"call":"sysfs.open","name":${quoteName(name)},"purpose":"${purpose}","reply":${reply}`;
        },
      ),
    close: (handle) => {
      handles.delete(handle);
      teller.quick(`"call":"sysfs.close","handle":${String(handle)}`, () => {
        inner.close(handle);
      });
    },
    delete: (request, handle) => {
      teller.call(
        "sysfs.delete",
        { subject: "", request },
        `,"request":${String(request)},"handle":${String(handle)}`,
        () => {
          inner.delete(request, handle);
        },
      );
    },
  };
}

/** Details of an admin command. A Get Log Page from the start of the discovery log begins or ends a read. */
function adminDetails(request: RequestId, command: AdminCommand, device: string | undefined): CallDetails {
  if (command.opcode !== OPCODE.getLogPage || device === undefined) return { subject: device ?? "", request };
  const isHeader = (command.cdw10 & 0xff) === LID.discovery && command.cdw12 === 0 && command.cdw13 === 0;
  if (!isHeader) return { subject: device, request };
  // RAE=0 ends a read: it reads the header again, to see whether the page changed.
  const step = (command.cdw10 & RAE_BIT) === 0 ? "end" : "begin";
  return { subject: device, request, pageRead: { device, step } };
}

function commandText(command: AdminCommand): string {
  const { opcode, nsid, cdw10, cdw11, cdw12, cdw13, cdw14, cdw15, data, timeout } = command;
  const bytes = data.direction === "from-controller" ? String(data.length) : bytesText(data.bytes);
  return `"opcode":${String(opcode)},"nsid":${String(nsid)},"cdw10to15":[${[cdw10, cdw11, cdw12, cdw13, cdw14, cdw15].join(",")}],"data":${bytes},"timeout":${String(timeout)}`;
}

function tracedFabrics(inner: FabricsPort, teller: Teller, handles: Handles): FabricsPort {
  return {
    readOptions: (request) => {
      teller.call("fabrics.readOptions", { subject: "", request }, `,"request":${String(request)}`, () => {
        inner.readOptions(request);
      });
    },
    connect: (request, options) => {
      const args = `,"request":${String(request)},"options":${quoteName(options)}`;
      teller.call("fabrics.connect", { subject: options, request }, args, () => {
        inner.connect(request, options);
      });
    },
    admin: (request, handle, command) => {
      const args = `,"request":${String(request)},"handle":${String(handle)},${commandText(command)}`;
      teller.call("fabrics.admin", adminDetails(request, command, handles.get(handle)), args, () => {
        inner.admin(request, handle, command);
      });
    },
  };
}

function probeText(target: ProbeTarget): string {
  const { traddr, trsvcid, hostTraddr, hostIface, depth, timeout } = target;
  return `"traddr":${quoteName(traddr)},"trsvcid":${quoteName(trsvcid)},"hostTraddr":${quoteName(hostTraddr)},"hostIface":${quoteName(hostIface)},"depth":"${depth}","timeout":${String(timeout)}`;
}

function tracedNetwork(inner: NetworkPort, teller: Teller): NetworkPort {
  return {
    interfaces: () =>
      teller.ask(
        () => inner.interfaces(),
        (all) => {
          const texts = all.map(
            ({ name, mac, addresses }) => `[${quoteName(name)},${quoteName(mac)},${quoteList(addresses)}]`,
          );
          return `"call":"network.interfaces","reply":[${texts.join(",")}]`;
        },
      ),
    hostInfo: () =>
      teller.ask(
        () => inner.hostInfo(),
        ({ hostName, kernel, osName, osVersion }) =>
          `"call":"network.hostInfo","reply":${quoteList([hostName, kernel, osName, osVersion])}`,
      ),
    resolve: (request, name) => {
      teller.call(
        "network.resolve",
        { subject: name, request },
        `,"request":${String(request)},"name":${quoteName(name)}`,
        () => {
          inner.resolve(request, name);
        },
      );
    },
    probe: (request, target) => {
      teller.call(
        "network.probe",
        { subject: target.traddr, request, probe: target },
        `,"request":${String(request)},${probeText(target)}`,
        () => {
          inner.probe(request, target);
        },
      );
    },
  };
}

function tracedStore(inner: StorePort, teller: Teller): StorePort {
  return {
    read: (path) =>
      teller.ask(
        () => inner.read(path),
        (result) =>
          `"call":"store.read","path":${quoteName(path)},"reply":${result.ok ? quoteLong(result.text) : failureText(result.errno)}`,
      ),
    list: (directory) =>
      teller.ask(
        () => inner.list(directory),
        (names) => `"call":"store.list","directory":${quoteName(directory)},"reply":${quoteList(names)}`,
      ),
    locate: (path) => inner.locate(path),
    readBytes: (path) =>
      teller.ask(
        () => inner.readBytes(path),
        (result) =>
          `"call":"store.readBytes","path":${quoteName(path)},"reply":${result.ok ? bytesText(result.bytes) : failureText(result.errno)}`,
      ),
    write: (request, path, text) => {
      const args = `,"request":${String(request)},"path":${quoteName(path)},"text":${quoteLong(text)}`;
      teller.call("store.write", { subject: path, request }, args, () => {
        inner.write(request, path, text);
      });
    },
  };
}

function tracedBus(inner: BusPort, teller: Teller): BusPort {
  return {
    call: (request, peer, method, args) => {
      const text = `,"request":${String(request)},"peer":"${peer}","method":${quoteName(method)},"args":${busText(args)}`;
      teller.call("bus.call", { subject: method, request }, text, () => {
        inner.call(request, peer, method, args);
      });
    },
    subscribe: (peer) => {
      teller.call("bus.subscribe", { subject: peer }, `,"peer":"${peer}"`, () => {
        inner.subscribe(peer);
      });
    },
    reply: (call, result) => {
      const args = `,"to":${String(call)},"result":${busResultText(result)}`;
      teller.call("bus.reply", { subject: "", replyTo: call }, args, () => {
        inner.reply(call, result);
      });
    },
    emit: (service, signal, args) => {
      const text = `,"service":"${service}","signal":${quoteName(signal)},"args":${busText(args)}`;
      teller.call("bus.emit", { subject: signal }, text, () => {
        inner.emit(service, signal, args);
      });
    },
  };
}

function tracedSystem(inner: SystemPort, teller: Teller): SystemPort {
  return {
    notify: (state) => {
      teller.call("system.notify", { subject: state }, `,"state":"${state}"`, () => {
        inner.notify(state);
      });
    },
    restartUnit: (unit) => {
      teller.call("system.restartUnit", { subject: unit }, `,"unit":${quoteName(unit)}`, () => {
        inner.restartUnit(unit);
      });
    },
    writeUdevOverride: () => {
      teller.call("system.writeUdevOverride", NOTHING_MORE, "", () => {
        inner.writeUdevOverride();
      });
    },
    removeUdevOverride: () => {
      teller.call("system.removeUdevOverride", NOTHING_MORE, "", () => {
        inner.removeUdevOverride();
      });
    },
    exit: (status) => {
      teller.call("system.exit", NOTHING_MORE, `,"status":${String(status)}`, () => {
        inner.exit(status);
      });
    },
  };
}

function tracedLog(inner: CoreLogPort, teller: Teller): CoreLogPort {
  return {
    setDebug: (on) => {
      inner.setDebug(on);
    },
    write: (record) => {
      const about = record.controller === undefined ? "" : `,"controller":${quoteName(record.controller)}`;
      teller.quick(`"call":"log.write","level":"${record.level}","text":${quote(record.text)}${about}`, () => {
        teller.logged(record);
        inner.write(record);
      });
    },
  };
}

function tracedMdns(inner: MdnsPort, teller: Teller): MdnsPort {
  return {
    send: (hostIface, family, datagram) => {
      const args = `,"iface":${quoteName(hostIface)},"family":"${family}","datagram":${bytesText(datagram)}`;
      teller.call("mdns.send", { subject: hostIface }, args, () => {
        inner.send(hostIface, family, datagram);
      });
    },
    leave: (hostIface) => {
      teller.call("mdns.leave", { subject: hostIface }, `,"iface":${quoteName(hostIface)}`, () => {
        inner.leave(hostIface);
      });
    },
  };
}

function tracedDnssd(inner: DnssdPort, teller: Teller): DnssdPort {
  return {
    browse: (types) => {
      teller.call("dnssd.browse", NOTHING_MORE, `,"types":${quoteList(types)}`, () => {
        inner.browse(types);
      });
    },
  };
}
