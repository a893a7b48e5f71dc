/** Connects that work, and the option line. */
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
  "the option line is read whole",
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
  "a connect answers with its instance and controller id, at once",
  ['"instance=0,cntlid=1\\n"', "at once"],
  async (host) => {
    const { result, took } = await connect(host, toDiscovery(PLACES.main));
    return [result.ok ? JSON.stringify(result.text) : "failed", about(took)];
  },
);

const lowestFirst = behaviour(
  "instance and cntlid are the lowest free, hence reused",
  ["nvme0 nvme1 nvme2", "after the second is deleted: instance=1,cntlid=2", "then: instance=3,cntlid=4"],
  async (host) => {
    const devices: string[] = [];
    for (let count = 0; count < 3; count++) devices.push(await connected(host, toDiscovery(PLACES.main)));
    await remove(host, "nvme1");
    // The target frees a controller id a moment after the host freed its number.
    await host.sleep(Milliseconds(500));
    const again = await connect(host, toDiscovery(PLACES.main));
    const next = await connect(host, toDiscovery(PLACES.main));
    return [devices.join(" "), `after the second is deleted: ${connectText(again)}`, `then: ${connectText(next)}`];
  },
);

const lastKeyWins = behaviour(
  "of a repeated key the last wins",
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
  "the port is 8009 where none is given, also for a subsystem",
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

/** `NQN, discovery`: what a new controller shows of its subsystem; or the errno. */
async function shownAs(host: ContractHost, text: string): Promise<string> {
  const outcome = await connect(host, text);
  if (!outcome.result.ok) return connectText(outcome);
  const { subsysnqn = "", cntrltype = "" } = host.ports.sysfs.read(outcome.device)?.attributes ?? {};
  return `${subsysnqn.trimEnd()}, ${cntrltype.trimEnd()}`;
}

const UNIQUE = `${UNIQUE_DISCOVERY_NQN}, discovery`;

const unique = behaviour(
  "a discovery subsystem with an NQN of its own: the well-known NQN shows it; with the discovery flag it takes many controllers, without one",
  [
    `the well-known NQN: ${UNIQUE}`,
    "its own NQN without the flag: EINVAL",
    `its own NQN with the flag: ${UNIQUE}`,
    `the same again: ${UNIQUE}`,
    "without the flag: EALREADY",
  ],
  async (host) => {
    const place = host.storage.uniqueDiscovery();
    const own = toDiscovery(place, { nqn: UNIQUE_DISCOVERY_NQN });
    return [
      `the well-known NQN: ${await shownAs(host, toDiscovery(place))}`,
      `its own NQN without the flag: ${await shownAs(host, own)}`,
      `its own NQN with the flag: ${await shownAs(host, `${own},discovery`)}`,
      `the same again: ${await shownAs(host, `${own},discovery`)}`,
      `without the flag: ${await shownAs(host, own)}`,
    ];
  },
  { kernels: ["6.12"] },
);

const uniqueAlone = behaviour(
  "a discovery subsystem with an NQN of its own, without the discovery flag",
  ["EINVAL"],
  async (host) => [await shownAs(host, toDiscovery(host.storage.uniqueDiscovery(), { nqn: UNIQUE_DISCOVERY_NQN }))],
  { kernels: ["6.12"] },
);

/** 32 bytes and their CRC-32. */
const SECRET = "DHHC-1:00:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAl7OaH:";

const secret = behaviour(
  "a connect gets the secret behind a handle that the store gave, and nobody else sees it",
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
  "connects are serialised: behind a silent peer a good one and the option line wait, a delete does not",
  [
    "silent: EAGAIN after 10 s",
    "good connect: instance=0,cntlid=1 after 10 s",
    "option line: read after 10 s",
    "delete of another: ok at once",
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
      `delete of another: ${deleted.text} ${about(deleted.took)}`,
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
