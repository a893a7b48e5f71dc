/** Admin commands: the discovery log page and identify, as bytes, and what the target rejects. */
import { getLogPage, identifyController, LID, OPCODE } from "../../src/core/codec/admin.js";
import { decodeDiscoveryEntry, decodeDiscoveryHeader } from "../../src/core/codec/discovery-log.js";
import { decodeIdentify } from "../../src/core/codec/identify.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { AdminCommand } from "../../src/core/ports/fabrics.js";
import type { HandleId } from "../../src/core/ports/sysfs.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { admin, adminText, connected, open, suiteOf } from "./kit.js";
import { DISCOVERY_NQN, PLACES, SUBSYSTEM_NQN, toDiscovery, toSubsystem } from "./stage.js";

const behaviour = suiteOf("fabrics");
const TIMEOUT = Milliseconds(5_000);
const RECORD = 1_024;

interface Slice {
  readonly offset: number;
  readonly length: number;
  readonly lsp?: number;
}

function readOf(lid: number, { offset, length, lsp = 0 }: Slice): AdminCommand {
  return getLogPage({ lid, lsp, rae: "retain", offset, length, timeout: TIMEOUT });
}

/** Bytes of the discovery log page. Throws if it cannot be read. */
async function page(host: ContractHost, handle: HandleId, slice: Slice): Promise<Uint8Array> {
  const { result } = await admin(host, handle, readOf(LID.discovery, slice));
  if (!result.ok || result.status !== 0) throw new Error(`the log page: ${adminText(result)}`);
  return result.bytes;
}

async function discovery(host: ContractHost): Promise<HandleId> {
  return open(host, await connected(host, toDiscovery(PLACES.main)), "admin");
}

async function entries(host: ContractHost, handle: HandleId): Promise<readonly Uint8Array[]> {
  const { numrec } = decodeDiscoveryHeader(await page(host, handle, { offset: 0, length: RECORD }));
  const bytes = await page(host, handle, { offset: RECORD, length: numrec * RECORD });
  return Array.from({ length: numrec }, (_, index) => bytes.subarray(index * RECORD, (index + 1) * RECORD));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** An entry: its first ten bytes in hex, then its decoded fields. */
function entryLine(bytes: Uint8Array): string {
  const { subtype, trtype, traddr, trsvcid, subnqn } = decodeDiscoveryEntry(bytes, 0);
  return `${hex(bytes.subarray(0, 10))} ${String(subtype)} ${String(trtype)} ${traddr} ${trsvcid} ${subnqn}`;
}

const PAGES: readonly Behaviour[] = [
  behaviour(
    "the discovery log page lists the port itself, its subsystems and its referrals",
    [
      "3 records, format 0",
      `030103040100ffff2000 current-discovery tcp 127.0.0.1 8009 ${DISCOVERY_NQN}`,
      `030102040100ffff2000 nvme tcp 127.0.0.1 8009 ${SUBSYSTEM_NQN.a}`,
      `030102040100ffff2000 nvme tcp 127.0.0.1 8009 ${SUBSYSTEM_NQN.b}`,
      "with a referral: 4 records",
      `referral tcp 127.0.0.1 4420 ${DISCOVERY_NQN}, treq 0`,
    ],
    async (host) => {
      const handle = await discovery(host);
      const header = decodeDiscoveryHeader(await page(host, handle, { offset: 0, length: RECORD }));
      const before = await entries(host, handle);
      host.storage.refer("main", "io");
      const after = await entries(host, handle);
      const referral = after
        .map((bytes) => ({ bytes, entry: decodeDiscoveryEntry(bytes, 0) }))
        .find(({ entry }) => entry.subtype === "referral");
      const { trtype = "", traddr = "", trsvcid = "", subnqn = "" } = referral?.entry ?? {};
      return [
        `${String(header.numrec)} records, format ${String(header.recfmt)}`,
        // The target lists its subsystems in no defined order.
        ...before
          .map(entryLine)
          .sort(
            (one, other) =>
              Number(other.includes("current")) - Number(one.includes("current")) || (one < other ? -1 : 1),
          ),
        `with a referral: ${String(after.length)} records`,
        `referral ${String(trtype)} ${traddr} ${trsvcid} ${subnqn}, treq ${String(referral?.bytes[3])}`,
      ];
    },
  ),
  behaviour(
    "text fields of an entry are padded with NULs, and the rest of the entry is zero",
    ["1024 bytes, 0 non-zero bytes outside the fields"],
    async (host) => {
      const handle = await discovery(host);
      const entry = (await entries(host, handle)).find((bytes) => bytes[2] === 2) ?? new Uint8Array(0);
      const used = [
        [0, 12],
        [32, 36],
        [256, 256 + SUBSYSTEM_NQN.a.length],
        [512, 512 + PLACES.main.traddr.length],
      ] as const;
      const beyond = entry.filter((byte, at) => byte !== 0 && !used.some(([from, to]) => at >= from && at < to));
      return [`${String(entry.length)} bytes, ${String(beyond.length)} non-zero bytes outside the fields`];
    },
  ),
  behaviour(
    "reads with any offset, length or lsp return the same bytes, and zeros beyond the end",
    [
      "the first 20 bytes: same",
      "the second record: same",
      "from the middle: same",
      "with lsp 2: same",
      "beyond the end: 1024 zeros",
    ],
    async (host) => {
      const handle = await discovery(host);
      const whole = await page(host, handle, { offset: 0, length: 4 * RECORD });
      const same = async (slice: Slice): Promise<string> => {
        const bytes = await page(host, handle, slice);
        return hex(bytes) === hex(whole.subarray(slice.offset, slice.offset + slice.length)) ? "same" : "different";
      };
      const beyond = await page(host, handle, { offset: 4 * RECORD, length: RECORD });
      return [
        `the first 20 bytes: ${await same({ offset: 0, length: 20 })}`,
        `the second record: ${await same({ offset: 2 * RECORD, length: RECORD })}`,
        `from the middle: ${await same({ offset: 1_280, length: 512 })}`,
        `with lsp 2: ${await same({ offset: 0, length: 4 * RECORD, lsp: 2 })}`,
        `beyond the end: ${String(beyond.filter((byte) => byte === 0).length)} zeros`,
      ];
    },
  ),
  behaviour(
    "the generation counter changes with the page, and with nothing else",
    ["after a read: same", "after a change: different"],
    async (host) => {
      const handle = await discovery(host);
      const genctr = async (): Promise<string> =>
        decodeDiscoveryHeader(await page(host, handle, { offset: 0, length: RECORD })).genctr;
      const first = await genctr();
      const second = await genctr();
      host.storage.unlink("main", "b");
      const third = await genctr();
      const compare = (one: string, other: string): string => (one === other ? "same" : "different");
      return [`after a read: ${compare(first, second)}`, `after a change: ${compare(second, third)}`];
    },
  ),
  behaviour(
    "a page lists a subsystem only for the hosts that the subsystem allows",
    ["linked but hidden: 3 records", "allowed: 4 records"],
    async (host) => {
      const handle = await discovery(host);
      host.storage.link("main", "private");
      const hidden = (await entries(host, handle)).length;
      host.storage.allow("private", "any");
      const allowed = (await entries(host, handle)).length;
      return [`linked but hidden: ${String(hidden)} records`, `allowed: ${String(allowed)} records`];
    },
  ),
];

const DIM: AdminCommand = {
  opcode: OPCODE.discoveryInformationManagement,
  nsid: 0,
  cdw10: 0,
  cdw11: 0,
  cdw12: 0,
  cdw13: 0,
  cdw14: 0,
  cdw15: 0,
  data: { direction: "to-controller", bytes: new Uint8Array(1_024) },
  timeout: TIMEOUT,
};

const REFUSED: readonly Behaviour[] = [
  behaviour(
    "the target rejects unsupported log pages and a registration",
    [
      "log page 0x00: status 0x6002",
      "log page 0x02: status 0x6002",
      "log page 0x71: status 0x6002",
      "registration: status 0x6001",
    ],
    async (host) => {
      const handle = await discovery(host);
      const lines: string[] = [];
      for (const lid of [0x00, 0x02, 0x71]) {
        const { result } = await admin(host, handle, readOf(lid, { offset: 0, length: RECORD }));
        lines.push(`log page 0x${lid.toString(16).padStart(2, "0")}: ${adminText(result)}`);
      }
      const { result } = await admin(host, handle, DIM);
      return [...lines, `registration: ${adminText(result)}`];
    },
  ),
  behaviour("an I/O controller has no discovery log page", ["status 0x6002"], async (host) => {
    const handle = open(host, await connected(host, toSubsystem("a", PLACES.io)), "admin");
    const { result } = await admin(host, handle, readOf(LID.discovery, { offset: 0, length: RECORD }));
    return [adminText(result)];
  }),
];

const IDENTIFY: readonly Behaviour[] = [
  behaviour(
    "identify tells a discovery controller from an I/O controller",
    [
      `discovery: type 2, dctype 0, log page changes announced, ${DISCOVERY_NQN}`,
      `I/O: type 1, dctype 0, log page changes not announced, ${SUBSYSTEM_NQN.a}`,
    ],
    async (host) => {
      const lines: string[] = [];
      for (const [what, text] of [
        ["discovery", toDiscovery(PLACES.main)],
        ["I/O", toSubsystem("a", PLACES.io)],
      ] as const) {
        const handle = open(host, await connected(host, text), "admin");
        const { result } = await admin(host, handle, identifyController(TIMEOUT));
        if (!result.ok) return [adminText(result)];
        const { cntrltype, dctype, oaes, subnqn } = decodeIdentify(result.bytes);
        const announced = oaes >= 0x8000_0000 ? "announced" : "not announced";
        lines.push(
          `${what}: type ${String(cntrltype)}, dctype ${String(dctype)}, log page changes ${announced}, ${subnqn}`,
        );
      }
      return lines;
    },
  ),
];

export const ADMIN: readonly Behaviour[] = [...PAGES, ...REFUSED, ...IDENTIFY];
