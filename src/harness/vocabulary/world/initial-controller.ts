import type { InitialControllerSpec } from "../../../adapters/sim/spec.js";
import { either } from "../either.js";
import { map } from "../list.js";
import { required, usual } from "../members.js";
import { kinded, mapped } from "../part.js";
import { newDevice } from "../parts/ids.js";
import { anyText, choice, text } from "../parts/scalars.js";
import { madeBy } from "../parts/states.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";
import { connectionOptions, connectionPeer } from "./connection.js";

/** The kernel ends every value with a newline. A file may leave it out. */
const attributeText = mapped(anyText("text"), {
  read: (text) => (text.endsWith("\n") ? text : `${text}\n`),
  write: (text) => (text.endsWith("\n\n") || !text.endsWith("\n") ? text : text.slice(0, -1)),
});

const attributeName = text("the name of a sysfs attribute", {
  pattern: /^[a-z0-9_]{1,64}$/,
  arbitrary: (fc) => fc.stringMatching(/^[a-z][a-z0-9_]{0,15}$/),
});

export const initialController = worldWord<InitialControllerSpec>({
  key: "initialController",
  place: "host.kernel.controllers",
  describe: "A controller that exists before the daemon starts: a connection, or what a real kernel showed in sysfs.",
  example: "{ to: dc1, made-by: nvme-cli, host-iface: eth0, state: connecting }",
  says: either("a controller: { to: ID, ... }, or { name: nvmeN, attributes: ... } as a real kernel showed it", [
    kinded(
      "connected",
      record({
        ...connectionPeer,
        ...connectionOptions,
        "made-by": usual(madeBy, "nvme-cli"),
        state: usual(choice(["live", "connecting"]), "live"),
      }),
    ),
    kinded(
      "sysfs",
      record({
        name: newDevice,
        "made-by": usual(madeBy, "nvme-cli"),
        attributes: required(
          map(attributeName, attributeText, "a record: name to text"),
          "As a real kernel showed them. A newline is added to a text that does not end in one.",
        ),
      }),
    ),
  ]),
});
