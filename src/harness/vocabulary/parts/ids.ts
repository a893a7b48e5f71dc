/** Names that a file gives to things (`new...`), and references to them. */
import { oneOrMore } from "../list.js";
import { castOf, type NameKind } from "../mentions.js";
import { isRecord, type Part, titled, untitled } from "../part.js";
import { integer, reading, text } from "./scalars.js";

const ID = "[A-Za-z][A-Za-z0-9_-]{0,63}";
const DEVICE = /^nvme[0-9]+$/;

/** A device name is not an id: a step must be able to tell `nvme3` from a peer. */
const id = titled(
  "id",
  "A name that this file gives to something.",
  text("an id: a letter, then letters, digits, - or _ (64 at most), not a device name such as nvme3", {
    pattern: new RegExp(`^(?!nvme[0-9]+$)${ID}$`),
    arbitrary: (fc) => fc.stringMatching(/^[A-Z][A-Za-z0-9_-]{0,15}$/),
  }),
);

/** A name that an interface can have. */
export const interfaceName = titled(
  "interface",
  "Name of a host interface.",
  text("the name of an interface (15 characters at most)", {
    pattern: /^[^\s/@:]{1,15}$/,
    arbitrary: (fc) => fc.stringMatching(/^[a-z]{1,10}[0-9]{1,5}$/),
  }),
);

/** A place where a name is given. */
function definition(of: NameKind, part: Part<string>): Part<string> {
  return {
    ...part,
    mentions: (spelling, path, tell) => {
      if (typeof spelling === "string") tell({ kind: "definition", of, name: spelling }, path);
    },
    arbitrary: (fc, cast) => fc.constantFrom(...cast.names[of]),
  };
}

/** A name that something in the file must have. */
function reference(to: readonly NameKind[], what: string, part: Part<string>): Part<string> {
  return {
    ...untitled(part),
    expected: `the name of ${what}`,
    mentions: (spelling, path, tell) => {
      if (typeof spelling === "string") tell({ kind: "reference", to, what, name: spelling }, path);
    },
    arbitrary: (fc, cast) => fc.constantFrom(...castOf(cast, to)),
  };
}

const PEERS: readonly NameKind[] = ["discovery-controller", "subsystem"];
const A_PEER = "a discovery controller or subsystem";

/** Places where a name is given. */
export const newDiscoveryController = definition("discovery-controller", id);
export const newSubsystem = definition("subsystem", id);
export const newResponder = definition("responder", id);
export const newStep = definition("step", id);
export const newInterface = definition("interface", interfaceName);
export const newDevice = definition(
  "device",
  text("a device name such as nvme3", {
    pattern: /^nvme[0-9]{1,4}$/,
    arbitrary: (fc) => fc.nat(9_999).map((number) => `nvme${String(number)}`),
  }),
);

/** References to a name that is given elsewhere. */
export const peer = reference(PEERS, A_PEER, id);
export const discoveryController = reference(["discovery-controller"], "a discovery controller", id);
export const subsystem = reference(["subsystem"], "a subsystem", id);
export const responder = reference(["responder"], "a responder", id);
/** A responder that the file describes elsewhere. The step that names it checks that. */
export const announcedId: Part<string> = {
  ...untitled(id),
  expected: "the id of a responder of the network",
  arbitrary: (fc, cast) => fc.constantFrom(...cast.names.responder),
};

export const stepName = reference(["step"], "a step", id);
export const hostInterface = reference(["interface"], "an interface", interfaceName);

/** Every controller to a peer, or the one with a device name at that moment. */
export const device: Part<string> = {
  ...text("the id of a peer, or a device name such as nvme3", {
    pattern: new RegExp(`^${ID}$`),
    arbitrary: (fc, cast) => fc.oneof(fc.constantFrom(...castOf(cast, PEERS)), fc.constant("nvme3")),
  }),
  mentions: (spelling, path, tell) => {
    if (typeof spelling !== "string" || DEVICE.test(spelling)) return;
    tell({ kind: "reference", to: PEERS, what: A_PEER, name: spelling }, path);
  },
};

/** A name given to a step. */
export type StepId = string;

/**
 * Kernel controllers to one peer: `dc1`, or only those over one interface: `dc1@eth1`. If the id is the device name of
 * an initial controller given as sysfs attributes (`nvme3`), that controller.
 */
export interface ControllerRef {
  readonly id: string;
  readonly hostIface?: string;
}

function readController(spelling: string): ControllerRef {
  const at = spelling.indexOf("@");
  return at < 0 ? { id: spelling } : { id: spelling.slice(0, at), hostIface: spelling.slice(at + 1) };
}

/** Kernel controllers to one peer. */
export const controller: Part<ControllerRef> = {
  ...titled(
    "controller",
    "Every kernel controller to that peer (dc1); only those over one interface (dc1@eth1); or an initial controller " +
      "given by its attributes (nvme7).",
    reading("the id of a discovery controller or subsystem, or id@interface", {
      pattern: new RegExp(`^${ID}(@[^\\s/@]{1,15})?$`),
      read: readController,
      write: ({ id: name, hostIface }) => (hostIface === undefined ? name : `${name}@${hostIface}`),
      arbitrary: (fc, cast) =>
        fc
          .tuple(
            fc.constantFrom(...castOf(cast, [...PEERS, "device"])),
            fc.option(fc.constantFrom(...cast.names.interface), { nil: undefined }),
          )
          .map(([name, hostIface]) => (hostIface === undefined ? { id: name } : { id: name, hostIface })),
    }),
  ),
  mentions: (spelling, path, tell) => {
    if (typeof spelling !== "string") return;
    const { id: name, hostIface } = readController(spelling);
    tell({ kind: "reference", to: [...PEERS, "device"], what: A_PEER, name }, path);
    if (hostIface !== undefined) {
      tell({ kind: "reference", to: ["interface"], what: "an interface", name: hostIface }, path);
    }
  },
};

/** Kernel controllers to some peers: one, or a list. */
export const controllers: Part<readonly ControllerRef[]> = titled(
  "controllers",
  "Each of them is a controller.",
  oneOrMore(controller, "an id, or a list of ids", "a list of ids"),
);

/** The number (0-based) of a listening address of a peer. Every generated peer has at least one. */
export const listenerNumber: Part<number> = { ...integer(0, 255), arbitrary: (fc) => fc.constant(0) };

/** A record that names a listening address of a peer: its id under one key, the number of the address under another. */
export function withListener<Value>(part: Part<Value>, idKey: string, indexKey: string): Part<Value> {
  return {
    ...part,
    mentions: (spelling, path, tell) => {
      part.mentions(spelling, path, tell);
      if (!isRecord(spelling)) return;
      const { [idKey]: peerId, [indexKey]: index } = spelling;
      if (typeof peerId === "string" && typeof index === "number") {
        tell({ kind: "listener", peer: peerId, index }, [...path, indexKey]);
      }
    },
  };
}
