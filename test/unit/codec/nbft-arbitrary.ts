/** Boot firmware tables that hold anything that the specification allows. */
import fc from "fast-check";
import { fromHex, toHex } from "../../../src/core/codec/text.js";
import { utf8Length } from "../../../src/core/domain/utf8.js";
import { isUnspecified, parseIp } from "../../../src/core/domain/ip-address.js";
import type {
  NbftDiscoveryController,
  NbftHfi,
  NbftNamespaceId,
  NbftSecurityProfile,
  NbftSubsystem,
  NbftTable,
} from "../../../src/core/domain/nbft.js";
import { Seconds } from "../../../src/core/domain/units.js";
import type { NbftStyle } from "./nbft-encoder.js";

const byte = fc.nat(0xff);
const word = fc.nat(0xffff);
const dword = fc.nat(0xffff_ffff);
const index = fc.integer({ min: 1, max: 0xff });
const flag = fc.boolean();
const bytesList = fc.array(byte, { maxLength: 255 });
const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => toHex(bytes));

/** Text of printable characters, of any script, never empty. */
const text = (bytesMax: number) =>
  fc
    .string({ unit: "binary", minLength: 1, maxLength: bytesMax })
    .map((value) => value.replace(/[\p{Cc}\p{Cs}\ufffd]/gu, "x"))
    .filter((value) => utf8Length(value) <= bytesMax);
const textOrNone = (bytesMax: number) => fc.oneof(fc.constant(""), text(bytesMax));
const nqn = fc.oneof(
  text(40).map((name) => `nqn.2014-08.org.example:${name}`),
  text(223),
);

const ipv4 = fc.tuple(byte, byte, byte, byte).map((parts) => parts.join("."));
const ipv6 = fc
  .array(fc.oneof(word, fc.constant(0)), { minLength: 8, maxLength: 8 })
  .map((groups) => parseIp(groups.map((group) => group.toString(16)).join(":"))?.text ?? "");
const address = fc.oneof(ipv4, ipv6).filter((value) => value !== "" && !isUnspecified(value));
const addressOrNone = fc.oneof(address, fc.constant(""));

const uuid = hex(16)
  .filter((digits) => /[^0]/.test(digits))
  .map((digits) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));

const mac = hex(6).map((digits) => [...fromHex(digits)].map((one) => toHex(Uint8Array.of(one))).join(":"));
const pci = fc
  .tuple(hex(2), hex(1), fc.nat(0x1f), fc.nat(7))
  .map(([segment, bus, device, fn]) => `${segment}:${bus}:${device.toString(16).padStart(2, "0")}.${String(fn)}`);

const hfi: fc.Arbitrary<NbftHfi> = fc
  .record({
    index,
    transport: fc.constant("tcp" as const),
    pci,
    pcieSegment: fc.oneof(fc.constant(0), byte),
    mac,
    vlan: fc.oneof(fc.constant(0), fc.nat(4094)),
    ipOrigin: byte,
    address: addressOrNone,
    prefixLength: byte,
    gateway: addressOrNone,
    routeMetric: word,
    primaryDns: addressOrNone,
    secondaryDns: addressOrNone,
    dhcpServer: addressOrNone,
    hostName: textOrNone(60),
    defaultRoute: flag,
    dhcp: flag,
    autoconfigured: flag,
    dhcpClient: fc.option(
      fc.record({
        iaid: fc.option(dword, { nil: undefined }),
        duid: fc.uint8Array({ maxLength: 130 }).map((bytes) => toHex(bytes)),
      }),
      { nil: undefined },
    ),
  })
  .map((one) => ({ ...one, dhcpServer: one.dhcp ? one.dhcpServer : "" }));

const requirement = fc.constantFrom("not-supported", "not-required", "required", "reserved");
const policy = fc.constantFrom("none", "driver", "administrator", "reserved");

const security: fc.Arbitrary<NbftSecurityProfile> = fc
  .record({
    index,
    authentication: requirement,
    authenticationPolicy: policy,
    authenticationProtocols: bytesList,
    secureChannel: requirement,
    secureChannelPolicy: policy,
    secureChannelAlgorithms: bytesList,
    cipherSuites: bytesList,
    dhGroups: bytesList,
    hashFunctions: bytesList,
    secretType: byte,
    hasSecretKeypath: flag,
  })
  .map((one) => ({
    ...one,
    authenticationProtocols: one.authenticationPolicy === "none" ? [] : one.authenticationProtocols,
    secureChannelAlgorithms: one.secureChannelPolicy === "none" ? [] : one.secureChannelAlgorithms,
  }));

/** Where a discovery controller or subsystem can be: an address or, for the former, a name. */
const host = fc.oneof(
  address,
  fc.domain(),
  ipv4.map((quad) => `target-${quad.replaceAll(".", "-")}`),
);

const discovery: fc.Arbitrary<NbftDiscoveryController> = fc.record({
  index,
  hfi: byte,
  securityProfile: byte,
  uri: fc.option(
    fc.record({
      transport: fc.constantFrom("tcp", "rdma", "quic"),
      host,
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  nqn: fc.oneof(fc.constant(""), nqn),
});

const namespaceId: fc.Arbitrary<NbftNamespaceId> = fc.oneof(
  fc.constant({ kind: "none" as const }),
  hex(8).map((digits) => ({ kind: "eui64" as const, hex: digits })),
  hex(16).map((digits) => ({ kind: "nguid" as const, hex: digits })),
  uuid.map((value) => ({ kind: "uuid" as const, uuid: value })),
  fc.record({ kind: fc.constant("other" as const), type: fc.integer({ min: 4, max: 255 }), hex: hex(16) }),
);

const subsystem: fc.Arbitrary<NbftSubsystem> = fc.record({
  index: word,
  transport: fc.constant("tcp" as const),
  traddr: addressOrNone,
  trsvcid: fc.oneof(fc.constantFrom("", "4420"), text(32)),
  subsysnqn: nqn,
  portId: word,
  nsid: dword,
  namespaceId,
  hfis: fc.uniqueArray(index, { maxLength: 20 }),
  discoveryController: byte,
  securityProfile: byte,
  hdrDigest: flag,
  dataDigest: flag,
  nonBootable: flag,
  fromDhcpRootPath: flag,
  separateDiscovery: flag,
  discovered: flag,
  availability: fc.constantFrom("not-indicated", "available", "unavailable", "reserved"),
  extended: fc.option(
    fc.record({
      cntlid: word,
      asqsz: word,
      asqszConfigured: flag,
      dhcpRootPath: textOrNone(200),
      diagnostic: fc.option(
        fc.record({
          naed: byte,
          cipeec: byte,
          nceec: byte,
          connectTimeout: fc.option(fc.nat(0xfffe).map(Seconds), { nil: undefined }),
        }),
        { nil: undefined },
      ),
    }),
    { nil: undefined },
  ),
});

export const nbftTable: fc.Arbitrary<NbftTable> = fc.record({
  minorRevision: byte,
  host: fc.record({
    nqn,
    nqnConfigured: flag,
    id: uuid,
    idConfigured: flag,
    primary: fc.constantFrom("not-indicated", "unselected", "selected", "reserved"),
  }),
  hfis: fc.array(hfi, { maxLength: 4 }),
  securityProfiles: fc.array(security, { maxLength: 3 }),
  discoveryControllers: fc.array(discovery, { maxLength: 4 }),
  subsystems: fc.array(subsystem, { maxLength: 4 }),
  faults: fc.constant([]),
});

export const nbftStyle: fc.Arbitrary<Partial<NbftStyle>> = fc.record({
  nul: fc.constantFrom("behind", "counted"),
  descriptorTail: fc.nat(40),
  unknownFlags: fc.constantFrom("set", "clear"),
});
