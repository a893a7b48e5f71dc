/** Parts of any scenario: values, and the records of a world. */
import fc from "fast-check";
import type {
  AnswerSpec,
  EntrySpec,
  ListenSpec,
  NameAnswer,
  ResponderSpec,
  UeventFault,
} from "../../../src/adapters/sim/spec.js";
import { Milliseconds } from "../../../src/core/domain/units.js";

export const DCS = ["dc1", "dc2"] as const;
export const VOLUMES = ["vol1", "vol2"] as const;
export const PEERS = [...DCS, ...VOLUMES] as const;
export const IFACES = ["eth0", "eth1"] as const;
export const UNTIL = 3_600_000;

const optional: { requiredKeys: [] } = { requiredKeys: [] };
export const ms = fc
  .oneof(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: UNTIL }))
  .map((value) => Milliseconds(value));
export const dc = fc.constantFrom(...DCS);
export const volume = fc.constantFrom(...VOLUMES);
export const peer = fc.constantFrom(...PEERS);
export const iface = fc.constantFrom(...IFACES);
export const small = fc.integer({ min: 1, max: 1_000 });
/** Text that a careless writer of YAML would get wrong. */
const word = fc.constantFrom(
  "a",
  "6.1",
  "null",
  "true",
  "0x10",
  "- a",
  "a: b",
  "# no",
  "*a",
  "%x",
  "é 世",
  "'",
  '"',
  "~",
  "1e3",
  "<<",
);
export const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  word,
  fc.constant("[a]\n b = c\n\n"),
  fc.constant("\n x \n"),
);
export const linkState = fc.constantFrom("up", "down", "silent");
export const listenerState = fc.constantFrom("up", "refuses", "silent", "closes", "garbage", "unreachable");
const madeBy = fc.constantFrom("stas", "nvme-cli", "administrator", "nbft", "bios");
export const service = fc.constantFrom("staf", "stac");
export const target = fc.constantFrom("staf", "stac", "both");
const address = fc.oneof(fc.ipV4(), fc.ipV6());
export const prefixed = fc.oneof(
  fc.ipV4().map((ip) => `${ip}/24`),
  fc.ipV6().map((ip) => `${ip}/64`),
);
export const mac = fc
  .integer({ min: 0, max: 255 })
  .map((value) => `02:00:00:00:00:${value.toString(16).padStart(2, "0")}`);
export const nqn = fc.integer({ min: 0, max: 99 }).map((value) => `nqn.2023-01.example:${value}`);

export const listen: fc.Arbitrary<ListenSpec> = fc
  .record({
    transport: fc.constantFrom("tcp", "rdma", "fc", "loop"),
    traddr: fc.oneof(address, fc.constant("nn-0x1:pn-0x2")),
    trsvcid: fc.constantFrom("4420", "8009", "", "08009", "none"),
    state: listenerState,
  })
  .map((spec) => (spec.trsvcid === "4420" ? { ...spec, transport: "tcp", state: "up" } : spec));

const entry: fc.Arbitrary<EntrySpec> = fc.oneof(
  fc.record({ kind: fc.constant("subsystem" as const), id: volume, ncc: fc.boolean() }),
  fc.record({ kind: fc.constant("subsystem" as const), id: volume, ncc: fc.boolean(), listen: fc.constant(0) }),
  fc.record({ kind: fc.constant("referral" as const), id: dc }),
  fc.record({
    kind: fc.constant("raw" as const),
    fields: fc.record(
      {
        trtype: fc.integer({ min: 0, max: 255 }),
        eflags: fc.integer({ min: 0, max: 65_535 }),
        traddr: text,
        subnqn: text,
        tel: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      },
      optional,
    ),
  }),
);

export const answer: fc.Arbitrary<AnswerSpec> = fc.record(
  {
    lid: small.map((value) => value & 0xff),
    status: small,
    errno: small,
    after: ms,
    numrec: small,
    genctrMoves: small,
    times: small,
  },
  optional,
);

export const nameAnswer: fc.Arbitrary<NameAnswer> = fc.oneof(
  fc.record({
    kind: fc.constant("addresses" as const),
    addresses: fc.array(address, { minLength: 1, maxLength: 3 }),
    rotate: fc.boolean(),
    after: ms,
  }),
  fc.record({ kind: fc.constant("fails" as const), after: ms }),
  fc.constant({ kind: "silent" as const }),
);

export const line = word;
export const responder: fc.Arbitrary<ResponderSpec> = fc.record({
  id: fc.constantFrom("r1", "r2"),
  hostIface: iface,
  instance: fc.oneof(line, fc.constant("r1")),
  type: fc.constantFrom("_nvme-disc._tcp", "_nvme-disc._udp"),
  hostName: line,
  addresses: fc.array(address, { maxLength: 2 }),
  port: small,
  txt: fc.array(fc.constantFrom("p=tcp", "nqn=x"), { maxLength: 2 }),
  ttl: ms,
  announced: fc.boolean(),
});

export const connect = { to: peer, madeBy };
export const connectOptional = { hostNqn: nqn, hostId: line, hostTraddr: address, hostIface: iface, nqn };

export const fault: fc.Arbitrary<UeventFault> = fc.oneof(
  fc.constant({ kind: "pass" as const }),
  fc.constant({ kind: "overflow" as const }),
  fc.record(
    { kind: fc.constant("lose" as const), count: small, device: line, action: line },
    { requiredKeys: ["kind", "count"] },
  ),
  fc.record({ kind: fc.constant("delay" as const), by: ms, count: small }),
  fc.record({ kind: fc.constantFrom("double" as const, "truncate" as const, "flood" as const), count: small }),
);

export const path = fc.constantFrom("/etc/stas/stafd.conf", "/run/stafd/last known", "/x/..y/é");
export const entries = fc.array(entry, { maxLength: 3 });
