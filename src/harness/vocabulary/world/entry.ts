import type { EntrySpec } from "../../../adapters/sim/spec.js";
import { either, shorthand } from "../either.js";
import { list } from "../list.js";
import { as, optional, required, usual } from "../members.js";
import { kinded } from "../part.js";
import { discoveryController, listenerNumber, subsystem, withListener } from "../parts/ids.js";
import { anyText, flag, integer } from "../parts/scalars.js";
import { record } from "../record.js";
import { worldWord } from "../word.js";

const u8 = integer(0, 0xff);
const u16 = integer(0, 0xffff);

/** A text that is too long for its field of the page is cut when the page is made. */
const field = anyText("text", 256);

const raw = record({
  trtype: optional(u8),
  adrfam: optional(u8),
  subtype: optional(u8),
  treq: optional(u8),
  portid: optional(u16),
  cntlid: optional(u16),
  asqsz: optional(u16),
  eflags: optional(u16),
  trsvcid: optional(field),
  subnqn: optional(field),
  traddr: optional(field),
  tel: optional(integer(0, 0xffff_ffff), "Total length that the extended entry claims (TP8010)."),
});

const whole = shorthand<string, EntrySpec>(subsystem, {
  read: (id) => ({ kind: "subsystem", id, ncc: false }),
  write: (entry) => (entry.kind === "subsystem" && !entry.ncc && entry.listen === undefined ? entry.id : undefined),
});

const detailed = withListener(
  record({
    subsystem: as("id", subsystem),
    ncc: usual(flag, false, "No CDC Connectivity (TP8010)."),
    listen: optional(listenerNumber, "Only this one of its addresses (0-based); all if absent."),
  }),
  "subsystem",
  "listen",
);

export const entry = worldWord<EntrySpec>({
  key: "entry",
  place: "entries of a discovery controller, the steps list and set-entries",
  describe:
    "One discovery log page entry: a subsystem by its id, a referral to another discovery controller, or raw " +
    "fields that go onto the wire as they are.",
  example: "{ subsystem: vol1, ncc: true, listen: 0 }",
  says: either("the id of a subsystem, { subsystem: ID, ncc, listen }, { referral: ID } or { raw: ... }", [
    whole,
    kinded("subsystem", detailed),
    kinded(
      "referral",
      record({ referral: as("id", required(discoveryController, "The discovery controller that it refers to.")) }),
    ),
    kinded(
      "raw",
      record({
        raw: as("fields", required(raw, "Fields on the wire; the others are those of an NVM subsystem over TCP.")),
      }),
    ),
  ]),
});

/** A discovery log page, or the entries that are added to one. */
export const entries = list(entry.part, "a list of log page entries");
