import type { InterfaceSpec } from "../../../adapters/sim/spec.js";
import {
  DEFAULT_HOST_ID,
  DEFAULT_HOST_NAME,
  DEFAULT_HOST_NQN,
  DEFAULT_INTERFACES,
  defaultMac,
} from "../../scenario/defaults.js";
import { list, map } from "../list.js";
import { usual } from "../members.js";
import { mapped } from "../part.js";
import { hexBytes, nqn, path } from "../parts/addresses.js";
import { anyText, choice, flag, line } from "../parts/scalars.js";
import { record } from "../record.js";
import { section } from "../section.js";
import { worldWord } from "../word.js";
import { hostInterface } from "./interface.js";
import { kernel } from "./kernel.js";

/** An interface without a MAC address gets one by its position. */
const interfaces = mapped(list(hostInterface.part, "a list of interfaces"), {
  read: (given): readonly InterfaceSpec[] =>
    given.map(({ mac, ...one }, index) => ({ ...one, mac: mac ?? defaultMac(index) })),
  write: (specs) => specs,
});

export const host = worldWord({
  key: "host",
  place: "host",
  describe: "The host: its kernel, its identity, its processes, its files.",
  example: "{ name: db1, processes: two, nvme-cli: udev-rule, autostart: false }",
  says: record({
    kernel: section(kernel.part),
    nqn: usual(nqn, DEFAULT_HOST_NQN, "As in /etc/nvme/hostnqn."),
    id: usual(line("a host id"), DEFAULT_HOST_ID, "As in /etc/nvme/hostid."),
    name: usual(line("a host name"), DEFAULT_HOST_NAME, "Symbolic name that the host registers with."),
    processes: usual(
      choice(["one", "two"]),
      "one",
      "one: staf and stac in one process; two: in separate processes, over D-Bus.",
    ),
    "nvme-cli": usual(
      choice(["absent", "udev-rule"]),
      "absent",
      "udev-rule: nvme-cli is installed too. Its udev rule starts its unit at AENs, connected and rediscover of discovery " +
        "controllers, unless /run/udev/rules.d/70-nvmf-autoconnect.rules overrides it. Its unit, started by the rule or " +
        "restarted by stas, connects what the page lists.",
    ),
    autostart: usual(flag, true, "Whether the daemon processes start at 0s without a step."),
    interfaces: usual(interfaces, DEFAULT_INTERFACES, ""),
    files: usual(
      map(path, anyText("the text of the file"), "a record: absolute path to text"),
      {},
      "Configuration, state of an earlier run.",
    ),
    "binary-files": usual(
      map(path, hexBytes("bytes in hex"), "a record: absolute path to bytes in hex"),
      {},
      "Boot firmware tables (nBFT).",
    ),
  }),
});
