/** Connects that succeed, and the option line. */
import { errnoName } from "../../src/core/domain/errno.js";
import { Milliseconds } from "../../src/core/domain/units.js";
import type { Behaviour } from "./behaviour.js";
import type { ContractHost } from "./host.js";
import { about, call, connect, connected, connectText, deleteThrough, open, remove, suiteOf } from "./kit.js";
import { PEERS, PLACES, toDiscovery, toSubsystem, UNIQUE_DISCOVERY_NQN } from "./stage.js";

const behaviour = suiteOf("fabrics");

const LINE_6_1 =
  "instance=-1,cntlid=-1,transport=%s,traddr=%s,trsvcid=%s,nqn=%s,queue_size=%d,nr_io_queues=%d,reconnect_delay=%d," +
  "ctrl_loss_tmo=%d,keep_alive_tmo=%d,hostnqn=%s,host_traddr=%s,host_iface=%s,hostid=%s,duplicate_connect," +
  "disable_sqflow,hdr_digest,data_digest,nr_write_queues=%d,nr_poll_queues=%d,tos=%d,fast_io_fail_tmo=%d,discovery," +
  "dhchap_secret=%s,dhchap_ctrl_secret=%s\n";

const LINE_6_12 = LINE_6_1.replace("tos=%d,", "tos=%d,keyring=%d,tls_key=%d,").replace(
  "dhchap_ctrl_secret=%s",
  "dhchap_ctrl_secret=%s,tls",
);

const optionLine = behaviour(
  "the option line is read in full",
  { "6.1": [JSON.stringify(LINE_6_1)], "6.12": [JSON.stringify(LINE_6_12)] },
  async (host) => {
    const { reply } = await call(host, "fabrics-reply", (request) => {
      host.ports.fabrics.readOptions(request);
    });
    const { result } = reply;
    return [result.ok ? JSON.stringify(result.text) : errnoName(result.errno)];
  },
);

const reply = behaviour(
  "a connect returns its instance and cntlid at once",
  ['"instance=0,cntlid=1\\n"', "at once"],
  async (host) => {
    const { result, took } = await connect(host, toDiscovery(PLACES.main));
    return [result.ok ? JSON.stringify(result.text) : "failed", about(took)];
  },
);

const lowestFirst = behaviour(
  "instance and cntlid are the lowest free numbers, so they are reused",
  ["nvme0 nvme1 nvme2", "after the second is deleted: instance=1,cntlid=2", "then: instance=3,cntlid=4"],
  async (host) => {
    const devices: string[] = [];
    for (let count = 0; count < 3; count++) devices.push(await connected(host, toDiscovery(PLACES.main)));
    await remove(host, "nvme1");
    // The target frees the controller id a moment after the host frees the number.
    await host.sleep(Milliseconds(500));
    const again = await connect(host, toDiscovery(PLACES.main));
    const next = await connect(host, toDiscovery(PLACES.main));
    return [devices.join(" "), `after the second is deleted: ${connectText(again)}`, `then: ${connectText(next)}`];
  },
);

const lastKeyWins = behaviour(
  "the last value of a repeated key wins",
  ["nqn.2014-08.org.nvmexpress.discovery"],
  async (host) => {
    const device = await connected(
      host,
      toDiscovery(PLACES.main).replace("nqn=", "nqn=nqn.2024-01.io.lab:subsys-a,nqn="),
    );
    return [host.ports.sysfs.read(device)?.attributes.subsysnqn?.trimEnd() ?? "gone"];
  },
);

const newline = behaviour("a trailing newline is accepted", ["instance=0,cntlid=1"], async (host) => [
  connectText(await connect(host, `${toDiscovery(PLACES.main)}\n`)),
]);

const defaultPort = behaviour(
  "the port defaults to 8009, for an NVM subsystem too",
  ['"traddr=127.0.0.1,trsvcid=8009,src_addr=127.0.0.1\\n"', '"traddr=127.0.0.1,trsvcid=8009,src_addr=127.0.0.1\\n"'],
  async (host) => {
    const shown: string[] = [];
    const place = { ...PLACES.main, trsvcid: "" };
    for (const options of [toDiscovery(place), toSubsystem("a", place)]) {
      const device = await connected(host, options);
      shown.push(JSON.stringify(host.ports.sysfs.read(device)?.attributes.address));
    }
    return shown;
  },
);

/** A new controller's subsystem NQN and type, such as `NQN, discovery`, or the errno. */
async function shownAs(host: ContractHost, text: string): Promise<string> {
  const outcome = await connect(host, text);
  if (!outcome.result.ok) return connectText(outcome);
  const { subsysnqn = "", cntrltype = "" } = host.ports.sysfs.read(outcome.device)?.attributes ?? {};
  return `${subsysnqn.trimEnd()}, ${cntrltype.trimEnd()}`;
}

const UNIQUE = `${UNIQUE_DISCOVERY_NQN}, discovery`;

const unique = behaviour(
  "a discovery subsystem with a unique NQN: a connect to the well-known NQN shows it; only with the discovery flag does it accept duplicates",
  [
    `the well-known NQN: ${UNIQUE}`,
    "the unique NQN without the flag: EINVAL",
    `the unique NQN with the flag: ${UNIQUE}`,
    `the same again: ${UNIQUE}`,
    "without the flag: EALREADY",
  ],
  async (host) => {
    const place = host.storage.uniqueDiscovery();
    const own = toDiscovery(place, { nqn: UNIQUE_DISCOVERY_NQN });
    return [
      `the well-known NQN: ${await shownAs(host, toDiscovery(place))}`,
      `the unique NQN without the flag: ${await shownAs(host, own)}`,
      `the unique NQN with the flag: ${await shownAs(host, `${own},discovery`)}`,
      `the same again: ${await shownAs(host, `${own},discovery`)}`,
      `without the flag: ${await shownAs(host, own)}`,
    ];
  },
  { kernels: ["6.12"] },
);

const uniqueAlone = behaviour(
  "a connect to a unique discovery NQN without the discovery flag",
  ["EINVAL"],
  async (host) => [await shownAs(host, toDiscovery(host.storage.uniqueDiscovery(), { nqn: UNIQUE_DISCOVERY_NQN }))],
  { kernels: ["6.12"] },
);

/** 32 bytes and their CRC-32. */
const SECRET = "DHHC-1:00:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAl7OaH:";

const secret = behaviour(
  "a connect uses the secret behind a handle from the store, and nothing else sees it",
  ["the store: dhchap-secret=secret:1", "the connect: instance=0,cntlid=1"],
  async (host) => {
    const path = "/var/tmp/stas-contract/secret.conf";
    host.files.put(path, `dhchap-secret=${SECRET}`);
    const read = host.ports.store.read(path);
    const text = read.ok ? read.text : "not there";
    const handle = text.slice(text.indexOf("=") + 1);
    const outcome = await connect(host, toSubsystem("a", PLACES.io, { dhchap_secret: handle }));
    return [`the store: ${text.replace(/\d+$/, "1")}`, `the connect: ${connectText(outcome)}`];
  },
);

const serialised = behaviour(
  "connects are serialised: a good connect and the option line wait behind a silent peer, a delete does not",
  [
    "silent: EAGAIN after 10 s",
    "good connect: instance=0,cntlid=1 after 10 s",
    "option line: read after 10 s",
    "delete of another controller: ok at once",
  ],
  async (host) => {
    const device = await connected(host, toDiscovery(PLACES.main));
    const handle = open(host, device, "delete");
    const silent = connect(host, toDiscovery(PEERS.silent));
    await host.until(
      "the silent connect",
      () => (host.ports.sysfs.list().length > 1 ? true : undefined),
      Milliseconds(5_000),
    );
    const good = connect(host, toSubsystem("a", PLACES.io));
    const line = call(host, "fabrics-reply", (request) => {
      host.ports.fabrics.readOptions(request);
    });
    const deleted = await deleteThrough(host, handle);
    const [first, second, third] = await Promise.all([silent, good, line]);
    return [
      `silent: ${connectText(first)} ${about(first.took)}`,
      `good connect: ${connectText(second)} ${about(second.took)}`,
      `option line: ${third.reply.result.ok ? "read" : "failed"} ${about(third.took)}`,
      `delete of another controller: ${deleted.text} ${about(deleted.took)}`,
    ];
  },
);

export const FABRICS: readonly Behaviour[] = [
  optionLine,
  reply,
  lowestFirst,
  lastKeyWins,
  newline,
  defaultPort,
  unique,
  uniqueAlone,
  secret,
  serialised,
];
