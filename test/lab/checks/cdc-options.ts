/** The daemon with a discovery controller that supports TP8010: registration, extended entries, rejections. */
import { hostname } from "node:os";
import { fromHex } from "../../../src/core/codec/text.js";
import { Seconds } from "../../../src/core/domain/units.js";
import { Cdc, type Entry, type Options, type Seen, subsystem } from "../cdc/cdc.js";
import { decodeRegistration } from "../cdc/dim.js";
import type { Check } from "../check.js";
import { HOST_ID, HOST_NQN } from "../guest/daemon.js";
import type { Lab } from "../guest/lab.js";
import { pass, waitFor } from "../guest/wait.js";
import { at, filesFor } from "./steps/configuration.js";
import { HOME, allLive, instances, serve, volumes } from "./steps/storage.js";

const LIMIT = Seconds(30);
const PORT = 8012;
const DIM = 0x21;
const LID = { supportedPages: 0x00, discovery: 0x70 } as const;
const LSP = { extended: 1, portLocal: 2 } as const;
const EXATTYPE = { hostId: 1, symname: 2 } as const;
/** Entries of a page begin after its header. */
const ENTRIES = 1024;

async function start(lab: Lab, options: Options): Promise<Cdc> {
  const cdc = await Cdc.start({ listen: [{ address: "127.0.0.1", port: PORT }], ...options });
  lab.after(() => cdc.close());
  return cdc;
}

function listed(nqns: readonly string[], more: object = {}): Entry[] {
  return nqns.map((nqn) => subsystem(nqn, HOME.traddr, Number(HOME.trsvcid), more));
}

const sysConf = (symname: string): string => `[Host]\nnqn=${HOST_NQN}\nid=${HOST_ID}\nsymname=${symname}\n`;

const filesOf = (symname = ""): Readonly<Record<string, string>> => ({
  ...filesFor([at({ traddr: "127.0.0.1", trsvcid: String(PORT) })]),
  ...(symname === "" ? {} : { "sys.conf": sysConf(symname) }),
});

function inHex(text: string, length: number): string {
  return Buffer.from(text.padEnd(length, " ")).toString("hex");
}

/** The accepted registrations as the CDC read them, with the symbolic name in hex. */
function accepted({ registrations }: Seen) {
  return registrations
    .filter(({ status }) => status === 0)
    .map(({ task, data, association }) => ({ task, association, ...decodeRegistration(task, fromHex(data)) }));
}

async function registeredTimes(cdc: Cdc, times: number): Promise<Seen> {
  return waitFor(`registration ${times}`, LIMIT, async () => {
    const seen = await cdc.seen();
    return accepted(seen).length >= times && seen;
  });
}

const registers: Check = {
  name: "the daemon registers with a CDC once per connection, before it reads the page, and again with a new name",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 1));
    const cdc = await start(lab, { kind: "cdc", entries: listed(volumes(1, 1)) });
    const daemon = lab.daemon({ files: filesOf("rack 7") });
    await allLive(volumes(1, 1), LIMIT);
    const first = await cdc.seen();
    const [registration] = accepted(first);
    expect.equal("registrations", first.registrations.length, 1);
    expect.equal("TAS", registration?.task, 0);
    expect.equal("EID", registration?.entity, HOST_NQN);
    expect.equal("ENAME", registration?.name, hostname());
    expect.matches("EVER", registration?.version ?? "", /^Linux 6\./);
    const [entry] = registration?.entries ?? [];
    expect.equal("entries", registration?.entries.length, 1);
    expect.equal("trtype and adrfam", [entry?.trtype, entry?.adrfam], [3, 1]);
    expect.equal("NQN", entry?.nqn, HOST_NQN);
    expect.equal("TRADDR, for the CDC to determine", entry?.traddr, "");
    expect.equal("attributes", entry?.attributes, [
      { type: EXATTYPE.hostId, value: HOST_ID.replaceAll("-", "") },
      { type: EXATTYPE.symname, value: inHex("rack 7", 8) },
    ]);
    const opcodes = first.commands
      .filter(({ opcode }) => opcode === DIM || opcode === 0x02)
      .map(({ opcode }) => opcode);
    expect.equal("the first of registration and page reads", opcodes[0], DIM);

    daemon.configure({ "sys.conf": sysConf("rack 8") });
    daemon.signal("SIGHUP");
    const renamed = accepted(await registeredTimes(cdc, 2))[1];
    expect.equal("the new name", renamed?.entries[0]?.attributes[1]?.value, inHex("rack 8", 8));
    expect.equal("over the same connection", renamed?.association, registration?.association);

    const before = instances();
    await cdc.change({ do: "drop" });
    const again = accepted(await registeredTimes(cdc, 3))[2];
    expect.that(again?.association !== registration?.association, "the third registration used the first connection");
    await pass(Seconds(5), "longer than the retry of a registration");
    expect.equal("registrations at the end", (await cdc.seen()).registrations.length, 3);
    expect.equal("the connections", instances(), before);
    lab.payload("cdc-registration", (await cdc.seen()).registrations);
  },
};

const extended: Check = {
  name: "the daemon reads extended entries of any length, and basic entries if the extended ones are false",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    const count = 12;
    serve(lab.target, volumes(1, count));
    const named = (nqns: readonly string[]): Entry[] =>
      nqns.flatMap((nqn, index) =>
        listed([nqn], { attributes: [{ type: EXATTYPE.symname, value: inHex(`volume ${index}`, 8 + 4 * index) }] }),
      );
    const cdc = await start(lab, { kind: "cdc", features: ["extdlpes"], entries: named(volumes(1, count)) });
    lab.daemon({ files: filesOf() });
    await allLive(volumes(1, count), LIMIT);
    const reads = async (): Promise<readonly { readonly lsp: number; readonly offset: number }[]> =>
      (await cdc.seen()).commands.flatMap(({ log }) => (log?.lid === LID.discovery ? [log] : []));
    const pieces = (await reads()).filter(({ offset }) => offset >= ENTRIES);
    expect.that(
      pieces.every(({ lsp }) => lsp === LSP.extended),
      "entries were requested without LSP 1",
    );
    expect.equal("requests for entries", pieces.length, 2);
    const before = instances();
    // TEL is impossible, then beyond the page. The basic entry changes too, because otherwise the CDC sends no event.
    for (const [trtype, tel] of [
      ["f0", "ffffffff"],
      ["f1", "00200000"],
    ] as const) {
      const liar = { raw: `${trtype}${"00".repeat(1023)}${tel}${"00".repeat(4)}` };
      await cdc.change({ do: "forget" });
      await cdc.change({ do: "entries", entries: [...named(volumes(1, count)), liar] });
      await waitFor("the entries to be read without LSP 1", LIMIT, async () =>
        (await reads()).some(({ lsp, offset }) => lsp === 0 && offset >= ENTRIES),
      );
      await cdc.change({ do: "drop" });
      await waitFor("the connection to be back", LIMIT, async () => (await cdc.seen()).registrations.length > 0);
    }
    await pass(Seconds(3), "longer than the configuration soak");
    expect.equal("the connections", instances(), before);
  },
};

const refused: Check = {
  name: "a discovery controller that rejects registration, supported log pages and LSP is still read",
  guest: "cdc",
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 3));
    const cdc = await start(lab, { kind: "ddc", features: ["extdlpes", "pleos"], entries: listed(volumes(1, 1)) });
    const reject = (when: object, times?: number): Promise<void> =>
      cdc.change({
        do: "rule",
        rule: { when, deed: { kind: "reject", status: 0x4002 }, ...(times === undefined ? {} : { times }) },
      });
    await reject({ opcode: DIM });
    await reject({ lid: LID.discovery, lsp: LSP.extended | LSP.portLocal });
    await reject({ lid: LID.discovery, lsp: LSP.portLocal });
    const daemon = lab.daemon({ files: filesOf() });
    await allLive(volumes(1, 1), LIMIT);
    const seen = await cdc.seen();
    expect.equal("registrations", seen.registrations.length, 0);
    const asked = seen.commands.flatMap(({ log }) => (log?.lid === LID.discovery && log.offset === 0 ? [log.lsp] : []));
    expect.equal("LSPs of the first page reads", asked.slice(0, 3), [3, 2, 0]);
    expect.atMost("complaints", daemon.lines.filter((line) => line.includes("refuses the registration")).length, 1);

    // On the next connection the controller also rejects the supported log pages.
    await reject({ lid: LID.supportedPages });
    await cdc.change({ do: "forget" });
    await cdc.change({ do: "drop" });
    await waitFor("the page to be read again", LIMIT, async () =>
      (await cdc.seen()).commands.some(({ log }) => log?.lid === LID.discovery),
    );
    await cdc.change({ do: "entries", entries: listed(volumes(1, 2)) });
    await allLive(volumes(1, 2), LIMIT);
    const after = await cdc.seen();
    const lsps = new Set(after.commands.flatMap(({ log }) => (log?.lid === LID.discovery ? [log.lsp] : [])));
    expect.equal("LSPs of the later page reads", [...lsps], [0]);
    const pages = after.commands.filter(({ log }) => log?.lid === LID.supportedPages);
    expect.equal("requests for the supported log pages", pages.length, 1);
    expect.equal(
      "complaints at the end",
      daemon.lines.filter((line) => line.includes("refuses the registration")).length,
      1,
    );
  },
};

const silent: Check = {
  name: "a CDC that never answers a registration is still read, and the daemon stops asking",
  guest: "cdc",
  limit: Seconds(300),
  async run(lab) {
    const { expect } = lab;
    serve(lab.target, volumes(1, 2));
    const cdc = await start(lab, { kind: "cdc", entries: listed(volumes(1, 1)) });
    await cdc.change({ do: "rule", rule: { when: { opcode: DIM }, deed: { kind: "never" } } });
    lab.daemon({ files: filesOf() });
    await allLive(volumes(1, 1), Seconds(15));
    // The kernel aborts the command after 30 s and resets its controller, three times.
    await pass(Seconds(200), "the kernel aborts three registrations");
    const dims = (await cdc.seen()).commands.filter(({ opcode }) => opcode === DIM).length;
    expect.equal("registrations that were sent", dims, 3);
    await cdc.change({ do: "entries", entries: listed(volumes(1, 2)) });
    await allLive(volumes(1, 2), LIMIT);
  },
};

export const cdcOptionsChecks: readonly Check[] = [registers, extended, refused, silent];
