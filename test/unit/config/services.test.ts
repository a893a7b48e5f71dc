import { describe, expect, test } from "vitest";
import { defaultStacConfig, parseStacConfig } from "../../../src/core/config/stacd.js";
import { defaultStafConfig, parseStafConfig } from "../../../src/core/config/stafd.js";
import type { CommonConfig, ConfigNote, Parsed, StacConfig, StafConfig } from "../../../src/core/config/types.js";

const FILE = "/etc/stas/test.conf";

const HOUR_MS = 60 * 60 * 1000;

function good<T extends CommonConfig>(parsed: Parsed<T>): { readonly value: T; readonly notes: readonly ConfigNote[] } {
  if (!parsed.ok) throw new Error(`broken: ${JSON.stringify(parsed.notes)}`);
  return parsed;
}

const staf = (text: string) => good(parseStafConfig(FILE, text));
const stac = (text: string) => good(parseStacConfig(FILE, text));

/** Each note as `level line: text`. */
function lines(notes: readonly ConfigNote[]): readonly string[] {
  return notes.map(({ level, line, text }) => `${level} ${String(line)}: ${text}`);
}

test("an empty file gives the documented defaults, without a note", () => {
  const connection = {
    hdrDigest: false,
    dataDigest: false,
    kato: 30,
    nrIoQueues: undefined,
    nrWriteQueues: undefined,
    nrPollQueues: undefined,
    queueSize: undefined,
    reconnectDelay: undefined,
    ctrlLossTmo: undefined,
    disableSqflow: false,
    dhchapSecret: undefined,
    dhchapCtrlSecret: undefined,
    tls: false,
    keyring: undefined,
    tlsKey: undefined,
  };
  const common = {
    file: FILE,
    tron: false,
    ignoreIface: false,
    ipFamilies: ["ipv4", "ipv6"],
    controllers: [],
    excludes: [],
  };
  expect(staf("")).toEqual({ ok: true, value: defaultStafConfig(FILE), notes: [] });
  expect(stac("")).toEqual({ ok: true, value: defaultStacConfig(FILE), notes: [] });
  expect(defaultStafConfig(FILE)).toEqual({
    ...common,
    connection,
    pleo: true,
    zeroconf: true,
    persistentConnections: true,
    zeroconfPersistence: 72 * HOUR_MS,
    logPageRefresh: HOUR_MS / 12,
    mdnsProvider: "auto",
    zeroconfGoodbye: "keep",
  });
  expect(defaultStacConfig(FILE)).toEqual({
    ...common,
    connection: { ...connection, kato: undefined },
    disconnectScope: "only-stas-connections",
    disconnectTrtypes: ["tcp"],
    connectAttemptsOnNcc: 0,
  });
});

const GLOBAL = "Global";
const DISCOVERY = "Discovery controller connection management";
const IO = "I/O controller connection management";

type Picked<T> = (config: T) => unknown;

/** Section, option, value, the result, and whether the value is refused. */
type Row<T> = readonly [string, string, string, Picked<T>, unknown, ("refused" | "remarked")?];

const COMMON_ROWS: readonly Row<CommonConfig>[] = [
  [GLOBAL, "tron", "true", (c) => c.tron, true],
  [GLOBAL, "tron", "TRUE", (c) => c.tron, true],
  [GLOBAL, "tron", "yes", (c) => c.tron, false, "refused"],
  [GLOBAL, "hdr-digest", "true", (c) => c.connection.hdrDigest, true],
  [GLOBAL, "data-digest", "true", (c) => c.connection.dataDigest, true],
  [GLOBAL, "disable-sqflow", "true", (c) => c.connection.disableSqflow, true],
  [GLOBAL, "kato", "0", (c) => c.connection.kato, 0],
  [GLOBAL, "kato", "+17", (c) => c.connection.kato, 17],
  [GLOBAL, "queue-size", "16", (c) => c.connection.queueSize, 16],
  [GLOBAL, "queue-size", "1024", (c) => c.connection.queueSize, 1024],
  [GLOBAL, "queue-size", "15", (c) => c.connection.queueSize, undefined, "refused"],
  [GLOBAL, "queue-size", "1025", (c) => c.connection.queueSize, undefined, "refused"],
  [GLOBAL, "reconnect-delay", "1", (c) => c.connection.reconnectDelay, 1],
  [GLOBAL, "reconnect-delay", "0", (c) => c.connection.reconnectDelay, undefined, "refused"],
  [GLOBAL, "ctrl-loss-tmo", "-1", (c) => c.connection.ctrlLossTmo, -1],
  [GLOBAL, "ctrl-loss-tmo", "0", (c) => c.connection.ctrlLossTmo, 0],
  [GLOBAL, "ctrl-loss-tmo", "-2", (c) => c.connection.ctrlLossTmo, undefined, "refused"],
  [GLOBAL, "ctrl-loss-tmo", "2147483648", (c) => c.connection.ctrlLossTmo, undefined, "refused"],
  [GLOBAL, "ctrl-loss-tmo", "", (c) => c.connection.ctrlLossTmo, undefined, "refused"],
  [GLOBAL, "ignore-iface", "true", (c) => c.ignoreIface, true],
  [GLOBAL, "ip-family", "ipv4", (c) => c.ipFamilies, ["ipv4"]],
  [GLOBAL, "ip-family", "ipv6", (c) => c.ipFamilies, ["ipv6"]],
  [GLOBAL, "ip-family", "ipv6+ipv4", (c) => c.ipFamilies, ["ipv6", "ipv4"]],
  [GLOBAL, "ip-family", "ipv5", (c) => c.ipFamilies, ["ipv4", "ipv6"], "refused"],
];

const STAF_ROWS: readonly Row<StafConfig>[] = [
  [GLOBAL, "kato", "-1", (c) => c.connection.kato, 30, "refused"],
  [GLOBAL, "pleo", "disabled", (c) => c.pleo, false],
  [GLOBAL, "pleo", "off", (c) => c.pleo, true, "refused"],
  ["Service Discovery", "zeroconf", "disabled", (c) => c.zeroconf, false],
  [DISCOVERY, "persistent-connections", "false", (c) => c.persistentConnections, false],
  [DISCOVERY, "log-page-refresh", "2 minutes", (c) => c.logPageRefresh, HOUR_MS / 30],
  [DISCOVERY, "log-page-refresh", "0", (c) => c.logPageRefresh, undefined],
  [DISCOVERY, "log-page-refresh", "1", (c) => c.logPageRefresh, HOUR_MS / 360, "remarked"],
  [DISCOVERY, "log-page-refresh", "-1", (c) => c.logPageRefresh, HOUR_MS / 12, "refused"],
  [DISCOVERY, "zeroconf-connections-persistence", "0", (c) => c.zeroconfPersistence, 0],
  [DISCOVERY, "zeroconf-connections-persistence", "-1", (c) => c.zeroconfPersistence, undefined],
  [DISCOVERY, "zeroconf-connections-persistence", "3 days 5 hours", (c) => c.zeroconfPersistence, 77 * HOUR_MS],
  ["Service Discovery", "mdns-provider", "Builtin", (c) => c.mdnsProvider, "builtin"],
  ["Service Discovery", "mdns-provider", "avahi", (c) => c.mdnsProvider, "avahi"],
  ["Service Discovery", "mdns-provider", "bonjour", (c) => c.mdnsProvider, "auto", "refused"],
  ["Service Discovery", "zeroconf-goodbye", "purge", (c) => c.zeroconfGoodbye, "purge"],
  ["Service Discovery", "zeroconf-goodbye", "forget", (c) => c.zeroconfGoodbye, "keep", "refused"],
  [DISCOVERY, "zeroconf-connections-persistence", "soon", (c) => c.zeroconfPersistence, 72 * HOUR_MS, "refused"],
];

const STAC_ROWS: readonly Row<StacConfig>[] = [
  [GLOBAL, "kato", "-1", (c) => c.connection.kato, undefined, "refused"],
  [GLOBAL, "nr-io-queues", "4", (c) => c.connection.nrIoQueues, 4],
  [GLOBAL, "nr-io-queues", "0", (c) => c.connection.nrIoQueues, undefined, "refused"],
  [GLOBAL, "nr-write-queues", "4", (c) => c.connection.nrWriteQueues, 4],
  [GLOBAL, "nr-poll-queues", "four", (c) => c.connection.nrPollQueues, undefined, "refused"],
  [IO, "disconnect-scope", "no-disconnect", (c) => c.disconnectScope, "no-disconnect"],
  [
    IO,
    "disconnect-scope",
    "all-connections-matching-disconnect-trtypes",
    (c) => c.disconnectScope,
    "all-connections-matching-disconnect-trtypes",
  ],
  [IO, "disconnect-scope", "joe", (c) => c.disconnectScope, "only-stas-connections", "refused"],
  [IO, "disconnect-trtypes", "fc+tcp", (c) => c.disconnectTrtypes, ["tcp", "fc"]],
  [IO, "disconnect-trtypes", "rdma+bob", (c) => c.disconnectTrtypes, ["rdma"], "remarked"],
  [IO, "disconnect-trtypes", "bob", (c) => c.disconnectTrtypes, ["tcp"], "refused"],
  [IO, "connect-attempts-on-ncc", "1", (c) => c.connectAttemptsOnNcc, 2, "remarked"],
  [IO, "connect-attempts-on-ncc", "7", (c) => c.connectAttemptsOnNcc, 7],
  [IO, "connect-attempts-on-ncc", "-1", (c) => c.connectAttemptsOnNcc, 0, "refused"],
];

function check<T extends CommonConfig>(
  parse: (text: string) => { readonly value: T; readonly notes: readonly ConfigNote[] },
  [section, name, text, pick, expected, outcome]: Row<T>,
): void {
  const { value, notes } = parse(`[${section}]\n${name} = ${text}\n`);
  expect(pick(value)).toEqual(expected);
  if (outcome === undefined) expect(notes).toEqual([]);
  else expect(notes).toMatchObject([{ level: "warning", file: FILE, line: 2 }]);
  expect(notes.some((note) => note.text.includes("the default applies"))).toBe(outcome === "refused");
}

describe("every option accepts its legal values", () => {
  for (const row of COMMON_ROWS)
    test(`[${row[0]}] ${row[1]} = ${row[2]}, both`, () => {
      check(staf, row);
      check(stac, row);
    });
  for (const row of STAF_ROWS)
    test(`[${row[0]}] ${row[1]} = ${row[2]}, staf`, () => {
      check(staf, row);
    });
  for (const row of STAC_ROWS)
    test(`[${row[0]}] ${row[1]} = ${row[2]}, stac`, () => {
      check(stac, row);
    });
});

test("the last value of a repeated scalar wins, and notes name its line", () => {
  expect(staf("[Global]\nkato=5\nkato=6\n").value.connection.kato).toBe(6);
  const { value, notes } = staf("[Global]\nkato=5\n\nkato=six\n");
  expect(value.connection.kato).toBe(30);
  expect(lines(notes)).toEqual([
    'warning 4: kato: "six" is not valid; the default applies; expected a whole number of at least 0, in seconds',
  ]);
});

test.each(["6 # seconds", "6 ; seconds", "6\t#", "6 # a ; b"])(
  "a comment after a value (%j) is reported, and the value counts",
  (text) => {
    const { value, notes } = staf(`[Global]\nkato=${text}\n`);
    expect(value.connection.kato).toBe(6);
    expect(lines(notes)).toEqual([
      "warning 2: kato: the text after # or ; is treated as a comment; put comments on lines of their own",
    ]);
  },
);

describe("names that this service does not have", () => {
  test("are errors, each with its line and a remedy", () => {
    const { value, notes } = staf(
      "[Global]\nbogus=1\nnr-io-queues=4\nzeroconf=disabled\n[Nonsense]\nkato=1\n[I/O controller connection management]\n",
    );
    expect(value).toEqual(defaultStafConfig(FILE));
    expect(lines(notes)).toEqual([
      "error 2: unknown option (bogus): it is ignored",
      "error 3: nr-io-queues is an option of stacd.conf: it is ignored",
      "error 4: zeroconf belongs to section [Service Discovery]: it is ignored",
      "error 5: unknown section: all of it is ignored",
      "error 7: section [I/O controller connection management] belongs in stacd.conf: all of it is ignored",
    ]);
  });

  test("are not repeated if they could be a secret", () => {
    const { notes } = stac("[Controllers]\nDHHC-1:00:c2VjcmV0c2VjcmV0:=\n");
    expect(notes).toHaveLength(1);
    expect(JSON.stringify(notes).toLowerCase()).not.toContain("c2vj");
    const misplaced = stac("[Global]\nkato=dhchap-secret=hush\ntron=DHHC-1:00:hush=:\n");
    expect(misplaced.notes.map((note) => note.line)).toEqual([2, 3]);
    expect(JSON.stringify(misplaced.notes)).not.toContain("hush");
  });
});

describe("deprecated names", () => {
  test("blacklist means exclude", () => {
    const { value, notes } = stac("[Controllers]\nblacklist=transport=rdma\nexclude=transport=fc\n");
    expect(value.excludes.map((entry) => [entry.line, entry.transport])).toEqual([
      [2, "rdma"],
      [3, "fc"],
    ]);
    expect(lines(notes)).toEqual(["warning 2: blacklist is deprecated: use exclude instead"]);
  });

  test.each([
    ["", "", true],
    ["", "true", true],
    ["", "false", false],
    ["true", "", true],
    ["false", "", false],
    ["false", "true", true],
    ["true", "false", true],
    ["false", "false", false],
  ])("persistent-connections %j, in [Global] %j: %s", (current, legacy, expected) => {
    const text = [
      "[Global]",
      ...(legacy === "" ? [] : [`persistent-connections=${legacy}`]),
      `[${DISCOVERY}]`,
      ...(current === "" ? [] : [`persistent-connections=${current}`]),
    ].join("\n");
    const { value, notes } = staf(text);
    expect(value.persistentConnections).toBe(expected);
    expect(notes.map((note) => [note.level, note.line])).toEqual(legacy === "" ? [] : [["warning", 2]]);
  });

  test.each(["udev-rule", "duplicate-connect", "sticky-connections"])("%s has no effect", (name) => {
    const { value, notes } = stac(`[Global]\n${name}=enabled\n`);
    expect(value).toEqual(defaultStacConfig(FILE));
    expect(notes).toMatchObject([{ level: "warning", line: 2 }]);
    expect(notes[0]?.text).toContain("no effect");
  });
});

describe("[Controllers]", () => {
  test("entries carry their lines and options, and nothing of [Global]", () => {
    const { value, notes } = stac(
      [
        "[Controllers]",
        "controller=transport=tcp;traddr=100.100.100.100;nqn=nqn.a;host-iface=enp0s8",
        "controller = transport=tcp ; traddr = ::ffff:1.2.3.4 ; nqn=nqn.b ; kato=71 ; ctrl-loss-tmo=-1;",
        "    transport=rdma;traddr=FE80::1%ens1;nqn=nqn.c",
        "exclude=nqn=nqn.z",
      ].join("\n"),
    );
    expect(notes).toEqual([]);
    expect(value.controllers.map(({ line, transport, traddr, options }) => [line, transport, traddr, options])).toEqual(
      [
        [2, "tcp", "100.100.100.100", {}],
        [3, "tcp", "1.2.3.4", { kato: 71, ctrlLossTmo: -1 }],
        [4, "rdma", "fe80::1%ens1", {}],
      ],
    );
    expect(value.excludes).toMatchObject([{ nqn: "nqn.z", line: 5 }]);
  });

  test("an entry that can connect to nothing is an error; staf needs no NQN", () => {
    const text = "[Controllers]\ncontroller=transport=tcp;traddr=1.2.3.4\ncontroller=traddr=1.2.3.4\ncontroller\n";
    expect(lines(staf(text).notes)).toEqual([
      "error 3: controller: transport is missing; the line is ignored",
      "error 4: controller: transport is missing; the line is ignored",
    ]);
    expect(lines(stac(text).notes)[0]).toBe("error 2: controller: nqn is missing; the line is ignored");
  });

  test("an exclude by interface draws a warning if ignore-iface is true", () => {
    const { notes } = staf("[Global]\nignore-iface=true\n[Controllers]\nexclude=host-iface=eth0\n");
    expect(lines(notes)).toEqual(["warning 4: exclude: host-iface matches nothing while ignore-iface is true"]);
  });

  test("a blank line between excludes excludes nothing", () => {
    const { value, notes } = stac("[Controllers]\nexclude=transport=rdma\n\n\nexclude=transport=fc\n");
    expect(value.excludes).toHaveLength(2);
    expect(notes).toEqual([]);
  });
});

test("an invalid file gives no configuration, only the line at fault", () => {
  expect(parseStafConfig(FILE, "kato=3\n[Global]\n")).toMatchObject({
    ok: false,
    notes: [{ level: "error", file: FILE, line: 1 }],
  });
  expect(parseStacConfig(FILE, "[Global]\n=3\n")).toMatchObject({ ok: false, notes: [{ line: 2 }] });
});
